/* The escapes of log messages, undone fast. Messages that are JSON hold one every eight bytes or so; this loop finds
 * those of 64 bytes at once and moves what lies between them 16 bytes at a time. */
#ifndef PS_UNESCAPE_PRIV_H
#define PS_UNESCAPE_PRIV_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* The same as ps_json_read_unescape, which does the rest of the work where a \u escape is met. */
PS_MUST_USE enum ps_err ps_unescape_message(struct ps_arena *arena, struct ps_span text, struct ps_span *out);

#endif
