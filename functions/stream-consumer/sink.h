/* What the settings say about where things go, opened: the table, the bus and the dead-letter store. */
#ifndef STREAM_CONSUMER_SINK_H
#define STREAM_CONSUMER_SINK_H

#include "aws/dead_letter.h"
#include "aws/dynamodb.h"
#include "aws/eventbridge.h"
#include "settings.h"

struct sink {
    struct ps_call_client *client;
    struct ps_dynamodb *table;
    struct ps_eventbridge *bus;
    struct ps_dead_letter_store *dead_letters; /* NULL: none */
};

/* Everything slow happens here: credentials, TLS, a first signature, a first connection. */
PS_MUST_USE enum ps_err sink_open(struct ps_arena *process, const struct settings *settings, struct ps_span region,
                                  struct sink *sink);
void sink_close(struct sink *sink);

/* Around a snapshot of the process: none of its connections is in it; credentials and random numbers are fresh after
 * it. */
PS_MUST_USE enum ps_err sink_before_snapshot(struct sink *sink);
PS_MUST_USE enum ps_err sink_after_restore(struct sink *sink);

#endif
