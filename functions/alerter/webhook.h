/* A POST of JSON to somebody else's service, under the rules for outgoing URLs: https to a known host, or this
 * machine; no redirects (aws/http.h). The URL may be a secret: notes show its host and no more. What the
 * services answer: docs/wire/slack.md, docs/wire/pagerduty.md. */
#ifndef ALERTER_WEBHOOK_H
#define ALERTER_WEBHOOK_H

#include "aws/call.h"
#include "host/deadline.h"

enum {
    WEBHOOK_ATTEMPTS_MAX = 4,
    WEBHOOK_ANSWER_BYTES_MAX = 64 << 10, /* the services answer a word or a small object */
};

/* BAD_CONFIG when url may not be called; hosts ends with an empty span. name is the setting's. */
PS_MUST_USE enum ps_err webhook_check_url(const char *name, struct ps_span url, const struct ps_span *hosts);

struct webhook_request {
    const char *name; /* of the setting, for notes */
    struct ps_span url;
    struct ps_span body;
    uint32_t timeout_ms; /* of one try */
    bool repeatable;     /* taken twice is taken once: may be sent again although no answer came to the first */
};

/* Sends until it is taken (2xx), refused, or there is no time: a wait that the service asks for (Retry-After) is kept
 * to in full or not begun. DENIED for 401, 403, 404 and 410, which is how services refuse a secret; REFUSED for other
 * 4xx, redirects and answers over the limit; THROTTLED; UNAVAILABLE; DEADLINE when there was no time for a first try.
 * Notes have the status and no body, which may quote the alert. */
PS_MUST_USE enum ps_err webhook_post(struct ps_call_client *client, struct ps_arena *arena,
                                     const struct ps_deadline *deadline, const struct webhook_request *request);

#endif
