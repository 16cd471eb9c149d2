/* Target Functions: summary_item_read summary_item_write. What is read can be written, and then it is read as the same.
 */
#include "base/assert.h"
#include "base/json_read.h"
#include "log-extractor/summary_item.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ps_pattern items[] = {
    { .name = PS_SPAN_INIT("oom"), .severity = PS_SEVERITY_FATAL },
    { .name = PS_SPAN_INIT("timeout"), .severity = PS_SEVERITY_ERROR },
};
static const struct ps_patterns SET = { .items = items, .count = sizeof items / sizeof items[0] };
static const struct ps_dynamodb_key KEY = { PS_SPAN_INIT("b/k"), PS_SPAN_INIT("v") };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, 64 << 20) != PS_OK) return 0;
    ps_arena_reset(&arena, 1 << 20);
    struct ps_span json = exact_copy(ps_span_make((const char *)data, size));
    struct summary summary, again;
    struct ps_span first, second;
    enum ps_err err = summary_item_read(&arena, &SET, json, &summary);
    PS_ASSERT(err == PS_OK || ps_err_is_of_input(err));
    if (err == PS_OK && summary_item_write(&arena, &SET, &KEY, 0, &summary, &first) == PS_OK) {
        PS_ASSERT(first.len <= SUMMARY_ITEM_BYTES_MAX);
        PS_ASSERT(summary_item_read(&arena, &SET, first, &again) == PS_OK);
        PS_ASSERT(summary_item_write(&arena, &SET, &KEY, 0, &again, &second) == PS_OK);
        PS_ASSERT(ps_span_eq(first, second));
    }
    exact_free(json);
    return 0;
}
