/* The log extractor's settings. */
#ifndef LOG_EXTRACTOR_SETTINGS_H
#define LOG_EXTRACTOR_SETTINGS_H

#include "aws/dead_letter.h"
#include "host/config.h"
#include "scan/patterns.h"

struct settings {
    struct ps_span source_buckets;
    struct ps_dead_letter_options dead_letters; /* their bucket is never read from */
    struct ps_span queue_url;
    struct ps_span summary_table;
    struct ps_span patterns;
    struct ps_span mail_from, mail_to;
    uint32_t mail_severity; /* enum ps_severity */
    uint32_t mail_cap_per_hour;
    uint32_t hops_max;
    uint32_t ttl_days;
    uint32_t s3_in_flight;
    uint32_t s3_part_kb;
    bool partial_batch;
    struct ps_span redact;
    struct ps_span redact_patterns;
    uint32_t request_timeout_ms;
};

extern const struct ps_config_item SETTINGS_ITEMS[];

/* A ps_config_check for the function. */
void settings_check(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

/* Whether objects of the bucket may be read: one of SOURCE_BUCKETS, and not the dead letters' own. */
bool settings_reads_from(const struct settings *settings, struct ps_span bucket);

#endif
