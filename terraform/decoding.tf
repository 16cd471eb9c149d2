# Decoding: CloudWatch Logs -> cloudwatch-decoder -> the stream of the stream store.

module "cloudwatch_decoder" {
  source = "./modules/function"
  count  = var.decoding == null || var.stream_store == null ? 0 : 1

  name        = "${var.name}-cloudwatch-decoder"
  description = "CloudWatch Logs into a stream, one record for each log event"
  handler     = "cloudwatch-decoder"
  memory_size = 256
  timeout     = 60

  environment = {
    OUTPUT        = "kinesis"
    OUTPUT_STREAM = aws_kinesis_stream.logs[0].name
    REDACT        = var.redact
  }

  statements = [
    { sid = "ToKinesis", actions = ["kinesis:PutRecords"], resources = [aws_kinesis_stream.logs[0].arn] },
  ]
  encryption = { arn = aws_kms_key.this.arn, services = ["kinesis", "s3", "sqs"] }

  asynchronous       = {}
  dead_letter_bucket = local.dead_letter_bucket

  package            = "${var.packages}/cloudwatch-decoder.zip"
  layers             = [aws_lambda_layer_version.runtime.arn]
  architecture       = var.architecture
  network            = var.network
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_key_arn        = aws_kms_key.this.arn
  alarm_actions      = [aws_sns_topic.alarms.arn]
}

module "cloudwatch_decoder_subscription" {
  source   = "./modules/log_subscription"
  for_each = var.decoding == null || var.stream_store == null ? toset([]) : var.decoding.log_groups

  filter_name    = "${var.name}-cloudwatch-decoder"
  log_group_name = each.value
  filter_pattern = var.decoding.filter_pattern
  function_name  = module.cloudwatch_decoder[0].name
  function_arn   = module.cloudwatch_decoder[0].arn
}
