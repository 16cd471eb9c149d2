/* Target Functions: ps_secret_reply_read ps_secret_reply_refusal ps_refusal_code. The first byte chooses service and
 * key. */
#include <stdlib.h>

#include "aws/refusal.h"
#include "aws/secrets_priv.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(struct ps_span text)
{
    volatile char last = '\0';
    for (size_t i = 0; i < text.len; i++)
        last = text.data[i];
    (void)last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, 1 << 20) != PS_OK) abort();
    if (size == 0) return 0;
    enum ps_secret_service service = (data[0] & 1) != 0 ? PS_SECRET_MANAGER : PS_SECRET_PARAMETER;
    struct ps_span key = (data[0] & 2) != 0 ? PS_SPAN("k") : PS_SPAN("");
    struct ps_span body = exact_copy(ps_span_make((const char *)data + 1, size - 1));
    struct ps_span value = PS_SPAN("");
    if (ps_secret_reply_read(&arena, service, body, key, &value) == PS_OK) {
        PS_ASSERT(value.len > 0 && value.len <= PS_SECRET_BYTES_MAX);
        PS_ASSERT(value.data[value.len - 1] != '\n');
        look_at(value);
    }
    PS_ASSERT(ps_secret_reply_refusal(service, 400, body) != PS_OK);
    look_at(ps_refusal_code(body));
    ps_arena_reset(&arena, 1 << 20);
    exact_free(body);
    return 0;
}
