/* A table of summaries that a scripted server plays. */
#ifndef TABLE_H
#define TABLE_H

#include <stdio.h>
#include <stdlib.h>

#include "summaries.h"
#include "support/fake_http.h"

struct table {
    struct ps_arena arena;
    struct ps_call_client *client;
    struct fake_http *server;
    struct summaries summaries;
};

static struct table table;
static const struct ps_deadline NO_DEADLINE;

#define REPLY(body_) \
    { \
        .reply = {.status = 200, .body = PS_SPAN_INIT(body_) } \
    }
#define REFUSE(type) \
    { \
        .reply = {.status = 400, .body = PS_SPAN_INIT("{\"__type\":\"x#" type "\",\"message\":\"m\"}") } \
    }
#define CONDITION_FAILS REFUSE("ConditionalCheckFailedException")

static inline void table_start(const struct fake_http_step *steps, size_t count, bool repeat_last)
{
    struct ps_dynamodb_table *opened = NULL;
    char url[64];
    table.server = fake_http_open(steps, count, repeat_last);
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(table.server)));
    setenv("AWS_ENDPOINT_URL_DYNAMODB", url, 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
    table.arena = check_arena(64 << 20);
    struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&table.arena, &options, &table.client));
    CHECK_OK(ps_dynamodb_table_open(&table.arena, table.client, PS_SPAN("sums"), 5000, &opened));
    table.summaries = (struct summaries){ .table = opened,
                                          .arena = &table.arena,
                                          .deadline = &NO_DEADLINE,
                                          .patterns = &SUMMARIES_SET,
                                          .request_id = PS_SPAN("r-1"),
                                          .now_ms = SUMMARIES_T0 };
}

static inline void table_stop(void)
{
    ps_call_client_close(table.client);
    CHECK_EQ(fake_http_finish(table.server), 0);
    ps_arena_fini(&table.arena);
}

#define START(...) \
    static const struct fake_http_step STEPS[] = { __VA_ARGS__ }; \
    table_start(STEPS, sizeof STEPS / sizeof STEPS[0], false)

/* Request i is of an operation and ends so. */
static inline void table_check(size_t i, const char *operation, const char *end)
{
    struct fake_http_request request = fake_http_request(table.server, i);
    CHECK(ps_span_ends(fake_http_header(&request, "X-Amz-Target"), ps_span_of(operation)));
    if (!CHECK(ps_span_ends(request.body, ps_span_of(end)))) CHECK_TEXT(request.body, end);
}

#endif
