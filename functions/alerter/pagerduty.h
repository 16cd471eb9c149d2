/* A notice as a PagerDuty event (Events API v2). FIRED is a trigger, RESOLVED a resolve, both under a dedup_key that is
 * the fingerprint's, so that whatever comes twice is one incident. The other kinds are not for PagerDuty: a summary
 * would open an incident anew that somebody has closed. What goes out: docs/wire/pagerduty.md. Source: PagerDuty
 * developer documentation, "Events API v2". */
#ifndef ALERTER_PAGERDUTY_H
#define ALERTER_PAGERDUTY_H

#include "notice.h"

enum {
    PAGERDUTY_SUMMARY_CHARS_MAX = 1024,
    PAGERDUTY_VALUE_BYTES_MAX = 1024,    /* of a name or value; what is longer ends in "…" */
    PAGERDUTY_LINK_BYTES_MAX = 2000,     /* longer ones are left out: a link cannot be cut */
    PAGERDUTY_BODY_BYTES_MAX = 128 << 10 /* the service takes 512 KB; the most an alert makes is some 90 KB */
};

static inline bool pagerduty_concerns(enum notice_kind kind)
{
    return kind == NOTICE_FIRED || kind == NOTICE_RESOLVED;
}

/* The body of the POST. notice is one that concerns PagerDuty (asserted). */
PS_MUST_USE enum ps_err pagerduty_render(struct ps_arena *arena, const struct notice *notice,
                                         struct ps_span routing_key, struct ps_span *body);

#endif
