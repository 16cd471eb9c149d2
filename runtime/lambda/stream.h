/* A response that goes out while it is made: response streaming, for function URLs and InvokeWithResponseStream.
 *
 * A handler calls ps_stream_begin (or ps_stream_begin_http) once, then ps_stream_write as often as it likes; each write
 * is one chunk on its way to the caller when the call returns. A handler that then returns an error ends the stream in
 * the middle: the caller gets the error in the trailers. Before begin, a reply is an ordinary one. A handler that
 * streams does not use reply->body: what lies there is dropped, with a line in the log. Nothing is kept and nothing can
 * be repeated: a stream that breaks is over, and every later call says so again without sending. A write may wait, at
 * most until the function's time is up, for a caller that reads slowly.
 * Calls out of order, and a reply that no runtime stands behind (stream is NULL), are UNSUPPORTED.
 * Sources: AWS Lambda developer guide, "Building a custom runtime", response streaming; "Response streaming for Lambda
 * functions", limits; the http-integration prelude is described there for function URLs. */
#ifndef PS_STREAM_H
#define PS_STREAM_H

#include "lambda/handler.h"

enum {
    PS_STREAM_BYTES_MAX = 200 << 20, /* Lambda's limit for a streamed response */
    PS_STREAM_HTTP_BYTES_MAX = 64 << 10,
    PS_STREAM_HEADERS_MAX = 128, /* each is compared with all others */
};

struct ps_stream_header {
    struct ps_span name, value;
};

/* What an HTTP client sees before the body: status, headers, cookies. The format has one text for each header: values
 * of the same name (in any case) are joined by ", " as RFC 9110 section 5.3 allows, in the spelling of the first. That
 * cannot be done with Set-Cookie, which therefore is not among the headers. */
struct ps_stream_http {
    uint32_t status; /* 200..599: what comes last is never informational */
    const struct ps_stream_header *headers;
    size_t headers_count;
    const struct ps_span *cookies; /* each as after "Set-Cookie:" */
    size_t cookies_count;
};

/* Sends the head with reply->content_type. UNAVAILABLE when Lambda cannot be reached; REFUSED when it no longer wants
 * this response: return either, the runtime knows what to do. */
PS_API PS_MUST_USE enum ps_err ps_stream_begin(struct ps_reply *reply);

/* The same for HTTP integrations: status, headers and cookies go first, and the content type is one of the headers.
 * Nothing has been sent, and an ordinary answer is still possible, after TOO_LARGE (over PS_STREAM_HTTP_BYTES_MAX or
 * PS_STREAM_HEADERS_MAX), NO_MEMORY (it is built on the invocation's arena) and BAD_INPUT: a status out of range, a
 * name that is no HTTP token, Set-Cookie, a value that is no UTF-8 or holds control characters. */
PS_API PS_MUST_USE enum ps_err ps_stream_begin_http(struct ps_reply *reply, const struct ps_stream_http *http);

/* Sends bytes as one chunk; none for no bytes. Failures as in begin; TOO_LARGE, with nothing sent, over
 * PS_STREAM_BYTES_MAX in all. */
PS_API PS_MUST_USE enum ps_err ps_stream_write(struct ps_reply *reply, struct ps_span bytes);

#endif
