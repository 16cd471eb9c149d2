#include "aws/opensearch_priv.h"
#include "base/json_read.h"

/* Copies the first bytes of text; a type or a name is never that long. */
static size_t keep(char *to, size_t cap, struct ps_span text)
{
    struct ps_span kept = ps_span_first(text, cap);
    if (kept.len > 0) memcpy(to, kept.data, kept.len);
    return kept.len;
}

/* "_index" of an item's action line, escapes untouched; empty without one. */
static struct ps_span index_of(struct ps_span item)
{
    struct ps_json_reader reader;
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    ptrdiff_t end = ps_span_find_byte(item, '\n');
    ps_json_read_init(&reader, end == PS_SPAN_NONE ? item : ps_span_first(item, (size_t)end));
    bool due = false;
    while (ps_json_read_next(&reader, &token) == PS_OK && token.kind != PS_JSON_END) {
        if (due && token.kind == PS_JSON_STRING) return token.text;
        due = token.kind == PS_JSON_KEY && ps_span_eq(token.text, PS_SPAN("_index"));
    }
    return PS_SPAN("");
}

static bool is_same(const struct ps_opensearch_trouble *trouble, const char *what,
                    const struct ps_opensearch_result *result)
{
    return strcmp(trouble->what, what) == 0 && trouble->status == result->status &&
           ps_span_eq(ps_span_make(trouble->type, trouble->type_len),
                      ps_span_first(result->type, sizeof trouble->type));
}

void ps_opensearch_trouble_note(struct ps_opensearch *sink, const char *what, const struct ps_opensearch_result *result)
{
    for (size_t i = 0; i < sink->trouble_count; i++) {
        if (!is_same(&sink->troubles[i], what, result)) continue;
        sink->troubles[i].items++;
        return;
    }
    if (sink->trouble_count == PS_OPENSEARCH_TROUBLES_MAX) {
        sink->troubles_untold++;
        return;
    }
    struct ps_opensearch_trouble *trouble = &sink->troubles[sink->trouble_count++];
    *trouble = (struct ps_opensearch_trouble){ .what = what, .status = result->status, .items = 1 };
    trouble->type_len = keep(trouble->type, sizeof trouble->type, result->type);
    trouble->field_len = keep(trouble->field, sizeof trouble->field, result->field);
    trouble->index_len = keep(trouble->index, sizeof trouble->index, index_of(result->item));
}

void ps_opensearch_trouble_fault(struct ps_opensearch *sink, enum ps_opensearch_fault fault,
                                 const struct ps_opensearch_result *result, struct ps_span detail)
{
    if (sink->fault != PS_OPENSEARCH_FAULT_NONE) return;
    sink->fault = fault;
    ps_log_error(sink->log, "opensearch_operator_fault",
                 PS_LOG_STR("fault", ps_span_of(ps_opensearch_verdict_text(fault))),
                 PS_LOG_U64("status", result->status), PS_LOG_STR("type", result->type),
                 PS_LOG_STR("index", index_of(result->item)), PS_LOG_STR("endpoint", sink->options.endpoint),
                 PS_LOG_STR("detail", detail));
}

void ps_opensearch_trouble_tell(struct ps_opensearch *sink)
{
    for (size_t i = 0; i < sink->trouble_count; i++) {
        const struct ps_opensearch_trouble *trouble = &sink->troubles[i];
        ps_log_warn(sink->log, "opensearch_trouble", PS_LOG_STR("what", ps_span_of(trouble->what)),
                    PS_LOG_U64("items", trouble->items), PS_LOG_U64("status", trouble->status),
                    PS_LOG_STR("type", ps_span_make(trouble->type, trouble->type_len)),
                    PS_LOG_STR("first_field", ps_span_make(trouble->field, trouble->field_len)),
                    PS_LOG_STR("first_index", ps_span_make(trouble->index, trouble->index_len)));
    }
    if (sink->troubles_untold > 0)
        ps_log_warn(sink->log, "opensearch_trouble", PS_LOG_STR("what", PS_SPAN("other_kinds")),
                    PS_LOG_U64("items", sink->troubles_untold));
}
