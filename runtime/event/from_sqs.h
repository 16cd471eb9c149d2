/* The messages of an SQS event source mapping, and the partial answer for them.
 *
 * FIFO: messages of one group are in order, and a batch may hold several groups. After the first message of a group
 * that is handed back, every later one of that group must be handed back too, or they would be done before it; other
 * groups go on. A standard queue has no order to keep: its groups (fair queues) are read as none.
 *
 * Nothing is kept from one batch to the next. Texts are in the payload or on the arena. Wire format: docs/wire/sqs.md.
 * Sources: AWS Lambda developer guide, "Using Lambda with Amazon SQS", "Handling errors for an SQS event source";
 * Amazon SQS developer guide, "Amazon SQS fair queues". */
#ifndef PS_FROM_SQS_H
#define PS_FROM_SQS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum { PS_SQS_MESSAGES_MAX = 10000 }; /* Lambda's own limit for a batch */

struct ps_sqs_message {
    struct ps_span message_id; /* as written between its quotes: it is echoed */
    struct ps_span body;       /* unescaped; empty when missing or no text */
    struct ps_span group;      /* MessageGroupId; empty for a standard queue */
    struct ps_span deduplication;
    struct ps_span queue_arn;
    uint32_t receive_count; /* ApproximateReceiveCount; 1 when missing */
    int64_t sent_ms;        /* SentTimestamp; 0 when missing */
    bool returned;          /* set by ps_sqs_return only */
    /* Private. */
    struct ps_sqs_message *next; /* of its group; NULL for the last */
};

struct ps_sqs_batch {
    struct ps_sqs_message *messages;
    size_t count;
};

/* Reads the whole payload onto arena. BAD_INPUT when it is no event of SQS, or a message has no id: without one nothing
 * can be handed back. TOO_LARGE for more than PS_SQS_MESSAGES_MAX messages. */
PS_MUST_USE enum ps_err ps_from_sqs(struct ps_arena *arena, struct ps_span payload, struct ps_sqs_batch *out);

/* Marks messages[at] as handed back, and with it every later one of its group. All calls for one batch together take
 * time linear in its messages. */
void ps_sqs_return(struct ps_sqs_batch *batch, size_t at);

/* {"batchItemFailures":[{"itemIdentifier":"..."}]}, one entry for each message that is handed back, in order. */
void ps_sqs_reply(const struct ps_sqs_batch *batch, struct ps_buf *body);

#endif
