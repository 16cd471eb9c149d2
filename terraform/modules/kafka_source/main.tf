# A topic of Kafka (Amazon MSK or self-managed) invokes a function: the event source mapping, and what the function's
# role needs for it.

locals {
  access = concat(
    [for secret in var.secret_arn[*] : { type = var.authentication, uri = secret }],
    [for secret in var.root_ca_secret_arn[*] : { type = "SERVER_ROOT_CA_CERTIFICATE", uri = secret }],
    [for id in try(var.network.subnet_ids, []) : { type = "VPC_SUBNET", uri = "subnet:${id}" }],
    [for id in try(var.network.security_group_ids, []) : { type = "VPC_SECURITY_GROUP", uri = "security_group:${id}" }],
  )
}

resource "aws_lambda_event_source_mapping" "this" {
  function_name                      = var.function_arn
  event_source_arn                   = var.cluster_arn
  topics                             = [var.topic]
  starting_position                  = var.starting_position
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.window_s
  bisect_batch_on_function_error     = var.bisect
  maximum_retry_attempts             = var.retries
  maximum_record_age_in_seconds      = var.max_age_s
  function_response_types            = var.partial_responses ? ["ReportBatchItemFailures"] : []

  provisioned_poller_config {
    minimum_pollers = var.pollers.min
    maximum_pollers = var.pollers.max
  }

  dynamic "amazon_managed_kafka_event_source_config" {
    for_each = var.cluster_arn == null ? [] : [var.consumer_group]
    content {
      consumer_group_id = amazon_managed_kafka_event_source_config.value
    }
  }

  dynamic "self_managed_event_source" {
    for_each = length(var.bootstrap_servers) > 0 ? [join(",", var.bootstrap_servers)] : []
    content {
      endpoints = { KAFKA_BOOTSTRAP_SERVERS = self_managed_event_source.value }
    }
  }

  dynamic "self_managed_kafka_event_source_config" {
    for_each = var.cluster_arn == null ? [var.consumer_group] : []
    content {
      consumer_group_id = self_managed_kafka_event_source_config.value
    }
  }

  dynamic "source_access_configuration" {
    for_each = local.access
    content {
      type = source_access_configuration.value.type
      uri  = source_access_configuration.value.uri
    }
  }

  dynamic "destination_config" {
    for_each = var.failure_destination_arn[*]
    content {
      on_failure {
        destination_arn = destination_config.value
      }
    }
  }

  lifecycle {
    precondition {
      condition     = (var.cluster_arn == null) != (length(var.bootstrap_servers) == 0)
      error_message = "Give cluster_arn (Amazon MSK) or bootstrap_servers (self-managed), one of the two."
    }
    precondition {
      condition     = var.cluster_arn == null || var.network == null
      error_message = "Lambda knows the network of a cluster of Amazon MSK: network is for self-managed ones."
    }
  }
}
