#include "record/record.h"

#include "base/assert.h"
#include "base/json_write.h"
#include "base/num.h"
#include "base/utf8.h"
#include "record/clean.h"
#include "record/json_value.h"
#include "record/record_priv.h"

enum {
    FIELDS_AT_FIRST = 32, /* an application's line has ten to twenty */
    LEVEL_BYTES_MAX = 13, /* "informational" */
    DAY_MS = 24 * 60 * 60 * 1000,
    HOUR_MS = 60 * 60 * 1000,
    ESCAPED_NAME_BYTES_MAX = 6 * PS_RECORD_NAME_BYTES_MAX,
};

struct ps_span ps_record_level_name(enum ps_level level)
{
    static const struct ps_span NAMES[] = {
        [PS_LEVEL_NONE] = PS_SPAN_INIT(""),       [PS_LEVEL_TRACE] = PS_SPAN_INIT("TRACE"),
        [PS_LEVEL_DEBUG] = PS_SPAN_INIT("DEBUG"), [PS_LEVEL_INFO] = PS_SPAN_INIT("INFO"),
        [PS_LEVEL_WARN] = PS_SPAN_INIT("WARN"),   [PS_LEVEL_ERROR] = PS_SPAN_INIT("ERROR"),
        [PS_LEVEL_FATAL] = PS_SPAN_INIT("FATAL"),
    };
    return NAMES[level];
}

struct level_word {
    struct ps_span word;
    enum ps_level level;
};

static const struct level_word LEVEL_WORDS[] = {
    { PS_SPAN_INIT("info"), PS_LEVEL_INFO },        { PS_SPAN_INIT("error"), PS_LEVEL_ERROR },
    { PS_SPAN_INIT("warn"), PS_LEVEL_WARN },        { PS_SPAN_INIT("warning"), PS_LEVEL_WARN },
    { PS_SPAN_INIT("debug"), PS_LEVEL_DEBUG },      { PS_SPAN_INIT("trace"), PS_LEVEL_TRACE },
    { PS_SPAN_INIT("fatal"), PS_LEVEL_FATAL },      { PS_SPAN_INIT("critical"), PS_LEVEL_FATAL },
    { PS_SPAN_INIT("information"), PS_LEVEL_INFO }, { PS_SPAN_INIT("informational"), PS_LEVEL_INFO },
    { PS_SPAN_INIT("notice"), PS_LEVEL_INFO },      { PS_SPAN_INIT("verbose"), PS_LEVEL_DEBUG },
    { PS_SPAN_INIT("crit"), PS_LEVEL_FATAL },       { PS_SPAN_INIT("err"), PS_LEVEL_ERROR },
    { PS_SPAN_INIT("severe"), PS_LEVEL_ERROR },     { PS_SPAN_INIT("fail"), PS_LEVEL_ERROR },
    { PS_SPAN_INIT("emerg"), PS_LEVEL_FATAL },      { PS_SPAN_INIT("emergency"), PS_LEVEL_FATAL },
    { PS_SPAN_INIT("alert"), PS_LEVEL_FATAL },      { PS_SPAN_INIT("panic"), PS_LEVEL_FATAL },
    { PS_SPAN_INIT("dpanic"), PS_LEVEL_FATAL },     { PS_SPAN_INIT("config"), PS_LEVEL_DEBUG },
    { PS_SPAN_INIT("fine"), PS_LEVEL_DEBUG },       { PS_SPAN_INIT("finer"), PS_LEVEL_TRACE },
    { PS_SPAN_INIT("finest"), PS_LEVEL_TRACE },     { PS_SPAN_INIT("silly"), PS_LEVEL_TRACE },
    { PS_SPAN_INIT("inf"), PS_LEVEL_INFO },         { PS_SPAN_INIT("wrn"), PS_LEVEL_WARN },
    { PS_SPAN_INIT("dbg"), PS_LEVEL_DEBUG },        { PS_SPAN_INIT("dbug"), PS_LEVEL_DEBUG },
    { PS_SPAN_INIT("trc"), PS_LEVEL_TRACE },        { PS_SPAN_INIT("trce"), PS_LEVEL_TRACE },
    { PS_SPAN_INIT("ftl"), PS_LEVEL_FATAL },        { PS_SPAN_INIT("t"), PS_LEVEL_TRACE },
    { PS_SPAN_INIT("d"), PS_LEVEL_DEBUG },          { PS_SPAN_INIT("i"), PS_LEVEL_INFO },
    { PS_SPAN_INIT("w"), PS_LEVEL_WARN },           { PS_SPAN_INIT("e"), PS_LEVEL_ERROR },
    { PS_SPAN_INIT("f"), PS_LEVEL_FATAL },          { PS_SPAN_INIT("c"), PS_LEVEL_FATAL },
};

enum ps_level ps_record_level_parse(struct ps_span text)
{
    if (text.len == 0 || text.len > LEVEL_BYTES_MAX) return PS_LEVEL_NONE;
    for (size_t i = 0; i < sizeof LEVEL_WORDS / sizeof LEVEL_WORDS[0]; i++) {
        const struct level_word *entry = &LEVEL_WORDS[i];
        if (entry->word.len != text.len || ((entry->word.data[0] ^ text.data[0]) & ~0x20) != 0) continue;
        if (ps_span_eq_nocase(entry->word, text)) return entry->level;
    }
    return PS_LEVEL_NONE;
}

enum ps_level ps_record_level_from_number(int64_t value)
{
    switch (value) {
    case 10:
        return PS_LEVEL_TRACE;
    case 20:
        return PS_LEVEL_DEBUG;
    case 30:
        return PS_LEVEL_INFO;
    case 40:
        return PS_LEVEL_WARN;
    case 50:
        return PS_LEVEL_ERROR;
    case 60:
        return PS_LEVEL_FATAL;
    default:
        return PS_LEVEL_NONE;
    }
}

struct ps_span ps_record_format_name(enum ps_format format)
{
    static const struct ps_span NAMES[PS_FORMAT_COUNT] = {
        [PS_FORMAT_PLAIN] = PS_SPAN_INIT("plain"),       [PS_FORMAT_JSON] = PS_SPAN_INIT("json"),
        [PS_FORMAT_LOGFMT] = PS_SPAN_INIT("logfmt"),     [PS_FORMAT_ACCESS] = PS_SPAN_INIT("access"),
        [PS_FORMAT_VPC_FLOW] = PS_SPAN_INIT("vpc_flow"), [PS_FORMAT_ALB] = PS_SPAN_INIT("alb"),
        [PS_FORMAT_LAMBDA] = PS_SPAN_INIT("lambda"),
    };
    return NAMES[format];
}

bool ps_record_accept_time(struct ps_record *record, int64_t ms)
{
    const int64_t before_ms_max = 14 * (int64_t)DAY_MS;
    const int64_t after_ms_max = 2 * (int64_t)HOUR_MS;
    int64_t ahead_ms = 0;
    if (__builtin_sub_overflow(ms, record->event_time_ms, &ahead_ms)) return false;
    if (ahead_ms < -before_ms_max || ahead_ms > after_ms_max) return false;
    record->time_ms = ms;
    return true;
}

static enum ps_err grow_fields(struct ps_record *record, struct ps_arena *arena)
{
    size_t cap = record->field_cap == 0 ? FIELDS_AT_FIRST : 2 * record->field_cap;
    if (record->field_cap > 0 &&
        ps_arena_resize_newest(arena, record->fields, record->field_cap * sizeof *record->fields,
                               cap * sizeof *record->fields)) {
        record->field_cap = cap;
        return PS_OK;
    }
    struct ps_field *fields = ps_arena_alloc(arena, cap * sizeof *fields, _Alignof(struct ps_field));
    if (fields == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "room for %zu fields", cap);
    if (record->field_count > 0) memcpy(fields, record->fields, record->field_count * sizeof *fields);
    record->fields = fields;
    record->field_cap = cap;
    return PS_OK;
}

enum ps_err ps_record_own_fields(struct ps_record *record, struct ps_arena *arena)
{
    if (record->field_count == 0) return PS_OK;
    size_t cap = record->field_count + FIELDS_AT_FIRST;
    struct ps_field *copy = ps_arena_alloc(arena, cap * sizeof *copy, _Alignof(struct ps_field));
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "room for %zu fields", cap);
    memcpy(copy, record->fields, record->field_count * sizeof *copy);
    record->fields = copy;
    record->field_cap = cap;
    return PS_OK;
}

static struct ps_field *find_field(const struct ps_record *record, struct ps_span name)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (ps_span_eq(record->fields[i].name, name)) return &record->fields[i];
    }
    return NULL;
}

struct ps_field *ps_record_field(const struct ps_record *record, struct ps_span name)
{
    return (record->field_filter & ps_record_filter_bit(ps_name_hash(name))) == 0 ? NULL : find_field(record, name);
}

/* Puts a field whose name and value are fit; the last value of a name wins. */
static enum ps_err put_field(struct ps_record *record, struct ps_arena *arena, const struct ps_field *field)
{
    uint64_t bit = ps_record_filter_bit(ps_name_hash(field->name));
    struct ps_field *slot = (record->field_filter & bit) == 0 ? NULL : find_field(record, field->name);
    if (slot == NULL) {
        if (record->field_count >= PS_RECORD_FIELDS_MAX)
            PS_FAIL(PS_ERR_TOO_LARGE, "more than %d fields in one line", PS_RECORD_FIELDS_MAX);
        if (record->field_count >= record->field_cap) PS_TRY(grow_fields(record, arena));
        slot = &record->fields[record->field_count++];
        record->field_filter |= bit;
    }
    ps_record_fill(slot, field->name, field->value, field->kind, field->plain);
    return PS_OK;
}

static enum ps_err cut_value(struct ps_record *record, struct ps_arena *arena, struct ps_field *field)
{
    /* Plain text is cut as a string is: what looks like an escape there is only kept whole. */
    bool cut = false;
    PS_TRY(ps_json_value_cut(arena, field->value, ps_json_value_limit(field->value), &field->value, &cut));
    record->cut_values += cut;
    return PS_OK;
}

static bool is_long_number(const struct ps_field *field)
{
    if (field->kind != PS_FIELD_JSON || field->value.len <= PS_RECORD_NUMBER_BYTES_MAX) return false;
    return field->value.data[0] != '{' && field->value.data[0] != '[';
}

/* What is rare: a name to be mended, a value to be cut, a number of more digits than the server reads. */
static enum ps_err put_mended(struct ps_record *record, struct ps_arena *arena, struct ps_field field)
{
    if (is_long_number(&field)) field.kind = PS_FIELD_STRING;
    if (ps_json_value_name_suspect(field.name)) PS_TRY(ps_json_value_mend_name(arena, field.name, &field.name));
    if (field.kind != PS_FIELD_JSON && field.value.len > PS_RECORD_VALUE_BYTES_MAX)
        PS_TRY(cut_value(record, arena, &field));
    return put_field(record, arena, &field);
}

enum ps_err ps_record_put_slowly(struct ps_record *record, struct ps_arena *arena, const struct ps_field *field)
{
    bool fine = !ps_json_value_name_suspect(field->name) && field->value.len <= PS_RECORD_NUMBER_BYTES_MAX;
    return PS_LIKELY(fine) ? put_field(record, arena, field) : put_mended(record, arena, *field);
}

enum ps_err ps_record_add(struct ps_record *record, struct ps_arena *arena, struct ps_field field)
{
    return ps_record_put_slowly(record, arena, &field);
}

enum ps_err ps_record_add_whole(struct ps_record *record, struct ps_arena *arena, struct ps_field field)
{
    return put_field(record, arena, &field);
}

void ps_record_remove_field(struct ps_record *record, struct ps_field *field)
{
    PS_ASSERT(field >= record->fields && field < record->fields + record->field_count);
    record->field_count--;
    memmove(field, field + 1, (size_t)(record->fields + record->field_count - field) * sizeof *field);
}

/* Most names need no escape; then the name itself serves. */
static enum ps_err escape_name(struct ps_arena *arena, struct ps_span name, struct ps_span *out)
{
    struct ps_span text = ps_span_first(name, PS_RECORD_NAME_BYTES_MAX);
    bool plain = true;
    for (size_t i = 0; i < text.len; i++)
        plain = plain && (unsigned char)text.data[i] >= 0x20 && text.data[i] != '"' && text.data[i] != '\\';
    if (plain) {
        *out = name;
        return PS_OK;
    }
    struct ps_buf buf;
    ps_buf_init(&buf, arena, ESCAPED_NAME_BYTES_MAX);
    ps_json_write_escape(&buf, ps_span_first(name, ps_utf8_cut(name, PS_RECORD_NAME_BYTES_MAX)));
    return ps_buf_finish(&buf, out);
}

enum ps_err ps_record_add_text(struct ps_record *record, struct ps_arena *arena, struct ps_span name,
                               struct ps_span value)
{
    struct ps_field field = { .value = value, .kind = PS_FIELD_TEXT };
    PS_TRY(escape_name(arena, name, &field.name));
    return ps_record_add(record, arena, field);
}

enum ps_err ps_record_add_column(struct ps_record *record, struct ps_arena *arena, struct ps_span name,
                                 struct ps_span value)
{
    if (value.len == 0 || ps_span_eq(value, PS_SPAN("-"))) return PS_OK;
    if (!ps_num_is_json(value)) return ps_record_add_text(record, arena, name, value);
    struct ps_field field = { .name = name, .value = value, .kind = PS_FIELD_JSON };
    return ps_record_add(record, arena, field);
}
