output "upload_bucket" {
  description = "Put log files here."
  value       = module.penstock.upload_bucket
}

output "summary_table" {
  description = "SUMMARY_TABLE for penstock errors."
  value       = module.penstock.summary_table
}
