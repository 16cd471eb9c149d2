#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

static const int64_t MS_2026 = 1795255200123; /* 2026-11-21T10:00:00.123Z */

static bool same_as_libc(int64_t ms)
{
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    time_t when = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&when, &tm) == NULL) return false;
    struct ps_time_civil civil = ps_time_to_civil(ms);
    int64_t back = 0;
    return civil.year == tm.tm_year + 1900 && civil.month == tm.tm_mon + 1 && civil.day == tm.tm_mday &&
           civil.hour == tm.tm_hour && civil.minute == tm.tm_min && civil.second == tm.tm_sec &&
           civil.ms == ms - seconds * 1000 && ps_time_from_civil(civil, &back) && back == ms && timegm(&tm) == when;
}

static void every_day_of_four_centuries_is_as_libc_says(void)
{
    for (int64_t day = -200000; day < 200000; day++)
        CHECK_OR_RETURN(same_as_libc(day * 86400000 + (day % 1000 + 1000) * 1234));
}

static void any_moment_is_as_libc_says(void)
{
    struct random random = { 9 };
    for (int round = 0; round < 200000; round++)
        CHECK_OR_RETURN(same_as_libc((int64_t)(random_next(&random) >> random_below(&random, 50)) / 4096));
    for (int64_t ms = -5000; ms < 5000; ms++)
        CHECK_OR_RETURN(same_as_libc(ms));
}

static void the_limits_of_the_type_are_survived(void)
{
    struct ps_time_civil last = ps_time_to_civil(INT64_MAX);
    CHECK_EQ(last.year, 292278994);
    int64_t back = 0;
    CHECK(ps_time_from_civil(last, &back));
    CHECK_EQ(back, INT64_MAX);
    CHECK_EQ(ps_time_to_civil(INT64_MIN).year, -292275055);
    CHECK(!ps_time_from_civil((struct ps_time_civil){ .year = INT32_MAX, .month = 1, .day = 1 }, &back));
    CHECK(!ps_time_from_civil((struct ps_time_civil){ .year = INT32_MIN, .month = 1, .day = 1 }, &back));
}

static void parts_out_of_range_are_refused(void)
{
    static const struct {
        struct ps_time_civil civil;
        bool ok;
    } CASES[] = {
        { { 2026, 1, 31, 23, 59, 59, 999 }, true }, { { 2026, 0, 1, 0, 0, 0, 0 }, false },
        { { 2026, 13, 1, 0, 0, 0, 0 }, false },     { { 2026, 1, 0, 0, 0, 0, 0 }, false },
        { { 2026, 1, 32, 0, 0, 0, 0 }, false },     { { 2026, 4, 31, 0, 0, 0, 0 }, false },
        { { 2026, 2, 30, 0, 0, 0, 0 }, false },     { { 2026, 2, 29, 0, 0, 0, 0 }, false },
        { { 2024, 2, 29, 0, 0, 0, 0 }, true },      { { 2000, 2, 29, 0, 0, 0, 0 }, true },
        { { 1900, 2, 29, 0, 0, 0, 0 }, false },     { { 2026, 1, 1, 24, 0, 0, 0 }, false },
        { { 2026, 1, 1, 0, 60, 0, 0 }, false },     { { 2026, 1, 1, 0, 0, 61, 0 }, false },
        { { 2026, 1, 1, 0, 0, 0, 1000 }, false },   { { 2016, 12, 31, 23, 59, 60, 0 }, true },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        int64_t ms = 0;
        CHECK_EQ(ps_time_from_civil(CASES[i].civil, &ms), CASES[i].ok);
    }
    int64_t leap = 0;
    int64_t before = 0;
    CHECK(ps_time_from_civil((struct ps_time_civil){ 2016, 12, 31, 23, 59, 60, 7 }, &leap));
    CHECK(ps_time_from_civil((struct ps_time_civil){ 2016, 12, 31, 23, 59, 59, 7 }, &before));
    CHECK_EQ(leap, before);
}

static void texts_are_written_in_their_forms(void)
{
    char iso[PS_TIME_ISO_BYTES];
    char day[PS_TIME_DAY_BYTES];
    ps_time_iso(MS_2026, iso);
    CHECK_SPAN(ps_span_make(iso, sizeof iso), PS_SPAN("2026-11-21T10:00:00.123Z"));
    ps_time_day(MS_2026, '.', day);
    CHECK_SPAN(ps_span_make(day, sizeof day), PS_SPAN("2026.11.21"));
    ps_time_iso(PS_TIME_TEXT_MS_MIN, iso);
    CHECK_SPAN(ps_span_make(iso, sizeof iso), PS_SPAN("0000-01-01T00:00:00.000Z"));
    ps_time_iso(PS_TIME_TEXT_MS_MAX, iso);
    CHECK_SPAN(ps_span_make(iso, sizeof iso), PS_SPAN("9999-12-31T23:59:59.999Z"));
    ps_time_iso(-1, iso);
    CHECK_SPAN(ps_span_make(iso, sizeof iso), PS_SPAN("1969-12-31T23:59:59.999Z"));
}

static void what_is_written_is_read_back(void)
{
    struct random random = { 10 };
    const uint64_t range = (uint64_t)(PS_TIME_TEXT_MS_MAX - PS_TIME_TEXT_MS_MIN + 1);
    for (int round = 0; round < 200000; round++) {
        int64_t ms = PS_TIME_TEXT_MS_MIN + (int64_t)random_below(&random, range);
        char iso[PS_TIME_ISO_BYTES];
        ps_time_iso(ms, iso);
        int64_t back = 0;
        CHECK_OR_RETURN(ps_time_parse_iso(ps_span_make(iso, sizeof iso), &back));
        CHECK_OR_RETURN(back == ms);
    }
}

static bool parses_to(bool (*parse)(struct ps_span, int64_t *), const char *text, int64_t wanted)
{
    struct ps_span copy = exact_copy(ps_span_of(text));
    int64_t ms = 0;
    bool ok = parse(copy, &ms);
    exact_free(copy);
    if (!ok || ms != wanted) printf("#   %s: %s %" PRId64 "\n", text, ok ? "gives" : "refused", ms);
    return ok && ms == wanted;
}

static bool refuses(bool (*parse)(struct ps_span, int64_t *), const char *text)
{
    struct ps_span copy = exact_copy(ps_span_of(text));
    int64_t ms = 42;
    bool ok = parse(copy, &ms);
    exact_free(copy);
    if (ok) printf("#   accepted: %s\n", text);
    return !ok && ms == 42;
}

static void iso_times_are_read_as_logs_have_them(void)
{
    static const int64_t S = 1795255200000;
    static const struct {
        const char *text;
        int64_t wanted;
    } CASES[] = {
        { "2026-11-21T10:00:00.123Z", 1795255200123 },
        { "2026-11-21T10:00:00Z", S },
        { "2026-11-21T10:00:00", S },
        { "2026-11-21 10:00:00", S },
        { "2026-11-21T10:00Z", S },
        { "2026-11-21t10:00:00z", S },
        { "2026-11-21 10:00:00,123", S + 123 },
        { "2026-11-21T10:00:00.1Z", S + 100 },
        { "2026-11-21T10:00:00.12Z", S + 120 },
        { "2026-11-21T10:00:00.123999999999Z", S + 123 },
        { "2026-11-21T10:00:00.0009", S },
        { "2026-11-21T11:00:00+01:00", S },
        { "2026-11-21T11:00:00+0100", S },
        { "2026-11-21T11:00:00+01", S },
        { "2026-11-21T04:30:00.5-05:30", S + 500 },
        { "2026-11-21 11:00:00 +0100", S },
        { "2026-11-21 10:00:00 Z", S },
        { "2026-11-21T10:00:00-00:00", S },
        { "2026-11-22T09:59:00+23:59", S },
        { "2016-12-31T23:59:60Z", 1483228799000 },
        { "1970-01-01T00:00:00Z", 0 },
        { "0000-01-01T00:00:00Z", -62167219200000 },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK(parses_to(ps_time_parse_iso, CASES[i].text, CASES[i].wanted));
}

static void what_is_no_iso_time_is_refused(void)
{
    static const char *const CASES[] = {
        "",
        "2026",
        "2026-11-21",
        "2026-11-21T",
        "2026-11-21T10",
        "2026-11-21T10:",
        "2026-11-21T10:0",
        "2026-11-21T10:00:",
        "2026-11-21T10:00:0",
        "2026-11-21T10:00:00.",
        "2026-11-21T10:00:00.Z",
        "2026-11-21T10:00:00ZZ",
        "2026-11-21T10:00:00Z ",
        " 2026-11-21T10:00:00Z",
        "2026-11-21  10:00:00",
        "2026-11-21_10:00:00",
        "2026/11/21 10:00:00",
        "2026-13-21T10:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T10:60:00Z",
        "2026-11-21T10:00:61Z",
        "26-11-21T10:00:00Z",
        "2026-1-21T10:00:00Z",
        "2026-11-21T10:00:00+",
        "2026-11-21T10:00:00+1",
        "2026-11-21T10:00:00+01:",
        "2026-11-21T10:00:00+01:0",
        "2026-11-21T10:00:00+01000",
        "2026-11-21T10:00:00+24:00",
        "2026-11-21T10:00:00+01:60",
        "2026-11-21T10:00:00 ",
        "2026-11-21T10:00:00 UTC",
        "2026-11-21T1\xb2:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "+2026-11-21T10:00:00Z",
        "20261121T100000Z",
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK(refuses(ps_time_parse_iso, CASES[i]));
}

static void access_log_times_are_read(void)
{
    CHECK(parses_to(ps_time_parse_clf, "21/Nov/2026:10:00:00 +0000", 1795255200000));
    CHECK(parses_to(ps_time_parse_clf, "21/Nov/2026:05:00:00 -0500", 1795255200000));
    CHECK(parses_to(ps_time_parse_clf, "29/Feb/2024:00:00:00 +0000", 1709164800000));
    CHECK(parses_to(ps_time_parse_clf, "01/Jan/1970:00:00:00 +0000", 0));
    static const char *const REFUSED[] = {
        "",
        "21/Nov/2026",
        "21/Nov/2026:10:00:00",
        "21/Nov/2026:10:00:00 ",
        "21/nov/2026:10:00:00 +0000",
        "1/Nov/2026:10:00:00 +0000",
        "21/Nov/2026:10:00:00+0000",
        "21/Nov/2026:10:00:00 +0000]",
        "31/Nov/2026:10:00:00 +0000",
        "21/Nox/2026:10:00:00 +0000",
        "21-Nov-2026:10:00:00 +0000",
        "21/Nov/2026:10:00:00  +0000",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++)
        CHECK(refuses(ps_time_parse_clf, REFUSED[i]));
}

static void every_month_name_is_known(void)
{
    static const char *const NAMES[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    for (unsigned month = 0; month < 12; month++) {
        char text[32];
        (void)snprintf(text, sizeof text, "15/%s/2026:12:00:00 +0000", NAMES[month]);
        int64_t ms = 0;
        CHECK(ps_time_parse_clf(ps_span_of(text), &ms));
        CHECK_EQ(ps_time_to_civil(ms).month, month + 1);
    }
}

static void epochs_tell_their_unit_by_their_size(void)
{
    static const struct {
        const char *text;
        int64_t wanted;
    } CASES[] = {
        { "0", 0 },
        { "1795255200", 1795255200000 },
        { "1795255200.5", 1795255200500 },
        { "1795255200.1239", 1795255200123 },
        { "1795255200123", 1795255200123 },
        { "1795255200123.9", 1795255200123 },
        { "1795255200123456", 1795255200123 },
        { "1795255200123456789", 1795255200123 },
        { "1.795255200e9", 1795255200000 },
        { "99999999999", 99999999999000 },
        { "99999999999.999", 99999999999999 },
        { "100000000000", 100000000000 },
        { "99999999999999", 99999999999999 },
        { "100000000000000", 100000000000 },
        { "99999999999999999", 99999999999999 },
        { "100000000000000000", 100000000000 },
        { "-1", -1000 },
        { "-1795255200123", -1795255200123 },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK(parses_to(ps_time_parse_epoch, CASES[i].text, CASES[i].wanted));
    static const char *const REFUSED[] = {
        "", "x", "1x", "1 ", "1e99", "99999999999999999999", "-99999999999", "1.2.3"
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++)
        CHECK(refuses(ps_time_parse_epoch, REFUSED[i]));
}

static void every_prefix_is_safe(void)
{
    static const char *const SAMPLES[] = { "2026-11-21T10:00:00.123456+01:00", "21/Nov/2026:10:00:00 +0000",
                                           "1795255200.123" };
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        struct ps_span sample = ps_span_of(SAMPLES[i]);
        for (size_t len = 0; len <= sample.len; len++) {
            struct ps_span copy = exact_copy(ps_span_first(sample, len));
            int64_t ms = 0;
            bool any = ps_time_parse_iso(copy, &ms);
            any |= ps_time_parse_clf(copy, &ms);
            any |= ps_time_parse_epoch(copy, &ms);
            CHECK(any || len < sample.len);
            exact_free(copy);
        }
    }
}

int main(void)
{
    RUN(every_day_of_four_centuries_is_as_libc_says);
    RUN(any_moment_is_as_libc_says);
    RUN(the_limits_of_the_type_are_survived);
    RUN(parts_out_of_range_are_refused);
    RUN(texts_are_written_in_their_forms);
    RUN(what_is_written_is_read_back);
    RUN(iso_times_are_read_as_logs_have_them);
    RUN(what_is_no_iso_time_is_refused);
    RUN(access_log_times_are_read);
    RUN(every_month_name_is_known);
    RUN(epochs_tell_their_unit_by_their_size);
    RUN(every_prefix_is_safe);
    return check_finish();
}
