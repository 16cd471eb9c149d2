#include "host/metric.h"

#include "base/assert.h"
#include "base/json_write.h"
#include "host/log_priv.h"

enum {
    METRICS_MAX = 100, /* CloudWatch's limit for a directive */
    NAME_BYTES_MAX = 64,
    /* A metric is named twice and has a unit and a value. */
    LINE_BYTES_MAX = PS_LOG_LINE_BYTES_MAX + METRICS_MAX * (2 * NAME_BYTES_MAX + 80),
};

static struct ps_span unit_name(enum ps_metric_unit unit)
{
    switch (unit) {
    case PS_METRIC_COUNT:
        return PS_SPAN("Count");
    case PS_METRIC_BYTES:
        return PS_SPAN("Bytes");
    case PS_METRIC_MILLISECONDS:
        return PS_SPAN("Milliseconds");
    }
    return PS_SPAN("None");
}

/* "_aws": when, and which members of the line are metrics. */
static void put_directive(struct ps_json_writer *writer, bool has_name, int64_t now_ms, const struct ps_metric *metrics,
                          size_t count)
{
    ps_json_write_key(writer, PS_SPAN("_aws"));
    ps_json_write_object_begin(writer);
    ps_json_write_key(writer, PS_SPAN("Timestamp"));
    ps_json_write_i64(writer, now_ms);
    ps_json_write_key(writer, PS_SPAN("CloudWatchMetrics"));
    ps_json_write_array_begin(writer);
    ps_json_write_object_begin(writer);
    ps_json_write_member(writer, PS_SPAN("Namespace"), PS_SPAN("Penstock"));
    ps_json_write_key(writer, PS_SPAN("Dimensions"));
    /* A dimension without a value is refused, so outside Lambda there is none. */
    ps_json_write_raw(writer, has_name ? PS_SPAN("[[\"FunctionName\"]]") : PS_SPAN("[[]]"));
    ps_json_write_key(writer, PS_SPAN("Metrics"));
    ps_json_write_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        PS_ASSERT(strlen(metrics[i].name) <= NAME_BYTES_MAX);
        ps_json_write_object_begin(writer);
        ps_json_write_member(writer, PS_SPAN("Name"), ps_span_of(metrics[i].name));
        ps_json_write_member(writer, PS_SPAN("Unit"), unit_name(metrics[i].unit));
        ps_json_write_object_end(writer);
    }
    ps_json_write_array_end(writer);
    ps_json_write_object_end(writer);
    ps_json_write_array_end(writer);
    ps_json_write_object_end(writer);
}

/* Everything but the properties; its size is bounded by the limits above. */
static void put_metrics(struct ps_json_writer *writer, struct ps_span function_name, int64_t now_ms,
                        const struct ps_metric *metrics, size_t count)
{
    put_directive(writer, function_name.len > 0, now_ms, metrics, count);
    for (size_t i = 0; i < count; i++) {
        ps_json_write_key(writer, ps_span_of(metrics[i].name));
        ps_json_write_u64(writer, metrics[i].value);
    }
}

void ps_metric_write(const struct ps_log *log, const char *message, struct ps_span function_name, int64_t now_ms,
                     const struct ps_metric *metrics, size_t count, const struct ps_log_field *properties)
{
    PS_ASSERT(count <= METRICS_MAX);
    char memory[LINE_BYTES_MAX];
    struct ps_buf line;
    ps_buf_init_fixed(&line, memory, sizeof memory);
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &line);
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, PS_SPAN("level"), ps_log_level_name(log->threshold));
    put_metrics(&writer, function_name, now_ms, metrics, count);
    bool cut = false;
    ps_log_put_field(&writer, &PS_LOG_STR("message", ps_span_of(message)), PS_LOG_TAIL_BYTES, &cut);
    if (!cut && function_name.len > 0)
        ps_log_put_field(&writer, &PS_LOG_STR("FunctionName", function_name), PS_LOG_TAIL_BYTES, &cut);
    if (!cut && log->request_id.len > 0)
        ps_log_put_field(&writer, &PS_LOG_STR("requestId", log->request_id), PS_LOG_TAIL_BYTES, &cut);
    if (!cut && log->tenant_id.len > 0)
        ps_log_put_field(&writer, &PS_LOG_STR("tenantId", log->tenant_id), PS_LOG_TAIL_BYTES, &cut);
    for (; !cut && properties != NULL && properties->kind != PS_LOG_KIND_END; properties++)
        ps_log_put_field(&writer, properties, PS_LOG_TAIL_BYTES, &cut);
    ps_json_write_object_end(&writer);
    ps_buf_byte(&line, '\n');
    PS_ASSERT(line.err == PS_OK);
    ps_log_emit(log->fd, ps_buf_span(&line));
}
