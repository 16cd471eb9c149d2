# Alerting: EventBridge, SNS -> alerter -> PagerDuty, Slack, mail.

locals {
  # Which channels have a secret: given, or made here.
  channel_secrets = merge(
    { for channel in try(var.alerting.create_secrets, []) : channel => aws_secretsmanager_secret.channel[channel].arn },
    { for channel, arn in {
      slack     = try(var.alerting.slack_webhook_secret_arn, null)
      pagerduty = try(var.alerting.pagerduty_routing_key_secret_arn, null)
    } : channel => arn if arn != null },
  )
  secret_settings = {
    slack     = { variable = "SLACK_WEBHOOK_URL_SECRET_ARN", sid = "ReadSlacksSecret" }
    pagerduty = { variable = "PAGERDUTY_ROUTING_KEY_SECRET_ARN", sid = "ReadPagerDutysSecret" }
  }
  # The alerter knows no null: members that are not set are left out.
  alert_rules = [for rule in try(var.alerting.rules, []) : { for member, value in rule : member => value if value != null }]
}

# Empty: their values are put by hand (README), so that no state has them.
resource "aws_secretsmanager_secret" "channel" {
  for_each = try(var.alerting.create_secrets, toset([]))

  name        = "${var.name}-${each.value}"
  description = each.value == "slack" ? "Slack's incoming webhook, for the alerter" : "PagerDuty's integration key, for the alerter"
}

module "alerts" {
  source = "./modules/table"
  count  = var.alerting == null ? 0 : 1

  name                = var.alerting.table_name
  key_arn             = aws_kms_key.this.arn
  deletion_protection = var.deletion_protection
}

module "alerter" {
  source = "./modules/function"
  count  = var.alerting == null ? 0 : 1

  name        = "${var.name}-alerter"
  description = "Errors and alarms to PagerDuty, Slack and mail, each told once"
  handler     = "alerter"
  memory_size = 128
  timeout     = 30

  environment = merge(
    {
      ALERT_TABLE = module.alerts[0].name
      # Errors of Penstock's own functions are for the alarms: told here, they could go in a circle.
      EXCLUDE_SERVICES = "${var.name}-*"
      REDACT           = var.redact
    },
    length(local.alert_rules) == 0 ? {} : { ALERT_RULES = jsonencode(local.alert_rules) },
    { for channel, arn in local.channel_secrets : local.secret_settings[channel].variable => arn },
    local.mail_environment,
  )

  statements = concat(
    [{
      sid       = "RememberAlerts"
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query"]
      resources = [module.alerts[0].arn]
    }],
    local.mail_statements,
    [for channel, arn in local.channel_secrets : {
      sid       = local.secret_settings[channel].sid
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [split("#", arn)[0]]
    }],
    local.secrets_key_statements,
  )
  encryption = { arn = aws_kms_key.this.arn, services = ["dynamodb", "sqs"] }

  asynchronous = {}

  alarms = {
    notices-failed = {
      description = "A channel does not take notices. The line notice_not_sent says which."
      namespace   = "Penstock"
      metric      = "NoticesFailed"
    }
    notices-dead = {
      description = "A summary or an end was given up after six hours."
      namespace   = "Penstock"
      metric      = "NoticesDead"
    }
    silent = {
      description = "The schedule does not invoke the alerter. Incidents get no summary and no end."
      metric      = "Invocations"
      comparison  = "LessThanThreshold"
      threshold   = 1
      missing     = "breaching"
    }
  }

  package            = "${var.packages}/alerter.zip"
  layers             = [aws_lambda_layer_version.runtime.arn]
  architecture       = var.architecture
  network            = var.network
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_key_arn        = aws_kms_key.this.arn
  alarm_actions      = [aws_sns_topic.alarms.arn]
}

locals {
  alerter_rules = var.alerting == null ? {} : {
    log-errors = {
      description = "Errors of applications"
      bus         = aws_cloudwatch_event_bus.this[0].name
      pattern     = jsonencode({ detail-type = ["LogError"] })
      schedule    = null
    }
    # Alarms on the alerter itself go to the topic only.
    alarms = {
      description = "Alarms of CloudWatch"
      bus         = null
      pattern = jsonencode({
        source      = ["aws.cloudwatch"]
        detail-type = ["CloudWatch Alarm State Change"]
        detail      = { alarmName = [{ anything-but = { prefix = "${var.name}-alerter-" } }] }
      })
      schedule = null
    }
    every-minute = {
      description = "Ends of windows, and what is still on its way"
      bus         = null
      pattern     = null
      schedule    = "rate(1 minute)"
    }
  }
}

resource "aws_cloudwatch_event_rule" "alerter" {
  for_each = local.alerter_rules

  name                = "${var.name}-alerter-${each.key}"
  description         = each.value.description
  event_bus_name      = each.value.bus
  event_pattern       = each.value.pattern
  schedule_expression = each.value.schedule
}

resource "aws_cloudwatch_event_target" "alerter" {
  for_each = local.alerter_rules

  rule           = aws_cloudwatch_event_rule.alerter[each.key].name
  event_bus_name = each.value.bus
  target_id      = "alerter"
  arn            = module.alerter[0].arn

  # A run of the schedule that is lost needs nothing: the next does what it could not.
  dynamic "dead_letter_config" {
    for_each = each.value.schedule == null ? [aws_sqs_queue.failures.arn] : []
    content {
      arn = dead_letter_config.value
    }
  }
}

resource "aws_lambda_permission" "alerter_rule" {
  for_each = local.alerter_rules

  function_name = module.alerter[0].name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.alerter[each.key].arn
}

# A list, since how many there are is known before an apply that makes the topics, too.
resource "aws_lambda_permission" "alerter_monitors" {
  count = var.alerting == null ? 0 : length(var.alerting.monitor_topic_arns)

  function_name = module.alerter[0].name
  action        = "lambda:InvokeFunction"
  principal     = "sns.amazonaws.com"
  source_arn    = var.alerting.monitor_topic_arns[count.index]
}

resource "aws_sns_topic_subscription" "alerter_monitors" {
  count = var.alerting == null ? 0 : length(var.alerting.monitor_topic_arns)

  topic_arn = var.alerting.monitor_topic_arns[count.index]
  protocol  = "lambda"
  endpoint  = module.alerter[0].arn

  depends_on = [aws_lambda_permission.alerter_monitors]
}
