#include "aws/eventbridge_priv.h"
#include "base/json_read.h"

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

/* {"EventId":"..."} or {"ErrorCode":"...","ErrorMessage":"..."}. The reader stands after the brace. */
static enum ps_err read_entry(struct ps_json_reader *reader, struct ps_span *code)
{
    struct ps_json_token token;
    struct ps_span id = PS_SPAN("");
    *code = PS_SPAN("");
    for (;;) {
        PS_TRY(ps_json_read_next(reader, &token));
        if (token.kind != PS_JSON_KEY) break;
        struct ps_span value;
        PS_TRY(ps_json_read_skip(reader, &value));
        if (ps_span_eq(token.text, PS_SPAN("EventId"))) id = inside_quotes(value);
        if (ps_span_eq(token.text, PS_SPAN("ErrorCode"))) *code = inside_quotes(value);
    }
    if (id.len == 0 && code->len == 0) PS_FAIL(PS_ERR_BAD_INPUT, "an entry has neither id nor error code");
    return PS_OK;
}

/* [{...},...], exactly count of them. The reader stands after the key. */
static enum ps_err read_entries(struct ps_json_reader *reader, struct ps_span *codes, size_t count)
{
    struct ps_json_token token;
    PS_TRY(next_of(reader, PS_JSON_ARRAY_BEGIN, &token));
    for (size_t i = 0;; i++) {
        PS_TRY(ps_json_read_next(reader, &token));
        if (token.kind == PS_JSON_ARRAY_END) {
            if (i != count) PS_FAIL(PS_ERR_BAD_INPUT, "%zu entries answered, %zu sent", i, count);
            return PS_OK;
        }
        if (i == count) PS_FAIL(PS_ERR_BAD_INPUT, "more than the %zu entries sent are answered", count);
        if (token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "Entries[%zu] is no object", i);
        PS_TRY(read_entry(reader, &codes[i]));
    }
}

static enum ps_err check_failed(struct ps_span raw, const struct ps_span *codes, size_t count)
{
    uint64_t told = 0;
    uint64_t failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += codes[i].len > 0;
    if (!ps_span_to_u64(raw, &told) || told != failed)
        PS_FAIL(PS_ERR_BAD_INPUT, "%zu entries hold an error code, FailedEntryCount is another number", (size_t)failed);
    return PS_OK;
}

enum ps_err ps_eventbridge_reply_read(struct ps_span body, struct ps_span *codes, size_t count)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, body);
    struct ps_json_token token;
    PS_TRY(next_of(&reader, PS_JSON_OBJECT_BEGIN, &token));
    struct ps_span failed = PS_SPAN("");
    bool seen = false;
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind != PS_JSON_KEY) break;
        if (ps_span_eq(token.text, PS_SPAN("Entries"))) {
            if (seen) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has Entries twice");
            seen = true;
            PS_TRY(read_entries(&reader, codes, count));
            continue;
        }
        struct ps_span value;
        PS_TRY(ps_json_read_skip(&reader, &value));
        if (ps_span_eq(token.text, PS_SPAN("FailedEntryCount"))) failed = value;
    }
    if (!seen) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has no Entries");
    /* Something after the object would mean that two answers were mixed up. */
    PS_TRY(next_of(&reader, PS_JSON_END, &token));
    return check_failed(failed, codes, count);
}
