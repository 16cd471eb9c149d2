#include "aws/dynamodb_query.h"

#include "aws/dynamodb_priv.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "host/clock.h"

enum {
    TIMEOUT_MS = 10000,
    PAGE_ROWS_MAX = 1000,
    /* Both key attributes with every byte escaped as six, and names and types. */
    START_KEY_BYTES_MAX = 6 * (PS_DYNAMODB_PK_BYTES_MAX + PS_DYNAMODB_SK_BYTES_MAX) + 256,
    BODY_BYTES_MAX = 4 * START_KEY_BYTES_MAX, /* pk, two sort keys and where to go on */
};

/* One query under way. */
struct job {
    struct ps_call_client *client;
    struct ps_arena *arena;
    const struct ps_deadline *deadline;
    const struct ps_dynamodb_query *query;
    struct ps_call_target target;
    struct ps_span url;
    struct ps_buf start_key; /* the raw object that the last page ended with; empty before the first */
    uint64_t given;
    bool refreshed;
    ps_dynamodb_on_row *on_row;
    void *context;
};

/* -- one page asked for
 * ------------------------------------------------------------------------------------------------ */

static void put_text(struct ps_json_writer *json, struct ps_span name, struct ps_span text)
{
    ps_json_write_key(json, name);
    ps_json_write_object_begin(json);
    ps_json_write_member(json, PS_SPAN("S"), text);
    ps_json_write_object_end(json);
}

static enum ps_err build_body(const struct job *job, struct ps_span *out)
{
    const struct ps_dynamodb_query *query = job->query;
    uint64_t left = query->limit - job->given;
    struct ps_buf buf;
    struct ps_json_writer json;
    ps_buf_init(&buf, job->arena, BODY_BYTES_MAX);
    ps_json_write_init(&json, &buf);
    ps_json_write_object_begin(&json);
    ps_json_write_member(&json, PS_SPAN("TableName"), query->table);
    ps_json_write_member(&json, PS_SPAN("KeyConditionExpression"), PS_SPAN("pk = :p AND sk BETWEEN :a AND :b"));
    ps_json_write_key(&json, PS_SPAN("ExpressionAttributeValues"));
    ps_json_write_object_begin(&json);
    put_text(&json, PS_SPAN(":p"), query->pk);
    put_text(&json, PS_SPAN(":a"), query->sk_from);
    put_text(&json, PS_SPAN(":b"), query->sk_to);
    ps_json_write_object_end(&json);
    ps_json_write_key(&json, PS_SPAN("ScanIndexForward"));
    ps_json_write_bool(&json, !query->newest_first);
    ps_json_write_key(&json, PS_SPAN("Limit"));
    ps_json_write_u64(&json, left < PAGE_ROWS_MAX ? left : PAGE_ROWS_MAX);
    if (job->start_key.len > 0) {
        ps_json_write_key(&json, PS_SPAN("ExclusiveStartKey"));
        ps_json_write_raw(&json, ps_buf_span(&job->start_key));
    }
    ps_json_write_object_end(&json);
    return ps_json_write_finish(&json, out);
}

static enum ps_err ask_once(const struct job *job, struct ps_span body, struct ps_http_exchange *exchange)
{
    uint32_t left_ms = ps_deadline_left_ms(job->deadline);
    if (left_ms == 0) PS_FAIL(PS_ERR_DEADLINE, "no time left for a query");
    *exchange = (struct ps_http_exchange){
        .request = { .method = "POST",
                     .url = job->url,
                     .body = body,
                     .timeout_ms = left_ms < TIMEOUT_MS ? left_ms : TIMEOUT_MS,
                     .response_bytes_max = PS_DYNAMODB_RESPONSE_BYTES_MAX },
    };
    ps_dynamodb_put_headers(&exchange->request, PS_SPAN("DynamoDB_20120810.Query"));
    PS_TRY(ps_call_authorize(job->client, job->arena, &job->target, ps_clock_now_ms(), &exchange->request));
    return ps_http_run(ps_call_http(job->client), job->arena, exchange);
}

/* What an answer means for the caller; PS_OK: it holds rows. */
static enum ps_err judge(const struct job *job, const struct ps_http_response *response,
                         enum ps_dynamodb_verdict *verdict)
{
    struct ps_dynamodb_reply_refusal refusal = { 0 };
    enum ps_dynamodb_fault fault = PS_DYNAMODB_FAULT_NONE;
    if (response->status != 200) refusal = ps_dynamodb_reply_refusal(response->body);
    *verdict = ps_dynamodb_verdict(response->status, &refusal, &fault);
    static const enum ps_err ERRORS[] = {
        [PS_DYNAMODB_ANSWERED] = PS_OK,
        [PS_DYNAMODB_RETRY] = PS_ERR_UNAVAILABLE,
        [PS_DYNAMODB_THROTTLED] = PS_ERR_THROTTLED,
        [PS_DYNAMODB_POISONED] = PS_ERR_REFUSED,
        [PS_DYNAMODB_DENIED] = PS_ERR_DENIED,
        [PS_DYNAMODB_FAULT] = PS_ERR_BAD_CONFIG,
    };
    enum ps_err err = ERRORS[*verdict];
    if (err == PS_OK) return PS_OK;
    const char *text = ps_dynamodb_verdict_text(fault);
    PS_FAIL(err, "query of table %.*s: status %u %.*s%s%s", PS_SPAN_ARG(job->query->table), response->status,
            PS_SPAN_ARG(refusal.type), text == NULL ? "" : ": ", text == NULL ? "" : text);
}

static bool has_new_credentials(struct job *job)
{
    if (job->refreshed) return false;
    job->refreshed = true;
    bool changed = false;
    return ps_call_refresh(job->client, &changed) == PS_OK && changed;
}

static enum ps_err pause_ms(const struct job *job, uint32_t wait_ms)
{
    uint64_t end_us = ps_clock_monotonic_us() + (uint64_t)wait_ms * 1000;
    for (uint64_t now_us; (now_us = ps_clock_monotonic_us()) < end_us;)
        PS_TRY(ps_http_poll(ps_call_http(job->client), (uint32_t)((end_us - now_us + 999) / 1000)));
    return PS_OK;
}

static enum ps_err ask(struct job *job, struct ps_span body, struct ps_span *out)
{
    for (uint32_t attempt = 1;; attempt++) {
        struct ps_http_exchange exchange = { 0 };
        enum ps_dynamodb_verdict verdict = PS_DYNAMODB_RETRY;
        enum ps_err err = ask_once(job, body, &exchange);
        if (err == PS_OK) err = judge(job, &exchange.response, &verdict);
        if (err == PS_OK) {
            *out = exchange.response.body;
            return PS_OK;
        }
        if (verdict == PS_DYNAMODB_DENIED && has_new_credentials(job)) continue;
        if (ps_err_class(err) != PS_CLASS_TRANSIENT || attempt >= PS_RETRY_ATTEMPTS_DYNAMODB) return err;
        uint32_t base_ms = verdict == PS_DYNAMODB_THROTTLED ? PS_RETRY_BASE_MS_THROTTLED : PS_RETRY_BASE_MS_DYNAMODB;
        uint32_t wait_ms = ps_retry_backoff_ms(base_ms, attempt, exchange.response.retry_after_ms);
        if (!ps_deadline_allows(job->deadline, wait_ms)) return err;
        PS_TRY(pause_ms(job, wait_ms));
    }
}

/* -- one page read ------------------------------------------------------------------------------------------------- */

/* Gives the rows of [{..},..]. The text has been checked as JSON. */
static enum ps_err give_rows(struct job *job, struct ps_span items)
{
    struct ps_json_reader reader;
    struct ps_json_token token;
    struct ps_span row;
    ps_json_read_init(&reader, items);
    PS_TRY(ps_json_read_next(&reader, &token));
    if (token.kind != PS_JSON_ARRAY_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "the answer's Items are no array");
    for (;;) {
        struct ps_json_reader before = reader;
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_ARRAY_END) return PS_OK;
        if (token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "a row of the answer is no object");
        reader = before;
        PS_TRY(ps_json_read_skip(&reader, &row));
        if (job->given == job->query->limit) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has more rows than were asked for");
        job->given++;
        PS_TRY(job->on_row(job->context, row));
    }
}

/* *more says whether another page follows. */
static enum ps_err read_page(struct job *job, struct ps_span body, bool *more)
{
    struct ps_json_token token;
    struct ps_span items, key;
    bool found = false;
    PS_TRY(ps_json_read_check(body));
    PS_TRY(ps_json_read_member(body, PS_SPAN("LastEvaluatedKey"), &token, &key, more));
    if (*more && token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "LastEvaluatedKey is no object");
    job->start_key.len = 0;
    if (*more) ps_buf_put(&job->start_key, key);
    if (job->start_key.err != PS_OK) PS_FAIL(PS_ERR_TOO_LARGE, "LastEvaluatedKey of %zu bytes", key.len);
    PS_TRY(ps_json_read_member(body, PS_SPAN("Items"), &token, &items, &found));
    if (!found) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has no Items");
    return give_rows(job, items);
}

enum ps_err ps_dynamodb_query(struct ps_call_client *client, struct ps_arena *arena, const struct ps_deadline *deadline,
                              const struct ps_dynamodb_query *query, ps_dynamodb_on_row *on_row, void *context)
{
    struct job job = {
        .client = client, .arena = arena, .deadline = deadline, .query = query, .on_row = on_row, .context = context
    };
    PS_TRY(ps_dynamodb_check_table(query->table));
    PS_TRY(ps_dynamodb_find_service(arena, client, &job.url, &job.target));
    char *start_key = ps_arena_bytes(arena, START_KEY_BYTES_MAX);
    if (start_key == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "query: %d bytes", START_KEY_BYTES_MAX);
    ps_buf_init_fixed(&job.start_key, start_key, START_KEY_BYTES_MAX);
    bool more = true;
    while (more && job.given < query->limit) {
        struct ps_arena_mark mark = ps_arena_mark(arena);
        struct ps_span body, answer;
        PS_TRY(build_body(&job, &body));
        PS_TRY(ask(&job, body, &answer));
        PS_TRY(read_page(&job, answer, &more));
        ps_arena_rewind(arena, mark);
    }
    return PS_OK;
}
