#include "../tools/query_args.h"

#include "support/check.h"

/* 2026-11-21T10:00:00Z */
#define NOW_MS INT64_C(1795255200000)

enum { WORDS_MAX = 16 };

/* line: the words behind "query", parted by blanks. */
static enum ps_err read_line(const char *line, struct query_args *args)
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
    return query_args_read(count, words, NOW_MS, args);
}

static void the_default_is_the_oldest_hundred_of_the_last_hour(void)
{
    struct query_args args;
    CHECK_OK(read_line("--service api", &args));
    CHECK_TEXT(args.service, "api");
    CHECK_EQ(args.from_ms, NOW_MS - 3600000);
    CHECK_EQ(args.to_ms, NOW_MS);
    CHECK_EQ(args.limit, 100);
    CHECK_EQ(args.shards, 0);
    CHECK_EQ(args.table.len, 0);
    CHECK_EQ(args.level_min, PS_LEVEL_NONE);
    CHECK(!args.newest);
    CHECK(!args.json);
    CHECK(!args.unparsed);
}

static void each_option_is_read(void)
{
    struct query_args args;
    CHECK_OK(read_line("--table rows --shards 4 --limit 7 --newest --json --level warning --service a", &args));
    CHECK_TEXT(args.table, "rows");
    CHECK_EQ(args.shards, 4);
    CHECK_EQ(args.limit, 7);
    CHECK(args.newest);
    CHECK(args.json);
    CHECK_EQ(args.level_min, PS_LEVEL_WARN);
    CHECK_OK(read_line("--service a --newest --oldest --level UNPARSED", &args));
    CHECK(!args.newest);
    CHECK(args.unparsed);
}

static void a_time_is_read_in_each_of_its_forms(void)
{
    static const struct {
        const char *line;
        int64_t ms;
    } CASES[] = {
        { "--service a --from 2026-11-21T09:59:59.999Z", NOW_MS - 1 },
        { "--service a --from 2026-11-21T09:00:00", NOW_MS - 3600000 },
        { "--service a --from 1795255199", NOW_MS - 1000 },
        { "--service a --from 1795255199.5", NOW_MS - 500 },
        { "--service a --from 1795255199001", NOW_MS - 999 },
        { "--service a --from now", NOW_MS },
        { "--service a --from -90s", NOW_MS - 90000 },
        { "--service a --from -15m", NOW_MS - 900000 },
        { "--service a --from -1h", NOW_MS - 3600000 },
        { "--service a --from -7d", NOW_MS - INT64_C(604800000) },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct query_args args = { 0 };
        CHECK_OK(read_line(CASES[i].line, &args));
        CHECK_EQ(args.from_ms, CASES[i].ms);
    }
}

static void what_is_wrong_is_said(void)
{
    static const struct {
        const char *line, *note;
    } CASES[] = {
        { "", "--service is missing" },
        { "--service", "--service: a name has 1 to 1024 bytes" },
        { "--service a --from", "--from: '' is no time" },
        { "--service a --from -1y", "--from: '-1y' is no time" },
        { "--service a --from -h", "--from: '-h' is no time" },
        { "--service a --from -99999d", "--from: '-99999d' is no time" },
        { "--service a --to 1969-12-31T23:59:59Z", "--to: rows have times from 1970 to 2286" },
        { "--service a --to 2286-11-20T17:46:40Z", "--to: rows have times from 1970 to 2286" },
        { "--service a --from now --to -1s", "--from is after --to" },
        { "--service a --limit 0", "--limit: '0' is no number from 1 to 100000000" },
        { "--service a --shards 101", "--shards: '101' is no number from 1 to 100" },
        { "--service a --level loud", "--level: 'loud' is none of trace" },
        { "--service a --colour", "there is no option '--colour'" },
        { "a", "there is no option 'a'" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct query_args args;
        CHECK_ERR(read_line(CASES[i].line, &args), PS_ERR_BAD_INPUT);
        if (!CHECK(ps_span_starts(ps_span_of(ps_err_note()->text), ps_span_of(CASES[i].note))))
            CHECK_TEXT(ps_span_of(ps_err_note()->text), CASES[i].note);
    }
    struct query_args args;
    CHECK_ERR(read_line("--service a --table a/b", &args), PS_ERR_BAD_CONFIG);
    CHECK(ps_span_starts(ps_span_of(ps_err_note()->text), PS_SPAN("--table: table name")));
}

/* Plain numbers as bounds would miss the last millisecond: its rows' keys go on behind the number. */
static void bounds_have_13_digits_and_include_the_last_millisecond(void)
{
    struct query_args args = { .from_ms = 5, .to_ms = QUERY_ARGS_MS_MAX };
    struct query_args_bounds bounds;
    query_args_bounds(&args, &bounds);
    CHECK_TEXT(bounds.from, "0000000000005");
    CHECK_TEXT(bounds.to, "9999999999999#~");
    static const char LAST[] = "9999999999999#ffffffff-ffff-5fff-bfff-ffffffffffff";
    CHECK(strncmp(bounds.to.data, LAST, bounds.to.len) > 0);
}

static void the_first_shard_has_the_bare_name(void)
{
    struct query_args args = { .service = PS_SPAN("api") };
    char memory[QUERY_ARGS_PK_BYTES_MAX];
    CHECK_TEXT(query_args_pk(&args, 0, memory), "api");
    CHECK_TEXT(query_args_pk(&args, 12, memory), "api#12");
}

int main(void)
{
    RUN(the_default_is_the_oldest_hundred_of_the_last_hour);
    RUN(each_option_is_read);
    RUN(a_time_is_read_in_each_of_its_forms);
    RUN(what_is_wrong_is_said);
    RUN(bounds_have_13_digits_and_include_the_last_millisecond);
    RUN(the_first_shard_has_the_bare_name);
    return check_finish();
}
