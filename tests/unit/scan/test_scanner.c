#include "scan/scanner.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

enum { ARENA_BYTES = 64 << 20, PIECE_STEP = PS_SCAN_LINE_BYTES_MAX - PS_SCAN_OVERLAP_BYTES };

static const char PATTERNS[] =
    "[{\"name\":\"error\",\"regex\":\"ERROR\",\"severity\":\"error\"},"
    "{\"name\":\"timeout\",\"regex\":\"timed out after (?<seconds>[0-9]+)\",\"severity\":\"error\"},"
    "{\"name\":\"digits\",\"regex\":\"^[0-9]+$\",\"severity\":\"error\",\"max_samples\":1},"
    "{\"name\":\"none\",\"regex\":\"fatal$\",\"severity\":\"error\",\"max_samples\":0}]";

static const char SELECTED[] =
    "[{\"name\":\"error\",\"regex\":\"ERROR\",\"severity\":\"error\"},"
    "{\"name\":\"timeout\",\"regex\":\"timed out after (?<seconds>[0-9]+)\",\"severity\":\"error\"}]";

enum { ERROR, TIMEOUT, DIGITS, FATAL };

struct fixture {
    struct ps_arena arena;
    struct ps_patterns patterns;
    struct ps_scanner *scanner;
    struct ps_scan_totals totals;
};

static void open_fixture(struct fixture *fixture, const char *json)
{
    *fixture = (struct fixture){ .arena = check_arena(ARENA_BYTES) };
    if (ps_patterns_open(&fixture->arena, ps_span_of(json), &fixture->patterns) != PS_OK ||
        ps_scanner_open(&fixture->arena, &fixture->patterns, &fixture->scanner) != PS_OK)
        abort();
}

static void close_fixture(struct fixture *fixture)
{
    ps_patterns_close(&fixture->patterns);
    ps_arena_fini(&fixture->arena);
}

static void begin(struct fixture *fixture)
{
    CHECK_OK(ps_scan_totals_make(&fixture->arena, &fixture->patterns, &fixture->totals));
    ps_scanner_begin(fixture->scanner, &fixture->arena, &fixture->totals);
}

/* A new text, in pieces of so many bytes, each in a block of its exact size. */
static const struct ps_scan_totals *scan(struct fixture *fixture, struct ps_span text, size_t piece_bytes)
{
    begin(fixture);
    while (text.len > 0) {
        struct ps_span piece = exact_copy(ps_span_first(text, piece_bytes));
        CHECK_OK(ps_scanner_feed(fixture->scanner, piece));
        exact_free(piece);
        text = ps_span_from(text, piece.len);
    }
    CHECK_OK(ps_scanner_finish(fixture->scanner));
    return &fixture->totals;
}

static struct ps_span long_line(const char *begin, size_t bytes, const char *end)
{
    size_t begin_len = strlen(begin);
    size_t end_len = strlen(end);
    char *line = malloc(bytes);
    if (line == NULL) abort();
    memset(line, '.', bytes);
    memcpy(line, begin, begin_len);
    memcpy(line + bytes - end_len, end, end_len);
    return ps_span_make(line, bytes);
}

/* -- lines ----------------------------------------------------------------------------------------------------------
 */

static void lines_end_with_lf_or_cr_lf_or_the_text(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    const struct ps_scan_totals *totals = scan(&fixture, PS_SPAN("12\r\n\n34\n5x\r\n\r\nfatal\r\nfatal"), SIZE_MAX);
    CHECK_EQ(totals->lines, 7);
    CHECK_EQ(totals->bytes, 26);
    CHECK_EQ(totals->counts[DIGITS].lines, 2);
    CHECK_EQ(totals->counts[FATAL].lines, 2);
    CHECK_EQ(scan(&fixture, PS_SPAN(""), 1)->lines, 0);
    CHECK_EQ(scan(&fixture, PS_SPAN("\n"), 1)->lines, 1);
    CHECK_EQ(scan(&fixture, PS_SPAN("7\r"), 1)->counts[DIGITS].lines, 0); /* no LF: the CR is the line's own */
    close_fixture(&fixture);
}

static void a_hit_says_where_its_line_is_and_when(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    const struct ps_scan_totals *totals =
        scan(&fixture, PS_SPAN("a\nb\n2026-11-21T10:00:00Z ERROR x ERROR\nc\nERROR y\n"), SIZE_MAX);
    const struct ps_scan_count *count = &totals->counts[ERROR];
    CHECK_EQ(count->lines, 2);
    CHECK_EQ(count->first.line, 3);
    CHECK_EQ(count->first.byte, 4);
    CHECK_EQ(count->first.time_ms, INT64_C(1795255200000));
    CHECK_EQ(count->last.line, 5);
    CHECK_EQ(count->last.byte, 41);
    CHECK_EQ(count->last.time_ms, INT64_MIN);
    close_fixture(&fixture);
}

static void nul_bytes_are_counted_and_are_ordinary_in_lines(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    const struct ps_scan_totals *totals = scan(&fixture, PS_SPAN("a\0b ERROR\0\n\0\0fatal\n\0"), 3);
    CHECK_EQ(totals->nul_bytes, 5);
    CHECK_EQ(totals->lines, 3);
    CHECK_EQ(totals->counts[ERROR].lines, 1);
    CHECK_EQ(totals->counts[FATAL].lines, 1);
    close_fixture(&fixture);
}

#define SLOW "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxz\n"

static void a_pattern_over_its_limits_is_told_and_the_rest_goes_on(void)
{
    struct fixture fixture;
    open_fixture(&fixture, "[{\"name\":\"slow\",\"regex\":\"^(?:x+x+)+[yw]\",\"severity\":\"error\"},{\"name\":\"z\","
                           "\"regex\":\"z\",\"severity\":\"error\"}]");
    const struct ps_scan_totals *totals = scan(&fixture, PS_SPAN(SLOW "xxyz\n"), SIZE_MAX);
    CHECK_EQ(totals->given_up, 1);
    CHECK_EQ(totals->counts[0].given_up, 1);
    CHECK_EQ(totals->counts[0].lines, 1);
    CHECK_EQ(totals->counts[1].lines, 2);

    totals->counts[0].given_up = PS_SCAN_GIVEN_UP_MAX - 1;
    CHECK_OK(ps_scanner_feed(fixture.scanner, PS_SPAN("xxyz\n" SLOW "xxyz\n" SLOW)));
    CHECK_EQ(totals->counts[0].given_up, PS_SCAN_GIVEN_UP_MAX);
    CHECK_EQ(totals->counts[0].lines, 2); /* not asked again */
    CHECK_EQ(totals->counts[1].lines, 6);
    close_fixture(&fixture);
}

/* -- samples --------------------------------------------------------------------------------------------------------
 */

static void samples_are_the_first_lines_with_their_named_groups(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    const struct ps_scan_totals *totals = scan(&fixture,
                                               PS_SPAN("x timed out after 31 s\r\nx timed out after 32\nERROR\n1\n2\n"
                                                       "x timed out after 33\nx timed out after 34\nfatal\n"),
                                               SIZE_MAX);
    const struct ps_scan_count *count = &totals->counts[TIMEOUT];
    CHECK_EQ(count->lines, 4);
    CHECK_EQ(count->sample_count, 3);
    CHECK_TEXT(count->samples[0].text, "x timed out after 31 s");
    CHECK_EQ(count->samples[2].at.line, 6);
    CHECK_EQ(count->samples[2].field_count, 1);
    CHECK_TEXT(count->samples[2].fields[0].name, "seconds");
    CHECK_TEXT(count->samples[2].fields[0].value, "33");
    CHECK_EQ(totals->counts[DIGITS].sample_count, 1);
    CHECK_EQ(totals->counts[FATAL].sample_count, 0);
    close_fixture(&fixture);
}

static void a_stack_trace_joins_each_sample_that_it_continues(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    const struct ps_scan_totals *totals = scan(&fixture,
                                               PS_SPAN("ERROR java.lang.IllegalStateException: a\r\n"
                                                       "\tat a.B.c(B.java:1)\r\n"
                                                       "Caused by: java.io.IOException: timed out after 5\r\n"
                                                       "\tat a.B.d(B.java:2)\r\n"
                                                       "next\n"
                                                       "\tat not.of.it(X.java:1)\n"),
                                               7);
    CHECK_TEXT(totals->counts[ERROR].samples[0].text, "ERROR java.lang.IllegalStateException: a\n"
                                                      "\tat a.B.c(B.java:1)\n"
                                                      "Caused by: java.io.IOException: timed out after 5\n"
                                                      "\tat a.B.d(B.java:2)");
    CHECK_TEXT(totals->counts[TIMEOUT].samples[0].text, "Caused by: java.io.IOException: timed out after 5\n"
                                                        "\tat a.B.d(B.java:2)");
    close_fixture(&fixture);
}

static void a_sample_has_at_most_its_lines_and_bytes(void)
{
    static char text[64 << 10];
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, text, sizeof text);
    ps_buf_put(&buf, PS_SPAN("ERROR a.b.CException: many\n"));
    for (int i = 0; i < 100; i++)
        ps_buf_printf(&buf, "\tat a.B.c(B.java:%d)\n", i);
    struct ps_span sample = scan(&fixture, ps_buf_span(&buf), SIZE_MAX)->counts[ERROR].samples[0].text;
    CHECK(ps_span_ends(sample, PS_SPAN("\tat a.B.c(B.java:28)\xe2\x80\xa6")));

    buf.len = 0;
    ps_buf_put(&buf, PS_SPAN("ERROR a.b.CException: wide\n"));
    for (int i = 0; i < 20; i++)
        ps_buf_printf(&buf, "\tat a.B.c%0200d\xc3\xa4(B.java:%d)\n", i, i);
    sample = scan(&fixture, ps_buf_span(&buf), SIZE_MAX)->counts[ERROR].samples[0].text;
    CHECK(sample.len <= PS_SCAN_SAMPLE_BYTES_MAX && sample.len > PS_SCAN_SAMPLE_BYTES_MAX - 8);
    CHECK(ps_span_ends(sample, PS_SPAN("\xe2\x80\xa6")));
    close_fixture(&fixture);
}

static void a_long_lines_sample_shows_what_was_found(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    struct ps_span line = long_line("\xff", 5000, "ERROR");
    struct ps_span sample = scan(&fixture, line, SIZE_MAX)->counts[ERROR].samples[0].text;
    CHECK(ps_span_starts(sample, PS_SPAN("\xe2\x80\xa6...")) && ps_span_ends(sample, PS_SPAN("...ERROR")));
    exact_free(line);
    line = long_line("ERROR \xff\xff", 5000, "end");
    sample = scan(&fixture, line, SIZE_MAX)->counts[ERROR].samples[0].text;
    CHECK(ps_span_starts(sample, PS_SPAN("ERROR \xef\xbf\xbd\xef\xbf\xbd...")));
    CHECK(ps_span_ends(sample, PS_SPAN("...\xe2\x80\xa6")));
    CHECK_EQ(sample.len, PS_SCAN_SAMPLE_BYTES_MAX);
    exact_free(line);
    close_fixture(&fixture);
}

/* -- split lines ----------------------------------------------------------------------------------------------------
 */

static void a_line_of_the_limit_is_whole_and_one_byte_more_is_split(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    for (size_t more = 0; more < 2; more++) {
        struct ps_span line = long_line("ERROR", PS_SCAN_LINE_BYTES_MAX + more, "ERROR fatal");
        memcpy((char *)(uintptr_t)line.data + PIECE_STEP, "2026-11-21T10:00:00Z ", 21);
        const struct ps_scan_totals *totals = scan(&fixture, line, SIZE_MAX);
        CHECK_EQ(totals->split_lines, more);
        CHECK_EQ(totals->lines, 1);
        CHECK_EQ(totals->bytes, line.len);
        CHECK_EQ(totals->counts[ERROR].lines, 1);
        CHECK_EQ(totals->counts[FATAL].lines, 1);
        CHECK_EQ(totals->counts[FATAL].first.byte, 0);
        CHECK_EQ(totals->counts[FATAL].first.time_ms, INT64_MIN); /* what a later piece begins with is no line's */
        exact_free(line);
    }
    close_fixture(&fixture);
}

static void a_match_across_pieces_is_found_and_their_edges_are_no_ends(void)
{
    enum { BYTES = 3 << 20 };
    struct fixture fixture;
    open_fixture(&fixture, "[{\"name\":\"word\",\"regex\":\"\\\\bERROR\\\\b\",\"severity\":\"error\"},"
                           "{\"name\":\"begin\",\"regex\":\"^[.]*x\",\"severity\":\"error\"},"
                           "{\"name\":\"end\",\"regex\":\"abc$\",\"severity\":\"error\"}]");
    for (size_t shift = 0; shift < 2 * PS_SCAN_OVERLAP_BYTES; shift += 61) {
        struct ps_span line = long_line("", BYTES, "q");
        char *text = (char *)(uintptr_t)line.data;
        text[PIECE_STEP - 2] = 'q';
        memcpy(text + PS_SCAN_LINE_BYTES_MAX - 3, "abc", 3);
        memcpy(text + (PIECE_STEP - PS_SCAN_OVERLAP_BYTES + shift), " ERROR ", 7);
        memcpy(text + BYTES - 20, "x", 1);
        const struct ps_scan_totals *totals = scan(&fixture, line, SIZE_MAX);
        CHECK_EQ(totals->split_lines, 1);
        CHECK_EQ(totals->counts[0].lines, 1);
        CHECK_EQ(totals->counts[1].lines, 0);
        CHECK_EQ(totals->counts[2].lines, 0);
        exact_free(line);
    }
    close_fixture(&fixture);
}

static void lines_behind_a_split_line_are_counted_from_theirs(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    struct ps_span line = long_line("1\n2026-11-21T10:00:00Z ERROR", 5 << 20, "ERROR\r\nERROR 2\n");
    const struct ps_scan_totals *totals = scan(&fixture, line, 100000);
    CHECK_EQ(totals->lines, 3);
    CHECK_EQ(totals->counts[ERROR].lines, 2);
    CHECK_EQ(totals->counts[ERROR].first.line, 2);
    CHECK_EQ(totals->counts[ERROR].first.byte, 2);
    CHECK_EQ(totals->counts[ERROR].first.time_ms, INT64_C(1795255200000));
    CHECK_EQ(totals->counts[ERROR].last.line, 3);
    CHECK_EQ(totals->counts[ERROR].last.byte, line.len - 8);
    CHECK_EQ(totals->in_split_line, false);
    exact_free(line);
    close_fixture(&fixture);
}

static void a_split_line_joins_nothing_and_nothing_joins_it(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    struct ps_span line =
        long_line("ERROR a.b.CException: one\n", 2 << 20, "ERROR a.b.CException: two\n\tat a.B.c(B.java:1)");
    const struct ps_scan_count *count = &scan(&fixture, line, SIZE_MAX)->counts[ERROR];
    CHECK_EQ(count->sample_count, 2);
    CHECK_TEXT(count->samples[0].text, "ERROR a.b.CException: one");
    CHECK(ps_span_ends(count->samples[1].text, PS_SPAN("ERROR a.b.CException: two")));
    exact_free(line);
    close_fixture(&fixture);
}

/* -- cuts and restarts ----------------------------------------------------------------------------------------------
 */

static bool same_hit(const struct ps_scan_hit *a, const struct ps_scan_hit *b)
{
    return a->line == b->line && a->byte == b->byte && a->time_ms == b->time_ms;
}

static void check_same(const struct ps_scan_totals *got, const struct ps_scan_totals *wanted, size_t patterns,
                       bool same_samples)
{
    CHECK_EQ(got->bytes, wanted->bytes);
    CHECK_EQ(got->lines, wanted->lines);
    CHECK_EQ(got->split_lines, wanted->split_lines);
    CHECK_EQ(got->nul_bytes, wanted->nul_bytes);
    for (size_t i = 0; i < patterns; i++) {
        const struct ps_scan_count *a = &got->counts[i];
        const struct ps_scan_count *b = &wanted->counts[i];
        CHECK_EQ(a->lines, b->lines);
        CHECK(same_hit(&a->first, &b->first) && same_hit(&a->last, &b->last));
        CHECK_EQ(a->sample_count, b->sample_count);
        for (size_t k = 0; k < a->sample_count; k++) {
            if (same_samples) CHECK_SPAN(a->samples[k].text, b->samples[k].text);
            CHECK(ps_span_starts(b->samples[k].text, a->samples[k].text));
            CHECK(same_hit(&a->samples[k].at, &b->samples[k].at));
        }
    }
}

/* Lines of all kinds, long and split ones too. */
static struct ps_span make_text(struct random *random, size_t bytes_max)
{
    static const char *const PARTS[] = {
        "ERROR",
        "\n",
        "\n",
        "\r\n",
        "timed out after 12",
        "fatal",
        "\tat a.B.c(B.java:1)",
        "123",
        "\xff",
        " ",
        "java.lang.AException: x",
        "Caused by: x.y.Z: ",
        "\r",
        "2026-11-21T10:00:00Z ",
    };
    char *text = malloc(bytes_max);
    if (text == NULL) abort();
    size_t len = 0;
    while (len < bytes_max) {
        struct ps_span part = ps_span_of(PARTS[random_below(random, sizeof PARTS / sizeof PARTS[0])]);
        size_t run = random_below(random, 2000) == 0 ? random_below(random, 3 << 20) : 0;
        if (part.len + run > bytes_max - len) break;
        memcpy(text + len, part.data, part.len);
        memset(text + len + part.len, random_below(random, 3) == 0 ? '\0' : '.', run);
        len += part.len + run;
    }
    return ps_span_make(text, len);
}

static void check_cuts(const char *patterns)
{
    struct fixture whole;
    open_fixture(&whole, patterns);
    struct fixture cut;
    open_fixture(&cut, patterns);
    struct random random = { 1 };
    for (int round = 0; round < 24; round++) {
        struct ps_arena_mark mark = ps_arena_mark(&whole.arena);
        struct ps_arena_mark cut_mark = ps_arena_mark(&cut.arena);
        struct ps_span text = make_text(&random, round % 4 == 0 ? 6 << 20 : 3000);
        (void)scan(&whole, text, SIZE_MAX);
        begin(&cut);
        for (struct ps_span rest = text; rest.len > 0;) {
            size_t most = round % 4 == 0 ? 300000 : 40;
            struct ps_span piece = ps_span_first(rest, 1 + random_below(&random, most));
            CHECK_OK(ps_scanner_feed(cut.scanner, piece));
            rest = ps_span_from(rest, piece.len);
        }
        CHECK_OK(ps_scanner_finish(cut.scanner));
        check_same(&cut.totals, &whole.totals, whole.patterns.count, true);
        exact_free(text);
        ps_arena_rewind(&whole.arena, mark);
        ps_arena_rewind(&cut.arena, cut_mark);
    }
    close_fixture(&whole);
    close_fixture(&cut);
}

/* After each piece another scanner goes on, from where the last one says. */
static void check_restarts(const char *patterns)
{
    struct fixture whole;
    open_fixture(&whole, patterns);
    struct fixture first;
    open_fixture(&first, patterns);
    struct random random = { 2 };
    for (int round = 0; round < 24; round++) {
        struct ps_arena_mark mark = ps_arena_mark(&whole.arena);
        struct ps_arena_mark first_mark = ps_arena_mark(&first.arena);
        struct ps_span text = make_text(&random, round % 4 == 0 ? 6 << 20 : 3000);
        (void)scan(&whole, text, SIZE_MAX);
        begin(&first);
        size_t most = round % 4 == 0 ? 300000 : 40;
        for (size_t fed = 0, reach = 0; reach < text.len; fed = (size_t)ps_scanner_offset(first.scanner)) {
            reach += 1 + random_below(&random, most);
            if (reach > text.len) reach = text.len;
            ps_scanner_begin(first.scanner, &first.arena, &first.totals);
            CHECK_OK(ps_scanner_feed(first.scanner, ps_span_make(text.data + fed, reach - fed)));
            CHECK_EQ(ps_scanner_offset(first.scanner), first.totals.bytes);
        }
        CHECK_OK(ps_scanner_finish(first.scanner));
        check_same(&first.totals, &whole.totals, whole.patterns.count, false);
        exact_free(text);
        ps_arena_rewind(&whole.arena, mark);
        ps_arena_rewind(&first.arena, first_mark);
    }
    close_fixture(&whole);
    close_fixture(&first);
}

/* All of SELECTED have a literal, so that whole runs of lines are gone over. */
static void any_cuts_give_the_same(void)
{
    check_cuts(PATTERNS);
    check_cuts(SELECTED);
}

static void a_restart_anywhere_gives_the_same(void)
{
    check_restarts(PATTERNS);
    check_restarts(SELECTED);
}

static void lines_gone_over_are_counted_as_those_that_are_asked(void)
{
    struct fixture asked;
    struct fixture over;
    open_fixture(&asked, PATTERNS);
    open_fixture(&over, SELECTED);
    struct random random = { 3 };
    for (int round = 0; round < 20; round++) {
        struct ps_span text = make_text(&random, 20000);
        (void)scan(&asked, text, SIZE_MAX);
        (void)scan(&over, text, SIZE_MAX);
        check_same(&over.totals, &asked.totals, over.patterns.count, true);
        exact_free(text);
    }
    close_fixture(&asked);
    close_fixture(&over);
}

/* -- memory ---------------------------------------------------------------------------------------------------------
 */

static enum ps_err scan_with(struct ps_arena *arena, const struct ps_patterns *patterns)
{
    struct ps_scanner *scanner = NULL;
    struct ps_scan_totals totals;
    PS_TRY(ps_scanner_open(arena, patterns, &scanner));
    PS_TRY(ps_scan_totals_make(arena, patterns, &totals));
    ps_scanner_begin(scanner, arena, &totals);
    PS_TRY(ps_scanner_feed(scanner, PS_SPAN("ERROR \xff\nx timed out after 12\n\tat \xff\n")));
    return ps_scanner_finish(scanner);
}

static void each_allocation_may_fail(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    PS_EACH_FAILURE(&fixture.arena, scan_with(&fixture.arena, &fixture.patterns));
    close_fixture(&fixture);
}

static void lines_without_samples_take_no_memory(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    begin(&fixture);
    for (int i = 0; i < 3; i++)
        CHECK_OK(ps_scanner_feed(fixture.scanner, PS_SPAN("ERROR\n12\n")));
    size_t used = ps_arena_used(&fixture.arena);
    for (int i = 0; i < 1000; i++)
        CHECK_OK(ps_scanner_feed(fixture.scanner, PS_SPAN("ERROR\nfatal\n12\n")));
    CHECK_EQ(ps_arena_used(&fixture.arena), used);
    close_fixture(&fixture);
}

static void a_joined_line_takes_no_memory_of_its_own(void)
{
    struct fixture fixture;
    open_fixture(&fixture, PATTERNS);
    begin(&fixture);
    CHECK_OK(ps_scanner_feed(fixture.scanner, PS_SPAN("ERROR a.b.CException: x\n")));
    size_t used = ps_arena_used(&fixture.arena);
    CHECK_OK(ps_scanner_feed(fixture.scanner, PS_SPAN("\tat a.\xff.c(B.java:1)\n")));
    CHECK(ps_span_ends(fixture.totals.counts[ERROR].samples[0].text, PS_SPAN("\tat a.\xef\xbf\xbd.c(B.java:1)")));
    CHECK_EQ(ps_arena_used(&fixture.arena), used);
    close_fixture(&fixture);
}

int main(void)
{
    RUN(lines_end_with_lf_or_cr_lf_or_the_text);
    RUN(a_hit_says_where_its_line_is_and_when);
    RUN(nul_bytes_are_counted_and_are_ordinary_in_lines);
    RUN(a_pattern_over_its_limits_is_told_and_the_rest_goes_on);
    RUN(samples_are_the_first_lines_with_their_named_groups);
    RUN(a_stack_trace_joins_each_sample_that_it_continues);
    RUN(a_sample_has_at_most_its_lines_and_bytes);
    RUN(a_long_lines_sample_shows_what_was_found);
    RUN(a_line_of_the_limit_is_whole_and_one_byte_more_is_split);
    RUN(a_match_across_pieces_is_found_and_their_edges_are_no_ends);
    RUN(lines_behind_a_split_line_are_counted_from_theirs);
    RUN(a_split_line_joins_nothing_and_nothing_joins_it);
    RUN(any_cuts_give_the_same);
    RUN(a_restart_anywhere_gives_the_same);
    RUN(lines_gone_over_are_counted_as_those_that_are_asked);
    RUN(each_allocation_may_fail);
    RUN(lines_without_samples_take_no_memory);
    RUN(a_joined_line_takes_no_memory_of_its_own);
    return check_finish();
}
