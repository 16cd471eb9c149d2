# A domain of OpenSearch for logs: encrypted at rest and between its nodes, HTTPS only, with fine-grained access control
# whose master is a role, not a password.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  arn = join(":", ["arn", data.aws_partition.current.partition, "es", data.aws_region.current.id, local.account,
  "domain/${var.name}"])
  zones = min(3, var.instance_count)
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = var.logs

  name              = "/aws/opensearch/${var.name}/${lower(each.value)}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
}

resource "aws_cloudwatch_log_resource_policy" "this" {
  count = length(var.logs) > 0 ? 1 : 0

  policy_name = "${var.name}-opensearch"
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OpenSearchWritesItsLogs"
      Effect    = "Allow"
      Principal = { Service = "es.amazonaws.com" }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:PutLogEventsBatch"]
      Resource  = [for group in aws_cloudwatch_log_group.this : "${group.arn}:*"]
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = local.arn }
      }
    }]
  })
}

resource "aws_opensearch_domain" "this" {
  domain_name    = var.name
  engine_version = var.engine_version

  cluster_config {
    instance_type            = var.instance_type
    instance_count           = var.instance_count
    dedicated_master_enabled = var.dedicated_masters > 0
    dedicated_master_type    = var.dedicated_masters > 0 ? var.instance_type : null
    dedicated_master_count   = var.dedicated_masters > 0 ? var.dedicated_masters : null
    zone_awareness_enabled   = local.zones > 1

    dynamic "zone_awareness_config" {
      for_each = local.zones > 1 ? [local.zones] : []
      content {
        availability_zone_count = zone_awareness_config.value
      }
    }
  }

  ebs_options {
    ebs_enabled = true
    volume_type = "gp3"
    volume_size = var.volume_gb
  }

  encrypt_at_rest {
    enabled    = true
    kms_key_id = var.key_arn
  }

  node_to_node_encryption {
    enabled = true
  }

  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }

  advanced_security_options {
    enabled                        = true
    anonymous_auth_enabled         = false
    internal_user_database_enabled = false

    master_user_options {
      master_user_arn = var.master_role_arn
    }
  }

  dynamic "vpc_options" {
    for_each = var.network[*]
    content {
      subnet_ids         = slice(vpc_options.value.subnet_ids, 0, local.zones)
      security_group_ids = vpc_options.value.security_group_ids
    }
  }

  dynamic "log_publishing_options" {
    for_each = var.logs
    content {
      log_type                 = log_publishing_options.value
      cloudwatch_log_group_arn = aws_cloudwatch_log_group.this[log_publishing_options.value].arn
    }
  }

  lifecycle {
    precondition {
      condition     = var.network == null ? true : length(var.network.subnet_ids) >= local.zones
      error_message = "network.subnet_ids: one subnet for each zone, which are as many as data nodes, up to 3."
    }
  }

  depends_on = [aws_cloudwatch_log_resource_policy.this]
}

# Apart from the domain: the writers' rights name the domain, so the domain cannot wait for them.
resource "aws_opensearch_domain_policy" "this" {
  domain_name = aws_opensearch_domain.this.domain_name
  access_policies = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "TheMasterDoesAll"
        Effect    = "Allow"
        Principal = { AWS = var.master_role_arn }
        Action    = "es:ESHttp*"
        Resource  = "${local.arn}/*"
      }],
      length(var.writer_role_arns) == 0 ? [] : [{
        Sid       = "FunctionsStore"
        Effect    = "Allow"
        Principal = { AWS = var.writer_role_arns }
        Action    = "es:ESHttpPost"
        Resource  = "${local.arn}/_bulk*"
      }],
      length(var.reader_role_arns) == 0 ? [] : [{
        Sid       = "PeopleRead"
        Effect    = "Allow"
        Principal = { AWS = var.reader_role_arns }
        Action    = ["es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut", "es:ESHttpDelete"]
        Resource  = "${local.arn}/*"
      }],
    )
  })
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = {
    red = {
      description = "A primary shard is missing: documents are refused."
      metric      = "ClusterStatus.red"
      statistic   = "Maximum"
      comparison  = "GreaterThanOrEqualToThreshold"
      threshold   = 1
      periods     = 1
    }
    disk = {
      description = "A node has less than a fifth of its disk left; a full one refuses every document. Delete old indices."
      metric      = "FreeStorageSpace"
      statistic   = "Minimum"
      comparison  = "LessThanThreshold"
      threshold   = floor(var.volume_gb * 1024 / 5)
      periods     = 1
    }
    memory = {
      description = "The Java heap is nearly full: OpenSearch begins to answer 429. Larger or more nodes."
      metric      = "JVMMemoryPressure"
      statistic   = "Maximum"
      comparison  = "GreaterThanOrEqualToThreshold"
      threshold   = 95
      periods     = 3
    }
  }

  alarm_name          = "${var.name}-opensearch-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/ES"
  metric_name         = each.value.metric
  dimensions          = { DomainName = aws_opensearch_domain.this.domain_name, ClientId = local.account }
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}
