/* From the pipeline to OpenSearch, and one verdict for every record: what lands is stored or a duplicate, what is
 * refused is a dead letter, what is undelivered goes back to the source where it can take it and is a dead letter
 * ("undelivered", to be replayed) where it cannot. */
#ifndef LOG_PROCESSOR_DELIVER_H
#define LOG_PROCESSOR_DELIVER_H

#include "aws/letters.h"
#include "aws/opensearch.h"
#include "event/reply.h"
#include "pipeline.h"

struct deliver {
    struct ps_opensearch *sink;
    struct ps_arena *arena;
    const struct ps_deadline *deadline;
    struct ps_account *account;
    struct ps_letters letters;
    struct ps_reply_book book; /* marks of carriers that go back */
    bool takes_back;
    uint64_t spilled; /* undelivered records among the letters that are not put yet */
    struct ps_opensearch_stats stats;
};

struct deliver_options {
    struct ps_opensearch *sink;
    struct ps_dead_letter_store *store;
    const struct ps_log *log;
    const struct ps_deadline *deadline;
    const struct ps_event *event;
    bool takes_back; /* whether what is undelivered may be handed back */
};

/* For one invocation; account is the one that the pipeline fills. */
PS_MUST_USE enum ps_err deliver_begin(struct deliver *deliver, struct ps_arena *arena,
                                      const struct deliver_options *options, struct ps_account *account);

struct pipeline_output deliver_output(struct deliver *deliver);

/* Sends the rest, waits for every answer, puts the dead letters. After it every item has its verdict; a failure means
 * that some have no home and the invocation must fail. */
PS_MUST_USE enum ps_err deliver_finish(struct deliver *deliver);

/* The invocation fails and Lambda keeps the payload: what has no confirmed verdict counts as returned. */
void deliver_give_up(struct deliver *deliver);

#endif
