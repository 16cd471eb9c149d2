/* Target Functions: ps_credentials_parse. */
#include <stdlib.h>

#include "aws/credentials.h"
#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(struct ps_arena *arena, struct ps_span json)
{
    struct ps_credentials credentials = { 0 };
    if (ps_credentials_parse(arena, json, &credentials) != PS_OK) {
        PS_ASSERT(!credentials.present);
        return;
    }
    PS_ASSERT(credentials.access_key_id.len > 0 && credentials.secret_access_key.len > 0);
    PS_ASSERT(credentials.session_token.data + credentials.session_token.len <=
              credentials.text + sizeof credentials.text);
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
