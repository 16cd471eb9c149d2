#include "record/container.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/parsed.h"

static enum ps_err unwrap(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    struct ps_container container;
    return ps_container_unwrap(arena, record, &container, matched);
}

static const struct parsed_case CASES[] = {
    /* Docker's json-file */
    { "{\"log\":\"{\\\"level\\\":\\\"info\\\",\\\"msg\\\":\\\"hi\\\"}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-"
      "21T10:"
      "00:01.123456789Z\"}",
      "{\"format\":\"plain\",\"time\":1123,\"message\":\"{\\\"level\\\":\\\"info\\\",\\\"msg\\\":\\\"hi\\\"}\","
      "\"fields\":{"
      "\"stream\":\"stdout\"}}" },
    /* FireLens */
    { "{\"container_id\":\"9f1c\",\"container_name\":\"/"
      "checkout\",\"ecs_cluster\":\"prod\",\"ecs_task_arn\":\"arn:aws:ecs:"
      "eu-west-1:1:task/prod/"
      "0123abcd\",\"ecs_task_definition\":\"checkout:7\",\"log\":\"hello\",\"source\":\"stderr\"}",
      "{\"format\":\"plain\",\"message\":\"hello\",\"service\":\"checkout\",\"host\":\"0123abcd\",\"fields\":{"
      "\"container_"
      "id\":\"9f1c\",\"container_name\":\"/"
      "checkout\",\"ecs_cluster\":\"prod\",\"ecs_task_arn\":\"arn:aws:ecs:eu-west-1:1:"
      "task/prod/0123abcd\",\"ecs_task_definition\":\"checkout:7\",\"source\":\"stderr\"}}" },
    /* Fluent Bit in Kubernetes */
    { "{\"time\":\"2026-11-21T10:00:00Z\",\"stream\":\"stdout\",\"_p\":\"F\",\"log\":\"\\u001b[31mred\\u001b[0m\","
      "\"kubernetes\":{\"pod_name\":\"web-1\",\"container_name\":\"c\",\"labels\":{\"app\":\"web\"}}}",
      "{\"format\":\"plain\",\"message\":\"red\",\"service\":\"web\",\"host\":\"web-1\",\"fields\":{\"stream\":"
      "\"stdout\","
      "\"kubernetes\":{\"pod_name\":\"web-1\",\"container_name\":\"c\",\"labels\":{\"app\":\"web\"}}}}" },
    { "{\"log\":\"x\",\"kubernetes\":{\"container_name\":\"c\",\"labels\":{\"app.kubernetes.io/"
      "name\":\"n\",\"app\":\"a\"}}}",
      "{\"format\":\"plain\",\"message\":\"x\",\"service\":\"n\",\"fields\":{\"kubernetes\":{\"container_name\":\"c\","
      "\"labels\":{\"app.kubernetes.io/name\":\"n\",\"app\":\"a\"}}}}" },
    { "{\"log\":\"alone\"}", "{\"format\":\"plain\",\"message\":\"alone\"}" },
    { "{\"log\":\"x\",\"stream\":\"stdout\",\"time\":\"never\",\"date\":1795255201.5}",
      "{\"format\":\"plain\",\"time\":1500,\"message\":\"x\",\"fields\":{\"stream\":\"stdout\",\"time\":\"never\"}}" },
    /* CRI */
    { "2026-11-21T10:00:00.500000000Z stdout F hello world",
      "{\"format\":\"plain\",\"time\":500,\"message\":\"hello world\",\"fields\":{\"stream\":\"stdout\"}}" },
    { "2026-11-21T11:00:00.500000000+01:00 stderr P:x part",
      "{\"format\":\"plain\",\"time\":500,\"message\":\"part\",\"fields\":{\"stream\":\"stderr\"}}" },
    { "2026-11-21T10:00:00.500000000Z stdlog F hello world", "" },
    { "2026-11-21T10:00:00.500000000Z stdout Full hello", "" },
    /* an application's own lines */
    { "{\"log\":\"x\",\"level\":\"info\",\"stream\":\"stdout\"}", "" },
    { "{\"log\":{\"level\":\"info\"},\"stream\":\"stdout\"}", "" },
    { "{\"msg\":\"x\",\"log\":\"y\",\"stream\":\"s\"}", "" },
    { "{\"log\":\"x\",\"user\":7}", "" },
    { "{\"a\":\"log\",\"stream\":\"stdout\"}", "" },
    { "{\"log\":\"x\",\"stream\":\"stdout\"} tail", "" },
    { "{\"log\":\"x\",\"stream\":\"stdout\"", "" },
    { "plain", "" },
    { "", "" },
};

static void wrappers_come_off(void)
{
    PARSED_CHECK(unwrap, CASES);
}

static struct ps_container unwrapped(struct ps_arena *arena, const char *text)
{
    struct ps_record record = parsed_record(ps_span_of(text));
    struct ps_container container = { 0 };
    bool matched = false;
    CHECK_OK(ps_container_unwrap(arena, &record, &container, &matched));
    CHECK(matched);
    return container;
}

static void pieces_are_told(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_container piece = unwrapped(
        &arena, "{\"log\":\"a\",\"source\":\"stdout\",\"partial_message\":\"true\",\"partial_id\":\"f00\",\"partial_"
                "ordinal\":\"2\",\"partial_last\":\"false\"}");
    CHECK(piece.partial && !piece.last);
    CHECK_TEXT(piece.partial_id, "f00");
    CHECK_TEXT(piece.stream, "stdout");
    CHECK_EQ(piece.ordinal, 2);
    piece = unwrapped(&arena, "{\"log\":\"a\",\"partial_id\":\"f00\",\"partial_last\":\"true\",\"partial_ordinal\":3}");
    CHECK(piece.partial && piece.last);
    CHECK_EQ(piece.ordinal, 3);
    piece = unwrapped(&arena, "2026-11-21T10:00:00.500000000Z stdout P half a li");
    CHECK(piece.partial && !piece.last);
    piece = unwrapped(&arena, "{\"log\":\"a\",\"stream\":\"stdout\",\"_p\":\"P\"}");
    CHECK(piece.partial);
    piece = unwrapped(&arena, "{\"log\":\"a\",\"stream\":\"stdout\",\"_p\":\"F\"}");
    CHECK(!piece.partial && !piece.last);
    ps_arena_fini(&arena);
}

static void dockers_16_kib_without_a_line_feed_are_a_piece(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    static char text[17000];
    (void)snprintf(text, sizeof text, "{\"log\":\"%016384d\",\"stream\":\"stdout\"}", 7);
    CHECK(unwrapped(&arena, text).partial);
    (void)snprintf(text, sizeof text, "{\"log\":\"%016383d\\n\",\"stream\":\"stdout\"}", 7);
    CHECK(!unwrapped(&arena, text).partial);
    ps_arena_fini(&arena);
}

static void the_key_is_found_at_every_offset(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    for (int pad = 0; pad < 70; pad++) {
        char text[200];
        (void)snprintf(text, sizeof text, "{\"%.*s\":1,\"stream\":\"\",\"log\":\"x\"}", pad + 1,
                       "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll");
        (void)unwrapped(&arena, text);
    }
    ps_arena_fini(&arena);
}

struct names_case {
    const char *group;
    const char *stream;
    const char *service;
    const char *host;
};

static void groups_and_streams_name_service_and_host(void)
{
    static const struct names_case NAMES[] = {
        { "/aws/lambda/orders", "2026/11/21/[$LATEST]0123456789abcdef0123456789abcdef", "orders",
          "0123456789abcdef0123456789abcdef" },
        { "/aws/lambda/orders", "2026/11/21/[42]0123456789abcdef", "orders", "0123456789abcdef" },
        { "/aws/lambda/us-east-1.edge", "x", "edge", "" },
        { "/aws/lambda/a.b", "x", "a.b", "" },
        { "/my/group", "2026/11/21/orders[$LATEST]0123456789abcdef0123456789abcdef", "orders",
          "0123456789abcdef0123456789abcdef" },
        { "/ecs/shop", "ecs/checkout/0123456789abcdef0123456789abcdef", "checkout",
          "0123456789abcdef0123456789abcdef" },
        { "logs", "a/b/web/01234567-89ab-cdef-0123-456789abcdef", "web", "01234567-89ab-cdef-0123-456789abcdef" },
        { "/ecs/shop", "whatever", "shop", "" },
        { "/aws/containerinsights/c/application",
          "ip-10-0-0-1-application.var.log.containers.web-7d_default_nginx-"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.log",
          "nginx", "web-7d" },
        { "/aws/codebuild/build-it", "abc", "build-it", "" },
        { "/aws/rds/instance/db1/error", "db1", "db1", "" },
        { "/aws/apprunner/svc/id/application", "i", "svc", "" },
        { "group", "stream", "", "" },
        { "group", "a/0123456789abcdef0123456789abcdef", "", "" },
        { "", "", "", "" },
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        struct ps_span service;
        struct ps_span host;
        ps_container_names(ps_span_of(NAMES[i].group), ps_span_of(NAMES[i].stream), &service, &host);
        CHECK_SPAN(service, ps_span_of(NAMES[i].service));
        CHECK_SPAN(host, ps_span_of(NAMES[i].host));
        for (size_t len = 0; len < strlen(NAMES[i].stream); len++) {
            char *exact = malloc(len + (len == 0));
            memcpy(exact, NAMES[i].stream, len);
            ps_container_names(ps_span_of(NAMES[i].group), ps_span_make(exact, len), &service, &host);
            free(exact);
        }
    }
}

static enum ps_err unwrap_text(struct ps_arena *arena, const char *text)
{
    struct ps_record record = { .message = ps_span_of(text) };
    bool matched = false;
    return unwrap(arena, &record, &matched);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, unwrap_text(&arena, CASES[0].input));
    PS_EACH_FAILURE(&arena, unwrap_text(&arena, CASES[2].input));
    PS_EACH_FAILURE(&arena, unwrap_text(&arena, CASES[6].input));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(wrappers_come_off);
    RUN(pieces_are_told);
    RUN(dockers_16_kib_without_a_line_feed_are_a_piece);
    RUN(the_key_is_found_at_every_offset);
    RUN(groups_and_streams_name_service_and_host);
    RUN(full_memory_is_an_error);
    return check_finish();
}
