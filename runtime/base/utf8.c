#include "base/utf8.h"

#include "base/scan.h"

/* Table 3-7 of the Unicode standard, "Well-Formed UTF-8 Byte Sequences": how many bytes follow a lead byte and the
 * range of the first of them; the others are 80..bf. */
struct lead {
    uint8_t following;
    uint8_t low, high;
};

static struct lead lead_of(unsigned char c)
{
    if (c < 0xc2 || c > 0xf4) return (struct lead){ 0 };
    if (c < 0xe0) return (struct lead){ 1, 0x80, 0xbf };
    if (c < 0xf0) return (struct lead){ 2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf };
    return (struct lead){ 3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf };
}

/* Length of the character at at, or of the longest beginning of one; *whole tells which. At least 1. */
static size_t sequence(const char *at, const char *end, bool *whole)
{
    const unsigned char *byte = (const unsigned char *)at;
    *whole = true;
    if (byte[0] < 0x80) return 1;
    struct lead lead = lead_of(byte[0]);
    *whole = lead.following > 0;
    for (size_t i = 1; i <= lead.following; i++) {
        unsigned char low = i == 1 ? lead.low : 0x80;
        unsigned char high = i == 1 ? lead.high : 0xbf;
        if (at + i < end && byte[i] >= low && byte[i] <= high) continue;
        *whole = false;
        return i;
    }
    return lead.following + 1U;
}

static const char *after_ascii(const char *at, const char *end)
{
    enum { FOUR_WORDS = 4 * PS_SCAN_WORD };
    while (end - at >= FOUR_WORDS) {
        uint64_t all = ps_scan_load(at) | ps_scan_load(at + 8) | ps_scan_load(at + 16) | ps_scan_load(at + 24);
        if ((all & PS_SCAN_HIGHS) != 0) break;
        at += FOUR_WORDS;
    }
    while (end - at >= PS_SCAN_WORD) {
        uint64_t highs = ps_scan_load(at) & PS_SCAN_HIGHS;
        if (highs != 0) return at + __builtin_ctzll(highs) / 8;
        at += PS_SCAN_WORD;
    }
    while (at < end && (unsigned char)*at < 0x80)
        at++;
    return at;
}

size_t ps_utf8_valid_prefix(struct ps_span text)
{
    if (text.len == 0) return 0;
    const char *end = text.data + text.len;
    const char *at = after_ascii(text.data, end);
    while (at < end) {
        bool whole = false;
        size_t len = sequence(at, end, &whole);
        if (!whole) break;
        at += len;
        if (at < end && (unsigned char)*at < 0x80) at = after_ascii(at, end);
    }
    return (size_t)(at - text.data);
}

static const char REPLACEMENT[3] = { '\xef', '\xbf', '\xbd' };

/* Repairs text onto to (NULL: only measures). Returns the length of the result; *repaired counts replacements. */
static size_t repair(struct ps_span text, char *to, size_t *repaired)
{
    size_t len = 0;
    *repaired = 0;
    while (text.len > 0) {
        size_t valid = ps_utf8_valid_prefix(text);
        if (to != NULL) memcpy(to + len, text.data, valid);
        len += valid;
        text = ps_span_from(text, valid);
        if (text.len == 0) break;
        bool whole = false;
        size_t broken = sequence(text.data, text.data + text.len, &whole);
        if (to != NULL) memcpy(to + len, REPLACEMENT, sizeof REPLACEMENT);
        len += sizeof REPLACEMENT;
        text = ps_span_from(text, broken);
        ++*repaired;
    }
    return len;
}

enum ps_err ps_utf8_repair(struct ps_arena *arena, struct ps_span text, struct ps_span *out, size_t *repaired)
{
    if (ps_utf8_valid_prefix(text) == text.len) {
        *out = text;
        *repaired = 0;
        return PS_OK;
    }
    size_t count = 0;
    size_t len = repair(text, NULL, &count);
    char *copy = ps_arena_bytes(arena, len);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu bytes of repaired text", len);
    *out = ps_span_make(copy, repair(text, copy, repaired));
    return PS_OK;
}

size_t ps_utf8_cut(struct ps_span text, size_t bytes_max)
{
    if (text.len <= bytes_max) return text.len;
    const char *end = text.data + text.len;
    for (size_t back = 1; back <= 3 && back <= bytes_max; back++) {
        const char *lead = text.data + bytes_max - back;
        if (((unsigned char)*lead & 0xc0) == 0x80) continue;
        bool whole = false;
        bool cut = sequence(lead, end, &whole) > back && whole;
        return cut ? bytes_max - back : bytes_max;
    }
    return bytes_max;
}
