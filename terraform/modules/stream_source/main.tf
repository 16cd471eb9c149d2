# A Kinesis stream invokes a function: the event source mapping, and what the function's role needs for it.

resource "aws_lambda_event_source_mapping" "this" {
  function_name                      = var.function_arn
  event_source_arn                   = var.stream_arn
  starting_position                  = var.starting_position
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.window_s
  parallelization_factor             = var.parallelization
  bisect_batch_on_function_error     = var.bisect
  maximum_retry_attempts             = var.retries
  maximum_record_age_in_seconds      = var.max_age_s
  function_response_types            = var.partial_responses ? ["ReportBatchItemFailures"] : []

  dynamic "destination_config" {
    for_each = var.failure_destination_arn[*]
    content {
      on_failure {
        destination_arn = destination_config.value
      }
    }
  }
}
