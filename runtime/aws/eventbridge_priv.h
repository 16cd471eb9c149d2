/* What the eventbridge*.c files share.
 *
 *   eventbridge.c          the public face: opens, takes entries, drives the ring
 *   eventbridge_send.c     one slot: build a request, read its answer, decide what becomes of each entry
 *   eventbridge_reply.c    reads answers: outside bytes
 *   eventbridge_verdict.c  what a status and a code mean: tables
 *   eventbridge_trouble.c  log lines: one for each kind of trouble, one for an operator's fault
 *
 * A slot's life: FREE -> FILLING -> READY -> FLYING -> (READY again with what is left, after a wait or at once) ->
 * FREE. Its body is a whole request at any time it flies: the head, then the entries, each followed by two bytes that
 * are ",\n" between two of them and "]}" after the last one sent. */
#ifndef PS_EVENTBRIDGE_PRIV_H
#define PS_EVENTBRIDGE_PRIV_H

#include "aws/eventbridge.h"
#include "aws/http.h"
#include "aws/retry.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum { PS_EVENTBRIDGE_ENTRIES_MAX = 10 }; /* of a request: EventBridge API reference, PutEvents */

/* -- answers (eventbridge_reply.c) --------------------------------------------------------------------------------- */

/* Reads the answer to a request of count entries: the error code of each, empty for one that was published. BAD_INPUT
 * for an answer that has another number of entries, an entry with neither id nor code, or another FailedEntryCount than
 * it has codes: it proves nothing. Codes are slices of body, escapes untouched. */
PS_MUST_USE enum ps_err ps_eventbridge_reply_read(struct ps_span body, struct ps_span *codes, size_t count);

/* -- meanings (eventbridge_verdict.c) ------------------------------------------------------------------------------ */

/* X(name, what is wrong and how to mend it). These are for people: the ERROR line shows them as they are. */
#define PS_EVENTBRIDGE_FAULT_MAP(X) \
    X(BUS_MISSING, "no such event bus: check EVENT_BUS, and the account and region it is in") \
    X(PERMISSION, "not allowed to publish: the function's role and the bus's policy must allow events:PutEvents") \
    X(CREDENTIALS, "credentials refused: check the function's role, and the clock") \
    X(NOT_EVENTBRIDGE, "no EventBridge there: AWS_ENDPOINT_URL_EVENTBRIDGE does not lead to its API") \
    X(CONNECTION, "connection settings: the TLS or address settings cannot work with this endpoint") \
    X(UNEXPECTED, "unexpected refusal: EventBridge, or something before it, takes no request of ours")

enum ps_eventbridge_fault {
    PS_EVENTBRIDGE_FAULT_NONE,
#define X(name, text) PS_EVENTBRIDGE_FAULT_##name,
    PS_EVENTBRIDGE_FAULT_MAP(X)
#undef X
};

const char *ps_eventbridge_verdict_text(enum ps_eventbridge_fault fault); /* NULL for NONE */

enum ps_eventbridge_entry_verdict {
    PS_EVENTBRIDGE_ENTRY_PUBLISHED,
    PS_EVENTBRIDGE_ENTRY_REJECTED,
    PS_EVENTBRIDGE_ENTRY_RETRY,
    PS_EVENTBRIDGE_ENTRY_THROTTLED, /* retry */
    PS_EVENTBRIDGE_ENTRY_FAULT,
};

/* *fault is set for ENTRY_FAULT only. */
enum ps_eventbridge_entry_verdict ps_eventbridge_verdict_entry(struct ps_span code, enum ps_eventbridge_fault *fault);

enum ps_eventbridge_request_verdict {
    PS_EVENTBRIDGE_REQUEST_ANSWERED,  /* each entry has its own verdict */
    PS_EVENTBRIDGE_REQUEST_RETRY,     /* all of it, later */
    PS_EVENTBRIDGE_REQUEST_THROTTLED, /* the same */
    PS_EVENTBRIDGE_REQUEST_REFUSED,   /* split; one entry alone is the one at fault */
    PS_EVENTBRIDGE_REQUEST_DENIED,    /* refresh credentials once; then the fault */
    PS_EVENTBRIDGE_REQUEST_FAULT,
};

/* By the code where it is known, else by the status. *fault is set for REQUEST_DENIED and REQUEST_FAULT. */
enum ps_eventbridge_request_verdict ps_eventbridge_verdict_request(uint32_t status, struct ps_span code,
                                                                   enum ps_eventbridge_fault *fault);

/* -- the sink ------------------------------------------------------------------------------------------------------ */

#define PS_EVENTBRIDGE_HEAD PS_SPAN("{\"Entries\":[") /* what each body begins with */

enum { PS_EVENTBRIDGE_TROUBLES_MAX = 8 }; /* kinds told per invocation; the rest is one line */

struct ps_eventbridge_entry {
    uint64_t tag;
    uint32_t offset; /* in the slot's body */
    uint32_t len;    /* with the two bytes that follow it */
    uint32_t tries;  /* that ended in "later" */
};

enum ps_eventbridge_slot_state {
    PS_EVENTBRIDGE_SLOT_FREE,
    PS_EVENTBRIDGE_SLOT_FILLING,
    PS_EVENTBRIDGE_SLOT_READY,
    PS_EVENTBRIDGE_SLOT_FLYING,
};

struct ps_eventbridge_slot {
    enum ps_eventbridge_slot_state state;
    struct ps_buf body; /* fixed memory */
    size_t entry_bytes; /* FILLING: as EventBridge counts them */
    struct ps_eventbridge_entry entries[PS_EVENTBRIDGE_ENTRIES_MAX];
    uint32_t count;
    uint32_t sent;           /* FLYING: the first entries, which are in the request */
    uint32_t entries_max;    /* of the next request: halved by a refusal, doubled by success */
    uint32_t rounds;         /* waits in a row */
    uint32_t taken;          /* from the quota, by the last retry */
    uint32_t credentials;    /* sink->credentials when the request was signed */
    uint64_t not_before_us;  /* READY: when to try again */
    struct ps_arena scratch; /* signature, headers and answer of the request in flight */
    struct ps_http_exchange exchange;
};

/* One kind of trouble, told once at the end with its count. */
struct ps_eventbridge_trouble {
    const char *what; /* "retried", "rejected", "undelivered" */
    uint32_t status;
    uint64_t entries; /* or tries, for "retried" */
    size_t type_len;
    char type[64];
};

struct ps_eventbridge {
    struct ps_call_client *client;
    struct ps_http *http;
    struct ps_eventbridge_options options;
    struct ps_span url;
    struct ps_buf detail;        /* of the entry being built; fixed memory */
    struct ps_retry_quota quota; /* for the life of the process */
    struct ps_eventbridge_slot *slots;
    struct ps_eventbridge_slot *filling; /* NULL, or the slot that takes entries */

    /* Of one invocation. */
    const struct ps_log *log;
    struct ps_deadline deadline;
    ps_eventbridge_on_result *on_result;
    void *context;
    enum ps_err failed; /* what on_result said; the sink is dead until the next begin */
    uint64_t commits, results;
    struct ps_eventbridge_stats stats;
    struct ps_eventbridge_trouble troubles[PS_EVENTBRIDGE_TROUBLES_MAX];
    size_t trouble_count;
    uint64_t troubles_untold;
    bool open;            /* the breaker: nothing is sent any more in this invocation */
    uint32_t failures;    /* requests in a row that came to nothing */
    bool refreshed;       /* credentials, in this invocation */
    uint32_t credentials; /* counts changes */
    enum ps_eventbridge_fault fault;
};

/* -- what a person is told (eventbridge_trouble.c) ----------------------------------------------------------------- */

/* Counts one entry under its kind of trouble. */
void ps_eventbridge_trouble_note(struct ps_eventbridge *sink, const char *what,
                                 const struct ps_eventbridge_result *result);

/* The first fault of an invocation: one ERROR line, and the reason that ps_eventbridge_operator_fault gives. It opens
 * the breaker. detail is a text of ours, or empty. */
void ps_eventbridge_trouble_fault(struct ps_eventbridge *sink, enum ps_eventbridge_fault fault, uint32_t status,
                                  struct ps_span type, struct ps_span detail);

/* One WARN line for each kind of trouble. */
void ps_eventbridge_trouble_tell(struct ps_eventbridge *sink);

/* -- one slot (eventbridge_send.c) --------------------------------------------------------------------------------- */

/* Counts and hands out one result. Fails when on_result fails. */
PS_MUST_USE enum ps_err ps_eventbridge_send_give(struct ps_eventbridge *sink,
                                                 const struct ps_eventbridge_result *result);

/* Builds, signs and starts the request of a READY slot. A failure to start is an answer like any other. */
void ps_eventbridge_send_start(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot);

/* Reads the answer of a FLYING slot whose exchange is done; gives results; leaves the slot READY or FREE. Fails when
 * on_result fails. */
PS_MUST_USE enum ps_err ps_eventbridge_send_settle(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot);

/* Gives every entry of the slot the end UNDELIVERED with this word, and frees it. A flight is broken off. */
PS_MUST_USE enum ps_err ps_eventbridge_send_give_up(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot,
                                                    uint32_t status, struct ps_span type);

/* Breaks off a flight and frees the slot without results: on_result has failed, or the invocation was left. */
void ps_eventbridge_send_drop(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot);

#endif
