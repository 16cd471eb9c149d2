/* Takes a payload apart into messages: what one row will be made of. Carriers are undone (base64), KPL aggregates
 * split, CloudWatch envelopes opened; whatever is none of that is one message as it came. Nothing is lost on the way:
 * bytes that cannot be undone are a message too, with a word for why.
 *
 * Reads no clock, no environment, no socket. A message's spans live until messages_next is called again. */
#ifndef STREAM_CONSUMER_MESSAGES_H
#define STREAM_CONSUMER_MESSAGES_H

#include "aws/digest.h"
#include "event/event.h"
#include "event/from_cwlogs.h"
#include "event/kpl.h"
#include "record/coordinates.h"

struct message {
    size_t carrier; /* position in the payload */
    struct ps_span
        group; /* what the source resumes as one: the partition's name for Kafka, empty for Kinesis's shard */
    struct ps_span bytes;
    int64_t arrival_ms;
    const char *fault; /* NULL, or one word for why the bytes are not to be read as a line */
    bool tombstone;    /* a Kafka record without a value: there is nothing to store */
    struct ps_coordinates coordinates;
};

struct messages {
    struct ps_event *event;
    struct ps_arena *arena; /* what is undone lies here; taken back carrier by carrier */
    struct ps_arena_mark mark;
    struct ps_span cluster_alias;
    size_t inflated_bytes_max;
    uint64_t control;   /* control messages, which are no records */
    uint64_t envelopes; /* opened, control ones included */
    /* The carrier in hand, and what of it is open. */
    struct ps_carrier carrier;
    struct ps_kpl kpl;
    struct ps_from_cwlogs_envelope envelope;
    struct ps_span rest; /* envelopes not opened yet */
    struct ps_arena_mark part_mark, line_mark;
    bool in_carrier, in_kpl, in_envelope;
    uint64_t sub_sequence, event_number;
    char partition_text[16];
    char stand_in[1 + PS_DIGEST_SHA256_HEX_BYTES]; /* position of a carrier that has none */
};

/* Opens a payload: BAD_INPUT for what is no event of Kinesis or Kafka. */
PS_MUST_USE enum ps_err messages_open(struct ps_span payload, struct ps_event *event);

/* event has been opened as above. */
void messages_begin(struct messages *messages, struct ps_event *event, struct ps_arena *arena,
                    struct ps_span cluster_alias, size_t inflated_bytes_max);

/* The next message; *more is false after the last one. Fails only when the payload turns out to be broken, or with
 * NO_MEMORY when the arena does not hold one carrier. */
PS_MUST_USE enum ps_err messages_next(struct messages *messages, struct message *message, bool *more);

#endif
