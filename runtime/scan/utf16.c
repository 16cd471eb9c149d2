#include "scan/utf16.h"

enum { UNIT_BYTES = 2, REPLACEMENT = 0xfffd };

static uint32_t unit_at(bool big_endian, const unsigned char *at)
{
    return big_endian ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

static bool is_high(uint32_t unit)
{
    return (unit & 0xfc00) == 0xd800;
}

static bool is_low(uint32_t unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

static char *put(char *out, uint32_t point)
{
    if (point < 0x80) {
        *out++ = (char)point;
        return out;
    }
    if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 63));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 63));
        *out++ = (char)(0x80 | (point >> 6 & 63));
    }
    *out++ = (char)(0x80 | (point & 63));
    return out;
}

/* Takes the character at the front of *bytes; false when it is not there as a whole. */
static bool take(bool big_endian, struct ps_span *bytes, uint32_t *point)
{
    if (bytes->len < UNIT_BYTES) return false;
    const unsigned char *at = (const unsigned char *)bytes->data;
    uint32_t unit = unit_at(big_endian, at);
    size_t used = UNIT_BYTES;
    *point = is_low(unit) ? REPLACEMENT : unit;
    if (is_high(unit)) {
        if (bytes->len < 2 * UNIT_BYTES) return false;
        uint32_t next = unit_at(big_endian, at + UNIT_BYTES);
        *point = is_low(next) ? 0x10000 + ((unit & 0x3ff) << 10 | (next & 0x3ff)) : REPLACEMENT;
        if (is_low(next)) used = 2 * UNIT_BYTES;
    }
    *bytes = ps_span_from(*bytes, used);
    return true;
}

static char *take_all(bool big_endian, struct ps_span *bytes, char *out)
{
    uint32_t point = 0;
    while (take(big_endian, bytes, &point))
        out = put(out, point);
    return out;
}

/* Moves the front of *bytes behind the held ones until those, as characters, are used up or nothing is left. */
static char *take_held(struct ps_utf16 *utf16, struct ps_span *bytes, char *out)
{
    while (utf16->held_len > 0 && bytes->len > 0) {
        unsigned char joined[PS_UTF16_HELD_BYTES_MAX + 1];
        memcpy(joined, utf16->held, utf16->held_len);
        joined[utf16->held_len] = (unsigned char)bytes->data[0];
        *bytes = ps_span_from(*bytes, 1);
        struct ps_span rest = ps_span_make((const char *)joined, utf16->held_len + 1U);
        out = take_all(utf16->big_endian, &rest, out);
        memcpy(utf16->held, rest.data, rest.len);
        utf16->held_len = (uint8_t)rest.len;
    }
    return out;
}

size_t ps_utf16_decode(struct ps_utf16 *utf16, struct ps_span bytes, bool last, char *out)
{
    char *end = take_held(utf16, &bytes, out);
    if (utf16->held_len == 0) {
        end = take_all(utf16->big_endian, &bytes, end);
        utf16->held_len = (uint8_t)bytes.len;
        if (bytes.len > 0) memcpy(utf16->held, bytes.data, bytes.len);
    }
    if (last && utf16->held_len > 0) {
        end = put(end, REPLACEMENT);
        if (utf16->held_len == PS_UTF16_HELD_BYTES_MAX) end = put(end, REPLACEMENT);
        utf16->held_len = 0;
    }
    return (size_t)(end - out);
}
