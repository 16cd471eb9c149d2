output "endpoint" {
  description = "OPENSEARCH_ENDPOINT for penstock apply."
  value       = module.domain.endpoint
}

output "role_mapping" {
  description = "What the master role says to the domain once (modules/opensearch_domain/README.md)."
  value       = module.domain.role_mapping
}

output "vpc_id" {
  description = "The VPC: penstock apply and browsers must reach the domain in it."
  value       = aws_vpc.this.id
}

output "functions_security_group_id" {
  description = "Security group of the functions."
  value       = aws_security_group.functions.id
}
