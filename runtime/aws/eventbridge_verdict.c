#include "aws/eventbridge_priv.h"

const char *ps_eventbridge_verdict_text(enum ps_eventbridge_fault fault)
{
    static const char *const TEXTS[] = { NULL,
#define X(name, text) text,
                                         PS_EVENTBRIDGE_FAULT_MAP(X)
#undef X
    };
    return TEXTS[fault];
}

#define CODE(literal) PS_SPAN_INIT(literal)

/* What a code on an entry means; docs/wire/eventbridge.md has the same table in words. Any other code is of the entry:
 * "non-retryable" in the API reference, PutEventsResultEntry. */
static const struct {
    struct ps_span code;
    enum ps_eventbridge_entry_verdict verdict;
    enum ps_eventbridge_fault fault;
} ENTRY_RULES[] = {
#define ENTRY(name) PS_EVENTBRIDGE_ENTRY_##name, PS_EVENTBRIDGE_FAULT_NONE
#define ENTRY_FAULT(name) PS_EVENTBRIDGE_ENTRY_FAULT, PS_EVENTBRIDGE_FAULT_##name
    { CODE(""), ENTRY(PUBLISHED) },
    { CODE("InternalFailure"), ENTRY(RETRY) },
    { CODE("InternalException"), ENTRY(RETRY) },
    { CODE("InternalError"), ENTRY(RETRY) },
    { CODE("ThrottlingException"), ENTRY(THROTTLED) },
    { CODE("ThrottledException"), ENTRY(THROTTLED) },
    { CODE("ResourceNotFoundException"), ENTRY_FAULT(BUS_MISSING) },
    { CODE("AccessDeniedException"), ENTRY_FAULT(PERMISSION) },
    { CODE("NotAuthorizedForSourceException"), ENTRY_FAULT(PERMISSION) },
    { CODE("NotAuthorizedForDetailTypeException"), ENTRY_FAULT(PERMISSION) },
    { CODE("InvalidAccountIdException"), ENTRY_FAULT(BUS_MISSING) },
};

enum ps_eventbridge_entry_verdict ps_eventbridge_verdict_entry(struct ps_span code, enum ps_eventbridge_fault *fault)
{
    for (size_t i = 0; i < sizeof ENTRY_RULES / sizeof ENTRY_RULES[0]; i++) {
        if (!ps_span_eq(code, ENTRY_RULES[i].code)) continue;
        if (ENTRY_RULES[i].verdict == PS_EVENTBRIDGE_ENTRY_FAULT) *fault = ENTRY_RULES[i].fault;
        return ENTRY_RULES[i].verdict;
    }
    return PS_EVENTBRIDGE_ENTRY_REJECTED;
}

#define REQUEST(name) PS_EVENTBRIDGE_REQUEST_##name, PS_EVENTBRIDGE_FAULT_NONE
#define REQUEST_FAULT(name) PS_EVENTBRIDGE_REQUEST_FAULT, PS_EVENTBRIDGE_FAULT_##name
#define REQUEST_DENIED(name) PS_EVENTBRIDGE_REQUEST_DENIED, PS_EVENTBRIDGE_FAULT_##name

/* A refused request's code goes before its status: AWS answers many of these with 400. (AWS SDKs and Tools reference
 * guide, "Retry behavior"; EventBridge API reference, "Common Errors".) */
static const struct {
    struct ps_span code;
    enum ps_eventbridge_request_verdict verdict;
    enum ps_eventbridge_fault fault;
} CODE_RULES[] = {
    { CODE("ThrottlingException"), REQUEST(THROTTLED) },
    { CODE("ThrottledException"), REQUEST(THROTTLED) },
    { CODE("Throttling"), REQUEST(THROTTLED) },
    { CODE("TooManyRequestsException"), REQUEST(THROTTLED) },
    { CODE("RequestLimitExceeded"), REQUEST(THROTTLED) },
    { CODE("RequestThrottled"), REQUEST(THROTTLED) },
    { CODE("RequestThrottledException"), REQUEST(THROTTLED) },
    { CODE("LimitExceededException"), REQUEST(THROTTLED) },
    { CODE("SlowDown"), REQUEST(THROTTLED) },
    { CODE("InternalException"), REQUEST(RETRY) },
    { CODE("InternalFailure"), REQUEST(RETRY) },
    { CODE("InternalError"), REQUEST(RETRY) },
    { CODE("RequestAbortedException"), REQUEST(RETRY) },
    { CODE("RequestTimeout"), REQUEST(RETRY) },
    { CODE("RequestTimeoutException"), REQUEST(RETRY) },
    { CODE("ServiceUnavailable"), REQUEST(RETRY) },
    { CODE("ExpiredToken"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("ExpiredTokenException"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("IncompleteSignature"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("InvalidClientTokenId"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("InvalidSignatureException"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("MissingAuthenticationToken"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("MissingAuthenticationTokenException"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("RequestExpired"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("SignatureDoesNotMatch"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("UnrecognizedClientException"), REQUEST_DENIED(CREDENTIALS) },
    { CODE("AccessDenied"), REQUEST_FAULT(PERMISSION) },
    { CODE("AccessDeniedException"), REQUEST_FAULT(PERMISSION) },
    { CODE("NotAuthorized"), REQUEST_FAULT(PERMISSION) },
    { CODE("OptInRequired"), REQUEST_FAULT(PERMISSION) },
    { CODE("ResourceNotFoundException"), REQUEST_FAULT(BUS_MISSING) },
    { CODE("UnknownOperationException"), REQUEST_FAULT(NOT_EVENTBRIDGE) },
    /* "Total size of the entries in the request is over the limit", and what one entry can be guilty of. */
    { CODE("ValidationException"), REQUEST(REFUSED) },
    { CODE("ValidationError"), REQUEST(REFUSED) },
    { CODE("SerializationException"), REQUEST(REFUSED) },
    { CODE("RequestEntityTooLargeException"), REQUEST(REFUSED) },
};

/* The first rule that fits decides. */
static const struct {
    uint32_t min, max;
    enum ps_eventbridge_request_verdict verdict;
    enum ps_eventbridge_fault fault;
} STATUS_RULES[] = {
    { 300, 399, REQUEST_FAULT(NOT_EVENTBRIDGE) },
    { 401, 401, REQUEST_DENIED(CREDENTIALS) },
    { 403, 403, REQUEST_DENIED(CREDENTIALS) },
    { 404, 406, REQUEST_FAULT(NOT_EVENTBRIDGE) },
    { 408, 408, REQUEST(RETRY) },
    { 413, 413, REQUEST(REFUSED) },
    { 429, 429, REQUEST(THROTTLED) },
    { 400, 499, REQUEST_FAULT(UNEXPECTED) },
};

enum ps_eventbridge_request_verdict ps_eventbridge_verdict_request(uint32_t status, struct ps_span code,
                                                                   enum ps_eventbridge_fault *fault)
{
    if (status == 200) return PS_EVENTBRIDGE_REQUEST_ANSWERED;
    for (size_t i = 0; i < sizeof CODE_RULES / sizeof CODE_RULES[0]; i++) {
        if (!ps_span_eq(code, CODE_RULES[i].code)) continue;
        if (CODE_RULES[i].fault != PS_EVENTBRIDGE_FAULT_NONE) *fault = CODE_RULES[i].fault;
        return CODE_RULES[i].verdict;
    }
    for (size_t i = 0; i < sizeof STATUS_RULES / sizeof STATUS_RULES[0]; i++) {
        if (status < STATUS_RULES[i].min || status > STATUS_RULES[i].max) continue;
        if (STATUS_RULES[i].fault != PS_EVENTBRIDGE_FAULT_NONE) *fault = STATUS_RULES[i].fault;
        return STATUS_RULES[i].verdict;
    }
    return PS_EVENTBRIDGE_REQUEST_RETRY; /* 5xx, and what no server should say */
}
