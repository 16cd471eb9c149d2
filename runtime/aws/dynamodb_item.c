#include "aws/dynamodb_item.h"

#include "aws/dynamodb_priv.h"
#include "base/assert.h"
#include "base/json_read.h"

enum {
    /* The largest item with its expressions (4 KB each by the service's limit); several items share it. */
    BODY_BYTES_MAX = PS_DYNAMODB_ITEM_JSON_BYTES_MAX + (64 << 10),
};

struct ps_dynamodb_table {
    struct ps_dynamodb_call call; /* what all calls have in common */
};

enum ps_err ps_dynamodb_table_open(struct ps_arena *process, struct ps_call_client *client, struct ps_span table,
                                   uint32_t request_timeout_ms, struct ps_dynamodb_table **out)
{
    PS_TRY(ps_dynamodb_check_table(table));
    struct ps_dynamodb_table *opened = PS_ARENA_NEW(process, struct ps_dynamodb_table);
    if (opened == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "DynamoDB: a table");
    opened->call = (struct ps_dynamodb_call){ .client = client, .table = table, .timeout_ms = request_timeout_ms };
    PS_TRY(ps_dynamodb_find_service(process, client, &opened->call.url, &opened->call.target));
    *out = opened;
    return PS_OK;
}

static struct ps_dynamodb_call call_of(const struct ps_dynamodb_table *table, struct ps_arena *arena,
                                       const struct ps_deadline *deadline, struct ps_span operation)
{
    struct ps_dynamodb_call call = table->call;
    call.arena = arena;
    call.deadline = deadline;
    call.operation = operation;
    return call;
}

static void put_key(struct ps_json_writer *json, const struct ps_dynamodb_key *key)
{
    ps_json_write_key(json, PS_SPAN("Key"));
    ps_json_write_object_begin(json);
    ps_dynamodb_call_put_text(json, PS_SPAN("pk"), key->pk);
    ps_dynamodb_call_put_text(json, PS_SPAN("sk"), key->sk);
    ps_json_write_object_end(json);
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static enum ps_err build_get(struct ps_arena *arena, struct ps_span table, const struct ps_dynamodb_key *key,
                             struct ps_span *out)
{
    struct ps_buf buf;
    struct ps_json_writer json;
    ps_buf_init(&buf, arena, BODY_BYTES_MAX);
    ps_json_write_init(&json, &buf);
    ps_json_write_object_begin(&json);
    ps_json_write_member(&json, PS_SPAN("TableName"), table);
    put_key(&json, key);
    ps_json_write_key(&json, PS_SPAN("ConsistentRead"));
    ps_json_write_bool(&json, true);
    ps_json_write_object_end(&json);
    return ps_json_write_finish(&json, out);
}

enum ps_err ps_dynamodb_get(struct ps_dynamodb_table *table, struct ps_arena *arena, const struct ps_deadline *deadline,
                            const struct ps_dynamodb_key *key, struct ps_span *item)
{
    struct ps_dynamodb_call call = call_of(table, arena, deadline, PS_SPAN("DynamoDB_20120810.GetItem"));
    struct ps_json_token token;
    struct ps_span body, answer, raw;
    bool found = false;
    PS_TRY(build_get(arena, call.table, key, &body));
    PS_TRY(ps_dynamodb_call_run(&call, body, &answer));
    PS_TRY(ps_json_read_member(answer, PS_SPAN("Item"), &token, &raw, &found));
    if (found && token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_UNAVAILABLE, "the answer's Item is no object");
    *item = found ? raw : PS_SPAN("");
    return PS_OK;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static const struct {
    struct ps_span name; /* in a transaction */
    struct ps_span operation;
} KINDS[] = {
    [PS_DYNAMODB_PUT] = { PS_SPAN_INIT("Put"), PS_SPAN_INIT("DynamoDB_20120810.PutItem") },
    [PS_DYNAMODB_UPDATE] = { PS_SPAN_INIT("Update"), PS_SPAN_INIT("DynamoDB_20120810.UpdateItem") },
    [PS_DYNAMODB_DELETE] = { PS_SPAN_INIT("Delete"), PS_SPAN_INIT("DynamoDB_20120810.DeleteItem") },
};

static void put_raw(struct ps_json_writer *json, struct ps_span name, struct ps_span value)
{
    if (value.len == 0) return;
    ps_json_write_key(json, name);
    ps_json_write_raw(json, value);
}

/* The members of a write are the same alone and in a transaction. */
static void put_write(struct ps_json_writer *json, struct ps_span table, const struct ps_dynamodb_write *write)
{
    PS_ASSERT((write->kind == PS_DYNAMODB_PUT) == (write->item.len > 0));
    PS_ASSERT((write->kind == PS_DYNAMODB_UPDATE) == (write->update.len > 0));
    ps_json_write_object_begin(json);
    ps_json_write_member(json, PS_SPAN("TableName"), table);
    if (write->kind != PS_DYNAMODB_PUT) put_key(json, &write->key);
    put_raw(json, PS_SPAN("Item"), write->item);
    if (write->update.len > 0) ps_json_write_member(json, PS_SPAN("UpdateExpression"), write->update);
    if (write->condition.len > 0) ps_json_write_member(json, PS_SPAN("ConditionExpression"), write->condition);
    put_raw(json, PS_SPAN("ExpressionAttributeNames"), write->names);
    put_raw(json, PS_SPAN("ExpressionAttributeValues"), write->values);
    ps_json_write_object_end(json);
}

static void put_transaction(struct ps_json_writer *json, struct ps_span table, const struct ps_dynamodb_write *writes,
                            size_t count)
{
    ps_json_write_object_begin(json);
    ps_json_write_key(json, PS_SPAN("TransactItems"));
    ps_json_write_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        ps_json_write_object_begin(json);
        ps_json_write_key(json, KINDS[writes[i].kind].name);
        put_write(json, table, &writes[i]);
        ps_json_write_object_end(json);
    }
    ps_json_write_array_end(json);
    ps_json_write_object_end(json);
}

enum ps_err ps_dynamodb_write(struct ps_dynamodb_table *table, struct ps_arena *arena,
                              const struct ps_deadline *deadline, const struct ps_dynamodb_write *writes, size_t count,
                              size_t *refused)
{
    PS_ASSERT(count > 0);
    PS_ASSERT(count <= PS_DYNAMODB_WRITES_MAX);
    bool alone = count == 1;
    struct ps_span operation =
        alone ? KINDS[writes[0].kind].operation : PS_SPAN("DynamoDB_20120810.TransactWriteItems");
    struct ps_dynamodb_call call = call_of(table, arena, deadline, operation);
    struct ps_arena_mark mark = ps_arena_mark(arena);
    struct ps_buf buf;
    struct ps_json_writer json;
    struct ps_span body, answer;
    call.writes = count;
    ps_buf_init(&buf, arena, BODY_BYTES_MAX);
    ps_json_write_init(&json, &buf);
    if (alone)
        put_write(&json, call.table, &writes[0]);
    else
        put_transaction(&json, call.table, writes, count);
    PS_TRY(ps_json_write_finish(&json, &body));
    PS_TRY(ps_dynamodb_call_run(&call, body, &answer));
    *refused = call.refused;
    ps_arena_rewind(arena, mark);
    return PS_OK;
}

/* -- members of an item -------------------------------------------------------------------------------------------- */

/* The text in {"name":{"type":"text"}}, escapes untouched; empty when there is no such thing. */
static struct ps_span attribute_of(struct ps_span item, struct ps_span name, struct ps_span type)
{
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    struct ps_span attribute;
    bool found = false;
    if (ps_json_read_member(item, name, NULL, &attribute, &found) != PS_OK || !found) return PS_SPAN("");
    if (ps_json_read_member(attribute, type, &token, NULL, &found) != PS_OK || !found) return PS_SPAN("");
    return token.kind == PS_JSON_STRING ? token.text : PS_SPAN("");
}

enum ps_err ps_dynamodb_item_text(struct ps_arena *arena, struct ps_span item, struct ps_span name,
                                  struct ps_span *text)
{
    return ps_json_read_unescape(arena, attribute_of(item, name, PS_SPAN("S")), text);
}

int64_t ps_dynamodb_item_number(struct ps_span item, struct ps_span name, int64_t number_default)
{
    struct ps_span digits = attribute_of(item, name, PS_SPAN("N"));
    bool negative = ps_span_starts(digits, PS_SPAN("-"));
    uint64_t size = 0;
    if (!ps_span_to_u64(ps_span_from(digits, negative), &size)) return number_default;
    if (size > INT64_MAX) return number_default;
    return negative ? -(int64_t)size : (int64_t)size;
}
