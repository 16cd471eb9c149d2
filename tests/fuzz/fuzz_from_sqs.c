/* Target functions: ps_from_sqs, ps_sqs_return, ps_sqs_reply. What is read is whole JSON; handing messages back marks
 * what looking at every pair of them says, and the answer is JSON. */
#include <stdlib.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "event/from_sqs.h"
#include "support/exact.h"

static struct ps_arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether the rule hands back messages[at] when messages[first] is, and nothing else. */
static bool goes_back(const struct ps_sqs_batch *batch, size_t first, size_t at)
{
    struct ps_span group = batch->messages[first].group;
    return at == first || (at > first && group.len > 0 && ps_span_eq(group, batch->messages[at].group));
}

static void hand_back(struct ps_sqs_batch *batch, size_t first, size_t second)
{
    ps_sqs_return(batch, first);
    ps_sqs_return(batch, second);
    for (size_t i = 0; i < batch->count; i++)
        PS_ASSERT(batch->messages[i].returned == (goes_back(batch, first, i) || goes_back(batch, second, i)));
    struct ps_buf buf;
    struct ps_span answer;
    ps_buf_init(&buf, &arena, 1 << 20);
    ps_sqs_reply(batch, &buf);
    PS_ASSERT(ps_buf_finish(&buf, &answer) == PS_OK);
    PS_ASSERT(ps_json_read_check(answer) == PS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)16 << 20) != PS_OK) abort();
    struct ps_span payload = exact_copy(ps_span_make((const char *)data, size));
    struct ps_sqs_batch batch;
    if (ps_from_sqs(&arena, payload, &batch) == PS_OK) {
        PS_ASSERT(ps_json_read_check(payload) == PS_OK);
        PS_ASSERT(batch.count <= size);
        if (batch.count > 0) hand_back(&batch, size % batch.count, data[size / 2] % batch.count);
    }
    ps_arena_reset(&arena, 0);
    exact_free(payload);
    return 0;
}
