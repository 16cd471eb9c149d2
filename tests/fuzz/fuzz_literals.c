/* Target functions: ps_literals_open, ps_literals_find, ps_literals_mark.
 * Input: literals, one a line (the first byte's bit 0: without case), an empty line, the text. Properties: the same
 * places and marks as a naive search. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "scan/literals.h"
#include "support/exact.h"

enum { ARENA_BYTES = 1 << 20, LITERALS_MAX = 64, TEXT_BYTES_MAX = 2000 };

static struct ps_arena t_arena;

static bool stands_at(const struct ps_literal *item, struct ps_span text, size_t at)
{
    struct ps_span there = ps_span_first(ps_span_from(text, at), item->text.len);
    return item->caseless ? ps_span_eq_nocase(there, item->text) : ps_span_eq(there, item->text);
}

static ptrdiff_t find_naively(const struct ps_literal *items, size_t count, struct ps_span text, size_t from)
{
    for (size_t at = from; at < text.len; at++) {
        for (size_t i = 0; i < count; i++) {
            if (stands_at(&items[i], text, at)) return (ptrdiff_t)at;
        }
    }
    return PS_SPAN_NONE;
}

static size_t read_literals(struct ps_span *input, struct ps_literal *items)
{
    size_t count = 0;
    bool more = true;
    while (more && count < LITERALS_MAX) {
        struct ps_span line = ps_span_split(input, '\n', &more);
        if (line.len < 2) break;
        items[count++] = (struct ps_literal){ .text = ps_span_from(line, 1), .caseless = (line.data[0] & 1) != 0 };
    }
    return count;
}

static void check_places(const struct ps_literals *literals, const struct ps_literal *items, size_t count,
                         struct ps_span text)
{
    for (size_t from = 0; from <= text.len;) {
        ptrdiff_t begin = ps_literals_find(literals, text, from);
        PS_ASSERT(begin == find_naively(items, count, text, from));
        if (begin == PS_SPAN_NONE) break;
        from = (size_t)begin + 1;
    }
    uint64_t found = 0;
    ps_literals_mark(literals, text, &found);
    for (size_t i = 0; i < count; i++)
        PS_ASSERT((found >> i & 1) == (find_naively(&items[i], 1, text, 0) != PS_SPAN_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (t_arena.base == NULL && ps_arena_init(&t_arena, ARENA_BYTES) != PS_OK) abort();
    struct ps_literal items[LITERALS_MAX];
    struct ps_span input = ps_span_make((const char *)data, size);
    size_t count = read_literals(&input, items);
    struct ps_span text = exact_copy(ps_span_first(input, TEXT_BYTES_MAX));
    struct ps_literals *literals = NULL;
    if (ps_literals_open(&t_arena, items, count, &literals) == PS_OK) check_places(literals, items, count, text);
    exact_free(text);
    ps_arena_rewind(&t_arena, (struct ps_arena_mark){ t_arena.base });
    return 0;
}
