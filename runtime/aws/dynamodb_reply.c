#include "aws/dynamodb_priv.h"
#include "base/json_read.h"

static enum ps_err next_of(struct ps_json_reader *reader, enum ps_json_kind kind, struct ps_json_token *token)
{
    PS_TRY(ps_json_read_next(reader, token));
    if (token->kind != kind)
        PS_FAIL(PS_ERR_BAD_INPUT, "the answer has another shape at offset %zu", (size_t)(reader->at - reader->begin));
    return PS_OK;
}

/* -- unprocessed items --------------------------------------------------------------------------------------------- */

/* What is being read. */
struct unprocessed {
    struct ps_arena *arena;
    struct ps_span table;
    const struct ps_dynamodb_key *keys;
    size_t count;
    bool *left;
};

/* A text attribute's value, {"S":".."}, escapes undone. */
static enum ps_err read_text(struct ps_arena *arena, struct ps_span raw, struct ps_span *out)
{
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, raw);
    PS_TRY(next_of(&reader, PS_JSON_OBJECT_BEGIN, &token));
    PS_TRY(next_of(&reader, PS_JSON_KEY, &token));
    if (!ps_span_eq(token.text, PS_SPAN("S"))) PS_FAIL(PS_ERR_BAD_INPUT, "a key attribute of the answer is no text");
    PS_TRY(next_of(&reader, PS_JSON_STRING, &token));
    struct ps_span text = token.text;
    PS_TRY(next_of(&reader, PS_JSON_OBJECT_END, &token));
    return ps_json_read_unescape(arena, text, out);
}

static enum ps_err mark(const struct unprocessed *job, const struct ps_dynamodb_key *key)
{
    for (size_t i = 0; i < job->count; i++) {
        if (!ps_span_eq(job->keys[i].pk, key->pk) || !ps_span_eq(job->keys[i].sk, key->sk)) continue;
        if (job->left[i]) PS_FAIL(PS_ERR_BAD_INPUT, "item %zu is unprocessed twice", i);
        job->left[i] = true;
        return PS_OK;
    }
    PS_FAIL(PS_ERR_BAD_INPUT, "an unprocessed item that was not sent");
}

/* {"pk":{"S":".."},"sk":{"S":".."},..}: the reader stands before it. */
static enum ps_err read_item(const struct unprocessed *job, struct ps_json_reader *reader)
{
    struct ps_json_token token;
    struct ps_span raw[2] = { { 0 }, { 0 } };
    PS_TRY(next_of(reader, PS_JSON_OBJECT_BEGIN, &token));
    for (;;) {
        PS_TRY(ps_json_read_next(reader, &token));
        if (token.kind != PS_JSON_KEY) break;
        struct ps_span value;
        PS_TRY(ps_json_read_skip(reader, &value));
        if (ps_span_eq(token.text, PS_SPAN("pk"))) raw[0] = value;
        if (ps_span_eq(token.text, PS_SPAN("sk"))) raw[1] = value;
    }
    struct ps_dynamodb_key key = { 0 };
    PS_TRY(read_text(job->arena, raw[0], &key.pk));
    PS_TRY(read_text(job->arena, raw[1], &key.sk));
    return mark(job, &key);
}

/* [{"PutRequest":{"Item":{..}}},..]: the reader stands before it. */
static enum ps_err read_writes(const struct unprocessed *job, struct ps_json_reader *reader)
{
    struct ps_json_token token;
    PS_TRY(next_of(reader, PS_JSON_ARRAY_BEGIN, &token));
    for (;;) {
        PS_TRY(ps_json_read_next(reader, &token));
        if (token.kind == PS_JSON_ARRAY_END) return PS_OK;
        if (token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "an unprocessed write is no object");
        PS_TRY(next_of(reader, PS_JSON_KEY, &token));
        if (!ps_span_eq(token.text, PS_SPAN("PutRequest"))) PS_FAIL(PS_ERR_BAD_INPUT, "an unprocessed write is no put");
        PS_TRY(next_of(reader, PS_JSON_OBJECT_BEGIN, &token));
        PS_TRY(next_of(reader, PS_JSON_KEY, &token));
        if (!ps_span_eq(token.text, PS_SPAN("Item"))) PS_FAIL(PS_ERR_BAD_INPUT, "an unprocessed put has no item");
        PS_TRY(read_item(job, reader));
        PS_TRY(next_of(reader, PS_JSON_OBJECT_END, &token));
        PS_TRY(next_of(reader, PS_JSON_OBJECT_END, &token));
    }
}

/* {"table":[..]} or {}: the reader stands before it. */
static enum ps_err read_tables(const struct unprocessed *job, struct ps_json_reader *reader)
{
    struct ps_json_token token;
    PS_TRY(next_of(reader, PS_JSON_OBJECT_BEGIN, &token));
    for (;;) {
        PS_TRY(ps_json_read_next(reader, &token));
        if (token.kind != PS_JSON_KEY) return PS_OK;
        if (!ps_span_eq(token.text, job->table)) PS_FAIL(PS_ERR_BAD_INPUT, "unprocessed items of another table");
        PS_TRY(read_writes(job, reader));
    }
}

enum ps_err ps_dynamodb_reply_unprocessed(struct ps_arena *arena, struct ps_span body, struct ps_span table,
                                          const struct ps_dynamodb_key *keys, size_t count, bool *left)
{
    const struct unprocessed job = { .arena = arena, .table = table, .keys = keys, .count = count, .left = left };
    struct ps_json_reader reader;
    struct ps_json_token token;
    bool seen = false;
    for (size_t i = 0; i < count; i++)
        left[i] = false;
    ps_json_read_init(&reader, body);
    PS_TRY(next_of(&reader, PS_JSON_OBJECT_BEGIN, &token));
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind != PS_JSON_KEY) break;
        if (!ps_span_eq(token.text, PS_SPAN("UnprocessedItems"))) {
            PS_TRY(ps_json_read_skip(&reader, NULL));
            continue;
        }
        if (seen) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has UnprocessedItems twice");
        seen = true;
        PS_TRY(read_tables(&job, &reader));
    }
    if (!seen) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has no UnprocessedItems");
    return next_of(&reader, PS_JSON_END, &token);
}

/* -- refusals ------------------------------------------------------------------------------------------------------ */

/* The text of a member at the top level, escapes untouched; empty when there is none. body must be a valid object. */
static struct ps_span member_text(struct ps_span body, struct ps_span name)
{
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    bool found = false;
    if (ps_json_read_member(body, name, &token, NULL, &found) != PS_OK || !found) return PS_SPAN("");
    return token.kind == PS_JSON_STRING ? token.text : PS_SPAN("");
}

bool ps_dynamodb_reply_is_object(struct ps_span body)
{
    return ps_json_read_check(body) == PS_OK && ps_span_trim(body).data[0] == '{';
}

struct ps_dynamodb_reply_refusal ps_dynamodb_reply_refusal(struct ps_span body)
{
    struct ps_dynamodb_reply_refusal refusal = { 0 };
    if (!ps_dynamodb_reply_is_object(body)) return refusal;
    refusal.type = member_text(body, PS_SPAN("__type"));
    ptrdiff_t mark_at = ps_span_find_byte(refusal.type, '#');
    if (mark_at != PS_SPAN_NONE) refusal.type = ps_span_from(refusal.type, (size_t)mark_at + 1);
    refusal.message = member_text(body, PS_SPAN("message"));
    if (refusal.message.len == 0) refusal.message = member_text(body, PS_SPAN("Message"));
    return refusal;
}

/* Stands inside the array that is a member of body, before its first element; false when there is none. */
static bool enter_array(struct ps_json_reader *reader, struct ps_span body, struct ps_span name)
{
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    struct ps_span raw;
    bool found = false;
    if (!ps_dynamodb_reply_is_object(body)) return false;
    if (ps_json_read_member(body, name, &token, &raw, &found) != PS_OK || !found) return false;
    ps_json_read_init(reader, raw);
    return next_of(reader, PS_JSON_ARRAY_BEGIN, &token) == PS_OK;
}

size_t ps_dynamodb_reply_reasons(struct ps_span body, struct ps_span *reasons)
{
    struct ps_json_reader reader;
    struct ps_span element;
    size_t count = 0;
    if (!enter_array(&reader, body, PS_SPAN("ThrottlingReasons"))) return 0;
    while (count < PS_DYNAMODB_REASONS_MAX && ps_json_read_skip(&reader, &element) == PS_OK) {
        if (element.data[0] != '{') continue;
        struct ps_span reason = member_text(element, PS_SPAN("reason"));
        if (reason.len > 0) reasons[count++] = reason;
    }
    return count;
}

size_t ps_dynamodb_reply_cancellation(struct ps_span body, struct ps_dynamodb_reply_refusal *reasons,
                                      size_t reasons_max)
{
    struct ps_json_reader reader;
    struct ps_span element;
    size_t count = 0;
    if (!enter_array(&reader, body, PS_SPAN("CancellationReasons"))) return 0;
    while (ps_json_read_skip(&reader, &element) == PS_OK) {
        if (count == reasons_max || element.data[0] != '{') return 0;
        struct ps_dynamodb_reply_refusal *reason = &reasons[count++];
        *reason = (struct ps_dynamodb_reply_refusal){ .type = member_text(element, PS_SPAN("Code")),
                                                      .message = member_text(element, PS_SPAN("Message")) };
        if (ps_span_eq(reason->type, PS_SPAN("None"))) reason->type = PS_SPAN("");
    }
    return count;
}
