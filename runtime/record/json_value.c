#include "record/json_value.h"

#include "base/assert.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "record/clean.h"
#include "record/name_priv.h"

enum { ESCAPED_NAME_BYTES_MAX = 6 * PS_RECORD_NAME_BYTES_MAX };

/* -- names -- */

bool ps_json_value_name_suspect(struct ps_span name)
{
    return ps_name_suspect(name, ps_name_words(name), PS_RECORD_NAME_BYTES_MAX);
}

static bool escapes_blank(char c)
{
    return c == 't' || c == 'n' || c == 'r' || c == 'f';
}

/* White space, as a byte or as an escape; what is neither ends it. */
static bool is_blank(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool escape = text.data[i] == '\\' && i + 1 < text.len && escapes_blank(text.data[i + 1]);
        if (escape)
            i++;
        else if (text.data[i] != ' ')
            return false;
    }
    return true;
}

static bool has_blank_part(struct ps_span name)
{
    bool more = true;
    for (struct ps_span rest = name; more;) {
        if (is_blank(ps_span_split(&rest, '.', &more))) return true;
    }
    return false;
}

/* The second hex digit of U+D800..DBFF. */
static bool begins_pair(char digit)
{
    char lower = (char)(digit | 0x20);
    return digit == '8' || digit == '9' || lower == 'a' || lower == 'b';
}

/* The longest prefix of at most bytes_max bytes that cuts neither a character nor an escape nor a surrogate pair. */
static size_t cut_inside(struct ps_span inside, size_t bytes_max)
{
    size_t len = ps_utf8_cut(inside, bytes_max);
    if (len == inside.len) return len;
    /* The longest escape, a pair of \u, has 12 bytes: begin at the last backslash that is surely outside one. */
    size_t at = 0;
    size_t safe = 0;
    while (at < len) {
        const char *next = memchr(inside.data + at, '\\', len - at);
        if (next == NULL) return len;
        at = (size_t)(next - inside.data);
        safe = at;
        bool unicode = inside.len - at >= 6 && inside.data[at + 1] == 'u';
        bool high = unicode && (inside.data[at + 2] | 0x20) == 'd' && begins_pair(inside.data[at + 3]);
        bool pair = high && inside.len - at >= 12 && inside.data[at + 6] == '\\' && inside.data[at + 7] == 'u';
        at += pair ? 12 : unicode ? 6 : 2;
    }
    return at == len ? len : safe;
}

enum ps_err ps_json_value_mend_name(struct ps_arena *arena, struct ps_span name, struct ps_span *out)
{
    struct ps_span cut = ps_span_first(name, cut_inside(name, PS_RECORD_NAME_BYTES_MAX));
    if (is_blank(cut)) {
        *out = PS_SPAN("_");
        return PS_OK;
    }
    if (!has_blank_part(cut)) {
        *out = cut;
        return PS_OK;
    }
    char *copy = ps_arena_bytes(arena, cut.len);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a name of %zu bytes", cut.len);
    for (size_t i = 0; i < cut.len; i++)
        copy[i] = (char)(cut.data[i] == '.' ? '_' : cut.data[i]);
    *out = ps_span_make(copy, cut.len);
    return PS_OK;
}

enum ps_err ps_json_value_plain_name(struct ps_arena *arena, struct ps_span name, struct ps_span *out)
{
    /* Long names are cut anyway: bound the work. */
    struct ps_span cut = ps_span_first(name, cut_inside(name, ESCAPED_NAME_BYTES_MAX));
    struct ps_span text;
    PS_TRY(ps_json_read_unescape(arena, cut, &text));
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 6 * text.len + 1);
    ps_json_write_escape(&buf, text);
    return ps_buf_finish(&buf, out);
}

/* -- strings -- */

static bool may_be_secret(char c)
{
    bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alnum || ps_span_find_byte(PS_SPAN("+/=_.- "), c) != PS_SPAN_NONE;
}

size_t ps_json_value_limit(struct ps_span value)
{
    enum {
        WORDS_BYTES_MAX = 128
    }; /* longer than a card or an AWS key; of a longer token the head is known by itself */
    size_t cut = PS_RECORD_VALUE_BYTES_MAX - PS_CLEAN_MARKER_BYTES_MAX;
    if (value.len <= PS_RECORD_VALUE_BYTES_MAX) return PS_RECORD_VALUE_BYTES_MAX;
    size_t run = 0;
    while (run < WORDS_BYTES_MAX && may_be_secret(value.data[cut - run - 1]))
        run++;
    return PS_RECORD_VALUE_BYTES_MAX - run;
}

enum ps_err ps_json_value_cut(struct ps_arena *arena, struct ps_span inside, size_t bytes_max, struct ps_span *out,
                              bool *cut)
{
    PS_ASSERT(bytes_max > PS_CLEAN_MARKER_BYTES_MAX);
    *cut = inside.len > bytes_max;
    if (!*cut) {
        *out = inside;
        return PS_OK;
    }
    size_t keep = cut_inside(inside, bytes_max - PS_CLEAN_MARKER_BYTES_MAX);
    char *copy = ps_arena_bytes(arena, keep + PS_CLEAN_MARKER_BYTES_MAX);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "cutting a string of %zu bytes", inside.len);
    memcpy(copy, inside.data, keep);
    size_t marker = ps_clean_marker(inside.len - keep, copy + keep);
    *out = ps_span_make(copy, keep + marker);
    return PS_OK;
}

/* -- looking -- */

enum ps_err ps_json_value_skip(struct ps_json_reader *reader, unsigned around, struct ps_span *raw, bool *breaks)
{
    struct ps_json_reader look = *reader;
    uint64_t seen[PS_RECORD_DEPTH_MAX + 1];
    uint16_t members[PS_RECORD_DEPTH_MAX + 1];
    const unsigned outside = reader->depth;
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&look, &token));
    const char *begin = token.text.data;
    bool bad = false;
    for (;;) {
        const unsigned depth = around + look.depth;
        if (token.kind == PS_JSON_KEY) {
            struct ps_name_words words = ps_name_words(token.text);
            uint64_t bit = UINT64_C(1) << (ps_name_words_hash(words, token.text.len) >> 58);
            bad = token.escaped || (seen[depth] & bit) != 0 ||
                  ps_name_suspect(token.text, words, PS_RECORD_NAME_BYTES_MAX) ||
                  members[depth] >= PS_RECORD_FIELDS_MAX;
            seen[depth] |= bit;
            members[depth]++;
        } else if (token.kind == PS_JSON_OBJECT_BEGIN || token.kind == PS_JSON_ARRAY_BEGIN) {
            bad = depth > PS_RECORD_DEPTH_MAX;
            if (!bad) {
                seen[depth] = 0;
                members[depth] = 0;
            }
        } else {
            bad = token.text.len >
                  (token.kind == PS_JSON_STRING ? PS_RECORD_VALUE_BYTES_MAX : PS_RECORD_NUMBER_BYTES_MAX);
        }
        if (PS_UNLIKELY(bad)) break;
        if (look.depth == outside) break;
        PS_TRY(ps_json_read_next(&look, &token));
    }
    *breaks = bad;
    if (bad) return ps_json_read_skip(reader, raw);
    *raw = ps_span_between(begin, look.at);
    *reader = look;
    return PS_OK;
}

/* -- mending -- */

/* The names of one object, mended, and which of them are written: of equal ones the last. */
struct members {
    struct ps_span *names;
    bool *written;
    size_t count;
    size_t next;
};

struct mend {
    struct ps_arena *arena;
    struct ps_json_reader reader;
    struct ps_json_writer writer;
    unsigned outside; /* levels of the line around the value */
    uint32_t cuts;
    struct members levels[PS_RECORD_DEPTH_MAX + 1];
};

/* Members of the object whose OBJECT_BEGIN reader (a copy) has just given. */
static enum ps_err count_members(struct ps_json_reader reader, size_t *count)
{
    for (size_t n = 0;; n++) {
        struct ps_json_token token;
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_OBJECT_END) {
            *count = n;
            return PS_OK;
        }
        PS_TRY(ps_json_read_skip(&reader, NULL));
    }
}

static enum ps_err mended_name(struct ps_arena *arena, const struct ps_json_token *key, struct ps_span *out)
{
    struct ps_span name = key->text;
    if (key->escaped) PS_TRY(ps_json_value_plain_name(arena, name, &name));
    if (ps_json_value_name_suspect(name)) PS_TRY(ps_json_value_mend_name(arena, name, &name));
    *out = name;
    return PS_OK;
}

/* Open addressing over the hashes of the names; a name met again takes the place of the one before. */
static void keep_last(struct members *members)
{
    enum { SLOTS = 2048 };
    _Static_assert((int)SLOTS > (int)PS_RECORD_FIELDS_MAX, "there is always a free slot");
    uint16_t slots[SLOTS] = { 0 };
    for (size_t i = 0; i < members->count; i++) {
        size_t slot = ps_name_hash(members->names[i]) >> 53;
        while (slots[slot] != 0 && !ps_span_eq(members->names[slots[slot] - 1], members->names[i]))
            slot = (slot + 1) % SLOTS;
        if (slots[slot] != 0) members->written[slots[slot] - 1] = false;
        members->written[i] = true;
        slots[slot] = (uint16_t)(i + 1);
    }
}

static enum ps_err read_members(struct ps_arena *arena, struct ps_json_reader reader, size_t count, struct members *out)
{
    struct members members = { .count = count };
    members.names = PS_ARENA_ARRAY(arena, struct ps_span, count + 1);
    members.written = PS_ARENA_ARRAY(arena, bool, count + 1);
    if (members.names == NULL || members.written == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "an object of %zu members", count);
    for (size_t i = 0; i < count; i++) {
        struct ps_json_token token;
        PS_TRY(ps_json_read_next(&reader, &token));
        PS_ASSERT(token.kind == PS_JSON_KEY);
        PS_TRY(mended_name(arena, &token, &members.names[i]));
        PS_TRY(ps_json_read_skip(&reader, NULL));
    }
    keep_last(&members);
    *out = members;
    return PS_OK;
}

static enum ps_err text_of(struct ps_arena *arena, struct ps_span raw, struct ps_span *out, uint32_t *cuts)
{
    struct ps_buf buf;
    /* What is over the limit after escaping is so before: there is no need to escape more than the limit. */
    struct ps_span head = ps_span_first(raw, ps_utf8_cut(raw, PS_RECORD_VALUE_BYTES_MAX));
    ps_buf_init(&buf, arena, 6 * head.len + 1);
    ps_json_write_escape(&buf, head);
    struct ps_span escaped;
    PS_TRY(ps_buf_finish(&buf, &escaped));
    bool cut = head.len < raw.len || escaped.len > PS_RECORD_VALUE_BYTES_MAX;
    if (!cut) {
        *out = escaped;
        return PS_OK;
    }
    size_t keep = cut_inside(escaped, PS_RECORD_VALUE_BYTES_MAX - PS_CLEAN_MARKER_BYTES_MAX);
    char marker[PS_CLEAN_MARKER_BYTES_MAX];
    size_t marker_len = ps_clean_marker(escaped.len - keep + raw.len - head.len, marker);
    buf.len = keep;
    ps_buf_put(&buf, ps_span_make(marker, marker_len));
    *cuts += 1;
    return ps_buf_finish(&buf, out);
}

static enum ps_err write_text(struct mend *mend, struct ps_span raw)
{
    struct ps_span text;
    PS_TRY(text_of(mend->arena, raw, &text, &mend->cuts));
    ps_json_write_string_escaped(&mend->writer, text);
    return PS_OK;
}

/* A container has begun; before is the reader as it was. Opens it, or writes it whole as text. */
static enum ps_err begin_container(struct mend *mend, struct ps_json_reader before, bool object)
{
    unsigned depth = mend->outside + mend->reader.depth;
    size_t count = 0;
    if (object && depth <= PS_RECORD_DEPTH_MAX) PS_TRY(count_members(mend->reader, &count));
    if (depth > PS_RECORD_DEPTH_MAX || count > PS_RECORD_FIELDS_MAX) {
        struct ps_span raw;
        PS_TRY(ps_json_read_skip(&before, &raw));
        mend->reader = before;
        return write_text(mend, raw);
    }
    if (!object) {
        ps_json_write_array_begin(&mend->writer);
        return PS_OK;
    }
    PS_TRY(read_members(mend->arena, mend->reader, count, &mend->levels[mend->reader.depth]));
    ps_json_write_object_begin(&mend->writer);
    return PS_OK;
}

static enum ps_err write_key(struct mend *mend)
{
    struct members *members = &mend->levels[mend->reader.depth];
    PS_ASSERT(members->next < members->count);
    size_t i = members->next++;
    if (!members->written[i]) return ps_json_read_skip(&mend->reader, NULL);
    ps_json_write_key_escaped(&mend->writer, members->names[i]);
    return PS_OK;
}

static enum ps_err write_string(struct mend *mend, struct ps_span inside)
{
    bool cut = false;
    PS_TRY(ps_json_value_cut(mend->arena, inside, ps_json_value_limit(inside), &inside, &cut));
    mend->cuts += cut;
    ps_json_write_string_escaped(&mend->writer, inside);
    return PS_OK;
}

static enum ps_err mend_token(struct mend *mend, const struct ps_json_token *token, struct ps_json_reader before)
{
    switch (token->kind) {
    case PS_JSON_OBJECT_BEGIN:
        return begin_container(mend, before, true);
    case PS_JSON_ARRAY_BEGIN:
        return begin_container(mend, before, false);
    case PS_JSON_OBJECT_END:
        ps_json_write_object_end(&mend->writer);
        return PS_OK;
    case PS_JSON_ARRAY_END:
        ps_json_write_array_end(&mend->writer);
        return PS_OK;
    case PS_JSON_KEY:
        return write_key(mend);
    case PS_JSON_STRING:
        return write_string(mend, token->text);
    case PS_JSON_NUMBER:
        if (token->text.len > PS_RECORD_NUMBER_BYTES_MAX) return write_string(mend, token->text);
        ps_json_write_raw(&mend->writer, token->text);
        return PS_OK;
    case PS_JSON_TRUE:
    case PS_JSON_FALSE:
    case PS_JSON_NULL:
        ps_json_write_raw(&mend->writer, token->text);
        return PS_OK;
    case PS_JSON_END:
        break;
    }
    return PS_OK;
}

enum ps_err ps_json_value_mend(struct ps_arena *arena, struct ps_span raw, unsigned depth, struct ps_span *out,
                               enum ps_field_kind *kind, uint32_t *cuts)
{
    struct mend mend = { .arena = arena, .outside = depth };
    ps_json_read_init(&mend.reader, raw);
    struct ps_buf buf;
    /* Names and strings grow by escaping at most sixfold, and only where text was made of a value. */
    ps_buf_init(&buf, arena, 8 * raw.len + 64);
    ps_json_write_init(&mend.writer, &buf);
    struct ps_json_token token;
    do {
        struct ps_json_reader before = mend.reader;
        PS_TRY(ps_json_read_next(&mend.reader, &token));
        PS_TRY(mend_token(&mend, &token, before));
    } while (token.kind != PS_JSON_END);
    PS_TRY(ps_json_write_finish(&mend.writer, out));
    *kind = PS_FIELD_JSON;
    if (out->len > 0 && out->data[0] == '"') {
        *kind = PS_FIELD_STRING;
        *out = ps_span_make(out->data + 1, out->len - 2);
    }
    *cuts += mend.cuts;
    return PS_OK;
}

enum ps_err ps_json_value_read(struct ps_arena *arena, struct ps_json_reader *reader, unsigned around,
                               struct ps_field *field, uint32_t *cuts)
{
    const char *at = reader->at;
    while (at < reader->end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    if (at < reader->end && (*at == '{' || *at == '[')) {
        bool breaks = false;
        unsigned depth = around + reader->depth;
        field->kind = PS_FIELD_JSON;
        field->plain = false;
        PS_TRY(ps_json_value_skip(reader, around, &field->value, &breaks));
        if (PS_LIKELY(!breaks)) return PS_OK;
        return ps_json_value_mend(arena, field->value, depth, &field->value, &field->kind, cuts);
    }
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(reader, &token));
    field->value = token.text;
    field->kind = token.kind == PS_JSON_STRING ? PS_FIELD_STRING : PS_FIELD_JSON;
    field->plain = !token.escaped;
    return PS_OK;
}
