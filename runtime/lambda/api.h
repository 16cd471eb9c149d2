/* The client of Lambda's Runtime API: next, response (whole or streamed), error, init error and restore over one
 * kept-alive HTTP/1.1 connection on a plain socket. Facts: AWS Lambda developer guide, "Using the Lambda runtime API".
 *
 * Waiting for the next event never times out: the sandbox is frozen meanwhile and clocks jump. Connecting and posting
 * do. A kept-alive connection that turns out dead before any byte of a reply is opened again: a GET is repeated, a
 * POST once, and 400 or 403 to the repeated POST mean that the first one had arrived. The client allocates nothing
 * but the event it receives, on the arena it is given. One thread at a time. */
#ifndef PS_LAMBDA_API_H
#define PS_LAMBDA_API_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "lambda/connection.h"
#include "lambda/failure.h"

enum {
    /* Lambda's limit for a response, and for an event: 6 MiB + 100 bytes. A response over it is refused with 413. */
    PS_API_RESPONSE_BYTES_MAX = 6291556,
    /* Events: what Lambda may once raise its limit to. Above it, or above what the arena holds, an event is refused. */
    PS_API_EVENT_BYTES_MAX = 32 << 20,
};

/* How a failure is named: in the head of an error, or in the trailers of a response that was streamed. */
#define PS_API_ERROR_TYPE "Lambda-Runtime-Function-Error-Type"
#define PS_API_ERROR_BODY "Lambda-Runtime-Function-Error-Body"

struct ps_api;

/* Everything lies on the arena given to ps_api_next. Members that Lambda left out are empty, deadline_ms 0. */
struct ps_api_event {
    struct ps_span request_id;
    struct ps_span function_arn;
    struct ps_span trace_id;
    struct ps_span client_context;
    struct ps_span cognito_identity;
    struct ps_span tenant_id;
    struct ps_span invocation_id; /* echoed with the answer when given */
    int64_t deadline_ms;          /* since the epoch */
    struct ps_span body;
    enum ps_err body_err; /* not PS_OK: the event came but its body cannot be had (the note says why); answer with
                             an error and go on */
    bool stop;            /* no event: the process was told to end while it waited; all else is empty */
};

/* address is "127.0.0.1:9001": an IPv4 address or localhost, and a port. Connects at the first call. */
PS_MUST_USE enum ps_err ps_api_open(struct ps_arena *process, struct ps_span address, struct ps_api **out);
void ps_api_close(struct ps_api *api);

/* Waits for the next event. UNAVAILABLE after several tries: the process should end. */
PS_MUST_USE enum ps_err ps_api_next(struct ps_api *api, struct ps_arena *arena, struct ps_api_event *out);

/* Whether text can be a Content-Type: it becomes a header, and a line feed in it would begin another one. */
bool ps_api_is_content_type(const char *text);

/* Posts the answer. content_type is one. *status is Lambda's: 202, or 4xx when it no longer wants this answer (410 too
 * late, 413 too large, 403 not now, 400 not this id): worth a log line, then go on. UNAVAILABLE for 5xx and broken
 * connections. */
PS_MUST_USE enum ps_err ps_api_respond(struct ps_api *api, const struct ps_api_event *event, const char *content_type,
                                       struct ps_span body, uint32_t *status);

/* A response that is sent while it is made, and so cannot be repeated (lambda/stream.c, which makes the chunks). begin
 * readies a live connection and gives the request's head, which is valid until the next call of this client; idle_ms is
 * how long Lambda may take no byte and give none. send, first of that head: *whole is false when Lambda has answered or
 * gone; it is looked for before anything is sent. read_answer ends the response in either case; *status as above. */
PS_MUST_USE enum ps_err ps_api_stream_begin(struct ps_api *api, const struct ps_api_event *event,
                                            const char *content_type, uint32_t idle_ms, struct ps_span *head);
PS_MUST_USE enum ps_err ps_api_stream_send(struct ps_api *api, const struct ps_span *pieces, size_t count, bool *whole);
PS_MUST_USE enum ps_err ps_api_stream_read_answer(struct ps_api *api, uint32_t *status);

/* Posts a failure. *status as above. */
PS_MUST_USE enum ps_err ps_api_fail(struct ps_api *api, const struct ps_api_event *event,
                                    const struct ps_failure *failure, uint32_t *status);

/* The same before the first ps_api_next: initialisation failed, the process is about to end. */
PS_MUST_USE enum ps_err ps_api_fail_init(struct ps_api *api, const struct ps_failure *failure, uint32_t *status);

/* SnapStart: waits while the process is frozen into a snapshot and copies of it are started; returns in each copy. Then
 * every connection made before is dead. */
PS_MUST_USE enum ps_err ps_api_restore_next(struct ps_api *api);

/* The hook after the restore failed; the process is about to end. */
PS_MUST_USE enum ps_err ps_api_fail_restore(struct ps_api *api, const struct ps_failure *failure, uint32_t *status);

/* The head of the answer to a crash (lambda/crash.h), up to and with "Content-Length: ". last is "/error" for the event
 * in hand; without one (event is NULL) "/init/error" or "/restore/error". It stays until the next call of this
 * function. */
struct ps_span ps_api_crash_head(struct ps_api *api, const struct ps_api_event *event, const char *last);

/* Where to reach the Runtime API. */
struct ps_connection *ps_api_connection(struct ps_api *api);

#endif
