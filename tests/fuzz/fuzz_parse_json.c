/* Target functions: ps_parse_json, ps_json_value_*, ps_core_*. What comes out must be a document OpenSearch takes. */
#include <stdlib.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "base/utf8.h"
#include "record/clean.h"
#include "record/json_value.h"
#include "record/parse_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(struct ps_arena *arena, const struct ps_field *field)
{
    if (field->kind == PS_FIELD_TEXT) return;
    struct ps_span text;
    struct ps_span again;
    bool breaks = false;
    if (field->kind == PS_FIELD_STRING) {
        PS_ASSERT(field->value.len <= PS_RECORD_VALUE_BYTES_MAX);
        PS_ASSERT(!field->plain || memchr(field->value.data, '\\', field->value.len) == NULL);
        PS_ASSERT(ps_json_read_unescape(arena, field->value, &text) == PS_OK);
        return;
    }
    PS_ASSERT(ps_json_read_check(field->value) == PS_OK);
    if (field->value.data[0] != '{' && field->value.data[0] != '[') return;
    /* Mending again changes nothing. */
    enum ps_field_kind kind = PS_FIELD_JSON;
    uint32_t cuts = 0;
    struct ps_json_reader reader;
    ps_json_read_init(&reader, field->value);
    PS_ASSERT(ps_json_value_skip(&reader, &text, &breaks) == PS_OK);
    if (!breaks) return;
    PS_ASSERT(ps_json_value_mend(arena, field->value, 1, &again, &kind, &cuts) == PS_OK && cuts == 0);
}

static void check_record(struct ps_arena *arena, const struct ps_record *record)
{
    PS_ASSERT(record->field_count <= PS_RECORD_FIELDS_MAX);
    PS_ASSERT(ps_utf8_valid_prefix(record->message) == record->message.len);
    for (size_t i = 0; i < record->field_count; i++) {
        PS_ASSERT(record->fields[i].name.len > 0 && record->fields[i].name.len <= PS_RECORD_NAME_BYTES_MAX);
        PS_ASSERT(ps_record_field(record, record->fields[i].name) == &record->fields[i]);
        check_value(arena, &record->fields[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, 64 << 20) != PS_OK) abort();
    if (size > 1 << 16) return 0;
    ps_arena_reset(&arena, 1 << 20);
    char *copy = malloc(size + (size == 0));
    if (size > 0) memcpy(copy, data, size);
    struct ps_record record = { .event_time_ms = INT64_C(1795255200000) };
    size_t repaired = 0;
    bool matched = false;
    PS_ASSERT(ps_utf8_repair(&arena, ps_span_make(copy, size), &record.message, &repaired) == PS_OK);
    PS_ASSERT(ps_parse_json(&arena, &record, &matched) == PS_OK);
    if (matched)
        check_record(&arena, &record);
    else
        (void)ps_parse_json_fault(record.message);
    free(copy);
    return 0;
}
