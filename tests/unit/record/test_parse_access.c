#include "record/parse_access.h"

#include "support/check.h"
#include "support/parsed.h"

static const struct parsed_case CASES[] = {
    { "10.0.0.1 - - [21/Nov/2026:10:00:01 +0000] \"GET /a?b=1 HTTP/1.1\" 200 2326",
      "{\"format\":\"access\",\"time\":1000,\"status\":200,\"fields\":{\"client_ip\":\"10.0.0.1\",\"method\":\"GET\","
      "\"path\":\"/a?b=1\",\"protocol\":\"HTTP/1.1\",\"bytes\":2326}}" },
    { "10.0.0.1 - ada [21/Nov/2026:11:00:00 +0100] \"POST / HTTP/2.0\" 502 0 \"https://x/\" \"curl/8.1\"",
      "{\"format\":\"access\",\"status\":502,\"fields\":{\"client_ip\":\"10.0.0.1\",\"user\":\"ada\",\"method\":"
      "\"POST\","
      "\"path\":\"/\",\"protocol\":\"HTTP/2.0\",\"bytes\":0,\"referer\":\"https://x/\",\"user_agent\":\"curl/8.1\"}}" },
    { "::1 - john doe [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.0\" 304 - \"-\" \"a \\\"quoted\\\" agent\"",
      "{\"format\":\"access\",\"status\":304,\"fields\":{\"client_ip\":\"::1\",\"user\":\"john "
      "doe\",\"method\":\"GET\","
      "\"path\":\"/\",\"protocol\":\"HTTP/1.0\",\"user_agent\":\"a \\\\\\\"quoted\\\\\\\" agent\"}}" },
    { "shop.example:443 10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\" 0.042",
      "{\"format\":\"access\",\"duration_ms\":\"42\",\"status\":200,\"fields\":{\"vhost\":\"shop.example:443\","
      "\"client_"
      "ip\":\"10.0.0.1\",\"method\":\"GET\",\"path\":\"/\",\"protocol\":\"HTTP/"
      "1.1\",\"bytes\":5,\"user_agent\":\"x\"}}" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\" rt=0.001 uct=\"0.1\"",
      "{\"format\":\"access\",\"duration_ms\":\"1\",\"status\":200,\"fields\":{\"client_ip\":\"10.0.0.1\",\"method\":"
      "\"GET\",\"path\":\"/\",\"protocol\":\"HTTP/"
      "1.1\",\"bytes\":5,\"user_agent\":\"x\",\"extra\":\"uct=\\\"0.1\\\"\"}}" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\" \"203.0.113.9\"",
      "{\"format\":\"access\",\"status\":200,\"fields\":{\"client_ip\":\"10.0.0.1\",\"method\":\"GET\",\"path\":\"/\","
      "\"protocol\":\"HTTP/1.1\",\"bytes\":5,\"user_agent\":\"x\",\"extra\":\"\\\"203.0.113.9\\\"\"}}" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"\\x16\\x03\\x01\" 400 150 \"-\" \"-\"",
      "{\"format\":\"access\",\"status\":400,\"fields\":{\"client_ip\":\"10.0.0.1\",\"request\":"
      "\"\\\\x16\\\\x03\\\\x01\","
      "\"bytes\":150}}" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"-\" 408 -",
      "{\"format\":\"access\",\"status\":408,\"fields\":{\"client_ip\":\"10.0.0.1\"}}" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET /a b c HTTP/1.1\" 404 1",
      "{\"format\":\"access\",\"status\":404,\"fields\":{\"client_ip\":\"10.0.0.1\",\"method\":\"GET\",\"path\":\"/a b "
      "c\","
      "\"protocol\":\"HTTP/1.1\",\"bytes\":1}}" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET /old\" 200 1",
      "{\"format\":\"access\",\"status\":200,\"fields\":{\"client_ip\":\"10.0.0.1\",\"method\":\"GET\",\"path\":\"/"
      "old\","
      "\"bytes\":1}}" },
    { "10.0.0.1 - - [21/Nov/2020:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1",
      "{\"format\":\"access\",\"status\":200,\"fields\":{\"client_ip\":\"10.0.0.1\",\"method\":\"GET\",\"path\":\"/\","
      "\"protocol\":\"HTTP/1.1\",\"bytes\":1}}" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00] \"GET / HTTP/1.1\" 200 1", "" },
    { "10.0.0.1 - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1", "" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] GET / 200 1", "" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" ok 1", "" },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 many", "" },
    { "", "" },
};

static void access_lines_become_members_and_fields(void)
{
    PARSED_CHECK(ps_parse_access, CASES);
}

static enum ps_err parse(struct ps_arena *arena, const char *text)
{
    struct ps_record record = { .message = ps_span_of(text) };
    bool matched = false;
    return ps_parse_access(arena, &record, &matched);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, parse(&arena, CASES[3].input));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(access_lines_become_members_and_fields);
    RUN(full_memory_is_an_error);
    return check_finish();
}
