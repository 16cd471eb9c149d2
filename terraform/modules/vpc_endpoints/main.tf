# What functions in subnets without a way to the Internet need: endpoints of the AWS services that they call.

data "aws_region" "current" {}

locals {
  region = data.aws_region.current.id
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = var.gateways

  vpc_id            = var.vpc_id
  service_name      = "com.amazonaws.${local.region}.${each.value}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = var.route_table_ids

  lifecycle {
    precondition {
      condition     = length(var.route_table_ids) > 0
      error_message = "Gateway endpoints are ways in route tables: give route_table_ids."
    }
  }
}

resource "aws_security_group" "interfaces" {
  count = length(var.interfaces) > 0 ? 1 : 0

  name_prefix = "${var.name}-endpoints-"
  description = "HTTPS from Penstock's functions to endpoints of AWS services"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "interfaces" {
  for_each = length(var.interfaces) > 0 ? var.client_security_group_ids : {}

  security_group_id            = aws_security_group.interfaces[0].id
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.interfaces

  vpc_id              = var.vpc_id
  service_name        = "com.amazonaws.${local.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.interfaces[0].id]
  private_dns_enabled = true

  lifecycle {
    precondition {
      condition     = length(var.subnet_ids) > 0
      error_message = "Interface endpoints stand in subnets: give subnet_ids."
    }
  }
}
