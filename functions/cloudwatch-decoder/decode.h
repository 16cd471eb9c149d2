/* The road of one payload: carriers -> envelopes -> log events -> one JSON record each (docs/wire/decoded-event.md).
 *
 * Pure: it reads no clock, no environment and no socket. What cannot be decoded is told to the output and never stops
 * the others. One record lies in memory at a time. */
#ifndef CLOUDWATCH_DECODER_DECODE_H
#define CLOUDWATCH_DECODER_DECODE_H

#include "base/arena.h"
#include "event/event.h"
#include "event/from_cwlogs.h"
#include "record/account.h"
#include "record/redact.h"

struct decode_record {
    uint64_t tag; /* its place in the payload: carrier in the upper 32 bits, number in the carrier in the lower */
    const struct ps_from_cwlogs_envelope *envelope;
    const struct ps_from_cwlogs_event *event;
    struct ps_span json; /* on one line, without a line feed */
};

/* Every callback's failure ends the payload. What they are given lives during the call only. */
struct decode_output {
    void *context;
    enum ps_err (*begin_carrier)(void *context, const struct ps_carrier *carrier);
    enum ps_err (*record)(void *context, const struct decode_record *record);
    /* Bytes that no record could be made of, and why; raw is base64 text as it came, or JSON text. */
    enum ps_err (*undecodable)(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64);
};

struct decode_options {
    const struct ps_redact *redact;
    struct ps_span own_log_group; /* left out: a loop otherwise */
    struct ps_span region;        /* the function's, for envelopes that name none */
    size_t inflated_bytes_max;
    struct ps_arena *arena; /* of the invocation */
};

/* Counts in, filtered, control, envelopes and redacted; the other verdicts are the output's. */
PS_MUST_USE enum ps_err decode_run(const struct decode_options *options, struct ps_event *event,
                                   const struct decode_output *output, struct ps_account *account);

/* One carrier alone. What its envelopes took of the arena is the caller's to rewind. */
PS_MUST_USE enum ps_err decode_carrier(const struct decode_options *options, const struct ps_carrier *carrier,
                                       const struct decode_output *output, struct ps_account *account);

static inline size_t decode_tag_carrier(uint64_t tag)
{
    return (size_t)(tag >> 32);
}

#endif
