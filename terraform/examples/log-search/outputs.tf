output "endpoint" {
  description = "OPENSEARCH_ENDPOINT for penstock apply."
  value       = module.domain.endpoint
}

output "role_mapping" {
  description = "What the master role says to the domain once (modules/opensearch_domain/README.md)."
  value       = module.domain.role_mapping
}
