/* Target functions: ps_caller_cognito, ps_caller_client. */
#include <stdlib.h>

#include "base/json_read.h"
#include "lambda/caller.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_cognito(const struct ps_invocation *inv)
{
    struct ps_caller_cognito cognito;
    if (ps_caller_cognito(inv, &cognito) != PS_OK) return;
    PS_ASSERT(cognito.identity_id.len <= inv->cognito_identity.len);
    PS_ASSERT(cognito.identity_pool_id.len <= inv->cognito_identity.len);
}

/* Empty, or one whole object inside the text. */
static void check_raw(struct ps_span text, struct ps_span raw)
{
    if (raw.len == 0) return;
    PS_ASSERT(raw.data >= text.data && raw.data + raw.len <= text.data + text.len);
    PS_ASSERT(raw.data[0] == '{');
    PS_ASSERT(ps_json_read_check(raw) == PS_OK);
}

static void try_client(const struct ps_invocation *inv)
{
    struct ps_caller_client client;
    enum ps_err err = ps_caller_client(inv, &client);
    PS_ASSERT(err == PS_OK || err == PS_ERR_BAD_INPUT || err == PS_ERR_TOO_DEEP);
    if (err != PS_OK) return;
    PS_ASSERT(client.app_title.len <= inv->client_context.len);
    check_raw(inv->client_context, client.custom);
    check_raw(inv->client_context, client.env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, 1 << 20) != PS_OK) abort();
    struct ps_span text = exact_copy(ps_span_make((const char *)data, size));
    const struct ps_invocation inv = { .arena = &arena, .cognito_identity = text, .client_context = text };
    try_cognito(&inv);
    try_client(&inv);
    ps_arena_reset(&arena, 1 << 20);
    exact_free(text);
    return 0;
}
