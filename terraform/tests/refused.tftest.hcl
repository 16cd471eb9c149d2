# What must not be deployed is refused, each by its own variable.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  packages  = "tests/packages"
  file_scan = {}
}

run "what_is_misspelt_or_too_small" {
  command = plan
  variables {
    name               = "Penstock"
    architecture       = "arm"
    log_retention_days = 31
    dead_letter_days   = 0
    redact             = "jwt, card"
    network            = { subnet_ids = ["subnet-1"], security_group_ids = [] }
    alarm_mail         = "ops"
    mail               = { from = "a@example.com", to = [], identity = "example.com" }
    log_search         = { endpoint = "http://search", opensearch_arn = "arn:aws:es:eu-central-1:123456789012:domain/logs", log_groups = [] }
    stream_store       = { service_shards = 0 }
    alerting           = { rules = [{ rate = "5" }] }
    file_scan          = { mail_severity = "loud" }
  }
  expect_failures = [
    var.name,
    var.architecture,
    var.log_retention_days,
    var.dead_letter_days,
    var.redact,
    var.network,
    var.alarm_mail,
    var.mail,
    var.log_search,
    var.stream_store,
    var.alerting,
    var.file_scan,
  ]
}

run "what_is_too_large_or_of_another_kind" {
  command = plan
  variables {
    name             = "a-name-of-21-letters-"
    dead_letter_days = 3651
    network          = { subnet_ids = [], security_group_ids = ["sg-1"] }
    mail             = { from = "nobody", to = ["a@example.com"], identity = "example.com" }
    log_search       = { endpoint = "https://search", opensearch_arn = "arn:aws:s3:::bucket", log_groups = [] }
    stream_store     = { row_days = 36501 }
    alerting         = { create_secrets = ["teams"] }
    file_scan        = { batch_size = 11 }
  }
  expect_failures = [
    var.name,
    var.dead_letter_days,
    var.network,
    var.mail,
    var.log_search,
    var.stream_store,
    var.alerting,
    var.file_scan,
  ]
}

run "no_lane" {
  command = plan
  variables {
    file_scan = null
  }
  expect_failures = [terraform_data.lanes]
}

run "decoding_without_a_stream" {
  command = plan
  variables {
    decoding = { log_groups = ["/shop/payment"] }
  }
  expect_failures = [terraform_data.lanes]
}

run "alerting_without_a_channel" {
  command = plan
  variables {
    alerting = {}
  }
  expect_failures = [terraform_data.lanes]
}

run "our_own_log_group" {
  command = plan
  variables {
    stream_store = {}
    decoding     = { log_groups = ["/aws/lambda/penstock-stream-consumer"] }
  }
  expect_failures = [terraform_data.lanes]
}
