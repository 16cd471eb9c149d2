/* The log processor's settings: one table, read from the environment at init (functions/log-processor/README.md
 * lists them; the table prints that list). */
#ifndef LOG_PROCESSOR_SETTINGS_H
#define LOG_PROCESSOR_SETTINGS_H

#include "aws/dead_letter.h"
#include "aws/secrets.h"
#include "host/config.h"

struct settings {
    struct ps_span opensearch_endpoint;
    uint32_t opensearch_auth;    /* enum ps_opensearch_auth */
    uint32_t opensearch_service; /* index into its words: by host, es, aoss */
    struct ps_span opensearch_username;
    struct ps_secret_source opensearch_password;
    struct ps_span opensearch_index;
    bool opensearch_ids;
    bool opensearch_gzip;
    uint32_t opensearch_gzip_level;
    struct ps_span opensearch_ca_file;
    uint32_t bulk_bytes;
    uint32_t bulk_items;
    uint32_t bulk_in_flight;
    uint32_t bulk_attempts;
    uint32_t request_timeout_ms;

    struct ps_span service;
    struct ps_span environment;
    struct ps_span tags;
    struct ps_span include_at_match;
    struct ps_span exclude_at_match;
    uint32_t min_level; /* enum ps_level */
    uint32_t sample_rate_millionths;
    uint32_t field_schema; /* enum ps_schema_kind */
    struct ps_span redact;
    struct ps_span redact_patterns;
    bool multiline;
    bool partial_batch;
    struct ps_span vpc_flow_fields;
    struct ps_span exclude_log_groups;
    uint32_t inflated_bytes_max;

    struct ps_dead_letter_options dead_letters;
};

extern const struct ps_config_item SETTINGS_ITEMS[];

/* A ps_config_check for the function: stages_check, and what sending needs. */
void settings_check(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

#endif
