/* The runtime's side of a stream: the loop makes one per invocation and ends it. */
#ifndef PS_STREAM_PRIV_H
#define PS_STREAM_PRIV_H

#include "lambda/api.h"
#include "lambda/crash.h"
#include "lambda/stream.h"

struct ps_stream {
    struct ps_api *api;
    const struct ps_api_event *event;
    struct ps_crash *crash; /* disarmed when the response begins; may be NULL */
    bool begun;
    bool broken;         /* the connection is gone, or Lambda has answered before the end */
    uint32_t status;     /* Lambda's answer, if it came before the end; else 0 */
    uint64_t body_bytes; /* sent, prelude included */
};

/* Ends a stream that has begun. error_type NULL: in order; else in the middle, with the error and its document in the
 * trailers. *status as of ps_api_respond; UNAVAILABLE for 5xx and broken connections. */
PS_MUST_USE enum ps_err ps_stream_end(struct ps_stream *stream, const char *error_type, struct ps_span json,
                                      uint32_t *status);

#endif
