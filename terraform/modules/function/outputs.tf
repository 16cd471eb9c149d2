output "arn" {
  description = "ARN of the function. It is known once the role has its rights."
  value       = aws_lambda_function.this.arn
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "role_arn" {
  description = "ARN of the function's role, which a domain of OpenSearch maps to one of its own."
  value       = aws_iam_role.this.arn
}

output "log_group_name" {
  description = "Name of the function's own log group: no subscription should lead it back into Penstock."
  value       = aws_cloudwatch_log_group.this.name
}

output "alarm_arns" {
  description = "ARNs of the function's alarms."
  value       = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn]
}

output "environment" {
  description = "The function's settings, as they are set."
  value       = local.environment
}

output "actions" {
  description = "What the role may do, by the statements' Sid."
  value       = { for s in local.statements : s.sid => s.actions }
}

output "recursive_loop" {
  description = "Whether the function may send messages to the queue that invokes it."
  value       = var.recursive_loop
}
