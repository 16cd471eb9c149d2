# File scan: S3 -> upload-dispatcher -> SQS FIFO -> log-extractor -> DynamoDB, mail.

locals {
  existing_bucket      = try(var.file_scan.existing_bucket, null)
  existing_bucket_arns = [for name in local.existing_bucket[*] : "arn:${local.partition}:s3:::${name}"]
  patterns             = try(var.file_scan.patterns_parameter, null)
  scan_timeout         = 900
}

# Log files come from services that can encrypt with S3's own key only (load balancers), so the bucket has that one.
module "uploads" {
  source = "./modules/private_bucket"
  count  = var.file_scan == null ? 0 : 1

  name_prefix = "${var.name}-uploads-"
}

resource "aws_sqs_queue" "files" {
  count = var.file_scan == null ? 0 : 1

  name                       = "${var.name}-files.fifo"
  fifo_queue                 = true
  deduplication_scope        = "messageGroup"
  fifo_throughput_limit      = "perMessageGroupId"
  visibility_timeout_seconds = 6 * local.scan_timeout # as Lambda asks of a queue
  message_retention_seconds  = 1209600
  kms_master_key_id          = aws_kms_key.this.arn
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.files_dead[0].arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "files_dead" {
  count = var.file_scan == null ? 0 : 1

  name                      = "${var.name}-files-dead.fifo"
  fifo_queue                = true
  message_retention_seconds = 1209600
  kms_master_key_id         = aws_kms_key.this.arn
}

module "summaries" {
  source = "./modules/table"
  count  = var.file_scan == null ? 0 : 1

  name                = var.file_scan.table_name
  key_arn             = aws_kms_key.this.arn
  deletion_protection = var.deletion_protection

  index = {
    name               = "day-index"
    keys               = { day = "S", modifiedMs = "N" }
    hash_key           = "day"
    range_key          = "modifiedMs"
    non_key_attributes = ["state", "reason", "severities", "lines", "bytes", "ttl"]
  }
}

module "upload_dispatcher" {
  source = "./modules/function"
  count  = var.file_scan == null ? 0 : 1

  name        = "${var.name}-upload-dispatcher"
  description = "New objects in S3 to the queue of the log-extractor"
  handler     = "upload-dispatcher"
  memory_size = 128
  timeout     = 30

  environment = merge(
    { QUEUE_URL = aws_sqs_queue.files[0].url },
    length(var.file_scan.key_prefixes) == 0 ? {} : { KEY_PREFIX = join(",", var.file_scan.key_prefixes) },
    length(var.file_scan.key_suffixes) == 0 ? {} : { KEY_SUFFIX = join(",", var.file_scan.key_suffixes) },
  )

  statements = [
    { sid = "NameObjects", actions = ["sqs:SendMessage", "sqs:GetQueueAttributes"], resources = [aws_sqs_queue.files[0].arn] },
  ]
  encryption = { arn = aws_kms_key.this.arn, services = ["sqs"] }

  asynchronous = {}

  package            = "${var.packages}/upload-dispatcher.zip"
  layers             = [aws_lambda_layer_version.runtime.arn]
  architecture       = var.architecture
  network            = var.network
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_key_arn        = aws_kms_key.this.arn
  alarm_actions      = [aws_sns_topic.alarms.arn]
}

resource "aws_lambda_permission" "uploads" {
  count = var.file_scan == null ? 0 : 1

  function_name  = module.upload_dispatcher[0].name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = module.uploads[0].arn
  source_account = local.account
}

resource "aws_s3_bucket_notification" "uploads" {
  count = var.file_scan == null ? 0 : 1

  bucket = module.uploads[0].name

  lambda_function {
    lambda_function_arn = module.upload_dispatcher[0].arn
    events              = ["s3:ObjectCreated:*"]
  }

  # S3 tries the function when the notification is made.
  depends_on = [aws_lambda_permission.uploads]
}

resource "aws_cloudwatch_event_rule" "existing_bucket" {
  count = local.existing_bucket == null ? 0 : 1

  name        = "${var.name}-upload-dispatcher"
  description = "Objects of a bucket that was there before"
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail      = { bucket = { name = [local.existing_bucket] } }
  })
}

resource "aws_cloudwatch_event_target" "existing_bucket" {
  count = local.existing_bucket == null ? 0 : 1

  rule      = aws_cloudwatch_event_rule.existing_bucket[0].name
  target_id = "upload-dispatcher"
  arn       = module.upload_dispatcher[0].arn

  dead_letter_config {
    arn = aws_sqs_queue.failures.arn
  }
}

resource "aws_lambda_permission" "existing_bucket" {
  count = local.existing_bucket == null ? 0 : 1

  function_name = module.upload_dispatcher[0].name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.existing_bucket[0].arn
}

module "log_extractor" {
  source = "./modules/function"
  count  = var.file_scan == null ? 0 : 1

  name        = "${var.name}-log-extractor"
  description = "Log files in S3 into summaries of their errors"
  handler     = "log-extractor"
  memory_size = 512
  timeout     = local.scan_timeout

  # Of a large file it scans as much as its time allows, and goes on in another invocation.
  duration_alarm = false

  environment = merge(
    {
      SOURCE_BUCKETS = join(",", concat([module.uploads[0].name], local.existing_bucket[*]))
      QUEUE_URL      = aws_sqs_queue.files[0].url
      SUMMARY_TABLE  = module.summaries[0].name
      TTL_DAYS       = tostring(var.file_scan.summary_days)
      MAIL_SEVERITY  = var.file_scan.mail_severity
      PARTIAL_BATCH  = local.partial_batch
      REDACT         = var.redact
    },
    { for name in local.patterns[*] : "PATTERNS" => "ssm:${name}" },
    local.mail_environment,
  )

  statements = concat(
    [
      {
        sid       = "ReadObjects"
        actions   = ["s3:GetObject", "s3:GetObjectVersion"]
        resources = [for arn in concat([module.uploads[0].arn], local.existing_bucket_arns) : "${arn}/*"]
      },
      # Without it S3 answers 403 for a key that is gone.
      {
        sid       = "KnowMissingKeys"
        actions   = ["s3:ListBucket"]
        resources = concat([module.uploads[0].arn], local.existing_bucket_arns)
      },
      {
        sid       = "KeepSummaries"
        actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        resources = [module.summaries[0].arn]
      },
      {
        sid       = "TakeAndContinue"
        actions   = concat(module.log_extractor_from_queue[0].actions, ["sqs:SendMessage"])
        resources = [aws_sqs_queue.files[0].arn]
      },
    ],
    [for name in local.patterns[*] : {
      sid       = "ReadPatterns"
      actions   = ["ssm:GetParameter"]
      resources = ["arn:${local.partition}:ssm:${local.region}:${local.account}:parameter/${name}"]
    }],
    local.mail_statements,
  )
  encryption = { arn = aws_kms_key.this.arn, services = ["dynamodb", "s3", "sqs"] }

  # It sends what is left of a large file to the queue that invokes it; HOPS_MAX ends that.
  recursive_loop     = "Allow"
  dead_letter_bucket = local.dead_letter_bucket

  package            = "${var.packages}/log-extractor.zip"
  layers             = [aws_lambda_layer_version.runtime.arn]
  architecture       = var.architecture
  network            = var.network
  log_retention_days = var.log_retention_days
  log_key_arn        = aws_kms_key.this.arn
  alarm_actions      = [aws_sns_topic.alarms.arn]
}

module "log_extractor_from_queue" {
  source = "./modules/queue_source"
  count  = var.file_scan == null ? 0 : 1

  function_arn      = module.log_extractor[0].arn
  queue_arn         = aws_sqs_queue.files[0].arn
  batch_size        = var.file_scan.batch_size
  max_concurrency   = var.file_scan.max_concurrency
  partial_responses = var.partial_responses
}
