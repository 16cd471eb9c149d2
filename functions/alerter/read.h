/* What the readers of alerts share, and the readers themselves; alert.c decides which one it is. A reader gets an alert
 * in which the carrier has set what it knows: id, account, region, time, replayed. It sets the rest, and those again
 * that its own format knows better; alert.c
 * completes service and title. Values of JSON go in as written; what comes out is UTF-8 within the limits of
 * alert.h, in the input or on the arena. Formats: docs/wire/alerts.md. */
#ifndef ALERTER_READ_H
#define ALERTER_READ_H

#include "alert.h"
#include "event/from_eventbridge.h"

/* The value of a member of object, as written; empty when there is none, or no object. Of two members with one name the
 * first counts. */
struct ps_span read_member(struct ps_span object, struct ps_span name);

/* Text that is unescaped already: repaired, and cut between characters with "…" to at most bytes_max bytes. */
PS_MUST_USE enum ps_err read_clean(struct ps_arena *arena, struct ps_span text, size_t bytes_max, struct ps_span *out);

/* The same of a JSON string; what is none leaves *out as it is. */
PS_MUST_USE enum ps_err read_string(struct ps_arena *arena, struct ps_span value, size_t bytes_max,
                                    struct ps_span *out);

/* The same, and of a number or a boolean what is written. */
PS_MUST_USE enum ps_err read_scalar(struct ps_arena *arena, struct ps_span value, size_t bytes_max,
                                    struct ps_span *out);

/* A JSON string that is a time; *ms stays as it is when value is none. */
PS_MUST_USE enum ps_err read_time(struct ps_arena *arena, struct ps_span value, int64_t *ms);

/* The first line that is not blank. */
struct ps_span read_first_line(struct ps_span text);

/* Nothing happens for an empty value, or when there is no room. */
void read_add_field(struct alert *alert, struct ps_span name, struct ps_span value);

/* The parts with '|' between them; their digest when that is over ALERT_ID_BYTES_MAX. */
PS_MUST_USE enum ps_err read_set_id(struct ps_arena *arena, struct alert *alert, const struct ps_span *parts,
                                    size_t count);

/* Of the alert's source and the parts, at most READ_FINGERPRINT_PARTS_MAX (asserted). */
enum { READ_FINGERPRINT_PARTS_MAX = 3 };
PS_MUST_USE enum ps_err read_set_fingerprint(struct alert *alert, const struct ps_span *parts, size_t count);

PS_MUST_USE enum ps_err read_log(struct ps_arena *arena, struct ps_span detail, struct alert *alert);
PS_MUST_USE enum ps_err read_alarm_event(struct ps_arena *arena, const struct ps_eventbridge_event *event,
                                         struct alert *alert);
PS_MUST_USE enum ps_err read_alarm_action(struct ps_arena *arena, struct ps_span json, struct alert *alert);
PS_MUST_USE enum ps_err read_alarm_notification(struct ps_arena *arena, struct ps_span json, struct alert *alert);
PS_MUST_USE enum ps_err read_opensearch(struct ps_arena *arena, struct ps_span json, struct alert *alert);

/* Any message; the text of OpenSearch's own template is told from others. */
PS_MUST_USE enum ps_err read_text(struct ps_arena *arena, const struct ps_sns_message *message, struct alert *alert);

/* Whether text is of OpenSearch's own template; the alert stays as it is when it is not. */
PS_MUST_USE enum ps_err read_opensearch_text(struct ps_arena *arena, struct ps_span text, struct alert *alert,
                                             bool *is);

#endif
