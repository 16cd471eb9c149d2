#include "alerts.h"

#define ARN "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:5xx rate: checkout/api"
#define ALARM_ID ARN "|ALARM|1795255200123"

/* An alarm as an action gives it; '@' is put in its place. */
#define ACTION(arn, state) \
    "{\"source\":\"aws.cloudwatch\",\"alarmArn\":\"" arn "\",\"alarmData\":{\"alarmName\":\"n\",\"state\":{" state "}" \
    "}" \
    "}"
#define STATE(value) "\"value\":\"" value "\",\"timestamp\":\"2026-11-21T10:00:00.123+0000\""
#define SHORT_ARN "arn:aws:cloudwatch:eu-west-1:1:alarm:n"

static void check_sample(const struct alert *alert)
{
    CHECK_EQ(alert->source, ALERT_ALARM);
    CHECK(!alert->over && !alert->ignored && !alert->replayed);
    CHECK_TEXT(alert->id, ALARM_ID);
    CHECK_EQ(alert->level, PS_LEVEL_ERROR);
    CHECK_TEXT(alert->title, "5xx rate: checkout/api");
    CHECK_TEXT(alert->service, "5xx rate: checkout/api");
    CHECK(ps_span_starts(alert->message, PS_SPAN("Threshold Crossed: 1 out of the last 1 datapoints [12.0")));
    CHECK(ps_span_ends(alert->message, PS_SPAN("transition).\nCustomers cannot pay.")));
    CHECK_EQ(alert->time_ms, 1795255200123);
    CHECK_TEXT(alert->account, "123456789012");
    CHECK_TEXT(alert->region, "eu-central-1");
    CHECK_TEXT(alert->link, "https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/"
                            "5xx%20rate%3A%20checkout%2Fapi");
    CHECK_EQ(alert->field_count, 3);
    CHECK_TEXT(alerts_field(alert, "metric"), "5XXError");
    CHECK_TEXT(alerts_field(alert, "namespace"), "AWS/ApiGateway");
    CHECK_TEXT(alerts_field(alert, "threshold"), "5.0");
}

/* An alarm with an action, a rule and a topic tells three times: it must be one alert. */
static void the_same_alarm_is_the_same_by_all_carriers(void)
{
    struct alert event = alerts_only(alerts_sample("eventbridge-alarm"));
    struct alert action = alerts_only(alerts_sample("lambda-alarm"));
    struct alert notification = alerts_only(alerts_sample("sns-alarm"));
    check_sample(&event);
    check_sample(&action);
    check_sample(&notification);
    CHECK(alerts_same(&event, &action));
    CHECK(alerts_same(&event, &notification));
}

static void ok_is_over_under_the_same_fingerprint(void)
{
    struct alert alarm = alerts_only(alerts_sample("eventbridge-alarm"));
    struct alert ok = alerts_only(alerts_sample("eventbridge-alarm-ok"));
    CHECK(ok.over && !ok.ignored);
    CHECK_TEXT(ok.id, ARN "|OK|1795255620456");
    CHECK(alerts_same(&alarm, &ok));
}

static void another_alarm_has_another_fingerprint(void)
{
    struct alert a = alerts_only(PS_SPAN(ACTION("arn:aws:cloudwatch:eu-west-1:1:alarm:a", STATE("ALARM"))));
    struct alert b = alerts_only(PS_SPAN(ACTION("arn:aws:cloudwatch:eu-west-1:1:alarm:b", STATE("ALARM"))));
    struct alert region = alerts_only(PS_SPAN(ACTION("arn:aws:cloudwatch:eu-west-2:1:alarm:a", STATE("ALARM"))));
    CHECK(!alerts_same(&a, &b));
    CHECK(!alerts_same(&a, &region));
}

static void what_is_no_trouble_is_ignored_with_its_reason(void)
{
    struct alert alert = alerts_only(PS_SPAN(ACTION(SHORT_ARN, STATE("INSUFFICIENT_DATA"))));
    CHECK(alert.ignored && !alert.over);
    CHECK_TEXT(alert.why, "insufficient_data");
    alert = alerts_only(PS_SPAN(ACTION(SHORT_ARN, STATE("ALARM") ",\"actionsSuppressedBy\":\"WaitPeriod\"")));
    CHECK(alert.ignored && !alert.over);
    CHECK_TEXT(alert.why, "actions_suppressed");
    alert = alerts_only(PS_SPAN(ACTION(SHORT_ARN, STATE("OK") ",\"actionsSuppressedBy\":\"WaitPeriod\"")));
    CHECK(!alert.ignored && alert.over);
}

static void what_it_cannot_be_told_by_is_needed(void)
{
    static const char *const BAD[] = {
        ACTION("", STATE("ALARM")),
        ACTION("arn:aws:cloudwatch:eu-west-1:1:alarm:", STATE("ALARM")),
        ACTION("arn:aws:cloudwatch:eu-west-1:1:alarm", STATE("ALARM")),
        ACTION("arn:aws:sns:eu-west-1:1:topic:n", STATE("ALARM")),
        ACTION("n", STATE("ALARM")),
        ACTION(SHORT_ARN, "\"value\":\"ALARM\""),
        ACTION(SHORT_ARN, "\"value\":\"ALARM\",\"timestamp\":1795255200"),
        ACTION(SHORT_ARN, STATE("alarm")),
        ACTION(SHORT_ARN, STATE("")),
        ACTION(SHORT_ARN, "\"timestamp\":\"2026-11-21T10:00:00.123+0000\",\"value\":7"),
        "{\"alarmData\":null}",
        "{\"alarmData\":[],\"alarmArn\":\"" SHORT_ARN "\"}",
        "{\"detail-type\":\"CloudWatch Alarm State Change\",\"resources\":[\"" SHORT_ARN "\"],\"detail\":\"{}\"}",
        "{\"AlarmName\":7,\"NewStateValue\":8,\"AlarmArn\":9,\"Trigger\":10}",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        CHECK_ERR(alerts_failure(ps_span_of(BAD[i])), PS_ERR_BAD_INPUT);
}

static void the_carriers_time_stands_in_for_the_states(void)
{
    struct alert alert = alerts_only(PS_SPAN("{\"detail-type\":\"CloudWatch Alarm State "
                                             "Change\",\"time\":\"2026-11-21T10:00:00Z\",\"resources\":[\"" SHORT_ARN
                                             "\"],\"detail\":{\"state\":{\"value\":\"ALARM\"}}}"));
    CHECK_TEXT(alert.id, SHORT_ARN "|ALARM|1795255200000");
    CHECK_TEXT(alert.title, "n"); /* out of the ARN */
}

static void links_lead_to_the_console_of_the_partition(void)
{
    static const char *const CASES[][2] = {
        { "arn:aws-cn:cloudwatch:cn-north-1:1:alarm:n",
          "https://console.amazonaws.cn/cloudwatch/home?region=cn-north-1#alarmsV2:alarm/n" },
        { "arn:aws-us-gov:cloudwatch:us-gov-west-1:1:alarm:a b",
          "https://console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1#alarmsV2:alarm/a%20b" },
        { "arn:aws:cloudwatch:x#<>&y:1:alarm:|\xc3\xbc",
          "https://console.aws.amazon.com/cloudwatch/home?region=x%23%3C%3E%26y#alarmsV2:alarm/%7C%C3%BC" },
        { "arn:aws-iso:cloudwatch:us-iso-east-1:1:alarm:n", "" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK_TEXT(alerts_only(alerts_with(ACTION("@", STATE("ALARM")), CASES[i][0])).link, CASES[i][1]);
}

static void a_composite_alarm_shows_its_rule_and_a_formula_its_first_metric(void)
{
    struct alert composite = alerts_only(PS_SPAN("{\"alarmArn\":\"" SHORT_ARN "\",\"alarmData\":{\"state\":{" STATE(
        "ALARM") ",\"reasonData\":\"{\\\"triggeringAlarms\\\":[]}\"},\"configuration\":{\"alarmRule\":"
                 "\"ALARM(a) AND ALARM(b)\",\"actionsSuppressor\":\"s\"}}}"));
    CHECK_EQ(composite.field_count, 1);
    CHECK_TEXT(alerts_field(&composite, "rule"), "ALARM(a) AND ALARM(b)");
    struct alert formula = alerts_only(PS_SPAN("{\"alarmArn\":\"" SHORT_ARN "\",\"alarmData\":{\"state\":{" STATE(
        "ALARM") ",\"reasonData\":\"no "
                 "JSON\"},\"configuration\":{\"metrics\":[{\"expression\":\"a/b\"},7,{\"metricStat\":{\"metric\":"
                 "{\"name\":\"Errors\",\"namespace\":\"AWS/"
                 "Lambda\"}}},{\"metricStat\":{\"metric\":{\"name\":\"other\"}}}]}}}"));
    CHECK_TEXT(alerts_field(&formula, "metric"), "Errors");
    CHECK_TEXT(alerts_field(&formula, "namespace"), "AWS/Lambda");
    CHECK_EQ(formula.field_count, 2);
}

static void a_long_name_is_cut_where_it_is_shown_and_whole_where_it_counts(void)
{
    char first[1021], second[1021];
    memset(first, 'n', sizeof first - 1);
    first[sizeof first - 1] = '\0';
    memcpy(second, first, sizeof second);
    second[sizeof second - 2] = 'm';
    const char *form =
        "{\"alarmArn\":\"arn:aws:cloudwatch:eu-west-1:1:alarm:@\",\"alarmData\":{\"alarmName\":\"@\",\"state\":{"
        "\"value\":\"ALARM\",\"timestamp\":\"2026-11-21T10:00:00Z\",\"reason\":\"@@@@@\"}}}";
    struct alert a = alerts_only(alerts_with(form, first));
    struct alert b = alerts_only(alerts_with(form, second));
    CHECK_EQ(a.title.len, sizeof first - 1); /* to be cut when secrets are hidden */
    CHECK(a.id.len <= ALERT_ID_BYTES_MAX);
    CHECK(!ps_span_eq(a.id, b.id));
    CHECK(!alerts_same(&a, &b));
    CHECK(ps_span_ends(a.link, ps_span_of(first)));
}

int main(void)
{
    alerts_arena = check_arena(4 << 20);
    RUN(the_same_alarm_is_the_same_by_all_carriers);
    RUN(ok_is_over_under_the_same_fingerprint);
    RUN(another_alarm_has_another_fingerprint);
    RUN(what_is_no_trouble_is_ignored_with_its_reason);
    RUN(what_it_cannot_be_told_by_is_needed);
    RUN(the_carriers_time_stands_in_for_the_states);
    RUN(links_lead_to_the_console_of_the_partition);
    RUN(a_composite_alarm_shows_its_rule_and_a_formula_its_first_metric);
    RUN(a_long_name_is_cut_where_it_is_shown_and_whole_where_it_counts);
    ps_arena_fini(&alerts_arena);
    return check_finish();
}
