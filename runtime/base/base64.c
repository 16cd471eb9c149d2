#include "base/base64.h"

#include <string.h>

#include "base/assert.h"

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of a character of the alphabet; 0xff for every other byte. */
static const uint8_t SIX_BITS[256] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0x3e, 0xff, 0xff, 0xff, 0x3f, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c,
    0x3d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
    0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a,
    0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

static inline uint32_t bits_of(char c)
{
    return SIX_BITS[(unsigned char)c];
}

/* The 24 bits of four characters, or a number over 0xffffff when one of them is wrong. */
static inline uint32_t group(const char *at)
{
    uint32_t a = bits_of(at[0]);
    uint32_t b = bits_of(at[1]);
    uint32_t c = bits_of(at[2]);
    uint32_t d = bits_of(at[3]);
    return (a << 18 | b << 12 | c << 6 | d) | ((a | b | c | d) & 0x80) << 24;
}

static inline void put_group(char *out, uint32_t bits)
{
    out[0] = (char)(bits >> 16);
    out[1] = (char)(bits >> 8);
    out[2] = (char)bits;
}

/* Length of text without its padding, which is either whole or missing. */
static size_t without_padding(const char *text, size_t len)
{
    if (len % 4 != 0 || len == 0 || text[len - 1] != '=') return len;
    return text[len - 2] == '=' ? len - 2 : len - 1;
}

static enum ps_err wrong_byte(const char *text, size_t at, size_t len)
{
    while (at < len && bits_of(text[at]) < 64)
        at++;
    PS_FAIL(PS_ERR_BAD_INPUT, "base64: stops at byte %zu of %zu", at, len);
}

/* Decodes onto out, which may be text itself: each group is read before the bytes it becomes are written, and those
 * never reach further than the group. */
static enum ps_err decode(const char *text, size_t text_len, char *out, size_t *out_len)
{
    size_t len = without_padding(text, text_len);
    char *to = out;
    size_t at = 0;
    for (; len - at >= 8; at += 8, to += 6) {
        uint32_t first = group(text + at);
        uint32_t second = group(text + at + 4);
        if (PS_UNLIKELY((first | second) > 0xffffff)) return wrong_byte(text, at, text_len);
        uint64_t bits = __builtin_bswap64((uint64_t)first << 40 | (uint64_t)second << 16);
        memcpy(to, &bits, 6);
    }
    for (; len - at >= 4; at += 4, to += 3) {
        uint32_t bits = group(text + at);
        if (bits > 0xffffff) return wrong_byte(text, at, text_len);
        put_group(to, bits);
    }
    if (len > at) {
        char last[4] = { 'A', 'A', 'A', 'A' };
        memcpy(last, text + at, len - at);
        uint32_t bits = group(last);
        if (len - at == 1 || bits > 0xffffff) return wrong_byte(text, at, text_len);
        *to++ = (char)(bits >> 16);
        if (len - at == 3) *to++ = (char)(bits >> 8);
    }
    *out_len = (size_t)(to - out);
    return PS_OK;
}

enum ps_err ps_base64_decode(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    size_t room = text.len / 4 * 3 + 3;
    char *bytes = ps_arena_bytes(arena, room);
    if (bytes == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu bytes from base64", room);
    size_t len = 0;
    PS_TRY(decode(text.data, text.len, bytes, &len));
    PS_ASSERT(ps_arena_resize_newest(arena, bytes, room, len));
    *out = ps_span_make(bytes, len);
    return PS_OK;
}

void ps_base64_encode(struct ps_buf *buf, struct ps_span bytes)
{
    char *to = ps_buf_room(buf, (bytes.len + 2) / 3 * 4);
    if (to == NULL) return;
    const unsigned char *at = (const unsigned char *)bytes.data;
    size_t left = bytes.len;
    for (; left >= 3; left -= 3, at += 3, to += 4) {
        uint32_t bits = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
        to[0] = ALPHABET[bits >> 18];
        to[1] = ALPHABET[bits >> 12 & 63];
        to[2] = ALPHABET[bits >> 6 & 63];
        to[3] = ALPHABET[bits & 63];
    }
    if (left > 0) {
        uint32_t bits = (uint32_t)at[0] << 16 | (left == 2 ? (uint32_t)at[1] << 8 : 0);
        to[0] = ALPHABET[bits >> 18];
        to[1] = ALPHABET[bits >> 12 & 63];
        to[2] = '=';
        if (left == 2) to[2] = ALPHABET[bits >> 6 & 63];
        to[3] = '=';
    }
    buf->len += (bytes.len + 2) / 3 * 4;
}
