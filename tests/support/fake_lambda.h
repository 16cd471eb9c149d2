/* Lambda's Runtime API and the part of its Extensions API that a runtime uses, on loopback, served by threads of the
 * test program: events are pushed, answers come back, and each event says how the server is to misbehave. Any number of
 * connections; a waiting GET of /next takes the next event, and whoever knows its request id may answer it. Failures of
 * the server itself (no socket, no memory) end the program. Bodies and texts that are pushed must stay.
 *
 * Its rules, where no turn says otherwise: a POST with an id that is not in hand is refused with 400, a second one with
 * the same id with 403; a response over 6,291,556 bytes with 413, which ends the invocation; a response mode other than
 * "streaming" with 400, which ends it too; /init/error and a registration after the first /next with 403. Facts: AWS
 * Lambda developer guide, "Using the Lambda runtime API", "Building a custom runtime", "Lambda Extensions API"; status
 * codes as the Runtime Interface Emulator gives them. */
#ifndef FAKE_LAMBDA_H
#define FAKE_LAMBDA_H

#include <stdint.h>

#include "base/span.h"

enum fake_framing { FAKE_SIZED, FAKE_CHUNKED, FAKE_UNFRAMED };

enum {
    FAKE_TURNS_MAX = 8,
    FAKE_HANG_UP = -1,                 /* a turn: close the connection instead of answering */
    FAKE_HANG_UP_EARLY = -2,           /* close it without even reading the request's body */
    FAKE_RESPONSE_BYTES_MAX = 6291556, /* of a response that is not streamed */
};

#define FAKE_NO_EVENT SIZE_MAX

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
    /* The POST meets its turn when this much of its body has come: a status is answered while the client still sends,
     * and nothing after it; HANG_UP cuts it there. 0: when all has come. */
    size_t answer_after_bytes;
    /* What the first GETs and POSTs of this event meet: a status, or HANG_UP. 0 ends the list: then the event, or
     * what the rules say. Answered with 202, 410 or 413 the invocation is over, with any other turn it is not. */
    int next_turns[FAKE_TURNS_MAX];
    int answer_turns[FAKE_TURNS_MAX];
};

enum fake_kind {
    FAKE_RESPONSE,
    FAKE_ERROR,
    FAKE_INIT_ERROR,
    FAKE_RESTORE_ERROR,
    FAKE_REGISTER,
    FAKE_NEXT, /* this and the next two are GETs, which are only counted */
    FAKE_RESTORE_NEXT,
    FAKE_EXTENSION_NEXT,
    FAKE_UNKNOWN,
    FAKE_KINDS,
};

/* A POST as it came, retries included. Spans of what did not come are empty. */
struct fake_post {
    enum fake_kind kind;
    int turn; /* what it met: a status or HANG_UP */
    struct ps_span head, path, request_id, content_type, error_type, invocation_id, user_agent, body;
    struct ps_span response_mode;
    bool chunked; /* body is without the chunks' frames */
    bool whole;   /* false: its connection ended, or it was answered, before its body had ended */
    size_t chunks;
    struct ps_span trailers;                             /* lines with their CRLF */
    struct ps_span stream_error_type, stream_error_body; /* of the trailers, as given: the body is base64 */
    size_t event;                                     /* the pushed event that it answers, from 0, or FAKE_NO_EVENT */
    size_t connection;                                /* from 0 */
    uint64_t sent_us, answered_us;                    /* monotonic: event sent, this read */
    char *head_memory, *body_memory, *trailer_memory; /* the server's, freed by fake_lambda_stop */
};

/* Any header of it, name in any case; empty when it is missing. */
struct ps_span fake_post_header(const struct fake_post *post, const char *name);

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

/* Frees the n-th post, which must have come and is not asked for again; for long runs. */
void fake_lambda_forget(struct fake_lambda *fake, size_t n);

/* The newest registration of an extension, waited for at most wait_ms; it is not among the posts. */
const struct fake_post *fake_lambda_registration(struct fake_lambda *fake, int wait_ms);

/* The next call of this kind meets this turn; several calls of this function, one after the other. Not for NEXT,
 * RESPONSE and ERROR, whose turns are their event's. */
void fake_lambda_turn(struct fake_lambda *fake, enum fake_kind kind, int turn);

/* A new process begins: until its first /next, init errors and registrations are taken again. */
void fake_lambda_begin_init(struct fake_lambda *fake);

/* Lets GETs of /restore/next go, waiting ones and those to come. */
void fake_lambda_restore(struct fake_lambda *fake);

/* Waits until count calls of this kind have begun, at most wait_ms; false when they do not come. */
bool fake_lambda_await(struct fake_lambda *fake, enum fake_kind kind, size_t count, int wait_ms);

/* Waits until a POST for this request id has brought at least so many bytes of its body and has not ended yet; false
 * when it ended before or wait_ms have passed. */
bool fake_lambda_await_body(struct fake_lambda *fake, const char *request_id, size_t bytes, int wait_ms);

size_t fake_lambda_count(struct fake_lambda *fake, enum fake_kind kind); /* calls so far */
size_t fake_lambda_taken(struct fake_lambda *fake);                      /* events sent so far */
size_t fake_lambda_posts(struct fake_lambda *fake);
size_t fake_lambda_nexts(struct fake_lambda *fake);           /* GETs of /next so far */
size_t fake_lambda_connections(struct fake_lambda *fake);     /* accepted so far */
uint64_t fake_lambda_first_next_us(struct fake_lambda *fake); /* monotonic; 0: none yet */
uint64_t fake_lambda_sent_us(struct fake_lambda *fake);       /* when the newest event went out */
uint64_t fake_lambda_answered_us(struct fake_lambda *fake);   /* when the newest post had been read */

#endif
