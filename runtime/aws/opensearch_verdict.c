#include "aws/opensearch_priv.h"

const char *ps_opensearch_verdict_text(enum ps_opensearch_fault fault)
{
    static const char *const TEXTS[] = { NULL,
#define X(name, text) text,
                                         PS_OPENSEARCH_FAULT_MAP(X)
#undef X
    };
    return TEXTS[fault];
}

/* Where a rule looks for its text in a reason. Reasons quote what documents hold, so a text counts only at the
 * beginning, which is the server's own; anywhere is for types whose reasons quote nothing of a document. */
enum where { WHERE_NOWHERE, WHERE_BEGINNING, WHERE_ANYWHERE };

/* status_min..status_max, type and text must all fit; an empty type fits all. */
struct item_rule {
    uint32_t status_min, status_max;
    struct ps_span type;
    enum where where;
    struct ps_span text;
    enum ps_opensearch_item_verdict verdict;
    enum ps_opensearch_fault fault;
};

#define NO_TEXT WHERE_NOWHERE, PS_SPAN_INIT("")
#define BEGINS(literal) WHERE_BEGINNING, PS_SPAN_INIT(literal)
#define HOLDS(literal) WHERE_ANYWHERE, PS_SPAN_INIT(literal)
#define ANY_TYPE PS_SPAN_INIT("")
#define TYPE(literal) PS_SPAN_INIT(literal)
#define FAULT(name) PS_OPENSEARCH_ITEM_FAULT, PS_OPENSEARCH_FAULT_##name
#define ITEM(name) PS_OPENSEARCH_ITEM_##name, PS_OPENSEARCH_FAULT_NONE

/* The first rule that fits decides. docs/wire/opensearch-bulk.md has the same table in words. */
static const struct item_rule ITEM_RULES[] = {
    { 200, 201, ANY_TYPE, NO_TEXT, ITEM(STORED) },
    { 409, 409, TYPE("version_conflict_engine_exception"), NO_TEXT, ITEM(DUPLICATE) },
    { 429, 429, ANY_TYPE, NO_TEXT, ITEM(RETRY) },

    /* Blocks come and go with the disk and with people's maintenance. */
    { 403, 403, TYPE("cluster_block_exception"), NO_TEXT, ITEM(RETRY) },
    { 403, 403, TYPE("index_create_block_exception"), NO_TEXT, ITEM(RETRY) },

    /* The set-up is wrong, not the document. */
    { 400, 400, TYPE("validation_exception"), HOLDS("maximum shards open"), FAULT(SHARDS) },
    { 400, 400, TYPE("index_closed_exception"), NO_TEXT, FAULT(INDEX_CLOSED) },
    { 400, 400, TYPE("invalid_index_name_exception"), NO_TEXT, FAULT(INDEX_NAME) },
    { 400, 400, TYPE("invalid_alias_name_exception"), NO_TEXT, FAULT(ALIAS_TAKEN) },
    { 400, 400, TYPE("illegal_argument_exception"), BEGINS("no write index is defined for alias ["),
      FAULT(ALIAS_AS_INDEX) },
    { 400, 400, TYPE("illegal_argument_exception"), BEGINS("pipeline with id ["), FAULT(PIPELINE) },
    { 400, 400, ANY_TYPE, BEGINS("Document ID is not supported in"), FAULT(IDS) },
    { 401, 401, ANY_TYPE, NO_TEXT, FAULT(CREDENTIALS) },
    { 403, 403, ANY_TYPE, NO_TEXT, FAULT(PERMISSION) },
    { 404, 404, ANY_TYPE, NO_TEXT, FAULT(INDEX_MISSING) },

    /* An ingest pipeline that fails on a document fails on it each time. */
    { 500, 500, TYPE("fail_processor_exception"), NO_TEXT, ITEM(REJECTED) },
    { 409, 409, ANY_TYPE, NO_TEXT, ITEM(RETRY) },
    { 408, 408, ANY_TYPE, NO_TEXT, ITEM(RETRY) },
    { 400, 499, ANY_TYPE, NO_TEXT, ITEM(REJECTED) },
    /* 5xx, and what no server should say of an item: not stored as far as we know, so once more. */
    { 100, 599, ANY_TYPE, NO_TEXT, ITEM(RETRY) },
};

static bool text_fits(const struct item_rule *rule, struct ps_span reason)
{
    switch (rule->where) {
    case WHERE_NOWHERE:
        return true;
    case WHERE_BEGINNING:
        return ps_span_starts(reason, rule->text);
    case WHERE_ANYWHERE:
        return ps_span_find(reason, rule->text) != PS_SPAN_NONE;
    }
    return false;
}

enum ps_opensearch_item_verdict ps_opensearch_verdict_item(const struct ps_opensearch_reply_item *item,
                                                           enum ps_opensearch_fault *fault)
{
    for (size_t i = 0; i < sizeof ITEM_RULES / sizeof ITEM_RULES[0]; i++) {
        const struct item_rule *rule = &ITEM_RULES[i];
        if (item->status < rule->status_min || item->status > rule->status_max) continue;
        if (rule->type.len > 0 && !ps_span_eq(item->type, rule->type)) continue;
        if (!text_fits(rule, item->reason)) continue;
        if (rule->verdict == PS_OPENSEARCH_ITEM_FAULT) *fault = rule->fault;
        return rule->verdict;
    }
    return PS_OPENSEARCH_ITEM_RETRY;
}

enum plain { PLAIN_OR_NOT, PLAIN_ONLY };

struct request_rule {
    uint32_t status_min, status_max;
    struct ps_span type;
    enum plain plain;
    enum ps_opensearch_request_verdict verdict;
    enum ps_opensearch_fault fault;
};

#define REQUEST(name) PS_OPENSEARCH_REQUEST_##name, PS_OPENSEARCH_FAULT_NONE
#define REQUEST_FAULT(name) PS_OPENSEARCH_REQUEST_FAULT, PS_OPENSEARCH_FAULT_##name
#define REQUEST_DENIED(name) PS_OPENSEARCH_REQUEST_DENIED, PS_OPENSEARCH_FAULT_##name

static const struct request_rule REQUEST_RULES[] = {
    { 200, 200, ANY_TYPE, PLAIN_OR_NOT, REQUEST(ANSWERED) },
    { 300, 399, ANY_TYPE, PLAIN_OR_NOT, REQUEST_FAULT(REDIRECT) },
    /* "no handler found for uri": the HTTP layer speaks, the bodies were not looked at. */
    { 400, 400, ANY_TYPE, PLAIN_ONLY, REQUEST_FAULT(NOT_BULK) },
    { 400, 400, ANY_TYPE, PLAIN_OR_NOT, REQUEST(POISONED) },
    { 401, 401, ANY_TYPE, PLAIN_OR_NOT, REQUEST_DENIED(CREDENTIALS) },
    { 403, 403, TYPE("cluster_block_exception"), PLAIN_OR_NOT, REQUEST(RETRY) },
    { 403, 403, ANY_TYPE, PLAIN_OR_NOT, REQUEST_DENIED(FORBIDDEN) },
    { 404, 406, ANY_TYPE, PLAIN_OR_NOT, REQUEST_FAULT(NOT_BULK) },
    { 408, 408, ANY_TYPE, PLAIN_OR_NOT, REQUEST(RETRY) },
    { 413, 413, ANY_TYPE, PLAIN_OR_NOT, REQUEST(TOO_LARGE) },
    { 415, 415, ANY_TYPE, PLAIN_OR_NOT, REQUEST_FAULT(NOT_BULK) },
    { 429, 429, ANY_TYPE, PLAIN_OR_NOT, REQUEST(RETRY) },
    { 402, 499, ANY_TYPE, PLAIN_OR_NOT, REQUEST_FAULT(UNEXPECTED) },
    { 100, 599, ANY_TYPE, PLAIN_OR_NOT, REQUEST(RETRY) },
};

enum ps_opensearch_request_verdict ps_opensearch_verdict_request(uint32_t status,
                                                                 const struct ps_opensearch_reply_refusal *refusal,
                                                                 enum ps_opensearch_fault *fault)
{
    for (size_t i = 0; i < sizeof REQUEST_RULES / sizeof REQUEST_RULES[0]; i++) {
        const struct request_rule *rule = &REQUEST_RULES[i];
        if (status < rule->status_min || status > rule->status_max) continue;
        if (rule->type.len > 0 && !ps_span_eq(refusal->type, rule->type)) continue;
        if (rule->plain == PLAIN_ONLY && !refusal->plain) continue;
        if (rule->fault != PS_OPENSEARCH_FAULT_NONE) *fault = rule->fault;
        return rule->verdict;
    }
    return PS_OPENSEARCH_REQUEST_RETRY;
}
