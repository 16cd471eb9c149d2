/* Targets: ps_kpl_detect, ps_kpl_open, ps_kpl_next. What is no aggregate is taken as the message of one. */
#include "event/kpl.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct ps_span part, struct ps_span whole)
{
    if (part.len == 0) return;
    PS_ASSERT(part.data >= whole.data);
    PS_ASSERT(part.len <= whole.len - (size_t)(part.data - whole.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_span input = exact_copy(ps_span_make((const char *)data, size));
    struct ps_span message = input;
    struct ps_span md5;
    if (ps_kpl_detect(input, &message, &md5)) check_inside(md5, input);
    struct ps_kpl kpl;
    if (ps_kpl_open(message, &kpl) == PS_OK) {
        struct ps_kpl_record record;
        size_t count = 0;
        for (; ps_kpl_next(&kpl, &record); count++) {
            PS_ASSERT(record.sub_sequence == count);
            check_inside(record.partition_key, message);
            check_inside(record.explicit_hash_key, message);
            check_inside(record.data, message);
        }
        PS_ASSERT(count > 0 && count == kpl.record_count);
    }
    exact_free(input);
    return 0;
}
