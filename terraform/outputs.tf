output "dead_letter_bucket" {
  description = "Bucket of dead letters, for penstock replay."
  value       = module.dead_letters.name
}

output "failure_queue_url" {
  description = "Queue of what Lambda or a rule gave up on."
  value       = aws_sqs_queue.failures.url
}

output "alarm_topic_arn" {
  description = "Topic that every alarm goes to."
  value       = aws_sns_topic.alarms.arn
}

output "key_arn" {
  description = "Key of the log data. Who writes to the stream needs kms:GenerateDataKey on it."
  value       = aws_kms_key.this.arn
}

output "log_processor_role_arn" {
  description = "Role to be mapped to a role of the domain (modules/opensearch_domain); null without log_search."
  value       = one(module.log_processor[*].role_arn)
}

output "stream_arn" {
  description = "Stream that log lines are put into; null without stream_store."
  value       = one(aws_kinesis_stream.logs[*].arn)
}

output "rows_table" {
  description = "Table of rows, DDB_TABLE for penstock query; null without stream_store."
  value       = one(module.rows[*].name)
}

output "bus_arn" {
  description = "Bus of LogError events; null without stream_store and alerting."
  value       = one(aws_cloudwatch_event_bus.this[*].arn)
}

output "channel_secret_arns" {
  description = "Secrets of the alerter's channels. Those that were made here wait for their values."
  value       = local.channel_secrets
}

output "upload_bucket" {
  description = "Bucket that log files are put into; null without file_scan."
  value       = one(module.uploads[*].name)
}

output "files_queue_url" {
  description = "Queue of files that wait; null without file_scan."
  value       = one(aws_sqs_queue.files[*].url)
}

output "summary_table" {
  description = "Table of summaries, SUMMARY_TABLE for penstock errors; null without file_scan."
  value       = one(module.summaries[*].name)
}
