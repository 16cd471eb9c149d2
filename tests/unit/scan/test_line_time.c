#include "scan/line_time.h"

#include "base/time.h"
#include "support/check.h"
#include "support/exact.h"

#define TEN INT64_C(1795255200000) /* 2026-11-21T10:00:00Z */

static int64_t time_of(const char *line)
{
    struct ps_span copy = exact_copy(ps_span_of(line));
    int64_t ms = ps_line_time_find(copy);
    exact_free(copy);
    return ms;
}

static void iso_at_the_begin_is_read_with_its_zone(void)
{
    CHECK_EQ(time_of("2026-11-21T10:00:00.123Z ERROR x"), TEN + 123);
    CHECK_EQ(time_of("2026-11-21 10:00:00,123 ERROR x"), TEN + 123);
    CHECK_EQ(time_of("2026-11-21 11:00:00 +0100 x"), TEN);
    CHECK_EQ(time_of("2026-11-21T11:00:00+01:00"), TEN);
    CHECK_EQ(time_of("2026-11-21T10:00 x"), TEN);
    CHECK_EQ(time_of("[2026-11-21T10:00:00Z] x"), TEN);
    CHECK_EQ(time_of("\"2026-11-21T10:00:00Z\",x"), TEN);
    CHECK_EQ(time_of("2026/11/21 10:00:00 [error] 7#7: x"), TEN);
    CHECK_EQ(time_of("<34>1 2026-11-21T10:00:00Z host app"), TEN);
}

static void seconds_and_finer_since_1970_are_read_at_the_begin(void)
{
    CHECK_EQ(time_of("1795255200 x"), TEN);
    CHECK_EQ(time_of("1795255200.5 x"), TEN + 500);
    CHECK_EQ(time_of("1795255200123\tx"), TEN + 123);
    CHECK_EQ(time_of("[1795255200] x"), TEN);
}

static void a_json_line_is_asked_for_its_member(void)
{
    CHECK_EQ(time_of("{\"level\":\"error\",\"ts\":1795255200.25,\"m\":1}"), TEN + 250);
    CHECK_EQ(time_of("{\"time\": \"2026-11-21T10:00:00Z\"}"), TEN);
    CHECK_EQ(time_of("{\"@timestamp\":\"2026-11-21T10:00:00Z\"}"), TEN);
    CHECK_EQ(time_of("{\"timestamp\":1795255200123}"), TEN + 123);
    CHECK_EQ(time_of("{\"time\":\"late\",\"timestamp\":1795255200123}"), TEN + 123);
}

static void an_access_logs_time_is_read_in_its_bracket(void)
{
    CHECK_EQ(time_of("10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 500 1"), TEN);
}

static void what_is_no_time_is_none(void)
{
    static const char *const LINES[] = {
        "",
        "Nov 21 10:00:00 host app: no year",
        "ERROR at 2026-11-21T10:00:00Z",
        "2026-13-21T10:00:00Z x",
        "2026-11-21T10:00:00Zulu",
        "123456789 x",
        "17952552001234567890123 x",
        "1795255200x",
        "{\"a\":1}",
        "{\"time\":",
        "{\"ts\":\"",
        "[error] x",
        "[",
        "<34>",
        "<34",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++)
        CHECK_EQ(time_of(LINES[i]), PS_LINE_TIME_NONE);
}

static void every_prefix_stays_inside_its_bytes(void)
{
    static const char *const LINES[] = {
        "<34>1 2026-11-21T10:00:00.123456789+01:00 x",
        "2026-11-21 10:00:00 +0100 x",
        "{\"ts\":\"2026-11-21T10:00:00.5Z\"}",
        "1 - - [21/Nov/2026:10:00:00 +0000] x",
        "1795255200.123 x",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        struct ps_span line = ps_span_of(LINES[i]);
        for (size_t len = 0; len <= line.len; len++) {
            struct ps_span copy = exact_copy(ps_span_first(line, len));
            int64_t ms = ps_line_time_find(copy);
            CHECK(ms == PS_LINE_TIME_NONE || (ms >= PS_TIME_TEXT_MS_MIN && ms <= PS_TIME_TEXT_MS_MAX));
            exact_free(copy);
        }
    }
}

int main(void)
{
    RUN(iso_at_the_begin_is_read_with_its_zone);
    RUN(seconds_and_finer_since_1970_are_read_at_the_begin);
    RUN(a_json_line_is_asked_for_its_member);
    RUN(an_access_logs_time_is_read_in_its_bracket);
    RUN(what_is_no_time_is_none);
    RUN(every_prefix_stays_inside_its_bytes);
    return check_finish();
}
