/* The closing line of an invocation: what became of each alert, and what went where. */
#ifndef ALERTER_SUMMARY_H
#define ALERTER_SUMMARY_H

#include "closing.h"
#include "handle.h"
#include "lambda/handler.h"

struct summary {
    struct ps_account account; /* of alerts */
    struct handle_counts handled;
    struct closing_counts closings;
    struct deliver_counts delivered;
    enum payload_kind kind;
    uint64_t total_us;
};

void summary_write(const struct summary *summary, const struct ps_invocation *inv, enum ps_err err);

#endif
