/* OpenSearch as a sink: documents go out by _bulk and each comes back with one verdict.
 *
 * A fixed ring of slots holds request bodies. The caller builds an item (action line + document line) straight into
 * ps_opensearch_buf and commits it; a full slot is compressed, signed and sent while the next one fills. Items are
 * retried one by one, 413 is bisected, operator faults stop the sink (breaker), and whatever is unanswered near the
 * deadline is reported as undelivered. Source of the wire format: OpenSearch API reference, "Bulk"; verdicts:
 * docs/wire/opensearch-bulk.md. */
#ifndef PS_OPENSEARCH_H
#define PS_OPENSEARCH_H

#include "aws/call.h"
#include "aws/secrets.h"
#include "base/buf.h"
#include "host/deadline.h"

struct ps_opensearch; /* opaque */

enum ps_opensearch_auth { PS_OPENSEARCH_SIGV4, PS_OPENSEARCH_BASIC, PS_OPENSEARCH_NONE };

struct ps_opensearch_options {
    struct ps_span endpoint; /* https://host[:port]; http only on loopback or without credentials */
    struct ps_span service;  /* es, aoss; empty: by host */
    struct ps_span username;
    struct ps_secret *password; /* with username, for BASIC; read at the first request unless it was before */
    size_t bulk_bytes_max;      /* of a request body before gzip; a single item may be larger, up to item_bytes_max */
    size_t item_bytes_max;
    enum ps_opensearch_auth auth;
    uint32_t gzip_level;
    uint32_t slots; /* requests in flight, 1..8 */
    uint32_t bulk_items_max;
    uint32_t attempts_max; /* per item */
    uint32_t request_timeout_ms;
    bool gzip;
};

enum ps_opensearch_outcome {
    PS_OPENSEARCH_STORED,
    PS_OPENSEARCH_DUPLICATE,   /* 409 on create: it is there */
    PS_OPENSEARCH_REJECTED,    /* will never be accepted: dead letter */
    PS_OPENSEARCH_UNDELIVERED, /* not enough time, or the sink refuses everything: hand back or spill */
};

/* One item's end. Spans live during the callback only. */
struct ps_opensearch_result {
    enum ps_opensearch_outcome outcome;
    struct ps_span item; /* action line, line feed, document line, line feed, as sent */
    uint64_t tag;        /* the caller's */
    uint32_t status;     /* the item's or the request's; 0 without an answer */
    struct ps_span
        type; /* error.type as the server named it, or our own word: "too_large", "deadline", "breaker_open"... */
    struct ps_span field; /* the field a mapping error names; may be empty */
};
typedef enum ps_err ps_opensearch_on_result(void *context, const struct ps_opensearch_result *result);

struct ps_opensearch_stats {
    uint64_t requests, retried_items, sent_bytes, body_bytes, bisected;
    uint64_t throttled; /* 429, request or item */
    uint64_t wait_us;   /* spent waiting for answers with nothing else to do */
    uint64_t gzip_us;
};

/* BAD_CONFIG, with the name of the setting, for an endpoint that ps_opensearch_open would refuse. */
PS_API PS_MUST_USE enum ps_err ps_opensearch_check_endpoint(struct ps_span endpoint, enum ps_opensearch_auth auth);

/* Checks the endpoint, builds the ring, warms the connection (a failure of that is left to the first request).
 * BAD_CONFIG for settings that cannot work. The spans in options must live as long as the sink; so must process, which
 * gives each slot bulk_bytes_max + item_bytes_max and as much again with gzip, touched only when used. */
PS_API PS_MUST_USE enum ps_err ps_opensearch_open(struct ps_arena *process, struct ps_call_client *client,
                                                  const struct ps_opensearch_options *options,
                                                  struct ps_opensearch **out);
PS_API void ps_opensearch_close(struct ps_opensearch *sink);

/* For the length of one invocation. Answers lie in memory of the sink's own, so that the caller may rewind its arena
 * while requests are in flight. log lives until finish; on_result must not call the sink. What an invocation that ended
 * without finish has left behind is dropped. */
PS_API void ps_opensearch_begin(struct ps_opensearch *sink, const struct ps_log *log,
                                const struct ps_deadline *deadline, ps_opensearch_on_result *on_result, void *context);

/* The buf to build the next item on: its present end is where the item begins. May first wait for a slot and give
 * results, as may commit. Both fail only when on_result fails or the transport itself breaks; then the sink drops
 * everything and fails until the next begin. The buf has room for item_bytes_max; if an item does not fit, the buf
 * fails and ps_opensearch_rollback takes the item back. An item is committed or rolled back before the next. */
PS_API PS_MUST_USE enum ps_err ps_opensearch_buf(struct ps_opensearch *sink, struct ps_buf **out);
PS_API PS_MUST_USE enum ps_err ps_opensearch_commit(struct ps_opensearch *sink, uint64_t tag);
PS_API void ps_opensearch_rollback(struct ps_opensearch *sink);

/* Sends what is left and waits until every item has its result. After it, results == commits. Then WARN lines tell each
 * kind of trouble once. */
PS_API PS_MUST_USE enum ps_err ps_opensearch_finish(struct ps_opensearch *sink, struct ps_opensearch_stats *stats);

/* NULL, or what an operator must mend ("role not mapped", "alias is an index"): the breaker's reason. One ERROR line
 * names it. */
PS_API const char *ps_opensearch_operator_fault(const struct ps_opensearch *sink);

/* `penstock apply`: puts the index template (and with it the alias). Idempotent. template_name goes into the URL as it
 * is. */
PS_API PS_MUST_USE enum ps_err ps_opensearch_apply(struct ps_opensearch *sink, struct ps_arena *arena,
                                                   const struct ps_deadline *deadline, struct ps_span template_name,
                                                   struct ps_span template_json);

#endif
