variable "name" {
  description = "What names of resources begin with, except those of tables and the stream, which have variables. Two installations in one account and region need other names for all of them."
  type        = string
  default     = "penstock"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name: 2 to 20 lower case letters, digits and hyphens, a letter first."
  }
}

variable "packages" {
  description = "Folder with the zips of a release, for the architecture: dist/x86_64 or dist/arm64."
  type        = string
}

variable "architecture" {
  description = "x86_64 or arm64: that of the packages."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture: x86_64 or arm64."
  }
}

variable "log_retention_days" {
  description = "Days that the functions' own log lines are kept."
  type        = number
  default     = 30

  validation {
    condition = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "dead_letter_days" {
  description = "Days that dead letters are kept: the time there is to read and replay them."
  type        = number
  default     = 90

  validation {
    condition     = var.dead_letter_days >= 1 && var.dead_letter_days <= 3650 && floor(var.dead_letter_days) == var.dead_letter_days
    error_message = "dead_letter_days: 1 to 3650."
  }
}

variable "partial_responses" {
  description = "Whether functions hand back single records: ReportBatchItemFailures of the mappings and PARTIAL_BATCH of the functions, which must say the same."
  type        = bool
  default     = true
}

variable "redact" {
  description = "Classes of secrets that are hidden before anything leaves, separated by commas, or off. On request: email, ip."
  type        = string
  default     = "aws_keys,jwt,bearer,card"

  validation {
    condition     = can(regex("^[a-z_]+(,[a-z_]+)*$", var.redact))
    error_message = "redact: words separated by commas: aws_keys, jwt, bearer, card, email, ip; or default, or off."
  }
}

variable "network" {
  description = "Subnets and security groups, when the functions shall run in a VPC. Without a way to the Internet they need endpoints: modules/vpc_endpoints."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.network == null ? true : length(var.network.subnet_ids) > 0 && length(var.network.security_group_ids) > 0
    error_message = "network: at least one subnet and one security group."
  }
}

variable "secrets_key_arn" {
  description = "ARN of the KMS key of the secrets that other variables name, where they have one of their own, as a secret for Amazon MSK must; null: they have not."
  type        = string
  default     = null

  validation {
    condition     = var.secrets_key_arn == null ? true : can(regex("^arn:[a-z-]+:kms:[^:]+:[0-9]{12}:key/", var.secrets_key_arn))
    error_message = "secrets_key_arn: the ARN of a key, not of an alias."
  }
}

variable "alarm_mail" {
  description = "Address that alarms are mailed to, once it has confirmed the subscription. Empty: the topic has no subscription."
  type        = string
  default     = ""

  validation {
    condition     = var.alarm_mail == "" || can(regex("^[^@ ]+@[^@ ]+$", var.alarm_mail))
    error_message = "alarm_mail: a mail address."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete tables. (Buckets that hold something are never deleted.)"
  type        = bool
  default     = true
}

variable "mail" {
  description = "Mails of the alerter and the log-extractor: sender, up to 50 receivers, and the identity in Amazon SES that the sender belongs to (a domain or an address)."
  type = object({
    from     = string
    to       = list(string)
    identity = string
  })
  default = null

  validation {
    condition     = var.mail == null ? true : can(regex("[^@ ]+@[^@ ]+$", var.mail.from))
    error_message = "mail.from: an address, or Name <address>."
  }

  validation {
    condition     = var.mail == null ? true : length(var.mail.to) >= 1 && length(var.mail.to) <= 50
    error_message = "mail.to: 1 to 50 addresses."
  }

  validation {
    condition     = var.mail == null ? true : can(regex("^[A-Za-z0-9.@_+-]+$", var.mail.identity))
    error_message = "mail.identity: a domain or an address."
  }
}

variable "log_search" {
  description = <<-EOT
    Lane: log groups into OpenSearch (log-processor). Documents go to `endpoint`, and `opensearch_arn` is the ARN of that domain
    or Serverless collection (modules/opensearch_domain makes a domain). `log_groups` are subscribed, each with `filter_pattern`.
    `environment` is for records that do not name one. Groups of `exclude_log_groups` are refused, as our own always are.
  EOT
  type = object({
    endpoint           = string
    opensearch_arn     = string
    log_groups         = set(string)
    filter_pattern     = optional(string, "")
    environment        = optional(string, "")
    exclude_log_groups = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.log_search == null ? true : can(regex("^https://[^/ ]+$", var.log_search.endpoint))
    error_message = "log_search.endpoint: https://host."
  }

  validation {
    condition     = var.log_search == null ? true : can(regex("^arn:[a-z-]+:(es|aoss):", var.log_search.opensearch_arn))
    error_message = "log_search.opensearch_arn: the ARN of a domain or a Serverless collection."
  }
}

variable "stream_store" {
  description = <<-EOT
    Lane: a Kinesis stream, and topics of Kafka where they are given, into a DynamoDB table and LogError events (stream-consumer).
    The stream and the table are made. `msk` names a cluster of Amazon MSK; without `secret_arn` the function's role logs in.
    `kafka` names a self-managed cluster. `row_days` is the time after which rows expire, 0: never.
  EOT
  type = object({
    stream_name       = optional(string, "log-stream")
    stream_hours      = optional(number, 24)
    rows_table_name   = optional(string, "log-stream-logs")
    row_days          = optional(number, 30)
    service_shards    = optional(number, 1)
    events_required   = optional(bool, false)
    batch_size        = optional(number, 500)
    window_s          = optional(number, 1)
    parallelization   = optional(number, 2)
    retries           = optional(number, 5)
    max_age_s         = optional(number, 604800)
    starting_position = optional(string, "TRIM_HORIZON")
    pollers = optional(object({
      min = optional(number, 1)
      max = optional(number, 10)
    }), {})
    msk = optional(object({
      cluster_arn = string
      topic       = optional(string, "log-stream")
      secret_arn  = optional(string)
    }))
    kafka = optional(object({
      bootstrap_servers  = list(string)
      topic              = optional(string, "log-stream")
      secret_arn         = string
      authentication     = optional(string, "SASL_SCRAM_512_AUTH")
      root_ca_secret_arn = optional(string)
      cluster_alias      = optional(string, "")
    }))
  })
  default = null

  validation {
    condition     = var.stream_store == null ? true : can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.stream_store.stream_name))
    error_message = "stream_store.stream_name: 1 to 128 letters, digits and _ . -."
  }

  validation {
    condition     = var.stream_store == null ? true : var.stream_store.stream_hours >= 24 && var.stream_store.stream_hours <= 8760
    error_message = "stream_store.stream_hours: 24 to 8760."
  }

  validation {
    condition     = var.stream_store == null ? true : can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.stream_store.rows_table_name))
    error_message = "stream_store.rows_table_name: 3 to 255 letters, digits and _ . -."
  }

  validation {
    condition     = var.stream_store == null ? true : var.stream_store.row_days >= 0 && var.stream_store.row_days <= 36500
    error_message = "stream_store.row_days: 0 (never) to 36500."
  }

  validation {
    condition     = var.stream_store == null ? true : var.stream_store.service_shards >= 1 && var.stream_store.service_shards <= 100
    error_message = "stream_store.service_shards: 1 to 100."
  }
}

variable "alerting" {
  description = <<-EOT
    Lane: LogError events, CloudWatch alarms and monitors to PagerDuty, Slack and mail (alerter). One channel must be set: a
    secret's ARN (#key behind it takes that member of a JSON secret), `create_secrets` (slack, pagerduty: empty secrets are made,
    whose values are put by hand and are never in Terraform's state), or the variable mail. `rules` are those of the alerter's
    README. `monitor_topic_arns` are SNS topics that OpenSearch monitors write to.
  EOT
  type = object({
    table_name                       = optional(string, "penstock-alerts")
    slack_webhook_secret_arn         = optional(string)
    pagerduty_routing_key_secret_arn = optional(string)
    create_secrets                   = optional(set(string), [])
    monitor_topic_arns               = optional(list(string), [])
    rules = optional(list(object({
      source   = optional(string)
      level    = optional(string)
      service  = optional(string)
      pattern  = optional(string)
      rate     = optional(string)
      channels = optional(list(string))
      drop     = optional(bool)
    })), [])
  })
  default = null

  validation {
    condition     = var.alerting == null ? true : can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.alerting.table_name))
    error_message = "alerting.table_name: 3 to 255 letters, digits and _ . -."
  }

  validation {
    condition     = var.alerting == null ? true : length(setsubtract(var.alerting.create_secrets, ["slack", "pagerduty"])) == 0
    error_message = "alerting.create_secrets: slack, pagerduty."
  }

  validation {
    condition = var.alerting == null ? true : length(var.alerting.rules) <= 64 && alltrue([
      for rule in var.alerting.rules : length(setsubtract(coalesce(rule.channels, []), ["pagerduty", "slack", "mail"])) == 0
    ])
    error_message = "alerting.rules: 64 at most; channels are pagerduty, slack and mail."
  }

  validation {
    condition = var.alerting == null ? true : alltrue([
      for rule in var.alerting.rules : rule.rate == null || can(regex("^[0-9]+/[0-9]+s$", rule.rate))
    ])
    error_message = "alerting.rules: rate is N/Ts, such as 5/60s."
  }
}

variable "file_scan" {
  description = <<-EOT
    Lane: log files in S3 into summaries of their errors (upload-dispatcher and log-extractor). A bucket for uploads is made; objects of
    `existing_bucket`, which has EventBridge notifications on, are scanned too; its name must be known before the apply (of a
    bucket in the same root: its attribute bucket, not id). `patterns_parameter` is an SSM parameter with
    patterns of your own. `summary_days` is the time after which summaries expire, 0: never.
  EOT
  type = object({
    table_name         = optional(string, "log-error-summaries")
    summary_days       = optional(number, 90)
    existing_bucket    = optional(string)
    key_prefixes       = optional(list(string), [])
    key_suffixes       = optional(list(string), [])
    patterns_parameter = optional(string)
    mail_severity      = optional(string, "error")
    batch_size         = optional(number, 1)
    max_concurrency    = optional(number, 10)
  })
  default = null

  validation {
    condition     = var.file_scan == null ? true : can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.file_scan.table_name))
    error_message = "file_scan.table_name: 3 to 255 letters, digits and _ . -."
  }

  validation {
    condition     = var.file_scan == null ? true : var.file_scan.summary_days >= 0 && var.file_scan.summary_days <= 36500
    error_message = "file_scan.summary_days: 0 (never) to 36500."
  }

  validation {
    condition     = try(var.file_scan.existing_bucket, null) == null ? true : can(regex("^[a-z0-9.-]{3,63}$", var.file_scan.existing_bucket))
    error_message = "file_scan.existing_bucket: the name of a bucket."
  }

  validation {
    condition     = try(var.file_scan.patterns_parameter, null) == null ? true : can(regex("^[a-zA-Z0-9_.-]+$", var.file_scan.patterns_parameter))
    error_message = "file_scan.patterns_parameter: the name of a parameter, without a path."
  }

  validation {
    condition     = var.file_scan == null ? true : contains(["info", "warn", "error", "fatal"], var.file_scan.mail_severity)
    error_message = "file_scan.mail_severity: info, warn, error or fatal."
  }

  validation {
    condition     = var.file_scan == null ? true : var.file_scan.batch_size >= 1 && var.file_scan.batch_size <= 10
    error_message = "file_scan.batch_size: 1 to 10, as the queue is FIFO."
  }
}

variable "decoding" {
  description = "Lane: log groups, one record for each log event, into the stream of the stream store, which must be on (cloudwatch-decoder)."
  type = object({
    log_groups     = set(string)
    filter_pattern = optional(string, "")
  })
  default = null
}
