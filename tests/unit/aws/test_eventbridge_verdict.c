#include <stdio.h>

#include "aws/eventbridge_priv.h"
#include "support/check.h"

static void each_entry_has_the_verdict_of_the_table(void)
{
    static const struct {
        const char *code;
        enum ps_eventbridge_entry_verdict verdict;
        enum ps_eventbridge_fault fault;
    } CASES[] = {
        { "", PS_EVENTBRIDGE_ENTRY_PUBLISHED, PS_EVENTBRIDGE_FAULT_NONE },
        { "InternalFailure", PS_EVENTBRIDGE_ENTRY_RETRY, PS_EVENTBRIDGE_FAULT_NONE },
        { "InternalException", PS_EVENTBRIDGE_ENTRY_RETRY, PS_EVENTBRIDGE_FAULT_NONE },
        { "InternalError", PS_EVENTBRIDGE_ENTRY_RETRY, PS_EVENTBRIDGE_FAULT_NONE },
        { "ThrottlingException", PS_EVENTBRIDGE_ENTRY_THROTTLED, PS_EVENTBRIDGE_FAULT_NONE },
        { "ThrottledException", PS_EVENTBRIDGE_ENTRY_THROTTLED, PS_EVENTBRIDGE_FAULT_NONE },
        { "MalformedDetail", PS_EVENTBRIDGE_ENTRY_REJECTED, PS_EVENTBRIDGE_FAULT_NONE },
        { "InvalidArgument", PS_EVENTBRIDGE_ENTRY_REJECTED, PS_EVENTBRIDGE_FAULT_NONE },
        { "RedactionFailure", PS_EVENTBRIDGE_ENTRY_REJECTED, PS_EVENTBRIDGE_FAULT_NONE },
        { "SomethingNew", PS_EVENTBRIDGE_ENTRY_REJECTED, PS_EVENTBRIDGE_FAULT_NONE },
        { "AccessDeniedException", PS_EVENTBRIDGE_ENTRY_FAULT, PS_EVENTBRIDGE_FAULT_PERMISSION },
        { "NotAuthorizedForSourceException", PS_EVENTBRIDGE_ENTRY_FAULT, PS_EVENTBRIDGE_FAULT_PERMISSION },
        { "NotAuthorizedForDetailTypeException", PS_EVENTBRIDGE_ENTRY_FAULT, PS_EVENTBRIDGE_FAULT_PERMISSION },
        { "InvalidAccountIdException", PS_EVENTBRIDGE_ENTRY_FAULT, PS_EVENTBRIDGE_FAULT_BUS_MISSING },
        { "ResourceNotFoundException", PS_EVENTBRIDGE_ENTRY_FAULT, PS_EVENTBRIDGE_FAULT_BUS_MISSING },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        enum ps_eventbridge_fault fault = PS_EVENTBRIDGE_FAULT_NONE;
        if (!CHECK_EQ(ps_eventbridge_verdict_entry(ps_span_of(CASES[i].code), &fault), CASES[i].verdict) ||
            !CHECK_EQ(fault, CASES[i].fault))
            printf("# %s\n", CASES[i].code);
    }
}

static void each_request_has_the_verdict_of_its_code_else_of_its_status(void)
{
    static const struct {
        uint32_t status;
        const char *code;
        enum ps_eventbridge_request_verdict verdict;
        enum ps_eventbridge_fault fault;
    } CASES[] = {
        { 200, "", PS_EVENTBRIDGE_REQUEST_ANSWERED, PS_EVENTBRIDGE_FAULT_NONE },
        { 400, "ThrottlingException", PS_EVENTBRIDGE_REQUEST_THROTTLED, PS_EVENTBRIDGE_FAULT_NONE },
        { 500, "TooManyRequestsException", PS_EVENTBRIDGE_REQUEST_THROTTLED, PS_EVENTBRIDGE_FAULT_NONE },
        { 429, "", PS_EVENTBRIDGE_REQUEST_THROTTLED, PS_EVENTBRIDGE_FAULT_NONE },
        { 400, "InternalException", PS_EVENTBRIDGE_REQUEST_RETRY, PS_EVENTBRIDGE_FAULT_NONE },
        { 400, "RequestTimeout", PS_EVENTBRIDGE_REQUEST_RETRY, PS_EVENTBRIDGE_FAULT_NONE },
        { 408, "", PS_EVENTBRIDGE_REQUEST_RETRY, PS_EVENTBRIDGE_FAULT_NONE },
        { 500, "SomethingNew", PS_EVENTBRIDGE_REQUEST_RETRY, PS_EVENTBRIDGE_FAULT_NONE },
        { 503, "", PS_EVENTBRIDGE_REQUEST_RETRY, PS_EVENTBRIDGE_FAULT_NONE },
        { 204, "", PS_EVENTBRIDGE_REQUEST_RETRY, PS_EVENTBRIDGE_FAULT_NONE },
        { 400, "ValidationException", PS_EVENTBRIDGE_REQUEST_REFUSED, PS_EVENTBRIDGE_FAULT_NONE },
        { 413, "", PS_EVENTBRIDGE_REQUEST_REFUSED, PS_EVENTBRIDGE_FAULT_NONE },
        { 400, "ExpiredTokenException", PS_EVENTBRIDGE_REQUEST_DENIED, PS_EVENTBRIDGE_FAULT_CREDENTIALS },
        { 403, "InvalidSignatureException", PS_EVENTBRIDGE_REQUEST_DENIED, PS_EVENTBRIDGE_FAULT_CREDENTIALS },
        { 401, "", PS_EVENTBRIDGE_REQUEST_DENIED, PS_EVENTBRIDGE_FAULT_CREDENTIALS },
        { 403, "", PS_EVENTBRIDGE_REQUEST_DENIED, PS_EVENTBRIDGE_FAULT_CREDENTIALS },
        { 400, "AccessDeniedException", PS_EVENTBRIDGE_REQUEST_FAULT, PS_EVENTBRIDGE_FAULT_PERMISSION },
        { 400, "ResourceNotFoundException", PS_EVENTBRIDGE_REQUEST_FAULT, PS_EVENTBRIDGE_FAULT_BUS_MISSING },
        { 404, "", PS_EVENTBRIDGE_REQUEST_FAULT, PS_EVENTBRIDGE_FAULT_NOT_EVENTBRIDGE },
        { 404, "UnknownOperationException", PS_EVENTBRIDGE_REQUEST_FAULT, PS_EVENTBRIDGE_FAULT_NOT_EVENTBRIDGE },
        { 302, "", PS_EVENTBRIDGE_REQUEST_FAULT, PS_EVENTBRIDGE_FAULT_NOT_EVENTBRIDGE },
        { 400, "SomethingNew", PS_EVENTBRIDGE_REQUEST_FAULT, PS_EVENTBRIDGE_FAULT_UNEXPECTED },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        enum ps_eventbridge_fault fault = PS_EVENTBRIDGE_FAULT_NONE;
        if (!CHECK_EQ(ps_eventbridge_verdict_request(CASES[i].status, ps_span_of(CASES[i].code), &fault),
                      CASES[i].verdict) ||
            !CHECK_EQ(fault, CASES[i].fault))
            printf("# %u %s\n", CASES[i].status, CASES[i].code);
    }
}

static void each_fault_names_its_remedy(void)
{
    CHECK(ps_eventbridge_verdict_text(PS_EVENTBRIDGE_FAULT_NONE) == NULL);
    for (int fault = PS_EVENTBRIDGE_FAULT_NONE + 1; fault <= PS_EVENTBRIDGE_FAULT_UNEXPECTED; fault++)
        CHECK(strlen(ps_eventbridge_verdict_text((enum ps_eventbridge_fault)fault)) > 20);
}

int main(void)
{
    RUN(each_entry_has_the_verdict_of_the_table);
    RUN(each_request_has_the_verdict_of_its_code_else_of_its_status);
    RUN(each_fault_names_its_remedy);
    return check_finish();
}
