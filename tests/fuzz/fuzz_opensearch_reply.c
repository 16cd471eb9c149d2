/* Target Functions: ps_opensearch_reply_read ps_opensearch_reply_refusal ps_opensearch_reply_field
 * ps_opensearch_verdict_item. The first byte says how many items were sent. */
#include <stdlib.h>

#include "aws/opensearch_priv.h"
#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++)
        PS_ASSERT(text.data[i] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ITEMS_MAX = 16 };
    if (size == 0) return 0;
    size_t count = data[0] % ITEMS_MAX;
    size_t len = size - 1;
    char *body = malloc(len + (len == 0));
    if (body == NULL) return 0;
    memcpy(body, data + 1, len);
    struct ps_opensearch_reply_item items[ITEMS_MAX];
    if (ps_opensearch_reply_read(ps_span_make(body, len), items, count) == PS_OK) {
        for (size_t i = 0; i < count; i++) {
            enum ps_opensearch_fault fault = PS_OPENSEARCH_FAULT_NONE;
            enum ps_opensearch_item_verdict verdict = ps_opensearch_verdict_item(&items[i], &fault);
            PS_ASSERT((verdict == PS_OPENSEARCH_ITEM_FAULT) == (fault != PS_OPENSEARCH_FAULT_NONE));
            look_at(items[i].type);
            look_at(ps_opensearch_reply_field(items[i].reason));
        }
    }
    struct ps_opensearch_reply_refusal refusal = ps_opensearch_reply_refusal(ps_span_make(body, len));
    look_at(refusal.type);
    look_at(refusal.reason);
    free(body);
    return 0;
}
