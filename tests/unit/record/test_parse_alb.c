#include "record/parse_alb.h"

#include "support/check.h"
#include "support/parsed.h"

static const struct parsed_case CASES[] = {
    { "https 2026-11-21T10:00:00.250000Z app/my-lb/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 "
      "200 "
      "200 0 57 \"GET https://www.example.com:443/ HTTP/1.1\" \"curl/7.46.0\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 "
      "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "
      "\"Root=1-58337281-1d84f3d73c47ec4e58577259\" \"www.example.com\" \"-\" 1 2026-11-21T09:59:59.000000Z "
      "\"authenticate,forward\" \"-\" \"-\" \"10.0.0.1:80\" \"200\" \"-\" \"-\" TID_1234abcd5678ef90",
      "{\"format\":\"alb\",\"time\":250,\"trace_id\":\"1-58337281-1d84f3d73c47ec4e58577259\",\"duration_ms\":\"171\","
      "\"status\":200,\"fields\":{\"type\":\"https\",\"elb\":\"app/my-lb/"
      "50dc6c495c0c9188\",\"request_processing_time\":0."
      "086,\"target_processing_time\":0.048,\"response_processing_time\":0.037,\"target_status_code\":200,\"received_"
      "bytes\":0,\"sent_bytes\":57,\"user_agent\":\"curl/7.46.0\",\"ssl_cipher\":\"ECDHE-RSA-AES128-GCM-SHA256\",\"ssl_"
      "protocol\":\"TLSv1.2\",\"target_group_arn\":\"arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/"
      "my-targets/"
      "73e2d6bc24d8a067\",\"domain_name\":\"www.example.com\",\"matched_rule_priority\":1,\"request_creation_"
      "time\":\"2026-11-21T09:59:59.000000Z\",\"actions_executed\":\"authenticate,forward\",\"target_port_list\":\"10."
      "0.0."
      "1:80\",\"target_status_code_list\":200,\"conn_trace_id\":\"TID_1234abcd5678ef90\",\"client_ip\":\"192.168.131."
      "39\","
      "\"client_port\":2817,\"target_ip\":\"10.0.0.1\",\"target_port\":80,\"method\":\"GET\",\"url\":\"https://"
      "www.example."
      "com:443/\",\"protocol\":\"HTTP/1.1\"}}" },
    { "http 2026-11-21T10:00:00.000000Z app/lb/1 [::1]:2817 - -1 -1 -1 460 - 34 366 \"- http://x:80- \" \"-\" - -",
      "{\"format\":\"alb\",\"status\":460,\"fields\":{\"type\":\"http\",\"elb\":\"app/lb/"
      "1\",\"received_bytes\":34,\"sent_"
      "bytes\":366,\"client_ip\":\"::1\",\"client_port\":2817,\"request\":\"- http://x:80- \"}}" },
    { "ws 2026-11-21T10:00:00Z app/lb/1 10.0.0.140:40914 10.0.1.192:8010 0.001 0.003 0.000 101 101 218 587 \"GET "
      "http://10.0.0.30:80/ HTTP/1.1\" \"-\" - -",
      "{\"format\":\"alb\",\"duration_ms\":\"4\",\"status\":101,\"fields\":{\"type\":\"ws\",\"elb\":\"app/lb/"
      "1\",\"request_"
      "processing_time\":0.001,\"target_processing_time\":0.003,\"response_processing_time\":0.000,\"target_status_"
      "code\":"
      "101,\"received_bytes\":218,\"sent_bytes\":587,\"client_ip\":\"10.0.0.140\",\"client_port\":40914,\"target_ip\":"
      "\"10."
      "0.1.192\",\"target_port\":8010,\"method\":\"GET\",\"url\":\"http://10.0.0.30:80/\",\"protocol\":\"HTTP/"
      "1.1\"}}" },
    { "http 2026-11-21T10:00:00Z too few columns", "" },
    { "ftp 2026-11-21T10:00:00Z app/lb/1 a:1 b:2 0 0 0 200 200 1 2 \"GET / HTTP/1.1\" \"-\" - -", "" },
    { "http yesterday app/lb/1 a:1 b:2 0 0 0 200 200 1 2 \"GET / HTTP/1.1\" \"-\" - -", "" },
    { "http 2026-11-21T10:00:00Z app/lb/1 a:1 b:2 0 0 0 ok 200 1 2 \"GET / HTTP/1.1\" \"-\" - -", "" },
    { "http 2026-11-21T10:00:00Z app/lb/1 a:1 b:2 0 0 0 200 200 1 2 GET / \"-\" - -", "" },
    { "", "" },
};

/* A prefix of a line may be a whole older line: only what is read is checked, by the sanitizer. */
static void alb_lines_become_members_and_fields(void)
{
    PARSED_CHECK(ps_parse_alb, CASES);
}

static enum ps_err parse(struct ps_arena *arena, const char *text)
{
    struct ps_record record = { .message = ps_span_of(text) };
    bool matched = false;
    return ps_parse_alb(arena, &record, &matched);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, parse(&arena, CASES[0].input));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(alb_lines_become_members_and_fields);
    RUN(full_memory_is_an_error);
    return check_finish();
}
