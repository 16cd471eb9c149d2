#include "aws/dynamodb_priv.h"

const char *ps_dynamodb_verdict_text(enum ps_dynamodb_fault fault)
{
    static const char *const TEXTS[] = { NULL,
#define X(name, text) text,
                                         PS_DYNAMODB_FAULT_MAP(X)
#undef X
    };
    return TEXTS[fault];
}

/* Type, but for its ending, and message's beginning must both fit; an empty message fits all. */
struct type_rule {
    struct ps_span type;
    struct ps_span message;
    enum ps_dynamodb_verdict verdict;
    enum ps_dynamodb_fault fault;
};

#define RULE(type, verdict) \
    { \
        PS_SPAN_INIT(type), PS_SPAN_INIT(""), PS_DYNAMODB_##verdict, PS_DYNAMODB_FAULT_NONE \
    }
#define DENIED(type, fault) \
    { \
        PS_SPAN_INIT(type), PS_SPAN_INIT(""), PS_DYNAMODB_DENIED, PS_DYNAMODB_FAULT_##fault \
    }
#define FAULT(type, message, fault) \
    { \
        PS_SPAN_INIT(type), PS_SPAN_INIT(message), PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_##fault \
    }

/* The first rule that fits decides. The service writes one name with several endings (InternalServerError,
 * MissingAuthenticationToken, and in a transaction's reasons ValidationError), so endings do not count.
 * docs/wire/dynamodb.md has the same table in words. */
static const struct type_rule TYPE_RULES[] = {
    RULE("ProvisionedThroughputExceededException", THROTTLED),
    RULE("ThrottlingException", THROTTLED),
    RULE("ThrottledException", THROTTLED),
    RULE("RequestLimitExceeded", THROTTLED),
    RULE("LimitExceededException", THROTTLED),

    RULE("TransactionConflictException", CONFLICT),
    RULE("TransactionCanceledException", CANCELED),
    RULE("ConditionalCheckFailedException", CONDITION),

    RULE("InternalServerError", RETRY),
    RULE("InternalFailure", RETRY),
    RULE("ServiceUnavailableException", RETRY),
    RULE("TransactionInProgressException", RETRY),
    RULE("ReplicatedWriteConflictException", RETRY),
    RULE("ResourceInUseException", RETRY), /* the table is being changed */

    /* Every item has pk and sk as strings: it is the table that has others. */
    FAULT("ValidationException", "The provided key element does not match the schema", KEYS),
    FAULT("ValidationException", "One or more parameter values were invalid: Missing the key ", KEYS),
    FAULT("ValidationException", "One or more parameter values were invalid: Type mismatch for key", KEYS),
    FAULT("ValidationException", "One of the required keys was not given a value", KEYS),
    FAULT("ValidationException", "Query condition missed key schema element", KEYS),
    FAULT("ValidationException",
          "One or more parameter values were invalid: Condition parameter type does not match schema type", KEYS),
    RULE("ValidationException", POISONED),
    RULE("SerializationException", POISONED),
    RULE("ItemCollectionSizeLimitExceededException", POISONED),

    FAULT("ResourceNotFoundException", "", TABLE_MISSING),
    FAULT("TableNotFoundException", "", TABLE_MISSING),
    FAULT("UnknownOperationException", "", NOT_DYNAMODB),
    DENIED("AccessDeniedException", FORBIDDEN),
    DENIED("ExpiredTokenException", CREDENTIALS),
    DENIED("UnrecognizedClientException", CREDENTIALS),
    DENIED("InvalidClientTokenId", CREDENTIALS),
    DENIED("InvalidSignatureException", CREDENTIALS),
    DENIED("IncompleteSignatureException", CREDENTIALS),
    DENIED("MissingAuthenticationTokenException", CREDENTIALS),
};

struct status_rule {
    uint32_t min, max;
    enum ps_dynamodb_verdict verdict;
    enum ps_dynamodb_fault fault;
};

/* Where the exception has no name, or one that we do not know. */
static const struct status_rule STATUS_RULES[] = {
    { 200, 200, PS_DYNAMODB_ANSWERED, PS_DYNAMODB_FAULT_NONE },
    { 300, 399, PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_REDIRECT },
    { 401, 401, PS_DYNAMODB_DENIED, PS_DYNAMODB_FAULT_CREDENTIALS },
    { 403, 403, PS_DYNAMODB_DENIED, PS_DYNAMODB_FAULT_FORBIDDEN },
    { 404, 405, PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_NOT_DYNAMODB },
    { 408, 408, PS_DYNAMODB_RETRY, PS_DYNAMODB_FAULT_NONE },
    { 413, 413, PS_DYNAMODB_POISONED, PS_DYNAMODB_FAULT_NONE },
    { 429, 429, PS_DYNAMODB_THROTTLED, PS_DYNAMODB_FAULT_NONE },
    { 400, 499, PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_UNEXPECTED },
    { 100, 599, PS_DYNAMODB_RETRY, PS_DYNAMODB_FAULT_NONE },
};

static struct ps_span without_ending(struct ps_span type)
{
    static const struct ps_span ENDINGS[] = { PS_SPAN_INIT("Exception"), PS_SPAN_INIT("Error") };
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        if (ps_span_ends(type, ENDINGS[i])) return ps_span_first(type, type.len - ENDINGS[i].len);
    }
    return type;
}

enum ps_dynamodb_verdict ps_dynamodb_verdict(uint32_t status, const struct ps_dynamodb_reply_refusal *refusal,
                                             enum ps_dynamodb_fault *fault)
{
    struct ps_span type = without_ending(refusal->type);
    for (size_t i = 0; i < sizeof TYPE_RULES / sizeof TYPE_RULES[0]; i++) {
        const struct type_rule *rule = &TYPE_RULES[i];
        if (!ps_span_eq(type, without_ending(rule->type)) || !ps_span_starts(refusal->message, rule->message)) continue;
        if (rule->fault != PS_DYNAMODB_FAULT_NONE) *fault = rule->fault;
        return rule->verdict;
    }
    for (size_t i = 0; i < sizeof STATUS_RULES / sizeof STATUS_RULES[0]; i++) {
        const struct status_rule *rule = &STATUS_RULES[i];
        if (status < rule->min || status > rule->max) continue;
        if (rule->fault != PS_DYNAMODB_FAULT_NONE) *fault = rule->fault;
        return rule->verdict;
    }
    return PS_DYNAMODB_RETRY;
}
