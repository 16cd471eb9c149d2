#include "aws/opensearch_priv.h"
#include "base/json_read.h"

/* A field name longer than this is no name of our mapping. */
enum { FIELD_BYTES_MAX = 256 };

static enum ps_err next_of(struct ps_json_reader *reader, enum ps_json_kind kind, struct ps_json_token *token)
{
    PS_TRY(ps_json_read_next(reader, token));
    if (token->kind != kind)
        PS_FAIL(PS_ERR_BAD_INPUT, "the answer has another shape at offset %zu", (size_t)(reader->at - reader->begin));
    return PS_OK;
}

/* A span without the quotes when it is a string; empty for any other value. */
static struct ps_span inside_quotes(struct ps_span raw)
{
    if (raw.len < 2 || raw.data[0] != '"') return PS_SPAN("");
    return ps_span_make(raw.data + 1, raw.len - 2);
}

/* The value of "error" in an item or a refusal: an object with type and reason, or a text. */
static enum ps_err read_error(struct ps_span raw, struct ps_opensearch_reply_refusal *out)
{
    if (raw.data[0] == '"') {
        *out = (struct ps_opensearch_reply_refusal){ .reason = inside_quotes(raw), .plain = true };
        return PS_OK;
    }
    if (raw.data[0] != '{') return PS_OK;
    struct ps_json_reader reader;
    ps_json_read_init(&reader, raw);
    struct ps_json_token token;
    PS_TRY(next_of(&reader, PS_JSON_OBJECT_BEGIN, &token));
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind != PS_JSON_KEY) return PS_OK;
        struct ps_span value;
        PS_TRY(ps_json_read_skip(&reader, &value));
        if (ps_span_eq(token.text, PS_SPAN("type"))) out->type = inside_quotes(value);
        if (ps_span_eq(token.text, PS_SPAN("reason"))) out->reason = inside_quotes(value);
    }
}

static enum ps_err read_status(struct ps_span raw, uint32_t *out)
{
    uint64_t status;
    if (!ps_span_to_u64(raw, &status) || status < 100 || status > 599)
        PS_FAIL(PS_ERR_BAD_INPUT, "an item's status is no HTTP status");
    *out = (uint32_t)status;
    return PS_OK;
}

/* {"status":201,...} or {"status":400,"error":{...},...} */
static enum ps_err read_outcome(struct ps_json_reader *reader, struct ps_opensearch_reply_item *out)
{
    struct ps_json_token token;
    PS_TRY(next_of(reader, PS_JSON_OBJECT_BEGIN, &token));
    struct ps_opensearch_reply_item item = { 0 };
    for (;;) {
        PS_TRY(ps_json_read_next(reader, &token));
        if (token.kind != PS_JSON_KEY) break;
        struct ps_span value;
        PS_TRY(ps_json_read_skip(reader, &value));
        if (ps_span_eq(token.text, PS_SPAN("status"))) PS_TRY(read_status(value, &item.status));
        if (ps_span_eq(token.text, PS_SPAN("error"))) {
            struct ps_opensearch_reply_refusal error = { 0 };
            PS_TRY(read_error(value, &error));
            item.type = error.type;
            item.reason = error.reason;
        }
    }
    if (item.status == 0) PS_FAIL(PS_ERR_BAD_INPUT, "an item has no status");
    *out = item;
    return PS_OK;
}

/* [{"create":{...}},...], exactly count of them. The reader stands after the key. */
static enum ps_err read_items(struct ps_json_reader *reader, struct ps_opensearch_reply_item *items, size_t count)
{
    struct ps_json_token token;
    PS_TRY(next_of(reader, PS_JSON_ARRAY_BEGIN, &token));
    for (size_t i = 0;; i++) {
        PS_TRY(ps_json_read_next(reader, &token));
        if (token.kind == PS_JSON_ARRAY_END) {
            if (i != count) PS_FAIL(PS_ERR_BAD_INPUT, "%zu items answered, %zu sent", i, count);
            return PS_OK;
        }
        if (i == count) PS_FAIL(PS_ERR_BAD_INPUT, "more than the %zu items sent are answered", count);
        if (token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "items[%zu] is no object", i);
        PS_TRY(next_of(reader, PS_JSON_KEY, &token));
        PS_TRY(read_outcome(reader, &items[i]));
        PS_TRY(next_of(reader, PS_JSON_OBJECT_END, &token));
    }
}

enum ps_err ps_opensearch_reply_read(struct ps_span body, struct ps_opensearch_reply_item *items, size_t count)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, body);
    struct ps_json_token token;
    PS_TRY(next_of(&reader, PS_JSON_OBJECT_BEGIN, &token));
    bool seen = false;
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind != PS_JSON_KEY) break;
        if (!ps_span_eq(token.text, PS_SPAN("items"))) {
            PS_TRY(ps_json_read_skip(&reader, NULL));
            continue;
        }
        if (seen) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has items twice");
        seen = true;
        PS_TRY(read_items(&reader, items, count));
    }
    if (!seen) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has no items");
    /* Something after the object would mean that two answers were mixed up. */
    return next_of(&reader, PS_JSON_END, &token);
}

struct ps_opensearch_reply_refusal ps_opensearch_reply_refusal(struct ps_span body)
{
    struct ps_opensearch_reply_refusal refusal = { 0 };
    struct ps_json_token token;
    struct ps_span raw;
    bool found = false;
    if (ps_json_read_check(body) != PS_OK || ps_span_trim(body).data[0] != '{') return refusal;
    if (ps_json_read_member(body, PS_SPAN("error"), &token, &raw, &found) != PS_OK || !found) return refusal;
    if (read_error(raw, &refusal) != PS_OK) return (struct ps_opensearch_reply_refusal){ 0 };
    return refusal;
}

/* How the server names a field, in texts whose beginning is its own and not a document's. (Seen on 2.19.6 and 3.8.0.)
 */
static const struct {
    struct ps_span before;
    struct ps_span after;
} FIELD_TEXTS[] = {
    { PS_SPAN_INIT("failed to parse field ["), PS_SPAN_INIT("] of type [") },
    { PS_SPAN_INIT("object mapping for ["), PS_SPAN_INIT("] tried to parse field") },
    { PS_SPAN_INIT("Could not dynamically add mapping for field ["), PS_SPAN_INIT("]. Existing mapping for [") },
    { PS_SPAN_INIT("Document contains at least one immense term in field=\\\""), PS_SPAN_INIT("\\\" (whose ") },
    { PS_SPAN_INIT("DocValuesField \\\""), PS_SPAN_INIT("\\\" is too large") },
    { PS_SPAN_INIT("mapping set to strict, dynamic introduction of ["), PS_SPAN_INIT("] within [") },
};

struct ps_span ps_opensearch_reply_field(struct ps_span reason)
{
    for (size_t i = 0; i < sizeof FIELD_TEXTS / sizeof FIELD_TEXTS[0]; i++) {
        if (!ps_span_starts(reason, FIELD_TEXTS[i].before)) continue;
        struct ps_span rest = ps_span_from(reason, FIELD_TEXTS[i].before.len);
        ptrdiff_t end =
            ps_span_find(ps_span_first(rest, FIELD_BYTES_MAX + FIELD_TEXTS[i].after.len), FIELD_TEXTS[i].after);
        if (end == PS_SPAN_NONE) return PS_SPAN("");
        return ps_span_first(rest, (size_t)end);
    }
    return PS_SPAN("");
}
