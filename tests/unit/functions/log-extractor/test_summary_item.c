#include "log-extractor/summary_item.h"

#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "base/time.h"
#include "scan/decode.h"
#include "summaries.h"
#include "support/exact.h"

static struct ps_arena arena;
static const struct ps_dynamodb_key KEY = { PS_SPAN_INIT("logs/a.gz"), PS_SPAN_INIT("v1") };

static struct ps_span write_item(const struct ps_patterns *patterns, const struct summary *summary, int64_t ttl_s)
{
    struct ps_span item = PS_SPAN("");
    CHECK_OK(summary_item_write(&arena, patterns, &KEY, ttl_s, summary, &item));
    return item;
}

static struct summary read_item(const struct ps_patterns *patterns, struct ps_span item)
{
    struct summary summary = { 0 };
    CHECK_OK(summary_item_read(&arena, patterns, item, &summary));
    return summary;
}

/* -- what is written ----------------------------------------------------------------------------------------------- */

#define NUMBERS \
    "\"offset\":{\"N\":\"2000\"},\"hop\":{\"N\":\"2\"},\"objectBytes\":{\"N\":\"900\"}," \
    "\"modifiedMs\":{\"N\":\"1795255200123\"},\"scanMs\":{\"N\":\"12\"},"
#define TOTALS \
    "\"bytes\":{\"N\":\"2000\"},\"lines\":{\"N\":\"40\"},\"splitLines\":{\"N\":\"1\"},\"givenUp\":{\"N\":\"0\"}," \
    "\"nulBytes\":{\"N\":\"0\"},"
#define COUNTS \
    "\"severities\":{\"M\":{\"fatal\":{\"N\":\"1\"},\"error\":{\"N\":\"2\"}}},\"counts\":{\"M\":{" \
    "\"oom\":{\"M\":{\"severity\":{\"S\":\"fatal\"},\"lines\":{\"N\":\"1\"},\"firstLine\":{\"N\":\"3\"}," \
    "\"firstByte\":{\"N\":\"120\"},\"lastLine\":{\"N\":\"3\"},\"lastByte\":{\"N\":\"120\"},\"samples\":{\"L\":[" \
    "{\"M\":{\"line\":{\"N\":\"3\"},\"byte\":{\"N\":\"120\"},\"text\":{\"S\":\"Out of memory\\n\\tat <main>\"}," \
    "\"fields\":{\"M\":{}}}}]}}}," \
    "\"timeout\":{\"M\":{\"severity\":{\"S\":\"error\"},\"lines\":{\"N\":\"2\"},\"firstLine\":{\"N\":\"5\"}," \
    "\"firstByte\":{\"N\":\"200\"},\"firstTime\":{\"N\":\"1795255200123\"},\"lastLine\":{\"N\":\"9\"}," \
    "\"lastByte\":{\"N\":\"400\"},\"lastTime\":{\"N\":\"1795255201123\"},\"samples\":{\"L\":[" \
    "{\"M\":{\"line\":{\"N\":\"5\"},\"byte\":{\"N\":\"200\"},\"time\":{\"N\":\"1795255200123\"}," \
    "\"text\":{\"S\":\"timed out after 30\"},\"fields\":{\"M\":{\"seconds\":{\"S\":\"30\"}}}}}," \
    "{\"M\":{\"line\":{\"N\":\"9\"},\"byte\":{\"N\":\"400\"},\"time\":{\"N\":\"1795255201123\"}," \
    "\"text\":{\"S\":\"timed out\"},\"fields\":{\"M\":{}}}}]}}}}}}"

static void a_finished_summary_has_a_day(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_DONE);
    summary.restart = PS_SPAN("left over");
    CHECK_TEXT(write_item(&SUMMARIES_SET, &summary, 1795260000),
               "{\"pk\":{\"S\":\"logs/a.gz\"},\"sk\":{\"S\":\"v1\"},\"state\":{\"S\":\"done\"}," NUMBERS
               "\"ttl\":{\"N\":\"1795260000\"},\"day\":{\"S\":\"2026-11-21\"}," TOTALS COUNTS);
}

static void a_partial_one_has_its_restart_and_no_day(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_PARTIAL);
    summary.restart = PS_SPAN("here");
    CHECK_TEXT(write_item(&SUMMARIES_SET, &summary, 0),
               "{\"pk\":{\"S\":\"logs/a.gz\"},\"sk\":{\"S\":\"v1\"},\"state\":{\"S\":\"partial\"}," NUMBERS
               "\"restart\":{\"S\":\"here\"}," TOTALS COUNTS);
}

static void a_dead_one_has_its_reason(void)
{
    struct summary summary = { .state = SUMMARY_DEAD, .reason = PS_SPAN("archived"), .modified_ms = SUMMARIES_T0 };
    CHECK_OK(ps_scan_totals_make(&arena, &SUMMARIES_SET, &summary.totals));
    struct ps_span item = write_item(&SUMMARIES_SET, &summary, 0);
    CHECK(ps_span_find(item, PS_SPAN("\"state\":{\"S\":\"dead\"},\"reason\":{\"S\":\"archived\"},")) > 0);
    CHECK(ps_span_find(item, PS_SPAN("\"day\":{\"S\":\"2026-11-21\"}")) > 0);
    CHECK(ps_span_ends(item, PS_SPAN("\"severities\":{\"M\":{}},\"counts\":{\"M\":{}}}")));
}

/* -- and read back ------------------------------------------------------------------------------------------------- */

static void what_was_written_is_read(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_PARTIAL);
    summary.restart = PS_SPAN("here");
    summary.totals.in_split_line = true;
    summary.totals.line_begin = 1990;
    summary.totals.line_counted[0] = UINT64_C(1) << SUMMARIES_TIMEOUT;
    struct ps_span item = write_item(&SUMMARIES_SET, &summary, 0);
    struct summary got = read_item(&SUMMARIES_SET, item);
    CHECK(!got.mailed);
    CHECK_TEXT(got.restart, "here");
    CHECK(got.totals.in_split_line);
    CHECK_EQ(got.totals.line_begin, 1990);
    CHECK_EQ(got.totals.line_counted[0], UINT64_C(1) << SUMMARIES_TIMEOUT);
    CHECK_EQ(got.totals.counts[SUMMARIES_OOM].first.time_ms, INT64_MIN);
    CHECK_EQ(got.totals.counts[SUMMARIES_SLOW].lines, 0);
    CHECK_SPAN(write_item(&SUMMARIES_SET, &got, 0), item);
}

static void a_changed_set_keeps_what_it_still_knows(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_PARTIAL);
    summary.totals.in_split_line = true;
    summary.totals.line_counted[0] = UINT64_C(1) << SUMMARIES_TIMEOUT;
    struct ps_pattern items[] = { { .name = PS_SPAN("new"), .severity = PS_SEVERITY_INFO },
                                  summaries_items[SUMMARIES_SLOW],
                                  summaries_items[SUMMARIES_TIMEOUT] };
    const struct ps_patterns changed = { .items = items, .count = 3 };
    struct summary got = read_item(&changed, write_item(&SUMMARIES_SET, &summary, 0));
    CHECK_EQ(got.totals.counts[0].lines, 0);
    CHECK_EQ(got.totals.counts[1].lines, 0);
    CHECK_EQ(got.totals.counts[2].lines, 2);
    CHECK_EQ(got.totals.counts[2].sample_count, 2);
    CHECK_TEXT(got.totals.counts[2].samples[0].fields[0].value, "30");
    CHECK_EQ(got.totals.line_counted[0], 1 << 2);
    CHECK_EQ(got.totals.lines, 40);
}

static void a_mail_is_settled_when_it_was_sent_or_held(void)
{
    static const struct {
        const char *mail;
        bool mailed;
    } CASES[] = { { "claimed", false }, { "sent", true }, { "held", true }, { "other", false } };
    struct summary summary = summaries_sample(&arena, SUMMARY_DONE);
    struct ps_span item = write_item(&SUMMARIES_SET, &summary, 0);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_buf buf;
        ps_buf_init(&buf, &arena, 1 << 20);
        ps_buf_printf(&buf, "{\"mail\":{\"S\":\"%s\"},", CASES[i].mail);
        ps_buf_put(&buf, ps_span_from(item, 1));
        CHECK_EQ(read_item(&SUMMARIES_SET, ps_buf_span(&buf)).mailed, CASES[i].mailed);
    }
}

/* -- items of others ----------------------------------------------------------------------------------------------- */

#define ODD_HEAD "{\"state\":{\"S\":\"done\"}," NUMBERS TOTALS
#define ODD_COUNT(members) ODD_HEAD "\"counts\":{\"M\":{\"oom\":{\"M\":{" members "}}}}}"
#define ODD_HITS \
    "\"lines\":{\"N\":\"1\"},\"firstLine\":{\"N\":\"1\"},\"firstByte\":{\"N\":\"0\"},\"lastLine\":{\"N\":\"1\"}," \
    "\"lastByte\":{\"N\":\"0\"},"
#define ODD_SAMPLE(value) ODD_COUNT(ODD_HITS "\"samples\":{\"L\":[" value "]}")

static void what_is_none_of_ours_is_refused(void)
{
    static const char *const ITEMS[] = {
        "",
        "[]",
        "{}",
        "{\"state\":{\"S\":\"none\"}}",
        "{\"state\":{\"S\":\"\"}}",
        "{\"state\":{\"S\":\"done\"}}",
        "{\"state\":{\"N\":\"1\"}," NUMBERS TOTALS "\"counts\":{\"M\":{}}}",
        ODD_HEAD "\"severities\":{\"M\":{}}}",
        ODD_HEAD "\"counts\":{\"L\":[]}}",
        ODD_HEAD "\"counts\":{\"M\":[]}}",
        ODD_HEAD "\"counts\":{\"S\":\"x\"}}",
        ODD_HEAD "\"counts\":7}",
        ODD_HEAD "\"counts\":{\"M\":{\"oom\":{\"S\":\"x\"}}}}",
        ODD_HEAD "\"counts\":{\"M\":{}}",
        ODD_COUNT("\"lines\":{\"N\":\"1\"}"),
        ODD_COUNT("\"lines\":{\"N\":\"-1\"}"),
        ODD_COUNT(ODD_HITS "\"samples\":{\"M\":{}}"),
        ODD_COUNT(ODD_HITS "\"sample\":{\"L\":[]}"),
        ODD_SAMPLE("1"),
        ODD_SAMPLE("{\"S\":\"x\"}"),
        ODD_SAMPLE("{\"M\":{\"line\":{\"N\":\"1\"},\"byte\":{\"N\":\"x\"}}}"),
        ODD_SAMPLE("{\"M\":{\"line\":{\"N\":\"1\"},\"byte\":{\"N\":\"1\"}}}"),
        ODD_SAMPLE("{\"M\":{\"line\":{\"N\":\"1\"},\"byte\":{\"N\":\"1\"},\"fields\":{\"M\":{\"a\":{\"N\":\"1\"}}}}}"),
        ODD_SAMPLE("{\"M\":{\"line\":{\"N\":\"1\"},\"byte\":{\"N\":\"1\"},\"fields\":{\"M\":{\"a\":{\"S\":7}}}}}"),
    };
    for (size_t i = 0; i < sizeof ITEMS / sizeof ITEMS[0]; i++) {
        struct summary summary;
        if (!CHECK_ERR(summary_item_read(&arena, &SUMMARIES_SET, ps_span_of(ITEMS[i]), &summary), PS_ERR_BAD_INPUT))
            CHECK_TEXT(PS_SPAN(""), ITEMS[i]);
    }
}

static void a_number_out_of_range_is_refused(void)
{
    static const struct {
        const char *was, *becomes;
    } CASES[] = {
        { "\"hop\":{\"N\":\"2\"}", "\"hop\":{\"N\":\"4294967296\"}" },
        { "\"offset\":{\"N\":\"2000\"}", "\"offset\":{\"N\":\"1.5\"}" },
        { "\"modifiedMs\":{\"N\":\"1795255200123\"}", "\"modifiedMs\":{\"N\":\"253402300800000\"}" },
        { "\"modifiedMs\":{\"N\":\"1795255200123\"}", "\"modifiedMs\":{\"S\":\"1\"}" },
        { "\"givenUp\":{\"N\":\"0\"}", "\"givenUp\":{\"N\":\"\"}" },
        { "\"lines\":{\"N\":\"40\"}", "\"lines\":{\"N\":\"9007199254740993\"}" },
    };
    struct summary summary = summaries_sample(&arena, SUMMARY_PARTIAL);
    struct ps_span item = write_item(&SUMMARIES_SET, &summary, 0);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        ptrdiff_t at = ps_span_find(item, ps_span_of(CASES[i].was));
        CHECK_OR_RETURN(at > 0);
        struct ps_buf buf;
        ps_buf_init(&buf, &arena, 1 << 20);
        ps_buf_put(&buf, ps_span_first(item, (size_t)at));
        ps_buf_put(&buf, ps_span_of(CASES[i].becomes));
        ps_buf_put(&buf, ps_span_from(item, (size_t)at + strlen(CASES[i].was)));
        struct summary got;
        CHECK_ERR(summary_item_read(&arena, &SUMMARIES_SET, ps_buf_span(&buf), &got), PS_ERR_BAD_INPUT);
    }
}

static void more_samples_and_fields_than_there_is_room_for_are_left_out(void)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 1 << 20);
    ps_buf_put(&buf, PS_SPAN(ODD_HEAD "\"counts\":{\"M\":{\"oom\":{\"M\":{" ODD_HITS "\"samples\":{\"L\":["));
    for (int i = 0; i < PS_PATTERN_SAMPLES_MAX + 5; i++) {
        ps_buf_printf(&buf, "%s{\"M\":{\"line\":{\"N\":\"%d\"},\"byte\":{\"N\":\"1\"},\"fields\":{\"M\":{",
                      i == 0 ? "" : ",", i + 1);
        for (int j = 0; j < PS_PATTERN_GROUPS_MAX + 3; j++)
            ps_buf_printf(&buf, "%s\"f%d\":{\"S\":\"v\"}", j == 0 ? "" : ",", j);
        ps_buf_put(&buf, PS_SPAN("}}}}"));
    }
    ps_buf_put(&buf, PS_SPAN("]}}}}}}"));
    struct summary got = read_item(&SUMMARIES_SET, ps_buf_span(&buf));
    CHECK_EQ(got.totals.counts[SUMMARIES_OOM].sample_count, PS_PATTERN_SAMPLES_MAX);
    CHECK_EQ(got.totals.counts[SUMMARIES_OOM].samples[PS_PATTERN_SAMPLES_MAX - 1].field_count, PS_PATTERN_GROUPS_MAX);
}

static void no_beginning_of_an_item_is_an_item(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_PARTIAL);
    struct ps_span item = write_item(&SUMMARIES_SET, &summary, 0);
    for (size_t len = 0; len < item.len; len++) {
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct ps_span part = exact_copy(ps_span_first(item, len));
        CHECK_ERR(summary_item_read(&arena, &SUMMARIES_SET, part, &summary), PS_ERR_BAD_INPUT);
        exact_free(part);
        ps_arena_rewind(&arena, mark);
    }
}

/* -- size ---------------------------------------------------------------------------------------------------------- */

enum { MANY = PS_PATTERNS_MAX };

/* The longest that everything can be: as many patterns as there may be, with long names, and samples of 2 KB. */
static struct summary largest(struct ps_patterns *patterns, const char *text, size_t text_len)
{
    static char restart[PS_DECODE_RESTART_BYTES_MAX];
    memset(restart, 'r', sizeof restart);
    struct summary summary = { .state = SUMMARY_PARTIAL,
                               .restart = { restart, sizeof restart },
                               .modified_ms = SUMMARIES_T0 };
    patterns->items = PS_ARENA_ARRAY(&arena, struct ps_pattern, MANY);
    patterns->count = MANY;
    for (size_t i = 0; i < MANY; i++) {
        char *name = ps_arena_bytes(&arena, PS_PATTERN_NAME_BYTES_MAX + 1);
        (void)snprintf(name, PS_PATTERN_NAME_BYTES_MAX + 1, "%064zu", i);
        patterns->items[i].name = ps_span_make(name, PS_PATTERN_NAME_BYTES_MAX);
        patterns->items[i].severity = (enum ps_severity)(i % PS_SEVERITY_COUNT);
    }
    CHECK_OK(ps_scan_totals_make(&arena, patterns, &summary.totals));
    for (size_t i = 0; i < MANY; i++) {
        const struct ps_scan_hit at = { INT64_C(1) << 53, INT64_C(1) << 53, PS_TIME_TEXT_MS_MAX };
        struct ps_scan_count *count = &summary.totals.counts[i];
        *count = (struct ps_scan_count){ .lines = at.line, .first = at, .last = at };
        count->sample_count = PS_PATTERN_SAMPLES_MAX;
        for (size_t j = 0; j < PS_PATTERN_SAMPLES_MAX; j++)
            count->samples[j] = (struct ps_scan_sample){ .at = at, .text = { text, text_len } };
    }
    return summary;
}

static void samples_go_first_and_of_the_least_severe(void)
{
    static char text[PS_SCAN_SAMPLE_BYTES_MAX];
    memset(text, 'x', sizeof text);
    struct ps_patterns patterns = { 0 };
    struct summary summary = largest(&patterns, text, sizeof text);
    struct ps_span item = write_item(&patterns, &summary, 0);
    CHECK(item.len <= SUMMARY_ITEM_BYTES_MAX);
    CHECK(item.len > SUMMARY_ITEM_BYTES_MAX - 3 * PS_SCAN_SAMPLE_BYTES_MAX);
    struct summary got = read_item(&patterns, item);
    CHECK_SPAN(got.restart, summary.restart);
    size_t fatal = 0, rest = 0, most = 0;
    for (size_t i = 0; i < MANY; i++) {
        size_t samples = got.totals.counts[i].sample_count;
        CHECK_EQ(got.totals.counts[i].lines, INT64_C(1) << 53);
        *(patterns.items[i].severity == PS_SEVERITY_FATAL ? &fatal : &rest) += samples;
        most = samples > most ? samples : most;
    }
    CHECK(fatal >= MANY / PS_SEVERITY_COUNT); /* each fatal pattern has one before any has a third */
    CHECK(most <= 2);
    CHECK_EQ(rest, 0);
}

static void escapes_count_as_what_they_are(void)
{
    static char text[PS_SCAN_SAMPLE_BYTES_MAX];
    memset(text, '\x01', sizeof text);
    struct ps_patterns patterns = { 0 };
    struct summary summary = largest(&patterns, text, sizeof text);
    struct ps_span item = write_item(&patterns, &summary, 0);
    CHECK(item.len <= SUMMARY_ITEM_BYTES_MAX);
    CHECK_OK(ps_json_read_check(item));
}

static void what_does_not_fit_without_samples_is_too_large(void)
{
    static char restart[SUMMARY_ITEM_BYTES_MAX];
    memset(restart, 'r', sizeof restart);
    struct summary summary = summaries_sample(&arena, SUMMARY_PARTIAL);
    summary.restart = ps_span_make(restart, sizeof restart);
    struct ps_span item;
    CHECK_ERR(summary_item_write(&arena, &SUMMARIES_SET, &KEY, 0, &summary, &item), PS_ERR_TOO_LARGE);
}

static void memory_may_end_anywhere(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_PARTIAL), got;
    struct ps_span item;
    PS_EACH_FAILURE(&arena, summary_item_write(&arena, &SUMMARIES_SET, &KEY, 0, &summary, &item));
    item = write_item(&SUMMARIES_SET, &summary, 0);
    PS_EACH_FAILURE(&arena, summary_item_read(&arena, &SUMMARIES_SET, item, &got));
}

int main(void)
{
    arena = check_arena(256 << 20);
    RUN(a_finished_summary_has_a_day);
    RUN(a_partial_one_has_its_restart_and_no_day);
    RUN(a_dead_one_has_its_reason);
    RUN(what_was_written_is_read);
    RUN(a_changed_set_keeps_what_it_still_knows);
    RUN(a_mail_is_settled_when_it_was_sent_or_held);
    RUN(what_is_none_of_ours_is_refused);
    RUN(a_number_out_of_range_is_refused);
    RUN(more_samples_and_fields_than_there_is_room_for_are_left_out);
    RUN(no_beginning_of_an_item_is_an_item);
    RUN(samples_go_first_and_of_the_least_severe);
    RUN(escapes_count_as_what_they_are);
    RUN(what_does_not_fit_without_samples_is_too_large);
    RUN(memory_may_end_anywhere);
    ps_arena_fini(&arena);
    return check_finish();
}
