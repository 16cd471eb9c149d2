#include "aws/dynamodb_query.h"

#include "aws/dynamodb_priv.h"
#include "base/json_read.h"

enum {
    TIMEOUT_MS = 10000,
    PAGE_ROWS_MAX = 1000,
    /* Both key attributes with every byte escaped as six, and names and types. */
    START_KEY_BYTES_MAX = 6 * (PS_DYNAMODB_PK_BYTES_MAX + PS_DYNAMODB_SK_BYTES_MAX) + 256,
    BODY_BYTES_MAX = 4 * START_KEY_BYTES_MAX, /* pk, two sort keys and where to go on */
};

/* One query under way. */
struct job {
    struct ps_dynamodb_call call;
    const struct ps_dynamodb_query *query;
    struct ps_buf start_key; /* the raw object that the last page ended with; empty before the first */
    uint64_t given;
    ps_dynamodb_on_row *on_row;
    void *context;
};

/* -- one page asked for -------------------------------------------------------------------------------------------- */

/* Which rows. An index's key goes by another name in the expression: its own may be a reserved word ("day"). */
static void put_condition(struct ps_json_writer *json, const struct ps_dynamodb_query *query)
{
    bool of_index = query->index.len > 0;
    if (of_index) {
        ps_json_write_member(json, PS_SPAN("IndexName"), query->index);
        ps_json_write_key(json, PS_SPAN("ExpressionAttributeNames"));
        ps_json_write_object_begin(json);
        ps_json_write_member(json, PS_SPAN("#p"), query->index_key);
        ps_json_write_object_end(json);
    }
    ps_json_write_member(json, PS_SPAN("KeyConditionExpression"),
                         of_index ? PS_SPAN("#p = :p") : PS_SPAN("pk = :p AND sk BETWEEN :a AND :b"));
    ps_json_write_key(json, PS_SPAN("ExpressionAttributeValues"));
    ps_json_write_object_begin(json);
    ps_dynamodb_call_put_text(json, PS_SPAN(":p"), query->pk);
    if (!of_index) {
        ps_dynamodb_call_put_text(json, PS_SPAN(":a"), query->sk_from);
        ps_dynamodb_call_put_text(json, PS_SPAN(":b"), query->sk_to);
    }
    ps_json_write_object_end(json);
}

static enum ps_err build_body(const struct job *job, struct ps_span *out)
{
    const struct ps_dynamodb_query *query = job->query;
    uint64_t left = query->limit - job->given;
    struct ps_buf buf;
    struct ps_json_writer json;
    ps_buf_init(&buf, job->call.arena, BODY_BYTES_MAX);
    ps_json_write_init(&json, &buf);
    ps_json_write_object_begin(&json);
    ps_json_write_member(&json, PS_SPAN("TableName"), query->table);
    put_condition(&json, query);
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
    struct job job = { .call = { .client = client,
                                 .table = query->table,
                                 .operation = PS_SPAN("DynamoDB_20120810.Query"),
                                 .arena = arena,
                                 .deadline = deadline,
                                 .timeout_ms = TIMEOUT_MS },
                       .query = query,
                       .on_row = on_row,
                       .context = context };
    PS_TRY(ps_dynamodb_check_table(query->table));
    PS_TRY(ps_dynamodb_find_service(arena, client, &job.call.url, &job.call.target));
    char *start_key = ps_arena_bytes(arena, START_KEY_BYTES_MAX);
    if (start_key == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "query: %d bytes", START_KEY_BYTES_MAX);
    ps_buf_init_fixed(&job.start_key, start_key, START_KEY_BYTES_MAX);
    bool more = true;
    while (more && job.given < query->limit) {
        struct ps_arena_mark mark = ps_arena_mark(arena);
        struct ps_span body, answer;
        PS_TRY(build_body(&job, &body));
        PS_TRY(ps_dynamodb_call_run(&job.call, body, &answer));
        PS_TRY(read_page(&job, answer, &more));
        ps_arena_rewind(arena, mark);
    }
    return PS_OK;
}
