/* Target functions: ps_stream_line_*, ps_to_dynamodb_put, ps_dynamodb_value_*, ps_to_event_put. Whatever the bytes are,
 * there is a row that DynamoDB takes, the same each time. */
#include <stdlib.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "base/utf8.h"
#include "record/to_dynamodb.h"
#include "record/to_event.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ps_arena arena;
static const struct ps_span ID = PS_SPAN_INIT("7e262398-2950-561b-9ead-d53435e1e851");
static const struct ps_coordinates COORDINATES = { .source = PS_SPAN_INIT("kinesis"), .stream = PS_SPAN_INIT("s") };

static void check_text(struct ps_span json)
{
    PS_ASSERT(ps_json_read_check(json) == PS_OK);
    PS_ASSERT(ps_utf8_valid_prefix(json) == json.len);
}

/* Every attribute has a name of its own, and one type. */
static void check_attributes(struct ps_span item)
{
    struct ps_span names[64];
    size_t count = 0;
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, item);
    PS_ASSERT(ps_json_read_next(&reader, &token) == PS_OK);
    for (;;) {
        PS_ASSERT(ps_json_read_next(&reader, &token) == PS_OK);
        if (token.kind == PS_JSON_OBJECT_END) break;
        PS_ASSERT(token.text.len > 0);
        for (size_t i = 0; i < count; i++)
            PS_ASSERT(!ps_span_eq(names[i], token.text));
        if (count < sizeof names / sizeof names[0]) names[count++] = token.text;
        struct ps_span value;
        PS_ASSERT(ps_json_read_skip(&reader, &value) == PS_OK);
        PS_ASSERT(value.len > 5 && value.data[0] == '{' && value.data[1] == '"');
        PS_ASSERT(memchr("SNBLM", value.data[2], 5) != NULL);
    }
}

static struct ps_span item_of(const struct ps_stream_line *line, const struct ps_to_dynamodb_options *options)
{
    struct ps_buf buf;
    struct ps_span item;
    ps_buf_init(&buf, &arena, 8 << 20);
    PS_ASSERT(ps_to_dynamodb_put(&buf, &arena, options, line, ID, PS_SPAN("kinesis||s|||0|0")) == PS_OK);
    PS_ASSERT(ps_buf_finish(&buf, &item) == PS_OK);
    return item;
}

static void check_event(const struct ps_stream_line *line)
{
    if (!ps_to_event_concerns(line)) return;
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 8 << 20);
    PS_ASSERT(ps_to_event_put(&buf, &arena, PS_TO_EVENT_DETAIL_BYTES_MIN, line, ID, &COORDINATES) == PS_OK);
    PS_ASSERT(buf.len <= PS_TO_EVENT_DETAIL_BYTES_MIN);
    check_text(ps_buf_span(&buf));
}

static void check_line(struct ps_stream_line *line)
{
    const struct ps_to_dynamodb_options options = { .shards = 3,
                                                    .ttl_days = 7,
                                                    .item_bytes_max = PS_TO_DYNAMODB_ITEM_BYTES_MIN };
    PS_ASSERT(line->record.time_ms >= 0 && line->record.time_ms <= PS_STREAM_LINE_TIME_MS_MAX);
    PS_ASSERT(line->record.unparsed.len == 0 || ps_span_eq(line->record.message, line->bytes));
    struct ps_span item = item_of(line, &options);
    check_text(item);
    check_attributes(item);
    PS_ASSERT(ps_span_eq(item_of(line, &options), item));
    check_event(line);
}

static void redact(struct ps_stream_line *line)
{
    static struct ps_redact *all;
    static struct ps_arena process;
    struct ps_redact_counts counts = { 0 };
    if (all == NULL) {
        PS_ASSERT(ps_arena_init(&process, 1 << 20) == PS_OK);
        PS_ASSERT(ps_redact_open(&process, PS_SPAN("default,email,ip"), PS_SPAN(""), &all) == PS_OK);
    }
    PS_ASSERT(ps_stream_line_redact(line, all, &arena, &counts) == PS_OK);
    check_text(item_of(line, &(struct ps_to_dynamodb_options){ .item_bytes_max = PS_TO_DYNAMODB_ITEM_BYTES_MAX }));
    check_event(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, 256 << 20) != PS_OK) abort();
    if (size > 1 << 17) return 0;
    ps_arena_reset(&arena, 1 << 20);
    struct ps_span copy = exact_copy(ps_span_make((const char *)data, size));
    struct ps_stream_line line;
    PS_ASSERT(ps_stream_line_read(&arena, copy, INT64_C(1795255200999), &line) == PS_OK);
    check_line(&line);
    redact(&line);
    exact_free(copy);
    return 0;
}
