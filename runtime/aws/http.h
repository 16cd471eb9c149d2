/* HTTP through libcurl's multi interface (the door to libcurl): kept-alive connections, several exchanges in
 * flight, one deadline each. No redirects are followed, no Expect: 100-continue is sent, response bodies have a
 * ceiling, TLS certificates are always checked. Each thread has a ps_http of its own; what they share (libcurl,
 * OpenSSL) is started by the first one and never stopped.
 *
 * The environment's proxies are used only where options.proxies says so, and then by libcurl's own rules: HTTPS_PROXY,
 * https_proxy, http_proxy (in lower case only), ALL_PROXY, NO_PROXY; https goes through a tunnel (CONNECT), and this
 * machine is no exception unless NO_PROXY names it. A proxy's URL may hold a password: no reason repeats it. */
#ifndef PS_HTTP_H
#define PS_HTTP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum {
    PS_HTTP_IN_FLIGHT_MAX = 16,
    PS_HTTP_HEADERS_MAX = 24,
    PS_HTTP_ERROR_TYPE_BYTES_MAX = 64, /* a name, which may have a URL behind it that nobody needs */
    PS_HTTP_KEPT_MAX = 4,
};

struct ps_http; /* opaque */

/* Paths of root certificates; what is empty falls back to the system's. A PEM file is parsed whole by the first
 * handshake that needs it; a folder whose files are named by subject hash (openssl-rehash(1)) only where a chain ends.
 */
struct ps_http_options {
    struct ps_span amazon_roots; /* for amazonaws.com, api.aws and on.aws hosts */
    struct ps_span other_roots;  /* for all other hosts */
    struct ps_span system_roots; /* empty: the bundle where Amazon Linux and Debian keep it */
    uint32_t connect_timeout_ms; /* 0: 1000 */
    bool proxies;                /* those of the environment count */
};

struct ps_http_header {
    struct ps_span name;
    struct ps_span value;
};

struct ps_http_request {
    const char *method;
    struct ps_span url; /* absolute; path and query already encoded as they go on the wire */
    struct ps_http_header headers[PS_HTTP_HEADERS_MAX]; /* Host and Content-Length are curl's */
    size_t header_count;
    struct ps_span body;
    uint32_t timeout_ms; /* for the whole exchange */
    bool fresh; /* on a new connection: what a kept one loses, because its other end has gone, libcurl sends again */
    size_t response_bytes_max;
    bool direct;                        /* never through a proxy */
    const char *keep[PS_HTTP_KEPT_MAX]; /* names of headers of the answer that are wanted */
};

struct ps_http_response {
    uint32_t status; /* 0 when no answer came */
    struct ps_span body;
    uint32_t retry_after_ms; /* from x-amz-retry-after, or Retry-After in seconds or as a date; 0 without */
    bool json;               /* Content-Type is JSON */
    char error_type[PS_HTTP_ERROR_TYPE_BYTES_MAX + 1]; /* x-amzn-ErrorType, its first bytes; empty without */
    struct ps_span kept[PS_HTTP_KEPT_MAX]; /* values of request.keep, at the same places, on arena; empty without */
};

/* One request and its answer. The memory of everything in it, the request's body included, must stay put until done,
 * and so must all that was taken from its arena since ps_http_start: rewind only when nothing on it is in flight. */
struct ps_http_exchange {
    struct ps_http_request request;
    struct ps_http_response response; /* body on arena */
    struct ps_arena *arena;           /* set by ps_http_start */
    bool done;
    bool timed_out;   /* err came from request.timeout_ms or the connect timeout */
    bool sent;        /* bytes of the request have left: with err, nobody knows whether it was done */
    enum ps_err err;  /* UNAVAILABLE (no connection, broken, timed out), TOO_LARGE (answer), NO_MEMORY (arena),
                       * BAD_CONFIG (TLS, URL, a proxy that refuses) */
    char reason[160]; /* for err: what went wrong and where, no payload */
    void *slot;       /* private to http.c */
};

/* BAD_CONFIG for roots that are named and cannot be read. */
PS_API PS_MUST_USE enum ps_err ps_http_open(struct ps_arena *process, const struct ps_http_options *options,
                                            struct ps_http **out);
PS_API void ps_http_close(struct ps_http *http);

/* Closes all connections and forgets names and TLS sessions; nothing may be in flight. The next exchange connects
 * anew. After a failure http can only be closed. */
PS_API PS_MUST_USE enum ps_err ps_http_drop_connections(struct ps_http *http);

/* Begins an exchange. TOO_LARGE when PS_HTTP_IN_FLIGHT_MAX are in flight; BAD_CONFIG for a URL, BAD_INPUT for a header
 * that cannot be sent. */
PS_API PS_MUST_USE enum ps_err ps_http_start(struct ps_http *http, struct ps_arena *arena,
                                             struct ps_http_exchange *exchange);

/* Lets all exchanges in flight go on, for at most wait_ms or until one is done. With none in flight it waits wait_ms:
 * the pause before another try, too, is spent here. */
PS_API PS_MUST_USE enum ps_err ps_http_poll(struct ps_http *http, uint32_t wait_ms);

/* Waits wait_ms whole, before another try; exchanges in flight go on meanwhile. */
PS_API PS_MUST_USE enum ps_err ps_http_pause(struct ps_http *http, uint32_t wait_ms);

/* Breaks off an exchange that is not done (its connection is closed). */
PS_API void ps_http_cancel(struct ps_http *http, struct ps_http_exchange *exchange);

/* Polls until the exchange is done. Returns exchange->err with a note. */
PS_API PS_MUST_USE enum ps_err ps_http_wait(struct ps_http *http, struct ps_http_exchange *exchange);

/* start + wait. */
PS_API PS_MUST_USE enum ps_err ps_http_run(struct ps_http *http, struct ps_arena *arena,
                                           struct ps_http_exchange *exchange);

#endif
