#include "alerts.h"

#define TOPIC "arn:aws:sns:eu-west-1:123456789012:ops-alerts"
#define MESSAGE(members) "{\"Records\":[{\"Sns\":{\"Timestamp\":\"2026-11-21T10:00:00.123Z\"," members "}}]}"
#define TEXT(members) alerts_only(PS_SPAN(MESSAGE("\"MessageId\":\"i\",\"TopicArn\":\"" TOPIC "\"," members)))

static void a_message_is_told_under_its_subject(void)
{
    struct alert alert = TEXT("\"Subject\":\" Disk\\u0020full \",\"Message\":\"on h-1\\nsecond line\"");
    CHECK_EQ(alert.source, ALERT_TEXT);
    CHECK(!alert.over && !alert.ignored && !alert.replayed);
    CHECK_EQ(alert.level, PS_LEVEL_ERROR);
    CHECK_TEXT(alert.id, "i");
    CHECK_TEXT(alert.service, "ops-alerts");
    CHECK_TEXT(alert.title, "Disk full");
    CHECK_TEXT(alert.message, "on h-1\nsecond line");
    CHECK_EQ(alert.time_ms, 1795255200123);
    CHECK_TEXT(alert.account, "123456789012");
    CHECK_TEXT(alert.region, "eu-west-1");
    CHECK_EQ(alert.field_count, 0);
}

static void without_a_subject_the_first_line_is_the_title(void)
{
    CHECK_TEXT(TEXT("\"Subject\":null,\"Message\":\"\\n on h-1 \\nsecond line\"").title, "on h-1");
    CHECK_TEXT(TEXT("\"Message\":\"\"").title, "ops-alerts");
    CHECK_TEXT(alerts_only(PS_SPAN(MESSAGE("\"MessageId\":\"i\",\"Message\":\"\""))).title, "unknown");
    CHECK_TEXT(alerts_only(PS_SPAN(MESSAGE("\"MessageId\":\"i\",\"TopicArn\":\"short\",\"Message\":\"\""))).service,
               "short");
}

static void json_of_somebody_else_is_text(void)
{
    static const char *const TEXTS[] = { "{\\\"a\\\":1}",
                                         "{\\\"detail-type\\\":\\\"EC2 Instance State-change Notification\\\"}",
                                         "{\\\"detail-type\\\":7}",
                                         "[1]",
                                         "{\\\"AlarmName\\\":\\\"x\\\"",
                                         "Monitor x is fine" };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct alert alert = alerts_only(alerts_with(MESSAGE("\"MessageId\":\"i\",\"Message\":\"@\""), TEXTS[i]));
        CHECK_EQ(alert.source, ALERT_TEXT);
    }
}

static void a_message_without_an_id_is_refused(void)
{
    CHECK_ERR(alerts_failure(PS_SPAN(MESSAGE("\"Message\":\"x\""))), PS_ERR_BAD_INPUT);
    CHECK_ERR(alerts_failure(PS_SPAN(MESSAGE("\"MessageId\":7,\"Message\":\"x\""))), PS_ERR_BAD_INPUT);
}

static void fingerprints_are_of_topic_subject_and_text(void)
{
    struct alert alert = TEXT("\"Subject\":\"s\",\"Message\":\"17 jobs failed\"");
    struct alert same = TEXT("\"Subject\":\"s\",\"Message\":\"18 jobs failed\"");
    struct alert subject = TEXT("\"Subject\":\"t\",\"Message\":\"17 jobs failed\"");
    struct alert text = TEXT("\"Subject\":\"s\",\"Message\":\"17 jobs lost\"");
    struct alert topic =
        alerts_only(PS_SPAN(MESSAGE("\"MessageId\":\"i\",\"Subject\":\"s\",\"Message\":\"17 jobs failed\"")));
    CHECK(alerts_same(&alert, &same));
    CHECK(!alerts_same(&alert, &subject));
    CHECK(!alerts_same(&alert, &text));
    CHECK(!alerts_same(&alert, &topic));
}

/* OpenSearch's own template with what else people leave in it. */
static void what_only_begins_like_opensearchs_template_has_what_it_says(void)
{
    struct alert alert =
        TEXT("\"Message\":\"Monitor a \\\"b\\\" just entered alert status. Please look.\\r\\n- Severity: 4\\r\\n- x\"");
    CHECK_EQ(alert.source, ALERT_OPENSEARCH);
    CHECK_TEXT(alert.service, "a \"b\"");
    CHECK_TEXT(alert.title, "a \"b\"");
    CHECK_EQ(alert.level, PS_LEVEL_WARN);
    CHECK_TEXT(alert.id, "i"); /* no period end: the message's own */
    CHECK_EQ(TEXT("\"Message\":\"Monitor  just entered alert status.\"").source, ALERT_TEXT);
    CHECK_EQ(TEXT("\"Message\":\"Monitor just entered alert status.\"").source, ALERT_TEXT);
    CHECK_EQ(TEXT("\"Message\":\"The Monitor x just entered alert status.\"").source, ALERT_TEXT);
}

int main(void)
{
    alerts_arena = check_arena(4 << 20);
    RUN(a_message_is_told_under_its_subject);
    RUN(without_a_subject_the_first_line_is_the_title);
    RUN(json_of_somebody_else_is_text);
    RUN(a_message_without_an_id_is_refused);
    RUN(fingerprints_are_of_topic_subject_and_text);
    RUN(what_only_begins_like_opensearchs_template_has_what_it_says);
    ps_arena_fini(&alerts_arena);
    return check_finish();
}
