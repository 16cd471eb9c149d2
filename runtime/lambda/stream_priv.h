/* The runtime's side of a stream: the loop makes one per invocation and ends it. */
#ifndef PS_STREAM_PRIV_H
#define PS_STREAM_PRIV_H

#include "lambda/api.h"
#include "lambda/crash.h"
#include "lambda/stream.h"

enum {
    /* Lambda's side is Go's net/http, which reads trailers only as far as they fit its buffer of 4 KiB and otherwise
     * takes the response for a broken one. In base64 and with both names this much of an error document fits. */
    PS_STREAM_ERROR_BYTES_MAX = 2880,
};

struct ps_stream {
    struct ps_api *api;
    const struct ps_api_event *event;
    struct ps_arena *arena; /* of the invocation: for what goes before the body of an HTTP response */
    struct ps_deadline deadline;
    struct ps_crash *crash; /* disarmed when the response begins; may be NULL */
    bool begun;
    enum ps_err err;     /* what ended it early: REFUSED when Lambda has answered, else what broke; PS_OK: nothing */
    uint32_t status;     /* Lambda's answer, once it is there */
    uint64_t body_bytes; /* sent, prelude included */
};

/* Ends a stream that has begun, and the connection. failure NULL: in order; else in the middle, with its type and
 * document in the trailers; a document over PS_STREAM_ERROR_BYTES_MAX is left out. *status as of ps_api_respond, also
 * when the answer came early; UNAVAILABLE for 5xx and broken connections. */
PS_MUST_USE enum ps_err ps_stream_end(struct ps_stream *stream, const struct ps_failure *failure, uint32_t *status);

#endif
