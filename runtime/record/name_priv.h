/* Hash and quick looks at names of fields, for the files of this room. Names are short; the hash reads their first and
 * last eight bytes, without case, so that one number serves the table of known names and the filter of seen ones. */
#ifndef PS_NAME_PRIV_H
#define PS_NAME_PRIV_H

#include "base/span.h"

/* Found by trial: with it the known names share no slot of the table in record/core.c. */
#define PS_NAME_MULTIPLIER UINT64_C(0x983fd97359af6769)

static inline uint64_t ps_name_load(const char *at, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, at, len);
    return word;
}

/* What is compared and hashed of a name: its first and last (at most eight) bytes; zeros for an empty one. */
struct ps_name_words {
    uint64_t first;
    uint64_t last;
};

static inline struct ps_name_words ps_name_words(struct ps_span name)
{
    const char *end = name.data + name.len;
    if (name.len >= 8) return (struct ps_name_words){ ps_name_load(name.data, 8), ps_name_load(end - 8, 8) };
    if (name.len >= 4) return (struct ps_name_words){ ps_name_load(name.data, 4), ps_name_load(end - 4, 4) };
    if (name.len == 0) return (struct ps_name_words){ 0, 0 };
    uint64_t bytes = (uint64_t)(unsigned char)name.data[0] | (uint64_t)(unsigned char)name.data[name.len / 2] << 8 |
                     (uint64_t)(unsigned char)end[-1] << 16;
    return (struct ps_name_words){ bytes, bytes };
}

/* Up to this length the words hold every byte. */
enum { PS_NAME_WORDS_BYTES = 16 };

static inline uint64_t ps_name_words_hash(struct ps_name_words words, size_t len)
{
    const uint64_t no_case = UINT64_C(0x2020202020202020);
    uint64_t first = words.first | no_case;
    uint64_t last = words.last | no_case;
    uint64_t mixed = (first ^ (last << 29 | last >> 35) ^ len) * PS_NAME_MULTIPLIER;
    return (mixed ^ mixed >> 32) * PS_NAME_MULTIPLIER;
}

static inline uint64_t ps_name_hash(struct ps_span name)
{
    return ps_name_words_hash(ps_name_words(name), name.len);
}

/* Whether one of the eight bytes is c. */
static inline bool ps_name_word_has(uint64_t word, char c)
{
    uint64_t other = word ^ (UINT64_C(0x0101010101010101) * (unsigned char)c);
    return ((other - UINT64_C(0x0101010101010101)) & ~other & UINT64_C(0x8080808080808080)) != 0;
}

/* Whether OpenSearch might refuse the name, which is then to be mended (record/json_value.h). */
static inline bool ps_name_suspect(struct ps_span name, struct ps_name_words words, size_t bytes_max)
{
    if (name.len == 0 || name.len > bytes_max) return true;
    if ((unsigned char)name.data[0] <= ' ' || name.data[0] == '\\') return true;
    if (name.len > PS_NAME_WORDS_BYTES) return memchr(name.data, '.', name.len) != NULL;
    return ps_name_word_has(words.first, '.') || ps_name_word_has(words.last, '.');
}

#endif
