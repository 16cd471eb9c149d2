#include "alerts.h"

static const char *const SAMPLES[] = {
    "eventbridge-log-error", "eventbridge-log-error-replayed",
    "eventbridge-alarm",     "eventbridge-alarm-ok",
    "lambda-alarm",          "sns-alarm",
    "sns-opensearch",        "eventbridge-schedule",
};
enum { SAMPLE_COUNT = sizeof SAMPLES / sizeof SAMPLES[0] };

static void replayed_events_say_so_and_are_otherwise_the_same(void)
{
    struct alert live = alerts_only(alerts_sample("eventbridge-log-error"));
    struct alert again = alerts_only(alerts_sample("eventbridge-log-error-replayed"));
    CHECK(!live.replayed);
    CHECK(again.replayed);
    CHECK_SPAN(again.id, live.id);
    CHECK(alerts_same(&live, &again));
}

static void a_schedule_has_no_alerts(void)
{
    static const char *const SCHEDULES[] = {
        "{\"detail-type\":\"Scheduled Event\",\"source\":\"aws.events\",\"detail\":{}}",
        "{\"schedule\":\"alerter\"}",
        " {\"a\":1,\"schedule\":null} ",
    };
    for (size_t i = 0; i <= sizeof SCHEDULES / sizeof SCHEDULES[0]; i++) {
        bool sample = i == sizeof SCHEDULES / sizeof SCHEDULES[0];
        struct payload payload = alerts_open(sample ? alerts_sample("eventbridge-schedule") : ps_span_of(SCHEDULES[i]));
        struct alert alert;
        bool more = true;
        CHECK_EQ(payload.kind, PAYLOAD_SCHEDULE);
        CHECK_OK(payload_next(&payload, &alerts_arena, &alert, &more));
        CHECK(!more);
    }
}

/* An SQS envelope is not read: what is in it would be lost with the batch. */
static void what_is_none_of_these_is_refused_by_names_and_without_its_text(void)
{
    static const char *const UNKNOWN[] = {
        "{}",
        "[]",
        "7",
        "\"text\"",
        "{\"password\":\"hunter2\"}",
        "{\"detail-type\":\"hunter2\",\"detail\":{}}",
        "{\"detail-type\":7}",
        "{\"AlarmName\":\"hunter2\"}",
        "{\"monitor\":{}}",
        "{\"Records\":[]}",
        "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"hunter2\"}]}",
        "{\"awslogs\":{\"data\":\"\"}}",
    };
    for (size_t i = 0; i < sizeof UNKNOWN / sizeof UNKNOWN[0]; i++) {
        struct payload payload;
        CHECK_ERR(payload_open(ps_span_of(UNKNOWN[i]), &payload), PS_ERR_BAD_INPUT);
        CHECK(strstr(ps_err_note()->text, "hunter2") == NULL);
        CHECK(strstr(ps_err_note()->text, "LogError") != NULL);
        CHECK(strstr(ps_err_note()->text, "{\"schedule\":...}") != NULL);
    }
}

static void what_is_no_json_is_refused_by_its_offset(void)
{
    static const char *const NO_JSON[] = { "", "{", "{\"schedule\":1}x", "{\"schedule\":hunter2}" };
    struct payload payload;
    for (size_t i = 0; i < sizeof NO_JSON / sizeof NO_JSON[0]; i++) {
        CHECK_ERR(payload_open(ps_span_of(NO_JSON[i]), &payload), PS_ERR_BAD_INPUT);
        CHECK(strstr(ps_err_note()->text, "hunter2") == NULL);
    }
    char deep[400];
    memset(deep, '[', sizeof deep);
    CHECK_ERR(payload_open(ps_span_make(deep, sizeof deep), &payload), PS_ERR_TOO_DEEP);
}

static void an_event_in_a_message_is_that_event(void)
{
    struct alert alert = alerts_only(
        PS_SPAN("{\"Records\":[{\"Sns\":{\"MessageId\":\"m\",\"TopicArn\":\"arn:aws:sns:eu-west-1:1:t\",\"Message\":"
                "\"{\\\"detail-type\\\":\\\"LogError\\\",\\\"region\\\":\\\"r\\\",\\\"replay-name\\\":\\\"a\\\","
                "\\\"detail\\\":{\\\"id\\\":\\\"i\\\",\\\"message\\\":\\\"x\\\"}}\"}}]}"));
    CHECK_EQ(alert.source, ALERT_LOG);
    CHECK_TEXT(alert.id, "i");
    CHECK_TEXT(alert.region, "r");
    CHECK(alert.replayed);
}

static void a_clock_that_comes_by_sns_is_ignored(void)
{
    struct alert alert = alerts_only(PS_SPAN("{\"Records\":[{\"Sns\":{\"MessageId\":\"m\",\"Message\":"
                                             "\"{\\\"detail-type\\\":\\\"Scheduled Event\\\"}\"}}]}"));
    CHECK(alert.ignored);
    CHECK_TEXT(alert.why, "schedule_by_sns");
}

static void a_bad_message_is_its_own_fault_only(void)
{
    struct payload payload = alerts_open(
        PS_SPAN("{\"Records\":[{\"Sns\":{\"MessageId\":\"1\",\"Message\":\"a\"}},{\"Sns\":{\"Message\":\"b\"}},"
                "{\"Sns\":{\"MessageId\":\"3\",\"Message\":\"{\\\"alarmData\\\":{}}\"}},"
                "{\"Sns\":{\"MessageId\":\"4\",\"Message\":\"d\"}}]}"));
    struct alert alert = alerts_next(&payload);
    bool more = true;
    CHECK_TEXT(alert.id, "1");
    CHECK_ERR(payload_next(&payload, &alerts_arena, &alert, &more), PS_ERR_BAD_INPUT);
    CHECK_ERR(payload_next(&payload, &alerts_arena, &alert, &more), PS_ERR_BAD_INPUT);
    CHECK_TEXT(alert.id, "1"); /* a failure leaves it as it was */
    CHECK_TEXT(alerts_next(&payload).id, "4");
    CHECK_OK(payload_next(&payload, &alerts_arena, &alert, &more));
    CHECK(!more);
}

static void a_payload_that_cannot_be_read_is_not_read_twice(void)
{
    struct payload payload = alerts_open(PS_SPAN("{\"detail-type\":\"LogError\"}"));
    struct alert alert;
    bool more = true;
    CHECK_ERR(payload_next(&payload, &alerts_arena, &alert, &more), PS_ERR_BAD_INPUT);
    CHECK_OK(payload_next(&payload, &alerts_arena, &alert, &more));
    CHECK(!more);
}

static void of_two_members_with_one_name_one_counts_and_unknown_ones_do_not(void)
{
    struct alert alert = alerts_only(PS_SPAN("{\"x\":[{}],\"detail-type\":\"LogError\",\"detail\":{\"y\":{\"id\":"
                                             "\"no\"},\"\\u0069d\":\"first\",\"id\":\"second\","
                                             "\"service\":\"a\",\"service\":\"b\"},\"detail-type\":\"LogError\"}"));
    CHECK_TEXT(alert.id, "first");
    CHECK_TEXT(alert.service, "a");
}

static void no_prefix_opens(void)
{
    for (size_t s = 0; s < SAMPLE_COUNT; s++) {
        struct ps_span sample = ps_span_trim(alerts_sample(SAMPLES[s]));
        for (size_t len = 0; len < sample.len; len++) {
            struct ps_span copy = exact_copy(ps_span_first(sample, len));
            struct payload payload;
            CHECK_ERR(payload_open(copy, &payload), PS_ERR_BAD_INPUT);
            exact_free(copy);
        }
    }
}

/* What SNS carries is JSON again: a cut message is text. */
static void every_prefix_of_a_carried_message_is_an_alert(void)
{
    struct payload whole = alerts_open(alerts_sample("sns-alarm"));
    struct ps_sns_message message;
    bool more = false;
    CHECK_OK(ps_from_sns_next(&whole.sns, &alerts_arena, &message, &more));
    for (size_t len = 0; len < message.text.len; len++) {
        struct ps_arena_mark mark = ps_arena_mark(&alerts_arena);
        struct ps_buf buf;
        ps_buf_init(&buf, &alerts_arena, 64 << 10);
        ps_buf_put(&buf, PS_SPAN("{\"Records\":[{\"Sns\":{\"MessageId\":\"i\",\"Message\":\""));
        for (size_t i = 0; i < len; i++) {
            if (message.text.data[i] == '"' || message.text.data[i] == '\\') ps_buf_byte(&buf, '\\');
            ps_buf_byte(&buf, message.text.data[i]);
        }
        ps_buf_put(&buf, PS_SPAN("\"}}]}"));
        struct ps_span copy = exact_copy(ps_buf_span(&buf));
        CHECK_EQ(alerts_only(copy).source, ALERT_TEXT);
        exact_free(copy);
        ps_arena_rewind(&alerts_arena, mark);
    }
}

static enum ps_err read_all(struct ps_arena *arena, struct ps_span sample)
{
    struct payload payload;
    PS_TRY(payload_open(sample, &payload));
    for (bool more = true; more;) {
        struct alert alert;
        PS_TRY(payload_next(&payload, arena, &alert, &more));
    }
    return PS_OK;
}

static void no_memory_is_told_and_later_calls_succeed(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t s = 0; s < SAMPLE_COUNT - 1; s++) { /* a schedule needs none */
        struct ps_span sample = alerts_sample(SAMPLES[s]);
        PS_EACH_FAILURE(&arena, read_all(&arena, sample));
    }
    ps_arena_fini(&arena);
}

static void sources_have_names(void)
{
    CHECK_TEXT(alert_source_name(ALERT_LOG), "log");
    CHECK_TEXT(alert_source_name(ALERT_ALARM), "alarm");
    CHECK_TEXT(alert_source_name(ALERT_OPENSEARCH), "opensearch");
    CHECK_TEXT(alert_source_name(ALERT_TEXT), "text");
}

int main(void)
{
    alerts_arena = check_arena(4 << 20);
    RUN(replayed_events_say_so_and_are_otherwise_the_same);
    RUN(a_schedule_has_no_alerts);
    RUN(what_is_none_of_these_is_refused_by_names_and_without_its_text);
    RUN(what_is_no_json_is_refused_by_its_offset);
    RUN(an_event_in_a_message_is_that_event);
    RUN(a_clock_that_comes_by_sns_is_ignored);
    RUN(a_bad_message_is_its_own_fault_only);
    RUN(a_payload_that_cannot_be_read_is_not_read_twice);
    RUN(of_two_members_with_one_name_one_counts_and_unknown_ones_do_not);
    RUN(no_prefix_opens);
    RUN(every_prefix_of_a_carried_message_is_an_alert);
    RUN(no_memory_is_told_and_later_calls_succeed);
    RUN(sources_have_names);
    ps_arena_fini(&alerts_arena);
    return check_finish();
}
