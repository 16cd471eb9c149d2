#include "alerter/notice.h"

#include <string.h>

#include "base/utf8.h"
#include "support/check.h"

enum { TEN_O_CLOCK = 36000000, MINUTE = 60000 };
static const int64_t DAY_MS = INT64_C(1795219200000); /* 2026-11-21T00:00:00Z */

static char memory[4096];

static struct notice sample(enum notice_kind kind, uint64_t count)
{
    return (struct notice){
        .kind = kind,
        .alert = { .level = PS_LEVEL_ERROR, .service = PS_SPAN_INIT("pay"), .title = PS_SPAN_INIT("card refused") },
        .count = count,
        .from_ms = DAY_MS + TEN_O_CLOCK,
        .to_ms = DAY_MS + TEN_O_CLOCK + 5 * MINUTE + 1999
    };
}

static struct ps_span line(struct ps_span text, size_t bytes_max)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    notice_put_line(&buf, text, bytes_max);
    CHECK_EQ(buf.err, PS_OK);
    return ps_buf_span(&buf);
}

static struct ps_span title(const struct notice *notice, size_t bytes_max)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    notice_put_title(&buf, notice, bytes_max);
    CHECK_EQ(buf.err, PS_OK);
    return ps_buf_span(&buf);
}

static struct ps_span count_of(struct notice notice)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    notice_put_count(&buf, &notice);
    CHECK_EQ(buf.err, PS_OK);
    return ps_buf_span(&buf);
}

/* -- lines --------------------------------------------------------------------------------------------------------- */

static void control_characters_become_spaces(void)
{
    CHECK_TEXT(line(PS_SPAN("a\r\nb\tc\0d\x7f\x1b[e \xc3\xa9"), 100), "a  b c d  [e \xc3\xa9");
    CHECK_TEXT(line(PS_SPAN(""), 100), "");
}

static void a_line_is_cut_between_characters_and_says_so(void)
{
    CHECK_TEXT(line(PS_SPAN("12345678"), 8), "12345678");
    CHECK_TEXT(line(PS_SPAN("123456789"), 8), "12345…");
    CHECK_TEXT(line(PS_SPAN("1234\xc3\xa9"
                            "789"),
                    8),
               "1234…");
    CHECK_TEXT(line(PS_SPAN("123456789"), 3), "…");
    CHECK_TEXT(line(PS_SPAN("123456789"), 2), "");
    CHECK_TEXT(line(PS_SPAN("123456789"), 0), "");
}

/* -- titles -------------------------------------------------------------------------------------------------------- */

static void a_title_tells_level_service_and_what(void)
{
    struct notice notice = sample(NOTICE_FIRED, 1);
    CHECK_TEXT(title(&notice, 900), "[ERROR] pay: card refused");
    notice = sample(NOTICE_FIRED, 20);
    CHECK_TEXT(title(&notice, 900), "[ERROR] pay: card refused");
    notice = sample(NOTICE_SUMMARY, 17);
    CHECK_TEXT(title(&notice, 900), "[ERROR] pay: card refused (17 more)");
    notice = sample(NOTICE_RESOLVED, 17);
    CHECK_TEXT(title(&notice, 900), "[resolved] pay: card refused");
    notice = sample(NOTICE_HELD_BACK, 12);
    CHECK_TEXT(title(&notice, 900), "[held back] 12 alerts were over the cap of pay");
}

static void one_alert_is_one(void)
{
    struct notice notice = sample(NOTICE_HELD_BACK, 1);
    CHECK_TEXT(title(&notice, 900), "[held back] 1 alert was over the cap of pay");
    CHECK_TEXT(count_of(sample(NOTICE_HELD_BACK, 1)),
               "1 alert was over the cap of pay and not told there between 10:00:00 and 10:05:01 UTC.");
}

static void a_service_that_is_the_title_is_told_once(void)
{
    struct notice notice = sample(NOTICE_FIRED, 1);
    notice.alert.title = notice.alert.service;
    CHECK_TEXT(title(&notice, 900), "[ERROR] pay");
}

static void without_a_level_there_are_no_empty_brackets(void)
{
    struct notice notice = sample(NOTICE_FIRED, 1);
    notice.alert.level = PS_LEVEL_NONE;
    CHECK_TEXT(title(&notice, 900), "pay: card refused");
    notice = sample(NOTICE_RESOLVED, 1);
    notice.alert.level = PS_LEVEL_NONE;
    CHECK_TEXT(title(&notice, 900), "[resolved] pay: card refused");
}

static void a_title_is_one_line_however_it_comes(void)
{
    struct notice notice = sample(NOTICE_FIRED, 1);
    notice.alert.service = PS_SPAN("pay\r\nBcc: x");
    notice.alert.title = PS_SPAN("a\nb");
    CHECK_TEXT(title(&notice, 900), "[ERROR] pay  Bcc: x: a b");
}

static void the_longest_title_fits_and_is_cut_where_asked(void)
{
    static char long_text[4 * ALERT_TITLE_BYTES_MAX];
    for (size_t i = 0; i < sizeof long_text; i += 2)
        memcpy(long_text + i, "\xc3\xa9", 2);
    struct notice notice = sample(NOTICE_SUMMARY, UINT64_MAX);
    notice.alert.service = ps_span_make(long_text, sizeof long_text);
    notice.alert.title = ps_span_make(long_text, sizeof long_text - 2);
    struct ps_span whole = title(&notice, 900);
    CHECK(ps_span_ends(whole, PS_SPAN("… (18446744073709551615 more)")));
    CHECK(whole.len <= 8 + ALERT_TITLE_BYTES_MAX / 2 + 2 + ALERT_TITLE_BYTES_MAX + 28);
    for (size_t bytes_max = 3; bytes_max < 300; bytes_max++) {
        struct ps_span cut = title(&notice, bytes_max);
        CHECK(cut.len <= bytes_max && cut.len + 3 > bytes_max); /* the next character has 3 bytes at most */
        CHECK(ps_span_ends(cut, PS_SPAN("…")));
        CHECK_EQ(ps_utf8_valid_prefix(cut), cut.len);
    }
}

/* -- counts -------------------------------------------------------------------------------------------------------- */

static void the_count_of_what_fired(void)
{
    CHECK_TEXT(count_of(sample(NOTICE_FIRED, 0)), "");
    CHECK_TEXT(count_of(sample(NOTICE_FIRED, 1)), "");
    CHECK_TEXT(count_of(sample(NOTICE_FIRED, 20)), "It came 20 times before this was told.");
}

static void the_count_of_a_window(void)
{
    CHECK_TEXT(count_of(sample(NOTICE_SUMMARY, 17)), "It came 17 times more between 10:00:00 and 10:05:01 UTC.");
    CHECK_TEXT(count_of(sample(NOTICE_SUMMARY, 1)), "It came once more between 10:00:00 and 10:05:01 UTC.");
    CHECK_TEXT(count_of(sample(NOTICE_RESOLVED, 2)), "It came 2 times more between 10:00:00 and 10:05:01 UTC.");
    CHECK_TEXT(count_of(sample(NOTICE_RESOLVED, 0)), "It has not come again.");
    CHECK_TEXT(count_of(sample(NOTICE_HELD_BACK, 12)),
               "12 alerts were over the cap of pay and not told there between 10:00:00 and 10:05:01 UTC.");
}

static void a_window_over_midnight_tells_the_days(void)
{
    struct notice notice = sample(NOTICE_SUMMARY, 17);
    notice.from_ms = DAY_MS - 1;
    notice.to_ms = DAY_MS;
    CHECK_TEXT(count_of(notice), "It came 17 times more between 2026-11-20 23:59:59 and 2026-11-21 00:00:00 UTC.");
}

int main(void)
{
    RUN(control_characters_become_spaces);
    RUN(a_line_is_cut_between_characters_and_says_so);
    RUN(a_title_tells_level_service_and_what);
    RUN(one_alert_is_one);
    RUN(a_service_that_is_the_title_is_told_once);
    RUN(without_a_level_there_are_no_empty_brackets);
    RUN(a_title_is_one_line_however_it_comes);
    RUN(the_longest_title_fits_and_is_cut_where_asked);
    RUN(the_count_of_what_fired);
    RUN(the_count_of_a_window);
    RUN(a_window_over_midnight_tells_the_days);
    return check_finish();
}
