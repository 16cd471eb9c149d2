#include "base/json_read.h"

#include "base/assert.h"
#include "base/scan.h"

enum expects {
    EXPECTS_VALUE,        /* the first of all, or after a key */
    EXPECTS_VALUE_OR_END, /* after [ */
    EXPECTS_KEY_OR_END,   /* after { */
    EXPECTS_MORE,         /* after a value: comma, closing bracket, or the end of the text */
};

void ps_json_read_init(struct ps_json_reader *reader, struct ps_span text)
{
    /* Arithmetic on a null pointer is undefined: an empty span becomes an empty literal. */
    const char *begin = text.len == 0 ? "" : text.data;
    *reader = (struct ps_json_reader){ .begin = begin, .at = begin, .end = begin + text.len };
}

static enum ps_err unexpected(const struct ps_json_reader *reader, const char *at)
{
    size_t offset = (size_t)(at - reader->begin);
    if (at >= reader->end) PS_FAIL(PS_ERR_BAD_INPUT, "JSON: ends too early, at offset %zu", offset);
    PS_FAIL(PS_ERR_BAD_INPUT, "JSON: unexpected byte at offset %zu", offset);
}

static inline const char *after_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The four hex digits at at as a number, or -1. */
static int32_t hex4(const char *at, const char *end)
{
    if (end - at < 4) return -1;
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* What stands for the byte after a backslash; 0 for 'u' and for bytes that may not follow one. */
static const char ESCAPES[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

static inline char unescaped(char c)
{
    return ESCAPES[(unsigned char)c];
}

/* Checks the escapes whose second byte is marked in the block at at; false with *fault at the first wrong one. */
static bool escapes_exist(const char *at, const char *end, uint64_t marked, const char **fault)
{
    for (; marked != 0; marked &= marked - 1) {
        const char *c = at + __builtin_ctzll(marked);
        if (unescaped(*c) != 0) continue;
        *fault = c;
        if (*c != 'u' || hex4(c + 1, end) < 0) return false;
    }
    return true;
}

/* The closing quote of the string whose inside begins at at, or NULL with *fault at the byte that is wrong. */
static const char *string_end(const char *at, const char *end, bool *has_escapes, const char **fault)
{
    uint64_t carry = 0;
    bool any = false;
    for (;; at += PS_SCAN_BLOCK) {
        struct ps_scan_masks masks;
        size_t left = (size_t)(end - at);
        if (PS_LIKELY(left >= PS_SCAN_BLOCK)) {
            masks = ps_scan_block(at);
        } else {
            /* Zeros after the end are control characters: the scan stops there. */
            char last[PS_SCAN_BLOCK] = { 0 };
            memcpy(last, at, left);
            masks = ps_scan_block(last);
        }
        any |= carry != 0;
        uint64_t escaped = ps_scan_escaped(masks.backslash, &carry);
        uint64_t stop = (masks.quote & ~escaped) | masks.control;
        uint64_t before = stop == 0 ? UINT64_MAX : (stop & -stop) - 1;
        uint64_t unusual = escaped & before & ~(masks.quote | masks.backslash);
        if (PS_UNLIKELY(unusual != 0) && !escapes_exist(at, end, unusual, fault)) return NULL;
        any |= (masks.backslash & before) != 0;
        if (stop == 0) continue;
        at += __builtin_ctzll(stop);
        *fault = at;
        if (at >= end || *at != '"') return NULL;
        *has_escapes = any;
        return at;
    }
}

/* Most keys and values are short and without escapes: a look at 16 bytes, or two, settles them. */
static inline const char *short_string_end(const char *at, const char *end, bool *has_escapes, const char **fault)
{
    for (const char *step = at; end - step >= PS_SCAN_STEP && step - at < PS_SCAN_BLOCK; step += PS_SCAN_STEP) {
        size_t stop = ps_scan_special(step);
        if (stop == PS_SCAN_STEP) continue;
        if (step[stop] != '"') break;
        *has_escapes = false;
        return step + stop;
    }
    return string_end(at, end, has_escapes, fault);
}

static inline enum ps_err read_string(struct ps_json_reader *reader, const char *at, struct ps_json_token *out)
{
    const char *fault = at;
    bool escaped = false;
    const char *close = short_string_end(at + 1, reader->end, &escaped, &fault);
    if (PS_UNLIKELY(close == NULL)) return unexpected(reader, fault);
    *out = (struct ps_json_token){ PS_JSON_STRING, escaped, ps_span_between(at + 1, close) };
    reader->at = close + 1;
    reader->expects = EXPECTS_MORE;
    return PS_OK;
}

static inline enum ps_err read_key(struct ps_json_reader *reader, const char *at, struct ps_json_token *out)
{
    if (PS_UNLIKELY(at >= reader->end || *at != '"')) return unexpected(reader, at);
    const char *fault = at;
    bool escaped = false;
    const char *close = short_string_end(at + 1, reader->end, &escaped, &fault);
    if (PS_UNLIKELY(close == NULL)) return unexpected(reader, fault);
    const char *colon = after_blanks(close + 1, reader->end);
    if (PS_UNLIKELY(colon >= reader->end || *colon != ':')) return unexpected(reader, colon);
    *out = (struct ps_json_token){ PS_JSON_KEY, escaped, ps_span_between(at + 1, close) };
    reader->at = colon + 1;
    reader->expects = EXPECTS_VALUE;
    return PS_OK;
}

static inline bool in_object(const struct ps_json_reader *reader)
{
    return (reader->in_object >> (reader->depth - 1) & 1) != 0;
}

static inline enum ps_err open_level(struct ps_json_reader *reader, const char *at, struct ps_json_token *out)
{
    if (PS_UNLIKELY(reader->depth == PS_JSON_READ_DEPTH_MAX))
        PS_FAIL(PS_ERR_TOO_DEEP, "JSON: deeper than %d levels at offset %zu", PS_JSON_READ_DEPTH_MAX,
                (size_t)(at - reader->begin));
    bool object = *at == '{';
    uint64_t bit = UINT64_C(1) << reader->depth;
    reader->in_object = object ? reader->in_object | bit : reader->in_object & ~bit;
    reader->depth++;
    reader->expects = object ? EXPECTS_KEY_OR_END : EXPECTS_VALUE_OR_END;
    reader->at = at + 1;
    *out = (struct ps_json_token){ .kind = object ? PS_JSON_OBJECT_BEGIN : PS_JSON_ARRAY_BEGIN,
                                   .text = ps_span_make(at, 1) };
    return PS_OK;
}

static inline enum ps_err close_level(struct ps_json_reader *reader, const char *at, struct ps_json_token *out)
{
    bool object = in_object(reader);
    if (PS_UNLIKELY(at >= reader->end || *at != (object ? '}' : ']'))) return unexpected(reader, at);
    reader->depth--;
    reader->expects = EXPECTS_MORE;
    reader->at = at + 1;
    *out =
        (struct ps_json_token){ .kind = object ? PS_JSON_OBJECT_END : PS_JSON_ARRAY_END, .text = ps_span_make(at, 1) };
    return PS_OK;
}

static enum ps_err read_word(struct ps_json_reader *reader, const char *at, struct ps_json_token *out)
{
    static const struct {
        struct ps_span word;
        enum ps_json_kind kind;
    } WORDS[] = { { PS_SPAN_INIT("true"), PS_JSON_TRUE },
                  { PS_SPAN_INIT("false"), PS_JSON_FALSE },
                  { PS_SPAN_INIT("null"), PS_JSON_NULL } };
    struct ps_span rest = ps_span_between(at, reader->end);
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (!ps_span_starts(rest, WORDS[i].word)) continue;
        *out = (struct ps_json_token){ .kind = WORDS[i].kind, .text = ps_span_first(rest, WORDS[i].word.len) };
        reader->at = at + WORDS[i].word.len;
        reader->expects = EXPECTS_MORE;
        return PS_OK;
    }
    return unexpected(reader, at);
}

static inline enum ps_err read_number(struct ps_json_reader *reader, const char *at, struct ps_json_token *out)
{
    const char *fault = at;
    const char *end = ps_scan_number(at, reader->end, &fault);
    if (PS_UNLIKELY(end == NULL)) return unexpected(reader, fault);
    *out = (struct ps_json_token){ .kind = PS_JSON_NUMBER, .text = ps_span_between(at, end) };
    reader->at = end;
    reader->expects = EXPECTS_MORE;
    return PS_OK;
}

static inline enum ps_err read_value(struct ps_json_reader *reader, const char *at, struct ps_json_token *out)
{
    if (PS_UNLIKELY(at >= reader->end)) return unexpected(reader, at);
    char c = *at;
    if (PS_LIKELY(c == '"')) return read_string(reader, at, out);
    if (c == '{' || c == '[') return open_level(reader, at, out);
    if (c == '-' || (c >= '0' && c <= '9')) return read_number(reader, at, out);
    return read_word(reader, at, out);
}

static inline enum ps_err read_more(struct ps_json_reader *reader, const char *at, struct ps_json_token *out)
{
    if (reader->depth == 0) {
        if (PS_UNLIKELY(at != reader->end)) return unexpected(reader, at);
        *out = (struct ps_json_token){ .kind = PS_JSON_END, .text = ps_span_make(at, 0) };
        reader->at = at;
        return PS_OK;
    }
    if (at >= reader->end || *at != ',') return close_level(reader, at, out);
    at = after_blanks(at + 1, reader->end);
    return in_object(reader) ? read_key(reader, at, out) : read_value(reader, at, out);
}

static inline enum ps_err step(struct ps_json_reader *reader, struct ps_json_token *out)
{
    const char *at = after_blanks(reader->at, reader->end);
    switch ((enum expects)reader->expects) {
    case EXPECTS_VALUE_OR_END:
        if (at < reader->end && *at == ']') return close_level(reader, at, out);
        return read_value(reader, at, out);
    case EXPECTS_KEY_OR_END:
        if (at < reader->end && *at == '}') return close_level(reader, at, out);
        return read_key(reader, at, out);
    case EXPECTS_MORE:
        return read_more(reader, at, out);
    case EXPECTS_VALUE:
        break;
    }
    return read_value(reader, at, out);
}

enum ps_err ps_json_read_next(struct ps_json_reader *reader, struct ps_json_token *out)
{
    return step(reader, out);
}

/* Moves to where the value begins that is due now: after a key, at the start, or as the next element of an array. */
static enum ps_err find_value(struct ps_json_reader *reader)
{
    const char *at = after_blanks(reader->at, reader->end);
    bool element = reader->expects == EXPECTS_MORE && reader->depth > 0 && !in_object(reader);
    if (element) {
        if (at >= reader->end || *at != ',') return unexpected(reader, at);
        at = after_blanks(at + 1, reader->end);
    }
    if (!element && (reader->expects == EXPECTS_MORE || reader->expects == EXPECTS_KEY_OR_END))
        return unexpected(reader, at);
    reader->at = at;
    reader->expects = EXPECTS_VALUE;
    return PS_OK;
}

enum ps_err ps_json_read_skip(struct ps_json_reader *reader, struct ps_span *raw)
{
    PS_TRY(find_value(reader));
    const char *begin = reader->at;
    const uint8_t depth = reader->depth;
    struct ps_json_token token;
    do
        PS_TRY(step(reader, &token));
    while (reader->depth > depth);
    if (raw != NULL) *raw = ps_span_between(begin, reader->at);
    return PS_OK;
}

enum ps_err ps_json_read_check(struct ps_span text)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, text);
    PS_TRY(ps_json_read_skip(&reader, NULL));
    struct ps_json_token token;
    return ps_json_read_next(&reader, &token);
}

static size_t put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* Undoes the \u escape at *at (its backslash), with its second half if it is a surrogate pair; writes at most 4 bytes.
 * Returns their number, 0 when it is no such escape. */
static size_t put_unicode_escape(char *out, const char **at, const char *end)
{
    const int32_t high = hex4(*at + 2, end);
    if (high < 0) return 0;
    *at += 6;
    uint32_t code = (uint32_t)high;
    if (code < 0xd800 || code > 0xdfff) return put_utf8(out, code);
    const char *second = *at;
    if (code <= 0xdbff && end - second >= 6 && second[0] == '\\' && second[1] == 'u') {
        const int32_t low = hex4(second + 2, end);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *at = second + 6;
            return put_utf8(out, 0x10000 + ((code - 0xd800) << 10) + ((uint32_t)low - 0xdc00));
        }
    }
    return put_utf8(out, 0xfffd);
}

/* Undoes the escape at *at (its backslash); writes at most 4 bytes, never more than the escape was long. */
static size_t put_escape(char *out, const char **at, const char *end)
{
    if (end - *at < 2) return 0;
    char c = (*at)[1];
    if (c == 'u') return put_unicode_escape(out, at, end);
    out[0] = unescaped(c);
    if (out[0] == 0) return 0;
    *at += 2;
    return 1;
}

/* Undoes the escapes whose backslashes are marked in the len bytes at at, copying the runs between them; *to moves.
 * Returns where it stopped: behind the block, a byte further when an escape reaches over it, or at an escape that needs
 * a closer look. */
static inline const char *unescape_block(char **to, const char *at, size_t len, uint64_t marked)
{
    char *out = *to;
    size_t from = 0;
    for (; marked != 0; marked &= marked - 1) {
        size_t escape = (size_t)__builtin_ctzll(marked);
        ps_scan_copy_run(out, at + from, escape - from);
        out += escape - from;
        from = escape;
        char c = unescaped(at[escape + 1]);
        if (PS_UNLIKELY(c == 0)) break;
        *out++ = c;
        from += 2;
    }
    if (marked == 0 && from < len) {
        ps_scan_copy_run(out, at + from, len - from);
        out += len - from;
        from = len;
    }
    *to = out;
    return at + from;
}

/* Undoes the escapes of [at, end) onto *to while PS_SCAN_REACH bytes can be read up to limit. Returns where it stopped,
 * or NULL with *fault at an escape that does not exist. */
static const char *unescape_blocks(char **to, const char *at, const char *end, const char *limit, const char **fault)
{
    while (at < end && limit - at >= PS_SCAN_REACH) {
        size_t len = end - at < PS_SCAN_BLOCK ? (size_t)(end - at) : PS_SCAN_BLOCK;
        uint64_t inside = len == PS_SCAN_BLOCK ? UINT64_MAX : (UINT64_C(1) << len) - 1;
        uint64_t backslash = ps_scan_backslashes(at) & inside;
        uint64_t carry = 0; /* a block always begins with a byte that nothing escapes */
        uint64_t marked = backslash & ~ps_scan_escaped(backslash, &carry);
        const char *stop = unescape_block(to, at, len, marked);
        while (PS_UNLIKELY(stop < at + len)) {
            *fault = stop;
            size_t made = put_escape(*to, &stop, end);
            if (made == 0) return NULL;
            *to += made;
            if (stop >= end || *stop != '\\') break;
        }
        at = stop;
    }
    *fault = at;
    return at <= end ? at : NULL;
}

/* Undoes the escapes of text onto to, which has PS_SCAN_REACH bytes more than text. Returns the end of the result, or
 * NULL with *fault_offset. */
static char *unescape(char *to, struct ps_span text, size_t *fault_offset)
{
    const char *end = text.data + text.len;
    const char *fault = text.data;
    const char *at = unescape_blocks(&to, text.data, end, end, &fault);
    *fault_offset = (size_t)(fault - text.data);
    if (at == NULL) return NULL;
    /* What is left is less than the blocks may reach over: it is done in a copy with room behind it. */
    char last[2 * PS_SCAN_REACH] = { 0 };
    size_t left = (size_t)(end - at);
    memcpy(last, at, left);
    const char *last_at = unescape_blocks(&to, last, last + left, last + sizeof last, &fault);
    *fault_offset = (size_t)(at - text.data) + (size_t)(fault - last);
    return last_at == NULL ? NULL : to;
}

enum ps_err ps_json_read_unescape(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    ptrdiff_t plain = ps_span_find_byte(text, '\\');
    if (plain == PS_SPAN_NONE) {
        *out = text;
        return PS_OK;
    }
    size_t room = text.len + PS_SCAN_REACH;
    char *copy = ps_arena_bytes(arena, room);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "JSON string of %zu bytes", text.len);
    memcpy(copy, text.data, (size_t)plain);
    size_t fault_offset = 0;
    const char *end = unescape(copy + plain, ps_span_from(text, (size_t)plain), &fault_offset);
    if (end == NULL)
        PS_FAIL(PS_ERR_BAD_INPUT, "JSON string: no such escape at offset %zu", (size_t)plain + fault_offset);
    size_t len = (size_t)(end - copy);
    PS_ASSERT(ps_arena_resize_newest(arena, copy, room, len));
    *out = ps_span_make(copy, len);
    return PS_OK;
}

/* Whether the escaped key, once unescaped, is name. */
static bool key_is(struct ps_span key, struct ps_span name)
{
    const char *at = key.data;
    const char *end = key.data + key.len;
    while (at < end) {
        char bytes[4] = { *at };
        size_t len = 1;
        if (*at == '\\')
            len = put_escape(bytes, &at, end);
        else
            at++;
        if (len == 0 || !ps_span_starts(name, ps_span_make(bytes, len))) return false;
        name = ps_span_from(name, len);
    }
    return name.len == 0;
}

enum ps_err ps_json_read_member(struct ps_span object, struct ps_span name, struct ps_json_token *value,
                                struct ps_span *raw, bool *found)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, object);
    struct ps_json_token token = { 0 };
    PS_TRY(ps_json_read_next(&reader, &token));
    if (token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "JSON: not an object");
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind != PS_JSON_KEY) break;
        bool same = token.escaped ? key_is(token.text, name) : ps_span_eq(token.text, name);
        struct ps_json_reader before = reader;
        struct ps_span slice;
        PS_TRY(ps_json_read_skip(&reader, &slice));
        if (!same) continue;
        PS_TRY(ps_json_read_next(&before, &token));
        if (value != NULL) *value = token;
        if (raw != NULL) *raw = slice;
        *found = true;
        return PS_OK;
    }
    *found = false;
    return PS_OK;
}
