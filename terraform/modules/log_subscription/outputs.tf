output "log_group_name" {
  description = "The log group that is subscribed."
  value       = aws_cloudwatch_log_subscription_filter.this.log_group_name
}
