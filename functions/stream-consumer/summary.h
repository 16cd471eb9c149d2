/* The closing line of an invocation: one EMF line with every count. */
#ifndef STREAM_CONSUMER_SUMMARY_H
#define STREAM_CONSUMER_SUMMARY_H

#include "aws/dynamodb.h"
#include "event/event.h"
#include "lambda/handler.h"
#include "publish.h"
#include "record/account.h"

struct summary {
    struct ps_account account;
    struct ps_dynamodb_stats table;
    struct publish_counts events;
    uint64_t lag_ms; /* between the arrival of the oldest record and the invocation */
    uint64_t total_us;
};

/* err: how the invocation ended. */
void summary_write(const struct summary *summary, const struct ps_invocation *inv, enum ps_event_source source,
                   enum ps_err err);

#endif
