/* Metrics in CloudWatch's Embedded Metric Format: one bare JSON object on one line, with the numbers that become
 * metrics and the properties that do not. Source: CloudWatch user guide, "Specification: Embedded metric format".
 * At most 100 metrics a line (asserted). */
#ifndef PS_METRIC_H
#define PS_METRIC_H

#include "base/buf.h"
#include "base/err.h"
#include "host/log.h"

enum ps_metric_unit { PS_METRIC_COUNT, PS_METRIC_BYTES, PS_METRIC_MILLISECONDS };

struct ps_metric {
    const char *name; /* a metric of that name under namespace "Penstock", dimension FunctionName */
    enum ps_metric_unit unit;
    uint64_t value;
};

/* Writes the line to log->fd: root "level" equals the log's threshold (Lambda drops JSON lines below the configured
 * level), "message" as given, requestId, _aws block, values, then the properties. Written in text mode too. */
PS_API void ps_metric_write(const struct ps_log *log, const char *message, struct ps_span function_name, int64_t now_ms,
                            const struct ps_metric *metrics, size_t count, const struct ps_log_field *properties);

#endif
