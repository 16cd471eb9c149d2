#include "event/object_message.h"

#include <stdio.h>

#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

static const char WHOLE[] =
    "{\"penstock\":\"object\",\"bucket\":\"b\",\"key\":\"in/a \\\"1\\\"+\xc3\xbc.log\",\"versionId\":\"v\","
    "\"etag\":\"e\",\"size\":17,\"sequencer\":\"00\",\"offset\":9007199254740993,\"hop\":3}";

static struct ps_span put(const struct ps_object_message *message)
{
    struct ps_buf buf;
    struct ps_span out = PS_SPAN("");
    ps_buf_init(&buf, &arena, 64 << 10);
    ps_object_message_put(&buf, message);
    CHECK_OK(ps_buf_finish(&buf, &out));
    return out;
}

static struct ps_object_message read(struct ps_span body)
{
    struct ps_object_message message = { 0 };
    bool is_one = false;
    CHECK_OK(ps_object_message_read(&arena, body, &message, &is_one));
    CHECK(is_one);
    return message;
}

static void a_message_is_written_and_read(void)
{
    struct ps_object_message message = read(ps_span_of(WHOLE));
    CHECK_EQ(message.object.change, PS_S3_CREATED);
    CHECK_TEXT(message.object.bucket, "b");
    CHECK_TEXT(message.object.key, "in/a \"1\"+\xc3\xbc.log");
    CHECK_TEXT(message.object.version_id, "v");
    CHECK_TEXT(message.object.etag, "e");
    CHECK_TEXT(message.object.sequencer, "00");
    CHECK_EQ(message.object.size, 17);
    CHECK_EQ(message.offset, 9007199254740993);
    CHECK_EQ(message.hop, 3);
    CHECK_TEXT(put(&message), WHOLE);
}

static void the_first_message_of_an_object_has_no_offset(void)
{
    const struct ps_object_message message = { .object = { .bucket = PS_SPAN("b"), .key = PS_SPAN("k") } };
    struct ps_span text = put(&message);
    CHECK_TEXT(text,
               "{\"penstock\":\"object\",\"bucket\":\"b\",\"key\":\"k\",\"versionId\":\"\",\"etag\":\"\",\"size\":0,"
               "\"sequencer\":\"\"}");
    struct ps_object_message again = read(text);
    CHECK_EQ(again.offset + again.hop, 0);
}

/* Offset 0 with a hop: nothing was found before the deadline. */
static void a_continuation_at_the_beginning_keeps_its_hop(void)
{
    const struct ps_object_message message = { .object = { .bucket = PS_SPAN("b"), .key = PS_SPAN("k") }, .hop = 1 };
    CHECK_EQ(read(put(&message)).hop, 1);
}

static void every_byte_of_a_key_comes_back(void)
{
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    const struct ps_object_message message = {
        .object = { .bucket = PS_SPAN("b"), .key = ps_span_make(bytes, sizeof bytes), .size = UINT64_MAX },
        .offset = UINT64_MAX,
        .hop = UINT32_MAX,
    };
    struct ps_object_message again = read(put(&message));
    CHECK_SPAN(again.object.key, message.object.key);
    CHECK(again.object.size == UINT64_MAX && again.offset == UINT64_MAX && again.hop == UINT32_MAX);
}

static void only_bucket_and_key_are_needed(void)
{
    struct ps_object_message message = read(PS_SPAN(
        " {\"more\":[{}],\"key\":\"k\",\"versionId\":null,\"size\":null,\"bucket\":\"b\",\"penstock\":\"object\"} "));
    CHECK_TEXT(message.object.bucket, "b");
    CHECK_TEXT(message.object.key, "k");
    CHECK_EQ(message.object.version_id.len + message.object.size + message.offset + message.hop, 0);
}

static void json_of_another_form_is_none(void)
{
    static const char *const OTHERS[] = {
        "{}",
        "[]",
        "\"penstock\"",
        "7",
        "{\"penstock\":\"record\",\"bucket\":\"b\",\"key\":\"k\"}",
        "{\"penstock\":{},\"bucket\":\"b\",\"key\":\"k\"}",
        "{\"bucket\":\"b\",\"key\":\"k\"}",
        "{\"Records\":[{\"penstock\":\"object\"}]}",
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        struct ps_object_message message = { .hop = 4711 };
        bool is_one = true;
        CHECK_OK(ps_object_message_read(&arena, ps_span_of(OTHERS[i]), &message, &is_one));
        CHECK(!is_one);
        CHECK_EQ(message.hop, 4711);
    }
}

static void a_broken_message_is_refused(void)
{
#define MESSAGE(members) "{\"penstock\":\"object\"" members "}"
    static const struct {
        const char *body, *note;
    } CASES[] = {
        { MESSAGE(""), "object message: the bucket is missing, empty or no text" },
        { MESSAGE(",\"bucket\":\"b\""), "object message: the key is missing, empty or no text" },
        { MESSAGE(",\"bucket\":\"b\",\"key\":\"\""), "object message: the key is missing, empty or no text" },
        { MESSAGE(",\"bucket\":7,\"key\":\"k\""), "object message: the bucket is missing, empty or no text" },
        { MESSAGE(",\"bucket\":\"b\",\"key\":\"k\",\"size\":\"1\""),
          "object message: size, offset or hop is no whole number" },
        { MESSAGE(",\"bucket\":\"b\",\"key\":\"k\",\"offset\":-1"),
          "object message: size, offset or hop is no whole number" },
        { MESSAGE(",\"bucket\":\"b\",\"key\":\"k\",\"offset\":1e3"),
          "object message: size, offset or hop is no whole number" },
        { MESSAGE(",\"bucket\":\"b\",\"key\":\"k\",\"hop\":4294967296"),
          "object message: size, offset or hop is no whole number" },
    };
#undef MESSAGE
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_object_message message = { .hop = 4711 };
        bool is_one = false;
        CHECK_ERR(ps_object_message_read(&arena, ps_span_of(CASES[i].body), &message, &is_one), PS_ERR_BAD_INPUT);
        CHECK_TEXT(ps_span_of(ps_err_note()->text), CASES[i].note);
        CHECK_EQ(message.hop, 4711);
    }
}

static void what_is_no_json_is_refused(void)
{
    static const char *const BROKEN[] = { "", "plain text", "{\"penstock\":\"object\"}}" };
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        struct ps_object_message message;
        bool is_one = false;
        CHECK_ERR(ps_object_message_read(&arena, ps_span_of(BROKEN[i]), &message, &is_one), PS_ERR_BAD_INPUT);
    }
}

static void no_prefix_is_a_message(void)
{
    for (size_t len = 0; len < sizeof WHOLE - 1; len++) {
        struct ps_span copy = exact_copy(ps_span_make(WHOLE, len));
        struct ps_object_message message;
        bool is_one = false;
        CHECK_ERR(ps_object_message_read(&arena, copy, &message, &is_one), PS_ERR_BAD_INPUT);
        exact_free(copy);
    }
    struct ps_span copy = exact_copy(ps_span_make(WHOLE, sizeof WHOLE - 1));
    CHECK_EQ(read(copy).hop, 3);
    exact_free(copy);
}

static enum ps_err read_escaped(void)
{
    struct ps_object_message message;
    bool is_one = false;
    return ps_object_message_read(
        &arena,
        PS_SPAN("{\"penstock\":\"object\",\"bucket\":\"\\u0062\",\"key\":\"\\u006b\",\"versionId\":"
                "\"\\u0076\",\"etag\":\"\\u0065\",\"sequencer\":\"\\u0030\"}"),
        &message, &is_one);
}

static void no_memory_is_told_and_later_calls_succeed(void)
{
    PS_EACH_FAILURE(&arena, read_escaped());
}

static void a_full_buffer_keeps_its_failure(void)
{
    char data[40];
    struct ps_buf buf;
    struct ps_span out;
    const struct ps_object_message message = { .object = { .bucket = PS_SPAN("b"), .key = PS_SPAN("k") } };
    ps_buf_init_fixed(&buf, data, sizeof data);
    ps_object_message_put(&buf, &message);
    CHECK_ERR(ps_buf_finish(&buf, &out), PS_ERR_TOO_LARGE);
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(a_message_is_written_and_read);
    RUN(the_first_message_of_an_object_has_no_offset);
    RUN(a_continuation_at_the_beginning_keeps_its_hop);
    RUN(every_byte_of_a_key_comes_back);
    RUN(only_bucket_and_key_are_needed);
    RUN(json_of_another_form_is_none);
    RUN(a_broken_message_is_refused);
    RUN(what_is_no_json_is_refused);
    RUN(no_prefix_is_a_message);
    RUN(no_memory_is_told_and_later_calls_succeed);
    RUN(a_full_buffer_keeps_its_failure);
    ps_arena_fini(&arena);
    return check_finish();
}
