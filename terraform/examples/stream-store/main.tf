# Log groups and JSON log lines through a stream into a table; errors and alarms to Slack, alarms to mail as well.

module "penstock" {
  source = "../.."

  packages   = var.packages
  alarm_mail = var.alarm_mail

  stream_store = {
    row_days = 30
  }

  decoding = {
    log_groups = var.log_groups
  }

  alerting = {
    create_secrets = ["slack"]
    rules = [
      { service = "batch-*", level = "FATAL" },
      { service = "batch-*", drop = true },
    ]
  }
}
