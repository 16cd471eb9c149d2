/* An event as Amazon EventBridge gives it to a function: the members around its detail. Texts are unescaped, in the
 * payload or on the arena. Sources: Amazon EventBridge user guide, "Events", "Archiving and replaying events"; Amazon
 * EventBridge Scheduler user guide, "Templated targets". */
#ifndef PS_FROM_EVENTBRIDGE_H
#define PS_FROM_EVENTBRIDGE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct ps_eventbridge_event {
    /* Empty where missing or no text. */
    struct ps_span id;
    struct ps_span source;
    struct ps_span detail_type;
    struct ps_span account;
    struct ps_span region;
    struct ps_span resource; /* the first of "resources" */
    int64_t time_ms;         /* 0 when missing or no time */
    bool replayed;           /* it comes out of an archive: the member "replay-name" is there */
    struct ps_span detail;   /* the JSON object as it came; empty when there is none: the Scheduler writes a string */
};

/* Whether payload looks like one: an object with a "detail-type". */
bool ps_from_eventbridge_is(struct ps_span payload);

/* BAD_INPUT for what is no JSON object, to its last byte. */
PS_MUST_USE enum ps_err ps_from_eventbridge(struct ps_arena *arena, struct ps_span payload,
                                            struct ps_eventbridge_event *out);

#endif
