#include "record/parse_json.h"

#include "base/assert.h"
#include "base/json_read.h"
#include "record/clean.h"
#include "record/core.h"
#include "record/json_value.h"
#include "record/parse_plain.h"

enum { CANDIDATES_MAX = 3 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether text begins with { and then a quote: what else follows a brace is no object, but for "{}", which counts only
 * where it is the whole line: in the middle of a text it is code. */
static bool begins_object(struct ps_span text, bool whole)
{
    if (text.len < 2 || text.data[0] != '{') return false;
    size_t at = 1;
    while (at < text.len && is_blank(text.data[at]))
        at++;
    return at < text.len && (text.data[at] == '"' || (whole && text.data[at] == '}'));
}

/* A member that is an object or array. */
static enum ps_err put_container(struct ps_core_line *line, struct ps_json_reader *reader, struct ps_span name)
{
    struct ps_field field;
    PS_TRY(ps_json_value_read(line->arena, reader, &field, &line->record->cut_values));
    return ps_core_put(line, name, field.value, field.kind, field.plain);
}

/* All members of the object at the start of text; *rest is what follows it. */
static enum ps_err read_members(struct ps_core_line *line, struct ps_span text, struct ps_span *rest)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, text);
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reader, &token));
    PS_ASSERT(token.kind == PS_JSON_OBJECT_BEGIN);
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_OBJECT_END) break;
        struct ps_span name = ps_span_make(token.text.data, token.text.len);
        if (PS_UNLIKELY(token.escaped)) PS_TRY(ps_json_value_plain_name(line->arena, name, &name));
        while (reader.at < reader.end && is_blank(*reader.at))
            reader.at++;
        if (reader.at < reader.end && (*reader.at == '{' || *reader.at == '[')) {
            PS_TRY(put_container(line, &reader, name));
            continue;
        }
        PS_TRY(ps_json_read_next(&reader, &token));
        enum ps_field_kind kind = token.kind == PS_JSON_STRING ? PS_FIELD_STRING : PS_FIELD_JSON;
        PS_TRY(ps_core_put(line, name, token.text, kind, !token.escaped));
    }
    *rest = ps_span_between(reader.at, reader.end);
    return ps_core_settle(line);
}

static enum ps_err put_around(struct ps_record *record, struct ps_arena *arena, struct ps_span name,
                              struct ps_span text)
{
    struct ps_span trimmed = ps_span_trim(text);
    if (trimmed.len == 0) return PS_OK;
    return ps_record_add_text(record, arena, name, trimmed);
}

/* Reads the object at offset of the message; a failure leaves the record half filled. */
static enum ps_err read_object(struct ps_arena *arena, struct ps_record *record, size_t offset)
{
    const struct ps_span message = record->message;
    struct ps_core_line line;
    ps_core_begin(&line, record, arena);
    struct ps_span rest;
    PS_TRY(read_members(&line, ps_span_from(message, offset), &rest));
    bool has_message = ps_core_has(&line, PS_CORE_MESSAGE);
    if (offset > 0) ps_parse_plain(record, ps_span_first(message, offset));
    if (!has_message || (offset == 0 && rest.len == 0)) return PS_OK;
    PS_TRY(put_around(record, arena, PS_SPAN("prefix"), ps_span_first(message, offset)));
    return put_around(record, arena, PS_SPAN("suffix"), rest);
}

enum ps_err ps_parse_json(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    *matched = false;
    const struct ps_record before = *record;
    size_t offset = 0;
    for (int i = 0; i < CANDIDATES_MAX; i++) {
        struct ps_span rest = ps_span_from(before.message, offset);
        ptrdiff_t brace = ps_span_find_byte(rest, '{');
        if (brace == PS_SPAN_NONE) break;
        offset += (size_t)brace;
        if (begins_object(ps_span_from(before.message, offset), offset == 0)) {
            PS_TRY(ps_record_own_fields(record, arena));
            enum ps_err err = read_object(arena, record, offset);
            *matched = err == PS_OK;
            if (*matched)
                record->format = PS_FORMAT_JSON;
            else
                *record = before;
            /* What stands in a cut or damaged object is a part of it, not the line's own: no other brace is tried. */
            return err == PS_ERR_NO_MEMORY ? err : PS_OK;
        }
        offset++;
    }
    return PS_OK;
}

struct ps_span ps_parse_json_fault(struct ps_span message)
{
    if (!begins_object(message, true)) return PS_SPAN("");
    struct ps_json_reader reader;
    ps_json_read_init(&reader, message);
    enum ps_err err = ps_json_read_skip(&reader, NULL);
    switch (ps_err_class(err)) {
    case PS_CLASS_NONE:
        return PS_SPAN("too_many_fields");
    case PS_CLASS_LIMIT:
        return PS_SPAN("json_too_deep");
    case PS_CLASS_INPUT:
    case PS_CLASS_TRANSIENT:
    case PS_CLASS_DENIED:
    case PS_CLASS_DEADLINE:
    case PS_CLASS_CONFIG:
    case PS_CLASS_SYSTEM:
        break;
    }
    return message.data[message.len - 1] == '}' ? PS_SPAN("json_invalid") : PS_SPAN("json_cut");
}
