/* Records to the output, and one verdict for each: sent is stored, rejected is a dead letter, undelivered goes back to
 * the source where it can take it and is a dead letter ("undelivered") where it cannot. */
#ifndef CLOUDWATCH_DECODER_DELIVER_H
#define CLOUDWATCH_DECODER_DELIVER_H

#include "aws/batch.h"
#include "aws/letters.h"
#include "decode.h"
#include "event/reply.h"

struct deliver_options {
    struct ps_batch *batch;
    struct ps_span target;
    struct ps_dead_letter_store *store;
    struct ps_arena *arena;
    const struct ps_log *log;
    const struct ps_deadline *deadline;
    const struct ps_event *event;
};

struct deliver {
    struct deliver_options options;
    struct ps_account *account;
    struct ps_letters letters;
    struct ps_reply_book book; /* marks of carriers that go back */
    bool first_told;
    struct ps_batch_stats stats;
};

/* For one invocation; account is the one that decode fills. */
PS_MUST_USE enum ps_err deliver_begin(struct deliver *deliver, const struct deliver_options *options,
                                      struct ps_account *account);

struct decode_output deliver_output(struct deliver *deliver);

/* Sends the rest and puts the dead letters. A failure means that some records have no home: the invocation must fail.
 */
PS_MUST_USE enum ps_err deliver_finish(struct deliver *deliver);

#endif
