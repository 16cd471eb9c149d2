#include "record/redact.h"

#include "base/assert.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "record/match.h"

enum {
    PASSES_MAX = 4, /* hiding one secret can uncover the edge of another; each pass hides more or is the last */
    GROWTH_MAX = 8, /* "::1" becomes 13 bytes; more than this is a pattern that matches nearly everything */
    GROWTH_BYTES_MIN = 1024,
};

struct own_pattern {
    struct ps_span name;
    struct ps_match *match;
};

struct ps_redact {
    unsigned classes;
    size_t pattern_count;
    struct own_pattern patterns[PS_REDACT_PATTERNS_MAX];
    struct ps_match_scratch *scratch;
};

static const unsigned DEFAULT_CLASSES = PS_SECRET_BIT(PS_SECRET_AWS_KEYS) | PS_SECRET_BIT(PS_SECRET_JWT) |
                                        PS_SECRET_BIT(PS_SECRET_BEARER) | PS_SECRET_BIT(PS_SECRET_CARD);

/* -- settings ------------------------------------------------------------------------------------------------------ */

static enum ps_err parse_class(struct ps_span word, unsigned *classes)
{
    for (int class = 0; class < PS_SECRET_CLASS_COUNT; class ++) {
        if (!ps_span_eq_nocase(word, ps_secret_class_name((enum ps_secret_class) class))) continue;
        *classes |= PS_SECRET_BIT(class);
        return PS_OK;
    }
    if (ps_span_eq_nocase(word, PS_SPAN("default"))) {
        *classes |= DEFAULT_CLASSES;
        return PS_OK;
    }
    PS_FAIL(PS_ERR_BAD_CONFIG,
            "unknown class \"%.*s\": use off, or some of default, aws_keys, jwt, bearer, card, email, ip",
            PS_SPAN_ARG(word));
}

static enum ps_err parse_classes(struct ps_span list, unsigned *classes)
{
    struct ps_span rest = ps_span_trim(list);
    *classes = 0;
    if (rest.len == 0) rest = PS_SPAN(PS_REDACT_DEFAULT);
    if (ps_span_eq_nocase(rest, PS_SPAN("off"))) return PS_OK;
    bool more = true;
    while (more)
        PS_TRY(parse_class(ps_span_trim(ps_span_split(&rest, ',', &more)), classes));
    return PS_OK;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_good_name(struct ps_span name)
{
    if (name.len == 0 || name.len > PS_REDACT_NAME_BYTES_MAX || (name.data[0] >= '0' && name.data[0] <= '9'))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_byte(name.data[i])) return false;
    }
    return true;
}

static bool is_taken(const struct ps_redact *redact, struct ps_span name)
{
    for (int class = 0; class < PS_SECRET_CLASS_COUNT; class ++) {
        if (ps_span_eq(name, ps_secret_class_name((enum ps_secret_class) class))) return true;
    }
    for (size_t i = 0; i < redact->pattern_count; i++) {
        if (ps_span_eq(name, redact->patterns[i].name)) return true;
    }
    return false;
}

static enum ps_err add_pattern(struct ps_redact *redact, struct ps_arena *process, struct ps_span line)
{
    ptrdiff_t equals = ps_span_find_byte(line, '=');
    if (equals == PS_SPAN_NONE) PS_FAIL(PS_ERR_BAD_CONFIG, "pattern %zu: not name=regex", redact->pattern_count + 1);
    struct ps_span name = ps_span_trim(ps_span_first(line, (size_t)equals));
    struct ps_span regex = ps_span_from(line, (size_t)equals + 1);
    /* The name stands in the marker, so nothing in it may itself be hidden. */
    if (!is_good_name(name) || ps_secret_suspects(name, ~0U))
        PS_FAIL(PS_ERR_BAD_CONFIG, "pattern %zu: a name is 1 to %d of a-z, 0-9 and _, and begins with no digit",
                redact->pattern_count + 1, PS_REDACT_NAME_BYTES_MAX);
    if (is_taken(redact, name)) PS_FAIL(PS_ERR_BAD_CONFIG, "pattern \"%.*s\": the name is taken", PS_SPAN_ARG(name));
    if (redact->pattern_count == PS_REDACT_PATTERNS_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "more than %d patterns", PS_REDACT_PATTERNS_MAX);
    struct own_pattern *pattern = &redact->patterns[redact->pattern_count];
    pattern->name = name;
    enum ps_err err = ps_match_compile(process, regex, 0, &pattern->match);
    if (err != PS_OK) return ps_err_wrap(err, "%.*s", PS_SPAN_ARG(name));
    redact->pattern_count++;
    return PS_OK;
}

static enum ps_err add_patterns(struct ps_redact *redact, struct ps_arena *process, struct ps_span patterns)
{
    bool more = patterns.len > 0;
    while (more) {
        struct ps_span line = ps_span_split(&patterns, '\n', &more);
        if (ps_span_trim(line).len > 0) PS_TRY(add_pattern(redact, process, line));
    }
    return redact->pattern_count > 0 ? ps_match_scratch_open(process, &redact->scratch) : PS_OK;
}

enum ps_err ps_redact_open(struct ps_arena *process, struct ps_span classes, struct ps_span patterns,
                           struct ps_redact **out)
{
    struct ps_redact *redact = PS_ARENA_NEW(process, struct ps_redact);
    if (redact == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory for redaction");
    enum ps_err err = parse_classes(classes, &redact->classes);
    if (err != PS_OK) return ps_err_wrap(err, "REDACT");
    /* Names and expressions are views of patterns, which may be the environment: keep them. */
    char *copy = ps_arena_bytes(process, patterns.len + 1);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory for redaction");
    if (patterns.len > 0) memcpy(copy, patterns.data, patterns.len);
    err = add_patterns(redact, process, ps_span_make(copy, patterns.len));
    if (err != PS_OK) {
        ps_redact_close(redact);
        return ps_err_wrap(err, "REDACT_PATTERNS");
    }
    *out = redact;
    return PS_OK;
}

void ps_redact_close(struct ps_redact *redact)
{
    for (size_t i = 0; i < redact->pattern_count; i++)
        ps_match_close(redact->patterns[i].match);
    ps_match_scratch_close(redact->scratch);
    *redact = (struct ps_redact){ 0 };
}

enum ps_err ps_redact_check(struct ps_arena *scratch, struct ps_span classes, struct ps_span patterns)
{
    struct ps_redact *redact = NULL;
    struct ps_arena_mark mark = ps_arena_mark(scratch);
    enum ps_err err = ps_redact_open(scratch, classes, patterns, &redact);
    if (redact != NULL) ps_redact_close(redact);
    ps_arena_rewind(scratch, mark);
    return err;
}

bool ps_redact_is_off(const struct ps_redact *redact)
{
    return redact->classes == 0 && redact->pattern_count == 0;
}

/* -- suspicion ------------------------------------------------------------------------------------------------------
 */

/* Whether the literal looks the same in a string with escapes as without them (\u, \b and \f apart). */
static bool is_never_escaped(struct ps_span literal)
{
    for (size_t i = 0; i < literal.len; i++) {
        unsigned char c = (unsigned char)literal.data[i];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '/') return false;
    }
    return literal.len > 0;
}

/* An escape after whose undoing (and cleaning) any literal could be there. */
static bool has_changing_escape(struct ps_span text)
{
    for (size_t at = 0; at + 1 < text.len; at++) {
        ptrdiff_t next = ps_span_find_byte(ps_span_from(text, at), '\\');
        if (next == PS_SPAN_NONE) return false;
        at += (size_t)next;
        if (at + 1 < text.len && ps_span_find_byte(PS_SPAN("ubf"), text.data[at + 1]) != PS_SPAN_NONE) return true;
    }
    return false;
}

static bool patterns_suspect(const struct ps_redact *redact, struct ps_span text)
{
    if (redact->pattern_count == 0) return false;
    if (has_changing_escape(text)) return true;
    for (size_t i = 0; i < redact->pattern_count; i++) {
        struct ps_span literal = ps_match_literal(redact->patterns[i].match);
        if (!is_never_escaped(literal) || ps_span_find(text, literal) != PS_SPAN_NONE) return true;
    }
    return false;
}

bool ps_redact_suspects(const struct ps_redact *redact, struct ps_span text)
{
    return ps_secret_suspects(text, redact->classes) || patterns_suspect(redact, text);
}

/* -- one text -------------------------------------------------------------------------------------------------------
 */

static size_t bytes_max(size_t len)
{
    return len * GROWTH_MAX + GROWTH_BYTES_MIN;
}

static void put_marker(struct ps_buf *buf, struct ps_span name)
{
    ps_buf_put(buf, PS_SPAN(PS_SECRET_MARKER));
    ps_buf_put(buf, name);
    ps_buf_byte(buf, ']');
}

/* What stands between two secrets, which may be nothing. */
static void put_between(struct ps_buf *buf, struct ps_span text, size_t begin, size_t end)
{
    if (end > begin) ps_buf_put(buf, ps_span_make(text.data + begin, end - begin));
}

/* All of the text behind one marker: what couldn't be searched to the end isn't shown. */
static enum ps_err hide_all(const struct ps_redact *redact, struct ps_arena *arena, size_t class, struct ps_span *text,
                            struct ps_redact_counts *counts)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, GROWTH_BYTES_MIN);
    put_marker(&buf, ps_redact_class_name(redact, class));
    PS_TRY(ps_buf_finish(&buf, text));
    counts->by_class[class]++;
    counts->given_up++;
    return PS_OK;
}

/* One pass of the built-in detectors. *text stays as it is when nothing is found. */
static enum ps_err hide_secrets(const struct ps_redact *redact, struct ps_arena *arena, enum ps_secret_name name,
                                struct ps_span *text, struct ps_redact_counts *counts)
{
    struct ps_secret_scan scan;
    struct ps_secret secret;
    ps_secret_scan_begin(&scan, *text, redact->classes, name);
    if (!ps_secret_scan_next(&scan, &secret)) return PS_OK;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, bytes_max(text->len));
    size_t copied = 0;
    do {
        put_between(&buf, *text, copied, secret.begin);
        put_marker(&buf, ps_secret_class_name(secret.class));
        counts->by_class[secret.class]++;
        copied = secret.end;
    } while (ps_secret_scan_next(&scan, &secret));
    put_between(&buf, *text, copied, text->len);
    return ps_buf_finish(&buf, text);
}

struct marker {
    size_t begin;
    size_t end;
};

/* End of the marker at `at`, or 0: what only begins like one is text. */
static size_t marker_end(struct ps_span text, size_t at)
{
    size_t begin = at + sizeof PS_SECRET_MARKER - 1;
    size_t i = begin;
    while (i < text.len && i - begin < PS_REDACT_NAME_BYTES_MAX && is_name_byte(text.data[i]))
        i++;
    return i > begin && i < text.len && text.data[i] == ']' ? i + 1 : 0;
}

/* The first marker at from or later; both its ends are text.len when there is none. */
static struct marker find_marker(struct ps_span text, size_t from)
{
    while (from < text.len) {
        ptrdiff_t next = ps_span_find(ps_span_from(text, from), PS_SPAN(PS_SECRET_MARKER));
        if (next == PS_SPAN_NONE) break;
        size_t at = from + (size_t)next;
        size_t end = marker_end(text, at);
        if (end != 0) return (struct marker){ at, end };
        from = at + 1;
    }
    return (struct marker){ text.len, text.len };
}

/* One pass of an own pattern; markers are never touched. */
static enum ps_err hide_matches(const struct ps_redact *redact, size_t which, struct ps_arena *arena,
                                struct ps_span *text, struct ps_redact_counts *counts)
{
    const struct own_pattern *pattern = &redact->patterns[which];
    size_t class = PS_SECRET_CLASS_COUNT + which;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, bytes_max(text->len));
    size_t begin = 0;
    size_t end = 0;
    size_t copied = 0;
    size_t from = 0;
    uint64_t found = 0;
    struct marker marker = find_marker(*text, 0);
    while (from <= text->len) {
        enum ps_match_result result = ps_match_find(pattern->match, redact->scratch, *text, from, &begin, &end);
        if (result == PS_MATCH_LIMIT) return hide_all(redact, arena, class, text, counts);
        if (result == PS_MATCH_NOT_FOUND) break;
        while (marker.end <= begin && marker.begin < text->len)
            marker = find_marker(*text, marker.end);
        if (begin < marker.end && marker.begin < end) {
            from = marker.end;
        } else if (begin == end) {
            from = end + 1; /* an empty match hides nothing */
        } else {
            put_between(&buf, *text, copied, begin);
            put_marker(&buf, pattern->name);
            found++;
            from = copied = end;
        }
    }
    if (found == 0) return PS_OK;
    put_between(&buf, *text, copied, text->len);
    if (buf.err == PS_ERR_TOO_LARGE) return hide_all(redact, arena, class, text, counts);
    PS_TRY(ps_buf_finish(&buf, text));
    counts->by_class[class] += found;
    return PS_OK;
}

static enum ps_err hide_as_written(const struct ps_redact *redact, struct ps_arena *arena, enum ps_secret_name name,
                                   struct ps_span *text, struct ps_redact_counts *counts)
{
    if (text->len == 0 || (name == PS_SECRET_NAME_NONE && !ps_redact_suspects(redact, *text))) return PS_OK;
    for (int pass = 0; pass < PASSES_MAX; pass++) {
        const char *before = text->data;
        PS_TRY(hide_secrets(redact, arena, name, text, counts));
        for (size_t i = 0; i < redact->pattern_count; i++)
            PS_TRY(hide_matches(redact, i, arena, text, counts));
        if (text->data == before) return PS_OK;
    }
    return PS_OK;
}

enum { ESCAPE_BYTES = 6 }; /* \u00XX */

/* The character of the escape that escape begins with, or -1 for anything else. Secrets are of such characters only. */
static int escaped_ascii(const char escape[ESCAPE_BYTES])
{
    /* The first byte by itself: four that were written one by one just now are slow to read as one. */
    if (escape[0] != '\\' || memcmp(escape, "\\u00", 4) != 0) return -1;
    int value = 0;
    for (size_t i = 4; i < ESCAPE_BYTES; i++) {
        char c = escape[i];
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value >= 0x20 && value < 0x7f ? value : -1;
}

/* text with its escapes of ASCII characters undone until none is left: what comes out of one ("\u005cu0031") may
 * complete another, always as its last byte. JSON in JSON writes "\\u0031": all backslashes before an escape go. */
static enum ps_err undo_escapes(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    char *plain = ps_arena_bytes(arena, text.len);
    if (plain == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "undoing the escapes of %zu bytes", text.len);
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        plain[len++] = text.data[at];
        int c = 0;
        while (len >= ESCAPE_BYTES && (c = escaped_ascii(plain + len - ESCAPE_BYTES)) >= 0) {
            len -= ESCAPE_BYTES;
            while (len > 0 && plain[len - 1] == '\\')
                len--;
            plain[len++] = (char)c;
        }
    }
    *out = ps_span_make(plain, len);
    return PS_OK;
}

/* A text may hold JSON, whose escapes are a second way to write a secret ("wJalrXUtnFEMI\u002BK7MDENG"). First what can
 * be found as it is written, since undone escapes may join it to what stands beside it; then what shows only when they
 * are undone, which is hidden in the text with them undone. */
static enum ps_err hide_text(const struct ps_redact *redact, struct ps_arena *arena, enum ps_secret_name name,
                             struct ps_span *text, struct ps_redact_counts *counts)
{
    PS_TRY(hide_as_written(redact, arena, name, text, counts));
    if (!has_changing_escape(*text)) return PS_OK;
    struct ps_span plain = { 0 };
    PS_TRY(undo_escapes(arena, *text, &plain));
    struct ps_span hidden = plain;
    PS_TRY(hide_as_written(redact, arena, name, &hidden, counts));
    if (hidden.data != plain.data) *text = hidden;
    return PS_OK;
}

enum ps_err ps_redact_text(const struct ps_redact *redact, struct ps_arena *arena, struct ps_span in,
                           struct ps_span *out, struct ps_redact_counts *counts)
{
    struct ps_span text = in;
    PS_TRY(hide_text(redact, arena, PS_SECRET_NAME_NONE, &text, counts));
    *out = text;
    return PS_OK;
}

/* -- a record -------------------------------------------------------------------------------------------------------
 */

/* What is in hand while a record is walked. */
struct walk {
    const struct ps_redact *redact;
    struct ps_arena *arena;
    struct ps_redact_counts *counts;
    size_t hidden_names;
};

/* The inside of a JSON string. Secrets are looked for in what it means, not in how it is escaped. */
static enum ps_err hide_string(struct walk *walk, enum ps_secret_name name, struct ps_span *inside)
{
    if (ps_span_find_byte(*inside, '\\') == PS_SPAN_NONE)
        return hide_text(walk->redact, walk->arena, name, inside, walk->counts);
    if (name == PS_SECRET_NAME_NONE && !ps_redact_suspects(walk->redact, *inside)) return PS_OK;
    struct ps_span plain;
    PS_TRY(ps_json_read_unescape(walk->arena, *inside, &plain));
    struct ps_span hidden = plain;
    PS_TRY(hide_text(walk->redact, walk->arena, name, &hidden, walk->counts));
    if (hidden.data == plain.data) return PS_OK;
    struct ps_buf buf;
    ps_buf_init(&buf, walk->arena, hidden.len * 6 + 1); /* \u0000 is the longest escape */
    ps_json_write_escape(&buf, hidden);
    return ps_buf_finish(&buf, inside);
}

/* A member's name. Two hidden names would be one, and a document with a name twice is refused: each gets a number. */
static enum ps_err hide_name(struct walk *walk, struct ps_span *name)
{
    struct ps_span hidden = *name;
    PS_TRY(hide_string(walk, PS_SECRET_NAME_NONE, &hidden));
    if (hidden.data == name->data) return PS_OK;
    walk->hidden_names++;
    if (walk->hidden_names > 1) {
        struct ps_buf buf;
        ps_buf_init(&buf, walk->arena, hidden.len + 32);
        ps_buf_put(&buf, hidden);
        ps_buf_byte(&buf, '_');
        ps_buf_u64(&buf, walk->hidden_names);
        PS_TRY(ps_buf_finish(&buf, &hidden));
    }
    *name = hidden;
    return PS_OK;
}

/* Where a nested value is read: what the names around say about the next string, level by level. */
struct place {
    enum ps_secret_name by_name;    /* of the member, or of the array's member */
    enum ps_secret_name by_sibling; /* {"name":"Authorization","value":...} and ["Authorization", ...] */
};

struct nested {
    struct walk *walk;
    struct ps_json_writer writer;
    struct place places[PS_JSON_READ_DEPTH_MAX + 1];
    size_t depth;
    bool changed;
};

static enum ps_secret_name name_here(const struct place *place)
{
    return place->by_name != PS_SECRET_NAME_NONE ? place->by_name : place->by_sibling;
}

static enum ps_err copy_key(struct nested *nested, const struct ps_json_token *token)
{
    struct ps_span key = token->text;
    PS_TRY(hide_name(nested->walk, &key));
    nested->changed = nested->changed || key.data != token->text.data;
    nested->places[nested->depth].by_name = ps_secret_name_of(token->text);
    ps_json_write_key_escaped(&nested->writer, key);
    return PS_OK;
}

static enum ps_err copy_string(struct nested *nested, const struct ps_json_token *token)
{
    struct ps_span inside = token->text;
    struct place *place = &nested->places[nested->depth];
    PS_TRY(hide_string(nested->walk, name_here(place), &inside));
    nested->changed = nested->changed || inside.data != token->text.data;
    place->by_sibling = ps_secret_name_of(token->text);
    ps_json_write_string_escaped(&nested->writer, inside);
    return PS_OK;
}

static enum ps_err copy_number(struct nested *nested, const struct ps_json_token *token)
{
    struct ps_span text = token->text;
    PS_TRY(hide_text(nested->walk->redact, nested->walk->arena, PS_SECRET_NAME_NONE, &text, nested->walk->counts));
    if (text.data == token->text.data) {
        ps_json_write_raw(&nested->writer, text);
        return PS_OK;
    }
    nested->changed = true;
    ps_json_write_string(&nested->writer, text);
    return PS_OK;
}

static void enter(struct nested *nested, bool is_array)
{
    enum ps_secret_name outer = is_array ? name_here(&nested->places[nested->depth]) : PS_SECRET_NAME_NONE;
    nested->places[++nested->depth] = (struct place){ .by_name = outer };
    if (is_array)
        ps_json_write_array_begin(&nested->writer);
    else
        ps_json_write_object_begin(&nested->writer);
}

static enum ps_err copy_token(struct nested *nested, const struct ps_json_token *token)
{
    switch (token->kind) {
    case PS_JSON_OBJECT_BEGIN:
    case PS_JSON_ARRAY_BEGIN:
        enter(nested, token->kind == PS_JSON_ARRAY_BEGIN);
        return PS_OK;
    case PS_JSON_OBJECT_END:
        nested->depth--;
        ps_json_write_object_end(&nested->writer);
        return PS_OK;
    case PS_JSON_ARRAY_END:
        nested->depth--;
        ps_json_write_array_end(&nested->writer);
        return PS_OK;
    case PS_JSON_KEY:
        return copy_key(nested, token);
    case PS_JSON_STRING:
        return copy_string(nested, token);
    case PS_JSON_NUMBER:
        return copy_number(nested, token);
    case PS_JSON_TRUE:
    case PS_JSON_FALSE:
    case PS_JSON_NULL:
        ps_json_write_raw(&nested->writer, token->text);
        return PS_OK;
    case PS_JSON_END:
        break;
    }
    return PS_OK;
}

/* A whole JSON value, at any depth. */
static enum ps_err hide_json(struct walk *walk, enum ps_secret_name name, struct ps_span *json)
{
    if (name == PS_SECRET_NAME_NONE && !ps_redact_suspects(walk->redact, *json)) return PS_OK;
    struct ps_buf buf;
    ps_buf_init(&buf, walk->arena, bytes_max(json->len));
    struct nested nested = { .walk = walk };
    nested.places[0].by_name = name;
    ps_json_write_init(&nested.writer, &buf);
    struct ps_json_reader reader;
    ps_json_read_init(&reader, *json);
    struct ps_json_token token;
    do {
        PS_TRY(ps_json_read_next(&reader, &token));
        PS_TRY(copy_token(&nested, &token));
    } while (token.kind != PS_JSON_END);
    struct ps_span copy;
    PS_TRY(ps_json_write_finish(&nested.writer, &copy));
    if (nested.changed) *json = copy;
    return PS_OK;
}

/* A number that was hidden is text from now on. */
static void set_kind(struct ps_field *field)
{
    if (field->kind == PS_FIELD_JSON && field->value.len > 0 && field->value.data[0] == '"') {
        field->value = ps_span_make(field->value.data + 1, field->value.len - 2);
        field->kind = PS_FIELD_STRING;
    }
}

static enum ps_err hide_field(struct walk *walk, struct ps_record *record, struct ps_field *field)
{
    enum ps_secret_name name = ps_secret_name_of(field->name);
    struct ps_span field_name = field->name;
    PS_TRY(hide_name(walk, &field_name));
    if (field_name.data != field->name.data) {
        field->name = field_name;
        record->field_filter = UINT64_MAX; /* the new name isn't in it: look for every name */
    }
    switch (field->kind) {
    case PS_FIELD_TEXT:
        return hide_text(walk->redact, walk->arena, name, &field->value, walk->counts);
    case PS_FIELD_STRING:
        return hide_string(walk, name, &field->value);
    case PS_FIELD_JSON:
        PS_TRY(hide_json(walk, name, &field->value));
        set_kind(field);
        return PS_OK;
    }
    return PS_OK;
}

static enum ps_err hide_members(struct walk *walk, struct ps_record *record)
{
    struct ps_span *const texts[] = {
        &record->message,    &record->service,       &record->env,         &record->host,
        &record->logger,     &record->request_id,    &record->trace_id,    &record->span_id,
        &record->error_type, &record->error_message, &record->stack_trace,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        PS_TRY(hide_text(walk->redact, walk->arena, PS_SECRET_NAME_NONE, texts[i], walk->counts));
    struct ps_span duration = record->duration_ms;
    PS_TRY(hide_text(walk->redact, walk->arena, PS_SECRET_NAME_NONE, &duration, walk->counts));
    /* It is a number or nothing. */
    if (duration.data != record->duration_ms.data) record->duration_ms = ps_span_make(NULL, 0);
    return PS_OK;
}

enum ps_err ps_redact_record(const struct ps_redact *redact, struct ps_arena *arena, struct ps_span source,
                             struct ps_record *record, struct ps_redact_counts *counts)
{
    if (ps_redact_is_off(redact)) return PS_OK;
    bool is_source_known = source.data != NULL;
    if (is_source_known && !ps_redact_suspects(redact, source)) return PS_OK;
    struct walk walk = { .redact = redact, .arena = arena, .counts = counts };
    PS_TRY(hide_members(&walk, record));
    for (size_t i = 0; i < record->field_count; i++)
        PS_TRY(hide_field(&walk, record, &record->fields[i]));
    return PS_OK;
}

struct ps_span ps_redact_class_name(const struct ps_redact *redact, size_t index)
{
    PS_ASSERT(index < PS_REDACT_COUNTS);
    if (index < PS_SECRET_CLASS_COUNT) return ps_secret_class_name((enum ps_secret_class)index);
    size_t own = index - PS_SECRET_CLASS_COUNT;
    return own < redact->pattern_count ? redact->patterns[own].name : ps_span_make(NULL, 0);
}

uint64_t ps_redact_total(const struct ps_redact_counts *counts)
{
    uint64_t total = 0;
    for (size_t i = 0; i < PS_REDACT_COUNTS; i++)
        total += counts->by_class[i];
    return total;
}
