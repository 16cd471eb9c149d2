/* Target Functions: ps_dynamodb_reply_unprocessed ps_dynamodb_reply_refusal ps_dynamodb_reply_reasons
 * ps_dynamodb_verdict ps_dynamodb_size. The items sent are those of the seeds. */
#include "aws/dynamodb_priv.h"
#include "base/assert.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ps_dynamodb_key KEYS[] = {
    { PS_SPAN_INIT("api"), PS_SPAN_INIT("1700000000123#a") },
    { PS_SPAN_INIT("caf\xc3\xa9"), PS_SPAN_INIT("1700000000124#b") },
    { PS_SPAN_INIT("web"), PS_SPAN_INIT("1700000000123#a") },
};
enum { KEY_COUNT = sizeof KEYS / sizeof KEYS[0] };

static void look_at(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++)
        PS_ASSERT(text.data[i] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, 16 << 20) != PS_OK) return 0;
    ps_arena_reset(&arena, 1 << 20);
    struct ps_span body = exact_copy(ps_span_make((const char *)data, size));
    bool left[KEY_COUNT];
    enum ps_err err = ps_dynamodb_reply_unprocessed(&arena, body, PS_SPAN("logs"), KEYS, KEY_COUNT, left);
    PS_ASSERT(err == PS_OK || ps_err_class(err) == PS_CLASS_INPUT || ps_err_class(err) == PS_CLASS_LIMIT);
    struct ps_dynamodb_reply_refusal refusal = ps_dynamodb_reply_refusal(body);
    look_at(refusal.type);
    look_at(refusal.message);
    enum ps_dynamodb_fault fault = PS_DYNAMODB_FAULT_NONE;
    enum ps_dynamodb_verdict verdict = ps_dynamodb_verdict(400, &refusal, &fault);
    PS_ASSERT((verdict == PS_DYNAMODB_FAULT || verdict == PS_DYNAMODB_DENIED) == (fault != PS_DYNAMODB_FAULT_NONE));
    struct ps_span reasons[PS_DYNAMODB_REASONS_MAX];
    size_t count = ps_dynamodb_reply_reasons(body, reasons);
    for (size_t i = 0; i < count; i++)
        look_at(reasons[i]);
    size_t bytes = 0;
    if (ps_dynamodb_size(body, &bytes) == PS_OK) PS_ASSERT(bytes <= body.len);
    exact_free(body);
    return 0;
}
