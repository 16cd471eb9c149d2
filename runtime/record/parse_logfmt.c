#include "record/parse_logfmt.h"

#include "base/num.h"
#include "record/core.h"

enum { NAME_BYTES_MAX = 128 }; /* of a name: longer ones are not logfmt but base64 or a URL */

struct pair {
    struct ps_span name;
    struct ps_span value; /* escapes as written */
    bool quoted;
    bool bare; /* a word without = */
};

enum step { STEP_PAIR, STEP_END, STEP_BROKEN };

static bool name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == '@' || c == '/' || c == ':' || (unsigned char)c >= 0x80;
}

/* Blanks in front of at; line feeds count, since a joined stack trace may follow. */
static const char *after_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n'))
        at++;
    return at;
}

static enum step read_pair(struct ps_span *rest, struct pair *out)
{
    const char *end = rest->data + rest->len;
    const char *at = after_blanks(rest->data, end);
    if (at == end) return STEP_END;
    const char *begin = at;
    while (at < end && name_byte(*at))
        at++;
    *out = (struct pair){ .name = ps_span_between(begin, at), .bare = true };
    if (out->name.len == 0 || out->name.len > NAME_BYTES_MAX) return STEP_BROKEN;
    if (at < end && *at == '=') {
        out->bare = false;
        const char *value = ++at;
        if (at < end && *at == '"') {
            out->quoted = true;
            value++;
            for (at++; at < end && *at != '"';)
                at += *at == '\\' && at + 1 < end ? 2 : 1;
            if (at >= end) return STEP_BROKEN;
            out->value = ps_span_between(value, at++);
        } else {
            while (at < end && *at != ' ' && *at != '\t' && *at != '\n')
                at++;
            out->value = ps_span_between(value, at);
        }
    }
    if (at < end && *at != ' ' && *at != '\t' && *at != '\n') return STEP_BROKEN;
    *rest = ps_span_between(at, end);
    return STEP_PAIR;
}

static bool looks_like_logfmt(struct ps_span message)
{
    struct ps_span rest = message;
    struct pair pair;
    for (int i = 0; i < 2; i++) {
        if (read_pair(&rest, &pair) != STEP_PAIR || pair.bare) return false;
    }
    return true;
}

/* What a backslash and c stand for; 0 when they are no escape. */
static char unescaped(char c)
{
    switch (c) {
    case 'n':
    case 'r':
        return '\n';
    case 't':
        return '\t';
    case '"':
    case '\\':
        return c;
    default:
        return 0;
    }
}

static enum ps_err unescape(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    *out = text;
    if (ps_span_find_byte(text, '\\') == PS_SPAN_NONE) return PS_OK;
    char *copy = ps_arena_bytes(arena, text.len);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a value of %zu bytes", text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        char plain = 0;
        if (c == '\\' && i + 1 < text.len) plain = unescaped(text.data[i + 1]);
        if (plain != 0) {
            c = plain;
            i++;
        }
        copy[len++] = c;
    }
    *out = ps_span_make(copy, len);
    return PS_OK;
}

static enum ps_err to_field(struct ps_arena *arena, const struct pair *pair, struct ps_field *out)
{
    *out = (struct ps_field){ .name = pair->name, .value = pair->value, .kind = PS_FIELD_TEXT };
    if (pair->quoted) return unescape(arena, pair->value, &out->value);
    if (pair->bare) out->value = PS_SPAN("true");
    bool word = ps_span_eq(out->value, PS_SPAN("true")) || ps_span_eq(out->value, PS_SPAN("false")) ||
                ps_span_eq(out->value, PS_SPAN("null"));
    if (word || ps_num_is_json(out->value)) out->kind = PS_FIELD_JSON;
    return PS_OK;
}

/* Reads all pairs; *broken says that the line is something else after all. */
static enum ps_err read_pairs(struct ps_arena *arena, struct ps_record *record, bool *broken)
{
    struct ps_core_line line;
    ps_core_begin(&line, record, arena);
    struct ps_span rest = record->message;
    for (;;) {
        struct pair pair;
        enum step step = read_pair(&rest, &pair);
        *broken = step == STEP_BROKEN;
        if (*broken) return PS_OK;
        if (step == STEP_END) break;
        struct ps_field field;
        PS_TRY(to_field(arena, &pair, &field));
        PS_TRY(ps_core_put(&line, field.name, field.value, field.kind, false));
    }
    return ps_core_settle(&line);
}

enum ps_err ps_parse_logfmt(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    *matched = false;
    if (!looks_like_logfmt(record->message)) return PS_OK;
    struct ps_record work = *record;
    PS_TRY(ps_record_own_fields(&work, arena));
    bool broken = false;
    enum ps_err err = read_pairs(arena, &work, &broken);
    if (err == PS_ERR_NO_MEMORY) return err;
    if (err != PS_OK || broken) return PS_OK;
    work.format = PS_FORMAT_LOGFMT;
    *record = work;
    *matched = true;
    return PS_OK;
}
