/* The alerter's settings. */
#ifndef ALERTER_SETTINGS_H
#define ALERTER_SETTINGS_H

#include "aws/secrets.h"
#include "host/config.h"

struct settings {
    struct ps_span alert_table;
    uint32_t alert_window_s; /* repeats are counted this long */
    uint32_t ttl_days;       /* handled ids are remembered this long */
    struct ps_span alert_rules;
    struct ps_span exclude_services;
    uint32_t channel_cap_per_hour[3]; /* by enum channel (rules.h) */
    struct ps_secret_source slack_webhook_url;
    struct ps_secret_source pagerduty_routing_key;
    struct ps_span pagerduty_url;
    struct ps_span mail_from;
    struct ps_span mail_to;
    struct ps_span mail_configuration_set;
    struct ps_span redact;
    struct ps_span redact_patterns;
    uint32_t request_timeout_ms;
};

extern const struct ps_config_item SETTINGS_ITEMS[];

void settings_check(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

#endif
