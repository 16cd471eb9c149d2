/* The answer to a Firehose stream that asks for a transformation: each record's data becomes the decoded records, one a
 * line. Lambda takes an answer of 6 MiB at most, so a carrier whose lines do not fit is put back into the stream and
 * comes again: as it came when it fits an answer of its own, else as several smaller envelopes (the same members, some
 * of the events), which decode like any other.
 *
 * This ends: the first carrier is never put back as it came, and a smaller envelope holds fewer events. One event that
 * fits no answer, a carrier that cannot be decoded whole and one that cannot be put back are answered ProcessingFailed:
 * Firehose keeps those, as they came, under its error prefix. */
#ifndef CLOUDWATCH_DECODER_TRANSFORM_H
#define CLOUDWATCH_DECODER_TRANSFORM_H

#include "aws/batch.h"
#include "base/buf.h"
#include "decode.h"

struct transform_options {
    const struct decode_options *decode;
    struct ps_batch *batch; /* of Firehose */
    const struct ps_log *log;
    const struct ps_deadline *deadline;
    size_t bytes_max; /* of the answer */
};

/* Writes the answer for event onto body. Answered records count as stored, the others as returned. */
PS_MUST_USE enum ps_err transform(const struct transform_options *options, struct ps_event *event, struct ps_buf *body,
                                  struct ps_account *account, struct ps_batch_stats *stats);

#endif
