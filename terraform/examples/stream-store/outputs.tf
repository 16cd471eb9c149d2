output "stream_arn" {
  description = "Put JSON log lines here."
  value       = module.penstock.stream_arn
}

output "rows_table" {
  description = "DDB_TABLE for penstock query."
  value       = module.penstock.rows_table
}

output "channel_secret_arns" {
  description = "The secret that waits for Slack's webhook."
  value       = module.penstock.channel_secret_arns
}
