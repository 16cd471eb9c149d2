/* Target Functions: ps_dynamodb_reply_unprocessed ps_dynamodb_reply_refusal ps_dynamodb_reply_reasons
 * ps_dynamodb_reply_cancellation ps_dynamodb_verdict ps_dynamodb_size ps_dynamodb_item_text ps_dynamodb_item_number.
 * The items sent are those of the seeds. */
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

static void check_verdict(const struct ps_dynamodb_reply_refusal *refusal)
{
    enum ps_dynamodb_fault fault = PS_DYNAMODB_FAULT_NONE;
    enum ps_dynamodb_verdict verdict = ps_dynamodb_verdict(400, refusal, &fault);
    PS_ASSERT((verdict == PS_DYNAMODB_FAULT || verdict == PS_DYNAMODB_DENIED) == (fault != PS_DYNAMODB_FAULT_NONE));
    PS_ASSERT(verdict != PS_DYNAMODB_ANSWERED);
}

static void read_cancellation(struct ps_span body)
{
    struct ps_dynamodb_reply_refusal reasons[PS_DYNAMODB_WRITES_MAX];
    size_t count = ps_dynamodb_reply_cancellation(body, reasons, PS_DYNAMODB_WRITES_MAX);
    PS_ASSERT(count <= PS_DYNAMODB_WRITES_MAX);
    for (size_t i = 0; i < count; i++) {
        look_at(reasons[i].type);
        look_at(reasons[i].message);
        check_verdict(&reasons[i]);
    }
}

static void read_attributes(struct ps_arena *arena, struct ps_span item)
{
    struct ps_span text = PS_SPAN("");
    enum ps_err err = ps_dynamodb_item_text(arena, item, PS_SPAN("pk"), &text);
    PS_ASSERT(err == PS_OK || err == PS_ERR_BAD_INPUT);
    PS_ASSERT(text.len <= item.len);
    int64_t number = ps_dynamodb_item_number(item, PS_SPAN("n"), 0);
    PS_ASSERT(number == 0 || ps_dynamodb_item_number(item, PS_SPAN("n"), 1) == number);
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
    check_verdict(&refusal);
    read_cancellation(body);
    read_attributes(&arena, body);
    struct ps_span reasons[PS_DYNAMODB_REASONS_MAX];
    size_t count = ps_dynamodb_reply_reasons(body, reasons);
    for (size_t i = 0; i < count; i++)
        look_at(reasons[i]);
    size_t bytes = 0;
    if (ps_dynamodb_size(body, &bytes) == PS_OK) PS_ASSERT(bytes <= body.len);
    exact_free(body);
    return 0;
}
