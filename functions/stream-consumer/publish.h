/* LogError events for the errors among the records that will not come back: those of the durable prefix, the few whose
 * row is a dead letter among them. What the bus says of each becomes its entry's event state. */
#ifndef STREAM_CONSUMER_PUBLISH_H
#define STREAM_CONSUMER_PUBLISH_H

#include "aws/eventbridge.h"
#include "entries.h"
#include "event/reply.h"

struct publish_options {
    struct ps_eventbridge *bus;
    struct ps_span source; /* of the events */
    const struct ps_log *log;
    const struct ps_deadline *deadline;
};

struct publish_counts {
    uint64_t published, rejected, undelivered;
    struct ps_eventbridge_stats stats;
};

/* Publishes what is due and waits for every answer. */
PS_MUST_USE enum ps_err publish(const struct publish_options *options, const struct entries *entries,
                                const struct ps_reply_book *book, struct publish_counts *counts);

#endif
