/* One message as what is written of it: its line, read and redacted, its id, and where it is from. The same message
 * always makes the same row. Reads no clock, no environment, no socket. */
#ifndef STREAM_CONSUMER_ROW_H
#define STREAM_CONSUMER_ROW_H

#include "base/uuid.h"
#include "messages.h"
#include "record/redact.h"
#include "record/stream_line.h"
#include "record/to_dynamodb.h"
#include "settings.h"

struct row {
    struct ps_stream_line line;
    struct ps_span coordinates; /* as text */
    char id[PS_UUID_TEXT_BYTES];
};

/* Whatever the bytes are, a line is made of them: read if they can be, else kept as they are. Spans point into the
 * message and the arena. Fails when there is no room (NO_MEMORY, TOO_LARGE), or redaction or the digest fail. */
PS_MUST_USE enum ps_err row_make(struct row *row, struct ps_arena *arena, const struct message *message,
                                 const struct ps_redact *redact, struct ps_redact_counts *counts);

static inline struct ps_span row_id(const struct row *row)
{
    return ps_span_make(row->id, sizeof row->id);
}

/* What the settings say about items. */
struct ps_to_dynamodb_options row_options(const struct settings *settings);

#endif
