#include "record/enrich.h"

#include <stdio.h>

#include "support/check.h"

static struct ps_arena arena;

static void tags_become_one_json_object(void)
{
    struct ps_enrich_tags tags;
    CHECK_OK(ps_enrich_tags_parse(&arena, PS_SPAN(" team = core ,tier=1,, note=a \"b\"=c,empty=,"), &tags));
    CHECK_EQ(tags.count, 4);
    CHECK_TEXT(tags.items[0].name, "team");
    CHECK_TEXT(tags.items[0].value, "core");
    CHECK_TEXT(tags.json, "{\"team\":\"core\",\"tier\":\"1\",\"note\":\"a \\\"b\\\"=c\",\"empty\":\"\"}");
}

static void no_tags_are_no_object(void)
{
    struct ps_enrich_tags tags;
    CHECK_OK(ps_enrich_tags_parse(&arena, PS_SPAN(""), &tags));
    CHECK_EQ(tags.count, 0);
    CHECK_EQ(tags.json.len, 0);
}

static void wrong_tags_are_named_by_number(void)
{
    static const struct {
        const char *text, *reason;
    } CASES[] = {
        { "a=1,b", "pair 2 has no" },
        { "=1", "pair 1 has no name" },
        { "a=1,b=2,a=3", "pair 3 repeats" },
        { ".a=1", "dot" },
        { "a.=1", "dot" },
        { "a..b=1", "dot" },
        { "a=\xff", "byte 2 is not UTF-8" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_enrich_tags tags;
        CHECK_ERR(ps_enrich_tags_parse(&arena, ps_span_of(CASES[i].text), &tags), PS_ERR_BAD_CONFIG);
        CHECK(strstr(ps_err_note()->text, CASES[i].reason) != NULL);
    }
}

static void tags_have_limits(void)
{
    struct ps_enrich_tags tags;
    char text[2000];
    memset(text, 'a', sizeof text);
    text[PS_ENRICH_TAG_NAME_BYTES_MAX] = '=';
    CHECK_OK(ps_enrich_tags_parse(&arena, ps_span_make(text, PS_ENRICH_TAG_NAME_BYTES_MAX + 257), &tags));
    CHECK_ERR(ps_enrich_tags_parse(&arena, ps_span_make(text, PS_ENRICH_TAG_NAME_BYTES_MAX + 258), &tags),
              PS_ERR_BAD_CONFIG);
    text[PS_ENRICH_TAG_NAME_BYTES_MAX] = 'a';
    text[PS_ENRICH_TAG_NAME_BYTES_MAX + 1] = '=';
    CHECK_ERR(ps_enrich_tags_parse(&arena, ps_span_make(text, PS_ENRICH_TAG_NAME_BYTES_MAX + 3), &tags),
              PS_ERR_BAD_CONFIG);
    size_t len = 0;
    for (int i = 0; i <= PS_ENRICH_TAGS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%st%d=v", i == 0 ? "" : ",", i);
    CHECK_ERR(ps_enrich_tags_parse(&arena, ps_span_make(text, len), &tags), PS_ERR_BAD_CONFIG);
}

static enum ps_err parse_tags(void)
{
    struct ps_enrich_tags tags;
    return ps_enrich_tags_parse(&arena, PS_SPAN("a=\"1\",b=2"), &tags);
}

static void a_full_arena_is_an_error(void)
{
    PS_EACH_FAILURE(&arena, parse_tags());
}

struct names {
    const char *group, *stream, *stream_service, *stream_host, *group_service;
};

static void names_of_groups_and_streams_are_read(void)
{
    static const struct names CASES[] = {
        /* Lambda: own group, then a shared group whose streams name the function. */
        { "/aws/lambda/checkout", "2026/11/21/[$LATEST]0f1e2d3c4b5a6978", "", "0f1e2d3c4b5a6978", "checkout" },
        { "shop", "2026/11/21/checkout[$LATEST]0f1e2d3c4b5a6978", "checkout", "0f1e2d3c4b5a6978", "shop" },
        /* ECS, awslogs driver. */
        { "/ecs/orders", "web/app/5d41402abc4b2a76b9719d911017c592", "app", "5d41402abc4b2a76b9719d911017c592",
          "orders" },
        /* Container Insights. */
        { "/aws/containerinsights/prod/application",
          "ip-10-0-0-1.ec2.internal-application.var.log.containers.orders-7d9c_shop_orders-"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.log",
          "orders", "orders-7d9c", "prod" },
        /* Others by their group only. */
        { "/aws/rds/instance/db-1/postgresql", "db-1.0", "", "", "db-1" },
        { "/aws/vendedlogs/states/flow-Logs", "x", "", "", "flow-Logs" },
        { "API-Gateway-Execution-Logs_abc123/prod", "0a1b", "", "", "abc123" },
        { "/aws/apigateway/welcome", "s", "", "", "welcome" },
        { "my-app/prod", "web-1", "", "", "my-app/prod" },
        { "//odd", "", "", "", "odd" },
        { "/aws/lambda/", "2026/11/21/[]", "", "", "aws/lambda/" },
        { "", "", "", "", "" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_enrich_source got = ps_enrich_source(ps_span_of(CASES[i].group), ps_span_of(CASES[i].stream));
        CHECK_SPAN(got.stream_service, ps_span_of(CASES[i].stream_service));
        CHECK_SPAN(got.stream_host, ps_span_of(CASES[i].stream_host));
        CHECK_SPAN(got.group_service, ps_span_of(CASES[i].group_service));
    }
}

static void the_line_wins_then_stream_setting_and_group(void)
{
    struct ps_enrich_settings settings = { .service = PS_SPAN("setting"), .env = PS_SPAN("prod") };
    struct ps_enrich_source source = { PS_SPAN("stream"), PS_SPAN("task"), PS_SPAN("group") };
    struct ps_record record = { .service = PS_SPAN("own"), .env = PS_SPAN("dev"), .host = PS_SPAN("web-1") };
    ps_enrich_record(&settings, &source, &record);
    CHECK_TEXT(record.service, "own");
    CHECK_TEXT(record.env, "dev");
    CHECK_TEXT(record.host, "web-1");
    record = (struct ps_record){ 0 };
    ps_enrich_record(&settings, &source, &record);
    CHECK_TEXT(record.service, "stream");
    CHECK_TEXT(record.env, "prod");
    CHECK_TEXT(record.host, "task");
    record = (struct ps_record){ 0 };
    source.stream_service = PS_SPAN("");
    ps_enrich_record(&settings, &source, &record);
    CHECK_TEXT(record.service, "setting");
    record = (struct ps_record){ 0 };
    settings = (struct ps_enrich_settings){ 0 };
    ps_enrich_record(&settings, &source, &record);
    CHECK_TEXT(record.service, "group");
    CHECK_EQ(record.env.len, 0);
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(tags_become_one_json_object);
    RUN(no_tags_are_no_object);
    RUN(wrong_tags_are_named_by_number);
    RUN(tags_have_limits);
    RUN(a_full_arena_is_an_error);
    RUN(names_of_groups_and_streams_are_read);
    RUN(the_line_wins_then_stream_setting_and_group);
    ps_arena_fini(&arena);
    return check_finish();
}
