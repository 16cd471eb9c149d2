#include "record/parse_vpcflow.h"

#include "support/check.h"
#include "support/parsed.h"

static const struct parsed_case CASES[] = {
    { "2 012345678901 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1795255201 1795255260 ACCEPT "
      "OK",
      "{\"format\":\"vpc_flow\",\"time\":1000,\"fields\":{\"version\":2,\"account_id\":\"012345678901\",\"interface_"
      "id\":"
      "\"eni-1235b8ca123456789\",\"srcaddr\":\"172.31.16.139\",\"dstaddr\":\"172.31.16.21\",\"srcport\":20641,"
      "\"dstport\":"
      "22,\"protocol\":6,\"packets\":20,\"bytes\":4249,\"start\":1795255201,\"end\":1795255260,\"action\":\"ACCEPT\","
      "\"log_"
      "status\":\"OK\"}}" },
    { "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1795255200 1795255260 - NODATA",
      "{\"format\":\"vpc_flow\",\"fields\":{\"version\":2,\"account_id\":\"123456789010\",\"interface_id\":\"eni-"
      "1235b8ca123456789\",\"start\":1795255200,\"end\":1795255260,\"log_status\":\"NODATA\"}}" },
    { "2 unknown eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA",
      "{\"format\":\"vpc_flow\",\"fields\":{\"version\":2,\"account_id\":\"unknown\",\"interface_id\":\"eni-"
      "11111111aaaaaaaaa\",\"start\":1431280876,\"end\":1431280934,\"log_status\":\"SKIPDATA\"}}" },
    { "2 123456789010 eni-1 2001:db8::1 2001:db8::2 34892 22 6 54 8855 1795255200 1795255260 REJECT OK",
      "{\"format\":\"vpc_flow\",\"fields\":{\"version\":2,\"account_id\":\"123456789010\",\"interface_id\":\"eni-1\","
      "\"srcaddr\":\"2001:db8::1\",\"dstaddr\":\"2001:db8::2\",\"srcport\":34892,\"dstport\":22,\"protocol\":6,"
      "\"packets\":"
      "54,\"bytes\":8855,\"start\":1795255200,\"end\":1795255260,\"action\":\"REJECT\",\"log_status\":\"OK\"}}" },
    { "2 123456789010 eni-1 - - - - - - - 1 2 - NODATA more", "" },
    { "2 123456789010 eni-1 - - - - - - - 1 2 - OTHER", "" },
    { "2 12345678901 eni-1 - - - - - - - 1 2 - OK", "" },
    { "two words", "" },
    { "", "" },
};

static void flow_lines_become_fields(void)
{
    PARSED_CHECK(ps_parse_vpcflow, CASES);
}

static void a_declared_order_names_the_columns(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    static const char *const ORDERS[] = { "version vpc-id log-status bytes",
                                          "${version} ${vpc-id} ${log-status} ${bytes}" };
    for (size_t i = 0; i < 2; i++) {
        struct ps_parse_vpcflow_format format;
        bool matched = false;
        CHECK_OK(ps_parse_vpcflow_format(&arena, ps_span_of(ORDERS[i]), &format, &matched));
        CHECK_OR_RETURN(matched);
        struct ps_record record = parsed_record(PS_SPAN("5 vpc-1 OK 77"));
        CHECK_OK(ps_parse_vpcflow_fields(&arena, &record, &format, &matched));
        CHECK(matched);
        CHECK_TEXT(parsed_show(&arena, &record, PS_SPAN("5 vpc-1 OK 77")),
                   "{\"format\":\"vpc_flow\",\"fields\":{\"version\":5,\"vpc_id\":\"vpc-1\",\"log_status\":\"OK\","
                   "\"bytes\":77}"
                   "}");
        record = parsed_record(PS_SPAN("5 vpc-1 OK"));
        CHECK_OK(ps_parse_vpcflow_fields(&arena, &record, &format, &matched));
        CHECK(!matched);
    }
    ps_arena_fini(&arena);
}

static void other_texts_are_no_order(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    static const char *const TEXTS[] = { "", "version", "hello world", "version Account-Id", "version  bytes" };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct ps_parse_vpcflow_format format;
        bool matched = true;
        CHECK_OK(ps_parse_vpcflow_format(&arena, ps_span_of(TEXTS[i]), &format, &matched));
        CHECK(!matched);
    }
    ps_arena_fini(&arena);
}

static enum ps_err parse_both(struct ps_arena *arena)
{
    struct ps_record record = { .message = ps_span_of(CASES[0].input) };
    struct ps_parse_vpcflow_format format;
    bool matched = false;
    PS_TRY(ps_parse_vpcflow_format(arena, PS_SPAN("version bytes"), &format, &matched));
    return ps_parse_vpcflow(arena, &record, &matched);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, parse_both(&arena));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(flow_lines_become_fields);
    RUN(a_declared_order_names_the_columns);
    RUN(other_texts_are_no_order);
    RUN(full_memory_is_an_error);
    return check_finish();
}
