/* Makes a message safe to show: what a terminal or a browser would act upon, or hide, goes.
 *
 * Removed: control characters except tab and line feed, DEL, C1 controls (as U+0080..009F), ANSI escape sequences with
 * their parameters (CSI; OSC and the other strings when they are finished), zero-width characters U+200B, U+200E,
 * U+200F, U+2060..2064, U+FEFF, and bidi controls U+202A..202E, U+2066..2069, U+061C. CR LF and lone CR become LF;
 * white space at the end goes; the start stays (stack traces are told by it).
 * Kept: U+200C and U+200D, the joiners. They have no width either, but Persian and the Indic scripts are misspelt
 * without them and family emoji fall apart.
 * An unfinished CSI at the end goes. An unfinished OSC loses its introducer only: otherwise three bytes could hide the
 * rest of a line from whoever reads the log.
 * Text must be valid UTF-8. When there is nothing to do the same span comes back. */
#ifndef PS_CLEAN_H
#define PS_CLEAN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define PS_CLEAN_UNLIMITED SIZE_MAX

/* Cleans text, then cuts it as ps_clean_cut does. Lines that may be JSON are cleaned PS_CLEAN_UNLIMITED, parsed, and
 * only then have their message cut: a cut object is none. */
PS_MUST_USE enum ps_err ps_clean(struct ps_arena *arena, struct ps_span text, size_t bytes_max, struct ps_span *out,
                                 bool *cut);

/* For what may be a piece of a longer line: white space at its end belongs to the line and stays, but for one line
 * feed, which only ended the piece. */
PS_MUST_USE enum ps_err ps_clean_piece(struct ps_arena *arena, struct ps_span text, struct ps_span *out);

/* text without the white space at its end. */
struct ps_span ps_clean_end(struct ps_span text);

/* text when it has at most bytes_max bytes; else its beginning, whole characters only, and the marker
 * "…[cut N bytes]", together at most bytes_max. A limit too small for the marker gets none. */
PS_MUST_USE enum ps_err ps_clean_cut(struct ps_arena *arena, struct ps_span text, size_t bytes_max, struct ps_span *out,
                                     bool *cut);

/* The marker: "…[cut N bytes]". It needs no escape in JSON. */
enum { PS_CLEAN_MARKER_BYTES_MAX = 3 + 5 + 20 + 7 };
size_t ps_clean_marker(size_t bytes, char out[PS_CLEAN_MARKER_BYTES_MAX]);

#endif
