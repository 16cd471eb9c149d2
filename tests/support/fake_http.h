/* A scripted HTTP/1.1 server on loopback, for what real servers won't do: refuse, stall, break off, answer wrongly.
 *
 * A script is a list of steps; each request that arrives takes the next one, whatever connection it came on. A step
 * says what the request should look like (a difference is a failure that fake_http_finish counts and prints) and what
 * happens then. Every request is kept and can be looked at. Requests beyond the script are answered 500 and counted as
 * failures. Each connection has its own thread, so that several exchanges can be in flight. Nothing here sleeps: a held
 * answer waits for fake_http_release. */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum { FAKE_HTTP_REQUESTS_MAX = 256, FAKE_HTTP_CONNECTIONS_MAX = 32 };

enum fake_http_end {
    FAKE_HTTP_KEEP,  /* answer and keep the connection */
    FAKE_HTTP_CLOSE, /* answer, then close */
    FAKE_HTTP_DROP,  /* close without an answer */
    FAKE_HTTP_CUT,   /* send the head and half of the body, then close */
    FAKE_HTTP_HOLD,  /* wait for fake_http_release, then answer and keep */
};

struct fake_http_request {
    struct ps_span method;
    struct ps_span target;  /* path and query */
    struct ps_span headers; /* the lines as they came, each with CR LF */
    struct ps_span body;
    size_t connection; /* 0 for the first one accepted */
};

struct fake_http_reply {
    int status;          /* 0: 200 */
    const char *headers; /* "Retry-After: 1\r\n", may be NULL; Content-Length is added */
    struct ps_span body;
    bool chunked; /* the body goes in chunks, its length unannounced */
    enum fake_http_end end;
};

struct fake_http_step {
    const char *method; /* NULL: any */
    const char *target; /* NULL: any */
    const char *header; /* a line that must be there, "X-A: b", name in any case; NULL: none */
    struct fake_http_reply reply;
    /* Not NULL: makes the reply from the request, reply being a copy of the above. Runs on a thread of the server, one
     * at a time. What it lets reply point to must stay until fake_http_finish. */
    void (*answer)(void *context, const struct fake_http_request *request, struct fake_http_reply *reply);
    void *context;
};

struct fake_http; /* opaque */

/* Listens on a free port of 127.0.0.1; a failure ends the program. steps must stay put; step 'count - 1' is repeated
 * for ever when repeat_last is set. */
struct fake_http *fake_http_open(const struct fake_http_step *steps, size_t count, bool repeat_last);

/* The same over TLS with a fresh certificate for 127.0.0.1 (not for localhost); its PEM is written to ca_file. */
struct fake_http *fake_http_open_tls(const struct fake_http_step *steps, size_t count, bool repeat_last,
                                     const char *ca_file);

/* "http://127.0.0.1:41234" */
struct ps_span fake_http_url(const struct fake_http *server);

/* How many requests have come so far; the one numbered i (from 0). The spans stay until fake_http_finish. */
size_t fake_http_count(struct fake_http *server);
struct fake_http_request fake_http_request(struct fake_http *server, size_t i);

/* The value of a header, name in any case; empty when it is missing. */
struct ps_span fake_http_header(const struct fake_http_request *request, const char *name);

/* Blocks until count requests have come in, or 10 seconds have passed (false). */
bool fake_http_await(struct fake_http *server, size_t count);

/* Lets all held answers go, those to come too. */
void fake_http_release(struct fake_http *server);

/* Stops the server and frees it. Returns the number of failures, each printed: requests that differ from their step,
 * too many requests, steps never taken (unless repeat_last). */
unsigned fake_http_finish(struct fake_http *server);

#endif
