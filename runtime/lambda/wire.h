/* Reads one HTTP/1.1 response as its bytes arrive, in the buffer they arrive in.
 *
 * The caller receives bytes at the end of one buffer and calls ps_wire_advance after each receive. Nothing is
 * copied or allocated: a chunked body is moved down over its framing, so that the body always lies whole at
 * data + head_bytes. Trailers are read and dropped. The buffer may move between calls. It never looks at a
 * socket or a clock. Surplus bytes after the response are dropped and end the connection (keep_alive). */
#ifndef PS_WIRE_H
#define PS_WIRE_H

#include "base/err.h"
#include "base/span.h"

enum {
    PS_WIRE_HEAD_BYTES_MAX = 64 << 10, /* client context and Cognito identity come as headers */
    PS_WIRE_TRAILER_BYTES_MAX = 64 << 10,
    PS_WIRE_HEADERS_MAX = 128,
};

enum ps_wire_state {
    PS_WIRE_HEAD,
    PS_WIRE_SIZED,
    PS_WIRE_CHUNK_SIZE,
    PS_WIRE_CHUNK_DATA,
    PS_WIRE_CHUNK_END,
    PS_WIRE_TRAILERS,
    PS_WIRE_DONE,
};

struct ps_wire {
    enum ps_wire_state state;
    uint32_t status;   /* 100..999, once head_bytes is set */
    bool framed;       /* the head said how long the body is */
    bool keep_alive;   /* the connection may be used again after this response */
    size_t head_bytes; /* 0 until the head is whole and well formed */
    size_t body_bytes; /* of the body that are there */
    size_t body_bytes_max;
    size_t left;          /* of the sized body, or of the chunk in hand */
    size_t trailer_bytes; /* seen so far */
};

/* A body over body_bytes_max is TOO_LARGE. */
void ps_wire_init(struct ps_wire *wire, size_t body_bytes_max);

/* Takes in data[0..*len), of which all but the newest bytes have been seen before. *len shrinks by the framing
 * that was taken out. BAD_INPUT, UNSUPPORTED or TOO_LARGE; head_bytes tells whether the head can still be used. */
PS_MUST_USE enum ps_err ps_wire_advance(struct ps_wire *wire, char *data, size_t *len);

/* Bytes that the next receive should have room for; 0 when the response is whole. */
size_t ps_wire_wants(const struct ps_wire *wire);

/* Takes the next header off *rest, which is data[0..head_bytes) at first; false when there is no more. */
bool ps_wire_next_header(struct ps_span *rest, struct ps_span *name, struct ps_span *value);

/* The first header of that name (any case), trimmed; empty when there is none. head is data[0..head_bytes). */
struct ps_span ps_wire_header(struct ps_span head, struct ps_span name);

#endif
