#include "base/json_write.h"

#include "base/assert.h"
#include "base/scan.h"

enum { DEPTH_MAX = 63 };

void ps_json_write_init(struct ps_json_writer *writer, struct ps_buf *buf)
{
    *writer = (struct ps_json_writer){ .buf = buf };
}

static inline uint64_t level_bit(const struct ps_json_writer *writer)
{
    return UINT64_C(1) << writer->depth;
}

/* Whether a comma is due before what comes next, which then counts as written. */
static inline bool comma_due(struct ps_json_writer *writer)
{
    uint64_t bit = level_bit(writer);
    bool due = (writer->has_member & bit) != 0;
    PS_ASSERT(!due || writer->depth > 0); /* one value at the top */
    writer->has_member |= bit;
    return due;
}

/* Room for n bytes of a value, and one more for the comma if it is due; the comma is written. */
static inline char *value_room(struct ps_json_writer *writer, size_t n)
{
    bool comma = false;
    if (writer->after_key) {
        writer->after_key = false;
    } else {
        PS_ASSERT((writer->in_object & level_bit(writer)) == 0); /* members have keys */
        comma = comma_due(writer);
    }
    char *room = ps_buf_room(writer->buf, n + comma);
    if (room == NULL || !comma) return room;
    *room = ',';
    writer->buf->len++;
    return room + 1;
}

static inline void value_byte(struct ps_json_writer *writer, char c)
{
    char *room = value_room(writer, 1);
    if (room == NULL) return;
    *room = c;
    writer->buf->len++;
}

static void open_level(struct ps_json_writer *writer, char c)
{
    value_byte(writer, c);
    PS_ASSERT(writer->depth < DEPTH_MAX);
    writer->depth++;
    writer->has_member &= ~level_bit(writer);
    writer->in_object &= ~level_bit(writer);
    if (c == '{') writer->in_object |= level_bit(writer);
}

static void close_level(struct ps_json_writer *writer, char c)
{
    PS_ASSERT(writer->depth > 0 && !writer->after_key);
    PS_ASSERT(((writer->in_object & level_bit(writer)) != 0) == (c == '}'));
    writer->depth--;
    ps_buf_byte(writer->buf, c);
}

void ps_json_write_object_begin(struct ps_json_writer *writer)
{
    open_level(writer, '{');
}

void ps_json_write_object_end(struct ps_json_writer *writer)
{
    close_level(writer, '}');
}

void ps_json_write_array_begin(struct ps_json_writer *writer)
{
    open_level(writer, '[');
}

void ps_json_write_array_end(struct ps_json_writer *writer)
{
    close_level(writer, ']');
}

enum { ESCAPE_BYTES_MAX = 6 };

/* How each special byte is written. */
struct escape {
    char text[7];
    uint8_t len;
};

static const struct escape ESCAPES['\\' + 1] = {
    { "\\u0000", 6 }, { "\\u0001", 6 }, { "\\u0002", 6 },      { "\\u0003", 6 },       { "\\u0004", 6 },
    { "\\u0005", 6 }, { "\\u0006", 6 }, { "\\u0007", 6 },      { "\\b", 2 },           { "\\t", 2 },
    { "\\n", 2 },     { "\\u000b", 6 }, { "\\f", 2 },          { "\\r", 2 },           { "\\u000e", 6 },
    { "\\u000f", 6 }, { "\\u0010", 6 }, { "\\u0011", 6 },      { "\\u0012", 6 },       { "\\u0013", 6 },
    { "\\u0014", 6 }, { "\\u0015", 6 }, { "\\u0016", 6 },      { "\\u0017", 6 },       { "\\u0018", 6 },
    { "\\u0019", 6 }, { "\\u001a", 6 }, { "\\u001b", 6 },      { "\\u001c", 6 },       { "\\u001d", 6 },
    { "\\u001e", 6 }, { "\\u001f", 6 }, ['"'] = { "\\\"", 2 }, ['\\'] = { "\\\\", 2 },
};

/* Copies bytes of [at, end) to to until one needs an escape; to has room for all of them. Returns how many. */
static inline size_t copy_plain(char *to, const char *at, const char *end)
{
    const char *begin = at;
    while (end - at >= PS_SCAN_STEP) {
        memcpy(to, at, PS_SCAN_STEP);
        size_t plain = ps_scan_special(at);
        at += plain;
        to += plain;
        if (plain < PS_SCAN_STEP) return (size_t)(at - begin);
    }
    if (end - at >= PS_SCAN_WORD) {
        uint64_t word = ps_scan_load(at);
        memcpy(to, &word, sizeof word);
        uint64_t special = ps_scan_word_special(word);
        size_t plain = special == 0 ? PS_SCAN_WORD : (size_t)__builtin_ctzll(special) / 8;
        at += plain;
        to += plain;
        if (special != 0) return (size_t)(at - begin);
    }
    while (at < end && !ps_scan_byte_special(*at))
        *to++ = *at++;
    return (size_t)(at - begin);
}

/* Escapes the len bytes at at, of which those marked are special, onto to; returns the end of the result. */
static inline char *escape_block(char *to, const char *at, size_t len, uint64_t marked)
{
    size_t from = 0;
    for (; marked != 0; marked &= marked - 1) {
        size_t special = (size_t)__builtin_ctzll(marked);
        ps_scan_copy_run(to, at + from, special - from);
        to += special - from;
        const struct escape *escape = &ESCAPES[(unsigned char)at[special]];
        memcpy(to, escape, sizeof *escape);
        to += escape->len;
        from = special + 1;
    }
    if (from < len) ps_scan_copy_run(to, at + from, len - from);
    return to + (len - from);
}

/* What escape_block may write: a block of nothing but control characters, and the reach of its last copy. */
enum { BLOCK_ROOM = PS_SCAN_BLOCK * ESCAPE_BYTES_MAX + PS_SCAN_STEP };

/* Escapes [at, end) block by block while there is ample room and limit is out of reach. Returns where it stopped. */
static const char *escape_blocks(struct ps_buf *buf, const char *at, const char *end, const char *limit)
{
    while (at < end && limit - at >= PS_SCAN_REACH && buf->cap - buf->len >= BLOCK_ROOM) {
        size_t len = end - at < PS_SCAN_BLOCK ? (size_t)(end - at) : PS_SCAN_BLOCK;
        uint64_t inside = len == PS_SCAN_BLOCK ? UINT64_MAX : (UINT64_C(1) << len) - 1;
        char *to = buf->data + buf->len;
        buf->len += (size_t)(escape_block(to, at, len, ps_scan_specials(at) & inside) - to);
        at += len;
    }
    return at;
}

/* Goes on block by block where the first special byte was met: others are likely to follow. */
static const char *escape_fast(struct ps_buf *buf, const char *at, const char *end)
{
    at = escape_blocks(buf, at, end, end);
    size_t left = (size_t)(end - at);
    if (left > PS_SCAN_REACH) return at;
    char last[2 * PS_SCAN_REACH] = { 0 };
    memcpy(last, at, left);
    return at + (escape_blocks(buf, last, last + left, last + sizeof last) - last);
}

/* Escapes text onto buf and leaves room for after more bytes. False when the buf failed. */
static bool escape(struct ps_buf *buf, struct ps_span text, size_t after)
{
    if (text.len == 0) return ps_buf_room(buf, after) != NULL;
    const char *at = text.data;
    const char *end = text.data + text.len;
    for (;;) {
        /* What is left takes at least its own length: a buf that is exactly large enough does not fail. */
        char *room = ps_buf_room(buf, (size_t)(end - at) + after);
        if (room == NULL) return false;
        size_t plain = copy_plain(room, at, end);
        buf->len += plain;
        at += plain;
        if (at == end) return true;
        const struct escape *next = &ESCAPES[(unsigned char)*at++];
        ps_buf_put(buf, ps_span_make(next->text, next->len));
        if (at < end && buf->err == PS_OK) at = escape_fast(buf, at, end);
    }
}

void ps_json_write_escape(struct ps_buf *buf, struct ps_span text)
{
    (void)escape(buf, text, 0);
}

static inline void begin_key(struct ps_json_writer *writer)
{
    PS_ASSERT((writer->in_object & level_bit(writer)) != 0 && !writer->after_key);
    if (comma_due(writer)) ps_buf_byte(writer->buf, ',');
    writer->after_key = true;
}

void ps_json_write_key(struct ps_json_writer *writer, struct ps_span key)
{
    begin_key(writer);
    ps_buf_byte(writer->buf, '"');
    if (!escape(writer->buf, key, 2)) return;
    memcpy(writer->buf->data + writer->buf->len, "\":", 2);
    writer->buf->len += 2;
}

void ps_json_write_key_escaped(struct ps_json_writer *writer, struct ps_span key)
{
    begin_key(writer);
    char *room = ps_buf_room(writer->buf, key.len + 3);
    if (room == NULL) return;
    room[0] = '"';
    if (key.len > 0) memcpy(room + 1, key.data, key.len);
    room[key.len + 1] = '"';
    room[key.len + 2] = ':';
    writer->buf->len += key.len + 3;
}

void ps_json_write_string(struct ps_json_writer *writer, struct ps_span text)
{
    value_byte(writer, '"');
    if (!escape(writer->buf, text, 1)) return;
    writer->buf->data[writer->buf->len++] = '"';
}

void ps_json_write_string_escaped(struct ps_json_writer *writer, struct ps_span text)
{
    char *room = value_room(writer, text.len + 2);
    if (room == NULL) return;
    room[0] = '"';
    if (text.len > 0) memcpy(room + 1, text.data, text.len);
    room[text.len + 1] = '"';
    writer->buf->len += text.len + 2;
}

void ps_json_write_raw(struct ps_json_writer *writer, struct ps_span json)
{
    char *room = value_room(writer, json.len);
    if (room == NULL || json.len == 0) return;
    memcpy(room, json.data, json.len);
    writer->buf->len += json.len;
}

void ps_json_write_u64(struct ps_json_writer *writer, uint64_t value)
{
    if (value_room(writer, 1) != NULL) ps_buf_u64(writer->buf, value);
}

void ps_json_write_i64(struct ps_json_writer *writer, int64_t value)
{
    if (value_room(writer, 1) != NULL) ps_buf_i64(writer->buf, value);
}

void ps_json_write_bool(struct ps_json_writer *writer, bool value)
{
    ps_json_write_raw(writer, value ? PS_SPAN("true") : PS_SPAN("false"));
}

void ps_json_write_null(struct ps_json_writer *writer)
{
    ps_json_write_raw(writer, PS_SPAN("null"));
}

void ps_json_write_member(struct ps_json_writer *writer, struct ps_span key, struct ps_span text)
{
    ps_json_write_key(writer, key);
    ps_json_write_string(writer, text);
}

enum ps_err ps_json_write_finish(struct ps_json_writer *writer, struct ps_span *out)
{
    PS_ASSERT(writer->depth == 0 && !writer->after_key);
    return ps_buf_finish(writer->buf, out);
}
