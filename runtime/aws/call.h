/* The one signed call that all services use: endpoint -> sign -> send -> classify, with retries where asked.
 * ps_call_client holds what the calls of one thread share: HTTP, credentials, region, retry quota. */
#ifndef PS_CALL_H
#define PS_CALL_H

#include "aws/http.h"
#include "host/deadline.h"
#include "host/log.h"

struct ps_call_client; /* opaque */

struct ps_call_client_options {
    struct ps_span region;       /* may be empty when no AWS service is called */
    struct ps_span ca_file;      /* for hosts that are not Amazon's (a private OpenSearch); else AWS_CA_BUNDLE */
    uint32_t connect_timeout_ms; /* 0: 1000 */
    bool proxies;                /* those of the environment count (aws/http.h); never for credentials */
    bool needs_credentials;      /* they are read at once */
};

/* Opens HTTP and, when asked, credentials and signer. */
PS_API PS_MUST_USE enum ps_err ps_call_client_open(struct ps_arena *process,
                                                   const struct ps_call_client_options *options,
                                                   struct ps_call_client **out);
PS_API void ps_call_client_close(struct ps_call_client *client);

/* Opens a connection to the origin (scheme://host[:port]) now and signs once, so that the first call finds all that
 * warm: the slow set-up happens here, in init. A failure is told but harmless. */
PS_API PS_MUST_USE enum ps_err ps_call_warm(struct ps_call_client *client, struct ps_span origin, uint32_t timeout_ms);

/* Around a snapshot of the process (SnapStart). suspend closes all connections; nothing may be in flight. resume makes
 * random numbers differ from those of the snapshot's other copies, and reads credentials again where the client has
 * some: those of the snapshot belong to another environment and may have ended. Connections are opened by use. */
PS_API PS_MUST_USE enum ps_err ps_call_client_suspend(struct ps_call_client *client);
PS_API PS_MUST_USE enum ps_err ps_call_client_resume(struct ps_call_client *client);
PS_API struct ps_http *ps_call_http(struct ps_call_client *client);
PS_API struct ps_span ps_call_region(const struct ps_call_client *client);

enum ps_call_auth { PS_CALL_UNSIGNED, PS_CALL_SIGV4, PS_CALL_BASIC };

struct ps_call_target {
    enum ps_call_auth auth;
    struct ps_span service;            /* signing name: "es", "aoss", "s3", "dynamodb"... */
    struct ps_span region;             /* empty: the client's */
    struct ps_span username, password; /* BASIC */
};

/* Adds what auth needs (Authorization, X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256) to the exchange's
 * request; header texts on arena. now_ms is the signing time. DENIED when credentials are missing or have expired. */
PS_API PS_MUST_USE enum ps_err ps_call_authorize(struct ps_call_client *client, struct ps_arena *arena,
                                                 const struct ps_call_target *target, int64_t now_ms,
                                                 struct ps_http_request *request);

/* Reads credentials again (after DENIED). *changed says whether they differ from before. */
PS_API PS_MUST_USE enum ps_err ps_call_refresh(struct ps_call_client *client, bool *changed);

struct ps_call_options {
    uint32_t attempts_max; /* 1: no retry */
    uint32_t timeout_ms;   /* of one attempt; also bounded by the deadline */
    bool hard_deadline;    /* may use the deadline's reserve: dead letters */
    bool never_twice;      /* a request that has left and found no answer is not repeated: it may have been done */
};

/* Authorizes, sends, retries TRANSIENT answers (408, 429, 5xx, broken connections) with full jitter within the
 * deadline, refreshes credentials once on 401, 403. PS_OK means that an answer came whose status the caller judges;
 * exchange->response holds the last one. */
PS_API PS_MUST_USE enum ps_err ps_call_run(struct ps_call_client *client, struct ps_arena *arena,
                                           const struct ps_call_target *target, const struct ps_call_options *options,
                                           const struct ps_deadline *deadline, struct ps_http_exchange *exchange);

#endif
