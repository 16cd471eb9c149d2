#include "record/parse_lambda.h"

#include "support/check.h"
#include "support/parsed.h"

#define UUID "79b4f56e-95b1-4643-9700-2807f4e68189"

static const struct parsed_case CASES[] = {
    { "START RequestId: " UUID " Version: $LATEST",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"request_id\":\"" UUID
      "\",\"fields\":{\"type\":\"platform.start\",\"version\":\"$LATEST\"}}" },
    { "END RequestId: " UUID,
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"request_id\":\"" UUID "\",\"fields\":{\"type\":\"platform.end\"}}" },
    { "REPORT RequestId: " UUID "\tDuration: 3.21 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 60 "
      "MB\tInit Duration: 150.10 ms\t\nXRAY TraceId: 1-5c0-abc\tSegmentId: 5c1\tSampled: true",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"request_id\":\"" UUID
      "\",\"trace_id\":\"1-5c0-abc\",\"span_id\":\"5c1\",\"duration_ms\":\"3.21\",\"fields\":{\"type\":\"platform."
      "report\",\"billed_duration_ms\":4,\"memory_size_mb\":128,\"max_memory_used_mb\":60,\"init_duration_ms\":150.10,"
      "\"sampled\":\"true\"}}" },
    { "REPORT RequestId: " UUID "\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory "
      "Used: 30 MB\tStatus: timeout",
      "{\"format\":\"lambda\",\"level\":\"ERROR\",\"request_id\":\"" UUID
      "\",\"duration_ms\":\"3000.00\",\"fields\":{\"type\":\"platform.report\",\"billed_duration_ms\":3000,\"memory_"
      "size_mb\":128,\"max_memory_used_mb\":30,\"status\":\"timeout\"}}" },
    { "REPORT RequestId: " UUID "\tDuration: 1 ms\tStatus: error\tError Type: Runtime.ExitError\tNew Thing: 5 MB",
      "{\"format\":\"lambda\",\"level\":\"ERROR\",\"request_id\":\"" UUID
      "\",\"error_type\":\"Runtime.ExitError\",\"duration_ms\":\"1\",\"fields\":{\"type\":\"platform.report\","
      "\"status\":"
      "\"error\",\"new_thing\":5}}" },
    { "INIT_START Runtime Version: python:3.12.v7\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0f",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"fields\":{\"type\":\"platform.initStart\",\"runtime_version\":"
      "\"python:3.12.v7\",\"runtime_version_arn\":\"arn:aws:lambda:eu-west-1::runtime:0f\"}}" },
    { "INIT_REPORT Init Duration: 10000.11 ms\tPhase: init\tStatus: timeout",
      "{\"format\":\"lambda\",\"level\":\"ERROR\",\"fields\":{\"type\":\"platform.initReport\",\"init_duration_ms\":"
      "10000."
      "11,\"phase\":\"init\",\"status\":\"timeout\"}}" },
    { "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"fields\":{\"type\":\"platform.extension\",\"name\":\"agent\","
      "\"state\":"
      "\"Ready\",\"events\":\"[INVOKE, SHUTDOWN]\"}}" },
    { "XRAY TraceId: 1-5c0-abc\tSegmentId: 5c1\tSampled: true",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"trace_id\":\"1-5c0-abc\",\"span_id\":\"5c1\",\"fields\":{\"type\":"
      "\"platform.xray\",\"sampled\":\"true\"}}" },
    /* the same as JSON */
    { "{\"time\":\"2026-11-21T10:00:01.000Z\",\"type\":\"platform.report\",\"record\":{\"requestId\":\"" UUID
      "\",\"metrics\":{\"durationMs\":3.21,\"billedDurationMs\":4,\"memorySizeMB\":128,\"maxMemoryUsedMB\":60,"
      "\"initDurationMs\":150.1},\"tracing\":{\"spanId\":\"5c1\",\"type\":\"X-Amzn-Trace-Id\",\"value\":\"Root=1-5c0-"
      "abc;"
      "Parent=5c1;Sampled=1\"},\"status\":\"success\"}}",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"time\":1000,\"request_id\":\"" UUID
      "\",\"trace_id\":\"1-5c0-abc\",\"duration_ms\":\"3.21\",\"fields\":{\"type\":\"platform.report\",\"tracing\":{"
      "\"spanId\":\"5c1\",\"type\":\"X-Amzn-Trace-Id\",\"value\":\"Root=1-5c0-abc;Parent=5c1;Sampled=1\"},\"status\":"
      "\"success\",\"billed_duration_ms\":4,\"memory_size_mb\":128,\"max_memory_used_mb\":60,\"init_duration_ms\":150."
      "1}"
      "}" },
    { "{\"time\":\"2026-11-21T10:00:00.000Z\",\"type\":\"platform.runtimeDone\",\"record\":{\"requestId\":\"r\","
      "\"status\":\"timeout\",\"errorType\":\"Runtime.X\"}}",
      "{\"format\":\"lambda\",\"level\":\"ERROR\",\"request_id\":\"r\",\"error_type\":\"Runtime.X\",\"fields\":{"
      "\"type\":"
      "\"platform.runtimeDone\",\"status\":\"timeout\"}}" },
    { "{\"time\":\"2026-11-21T10:00:00.000Z\",\"type\":\"platform.report\",\"record\":{\"requestId\":\"r\"", "" },
    { "{\"time\":\"2026-11-21T10:00:00.000Z\",\"type\":\"platform.report\",\"record\":7}", "" },
    { "{\"time\":\"2026-11-21T10:00:00.000Z\",\"type\":\"order\",\"record\":{}}", "" },
    /* text mode */
    { "2026-11-21T10:00:00.500Z\t" UUID "\tINFO\thello there",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"time\":500,\"message\":\"hello there\",\"request_id\":\"" UUID
      "\"}" },
    { "2026-11-21T10:00:00.500Z\tundefined\tERROR\tUncaught Exception "
      "\t{\"errorType\":\"Error\",\"errorMessage\":\"no\","
      "\"stack\":[\"Error: no\",\"    at x\"]}",
      "{\"format\":\"json\",\"level\":\"ERROR\",\"time\":500,\"message\":\"Uncaught Exception "
      "\\t{\\\"errorType\\\":\\\"Error\\\",\\\"errorMessage\\\":\\\"no\\\",\\\"stack\\\":[\\\"Error: no\\\",\\\"    at "
      "x\\\"]}\",\"error_type\":\"Error\",\"error_message\":\"no\",\"stack_trace\":\"Error: no\\n    at x\"}" },
    { "2026-11-21T10:00:00.500Z\t" UUID "\tINFO\t{\"level\":\"warn\",\"msg\":\"low\",\"left\":2}",
      "{\"format\":\"json\",\"level\":\"WARN\",\"time\":500,\"message\":\"low\",\"request_id\":\"" UUID
      "\",\"fields\":{\"left\":2}}" },
    { "[WARNING]\t2026-11-21T10:00:00.500Z\t" UUID "\tslow call",
      "{\"format\":\"lambda\",\"level\":\"WARN\",\"time\":500,\"message\":\"slow call\",\"request_id\":\"" UUID "\"}" },
    { "[INFO]\t2026-11-21T10:00:00.500Z\t" UUID "\t",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"time\":500,\"message\":\"\",\"request_id\":\"" UUID "\"}" },
    { "[INFO]\t2026-11-21T10:00:00.500Z\tno-uuid\tx", "" },
    { "2026-11-21T10:00:00.500Z\t" UUID "\tNOLEVEL\tx", "" },
    /* failures */
    { "2026-11-21T10:00:03.000Z " UUID " Task timed out after 3.00 seconds",
      "{\"format\":\"lambda\",\"level\":\"ERROR\",\"time\":3000,\"request_id\":\"" UUID
      "\",\"error_type\":\"Sandbox.Timedout\",\"error_message\":\"Task timed out after 3.00 seconds\"}" },
    { "RequestId: " UUID " Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
      "{\"format\":\"lambda\",\"level\":\"FATAL\",\"request_id\":\"" UUID
      "\",\"error_type\":\"OutOfMemory\",\"error_message\":\"Runtime exited with error: signal: killed\"}" },
    { "RequestId: " UUID " Error: Runtime exited with error: exit status 1\nRuntime.ExitError",
      "{\"format\":\"lambda\",\"level\":\"ERROR\",\"request_id\":\"" UUID
      "\",\"error_type\":\"Runtime.ExitError\",\"error_message\":\"Runtime exited with error: exit status 1\"}" },
    { "RequestId: " UUID " Process exited before completing request",
      "{\"format\":\"lambda\",\"level\":\"ERROR\",\"request_id\":\"" UUID
      "\",\"error_type\":\"Runtime.ExitError\",\"error_message\":\"Process exited before completing request\"}" },
    { "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
      "{\"format\":\"lambda\",\"level\":\"FATAL\",\"error_type\":\"OutOfMemory\",\"error_message\":\"FATAL ERROR: "
      "Reached "
      "heap limit Allocation failed - JavaScript heap out of memory\"}" },
    { "[ERROR] ValueError: no such thing\nTraceback (most recent call last):\n  File \"a.py\", line 1",
      "{\"format\":\"lambda\",\"level\":\"ERROR\",\"error_type\":\"ValueError\",\"error_message\":\"no such thing\","
      "\"stack_trace\":\"Traceback (most recent call last):\\n  File \\\"a.py\\\", line 1\"}" },
    { "[ERROR] plain text", "" },
    { "START your engines", "" },
    { "REPORT without measures", "" },
    { "hello", "" },
    { "", "" },
};

static void lambda_lines_become_members_and_fields(void)
{
    PARSED_CHECK(ps_parse_lambda, CASES);
}

static void memory_errors_are_told_in_lambda_groups_only(void)
{
    static const char *const TEXTS[] = {
        "Traceback (most recent call last):\n  x\nMemoryError",
        "[ERROR] MemoryError\nTraceback",
        "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space",
    };
    struct ps_arena arena = check_arena(1 << 16);
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct ps_record record = { .message = ps_span_of(TEXTS[i]), .log_group = PS_SPAN("/aws/lambda/f") };
        bool matched = false;
        CHECK_OK(ps_parse_lambda(&arena, &record, &matched));
        CHECK(matched);
        CHECK_EQ(record.level, PS_LEVEL_FATAL);
        CHECK_TEXT(record.error_type, "OutOfMemory");
        record = (struct ps_record){ .message = ps_span_of(TEXTS[i]), .log_group = PS_SPAN("/ecs/f") };
        CHECK_OK(ps_parse_lambda(&arena, &record, &matched));
        CHECK(!matched);
    }
    struct ps_record record = { .message = PS_SPAN("caught a MemoryError, going on"),
                                .log_group = PS_SPAN("/aws/lambda/f") };
    bool matched = false;
    CHECK_OK(ps_parse_lambda(&arena, &record, &matched));
    CHECK(!matched);
    ps_arena_fini(&arena);
}

static enum ps_err parse(struct ps_arena *arena, const char *text)
{
    struct ps_record record = { .message = ps_span_of(text) };
    bool matched = false;
    return ps_parse_lambda(arena, &record, &matched);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, parse(&arena, CASES[4].input));
    PS_EACH_FAILURE(&arena, parse(&arena, CASES[9].input));
    PS_EACH_FAILURE(&arena, parse(&arena, CASES[16].input));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(lambda_lines_become_members_and_fields);
    RUN(memory_errors_are_told_in_lambda_groups_only);
    RUN(full_memory_is_an_error);
    return check_finish();
}
