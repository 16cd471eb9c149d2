#include "record/stream_line.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "record/clean.h"
#include "record/json_value.h"
#include "record/parse_json.h"

static const struct ps_span UNKNOWN = PS_SPAN_INIT("unknown");

static bool is_time(int64_t ms)
{
    return ms >= 0 && ms <= PS_STREAM_LINE_TIME_MS_MAX;
}

static struct ps_stream_line begin(struct ps_span bytes, int64_t arrival_ms)
{
    int64_t arrival = is_time(arrival_ms) ? arrival_ms : arrival_ms < 0 ? 0 : PS_STREAM_LINE_TIME_MS_MAX;
    return (struct ps_stream_line){
        .record = { .event_text = bytes, .event_time_ms = arrival, .time_ms = arrival, .service = UNKNOWN },
        .bytes = bytes,
        .source = bytes,
        .arrival = true,
    };
}

void ps_stream_line_keep(struct ps_span bytes, int64_t arrival_ms, struct ps_span why, struct ps_stream_line *line)
{
    *line = begin(bytes, arrival_ms);
    line->record.message = bytes;
    line->record.unparsed = why;
    line->binary = ps_utf8_valid_prefix(bytes) < bytes.len;
}

/* -- members -- */

/* An escape may stand for half a character (a lone surrogate), which stores refuse. So a line with \u in it is written
 * anew: each string with the escapes it needs and U+FFFD for such halves, all else as it was. */
static enum ps_err without_unicode_escapes(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    struct ps_buf buf;
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_buf_init(&buf, arena, text.len); /* no string gets longer */
    ps_json_read_init(&reader, text);
    const char *at = text.data;
    do {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (!token.escaped) continue;
        struct ps_span string;
        PS_TRY(ps_json_read_unescape(arena, token.text, &string));
        ps_buf_put(&buf, ps_span_between(at, token.text.data));
        ps_json_write_escape(&buf, string);
        at = token.text.data + token.text.len;
    } while (token.kind != PS_JSON_END);
    ps_buf_put(&buf, ps_span_between(at, text.data + text.len));
    return ps_buf_finish(&buf, out);
}

/* All members of the object that text is become fields. */
static enum ps_err read_members(struct ps_arena *arena, struct ps_span text, struct ps_record *record)
{
    if (ps_span_find(text, PS_SPAN("\\u")) != PS_SPAN_NONE) PS_TRY(without_unicode_escapes(arena, text, &text));
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, text);
    PS_TRY(ps_json_read_next(&reader, &token));
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind != PS_JSON_KEY) break;
        struct ps_field field = { .name = token.text };
        if (token.escaped) PS_TRY(ps_json_value_plain_name(arena, field.name, &field.name));
        if (field.name.len > PS_RECORD_NAME_BYTES_MAX) PS_TRY(ps_json_value_mend_name(arena, field.name, &field.name));
        PS_TRY(ps_json_value_read(arena, &reader, 0, &field, &record->cut_values));
        PS_TRY(ps_record_add_whole(record, arena, field));
    }
    return ps_json_read_next(&reader, &token); /* END, or what follows the object is refused */
}

/* -- what four of them mean -- */

/* The text of a string, clean; a change by cleaning means that the line as it came does not tell all of it. */
static enum ps_err text_of(struct ps_arena *arena, const struct ps_field *field, struct ps_stream_line *line,
                           struct ps_span *out)
{
    struct ps_span text;
    struct ps_span clean;
    bool cut = false;
    PS_TRY(ps_json_read_unescape(arena, field->value, &text));
    PS_TRY(ps_clean(arena, text, PS_CLEAN_UNLIMITED, &clean, &cut));
    if (clean.data != text.data) line->source = ps_span_make(NULL, 0);
    *out = clean;
    return PS_OK;
}

static bool is_service(struct ps_span text)
{
    return text.len > 0 && text.len <= PS_STREAM_LINE_SERVICE_BYTES_MAX;
}

static enum ps_err read_service(struct ps_arena *arena, struct ps_stream_line *line)
{
    struct ps_record *record = &line->record;
    struct ps_field *field = ps_record_field(record, PS_SPAN("service"));
    if (field == NULL || field->kind != PS_FIELD_STRING) return PS_OK;
    struct ps_span text;
    PS_TRY(text_of(arena, field, line, &text));
    if (!is_service(text)) return PS_OK;
    record->service = text;
    ps_record_remove_field(record, field);
    return PS_OK;
}

/* A message that is no text keeps its JSON; without one, the whole line is the message, as people read it. */
static enum ps_err read_message(struct ps_arena *arena, struct ps_span text, struct ps_stream_line *line)
{
    struct ps_record *record = &line->record;
    struct ps_field *field = ps_record_field(record, PS_SPAN("message"));
    bool missing = field == NULL || (field->kind == PS_FIELD_JSON && ps_span_eq(field->value, PS_SPAN("null")));
    record->message = text;
    if (missing) return PS_OK;
    record->message = field->value;
    if (field->kind == PS_FIELD_STRING) PS_TRY(text_of(arena, field, line, &record->message));
    ps_record_remove_field(record, field);
    return PS_OK;
}

/* As the log processor reads levels. The given text stays a field; a number says no more than the level's name. */
static enum ps_err read_level(struct ps_arena *arena, struct ps_stream_line *line)
{
    struct ps_record *record = &line->record;
    struct ps_field *field = ps_record_field(record, PS_SPAN("level"));
    if (field == NULL) return PS_OK;
    struct ps_span text = field->value;
    bool number = field->kind == PS_FIELD_JSON;
    int64_t value = 0;
    if (!number) PS_TRY(text_of(arena, field, line, &text));
    if (!number) record->level = ps_record_level_parse(text);
    if (record->level == PS_LEVEL_NONE && ps_num_scaled(text, 0, &value))
        record->level = ps_record_level_from_number(value);
    if (number && record->level != PS_LEVEL_NONE) ps_record_remove_field(record, field);
    return PS_OK;
}

/* Seconds, milliseconds, micro- or nanoseconds as a number or as text, told apart by size, or ISO 8601. */
static enum ps_err read_time(struct ps_arena *arena, struct ps_stream_line *line)
{
    struct ps_record *record = &line->record;
    struct ps_field *field = ps_record_field(record, PS_SPAN("ts"));
    if (field == NULL) return PS_OK;
    struct ps_span text = field->value;
    if (field->kind == PS_FIELD_STRING) PS_TRY(ps_json_read_unescape(arena, text, &text));
    text = ps_span_trim(text);
    int64_t ms = 0;
    bool iso = text.len >= 10 && text.data[4] == '-';
    if (iso ? !ps_time_parse_iso(text, &ms) : !ps_time_parse_epoch(text, &ms)) return PS_OK;
    if (!is_time(ms)) return PS_OK;
    record->time_ms = ms;
    line->arrival = false;
    ps_record_remove_field(record, field);
    return PS_OK;
}

static enum ps_err read_object(struct ps_arena *arena, struct ps_span text, struct ps_stream_line *line)
{
    line->record.format = PS_FORMAT_JSON;
    PS_TRY(read_members(arena, text, &line->record));
    PS_TRY(read_service(arena, line));
    PS_TRY(read_level(arena, line));
    PS_TRY(read_time(arena, line));
    return read_message(arena, text, line);
}

/* -- the line -- */

/* One word for why text is no JSON object, or none that can be read; err is what reading it met. */
static struct ps_span fault_of(enum ps_err err, struct ps_span text)
{
    if (text.len == 0) return PS_SPAN("empty");
    if (text.data[0] != '{') return PS_SPAN("no_json_object");
    struct ps_span fault = ps_parse_json_fault(text);
    /* Without a fault of its own, the object has something behind it. */
    bool sound = fault.len == 0 || ps_span_eq(fault, PS_SPAN("too_many_fields"));
    return sound && err != PS_ERR_TOO_LARGE ? PS_SPAN("json_invalid") : fault;
}

enum ps_err ps_stream_line_read(struct ps_arena *arena, struct ps_span bytes, int64_t arrival_ms,
                                struct ps_stream_line *line)
{
    if (ps_utf8_valid_prefix(bytes) < bytes.len) {
        ps_stream_line_keep(bytes, arrival_ms, PS_SPAN("not_utf8"), line);
        return PS_OK;
    }
    struct ps_span text = ps_span_trim(bytes);
    struct ps_stream_line read = begin(bytes, arrival_ms);
    enum ps_err err = PS_ERR_BAD_INPUT;
    if (text.len > 0 && text.data[0] == '{') err = read_object(arena, text, &read);
    if (err == PS_ERR_NO_MEMORY) return err;
    if (err == PS_OK)
        *line = read;
    else
        ps_stream_line_keep(bytes, arrival_ms, fault_of(err, text), line);
    return PS_OK;
}

/* -- redaction -- */

static enum ps_err redact_binary(struct ps_stream_line *line, const struct ps_redact *redact, struct ps_arena *arena,
                                 struct ps_redact_counts *counts)
{
    struct ps_span text;
    struct ps_span hidden;
    size_t repaired = 0;
    PS_TRY(ps_utf8_repair(arena, line->bytes, &text, &repaired));
    PS_TRY(ps_redact_text(redact, arena, text, &hidden, counts));
    if (hidden.data == text.data && hidden.len == text.len) return PS_OK;
    line->record.message = hidden;
    line->binary = false;
    return PS_OK;
}

enum ps_err ps_stream_line_redact(struct ps_stream_line *line, const struct ps_redact *redact, struct ps_arena *arena,
                                  struct ps_redact_counts *counts)
{
    if (line->binary) return redact_binary(line, redact, arena, counts);
    PS_TRY(ps_redact_record(redact, arena, line->source, &line->record, counts));
    if (!is_service(line->record.service)) line->record.service = UNKNOWN; /* markers made it too long */
    return PS_OK;
}
