/* What the opensearch*.c files share.
 *
 *   opensearch.c          the public face: opens, takes items, drives the ring
 *   opensearch_send.c     one slot: build a request, read its answer, decide what becomes of each item
 *   opensearch_reply.c    reads answers: outside bytes
 *   opensearch_verdict.c  what a status and a type mean: tables
 *   opensearch_trouble.c  log lines: one for each kind of trouble, one for an operator's fault
 *   opensearch_apply.c    index templates
 *
 * A slot's life: FREE -> FILLING -> READY -> FLYING -> (READY again with what is left, after a wait or at once) ->
 * FREE. Its items lie one after the other in body. A request carries the first `sent` of them; once answered, those
 * that got their end are taken out and the others move to the front, so that what is left can be sent again as it lies.
 */
#ifndef PS_OPENSEARCH_PRIV_H
#define PS_OPENSEARCH_PRIV_H

#include "aws/call.h"
#include "aws/http.h"
#include "aws/opensearch.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/gzip.h"
#include "base/span.h"

/* -- answers (opensearch_reply.c) ---------------------------------------------------------------------------------- */

/* Slices of the answer, escapes untouched. reason quotes field values: it may be looked at, never shown. */
struct ps_opensearch_reply_item {
    uint32_t status;
    struct ps_span type;
    struct ps_span reason;
};

/* Reads a _bulk answer that must hold exactly count items. BAD_INPUT otherwise: an answer that does not fit its request
 * proves nothing about any item. Nesting and sizes are the reader's limits. */
PS_MUST_USE enum ps_err ps_opensearch_reply_read(struct ps_span body, struct ps_opensearch_reply_item *items,
                                                 size_t count);

/* The body of a refused request: {"error":{"type":..,"reason":..}} or {"error":"text"}. */
struct ps_opensearch_reply_refusal {
    struct ps_span type;
    struct ps_span reason;
    bool plain; /* error is a text: the answer comes from the server's HTTP layer, not from _bulk */
};

/* All empty when body has another shape (a proxy's page, nothing at all). */
struct ps_opensearch_reply_refusal ps_opensearch_reply_refusal(struct ps_span body);

/* The field that a reason blames, as far as it stands where no field value can reach; may be empty. */
struct ps_span ps_opensearch_reply_field(struct ps_span reason);

/* -- meanings (opensearch_verdict.c) ------------------------------------------------------------------------------- */

/* X(name, what is wrong and how to mend it). These are for people: the ERROR line shows them as they are. */
#define PS_OPENSEARCH_FAULT_MAP(X) \
    X(CREDENTIALS, "credentials refused: check OPENSEARCH_AUTH, the user name and password, or the function's role") \
    X(FORBIDDEN, \
      "role not mapped: allow the function's role es:ESHttpPost (aoss: data access policy) and map it to a role of " \
      "the domain; if only compressed requests are refused, enable HTTP compression or set OPENSEARCH_GZIP=off") \
    X(PERMISSION, \
      "permission missing: the mapped role needs indices:data/write/bulk*, create and indices:admin/create " \
      "on this index") \
    X(ALIAS_TAKEN, \
      "alias is an index: an index stands where the template's alias should be; reindex it under another " \
      "name and delete it") \
    X(ALIAS_AS_INDEX, \
      "alias as index: the name written to is an alias without a write index; set OPENSEARCH_INDEX to " \
      "an index name or pattern") \
    X(INDEX_MISSING, "index missing: it does not exist and the domain may not create it; create it or widen " \
                     "action.auto_create_index") \
    X(INDEX_CLOSED, "index closed: open it, or let the events of its day go elsewhere") \
    X(INDEX_NAME, "index name refused: check OPENSEARCH_INDEX against OpenSearch's rules for names") \
    X(SHARDS, "no shards left: the domain has its maximum of open shards; delete old indices or raise " \
              "cluster.max_shards_per_node") \
    X(PIPELINE, "ingest pipeline missing: the index names a pipeline that does not exist") \
    X(IDS, "ids not supported: this collection takes no ids of ours; set OPENSEARCH_IDS=off") \
    X(NOT_BULK, "no _bulk there: OPENSEARCH_ENDPOINT does not lead to an OpenSearch domain's API") \
    X(REDIRECT, "redirected: OPENSEARCH_ENDPOINT must be the domain's own address") \
    X(CONNECTION, "connection settings: the TLS or address settings cannot work with this endpoint") \
    X(EVERY_BODY, "every request refused: the domain takes no request body of ours, not even of one document") \
    X(UNEXPECTED, "unexpected status: something between us and the domain refuses the requests")

enum ps_opensearch_fault {
    PS_OPENSEARCH_FAULT_NONE,
#define X(name, text) PS_OPENSEARCH_FAULT_##name,
    PS_OPENSEARCH_FAULT_MAP(X)
#undef X
};

const char *ps_opensearch_verdict_text(enum ps_opensearch_fault fault); /* NULL for NONE */

enum ps_opensearch_item_verdict {
    PS_OPENSEARCH_ITEM_STORED,
    PS_OPENSEARCH_ITEM_DUPLICATE,
    PS_OPENSEARCH_ITEM_REJECTED,
    PS_OPENSEARCH_ITEM_RETRY,
    PS_OPENSEARCH_ITEM_FAULT,
};

/* *fault is set for ITEM_FAULT only. */
enum ps_opensearch_item_verdict ps_opensearch_verdict_item(const struct ps_opensearch_reply_item *item,
                                                           enum ps_opensearch_fault *fault);

enum ps_opensearch_request_verdict {
    PS_OPENSEARCH_REQUEST_ANSWERED,  /* each item has its own verdict */
    PS_OPENSEARCH_REQUEST_RETRY,     /* all of it, later */
    PS_OPENSEARCH_REQUEST_TOO_LARGE, /* split; one document alone will never fit */
    PS_OPENSEARCH_REQUEST_POISONED,  /* split; one document alone is the poison */
    PS_OPENSEARCH_REQUEST_DENIED,    /* refresh credentials or password once; then the fault */
    PS_OPENSEARCH_REQUEST_FAULT,
};

/* *fault is set for REQUEST_DENIED and REQUEST_FAULT. */
enum ps_opensearch_request_verdict ps_opensearch_verdict_request(uint32_t status,
                                                                 const struct ps_opensearch_reply_refusal *refusal,
                                                                 enum ps_opensearch_fault *fault);

/* -- the sink ------------------------------------------------------------------------------------------------------ */

enum {
    PS_OPENSEARCH_SLOTS_MAX = 8,
    PS_OPENSEARCH_TROUBLES_MAX = 12, /* kinds told per invocation; the rest is one line */
    PS_OPENSEARCH_URL_BYTES_MAX = 512,
};

struct ps_opensearch_item {
    uint64_t tag;
    uint32_t offset; /* in the slot's body */
    uint32_t len;
    uint32_t tries; /* that ended in "later" */
};

enum ps_opensearch_slot_state {
    PS_OPENSEARCH_SLOT_FREE,
    PS_OPENSEARCH_SLOT_FILLING,
    PS_OPENSEARCH_SLOT_READY,
    PS_OPENSEARCH_SLOT_FLYING,
};

struct ps_opensearch_slot {
    enum ps_opensearch_slot_state state;
    struct ps_buf body; /* fixed memory */
    char *gzip;         /* room for the compressed body; NULL when requests go plain */
    size_t gzip_bytes_max;
    struct ps_opensearch_item *items;
    uint32_t count;
    uint32_t sent;           /* FLYING: the first items, which are in the request */
    uint32_t items_max;      /* of the next request: halved by trouble, doubled by success */
    uint32_t rounds;         /* waits in a row */
    uint32_t credentials;    /* sink->credentials when the request was signed */
    uint64_t not_before_us;  /* READY: when to try again */
    struct ps_arena scratch; /* signature, headers, answer and verdicts of the request in flight */
    struct ps_http_exchange exchange;
};

/* One kind of trouble, told once at the end with its count. */
struct ps_opensearch_trouble {
    const char *what; /* "retried", "rejected", "undelivered" */
    uint32_t status;
    uint64_t items; /* or tries, for "retried" */
    size_t type_len, field_len, index_len;
    char type[64];
    char field[64];
    char index[64];
};

struct ps_opensearch {
    struct ps_call_client *client;
    struct ps_http *http;
    struct ps_opensearch_options options; /* its spans on the process arena */
    struct ps_call_target target;
    struct ps_span bulk_url;
    struct ps_gzip_compressor *compressor; /* NULL: plain requests */
    struct ps_opensearch_slot *slots;
    struct ps_opensearch_slot *filling; /* NULL, or the slot that takes items */
    size_t item_begin;                  /* where the item being built begins */
    size_t pumped_at;                   /* the filling body's length when connections were last served */
    size_t response_bytes_max;
    size_t request_bytes_max; /* learned: a 413 halves it for the life of the process */

    /* Of one invocation. */
    const struct ps_log *log;
    struct ps_deadline deadline;
    ps_opensearch_on_result *on_result;
    void *context;
    enum ps_err failed; /* what on_result said; the sink is dead until the next begin */
    uint64_t commits, results;
    struct ps_opensearch_stats stats;
    struct ps_opensearch_trouble troubles[PS_OPENSEARCH_TROUBLES_MAX];
    size_t trouble_count;
    uint64_t troubles_untold;

    /* The breaker. */
    bool open;             /* nothing is sent any more in this invocation */
    bool probing;          /* it was open when the last invocation ended: one request alone tries first */
    uint32_t failures;     /* requests in a row that came to nothing */
    uint32_t lone_poisons; /* lone documents in a row whose whole request was refused with 400 */
    bool refreshed;        /* credentials or password, in this invocation */
    uint32_t credentials;  /* counts changes */
    enum ps_opensearch_fault fault;
};

/* Service and region of a signature, from the names that AWS gives its hosts. A service that is set stays; without a
 * region in the name the client's own is used. */
void ps_opensearch_infer_scope(struct ps_span host, struct ps_call_target *target);

/* -- what a person is told (opensearch_trouble.c) -------------------------------------------------------------------
 */

/* Counts one item under its kind of trouble. */
void ps_opensearch_trouble_note(struct ps_opensearch *sink, const char *what,
                                const struct ps_opensearch_result *result);

/* The first fault of an invocation: one ERROR line, and the reason that ps_opensearch_operator_fault gives. item may be
 * empty; its index is shown. detail is a text of ours, or empty. */
void ps_opensearch_trouble_fault(struct ps_opensearch *sink, enum ps_opensearch_fault fault,
                                 const struct ps_opensearch_result *result, struct ps_span detail);

/* One WARN line for each kind of trouble. */
void ps_opensearch_trouble_tell(struct ps_opensearch *sink);

/* -- credentials (opensearch_send.c) ------------------------------------------------------------------------------- */

/* BASIC: gives the target the password as it is now, which is read if it was not yet. */
PS_MUST_USE enum ps_err ps_opensearch_send_password(struct ps_opensearch *sink, const struct ps_deadline *deadline);

/* -- one slot (opensearch_send.c) ---------------------------------------------------------------------------------- */

/* Builds, signs and starts the request of a READY slot. A failure to start is an answer like any other. */
void ps_opensearch_send_start(struct ps_opensearch *sink, struct ps_opensearch_slot *slot);

/* Reads the answer of a FLYING slot whose exchange is done; gives results; leaves the slot READY or FREE. Fails when
 * on_result fails. */
PS_MUST_USE enum ps_err ps_opensearch_send_settle(struct ps_opensearch *sink, struct ps_opensearch_slot *slot);

/* Gives every item of the slot the end UNDELIVERED with this word, and frees it. A flight is broken off. */
PS_MUST_USE enum ps_err ps_opensearch_send_give_up(struct ps_opensearch *sink, struct ps_opensearch_slot *slot,
                                                   uint32_t status, struct ps_span type);

/* Breaks off a flight and frees the slot without results: on_result has failed, or the invocation was left. */
void ps_opensearch_send_drop(struct ps_opensearch *sink, struct ps_opensearch_slot *slot);

#endif
