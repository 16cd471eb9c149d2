/* What goes back to the source: the only place that writes answers.
 *
 * The caller marks carriers, then writes once. Kinesis gets the safe prefix: the first carrier (in shard order) that
 * is handed back, since Lambda resumes the shard at the lowest number it is told; a tumbling window's state goes back
 * as it came. Kafka gets every carrier that is handed back, with its partition as the payload names it: AWS's text says
 * that what is listed comes again, others report that a partition resumes at the lowest, and a full list is right under
 * both. Firehose gets one answer for each recordId, in order: Ok with the data unchanged (so that the stream's own
 * destination keeps its copy), Dropped, or ProcessingFailed for what is handed back (Firehose keeps those under its
 * error prefix). A subscription gets {}: nothing can be handed back to it. Wire formats: docs/wire/cloudwatch-logs.md,
 * docs/wire/kafka.md. */
#ifndef PS_REPLY_H
#define PS_REPLY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "event/event.h"

/* 6 MiB + 100 bytes: Lambda refuses a longer answer. */
enum { PS_REPLY_BYTES_MAX = 6291556 };

enum ps_reply_mark {
    PS_REPLY_DONE,     /* every record of the carrier has its verdict with us; the default */
    PS_REPLY_DROPPED,  /* done, and Firehose shall not deliver it further (control messages) */
    PS_REPLY_RETURNED, /* handed back */
};

struct ps_reply_book {
    uint8_t *marks; /* one enum ps_reply_mark per carrier */
    size_t count;
};

/* Whether this source takes carriers back. */
bool ps_reply_takes_back(enum ps_event_source source);

/* Whether its answer names what failed, which Lambda heeds only where the event source mapping has
 * ReportBatchItemFailures: without it any answer means success, and what is handed back must fail the invocation. */
bool ps_reply_is_partial(enum ps_event_source source);

/* A book on arena with every carrier of event done. */
PS_MUST_USE enum ps_err ps_reply_open(struct ps_arena *arena, const struct ps_event *event, struct ps_reply_book *book);

void ps_reply_mark(struct ps_reply_book *book, size_t position, enum ps_reply_mark mark);

/* Writes the answer for event onto body. It is measured first: Firehose records whose data would pass bytes_max are
 * answered ProcessingFailed, which keeps them in the stream's error prefix; *overflowed counts them. TOO_LARGE when
 * even the bare answers do not fit, UNAVAILABLE when a Kafka carrier is handed back that has no offset to name it by;
 * then the invocation must fail, which brings the whole batch again. */
PS_MUST_USE enum ps_err ps_reply_write(const struct ps_reply_book *book, const struct ps_event *event, size_t bytes_max,
                                       struct ps_buf *body, size_t *overflowed);

#endif
