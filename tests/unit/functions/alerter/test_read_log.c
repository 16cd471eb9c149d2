#include "alerts.h"

#define EVENT(detail) "{\"detail-type\":\"LogError\",\"time\":\"2026-11-21T10:00:00Z\",\"detail\":{" detail "}}"
#define LOG(members) alerts_only(PS_SPAN(EVENT("\"id\":\"i\"," members)))

static void the_sample_is_read(void)
{
    struct alert alert = alerts_only(alerts_sample("eventbridge-log-error"));
    CHECK_EQ(alert.source, ALERT_LOG);
    CHECK(!alert.over && !alert.ignored && !alert.replayed);
    CHECK_TEXT(alert.id, "7e262398-2950-561b-9ead-d53435e1e851");
    CHECK_EQ(alert.level, PS_LEVEL_ERROR);
    CHECK_TEXT(alert.service, "checkout");
    CHECK_TEXT(alert.title, "payment 4711 refused: acme-pay answered 503");
    CHECK_TEXT(alert.message, "payment 4711 refused: acme-pay answered 503\n  attempt 3 of 3");
    CHECK_EQ(alert.time_ms, 1795255200123);
    CHECK_TEXT(alert.account, "123456789012");
    CHECK_TEXT(alert.region, "eu-central-1");
    CHECK_EQ(alert.link.len, 0);
}

static void fields_are_short_scalars_with_those_that_say_where_first(void)
{
    struct alert alert = alerts_only(alerts_sample("eventbridge-log-error"));
    static const char *const WANTED[][2] = {
        { "env", "prod" },
        { "requestId", "8f5e2a1c-7b6d-4e3f-9a8b-0c1d2e3f4a5b" },
        { "provider", "acme-pay" },
        { "status", "503" },
        { "record", "arn:aws:kinesis:eu-central-1:123456789012:stream/logs/shardId-000000000000/"
                    "49590338271490256608559692538361571095921575989136588898" },
    };
    CHECK_EQ(alert.field_count, sizeof WANTED / sizeof WANTED[0]);
    for (size_t i = 0; i < alert.field_count; i++) {
        CHECK_TEXT(alert.fields[i].name, WANTED[i][0]);
        CHECK_TEXT(alert.fields[i].value, WANTED[i][1]);
    }
}

static void the_records_place_is_kept_among_many_fields(void)
{
    struct alert alert =
        LOG("\"fields\":{\"\":0,\"a\":1,\"b\":2,\"c\":true,\"n\":null,\"o\":{},\"l\":[],\"d\":\"\",\"e\\n\":\"x\","
            "\"f\":-1.5e3,\"g\":7,\"h\":8,\"i\":9,\"host\":\"h-1\"},\"source\":{\"stream\":\"s\",\"shard\":3,"
            "\"position\":\"17\"}");
    static const char *const NAMES[] = { "host", "a", "b", "c", "e\n", "f", "g", "record" };
    CHECK_EQ(alert.field_count, ALERT_FIELDS_MAX);
    for (size_t i = 0; i < alert.field_count; i++)
        CHECK_TEXT(alert.fields[i].name, NAMES[i]);
    CHECK_TEXT(alert.fields[3].value, "true");
    CHECK_TEXT(alert.fields[5].value, "-1.5e3");
    CHECK_TEXT(alert.fields[7].value, "s/3/17");
}

static void a_log_error_without_an_id_is_refused(void)
{
    static const char *const DETAILS[] = { "{}", "{\"id\":7}", "{\"id\":\"\"}", "{\"id\":null}", "\"{}\"", "[]" };
    for (size_t i = 0; i < sizeof DETAILS / sizeof DETAILS[0]; i++)
        CHECK_ERR(alerts_failure(alerts_with("{\"detail-type\":\"LogError\",\"detail\":@}", DETAILS[i])),
                  PS_ERR_BAD_INPUT);
    CHECK(strstr(ps_err_note()->text, "detail.id") != NULL);
}

static void what_is_missing_or_of_another_type_has_a_stand_in(void)
{
    struct alert alert =
        LOG("\"service\":7,\"level\":50,\"ts\":\"soon\",\"message\":{},\"fields\":[1],\"source\":\"x\"");
    CHECK_TEXT(alert.service, "unknown");
    CHECK_TEXT(alert.title, "unknown");
    CHECK_EQ(alert.level, PS_LEVEL_ERROR);
    CHECK_EQ(alert.message.len, 0);
    CHECK_EQ(alert.time_ms, 1795255200000);
    CHECK_EQ(alert.field_count, 0);
    CHECK_EQ(LOG("\"ts\":999999999999999").time_ms, 1795255200000); /* has no form as text */
    CHECK_EQ(LOG("\"level\":\"fatal\"").level, PS_LEVEL_FATAL);
    CHECK_TEXT(LOG("\"service\":\"a\\nb\"").title, "a"); /* one line */
    CHECK_TEXT(LOG("\"message\":\" \\n\\t\\r\\n second \\r\\n third\"").title, "second");
}

static void fingerprints_tell_kinds_of_errors_apart(void)
{
    struct alert first = LOG("\"service\":\"a\",\"level\":\"ERROR\",\"message\":\"user 17 not found\"");
    struct alert same = LOG("\"service\":\"a\",\"level\":\"err\",\"message\":\"user 4711 not found\",\"ts\":5");
    struct alert service = LOG("\"service\":\"b\",\"level\":\"ERROR\",\"message\":\"user 17 not found\"");
    struct alert level = LOG("\"service\":\"a\",\"level\":\"FATAL\",\"message\":\"user 17 not found\"");
    struct alert message = LOG("\"service\":\"a\",\"level\":\"ERROR\",\"message\":\"order 17 not found\"");
    CHECK(alerts_same(&first, &same));
    CHECK(!alerts_same(&first, &service));
    CHECK(!alerts_same(&first, &level));
    CHECK(!alerts_same(&first, &message));
    for (size_t i = 0; i < ALERT_FINGERPRINT_BYTES; i++)
        CHECK(strchr("0123456789abcdef", first.fingerprint[i]) != NULL);
}

/* Open incidents are found by it: a change makes every one of them fire again. */
static void the_fingerprint_stays_for_ever(void)
{
    struct alert alert = LOG("\"service\":\"a\",\"level\":\"ERROR\",\"message\":\"user 17 not found\"");
    CHECK_TEXT(ps_span_make(alert.fingerprint, sizeof alert.fingerprint), "d16392a9cc997f9df6a0ae3f4f2713c9");
}

static void long_texts_are_cut_between_characters(void)
{
    char word[5001];
    for (size_t i = 0; i + 2 < sizeof word; i += 2)
        memcpy(word + i, "\xc3\xbc", 2);
    word[sizeof word - 1] = '\0';
    struct alert alert = alerts_only(
        alerts_with(EVENT("\"id\":\"@\",\"service\":\"@\",\"message\":\"x@\",\"fields\":{\"@\":1,\"k\":\"@\"}"), word));
    CHECK_EQ(alert.id.len, 64); /* a digest */
    CHECK_EQ(alert.service.len, 255);
    CHECK_EQ(alert.message.len, sizeof word); /* to be cut when secrets are hidden */
    CHECK_EQ(ps_utf8_valid_prefix(alert.title), alert.title.len);
    CHECK_EQ(alert.field_count, 0);
}

static void invalid_utf8_is_repaired(void)
{
    struct alert alert = LOG("\"service\":\"a\xff\",\"message\":\"b\xc3\",\"fields\":{\"c\xfe\":\"d\xe2\x80\"}");
    CHECK_TEXT(alert.service, "a\xef\xbf\xbd");
    CHECK_TEXT(alert.message, "b\xef\xbf\xbd");
    CHECK_TEXT(alert.fields[0].name, "c\xef\xbf\xbd");
    CHECK_TEXT(alert.fields[0].value, "d\xef\xbf\xbd");
}

int main(void)
{
    alerts_arena = check_arena(4 << 20);
    RUN(the_sample_is_read);
    RUN(fields_are_short_scalars_with_those_that_say_where_first);
    RUN(the_records_place_is_kept_among_many_fields);
    RUN(a_log_error_without_an_id_is_refused);
    RUN(what_is_missing_or_of_another_type_has_a_stand_in);
    RUN(fingerprints_tell_kinds_of_errors_apart);
    RUN(the_fingerprint_stays_for_ever);
    RUN(long_texts_are_cut_between_characters);
    RUN(invalid_utf8_is_repaired);
    ps_arena_fini(&alerts_arena);
    return check_finish();
}
