output "stream_arn" {
  description = "Put JSON log lines here."
  value       = module.penstock.stream_arn
}

output "rows_table" {
  description = "DDB_TABLE for penstock query."
  value       = module.penstock.rows_table
}
