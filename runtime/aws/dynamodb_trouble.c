#include "aws/dynamodb_priv.h"

static bool is_same(const struct ps_dynamodb_trouble *trouble, const char *what, uint32_t status, struct ps_span type)
{
    return strcmp(trouble->what, what) == 0 && trouble->status == status &&
           ps_span_eq(ps_span_make(trouble->type, trouble->type_len), ps_span_first(type, sizeof trouble->type));
}

void ps_dynamodb_trouble_note(struct ps_dynamodb *sink, const char *what, uint32_t status, struct ps_span type)
{
    for (size_t i = 0; i < sink->trouble_count; i++) {
        if (!is_same(&sink->troubles[i], what, status, type)) continue;
        sink->troubles[i].count++;
        return;
    }
    if (sink->trouble_count == PS_DYNAMODB_TROUBLES_MAX) {
        sink->troubles_untold++;
        return;
    }
    struct ps_dynamodb_trouble *trouble = &sink->troubles[sink->trouble_count++];
    *trouble = (struct ps_dynamodb_trouble){ .what = what, .status = status, .count = 1 };
    struct ps_span kept = ps_span_first(type, sizeof trouble->type);
    if (kept.len > 0) memcpy(trouble->type, kept.data, kept.len);
    trouble->type_len = kept.len;
}

void ps_dynamodb_trouble_fault(struct ps_dynamodb *sink, enum ps_dynamodb_fault fault, uint32_t status,
                               struct ps_span type, struct ps_span detail)
{
    if (sink->fault != PS_DYNAMODB_FAULT_NONE) return;
    sink->fault = fault;
    ps_log_error(sink->log, "dynamodb_operator_fault", PS_LOG_STR("fault", ps_span_of(ps_dynamodb_verdict_text(fault))),
                 PS_LOG_U64("status", status), PS_LOG_STR("type", type), PS_LOG_STR("table", sink->options.table),
                 PS_LOG_STR("endpoint", sink->url), PS_LOG_STR("detail", detail));
}

void ps_dynamodb_trouble_tell(struct ps_dynamodb *sink)
{
    for (size_t i = 0; i < sink->trouble_count; i++) {
        const struct ps_dynamodb_trouble *trouble = &sink->troubles[i];
        ps_log_warn(sink->log, "dynamodb_trouble", PS_LOG_STR("what", ps_span_of(trouble->what)),
                    PS_LOG_U64("count", trouble->count), PS_LOG_U64("status", trouble->status),
                    PS_LOG_STR("type", ps_span_make(trouble->type, trouble->type_len)));
    }
    if (sink->troubles_untold > 0)
        ps_log_warn(sink->log, "dynamodb_trouble", PS_LOG_STR("what", PS_SPAN("other_kinds")),
                    PS_LOG_U64("count", sink->troubles_untold));
}
