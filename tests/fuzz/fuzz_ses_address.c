/* Target Functions: ps_ses_check_address ps_ses_read_addresses. */
#include "aws/ses.h"
#include "base/assert.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken can stand in a header, and names one mailbox. */
static void look_at(struct ps_span address)
{
    size_t signs = 0;
    bool quoted = false;
    PS_ASSERT(address.len >= 3 && address.len <= PS_SES_ADDRESS_BYTES_MAX);
    for (size_t i = 0; i < address.len; i++) {
        char c = address.data[i];
        PS_ASSERT(c >= ' ' && c < 0x7f);
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (c == '@' && !quoted)
            signs++;
        else
            PS_ASSERT(quoted || c != ',');
    }
    PS_ASSERT(!quoted && signs == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, 1 << 16) != PS_OK) abort();
    struct ps_span text = exact_copy(ps_span_make((const char *)data, size));
    const struct ps_span *addresses = NULL;
    size_t count = 0;
    if (ps_ses_check_address(text) == PS_OK) look_at(text);
    if (ps_ses_read_addresses(&arena, text, &addresses, &count) == PS_OK) {
        PS_ASSERT(count >= 1 && count <= PS_SES_TO_MAX);
        for (size_t i = 0; i < count; i++) {
            PS_ASSERT(ps_ses_check_address(addresses[i]) == PS_OK);
            look_at(addresses[i]);
        }
    }
    ps_arena_reset(&arena, 1 << 16);
    exact_free(text);
    return 0;
}
