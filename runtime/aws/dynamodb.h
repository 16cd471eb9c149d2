/* A DynamoDB table as a sink: items go out by BatchWriteItem and each comes back with one outcome.
 *
 * The caller writes an item as DynamoDB JSON straight into ps_dynamodb_buf and commits it with its key. Items wait in a
 * pool of the sink's own; requests of at most 25 items and about 1 MB are built from it and several are in flight. What
 * DynamoDB leaves unprocessed goes again, each partition key with a back-off of its own, so that a hot one does not
 * hold up the others; a request refused for one bad item is bisected; operator faults stop the sink; whatever is
 * unanswered near the deadline is reported as undelivered. The sink never changes an item, truncates none and chooses
 * no key. Two items with one key are one row: the last is written, and the earlier one gets its outcome.
 *
 * The table's keys are pk and sk, both strings. Source of the wire format and the limits: Amazon DynamoDB API
 * Reference, "BatchWriteItem"; Developer Guide, "Quotas" and "DynamoDB item sizes and formats". What answers mean:
 * docs/wire/dynamodb.md. */
#ifndef PS_DYNAMODB_H
#define PS_DYNAMODB_H

#include "aws/call.h"
#include "base/buf.h"
#include "host/deadline.h"

enum {
    PS_DYNAMODB_ITEM_BYTES_MAX = 400 << 10, /* of names and values, as DynamoDB counts them */
    /* Of an item as JSON: its 400 KB with every byte escaped as six, and room for types and punctuation. */
    PS_DYNAMODB_ITEM_JSON_BYTES_MAX = 6 * PS_DYNAMODB_ITEM_BYTES_MAX + (256 << 10),
    PS_DYNAMODB_PK_BYTES_MAX = 2048,
    PS_DYNAMODB_SK_BYTES_MAX = 1024,
};

struct ps_dynamodb; /* opaque */

struct ps_dynamodb_options {
    struct ps_span table;
    uint32_t slots;        /* requests in flight, 1..8 */
    uint32_t attempts_max; /* of a request that failed as a whole; AWS's own clients: PS_RETRY_ATTEMPTS_DYNAMODB */
    uint32_t request_timeout_ms;
};

/* The key attributes' values, unescaped: as the item's JSON says them. */
struct ps_dynamodb_key {
    struct ps_span pk, sk;
};

enum ps_dynamodb_outcome {
    PS_DYNAMODB_STORED,
    PS_DYNAMODB_REJECTED,    /* will never be accepted: dead letter */
    PS_DYNAMODB_UNDELIVERED, /* not enough time, or the table refuses everything: hand back or spill */
};

/* One item's end. Spans live during the callback only. */
struct ps_dynamodb_result {
    enum ps_dynamodb_outcome outcome;
    struct ps_span item; /* as written; of a replaced item, the one that took its place */
    uint64_t tag;        /* the caller's */
    uint32_t status;     /* the request's; 0 without an answer */
    struct ps_span type; /* the exception as the service named it, or our own word: "too_large", "deadline"... */
};
typedef enum ps_err ps_dynamodb_on_result(void *context, const struct ps_dynamodb_result *result);

struct ps_dynamodb_stats {
    uint64_t requests, sent_bytes, bisected;
    uint64_t retried_items; /* tries beyond an item's first */
    uint64_t unprocessed;   /* times an item was left unprocessed by a request that succeeded */
    uint64_t throttled;     /* requests refused as a whole by a throttle */
    uint64_t replaced;      /* items whose row a later one wrote */
    uint64_t wait_us;       /* spent waiting for answers with nothing else to do */
};

/* BAD_CONFIG for a name that no table can have. */
PS_API PS_MUST_USE enum ps_err ps_dynamodb_check_table(struct ps_span table);

/* Finds the endpoint (AWS_ENDPOINT_URL_DYNAMODB), builds pool and ring, warms the connection (a failure of that is left
 * to the first request). BAD_CONFIG for settings that cannot work. options->table must live as long as the sink; so
 * must process, which gives about 5 MB for each slot and 5 MB more, touched only when used. */
PS_API PS_MUST_USE enum ps_err ps_dynamodb_open(struct ps_arena *process, struct ps_call_client *client,
                                                const struct ps_dynamodb_options *options, struct ps_dynamodb **out);
PS_API void ps_dynamodb_close(struct ps_dynamodb *sink);

/* For the length of one invocation. log lives until finish; on_result must not call the sink. What an invocation that
 * ended without finish has left behind is dropped. */
PS_API void ps_dynamodb_begin(struct ps_dynamodb *sink, const struct ps_log *log, const struct ps_deadline *deadline,
                              ps_dynamodb_on_result *on_result, void *context);

/* The buf to write the next item on, from its present end: {"pk":{"S":"..."},"sk":{"S":"..."},...}. May first wait for
 * room in the pool and give results, as may commit. Both fail only when on_result fails or the transport itself breaks;
 * then the sink drops everything and fails until the next begin. The buf has room for PS_DYNAMODB_ITEM_JSON_BYTES_MAX;
 * if an item does not fit, the buf fails and ps_dynamodb_rollback takes the item back. An item is committed or rolled
 * back before the next. A key over its limits and an item over PS_DYNAMODB_ITEM_BYTES_MAX are REJECTED in commit. */
PS_API PS_MUST_USE enum ps_err ps_dynamodb_buf(struct ps_dynamodb *sink, struct ps_buf **out);
PS_API PS_MUST_USE enum ps_err ps_dynamodb_commit(struct ps_dynamodb *sink, uint64_t tag,
                                                  const struct ps_dynamodb_key *key);
PS_API void ps_dynamodb_rollback(struct ps_dynamodb *sink);

/* Sends what is left and waits until every item has its result. After it, results == commits. Then WARN lines tell each
 * kind of trouble once. */
PS_API PS_MUST_USE enum ps_err ps_dynamodb_finish(struct ps_dynamodb *sink, struct ps_dynamodb_stats *stats);

/* NULL, or what an operator must mend ("table missing", "permission missing"). One ERROR line names it. */
PS_API const char *ps_dynamodb_operator_fault(const struct ps_dynamodb *sink);

#endif
