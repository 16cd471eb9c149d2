#include "aws/dynamodb_priv.h"
#include "base/assert.h"
#include "host/clock.h"

enum {
    /* Alerts of one storm meet at one item, and each transaction gets in the way of the others: a conflict passes
     * within milliseconds, but it may be some others' turn first. All eight tries wait 1.6 s on average. */
    CONFLICT_ATTEMPTS_MAX = 8,
};

void ps_dynamodb_call_put_text(struct ps_json_writer *json, struct ps_span name, struct ps_span text)
{
    ps_json_write_key(json, name);
    ps_json_write_object_begin(json);
    ps_json_write_member(json, PS_SPAN("S"), text);
    ps_json_write_object_end(json);
}

/* -- what an answer means ------------------------------------------------------------------------------------------ */

struct meaning {
    enum ps_dynamodb_verdict verdict;
    enum ps_dynamodb_fault fault;
    struct ps_span type; /* the exception, or a word of ours */
    size_t write;        /* whose it is */
};

static struct meaning meaning_of(uint32_t status, const struct ps_dynamodb_reply_refusal *refusal, size_t write)
{
    struct meaning meaning = { .type = refusal->type, .write = write };
    meaning.verdict = ps_dynamodb_verdict(status, refusal, &meaning.fault);
    return meaning;
}

/* The gravest of the reasons that cancelled a transaction, the first of several alike; whole when none can be read. */
static struct meaning weigh(struct meaning whole, const struct ps_http_response *response, size_t writes)
{
    struct ps_dynamodb_reply_refusal reasons[PS_DYNAMODB_WRITES_MAX];
    struct meaning gravest = whole;
    if (ps_dynamodb_reply_cancellation(response->body, reasons, PS_DYNAMODB_WRITES_MAX) != writes) return whole;
    for (size_t i = 0; i < writes; i++) {
        if (reasons[i].type.len == 0) continue;
        struct meaning meaning = meaning_of(response->status, &reasons[i], i);
        if (meaning.verdict > gravest.verdict) gravest = meaning;
    }
    return gravest;
}

static struct meaning read_answer(const struct ps_dynamodb_call *call, const struct ps_http_response *response)
{
    struct ps_dynamodb_reply_refusal refusal = { 0 };
    if (response->status != 200) refusal = ps_dynamodb_reply_refusal(response->body);
    struct meaning meaning = meaning_of(response->status, &refusal, 0);
    if (meaning.verdict == PS_DYNAMODB_CANCELED) return weigh(meaning, response, call->writes);
    if (meaning.verdict == PS_DYNAMODB_ANSWERED && !ps_dynamodb_reply_is_object(response->body)) {
        meaning.verdict = PS_DYNAMODB_RETRY;
        meaning.type = PS_SPAN("bad_answer");
    }
    return meaning;
}

/* For notes: "Query" of "DynamoDB_20120810.Query". */
static struct ps_span name_of(const struct ps_dynamodb_call *call)
{
    return ps_span_from(call->operation, (size_t)(ps_span_find_byte(call->operation, '.') + 1));
}

/* What an answer means for the caller. PS_OK: it is settled. */
static enum ps_err judge(struct ps_dynamodb_call *call, const struct ps_http_response *response,
                         enum ps_dynamodb_verdict *verdict)
{
    static const enum ps_err ERRORS[] = {
        [PS_DYNAMODB_ANSWERED] = PS_OK,
        [PS_DYNAMODB_CANCELED] = PS_ERR_UNAVAILABLE,
        [PS_DYNAMODB_CONFLICT] = PS_ERR_UNAVAILABLE,
        [PS_DYNAMODB_RETRY] = PS_ERR_UNAVAILABLE,
        [PS_DYNAMODB_THROTTLED] = PS_ERR_THROTTLED,
        [PS_DYNAMODB_POISONED] = PS_ERR_REFUSED,
        [PS_DYNAMODB_DENIED] = PS_ERR_DENIED,
        [PS_DYNAMODB_FAULT] = PS_ERR_BAD_CONFIG,
        [PS_DYNAMODB_CONDITION] = PS_ERR_REFUSED,
    };
    struct meaning meaning = read_answer(call, response);
    *verdict = meaning.verdict;
    if (meaning.verdict == PS_DYNAMODB_CONDITION && call->writes > 0) {
        call->refused = meaning.write;
        return PS_OK;
    }
    enum ps_err err = ERRORS[meaning.verdict];
    if (err == PS_OK) return PS_OK;
    const char *text = ps_dynamodb_verdict_text(meaning.fault);
    PS_FAIL(err, "%.*s of table %.*s: status %u %.*s%s%s", PS_SPAN_ARG(name_of(call)), PS_SPAN_ARG(call->table),
            response->status, PS_SPAN_ARG(meaning.type), text == NULL ? "" : ": ", text == NULL ? "" : text);
}

/* -- tries --------------------------------------------------------------------------------------------------------- */

static enum ps_err ask(const struct ps_dynamodb_call *call, struct ps_span body, struct ps_http_exchange *exchange)
{
    uint32_t left_ms = ps_deadline_left_ms(call->deadline);
    if (left_ms == 0) PS_FAIL(PS_ERR_DEADLINE, "no time left for %.*s", PS_SPAN_ARG(name_of(call)));
    *exchange = (struct ps_http_exchange){
        .request = { .method = "POST",
                     .url = call->url,
                     .body = body,
                     .timeout_ms = left_ms < call->timeout_ms ? left_ms : call->timeout_ms,
                     .response_bytes_max = PS_DYNAMODB_RESPONSE_BYTES_MAX },
    };
    ps_dynamodb_put_headers(&exchange->request, call->operation);
    PS_TRY(ps_call_authorize(call->client, call->arena, &call->target, ps_clock_now_ms(), &exchange->request));
    return ps_http_run(ps_call_http(call->client), call->arena, exchange);
}

static bool has_new_credentials(struct ps_dynamodb_call *call)
{
    if (call->refreshed) return false;
    call->refreshed = true;
    bool changed = false;
    return ps_call_refresh(call->client, &changed) == PS_OK && changed;
}

enum ps_err ps_dynamodb_call_run(struct ps_dynamodb_call *call, struct ps_span body, struct ps_span *answer)
{
    PS_ASSERT(call->writes <= PS_DYNAMODB_WRITES_MAX);
    struct ps_arena_mark mark = ps_arena_mark(call->arena);
    uint32_t failures = 0, conflicts = 0;
    call->refused = call->writes;
    for (;;) {
        struct ps_http_exchange exchange = { 0 };
        enum ps_dynamodb_verdict verdict = PS_DYNAMODB_RETRY;
        ps_arena_rewind(call->arena, mark);
        enum ps_err err = ask(call, body, &exchange);
        if (err == PS_OK) err = judge(call, &exchange.response, &verdict);
        if (err == PS_OK) {
            *answer = exchange.response.body;
            return PS_OK;
        }
        if (verdict == PS_DYNAMODB_DENIED && has_new_credentials(call)) continue;
        bool conflict = verdict == PS_DYNAMODB_CONFLICT;
        uint32_t attempt = conflict ? ++conflicts : ++failures;
        uint32_t attempts_max = conflict ? CONFLICT_ATTEMPTS_MAX : PS_RETRY_ATTEMPTS_DYNAMODB;
        if (ps_err_class(err) != PS_CLASS_TRANSIENT || attempt >= attempts_max) return err;
        uint32_t base_ms = verdict == PS_DYNAMODB_THROTTLED ? PS_RETRY_BASE_MS_THROTTLED : PS_RETRY_BASE_MS_DYNAMODB;
        uint32_t wait_ms = ps_retry_backoff_ms(base_ms, attempt, exchange.response.retry_after_ms);
        if (!ps_deadline_allows(call->deadline, wait_ms)) return err;
        PS_TRY(ps_http_pause(ps_call_http(call->client), wait_ms));
    }
}
