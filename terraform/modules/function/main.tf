# A function of Penstock: the function, its own role, its log group, what becomes of asynchronous invocations that fail,
# and its alarms.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  region = data.aws_region.current.id
  own_group = join(":", ["arn", data.aws_partition.current.partition, "logs", local.region,
  data.aws_caller_identity.current.account_id, "log-group", "/aws/lambda/${var.name}"])

  environment = merge(
    var.environment,
    { for bucket in var.dead_letter_bucket[*] : "DEAD_LETTER_BUCKET" => bucket.name },
  )

  statements = concat(
    var.statements,
    [for bucket in var.dead_letter_bucket[*] : {
      sid        = "KeepDeadLetters"
      actions    = ["s3:PutObject"]
      resources  = ["${bucket.arn}/${var.handler}/*"]
      conditions = {}
    }],
    [for queue_arn in var.failure_queue_arn[*] : {
      sid        = "KeepFailures"
      actions    = ["sqs:SendMessage"]
      resources  = [queue_arn]
      conditions = {}
    }],
    [for key in var.encryption[*] : {
      sid       = "UseTheKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [key.arn]
      conditions = {
        StringEquals = { "kms:ViaService" = [for s in sort(key.services) : "${s}.${local.region}.amazonaws.com"] }
      }
    }],
    [{
      sid        = "OwnLogs"
      actions    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources  = ["${local.own_group}:*"]
      conditions = {}
    }],
    # Network interfaces have no ARN before they are made, so these cannot name one.
    var.network == null || var.kafka_pollers ? [] : [{
      sid        = "NetworkInterfaces"
      actions    = local.network_actions
      resources  = ["*"]
      conditions = {}
    }],
    var.kafka_pollers ? [{
      sid        = "AndReachesItsNetwork"
      actions    = sort(concat(local.network_actions, ["ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"]))
      resources  = ["*"]
      conditions = {}
    }] : [],
  )

  network_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
}

# Roles have no region: with a name of its own the same function could be in one region of an account only.
resource "aws_iam_role" "this" {
  name_prefix = "${substr(var.name, 0, 37)}-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "work"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for s in local.statements : merge(
      { Sid = s.sid, Effect = "Allow", Action = s.actions, Resource = s.resources },
      length(s.conditions) == 0 ? {} : { Condition = s.conditions },
    )]
  })
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  description      = var.description
  role             = aws_iam_role.this.arn
  runtime          = "provided.al2023"
  handler          = var.handler
  architectures    = [var.architecture]
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  layers           = var.layers
  memory_size      = var.memory_size
  timeout          = var.timeout

  environment {
    variables = local.environment
  }

  # The line with the metrics has the level that is set here: Lambda drops what is below.
  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
    log_group             = aws_cloudwatch_log_group.this.name
  }

  dynamic "vpc_config" {
    for_each = var.network[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  # Whoever knows the function's ARN (a mapping, say) may rely on its rights.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = { for async in var.asynchronous[*] : "this" => async }

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = each.value.retries
  maximum_event_age_in_seconds = each.value.max_age_s

  dynamic "destination_config" {
    for_each = var.failure_queue_arn[*]
    content {
      on_failure {
        destination = destination_config.value
      }
    }
  }
}

resource "aws_lambda_function_recursion_config" "this" {
  count = var.recursive_loop == "Allow" ? 1 : 0

  function_name  = aws_lambda_function.this.function_name
  recursive_loop = var.recursive_loop
}

locals {
  alarms = merge(
    {
      errors = {
        description = "${var.handler} fails. The line invocation_failed of its log group has the reason."
        metric      = "Errors"
      }
      throttles = {
        description = "${var.handler} is throttled. The account or the function needs more concurrency."
        metric      = "Throttles"
      }
    },
    var.duration_alarm ? {
      duration = {
        description = "${var.handler} comes near its time-out. What it writes to is slow, or it needs more memory."
        metric      = "Duration"
        statistic   = "p95"
        threshold   = var.timeout * 800 # milliseconds: 80 %
        periods     = 3
      }
    } : {},
    {
      for bucket in var.dead_letter_bucket[*] : "dead" => {
        description = "${var.handler} put records into the dead-letter store. Somebody should read why."
        namespace   = "Penstock"
        metric      = "RecordsDead"
      }
    },
    var.asynchronous == null ? {} : {
      lost = {
        description = "What Lambda gave up did not reach its destination. It is too large, or a permission is missing."
        metric      = "DestinationDeliveryFailures"
      }
    },
    var.alarms,
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = try(each.value.namespace, "AWS/Lambda")
  metric_name         = each.value.metric
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = try(each.value.statistic, "Sum") == "p95" ? null : try(each.value.statistic, "Sum")
  extended_statistic  = try(each.value.statistic, "Sum") == "p95" ? "p95" : null
  comparison_operator = try(each.value.comparison, "GreaterThanThreshold")
  threshold           = try(each.value.threshold, 0)
  period              = try(each.value.period_s, 300)
  evaluation_periods  = try(each.value.periods, 1)
  treat_missing_data  = try(each.value.missing, "notBreaching")
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}
