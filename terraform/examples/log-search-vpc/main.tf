# A domain of OpenSearch, and log groups that go into it.

module "domain" {
  source = "../../modules/opensearch_domain"

  name             = "penstock"
  master_role_arn  = var.master_role_arn
  writer_role_arns = [module.penstock.log_processor_role_arn]

  network = {
    subnet_ids         = aws_subnet.private[*].id
    security_group_ids = [aws_security_group.domain.id]
  }

  alarm_actions = [module.penstock.alarm_topic_arn]
}

module "penstock" {
  source = "../.."

  packages   = var.packages
  alarm_mail = var.alarm_mail

  network = {
    subnet_ids         = aws_subnet.private[*].id
    security_group_ids = [aws_security_group.functions.id]
  }

  log_search = {
    endpoint       = module.domain.endpoint
    opensearch_arn = module.domain.arn
    log_groups     = var.log_groups
    environment    = var.environment

    # The domain's own log lines would feed themselves.
    exclude_log_groups = module.domain.log_group_names
  }
}

# Dead letters go to S3 through a gateway. The function's own log, and what Lambda gives up on, are written by Lambda from
# outside the VPC: they need no endpoint.
module "endpoints" {
  source = "../../modules/vpc_endpoints"

  vpc_id                    = aws_vpc.this.id
  route_table_ids           = [aws_route_table.private.id]
  subnet_ids                = aws_subnet.private[*].id
  client_security_group_ids = { functions = aws_security_group.functions.id }
  gateways                  = ["s3"]
  interfaces                = var.interfaces
}
