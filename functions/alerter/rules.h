/* Who is told about which alert: ALERT_RULES, a JSON array; the first rule that fits decides.
 *
 *   [{"service":"batch-*","drop":true},
 *    {"level":"FATAL","channels":["pagerduty","slack"]},
 *    {"source":"log","pattern":"time(d )?out","rate":"5/60s","channels":["slack"]}]
 *
 * Members of a rule, all optional: source (log, alarm, opensearch, text), level (at least), service (with * for any
 * text), pattern (PCRE2, somewhere in title or message), rate ("N/Ts": told when the N-th comes within T seconds),
 * channels (default: all that are set), drop (with neither rate nor channels). An alert that no rule fits goes to every
 * channel at once. Anything else in the text is a mistake that init tells. */
#ifndef ALERTER_RULES_H
#define ALERTER_RULES_H

#include "alert.h"
#include "base/buf.h"

enum {
    RULES_MAX = 64,
    RULES_BYTES_MAX = 4096, /* what Lambda's environment holds as a whole */
    RATE_COUNT_MAX = 10000,
    RATE_SECONDS_MAX = 86400,
};

enum channel {
    CHANNEL_PAGERDUTY,
    CHANNEL_SLACK,
    CHANNEL_MAIL,
    CHANNEL_COUNT,
};

enum { CHANNELS_ALL = (1 << CHANNEL_COUNT) - 1 };

struct ps_span channel_name(enum channel channel); /* "pagerduty", "slack", "mail" */

struct rules; /* opaque */

struct ruling {
    bool drop;
    unsigned channels;     /* 1 << enum channel; all of them where the rule names none */
    uint32_t rate_count;   /* 1: the first one is told */
    uint32_t rate_seconds; /* 0 with rate_count 1 */
};

/* text may be empty and is copied. BAD_CONFIG names the rule, from 1, and its member. */
PS_MUST_USE enum ps_err rules_open(struct ps_arena *process, struct ps_span text, struct rules **out);
/* Gives the patterns' code back; the rest lies on the arena. */
void rules_close(struct rules *rules);

/* A mistake for each rule that names a channel out of set, of bits 1 << enum channel. */
void rules_check_channels(const struct rules *rules, unsigned set, struct ps_buf *mistakes);

/* A pattern that runs into its limits fits: rather once too often than not at all. */
struct ruling rules_judge(const struct rules *rules, const struct alert *alert);

/* Whether text is what glob says, in which * stands for any text, also none. Every other byte stands for itself. */
bool rules_glob_fits(struct ps_span glob, struct ps_span text);

#endif
