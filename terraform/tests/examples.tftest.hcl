# Each example as it stands, and what it is there to show.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  packages        = "tests/packages"
  master_role_arn = "arn:aws:iam::123456789012:role/admin"
  log_groups      = ["/aws/lambda/checkout"]
  mail_domain     = "example.com"
  mail_to         = "team@example.com"
}

run "minimal" {
  module {
    source = "./examples/minimal"
  }

  assert {
    condition     = output.rows_table == "log-stream-logs"
    error_message = "The table must be told."
  }
}

run "log_search" {
  module {
    source = "./examples/log-search"
  }

  assert {
    condition     = output.endpoint == "https://search.eu-central-1.es.amazonaws.com"
    error_message = "The endpoint must be told with its scheme."
  }

  assert {
    condition     = jsondecode(output.role_mapping[1].body).backend_roles == ["arn:aws:iam::123456789012:role/role"]
    error_message = "The function's role must be mapped."
  }
}

run "log_search_vpc" {
  module {
    source = "./examples/log-search-vpc"
  }

  assert {
    condition     = keys(module.endpoints.endpoint_ids) == ["s3"]
    error_message = "Dead letters need the gateway of S3, and nothing needs an interface."
  }

  assert {
    condition     = [for subnet in aws_subnet.private : subnet.cidr_block] == ["10.80.0.0/24", "10.80.1.0/24"]
    error_message = "Two subnets in two zones."
  }
}

run "stream_store" {
  module {
    source = "./examples/stream-store"
  }

  assert {
    condition     = keys(output.channel_secret_arns) == ["slack"]
    error_message = "The secret that waits for its value must be told."
  }
}

run "file_scan" {
  module {
    source = "./examples/file-scan"
  }

  assert {
    condition     = output.upload_bucket == "bucket" && output.summary_table == "log-error-summaries"
    error_message = "The bucket and the table must be told."
  }
}
