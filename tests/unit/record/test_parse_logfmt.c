#include "record/parse_logfmt.h"

#include "support/check.h"
#include "support/parsed.h"

static const struct parsed_case CASES[] = {
    { "level=info msg=\"order placed\" id=7 ok=true amount=1.50 name=ada",
      "{\"format\":\"logfmt\",\"level\":\"INFO\",\"message\":\"order "
      "placed\",\"fields\":{\"id\":7,\"ok\":true,\"amount\":1."
      "50,\"name\":\"ada\"}}" },
    { "time=\"2026-11-21T10:00:01Z\" level=warning msg=slow duration=1.5s",
      "{\"format\":\"logfmt\",\"level\":\"WARN\",\"time\":1000,\"message\":\"slow\",\"duration_ms\":\"1500\"}" },
    { "a=\"q \\\"x\\\" \\\\ \\n \\d\" b=",
      "{\"format\":\"logfmt\",\"fields\":{\"a\":\"q \\\"x\\\" \\\\ \\n \\\\d\",\"b\":\"\"}}" },
    { "a=1 b=2 retry   c=x=y", "{\"format\":\"logfmt\",\"fields\":{\"a\":1,\"b\":2,\"retry\":true,\"c\":\"x=y\"}}" },
    { "a=1 b=\"007\" c=007", "{\"format\":\"logfmt\",\"fields\":{\"a\":1,\"b\":\"007\",\"c\":\"007\"}}" },
    { "a=1 a=2", "{\"format\":\"logfmt\",\"fields\":{\"a\":2}}" },
    { "a=1", "" },
    { "a=1 word", "" },
    { "word a=1 b=2", "" },
    { "x = 1 y = 2", "" },
    { "a=1 b=\"open", "" },
    { "a=1 b=2 (c)", "" },
    { "GET /?a=1&b=2 HTTP/1.1", "" },
    { "=1 =2", "" },
    { "", "" },
};

static void pairs_become_members_and_fields(void)
{
    PARSED_CHECK(ps_parse_logfmt, CASES);
}

static enum ps_err parse(struct ps_arena *arena, const char *text)
{
    struct ps_record record = { .message = ps_span_of(text) };
    bool matched = false;
    return ps_parse_logfmt(arena, &record, &matched);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, parse(&arena, CASES[2].input));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(pairs_become_members_and_fields);
    RUN(full_memory_is_an_error);
    return check_finish();
}
