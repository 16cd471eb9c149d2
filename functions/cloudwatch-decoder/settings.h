/* The decoder's settings: one table, read from the environment at init (functions/cloudwatch-decoder/README.md lists
 * them). */
#ifndef CLOUDWATCH_DECODER_SETTINGS_H
#define CLOUDWATCH_DECODER_SETTINGS_H

#include "aws/batch.h"
#include "aws/dead_letter.h"
#include "host/config.h"

enum settings_output { OUTPUT_NONE, OUTPUT_KINESIS, OUTPUT_FIREHOSE, OUTPUT_SQS };

struct settings {
    uint32_t output; /* enum settings_output */
    struct ps_span output_stream;
    struct ps_span queue_url;
    uint32_t output_attempts;
    uint32_t request_timeout_ms;
    bool partial_batch;
    struct ps_span redact;
    struct ps_span redact_patterns;
    uint32_t inflated_bytes_max;
    struct ps_dead_letter_options dead_letters;
};

extern const struct ps_config_item SETTINGS_ITEMS[];

/* Where OUTPUT sends: the service, and its stream or queue. Without an output it is Firehose, which takes back what an
 * answer to it cannot hold. */
enum ps_batch_service settings_service(const struct settings *settings);
struct ps_span settings_target(const struct settings *settings);

/* A ps_config_check for the function. */
void settings_check(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

#endif
