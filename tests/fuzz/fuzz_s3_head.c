/* Target Functions: ps_s3_head_range ps_s3_head_date ps_s3_head_etag ps_s3_list_error_size */
#include "aws/s3_head.h"
#include "aws/s3_list.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_span text = exact_copy(ps_span_make((const char *)data, size));
    struct ps_s3_range range = { 0 };
    uint64_t bytes = 0;
    int64_t ms = 0;
    if (ps_s3_head_range(text, &range) == PS_OK) PS_ASSERT(range.first <= range.last && range.last < range.size);
    if (ps_s3_head_date(text, &ms)) PS_ASSERT(text.len == sizeof "Wed, 12 Oct 2022 17:50:00 GMT" - 1);
    PS_ASSERT(ps_s3_head_etag(text).len <= text.len);
    if (ps_s3_list_error_size(text, &bytes)) PS_ASSERT(text.len > sizeof "<ActualObjectSize>" - 1);
    exact_free(text);
    return 0;
}
