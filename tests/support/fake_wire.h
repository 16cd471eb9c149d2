/* HTTP/1.1 as a server meets it on a socket, for the doubles: requests come in head first, then as much of the body as
 * is wanted, framed by Content-Length or in chunks with trailers (RFC 9112 sections 6 and 7.1). Knows nothing of
 * Lambda. Memory comes from malloc and is given back by the fini functions; running out of it ends the program. */
#ifndef FAKE_WIRE_H
#define FAKE_WIRE_H

#include "base/span.h"

/* Text that grows. */
struct fake_text {
    char *data;
    size_t len, cap;
};

void fake_text_add(struct fake_text *text, struct ps_span more);
PS_PRINTF(2, 3) void fake_text_printf(struct fake_text *text, const char *format, ...); /* at most 1023 bytes */
struct ps_span fake_text_span(const struct fake_text *text);
void fake_text_fini(struct fake_text *text);

struct fake_wire {
    int fd;
    size_t begin, end; /* what has been received and not been read */
    char buffer[16 << 10];
};

struct fake_request {
    struct fake_text head_text;
    struct ps_span head, method, path;
    bool chunked;
    uint64_t body_bytes; /* when not chunked */
};

struct fake_body {
    size_t stop_bytes; /* reading stops when so much of it has come; 0: never */
    void (*arrived)(void *context, size_t bytes);
    void *context;
    struct fake_text text, trailers; /* text is without the chunks' frames */
    size_t chunks;
    bool whole, stopped;
};

/* False when the connection ended or what came is no request. */
bool fake_wire_read_head(struct fake_wire *wire, struct fake_request *request);
void fake_wire_read_body(struct fake_wire *wire, const struct fake_request *request, struct fake_body *body);
void fake_request_fini(struct fake_request *request);
void fake_body_fini(struct fake_body *body);

/* Whether the client has closed its side, without waiting. */
bool fake_wire_gone(const struct fake_wire *wire);

/* In sends of piece_bytes; 0: in one. */
bool fake_wire_send(const struct fake_wire *wire, struct ps_span bytes, size_t piece_bytes);

/* Ends the sending side and throws away what still comes, so that a client in the middle of its body can read the
 * answer: closing with bytes unread would reset the connection and might take the answer with it. */
void fake_wire_linger(struct fake_wire *wire);

/* The value of a header among lines; empty when it is missing. */
struct ps_span fake_wire_header(struct ps_span lines, const char *name);

#endif
