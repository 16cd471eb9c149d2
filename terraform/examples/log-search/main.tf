# A domain of OpenSearch, and log groups that go into it.

module "domain" {
  source = "../../modules/opensearch_domain"

  name             = "penstock"
  master_role_arn  = var.master_role_arn
  writer_role_arns = [module.penstock.log_processor_role_arn]
  alarm_actions    = [module.penstock.alarm_topic_arn]
}

module "penstock" {
  source = "../.."

  packages   = var.packages
  alarm_mail = var.alarm_mail

  log_search = {
    endpoint       = module.domain.endpoint
    opensearch_arn = module.domain.arn
    log_groups     = var.log_groups
    environment    = var.environment

    # The domain's own log lines would feed themselves.
    exclude_log_groups = module.domain.log_group_names
  }
}
