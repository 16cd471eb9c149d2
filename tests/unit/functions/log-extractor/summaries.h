/* Patterns and a summary of them, for the tests of what is written and told. */
#ifndef SUMMARIES_H
#define SUMMARIES_H

#include "log-extractor/summary.h"
#include "support/check.h"

/* 2026-11-21T10:00:00.123Z */
#define SUMMARIES_T0 INT64_C(1795255200123)

enum { SUMMARIES_OOM, SUMMARIES_TIMEOUT, SUMMARIES_SLOW, SUMMARIES_PATTERNS };

static struct ps_pattern summaries_items[] = {
    [SUMMARIES_OOM] = { .name = PS_SPAN_INIT("oom"), .severity = PS_SEVERITY_FATAL, .samples_max = 3 },
    [SUMMARIES_TIMEOUT] = { .name = PS_SPAN_INIT("timeout"), .severity = PS_SEVERITY_ERROR, .samples_max = 3 },
    [SUMMARIES_SLOW] = { .name = PS_SPAN_INIT("slow"), .severity = PS_SEVERITY_WARN, .samples_max = 3 },
};

static const struct ps_patterns SUMMARIES_SET = { .items = summaries_items, .count = SUMMARIES_PATTERNS };

static const struct ps_s3_object SUMMARIES_OBJECT = { .bucket = PS_SPAN_INIT("logs"),
                                                      .key = PS_SPAN_INIT("app/2026 \"x\".gz"),
                                                      .version_id = PS_SPAN_INIT("v1"),
                                                      .etag = PS_SPAN_INIT("abc"),
                                                      .size = 900 };

/* Two patterns found: oom in line 3, which has no time, and timeout in lines 5 and 9. */
static inline struct summary summaries_sample(struct ps_arena *arena, enum summary_state state)
{
    struct summary summary = {
        .state = state,
        .offset = 2000,
        .hop = 2,
        .object_bytes = 900,
        .modified_ms = SUMMARIES_T0,
        .scan_ms = 12,
    };
    CHECK_OK(ps_scan_totals_make(arena, &SUMMARIES_SET, &summary.totals));
    summary.totals.bytes = 2000;
    summary.totals.lines = 40;
    summary.totals.split_lines = 1;
    summary.totals.counts[SUMMARIES_OOM] = (struct ps_scan_count){
        .lines = 1,
        .first = { 3, 120, INT64_MIN },
        .last = { 3, 120, INT64_MIN },
        .samples = { { .at = { 3, 120, INT64_MIN }, .text = PS_SPAN_INIT("Out of memory\n\tat <main>") } },
        .sample_count = 1,
    };
    summary.totals.counts[SUMMARIES_TIMEOUT] = (struct ps_scan_count){
        .lines = 2,
        .first = { 5, 200, SUMMARIES_T0 },
        .last = { 9, 400, SUMMARIES_T0 + 1000 },
        .samples = { { .at = { 5, 200, SUMMARIES_T0 },
                       .text = PS_SPAN_INIT("timed out after 30"),
                       .fields = { { PS_SPAN_INIT("seconds"), PS_SPAN_INIT("30") } },
                       .field_count = 1 },
                     { .at = { 9, 400, SUMMARIES_T0 + 1000 }, .text = PS_SPAN_INIT("timed out") } },
        .sample_count = 2,
    };
    return summary;
}

#endif
