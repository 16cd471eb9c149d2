/* Target functions: ps_match_compile, ps_match_find, ps_match_literal.
 * Properties: the pre-filter never changes an answer; a match lies in the text and holds the required literal. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "record/match.h"

enum { ARENA_BYTES = 64 << 20 };

static struct ps_arena t_arena;
static struct ps_match_scratch *t_scratch;
static struct ps_arena_mark t_mark;

static void check_find(const struct ps_match *with, const struct ps_match *without, struct ps_span text)
{
    size_t begin = 0;
    size_t end = 0;
    size_t plain_begin = 0;
    size_t plain_end = 0;
    enum ps_match_result plain = ps_match_find(without, t_scratch, text, 0, &plain_begin, &plain_end);
    enum ps_match_result result = ps_match_find(with, t_scratch, text, 0, &begin, &end);
    if (plain == PS_MATCH_LIMIT) return; /* the filter may know the answer all the same */
    PS_ASSERT(result == plain);
    if (result != PS_MATCH_FOUND) return;
    PS_ASSERT(begin == plain_begin && end == plain_end && begin <= end && end <= text.len);
    PS_ASSERT(ps_span_find(text, ps_match_literal(with)) != PS_SPAN_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (t_arena.base == NULL) {
        if (ps_arena_init(&t_arena, ARENA_BYTES) != PS_OK) abort();
        t_mark = ps_arena_mark(&t_arena);
    }
    if (size < 1) return 0;
    unsigned flags = data[0] & (PS_MATCH_CASELESS | PS_MATCH_UTF);
    bool more = false;
    struct ps_span text = ps_span_make((const char *)data + 1, size - 1);
    struct ps_span pattern = ps_span_split(&text, '\n', &more);
    char *copy = malloc(text.len == 0 ? 1 : text.len);
    if (copy == NULL) abort();
    if (text.len > 0) memcpy(copy, text.data, text.len);
    struct ps_match *with = NULL;
    struct ps_match *without = NULL;
    if (ps_match_compile(&t_arena, pattern, flags, &with) == PS_OK) {
        /* Its memory may grow on the arena, which is rewound below. */
        enum ps_err err = ps_match_scratch_open(&t_arena, &t_scratch);
        PS_ASSERT(err == PS_OK);
        err = ps_match_compile(&t_arena, pattern, flags | PS_MATCH_NO_PREFILTER, &without);
        PS_ASSERT(err == PS_OK);
        check_find(with, without, ps_span_make(copy, text.len));
        check_find(with, without, pattern);
        check_find(with, without, ps_match_literal(with));
        ps_match_scratch_close(t_scratch);
    }
    ps_match_close(with);
    ps_match_close(without);
    free(copy);
    ps_arena_rewind(&t_arena, t_mark);
    return 0;
}
