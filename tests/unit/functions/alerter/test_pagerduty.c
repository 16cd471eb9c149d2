#include "alerter/pagerduty.h"

#include <jansson.h>
#include <string.h>

#include "notices.h"
#include "support/check.h"

#define KEY "0123456789abcdef0123456789abcdef"

enum { SERVICE_BYTES_MAX = 512 << 10, FULL_BYTES = 8 << 10 };

static struct ps_arena arena;

static struct ps_span render(const struct notice *notice)
{
    struct ps_span body = { 0 };
    CHECK_OK(pagerduty_render(&arena, notice, PS_SPAN(KEY), &body));
    return body;
}

static void a_first_alert_triggers(void)
{
    struct notice notice = notices_of(NOTICE_FIRED, 3);
    CHECK_TEXT(
        render(&notice),
        "{\"routing_key\":\"" KEY "\",\"event_action\":\"trigger\",\"dedup_key\":\"penstock-" NOTICES_FINGERPRINT
        "\",\"client\":\"Penstock\",\"payload\":{\"summary\":\"[ERROR] pay: card refused: <limit> & more\","
        "\"source\":\"pay\",\"severity\":\"error\",\"timestamp\":\"2026-11-21T10:00:00.000Z\",\"component\":\"pay\","
        "\"group\":\"123456789012\",\"class\":\"log line\",\"custom_details\":{\"message\":"
        "\"card refused: <limit> & more\\n\\tat pay.c:17\",\"count\":3,\"account\":\"123456789012\","
        "\"region\":\"eu-central-1\",\"id\":\"7e262398-2950-561b-9ead-d53435e1e851\","
        "\"fields\":{\"env\":\"prod\",\"orderId\":\"a-17\"}}},"
        "\"links\":[{\"href\":\"https://logs.example/app?a=1&b=2\",\"text\":\"Open\"}]}");
}

/* The same dedup_key closes what the trigger opened. */
static void the_end_resolves(void)
{
    struct notice notice = notices_of(NOTICE_RESOLVED, 3);
    CHECK_TEXT(render(&notice), "{\"routing_key\":\"" KEY
                                "\",\"event_action\":\"resolve\",\"dedup_key\":\"penstock-" NOTICES_FINGERPRINT "\"}");
}

static void what_an_alert_lacks_is_left_out(void)
{
    struct notice notice = { .kind = NOTICE_FIRED, .count = 1 };
    notice.alert = (struct alert){ .source = ALERT_ALARM, .level = PS_LEVEL_FATAL };
    notice.alert.service = notice.alert.title = PS_SPAN("cpu-high");
    memcpy(notice.alert.fingerprint, NOTICES_FINGERPRINT, ALERT_FINGERPRINT_BYTES);
    CHECK_TEXT(render(&notice),
               "{\"routing_key\":\"" KEY "\",\"event_action\":\"trigger\",\"dedup_key\":\"penstock-" NOTICES_FINGERPRINT
               "\",\"client\":\"Penstock\",\"payload\":{\"summary\":\"[FATAL] cpu-high\",\"source\":\"cpu-high\","
               "\"severity\":\"critical\",\"component\":\"cpu-high\",\"class\":\"CloudWatch alarm\","
               "\"custom_details\":{\"count\":1}}}");
}

static void summaries_are_not_for_pagerduty(void)
{
    CHECK(pagerduty_concerns(NOTICE_FIRED));
    CHECK(pagerduty_concerns(NOTICE_RESOLVED));
    CHECK(!pagerduty_concerns(NOTICE_SUMMARY));
    CHECK(!pagerduty_concerns(NOTICE_HELD_BACK));
}

static void each_level_and_source_has_its_word(void)
{
    static const struct {
        enum ps_level level;
        const char *severity;
    } LEVELS[] = { { PS_LEVEL_FATAL, "\"critical\"" }, { PS_LEVEL_ERROR, "\"error\"" },
                   { PS_LEVEL_WARN, "\"warning\"" },   { PS_LEVEL_INFO, "\"info\"" },
                   { PS_LEVEL_DEBUG, "\"info\"" },     { PS_LEVEL_TRACE, "\"info\"" },
                   { PS_LEVEL_NONE, "\"info\"" } };
    static const struct {
        enum alert_source source;
        const char *class;
    } SOURCES[] = { { ALERT_LOG, "\"log line\"" },
                    { ALERT_ALARM, "\"CloudWatch alarm\"" },
                    { ALERT_OPENSEARCH, "\"OpenSearch monitor\"" },
                    { ALERT_TEXT, "\"message\"" } };
    struct notice notice = notices_of(NOTICE_FIRED, 1);
    for (size_t i = 0; i < sizeof LEVELS / sizeof LEVELS[0]; i++) {
        notice.alert.level = LEVELS[i].level;
        CHECK(ps_span_find(render(&notice), ps_span_of(LEVELS[i].severity)) != PS_SPAN_NONE);
    }
    for (size_t i = 0; i < sizeof SOURCES / sizeof SOURCES[0]; i++) {
        notice.alert.source = SOURCES[i].source;
        CHECK(ps_span_find(render(&notice), ps_span_of(SOURCES[i].class)) != PS_SPAN_NONE);
    }
}

static void only_https_becomes_a_link(void)
{
    static const char *const NO_LINKS[] = { "", "http://a.example/", "javascript:alert(1)" };
    struct notice notice = notices_of(NOTICE_FIRED, 1);
    for (size_t i = 0; i < sizeof NO_LINKS / sizeof NO_LINKS[0]; i++) {
        notice.alert.link = ps_span_of(NO_LINKS[i]);
        CHECK(ps_span_find(render(&notice), PS_SPAN("\"links\"")) == PS_SPAN_NONE);
    }
}

/* What needs most room in JSON, in every text, at every length around the limits. */
static void the_fullest_alert_is_an_event_within_the_limits(void)
{
    static const struct ps_span UNITS[] = { PS_SPAN_INIT("\x01"), PS_SPAN_INIT("\""), PS_SPAN_INIT("\u65e5"),
                                            PS_SPAN_INIT("\U0001f600") };
    static const size_t LIMITS[] = { PAGERDUTY_SUMMARY_CHARS_MAX, PAGERDUTY_LINK_BYTES_MAX, FULL_BYTES };
    for (size_t u = 0; u < sizeof UNITS / sizeof UNITS[0]; u++) {
        for (size_t l = 0; l < 3 * sizeof LIMITS / sizeof LIMITS[0]; l++) {
            struct ps_buf buf, link;
            ps_buf_init(&buf, &arena, 2 * (size_t)FULL_BYTES);
            while (buf.len < LIMITS[l / 3] - 1 + l % 3)
                ps_buf_put(&buf, UNITS[u]);
            struct ps_span text = ps_buf_span(&buf);
            ps_buf_init(&link, &arena, 2 * (size_t)FULL_BYTES);
            ps_buf_put(&link, PS_SPAN("https://"));
            ps_buf_put(&link, text);
            struct notice notice = notices_of(NOTICE_FIRED, INT64_MAX);
            struct alert *alert = &notice.alert;
            alert->service = alert->title = alert->account = alert->region = alert->id = text;
            alert->link = ps_buf_span(&link);
            alert->message = ps_span_first(text, ALERT_MESSAGE_BYTES_MAX - ALERT_MESSAGE_BYTES_MAX % UNITS[u].len);
            alert->field_count = ALERT_FIELDS_MAX;
            for (size_t i = 0; i < ALERT_FIELDS_MAX; i++)
                alert->fields[i] = (struct alert_field){ text, text };
            struct ps_span body = render(&notice);
            CHECK(body.len <= PAGERDUTY_BODY_BYTES_MAX);
            CHECK(body.len <= SERVICE_BYTES_MAX);
            json_t *event = json_loadb(body.data, body.len, 0, NULL);
            CHECK_OR_RETURN(event != NULL);
            const json_t *summary = json_object_get(json_object_get(event, "payload"), "summary");
            CHECK(json_string_length(summary) <= PAGERDUTY_SUMMARY_CHARS_MAX);
            CHECK(json_string_length(summary) > 0);
            json_decref(event);
        }
    }
}

static enum ps_err render_one(void)
{
    struct notice notice = notices_of(NOTICE_FIRED, 17);
    struct ps_span body;
    return pagerduty_render(&arena, &notice, PS_SPAN(KEY), &body);
}

static void every_failure_is_told(void)
{
    PS_EACH_FAILURE(&arena, render_one());
}

int main(void)
{
    arena = check_arena(16 << 20);
    RUN(a_first_alert_triggers);
    RUN(the_end_resolves);
    RUN(what_an_alert_lacks_is_left_out);
    RUN(summaries_are_not_for_pagerduty);
    RUN(each_level_and_source_has_its_word);
    RUN(only_https_becomes_a_link);
    RUN(the_fullest_alert_is_an_event_within_the_limits);
    RUN(every_failure_is_told);
    ps_arena_fini(&arena);
    return check_finish();
}
