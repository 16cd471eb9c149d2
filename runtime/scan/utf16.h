/* UTF-16 of either byte order becomes UTF-8 as it comes, in pieces cut anywhere. An unpaired surrogate and an odd last
 * byte become U+FFFD. Source: The Unicode Standard 15, section 3.9, D91 and D92. */
#ifndef PS_UTF16_H
#define PS_UTF16_H

#include "base/span.h"

enum { PS_UTF16_HELD_BYTES_MAX = 3 };

/* Zeroed but for big_endian at a text's begin. Copied, it can go on from there again. */
struct ps_utf16 {
    bool big_endian;
    uint8_t held_len; /* bytes that make no character yet: half a unit, a high surrogate, or both */
    unsigned char held[PS_UTF16_HELD_BYTES_MAX];
};

/* The most that ps_utf16_decode writes for len bytes: 3 for each unit, held bytes included. */
#define PS_UTF16_TEXT_BYTES_MAX(len) (((len) + PS_UTF16_HELD_BYTES_MAX + 1) / 2 * 3)

/* Writes what bytes are in UTF-8 to out and returns its length. last: no bytes follow, and none are held. */
size_t ps_utf16_decode(struct ps_utf16 *utf16, struct ps_span bytes, bool last, char *out);

#endif
