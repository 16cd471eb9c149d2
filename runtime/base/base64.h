/* Base64, RFC 4648 sections 4 (standard) and 5 (URL and file name safe). */
#ifndef PS_BASE64_H
#define PS_BASE64_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Decodes the standard alphabet; padding may be missing, nothing else may (no white space, no URL alphabet). Bits of
 * the last character that stand for no byte are not looked at.
 * BAD_INPUT names the offset of the first wrong byte. out lies on arena. */
PS_API PS_MUST_USE enum ps_err ps_base64_decode(struct ps_arena *arena, struct ps_span text, struct ps_span *out);

/* Standard alphabet with padding, onto buf. */
PS_API void ps_base64_encode(struct ps_buf *buf, struct ps_span bytes);

#endif
