/* The alerter's settings: one table, read from the environment at init (functions/alerter/README.md lists them; the
 * table prints that list). */
#ifndef ALERTER_SETTINGS_H
#define ALERTER_SETTINGS_H

#include "aws/secrets.h"
#include "host/config.h"
#include "rules.h"

struct settings {
    struct ps_span alert_table;
    uint32_t alert_window_s; /* repeats are counted this long */
    uint32_t ttl_days;       /* handled ids are remembered this long */
    struct ps_span alert_rules;
    struct ps_span exclude_services;
    uint32_t channel_cap_per_hour[CHANNEL_COUNT]; /* by enum channel; 0: none */
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

/* A ps_config_check for the function. */
void settings_check(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

/* Where a URL may lead, for webhook_check_url: a secret's is known only once it is read. */
extern const struct ps_span SETTINGS_SLACK_HOSTS[];

/* The channels that are set: 1 << enum channel. */
unsigned settings_channels(const struct settings *settings);

/* Whether errors that this service logs are no alerts: it is one of EXCLUDE_SERVICES, or the function itself, whose
 * failure to tell would be told, and fail, for ever. */
bool settings_exclude(const struct settings *settings, struct ps_span function_name, struct ps_span service);

#endif
