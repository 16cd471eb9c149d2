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

/* Writes the escape of a special byte; at most 6 bytes. */
static size_t put_escape(char *out, char c)
{
    static const char SHORT[256] = {
        ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
    };
    static const char HEX[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;
    out[0] = '\\';
    if (SHORT[byte] != 0) {
        out[1] = SHORT[byte];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = HEX[byte >> 4];
    out[5] = HEX[byte & 15];
    return 6;
}

enum { ESCAPE_BYTES_MAX = 6 };

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
        char bytes[ESCAPE_BYTES_MAX];
        ps_buf_put(buf, ps_span_make(bytes, put_escape(bytes, *at++)));
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
    memcpy(room + 1 + key.len, "\":", 2);
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
