/* The closing line of an invocation: one EMF line with every count and the milliseconds of each stage. */
#ifndef LOG_PROCESSOR_SUMMARY_H
#define LOG_PROCESSOR_SUMMARY_H

#include "aws/opensearch.h"
#include "lambda/handler.h"
#include "pipeline.h"
#include "record/account.h"

struct summary {
    struct ps_account account;
    struct pipeline_times times;
    struct ps_opensearch_stats sink;
    size_t answers_overflowed; /* Firehose records whose data did not fit the answer: ProcessingFailed */
    uint64_t total_us;
};

/* err: how the invocation ended. */
void summary_write(const struct summary *summary, const struct ps_invocation *inv, enum ps_event_source source,
                   enum ps_err err);

#endif
