# An SQS queue invokes a function: the event source mapping, and what the function's role needs for it.

locals {
  fifo = endswith(var.queue_arn, ".fifo")
}

resource "aws_lambda_event_source_mapping" "this" {
  function_name                      = var.function_arn
  event_source_arn                   = var.queue_arn
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.window_s
  function_response_types            = var.partial_responses ? ["ReportBatchItemFailures"] : []

  scaling_config {
    maximum_concurrency = var.max_concurrency
  }

  lifecycle {
    precondition {
      condition     = !local.fifo || (var.batch_size <= 10 && var.window_s == 0)
      error_message = "A FIFO queue has batches of 10 at most, and no window."
    }
    precondition {
      condition     = var.batch_size <= 10 || var.window_s >= 1
      error_message = "Batches of more than 10 messages need a window of a second or more."
    }
  }
}
