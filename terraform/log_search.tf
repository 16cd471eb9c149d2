# Log search: CloudWatch Logs -> log-processor -> OpenSearch.

module "log_processor" {
  source = "./modules/function"
  count  = var.log_search == null ? 0 : 1

  name        = "${var.name}-log-processor"
  description = "CloudWatch Logs into OpenSearch"
  handler     = "log-processor"
  memory_size = 256
  timeout     = 60

  environment = merge(
    {
      OPENSEARCH_ENDPOINT = var.log_search.endpoint
      # What the functions log themselves must never come back to them.
      EXCLUDE_LOG_GROUPS = join(",", concat(["/aws/lambda/${var.name}-*"], var.log_search.exclude_log_groups))
      REDACT             = var.redact
    },
    var.log_search.environment == "" ? {} : { ENVIRONMENT = var.log_search.environment },
  )

  statements = [
    can(regex("^arn:[a-z-]+:aoss:", var.log_search.opensearch_arn)) ?
    { sid = "OrStoreInACollection", actions = ["aoss:APIAccessAll"], resources = [var.log_search.opensearch_arn] } :
    { sid = "StoreInADomain", actions = ["es:ESHttpPost"], resources = ["${var.log_search.opensearch_arn}/_bulk*"] },
  ]
  encryption = { arn = aws_kms_key.this.arn, services = ["s3", "sqs"] }

  asynchronous       = {}
  dead_letter_bucket = local.dead_letter_bucket

  package            = "${var.packages}/log-processor.zip"
  layers             = [aws_lambda_layer_version.runtime.arn]
  architecture       = var.architecture
  network            = var.network
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_key_arn        = aws_kms_key.this.arn
  alarm_actions      = [aws_sns_topic.alarms.arn]
}

module "log_processor_subscription" {
  source   = "./modules/log_subscription"
  for_each = var.log_search == null ? toset([]) : var.log_search.log_groups

  filter_name    = "${var.name}-log-processor"
  log_group_name = each.value
  filter_pattern = var.log_search.filter_pattern
  function_name  = module.log_processor[0].name
  function_arn   = module.log_processor[0].arn
}
