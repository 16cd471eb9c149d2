/* One HTTP/1.1 connection to the Runtime API on a plain socket: connect, send a request, receive the reply.
 *
 * The socket blocks, so that a call costs one system call for the request and one for its reply; time limits are the
 * socket's own. Waiting for the first byte of an event has no limit: the sandbox is frozen meanwhile and clocks jump.
 * It never looks into a body, and allocates nothing: replies go to the buf of the caller. One thread at a time. */
#ifndef PS_CONNECTION_H
#define PS_CONNECTION_H

#include <netinet/in.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "lambda/wire.h"

enum {
    PS_CONNECTION_HOST_BYTES_MAX = 64,
    PS_CONNECTION_PIECES_MAX = 4, /* a head, and a chunk's size, bytes and end */
    /* Without a byte moved. A freeze in the middle does not count: the kernel looks once more after the time is up. */
    PS_CONNECTION_IDLE_MS = 5000,
};

struct ps_connection {
    struct sockaddr_in address;
    char host[PS_CONNECTION_HOST_BYTES_MAX]; /* as given, for the Host header */
    int fd;                                  /* -1: not connected */
    int stop_fd;                             /* readable when the process should end; -1: none */
    uint32_t idle_ms;                        /* how long the other side may take no byte and give none */
    bool used;                               /* it has carried a call before the one in hand: it may have died since */
    bool answered;                           /* a byte of the reply to the call in hand has arrived */
};

struct ps_connection_call {
    struct ps_span head, body;
    bool waits_for_ever; /* for the first byte of the reply; only then stop_fd is looked at */
    size_t reply_bytes_max;
};

/* address is "127.0.0.1:9001": an IPv4 address or localhost, and a port. Connects at the first call. */
PS_MUST_USE enum ps_err ps_connection_init(struct ps_connection *connection, struct ps_span address);
void ps_connection_close(struct ps_connection *connection);

/* One try of one call. The reply is in buf, as wire tells. Whatever went wrong, the connection is closed unless it can
 * carry another call. UNAVAILABLE when the other side is gone or silent. */
PS_MUST_USE enum ps_err ps_connection_exchange(struct ps_connection *connection, const struct ps_connection_call *call,
                                               struct ps_buf *buf, struct ps_wire *wire);

/* The parts of an exchange, for requests that are sent bit by bit. begin connects, after a look whether an open
 * connection is still alive: such a request cannot be repeated; idle_ms holds until the connection is closed. send
 * takes at most PS_CONNECTION_PIECES_MAX pieces; *whole is false when the other side answered or closed before it had
 * everything: then its answer, if any, is still to be read. After send and read_reply the caller closes. */
PS_MUST_USE enum ps_err ps_connection_begin(struct ps_connection *connection, uint32_t idle_ms);
PS_MUST_USE enum ps_err ps_connection_send(struct ps_connection *connection, const struct ps_span *pieces, size_t count,
                                           bool *whole);
PS_MUST_USE enum ps_err ps_connection_read_reply(struct ps_connection *connection,
                                                 const struct ps_connection_call *call, struct ps_buf *buf,
                                                 struct ps_wire *wire);

/* Whether stop_fd says that the process should end. Does not wait. */
bool ps_connection_told_to_stop(const struct ps_connection *connection);

/* Whether the other side has already said something, or is gone. Does not wait. */
bool ps_connection_has_reply(const struct ps_connection *connection);

#endif
