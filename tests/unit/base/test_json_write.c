#include "base/json_write.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json_read.h"
#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

static void write_sample(struct ps_json_writer *writer)
{
    ps_json_write_object_begin(writer);
    ps_json_write_member(writer, PS_SPAN("a\"b"), PS_SPAN("line\nfeed"));
    ps_json_write_key_escaped(writer, PS_SPAN("k\\n"));
    ps_json_write_string_escaped(writer, PS_SPAN("v\\u0041"));
    ps_json_write_key(writer, PS_SPAN("list"));
    ps_json_write_array_begin(writer);
    ps_json_write_u64(writer, UINT64_MAX);
    ps_json_write_i64(writer, INT64_MIN);
    ps_json_write_bool(writer, true);
    ps_json_write_bool(writer, false);
    ps_json_write_null(writer);
    ps_json_write_raw(writer, PS_SPAN("{\"raw\":1}"));
    ps_json_write_array_begin(writer);
    ps_json_write_array_end(writer);
    ps_json_write_object_begin(writer);
    ps_json_write_object_end(writer);
    ps_json_write_string(writer, PS_SPAN(""));
    ps_json_write_array_end(writer);
    ps_json_write_member(writer, PS_SPAN(""), PS_SPAN("last"));
    ps_json_write_object_end(writer);
}

static const char SAMPLE[] = "{\"a\\\"b\":\"line\\nfeed\",\"k\\n\":\"v\\u0041\",\"list\":[18446744073709551615,"
                             "-9223372036854775808,true,false,null,{\"raw\":1},[],{},\"\"],\"\":\"last\"}";

static enum ps_err build(struct ps_arena *arena, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 1 << 16);
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &buf);
    write_sample(&writer);
    return ps_json_write_finish(&writer, out);
}

static void commas_stand_between_members_and_nowhere_else(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_span out = { 0 };
    CHECK_OK(build(&arena, &out));
    CHECK_TEXT(out, SAMPLE);
    CHECK_OK(ps_json_read_check(out));
    ps_arena_fini(&arena);
}

static void each_kind_of_value_may_stand_alone(void)
{
    char room[32];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &buf);
    ps_json_write_string(&writer, PS_SPAN("x"));
    struct ps_span out = { 0 };
    CHECK_OK(ps_json_write_finish(&writer, &out));
    CHECK_TEXT(out, "\"x\"");
}

static struct ps_span escape(struct ps_buf *buf, struct ps_span text)
{
    buf->len = 0;
    ps_json_write_escape(buf, text);
    return ps_buf_span(buf);
}

static void only_what_must_be_escaped_is(void)
{
    static const char HEX[] = "0123456789abcdef";
    static char room[1024];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    for (int c = 0; c < 256; c++) {
        char wanted[8] = { (char)c };
        size_t wanted_len = 1;
        const char *name = c < 0x20 ? strchr("\bb\ff\nn\rr\tt", c) : NULL;
        if (c == '"' || c == '\\' || (name != NULL && c != 0)) {
            wanted[0] = '\\';
            wanted[1] = name != NULL ? name[1] : (char)c;
            wanted_len = 2;
        } else if (c < 0x20) {
            memcpy(wanted, "\\u00", 4);
            wanted[4] = HEX[c >> 4];
            wanted[5] = HEX[c & 15];
            wanted_len = 6;
        }
        /* At every place of words and steps, with every length of tail. */
        for (size_t before = 0; before < 40; before++) {
            for (size_t after = 0; after < 20; after += 3) {
                char text[128];
                char full[128];
                memset(text, 'x', sizeof text);
                memset(full, 'x', sizeof full);
                text[before] = (char)c;
                memcpy(full + before, wanted, wanted_len);
                struct ps_span copy = exact_copy(ps_span_make(text, before + 1 + after));
                CHECK_SPAN(escape(&buf, copy), ps_span_make(full, before + wanted_len + after));
                exact_free(copy);
            }
        }
    }
}

static void any_bytes_come_back_through_the_reader(void)
{
    struct ps_arena arena = check_arena(1 << 22);
    struct random random = { 5 };
    static const char SPECIALS[] = "\"\\\n\t\0\x1f/u\x7f";
    for (int round = 0; round < 3000; round++) {
        char bytes[300];
        size_t len = random_below(&random, sizeof bytes);
        uint64_t density = 1 + random_below(&random, 30);
        for (size_t i = 0; i < len; i++) {
            uint64_t r = random_next(&random);
            bytes[i] = r % density == 0 ? SPECIALS[(r >> 8) % (sizeof SPECIALS - 1)] : (char)(r >> 16);
        }
        struct ps_span text = exact_copy(ps_span_make(bytes, len));
        struct ps_buf buf;
        ps_buf_init(&buf, &arena, 1 << 16);
        struct ps_json_writer writer;
        ps_json_write_init(&writer, &buf);
        ps_json_write_string(&writer, text);
        struct ps_span out = { 0 };
        CHECK_OK(ps_json_write_finish(&writer, &out));
        CHECK_OK(ps_json_read_check(out));
        struct ps_span back = { 0 };
        CHECK_OK(ps_json_read_unescape(&arena, ps_span_make(out.data + 1, out.len - 2), &back));
        CHECK_SPAN(back, text);
        exact_free(text);
        ps_arena_reset(&arena, 1 << 16);
    }
    ps_arena_fini(&arena);
}

static void a_buf_of_exactly_the_right_size_is_enough(void)
{
    size_t len = sizeof SAMPLE - 1;
    for (size_t cap = 0; cap <= len; cap++) {
        char *room = malloc(cap);
        struct ps_buf buf;
        ps_buf_init_fixed(&buf, room, cap);
        struct ps_json_writer writer;
        ps_json_write_init(&writer, &buf);
        write_sample(&writer);
        struct ps_span out = { 0 };
        CHECK_ERR(ps_json_write_finish(&writer, &out), cap == len ? PS_OK : PS_ERR_TOO_LARGE);
        free(room);
    }
}

static void every_allocation_may_fail(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_span out = { 0 };
    PS_EACH_FAILURE(&arena, build(&arena, &out));
    ps_arena_fini(&arena);
}

static void value_without_key(struct ps_json_writer *writer)
{
    ps_json_write_object_begin(writer);
    ps_json_write_null(writer);
}

static void key_in_array(struct ps_json_writer *writer)
{
    ps_json_write_array_begin(writer);
    ps_json_write_key(writer, PS_SPAN("k"));
}

static void wrong_close(struct ps_json_writer *writer)
{
    ps_json_write_array_begin(writer);
    ps_json_write_object_end(writer);
}

static void close_of_nothing(struct ps_json_writer *writer)
{
    ps_json_write_array_end(writer);
}

static void key_without_value(struct ps_json_writer *writer)
{
    ps_json_write_object_begin(writer);
    ps_json_write_key(writer, PS_SPAN("k"));
    ps_json_write_object_end(writer);
}

static void two_values_at_the_top(struct ps_json_writer *writer)
{
    ps_json_write_null(writer);
    ps_json_write_null(writer);
}

static void unclosed(struct ps_json_writer *writer)
{
    ps_json_write_array_begin(writer);
    struct ps_span out;
    if (ps_json_write_finish(writer, &out) != PS_OK) _exit(1);
}

static bool aborts(void (*misuse)(struct ps_json_writer *))
{
    pid_t child = fork();
    if (child == 0) {
        (void)close(STDERR_FILENO);
        char room[64];
        struct ps_buf buf;
        ps_buf_init_fixed(&buf, room, sizeof room);
        struct ps_json_writer writer;
        ps_json_write_init(&writer, &buf);
        misuse(&writer);
        _exit(0);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void invalid_order_is_a_broken_promise(void)
{
    CHECK(aborts(value_without_key));
    CHECK(aborts(key_in_array));
    CHECK(aborts(wrong_close));
    CHECK(aborts(close_of_nothing));
    CHECK(aborts(key_without_value));
    CHECK(aborts(two_values_at_the_top));
    CHECK(aborts(unclosed));
}

int main(void)
{
    RUN(commas_stand_between_members_and_nowhere_else);
    RUN(each_kind_of_value_may_stand_alone);
    RUN(only_what_must_be_escaped_is);
    RUN(any_bytes_come_back_through_the_reader);
    RUN(a_buf_of_exactly_the_right_size_is_enough);
    RUN(every_allocation_may_fail);
    RUN(invalid_order_is_a_broken_promise);
    return check_finish();
}
