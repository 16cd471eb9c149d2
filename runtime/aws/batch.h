/* Records out in batches: Kinesis (PutRecords), Firehose (PutRecordBatch) and SQS (SendMessageBatch), which differ in
 * names and limits only. Every record comes back with one verdict.
 *
 * Records wait until a request is full; one request is on its way at a time. Of its answer only the failed records are
 * sent again, in their order and before any other, so that a later batch never overtakes them. A refused request is
 * halved down to the record at fault. What finds no taker (the attempts or the time are used up, an operator must mend
 * something) stops the invocation's sending: that record and all after it are undelivered. It never looks into a
 * record, and logs nothing of it.
 *
 * Source of the wire formats and limits: API references of Kinesis Data Streams (PutRecords), Data Firehose
 * (PutRecordBatch) and SQS (SendMessageBatch); verdicts: docs/wire/batches.md. */
#ifndef PS_BATCH_H
#define PS_BATCH_H

#include "aws/call.h"
#include "base/arena.h"

struct ps_batch; /* opaque */

enum ps_batch_service { PS_BATCH_KINESIS, PS_BATCH_FIREHOSE, PS_BATCH_SQS };

struct ps_batch_options {
    enum ps_batch_service service;
    uint32_t attempts_max;       /* requests in a row that brought no record further, before sending stops */
    uint32_t request_timeout_ms; /* of one request; also bounded by the deadline */
};

enum ps_batch_outcome {
    PS_BATCH_SENT,
    PS_BATCH_REJECTED,    /* will never be taken: too large, or refused for what it is */
    PS_BATCH_UNDELIVERED, /* not enough time, or nobody takes it now */
};

/* One record's end. type and record live during the callback only. */
struct ps_batch_result {
    enum ps_batch_outcome outcome;
    uint32_t status;     /* of the request; 0 without an answer */
    uint64_t tag;        /* the caller's */
    struct ps_span type; /* the error code as AWS named it, or our own word: "too_large", "deadline", "stopped"...;
                          * empty for SENT */
    struct ps_span record;
};
typedef enum ps_err ps_batch_on_result(void *context, const struct ps_batch_result *result);

struct ps_batch_stats {
    uint64_t requests, retried_records, sent_bytes;
    uint64_t wait_us; /* for answers, and between tries */
};

/* BAD_CONFIG for what can be no stream's name or no queue's URL. */
PS_API PS_MUST_USE enum ps_err ps_batch_check_target(enum ps_batch_service service, struct ps_span target);

/* The partition key that a record is sent with: key cut to what Kinesis takes, "-" when it is empty; the others have
 * none. */
PS_API struct ps_span ps_batch_key(enum ps_batch_service service, struct ps_span key);

/* Whether the service takes a record of that size with that key (as ps_batch_key gives it). */
PS_API bool ps_batch_takes(enum ps_batch_service service, struct ps_span key, struct ps_span record);

/* Finds the endpoint, takes memory for one request from process: 16 MiB of address space, touched as far as it is used.
 * Makes no connection. Nothing is to be closed. */
PS_API PS_MUST_USE enum ps_err ps_batch_open(struct ps_arena *process, struct ps_call_client *client,
                                             const struct ps_batch_options *options, struct ps_batch **out);

/* For the length of one invocation. target (the stream's name, or the queue's URL; checked) and log live until finish;
 * on_result must not call the batch. What an invocation that ended without finish has left behind is dropped. */
PS_API void ps_batch_begin(struct ps_batch *batch, struct ps_span target, const struct ps_log *log,
                           const struct ps_deadline *deadline, ps_batch_on_result *on_result, void *context);

/* Takes a copy of record. key becomes its partition key (ps_batch_key). A record that the service does not take
 * (ps_batch_takes) is rejected at once. May send and give results. Fails when on_result fails or the transport
 * itself breaks; then the invocation must end. */
PS_API PS_MUST_USE enum ps_err ps_batch_add(struct ps_batch *batch, uint64_t tag, struct ps_span key,
                                            struct ps_span record);

/* Sends what is left. After it every record has had its result. */
PS_API PS_MUST_USE enum ps_err ps_batch_finish(struct ps_batch *batch, struct ps_batch_stats *stats);

#endif
