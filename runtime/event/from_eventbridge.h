/* An event as Amazon EventBridge gives it to a function: the members around its detail. Every span points into the
 * payload. Source: Amazon EventBridge user guide, "Events", "Archiving and replaying events". */
#ifndef PS_FROM_EVENTBRIDGE_H
#define PS_FROM_EVENTBRIDGE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct ps_eventbridge_event {
    /* Unescaped; empty where missing. */
    struct ps_span id;
    struct ps_span source;
    struct ps_span detail_type;
    struct ps_span account;
    struct ps_span region;
    int64_t time_ms;       /* 0 when missing or no time */
    bool replayed;         /* it comes out of an archive: the member "replay-name" is there */
    struct ps_span detail; /* the JSON object as it came; empty when missing */
};

/* Whether payload looks like one: an object with a "detail-type". */
bool ps_from_eventbridge_is(struct ps_span payload);

/* BAD_INPUT for what is no JSON object, or whose detail is none. arena is for unescaping. */
PS_MUST_USE enum ps_err ps_from_eventbridge(struct ps_arena *arena, struct ps_span payload,
                                            struct ps_eventbridge_event *out);

#endif
