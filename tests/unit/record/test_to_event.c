#include "record/to_event.h"

#include <jansson.h>
#include <stdlib.h>

#include "support/check.h"

#define ID "7e262398-2950-561b-9ead-d53435e1e851"

enum { DETAIL_BYTES_MAX = 200 << 10 };

static struct ps_arena t_arena;

static const struct ps_coordinates COORDINATES = {
    .source = PS_SPAN_INIT("kafka"),
    .stream = PS_SPAN_INIT("app-logs"),
    .shard = PS_SPAN_INIT("3"),
    .position = PS_SPAN_INIT("17"),
};

static struct ps_stream_line line_of(struct ps_span bytes)
{
    struct ps_stream_line line = { 0 };
    CHECK_OK(ps_stream_line_read(&t_arena, bytes, 1795255200999, &line));
    return line;
}

static enum ps_err put(const struct ps_stream_line *line, size_t bytes_max, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &t_arena, 8 << 20);
    PS_TRY(ps_to_event_put(&buf, &t_arena, bytes_max, line, PS_SPAN(ID), &COORDINATES));
    return ps_buf_finish(&buf, out);
}

static struct ps_span detail(struct ps_span bytes, size_t bytes_max)
{
    struct ps_stream_line line = line_of(bytes);
    struct ps_span out = { 0 };
    CHECK_OK(put(&line, bytes_max, &out));
    json_error_t error;
    json_t *parsed = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &error);
    CHECK(parsed != NULL);
    json_decref(parsed);
    CHECK(out.len <= bytes_max);
    return out;
}

static void only_errors_and_worse_are_told(void)
{
    static const struct {
        const char *level;
        bool told;
    } CASES[] = { { "{\"level\":\"error\"}", true }, { "{\"level\":\"FATAL\"}", true }, { "{\"level\":50}", true },
                  { "{\"level\":\"warn\"}", false }, { "{\"level\":\"odd\"}", false },  { "{}", false },
                  { "level=error", false } };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_stream_line line = line_of(ps_span_of(CASES[i].level));
        CHECK(ps_to_event_concerns(&line) == CASES[i].told);
    }
}

/* The level is one of two words, whatever the line called it; the fields are as they came. */
static void a_detail_holds_the_line_and_where_it_is_from(void)
{
    CHECK_TEXT(
        detail(PS_SPAN("{\"service\":\"pay\",\"level\":\"err\",\"ts\":1795255200.123,\"message\":\"a\\n\\\"b\\\"\","
                       "\"pk\":[1, 2],\"user\":\"x\\ty\"}"),
               DETAIL_BYTES_MAX),
        "{\"id\":\"" ID "\",\"service\":\"pay\",\"level\":\"ERROR\",\"ts\":1795255200123,"
        "\"time\":\"2026-11-21T10:00:00.123Z\",\"message\":\"a\\n\\\"b\\\"\","
        "\"source\":{\"type\":\"kafka\",\"stream\":\"app-logs\",\"shard\":\"3\",\"position\":\"17\","
        "\"subSequence\":0,\"event\":0},"
        "\"fields\":{\"level\":\"err\",\"pk\":[1, 2],\"user\":\"x\\ty\"}}");
}

static void a_time_of_arrival_is_marked(void)
{
    CHECK_TEXT(detail(PS_SPAN("{\"level\":60,\"message\":\"m\"}"), DETAIL_BYTES_MAX),
               "{\"id\":\"" ID "\",\"service\":\"unknown\",\"level\":\"FATAL\",\"ts\":1795255200999,"
               "\"time\":\"2026-11-21T10:00:00.999Z\",\"tsSource\":\"arrival\",\"message\":\"m\","
               "\"source\":{\"type\":\"kafka\",\"stream\":\"app-logs\",\"shard\":\"3\",\"position\":\"17\","
               "\"subSequence\":0,\"event\":0}}");
}

static struct ps_span filled(const char *before, const char *piece, size_t count, const char *after)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &t_arena, 4 << 20);
    ps_buf_put(&buf, ps_span_of(before));
    for (size_t i = 0; i < count; i++)
        ps_buf_put(&buf, ps_span_of(piece));
    ps_buf_put(&buf, ps_span_of(after));
    return ps_buf_span(&buf);
}

static void a_detail_too_large_loses_its_fields_first(void)
{
    struct ps_span cut =
        detail(filled("{\"level\":50,\"message\":\"short\",\"x\":\"", "0123456789", 3000, "\"}"), 16384);
    CHECK(ps_span_find(cut, PS_SPAN("\"message\":\"short\"")) != PS_SPAN_NONE);
    CHECK(ps_span_find(cut, PS_SPAN("\"fields\"")) == PS_SPAN_NONE);
    CHECK(ps_span_ends(cut, PS_SPAN("\"truncated\":true}")));
}

/* Escapes count in a detail: it is cut between them, never inside one. */
static void then_the_end_of_its_message(void)
{
    for (size_t more = 0; more < 8; more++) {
        struct ps_span cut =
            detail(filled("{\"level\":50,\"message\":\"", "\\n\xc3\xa9\\\"", 4000 + more, "x\"}"), 16384);
        CHECK(ps_span_find(cut, PS_SPAN("\xe2\x80\xa6[cut ")) != PS_SPAN_NONE);
        CHECK(cut.len > 16384 - 64);
    }
}

static void a_detail_that_just_fits_is_whole(void)
{
    struct ps_span bytes = filled("{\"level\":50,\"message\":\"", "m", 20000, "\"}");
    size_t len = detail(bytes, DETAIL_BYTES_MAX).len;
    CHECK(ps_span_find(detail(bytes, len), PS_SPAN("truncated")) == PS_SPAN_NONE);
    CHECK(ps_span_find(detail(bytes, len - 1), PS_SPAN("truncated")) != PS_SPAN_NONE);
}

static void coordinates_that_leave_no_room_are_told(void)
{
    struct ps_stream_line line = line_of(PS_SPAN("{\"level\":50}"));
    struct ps_coordinates endless = { .stream = filled("", "topic", 4000, "") };
    struct ps_buf buf;
    ps_buf_init(&buf, &t_arena, 1 << 20);
    CHECK_ERR(ps_to_event_put(&buf, &t_arena, 16384, &line, PS_SPAN(ID), &endless), PS_ERR_TOO_LARGE);
}

static void memory_that_runs_out_is_told(void)
{
    struct ps_stream_line line = line_of(filled("{\"level\":50,\"message\":\"", "\\nx", 9000, "\"}"));
    struct ps_span out;
    PS_EACH_FAILURE(&t_arena, put(&line, 16384, &out));
}

int main(void)
{
    t_arena = check_arena(64 << 20);
    RUN(only_errors_and_worse_are_told);
    RUN(a_detail_holds_the_line_and_where_it_is_from);
    RUN(a_time_of_arrival_is_marked);
    RUN(a_detail_too_large_loses_its_fields_first);
    RUN(then_the_end_of_its_message);
    RUN(a_detail_that_just_fits_is_whole);
    RUN(coordinates_that_leave_no_room_are_told);
    RUN(memory_that_runs_out_is_told);
    ps_arena_fini(&t_arena);
    return check_finish();
}
