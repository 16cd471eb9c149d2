variable "function_arn" {
  description = "ARN of the function that is invoked."
  type        = string
}

variable "stream_arn" {
  description = "ARN of the Kinesis stream."
  type        = string
}

variable "parallelization" {
  description = "Invocations at once for each shard; the order within a partition key stays."
  type        = number
  default     = 2

  validation {
    condition     = var.parallelization >= 1 && var.parallelization <= 10 && floor(var.parallelization) == var.parallelization
    error_message = "parallelization: 1 to 10."
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
  description = "ARN of a bucket, which gets the records that were given up, or of a queue, which is told where they stand in the stream."
  type        = string
  default     = null
}
