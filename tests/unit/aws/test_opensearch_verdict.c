#include <stdio.h>

#include "aws/opensearch_priv.h"
#include "support/check.h"

static const struct item_case {
    uint32_t status;
    const char *type;
    const char *reason;
    enum ps_opensearch_item_verdict verdict;
    enum ps_opensearch_fault fault;
} ITEM_CASES[] = {
    { 201, "", "", PS_OPENSEARCH_ITEM_STORED, PS_OPENSEARCH_FAULT_NONE },
    { 200, "", "", PS_OPENSEARCH_ITEM_STORED, PS_OPENSEARCH_FAULT_NONE },
    { 409, "version_conflict_engine_exception", "[x1]: version conflict, document already exists",
      PS_OPENSEARCH_ITEM_DUPLICATE, PS_OPENSEARCH_FAULT_NONE },
    { 409, "something_else_exception", "", PS_OPENSEARCH_ITEM_RETRY, PS_OPENSEARCH_FAULT_NONE },
    { 429, "rejected_execution_exception", "", PS_OPENSEARCH_ITEM_RETRY, PS_OPENSEARCH_FAULT_NONE },
    { 429, "cluster_block_exception", "index [t] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage",
      PS_OPENSEARCH_ITEM_RETRY, PS_OPENSEARCH_FAULT_NONE },
    { 403, "cluster_block_exception", "index [t] blocked by: [FORBIDDEN/8/index write (api)];",
      PS_OPENSEARCH_ITEM_RETRY, PS_OPENSEARCH_FAULT_NONE },
    { 403, "index_create_block_exception", "", PS_OPENSEARCH_ITEM_RETRY, PS_OPENSEARCH_FAULT_NONE },
    { 403, "security_exception", "no permissions for [indices:admin/create] and User [...]", PS_OPENSEARCH_ITEM_FAULT,
      PS_OPENSEARCH_FAULT_PERMISSION },
    { 401, "", "", PS_OPENSEARCH_ITEM_FAULT, PS_OPENSEARCH_FAULT_CREDENTIALS },
    { 400, "mapper_parsing_exception", "failed to parse", PS_OPENSEARCH_ITEM_REJECTED, PS_OPENSEARCH_FAULT_NONE },
    { 400, "illegal_argument_exception", "Limit of total fields [1000] has been exceeded", PS_OPENSEARCH_ITEM_REJECTED,
      PS_OPENSEARCH_FAULT_NONE },
    { 400, "strict_dynamic_mapping_exception", "", PS_OPENSEARCH_ITEM_REJECTED, PS_OPENSEARCH_FAULT_NONE },
    { 400, "validation_exception",
      "Validation Failed: 1: this action would add [2] total shards, but this cluster currently has [22]/[1] maximum "
      "shards open;",
      PS_OPENSEARCH_ITEM_FAULT, PS_OPENSEARCH_FAULT_SHARDS },
    { 400, "validation_exception", "Validation Failed: 1: something else;", PS_OPENSEARCH_ITEM_REJECTED,
      PS_OPENSEARCH_FAULT_NONE },
    { 400, "index_closed_exception", "closed", PS_OPENSEARCH_ITEM_FAULT, PS_OPENSEARCH_FAULT_INDEX_CLOSED },
    { 400, "invalid_index_name_exception", "", PS_OPENSEARCH_ITEM_FAULT, PS_OPENSEARCH_FAULT_INDEX_NAME },
    { 400, "invalid_alias_name_exception", "Invalid alias name [app-logs], an index exists with the same name",
      PS_OPENSEARCH_ITEM_FAULT, PS_OPENSEARCH_FAULT_ALIAS_TAKEN },
    { 400, "illegal_argument_exception", "no write index is defined for alias [app-logs]. The write index may be",
      PS_OPENSEARCH_ITEM_FAULT, PS_OPENSEARCH_FAULT_ALIAS_AS_INDEX },
    { 400, "illegal_argument_exception", "pipeline with id [nope] does not exist", PS_OPENSEARCH_ITEM_FAULT,
      PS_OPENSEARCH_FAULT_PIPELINE },
    { 400, "illegal_argument_exception", "Document ID is not supported in create/index operation request",
      PS_OPENSEARCH_ITEM_FAULT, PS_OPENSEARCH_FAULT_IDS },
    { 404, "index_not_found_exception", "no such index [nope]", PS_OPENSEARCH_ITEM_FAULT,
      PS_OPENSEARCH_FAULT_INDEX_MISSING },
    { 500, "fail_processor_exception", "", PS_OPENSEARCH_ITEM_REJECTED, PS_OPENSEARCH_FAULT_NONE },
    { 500, "exception", "", PS_OPENSEARCH_ITEM_RETRY, PS_OPENSEARCH_FAULT_NONE },
    { 503, "unavailable_shards_exception", "", PS_OPENSEARCH_ITEM_RETRY, PS_OPENSEARCH_FAULT_NONE },
    { 302, "", "", PS_OPENSEARCH_ITEM_RETRY, PS_OPENSEARCH_FAULT_NONE },
    { 418, "", "", PS_OPENSEARCH_ITEM_REJECTED, PS_OPENSEARCH_FAULT_NONE },
};

static void each_item_has_the_verdict_of_the_table(void)
{
    for (size_t i = 0; i < sizeof ITEM_CASES / sizeof ITEM_CASES[0]; i++) {
        const struct item_case *wanted = &ITEM_CASES[i];
        struct ps_opensearch_reply_item item = { wanted->status, ps_span_of(wanted->type), ps_span_of(wanted->reason) };
        enum ps_opensearch_fault fault = PS_OPENSEARCH_FAULT_NONE;
        bool same = CHECK_EQ(ps_opensearch_verdict_item(&item, &fault), wanted->verdict);
        if (!CHECK_EQ(fault, wanted->fault) || !same) printf("# %u %s\n", wanted->status, wanted->type);
    }
}

/* A document could quote the texts that rules look for; what it quotes must not make its own fault an operator's. */
static void a_text_inside_a_quoted_value_decides_nothing(void)
{
    static const char *const REASONS[] = {
        "failed: 'no write index is defined for alias [x]'",
        "Preview of field's value: 'pipeline with id [x]'",
        "'maximum shards open'",
    };
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++) {
        struct ps_opensearch_reply_item item = { 400, PS_SPAN("illegal_argument_exception"), ps_span_of(REASONS[i]) };
        enum ps_opensearch_fault fault = PS_OPENSEARCH_FAULT_NONE;
        CHECK_EQ(ps_opensearch_verdict_item(&item, &fault), PS_OPENSEARCH_ITEM_REJECTED);
    }
}

static void no_status_is_left_without_a_verdict(void)
{
    for (uint32_t status = 100; status < 600; status++) {
        struct ps_opensearch_reply_item item = { .status = status };
        struct ps_opensearch_reply_refusal refusal = { 0 };
        enum ps_opensearch_fault fault = PS_OPENSEARCH_FAULT_NONE;
        enum ps_opensearch_item_verdict verdict = ps_opensearch_verdict_item(&item, &fault);
        CHECK_EQ(verdict == PS_OPENSEARCH_ITEM_FAULT, fault != PS_OPENSEARCH_FAULT_NONE);
        CHECK_EQ(verdict == PS_OPENSEARCH_ITEM_STORED, status == 200 || status == 201);
        fault = PS_OPENSEARCH_FAULT_NONE;
        enum ps_opensearch_request_verdict request = ps_opensearch_verdict_request(status, &refusal, &fault);
        bool names_fault = request == PS_OPENSEARCH_REQUEST_FAULT || request == PS_OPENSEARCH_REQUEST_DENIED;
        CHECK_EQ(names_fault, fault != PS_OPENSEARCH_FAULT_NONE);
        CHECK_EQ(request == PS_OPENSEARCH_REQUEST_ANSWERED, status == 200);
    }
}

static enum ps_opensearch_request_verdict request(uint32_t status, const char *type, bool plain,
                                                  enum ps_opensearch_fault *fault)
{
    struct ps_opensearch_reply_refusal refusal = { .type = ps_span_of(type), .plain = plain };
    *fault = PS_OPENSEARCH_FAULT_NONE;
    return ps_opensearch_verdict_request(status, &refusal, fault);
}

static void each_request_has_the_verdict_of_the_table(void)
{
    enum ps_opensearch_fault fault;
    CHECK_EQ(request(413, "", false, &fault), PS_OPENSEARCH_REQUEST_TOO_LARGE);
    CHECK_EQ(request(400, "illegal_argument_exception", false, &fault), PS_OPENSEARCH_REQUEST_POISONED);
    CHECK_EQ(request(400, "", true, &fault), PS_OPENSEARCH_REQUEST_FAULT);
    CHECK_EQ(fault, PS_OPENSEARCH_FAULT_NOT_BULK);
    CHECK_EQ(request(401, "", false, &fault), PS_OPENSEARCH_REQUEST_DENIED);
    CHECK_EQ(fault, PS_OPENSEARCH_FAULT_CREDENTIALS);
    CHECK_EQ(request(403, "security_exception", false, &fault), PS_OPENSEARCH_REQUEST_DENIED);
    CHECK_EQ(fault, PS_OPENSEARCH_FAULT_FORBIDDEN);
    CHECK_EQ(request(403, "cluster_block_exception", false, &fault), PS_OPENSEARCH_REQUEST_RETRY);
    CHECK_EQ(request(404, "", false, &fault), PS_OPENSEARCH_REQUEST_FAULT);
    CHECK_EQ(request(405, "", true, &fault), PS_OPENSEARCH_REQUEST_FAULT);
    CHECK_EQ(request(406, "", true, &fault), PS_OPENSEARCH_REQUEST_FAULT);
    CHECK_EQ(request(307, "", false, &fault), PS_OPENSEARCH_REQUEST_FAULT);
    CHECK_EQ(fault, PS_OPENSEARCH_FAULT_REDIRECT);
    static const uint32_t PASSING[] = { 408, 429, 500, 502, 503, 504, 507, 204, 100 };
    for (size_t i = 0; i < sizeof PASSING / sizeof PASSING[0]; i++)
        CHECK_EQ(request(PASSING[i], "", false, &fault), PS_OPENSEARCH_REQUEST_RETRY);
}

static void every_fault_has_a_text_for_people(void)
{
    CHECK(ps_opensearch_verdict_text(PS_OPENSEARCH_FAULT_NONE) == NULL);
#define X(name, text) \
    CHECK(ps_span_find_byte(ps_span_of(ps_opensearch_verdict_text(PS_OPENSEARCH_FAULT_##name)), ':') > 0);
    PS_OPENSEARCH_FAULT_MAP(X)
#undef X
}

int main(void)
{
    RUN(each_item_has_the_verdict_of_the_table);
    RUN(a_text_inside_a_quoted_value_decides_nothing);
    RUN(no_status_is_left_without_a_verdict);
    RUN(each_request_has_the_verdict_of_the_table);
    RUN(every_fault_has_a_text_for_people);
    return check_finish();
}
