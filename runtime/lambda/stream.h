/* A response that goes out while it is made: response streaming, for function URLs and InvokeWithResponseStream.
 *
 * A handler calls ps_stream_begin (or ps_stream_begin_http) once, then ps_stream_write as often as it likes; each write
 * is one chunk on its way to the caller when the call returns. A handler that then returns an error ends the stream in
 * the middle: the caller gets the error in the trailers. Before begin, a reply is an ordinary one. A handler that
 * streams does not use reply->body. Nothing is kept and nothing can be repeated: a stream that breaks is over.
 * Sources: AWS Lambda developer guide, "Building a custom runtime", response streaming; "Response streaming for Lambda
 * functions", limits; the http-integration prelude is described there for function URLs. */
#ifndef PS_STREAM_H
#define PS_STREAM_H

#include "lambda/handler.h"

enum {
    PS_STREAM_BYTES_MAX = 200 << 20, /* Lambda's limit for a streamed response */
    PS_STREAM_HTTP_BYTES_MAX = 64 << 10,
};

struct ps_stream_header {
    struct ps_span name, value;
};

/* What an HTTP client sees before the body: status, headers, cookies. */
struct ps_stream_http {
    uint32_t status; /* 100..599 */
    const struct ps_stream_header *headers;
    size_t headers_count;
    const struct ps_span *cookies; /* each as after "Set-Cookie:" */
    size_t cookies_count;
};

/* Sends the head with reply->content_type. UNAVAILABLE when Lambda cannot be reached; REFUSED when it no longer wants
 * this response: return either, the runtime knows what to do. */
PS_API PS_MUST_USE enum ps_err ps_stream_begin(struct ps_reply *reply);

/* The same for HTTP integrations: status, headers and cookies go first. TOO_LARGE over PS_STREAM_HTTP_BYTES_MAX;
 * BAD_INPUT for a status out of range or text that is no UTF-8: nothing has been sent then. */
PS_API PS_MUST_USE enum ps_err ps_stream_begin_http(struct ps_reply *reply, const struct ps_stream_http *http);

/* Sends bytes as one chunk; none for no bytes. Failures as in begin; TOO_LARGE over PS_STREAM_BYTES_MAX. */
PS_API PS_MUST_USE enum ps_err ps_stream_write(struct ps_reply *reply, struct ps_span bytes);

#endif
