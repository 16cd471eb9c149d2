/* The detail of a LogError event on EventBridge: a JSON object (docs/wire/log-error.md). Sources: Amazon EventBridge
 * user guide, "PutEvents"; the members are ours.
 *
 * detail.id is the id of the row, so that a receiver can drop what it got twice. The same line always gives the same
 * bytes. A detail over its limit loses its fields first, which are in the row, then the end of its message. */
#ifndef PS_TO_EVENT_H
#define PS_TO_EVENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "record/coordinates.h"
#include "record/stream_line.h"

enum { PS_TO_EVENT_DETAIL_BYTES_MIN = 16 << 10 }; /* of detail_bytes_max, so that there is room for a message */

/* Whether the line is one that is told: level ERROR and above. */
static inline bool ps_to_event_concerns(const struct ps_stream_line *line)
{
    return line->record.level >= PS_LEVEL_ERROR;
}

/* Appends the detail, at most detail_bytes_max bytes (asserted: at least the minimum above). line is one that is told
 * (asserted). buf needs room for twice the limit. Fails as the buf or the arena does, or with TOO_LARGE when the
 * coordinates leave no room; what was appended must be taken back then. */
PS_MUST_USE enum ps_err ps_to_event_put(struct ps_buf *buf, struct ps_arena *arena, size_t detail_bytes_max,
                                        const struct ps_stream_line *line, struct ps_span id,
                                        const struct ps_coordinates *coordinates);

#endif
