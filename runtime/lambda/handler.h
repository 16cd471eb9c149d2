/* The only contract a function implements: one struct ps_handler, exported under the symbol that _HANDLER names
 * (default ps_handler). The bootstrap calls init once, then invoke for each event; everything on inv->arena is
 * gone after the answer has been sent.
 *
 * Where Lambda sends several events at once (AWS_LAMBDA_MAX_CONCURRENCY), the process has as many workers, each a
 * thread with its own state, arenas and log: init is called for each, and no call sees another worker's state. A
 * handler is safe there when it keeps what it changes in its state and not in static variables. It must not cancel
 * threads (pthread_cancel): locks of the runtime would stay held. */
#ifndef PS_HANDLER_H
#define PS_HANDLER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "host/config.h"
#include "host/deadline.h"
#include "host/log.h"

enum { PS_HANDLER_ABI = 2 };

struct ps_init {
    struct ps_arena *arena; /* the process arena: what lies here stays */
    const struct ps_log *log;
    const void *settings;         /* the handler's settings struct, already filled and checked */
    struct ps_span function_name; /* AWS_LAMBDA_FUNCTION_NAME */
    struct ps_span log_group;     /* AWS_LAMBDA_LOG_GROUP_NAME */
    struct ps_span region;        /* AWS_REGION, else AWS_DEFAULT_REGION */
    size_t memory_bytes;          /* this worker's share of AWS_LAMBDA_FUNCTION_MEMORY_SIZE */
};

struct ps_invocation {
    struct ps_arena *arena; /* reset after the answer */
    const struct ps_log *log;
    struct ps_deadline deadline;
    int64_t now_ms; /* wall clock when the event came */
    const void *settings;
    void *state;
    bool cold; /* first invocation of this process */
    struct ps_span request_id;
    struct ps_span function_arn;
    struct ps_span trace_id;
    struct ps_span client_context;   /* raw JSON, may be empty */
    struct ps_span cognito_identity; /* raw JSON, may be empty */
    struct ps_span tenant_id;
    struct ps_span function_name;
};

struct ps_stream;

/* What goes back to the caller: the handler fills body, or streams (lambda/stream.h). */
struct ps_reply {
    struct ps_buf *body;      /* on the invocation arena, up to Lambda's response limit */
    const char *content_type; /* default application/json */
    struct ps_stream *stream; /* the runtime's */
};

struct ps_handler {
    uint32_t abi; /* PS_HANDLER_ABI: the loader refuses another */
    const char *name;
    const struct ps_config_item *settings; /* ends with a NULL name; NULL when there are none */
    size_t settings_bytes;
    ps_config_check *check;                                 /* of settings against each other; may be NULL */
    size_t state_bytes;                                     /* zeroed, lives as long as the process */
    enum ps_err (*init)(struct ps_init *init, void *state); /* may be NULL */
    /* A failure becomes the function's error: the fault note is what the caller sees. */
    enum ps_err (*invoke)(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply);
    /* The process is about to end in an orderly way: write out what is held back, close what is open. May be NULL. */
    void (*drain)(void *state, const struct ps_deadline *deadline);
    /* SnapStart: before the process is frozen into a snapshot (close connections), and in each copy made of it (read
     * credentials anew, forget what was random). May be NULL. */
    enum ps_err (*before_snapshot)(void *state);
    enum ps_err (*after_restore)(void *state);
};

#endif
