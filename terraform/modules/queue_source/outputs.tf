output "uuid" {
  description = "Id of the mapping, by which it is disabled or asked for."
  value       = aws_lambda_event_source_mapping.this.uuid
}

output "actions" {
  description = "What the function's role needs on the queue: Lambda's pollers use the role."
  value = [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ChangeMessageVisibility",
  ]
}

output "partial_responses" {
  description = "Whether the mapping takes partial answers: on or off, as PARTIAL_BATCH of the function must say."
  value       = contains(coalesce(aws_lambda_event_source_mapping.this.function_response_types, []), "ReportBatchItemFailures") ? "on" : "off"
}
