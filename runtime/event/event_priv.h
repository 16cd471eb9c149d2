/* What the readers of room event share. */
#ifndef PS_EVENT_PRIV_H
#define PS_EVENT_PRIV_H

#include "base/err.h"
#include "base/json_read.h"
#include "base/span.h"

/* The next member of the object that reader is in (its OBJECT_BEGIN has been read): name and value as written.
 * *more is false at the object's end. */
PS_MUST_USE enum ps_err ps_event_member(struct ps_json_reader *reader, struct ps_span *name, struct ps_span *value,
                                        bool *more);

/* A member that is looked for, and where its value as written goes. */
struct ps_event_wanted {
    struct ps_span name;
    struct ps_span *into;
};

/* The rest of the object that reader is in: of two members with one name the last counts, others are passed over. */
PS_MUST_USE enum ps_err ps_event_members(struct ps_json_reader *reader, const struct ps_event_wanted *wanted,
                                         size_t count);

/* The next element of the array that reader is in, as written; *more is false at its end, however often one asks. */
PS_MUST_USE enum ps_err ps_event_element(struct ps_json_reader *reader, struct ps_span *raw, bool *more);

/* Begins the members of raw; false when it is no object. */
bool ps_event_object(struct ps_span raw, struct ps_json_reader *reader);

/* The inside of a string value as written; false (and nothing changed) when value is no string. */
bool ps_event_string(struct ps_span value, struct ps_span *inside);

/* The same, unescaped (on arena where it has to be). Nothing changes, and nothing fails, when value is no string. */
PS_MUST_USE enum ps_err ps_event_text(struct ps_arena *arena, struct ps_span value, struct ps_span *out);

/* A whole number as written, exact. False for anything else, and *out is unchanged; missing (empty) or null is 0. */
PS_MUST_USE bool ps_event_whole(struct ps_span value, uint64_t *out);

#endif
