/* The stream consumer's settings: one table, read from the environment at init (functions/stream-consumer/README.md
 * lists them; the table prints that list). */
#ifndef STREAM_CONSUMER_SETTINGS_H
#define STREAM_CONSUMER_SETTINGS_H

#include "aws/dead_letter.h"
#include "host/config.h"

struct settings {
    struct ps_span ddb_table;
    uint32_t ddb_in_flight;
    uint32_t ddb_attempts;
    uint32_t service_shards;
    uint32_t ttl_days;
    uint32_t request_timeout_ms;

    struct ps_span event_bus;
    struct ps_span event_source;
    bool eventbridge_required;
    uint32_t event_detail_bytes;

    bool partial_batch;
    struct ps_span cluster_alias;
    struct ps_span redact;
    struct ps_span redact_patterns;
    uint32_t inflated_bytes_max;

    struct ps_dead_letter_options dead_letters;
};

extern const struct ps_config_item SETTINGS_ITEMS[];

/* A ps_config_check for the function. */
void settings_check(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

#endif
