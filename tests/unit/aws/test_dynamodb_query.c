#include "aws/dynamodb_query.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/clock.h"
#include "support/check.h"
#include "support/fake_http.h"

static struct ps_arena arena;
static struct ps_call_client *client;
static struct fake_http *server;
static const struct ps_deadline NO_DEADLINE;
static const struct ps_dynamodb_query QUERY = { .table = PS_SPAN_INIT("logs"),
                                                .pk = PS_SPAN_INIT("api \"x\""),
                                                .sk_from = PS_SPAN_INIT("100"),
                                                .sk_to = PS_SPAN_INIT("200#~"),
                                                .limit = 3 };

static char rows[1024];
static uint64_t row_count;
static enum ps_err row_err;

static enum ps_err on_row(void *context, struct ps_span item)
{
    (void)context;
    row_count++;
    size_t used = strlen(rows);
    (void)snprintf(rows + used, sizeof rows - used, "%.*s|", PS_SPAN_ARG(item));
    return row_err;
}

#define REPLY(body_) \
    { \
        .reply = {.status = 200, .body = PS_SPAN_INIT(body_) } \
    }
#define REFUSE(type) \
    { \
        .reply = {.status = 400, .body = PS_SPAN_INIT("{\"__type\":\"x#" type "\",\"message\":\"SECRET\"}") } \
    }

static void start(const struct fake_http_step *steps, size_t count)
{
    server = fake_http_open(steps, count, false);
    struct ps_span url = fake_http_url(server);
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s", PS_SPAN_ARG(url));
    setenv("AWS_ENDPOINT_URL_DYNAMODB", text, 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
    setenv("AWS_SESSION_TOKEN", "old", 1);
    arena = check_arena(64 << 20);
    struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&arena, &options, &client));
    row_count = 0;
    row_err = PS_OK;
    rows[0] = '\0';
}

static void stop(void)
{
    ps_call_client_close(client);
    CHECK_EQ(fake_http_finish(server), 0);
    ps_arena_fini(&arena);
}

#define START(...) \
    static const struct fake_http_step STEPS[] = { __VA_ARGS__ }; \
    start(STEPS, sizeof STEPS / sizeof STEPS[0])

static enum ps_err run(void)
{
    return ps_dynamodb_query(client, &arena, &NO_DEADLINE, &QUERY, on_row, NULL);
}

static void pages_follow_one_another_up_to_the_limit(void)
{
    START(REPLY("{\"Items\":[{\"sk\":{\"S\":\"101\"}},{\"sk\":{\"S\":\"102\"}}],\"Count\":2,"
                "\"LastEvaluatedKey\":{\"sk\":{\"S\":\"102\"},\"pk\":{\"S\":\"api \\\"x\\\"\"}}}"),
          REPLY("{\"LastEvaluatedKey\":{\"sk\":{\"S\":\"103\"}},\"Items\":[{\"sk\":{\"S\":\"103\"}}]}"));
    CHECK_OK(run());
    CHECK_TEXT(ps_span_of(rows), "{\"sk\":{\"S\":\"101\"}}|{\"sk\":{\"S\":\"102\"}}|{\"sk\":{\"S\":\"103\"}}|");
    struct fake_http_request request = fake_http_request(server, 0);
    CHECK_TEXT(request.body, "{\"TableName\":\"logs\",\"KeyConditionExpression\":\"pk = :p AND sk BETWEEN :a AND :b\","
                             "\"ExpressionAttributeValues\":{\":p\":{\"S\":\"api \\\"x\\\"\"},\":a\":{\"S\":\"100\"},"
                             "\":b\":{\"S\":\"200#~\"}},\"ScanIndexForward\":true,\"Limit\":3}");
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Target"), "DynamoDB_20120810.Query");
    request = fake_http_request(server, 1);
    CHECK(ps_span_ends(request.body, PS_SPAN("\"Limit\":1,\"ExclusiveStartKey\":{\"sk\":{\"S\":\"102\"},\"pk\":{\"S\":"
                                             "\"api \\\"x\\\"\"}}}")));
    stop();
}

static void the_newest_can_come_first(void)
{
    START(REPLY("{\"Items\":[]}"));
    struct ps_dynamodb_query query = QUERY;
    query.newest_first = true;
    CHECK_OK(ps_dynamodb_query(client, &arena, &NO_DEADLINE, &query, on_row, NULL));
    CHECK(ps_span_find(fake_http_request(server, 0).body, PS_SPAN("\"ScanIndexForward\":false")) > 0);
    CHECK_EQ(row_count, 0);
    stop();
}

static void an_index_is_asked_by_its_own_key(void)
{
    START(REPLY("{\"Items\":[{}]}"));
    const struct ps_dynamodb_query query = { .table = PS_SPAN("logs"),
                                             .index = PS_SPAN("day-index"),
                                             .index_key = PS_SPAN("day"),
                                             .pk = PS_SPAN("2026-11-21"),
                                             .limit = 3,
                                             .newest_first = true };
    CHECK_OK(ps_dynamodb_query(client, &arena, &NO_DEADLINE, &query, on_row, NULL));
    CHECK_EQ(row_count, 1);
    CHECK_TEXT(fake_http_request(server, 0).body,
               "{\"TableName\":\"logs\",\"IndexName\":\"day-index\",\"ExpressionAttributeNames\":{\"#p\":\"day\"},"
               "\"KeyConditionExpression\":\"#p = :p\",\"ExpressionAttributeValues\":{\":p\":{\"S\":\"2026-11-21\"}},"
               "\"ScanIndexForward\":false,\"Limit\":3}");
    stop();
}

static void an_empty_page_is_not_the_end(void)
{
    START(REPLY("{\"Items\":[],\"LastEvaluatedKey\":{\"sk\":{\"S\":\"1\"}}}"), REPLY("{\"Items\":[{}]}"));
    CHECK_OK(run());
    CHECK_EQ(row_count, 1);
    stop();
}

static void what_may_pass_is_asked_again(void)
{
    START({ .reply = { .status = 500 } }, REFUSE("ThrottlingException"), REPLY("{\"Items\":[{}]}"));
    CHECK_OK(run());
    CHECK_EQ(row_count, 1);
    stop();
}

static void expired_credentials_are_read_again_once(void)
{
    START(REFUSE("ExpiredTokenException"), REPLY("{\"Items\":[]}"));
    setenv("AWS_SESSION_TOKEN", "new", 1);
    CHECK_OK(run());
    struct fake_http_request request = fake_http_request(server, 1);
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Security-Token"), "new");
    stop();
}

static void a_refusal_is_told_without_the_services_text(void)
{
    START(REFUSE("ResourceNotFoundException"), REFUSE("ValidationException"), REFUSE("ExpiredTokenException"));
    CHECK_ERR(run(), PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "table missing") != NULL);
    CHECK_ERR(run(), PS_ERR_REFUSED);
    CHECK(strstr(ps_err_note()->text, "SECRET") == NULL);
    CHECK_ERR(run(), PS_ERR_DENIED);
    stop();
}

static void an_answer_that_is_no_json_object_is_asked_for_again(void)
{
    START(REPLY(""), REPLY("[]"), REPLY("{\"Items\":[{}]"), REPLY("{\"Items\":[{}]}"), REPLY("<html>"), REPLY("<html>"),
          REPLY("<html>"), REPLY("<html>"));
    CHECK_OK(run());
    CHECK_EQ(row_count, 1);
    CHECK_ERR(run(), PS_ERR_UNAVAILABLE);
    stop();
}

static void an_answer_of_another_shape_is_refused(void)
{
    static const struct fake_http_step STEPS[] = {
        REPLY("{}"),
        REPLY("{\"Items\":{}}"),
        REPLY("{\"Items\":[1]}"),
        REPLY("{\"Items\":[{}],\"LastEvaluatedKey\":7}"),
        REPLY("{\"Items\":[{},{},{},{}]}"),
    };
    start(STEPS, sizeof STEPS / sizeof STEPS[0]);
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++)
        CHECK_ERR(run(), PS_ERR_BAD_INPUT);
    stop();
}

static void a_failing_callback_ends_the_query(void)
{
    START(REPLY("{\"Items\":[{},{}]}"));
    row_err = PS_ERR_SYSTEM;
    CHECK_ERR(run(), PS_ERR_SYSTEM);
    CHECK_EQ(row_count, 1);
    stop();
}

static void after_the_deadline_nothing_is_asked(void)
{
    start(NULL, 0);
    struct ps_deadline over = { .at_us = 1 };
    CHECK_ERR(ps_dynamodb_query(client, &arena, &over, &QUERY, on_row, NULL), PS_ERR_DEADLINE);
    stop();
}

static void memory_is_that_of_one_page(void)
{
    enum { PAGES = 50 };
    static struct fake_http_step steps[PAGES];
    for (size_t i = 0; i < PAGES; i++)
        steps[i] = (struct fake_http_step)REPLY("{\"Items\":[{}],\"LastEvaluatedKey\":{\"sk\":{\"S\":\"1\"}}}");
    start(steps, PAGES);
    size_t before = ps_arena_used(&arena);
    struct ps_dynamodb_query query = QUERY;
    query.limit = PAGES;
    CHECK_OK(ps_dynamodb_query(client, &arena, &NO_DEADLINE, &query, on_row, NULL));
    CHECK_EQ(row_count, PAGES);
    CHECK(ps_arena_used(&arena) - before < 64 << 10);
    CHECK(arena.peak_bytes - before < 256 << 10);
    stop();
}

int main(void)
{
    RUN(pages_follow_one_another_up_to_the_limit);
    RUN(the_newest_can_come_first);
    RUN(an_index_is_asked_by_its_own_key);
    RUN(an_empty_page_is_not_the_end);
    RUN(what_may_pass_is_asked_again);
    RUN(expired_credentials_are_read_again_once);
    RUN(a_refusal_is_told_without_the_services_text);
    RUN(an_answer_that_is_no_json_object_is_asked_for_again);
    RUN(an_answer_of_another_shape_is_refused);
    RUN(a_failing_callback_ends_the_query);
    RUN(after_the_deadline_nothing_is_asked);
    RUN(memory_is_that_of_one_page);
    return check_finish();
}
