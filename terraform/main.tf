# Penstock on AWS: the functions, what invokes them, what they write to, and what watches them. Five lanes, each off
# until its variable is set; nothing of a lane that is off is made. This file has what the lanes share. The twin for
# CloudFormation is ../template.yaml, and a test compares the two.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  partial_batch      = var.partial_responses ? "on" : "off"
  dead_letter_bucket = { name = module.dead_letters.name, arn = module.dead_letters.arn }
  ses_arn            = "arn:${local.partition}:ses:${local.region}:${local.account}"
  mail_environment   = var.mail == null ? {} : { MAIL_FROM = var.mail.from, MAIL_TO = join(",", var.mail.to) }
  mail_statements = [for mail in var.mail[*] : {
    sid     = "SendMail"
    actions = ["ses:SendEmail"]
    # An identity may have a configuration set, which SES asks for as well.
    resources = ["${local.ses_arn}:identity/${mail.identity}", "${local.ses_arn}:configuration-set/*"]
  }]
  secrets_key_statements = [for arn in var.secrets_key_arn[*] : {
    sid        = "DecryptThem"
    actions    = ["kms:Decrypt"]
    resources  = [arn]
    conditions = { StringEquals = { "kms:ViaService" = ["secretsmanager.${local.region}.amazonaws.com"] } }
  }]
}

# What one variable's validation cannot say, because it is about two.
resource "terraform_data" "lanes" {
  lifecycle {
    precondition {
      condition     = anytrue([for lane in [var.log_search, var.stream_store, var.alerting, var.file_scan] : lane != null])
      error_message = "Turn one lane on at least: log_search, stream_store, alerting or file_scan."
    }
    precondition {
      condition     = var.decoding == null || var.stream_store != null
      error_message = "decoding needs stream_store: its stream is where records go."
    }
    precondition {
      condition     = var.alerting == null || var.mail != null || length(local.channel_secrets) > 0
      error_message = "alerting needs a channel: slack_webhook_secret_arn, pagerduty_routing_key_secret_arn, create_secrets or the variable mail."
    }
    precondition {
      condition = alltrue([for group in concat(tolist(try(var.log_search.log_groups, [])), tolist(try(var.decoding.log_groups, []))) :
      !startswith(group, "/aws/lambda/${var.name}-")])
      error_message = "log_groups: what the functions log themselves must never come back to them."
    }
  }
}

resource "aws_lambda_layer_version" "runtime" {
  layer_name               = "${var.name}-runtime"
  description              = "Penstock's bootstrap, its library for AWS services, and the root certificates of AWS"
  filename                 = "${var.packages}/penstock-runtime-layer.zip"
  source_code_hash         = filebase64sha256("${var.packages}/penstock-runtime-layer.zip")
  compatible_runtimes      = ["provided.al2023"]
  compatible_architectures = [var.architecture]

  # Functions get the new version before the old one goes.
  lifecycle {
    create_before_destroy = true
  }
}

# One key for what holds log data: dead letters, queues, stream, tables, log groups, alarms.
resource "aws_kms_key" "this" {
  description         = "Log data of ${var.name}"
  enable_key_rotation = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountDecidesByIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "OwnLogGroups"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.${data.aws_partition.current.dns_suffix}" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}-*" }
        }
      },
      {
        Sid       = "AlarmsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      # These do not say for whom they ask KMS, so no condition can name the account: the queue's policy does.
      {
        Sid       = "RulesAndNotifications"
        Effect    = "Allow"
        Principal = { Service = ["events.amazonaws.com", "s3.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
      },
    ]
  })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

module "dead_letters" {
  source = "./modules/private_bucket"

  name_prefix     = "${var.name}-dead-letters-"
  key_arn         = aws_kms_key.this.arn
  expiration_days = var.dead_letter_days

  # A bucket that holds something is not deleted. Its key must not be either.
  depends_on = [aws_kms_key.this]
}

# What Lambda could not get through: events of asynchronous invocations; of streams, which object has the batch.
resource "aws_sqs_queue" "failures" {
  name                      = "${var.name}-failures"
  kms_master_key_id         = aws_kms_key.this.arn
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue_policy" "failures" {
  queue_url = aws_sqs_queue.failures.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "WhatRulesCouldNotDeliver"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.failures.arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account }
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:events:${local.region}:${local.account}:rule/*" }
        }
      },
      {
        Sid       = "WhereBatchesAre"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.failures.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

# Batches of streams that Lambda gave up, whole; the queue tells where they are.
resource "aws_s3_bucket_notification" "dead_letters" {
  bucket = module.dead_letters.name

  queue {
    queue_arn     = aws_sqs_queue.failures.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "aws/lambda/"
  }

  # S3 tries the queue when the notification is made.
  depends_on = [aws_sqs_queue_policy.failures]
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_subscription" "alarm_mail" {
  count = var.alarm_mail == "" ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_mail
}

resource "aws_cloudwatch_event_bus" "this" {
  count = var.stream_store != null || var.alerting != null ? 1 : 0

  name = var.name
}
