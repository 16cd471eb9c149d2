# Every lane, with everything that a lane can have. The state of this run is what is compared with template.yaml.

mock_provider "aws" {
  source = "./tests/mocks"
}

# What is one of several of its kind has an ARN of its own.
override_resource {
  target = module.log_processor[0].aws_lambda_function.this
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:penstock-log-processor" }
}

override_resource {
  target = module.log_processor[0].aws_iam_role.this
  values = { arn = "arn:aws:iam::123456789012:role/penstock-log-processor" }
}

override_resource {
  target = module.stream_consumer[0].aws_lambda_function.this
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:penstock-stream-consumer" }
}

override_resource {
  target = module.stream_consumer[0].aws_iam_role.this
  values = { arn = "arn:aws:iam::123456789012:role/penstock-stream-consumer" }
}

override_resource {
  target = module.cloudwatch_decoder[0].aws_lambda_function.this
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:penstock-cloudwatch-decoder" }
}

override_resource {
  target = module.cloudwatch_decoder[0].aws_iam_role.this
  values = { arn = "arn:aws:iam::123456789012:role/penstock-cloudwatch-decoder" }
}

override_resource {
  target = module.alerter[0].aws_lambda_function.this
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:penstock-alerter" }
}

override_resource {
  target = module.alerter[0].aws_iam_role.this
  values = { arn = "arn:aws:iam::123456789012:role/penstock-alerter" }
}

override_resource {
  target = module.upload_dispatcher[0].aws_lambda_function.this
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:penstock-upload-dispatcher" }
}

override_resource {
  target = module.upload_dispatcher[0].aws_iam_role.this
  values = { arn = "arn:aws:iam::123456789012:role/penstock-upload-dispatcher" }
}

override_resource {
  target = module.log_extractor[0].aws_lambda_function.this
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:penstock-log-extractor" }
}

override_resource {
  target = module.log_extractor[0].aws_iam_role.this
  values = { arn = "arn:aws:iam::123456789012:role/penstock-log-extractor" }
}

override_resource {
  target = aws_sqs_queue.failures
  values = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:penstock-failures"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/penstock-failures"
  }
}

override_resource {
  target = aws_sqs_queue.files[0]
  values = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:penstock-files.fifo"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/penstock-files.fifo"
  }
}

override_resource {
  target = aws_sqs_queue.files_dead[0]
  values = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:penstock-files-dead.fifo"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/penstock-files-dead.fifo"
  }
}

override_resource {
  target = module.rows[0].aws_dynamodb_table.this
  values = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/log-stream-logs" }
}

override_resource {
  target = module.alerts[0].aws_dynamodb_table.this
  values = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/penstock-alerts" }
}

override_resource {
  target = module.summaries[0].aws_dynamodb_table.this
  values = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/log-error-summaries" }
}

override_resource {
  target = module.dead_letters.aws_s3_bucket.this
  values = { id = "penstock-dead-letters", arn = "arn:aws:s3:::penstock-dead-letters" }
}

override_resource {
  target = module.uploads[0].aws_s3_bucket.this
  values = { id = "penstock-uploads", arn = "arn:aws:s3:::penstock-uploads" }
}

variables {
  packages   = "tests/packages"
  alarm_mail = "ops@example.com"

  network = {
    subnet_ids         = ["subnet-1", "subnet-2"]
    security_group_ids = ["sg-1"]
  }

  mail = {
    from     = "Penstock <penstock@example.com>"
    to       = ["team@example.com", "night@example.com"]
    identity = "example.com"
  }

  secrets_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000003"

  log_search = {
    endpoint       = "https://search.eu-central-1.es.amazonaws.com"
    opensearch_arn = "arn:aws:es:eu-central-1:123456789012:domain/logs"
    log_groups     = ["/shop/checkout"]
    environment    = "prod"
  }

  stream_store = {
    msk = { cluster_arn = "arn:aws:kafka:eu-central-1:123456789012:cluster/logs/00000000-0000-4000-8000-000000000000-1" }
    kafka = {
      bootstrap_servers  = ["b1.example.com:9092", "b2.example.com:9092"]
      secret_arn         = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka-AbCdEf"
      root_ca_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka-ca-AbCdEf"
      cluster_alias      = "shop"
    }
  }

  alerting = {
    slack_webhook_secret_arn         = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:slack-AbCdEf#url"
    pagerduty_routing_key_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:pagerduty-AbCdEf"
    monitor_topic_arns               = ["arn:aws:sns:eu-central-1:123456789012:monitors"]
    rules                            = [{ service = "batch-*", drop = true }]
  }

  file_scan = {
    existing_bucket    = "old-logs"
    key_prefixes       = ["logs/"]
    key_suffixes       = [".log", ".gz"]
    patterns_parameter = "penstock-patterns"
  }

  decoding = {
    log_groups = ["/shop/payment"]
  }
}

run "everything" {
  assert {
    condition     = output.log_processor_role_arn == "arn:aws:iam::123456789012:role/penstock-log-processor"
    error_message = "The domain must be told the role of the log-processor."
  }

  assert {
    condition     = module.log_processor[0].environment["EXCLUDE_LOG_GROUPS"] == "/aws/lambda/penstock-*"
    error_message = "EXCLUDE_LOG_GROUPS must have our own groups, or the function feeds itself."
  }

  assert {
    condition     = module.log_extractor[0].recursive_loop == "Allow"
    error_message = "The log-extractor's continuations are no endless loop: RecursiveLoop must be Allow."
  }

  assert {
    condition = alltrue([for f in [module.log_processor[0], module.stream_consumer[0], module.cloudwatch_decoder[0], module.alerter[0],
    module.upload_dispatcher[0]] : f.recursive_loop == "Terminate"])
    error_message = "RecursiveLoop is for the log-extractor alone."
  }

  assert {
    condition = toset([module.stream_consumer[0].environment["PARTIAL_BATCH"], module.stream_consumer_from_kinesis[0].partial_responses,
    module.stream_consumer_from_msk[0].partial_responses, module.stream_consumer_from_kafka[0].partial_responses]) == toset(["on"])
    error_message = "PARTIAL_BATCH and the mappings of the stream-consumer must agree."
  }

  assert {
    condition     = toset([module.log_extractor[0].environment["PARTIAL_BATCH"], module.log_extractor_from_queue[0].partial_responses]) == toset(["on"])
    error_message = "PARTIAL_BATCH and the mapping of the log-extractor must agree."
  }

  assert {
    condition = alltrue([for f in [module.log_processor[0], module.cloudwatch_decoder[0], module.alerter[0], module.upload_dispatcher[0],
    module.log_extractor[0]] : contains(keys(f.actions), "NetworkInterfaces")])
    error_message = "In a VPC every role needs network interfaces."
  }

  assert {
    condition     = jsondecode(module.alerter[0].environment["ALERT_RULES"]) == [{ drop = true, service = "batch-*" }]
    error_message = "ALERT_RULES must leave out what a rule does not say: the alerter knows no null."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) >= 12
    error_message = "The dashboard must be JSON."
  }
}
