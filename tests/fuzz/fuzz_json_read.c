/* Targets: ps_json_read_next, ps_json_read_skip, ps_json_read_check, ps_json_read_unescape, ps_json_read_member,
 * ps_json_write_string. */
#include "base/json_read.h"
#include "base/json_write.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ps_arena arena;

/* What was unescaped is the same after being written and read once more. */
static void round_trip(struct ps_span slice)
{
    struct ps_span text;
    struct ps_span written;
    struct ps_span again;
    if (ps_json_read_unescape(&arena, slice, &text) != PS_OK) return;
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 6 * text.len + 2);
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &buf);
    ps_json_write_string(&writer, text);
    PS_ASSERT(ps_json_write_finish(&writer, &written) == PS_OK);
    PS_ASSERT(ps_json_read_check(written) == PS_OK);
    PS_ASSERT(ps_json_read_unescape(&arena, ps_span_make(written.data + 1, written.len - 2), &again) == PS_OK);
    PS_ASSERT(ps_span_eq(again, text));
}

static enum ps_err walk(struct ps_span text)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, text);
    struct ps_json_token token = { 0 };
    const char *before = text.data;
    do {
        PS_TRY(ps_json_read_next(&reader, &token));
        PS_ASSERT(token.text.len == 0 || token.text.data >= before);
        PS_ASSERT(token.text.data + token.text.len <= reader.at && reader.at <= reader.end);
        before = reader.at;
        if (token.kind != PS_JSON_KEY && token.kind != PS_JSON_STRING) continue;
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct ps_span out;
        PS_TRY(ps_json_read_unescape(&arena, token.text, &out)); /* must not fail: the reader checked it */
        PS_ASSERT(token.escaped == (out.data != token.text.data));
        round_trip(token.text);
        ps_arena_rewind(&arena, mark);
    } while (token.kind != PS_JSON_END);
    return PS_OK;
}

static void members(struct ps_span text)
{
    bool found = false;
    struct ps_json_token token;
    struct ps_span raw;
    if (ps_json_read_member(text, PS_SPAN("a"), &token, &raw, &found) != PS_OK || !found) return;
    PS_ASSERT(ps_json_read_check(raw) == PS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)64 << 20) != PS_OK) return 0;
    struct ps_span text = exact_copy(ps_span_make((const char *)data, size));
    PS_ASSERT(walk(text) == ps_json_read_check(text));
    members(text);
    round_trip(text);
    exact_free(text);
    ps_arena_reset(&arena, 1 << 20);
    return 0;
}
