/* EventBridge as a sink: entries go out by PutEvents and each comes back with one verdict.
 *
 * The caller writes an entry's Detail (a JSON object) onto ps_eventbridge_buf and commits it; a request takes up to ten
 * entries and entry_bytes_max bytes of them, and is sent while the next one fills. Entries are retried one by one, a
 * refused request is halved down to the entry at fault, operator faults stop the sink, and whatever is unanswered near
 * the deadline is reported as undelivered. An entry may arrive more than once: its Detail should hold an id by which
 * receivers know it again. It never looks into a Detail, and logs nothing of it.
 *
 * Source of the wire format: EventBridge API reference, "PutEvents", and user guide, "Calculating event entry size";
 * verdicts: docs/wire/eventbridge.md. */
#ifndef PS_EVENTBRIDGE_H
#define PS_EVENTBRIDGE_H

#include "aws/call.h"
#include "base/buf.h"
#include "host/deadline.h"

struct ps_eventbridge; /* opaque */

enum {
    PS_EVENTBRIDGE_ENTRY_BYTES = (256 << 10) - 1,   /* "less than 256 KB": what each region takes */
    PS_EVENTBRIDGE_ENTRY_BYTES_MAX = (1 << 20) - 1, /* since January 2026, where it has arrived */
    PS_EVENTBRIDGE_SLOTS_MAX = 8,                   /* half of what ps_http has in flight at once */
};

struct ps_eventbridge_options {
    struct ps_span bus;     /* name or ARN */
    size_t entry_bytes_max; /* of an entry, and of all entries of a request together: 14 for the time, and the UTF-8
                             * bytes of source, detail type and Detail, each before it is escaped */
    uint32_t slots;         /* requests in flight, 1..PS_EVENTBRIDGE_SLOTS_MAX */
    uint32_t attempts_max;  /* per entry */
    uint32_t request_timeout_ms;
};

enum ps_eventbridge_outcome {
    PS_EVENTBRIDGE_PUBLISHED,
    PS_EVENTBRIDGE_REJECTED,    /* will never be accepted: malformed, an argument that is not valid, too large */
    PS_EVENTBRIDGE_UNDELIVERED, /* not enough time, or the bus refuses everything */
};

/* One entry's end. type lives during the callback only. */
struct ps_eventbridge_result {
    enum ps_eventbridge_outcome outcome;
    uint32_t status;     /* of the request; 0 without an answer */
    uint64_t tag;        /* the caller's */
    struct ps_span type; /* the error code as AWS named it, or our own word: "too_large", "deadline", "breaker_open"...;
                          * empty for PUBLISHED */
};
typedef enum ps_err ps_eventbridge_on_result(void *context, const struct ps_eventbridge_result *result);

struct ps_eventbridge_stats {
    uint64_t requests, retried_entries, sent_bytes, split;
    uint64_t throttled; /* requests or entries */
    uint64_t wait_us;   /* spent waiting for answers with nothing else to do */
};

/* BAD_CONFIG for what can be no event bus's name or ARN. */
PS_API PS_MUST_USE enum ps_err ps_eventbridge_check_bus(struct ps_span bus);

/* Checks the settings, finds the endpoint, builds the ring: BAD_CONFIG for what cannot work. Makes no connection: most
 * invocations have nothing to publish. bus must live as long as the sink; so must process, which gives each slot six
 * times entry_bytes_max (what escaping may make of it), touched only when used. */
PS_API PS_MUST_USE enum ps_err ps_eventbridge_open(struct ps_arena *process, struct ps_call_client *client,
                                                   const struct ps_eventbridge_options *options,
                                                   struct ps_eventbridge **out);
PS_API void ps_eventbridge_close(struct ps_eventbridge *sink);

/* For the length of one invocation. Answers lie in memory of the sink's own. log lives until finish; on_result must not
 * call the sink. What an invocation that ended without finish has left behind is dropped. */
PS_API void ps_eventbridge_begin(struct ps_eventbridge *sink, const struct ps_log *log,
                                 const struct ps_deadline *deadline, ps_eventbridge_on_result *on_result,
                                 void *context);

/* The buf to write the next Detail on; it is empty and has room for entry_bytes_max. Commit takes it as an entry, an
 * overflowing one too: that is rejected as "too_large". Rollback drops it. commit may wait for a slot and give results.
 * buf and commit fail only when on_result has failed or the transport itself breaks; then the sink drops everything and
 * fails until the next begin. */
PS_API PS_MUST_USE enum ps_err ps_eventbridge_buf(struct ps_eventbridge *sink, struct ps_buf **out);
PS_API PS_MUST_USE enum ps_err ps_eventbridge_commit(struct ps_eventbridge *sink, uint64_t tag, struct ps_span source,
                                                     struct ps_span detail_type, int64_t time_ms);
PS_API void ps_eventbridge_rollback(struct ps_eventbridge *sink);

/* Sends what is left and waits until every entry has its result. After it, results == commits. Then WARN lines tell
 * each kind of trouble once. */
PS_API PS_MUST_USE enum ps_err ps_eventbridge_finish(struct ps_eventbridge *sink, struct ps_eventbridge_stats *stats);

/* NULL, or what an operator must mend ("no such event bus"...). One ERROR line has named it. */
PS_API const char *ps_eventbridge_operator_fault(const struct ps_eventbridge *sink);

#endif
