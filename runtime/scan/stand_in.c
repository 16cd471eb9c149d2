/* Stands in for scan/patterns.c and scan/scanner.c until they are written. */
#include "scan/scanner.h"

static const struct ps_span NAMES[] = { PS_SPAN_INIT("info"), PS_SPAN_INIT("warn"), PS_SPAN_INIT("error"),
                                        PS_SPAN_INIT("fatal") };

struct ps_span ps_severity_name(enum ps_severity severity)
{
    return NAMES[severity];
}

enum ps_err ps_scan_totals_make(struct ps_arena *arena, const struct ps_patterns *patterns, struct ps_scan_totals *out)
{
    struct ps_scan_totals totals = { .counts = PS_ARENA_ARRAY(arena, struct ps_scan_count, patterns->count + 1) };
    if (totals.counts == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "totals");
    *out = totals;
    return PS_OK;
}
