/* The road of one payload: carriers -> envelopes -> events -> records -> documents.
 *
 * Pure but for its output: it reads no clock but the durations it reports, no environment, no socket, so that the
 * command-line tool and the tests run the very same road as Lambda. Stages of one event, in order: decode, clean,
 * unwrap (container shapes), join (stack traces, pieces), parse, enrich, filter, redact, encode. Events of one envelope
 * are looked at one ahead: a record is finished when the next event does not continue it. The record in hand and the
 * event after it lie on two scratch arenas that take turns, so memory does not grow with the number of events. */
#ifndef LOG_PROCESSOR_PIPELINE_H
#define LOG_PROCESSOR_PIPELINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "event/event.h"
#include "record/account.h"
#include "settings.h"

struct pipeline; /* opaque: what was made of the settings at init, and the scratch arenas; one payload at a time */

struct pipeline_options {
    const struct settings *settings;
    struct ps_span function_log_group; /* refused: a loop otherwise */
    struct ps_span function_region;
};

/* Compiles patterns and checks names; everything lies on process. BAD_CONFIG names the setting. */
PS_MUST_USE enum ps_err pipeline_open(struct ps_arena *process, const struct pipeline_options *options,
                                      struct pipeline **out);

/* Where documents and dead letters go. Every callback's failure ends the payload. tag tells the place of a record in
 * the payload: carrier in the upper 32 bits, event in the lower. */
struct pipeline_output {
    void *context;
    /* The buf to write the next item (action line, document line) onto. */
    enum ps_err (*item_begin)(void *context, struct ps_buf **buf);
    enum ps_err (*item_commit)(void *context, uint64_t tag);
    /* The item did not fit; what was written since item_begin is taken back. */
    void (*item_rollback)(void *context);
    /* A whole item that cannot be sent, with one word why. */
    enum ps_err (*item_refused)(void *context, uint64_t tag, const char *reason, struct ps_span item);
    /* Bytes that no record could be made of. */
    enum ps_err (*undecodable)(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64);
    /* A carrier with nothing but control messages: it has no records. May be NULL. */
    void (*control_only)(void *context, size_t carrier);
    /* Told once, before the first record: what a dead-letter object's name is made of.
     * May be NULL. */
    void (*first_record)(void *context, struct ps_span coordinates, int64_t time_ms);
};

struct pipeline_times {
    uint64_t inflate_us;
    uint64_t process_us; /* all of the payload's time, the output's callbacks included */
};

/* Runs one opened payload. account gets in, control, filtered, joined and dead (undecodable); what becomes of committed
 * items is the output's to enter. */
PS_MUST_USE enum ps_err pipeline_run(struct pipeline *pipeline, struct ps_arena *arena, struct ps_event *event,
                                     const struct pipeline_output *output, struct ps_account *account,
                                     struct pipeline_times *times);

/* Runs one carrier's data (base64) alone, as replay does with raw dead letters. */
PS_MUST_USE enum ps_err pipeline_run_data(struct pipeline *pipeline, struct ps_arena *arena, struct ps_span data,
                                          const struct pipeline_output *output, struct ps_account *account);

static inline uint64_t pipeline_tag(size_t carrier, size_t event)
{
    return (uint64_t)carrier << 32 | (uint32_t)event;
}

static inline size_t pipeline_tag_carrier(uint64_t tag)
{
    return (size_t)(tag >> 32);
}

#endif
