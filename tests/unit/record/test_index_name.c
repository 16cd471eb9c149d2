#include "record/index_name.h"

#include "support/check.h"

static const int64_t T0 = 1795255200000; /* 2026-11-21T10:00:00Z */
static const int64_t HOUR = 3600000;

static struct ps_index_name compiled(const char *pattern)
{
    struct ps_index_name name = { 0 };
    CHECK_OK(ps_index_name_compile(ps_span_of(pattern), &name));
    return name;
}

static struct ps_span name_at(const struct ps_index_name *name, int64_t ms)
{
    static char memory[600];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_index_name_put(&buf, name, ms);
    CHECK(buf.err == PS_OK);
    return ps_buf_span(&buf);
}

static void a_pattern_takes_the_utc_day_of_the_event(void)
{
    struct ps_index_name name = compiled(PS_INDEX_NAME_DEFAULT);
    CHECK_TEXT(name_at(&name, T0), "app-logs-2026.11.21");
    CHECK_TEXT(name_at(&name, T0 + 14 * HOUR - 1), "app-logs-2026.11.21");
    CHECK_TEXT(name_at(&name, T0 + 14 * HOUR), "app-logs-2026.11.22");
    name = compiled("%Y-%m-%d-%H.x");
    CHECK_TEXT(name_at(&name, T0), "2026-11-21-10.x");
    name = compiled("logs_%Y");
    CHECK_TEXT(name_at(&name, T0), "logs_2026");
    name = compiled("d%d.m%m.y%Y");
    CHECK_TEXT(name_at(&name, T0), "d21.m11.y2026");
}

static void a_fixed_name_stays(void)
{
    struct ps_index_name name = compiled("my-stream");
    CHECK_TEXT(name_at(&name, T0), "my-stream");
    CHECK_TEXT(name_at(&name, -5), "my-stream");
    CHECK_EQ(ps_index_name_period(&name, -5), ps_index_name_period(&name, T0));
}

static void a_stamp_outside_the_years_is_undated(void)
{
    struct ps_index_name name = compiled(PS_INDEX_NAME_DEFAULT);
    CHECK_TEXT(name_at(&name, 0), "app-logs-undated");
    CHECK_TEXT(name_at(&name, 946684799999), "app-logs-undated");
    CHECK_TEXT(name_at(&name, 946684800000), "app-logs-2000.01.01");
    CHECK_TEXT(name_at(&name, 4133980799999), "app-logs-2100.12.31");
    CHECK_TEXT(name_at(&name, 4133980800000), "app-logs-undated");
    CHECK_TEXT(name_at(&name, INT64_MIN), "app-logs-undated");
    CHECK_TEXT(name_at(&name, INT64_MAX), "app-logs-undated");
    name = compiled("%Y.%m-app");
    CHECK_TEXT(name_at(&name, 0), "undated-app");
}

static void equal_periods_are_equal_names(void)
{
    static const char *const PATTERNS[] = { "x", "x%Y", "x%Y%m", "x%Y%m%d", "x%Y%m%d%H" };
    for (size_t p = 0; p < sizeof PATTERNS / sizeof PATTERNS[0]; p++) {
        struct ps_index_name name = compiled(PATTERNS[p]);
        char last[64] = "";
        int64_t period = 0;
        for (int64_t ms = T0 - HOUR * 24 * 500; ms < T0; ms += HOUR * 7 / 2) {
            struct ps_span text = name_at(&name, ms);
            bool same = text.len == strlen(last) && memcmp(text.data, last, text.len) == 0;
            if (last[0] != '\0') CHECK_EQ(ps_index_name_period(&name, ms) == period, same);
            period = ps_index_name_period(&name, ms);
            memcpy(last, text.data, text.len);
            last[text.len] = '\0';
        }
    }
}

static void names_follow_the_rules_of_opensearch(void)
{
    static const char *const GOOD[] = { "a", "app-logs-2026.11.21", ".hidden", "a_b+c", "caf\xc3\xa9", "a%b", "a..b" };
    static const char *const BAD[] = { "",    ".",    "..",  "-a",  "_a",   "+a",    "A",    "aB",
                                       "a b", "a\\b", "a/b", "a*b", "a?b",  "a\"b",  "a<b",  "a>b",
                                       "a|b", "a,b",  "a#b", "a:b", "a\nb", "a\x7f", "a\xff" };
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
        CHECK(ps_index_name_ok(ps_span_of(GOOD[i])));
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        CHECK(!ps_index_name_ok(ps_span_of(BAD[i])));
    char longest[256];
    memset(longest, 'a', sizeof longest);
    CHECK(ps_index_name_ok(ps_span_make(longest, 255)));
    CHECK(!ps_index_name_ok(ps_span_make(longest, 256)));
}

static void patterns_that_cannot_work_are_refused(void)
{
    static const char *const BAD[] = { "",           "Logs-%Y", "a%",  "a%y", "a%%",     "a-%m", "a-%Y-%d",
                                       "a-%Y.%m.%H", "%Y%Y",    "_%Y", "a b", "logs/%Y", "-%Y" };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct ps_index_name name;
        CHECK_ERR(ps_index_name_compile(ps_span_of(BAD[i]), &name), PS_ERR_BAD_CONFIG);
    }
    /* 252 + 4 digits are too long although the pattern itself is not. */
    char pattern[254];
    memset(pattern, 'a', sizeof pattern);
    pattern[252] = '%';
    pattern[253] = 'Y';
    struct ps_index_name name;
    CHECK_ERR(ps_index_name_compile(ps_span_make(pattern, 254), &name), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_index_name_compile(ps_span_make(pattern + 1, 253), &name), PS_ERR_BAD_CONFIG);
    CHECK_OK(ps_index_name_compile(ps_span_make(pattern + 4, 250), &name));
}

static void the_number_of_indices_has_a_cap(void)
{
    struct ps_index_name name = compiled(PS_INDEX_NAME_DEFAULT);
    struct ps_index_name_seen seen = { 0 };
    for (int64_t day = 0; day < PS_INDEX_NAME_SEEN_MAX; day++) {
        CHECK(ps_index_name_admit(&seen, &name, T0 + day * 24 * HOUR));
        CHECK(ps_index_name_admit(&seen, &name, T0 + day * 24 * HOUR + 1));
    }
    CHECK(!ps_index_name_admit(&seen, &name, 0));
    CHECK(ps_index_name_admit(&seen, &name, T0));
}

int main(void)
{
    RUN(a_pattern_takes_the_utc_day_of_the_event);
    RUN(a_fixed_name_stays);
    RUN(a_stamp_outside_the_years_is_undated);
    RUN(equal_periods_are_equal_names);
    RUN(names_follow_the_rules_of_opensearch);
    RUN(patterns_that_cannot_work_are_refused);
    RUN(the_number_of_indices_has_a_cap);
    return check_finish();
}
