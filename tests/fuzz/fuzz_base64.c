/* Targets: ps_base64_decode, ps_base64_encode. */
#include "base/base64.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ps_arena arena;

static struct ps_span encode(struct ps_span bytes)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, bytes.len * 2 + 4);
    ps_base64_encode(&buf, bytes);
    struct ps_span text;
    PS_ASSERT(ps_buf_finish(&buf, &text) == PS_OK);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)16 << 20) != PS_OK) return 0;
    struct ps_span input = exact_copy(ps_span_make((const char *)data, size));
    struct ps_span bytes;
    struct ps_span again;
    /* Whatever the bytes are, they come back. */
    PS_ASSERT(ps_base64_decode(&arena, encode(input), &bytes) == PS_OK);
    PS_ASSERT(ps_span_eq(bytes, input));
    /* What was decoded comes back. */
    if (ps_base64_decode(&arena, input, &bytes) == PS_OK) {
        PS_ASSERT(ps_base64_decode(&arena, encode(bytes), &again) == PS_OK);
        PS_ASSERT(ps_span_eq(again, bytes));
    }
    exact_free(input);
    ps_arena_reset(&arena, 1 << 20);
    return 0;
}
