# A log group of CloudWatch Logs invokes a function: the permission and the subscription filter.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  group_arn = join(":", ["arn", data.aws_partition.current.partition, "logs", data.aws_region.current.id, local.account,
  "log-group", var.log_group_name])
}

# Both conditions: an ARN alone could be that of a group that somebody else makes under an account that is gone.
resource "aws_lambda_permission" "this" {
  function_name  = var.function_name
  action         = "lambda:InvokeFunction"
  principal      = "logs.amazonaws.com"
  source_arn     = "${local.group_arn}:*"
  source_account = local.account
}

resource "aws_cloudwatch_log_subscription_filter" "this" {
  name            = var.filter_name
  log_group_name  = var.log_group_name
  filter_pattern  = var.filter_pattern
  destination_arn = var.function_arn

  # CloudWatch Logs tries the function when the filter is made.
  depends_on = [aws_lambda_permission.this]
}
