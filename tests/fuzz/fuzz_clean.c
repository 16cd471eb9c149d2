/* Target functions: ps_clean, ps_clean_cut. The first byte is the limit; invalid UTF-8 is repaired first, as in life.
 */
#include <stdlib.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "record/clean.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, 4 << 20) != PS_OK) abort();
    if (size == 0 || size > 1 << 16) return 0;
    ps_arena_reset(&arena, 1 << 20);
    char *copy = malloc(size);
    memcpy(copy, data, size);
    struct ps_span text;
    struct ps_span once;
    struct ps_span twice;
    struct ps_span short_text;
    size_t repaired = 0;
    bool cut = false;
    PS_ASSERT(ps_utf8_repair(&arena, ps_span_make(copy + 1, size - 1), &text, &repaired) == PS_OK);
    PS_ASSERT(ps_clean(&arena, text, PS_CLEAN_UNLIMITED, &once, &cut) == PS_OK && !cut);
    PS_ASSERT(once.len <= text.len && ps_utf8_valid_prefix(once) == once.len);
    for (size_t i = 0; i < once.len; i++)
        PS_ASSERT((unsigned char)once.data[i] >= 0x20 || once.data[i] == '\t' || once.data[i] == '\n');
    /* Where a character goes its neighbours may meet as an introducer (ESC is gone, so never): clean is clean. */
    PS_ASSERT(ps_clean(&arena, once, PS_CLEAN_UNLIMITED, &twice, &cut) == PS_OK);
    PS_ASSERT(ps_span_eq(once, twice));
    PS_ASSERT(ps_clean(&arena, text, data[0], &short_text, &cut) == PS_OK);
    PS_ASSERT(short_text.len <= data[0] && cut == (once.len > data[0]));
    PS_ASSERT(ps_utf8_valid_prefix(short_text) == short_text.len);
    free(copy);
    return 0;
}
