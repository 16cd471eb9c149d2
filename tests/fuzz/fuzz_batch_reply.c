/* Target Functions: ps_batch_reply_read ps_refusal_code ps_batch_reply_meaning. The first byte says whose answer
 * it is and how many records were sent. */
#include "aws/batch_priv.h"
#include "aws/refusal.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    enum ps_batch_service service = (enum ps_batch_service)(data[0] % 3);
    size_t count = data[0] / 3 % 11;
    struct ps_span body = exact_copy(ps_span_make((const char *)data + 1, size - 1));
    struct ps_batch_verdict verdicts[PS_BATCH_RECORDS_MAX] = { 0 };
    if (ps_batch_reply_read(service, body, verdicts, count) == PS_OK) {
        for (size_t i = 0; i < count; i++)
            PS_ASSERT(verdicts[i].code.len <= body.len);
    }
    struct ps_span code = ps_refusal_code(body);
    PS_ASSERT(ps_batch_reply_meaning(400, code) != PS_BATCH_ANSWERED);
    exact_free(body);
    return 0;
}
