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

/* The first and the last (at most eight) bytes; both zero for an empty name. */
static inline void ps_name_words(struct ps_span name, uint64_t *first, uint64_t *last)
{
    if (name.len >= 8) {
        *first = ps_name_load(name.data, 8);
        *last = ps_name_load(name.data + name.len - 8, 8);
    } else if (name.len >= 4) {
        *first = ps_name_load(name.data, 4);
        *last = ps_name_load(name.data + name.len - 4, 4);
    } else if (name.len > 0) {
        *first = (uint64_t)(unsigned char)name.data[0] | (uint64_t)(unsigned char)name.data[name.len / 2] << 8 |
                 (uint64_t)(unsigned char)name.data[name.len - 1] << 16;
        *last = *first;
    } else {
        *first = 0;
        *last = 0;
    }
}

static inline uint64_t ps_name_hash(struct ps_span name)
{
    const uint64_t no_case = UINT64_C(0x2020202020202020);
    uint64_t first = 0;
    uint64_t last = 0;
    ps_name_words(name, &first, &last);
    first |= no_case;
    last |= no_case;
    uint64_t mixed = (first ^ (last << 29 | last >> 35) ^ name.len) * PS_NAME_MULTIPLIER;
    return (mixed ^ mixed >> 32) * PS_NAME_MULTIPLIER;
}

#endif
