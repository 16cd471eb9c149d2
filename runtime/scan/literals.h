/* Finds the next place in a text where one of many literals stands, in one pass whose cost hardly depends on their
 * number. ASCII letters may be compared without case, for each literal by itself. What is found first is the place that
 * begins first; of several that begin there, any. Pure and exact: no false find, none missed. */
#ifndef PS_LITERALS_H
#define PS_LITERALS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum { PS_LITERALS_MAX = 512, PS_LITERAL_BYTES_MAX = 255 };

struct ps_literal {
    struct ps_span text; /* not empty */
    bool caseless;
};

struct ps_literals; /* opaque */

/* Texts must live as long. */
PS_MUST_USE enum ps_err ps_literals_open(struct ps_arena *process, const struct ps_literal *literals, size_t count,
                                         struct ps_literals **out);

/* Where the next one begins, at from or later; PS_SPAN_NONE when there is none. */
ptrdiff_t ps_literals_find(const struct ps_literals *literals, struct ps_span text, size_t from);

#endif
