/* Target Functions: ps_eventbridge_reply_read ps_refusal_code ps_eventbridge_verdict_entry
 * ps_eventbridge_verdict_request. The first byte says how many entries were sent. */
#include "aws/eventbridge_priv.h"
#include "aws/refusal.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++)
        PS_ASSERT(text.data[i] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    size_t count = data[0] % (PS_EVENTBRIDGE_ENTRIES_MAX + 1);
    struct ps_span body = exact_copy(ps_span_make((const char *)data + 1, size - 1));
    struct ps_span codes[PS_EVENTBRIDGE_ENTRIES_MAX];
    if (ps_eventbridge_reply_read(body, codes, count) == PS_OK) {
        for (size_t i = 0; i < count; i++) {
            enum ps_eventbridge_fault fault = PS_EVENTBRIDGE_FAULT_NONE;
            enum ps_eventbridge_entry_verdict verdict = ps_eventbridge_verdict_entry(codes[i], &fault);
            PS_ASSERT((verdict == PS_EVENTBRIDGE_ENTRY_FAULT) == (fault != PS_EVENTBRIDGE_FAULT_NONE));
            PS_ASSERT((verdict == PS_EVENTBRIDGE_ENTRY_PUBLISHED) == (codes[i].len == 0));
            look_at(codes[i]);
        }
    }
    struct ps_span code = ps_refusal_code(body);
    enum ps_eventbridge_fault fault = PS_EVENTBRIDGE_FAULT_NONE;
    enum ps_eventbridge_request_verdict verdict = ps_eventbridge_verdict_request(400, code, &fault);
    PS_ASSERT(verdict != PS_EVENTBRIDGE_REQUEST_ANSWERED);
    PS_ASSERT((verdict >= PS_EVENTBRIDGE_REQUEST_DENIED) == (fault != PS_EVENTBRIDGE_FAULT_NONE));
    look_at(code);
    exact_free(body);
    return 0;
}
