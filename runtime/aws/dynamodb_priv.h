/* What the dynamodb*.c files share.
 *
 *   dynamodb.c          the public face: opens, takes items, drives the ring
 *   dynamodb_pool.c     the items: where they lie, which of them go into the next request, which must wait
 *   dynamodb_send.c     one slot: build a request, read its answer, decide what becomes of each item
 *   dynamodb_reply.c    reads answers: outside bytes
 *   dynamodb_size.c     an item's size as DynamoDB counts it
 *   dynamodb_verdict.c  what an exception and a status mean: tables
 *   dynamodb_trouble.c  log lines: one for each kind of trouble, one for an operator's fault
 *   dynamodb_call.c     one call that waits for its answer, with retries, apart from the sink:
 *   dynamodb_query.c      Query
 *   dynamodb_item.c       single items: one read, writes on a condition
 *
 * An item's life: WAITING in the pool -> TAKEN by a slot -> its result, or WAITING again. A slot's life: FREE -> READY
 * -> FLYING -> (READY again with what it keeps, after a wait or at once) -> FREE. A slot's body is a copy, so that the
 * pool may move its bytes while requests are in flight. */
#ifndef PS_DYNAMODB_PRIV_H
#define PS_DYNAMODB_PRIV_H

#include "aws/call.h"
#include "aws/dynamodb.h"
#include "aws/dynamodb_item.h"
#include "aws/http.h"
#include "aws/retry.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json_write.h"
#include "base/span.h"
#include "host/deadline.h"

enum {
    PS_DYNAMODB_SLOTS_MAX = 8,
    PS_DYNAMODB_REQUEST_ITEMS_MAX = 25,       /* BatchWriteItem's own limit */
    PS_DYNAMODB_REQUEST_BYTES = 1 << 20,      /* of items; the service takes 16 MB, but smaller requests share better */
    PS_DYNAMODB_POOL_ITEMS_MAX = 512,         /* two and a half times what 8 slots carry: room for what must wait */
    PS_DYNAMODB_TROUBLES_MAX = 12,            /* kinds told per invocation; the rest is one line */
    PS_DYNAMODB_REASONS_MAX = 8,              /* throttling reasons read from one answer */
    PS_DYNAMODB_RESPONSE_BYTES_MAX = 8 << 20, /* all items back, every byte of them escaped again */
};

/* -- answers (dynamodb_reply.c) ------------------------------------------------------------------------------------ */

/* Reads a BatchWriteItem answer: left[i] says whether the item with keys[i] was left unprocessed. BAD_INPUT for an
 * answer of another shape, another table, or an item that was not sent: it proves nothing about any item. arena is for
 * unescaping. */
PS_MUST_USE enum ps_err ps_dynamodb_reply_unprocessed(struct ps_arena *arena, struct ps_span body, struct ps_span table,
                                                      const struct ps_dynamodb_key *keys, size_t count, bool *left);

/* Whether body is one JSON object and nothing else. */
PS_MUST_USE bool ps_dynamodb_reply_is_object(struct ps_span body);

/* The body of a refused request: {"__type":"com.amazonaws.dynamodb.v20120810#Name","message":".."}; or one reason of a
 * cancelled transaction: {"Code":"Name","Message":".."}. */
struct ps_dynamodb_reply_refusal {
    struct ps_span type;    /* what follows '#'; the Code */
    struct ps_span message; /* escapes untouched; may quote an item: it may be looked at, never shown */
};

/* All empty when body has another shape (a proxy's page, nothing at all). */
struct ps_dynamodb_reply_refusal ps_dynamodb_reply_refusal(struct ps_span body);

/* The reasons of a throttle ({"ThrottlingReasons":[{"reason":"TableWriteKeyRangeThroughputExceeded",..}]}), at most
 * PS_DYNAMODB_REASONS_MAX; returns how many. */
size_t ps_dynamodb_reply_reasons(struct ps_span body, struct ps_span *reasons);

/* Why a transaction was cancelled: a reason for each of its writes, in their order, with an empty type for one that
 * could have been written ({"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed",..}]}). Returns how
 * many there are; 0 when body has another shape or more than reasons_max. */
size_t ps_dynamodb_reply_cancellation(struct ps_span body, struct ps_dynamodb_reply_refusal *reasons,
                                      size_t reasons_max);

/* -- sizes (dynamodb_size.c) --------------------------------------------------------------------------------------- */

/* What DynamoDB counts for an item given as DynamoDB JSON: names and values in UTF-8, numbers by their digits (at most
 * a byte too many), 3 bytes for a list or map and 1 for each of its elements. It is never more than the JSON's length.
 * BAD_INPUT when item is no DynamoDB JSON. */
PS_MUST_USE enum ps_err ps_dynamodb_size(struct ps_span item, size_t *out);

/* -- meanings (dynamodb_verdict.c) --------------------------------------------------------------------------------- */

/* X(name, what is wrong and how to mend it). These are for people: the ERROR line shows them as they are. */
#define PS_DYNAMODB_FAULT_MAP(X) \
    X(CREDENTIALS, "credentials refused: the function's role is gone or its credentials have expired") \
    X(FORBIDDEN, \
      "permission missing: allow the function's role dynamodb:BatchWriteItem (or what was called) and the KMS key") \
    X(TABLE_MISSING, "table missing: create it here, or name one that exists (DDB_TABLE, ALERT_TABLE, SUMMARY_TABLE)") \
    X(KEYS, "table has other keys: its partition key must be pk and its sort key sk, both strings") \
    X(EVERY_ITEM, "every item refused: the table takes no item of ours, not even alone") \
    X(NOT_DYNAMODB, "no DynamoDB there: AWS_ENDPOINT_URL_DYNAMODB does not lead to its API") \
    X(REDIRECT, "redirected: AWS_ENDPOINT_URL_DYNAMODB must be the service's own address") \
    X(CONNECTION, "connection settings: the TLS or address settings cannot work with this endpoint") \
    X(UNEXPECTED, "unexpected refusal: the service, or something in between, refuses the requests")

enum ps_dynamodb_fault {
    PS_DYNAMODB_FAULT_NONE,
#define X(name, text) PS_DYNAMODB_FAULT_##name,
    PS_DYNAMODB_FAULT_MAP(X)
#undef X
};

const char *ps_dynamodb_verdict_text(enum ps_dynamodb_fault fault); /* NULL for NONE */

/* From light to grave: of several reasons for one refusal, the gravest is the one to act on. */
enum ps_dynamodb_verdict {
    PS_DYNAMODB_ANSWERED,
    PS_DYNAMODB_CANCELED,  /* a transaction: its reasons tell more; without them it is a RETRY */
    PS_DYNAMODB_CONFLICT,  /* a transaction was in the way: soon again */
    PS_DYNAMODB_RETRY,     /* all of it, later */
    PS_DYNAMODB_THROTTLED, /* likewise, and each partition key backs off by itself */
    PS_DYNAMODB_POISONED,  /* split; one item alone is the poison */
    PS_DYNAMODB_DENIED,    /* refresh credentials once; then the fault */
    PS_DYNAMODB_FAULT,     /* an operator must mend something */
    PS_DYNAMODB_CONDITION, /* a write's condition does not hold */
};

/* The exception's name, or a cancellation reason's, beats the status. *fault is set for DENIED and FAULT only. */
enum ps_dynamodb_verdict ps_dynamodb_verdict(uint32_t status, const struct ps_dynamodb_reply_refusal *refusal,
                                             enum ps_dynamodb_fault *fault);

/* -- the sink ------------------------------------------------------------------------------------------------------ */

/* Its JSON, pk and sk lie one after the other in the pool's bytes. */
struct ps_dynamodb_item {
    struct ps_dynamodb_item *before, *after; /* in the order of commits */
    struct ps_dynamodb_item *older;          /* the one with the same key that this one replaced, and so on */
    uint64_t tag;
    uint64_t pk_hash;
    uint64_t not_before_us;
    uint32_t offset, json_len, pk_len, sk_len;
    uint32_t tries;  /* that failed as a whole */
    uint32_t rounds; /* of its partition key's back-off; not 0: it goes with others that back off */
    bool taken;      /* by a slot */
    bool follows;    /* another with its key was taken when it came: it waits for that one's end */
};

struct ps_dynamodb_pool {
    char *bytes;
    size_t bytes_max; /* twice what may be in use and one item: a compaction pays for itself */
    size_t used;      /* end of the newest item */
    size_t live;      /* bytes of items in the list */
    size_t live_max;
    struct ps_dynamodb_item *items;
    uint64_t *hashes;              /* of items[i]'s key; 0 when it is not in the list */
    struct ps_dynamodb_item *free; /* chained by after */
    struct ps_dynamodb_item *oldest, *newest;
    uint32_t count;       /* in the list */
    uint32_t backing_off; /* of these, with rounds */
};

enum ps_dynamodb_slot_state {
    PS_DYNAMODB_SLOT_FREE,
    PS_DYNAMODB_SLOT_READY,
    PS_DYNAMODB_SLOT_FLYING,
};

struct ps_dynamodb_slot {
    enum ps_dynamodb_slot_state state;
    struct ps_buf body; /* fixed memory */
    struct ps_dynamodb_item *items[PS_DYNAMODB_REQUEST_ITEMS_MAX];
    uint32_t count;
    uint32_t sent;           /* the first items, which are in the request; the others wait their turn in a bisection */
    uint32_t rounds;         /* failures in a row */
    uint32_t taken;          /* from the quota, by the last retry */
    uint32_t credentials;    /* sink->credentials when the request was signed */
    uint64_t not_before_us;  /* READY: when to try again */
    struct ps_arena scratch; /* signature, headers and answer of the request in flight */
    struct ps_http_exchange exchange;
};

/* One kind of trouble, told once at the end with its count. */
struct ps_dynamodb_trouble {
    const char *what; /* "throttled", "retried", "unprocessed", "rejected", "undelivered" */
    uint32_t status;
    uint64_t count;
    size_t type_len;
    char type[64];
};

struct ps_dynamodb {
    struct ps_call_client *client;
    struct ps_http *http;
    struct ps_dynamodb_options options;
    struct ps_call_target target;
    struct ps_span url;
    struct ps_dynamodb_pool pool;
    struct ps_dynamodb_slot *slots;
    struct ps_buf building;      /* the item being written, at the end of the pool's bytes */
    struct ps_retry_quota quota; /* for the life of the process */
    uint32_t unpumped_items;     /* committed since connections were last served */
    size_t unpumped_bytes;
    bool flushing; /* requests need not be full */

    /* Of one invocation. */
    const struct ps_log *log;
    struct ps_deadline deadline;
    ps_dynamodb_on_result *on_result;
    void *context;
    enum ps_err failed; /* what on_result said; the sink is dead until the next begin */
    uint64_t commits, results;
    struct ps_dynamodb_stats stats;
    struct ps_dynamodb_trouble troubles[PS_DYNAMODB_TROUBLES_MAX];
    size_t trouble_count;
    uint64_t troubles_untold;
    uint32_t lone_poisons;        /* items in a row refused alone */
    bool refreshed;               /* credentials, in this invocation */
    uint32_t credentials;         /* counts changes */
    enum ps_dynamodb_fault fault; /* not NONE: nothing is sent any more in this invocation */
};

/* URL and signature for the service, for the sink and for calls. Texts on arena. */
PS_MUST_USE enum ps_err ps_dynamodb_find_service(struct ps_arena *arena, struct ps_call_client *client,
                                                 struct ps_span *url, struct ps_call_target *target);

/* The headers that every call of the protocol has; operation is "DynamoDB_20120810.Name". */
void ps_dynamodb_put_headers(struct ps_http_request *request, struct ps_span operation);

/* -- one call that waits for its answer (dynamodb_call.c) ---------------------------------------------------------- */

struct ps_dynamodb_call {
    struct ps_call_client *client;
    struct ps_call_target target; /* and url: from ps_dynamodb_find_service */
    struct ps_span url;
    struct ps_span table;     /* for notes */
    struct ps_span operation; /* "DynamoDB_20120810.Name" */
    struct ps_arena *arena;   /* for the answer and what it takes to get it */
    const struct ps_deadline *deadline;
    uint32_t timeout_ms; /* of one try */
    size_t writes;       /* in the request; 0: it only reads */
    size_t refused;      /* set by run: the first write whose condition did not hold; else writes */
    bool refreshed;      /* credentials, once in a call's life */
};

/* Asks until there is an answer, a refusal for good, no time or no try left. *answer, a JSON object, is what was asked
 * for only where refused == writes. BAD_CONFIG, REFUSED, DENIED, THROTTLED, UNAVAILABLE, DEADLINE. */
PS_MUST_USE enum ps_err ps_dynamodb_call_run(struct ps_dynamodb_call *call, struct ps_span body,
                                             struct ps_span *answer);

/* A member with a text as DynamoDB has it: "name":{"S":"text"}. */
void ps_dynamodb_call_put_text(struct ps_json_writer *json, struct ps_span name, struct ps_span text);

/* -- items (dynamodb_pool.c) --------------------------------------------------------------------------------------- */

PS_MUST_USE enum ps_err ps_dynamodb_pool_open(struct ps_arena *process, struct ps_dynamodb_pool *pool, uint32_t slots);

/* Forgets all items. */
void ps_dynamodb_pool_clear(struct ps_dynamodb_pool *pool);

/* Room at pool->used for one more item and its key. False: results must come first. */
PS_MUST_USE bool ps_dynamodb_pool_make_room(struct ps_dynamodb_pool *pool);

/* Takes in the item whose json_len bytes lie at pool->used. One with the same key that no slot has taken is replaced;
 * *replaced says so. */
struct ps_dynamodb_item *ps_dynamodb_pool_add(struct ps_dynamodb_pool *pool, size_t json_len, uint64_t tag,
                                              const struct ps_dynamodb_key *key, bool *replaced);

/* Forgets an item and those it has replaced. */
void ps_dynamodb_pool_remove(struct ps_dynamodb_pool *pool, struct ps_dynamodb_item *item);

struct ps_span ps_dynamodb_pool_json(const struct ps_dynamodb_pool *pool, const struct ps_dynamodb_item *item);
struct ps_dynamodb_key ps_dynamodb_pool_key(const struct ps_dynamodb_pool *pool, const struct ps_dynamodb_item *item);

/* Fills a FREE slot with items for one request, or with none when nothing is due; one that is not full only when it is
 * flushing or its items have waited before. *due_us shrinks to when a waiting item is due. */
void ps_dynamodb_pool_take(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, uint64_t now_us, uint64_t *due_us);

/* Lets all items of a partition key that no slot has taken wait until not_before_us, for the rounds-th time. */
void ps_dynamodb_pool_back_off(struct ps_dynamodb_pool *pool, uint64_t pk_hash, uint32_t rounds,
                               uint64_t not_before_us);

/* -- what a person is told (dynamodb_trouble.c) -------------------------------------------------------------------- */

/* Counts one more of a kind of trouble. */
void ps_dynamodb_trouble_note(struct ps_dynamodb *sink, const char *what, uint32_t status, struct ps_span type);

/* The first fault of an invocation: one ERROR line, and the reason that ps_dynamodb_operator_fault gives. detail is a
 * text of ours, or empty. */
void ps_dynamodb_trouble_fault(struct ps_dynamodb *sink, enum ps_dynamodb_fault fault, uint32_t status,
                               struct ps_span type, struct ps_span detail);

/* One WARN line for each kind of trouble. */
void ps_dynamodb_trouble_tell(struct ps_dynamodb *sink);

/* -- one slot (dynamodb_send.c) ------------------------------------------------------------------------------------ */

/* Gives an item, and those it has replaced, their end, and forgets them. Fails when on_result fails. */
PS_MUST_USE enum ps_err ps_dynamodb_send_give(struct ps_dynamodb *sink, struct ps_dynamodb_item *item,
                                              enum ps_dynamodb_outcome outcome, uint32_t status, struct ps_span type);

/* Builds, signs and starts the request of a READY slot. A failure to start is an answer like any other. */
void ps_dynamodb_send_start(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot);

/* Reads the answer of a FLYING slot whose exchange is done; gives results; leaves the slot READY or FREE. Fails when
 * on_result fails. */
PS_MUST_USE enum ps_err ps_dynamodb_send_settle(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot);

/* Gives every item of the slot the end UNDELIVERED with this word, and frees it. A flight is broken off. */
PS_MUST_USE enum ps_err ps_dynamodb_send_give_up(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot,
                                                 uint32_t status, struct ps_span type);

/* Breaks off a flight and frees the slot without results: on_result has failed, or the invocation was left. */
void ps_dynamodb_send_drop(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot);

#endif
