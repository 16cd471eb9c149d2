/* Lambda's Runtime API on loopback, served by a thread of the test program: events are pushed, answers come back, and
 * each event says how the server is to misbehave. One connection at a time, as one runtime process has. Failures
 * of the server itself (no socket, no memory) end the program. Bodies and texts that are pushed must stay. */
#ifndef FAKE_LAMBDA_H
#define FAKE_LAMBDA_H

#include <stdint.h>

#include "base/span.h"

enum fake_framing { FAKE_SIZED, FAKE_CHUNKED, FAKE_UNFRAMED };

enum {
    FAKE_TURNS_MAX = 8,
    FAKE_HANG_UP = -1,       /* a turn: close the connection instead of answering */
    FAKE_HANG_UP_EARLY = -2, /* close it without even reading the request's body */
};

struct fake_event {
    struct ps_span body;
    const char *request_id; /* NULL: "request-<n>", from 1 */
    const char *headers;    /* more header lines, each with its CRLF; NULL: deadline, ARN, trace id, invocation id */
    uint32_t timeout_ms;    /* for the deadline of the default headers; 0: one minute */
    enum fake_framing framing;
    size_t chunk_bytes;   /* CHUNKED: of each chunk; 0: 4096 */
    const char *trailers; /* CHUNKED: lines with their CRLF */
    size_t piece_bytes;   /* the reply goes out in sends of this size; 0: in one */
    size_t cut_bytes;     /* close after this much of the reply; 0: never */
    const char *raw;      /* the whole reply to /next as it is, instead of all the above */
    bool close_after;     /* close the connection after the event has been sent, without saying so */
    bool close_after_answer;
    bool answer_early; /* the POST is answered before its body is read */
    /* What the first GETs and POSTs of this event meet: a status, or HANG_UP. 0 ends the list: then the event, or
     * 202. */
    int next_turns[FAKE_TURNS_MAX];
    int answer_turns[FAKE_TURNS_MAX];
};

enum fake_kind { FAKE_RESPONSE, FAKE_ERROR, FAKE_INIT_ERROR, FAKE_UNKNOWN };

/* A POST as it came, retries included. */
struct fake_post {
    enum fake_kind kind;
    int turn; /* what it met: a status or HANG_UP */
    struct ps_span head, path, request_id, content_type, error_type, invocation_id, user_agent, body;
    char *head_memory, *body_memory; /* the server's, freed by fake_lambda_stop */
};

struct fake_lambda;

struct fake_lambda *fake_lambda_start(void);
void fake_lambda_stop(struct fake_lambda *fake); /* frees the posts too */

/* "127.0.0.1:40001" */
const char *fake_lambda_address(const struct fake_lambda *fake);

void fake_lambda_push(struct fake_lambda *fake, const struct fake_event *event);

/* Only counts posts from now on, for long runs. */
void fake_lambda_keep_no_posts(struct fake_lambda *fake);

/* The n-th post (from 0), waited for at most wait_ms; NULL when it does not come. */
const struct fake_post *fake_lambda_post(struct fake_lambda *fake, size_t n, int wait_ms);

size_t fake_lambda_posts(struct fake_lambda *fake);
size_t fake_lambda_nexts(struct fake_lambda *fake);           /* GETs of /next so far */
size_t fake_lambda_connections(struct fake_lambda *fake);     /* accepted so far */
uint64_t fake_lambda_first_next_us(struct fake_lambda *fake); /* monotonic; 0: none yet */
uint64_t fake_lambda_sent_us(struct fake_lambda *fake);       /* when the newest event went out */
uint64_t fake_lambda_answered_us(struct fake_lambda *fake);   /* when the newest post had been read */

#endif
