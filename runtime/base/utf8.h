/* UTF-8 (RFC 3629): check and repair. Overlong forms, surrogates and code points over U+10FFFF are invalid. */
#ifndef PS_UTF8_H
#define PS_UTF8_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* Offset of the first invalid byte, or text.len. ASCII runs go by 8 or more bytes at a time. */
PS_API size_t ps_utf8_valid_prefix(struct ps_span text);

/* text itself when valid; else a copy on arena in which each maximal invalid part (Unicode 15, section 3.9,
 * "substitution of maximal subparts") became one U+FFFD. *repaired counts them (0 when valid). */
PS_API PS_MUST_USE enum ps_err ps_utf8_repair(struct ps_arena *arena, struct ps_span text, struct ps_span *out,
                                              size_t *repaired);

/* Length of the longest prefix of at most bytes_max bytes that does not cut a character. */
PS_API size_t ps_utf8_cut(struct ps_span text, size_t bytes_max);

#endif
