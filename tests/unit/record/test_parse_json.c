#include "record/parse_json.h"

#include <stdio.h>

#include "base/buf.h"
#include "support/check.h"
#include "support/parsed.h"

static const struct parsed_case CASES[] = {
    { "{\"level\":\"info\",\"msg\":\"hello\",\"user\":7}",
      "{\"format\":\"json\",\"level\":\"INFO\",\"message\":\"hello\",\"fields\":{\"user\":7}}" },
    { "{\"timestamp\":\"2026-11-21T10:00:00.250Z\",\"severity\":\"WARNING\",\"message\":\"m\",\"service\":\"s\","
      "\"env\":"
      "\"e\",\"hostname\":\"h\",\"logger\":\"l\",\"request_id\":\"r\",\"trace_id\":\"t\",\"span_id\":\"p\",\"duration_"
      "ms\":1.50,\"status\":503}",
      "{\"format\":\"json\",\"level\":\"WARN\",\"time\":250,\"message\":\"m\",\"service\":\"s\",\"env\":\"e\",\"host\":"
      "\"h\",\"logger\":\"l\",\"request_id\":\"r\",\"trace_id\":\"t\",\"span_id\":\"p\",\"duration_ms\":\"1.50\","
      "\"status\":503}" },
    /* pino */
    { "{\"level\":50,\"time\":1795255200123,\"pid\":1,\"msg\":\"boom\",\"err\":{\"type\":\"TypeError\",\"message\":\"x "
      "is "
      "not\",\"stack\":\"TypeError: x is not\\n    at a (b.js:1:2)\"}}",
      "{\"format\":\"json\",\"level\":\"ERROR\",\"time\":123,\"message\":\"boom\",\"error_type\":\"TypeError\",\"error_"
      "message\":\"x is not\",\"stack_trace\":\"TypeError: x is not\\n    at a (b.js:1:2)\",\"fields\":{\"pid\":1}}" },
    /* ECS, dotted and nested; an object with more in it stays a field too */
    { "{\"@timestamp\":\"2026-11-21T10:00:01Z\",\"log.level\":\"ERROR\",\"message\":\"m\",\"service.name\":\"s\","
      "\"http."
      "response.status_code\":404,\"error.message\":\"bad\"}",
      "{\"format\":\"json\",\"level\":\"ERROR\",\"time\":1000,\"message\":\"m\",\"service\":\"s\",\"error_message\":"
      "\"bad\",\"status\":404}" },
    { "{\"log\":{\"level\":\"debug\",\"logger\":\"a.B\"},\"service\":{\"name\":\"s\"},\"trace\":{\"id\":\"t\"},"
      "\"http\":{"
      "\"request\":{\"method\":\"GET\"},\"response\":{\"status_code\":200}},\"event\":{\"duration\":1500000},"
      "\"message\":"
      "\"m\"}",
      "{\"format\":\"json\",\"level\":\"DEBUG\",\"message\":\"m\",\"service\":\"s\",\"logger\":\"a.B\",\"trace_id\":"
      "\"t\","
      "\"duration_ms\":\"1.5\",\"status\":200,\"fields\":{\"http\":{\"request\":{\"method\":\"GET\"},\"response\":{"
      "\"status_code\":200}}}}" },
    /* Lambda's own JSON format */
    { "{\"timestamp\":\"2026-11-21T10:00:00Z\",\"level\":\"ERROR\",\"message\":\"division by zero\",\"requestId\":"
      "\"79b4f56e\",\"errorType\":\"ZeroDivisionError\",\"errorMessage\":\"division by zero\",\"stackTrace\":[\"  File "
      "\\\"a.py\\\", line 1\\n    x\\n\",\"  File \\\"b.py\\\"\"]}",
      "{\"format\":\"json\",\"level\":\"ERROR\",\"message\":\"division by zero\",\"request_id\":\"79b4f56e\",\"error_"
      "type\":\"ZeroDivisionError\",\"error_message\":\"division by zero\",\"stack_trace\":\"  File \\\"a.py\\\", line "
      "1\\n    x\\n  File \\\"b.py\\\"\"}" },
    /* no message: the whole line is it */
    { "{\"a\":1}", "{\"format\":\"json\",\"fields\":{\"a\":1}}" },
    { "{}", "{\"format\":\"json\"}" },
    { " {\"a\":1} ", "{\"format\":\"json\",\"fields\":{\"a\":1}}" },
    /* EMF */
    { "{\"_aws\":{\"Timestamp\":1,\"CloudWatchMetrics\":[]},\"n\":3}",
      "{\"format\":\"json\",\"fields\":{\"_aws\":{\"Timestamp\":1,\"CloudWatchMetrics\":[]},\"n\":3}}" },
    /* text around */
    { "2026-11-21T10:00:00Z INFO {\"msg\":\"hi\",\"a\":1} tail",
      "{\"format\":\"json\",\"level\":\"INFO\",\"message\":\"hi\",\"fields\":{\"a\":1,\"prefix\":\"2026-11-21T10:00:"
      "00Z INFO\",\"suffix\":"
      "\"tail\"}}" },
    { "prefix {\"a\":1} suffix", "{\"format\":\"json\",\"fields\":{\"a\":1}}" },
    { "map {x} then {\"a\":1}", "{\"format\":\"json\",\"fields\":{\"a\":1}}" },
    { "one {x} two {y} three {z} then {\"a\":1}", "" },
    { "func() {} returned", "" },
    { "no brace", "" },
    { "", "" },
    /* damaged */
    { "{\"a\":1", "" },
    { "{\"a\":1,}", "" },
    { "{\"a\":\"unterminated", "" },
    { "{'a':1}", "" },
    { "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"Root\"},\"responseElements\":{\"x\":1}", "" },
    /* message of another type, empty, and null */
    { "{\"message\":{\"a\":1},\"level\":\"error\"}",
      "{\"format\":\"json\",\"level\":\"ERROR\",\"message\":\"{\\\"a\\\":1}\"}" },
    { "{\"message\":42}", "{\"format\":\"json\",\"message\":\"42\"}" },
    { "{\"message\":\"\",\"a\":1}", "{\"format\":\"json\",\"message\":\"\",\"fields\":{\"a\":1}}" },
    { "{\"message\":null,\"a\":1}", "{\"format\":\"json\",\"fields\":{\"message\":null,\"a\":1}}" },
    /* escapes: undone and cleaned in the message, verbatim in fields */
    { "{\"msg\":\"a\\u001b[31mred\\u001b[0m\\nb\\u200b\",\"f\":\"\\u001b[31m\"}",
      "{\"format\":\"json\",\"message\":\"ared\\nb\",\"fields\":{\"f\":\"\\u001b[31m\"}}" },
    { "{\"msg\":\"literal \\\\n stays\"}", "{\"format\":\"json\",\"message\":\"literal \\\\n stays\"}" },
    /* a core name with an unusable value stays a field */
    { "{\"level\":{\"x\":1},\"status\":\"ok\",\"duration\":\"soon\",\"service\":\"\",\"time\":\"yesterday\",\"msg\":"
      "\"m\"}",
      "{\"format\":\"json\",\"message\":\"m\",\"fields\":{\"level\":{\"x\":1},\"status\":\"ok\",\"duration\":\"soon\","
      "\"service\":\"\",\"time\":\"yesterday\"}}" },
    { "{\"level\":35,\"status\":99,\"msg\":\"m\"}",
      "{\"format\":\"json\",\"message\":\"m\",\"fields\":{\"level\":35,\"status\":99}}" },
    /* times: seconds, fractions, and those that can't be true */
    { "{\"ts\":1795255200,\"msg\":\"m\"}", "{\"format\":\"json\",\"message\":\"m\"}" },
    { "{\"ts\":1795255201.5,\"msg\":\"m\"}", "{\"format\":\"json\",\"time\":1500,\"message\":\"m\"}" },
    { "{\"time\":\"2026-11-21 09:59:59,900\",\"msg\":\"m\"}", "{\"format\":\"json\",\"time\":-100,\"message\":\"m\"}" },
    { "{\"time\":\"2026-11-21T12:00:00.000Z\",\"msg\":\"m\"}",
      "{\"format\":\"json\",\"time\":7200000,\"message\":\"m\"}" },
    { "{\"time\":\"2026-11-21T12:00:00.001Z\",\"msg\":\"m\"}",
      "{\"format\":\"json\",\"message\":\"m\",\"fields\":{\"time\":\"2026-11-21T12:00:00.001Z\"}}" },
    { "{\"time\":\"2026-11-07T09:59:59Z\",\"msg\":\"m\"}",
      "{\"format\":\"json\",\"message\":\"m\",\"fields\":{\"time\":\"2026-11-07T09:59:59Z\"}}" },
    /* durations */
    { "{\"duration\":\"12.5ms\",\"msg\":\"m\"}", "{\"format\":\"json\",\"message\":\"m\",\"duration_ms\":\"12.5\"}" },
    { "{\"duration\":\"1.25s\",\"msg\":\"m\"}", "{\"format\":\"json\",\"message\":\"m\",\"duration_ms\":\"1250\"}" },
    { "{\"duration\":\"250\xc2\xb5s\",\"msg\":\"m\"}",
      "{\"format\":\"json\",\"message\":\"m\",\"duration_ms\":\"0.25\"}" },
    { "{\"request_time\":0.042,\"msg\":\"m\"}", "{\"format\":\"json\",\"message\":\"m\",\"duration_ms\":\"42\"}" },
    { "{\"latency\":1e3,\"msg\":\"m\"}", "{\"format\":\"json\",\"message\":\"m\",\"duration_ms\":\"1000\"}" },
    { "{\"latency\":-1,\"msg\":\"m\"}", "{\"format\":\"json\",\"message\":\"m\",\"fields\":{\"latency\":-1}}" },
    { "{\"latency\":1e999,\"msg\":\"m\"}", "{\"format\":\"json\",\"message\":\"m\",\"fields\":{\"latency\":1e999}}" },
    /* two names of one member: the first; one name twice: the last; weak names give way */
    { "{\"msg\":\"a\",\"message\":\"b\"}", "{\"format\":\"json\",\"message\":\"a\",\"fields\":{\"message\":\"b\"}}" },
    { "{\"msg\":\"a\",\"msg\":\"b\",\"x\":1,\"y\":2,\"x\":3}",
      "{\"format\":\"json\",\"message\":\"b\",\"fields\":{\"x\":3,\"y\":2}}" },
    { "{\"body\":\"b\",\"app\":\"x\",\"msg\":\"m\"}",
      "{\"format\":\"json\",\"message\":\"m\",\"service\":\"x\",\"fields\":{\"body\":\"b\"}}" },
    { "{\"event\":\"user_login\",\"user\":1}",
      "{\"format\":\"json\",\"message\":\"user_login\",\"fields\":{\"user\":1}}" },
    { "{\"Level\":\"Information\",\"MESSAGE\":\"m\"}", "{\"format\":\"json\",\"level\":\"INFO\",\"message\":\"m\"}" },
    /* errors as text */
    { "{\"msg\":\"m\",\"error\":\"no route\"}",
      "{\"format\":\"json\",\"message\":\"m\",\"error_message\":\"no route\"}" },
    { "{\"msg\":\"m\",\"exception\":\"E: x\\n  at y\"}",
      "{\"format\":\"json\",\"message\":\"m\",\"stack_trace\":\"E: x\\n  at y\"}" },
    { "{\"msg\":\"m\",\"error\":null,\"stack\":[1]}",
      "{\"format\":\"json\",\"message\":\"m\",\"fields\":{\"error\":null,\"stack\":[1]}}" },
    /* names that OpenSearch refuses */
    { "{\"\":1,\".\":2,\"a.\":3,\".b\":4,\"c..d\":5,\" \":6,\"e.f\":7}",
      "{\"format\":\"json\",\"fields\":{\"_\":6,\"a_\":3,\"_b\":4,\"c__d\":5,\"e.f\":7}}" },
    { "{\"\\u0061\":1,\"a\":2,\"q\\\"\":3}", "{\"format\":\"json\",\"fields\":{\"a\":2,\"q\\\"\":3}}" },
    { "{\"o\":{\"a\":1,\"b\":{\"x.\":1,\"\":2},\"a\":3}}",
      "{\"format\":\"json\",\"fields\":{\"o\":{\"b\":{\"x_\":1,\"_\":2},\"a\":3}}}" },
    /* deeper than ten levels: text */
    { "{\"a\":[[[[[[[[[[1]]]]]]]]]]}", "{\"format\":\"json\",\"fields\":{\"a\":[[[[[[[[[\"[1]\"]]]]]]]]]}}" },
    { "{\"a\":[[[[[[[[[1]]]]]]]]]}", "{\"format\":\"json\",\"fields\":{\"a\":[[[[[[[[[1]]]]]]]]]}}" },
    /* two objects in one line */
    { "{\"msg\":\"a\"}{\"msg\":\"b\"}",
      "{\"format\":\"json\",\"message\":\"a\",\"fields\":{\"suffix\":\"{\\\"msg\\\":\\\"b\\\"}\"}}" },
};

static void json_lines_become_members_and_fields(void)
{
    PARSED_CHECK(ps_parse_json, CASES);
}

static void faults_have_names(void)
{
    CHECK_TEXT(ps_parse_json_fault(PS_SPAN("{\"a\":1")), "json_cut");
    CHECK_TEXT(ps_parse_json_fault(PS_SPAN("{\"a\":1,}")), "json_invalid");
    CHECK_TEXT(ps_parse_json_fault(PS_SPAN("{\"a\":1}")), "too_many_fields");
    CHECK_TEXT(ps_parse_json_fault(PS_SPAN("{a:1}")), "");
    CHECK_TEXT(ps_parse_json_fault(PS_SPAN("text {\"a\":1")), "");
    CHECK_TEXT(ps_parse_json_fault(PS_SPAN("")), "");
    char deep[400];
    size_t len = (size_t)snprintf(deep, sizeof deep, "{\"a\":%070d", 0);
    memset(deep + 5, '[', len - 5);
    CHECK_TEXT(ps_parse_json_fault(ps_span_make(deep, len)), "json_too_deep");
}

/* {"f0":0,"f1":1,...} */
static struct ps_span object_of(struct ps_arena *arena, int fields)
{
    struct ps_buf buf;
    struct ps_span text = PS_SPAN("");
    ps_buf_init(&buf, arena, 1 << 20);
    for (int i = 0; i < fields; i++)
        ps_buf_printf(&buf, "%c\"f%d\":%d", i == 0 ? '{' : ',', i, i);
    ps_buf_byte(&buf, '}');
    CHECK_OK(ps_buf_finish(&buf, &text));
    return text;
}

static void too_many_fields_keep_the_text(void)
{
    struct ps_arena arena = check_arena(4 << 20);
    bool matched = false;
    struct ps_record record = { .message = object_of(&arena, PS_RECORD_FIELDS_MAX) };
    CHECK_OK(ps_parse_json(&arena, &record, &matched));
    CHECK(matched);
    CHECK_EQ(record.field_count, PS_RECORD_FIELDS_MAX);
    record = (struct ps_record){ .message = object_of(&arena, PS_RECORD_FIELDS_MAX + 1) };
    CHECK_OK(ps_parse_json(&arena, &record, &matched));
    CHECK(!matched);
    CHECK_EQ(record.field_count, 0);
    ps_arena_fini(&arena);
}

static void an_object_of_too_many_members_becomes_text(void)
{
    struct ps_arena arena = check_arena(4 << 20);
    struct ps_span object = object_of(&arena, PS_RECORD_FIELDS_MAX + 1);
    struct ps_buf buf;
    struct ps_record record = { 0 };
    bool matched = false;
    ps_buf_init(&buf, &arena, 1 << 20);
    ps_buf_put(&buf, PS_SPAN("{\"o\":"));
    ps_buf_put(&buf, object);
    ps_buf_byte(&buf, '}');
    CHECK_OK(ps_buf_finish(&buf, &record.message));
    CHECK_OK(ps_parse_json(&arena, &record, &matched));
    CHECK(matched);
    CHECK_EQ(record.field_count, 1);
    CHECK_EQ(record.fields[0].kind, PS_FIELD_STRING);
    CHECK(ps_span_starts(record.fields[0].value, PS_SPAN("{\\\"f0\\\":0,")));
    ps_arena_fini(&arena);
}

static void long_strings_are_cut_at_any_depth(void)
{
    struct ps_arena arena = check_arena(4 << 20);
    static char text[60000];
    size_t len = (size_t)snprintf(text, sizeof text, "{\"a\":\"%020000d\",\"b\":{\"c\":[\"%020000d\"]}}", 1, 2);
    struct ps_record record = { .message = ps_span_make(text, len) };
    bool matched = false;
    CHECK_OK(ps_parse_json(&arena, &record, &matched));
    CHECK(matched);
    CHECK_EQ(record.cut_values, 2);
    CHECK_EQ(record.field_count, 2);
    CHECK(record.fields[0].value.len <= PS_RECORD_VALUE_BYTES_MAX);
    CHECK(ps_span_ends(record.fields[0].value, PS_SPAN(" bytes]")));
    CHECK(record.fields[1].value.len <= PS_RECORD_VALUE_BYTES_MAX + 20);
    CHECK(ps_span_ends(record.fields[1].value, PS_SPAN(" bytes]\"]}")));
    ps_arena_fini(&arena);
}

static void fields_from_before_survive_a_failed_try(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_record record = parsed_record(PS_SPAN("{\"a\":2,\"b\":3,"));
    bool matched = true;
    CHECK_OK(ps_record_add_text(&record, &arena, PS_SPAN("a"), PS_SPAN("1")));
    CHECK_OK(ps_parse_json(&arena, &record, &matched));
    CHECK(!matched);
    CHECK_EQ(record.field_count, 1);
    CHECK_TEXT(record.fields[0].value, "1");
    ps_arena_fini(&arena);
}

static enum ps_err parse_much(struct ps_arena *arena)
{
    struct ps_record record = { .message =
                                    PS_SPAN("{\"msg\":\"a\\nb\",\"o\":{\"a\":1,\"a\":2,\"b\":[{\"\\u0063.\":1}]},"
                                            "\"dur\\u0061tion\":\"1s\",\"stack\":[\"a\",\"b\\n\"],\"..\":1}") };
    bool matched = false;
    enum ps_err err = ps_parse_json(arena, &record, &matched);
    if (err == PS_OK) CHECK(matched);
    return err;
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, parse_much(&arena));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(json_lines_become_members_and_fields);
    RUN(faults_have_names);
    RUN(too_many_fields_keep_the_text);
    RUN(an_object_of_too_many_members_becomes_text);
    RUN(long_strings_are_cut_at_any_depth);
    RUN(fields_from_before_survive_a_failed_try);
    RUN(full_memory_is_an_error);
    return check_finish();
}
