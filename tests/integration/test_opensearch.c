/* The sink against a real OpenSearch node, whose troubles are provoked for real. Wants, from cases/opensearch:
 * OPENSEARCH_ENDPOINT  a node that takes 100 kB a request and creates only app-logs-* and t-* by itself
 * OPENSEARCH_PID       its process
 * OPENSEARCH_PRESSED   a node whose indexing pressure ends at 10 kB */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws/opensearch.h"
#include "base/json_read.h"
#include "host/clock.h"
#include "log-processor/template.c"
#include "support/check.h"

enum { RESULTS_MAX = 4096, LOG_BYTES = 64 << 10 };

struct result {
    enum ps_opensearch_outcome outcome;
    uint64_t tag;
    uint32_t status;
    char type[64];
    char field[64];
};

struct world {
    struct ps_arena process;
    struct ps_arena arena;
    struct ps_call_client *client;
    struct ps_opensearch *sink;
    struct ps_opensearch_options options;
    struct ps_log log;
    struct ps_deadline deadline;
    struct result results[RESULTS_MAX];
    size_t result_count;
    struct ps_opensearch_stats stats;
    char log_text[LOG_BYTES];
    char padding[256 << 10];
};

static struct world world;

/* -- the node's own interface -------------------------------------------------------------------------------------- */

static struct ps_span node(void)
{
    return ps_span_of(getenv("OPENSEARCH_ENDPOINT"));
}

/* The answer's body; its status is checked unless 0 is wanted. */
static struct ps_span admin(const char *method, const char *path, const char *body, uint32_t wanted)
{
    char url[512];
    int wrote = snprintf(url, sizeof url, "%.*s%s", PS_SPAN_ARG(world.options.endpoint), path);
    CHECK(wrote > 0 && (size_t)wrote < sizeof url);
    struct ps_http_exchange exchange = {
        .request = { .method = method,
                     .url = ps_span_of(url),
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/json") } },
                     .header_count = 1,
                     .body = ps_span_of(body),
                     .timeout_ms = 30000,
                     .response_bytes_max = 1 << 20 },
    };
    CHECK_OK(ps_http_run(ps_call_http(world.client), &world.arena, &exchange));
    if (wanted != 0 && !CHECK_EQ(exchange.response.status, wanted))
        printf("# %s %s: %.*s\n", method, path, PS_SPAN_ARG(exchange.response.body));
    return exchange.response.body;
}

static void set_cluster(const char *setting)
{
    char body[256];
    (void)snprintf(body, sizeof body, "{\"transient\":{%s}}", setting);
    (void)admin("PUT", "/_cluster/settings", body, 200);
}

static void delete_all(void)
{
    (void)admin("DELETE", "/app-logs-*,t-*,app-logs", NULL, 0);
    (void)admin("DELETE", "/app-logs-*,t-*", NULL, 200);
    (void)admin("DELETE", "/_index_template/*", NULL, 200);
}

/* Documents that a search through name finds. */
static uint64_t count_in(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/%s/_refresh", name);
    (void)admin("POST", path, NULL, 200);
    (void)snprintf(path, sizeof path, "/%s/_count", name);
    struct ps_span raw = PS_SPAN("");
    bool found = false;
    uint64_t count = 0;
    CHECK_OK(ps_json_read_member(admin("GET", path, NULL, 200), PS_SPAN("count"), NULL, &raw, &found));
    CHECK(found && ps_span_to_u64(raw, &count));
    return count;
}

/* -- the sink ------------------------------------------------------------------------------------------------------ */

static void keep_text(char *to, size_t size, struct ps_span text)
{
    struct ps_span kept = ps_span_first(text, size - 1);
    if (kept.len > 0) memcpy(to, kept.data, kept.len);
    to[kept.len] = '\0';
}

static enum ps_err on_result(void *context, const struct ps_opensearch_result *result)
{
    struct world *w = context;
    if (w->result_count == RESULTS_MAX) return PS_ERR_TOO_LARGE;
    struct result *kept = &w->results[w->result_count++];
    *kept = (struct result){ .outcome = result->outcome, .tag = result->tag, .status = result->status };
    keep_text(kept->type, sizeof kept->type, result->type);
    keep_text(kept->field, sizeof kept->field, result->field);
    return PS_OK;
}

static void begin(void)
{
    world.result_count = 0;
    ps_opensearch_begin(world.sink, &world.log, &world.deadline, on_result, &world);
}

static void reset(void)
{
    world = (struct world){
        .options = { .endpoint = node(),
                     .auth = PS_OPENSEARCH_NONE,
                     .gzip = true,
                     .gzip_level = 1,
                     .slots = 4,
                     .bulk_bytes_max = 4 << 20,
                     .item_bytes_max = 1 << 20,
                     .bulk_items_max = 1000,
                     .attempts_max = 3,
                     .request_timeout_ms = 20000 },
    };
    memset(world.padding, 'x', sizeof world.padding);
}

static void start(void)
{
    world.process = check_arena(256 << 20);
    world.arena = check_arena(64 << 20);
    world.log.fd = memfd_create("log", 0);
    struct ps_call_client_options client = { .connect_timeout_ms = 5000 };
    CHECK_OK(ps_call_client_open(&world.process, &client, &world.client));
    CHECK_OK(ps_opensearch_open(&world.process, world.client, &world.options, &world.sink));
    delete_all();
    begin();
}

static void stop(void)
{
    delete_all();
    ps_opensearch_close(world.sink);
    ps_call_client_close(world.client);
    close(world.log.fd);
    ps_arena_fini(&world.arena);
    ps_arena_fini(&world.process);
    reset();
}

static size_t count_in_log(const char *text)
{
    ssize_t len = pread(world.log.fd, world.log_text, LOG_BYTES, 0);
    struct ps_span rest = ps_span_make(world.log_text, len > 0 ? (size_t)len : 0);
    size_t count = 0;
    for (ptrdiff_t at; (at = ps_span_find(rest, ps_span_of(text))) != PS_SPAN_NONE; count++)
        rest = ps_span_from(rest, (size_t)at + 1);
    return count;
}

static void put(const char *name, uint64_t id, struct ps_span document)
{
    struct ps_buf *buf = NULL;
    CHECK_OK(ps_opensearch_buf(world.sink, &buf));
    ps_buf_printf(buf, "{\"create\":{\"_index\":\"%s\",\"_id\":\"%llu\"}}\n", name, (unsigned long long)id);
    ps_buf_put(buf, document);
    ps_buf_byte(buf, '\n');
    CHECK_OK(ps_opensearch_commit(world.sink, id));
}

/* Documents 1 to count with so many bytes of message. */
static void put_many(const char *name, size_t count, size_t message_bytes)
{
    for (uint64_t id = 1; id <= count; id++) {
        struct ps_arena_mark mark = ps_arena_mark(&world.arena);
        struct ps_buf document;
        struct ps_span text;
        ps_buf_init(&document, &world.arena, message_bytes + 100);
        ps_buf_put(&document, PS_SPAN("{\"@timestamp\":1795255200000,\"message\":\""));
        size_t begin_at = id * message_bytes % (sizeof world.padding - message_bytes);
        ps_buf_put(&document, ps_span_make(world.padding + begin_at, message_bytes));
        ps_buf_put(&document, PS_SPAN("\"}"));
        CHECK_OK(ps_buf_finish(&document, &text));
        put(name, id, text);
        ps_arena_rewind(&world.arena, mark);
    }
}

static void finish(void)
{
    CHECK_OK(ps_opensearch_finish(world.sink, &world.stats));
}

static size_t count_outcome(enum ps_opensearch_outcome outcome, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < world.result_count; i++)
        count += world.results[i].outcome == outcome && (type == NULL || strcmp(world.results[i].type, type) == 0);
    return count;
}

static void apply(void)
{
    CHECK_OK(ps_opensearch_apply(world.sink, &world.arena, &world.deadline, TEMPLATE_NAME, TEMPLATE_JSON));
}

/* One document to an index in trouble: it comes back undelivered with this type, and this is what an operator reads. */
static void expect_fault(const char *name, const char *type, const char *text)
{
    begin();
    put(name, 1, PS_SPAN("{\"@timestamp\":1795255200000}"));
    finish();
    bool ok = CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, type), 1);
    const char *fault = ps_opensearch_operator_fault(world.sink);
    ok = CHECK(fault != NULL && strstr(fault, text) != NULL) && ok;
    if (!ok) printf("# %s: %u %s\n", name, world.results[0].status, world.results[0].type);
    CHECK_EQ(world.stats.requests, 1);
}

/* -- what goes well ------------------------------------------------------------------------------------------------ */

static void the_template_brings_alias_and_mapping_and_may_be_put_again(void)
{
    start();
    apply();
    apply();
    put_many("app-logs-2026.11.21", 3, 10);
    put("app-logs-2026.11.22", 9, PS_SPAN("{\"@timestamp\":1795255200000,\"level\":\"ERROR\",\"fields\":{\"a.b\":1}}"));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 4);
    CHECK_EQ(count_in("app-logs"), 4);
    struct ps_span mapping = admin("GET", "/app-logs-2026.11.22/_mapping", NULL, 200);
    CHECK(ps_span_find(mapping, PS_SPAN("\"flat_object\"")) > 0);
    stop();
}

static void what_is_sent_again_is_a_duplicate_and_stands_there_once(void)
{
    start();
    put_many("t-a", 500, 20);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 500);
    begin();
    put_many("t-a", 500, 20);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_DUPLICATE, NULL), 500);
    CHECK_EQ(count_in("t-a"), 500);
    CHECK_EQ(count_in_log("opensearch"), 0);
    stop();
}

/* -- documents that cannot be stored ------------------------------------------------------------------------------- */

static void mapping_errors_are_rejected_with_type_and_field(void)
{
    start();
    (void)admin("PUT", "/t-typed",
                "{\"mappings\":{\"properties\":{\"n\":{\"type\":\"long\"},\"level\":{\"type\":\"keyword\"}}}}", 200);
    put("t-typed", 1, PS_SPAN("{\"n\":\"SECRET words\"}"));
    put("t-typed", 2, PS_SPAN("{\"n\":7,\"level\":\"INFO\"}"));
    put("t-typed", 3, PS_SPAN("{\"level\":{\"SECRET\":1}}"));
    put("t-typed", 4, PS_SPAN("{\"level\":\"INFO\",\"level\":\"INFO\"}"));
    put("t-typed", 5, PS_SPAN("not JSON"));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_REJECTED, "mapper_parsing_exception"), 4);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 1);
    CHECK_TEXT(ps_span_of(world.results[0].field), "n");
    CHECK_TEXT(ps_span_of(world.results[2].field), "level");
    CHECK_EQ(world.stats.requests, 1);
    CHECK_EQ(count_in_log("SECRET"), 0);
    CHECK_EQ(count_in_log("mapper_parsing_exception"), 1);
    stop();
}

static void with_the_template_a_misfit_value_does_not_cost_the_document(void)
{
    start();
    apply();
    put("app-logs-a", 1, PS_SPAN("{\"@timestamp\":1,\"level\":{\"a\":1},\"status\":\"words\",\"joined\":1e99}"));
    put("app-logs-a", 2, PS_SPAN("{\"@timestamp\":1,\"duration_ms\":1e400,\"event_time\":\"words\",\"tags\":7}"));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 2);
    stop();
}

static void a_line_that_poisons_its_request_is_found(void)
{
    start();
    struct ps_buf *buf = NULL;
    put_many("t-a", 20, 10);
    CHECK_OK(ps_opensearch_buf(world.sink, &buf));
    ps_buf_put(buf, PS_SPAN("{\"create\":{\"_index\":\"t-a\",\"_id\":\""));
    ps_buf_put(buf, ps_span_make(world.padding, 513));
    ps_buf_put(buf, PS_SPAN("\"}}\n{}\n"));
    CHECK_OK(ps_opensearch_commit(world.sink, 1000));
    put("t-a", 30, PS_SPAN("{}"));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_REJECTED, "action_request_validation_exception"), 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 21);
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    stop();
}

/* Text that gzip makes only a quarter smaller, so that the body is more than a socket takes at once: the node closes
 * the connection of a compressed request while we still send. */
static void fill_padding_at_random(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof world.padding; i++) {
        state = state * 1664525u + 1013904223u;
        world.padding[i] = (char)('0' + (state >> 16) % 64);
        if (world.padding[i] == '\\') world.padding[i] = 'x';
    }
}

static void a_request_over_the_nodes_limit_is_bisected(bool gzip)
{
    world.options.gzip = gzip;
    fill_padding_at_random();
    start();
    put_many("t-a", 300, 10000);
    CHECK_OK(ps_opensearch_finish(world.sink, &world.stats));
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL) + count_outcome(PS_OPENSEARCH_DUPLICATE, NULL), 300);
    CHECK(world.stats.bisected > 0);
    CHECK_EQ(world.stats.retried_items, 0);
    CHECK_EQ(count_in("t-a"), 300);
    begin();
    struct ps_arena_mark mark = ps_arena_mark(&world.arena);
    struct ps_buf large;
    ps_buf_init(&large, &world.arena, 256 << 10);
    ps_buf_put(&large, PS_SPAN("{\"message\":\""));
    ps_buf_put(&large, ps_span_make(world.padding, 150000));
    ps_buf_put(&large, PS_SPAN("\"}"));
    put("t-a", 1001, PS_SPAN("{}"));
    put("t-a", 1002, ps_buf_span(&large));
    put("t-a", 1003, PS_SPAN("{}"));
    finish();
    ps_arena_rewind(&world.arena, mark);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_REJECTED, "too_large"), 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 2);
    stop();
}

static void a_plain_request_over_the_nodes_limit_is_bisected(void)
{
    a_request_over_the_nodes_limit_is_bisected(false);
}

static void a_compressed_request_over_the_nodes_limit_is_bisected(void)
{
    a_request_over_the_nodes_limit_is_bisected(true);
}

static void a_failing_ingest_pipeline_rejects_the_document(void)
{
    start();
    (void)admin("PUT", "/_ingest/pipeline/refuser",
                "{\"processors\":[{\"fail\":{\"if\":\"ctx.message == 'bad'\",\"message\":\"no\"}}]}", 200);
    (void)admin("PUT", "/t-pipe", "{\"settings\":{\"index.default_pipeline\":\"refuser\"}}", 200);
    put("t-pipe", 1, PS_SPAN("{\"message\":\"bad\"}"));
    put("t-pipe", 2, PS_SPAN("{\"message\":\"good\"}"));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_REJECTED, "fail_processor_exception"), 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 1);
    stop();
}

/* -- troubles that pass -------------------------------------------------------------------------------------------- */

/* Undelivered while it lasts and never dead; stored once it is over. */
static void a_block_passes(const char *block, uint32_t status)
{
    char body[128];
    world.options.attempts_max = 2;
    start();
    (void)admin("PUT", "/t-a", NULL, 200);
    (void)snprintf(body, sizeof body, "{\"index.blocks.%s\":true}", block);
    (void)admin("PUT", "/t-a/_settings", body, 200);
    put_many("t-a", 3, 10);
    put("t-b", 9, PS_SPAN("{}"));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "cluster_block_exception"), 3);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 1);
    CHECK_EQ(world.results[1].status, status);
    CHECK_EQ(world.stats.retried_items, 3);
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    (void)snprintf(body, sizeof body, "{\"index.blocks.%s\":null}", block);
    (void)admin("PUT", "/t-a/_settings", body, 200);
    begin();
    put_many("t-a", 3, 10);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 3);
    stop();
}

static void a_write_block_is_waited_for(void)
{
    a_block_passes("write", 403);
}

static void a_full_disk_is_waited_for(void)
{
    a_block_passes("read_only_allow_delete", 429);
}

static void a_read_only_cluster_is_waited_for(void)
{
    world.options.attempts_max = 2;
    start();
    set_cluster("\"cluster.blocks.read_only\":true");
    put_many("t-a", 3, 10);
    finish();
    set_cluster("\"cluster.blocks.read_only\":null");
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "cluster_block_exception"), 3);
    CHECK_EQ(world.results[0].status, 403);
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    stop();
}

/* The node's breaker lets 4 kB pass: what comes back smaller gets through. */
static void a_node_short_of_memory_gets_less_at_a_time(void)
{
    world.options.gzip = false;
    world.options.attempts_max = 8;
    start();
    set_cluster("\"network.breaker.inflight_requests.limit\":\"4kb\"");
    put_many("t-a", 30, 200);
    finish();
    set_cluster("\"network.breaker.inflight_requests.limit\":null");
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 30);
    CHECK(world.stats.throttled > 0);
    CHECK_EQ(count_in_log("circuit_breaking_exception"), 1);
    stop();
}

static void a_node_under_indexing_pressure_gets_less_at_a_time(void)
{
    world.options.endpoint = ps_span_of(getenv("OPENSEARCH_PRESSED"));
    world.options.attempts_max = 8;
    start();
    put_many("t-a", 100, 300);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 100);
    CHECK(world.stats.throttled > 0);
    CHECK(count_in_log("rejected_execution_exception") > 0);
    stop();
}

/* A stopped node takes the request and does not answer; woken, it stores what had come. */
static void what_was_stored_unanswered_is_a_duplicate_at_the_next_try(void)
{
    pid_t pid = (pid_t)strtol(getenv("OPENSEARCH_PID"), NULL, 10);
    CHECK_OR_RETURN(pid > 1);
    world.options.request_timeout_ms = 500;
    world.options.attempts_max = 1;
    start();
    (void)admin("PUT", "/t-a", NULL, 200);
    CHECK_EQ(kill(pid, SIGSTOP), 0);
    put_many("t-a", 5, 10);
    finish();
    CHECK_EQ(kill(pid, SIGCONT), 0);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "timed_out"), 5);
    while (count_in("t-a") < 5)
        continue;
    begin();
    put_many("t-a", 5, 10);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_DUPLICATE, NULL), 5);
    stop();
}

static void a_node_that_is_not_there_leaves_all_undelivered(void)
{
    start();
    struct ps_opensearch *sink = world.sink;
    struct ps_opensearch_options options = world.options;
    options.endpoint = PS_SPAN("http://127.0.0.1:1");
    CHECK_OK(ps_opensearch_open(&world.process, world.client, &options, &world.sink));
    begin();
    put_many("t-a", 3, 10);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "no_answer"), 3);
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    ps_opensearch_close(world.sink);
    world.sink = sink;
    stop();
}

/* -- what an operator must mend ------------------------------------------------------------------------------------ */

static void an_index_that_may_not_be_created_is_an_operators_fault(void)
{
    start();
    expect_fault("nope-1", "index_not_found_exception", "index missing");
    CHECK_EQ(count_in_log("opensearch_operator_fault"), 1);
    CHECK_EQ(count_in_log("nope-1"), 2); /* the ERROR line, and the WARN line of the undelivered */
    stop();
}

static void a_closed_index_is_an_operators_fault_of_its_own(void)
{
    start();
    (void)admin("PUT", "/t-closed", NULL, 200);
    (void)admin("POST", "/t-closed/_close", NULL, 200);
    expect_fault("t-closed", "index_closed_exception", "index closed");
    begin();
    put("t-closed", 1, PS_SPAN("{}"));
    put("t-b", 2, PS_SPAN("{}"));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, NULL), 1);
    stop();
}

static void a_refused_index_name_is_an_operators_fault(void)
{
    start();
    expect_fault("t-UPPER", "invalid_index_name_exception", "index name refused");
    stop();
}

static void an_index_in_the_place_of_the_alias_is_an_operators_fault(void)
{
    start();
    apply();
    (void)admin("PUT", "/app-logs", NULL, 200);
    expect_fault("app-logs-2026.11.21", "invalid_alias_name_exception", "alias is an index");
    /* A template that is there already in the same words is not looked at again. */
    (void)admin("DELETE", "/_index_template/app-logs", NULL, 200);
    CHECK_ERR(ps_opensearch_apply(world.sink, &world.arena, &world.deadline, TEMPLATE_NAME, TEMPLATE_JSON),
              PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "an index stands where") != NULL);
    stop();
}

static void writing_to_an_alias_is_an_operators_fault(void)
{
    start();
    apply();
    put("app-logs-a", 1, PS_SPAN("{}"));
    put("app-logs-b", 1, PS_SPAN("{}"));
    finish();
    expect_fault("app-logs", "illegal_argument_exception", "alias as index");
    stop();
}

static void having_no_shards_left_is_an_operators_fault(void)
{
    start();
    set_cluster("\"cluster.max_shards_per_node\":1");
    (void)admin("PUT", "/t-a", "{\"settings\":{\"number_of_replicas\":0}}", 0);
    expect_fault("t-b", "validation_exception", "no shards left");
    set_cluster("\"cluster.max_shards_per_node\":null");
    stop();
}

static void a_missing_pipeline_is_an_operators_fault(void)
{
    start();
    (void)admin("PUT", "/t-pipe", "{\"settings\":{\"index.default_pipeline\":\"nope\"}}", 200);
    expect_fault("t-pipe", "illegal_argument_exception", "ingest pipeline missing");
    stop();
}

static void templates_that_clash_or_cannot_be_are_refused(void)
{
    start();
    apply();
    CHECK_ERR(ps_opensearch_apply(world.sink, &world.arena, &world.deadline, PS_SPAN("other"), TEMPLATE_JSON),
              PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "same priority") != NULL);
    CHECK_ERR(ps_opensearch_apply(world.sink, &world.arena, &world.deadline, PS_SPAN("third"),
                                  PS_SPAN("{\"index_patterns\":[\"x-*\"],\"template\":{\"mappings\":{\"properties\":"
                                          "{\"a\":{\"type\":\"nope\"}}}}}")),
              PS_ERR_REFUSED);
    CHECK_ERR(ps_opensearch_apply(world.sink, &world.arena, &world.deadline, PS_SPAN("Upper"), TEMPLATE_JSON),
              PS_ERR_BAD_CONFIG);
    stop();
}

/* Every member that the encoder writes, in both namings (docs/wire/document.md). */
static const char FLAT[] =
    "{\"@timestamp\":\"2026-11-21T10:00:00.123Z\",\"message\":\"m\",\"level\":\"INFO\",\"service\":\"s\",\"env\":\"e\","
    "\"host\":\"h\",\"region\":\"r\",\"account\":\"1\",\"log_group\":\"g\",\"log_stream\":\"t\",\"event_id\":\"2\","
    "\"request_id\":\"q\",\"trace_id\":\"a\",\"span_id\":\"b\",\"logger\":\"l\",\"format\":\"json\",\"error_type\":"
    "\"E\","
    "\"error_message\":\"em\",\"stack_trace\":\"at x\\n\",\"duration_ms\":1.5,\"status\":200,"
    "\"event_time\":\"2026-11-21T10:00:00.124Z\",\"region_inferred\":true,\"joined\":2,\"unparsed\":\"json_cut\","
    "\"message_cut\":true,\"fields\":{\"a\":{\"b\":1}},\"tags\":{\"team\":\"x\"}}";
static const char ECS[] =
    "{\"@timestamp\":\"2026-11-21T10:00:00.123Z\",\"ecs\":{\"version\":\"8.11.0\"},\"message\":\"m\",\"log\":{"
    "\"level\":"
    "\"INFO\",\"logger\":\"l\"},\"service\":{\"name\":\"s\",\"environment\":\"e\"},\"host\":{\"name\":\"h\"},\"cloud\":"
    "{"
    "\"provider\":\"aws\",\"region\":\"r\",\"account\":{\"id\":\"1\"}},\"aws\":{\"cloudwatch\":{\"log_group\":\"g\","
    "\"log_stream\":\"t\",\"event_id\":\"2\"}},\"trace\":{\"id\":\"a\"},\"span\":{\"id\":\"b\"},\"error\":{\"type\":"
    "\"E\","
    "\"message\":\"em\",\"stack_trace\":\"at x\"},\"event\":{\"duration\":1500000,\"created\":"
    "\"2026-11-21T10:00:00.124Z\"},\"http\":{\"request\":{\"id\":\"q\"},\"response\":{\"status_code\":200}},"
    "\"penstock\":{"
    "\"format\":\"json\",\"region_inferred\":true,\"joined\":2,\"unparsed\":\"x\",\"message_cut\":true,\"fields\":{"
    "\"a\":"
    "1}},\"labels\":{\"team\":\"x\"}}";

static void each_naming_has_a_template_that_takes_its_documents(void)
{
    start();
    apply();
    put("app-logs-flat", 1, ps_span_of(FLAT));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 1);
    CHECK_OK(ps_opensearch_apply(world.sink, &world.arena, &world.deadline, TEMPLATE_NAME, TEMPLATE_ECS_JSON));
    begin();
    put("app-logs-ecs", 1, ps_span_of(ECS));
    put("app-logs-flat", 2, ps_span_of(ECS)); /* its index has the other mapping: stored, less of it searchable */
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 2);
    (void)count_in("app-logs");
    struct ps_span hits = admin("GET", "/app-logs/_search?q=log.level:INFO+AND+penstock.fields.a:1", NULL, 200);
    CHECK(ps_span_find(hits, PS_SPAN("\"app-logs-ecs\"")) > 0);
    hits = admin("GET", "/app-logs/_search?q=level:INFO+AND+fields.a.b:1", NULL, 200);
    CHECK(ps_span_find(hits, PS_SPAN("\"app-logs-flat\"")) > 0);
    stop();
}

/* -- what the template's flat_object takes ------------------------------------------------------------------------- */

static const struct {
    const char *fields;
    bool taken;
} FIELDS_CASES[] = {
    { "{}", true },
    { "{\"\":1}", true },
    { "{\".\":1}", true },
    { "{\"a..b\":1,\"a.\":2,\".a\":3}", true },
    { "{\"a\":1,\"a.b\":2}", true },
    { "{\"a\":[{\"b\":1},null,[2]],\"c\":null}", true },
    { "{\"a\":123456789012345678901234567890,\"b\":1e400}", true },
    { "null", true },
    { "[{\"a\":1}]", true },
    { "\"text\"", true },
    { "1", true },
    { "[1]", true },
    { "{\"a\":1,\"a\":2}", false },
    { "{\"a\":1,\"\\u0061\":2}", false },
    { "{\"a\":{\"b\":1,\"b\":2}}", false },
};

static void put_fields(uint64_t id, struct ps_span fields)
{
    struct ps_buf document;
    ps_buf_init(&document, &world.arena, 512 << 10);
    ps_buf_put(&document, PS_SPAN("{\"@timestamp\":1795255200000,\"fields\":"));
    ps_buf_put(&document, fields);
    ps_buf_byte(&document, '}');
    put("app-logs-fields", id, ps_buf_span(&document));
}

static void user_fields_are_taken_as_documented(void)
{
    enum { COUNT = sizeof FIELDS_CASES / sizeof FIELDS_CASES[0] };
    start();
    apply();
    for (size_t i = 0; i < COUNT; i++)
        put_fields(i, ps_span_of(FIELDS_CASES[i].fields));
    finish();
    for (size_t i = 0; i < world.result_count; i++) {
        bool taken = world.results[i].outcome == PS_OPENSEARCH_STORED;
        if (!CHECK_EQ(taken, FIELDS_CASES[world.results[i].tag].taken))
            printf("# %s\n", FIELDS_CASES[world.results[i].tag].fields);
    }
    stop();
}

/* "fields." + "fields." + path + "=" + value is a Lucene term, of at most 32,766 bytes. */
static void path_and_value_of_a_field_share_a_limit(void)
{
    start();
    apply();
    for (size_t path = 1; path <= 2001; path += 1000) {
        for (size_t over = 0; over < 2; over++) {
            struct ps_buf fields;
            ps_buf_init(&fields, &world.arena, 64 << 10);
            ps_buf_put(&fields, PS_SPAN("{\""));
            ps_buf_put(&fields, ps_span_make(world.padding, path));
            ps_buf_put(&fields, PS_SPAN("\":\""));
            ps_buf_put(&fields, ps_span_make(world.padding, 32751 - path + over));
            ps_buf_put(&fields, PS_SPAN("\"}"));
            put_fields(path * 10 + over, ps_buf_span(&fields));
        }
    }
    finish();
    CHECK_EQ(world.result_count, 6);
    for (size_t i = 0; i < world.result_count; i++)
        CHECK_EQ(world.results[i].outcome == PS_OPENSEARCH_REJECTED, world.results[i].tag % 10 == 1);
    stop();
}

int main(void)
{
    if (getenv("OPENSEARCH_ENDPOINT") == NULL || getenv("OPENSEARCH_PID") == NULL ||
        getenv("OPENSEARCH_PRESSED") == NULL) {
        printf("# OPENSEARCH_ENDPOINT, OPENSEARCH_PID and OPENSEARCH_PRESSED are missing: run cases/opensearch\n");
        return 2;
    }
    reset();
    RUN(the_template_brings_alias_and_mapping_and_may_be_put_again);
    RUN(what_is_sent_again_is_a_duplicate_and_stands_there_once);
    RUN(mapping_errors_are_rejected_with_type_and_field);
    RUN(with_the_template_a_misfit_value_does_not_cost_the_document);
    RUN(a_line_that_poisons_its_request_is_found);
    RUN(a_plain_request_over_the_nodes_limit_is_bisected);
    RUN(a_compressed_request_over_the_nodes_limit_is_bisected);
    RUN(a_failing_ingest_pipeline_rejects_the_document);
    RUN(a_write_block_is_waited_for);
    RUN(a_full_disk_is_waited_for);
    RUN(a_read_only_cluster_is_waited_for);
    RUN(a_node_short_of_memory_gets_less_at_a_time);
    RUN(a_node_under_indexing_pressure_gets_less_at_a_time);
    RUN(what_was_stored_unanswered_is_a_duplicate_at_the_next_try);
    RUN(a_node_that_is_not_there_leaves_all_undelivered);
    RUN(an_index_that_may_not_be_created_is_an_operators_fault);
    RUN(a_closed_index_is_an_operators_fault_of_its_own);
    RUN(a_refused_index_name_is_an_operators_fault);
    RUN(an_index_in_the_place_of_the_alias_is_an_operators_fault);
    RUN(writing_to_an_alias_is_an_operators_fault);
    RUN(having_no_shards_left_is_an_operators_fault);
    RUN(a_missing_pipeline_is_an_operators_fault);
    RUN(templates_that_clash_or_cannot_be_are_refused);
    RUN(each_naming_has_a_template_that_takes_its_documents);
    RUN(user_fields_are_taken_as_documented);
    RUN(path_and_value_of_a_field_share_a_limit);
    return check_finish();
}
