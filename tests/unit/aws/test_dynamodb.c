#include "aws/dynamodb.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws/dynamodb_priv.h"
#include "base/json_read.h"
#include "host/clock.h"
#include "support/check.h"
#include "support/fake_http.h"

enum { ITEMS_MAX = 4096, REQUESTS_MAX = 250, LOG_BYTES = 64 << 10 };

/* -- a table on loopback ------------------------------------------------------------------------------------------- */

/* What the table does with one request: stores all, unless something else is said. */
struct turn {
    const char *left; /* items whose JSON holds this are left unprocessed */
    const char *body; /* with status: the whole answer */
    const char *headers;
    size_t take; /* store so many at most, leave the others */
    int status;
    enum fake_http_end end;
};

/* One request as the table got it. */
struct seen {
    size_t items;
    char sks[512]; /* "1,2,3," cut */
};

struct table {
    struct fake_http *server;
    struct fake_http_step step;
    const struct turn *turns; /* the last is repeated */
    size_t turn_count;
    size_t requests;
    struct seen seen[REQUESTS_MAX];
    const char *poison;  /* a request that holds it is refused as a whole */
    const char *hot;     /* of items that hold it, one is stored by each request */
    const char *patient; /* items that hold it are left until `patience` others are stored */
    size_t patience;
    uint32_t random; /* not 0: the table has its moods (see moody) */
    bool twice;      /* a request held a key twice */
    size_t stored_count;
    uint8_t stored[ITEMS_MAX];
    struct ps_arena answers; /* stay until they have been sent */
};

static const char VALIDATION[] =
    "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"message\":\"SECRET\"}";
static const char THROTTLE[] =
    "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\",\"message\":\"SECRET\","
    "\"ThrottlingReasons\":[{\"reason\":\"TableWriteKeyRangeThroughputExceeded\",\"resource\":\"arn:aws:x\"}]}";
static const char EXPIRED[] =
    "{\"__type\":\"com.amazon.coral.service#ExpiredTokenException\",\"message\":\"The security token is expired\"}";
static const char MISSING[] = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
                              "\"message\":\"Requested resource not found\"}";

/* The number in an item's sort key. */
static uint64_t id_of(struct ps_span item)
{
    ptrdiff_t at = ps_span_find(item, PS_SPAN("\"sk\":{\"S\":\""));
    uint64_t id = 0;
    if (at == PS_SPAN_NONE) return 0;
    struct ps_span rest = ps_span_from(item, (size_t)at + 11);
    ptrdiff_t end = ps_span_find_byte(rest, '"');
    return end != PS_SPAN_NONE && ps_span_to_u64(ps_span_first(rest, (size_t)end), &id) ? id : 0;
}

/* Takes the next item's JSON off *rest. */
static bool next_item(struct ps_span *rest, struct ps_span *item)
{
    static const struct ps_span BEFORE = PS_SPAN_INIT("{\"PutRequest\":{\"Item\":");
    ptrdiff_t at = ps_span_find(*rest, BEFORE);
    if (at == PS_SPAN_NONE) return false;
    struct ps_span from = ps_span_from(*rest, (size_t)at + BEFORE.len);
    ptrdiff_t end = ps_span_find(from, PS_SPAN("}}}"));
    if (!CHECK(end != PS_SPAN_NONE)) return false;
    *item = ps_span_first(from, (size_t)end + 2);
    *rest = ps_span_from(from, (size_t)end + 3);
    CHECK_OK(ps_json_read_check(*item));
    return true;
}

static void look_at_items(struct table *table, struct ps_span body, struct seen *seen)
{
    struct ps_span item;
    size_t used = 0;
    while (next_item(&body, &item)) {
        uint64_t id = id_of(item);
        char text[24];
        int len = snprintf(text, sizeof text, "%llu,", (unsigned long long)id);
        table->twice = table->twice || (len > 2 && strstr(seen->sks, text) != NULL && id >= 1000);
        seen->items++;
        if (used + (size_t)len < sizeof seen->sks) used += (size_t)snprintf(seen->sks + used, 24, "%s", text);
    }
}

static bool holds(struct ps_span text, const char *part)
{
    return part != NULL && ps_span_find(text, ps_span_of(part)) != PS_SPAN_NONE;
}

static uint32_t draw(struct table *table, uint32_t bound)
{
    table->random = table->random * 1664525u + 1013904223u;
    return (table->random >> 8) % bound;
}

static bool is_left(struct table *table, const struct turn *turn, struct ps_span item, size_t stored, bool *hot_stored)
{
    if (holds(item, table->hot)) {
        bool left = *hot_stored;
        *hot_stored = true;
        return left;
    }
    if (holds(item, table->patient)) return table->stored_count < table->patience;
    if (turn->take > 0 && stored >= turn->take) return true;
    if (table->random != 0 && draw(table, 6) == 0) return true;
    return holds(item, turn->left);
}

/* Stores what it stores; what is left is answered as the service does it. */
static void store(struct table *table, const struct turn *turn, struct ps_span body, struct ps_buf *out)
{
    struct ps_span item;
    size_t stored = 0;
    bool any = false;
    bool hot_stored = false;
    ps_buf_put(out, PS_SPAN("{\"UnprocessedItems\":{"));
    while (next_item(&body, &item)) {
        uint64_t id = id_of(item);
        if (!is_left(table, turn, item, stored, &hot_stored)) {
            if (CHECK(id < ITEMS_MAX)) table->stored[id]++;
            stored++;
            table->stored_count++;
            continue;
        }
        ps_buf_put(out, any ? PS_SPAN(",") : PS_SPAN("\"logs\":["));
        ps_buf_put(out, PS_SPAN("{\"PutRequest\":{\"Item\":"));
        ps_buf_put(out, item);
        ps_buf_put(out, PS_SPAN("}}"));
        any = true;
    }
    ps_buf_put(out, any ? PS_SPAN("]}}") : PS_SPAN("}}"));
}

/* Any fault a service or what is between can have, at random; what it says is stored is stored. */
static bool moody(struct table *table, struct fake_http_reply *reply)
{
    static const int REFUSALS[] = { 500, 502, 503, 504 };
    uint32_t mood = draw(table, 20);
    if (mood == 0) *reply = (struct fake_http_reply){ .status = REFUSALS[draw(table, 4)] };
    if (mood == 1) reply->end = FAKE_HTTP_DROP;
    if (mood == 2) reply->end = FAKE_HTTP_CUT;
    if (mood == 3) reply->end = FAKE_HTTP_CLOSE;
    return mood == 0;
}

static void answer(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    struct table *table = context;
    if (ps_span_eq(request->method, PS_SPAN("HEAD"))) return;
    struct seen ignored = { 0 };
    look_at_items(table, request->body, table->requests < REQUESTS_MAX ? &table->seen[table->requests] : &ignored);
    size_t at = table->requests < table->turn_count ? table->requests : table->turn_count - 1;
    const struct turn *turn = &table->turns[at];
    table->requests++;
    *reply = (struct fake_http_reply){
        .status = turn->status, .headers = turn->headers, .body = ps_span_of(turn->body), .end = turn->end
    };
    if (holds(request->body, table->poison)) {
        *reply = (struct fake_http_reply){ .status = 400, .body = ps_span_of(VALIDATION) };
        return;
    }
    if (turn->status != 0) return;
    reply->status = 200;
    if (table->random != 0 && moody(table, reply)) return;
    struct ps_buf out;
    ps_buf_init(&out, &table->answers, 4 << 20);
    store(table, turn, request->body, &out);
    reply->body = turn->body != NULL ? ps_span_of(turn->body) : ps_buf_span(&out);
}

/* -- a sink and what came out of it -------------------------------------------------------------------------------- */

struct result {
    enum ps_dynamodb_outcome outcome;
    uint64_t tag;
    uint32_t status;
    char type[64];
};

struct world {
    struct table table;
    struct ps_arena process;
    struct ps_call_client *client;
    struct ps_dynamodb *sink;
    struct ps_dynamodb_options options;
    struct ps_log log;
    struct ps_deadline deadline;
    struct result results[ITEMS_MAX];
    size_t result_count;
    size_t fail_at; /* on_result fails at this call, 1 for the first; 0: never */
    struct ps_dynamodb_stats stats;
    char log_text[LOG_BYTES];
    char padding[600 << 10]; /* makes items large */
};

static struct world world;

static enum ps_err on_result(void *context, const struct ps_dynamodb_result *result)
{
    struct world *w = context;
    if (w->result_count + 1 == w->fail_at) return PS_ERR_NO_MEMORY;
    if (w->result_count == ITEMS_MAX) return PS_ERR_TOO_LARGE;
    struct result *kept = &w->results[w->result_count++];
    *kept = (struct result){ .outcome = result->outcome, .tag = result->tag, .status = result->status };
    struct ps_span type = ps_span_first(result->type, sizeof kept->type - 1);
    if (type.len > 0) memcpy(kept->type, type.data, type.len);
    CHECK_OK(ps_json_read_check(result->item));
    return PS_OK;
}

static void begin(void)
{
    world.result_count = 0;
    ps_dynamodb_begin(world.sink, &world.log, &world.deadline, on_result, &world);
}

static void open_client(void)
{
    struct ps_call_client_options client = { .region = PS_SPAN("eu-west-1"),
                                             .connect_timeout_ms = 2000,
                                             .needs_credentials = getenv("AWS_ACCESS_KEY_ID") != NULL };
    CHECK_OK(ps_call_client_open(&world.process, &client, &world.client));
}

/* Opens the table and the sink; what was set in world before stays. */
static void start(const struct turn *turns, size_t count)
{
    world.table.turns = turns;
    world.table.turn_count = count;
    world.table.step = (struct fake_http_step){ .answer = answer, .context = &world.table };
    world.table.answers = check_arena(256 << 20);
    world.table.server = fake_http_open(&world.table.step, 1, true);
    world.process = check_arena(256 << 20);
    if (world.log.fd == 0) world.log.fd = memfd_create("log", 0);
    struct ps_span url = fake_http_url(world.table.server);
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s", PS_SPAN_ARG(url));
    setenv("AWS_ENDPOINT_URL_DYNAMODB", text, 1);
    open_client();
    CHECK_OK(ps_dynamodb_open(&world.process, world.client, &world.options, &world.sink));
    begin();
}

#define START(...) \
    static const struct turn TURNS[] = { __VA_ARGS__ }; \
    start(TURNS, sizeof TURNS / sizeof TURNS[0])

static void reset(void)
{
    world = (struct world){
        .options = { .table = PS_SPAN("logs"), .slots = 4, .attempts_max = 4, .request_timeout_ms = 10000 },
    };
    memset(world.padding, 'x', sizeof world.padding);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
    setenv("AWS_SESSION_TOKEN", "old", 1);
}

static void stop(void)
{
    ps_dynamodb_close(world.sink);
    ps_call_client_close(world.client);
    CHECK_EQ(fake_http_finish(world.table.server), 0);
    CHECK(!world.table.twice);
    close(world.log.fd);
    ps_arena_fini(&world.process);
    ps_arena_fini(&world.table.answers);
    reset();
}

static struct ps_span logged(void)
{
    ssize_t len = pread(world.log.fd, world.log_text, LOG_BYTES, 0);
    return ps_span_make(world.log_text, len > 0 ? (size_t)len : 0);
}

static size_t count_in_log(const char *text)
{
    struct ps_span rest = logged();
    size_t count = 0;
    for (ptrdiff_t at; (at = ps_span_find(rest, ps_span_of(text))) != PS_SPAN_NONE; count++)
        rest = ps_span_from(rest, (size_t)at + 1);
    return count;
}

static enum ps_err add_item(const char *pk, uint64_t sk, uint64_t tag, const char *word, size_t padding)
{
    struct ps_buf *buf = NULL;
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)sk);
    PS_TRY(ps_dynamodb_buf(world.sink, &buf));
    ps_buf_printf(buf, "{\"pk\":{\"S\":\"%s\"},\"sk\":{\"S\":\"%s\"},\"message\":{\"S\":\"%s", pk, digits, word);
    ps_buf_put(buf, ps_span_make(world.padding, padding));
    ps_buf_put(buf, PS_SPAN("\"}}"));
    struct ps_dynamodb_key key = { ps_span_of(pk), { digits, (size_t)len } };
    return ps_dynamodb_commit(world.sink, tag, &key);
}

/* Items 1 to count, of partition keys that take turns. */
static void add(size_t count)
{
    static const char *const PKS[] = { "api", "web", "worker" };
    for (uint64_t id = 1; id <= count; id++)
        CHECK_OK(add_item(PKS[id % 3], id, id, "hello", 0));
}

static void finish(void)
{
    CHECK_OK(ps_dynamodb_finish(world.sink, &world.stats));
}

static size_t count_outcome(enum ps_dynamodb_outcome outcome, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < world.result_count; i++)
        count += world.results[i].outcome == outcome && (type == NULL || strcmp(world.results[i].type, type) == 0);
    return count;
}

static const struct result *result_of(uint64_t tag)
{
    static const struct result NONE = { .type = "no result" };
    for (size_t i = 0; i < world.result_count; i++) {
        if (world.results[i].tag == tag) return &world.results[i];
    }
    return &NONE;
}

/* -- sending ------------------------------------------------------------------------------------------------------- */

static void every_item_comes_back_once_with_its_tag(void)
{
    START({ 0 });
    add(60);
    finish();
    CHECK_EQ(world.result_count, 60);
    for (uint64_t id = 1; id <= 60; id++) {
        CHECK_EQ(result_of(id)->outcome, PS_DYNAMODB_STORED);
        CHECK_EQ(result_of(id)->tag, id);
        CHECK_EQ(world.table.stored[id], 1);
    }
    CHECK_EQ(world.stats.requests, 3);
    CHECK_EQ(world.table.seen[0].items, 25);
    CHECK_EQ(logged().len, 0);
    CHECK(ps_dynamodb_operator_fault(world.sink) == NULL);
    stop();
}

static void a_request_says_what_it_is(void)
{
    START({ 0 });
    add(1);
    finish();
    struct fake_http_request request = fake_http_request(world.table.server, 1);
    CHECK_TEXT(request.method, "POST");
    CHECK_TEXT(request.target, "/");
    CHECK_TEXT(fake_http_header(&request, "Content-Type"), "application/x-amz-json-1.0");
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Target"), "DynamoDB_20120810.BatchWriteItem");
    CHECK_TEXT(fake_http_header(&request, "Accept-Encoding"), "identity");
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Security-Token"), "old");
    CHECK(ps_span_find(fake_http_header(&request, "Authorization"), PS_SPAN("/eu-west-1/dynamodb/aws4_request")) > 0);
    CHECK_EQ(request.connection, 0); /* the one that was warmed */
    CHECK_TEXT(request.body,
               "{\"RequestItems\":{\"logs\":[{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"web\"},\"sk\":{\"S\":\"1\"}"
               ",\"message\":{\"S\":\"hello\"}}}}]}}");
    stop();
}

static void an_invocation_without_items_sends_nothing(void)
{
    START({ 0 });
    finish();
    CHECK_EQ(world.table.requests, 0);
    CHECK_EQ(world.result_count, 0);
    stop();
}

static void requests_stay_at_about_a_megabyte(void)
{
    START({ 0 });
    for (uint64_t id = 1; id <= 10; id++)
        CHECK_OK(add_item("api", id, id, "", 300 << 10));
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 10);
    for (size_t i = 0; i < world.table.requests; i++)
        CHECK(world.table.seen[i].items <= 3);
    CHECK_EQ(world.stats.requests, 4);
    stop();
}

static void an_item_of_more_than_400_kilobytes_is_refused_here(void)
{
    START({ 0 });
    /* Names and values: pk 2 + api 3 + sk 2 + 1 + message 7. */
    size_t most = PS_DYNAMODB_ITEM_BYTES_MAX - 15;
    CHECK_OK(add_item("api", 1, 1, "", most));
    CHECK_OK(add_item("api", 2, 2, "", most + 1));
    CHECK_OK(add_item("api", 3, 3, "\\u0001\\n\\u00e9", most - 4));
    CHECK_OK(add_item("api", 4, 4, "\\u0001\\n\\u00e9", most - 3));
    finish();
    CHECK_EQ(result_of(1)->outcome, PS_DYNAMODB_STORED);
    CHECK_EQ(result_of(2)->outcome, PS_DYNAMODB_REJECTED);
    CHECK_EQ(count_outcome(PS_DYNAMODB_REJECTED, "too_large"), 2);
    CHECK_EQ(result_of(3)->outcome, PS_DYNAMODB_STORED);
    CHECK_EQ(count_in_log("too_large"), 1);
    stop();
}

static void a_key_that_no_table_takes_is_refused_here(void)
{
    START({ 0 });
    struct ps_buf *buf = NULL;
    struct ps_span long_sk = ps_span_make(world.padding, PS_DYNAMODB_SK_BYTES_MAX + 1);
    const struct ps_dynamodb_key keys[] = { { PS_SPAN(""), PS_SPAN("1") },
                                            { PS_SPAN("api"), PS_SPAN("") },
                                            { PS_SPAN("api"), long_sk } };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        CHECK_OK(ps_dynamodb_buf(world.sink, &buf));
        ps_buf_put(buf, PS_SPAN("{}"));
        CHECK_OK(ps_dynamodb_commit(world.sink, i, &keys[i]));
    }
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_REJECTED, "bad_key"), 3);
    CHECK_EQ(world.table.requests, 0);
    stop();
}

static void an_item_that_does_not_fit_can_be_taken_back(void)
{
    START({ 0 });
    struct ps_buf *buf = NULL;
    CHECK_OK(ps_dynamodb_buf(world.sink, &buf));
    while (buf->err == PS_OK)
        ps_buf_put(buf, ps_span_make(world.padding, sizeof world.padding));
    CHECK_EQ(buf->err, PS_ERR_TOO_LARGE);
    ps_dynamodb_rollback(world.sink);
    add(2);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 2);
    stop();
}

/* -- one key, several items ---------------------------------------------------------------------------------------- */

static void of_two_items_with_one_key_the_last_is_written_and_both_are_told(void)
{
    START({ 0 });
    CHECK_OK(add_item("api", 1000, 1, "first", 0));
    CHECK_OK(add_item("web", 1000, 2, "other", 0));
    CHECK_OK(add_item("api", 1000, 3, "second", 0));
    CHECK_OK(add_item("api", 1000, 4, "third", 0));
    finish();
    world.table.twice = false; /* api and web */
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 4);
    CHECK_EQ(world.table.seen[0].items, 2);
    CHECK_EQ(world.stats.replaced, 2);
    struct fake_http_request request = fake_http_request(world.table.server, 1);
    CHECK(holds(request.body, "third") && !holds(request.body, "first") && !holds(request.body, "second"));
    stop();
}

static void a_key_in_flight_is_not_sent_a_second_time_beside_it(void)
{
    START({ .end = FAKE_HTTP_HOLD }, { 0 });
    for (uint64_t id = 1000; id < 1025; id++)
        CHECK_OK(add_item("api", id, id, "first", 0));
    CHECK(fake_http_await(world.table.server, 2));
    for (uint64_t id = 1000; id < 1025; id++)
        CHECK_OK(add_item("api", id, id + 1000, "second", 0));
    CHECK_EQ(fake_http_count(world.table.server), 2);
    fake_http_release(world.table.server);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 50);
    CHECK_EQ(world.table.requests, 2);
    CHECK_EQ(world.stats.replaced, 0);
    CHECK_EQ(world.results[0].tag, 1000);
    stop();
}

static void an_older_item_that_comes_back_still_goes_before_the_newer(void)
{
    START({ .end = FAKE_HTTP_HOLD, .left = "first" }, { 0 });
    for (uint64_t id = 1000; id < 1025; id++)
        CHECK_OK(add_item("api", id, id, "first", 0));
    CHECK(fake_http_await(world.table.server, 2));
    CHECK_OK(add_item("api", 1000, 1, "second", 0));
    fake_http_release(world.table.server);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 26);
    CHECK_EQ(world.results[world.result_count - 1].tag, 1);
    CHECK_EQ(world.table.requests, 3);
    stop();
}

/* -- unprocessed items --------------------------------------------------------------------------------------------- */

static void what_is_left_unprocessed_goes_again_by_itself(void)
{
    START({ .take = 20 }, { 0 });
    add(25);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 25);
    CHECK_EQ(world.stats.unprocessed, 5);
    CHECK_EQ(world.stats.retried_items, 5);
    for (uint64_t id = 1; id <= 25; id++)
        CHECK_EQ(world.table.stored[id], 1);
    CHECK_EQ(count_in_log("unprocessed"), 1);
    CHECK_EQ(count_in_log("hello"), 0);
    stop();
}

static void unprocessed_items_have_no_limit_of_attempts(void)
{
    world.options.attempts_max = 1;
    world.table.hot = "hello";
    START({ 0 });
    for (uint64_t id = 1; id <= 9; id++)
        CHECK_OK(add_item("api", id, id, "hello", 0));
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 9);
    CHECK_EQ(world.stats.requests, 9);
    stop();
}

/* The table takes the hot ones once it has all others: if they held those up, nobody would get anywhere. */
static void a_hot_key_holds_up_nobody_else(void)
{
    world.deadline = (struct ps_deadline){ .at_us = ps_clock_monotonic_us() + 20 * 1000000ull };
    world.table.patient = "\"hot\"";
    world.table.patience = 240;
    START({ 0 });
    for (uint64_t id = 1; id <= 300; id++)
        CHECK_OK(add_item(id <= 50 || id % 25 == 0 ? "hot" : "cool", id, id, "hello", 0));
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 300);
    for (size_t i = 0; i < 240; i++)
        CHECK(world.results[i].tag > 50 && world.results[i].tag % 25 != 0);
    stop();
}

static void a_key_whose_wait_does_not_fit_is_handed_back(void)
{
    world.deadline = (struct ps_deadline){ .at_us = ps_clock_monotonic_us() + 60 * 1000000ull };
    START({ .left = "\"hot\"", .headers = "Retry-After: 120\r\n" }, { 0 });
    /* The service asks for more than is left only as far as we follow it: five seconds. */
    world.sink->deadline.at_us = ps_clock_monotonic_us() + 4 * 1000000ull;
    for (uint64_t id = 1; id <= 25; id++)
        CHECK_OK(add_item(id <= 3 ? "hot" : "cool", id, id, "hello", 0));
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 22);
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "unprocessed"), 3);
    CHECK_EQ(world.table.requests, 1);
    stop();
}

/* -- throttles ----------------------------------------------------------------------------------------------------- */

static void a_throttled_request_goes_again_and_its_reason_is_told_once(void)
{
    START({ .status = 400, .body = THROTTLE }, { 0 });
    add(3);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 3);
    CHECK_EQ(world.stats.throttled, 1);
    CHECK_EQ(world.stats.retried_items, 3);
    CHECK_EQ(count_in_log("TableWriteKeyRangeThroughputExceeded"), 1);
    CHECK_EQ(count_in_log("\"what\":\"throttled\""), 1);
    CHECK_EQ(count_in_log("SECRET"), 0);
    CHECK_EQ(count_in_log("hello"), 0);
    stop();
}

static void a_throttled_request_has_its_attempts(void)
{
    world.options.attempts_max = 2;
    START({ .status = 400, .body = THROTTLE });
    CHECK_OK(add_item("api", 1, 1, "hello", 0));
    finish();
    CHECK_EQ(world.table.requests, 2);
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "ProvisionedThroughputExceededException"), 1);
    CHECK_EQ(result_of(1)->status, 400);
    CHECK_EQ(count_in_log("\"count\":2,\"status\":400,\"type\":\"TableWriteKeyRangeThroughputExceeded\""), 1);
    stop();
}

static void without_quota_there_is_no_second_try(void)
{
    START({ .status = 500 });
    world.sink->quota.tokens = PS_RETRY_TRANSIENT_COST - 1;
    add(1);
    finish();
    CHECK_EQ(world.table.requests, 1);
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "request_refused"), 1);
    stop();
}

static void a_retry_that_succeeds_gives_back_what_it_took(void)
{
    START({ .status = 500 }, { 0 });
    add(1);
    finish();
    CHECK_EQ(world.sink->quota.tokens, PS_RETRY_TOKENS_MAX);
    CHECK_EQ(world.table.requests, 2);
    stop();
}

/* -- bisection ----------------------------------------------------------------------------------------------------- */

static void one_bad_item_of_25_costs_few_calls_and_only_itself(void)
{
    for (uint64_t bad = 1; bad <= 25; bad++) {
        world.table.poison = "POISON";
        START({ 0 });
        for (uint64_t id = 1; id <= 25; id++)
            CHECK_OK(add_item("api", id, id, id == bad ? "POISON" : "hello", 0));
        finish();
        CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 24);
        CHECK_EQ(result_of(bad)->outcome, PS_DYNAMODB_REJECTED);
        CHECK_EQ(strcmp(result_of(bad)->type, "ValidationException"), 0);
        /* The first; one for each halving; one for each part no longer suspected, which goes beside them. */
        CHECK(world.table.requests <= 1 + 5 + 5);
        CHECK_EQ(count_in_log("SECRET"), 0);
        stop();
    }
}

static void several_bad_items_are_found_one_by_one(void)
{
    world.table.poison = "POISON";
    START({ 0 });
    for (uint64_t id = 1; id <= 100; id++)
        CHECK_OK(add_item("api", id, id, id % 17 == 0 ? "POISON" : "hello", 0));
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 95);
    CHECK_EQ(count_outcome(PS_DYNAMODB_REJECTED, "ValidationException"), 5);
    stop();
}

static void a_table_that_takes_nothing_is_an_operators_fault(void)
{
    world.table.poison = "hello";
    START({ 0 });
    add(100);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_REJECTED, NULL), 7);
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, NULL), 93);
    CHECK_EQ(count_in_log("every item refused"), 1);
    stop();
}

static void a_request_that_is_too_large_for_what_is_between_is_split(void)
{
    world.options.slots = 1; /* what is no longer suspected would go beside it */
    START({ .status = 413, .end = FAKE_HTTP_CLOSE }, { .status = 413, .end = FAKE_HTTP_CLOSE }, { 0 });
    add(20);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 20);
    CHECK_EQ(world.table.seen[2].items, 5);
    stop();
}

/* -- what passes --------------------------------------------------------------------------------------------------- */

static void what_may_pass_is_tried_again(void)
{
    static const char BUSY[] = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#InternalServerError\"}";
    START({ .status = 500, .body = BUSY }, { .end = FAKE_HTTP_DROP }, { .body = "<html>" }, { 0 });
    add(10);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 10);
    CHECK_EQ(world.table.requests, 4);
    CHECK_EQ(count_in_log("bad_answer"), 1);
    stop();
}

static void attempts_end(void)
{
    world.options.attempts_max = 3;
    START({ .status = 503 });
    add(10);
    finish();
    CHECK_EQ(world.table.requests, 3);
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "request_refused"), 10);
    CHECK_EQ(result_of(1)->status, 503);
    stop();
}

static void an_answer_that_comes_too_late_is_asked_for_again(void)
{
    world.options.request_timeout_ms = 100;
    START({ .end = FAKE_HTTP_HOLD }, { 0 });
    add(1);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 1);
    CHECK_EQ(world.table.requests, 2);
    fake_http_release(world.table.server);
    stop();
}

static void near_the_deadline_everything_comes_back(void)
{
    world.deadline = (struct ps_deadline){ .at_us = ps_clock_monotonic_us() + 300 * 1000ull };
    world.options.slots = 1;
    START({ .end = FAKE_HTTP_HOLD });
    add(60);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "deadline") + count_outcome(PS_DYNAMODB_UNDELIVERED, "timed_out"),
             60);
    fake_http_release(world.table.server);
    stop();
}

static void with_no_time_left_nothing_is_sent(void)
{
    world.deadline = (struct ps_deadline){ .at_us = 1 };
    START({ 0 });
    add(700); /* more than the pool holds */
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "deadline"), 700);
    CHECK_EQ(world.table.requests, 0);
    stop();
}

/* -- operators ----------------------------------------------------------------------------------------------------- */

static void a_missing_table_stops_the_sink_with_one_line(void)
{
    world.options.slots = 1;
    START({ .status = 400, .body = MISSING });
    add(100);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "ResourceNotFoundException"), 25);
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "operator_fault"), 75);
    CHECK_EQ(world.table.requests, 1);
    CHECK_EQ(count_in_log("dynamodb_operator_fault"), 1);
    CHECK_EQ(count_in_log("table missing"), 1);
    CHECK(holds(ps_span_of(ps_dynamodb_operator_fault(world.sink)), "DDB_TABLE"));
    begin(); /* the next invocation tries again */
    CHECK(ps_dynamodb_operator_fault(world.sink) == NULL);
    CHECK_OK(add_item("api", 1, 1, "hello", 0));
    finish();
    CHECK_EQ(world.table.requests, 2);
    stop();
}

static void expired_credentials_are_read_again_once(void)
{
    START({ .status = 400, .body = EXPIRED }, { 0 });
    setenv("AWS_SESSION_TOKEN", "new", 1);
    add(1);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 1);
    struct fake_http_request request = fake_http_request(world.table.server, 2);
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Security-Token"), "new");
    CHECK_EQ(logged().len, 0);
    stop();
}

static void credentials_that_stay_expired_hand_everything_back(void)
{
    START({ .status = 400, .body = EXPIRED });
    add(3);
    finish();
    CHECK_EQ(world.table.requests, 1);
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "ExpiredTokenException"), 3);
    CHECK_EQ(count_in_log("credentials refused"), 1);
    stop();
}

static void without_credentials_nothing_is_sent(void)
{
    unsetenv("AWS_ACCESS_KEY_ID");
    START({ 0 });
    add(3);
    finish();
    CHECK_EQ(world.table.requests, 0);
    CHECK_EQ(count_outcome(PS_DYNAMODB_UNDELIVERED, "no_credentials"), 3);
    stop();
}

/* -- failures on our side ------------------------------------------------------------------------------------------ */

static void a_failing_callback_ends_the_invocation_and_not_the_sink(void)
{
    START({ 0 });
    world.fail_at = 3;
    add(10);
    CHECK_ERR(ps_dynamodb_finish(world.sink, &world.stats), PS_ERR_NO_MEMORY);
    struct ps_buf *buf = NULL;
    CHECK_ERR(ps_dynamodb_buf(world.sink, &buf), PS_ERR_NO_MEMORY);
    world.fail_at = 0;
    begin();
    add(10);
    finish();
    CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 10);
    stop();
}

/* Powertools kept what one invocation knew of a group for the next one (-typescript #3674). */
static void what_an_invocation_left_behind_is_dropped(void)
{
    START({ .end = FAKE_HTTP_HOLD }, { 0 });
    add(30);
    CHECK(fake_http_await(world.table.server, 2));
    begin();
    CHECK_OK(add_item("api", 31, 31, "hello", 0));
    finish();
    CHECK_EQ(world.result_count, 1);
    CHECK_EQ(result_of(31)->outcome, PS_DYNAMODB_STORED);
    fake_http_release(world.table.server);
    stop();
}

/* With everything that can go wrong, every item still comes back once, and none is said to be stored
 * that is not. */
static void in_any_mood_of_the_table_each_item_has_one_true_outcome(void)
{
    for (uint32_t seed = 1; seed <= 3; seed++) {
        world.table.random = seed;
        world.table.poison = "POISON";
        world.options.attempts_max = 8;
        START({ 0 });
        static const char *const PKS[] = { "api", "web", "worker", "hot" };
        for (uint64_t id = 1; id <= 1000; id++)
            CHECK_OK(add_item(PKS[id % 4], id, id, id % 401 == 0 ? "POISON" : "hello", id % 300));
        finish();
        CHECK_EQ(world.result_count, 1000);
        for (size_t i = 0; i < world.result_count; i++) {
            const struct result *result = &world.results[i];
            if (result->outcome == PS_DYNAMODB_STORED) CHECK(world.table.stored[result->tag] > 0);
            CHECK((result->outcome == PS_DYNAMODB_REJECTED) == (result->tag % 401 == 0));
        }
        stop();
    }
}

static void memory_stays_as_it_was_opened(void)
{
    START({ .take = 24 }, { 0 });
    size_t peak = 0;
    for (int round = 0; round < 6; round++) {
        begin();
        add(500);
        finish();
        CHECK_EQ(count_outcome(PS_DYNAMODB_STORED, NULL), 500);
        if (round == 0) peak = world.process.peak_bytes;
    }
    CHECK_EQ(world.process.peak_bytes, peak);
    for (uint32_t i = 0; i < world.options.slots; i++)
        CHECK(world.sink->slots[i].scratch.peak_bytes < 64 << 10);
    stop();
}

static enum ps_err open_and_close(void)
{
    struct ps_dynamodb *sink = NULL;
    PS_TRY(ps_dynamodb_open(&world.process, world.client, &world.options, &sink));
    ps_dynamodb_close(sink);
    return PS_OK;
}

static void opening_survives_any_failed_allocation(void)
{
    START({ 0 });
    PS_EACH_FAILURE(&world.process, open_and_close());
    stop();
}

static void settings_that_cannot_work_are_refused(void)
{
    START({ 0 });
    static const char *const NAMES[] = { "", "ab", "a b", "logs\"", "logs/x" };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        CHECK_ERR(ps_dynamodb_check_table(ps_span_of(NAMES[i])), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_dynamodb_check_table(ps_span_make(world.padding, 256)), PS_ERR_BAD_CONFIG);
    CHECK_OK(ps_dynamodb_check_table(PS_SPAN("log-stream.logs_1")));
    world.options.slots = 0;
    CHECK_ERR(open_and_close(), PS_ERR_BAD_CONFIG);
    world.options.slots = PS_DYNAMODB_SLOTS_MAX + 1;
    CHECK_ERR(open_and_close(), PS_ERR_BAD_CONFIG);
    world.options.slots = 4;
    world.options.attempts_max = 0;
    CHECK_ERR(open_and_close(), PS_ERR_BAD_CONFIG);
    world.options.attempts_max = 1;
    world.options.request_timeout_ms = 0;
    CHECK_ERR(open_and_close(), PS_ERR_BAD_CONFIG);
    world.options.request_timeout_ms = 1;
    setenv("AWS_ENDPOINT_URL_DYNAMODB", "nowhere", 1);
    CHECK_ERR(open_and_close(), PS_ERR_BAD_CONFIG);
    world.options.slots = 4;
    stop();
}

int main(void)
{
    reset();
    RUN(every_item_comes_back_once_with_its_tag);
    RUN(a_request_says_what_it_is);
    RUN(an_invocation_without_items_sends_nothing);
    RUN(requests_stay_at_about_a_megabyte);
    RUN(an_item_of_more_than_400_kilobytes_is_refused_here);
    RUN(a_key_that_no_table_takes_is_refused_here);
    RUN(an_item_that_does_not_fit_can_be_taken_back);
    RUN(of_two_items_with_one_key_the_last_is_written_and_both_are_told);
    RUN(a_key_in_flight_is_not_sent_a_second_time_beside_it);
    RUN(an_older_item_that_comes_back_still_goes_before_the_newer);
    RUN(what_is_left_unprocessed_goes_again_by_itself);
    RUN(unprocessed_items_have_no_limit_of_attempts);
    RUN(a_hot_key_holds_up_nobody_else);
    RUN(a_key_whose_wait_does_not_fit_is_handed_back);
    RUN(a_throttled_request_goes_again_and_its_reason_is_told_once);
    RUN(a_throttled_request_has_its_attempts);
    RUN(without_quota_there_is_no_second_try);
    RUN(a_retry_that_succeeds_gives_back_what_it_took);
    RUN(one_bad_item_of_25_costs_few_calls_and_only_itself);
    RUN(several_bad_items_are_found_one_by_one);
    RUN(a_table_that_takes_nothing_is_an_operators_fault);
    RUN(a_request_that_is_too_large_for_what_is_between_is_split);
    RUN(what_may_pass_is_tried_again);
    RUN(attempts_end);
    RUN(an_answer_that_comes_too_late_is_asked_for_again);
    RUN(near_the_deadline_everything_comes_back);
    RUN(with_no_time_left_nothing_is_sent);
    RUN(a_missing_table_stops_the_sink_with_one_line);
    RUN(expired_credentials_are_read_again_once);
    RUN(credentials_that_stay_expired_hand_everything_back);
    RUN(without_credentials_nothing_is_sent);
    RUN(a_failing_callback_ends_the_invocation_and_not_the_sink);
    RUN(what_an_invocation_left_behind_is_dropped);
    RUN(in_any_mood_of_the_table_each_item_has_one_true_outcome);
    RUN(memory_stays_as_it_was_opened);
    RUN(opening_survives_any_failed_allocation);
    RUN(settings_that_cannot_work_are_refused);
    return check_finish();
}
