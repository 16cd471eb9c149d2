# Log files in a bucket into summaries of their errors; mail for what is severe.

module "penstock" {
  source = "../.."

  packages   = var.packages
  alarm_mail = var.mail_to

  mail = {
    from     = "log-extractor@${var.mail_domain}"
    to       = [var.mail_to]
    identity = var.mail_domain
  }

  file_scan = {
    key_suffixes  = [".log", ".gz", ".zst"]
    mail_severity = "error"
  }
}
