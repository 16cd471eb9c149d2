#include "alerts.h"

#define PERIOD "\"periodStart\":\"2026-11-21T09:55:00Z\",\"periodEnd\":\"2026-11-21T10:00:00Z\""
#define JSON(more) \
    "{\"monitor\":{\"id\":\"m\",\"name\":\"M\"},\"trigger\":{\"id\":\"t\",\"name\":\"T\"},\"periodEnd\":\"p\"" more "}"

static void the_sample_is_read(void)
{
    struct payload payload = alerts_open(alerts_sample("sns-opensearch"));
    CHECK_EQ(payload.kind, PAYLOAD_SNS);
    struct alert ours = alerts_next(&payload);
    CHECK_EQ(ours.source, ALERT_OPENSEARCH);
    CHECK(!ours.over && !ours.ignored);
    CHECK_EQ(ours.level, PS_LEVEL_ERROR);
    CHECK_TEXT(ours.id, "Q7iUVowBm2dZ1xY3kT0a|RLiUVowBm2dZ1xY3kT0b|2026-11-21T10:00:00Z|active");
    CHECK_TEXT(ours.service, "errors of checkout");
    CHECK_TEXT(ours.title, "more than 50 in 5 minutes");
    CHECK_TEXT(ours.message, "73 errors");
    CHECK_EQ(ours.time_ms, 1795255200000);
    CHECK_TEXT(ours.account, "123456789012");
    CHECK_TEXT(ours.region, "eu-central-1");
    CHECK_TEXT(alerts_field(&ours, "severity"), "2");
    CHECK_TEXT(alerts_field(&ours, "period"), "2026-11-21T09:55:00Z to 2026-11-21T10:00:00Z");
    struct alert theirs = alerts_next(&payload);
    CHECK_EQ(theirs.source, ALERT_OPENSEARCH);
    CHECK_EQ(theirs.level, PS_LEVEL_FATAL);
    CHECK_TEXT(theirs.id, "errors of cart|any|2026-11-21T10:00:00Z|active");
    CHECK_TEXT(theirs.service, "errors of cart");
    CHECK_TEXT(theirs.title, "any");
    CHECK_EQ(theirs.time_ms, 1795255200000);
    CHECK(ps_span_starts(theirs.message, PS_SPAN("Monitor errors of cart just entered")));
    struct alert completed = alerts_next(&payload);
    CHECK(completed.over);
    CHECK_TEXT(completed.id, "Q7iUVowBm2dZ1xY3kT0a|RLiUVowBm2dZ1xY3kT0b|2026-11-21T10:00:00Z|completed");
    CHECK(alerts_same(&ours, &completed));
    CHECK(!alerts_same(&ours, &theirs));
}

static void severity_becomes_a_level(void)
{
    static const struct {
        const char *severity;
        enum ps_level level;
    } CASES[] = {
        { "\"1\"", PS_LEVEL_FATAL },   { "1", PS_LEVEL_FATAL },    { "\"2\"", PS_LEVEL_ERROR },
        { "3", PS_LEVEL_ERROR },       { "\"4\"", PS_LEVEL_WARN }, { "5", PS_LEVEL_WARN },
        { "null", PS_LEVEL_ERROR },    { "{}", PS_LEVEL_ERROR },   { "6", PS_LEVEL_ERROR },
        { "\"1.0\"", PS_LEVEL_ERROR },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct alert alert = alerts_only(
            alerts_with("{\"monitor\":{\"id\":\"m\"},\"trigger\":{\"severity\":@}," PERIOD "}", CASES[i].severity));
        CHECK_EQ(alert.level, CASES[i].level);
    }
}

static void it_is_over_when_every_alert_is_completed(void)
{
    static const struct {
        const char *state;
        bool over;
    } CASES[] = {
        { "", false },
        { " ", false },
        { "active", false },
        { "completed", true },
        { "COMPLETED ", true },
        { "completed completed ", true },
        { "new completed ", false },
        { "completed active", false },
        { "completedx", false },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK_EQ(alerts_only(alerts_with(JSON(",\"state\":\"@\""), CASES[i].state)).over, CASES[i].over);
    CHECK(!alerts_only(PS_SPAN(JSON(",\"state\":[\"completed\"]"))).over);
}

static void an_event_and_a_direct_invoke_give_the_same(void)
{
    struct alert direct = alerts_only(PS_SPAN(JSON("")));
    struct alert event =
        alerts_only(PS_SPAN("{\"detail-type\":\"OpenSearchAlert\",\"id\":\"e\",\"account\":\"1\",\"region\":\"r\","
                            "\"detail\":" JSON("") "}"));
    CHECK_SPAN(direct.id, event.id);
    CHECK(alerts_same(&direct, &event));
    CHECK_TEXT(event.account, "1");
    CHECK_TEXT(event.region, "r");
    CHECK_EQ(direct.time_ms, 0);
}

static void names_stand_in_for_ids_and_a_carriers_id_for_the_period(void)
{
    struct alert alert =
        alerts_only(PS_SPAN("{\"monitor\":{\"name\":\"M\",\"id\":7.5},\"trigger\":{\"name\":\"T\"}," PERIOD "}"));
    CHECK_TEXT(alert.id, "7.5|T|2026-11-21T10:00:00Z|active"); /* a number is as good an id */
    alert = alerts_only(PS_SPAN("{\"monitor\":{\"name\":\"M\"},\"trigger\":{}," PERIOD "}"));
    CHECK_TEXT(alert.id, "M||2026-11-21T10:00:00Z|active");
    CHECK_TEXT(alert.title, "M");
    alert = alerts_only(
        PS_SPAN("{\"detail-type\":\"OpenSearchAlert\",\"id\":\"e\",\"detail\":{\"monitor\":{\"id\":\"m\"}}}"));
    CHECK_TEXT(alert.id, "e");
    CHECK_TEXT(alert.service, "m");
}

static void what_it_cannot_be_told_by_is_needed(void)
{
    static const char *const BAD[] = {
        "{\"monitor\":{},\"trigger\":{\"id\":\"t\"}," PERIOD "}",
        "{\"monitor\":7,\"trigger\":[]," PERIOD "}",
        "{\"monitor\":{\"id\":\"m\"},\"trigger\":{}}",
        "{\"detail-type\":\"OpenSearchAlert\",\"id\":\"e\"}",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        CHECK_ERR(alerts_failure(ps_span_of(BAD[i])), PS_ERR_BAD_INPUT);
}

int main(void)
{
    alerts_arena = check_arena(4 << 20);
    RUN(the_sample_is_read);
    RUN(severity_becomes_a_level);
    RUN(it_is_over_when_every_alert_is_completed);
    RUN(an_event_and_a_direct_invoke_give_the_same);
    RUN(names_stand_in_for_ids_and_a_carriers_id_for_the_period);
    RUN(what_it_cannot_be_told_by_is_needed);
    ps_arena_fini(&alerts_arena);
    return check_finish();
}
