#include "record/clean.h"

#include "base/buf.h"
#include "base/utf8.h"

enum {
    CSI_BYTES_MAX = 64,      /* colours need twenty; longer is no sequence but somebody hiding text */
    STRING_BYTES_MAX = 4096, /* an OSC 8 link holds a URL */
};

enum { ESC = 0x1b, BEL = 0x07, DEL = 0x7f };

/* -- where is the first byte that needs a look? -- */

enum byte_class {
    KEPT,    /* stays, whatever stands around it */
    LOOK,    /* a control byte, or the first byte of a character that may have to go */
    NEVER_0, /* padding for readers of the table: no third class */
};

static enum byte_class classify(unsigned char byte)
{
    if (byte < 0x20) return byte == '\t' || byte == '\n' ? KEPT : LOOK;
    return byte == DEL || byte == 0xc2 || byte == 0xd8 || byte == 0xe2 || byte == 0xef ? LOOK : KEPT;
}

typedef uint8_t lanes __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

/* All ones where one of 16 bytes is not printable ASCII, tab or line feed. Vector extensions: SSE2 here, NEON there. */
static inline lanes odd_bytes(const char *at)
{
    lanes bytes;
    memcpy(&bytes, at, sizeof bytes);
    lanes shifted = bytes - 0x20;
    return (lanes)(shifted >= 0x5f) & (lanes)(bytes != '\t') & (lanes)(bytes != '\n');
}

static inline bool none(lanes odd)
{
    halves any = (halves)odd;
    return (any[0] | any[1]) == 0;
}

/* Offset from begin of the first LOOK byte at or after at, or the length. */
static const char *find_look(const char *at, const char *end)
{
    const char *begin = at;
    while (at < end) {
        while (end - at >= 64 && none(odd_bytes(at) | odd_bytes(at + 16) | odd_bytes(at + 32) | odd_bytes(at + 48)))
            at += 64;
        while (end - at >= 16 && none(odd_bytes(at)))
            at += 16;
        /* Near the end the last 16 bytes are looked at once more, which is cheaper than one by one. */
        if (end - at < 16 && end - begin >= 16 && none(odd_bytes(end - 16))) return end;
        /* Something in here: byte by byte, then fast again. */
        const char *stop = end - at > 32 ? at + 32 : end;
        for (; at < stop; at++) {
            if (classify((unsigned char)*at) == LOOK) return at;
        }
    }
    return end;
}

/* -- what stands there? -- */

/* Length of a control sequence's rest (parameters, intermediates, final byte) at at; what is unfinished counts as far
 * as it goes; 0 when it is too long to be one. */
static size_t csi_rest(const char *at, const char *end)
{
    const char *p = at;
    while (p < end && *p >= 0x30 && *p <= 0x3f)
        p++;
    while (p < end && *p >= 0x20 && *p <= 0x2f)
        p++;
    if (p - at > CSI_BYTES_MAX) return 0;
    return (size_t)(p - at) + (p < end && *p >= 0x40 && *p <= 0x7e);
}

/* Length of a string's rest up to and with its end (BEL, ESC \ or U+009C); 0 when it has no end near by. */
static size_t string_rest(const char *at, const char *end)
{
    const char *stop = end - at > STRING_BYTES_MAX ? at + STRING_BYTES_MAX : end;
    for (const char *p = at; p < stop; p++) {
        if (*p == '\n') return 0;
        if (*p == BEL) return (size_t)(p + 1 - at);
        if (p + 1 >= end) break;
        bool terminator = (*p == ESC && p[1] == '\\') || ((unsigned char)*p == 0xc2 && (unsigned char)p[1] == 0x9c);
        if (terminator) return (size_t)(p + 2 - at);
        if (*p == ESC) return 0;
    }
    return 0;
}

static size_t escape_length(const char *at, const char *end)
{
    if (end - at < 2) return 1;
    switch (at[1]) {
    case '[':
        return 2 + csi_rest(at + 2, end);
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        return 2 + string_rest(at + 2, end);
    default:
        break;
    }
    const char *p = at + 1;
    while (p < end && p - at < 4 && *p >= 0x20 && *p <= 0x2f)
        p++;
    return (size_t)(p - at) + (p < end && *p >= 0x30 && *p <= 0x7e);
}

/* C1 controls are two bytes, c2 80..9f; some of them introduce what ESC [ and ESC ] do. */
static size_t c1_length(const char *at, const char *end)
{
    switch ((unsigned char)at[1]) {
    case 0x9b:
        return 2 + csi_rest(at + 2, end);
    case 0x90:
    case 0x98:
    case 0x9d:
    case 0x9e:
    case 0x9f:
        return 2 + string_rest(at + 2, end);
    default:
        return 2;
    }
}

static bool invisible(uint32_t code)
{
    return code == 0x200b || code == 0x200e || code == 0x200f || (code >= 0x2060 && code <= 0x2064) ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

/* How many bytes at a LOOK byte have to go; 0 keeps it. */
static size_t removal_length(const char *at, const char *end)
{
    unsigned char byte = (unsigned char)*at;
    unsigned char second = end - at > 1 ? (unsigned char)at[1] : 0;
    unsigned char third = end - at > 2 ? (unsigned char)at[2] : 0;
    switch (byte) {
    case ESC:
        return escape_length(at, end);
    case 0xc2:
        return second >= 0x80 && second <= 0x9f ? c1_length(at, end) : 0;
    case 0xd8:
        return second == 0x9c ? 2 : 0;
    case 0xe2:
    case 0xef: {
        uint32_t code = (byte & 0xfu) << 12 | (second & 0x3fu) << 6 | (third & 0x3fu);
        return end - at >= 3 && invisible(code) ? 3 : 0;
    }
    default:
        return 1;
    }
}

struct ps_span ps_clean_end(struct ps_span text)
{
    while (text.len > 0) {
        char last = text.data[text.len - 1];
        if (last != ' ' && last != '\n' && last != '\t' && last != '\r') break;
        text.len--;
    }
    return text;
}

/* The first place where something must change, or the end. */
static const char *find_change(const char *at, const char *end)
{
    for (;;) {
        at = find_look(at, end);
        if (at == end || *at == '\r' || removal_length(at, end) > 0) return at;
        at++;
    }
}

/* Copies text from its first change at change on; nothing grows, so len bytes are enough. */
static enum ps_err rewrite(struct ps_arena *arena, struct ps_span text, const char *change, struct ps_span *out)
{
    char *copy = ps_arena_bytes(arena, text.len);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "cleaning a message of %zu bytes", text.len);
    const char *end = text.data + text.len;
    const char *at = text.data;
    char *put = copy;
    for (;;) {
        memcpy(put, at, (size_t)(change - at));
        put += change - at;
        if (change == end) break;
        if (*change == '\r') {
            *put++ = '\n';
            at = change + 1;
            if (at < end && *at == '\n') at++;
        } else {
            at = change + removal_length(change, end);
        }
        change = find_change(at, end);
    }
    *out = ps_span_between(copy, put);
    return PS_OK;
}

static enum ps_err change_all(struct ps_arena *arena, struct ps_span *text)
{
    if (text->len == 0) return PS_OK;
    const char *change = find_change(text->data, text->data + text->len);
    if (PS_LIKELY(change == text->data + text->len)) return PS_OK;
    return rewrite(arena, *text, change, text);
}

enum ps_err ps_clean_piece(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    struct ps_span clean = text;
    PS_TRY(change_all(arena, &clean));
    if (clean.len > 0 && clean.data[clean.len - 1] == '\n') clean.len--;
    *out = clean;
    return PS_OK;
}

enum ps_err ps_clean(struct ps_arena *arena, struct ps_span text, size_t bytes_max, struct ps_span *out, bool *cut)
{
    struct ps_span clean = ps_clean_end(text);
    *cut = false;
    PS_TRY(change_all(arena, &clean));
    clean = ps_clean_end(clean);
    if (PS_UNLIKELY(clean.len > bytes_max)) return ps_clean_cut(arena, clean, bytes_max, out, cut);
    *out = clean;
    return PS_OK;
}

size_t ps_clean_marker(size_t bytes, char out[PS_CLEAN_MARKER_BYTES_MAX])
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, out, PS_CLEAN_MARKER_BYTES_MAX);
    ps_buf_put(&buf, PS_SPAN("\xe2\x80\xa6[cut "));
    ps_buf_u64(&buf, bytes);
    ps_buf_put(&buf, PS_SPAN(" bytes]"));
    return buf.len;
}

enum ps_err ps_clean_cut(struct ps_arena *arena, struct ps_span text, size_t bytes_max, struct ps_span *out, bool *cut)
{
    *cut = text.len > bytes_max;
    if (!*cut) {
        *out = text;
        return PS_OK;
    }
    if (bytes_max < PS_CLEAN_MARKER_BYTES_MAX) {
        *out = ps_span_first(text, ps_utf8_cut(text, bytes_max));
        return PS_OK;
    }
    size_t keep = ps_utf8_cut(text, bytes_max - PS_CLEAN_MARKER_BYTES_MAX);
    char *copy = ps_arena_bytes(arena, keep + PS_CLEAN_MARKER_BYTES_MAX);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "cutting a text of %zu bytes at %zu", text.len, bytes_max);
    memcpy(copy, text.data, keep);
    size_t marker = ps_clean_marker(text.len - keep, copy + keep);
    *out = ps_span_make(copy, keep + marker);
    return PS_OK;
}
