#include "aws/dynamodb_priv.h"
#include "support/check.h"

static const struct {
    uint32_t status;
    const char *type;
    const char *message;
    enum ps_dynamodb_verdict verdict;
    enum ps_dynamodb_fault fault;
} CASES[] = {
    { 200, "", "", PS_DYNAMODB_ANSWERED, PS_DYNAMODB_FAULT_NONE },
    /* The exception beats the status. */
    { 400, "ThrottlingException", "", PS_DYNAMODB_THROTTLED, PS_DYNAMODB_FAULT_NONE },
    { 500, "ValidationException", "", PS_DYNAMODB_POISONED, PS_DYNAMODB_FAULT_NONE },
    { 400, "InternalServerError", "", PS_DYNAMODB_RETRY, PS_DYNAMODB_FAULT_NONE },
    { 400, "ProvisionedThroughputExceededException", "", PS_DYNAMODB_THROTTLED, PS_DYNAMODB_FAULT_NONE },
    { 400, "RequestLimitExceeded", "", PS_DYNAMODB_THROTTLED, PS_DYNAMODB_FAULT_NONE },
    { 400, "SerializationException", "", PS_DYNAMODB_POISONED, PS_DYNAMODB_FAULT_NONE },
    { 400, "ValidationException", "Item size has exceeded the maximum allowed size", PS_DYNAMODB_POISONED,
      PS_DYNAMODB_FAULT_NONE },
    { 400, "ValidationException", "One or more parameter values were invalid: Missing the key id in the item",
      PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_KEYS },
    { 400, "ValidationException", "One or more parameter values were invalid: Type mismatch for key sk expected: N",
      PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_KEYS },
    /* An index on an attribute of the item's own: the item is to blame. */
    { 400, "ValidationException", "One or more parameter values were invalid: Type mismatch for Index Key level",
      PS_DYNAMODB_POISONED, PS_DYNAMODB_FAULT_NONE },
    { 400, "ResourceNotFoundException", "", PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_TABLE_MISSING },
    { 400, "AccessDeniedException", "", PS_DYNAMODB_DENIED, PS_DYNAMODB_FAULT_FORBIDDEN },
    { 400, "ExpiredTokenException", "", PS_DYNAMODB_DENIED, PS_DYNAMODB_FAULT_CREDENTIALS },
    { 400, "UnrecognizedClientException", "", PS_DYNAMODB_DENIED, PS_DYNAMODB_FAULT_CREDENTIALS },
    { 400, "UnknownOperationException", "", PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_NOT_DYNAMODB },
    { 400, "ConditionalCheckFailedException", "", PS_DYNAMODB_CONDITION, PS_DYNAMODB_FAULT_NONE },
    { 400, "TransactionConflictException", "", PS_DYNAMODB_CONFLICT, PS_DYNAMODB_FAULT_NONE },
    { 400, "TransactionCanceledException", "", PS_DYNAMODB_CANCELED, PS_DYNAMODB_FAULT_NONE },
    { 400, "TransactionInProgressException", "", PS_DYNAMODB_RETRY, PS_DYNAMODB_FAULT_NONE },
    /* Reasons of a cancelled transaction: the same names with other endings. */
    { 400, "ConditionalCheckFailed", "", PS_DYNAMODB_CONDITION, PS_DYNAMODB_FAULT_NONE },
    { 400, "TransactionConflict", "", PS_DYNAMODB_CONFLICT, PS_DYNAMODB_FAULT_NONE },
    { 400, "ThrottlingError", "", PS_DYNAMODB_THROTTLED, PS_DYNAMODB_FAULT_NONE },
    { 400, "ProvisionedThroughputExceeded", "", PS_DYNAMODB_THROTTLED, PS_DYNAMODB_FAULT_NONE },
    { 400, "ItemCollectionSizeLimitExceeded", "", PS_DYNAMODB_POISONED, PS_DYNAMODB_FAULT_NONE },
    { 400, "ValidationError", "", PS_DYNAMODB_POISONED, PS_DYNAMODB_FAULT_NONE },
    { 400, "ValidationError", "The provided key element does not match the schema", PS_DYNAMODB_FAULT,
      PS_DYNAMODB_FAULT_KEYS },
    { 400, "MissingAuthenticationToken", "", PS_DYNAMODB_DENIED, PS_DYNAMODB_FAULT_CREDENTIALS },
    { 400, "IncompleteSignature", "", PS_DYNAMODB_DENIED, PS_DYNAMODB_FAULT_CREDENTIALS },
    { 503, "ServiceUnavailable", "", PS_DYNAMODB_RETRY, PS_DYNAMODB_FAULT_NONE },
    { 400, "Exception", "", PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_UNEXPECTED },
    { 302, "", "", PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_REDIRECT },
    { 400, "", "", PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_UNEXPECTED },
    { 400, "NewException", "", PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_UNEXPECTED },
    { 403, "", "", PS_DYNAMODB_DENIED, PS_DYNAMODB_FAULT_FORBIDDEN },
    { 404, "", "", PS_DYNAMODB_FAULT, PS_DYNAMODB_FAULT_NOT_DYNAMODB },
    { 408, "", "", PS_DYNAMODB_RETRY, PS_DYNAMODB_FAULT_NONE },
    { 413, "", "", PS_DYNAMODB_POISONED, PS_DYNAMODB_FAULT_NONE },
    { 429, "", "", PS_DYNAMODB_THROTTLED, PS_DYNAMODB_FAULT_NONE },
    { 500, "", "", PS_DYNAMODB_RETRY, PS_DYNAMODB_FAULT_NONE },
    { 503, "NewException", "", PS_DYNAMODB_RETRY, PS_DYNAMODB_FAULT_NONE },
};

static void exceptions_and_statuses_mean_what_the_page_says(void)
{
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_dynamodb_reply_refusal refusal = { ps_span_of(CASES[i].type), ps_span_of(CASES[i].message) };
        enum ps_dynamodb_fault fault = PS_DYNAMODB_FAULT_NONE;
        CHECK_EQ(ps_dynamodb_verdict(CASES[i].status, &refusal, &fault), CASES[i].verdict);
        CHECK_EQ(fault, CASES[i].fault);
    }
}

static void every_fault_says_how_to_mend_it(void)
{
    CHECK(ps_dynamodb_verdict_text(PS_DYNAMODB_FAULT_NONE) == NULL);
    for (int fault = 1; fault <= PS_DYNAMODB_FAULT_UNEXPECTED; fault++)
        CHECK(strchr(ps_dynamodb_verdict_text((enum ps_dynamodb_fault)fault), ':') != NULL);
}

int main(void)
{
    RUN(exceptions_and_statuses_mean_what_the_page_says);
    RUN(every_fault_says_how_to_mend_it);
    return check_finish();
}
