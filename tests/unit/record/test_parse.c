#include "record/parse.h"

#include <stdio.h>

#include "record/clean.h"
#include "support/check.h"
#include "support/parsed.h"

static enum ps_err parse(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    *matched = true;
    return ps_parse(arena, record);
}

/* One of each format, and lines that look like two of them. */
static const struct parsed_case CASES[] = {
    { "{\"level\":\"info\",\"msg\":\"m\"}", "{\"format\":\"json\",\"level\":\"INFO\",\"message\":\"m\"}" },
    { "{\"time\":\"2026-11-21T10:00:00.000Z\",\"type\":\"platform.start\",\"record\":{\"requestId\":\"r\"}}",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"request_id\":\"r\",\"fields\":{\"type\":\"platform.start\"}}" },
    { "{\"time\":\"2026-11-21T10:00:00.000Z\",\"type\":\"order\",\"msg\":\"m\"}",
      "{\"format\":\"json\",\"message\":\"m\",\"fields\":{\"type\":\"order\"}}" },
    { "END RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189",
      "{\"format\":\"lambda\",\"level\":\"INFO\",\"request_id\":\"79b4f56e-95b1-4643-9700-2807f4e68189\",\"fields\":{"
      "\"type\":\"platform.end\"}}" },
    { "level=error msg=bad", "{\"format\":\"logfmt\",\"level\":\"ERROR\",\"message\":\"bad\"}" },
    { "level=error payload={\"a\":1}",
      "{\"format\":\"logfmt\",\"level\":\"ERROR\",\"fields\":{\"payload\":\"{\\\"a\\\":1}\"}}" },
    { "2026-11-21T10:00:01Z WARN {\"a\":1}",
      "{\"format\":\"json\",\"level\":\"WARN\",\"time\":1000,\"fields\":{\"a\":1}}" },
    { "1.2.3.4 - - [21/Nov/2026:10:00:00 +0000] \"GET /?x={\\\"a\\\":1} HTTP/1.1\" 200 1",
      "{\"format\":\"access\",\"status\":200,\"fields\":{\"client_ip\":\"1.2.3.4\",\"method\":\"GET\",\"path\":\"/"
      "?x={\\\\\\\"a\\\\\\\":1}\",\"protocol\":\"HTTP/1.1\",\"bytes\":1}}" },
    { "2 123456789010 eni-1 - - - - - - - 1795255200 1795255260 - NODATA",
      "{\"format\":\"vpc_flow\",\"fields\":{\"version\":2,\"account_id\":\"123456789010\",\"interface_id\":\"eni-1\","
      "\"start\":1795255200,\"end\":1795255260,\"log_status\":\"NODATA\"}}" },
    { "http 2026-11-21T10:00:00Z app/lb/1 10.0.0.140:40914 - 0.001 -1 -1 502 - 218 587 \"GET http://a:80/ HTTP/1.1\" "
      "\"-\" - -",
      "{\"format\":\"alb\",\"status\":502,\"fields\":{\"type\":\"http\",\"elb\":\"app/lb/"
      "1\",\"request_processing_time\":0."
      "001,\"received_bytes\":218,\"sent_bytes\":587,\"client_ip\":\"10.0.0.140\",\"client_port\":40914,\"method\":"
      "\"GET\",\"url\":\"http://a:80/\",\"protocol\":\"HTTP/1.1\"}}" },
    { "2026-11-21 10:00:00.007 ERROR it broke", "{\"format\":\"plain\",\"level\":\"ERROR\",\"time\":7}" },
    { "just text", "{\"format\":\"plain\"}" },
    { "literal \\n stays", "{\"format\":\"plain\"}" },
    { "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"Root\"},\"requestParameters\":{\"x\":1}",
      "{\"format\":\"plain\",\"unparsed\":\"json_invalid\"}" },
    { "{\"eventVersion\":\"1.08\",\"userIdent", "{\"format\":\"plain\",\"unparsed\":\"json_cut\"}" },
    { "{\"a\":tru}", "{\"format\":\"plain\",\"unparsed\":\"json_invalid\"}" },
    { "{not json}", "{\"format\":\"plain\"}" },
    { "", "{\"format\":\"plain\"}" },
};

static void each_line_goes_to_its_parser(void)
{
    PARSED_CHECK(parse, CASES);
}

static void a_record_without_time_gets_the_events(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_record record = { .message = PS_SPAN("x"), .event_time_ms = 5 };
    CHECK_OK(ps_parse(&arena, &record));
    CHECK_EQ(record.time_ms, 5);
    ps_arena_fini(&arena);
}

/* {"f0":0,...} with one field too many. */
static void too_many_fields_are_plain_text_with_the_reason(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    static char text[20000];
    size_t len = 0;
    for (int i = 0; i <= PS_RECORD_FIELDS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%c\"f%d\":%d", i == 0 ? '{' : ',', i, i);
    text[len++] = '}';
    struct ps_record record = { .message = ps_span_make(text, len) };
    CHECK_OK(ps_parse(&arena, &record));
    CHECK_EQ(record.format, PS_FORMAT_PLAIN);
    CHECK_TEXT(record.unparsed, "too_many_fields");
    CHECK_EQ(record.field_count, 0);
    CHECK_EQ(record.message.len, len);
    ps_arena_fini(&arena);
}

static enum ps_err parse_text(struct ps_arena *arena, const char *text)
{
    struct ps_record record = { .message = ps_span_of(text) };
    return ps_parse(arena, &record);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, parse_text(&arena, CASES[1].input));
    for (size_t i = 5; i < 10; i++)
        PS_EACH_FAILURE(&arena, parse_text(&arena, CASES[i].input));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(each_line_goes_to_its_parser);
    RUN(a_record_without_time_gets_the_events);
    RUN(too_many_fields_are_plain_text_with_the_reason);
    RUN(full_memory_is_an_error);
    return check_finish();
}
