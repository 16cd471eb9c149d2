#include "aws/dynamodb_item.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/clock.h"
#include "support/check.h"
#include "support/exact.h"
#include "support/fake_http.h"

static struct ps_arena process, arena;
static struct ps_call_client *client;
static struct ps_dynamodb_table *table;
static struct fake_http *server;
static const struct ps_deadline NO_DEADLINE;
static const struct ps_dynamodb_key KEY = { PS_SPAN_INIT("a \"b\""), PS_SPAN_INIT("1\\2") };

static const struct ps_dynamodb_write WRITES[] = {
    { .kind = PS_DYNAMODB_PUT,
      .item = PS_SPAN_INIT("{\"pk\":{\"S\":\"id\"},\"sk\":{\"S\":\"-\"}}"),
      .condition = PS_SPAN_INIT("attribute_not_exists(pk)") },
    { .kind = PS_DYNAMODB_UPDATE,
      .key = { PS_SPAN_INIT("a \"b\""), PS_SPAN_INIT("1\\2") },
      .update = PS_SPAN_INIT("ADD #n :one"),
      .condition = PS_SPAN_INIT("#n < :most"),
      .names = PS_SPAN_INIT("{\"#n\":\"count\"}"),
      .values = PS_SPAN_INIT("{\":one\":{\"N\":\"1\"},\":most\":{\"N\":\"9\"}}") },
    { .kind = PS_DYNAMODB_DELETE, .key = { PS_SPAN_INIT("old"), PS_SPAN_INIT("x") } },
};

#define REPLY(body_) \
    { \
        .reply = {.status = 200, .body = PS_SPAN_INIT(body_) } \
    }
#define REFUSE(type) \
    { \
        .reply = {.status = 400, .body = PS_SPAN_INIT("{\"__type\":\"x#" type "\",\"message\":\"SECRET\"}") } \
    }
#define REASON(code) "{\"Code\":\"" code "\",\"Message\":\"SECRET\"}"
#define CANCEL(reasons) \
    { \
        .reply = { \
            .status = 400, \
            .body = PS_SPAN_INIT("{\"__type\":\"x#TransactionCanceledException\",\"CancellationReasons\":[" reasons \
                                 "],\"Message\":\"SECRET\"}") \
        } \
    }

static void start(const struct fake_http_step *steps, size_t count, bool repeat_last)
{
    server = fake_http_open(steps, count, repeat_last);
    struct ps_span url = fake_http_url(server);
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s", PS_SPAN_ARG(url));
    setenv("AWS_ENDPOINT_URL_DYNAMODB", text, 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
    setenv("AWS_SESSION_TOKEN", "old", 1);
    process = check_arena(16 << 20);
    arena = check_arena(64 << 20);
    struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&process, &options, &client));
    CHECK_OK(ps_dynamodb_table_open(&process, client, PS_SPAN("alerts"), 5000, &table));
}

static void stop(void)
{
    ps_call_client_close(client);
    CHECK_EQ(fake_http_finish(server), 0);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
}

#define START(...) \
    static const struct fake_http_step STEPS[] = { __VA_ARGS__ }; \
    start(STEPS, sizeof STEPS / sizeof STEPS[0], false)

static enum ps_err get(struct ps_span *item)
{
    return ps_dynamodb_get(table, &arena, &NO_DEADLINE, &KEY, item);
}

static enum ps_err write_first(size_t count, size_t *refused)
{
    return ps_dynamodb_write(table, &arena, &NO_DEADLINE, WRITES, count, refused);
}

static bool note_holds(const char *text)
{
    return strstr(ps_err_note()->text, text) != NULL;
}

static void check_request(size_t i, const char *operation, const char *body)
{
    struct fake_http_request request = fake_http_request(server, i);
    struct ps_span target = fake_http_header(&request, "X-Amz-Target");
    CHECK(ps_span_starts(target, PS_SPAN("DynamoDB_20120810.")));
    CHECK(ps_span_ends(target, ps_span_of(operation)));
    CHECK_TEXT(request.body, body);
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static void an_item_is_read_consistently_by_its_escaped_key(void)
{
    START(REPLY("{\"Item\":{\"n\":{\"N\":\"7\"}},\"ConsumedCapacity\":{}}"));
    struct ps_span item;
    CHECK_OK(get(&item));
    CHECK_TEXT(item, "{\"n\":{\"N\":\"7\"}}");
    check_request(0, ".GetItem",
                  "{\"TableName\":\"alerts\",\"Key\":{\"pk\":{\"S\":\"a \\\"b\\\"\"},\"sk\":{\"S\":\"1\\\\2\"}},"
                  "\"ConsistentRead\":true}");
    stop();
}

static void an_item_that_is_not_there_is_empty(void)
{
    START(REPLY("{}"));
    struct ps_span item = PS_SPAN("before");
    CHECK_OK(get(&item));
    CHECK_EQ(item.len, 0);
    stop();
}

static void an_answer_of_another_shape_is_none(void)
{
    START(REPLY("{\"Item\":7}"), REPLY("{\"Item\":[]}"), REPLY("<html>SECRET"), REPLY(""), REPLY("[]"),
          REPLY("{\"Item\":{}"), { .reply = { .status = 500 } }, REPLY("{\"Item\":{}}"));
    struct ps_span item = PS_SPAN("before");
    for (int i = 0; i < 3; i++) { /* the third time it is asked four times */
        CHECK_ERR(get(&item), PS_ERR_UNAVAILABLE);
        CHECK(!note_holds("SECRET"));
        CHECK_TEXT(item, "before");
    }
    CHECK_OK(get(&item));
    CHECK_TEXT(item, "{}");
    stop();
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

#define PUT \
    "{\"TableName\":\"alerts\",\"Item\":{\"pk\":{\"S\":\"id\"},\"sk\":{\"S\":\"-\"}}," \
    "\"ConditionExpression\":\"attribute_not_exists(pk)\"}"
#define UPDATE \
    "{\"TableName\":\"alerts\",\"Key\":{\"pk\":{\"S\":\"a \\\"b\\\"\"},\"sk\":{\"S\":\"1\\\\2\"}}," \
    "\"UpdateExpression\":\"ADD #n :one\",\"ConditionExpression\":\"#n < :most\"," \
    "\"ExpressionAttributeNames\":{\"#n\":\"count\"}," \
    "\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"},\":most\":{\"N\":\"9\"}}}"
#define DELETE "{\"TableName\":\"alerts\",\"Key\":{\"pk\":{\"S\":\"old\"},\"sk\":{\"S\":\"x\"}}}"

static void one_write_is_an_operation_of_its_own(void)
{
    static const char *const OPERATIONS[] = { ".PutItem", ".UpdateItem", ".DeleteItem" };
    static const char *const BODIES[] = { PUT, UPDATE, DELETE };
    START(REPLY("{}"), REPLY("{}"), REPLY("{}"));
    for (size_t i = 0; i < 3; i++) {
        size_t refused = 7;
        CHECK_OK(ps_dynamodb_write(table, &arena, &NO_DEADLINE, &WRITES[i], 1, &refused));
        CHECK_EQ(refused, 1);
        check_request(i, OPERATIONS[i], BODIES[i]);
    }
    stop();
}

static void several_writes_are_one_transaction(void)
{
    START(REPLY("{}"));
    size_t refused = 7;
    CHECK_OK(write_first(3, &refused));
    CHECK_EQ(refused, 3);
    check_request(0, ".TransactWriteItems",
                  "{\"TransactItems\":[{\"Put\":" PUT "},{\"Update\":" UPDATE "},{\"Delete\":" DELETE "}]}");
    stop();
}

static void a_condition_that_does_not_hold_is_no_failure(void)
{
    START(REFUSE("ConditionalCheckFailedException"));
    size_t refused = 7;
    CHECK_OK(write_first(1, &refused));
    CHECK_EQ(refused, 0);
    stop();
}

static void the_first_failed_condition_of_a_transaction_is_told(void)
{
    START(CANCEL(REASON("None") "," REASON("ConditionalCheckFailed") "," REASON("ConditionalCheckFailed")),
          CANCEL(REASON("TransactionConflict") "," REASON("ValidationError") "," REASON("ConditionalCheckFailed")));
    size_t refused = 7;
    CHECK_OK(write_first(3, &refused));
    CHECK_EQ(refused, 1);
    CHECK_OK(write_first(3, &refused));
    CHECK_EQ(refused, 2);
    stop();
}

static void a_read_has_no_condition_to_fail(void)
{
    START(REFUSE("ConditionalCheckFailedException"));
    struct ps_span item;
    CHECK_ERR(get(&item), PS_ERR_REFUSED);
    stop();
}

/* -- again --------------------------------------------------------------------------------------------------------- */

static void what_may_pass_is_written_again(void)
{
    START({ .reply = { .end = FAKE_HTTP_DROP } }, REFUSE("InternalServerError"),
          CANCEL(REASON("None") "," REASON("ThrottlingError")), REPLY("{}"));
    size_t refused = 7;
    CHECK_OK(write_first(2, &refused));
    CHECK_EQ(refused, 2);
    CHECK_SPAN(fake_http_request(server, 3).body, fake_http_request(server, 0).body);
    stop();
}

static void four_failures_are_enough(void)
{
    static const struct fake_http_step STEPS[] = { { .reply = { .status = 503 } } };
    start(STEPS, 1, true);
    size_t refused = 7;
    CHECK_ERR(write_first(1, &refused), PS_ERR_UNAVAILABLE);
    CHECK_EQ(fake_http_count(server), 4);
    CHECK_EQ(refused, 7);
    stop();
}

static void a_conflict_is_tried_eight_times(void)
{
    static const struct fake_http_step STEPS[] = {
        REFUSE("TransactionConflictException"),
        CANCEL(REASON("TransactionConflict") "," REASON("None")),
    };
    start(STEPS, 2, true);
    size_t refused = 7;
    CHECK_ERR(write_first(2, &refused), PS_ERR_UNAVAILABLE);
    CHECK(note_holds("TransactionConflict"));
    CHECK_EQ(fake_http_count(server), 8);
    stop();
}

static void conflicts_do_not_use_up_the_tries_of_other_failures(void)
{
    START(REFUSE("TransactionConflictException"), { .reply = { .status = 500 } },
          REFUSE("TransactionConflictException"), { .reply = { .status = 500 } },
          REFUSE("TransactionConflictException"), { .reply = { .status = 500 } }, REPLY("{}"));
    size_t refused = 7;
    CHECK_OK(write_first(1, &refused));
    CHECK_EQ(refused, 1);
    stop();
}

/* Nothing was written, so it may be tried again; but nothing may pass for written. */
static void a_cancellation_without_a_reason_for_each_write_is_tried_again(void)
{
    START(CANCEL(""), CANCEL(REASON("ConditionalCheckFailed")), CANCEL(REASON("None") "," REASON("None")),
          REFUSE("TransactionCanceledException"));
    size_t refused = 7;
    CHECK_ERR(write_first(2, &refused), PS_ERR_UNAVAILABLE);
    CHECK_EQ(refused, 7);
    stop();
}

static void there_is_no_try_that_the_deadline_does_not_hold(void)
{
    START({ .reply = { .status = 400,
                       .headers = "Retry-After: 60\r\n",
                       .body = PS_SPAN_INIT("{\"__type\":\"x#ThrottlingException\"}") } });
    struct ps_deadline near = { .at_us = ps_clock_monotonic_us() + 4000000 };
    struct ps_deadline over = { .at_us = 1 };
    struct ps_span item;
    size_t refused = 7;
    CHECK_ERR(ps_dynamodb_write(table, &arena, &near, WRITES, 1, &refused), PS_ERR_THROTTLED);
    CHECK_ERR(ps_dynamodb_write(table, &arena, &over, WRITES, 1, &refused), PS_ERR_DEADLINE);
    CHECK_ERR(ps_dynamodb_get(table, &arena, &over, &KEY, &item), PS_ERR_DEADLINE);
    CHECK_EQ(fake_http_count(server), 1);
    stop();
}

static void expired_credentials_are_read_again_once(void)
{
    START(REFUSE("ExpiredTokenException"), REPLY("{}"), REFUSE("ExpiredTokenException"));
    setenv("AWS_SESSION_TOKEN", "new", 1);
    size_t refused = 7;
    CHECK_OK(write_first(1, &refused));
    struct fake_http_request request = fake_http_request(server, 1);
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Security-Token"), "new");
    CHECK_ERR(write_first(1, &refused), PS_ERR_DENIED);
    stop();
}

/* -- refusals ------------------------------------------------------------------------------------------------------ */

static void a_refusal_is_told_without_the_services_text(void)
{
    static const struct {
        enum ps_err err;
        const char *text;
    } TOLD[] = {
        { PS_ERR_BAD_CONFIG,
          "TransactWriteItems of table alerts: status 400 ResourceNotFoundException: table missing" },
        { PS_ERR_DENIED, "permission missing" },
        { PS_ERR_REFUSED, "status 400 ValidationException" },
        { PS_ERR_REFUSED, "status 400 ValidationError" },
        { PS_ERR_REFUSED, "status 400 ItemCollectionSizeLimitExceeded" },
        { PS_ERR_BAD_CONFIG, "status 400 NewReason: unexpected refusal" },
        { PS_ERR_BAD_CONFIG, "table has other keys" },
    };
    START(REFUSE("ResourceNotFoundException"), REFUSE("AccessDeniedException"), REFUSE("ValidationException"),
          CANCEL(REASON("ValidationError") "," REASON("TransactionConflict")),
          CANCEL(REASON("None") "," REASON("ItemCollectionSizeLimitExceeded")),
          CANCEL(REASON("None") "," REASON("NewReason")),
          CANCEL(
              REASON("None") ",{\"Code\":\"ValidationError\",\"Message\":\"The provided key element does not match the "
                             "schema\"}"));
    for (size_t i = 0; i < sizeof TOLD / sizeof TOLD[0]; i++) {
        size_t refused = 7;
        CHECK_ERR(write_first(2, &refused), TOLD[i].err);
        CHECK(note_holds(TOLD[i].text));
        CHECK(!note_holds("SECRET"));
        CHECK_EQ(refused, 7);
    }
    stop();
}

static void a_name_that_no_table_can_have_is_a_mistake(void)
{
    start(NULL, 0, false);
    CHECK_ERR(ps_dynamodb_table_open(&process, client, PS_SPAN("no table"), 5000, &table), PS_ERR_BAD_CONFIG);
    stop();
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

static enum ps_err open_table(void)
{
    return ps_dynamodb_table_open(&process, client, PS_SPAN("alerts"), 5000, &table);
}

static enum ps_err get_one(void)
{
    struct ps_span item;
    return get(&item);
}

static enum ps_err write_three(void)
{
    size_t refused = 0;
    return write_first(3, &refused);
}

static void calls_survive_any_failed_allocation(void)
{
    static const struct fake_http_step STEPS[] = { REPLY("{\"Item\":{}}") };
    start(STEPS, 1, true);
    PS_EACH_FAILURE(&process, open_table());
    CHECK_OK(open_table());
    PS_EACH_FAILURE(&arena, get_one());
    PS_EACH_FAILURE(&arena, write_three());
    stop();
}

static void an_item_larger_than_any_table_takes_is_not_sent(void)
{
    start(NULL, 0, false);
    char *text = ps_arena_bytes(&arena, 4 << 20);
    CHECK_OR_RETURN(text != NULL);
    memset(text, '1', 4 << 20);
    struct ps_dynamodb_write write = { .kind = PS_DYNAMODB_PUT, .item = { text, 4 << 20 } };
    size_t refused = 7;
    CHECK_ERR(ps_dynamodb_write(table, &arena, &NO_DEADLINE, &write, 1, &refused), PS_ERR_TOO_LARGE);
    stop();
}

static void tries_and_writes_leave_no_memory_behind(void)
{
    START({ .reply = { .status = 500 } }, { .reply = { .status = 500 } }, REPLY("{}"));
    size_t before = ps_arena_used(&arena);
    size_t refused = 7;
    CHECK_OK(write_first(1, &refused));
    CHECK_EQ(ps_arena_used(&arena), before);
    stop();
}

/* -- members of an item -------------------------------------------------------------------------------------------- */

static const char ITEM[] =
    "{\"s\":{\"S\":\"caf\\u00e9 "
    "\\\"x\\\"\"},\"n\":{\"N\":\"-12\"},\"e\":{\"S\":\"\"},\"b\":{\"BOOL\":true},\"f\":{\"N\":\"1.5\"},"
    "\"o\":{\"S\":7,\"N\":7},\"m\":{\"M\":{\"s\":{\"S\":\"no\"}}},\"x\":7,\"l\":{\"N\":\"9223372036854775808\"}}";

static struct ps_span text_of(const char *name)
{
    struct ps_span text = PS_SPAN("unset");
    CHECK_OK(ps_dynamodb_item_text(&arena, ps_span_of(ITEM), ps_span_of(name), &text));
    return text;
}

static void texts_come_unescaped_and_others_empty(void)
{
    arena = check_arena(1 << 16);
    CHECK_TEXT(text_of("s"), "caf\xc3\xa9 \"x\"");
    static const char *const EMPTY[] = { "e", "n", "b", "o", "m", "x", "none" };
    for (size_t i = 0; i < sizeof EMPTY / sizeof EMPTY[0]; i++)
        CHECK_TEXT(text_of(EMPTY[i]), "");
    struct ps_span text = PS_SPAN("unset");
    CHECK_OK(ps_dynamodb_item_text(&arena, PS_SPAN(""), PS_SPAN("s"), &text)); /* an item that is not there */
    CHECK_TEXT(text, "");
    PS_EACH_FAILURE(&arena, ps_dynamodb_item_text(&arena, ps_span_of(ITEM), PS_SPAN("s"), &text));
    ps_arena_fini(&arena);
}

static void whole_numbers_are_read_and_others_are_the_default(void)
{
    CHECK_EQ(ps_dynamodb_item_number(ps_span_of(ITEM), PS_SPAN("n"), 5), -12);
    static const char *const OTHERS[] = { "s", "e", "b", "f", "l", "o", "m", "x", "none" };
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
        CHECK_EQ(ps_dynamodb_item_number(ps_span_of(ITEM), ps_span_of(OTHERS[i]), 5), 5);
    CHECK_EQ(ps_dynamodb_item_number(PS_SPAN(""), PS_SPAN("n"), 5), 5);
    CHECK_EQ(ps_dynamodb_item_number(PS_SPAN("{\"n\":{\"N\":\"9223372036854775807\"}}"), PS_SPAN("n"), 5), INT64_MAX);
}

static void no_prefix_of_an_item_is_read_past_its_end(void)
{
    arena = check_arena(1 << 16);
    for (size_t len = 0; len < sizeof ITEM - 1; len++) {
        struct ps_span copy = exact_copy(ps_span_first(ps_span_of(ITEM), len));
        struct ps_span text = PS_SPAN("unset");
        CHECK_OK(ps_dynamodb_item_text(&arena, copy, PS_SPAN("e"), &text));
        CHECK_TEXT(text, "");
        CHECK_EQ(ps_dynamodb_item_number(copy, PS_SPAN("l"), 5), 5);
        exact_free(copy);
    }
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(an_item_is_read_consistently_by_its_escaped_key);
    RUN(an_item_that_is_not_there_is_empty);
    RUN(an_answer_of_another_shape_is_none);
    RUN(one_write_is_an_operation_of_its_own);
    RUN(several_writes_are_one_transaction);
    RUN(a_condition_that_does_not_hold_is_no_failure);
    RUN(the_first_failed_condition_of_a_transaction_is_told);
    RUN(a_read_has_no_condition_to_fail);
    RUN(what_may_pass_is_written_again);
    RUN(four_failures_are_enough);
    RUN(a_conflict_is_tried_eight_times);
    RUN(conflicts_do_not_use_up_the_tries_of_other_failures);
    RUN(a_cancellation_without_a_reason_for_each_write_is_tried_again);
    RUN(there_is_no_try_that_the_deadline_does_not_hold);
    RUN(expired_credentials_are_read_again_once);
    RUN(a_refusal_is_told_without_the_services_text);
    RUN(a_name_that_no_table_can_have_is_a_mistake);
    RUN(calls_survive_any_failed_allocation);
    RUN(an_item_larger_than_any_table_takes_is_not_sent);
    RUN(tries_and_writes_leave_no_memory_behind);
    RUN(texts_come_unescaped_and_others_empty);
    RUN(whole_numbers_are_read_and_others_are_the_default);
    RUN(no_prefix_of_an_item_is_read_past_its_end);
    return check_finish();
}
