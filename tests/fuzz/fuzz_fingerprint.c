/* Target function: ps_fingerprint_put. It stays within its limit, gives the same each time, and puts neither capitals
 * nor control characters. */
#include "base/assert.h"
#include "record/fingerprint.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ps_span put(struct ps_buf *buf, char memory[PS_FINGERPRINT_BYTES_MAX], struct ps_span message)
{
    ps_buf_init_fixed(buf, memory, PS_FINGERPRINT_BYTES_MAX);
    ps_fingerprint_put(buf, message);
    PS_ASSERT(buf->err == PS_OK);
    return ps_buf_span(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char first_memory[PS_FINGERPRINT_BYTES_MAX], second_memory[PS_FINGERPRINT_BYTES_MAX];
    struct ps_buf first_buf, second_buf;
    struct ps_span message = exact_copy(ps_span_make((const char *)data, size));
    struct ps_span first = put(&first_buf, first_memory, message);
    PS_ASSERT(ps_span_eq(first, put(&second_buf, second_memory, message)));
    for (size_t i = 0; i < first.len; i++)
        PS_ASSERT((unsigned char)first.data[i] >= ' ' && (first.data[i] < 'A' || first.data[i] > 'Z'));
    exact_free(message);
    return 0;
}
