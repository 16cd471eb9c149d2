/* The answer to a Firehose stream that asks for a transformation: each record's data becomes the decoded records, one a
 * line. Lambda takes an answer of 6 MiB at most, so a carrier whose lines do not fit is put back into the stream and
 * comes again: as it came when it fits an answer of its own, else as several smaller envelopes (the same members, some
 * of the events), which decode like any other.
 *
 * This ends: the first carrier is never put back as it came, and a smaller envelope holds fewer events. One event that
 * fits no answer, a carrier that cannot be decoded whole and one that cannot be put back are answered ProcessingFailed:
 * Firehose keeps those, as they came, under its error prefix.
 *
 * It sends nothing itself: what is put back goes through put_back, and the caller says before the answer is written
 * what did not get there. */
#ifndef CLOUDWATCH_DECODER_TRANSFORM_H
#define CLOUDWATCH_DECODER_TRANSFORM_H

#include "base/buf.h"
#include "decode.h"
#include "host/log.h"

struct transform_options {
    const struct decode_options *decode;
    const struct ps_log *log;
    size_t bytes_max;      /* of the answer */
    struct ps_span stream; /* that asks, and takes what is put back; empty: nothing can be */
    void *context;
    /* A record for the stream, out of that carrier; it lives during the call only. */
    enum ps_err (*put_back)(void *context, uint64_t carrier, struct ps_span record);
};

struct transform_answer; /* what becomes of one carrier */

struct transform {
    struct transform_options options;
    struct ps_event *event;
    struct ps_account *account;
    struct transform_answer *answers;
    struct ps_buf lines; /* of the carrier in hand; has failed when they are more than any answer holds */
    struct ps_buf data;  /* of all that are answered */
    size_t room;         /* of the answer, for data */
    size_t left;         /* of room */
};

/* The name of the stream that asks; empty when the event does not tell it. */
struct ps_span transform_stream(const struct ps_event *event);

/* Decodes the event and puts back what must be. */
PS_MUST_USE enum ps_err transform_run(struct transform *transform, const struct transform_options *options,
                                      struct ps_event *event, struct ps_account *account);

/* The stream did not take a record of that carrier: it stays with Firehose, whole. */
void transform_not_put_back(struct transform *transform, uint64_t carrier);

/* Writes the answer onto body. Answered records count as stored, the others as returned. */
PS_MUST_USE enum ps_err transform_finish(struct transform *transform, struct ps_buf *body);

#endif
