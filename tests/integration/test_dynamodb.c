/* Sink and query against DynamoDB Local. Wants AWS_ENDPOINT_URL_DYNAMODB (from cases/dynamodb). DynamoDB Local never
 * throttles and leaves nothing unprocessed: that is the unit tests' part. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws/dynamodb.h"
#include "aws/dynamodb_query.h"
#include "base/json_read.h"
#include "host/clock.h"
#include "support/check.h"

enum { RESULTS_MAX = 4096 };

struct result {
    enum ps_dynamodb_outcome outcome;
    uint64_t tag;
    char type[64];
};

struct world {
    struct ps_arena process;
    struct ps_arena arena;
    struct ps_call_client *client;
    struct ps_dynamodb *sink;
    struct ps_log log;
    struct ps_deadline deadline;
    struct result results[RESULTS_MAX];
    size_t result_count;
    struct ps_dynamodb_stats stats;
    uint64_t rows;
    char first[256], last[256]; /* rows, cut */
    char padding[512 << 10];
};

static struct world world;

/* -- the server's own interface ------------------------------------------------------------------------------------ */

static void admin(const char *operation, const char *body, uint32_t wanted)
{
    char target[64];
    int len = snprintf(target, sizeof target, "DynamoDB_20120810.%s", operation);
    char url[256];
    int url_len = snprintf(url, sizeof url, "%s/", getenv("AWS_ENDPOINT_URL_DYNAMODB"));
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .url = { url, (size_t)url_len },
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-amz-json-1.0") },
                                  { PS_SPAN("X-Amz-Target"), { target, (size_t)len } } },
                     .header_count = 2,
                     .body = ps_span_of(body),
                     .timeout_ms = 30000,
                     .response_bytes_max = 1 << 20 },
    };
    struct ps_call_target dynamodb = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("dynamodb") };
    CHECK_OK(ps_call_authorize(world.client, &world.arena, &dynamodb, ps_clock_now_ms(), &exchange.request));
    CHECK_OK(ps_http_run(ps_call_http(world.client), &world.arena, &exchange));
    if (!CHECK_EQ(exchange.response.status, wanted))
        printf("# %s: %.*s\n", operation, PS_SPAN_ARG(exchange.response.body));
}

static void create_table(const char *name, const char *sort_key, const char *sort_type)
{
    char body[512];
    (void)snprintf(body, sizeof body,
                   "{\"TableName\":\"%s\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":[{\"AttributeName\":\"pk\","
                   "\"KeyType\":\"HASH\"},{\"AttributeName\":\"%s\",\"KeyType\":\"RANGE\"}],\"AttributeDefinitions\":"
                   "[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},{\"AttributeName\":\"%s\",\"AttributeType\":"
                   "\"%s\"}]}",
                   name, sort_key, sort_key, sort_type);
    admin("CreateTable", body, 200);
}

/* -- sink and query ------------------------------------------------------------------------------------------------ */

static enum ps_err on_result(void *context, const struct ps_dynamodb_result *result)
{
    struct world *w = context;
    if (w->result_count == RESULTS_MAX) return PS_ERR_TOO_LARGE;
    struct result *kept = &w->results[w->result_count++];
    *kept = (struct result){ .outcome = result->outcome, .tag = result->tag };
    struct ps_span type = ps_span_first(result->type, sizeof kept->type - 1);
    if (type.len > 0) memcpy(kept->type, type.data, type.len);
    return PS_OK;
}

static void open_sink(const char *table)
{
    struct ps_dynamodb_options options = {
        .table = ps_span_of(table), .slots = 8, .attempts_max = 4, .request_timeout_ms = 20000
    };
    CHECK_OK(ps_dynamodb_open(&world.process, world.client, &options, &world.sink));
    world.result_count = 0;
    ps_dynamodb_begin(world.sink, &world.log, &world.deadline, on_result, &world);
}

static void close_sink(void)
{
    CHECK_OK(ps_dynamodb_finish(world.sink, &world.stats));
    ps_dynamodb_close(world.sink);
}

/* attributes: what follows pk and sk, with its comma. */
static void add(const char *pk, uint64_t sk, const char *attributes, size_t padding)
{
    struct ps_buf *buf = NULL;
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%013llu", (unsigned long long)sk);
    CHECK_OK(ps_dynamodb_buf(world.sink, &buf));
    ps_buf_printf(buf, "{\"pk\":{\"S\":\"%s\"},\"sk\":{\"S\":\"%s\"}%s", pk, digits, attributes);
    if (padding > 0) {
        ps_buf_put(buf, PS_SPAN(",\"message\":{\"S\":\""));
        ps_buf_put(buf, ps_span_make(world.padding, padding));
        ps_buf_put(buf, PS_SPAN("\"}"));
    }
    ps_buf_byte(buf, '}');
    struct ps_dynamodb_key key = { ps_span_of(pk), { digits, (size_t)len } };
    CHECK_OK(ps_dynamodb_commit(world.sink, sk, &key));
}

static size_t count_outcome(enum ps_dynamodb_outcome outcome, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < world.result_count; i++)
        count += world.results[i].outcome == outcome && (type == NULL || strcmp(world.results[i].type, type) == 0);
    return count;
}

static enum ps_err on_row(void *context, struct ps_span item)
{
    struct world *w = context;
    struct ps_span kept = ps_span_first(item, sizeof w->last - 1);
    memcpy(w->last, kept.data, kept.len);
    w->last[kept.len] = '\0';
    if (w->rows++ == 0) memcpy(w->first, w->last, sizeof w->first);
    return ps_json_read_check(item);
}

static enum ps_err query(const char *table, const char *pk, uint64_t from, uint64_t to, uint64_t limit, bool newest)
{
    char bounds[2][24];
    (void)snprintf(bounds[0], sizeof bounds[0], "%013llu", (unsigned long long)from);
    (void)snprintf(bounds[1], sizeof bounds[1], "%013llu", (unsigned long long)to);
    struct ps_dynamodb_query wanted = { .table = ps_span_of(table),
                                        .pk = ps_span_of(pk),
                                        .sk_from = ps_span_of(bounds[0]),
                                        .sk_to = ps_span_of(bounds[1]),
                                        .limit = limit,
                                        .newest_first = newest };
    struct ps_arena_mark mark = ps_arena_mark(&world.arena);
    world.rows = 0;
    enum ps_err err = ps_dynamodb_query(world.client, &world.arena, &world.deadline, &wanted, on_row, &world);
    ps_arena_rewind(&world.arena, mark);
    return err;
}

static uint64_t count_rows(const char *pk)
{
    CHECK_OK(query("logs", pk, 0, 9999999999999, UINT64_MAX, false));
    return world.rows;
}

/* -- what the table does ------------------------------------------------------------------------------------------- */

static void twenty_six_items_are_two_requests(void)
{
    open_sink("logs");
    for (uint64_t sk = 1; sk <= 26; sk++)
        add("26", sk, "", 10);
    close_sink();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 26);
    CHECK_EQ(world.stats.requests, 2);
    CHECK_EQ(count_rows("26"), 26);
}

static void a_thousand_items_go_in_flight_together(void)
{
    open_sink("logs");
    uint64_t began_us = ps_clock_monotonic_us();
    for (uint64_t sk = 1; sk <= 1000; sk++)
        add(sk % 2 == 0 ? "even" : "odd", sk, ",\"level\":{\"S\":\"INFO\"},\"ts\":{\"N\":\"1700000000123\"}", 200);
    close_sink();
    printf("# 1000 items in %llu ms\n", (unsigned long long)(ps_clock_monotonic_us() - began_us) / 1000);
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 1000);
    CHECK_EQ(world.stats.requests, 40);
    CHECK_EQ(count_rows("even"), 500);
    CHECK_EQ(count_rows("odd"), 500);
}

static void the_same_items_again_are_the_same_rows(void)
{
    for (int again = 0; again < 2; again++) {
        open_sink("logs");
        for (uint64_t sk = 1; sk <= 30; sk++)
            add("again", sk, "", 10);
        close_sink();
        CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 30);
    }
    CHECK_EQ(count_rows("again"), 30);
}

static void of_items_with_one_key_the_last_is_the_row(void)
{
    open_sink("logs");
    add("one", 1, ",\"n\":{\"S\":\"first\"}", 0);
    add("one", 1, ",\"n\":{\"S\":\"second\"}", 0);
    close_sink();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 2);
    CHECK_EQ(count_rows("one"), 1);
    CHECK(strstr(world.first, "second") != NULL);
}

/* Our count of an item's size is the server's: the largest we let through is the largest it takes. */
static void four_hundred_kilobytes_are_taken_and_a_byte_more_is_not(void)
{
    static const char ATTRIBUTES[] = ",\"n\":{\"N\":\"12\"},\"l\":{\"L\":[{\"S\":\"x\"},{\"BOOL\":true}]},"
                                     "\"m\":{\"M\":{\"k\":{\"NULL\":true}}},\"e\":{\"S\":\"\\u00e9\\n\"}";
    /* pk, sk, their values (3, 13), n (1+2), l (1+3+2+2), m (1+3+1+1+1), e (1+3), message. */
    size_t most = PS_DYNAMODB_ITEM_BYTES_MAX - (2 + 3 + 2 + 13 + 3 + 8 + 7 + 4 + 7);
    open_sink("logs");
    add("big", 1, ATTRIBUTES, most);
    add("big", 2, ATTRIBUTES, most + 1);
    for (uint64_t sk = 3; sk <= 7; sk++)
        add("big", sk, "", 300 << 10);
    close_sink();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 6);
    CHECK_EQ(count_outcome(PS_DYNAMODB_REJECTED, "too_large"), 1);
    CHECK_EQ(count_rows("big"), 6); /* over a megabyte: more than one page */
}

static void one_bad_item_among_many_is_rejected_alone(void)
{
    open_sink("logs");
    for (uint64_t sk = 1; sk <= 25; sk++)
        add("bad", sk, sk == 17 ? ",\"n\":{\"N\":\"abc\"}" : "", 10);
    close_sink();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 24);
    CHECK_EQ(count_outcome(PS_DYNAMODB_REJECTED, "ValidationException"), 1);
    CHECK_EQ(count_rows("bad"), 24);
}

static void keys_of_any_text_are_stored(void)
{
    open_sink("logs");
    add("caf\xc3\xa9 \\\"x\\\" \\u0001", 1, "", 10);
    close_sink();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 1);
    CHECK_EQ(count_rows("caf\xc3\xa9 \"x\" \x01"), 1);
}

static void a_missing_table_and_one_with_other_keys_are_operator_faults(void)
{
    static const char *const TABLES[] = { "nosuch", "other-name", "other-type" };
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
        open_sink(TABLES[i]);
        add("api", 1, "", 10);
        close_sink();
        CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, NULL), 1);
        const char *fault = ps_dynamodb_operator_fault(world.sink);
        CHECK(fault != NULL && strstr(fault, i == 0 ? "table missing" : "other keys") != NULL);
        CHECK_ERR(query(TABLES[i], "api", 0, 1, 10, false), PS_ERR_BAD_CONFIG);
    }
}

static void a_query_keeps_bounds_limit_and_order(void)
{
    CHECK_OK(query("logs", "even", 100, 200, 1000, false));
    CHECK_EQ(world.rows, 51);
    CHECK(strstr(world.first, "0000000000100") != NULL);
    CHECK(strstr(world.last, "0000000000200") != NULL);
    CHECK_OK(query("logs", "even", 100, 200, 5, true));
    CHECK_EQ(world.rows, 5);
    CHECK(strstr(world.first, "0000000000200") != NULL);
    CHECK(strstr(world.last, "0000000000192") != NULL);
    CHECK_OK(query("logs", "nobody", 0, 1, 5, true));
    CHECK_EQ(world.rows, 0);
}

int main(void)
{
    world.process = check_arena(1ull << 30);
    world.arena = check_arena(64 << 20);
    world.log.fd = memfd_create("log", 0);
    memset(world.padding, 'x', sizeof world.padding);
    struct ps_call_client_options client = { .region = ps_span_of(getenv("AWS_REGION")), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&world.process, &client, &world.client));
    create_table("logs", "sk", "S");
    create_table("other-name", "id", "S");
    create_table("other-type", "sk", "N");
    RUN(twenty_six_items_are_two_requests);
    RUN(a_thousand_items_go_in_flight_together);
    RUN(the_same_items_again_are_the_same_rows);
    RUN(of_items_with_one_key_the_last_is_the_row);
    RUN(four_hundred_kilobytes_are_taken_and_a_byte_more_is_not);
    RUN(one_bad_item_among_many_is_rejected_alone);
    RUN(keys_of_any_text_are_stored);
    RUN(a_missing_table_and_one_with_other_keys_are_operator_faults);
    RUN(a_query_keeps_bounds_limit_and_order);
    ps_call_client_close(world.client);
    ps_arena_fini(&world.process);
    ps_arena_fini(&world.arena);
    return check_finish();
}
