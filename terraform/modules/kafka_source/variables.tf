variable "function_arn" {
  description = "ARN of the function that is invoked."
  type        = string
}

variable "cluster_arn" {
  description = "ARN of an Amazon MSK cluster; or null for a self-managed one."
  type        = string
  default     = null
}

variable "bootstrap_servers" {
  description = "host:port of the brokers of a self-managed cluster; or empty for Amazon MSK."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for server in var.bootstrap_servers : can(regex("^[A-Za-z0-9.-]+:[0-9]{1,5}$", server))])
    error_message = "bootstrap_servers: each is host:port."
  }
}

variable "topic" {
  description = "The topic; a mapping reads one."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,249}$", var.topic))
    error_message = "topic: 1 to 249 letters, digits, dots, hyphens and underscores."
  }
}

variable "consumer_group" {
  description = "The consumer group that Lambda joins. It cannot be changed later."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-/*:_+=.@]{1,200}$", var.consumer_group))
    error_message = "consumer_group: 1 to 200 letters, digits and -/*:_+=.@."
  }
}

variable "secret_arn" {
  description = "ARN of the secret that holds the log-in; null: Amazon MSK by the function's role (IAM)."
  type        = string
  default     = null
}

variable "authentication" {
  description = "How Lambda's pollers log in with the secret, in Lambda's own words."
  type        = string
  default     = "SASL_SCRAM_512_AUTH"

  validation {
    condition     = contains(["SASL_SCRAM_512_AUTH", "SASL_SCRAM_256_AUTH", "BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH"], var.authentication)
    error_message = "authentication: SASL_SCRAM_512_AUTH, SASL_SCRAM_256_AUTH, BASIC_AUTH or CLIENT_CERTIFICATE_TLS_AUTH."
  }
}

variable "root_ca_secret_arn" {
  description = "ARN of the secret that holds the root certificate of a self-managed cluster that has one of its own."
  type        = string
  default     = null
}

variable "network" {
  description = "Subnets and security groups from which the brokers of a self-managed cluster in a VPC are reached. Those of Amazon MSK are known."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "pollers" {
  description = "Event pollers that are kept (each bills always), and how many there may be. Retries, bisecting and partial answers exist with these only."
  type = object({
    min = optional(number, 1)
    max = optional(number, 10)
  })
  default = {}

  validation {
    condition     = var.pollers.min >= 1 && var.pollers.min <= 200 && var.pollers.max >= var.pollers.min && var.pollers.max <= 2000
    error_message = "pollers: min is 1 to 200, max is min to 2000."
  }
}
variable "starting_position" {
  description = "Where a new mapping begins: TRIM_HORIZON (the oldest record) or LATEST, which loses what comes while it is being made."
  type        = string
  default     = "TRIM_HORIZON"

  validation {
    condition     = contains(["TRIM_HORIZON", "LATEST"], var.starting_position)
    error_message = "starting_position: TRIM_HORIZON or LATEST."
  }
}

variable "batch_size" {
  description = "Records in one invocation, at most."
  type        = number
  default     = 500

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10000 && floor(var.batch_size) == var.batch_size
    error_message = "batch_size: 1 to 10000."
  }
}

variable "window_s" {
  description = "Seconds to wait for a batch to fill."
  type        = number
  default     = 1

  validation {
    condition     = var.window_s >= 0 && var.window_s <= 300 && floor(var.window_s) == var.window_s
    error_message = "window_s: 0 to 300 seconds."
  }
}

variable "bisect" {
  description = "Halve a batch whose invocation failed, until the record is found."
  type        = bool
  default     = true
}

variable "retries" {
  description = "Tries of a batch after the first, then it goes to the failure queue; -1: until the records expire, which blocks a shard on one bad batch."
  type        = number
  default     = 5

  validation {
    condition     = var.retries >= -1 && var.retries <= 10000 && floor(var.retries) == var.retries
    error_message = "retries: -1 to 10000."
  }
}

variable "max_age_s" {
  description = "Seconds after which a record is given up, tried or not: shorter than an outage, it costs the backlog. -1: never too old."
  type        = number
  default     = 604800

  validation {
    condition     = var.max_age_s == -1 || (var.max_age_s >= 60 && var.max_age_s <= 604800)
    error_message = "max_age_s: -1, or 60 to 604800 seconds."
  }
}

variable "partial_responses" {
  description = "ReportBatchItemFailures. The function's PARTIAL_BATCH must say the same: set both from one variable."
  type        = bool
  default     = true
}

variable "failure_destination_arn" {
  description = "ARN of a bucket, which gets the records that were given up, or of a queue, which is told where they stand in the topic."
  type        = string
  default     = null
}
