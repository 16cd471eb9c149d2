#include "alerter/email.h"

#include <string.h>

#include "base/utf8.h"
#include "support/check.h"

static struct ps_arena arena;

/* 2026-11-21T10:00:00.123Z, and the window of five minutes that begins there. */
static const int64_t T0 = INT64_C(1795255200123);

static struct notice sample(enum notice_kind kind, uint64_t count)
{
    struct notice notice = {
        .kind = kind,
        .alert = { .id = PS_SPAN_INIT("7e262398-2950-561b-9ead-6b1cb6cd9c6e"),
                   .level = PS_LEVEL_ERROR,
                   .service = PS_SPAN_INIT("pay"),
                   .title = PS_SPAN_INIT("card refused"),
                   .message = PS_SPAN_INIT("card refused\n\tat pay() <main.c>"),
                   .time_ms = T0,
                   .account = PS_SPAN_INIT("123456789012"),
                   .region = PS_SPAN_INIT("eu-central-1"),
                   .link = PS_SPAN_INIT("https://logs.example/?a=1&b=2"),
                   .fields = { { PS_SPAN_INIT("env"), PS_SPAN_INIT("prod") } },
                   .field_count = 1 },
        .count = count,
        .from_ms = T0,
        .to_ms = T0 + INT64_C(300000),
    };
    memcpy(notice.alert.fingerprint, "0123456789abcdef0123456789abcdef", ALERT_FINGERPRINT_BYTES);
    return notice;
}

static struct ps_ses_message render(const struct notice *notice)
{
    struct ps_ses_message message = { .from = PS_SPAN_INIT("untouched") };
    CHECK_OK(email_render(&arena, notice, &message));
    CHECK_TEXT(message.from, "untouched");
    return message;
}

static bool holds(struct ps_span text, const char *part)
{
    return ps_span_find(text, ps_span_of(part)) != PS_SPAN_NONE;
}

/* -- whole mails --------------------------------------------------------------------------------------------------- */

#define FACTS_TEXT \
    "Service: pay\nLevel: ERROR\nTime: 2026-11-21T10:00:00.123Z\nAccount: 123456789012\nRegion: eu-central-1\n" \
    "env: prod\n"
/* The message keeps its line break and its tab; the last line is there to search mails by. */
#define REST_TEXT \
    "\ncard refused\n\tat pay() <main.c>\n\nhttps://logs.example/?a=1&b=2\n\n" \
    "Fingerprint 0123456789abcdef0123456789abcdef, id 7e262398-2950-561b-9ead-6b1cb6cd9c6e\n"

#define HEAD_HTML \
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head>\n<body " \
    "style=\"font-family:sans-serif\">\n"
#define ROW_HTML(name, value) \
    "<tr><th style=\"text-align:left;padding:2px 16px 2px 0\">" name "</th><td style=\"padding:2px 0\">" value \
    "</td></tr>\n"
#define REST_HTML \
    "<table style=\"border-collapse:collapse\">\n" ROW_HTML("Service", "pay") ROW_HTML("Level", "ERROR") \
        ROW_HTML("Time", "2026-11-21T10:00:00.123Z") ROW_HTML("Account", "123456789012") \
            ROW_HTML("Region", "eu-central-1") ROW_HTML( \
                "env", \
                "prod") "</table>\n<pre style=\"white-space:pre-wrap;border:1px solid #ccc;padding:8px\">\n" \
                        "card refused\n\tat pay() &lt;main.c&gt;</pre>\n" \
                        "<p><a href=\"https://logs.example/?a=1&amp;b=2\">https://logs.example/?a=1&amp;b=2</a></p>\n" \
                        "<p><small>Fingerprint 0123456789abcdef0123456789abcdef, id " \
                        "7e262398-2950-561b-9ead-6b1cb6cd9c6e</small></p>\n" \
                        "</body></html>\n"

static void the_first_of_its_kind(void)
{
    struct notice notice = sample(NOTICE_FIRED, 1);
    struct ps_ses_message message = render(&notice);
    CHECK_TEXT(message.subject, "[ERROR] pay: card refused");
    CHECK_TEXT(message.text, "[ERROR] pay: card refused\n\n" FACTS_TEXT REST_TEXT);
    CHECK_TEXT(message.html, HEAD_HTML "<h2>[ERROR] pay: card refused</h2>\n" REST_HTML);
}

static void a_summary_tells_how_often_it_came_again(void)
{
    struct notice notice = sample(NOTICE_SUMMARY, 17);
    struct ps_ses_message message = render(&notice);
    CHECK_TEXT(message.subject, "[ERROR] pay: card refused (17 more)");
    CHECK_TEXT(message.text, "[ERROR] pay: card refused (17 more)\n\n"
                             "It came 17 times more between 10:00:00 and 10:05:00 UTC.\n\n" FACTS_TEXT REST_TEXT);
    CHECK_TEXT(message.html, HEAD_HTML "<h2>[ERROR] pay: card refused (17 more)</h2>\n"
                                       "<p>It came 17 times more between 10:00:00 and 10:05:00 UTC.</p>\n" REST_HTML);
}

static void what_is_over_is_resolved(void)
{
    struct notice notice = sample(NOTICE_RESOLVED, 0);
    struct ps_ses_message message = render(&notice);
    CHECK_TEXT(message.subject, "[resolved] pay: card refused");
    CHECK_TEXT(message.text, "[resolved] pay: card refused\n\nIt has not come again.\n\n" FACTS_TEXT REST_TEXT);
    CHECK_TEXT(message.html,
               HEAD_HTML "<h2>[resolved] pay: card refused</h2>\n<p>It has not come again.</p>\n" REST_HTML);
}

/* It is about many alerts: nothing of a single one is there, and no fingerprint. */
static void what_was_held_back_is_a_count(void)
{
    struct notice notice = { .kind = NOTICE_HELD_BACK, .count = 12, .from_ms = T0, .to_ms = T0 + INT64_C(3600000) };
    notice.alert.service = PS_SPAN("pay");
    struct ps_ses_message message = render(&notice);
    CHECK_TEXT(message.subject, "[held back] 12 alerts were over the cap of pay");
    CHECK_TEXT(message.text,
               "[held back] 12 alerts were over the cap of pay\n\n"
               "12 alerts were over the cap of pay and not told there between 10:00:00 and 11:00:00 UTC.\n");
    CHECK_TEXT(message.html, HEAD_HTML "<h2>[held back] 12 alerts were over the cap of pay</h2>\n"
                                       "<p>12 alerts were over the cap of pay and not told there between 10:00:00 and "
                                       "11:00:00 UTC.</p>\n</body></html>\n");
}

static void what_nobody_says_is_left_out(void)
{
    struct notice notice = { .kind = NOTICE_FIRED,
                             .alert = { .service = PS_SPAN_INIT("topic"), .id = PS_SPAN_INIT("1") },
                             .count = 1 };
    memset(notice.alert.fingerprint, 'f', ALERT_FINGERPRINT_BYTES);
    notice.alert.title = notice.alert.service;
    struct ps_ses_message message = render(&notice);
    CHECK_TEXT(message.text, "topic\n\nService: topic\n\nFingerprint ffffffffffffffffffffffffffffffff, id 1\n");
    CHECK(!holds(message.html, "<pre") && !holds(message.html, "<a "));
}

/* -- attacks ------------------------------------------------------------------------------------------------------- */

#define EVIL "</pre><script>alert('x')</script>\"&\r\nBcc: x@example.com"

static void nothing_in_an_alert_is_markup(void)
{
    struct notice notice = sample(NOTICE_FIRED, 1);
    struct alert *alert = &notice.alert;
    alert->id = alert->service = alert->title = alert->message = alert->account = alert->region = PS_SPAN(EVIL);
    alert->fields[0].name = alert->fields[0].value = PS_SPAN(EVIL);
    alert->title = PS_SPAN("title " EVIL);
    alert->link = PS_SPAN("https://x/\"onmouseover='y'><script>");
    struct ps_ses_message message = render(&notice);
    CHECK(!holds(message.html, "<script") && !holds(message.html, "</script"));
    CHECK(!holds(message.html, "'") && !holds(message.html, "\"&"));
    CHECK(holds(message.html, "&lt;/pre&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp; \nBcc: x@"));
    CHECK(holds(message.html, "<a href=\"https://x/&quot;onmouseover=&#39;y&#39;&gt;&lt;script&gt;\">"));
    CHECK(ps_span_ends(message.html, PS_SPAN("</small></p>\n</body></html>\n")));
}

static void a_subject_never_begins_another_header(void)
{
    struct notice notice = sample(NOTICE_FIRED, 1);
    notice.alert.title = PS_SPAN("a\r\nBcc: x\0\x1b[1m\x7f");
    struct ps_ses_message message = render(&notice);
    CHECK_TEXT(message.subject, "[ERROR] pay: a  Bcc: x  [1m ");
}

static void the_text_keeps_line_breaks_and_tabs_only(void)
{
    struct notice notice = sample(NOTICE_FIRED, 1);
    notice.alert.message = PS_SPAN("\na\tb\r\nc\0d\x1b\n\n\te\x7f\n");
    struct ps_ses_message message = render(&notice);
    CHECK(holds(message.text, "env: prod\n\n\na\tb \nc d \n\n\te \n\n\nhttps://"));
    CHECK(holds(message.html, "px\">\n\na\tb \nc d \n\n\te \n</pre>\n"));
}

static void only_https_is_a_link(void)
{
    static const struct ps_span LINKS[] = {
        PS_SPAN_INIT(""),
        PS_SPAN_INIT("javascript:alert(1)"),
        PS_SPAN_INIT("http://logs.example/"),
        PS_SPAN_INIT("data:text/html,x"),
        PS_SPAN_INIT(" https://logs.example/"),
        PS_SPAN_INIT("https://logs.example/ x"),
        PS_SPAN_INIT("https://logs.example/\nx"),
        PS_SPAN_INIT("https://logs.example/\x7f"),
    };
    struct notice notice = sample(NOTICE_FIRED, 1);
    for (size_t i = 0; i < sizeof LINKS / sizeof LINKS[0]; i++) {
        notice.alert.link = LINKS[i];
        struct ps_ses_message message = render(&notice);
        CHECK(!holds(message.html, "<a "));
        CHECK(!holds(message.text, "logs.example") && !holds(message.text, "script"));
    }
}

/* -- limits -------------------------------------------------------------------------------------------------------- */

static void the_largest_alert_fits(void)
{
    static char text[8192];
    struct notice notice = sample(NOTICE_SUMMARY, UINT64_MAX);
    struct alert *alert = &notice.alert;
    memset(text, '"', sizeof text); /* six bytes each in HTML: nothing is longer */
    struct ps_span huge = ps_span_make(text, sizeof text);
    alert->id = ps_span_first(huge, ALERT_ID_BYTES_MAX);
    alert->title = ps_span_first(huge, ALERT_TITLE_BYTES_MAX);
    alert->message = ps_span_first(huge, ALERT_MESSAGE_BYTES_MAX);
    alert->service = alert->account = alert->region = huge;
    alert->field_count = ALERT_FIELDS_MAX;
    for (size_t i = 0; i < ALERT_FIELDS_MAX; i++)
        alert->fields[i] = (struct alert_field){ huge, huge };
    struct ps_ses_message message = render(&notice);
    CHECK(message.subject.len <= PS_SES_SUBJECT_BYTES_MAX);
    CHECK(message.html.len < PS_SES_BODY_BYTES_MAX / 2);
    CHECK(holds(message.html, "&quot;…</td>"));
}

static void long_links_are_left_out(void)
{
    static char text[2049];
    memset(text, 'a', sizeof text);
    memcpy(text, "https://", 8);
    struct notice notice = sample(NOTICE_FIRED, 1);
    notice.alert.link = ps_span_make(text, 2048);
    CHECK(holds(render(&notice).html, "<a "));
    notice.alert.link.len++;
    CHECK(!holds(render(&notice).html, "<a "));
}

static void a_full_arena_is_told(void)
{
    struct notice notice = sample(NOTICE_SUMMARY, 17);
    struct ps_ses_message message = { .subject = PS_SPAN_INIT("untouched") };
    arena.fail_countdown = 3;
    CHECK_ERR(email_render(&arena, &notice, &message), PS_ERR_NO_MEMORY);
    arena.fail_countdown = 0;
    CHECK_TEXT(message.subject, "untouched");
    PS_EACH_FAILURE(&arena, email_render(&arena, &notice, &message));
}

int main(void)
{
    arena = check_arena(16 << 20);
    RUN(the_first_of_its_kind);
    RUN(a_summary_tells_how_often_it_came_again);
    RUN(what_is_over_is_resolved);
    RUN(what_was_held_back_is_a_count);
    RUN(what_nobody_says_is_left_out);
    RUN(nothing_in_an_alert_is_markup);
    RUN(a_subject_never_begins_another_header);
    RUN(the_text_keeps_line_breaks_and_tabs_only);
    RUN(only_https_is_a_link);
    RUN(the_largest_alert_fits);
    RUN(long_links_are_left_out);
    RUN(a_full_arena_is_told);
    ps_arena_fini(&arena);
    return check_finish();
}
