/* Single items before a real server that has no tables yet (AWS_ENDPOINT_URL_DYNAMODB and credentials from the
 * environment, see cases/dynamodb and cases/aws). Usage: test_dynamodb_item [ministack], which checks less.
 * Neither ever answers with a conflict: that is the unit tests' part. */
#include "aws/dynamodb_item.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/clock.h"
#include "support/check.h"

enum { THREADS = 4, ALERTS = 25 };

/* What each thread has of its own. */
struct lane {
    struct ps_arena arena;
    struct ps_call_client *client;
    struct ps_dynamodb_table *table;
};

static struct lane lane;
static const struct ps_deadline NO_DEADLINE;

static void open_lane(struct lane *opened, const char *table)
{
    struct ps_call_client_options options = { .region = ps_span_of(getenv("AWS_REGION")), .needs_credentials = true };
    opened->arena = check_arena(16 << 20);
    CHECK_OK(ps_call_client_open(&opened->arena, &options, &opened->client));
    CHECK_OK(ps_dynamodb_table_open(&opened->arena, opened->client, ps_span_of(table), 20000, &opened->table));
}

static void close_lane(struct lane *opened)
{
    ps_call_client_close(opened->client);
    ps_arena_fini(&opened->arena);
}

static void create_table(const char *name, const char *sort_key)
{
    char body[512], url[256];
    int len = snprintf(body, sizeof body,
                       "{\"TableName\":\"%s\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":[{\"AttributeName\":"
                       "\"pk\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"%s\",\"KeyType\":\"RANGE\"}],"
                       "\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
                       "{\"AttributeName\":\"%s\",\"AttributeType\":\"S\"}]}",
                       name, sort_key, sort_key);
    int url_len = snprintf(url, sizeof url, "%s/", getenv("AWS_ENDPOINT_URL_DYNAMODB"));
    const struct ps_call_target dynamodb = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("dynamodb") };
    const struct ps_call_options once = { .attempts_max = 1, .timeout_ms = 30000 };
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .url = { url, (size_t)url_len },
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-amz-json-1.0") },
                                  { PS_SPAN("X-Amz-Target"), PS_SPAN("DynamoDB_20120810.CreateTable") } },
                     .header_count = 2,
                     .body = { body, (size_t)len },
                     .response_bytes_max = 1 << 20 },
    };
    CHECK_OK(ps_call_run(lane.client, &lane.arena, &dynamodb, &once, &NO_DEADLINE, &exchange));
    CHECK_EQ(exchange.response.status, 200);
}

/* -- writes -------------------------------------------------------------------------------------------------------- */

static struct ps_dynamodb_key key_of(const char *pk)
{
    return (struct ps_dynamodb_key){ ps_span_of(pk), PS_SPAN("-") };
}

/* A put that holds for a new key only. text keeps the item. */
static struct ps_dynamodb_write new_item(const char *pk, char *text, size_t cap)
{
    int len =
        snprintf(text, cap, "{\"pk\":{\"S\":\"%s\"},\"sk\":{\"S\":\"-\"},\"text\":{\"S\":\"caf\\u00e9\\n\"}}", pk);
    return (struct ps_dynamodb_write){ .kind = PS_DYNAMODB_PUT,
                                       .item = { text, (size_t)len },
                                       .condition = PS_SPAN("attribute_not_exists(pk)") };
}

/* One more, while there are fewer than most. */
static struct ps_dynamodb_write count_one(const char *pk, struct ps_span values)
{
    return (struct ps_dynamodb_write){ .kind = PS_DYNAMODB_UPDATE,
                                       .key = key_of(pk),
                                       .update = PS_SPAN("ADD #n :one"),
                                       .condition = PS_SPAN("attribute_not_exists(#n) OR #n < :most"),
                                       .names = PS_SPAN("{\"#n\":\"count\"}"),
                                       .values = values };
}

#define VALUES(most) PS_SPAN("{\":one\":{\"N\":\"1\"},\":most\":{\"N\":\"" most "\"}}")

static size_t write_all(const struct ps_dynamodb_write *writes, size_t count)
{
    size_t refused = SIZE_MAX;
    CHECK_OK(ps_dynamodb_write(lane.table, &lane.arena, &NO_DEADLINE, writes, count, &refused));
    return refused;
}

static struct ps_span get(const char *pk)
{
    struct ps_dynamodb_key key = key_of(pk);
    struct ps_span item = PS_SPAN("unset");
    CHECK_OK(ps_dynamodb_get(lane.table, &lane.arena, &NO_DEADLINE, &key, &item));
    return item;
}

/* -- what the table does ------------------------------------------------------------------------------------------- */

static void a_missing_item_is_empty(void)
{
    CHECK_EQ(get("nobody").len, 0);
}

static void of_two_that_put_one_new_item_the_second_is_refused(void)
{
    char text[128];
    struct ps_dynamodb_write write = new_item("new", text, sizeof text);
    CHECK_EQ(write_all(&write, 1), 1);
    CHECK_EQ(write_all(&write, 1), 0);
    struct ps_span got = PS_SPAN("");
    CHECK_OK(ps_dynamodb_item_text(&lane.arena, get("new"), PS_SPAN("text"), &got));
    CHECK_TEXT(got, "caf\xc3\xa9\n");
}

static void an_update_counts_while_its_condition_holds(void)
{
    struct ps_dynamodb_write write = count_one("counted \"\\\xc3\xa9", VALUES("2"));
    CHECK_EQ(write_all(&write, 1), 1);
    CHECK_EQ(write_all(&write, 1), 1);
    CHECK_EQ(write_all(&write, 1), 0);
    CHECK_EQ(ps_dynamodb_item_number(get("counted \"\\\xc3\xa9"), PS_SPAN("count"), -1), 2);
}

static void of_a_transaction_all_is_written_or_nothing(void)
{
    char text[2][128];
    const struct ps_dynamodb_write first[] = { new_item("tx-1", text[0], sizeof text[0]),
                                               count_one("tx-count", VALUES("1")) };
    CHECK_EQ(write_all(first, 2), 2);
    const struct ps_dynamodb_write second[] = { new_item("tx-2", text[1], sizeof text[1]),
                                                count_one("tx-count", VALUES("1")) };
    CHECK_EQ(write_all(second, 2), 1);
    CHECK_EQ(get("tx-2").len, 0);
    CHECK_EQ(write_all(first, 2), 0); /* both fail: the first is told */
    CHECK_EQ(ps_dynamodb_item_number(get("tx-count"), PS_SPAN("count"), -1), 1);
}

static void a_delete_waits_for_its_condition(void)
{
    struct ps_dynamodb_write count = count_one("gone", VALUES("9"));
    struct ps_dynamodb_write write = { .kind = PS_DYNAMODB_DELETE,
                                       .key = key_of("gone"),
                                       .condition = PS_SPAN("#n = :n"),
                                       .names = PS_SPAN("{\"#n\":\"count\"}"),
                                       .values = PS_SPAN("{\":n\":{\"N\":\"2\"}}") };
    CHECK_EQ(write_all(&count, 1), 1);
    CHECK_EQ(write_all(&write, 1), 0);
    CHECK_EQ(write_all(&count, 1), 1);
    CHECK_EQ(write_all(&write, 1), 1);
    CHECK_EQ(get("gone").len, 0);
}

static void what_no_table_takes_is_refused_for_good(void)
{
    struct ps_dynamodb_write write = { .kind = PS_DYNAMODB_UPDATE,
                                       .key = key_of("x"),
                                       .update = PS_SPAN("SET nonsense") };
    char text[128];
    const struct ps_dynamodb_write two[] = { new_item("x", text, sizeof text), write };
    size_t refused = 7;
    CHECK_ERR(ps_dynamodb_write(lane.table, &lane.arena, &NO_DEADLINE, &write, 1, &refused), PS_ERR_REFUSED);
    CHECK_ERR(ps_dynamodb_write(lane.table, &lane.arena, &NO_DEADLINE, two, 2, &refused), PS_ERR_REFUSED);
    CHECK_EQ(refused, 7);
}

static void a_missing_table_and_one_with_other_keys_are_mistakes(void)
{
    static const char *const TABLES[] = { "nosuch", "alerts-by-id" };
    struct ps_dynamodb_key key = key_of("x");
    struct ps_dynamodb_write write = { .kind = PS_DYNAMODB_DELETE, .key = key };
    struct ps_dynamodb_write other = { .kind = PS_DYNAMODB_DELETE, .key = key_of("y") };
    const struct ps_dynamodb_write two[] = { write, other };
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
        struct ps_dynamodb_table *table = NULL;
        struct ps_span item;
        size_t refused = 7;
        CHECK_OK(ps_dynamodb_table_open(&lane.arena, lane.client, ps_span_of(TABLES[i]), 20000, &table));
        CHECK_ERR(ps_dynamodb_get(table, &lane.arena, &NO_DEADLINE, &key, &item), PS_ERR_BAD_CONFIG);
        CHECK_ERR(ps_dynamodb_write(table, &lane.arena, &NO_DEADLINE, &write, 1, &refused), PS_ERR_BAD_CONFIG);
        CHECK_ERR(ps_dynamodb_write(table, &lane.arena, &NO_DEADLINE, two, 2, &refused), PS_ERR_BAD_CONFIG);
    }
}

/* -- several at once ----------------------------------------------------------------------------------------------- */

/* Remembers each alert and counts it, unless another thread has done so. */
static void *handle_alerts(void *context)
{
    struct lane *own = context;
    for (int i = 0; i < ALERTS; i++) {
        char pk[32], text[128];
        (void)snprintf(pk, sizeof pk, "alert-%d", i);
        const struct ps_dynamodb_write writes[] = { new_item(pk, text, sizeof text),
                                                    count_one("storm", VALUES("999")) };
        size_t refused = SIZE_MAX;
        CHECK_OK(ps_dynamodb_write(own->table, &own->arena, &NO_DEADLINE, writes, 2, &refused));
        CHECK(refused == 2 || refused == 0);
    }
    return NULL;
}

static void *count_alerts(void *context)
{
    struct lane *own = context;
    struct ps_dynamodb_write write = count_one("sum", VALUES("999"));
    for (int i = 0; i < ALERTS; i++) {
        size_t refused = 0;
        CHECK_OK(ps_dynamodb_write(own->table, &own->arena, &NO_DEADLINE, &write, 1, &refused));
        CHECK_EQ(refused, 1);
    }
    return NULL;
}

static void run_threads(void *(*thread)(void *))
{
    struct lane lanes[THREADS];
    pthread_t threads[THREADS];
    uint64_t began_us = ps_clock_monotonic_us();
    for (size_t i = 0; i < THREADS; i++)
        open_lane(&lanes[i], "alerts");
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, thread, &lanes[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        close_lane(&lanes[i]);
    printf("# %d writes in %llu ms\n", THREADS * ALERTS,
           (unsigned long long)(ps_clock_monotonic_us() - began_us) / 1000);
}

static void of_several_that_handle_an_alert_one_counts_it(void)
{
    run_threads(handle_alerts);
    CHECK_EQ(ps_dynamodb_item_number(get("storm"), PS_SPAN("count"), -1), ALERTS);
}

static void updates_of_one_item_from_several_threads_all_land(void)
{
    run_threads(count_alerts);
    CHECK_EQ(ps_dynamodb_item_number(get("sum"), PS_SPAN("count"), -1), THREADS * ALERTS);
}

int main(int argc, char **argv)
{
    bool ministack = argc == 2 && strcmp(argv[1], "ministack") == 0;
    open_lane(&lane, "alerts");
    create_table("alerts", "sk");
    create_table("alerts-by-id", "id");
    RUN(a_missing_item_is_empty);
    RUN(of_two_that_put_one_new_item_the_second_is_refused);
    RUN(an_update_counts_while_its_condition_holds);
    RUN(of_a_transaction_all_is_written_or_nothing);
    RUN(a_delete_waits_for_its_condition);
    /* Ministack takes any expression, and in a transaction any key. */
    if (!ministack) RUN(what_no_table_takes_is_refused_for_good);
    if (!ministack) RUN(a_missing_table_and_one_with_other_keys_are_mistakes);
    RUN(of_several_that_handle_an_alert_one_counts_it);
    RUN(updates_of_one_item_from_several_threads_all_land);
    close_lane(&lane);
    return check_finish();
}
