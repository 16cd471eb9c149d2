/* Finds the next place in a text where one of many literals stands, in one pass whose cost hardly depends on their
 * number. ASCII letters may be compared without case, for each literal by itself. What is found first is the place that
 * begins first; of several that begin there, any. Pure and exact: no false find, none missed.
 *
 * A table of hashed grams (the first 4 bytes of a literal, letters folded) is asked at every place of the text, and
 * only at every second to fourth when the shortest literal is longer. So the shortest one sets the speed of all: from
 * 4 bytes on they are fast, at 3 a little slower, below that slow. Text full of places that begin like a literal and
 * go on differently costs a comparison for each literal of that beginning. */
#ifndef PS_LITERALS_H
#define PS_LITERALS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum {
    PS_LITERALS_MAX = 4096, /* of PS_PATTERNS_MAX patterns, PS_REQUIRED_MAX each */
    PS_LITERAL_BYTES_MAX = 255,
};

struct ps_literal {
    struct ps_span text; /* not empty */
    bool caseless;
};

struct ps_literals; /* opaque */

/* Texts must live as long. BAD_CONFIG for an empty or too long literal, or too many. None at all are never found. */
PS_MUST_USE enum ps_err ps_literals_open(struct ps_arena *process, const struct ps_literal *literals, size_t count,
                                         struct ps_literals **out);

/* Where the next one begins, at from (at most text.len) or later; PS_SPAN_NONE when there is none. */
ptrdiff_t ps_literals_find(const struct ps_literals *literals, struct ps_span text, size_t from);

/* Which ones stand anywhere in text: sets bit n % 64 of found[n / 64] for literal n of those given to open, and clears
 * none. For the line in which one was found. */
void ps_literals_mark(const struct ps_literals *literals, struct ps_span text, uint64_t *found);

#endif
