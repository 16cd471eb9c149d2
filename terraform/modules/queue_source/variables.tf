variable "function_arn" {
  description = "ARN of the function that is invoked."
  type        = string
}

variable "queue_arn" {
  description = "ARN of the queue, standard or FIFO. Its visibility time-out should be six times the function's time-out."
  type        = string
}

variable "batch_size" {
  description = "Messages in one invocation, at most; 10 for a FIFO queue."
  type        = number
  default     = 10

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10000 && floor(var.batch_size) == var.batch_size
    error_message = "batch_size: 1 to 10000, for a FIFO queue 1 to 10."
  }
}

variable "window_s" {
  description = "Seconds to wait for a batch to fill; 0 for a FIFO queue."
  type        = number
  default     = 0

  validation {
    condition     = var.window_s >= 0 && var.window_s <= 300 && floor(var.window_s) == var.window_s
    error_message = "window_s: 0 to 300 seconds."
  }
}

variable "max_concurrency" {
  description = "Invocations at once."
  type        = number
  default     = 10

  validation {
    condition     = var.max_concurrency >= 2 && var.max_concurrency <= 1000 && floor(var.max_concurrency) == var.max_concurrency
    error_message = "max_concurrency: 2 to 1000."
  }
}

variable "partial_responses" {
  description = "ReportBatchItemFailures. The function's PARTIAL_BATCH must say the same: set both from one variable."
  type        = bool
  default     = true
}
