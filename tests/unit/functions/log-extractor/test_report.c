#include "log-extractor/report.h"

#include <string.h>

#include "base/utf8.h"
#include "summaries.h"

static struct ps_arena arena;
static const struct mail_cap_place FREE;

static struct ps_ses_message render(const struct ps_s3_object *object, const struct summary *summary,
                                    const struct mail_cap_place *place)
{
    const struct report report = {
        .object = object, .summary = summary, .patterns = &SUMMARIES_SET, .place = place, .region = PS_SPAN("eu-west-1")
    };
    struct ps_ses_message message = { .from = PS_SPAN_INIT("untouched") };
    CHECK_OK(report_render(&arena, &report, &message));
    CHECK_TEXT(message.from, "untouched");
    CHECK(message.subject.len <= PS_SES_SUBJECT_BYTES_MAX);
    CHECK(message.text.len <= PS_SES_BODY_BYTES_MAX && message.html.len <= PS_SES_BODY_BYTES_MAX);
    return message;
}

static bool holds(struct ps_span text, const char *part)
{
    return ps_span_find(text, ps_span_of(part)) != PS_SPAN_NONE;
}

/* -- whole mails --------------------------------------------------------------------------------------------------- */

#define TITLE "[fatal] s3://logs/app/2026 \"x\".gz: 1 fatal line, 2 error"
#define TITLE_HTML "[fatal] s3://logs/app/2026 &quot;x&quot;.gz: 1 fatal line, 2 error"
#define LINK "https://console.aws.amazon.com/s3/object/logs?region=eu-west-1&prefix=app/2026%20%22x%22.gz&versionId=v1"
#define CELL(text) "<td style=\"padding:2px 16px 2px 0\">" text "</td>"
#define NAME(text) "<th style=\"text-align:left;padding:2px 16px 2px 0\">" text "</th>"
#define PAIR(name, value) "<tr>" NAME(name) CELL(value) "</tr>\n"
#define TABLE "<table style=\"border-collapse:collapse\">\n"
#define PRE "<pre style=\"white-space:pre-wrap;border:1px solid #ccc;padding:8px\">\n"

static void what_was_found_is_told_in_two_parts(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_DONE);
    struct ps_ses_message message = render(&SUMMARIES_OBJECT, &summary, &FREE);
    CHECK_TEXT(message.subject, TITLE);
    CHECK_TEXT(message.text,
               TITLE "\n\n"
                     "Object: s3://logs/app/2026 \"x\".gz\nVersion: v1\nSize: 900 bytes\n"
                     "Modified: 2026-11-21T10:00:00.123Z\n"
                     "Scanned: 2000 bytes of text, 40 lines (1 over 1 MiB), in 12 ms and 3 invocations\n\n"
                     "oom (fatal): 1 time, in line 3\n"
                     "timeout (error): 2 times, first in line 5, 2026-11-21T10:00:00.123Z, last in line 9, "
                     "2026-11-21T10:00:01.123Z\n"
                     "\n-- oom, line 3 --\nOut of memory\n\tat <main>\n"
                     "\n-- timeout, line 5, 2026-11-21T10:00:00.123Z --\ntimed out after 30\nseconds: 30\n"
                     "\n-- timeout, line 9, 2026-11-21T10:00:01.123Z --\ntimed out\n"
                     "\n" LINK "\n");
    CHECK_TEXT(
        message.html,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head>\n"
        "<body style=\"font-family:sans-serif\">\n<h2>" TITLE_HTML
        "</h2>\n" TABLE PAIR("Object", "s3://logs/app/2026 &quot;x&quot;.gz") PAIR("Version", "v1")
            PAIR("Size", "900 bytes") PAIR("Modified", "2026-11-21T10:00:00.123Z") PAIR(
                "Scanned",
                "2000 bytes of text, 40 lines (1 over 1 MiB), in 12 ms and 3 "
                "invocations") "</table>\n"
                               "<br>\n" TABLE "<tr>" NAME("Pattern") NAME("Severity") NAME("Lines") NAME("First") NAME(
                                   "Last") "</tr>\n"
                                           "<tr>" CELL("oom") CELL("fatal") CELL("1") CELL("line 3") CELL(
                                               "line 3") "</tr>\n"
                                                         "<tr>" CELL("timeout") CELL("error") CELL("2") CELL(
                                                             "line 5, "
                                                             "2026-11-"
                                                             "21T10:00:00."
                                                             "123Z")
                                                             CELL("line 9, "
                                                                  "2026-11-"
                                                                  "21T10:00:01."
                                                                  "123Z") "</"
                                                                          "tr>"
                                                                          "\n</"
                                                                          "table"
                                                                          ">\n"
                                                                          "<p><"
                                                                          "b>"
                                                                          "oom</"
                                                                          "b>, "
                                                                          "line "
                                                                          "3</"
                                                                          "p>"
                                                                          "\n" PRE "Out "
                                                                          "of "
                                                                          "memor"
                                                                          "y\n\t"
                                                                          "at "
                                                                          "&lt;"
                                                                          "main&"
                                                                          "gt;</"
                                                                          "pre>"
                                                                          "\n"
                                                                          "<p><"
                                                                          "b>"
                                                                          "timeo"
                                                                          "ut</"
                                                                          "b>, "
                                                                          "line "
                                                                          "5, "
                                                                          "2026-"
                                                                          "11-"
                                                                          "21T10"
                                                                          ":00:"
                                                                          "00."
                                                                          "123Z<"
                                                                          "/p>"
                                                                          "\n" PRE "timed"
                                                                          " out "
                                                                          "after"
                                                                          " 30</"
                                                                          "pre>"
                                                                          "\n" TABLE PAIR(
                                                                              "s"
                                                                              "e"
                                                                              "c"
                                                                              "o"
                                                                              "n"
                                                                              "d"
                                                                              "s",
                                                                              "3"
                                                                              "0") "</table>\n"
                                                                                   "<p><b>timeout</b>, line 9, "
                                                                                   "2026-11-21T10:00:01.123Z</p>\n" PRE
                                                                                   "timed out</pre>\n"
                                                                                   "<p><a "
                                                                                   "href=\"https://"
                                                                                   "console.aws.amazon.com/s3/object/"
                                                                                   "logs?region=eu-west-1&amp;prefix="
                                                                                   "app/2026%20%22x%22.gz"
                                                                                   "&amp;versionId=v1\">The object in "
                                                                                   "the S3 "
                                                                                   "console</a></p>\n</body></html>\n");
}

static void what_is_dead_says_so_first(void)
{
    struct summary summary = { .state = SUMMARY_DEAD, .reason = PS_SPAN("archived"), .modified_ms = SUMMARIES_T0 };
    CHECK_OK(ps_scan_totals_make(&arena, &SUMMARIES_SET, &summary.totals));
    struct ps_ses_message message = render(&SUMMARIES_OBJECT, &summary, &FREE);
    CHECK_TEXT(message.subject, "[unreadable] s3://logs/app/2026 \"x\".gz: archived; nothing found");
    CHECK(holds(message.text,
                "\n\nIt could not be read: archived. This is incomplete: it tells of the first 0 bytes of "
                "text only.\n\nObject: "));
    CHECK(holds(message.html, "</h2>\n<p>It could not be read: archived. "));
    CHECK(!holds(message.html, "Pattern"));
}

static void what_is_incomplete_says_so(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_PARTIAL);
    struct ps_ses_message message = render(&SUMMARIES_OBJECT, &summary, &FREE);
    CHECK_TEXT(message.subject, TITLE " so far");
    CHECK(holds(message.text, "\n\nThis is incomplete: it tells of the first 2000 bytes of text only.\n\n"));
    summary = summaries_sample(&arena, SUMMARY_DONE);
    summary.totals.given_up = 7;
    message = render(&SUMMARIES_OBJECT, &summary, &FREE);
    CHECK(holds(message.html, "<p>Patterns ran into their limits 7 times: counts may be too low.</p>"));
}

static void what_was_held_back_is_told_by_the_next(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_DONE);
    struct mail_cap_place place = { .held_before = 12, .held_hour_ms = INT64_C(1795251600000) };
    struct ps_ses_message message = render(&SUMMARIES_OBJECT, &summary, &place);
    CHECK(holds(message.text, "12 mails were held back by the cap in the hour from 2026-11-21T09:00:00.000Z; penstock "
                              "errors lists their objects.\n\n"));
    CHECK(holds(message.html, "<p>12 mails were held back"));
    place.held_before = 1;
    CHECK(holds(render(&SUMMARIES_OBJECT, &summary, &place).text, "1 mail was held back"));
}

static void the_gravest_severity_is_found(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_DONE);
    const struct report report = { .summary = &summary, .patterns = &SUMMARIES_SET };
    enum ps_severity severity = PS_SEVERITY_INFO;
    CHECK(report_severity(&report, &severity));
    CHECK_EQ(severity, PS_SEVERITY_FATAL);
    summary.totals.counts[SUMMARIES_OOM].lines = 0;
    CHECK(report_severity(&report, &severity));
    CHECK_EQ(severity, PS_SEVERITY_ERROR);
    summary.totals.counts[SUMMARIES_TIMEOUT].lines = 0;
    CHECK(!report_severity(&report, &severity));
    CHECK_TEXT(render(&SUMMARIES_OBJECT, &summary, &FREE).subject,
               "[clean] s3://logs/app/2026 \"x\".gz: nothing found");
}

/* -- links --------------------------------------------------------------------------------------------------------- */

static void a_link_is_of_the_partition(void)
{
    static const struct {
        const char *region, *link;
    } CASES[] = {
        { "eu-west-1", "https://console.aws.amazon.com/s3/object/b?region=eu-west-1&prefix=k" },
        { "cn-north-1", "https://console.amazonaws.cn/s3/object/b?region=cn-north-1&prefix=k" },
        { "us-gov-west-1", "https://console.amazonaws-us-gov.com/s3/object/b?region=us-gov-west-1&prefix=k" },
        { "us-iso-east-1", NULL },
        { "", NULL },
    };
    const struct ps_s3_object object = { .bucket = PS_SPAN("b"), .key = PS_SPAN("k") };
    struct summary summary = summaries_sample(&arena, SUMMARY_DONE);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct report report = { &object, &summary, &SUMMARIES_SET, &FREE, ps_span_of(CASES[i].region) };
        struct ps_ses_message message = { 0 };
        CHECK_OK(report_render(&arena, &report, &message));
        CHECK_EQ(holds(message.text, "https://"), CASES[i].link != NULL);
        CHECK_EQ(holds(message.html, "<a "), CASES[i].link != NULL);
        CHECK(CASES[i].link == NULL || holds(message.text, CASES[i].link));
    }
}

static void a_key_cannot_leave_the_link(void)
{
    const struct ps_s3_object object = { .bucket = PS_SPAN("b"), .key = PS_SPAN("a b&c=\"><script>#?+\xc3\xa9/\n") };
    struct summary summary = summaries_sample(&arena, SUMMARY_DONE);
    struct ps_ses_message message = render(&object, &summary, &FREE);
    CHECK(holds(message.text, "&prefix=a%20b%26c%3D%22%3E%3Cscript%3E%23%3F%2B%C3%A9/%0A\n"));
    CHECK(!holds(message.html, "<script"));
}

/* -- attacks and limits -------------------------------------------------------------------------------------------- */

#define EVIL "</pre><script>alert('x')</script>\"&\r\nBcc: x@example.com\x1b"

static void nothing_in_a_summary_is_markup(void)
{
    const struct ps_s3_object object = { .bucket = PS_SPAN(EVIL), .key = PS_SPAN(EVIL), .version_id = PS_SPAN(EVIL) };
    struct summary summary = summaries_sample(&arena, SUMMARY_DEAD);
    summary.reason = PS_SPAN(EVIL);
    struct ps_scan_sample *sample = &summary.totals.counts[SUMMARIES_TIMEOUT].samples[0];
    sample->text = sample->fields[0].value = PS_SPAN(EVIL);
    struct ps_ses_message message = render(&object, &summary, &FREE);
    CHECK(!holds(message.html, "<script") && !holds(message.html, "</script"));
    CHECK(!holds(message.html, "'") && !holds(message.html, "\"&") && !holds(message.html, "\x1b"));
    CHECK(!holds(message.text, "\x1b") && !holds(message.text, "\r"));
    for (size_t i = 0; i < message.subject.len; i++)
        CHECK((unsigned char)message.subject.data[i] >= ' ');
}

static void the_longest_key_leaves_room_for_the_counts(void)
{
    static char key[1024];
    memset(key, 'k', sizeof key);
    struct ps_s3_object object = { .bucket = { key, 63 }, .key = { key, sizeof key } };
    struct summary summary = summaries_sample(&arena, SUMMARY_DEAD);
    summary.reason = ps_span_make(key, 64);
    for (size_t i = 0; i < SUMMARIES_PATTERNS; i++)
        summary.totals.counts[i].lines = UINT64_MAX / 2;
    struct ps_ses_message message = render(&object, &summary, &FREE);
    CHECK(ps_span_ends(message.subject, PS_SPAN(" error, 9223372036854775807 warn")));
    memset(key, '\xff', sizeof key); /* every byte as three in the link */
    object.version_id = object.key;
    message = render(&object, &summary, &FREE);
    CHECK(holds(message.text, "%FF\n"));
}

/* The most patterns with the most samples of the most bytes. */
static void samples_that_have_no_room_are_counted(void)
{
    static char text[PS_SCAN_SAMPLE_BYTES_MAX], name[PS_PATTERN_NAME_BYTES_MAX];
    memset(text, '"', sizeof text);
    memset(name, 'n', sizeof name);
    struct ps_patterns patterns = { .items = PS_ARENA_ARRAY(&arena, struct ps_pattern, PS_PATTERNS_MAX),
                                    .count = PS_PATTERNS_MAX };
    struct summary summary = { .state = SUMMARY_DONE, .reason = PS_SPAN("") };
    CHECK_OK(ps_scan_totals_make(&arena, &patterns, &summary.totals));
    for (size_t i = 0; i < PS_PATTERNS_MAX; i++) {
        const struct ps_scan_hit at = { UINT64_MAX, UINT64_MAX, SUMMARIES_T0 };
        struct ps_scan_count *count = &summary.totals.counts[i];
        patterns.items[i] = (struct ps_pattern){ .name = { name, sizeof name }, .severity = PS_SEVERITY_ERROR };
        *count = (struct ps_scan_count){ .lines = UINT64_MAX / 1000, .first = at, .last = at };
        count->sample_count = PS_PATTERN_SAMPLES_MAX;
        for (size_t j = 0; j < PS_PATTERN_SAMPLES_MAX; j++) {
            count->samples[j] = (struct ps_scan_sample){ .at = at, .text = { text, sizeof text } };
            count->samples[j].field_count = PS_PATTERN_GROUPS_MAX;
            for (size_t k = 0; k < PS_PATTERN_GROUPS_MAX; k++)
                count->samples[j].fields[k] = (struct ps_scan_field){ { name, sizeof name }, { text, sizeof text } };
        }
    }
    const struct report report = { &SUMMARIES_OBJECT, &summary, &patterns, &FREE, PS_SPAN("eu-west-1") };
    struct ps_ses_message message = { 0 };
    CHECK_OK(report_render(&arena, &report, &message));
    CHECK(message.text.len <= PS_SES_BODY_BYTES_MAX && message.html.len <= PS_SES_BODY_BYTES_MAX);
    CHECK(holds(message.text, " more samples are in the table of summaries.\n\nhttps://"));
    CHECK(holds(message.html, " more samples are in the table of summaries.</p>\n<p><a href="));
    CHECK(holds(message.text, "\n-- nnn"));
    CHECK(ps_span_ends(message.html, PS_SPAN("</body></html>\n")));
}

static enum ps_err render_one(const struct summary *summary)
{
    const struct report report = { &SUMMARIES_OBJECT, summary, &SUMMARIES_SET, &FREE, PS_SPAN("eu-west-1") };
    struct ps_ses_message message;
    return report_render(&arena, &report, &message);
}

static void memory_may_end_anywhere(void)
{
    struct summary summary = summaries_sample(&arena, SUMMARY_DEAD);
    PS_EACH_FAILURE(&arena, render_one(&summary));
}

int main(void)
{
    arena = check_arena(256 << 20);
    RUN(what_was_found_is_told_in_two_parts);
    RUN(what_is_dead_says_so_first);
    RUN(what_is_incomplete_says_so);
    RUN(what_was_held_back_is_told_by_the_next);
    RUN(the_gravest_severity_is_found);
    RUN(a_link_is_of_the_partition);
    RUN(a_key_cannot_leave_the_link);
    RUN(nothing_in_a_summary_is_markup);
    RUN(the_longest_key_leaves_room_for_the_counts);
    RUN(samples_that_have_no_room_are_counted);
    RUN(memory_may_end_anywhere);
    ps_arena_fini(&arena);
    return check_finish();
}
