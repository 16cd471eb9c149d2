/* How many mails go out in an hour (UTC) over all invocations: one item of the table of summaries counts them. What is
 * over the cap is not sent at all; it is counted, and the first mail of a later hour says so. Its summary is in the
 * table like any other. docs/wire/error-summary.md.
 *
 * A place is taken before the mail is sent: a process that dies in between has used it up, and if its mail was to tell
 * of others, that is lost. So is what a write did whose answer was lost. More than the cap is never sent. */
#ifndef LOG_EXTRACTOR_MAIL_CAP_H
#define LOG_EXTRACTOR_MAIL_CAP_H

#include "aws/dynamodb_item.h"

struct mail_cap {
    struct ps_dynamodb_table *table;
    struct ps_arena *arena;
    const struct ps_deadline *deadline;
    int64_t now_ms;
    uint32_t per_hour; /* 0: none are sent */
};

struct mail_cap_place {
    bool held; /* no place in this hour: it must not be sent */
    /* Mails that were held back in an earlier hour, for this one to tell of; 0: none. */
    uint64_t held_before;
    int64_t held_hour_ms; /* when that hour began */
};

/* THROTTLED when others count at the same time for too long. */
PS_MUST_USE enum ps_err mail_cap_take(const struct mail_cap *cap, struct mail_cap_place *out);

#endif
