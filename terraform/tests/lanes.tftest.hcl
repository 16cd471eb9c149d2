# Each lane alone: what it needs is there, and nothing else is.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  packages = "tests/packages"
}

run "log_search_alone" {
  variables {
    log_search = {
      endpoint       = "https://c.eu-central-1.aoss.amazonaws.com"
      opensearch_arn = "arn:aws:aoss:eu-central-1:123456789012:collection/c"
      log_groups     = ["/shop/checkout", "/shop/payment"]
    }
  }

  assert {
    condition     = keys(module.log_processor[0].actions) == ["KeepDeadLetters", "KeepFailures", "OrStoreInACollection", "OwnLogs", "UseTheKey"]
    error_message = "A collection needs APIAccessAll, and without a VPC there are no network interfaces."
  }

  assert {
    condition     = !contains(keys(module.log_processor[0].environment), "ENVIRONMENT")
    error_message = "What is empty is left out."
  }

  assert {
    condition     = length(module.log_processor_subscription) == 2
    error_message = "Each log group is subscribed."
  }

  assert {
    condition     = length(aws_cloudwatch_event_bus.this) + length(module.stream_consumer) + length(module.alerter) + length(module.log_extractor) == 0
    error_message = "Nothing of another lane is made."
  }
}

run "stream_store_alone" {
  variables {
    stream_store = { events_required = true }
  }

  assert {
    condition     = module.stream_consumer[0].environment["EVENTBRIDGE_REQUIRED"] == "on"
    error_message = "events_required must reach the function."
  }

  assert {
    condition     = length(setintersection(keys(module.stream_consumer[0].actions), ["AndReachesItsNetwork", "NetworkInterfaces", "OrLambdaFindsTheCluster"])) == 0
    error_message = "Without Kafka and without a VPC the role has no rights on either."
  }

  assert {
    condition     = length(module.stream_consumer_from_msk) + length(module.stream_consumer_from_kafka) == 0
    error_message = "Without a cluster there is no Kafka mapping."
  }
}

run "kafka_pollers_use_network_interfaces_of_the_role" {
  variables {
    stream_store = {
      msk = { cluster_arn = "arn:aws:kafka:eu-central-1:123456789012:cluster/logs/00000000-0000-4000-8000-000000000000-1" }
    }
  }

  assert {
    condition     = contains(keys(module.stream_consumer[0].actions), "AndReachesItsNetwork") && contains(keys(module.stream_consumer[0].actions), "AndLogsInToIt")
    error_message = "A mapping of MSK needs network interfaces, and the role's log-in."
  }
}

run "a_kafka_outside_of_a_vpc_needs_no_network_interfaces" {
  variables {
    stream_store = {
      kafka = {
        bootstrap_servers = ["b1.example.com:9092"]
        secret_arn        = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka-AbCdEf"
      }
    }
  }

  assert {
    condition     = length(setintersection(keys(module.stream_consumer[0].actions), ["AndReachesItsNetwork", "NetworkInterfaces"])) == 0
    error_message = "Brokers that are reached from anywhere need no rights on network interfaces."
  }
}

run "a_secret_takes_the_place_of_the_roles_log_in" {
  variables {
    stream_store = {
      msk = {
        cluster_arn = "arn:aws:kafka:eu-central-1:123456789012:cluster/logs/00000000-0000-4000-8000-000000000000-1"
        secret_arn  = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_logs-AbCdEf"
      }
    }
  }

  assert {
    condition     = contains(keys(module.stream_consumer[0].actions), "OrWithASecret") && !contains(keys(module.stream_consumer[0].actions), "AndLogsInToIt")
    error_message = "With a secret the role does not log in itself."
  }
}

run "partial_responses_off_are_off_on_both_sides" {
  variables {
    partial_responses = false
    stream_store      = {}
    file_scan         = {}
  }

  assert {
    condition = toset([module.stream_consumer[0].environment["PARTIAL_BATCH"], module.stream_consumer_from_kinesis[0].partial_responses,
    module.log_extractor[0].environment["PARTIAL_BATCH"], module.log_extractor_from_queue[0].partial_responses]) == toset(["off"])
    error_message = "PARTIAL_BATCH and the mappings must agree: a partial answer that Lambda does not read is a loss."
  }
}

run "alerting_alone" {
  variables {
    alerting = { create_secrets = ["slack"] }
  }

  assert {
    condition     = contains(keys(module.alerter[0].environment), "SLACK_WEBHOOK_URL_SECRET_ARN") && !contains(keys(module.alerter[0].environment), "PAGERDUTY_ROUTING_KEY_SECRET_ARN")
    error_message = "The secret that is made must reach the function."
  }

  assert {
    condition     = !contains(keys(module.alerter[0].actions), "SendMail") && contains(keys(module.alerter[0].actions), "ReadSlacksSecret")
    error_message = "The role has the rights of the channels that are set."
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.alerter) == 3 && length(aws_cloudwatch_event_bus.this) == 1
    error_message = "The alerter needs the bus and its three rules."
  }
}

run "file_scan_alone" {
  variables {
    file_scan = {}
  }

  assert {
    condition     = module.log_extractor[0].environment["SOURCE_BUCKETS"] == module.uploads[0].name
    error_message = "The bucket for uploads is read."
  }

  assert {
    condition     = aws_sqs_queue.files[0].visibility_timeout_seconds == 5400
    error_message = "The queue's visibility time-out is six times the function's time-out."
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.existing_bucket) == 0 && !contains(keys(module.log_extractor[0].actions), "SendMail")
    error_message = "Without a bucket of one's own and without mail there is nothing for them."
  }
}

# What is not known before the apply decides on no number of resources: such a plan would be refused.
run "known_later" {
  command = plan

  module {
    source = "./tests/known_later"
  }
}

run "a_table_without_an_index_has_its_two_keys_only" {
  command = plan
  module {
    source = "./modules/table"
  }
  variables {
    name    = "log-stream-logs"
    key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000"
  }

  assert {
    condition     = toset(aws_dynamodb_table.this.attribute[*].name) == toset(["pk", "sk"]) && length(aws_dynamodb_table.this.global_secondary_index) == 0
    error_message = "DynamoDB refuses attributes that are no key."
  }
}
