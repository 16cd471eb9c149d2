#include "../tools/query_row.h"

#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

#define KEYS "\"pk\":{\"S\":\"api\"},\"sk\":{\"S\":\"1795255200123#7e262398-2950-561b-9ead-d53435e1e851\"}"

static const char ITEM[] =
    "{" KEYS ",\"ts\":{\"N\":\"1795255200123\"},\"level\":{\"S\":\"error\"},\"message\":{\"S\":\"say \\\"no\\\"\"},"
    "\"ttl\":{\"N\":\"1795255300\"},\"ok\":{\"BOOL\":false},\"none\":{\"NULL\":true},\"bytes\":{\"B\":\"AAE=\"},"
    "\"http\":{\"M\":{\"path\":{\"S\":\"/\"},\"ms\":{\"L\":[{\"N\":\"1.5\"},{\"M\":{}},{\"L\":[]}]}}},"
    "\"tags\":{\"SS\":[\"a\",\"b\"]},\"sizes\":{\"NS\":[\"1\",\"2e3\"]},\"blobs\":{\"BS\":[\"AA==\"]}}";

static struct query_row row_of(const char *item)
{
    struct query_row row = { 0 };
    CHECK_OK(query_row_read(&arena, ps_span_of(item), &row));
    return row;
}

static void each_type_becomes_its_plain_form(void)
{
    struct query_row row = row_of(ITEM);
    CHECK_TEXT(row.plain,
               "{\"pk\":\"api\",\"sk\":\"1795255200123#7e262398-2950-561b-9ead-d53435e1e851\",\"ts\":1795255200123,"
               "\"level\":\"error\",\"message\":\"say \\\"no\\\"\",\"ttl\":1795255300,\"ok\":false,\"none\":null,"
               "\"bytes\":\"AAE=\",\"http\":{\"path\":\"/\",\"ms\":[1.5,{},[]]},\"tags\":[\"a\",\"b\"],"
               "\"sizes\":[1,2e3],\"blobs\":[\"AA==\"]}");
    CHECK_TEXT(row.level, "error");
    CHECK_TEXT(row.message, "say \"no\"");
    CHECK_EQ(row.ttl_s, 1795255300);
    CHECK(ps_span_starts(row.sk, PS_SPAN("1795255200123#")));
}

static void what_is_no_typed_json_is_refused(void)
{
    static const char *const ITEMS[] = {
        "",
        "[]",
        "\"x\"",
        "{",
        "{} {}",
        "{\"a\":1}",
        "{\"a\":\"x\"}",
        "{\"a\":null}",
        "{\"a\":{}}",
        "{\"a\":[]}",
        "{\"a\":{\"S\":1}}",
        "{\"a\":{\"S\":\"x\",\"N\":\"1\"}}",
        "{\"a\":{\"N\":\"one\"}}",
        "{\"a\":{\"N\":\"1,2\"}}",
        "{\"a\":{\"X\":\"x\"}}",
        "{\"a\":{\"BOOL\":\"true\"}}",
        "{\"a\":{\"S\":true}}",
        "{\"a\":{\"L\":{}}}",
        "{\"a\":{\"M\":[]}}",
        "{\"a\":{\"L\":[\"x\"]}}",
        "{\"a\":{\"L\":[[]]}}",
        "{\"a\":{\"SS\":[{\"S\":\"x\"}]}}",
        "{\"a\":{\"NS\":[\"x\"]}}",
        "{\"a\":{\"M\":{\"b\":\"x\"}}}",
    };
    for (size_t i = 0; i < sizeof ITEMS / sizeof ITEMS[0]; i++) {
        struct query_row row;
        if (!CHECK_ERR(query_row_read(&arena, ps_span_of(ITEMS[i]), &row), PS_ERR_BAD_INPUT))
            CHECK_TEXT(PS_SPAN(""), ITEMS[i]);
    }
}

static void no_beginning_of_an_item_is_an_item(void)
{
    for (size_t len = 0; len < sizeof ITEM - 1; len++) {
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct ps_span part = exact_copy(ps_span_make(ITEM, len));
        struct query_row row;
        CHECK_ERR(query_row_read(&arena, part, &row), PS_ERR_BAD_INPUT);
        exact_free(part);
        ps_arena_rewind(&arena, mark);
    }
}

static void memory_may_end_anywhere(void)
{
    struct query_row row;
    PS_EACH_FAILURE(&arena, query_row_read(&arena, ps_span_of(ITEM), &row));
    row = row_of(ITEM);
    struct ps_span line;
    PS_EACH_FAILURE(&arena, query_row_line(&arena, &row, 10, &line));
}

static void a_level_takes_those_above_it(void)
{
    struct query_args args = { .level_min = PS_LEVEL_WARN };
    struct query_row row = { .level = PS_SPAN("err") };
    CHECK(query_row_matches(&row, &args, 0));
    row.level = PS_SPAN("WARN");
    CHECK(query_row_matches(&row, &args, 0));
    row.level = PS_SPAN("info");
    CHECK(!query_row_matches(&row, &args, 0));
    row.level = PS_SPAN("");
    CHECK(!query_row_matches(&row, &args, 0));
    args.level_min = PS_LEVEL_NONE;
    CHECK(query_row_matches(&row, &args, 0));
}

static void unparsed_takes_nothing_else(void)
{
    struct query_args args = { .unparsed = true };
    struct query_row row = { .level = PS_SPAN("UNPARSED") };
    CHECK(query_row_matches(&row, &args, 0));
    row.level = PS_SPAN("error");
    CHECK(!query_row_matches(&row, &args, 0));
}

static void an_expired_row_is_left_out(void)
{
    struct query_args args = { 0 };
    struct query_row row = { .ttl_s = 100 };
    CHECK(query_row_matches(&row, &args, 99999));
    CHECK(!query_row_matches(&row, &args, 100000));
}

static struct ps_span line_of(const char *level, const char *message, size_t columns)
{
    struct query_row row = { .sk = PS_SPAN("1795255200123#7e26"),
                             .level = ps_span_of(level),
                             .message = ps_span_of(message) };
    struct ps_span line = { 0 };
    CHECK_OK(query_row_line(&arena, &row, columns, &line));
    return line;
}

static void a_line_is_time_level_and_message(void)
{
    CHECK_TEXT(line_of("warn", "slow", 0), "2026-11-21T10:00:00.123Z warn  slow");
    CHECK_TEXT(line_of("UNPARSED", "x", 0), "2026-11-21T10:00:00.123Z UNPARSED x");
    CHECK_TEXT(line_of("", "x", 0), "2026-11-21T10:00:00.123Z       x");
}

static void a_line_is_one_line_and_holds_nothing_that_a_terminal_acts_upon(void)
{
    CHECK_TEXT(line_of("\x1b[31merror", "a\nb\tc\x1b]0;title\x07 \xff", 0),
               "2026-11-21T10:00:00.123Z error a b c \xef\xbf\xbd");
}

static void a_line_is_cut_between_characters(void)
{
    CHECK_TEXT(line_of("info", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 33),
               "2026-11-21T10:00:00.123Z info  \xc3\xa9\xe2\x80\xa6");
    CHECK_TEXT(line_of("info", "\xc3\xa9\xc3\xa9", 33), "2026-11-21T10:00:00.123Z info  \xc3\xa9\xc3\xa9");
}

int main(void)
{
    arena = check_arena(16 << 20);
    RUN(each_type_becomes_its_plain_form);
    RUN(what_is_no_typed_json_is_refused);
    RUN(no_beginning_of_an_item_is_an_item);
    RUN(memory_may_end_anywhere);
    RUN(a_level_takes_those_above_it);
    RUN(unparsed_takes_nothing_else);
    RUN(an_expired_row_is_left_out);
    RUN(a_line_is_time_level_and_message);
    RUN(a_line_is_one_line_and_holds_nothing_that_a_terminal_acts_upon);
    RUN(a_line_is_cut_between_characters);
    ps_arena_fini(&arena);
    return check_finish();
}
