#include "record/parse_json.h"

#include "base/json_read.h"
#include "base/scan.h"
#include "record/clean.h"
#include "record/core_priv.h"
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

/* The members of the line's own object are walked here, not by the reader's tokens: a line has a dozen of them, most
 * are short strings, and reading key and value in one go takes half the time. Whatever is not a plain string or a
 * number (escapes, containers, words, the last bytes of the text) is read by the reader. */

static enum ps_err damaged(struct ps_span text, const char *at)
{
    PS_FAIL(PS_ERR_BAD_INPUT, "JSON line: not an object's at offset %zu", (size_t)(at - text.data));
}

static inline const char *after_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static enum ps_err read_by_reader(const char **at, const char *end, struct ps_json_token *out)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, ps_span_between(*at, end));
    PS_TRY(ps_json_read_next(&reader, out));
    *at = reader.at;
    return PS_OK;
}

/* The inside of the string whose quote is at *at. */
static inline enum ps_err read_string(const char **at, const char *end, struct ps_span *text, bool *plain)
{
    const char *begin = *at + 1;
    for (const char *stop = begin; end - stop >= PS_SCAN_STEP;) {
        size_t len = ps_scan_special(stop);
        stop += len;
        if (len == PS_SCAN_STEP) continue;
        if (*stop != '"') break;
        *text = ps_span_between(begin, stop);
        *plain = true;
        *at = stop + 1;
        return PS_OK;
    }
    struct ps_json_token token;
    PS_TRY(read_by_reader(at, end, &token));
    *text = token.text;
    *plain = !token.escaped;
    return PS_OK;
}

/* A value that is neither string nor number. */
static enum ps_err put_other(struct ps_core_line *line, struct ps_span name, const char **at, const char *end)
{
    struct ps_json_reader reader;
    struct ps_field field;
    ps_json_read_init(&reader, ps_span_between(*at, end));
    PS_TRY(ps_json_value_read(line->arena, &reader, 1, &field, &line->record->cut_values));
    *at = reader.at;
    return ps_core_put(line, name, field.value, field.kind, field.plain);
}

/* The value at *at becomes the member name. */
static inline enum ps_err put_value(struct ps_core_line *line, struct ps_span name, const char **at, const char *end)
{
    if (**at == '"') {
        struct ps_span value = PS_SPAN("");
        bool plain = false;
        PS_TRY(read_string(at, end, &value, &plain));
        return ps_core_put_inline(line, name, value, PS_FIELD_STRING, plain);
    }
    if (**at != '-' && (**at < '0' || **at > '9')) return put_other(line, name, at, end);
    const char *begin = *at;
    const char *fault = begin;
    const char *stop = ps_scan_number(begin, end, &fault);
    if (PS_UNLIKELY(stop == NULL)) PS_FAIL(PS_ERR_BAD_INPUT, "JSON line: not a number");
    *at = stop;
    return ps_core_put_inline(line, name, ps_span_between(begin, stop), PS_FIELD_JSON, false);
}

/* All members of the object at the start of text; *rest is what follows it. */
static enum ps_err read_members(struct ps_core_line *line, struct ps_span text, struct ps_span *rest)
{
    const char *end = text.data + text.len;
    const char *at = after_blanks(text.data + 1, end);
    bool more = at == end || *at != '}';
    while (more) {
        struct ps_span name = PS_SPAN("");
        bool plain = false;
        if (PS_UNLIKELY(at == end || *at != '"')) return damaged(text, at);
        PS_TRY(read_string(&at, end, &name, &plain));
        if (PS_UNLIKELY(!plain)) PS_TRY(ps_json_value_plain_name(line->arena, name, &name));
        at = after_blanks(at, end);
        if (PS_UNLIKELY(at == end || *at != ':')) return damaged(text, at);
        at = after_blanks(at + 1, end);
        if (PS_UNLIKELY(at == end)) return damaged(text, at);
        PS_TRY(put_value(line, name, &at, end));
        at = after_blanks(at, end);
        more = at < end && *at == ',';
        if (more) at = after_blanks(at + 1, end);
    }
    if (at == end || *at != '}') return damaged(text, at);
    *rest = ps_span_between(at + 1, end);
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
    struct ps_span rest = PS_SPAN("");
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
        ptrdiff_t brace = rest.len > 0 && rest.data[0] == '{' ? 0 : ps_span_find_byte(rest, '{');
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
