# The modules' ranges, which the provider does not check, from below and from above.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:f"
}

run "function_below" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    handler            = "f"
    layers             = ["arn:aws:lambda:eu-central-1:123456789012:layer:penstock-runtime:1"]
    name               = ""
    package            = "alerter.tar"
    memory_size        = 127
    timeout            = 0
    architecture       = "x86"
    log_retention_days = 2
    asynchronous       = { max_age_s = 59 }
    statements         = [{ sid = "A-B", actions = ["s3:GetObject"], resources = ["*"] }]
    environment        = { redact = "off" }
    recursive_loop     = "Yes"
    network            = { subnet_ids = [], security_group_ids = [] }
    alarms             = { a = { description = "a", metric = "Errors", period_s = 90 } }
  }
  expect_failures = [
    var.name,
    var.package,
    var.memory_size,
    var.timeout,
    var.architecture,
    var.log_retention_days,
    var.asynchronous,
    var.statements,
    var.environment,
    var.recursive_loop,
    var.network,
    var.alarms,
  ]
}

run "function_above" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    handler      = "f"
    name         = "f"
    package      = "tests/packages/alerter.zip"
    layers       = []
    memory_size  = 10241
    timeout      = 901
    asynchronous = { retries = 3 }
    statements   = [{ sid = "All", actions = ["s3:*"], resources = ["*"] }]
    alarms       = { a = { description = "a", metric = "Errors", missing = "ok" } }
  }
  expect_failures = [
    var.layers,
    var.memory_size,
    var.timeout,
    var.asynchronous,
    var.statements,
    var.alarms,
  ]
}

run "stream_source_below" {
  command = plan
  module {
    source = "./modules/stream_source"
  }
  variables {
    stream_arn        = "arn:aws:kinesis:eu-central-1:123456789012:stream/s"
    batch_size        = 0
    window_s          = -1
    retries           = -2
    max_age_s         = 59
    parallelization   = 0
    starting_position = "EARLIEST"
  }
  expect_failures = [
    var.batch_size,
    var.window_s,
    var.retries,
    var.max_age_s,
    var.parallelization,
    var.starting_position,
  ]
}

run "stream_source_above" {
  command = plan
  module {
    source = "./modules/stream_source"
  }
  variables {
    stream_arn      = "arn:aws:kinesis:eu-central-1:123456789012:stream/s"
    batch_size      = 10001
    window_s        = 301
    retries         = 10001
    max_age_s       = 604801
    parallelization = 11
  }
  expect_failures = [
    var.batch_size,
    var.window_s,
    var.retries,
    var.max_age_s,
    var.parallelization,
  ]
}

run "kafka_source_below" {
  command = plan
  module {
    source = "./modules/kafka_source"
  }
  variables {
    topic             = ""
    consumer_group    = ""
    bootstrap_servers = ["b"]
    batch_size        = 0
    window_s          = -1
    retries           = -2
    max_age_s         = 59
    pollers           = { min = 0 }
    authentication    = "KERBEROS"
    starting_position = "EARLIEST"
  }
  expect_failures = [
    var.topic,
    var.consumer_group,
    var.bootstrap_servers,
    var.batch_size,
    var.window_s,
    var.retries,
    var.max_age_s,
    var.pollers,
    var.authentication,
    var.starting_position,
  ]
}

run "kafka_source_above" {
  command = plan
  module {
    source = "./modules/kafka_source"
  }
  variables {
    topic          = "t"
    consumer_group = "g"
    batch_size     = 10001
    window_s       = 301
    retries        = 10001
    max_age_s      = 604801
    pollers        = { min = 5, max = 4 }
  }
  expect_failures = [
    var.batch_size,
    var.window_s,
    var.retries,
    var.max_age_s,
    var.pollers,
  ]
}

run "kafka_source_of_two_clusters" {
  command = plan
  module {
    source = "./modules/kafka_source"
  }
  variables {
    topic             = "t"
    consumer_group    = "g"
    bootstrap_servers = ["b:9092"]
    cluster_arn       = "arn:aws:kafka:eu-central-1:123456789012:cluster/c/1"
  }
  expect_failures = [
    aws_lambda_event_source_mapping.this,
  ]
}

run "queue_source_below" {
  command = plan
  module {
    source = "./modules/queue_source"
  }
  variables {
    queue_arn       = "arn:aws:sqs:eu-central-1:123456789012:q.fifo"
    batch_size      = 0
    window_s        = -1
    max_concurrency = 1
  }
  expect_failures = [
    var.batch_size,
    var.window_s,
    var.max_concurrency,
  ]
}

run "queue_source_above" {
  command = plan
  module {
    source = "./modules/queue_source"
  }
  variables {
    queue_arn       = "arn:aws:sqs:eu-central-1:123456789012:q.fifo"
    batch_size      = 10001
    window_s        = 301
    max_concurrency = 1001
  }
  expect_failures = [
    var.batch_size,
    var.window_s,
    var.max_concurrency,
  ]
}

run "queue_source_of_a_fifo_queue" {
  command = plan
  module {
    source = "./modules/queue_source"
  }
  variables {
    queue_arn  = "arn:aws:sqs:eu-central-1:123456789012:q.fifo"
    batch_size = 11
    window_s   = 1
  }
  expect_failures = [
    aws_lambda_event_source_mapping.this,
  ]
}

run "log_subscription_of_names" {
  command = plan
  module {
    source = "./modules/log_subscription"
  }
  variables {
    function_name  = "f"
    log_group_name = "/a/*"
    filter_name    = "a:b"
  }
  expect_failures = [
    var.log_group_name,
    var.filter_name,
  ]
}

run "private_bucket_below" {
  command = plan
  module {
    source = "./modules/private_bucket"
  }
  variables {
    name_prefix     = "Penstock-"
    expiration_days = 0
  }
  expect_failures = [
    var.name_prefix,
    var.expiration_days,
  ]
}

run "opensearch_domain_below" {
  command = plan
  module {
    source = "./modules/opensearch_domain"
  }
  variables {
    name               = "l"
    master_role_arn    = "admin"
    engine_version     = "2.19"
    instance_type      = "r7g.large"
    instance_count     = 0
    dedicated_masters  = 4
    volume_gb          = 9
    logs               = ["SLOW"]
    log_retention_days = 2
  }
  expect_failures = [
    var.name,
    var.master_role_arn,
    var.engine_version,
    var.instance_type,
    var.instance_count,
    var.dedicated_masters,
    var.volume_gb,
    var.logs,
    var.log_retention_days,
  ]
}

run "opensearch_domain_above" {
  command = plan
  module {
    source = "./modules/opensearch_domain"
  }
  variables {
    name            = "logs"
    master_role_arn = "arn:aws:iam::123456789012:role/admin"
    instance_count  = 81
    volume_gb       = 24577
  }
  expect_failures = [
    var.instance_count,
    var.volume_gb,
  ]
}

run "vpc_endpoints_of_services" {
  command = plan
  module {
    source = "./modules/vpc_endpoints"
  }
  variables {
    vpc_id     = "vpc-1"
    gateways   = ["sqs"]
    interfaces = ["monitoring"]
  }
  expect_failures = [
    var.gateways,
    var.interfaces,
  ]
}

run "vpc_endpoints_of_ways" {
  command = plan
  module {
    source = "./modules/vpc_endpoints"
  }
  variables {
    vpc_id = "vpc-1"
  }
  expect_failures = [
    aws_vpc_endpoint.gateway,
  ]
}
