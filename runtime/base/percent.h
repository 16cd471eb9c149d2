/* Percent encoding (RFC 3986) as forms write it (WHATWG URL Standard, "application/x-www-form-urlencoded"): S3 names
 * objects so in its notifications and listings. Decoding gives bytes, which need not be UTF-8. */
#ifndef PS_PERCENT_H
#define PS_PERCENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* Undoes percent encoding, '+' as a space, onto arena. BAD_INPUT for % without two hex digits. */
PS_API PS_MUST_USE enum ps_err ps_percent_decode_form(struct ps_arena *arena, struct ps_span text, struct ps_span *out);

#endif
