# Alarms on what is not a function (those of the functions are theirs), and the dashboard. What each alarm means and what
# to do is in ../docs/operations.md.

locals {
  alarms = merge(
    {
      failures = {
        description = "Lambda or a rule gave up on events. The failures queue has them, or says where they are."
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        dimensions  = { QueueName = aws_sqs_queue.failures.name }
      }
    },
    { for table in module.rows : "rows-throttles" => {
      description = "DynamoDB throttles rows. A busy service needs more service_shards."
      namespace   = "AWS/DynamoDB"
      metric      = "WriteThrottleEvents"
      dimensions  = { TableName = table.name }
      statistic   = "Sum"
      periods     = 3
    } },
    { for queue in aws_sqs_queue.files : "files-age" => {
      description = "Files wait to be scanned for more than an hour."
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = queue.name }
      threshold   = 3600
    } },
    { for queue in aws_sqs_queue.files_dead : "files-dead" => {
      description = "Messages were given up after five receives. The line message_returned has the reason, and they can be moved back."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = queue.name }
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = try(each.value.statistic, "Maximum")
  comparison_operator = "GreaterThanThreshold"
  threshold           = try(each.value.threshold, 0)
  period              = 300
  evaluation_periods  = try(each.value.periods, 1)
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.name}-${local.region}" # an account's dashboards have no region of their own
  dashboard_body = templatefile("${path.module}/dashboard.json.tftpl", { name = var.name, region = local.region })
}
