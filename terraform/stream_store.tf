# Stream store: Kinesis, Amazon MSK, Kafka -> stream-consumer -> DynamoDB, LogError events.

locals {
  # Without try, whose result is unknown where any ARN in the object is not known before the apply.
  msk_count      = var.stream_store == null ? 0 : var.stream_store.msk == null ? 0 : 1
  kafka_count    = var.stream_store == null ? 0 : var.stream_store.kafka == null ? 0 : 1
  consumer_group = "${var.name}-stream-consumer"
}

resource "aws_kinesis_stream" "logs" {
  count = var.stream_store == null ? 0 : 1

  name             = var.stream_store.stream_name
  retention_period = var.stream_store.stream_hours
  encryption_type  = "KMS"
  kms_key_id       = aws_kms_key.this.arn

  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

module "rows" {
  source = "./modules/table"
  count  = var.stream_store == null ? 0 : 1

  name                = var.stream_store.rows_table_name
  key_arn             = aws_kms_key.this.arn
  deletion_protection = var.deletion_protection
}

module "stream_consumer" {
  source = "./modules/function"
  count  = var.stream_store == null ? 0 : 1

  name        = "${var.name}-stream-consumer"
  description = "Kinesis and Kafka into DynamoDB, errors to EventBridge"
  handler     = "stream-consumer"
  memory_size = 256
  timeout     = 60

  environment = merge(
    {
      DDB_TABLE            = module.rows[0].name
      EVENT_BUS            = aws_cloudwatch_event_bus.this[0].arn
      EVENTBRIDGE_REQUIRED = var.stream_store.events_required ? "on" : "off"
      SERVICE_SHARDS       = tostring(var.stream_store.service_shards)
      TTL_DAYS             = tostring(var.stream_store.row_days)
      PARTIAL_BATCH        = local.partial_batch
      REDACT               = var.redact
    },
    try(var.stream_store.kafka.cluster_alias, "") == "" ? {} : { CLUSTER_ALIAS = var.stream_store.kafka.cluster_alias },
  )

  statements = concat(
    [
      { sid = "StoreRows", actions = ["dynamodb:BatchWriteItem"], resources = [module.rows[0].arn] },
      { sid = "PublishErrors", actions = ["events:PutEvents"], resources = [aws_cloudwatch_event_bus.this[0].arn] },
      { sid = "LambdaKeepsBatches", actions = ["s3:PutObject"], resources = ["${module.dead_letters.arn}/aws/lambda/*"] },
      { sid = "AndSeesTheBucket", actions = ["s3:ListBucket"], resources = [module.dead_letters.arn] },
    ],
    module.stream_consumer_from_kinesis[0].statements,
    local.msk_count == 0 ? [] : module.stream_consumer_from_msk[0].statements,
    local.kafka_count == 0 ? [] : module.stream_consumer_from_kafka[0].statements,
    local.msk_count + local.kafka_count == 0 ? [] : local.secrets_key_statements,
  )
  encryption = { arn = aws_kms_key.this.arn, services = ["dynamodb", "kinesis", "s3"] }

  kafka_pollers      = local.msk_count > 0 || (local.kafka_count > 0 && var.network != null)
  dead_letter_bucket = local.dead_letter_bucket

  alarms = merge(
    {
      iterator-age = {
        description = "stream-consumer falls behind its stream."
        metric      = "IteratorAge"
        statistic   = "Maximum"
        threshold   = 60000
        period_s    = 60
        periods     = 5
      }
      lost = {
        description = "What Lambda gave up did not reach its destination. It is too large, or a permission is missing."
        metric      = "DestinationDeliveryFailures"
      }
      events-undelivered = {
        description = "Errors were stored and not told. The bus is slow, or events_required should be on."
        namespace   = "Penstock"
        metric      = "EventsUndelivered"
      }
    },
    local.msk_count + local.kafka_count == 0 ? {} : { offset-lag = {
      description = "stream-consumer falls behind its Kafka topics."
      metric      = "OffsetLag"
      statistic   = "Maximum"
      threshold   = 100000
      period_s    = 60
      periods     = 5
    } },
  )

  package            = "${var.packages}/stream-consumer.zip"
  layers             = [aws_lambda_layer_version.runtime.arn]
  architecture       = var.architecture
  network            = var.network
  log_retention_days = var.log_retention_days
  log_key_arn        = aws_kms_key.this.arn
  alarm_actions      = [aws_sns_topic.alarms.arn]
}

# The defaults of a mapping (retry for ever, no destination) block a shard on one bad batch for as long as it is kept.
module "stream_consumer_from_kinesis" {
  source = "./modules/stream_source"
  count  = var.stream_store == null ? 0 : 1

  function_arn            = module.stream_consumer[0].arn
  stream_arn              = aws_kinesis_stream.logs[0].arn
  parallelization         = var.stream_store.parallelization
  starting_position       = var.stream_store.starting_position
  batch_size              = var.stream_store.batch_size
  window_s                = var.stream_store.window_s
  retries                 = var.stream_store.retries
  max_age_s               = var.stream_store.max_age_s
  partial_responses       = var.partial_responses
  failure_destination_arn = module.dead_letters.arn
}

module "stream_consumer_from_msk" {
  source = "./modules/kafka_source"
  count  = local.msk_count

  function_arn            = module.stream_consumer[0].arn
  cluster_arn             = var.stream_store.msk.cluster_arn
  topic                   = var.stream_store.msk.topic
  consumer_group          = local.consumer_group
  secret_arn              = var.stream_store.msk.secret_arn
  pollers                 = var.stream_store.pollers
  starting_position       = var.stream_store.starting_position
  batch_size              = var.stream_store.batch_size
  window_s                = var.stream_store.window_s
  retries                 = var.stream_store.retries
  max_age_s               = var.stream_store.max_age_s
  partial_responses       = var.partial_responses
  failure_destination_arn = module.dead_letters.arn
}

module "stream_consumer_from_kafka" {
  source = "./modules/kafka_source"
  count  = local.kafka_count

  function_arn            = module.stream_consumer[0].arn
  bootstrap_servers       = var.stream_store.kafka.bootstrap_servers
  topic                   = var.stream_store.kafka.topic
  consumer_group          = local.consumer_group
  secret_arn              = var.stream_store.kafka.secret_arn
  authentication          = var.stream_store.kafka.authentication
  root_ca_secret_arn      = var.stream_store.kafka.root_ca_secret_arn
  network                 = var.network
  pollers                 = var.stream_store.pollers
  starting_position       = var.stream_store.starting_position
  batch_size              = var.stream_store.batch_size
  window_s                = var.stream_store.window_s
  retries                 = var.stream_store.retries
  max_age_s               = var.stream_store.max_age_s
  partial_responses       = var.partial_responses
  failure_destination_arn = module.dead_letters.arn
}
