output "uuid" {
  description = "Id of the mapping, by which it is disabled or asked for."
  value       = aws_lambda_event_source_mapping.this.uuid
}

output "statements" {
  description = "What the function's role needs, for the function module's statements: Lambda's pollers use the role."
  value = [{
    sid = "LambdaReadsKinesis"
    actions = [
      "kinesis:DescribeStream",
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
    ]
    resources = [var.stream_arn]
  }]
}

output "partial_responses" {
  description = "Whether the mapping takes partial answers: on or off, as PARTIAL_BATCH of the function must say."
  value       = contains(coalesce(aws_lambda_event_source_mapping.this.function_response_types, []), "ReportBatchItemFailures") ? "on" : "off"
}
