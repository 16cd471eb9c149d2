#include "../tools/errors_list.h"

#include "support/check.h"
#include "support/exact.h"

/* 2026-11-21T10:00:00.123Z */
#define NOW_MS INT64_C(1795255200123)

enum { WORDS_MAX = 16 };

static struct ps_arena arena;

/* -- the command line ---------------------------------------------------------------------------------------------- */

/* line: the words behind "errors", parted by blanks. */
static enum ps_err read_args(const char *line, struct errors_args *args)
{
    static char copy[512];
    char *words[WORDS_MAX] = { copy };
    int count = 1;
    size_t len = strlen(line);
    if (len >= sizeof copy) return PS_ERR_TOO_LARGE;
    memcpy(copy, line, len + 1);
    char *rest = copy;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL && count < WORDS_MAX;)
        words[count++] = word;
    return errors_args_read(count, words, NOW_MS, args);
}

static void the_default_is_a_hundred_of_today(void)
{
    struct errors_args args;
    CHECK_OK(read_args("", &args));
    CHECK_SPAN(ps_span_make(args.day, sizeof args.day), PS_SPAN("2026-11-21"));
    CHECK_EQ(args.limit, 100);
    CHECK_EQ(args.table.len, 0);
    CHECK(!args.json);
}

static void each_option_is_read(void)
{
    struct errors_args args;
    CHECK_OK(read_args("--table sums --limit 7 --json --day 2024-02-29", &args));
    CHECK_SPAN(ps_span_make(args.day, sizeof args.day), PS_SPAN("2024-02-29"));
    CHECK_TEXT(args.table, "sums");
    CHECK_EQ(args.limit, 7);
    CHECK(args.json);
}

static void what_is_wrong_is_told(void)
{
    static const struct {
        const char *line, *told;
    } CASES[] = {
        { "--day", "--day: '' is no day: 2026-11-21" },
        { "--day 2026-11-31", "--day: '2026-11-31' is no day" },
        { "--day 2026-1-1", "is no day" },
        { "--day 2026/11/21", "is no day" },
        { "--day today", "is no day" },
        { "--day 2026-11-21T10:00", "is no day" },
        { "--limit 0", "--limit: '0' is no number from 1 to 100000000" },
        { "--limit x", "is no number" },
        { "x", "there is no option 'x'" },
        { "--days 2026-11-21", "there is no option '--days'" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct errors_args args = { .limit = 77 };
        CHECK_ERR(read_args(CASES[i].line, &args), PS_ERR_BAD_INPUT);
        CHECK(strstr(ps_err_note()->text, CASES[i].told) != NULL);
        CHECK_EQ(args.limit, 77);
    }
    struct errors_args args;
    CHECK_ERR(read_args("--table a", &args), PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "--table: ") != NULL);
}

/* -- lines --------------------------------------------------------------------------------------------------------- */

static const char ITEM[] = "{\"pk\":{\"S\":\"logs/app \\\"x\\\".gz\"},\"sk\":{\"S\":\"3HL4kqtJlcpXroDTDm\"},"
                           "\"modifiedMs\":{\"N\":\"1795255200123\"},\"state\":{\"S\":\"done\"},"
                           "\"severities\":{\"M\":{\"error\":{\"N\":\"17\"},\"fatal\":{\"N\":\"3\"}}}}";

static struct ps_span line_of(const char *item)
{
    struct ps_span line = PS_SPAN("");
    CHECK_OK(errors_list_line(&arena, ps_span_of(item), &line));
    return line;
}

static void a_line_is_time_counts_object_and_version(void)
{
    CHECK_TEXT(errors_list_head(), "WRITTEN                      FATAL     ERROR      WARN      INFO  OBJECT, VERSION");
    CHECK_TEXT(line_of(ITEM),
               "2026-11-21T10:00:00.123Z         3        17         -         -  s3://logs/app \"x\".gz  3HL4kqtJ");
}

static void what_is_dead_tells_why(void)
{
    CHECK_TEXT(line_of("{\"pk\":{\"S\":\"b/k\"},\"sk\":{\"S\":\"e\"},\"modifiedMs\":{\"N\":\"0\"},"
                       "\"reason\":{\"S\":\"archived\"},\"severities\":{\"M\":{}}}"),
               "1970-01-01T00:00:00.000Z         -         -         -         -  s3://b/k  e  unreadable: archived");
}

static void odd_items_are_shown_as_far_as_they_go(void)
{
    CHECK_TEXT(line_of("{}"), "                                 -         -         -         -  s3://");
    CHECK_TEXT(line_of("{\"severities\":{\"S\":\"x\"},\"modifiedMs\":{\"N\":\"-62167219200001\"}}"),
               "                                 -         -         -         -  s3://");
    CHECK_TEXT(
        line_of("{\"pk\":{\"S\":\"b/\\u001b[31m\\n\\u009b\"},\"sk\":{\"S\":\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"}}"),
        "                                 -         -         -         -  s3://b/ [31m \xc3\xa9\xc3\xa9\xc3\xa9\xc3"
        "\xa9");
}

static void what_is_no_item_is_refused(void)
{
    struct ps_span line;
    CHECK_ERR(errors_list_line(&arena, PS_SPAN("[]"), &line), PS_ERR_BAD_INPUT);
    for (size_t len = 0; len < sizeof ITEM - 1; len++) {
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct ps_span part = exact_copy(ps_span_make(ITEM, len));
        CHECK_ERR(errors_list_line(&arena, part, &line), PS_ERR_BAD_INPUT);
        exact_free(part);
        ps_arena_rewind(&arena, mark);
    }
}

static void memory_may_end_anywhere(void)
{
    struct ps_span line;
    PS_EACH_FAILURE(&arena, errors_list_line(&arena, ps_span_of(ITEM), &line));
}

int main(void)
{
    arena = check_arena(16 << 20);
    RUN(the_default_is_a_hundred_of_today);
    RUN(each_option_is_read);
    RUN(what_is_wrong_is_told);
    RUN(a_line_is_time_counts_object_and_version);
    RUN(what_is_dead_tells_why);
    RUN(odd_items_are_shown_as_far_as_they_go);
    RUN(what_is_no_item_is_refused);
    RUN(memory_may_end_anywhere);
    ps_arena_fini(&arena);
    return check_finish();
}
