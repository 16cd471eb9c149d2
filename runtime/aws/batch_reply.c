#include "aws/batch_priv.h"
#include "base/json_read.h"

/* A span without the quotes when it is a string; empty for any other value. */
static struct ps_span inside_quotes(struct ps_span raw)
{
    if (raw.len < 2 || raw.data[0] != '"') return PS_SPAN("");
    return ps_span_make(raw.data + 1, raw.len - 2);
}

/* What an entry of an answer may hold. */
struct entry {
    struct ps_span id;    /* SQS: ours */
    struct ps_span proof; /* that it was taken: its sequence number, or its id there */
    struct ps_span code;
    bool sender_fault;
};

static void keep_member(struct ps_span name, struct ps_span value, struct entry *entry)
{
    struct {
        struct ps_span name;
        struct ps_span *into;
    } const wanted[] = {
        { PS_SPAN("Id"), &entry->id },          { PS_SPAN("SequenceNumber"), &entry->proof },
        { PS_SPAN("RecordId"), &entry->proof }, { PS_SPAN("MessageId"), &entry->proof },
        { PS_SPAN("ErrorCode"), &entry->code }, { PS_SPAN("Code"), &entry->code },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (ps_span_eq(name, wanted[i].name)) *wanted[i].into = inside_quotes(value);
    if (ps_span_eq(name, PS_SPAN("SenderFault"))) entry->sender_fault = ps_span_eq(value, PS_SPAN("true"));
}

/* The next entry of the array that reader is in, onto an empty one; *more is false at its end. */
static enum ps_err next_entry(struct ps_json_reader *reader, struct entry *entry, bool *more)
{
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(reader, &token));
    *more = token.kind != PS_JSON_ARRAY_END;
    if (!*more) return PS_OK;
    if (token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "an entry of the answer is no object");
    for (;;) {
        PS_TRY(ps_json_read_next(reader, &token));
        if (token.kind != PS_JSON_KEY) break;
        struct ps_span value;
        PS_TRY(ps_json_read_skip(reader, &value));
        keep_member(token.text, value, entry);
    }
    if (entry->proof.len == 0 && entry->code.len == 0)
        PS_FAIL(PS_ERR_BAD_INPUT, "an entry of the answer has neither id nor error code");
    return PS_OK;
}

static enum ps_err read_array(struct ps_span body, struct ps_span name, struct ps_json_reader *reader, bool *found)
{
    struct ps_span raw;
    PS_TRY(ps_json_read_member(body, name, NULL, &raw, found));
    if (!*found) return PS_OK;
    struct ps_json_token token;
    ps_json_read_init(reader, raw);
    PS_TRY(ps_json_read_next(reader, &token));
    if (token.kind != PS_JSON_ARRAY_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "a list of the answer is no array");
    return PS_OK;
}

/* Kinesis and Firehose answer in the request's order. */
static enum ps_err read_in_order(struct ps_span body, struct ps_span name, struct ps_batch_verdict *verdicts,
                                 size_t count)
{
    struct ps_json_reader reader;
    bool found = false;
    PS_TRY(read_array(body, name, &reader, &found));
    if (!found) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has no list of records");
    for (size_t i = 0;; i++) {
        struct entry entry = { 0 };
        bool more = false;
        PS_TRY(next_entry(&reader, &entry, &more));
        if (!more && i == count) return PS_OK;
        if (!more || i == count) PS_FAIL(PS_ERR_BAD_INPUT, "%zu records sent, another number is answered", count);
        verdicts[i] = (struct ps_batch_verdict){ .code = entry.code };
    }
}

/* SQS answers in two lists, by the ids that we gave: numbers. Counts the entries in *answered. */
static enum ps_err read_by_id(struct ps_span body, struct ps_span name, struct ps_batch_verdict *verdicts, size_t count,
                              bool *seen, size_t *answered)
{
    struct ps_json_reader reader;
    bool more = false;
    PS_TRY(read_array(body, name, &reader, &more));
    while (more) {
        struct entry entry = { 0 };
        uint64_t id = 0;
        PS_TRY(next_entry(&reader, &entry, &more));
        if (!more) break;
        if (!ps_span_to_u64(entry.id, &id) || id >= count || seen[id])
            PS_FAIL(PS_ERR_BAD_INPUT, "an id in the answer is none that was sent, or there twice");
        seen[id] = true;
        verdicts[id] = (struct ps_batch_verdict){ .code = entry.code, .final = entry.sender_fault };
        ++*answered;
    }
    return PS_OK;
}

enum ps_err ps_batch_reply_read(enum ps_batch_service service, struct ps_span body, struct ps_batch_verdict *verdicts,
                                size_t count)
{
    PS_TRY(ps_json_read_check(body));
    switch (service) {
    case PS_BATCH_KINESIS:
        return read_in_order(body, PS_SPAN("Records"), verdicts, count);
    case PS_BATCH_FIREHOSE:
        return read_in_order(body, PS_SPAN("RequestResponses"), verdicts, count);
    case PS_BATCH_SQS:
        break;
    }
    bool seen[PS_BATCH_RECORDS_MAX] = { false };
    size_t answered = 0;
    PS_TRY(read_by_id(body, PS_SPAN("Successful"), verdicts, count, seen, &answered));
    PS_TRY(read_by_id(body, PS_SPAN("Failed"), verdicts, count, seen, &answered));
    if (answered != count) PS_FAIL(PS_ERR_BAD_INPUT, "%zu messages sent, %zu answered", count, answered);
    return PS_OK;
}

/* A refused request's code goes before its status: AWS answers nearly all of these with 400. (Common errors of the
 * three API references; AWS SDKs and Tools reference guide, "Retry behavior".) */
static const struct {
    struct ps_span code;
    enum ps_batch_meaning meaning;
} CODES[] = {
    { PS_SPAN_INIT("ProvisionedThroughputExceededException"), PS_BATCH_THROTTLED },
    { PS_SPAN_INIT("LimitExceededException"), PS_BATCH_THROTTLED },
    { PS_SPAN_INIT("KMSThrottlingException"), PS_BATCH_THROTTLED },
    { PS_SPAN_INIT("KmsThrottled"), PS_BATCH_THROTTLED },
    { PS_SPAN_INIT("Throttling"), PS_BATCH_THROTTLED },
    { PS_SPAN_INIT("ThrottlingException"), PS_BATCH_THROTTLED },
    { PS_SPAN_INIT("RequestThrottled"), PS_BATCH_THROTTLED },
    { PS_SPAN_INIT("RequestLimitExceeded"), PS_BATCH_THROTTLED },
    { PS_SPAN_INIT("InternalFailure"), PS_BATCH_RETRY },
    { PS_SPAN_INIT("InternalFailureException"), PS_BATCH_RETRY },
    { PS_SPAN_INIT("ServiceUnavailableException"), PS_BATCH_RETRY },
    { PS_SPAN_INIT("ExpiredToken"), PS_BATCH_DENIED },
    { PS_SPAN_INIT("ExpiredTokenException"), PS_BATCH_DENIED },
    { PS_SPAN_INIT("IncompleteSignature"), PS_BATCH_DENIED },
    { PS_SPAN_INIT("InvalidClientTokenId"), PS_BATCH_DENIED },
    { PS_SPAN_INIT("InvalidSignatureException"), PS_BATCH_DENIED },
    { PS_SPAN_INIT("MissingAuthenticationToken"), PS_BATCH_DENIED },
    { PS_SPAN_INIT("MissingAuthenticationTokenException"), PS_BATCH_DENIED },
    { PS_SPAN_INIT("SignatureDoesNotMatch"), PS_BATCH_DENIED },
    { PS_SPAN_INIT("UnrecognizedClientException"), PS_BATCH_DENIED },
    { PS_SPAN_INIT("AccessDenied"), PS_BATCH_NO_PERMISSION },
    { PS_SPAN_INIT("AccessDeniedException"), PS_BATCH_NO_PERMISSION },
    { PS_SPAN_INIT("KMSAccessDeniedException"), PS_BATCH_NO_PERMISSION },
    { PS_SPAN_INIT("KmsAccessDenied"), PS_BATCH_NO_PERMISSION },
    { PS_SPAN_INIT("ResourceNotFoundException"), PS_BATCH_NO_TARGET },
    { PS_SPAN_INIT("QueueDoesNotExist"), PS_BATCH_NO_TARGET },
    { PS_SPAN_INIT("AWS.SimpleQueueService.NonExistentQueue"), PS_BATCH_NO_TARGET },
    /* What one record can be guilty of. */
    { PS_SPAN_INIT("ValidationException"), PS_BATCH_REFUSED },
    { PS_SPAN_INIT("SerializationException"), PS_BATCH_REFUSED },
    { PS_SPAN_INIT("RequestEntityTooLargeException"), PS_BATCH_REFUSED },
    { PS_SPAN_INIT("BatchRequestTooLong"), PS_BATCH_REFUSED },
    { PS_SPAN_INIT("InvalidMessageContents"), PS_BATCH_REFUSED },
    { PS_SPAN_INIT("InvalidParameterValue"), PS_BATCH_REFUSED },
};

enum ps_batch_meaning ps_batch_reply_meaning(uint32_t status, struct ps_span code)
{
    if (status == 200) return PS_BATCH_ANSWERED;
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
        if (ps_span_eq(code, CODES[i].code)) return CODES[i].meaning;
    if (status == 413) return PS_BATCH_REFUSED;
    if (status == 401 || status == 403) return PS_BATCH_DENIED;
    if (status == 429) return PS_BATCH_THROTTLED;
    if (status == 408 || status >= 500) return PS_BATCH_RETRY;
    return PS_BATCH_UNEXPECTED;
}

const char *ps_batch_reply_fault(enum ps_batch_meaning meaning)
{
    static const char *const TEXTS[] = {
        [PS_BATCH_DENIED] = "credentials refused: check the function's role, and the clock",
        [PS_BATCH_NO_TARGET] = "no such stream or queue: check its name, and the account and region it is in",
        [PS_BATCH_NO_PERMISSION] = "not allowed: the function's role (and the stream's key) must allow this call",
        [PS_BATCH_UNEXPECTED] = "unexpected refusal: the service, or something before it, takes no request of ours",
    };
    return TEXTS[meaning];
}
