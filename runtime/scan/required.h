/* Proves from the text of a regex that every match contains one of a few literals: a line with none of them need not be
 * asked. It understands what people write (alternations, groups, options i, m and s, small classes, quantifiers) and
 * proves nothing for the rest: references, conditions, verbs, \Q, \x{...}, comments, the option x. When in doubt, none.
 * For regexes that PCRE2 has accepted, on bytes. Source: pcre2pattern(3). */
#ifndef PS_REQUIRED_H
#define PS_REQUIRED_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "scan/literals.h"

enum {
    PS_REQUIRED_MAX = 16,
    PS_REQUIRED_BYTES_MIN = 3,  /* shorter ones stand in most lines, and slow the search for the others */
    PS_REQUIRED_BYTES_MAX = 32, /* longer ones select no better; they are cut */
};

/* *count is 0 when nothing could be proven. NO_MEMORY when arena is full. */
PS_MUST_USE enum ps_err ps_required_find(struct ps_arena *arena, struct ps_span regex,
                                         const struct ps_literal **literals, size_t *count);

#endif
