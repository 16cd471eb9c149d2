output "arn" {
  description = "ARN of the domain, made of its name, so that roles can name it before it exists."
  value       = local.arn
}

output "endpoint" {
  description = "Where documents go: https://host, for OPENSEARCH_ENDPOINT and penstock apply."
  value       = "https://${aws_opensearch_domain.this.endpoint}"
}

output "role_mapping" {
  description = "What the master role must say to the domain once, as method, path and body: the functions' role and who has it. The README has the calls."
  value = [
    {
      method = "PUT"
      path   = "/_plugins/_security/api/roles/penstock_writer"
      body = jsonencode({
        cluster_permissions = ["indices:data/write/bulk"]
        index_permissions = [{
          index_patterns  = ["app-logs*"]
          allowed_actions = ["indices:data/write/bulk*", "indices:data/write/index", "create_index"]
        }]
      })
    },
    {
      method = "PUT"
      path   = "/_plugins/_security/api/rolesmapping/penstock_writer"
      body   = jsonencode({ backend_roles = var.writer_role_arns })
    },
  ]
}

output "log_group_names" {
  description = "The domain's own log groups, for EXCLUDE_LOG_GROUPS."
  value       = [for group in aws_cloudwatch_log_group.this : group.name]
}
