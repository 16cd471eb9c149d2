/* Target Functions: ps_s3_list_read ps_s3_list_error_code. */
#include <stdlib.h>

#include "aws/s3_list.h"
#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(struct ps_arena *arena, struct ps_span xml)
{
    struct ps_s3_page page;
    if (ps_s3_list_read(arena, xml, &page) == PS_OK) {
        PS_ASSERT(page.count <= PS_S3_LIST_KEYS_MAX);
        for (size_t i = 0; i < page.count; i++)
            PS_ASSERT(page.keys[i].len <= xml.len);
    }
    PS_ASSERT(ps_s3_list_error_code(xml).len <= 64);
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
