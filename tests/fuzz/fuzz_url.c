/* Target Functions: ps_url_split ps_url_encode ps_percent_decode_form. */
#include <stdlib.h>

#include "aws/url.h"
#include "base/assert.h"
#include "base/percent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(struct ps_arena *arena, struct ps_span text)
{
    struct ps_url url;
    struct ps_span decoded, encoded, again;
    if (ps_url_split(text, &url) == PS_OK) {
        PS_ASSERT(url.host.len > 0 && url.target.data[0] == '/' && url.port > 0 && url.port < 65536);
        PS_ASSERT(ps_span_starts(text, url.origin));
    }
    if (ps_percent_decode_form(arena, text, &decoded) != PS_OK) return;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 1 << 19);
    ps_url_encode(&buf, decoded, false);
    if (ps_buf_finish(&buf, &encoded) != PS_OK) return;
    PS_ASSERT(ps_percent_decode_form(arena, encoded, &again) == PS_OK && ps_span_eq(decoded, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, 1 << 20) != PS_OK) abort();
    char *text = malloc(size + (size == 0));
    if (text == NULL) return 0;
    memcpy(text, data, size);
    try(&arena, ps_span_make(text, size));
    ps_arena_reset(&arena, 1 << 20);
    free(text);
    return 0;
}
