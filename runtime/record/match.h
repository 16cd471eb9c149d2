/* Patterns that people write in settings: a required-literal pre-filter, then PCRE2 with JIT on bytes. The door to
 * PCRE2.
 *
 * A pattern is compiled once, at init, onto the process arena (PCRE2 gets its memory from there too; only JIT code
 * is mapped by PCRE2 itself and given back by ps_match_close). Finding allocates nothing once it is warm. Limits on
 * matching steps, depth, heap and stack end a pattern that explodes: the answer is then PS_MATCH_LIMIT, and the
 * caller decides what that means. Subjects are bytes (\xff is one character) unless PS_MATCH_UTF is asked for. \C and
 * callouts are refused. */
#ifndef PS_MATCH_H
#define PS_MATCH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum {
    PS_MATCH_PATTERN_BYTES_MAX = 4096, /* what an environment variable holds, as a whole */
    PS_MATCH_STEPS_MAX = 1000000,      /* milliseconds, not seconds, until a hostile line is given up */
    PS_MATCH_DEPTH_MAX = 10000,
    PS_MATCH_HEAP_KB_MAX = 1024,
    PS_MATCH_GROUPS_MAX = 63, /* numbers up to which a find tells what a group took */
};

enum ps_match_flag {
    PS_MATCH_CASELESS = 1 << 0,
    PS_MATCH_UTF = 1 << 1,          /* pattern and subject are UTF-8; invalid parts of a subject never match */
    PS_MATCH_NO_PREFILTER = 1 << 2, /* for tests: PCRE2 alone decides */
};

enum ps_match_result {
    PS_MATCH_NOT_FOUND,
    PS_MATCH_FOUND,
    PS_MATCH_LIMIT, /* given up: whether it is there is unknown */
};

struct ps_match;

/* Working memory of a find: one per thread, shared by all patterns. */
struct ps_match_scratch;

/* flags: of enum ps_match_flag. BAD_CONFIG names the offset in the pattern and PCRE2's reason. */
PS_MUST_USE enum ps_err ps_match_compile(struct ps_arena *process, struct ps_span pattern, unsigned flags,
                                         struct ps_match **out);
/* Gives JIT code back; the rest lies on the arena. */
void ps_match_close(struct ps_match *match);

PS_MUST_USE enum ps_err ps_match_scratch_open(struct ps_arena *process, struct ps_match_scratch **out);
void ps_match_scratch_close(struct ps_match_scratch *scratch);

/* The first match in text that starts at from or later; look-behind sees the bytes before from. A match may be empty.
 * *begin and *end are written only when found. */
PS_MUST_USE enum ps_match_result ps_match_find(const struct ps_match *match, struct ps_match_scratch *scratch,
                                               struct ps_span text, size_t from, size_t *begin, size_t *end);

/* The named groups, in the order of their names: at most max are written, their whole number comes back. Names are
 * views of the compiled pattern. */
struct ps_match_group {
    struct ps_span name;
    uint32_t number;
};
size_t ps_match_groups(const struct ps_match *match, struct ps_match_group *groups, size_t max);

/* What group `number` took in the last find with this scratch, which was in text; false when it took no part, when its
 * number is over PS_MATCH_GROUPS_MAX, or when nothing was found. Group 0 is the whole match. */
PS_MUST_USE bool ps_match_group(const struct ps_match_scratch *scratch, struct ps_span text, uint32_t number,
                                struct ps_span *out);

/* A text that every match contains, as long as our small analysis can prove one; empty when it cannot. */
struct ps_span ps_match_literal(const struct ps_match *match);

#endif
