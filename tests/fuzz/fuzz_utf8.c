/* Targets: ps_utf8_valid_prefix, ps_utf8_repair, ps_utf8_cut. */
#include "base/utf8.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ps_arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)16 << 20) != PS_OK) return 0;
    struct ps_span text = exact_copy(ps_span_make((const char *)data, size));
    size_t valid = ps_utf8_valid_prefix(text);
    PS_ASSERT(valid <= text.len);
    PS_ASSERT(ps_utf8_valid_prefix(ps_span_first(text, valid)) == valid);
    struct ps_span out;
    size_t repaired = 0;
    PS_ASSERT(ps_utf8_repair(&arena, text, &out, &repaired) == PS_OK);
    PS_ASSERT(ps_utf8_valid_prefix(out) == out.len);
    PS_ASSERT((repaired == 0) == (valid == text.len));
    PS_ASSERT(out.len <= text.len + 2 * repaired);
    PS_ASSERT(ps_span_eq(ps_span_first(out, valid), ps_span_first(text, valid)));
    /* A cut of valid text is valid and at most three bytes shorter than asked for. */
    for (size_t max = 0; max < out.len && max < 64; max++) {
        size_t cut = ps_utf8_cut(out, max);
        PS_ASSERT(cut <= max && max - cut <= 3);
        PS_ASSERT(ps_utf8_valid_prefix(ps_span_first(out, cut)) == cut);
        PS_ASSERT(ps_utf8_cut(text, max) <= max);
    }
    exact_free(text);
    ps_arena_reset(&arena, 1 << 20);
    return 0;
}
