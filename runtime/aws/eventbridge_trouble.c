#include "aws/eventbridge_priv.h"

static bool is_same(const struct ps_eventbridge_trouble *trouble, const char *what,
                    const struct ps_eventbridge_result *result)
{
    return strcmp(trouble->what, what) == 0 && trouble->status == result->status &&
           ps_span_eq(ps_span_make(trouble->type, trouble->type_len),
                      ps_span_first(result->type, sizeof trouble->type));
}

void ps_eventbridge_trouble_note(struct ps_eventbridge *sink, const char *what,
                                 const struct ps_eventbridge_result *result)
{
    for (size_t i = 0; i < sink->trouble_count; i++) {
        if (!is_same(&sink->troubles[i], what, result)) continue;
        sink->troubles[i].entries++;
        return;
    }
    if (sink->trouble_count == PS_EVENTBRIDGE_TROUBLES_MAX) {
        sink->troubles_untold++;
        return;
    }
    struct ps_eventbridge_trouble *trouble = &sink->troubles[sink->trouble_count++];
    *trouble = (struct ps_eventbridge_trouble){ .what = what, .status = result->status, .entries = 1 };
    struct ps_span type = ps_span_first(result->type, sizeof trouble->type);
    trouble->type_len = type.len;
    if (type.len > 0) memcpy(trouble->type, type.data, type.len);
}

void ps_eventbridge_trouble_fault(struct ps_eventbridge *sink, enum ps_eventbridge_fault fault, uint32_t status,
                                  struct ps_span type, struct ps_span detail)
{
    sink->open = true;
    if (sink->fault != PS_EVENTBRIDGE_FAULT_NONE) return;
    sink->fault = fault;
    ps_log_error(sink->log, "eventbridge_operator_fault",
                 PS_LOG_STR("fault", ps_span_of(ps_eventbridge_verdict_text(fault))), PS_LOG_U64("status", status),
                 PS_LOG_STR("type", type), PS_LOG_STR("bus", sink->options.bus), PS_LOG_STR("endpoint", sink->url),
                 PS_LOG_STR("detail", detail));
}

void ps_eventbridge_trouble_tell(struct ps_eventbridge *sink)
{
    for (size_t i = 0; i < sink->trouble_count; i++) {
        const struct ps_eventbridge_trouble *trouble = &sink->troubles[i];
        ps_log_warn(sink->log, "eventbridge_trouble", PS_LOG_STR("what", ps_span_of(trouble->what)),
                    PS_LOG_U64("entries", trouble->entries), PS_LOG_U64("status", trouble->status),
                    PS_LOG_STR("type", ps_span_make(trouble->type, trouble->type_len)));
    }
    if (sink->troubles_untold > 0)
        ps_log_warn(sink->log, "eventbridge_trouble", PS_LOG_STR("what", PS_SPAN("other_kinds")),
                    PS_LOG_U64("entries", sink->troubles_untold));
}
