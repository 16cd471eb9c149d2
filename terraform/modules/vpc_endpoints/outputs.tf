output "endpoint_ids" {
  description = "Ids of the endpoints by service."
  value       = { for service, e in merge(aws_vpc_endpoint.gateway, aws_vpc_endpoint.interface) : service => e.id }
}

output "security_group_id" {
  description = "The interfaces' security group; null without interfaces."
  value       = one(aws_security_group.interfaces[*].id)
}
