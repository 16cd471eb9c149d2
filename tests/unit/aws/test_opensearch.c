#include "aws/opensearch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws/opensearch_priv.h"
#include "aws/secrets_priv.h"
#include "base/gzip.h"
#include "base/json_read.h"
#include "base/time.h"
#include "support/check.h"
#include "support/fake_http.h"

enum { ITEMS_MAX = 4096, REQUESTS_MAX = 200, LOG_BYTES = 64 << 10 };

/* -- a domain on loopback ------------------------------------------------------------------------------------------ */

/* What the domain does with one _bulk request. */
struct turn {
    const char *items; /* "201,429": the status of each item; "201" alone is for all of them */
    const char *body;  /* when items is NULL, with status */
    const char *headers;
    int status;
    enum fake_http_end end;
};

/* One _bulk request as the domain got it. */
struct seen {
    size_t items;
    size_t body_bytes;
    char ids[512]; /* "1,2,3," cut */
};

struct domain {
    struct fake_http *server;
    struct fake_http_step step;
    const struct turn *turns; /* the last is repeated */
    size_t turn_count;
    size_t bulks;
    size_t warms;
    struct seen seen[REQUESTS_MAX];
    size_t body_bytes_max;               /* over it: 413; 0: none */
    const char *poison;                  /* a body that holds it is refused with 400 as a whole */
    uint32_t random;                     /* not 0: the domain has its moods (see moody) */
    uint64_t stored[ITEMS_MAX / 64 + 1]; /* by id, moody only */
    struct ps_arena arena;               /* of the request in hand */
    struct ps_arena answers;             /* stay until they have been sent */
};

static const char *default_type(uint64_t status)
{
    switch (status) {
    case 400:
        return "mapper_parsing_exception";
    case 403:
        return "security_exception";
    case 404:
        return "index_not_found_exception";
    case 409:
        return "version_conflict_engine_exception";
    case 429:
        return "rejected_execution_exception";
    default:
        return "some_exception";
    }
}

static void put_item(struct ps_buf *out, uint64_t status)
{
    if (out->data[out->len - 1] != '[') ps_buf_byte(out, ',');
    if (status < 300)
        ps_buf_printf(out, "{\"create\":{\"status\":%u}}", (unsigned)status);
    else
        ps_buf_printf(out,
                      "{\"create\":{\"status\":%u,\"error\":{\"type\":\"%s\",\"reason\":\"failed to parse field [n] of "
                      "type [long]. Preview of field's value: 'SECRET'\"}}}",
                      (unsigned)status, default_type(status));
}

static void answer_items(struct ps_buf *out, const char *statuses, size_t count)
{
    struct ps_span list = ps_span_of(statuses);
    bool one_for_all = ps_span_find_byte(list, ',') == PS_SPAN_NONE;
    bool more = true;
    while (more) {
        uint64_t status = 0;
        struct ps_span next = ps_span_split(&list, ',', &more);
        CHECK(ps_span_to_u64(next, &status));
        for (size_t i = 0; i < (one_for_all && count > 0 ? count : 1); i++)
            put_item(out, status);
    }
}

/* The id of the action line that text begins with, 0 without one. */
static uint64_t id_of(struct ps_span text)
{
    ptrdiff_t at = ps_span_find(text, PS_SPAN("\"_id\":\""));
    uint64_t id = 0;
    if (at == PS_SPAN_NONE) return 0;
    struct ps_span rest = ps_span_from(text, (size_t)at + 7);
    ptrdiff_t end = ps_span_find_byte(rest, '"');
    return end != PS_SPAN_NONE && ps_span_to_u64(ps_span_first(rest, (size_t)end), &id) ? id : 0;
}

static void look_at_items(struct ps_span body, struct seen *seen)
{
    size_t used = 0;
    bool more = true;
    seen->body_bytes = body.len;
    while (body.len > 0) {
        struct ps_span action = ps_span_split(&body, '\n', &more);
        (void)ps_span_split(&body, '\n', &more);
        seen->items++;
        int wrote = snprintf(seen->ids + used, sizeof seen->ids - used, "%llu,", (unsigned long long)id_of(action));
        if (wrote > 0 && (size_t)wrote < sizeof seen->ids - used) used += (size_t)wrote;
    }
}

static uint32_t draw(struct domain *domain, uint32_t bound)
{
    domain->random = domain->random * 1664525u + 1013904223u;
    return (domain->random >> 8) % bound;
}

/* Any fault a domain or what is between can have, at random; what it says is stored is stored. */
static void moody(struct domain *domain, struct ps_span body, struct ps_buf *out, struct fake_http_reply *reply)
{
    static const int REFUSALS[] = { 429, 502, 503, 504, 413, 500 };
    uint32_t mood = draw(domain, 16);
    reply->status = 200;
    if (mood == 0) {
        reply->status = REFUSALS[draw(domain, sizeof REFUSALS / sizeof REFUSALS[0])];
        return;
    }
    if (ps_span_find(body, PS_SPAN("POISON")) != PS_SPAN_NONE) {
        reply->status = 400;
        return;
    }
    ps_buf_put(out, PS_SPAN("{\"errors\":true,\"items\":["));
    while (body.len > 0) {
        bool more = false;
        uint64_t id = id_of(ps_span_split(&body, '\n', &more));
        struct ps_span document = ps_span_split(&body, '\n', &more);
        bool there = (domain->stored[id / 64] >> (id % 64) & 1) != 0;
        uint64_t status = there ? 409 : draw(domain, 6) == 0 ? 429 : 201;
        if (ps_span_find(document, PS_SPAN("REFUSED")) != PS_SPAN_NONE) status = 400;
        if (status == 201) domain->stored[id / 64] |= 1ull << (id % 64);
        put_item(out, status);
    }
    ps_buf_put(out, PS_SPAN("]}"));
    reply->body = ps_buf_span(out);
    if (mood == 1) reply->end = FAKE_HTTP_CUT;
    if (mood == 2) reply->end = FAKE_HTTP_DROP;
    if (mood == 3) reply->body.len -= 2; /* no JSON any more */
}

static void play_turn(const struct turn *turn, size_t items, struct ps_buf *out, struct fake_http_reply *reply)
{
    reply->status = turn->status;
    reply->headers = turn->headers;
    reply->end = turn->end;
    reply->body = ps_span_of(turn->body);
    if (turn->items == NULL) return;
    ps_buf_put(out, PS_SPAN("{\"errors\":false,\"items\":["));
    answer_items(out, turn->items, items);
    ps_buf_put(out, PS_SPAN("]}"));
    reply->status = 200;
    reply->body = ps_buf_span(out);
}

static void answer(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    struct domain *domain = context;
    if (ps_span_eq(request->method, PS_SPAN("HEAD"))) {
        domain->warms++;
        return;
    }
    /* Compressed requests are looked at by their test. */
    bool gzip = ps_span_eq(fake_http_header(request, "Content-Encoding"), PS_SPAN("gzip"));
    struct ps_span body = gzip ? PS_SPAN("") : request->body;
    struct seen ignored = { 0 };
    struct seen *seen = domain->bulks < REQUESTS_MAX ? &domain->seen[domain->bulks] : &ignored;
    look_at_items(body, seen);
    struct ps_buf out;
    ps_buf_init(&out, &domain->answers, 1 << 20);
    size_t at = domain->bulks < domain->turn_count ? domain->bulks : domain->turn_count - 1;
    domain->bulks++;
    if (domain->random != 0)
        moody(domain, body, &out, reply);
    else if (domain->body_bytes_max > 0 && body.len > domain->body_bytes_max)
        *reply = (struct fake_http_reply){ .status = 413, .end = FAKE_HTTP_CLOSE };
    else if (domain->poison != NULL && ps_span_find(body, ps_span_of(domain->poison)) != PS_SPAN_NONE)
        *reply =
            (struct fake_http_reply){ .status = 400, .body = PS_SPAN("{\"error\":{\"type\":\"parse_exception\"}}") };
    else
        play_turn(&domain->turns[at], seen->items, &out, reply);
}

/* -- a sink and what came out of it -------------------------------------------------------------------------------- */

struct result {
    enum ps_opensearch_outcome outcome;
    uint64_t tag;
    uint32_t status;
    char type[64];
    char field[32];
};

struct world {
    struct domain domain;
    struct ps_arena process;
    struct ps_call_client *client;
    struct ps_opensearch *sink;
    struct ps_opensearch_options options;
    struct ps_secret_source password; /* BASIC */
    struct ps_log log;
    struct ps_deadline deadline;
    struct result results[ITEMS_MAX];
    size_t result_count;
    size_t fail_at; /* on_result fails at this call, 1 for the first; 0: never */
    struct ps_opensearch_stats stats;
    char log_text[LOG_BYTES];
    char padding[8 << 10]; /* makes documents large */
};

static struct world world;

static void keep_text(char *to, size_t size, struct ps_span text)
{
    struct ps_span kept = ps_span_first(text, size - 1);
    if (kept.len > 0) memcpy(to, kept.data, kept.len);
    to[kept.len] = '\0';
}

static enum ps_err on_result(void *context, const struct ps_opensearch_result *result)
{
    struct world *w = context;
    if (w->result_count + 1 == w->fail_at) return PS_ERR_NO_MEMORY;
    if (w->result_count == ITEMS_MAX) return PS_ERR_TOO_LARGE;
    struct result *kept = &w->results[w->result_count++];
    *kept = (struct result){ .outcome = result->outcome, .tag = result->tag, .status = result->status };
    keep_text(kept->type, sizeof kept->type, result->type);
    keep_text(kept->field, sizeof kept->field, result->field);
    CHECK_EQ(id_of(result->item), result->tag);
    CHECK(ps_span_ends(result->item, PS_SPAN("}\n")));
    return PS_OK;
}

static void begin(void)
{
    world.result_count = 0;
    ps_opensearch_begin(world.sink, &world.log, &world.deadline, on_result, &world);
}

/* Opens the domain and the sink; what was set in world.options and world.domain before stays. */
static void start(const struct turn *turns, size_t count)
{
    world.domain.turns = turns;
    world.domain.turn_count = count;
    world.domain.step = (struct fake_http_step){ .answer = answer, .context = &world.domain };
    world.domain.answers = check_arena(64 << 20);
    world.domain.server = fake_http_open(&world.domain.step, 1, true);
    world.process = check_arena(256 << 20);
    if (world.log.fd == 0) world.log.fd = memfd_create("log", 0);
    world.options.endpoint = fake_http_url(world.domain.server);
    struct ps_call_client_options client = { .region = PS_SPAN("eu-west-1"), .connect_timeout_ms = 2000 };
    CHECK_OK(ps_call_client_open(&world.process, &client, &world.client));
    if (world.options.auth == PS_OPENSEARCH_BASIC)
        CHECK_OK(ps_secret_open(&world.process, world.client, "OPENSEARCH_PASSWORD", &world.password,
                                &world.options.password));
    CHECK_OK(ps_opensearch_open(&world.process, world.client, &world.options, &world.sink));
    begin();
}

#define START(...) \
    static const struct turn TURNS[] = { __VA_ARGS__ }; \
    start(TURNS, sizeof TURNS / sizeof TURNS[0])

static void reset(void)
{
    world = (struct world){
        .options = { .auth = PS_OPENSEARCH_NONE,
                     .gzip = false,
                     .gzip_level = 1,
                     .slots = 4,
                     .bulk_bytes_max = 1 << 20,
                     .item_bytes_max = 1 << 20,
                     .bulk_items_max = 1000,
                     .attempts_max = 3,
                     .request_timeout_ms = 10000 },
    };
    memset(world.padding, 'x', sizeof world.padding);
}

static void stop(void)
{
    ps_opensearch_close(world.sink);
    ps_call_client_close(world.client);
    CHECK_EQ(fake_http_finish(world.domain.server), 0);
    close(world.log.fd);
    ps_arena_fini(&world.process);
    ps_arena_fini(&world.domain.answers);
    reset();
}

/* What has been logged so far. */
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

static enum ps_err add_document(uint64_t id, const char *word, size_t padding)
{
    struct ps_buf *buf = NULL;
    PS_TRY(ps_opensearch_buf(world.sink, &buf));
    ps_buf_printf(buf, "{\"create\":{\"_index\":\"app-logs-2026.11.21\",\"_id\":\"%llu\"}}\n{\"message\":\"%s",
                  (unsigned long long)id, word);
    ps_buf_put(buf, ps_span_make(world.padding, padding));
    ps_buf_put(buf, PS_SPAN("\"}\n"));
    return ps_opensearch_commit(world.sink, id);
}

/* Documents 1 to count. */
static void add(size_t count)
{
    for (uint64_t id = 1; id <= count; id++)
        CHECK_OK(add_document(id, "hello", 0));
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
    START({ .items = "201" });
    add(25);
    finish();
    CHECK_EQ(world.result_count, 25);
    for (uint64_t id = 1; id <= 25; id++)
        CHECK_EQ(result_of(id)->outcome, PS_OPENSEARCH_STORED);
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(world.stats.requests, 1);
    CHECK_EQ(world.stats.body_bytes, world.domain.seen[0].body_bytes);
    CHECK_EQ(world.stats.sent_bytes, world.stats.body_bytes);
    CHECK_EQ(logged().len, 0);
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    stop();
}

static void a_request_says_what_it_is(void)
{
    START({ .items = "201" });
    add(1);
    finish();
    CHECK_EQ(world.domain.warms, 1);
    struct fake_http_request request = fake_http_request(world.domain.server, 1);
    CHECK_TEXT(request.method, "POST");
    CHECK_TEXT(request.target, "/_bulk?filter_path=errors%2Citems.%2A.status%2Citems.%2A.error.type%2Citems.%2A.error."
                               "reason");
    CHECK_TEXT(fake_http_header(&request, "Content-Type"), "application/x-ndjson");
    CHECK_TEXT(fake_http_header(&request, "Accept-Encoding"), "identity");
    CHECK_EQ(fake_http_header(&request, "Content-Encoding").len, 0);
    CHECK_EQ(fake_http_header(&request, "Expect").len, 0);
    CHECK_EQ(fake_http_header(&request, "Authorization").len, 0);
    CHECK_EQ(request.connection, 0); /* the one that was warmed */
    stop();
}

static void with_gzip_the_body_goes_compressed(void)
{
    world.options.gzip = true;
    START({ .items = "201,201,201,429" }, { .items = "201" });
    add(4);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 4);
    CHECK(world.stats.sent_bytes < world.stats.body_bytes);
    struct fake_http_request request = fake_http_request(world.domain.server, 1);
    CHECK_TEXT(fake_http_header(&request, "Content-Encoding"), "gzip");
    struct ps_span body;
    CHECK_OK(ps_gzip_inflate(&world.process, request.body, PS_GZIP_GZIP, 1 << 20, &body));
    CHECK_EQ(id_of(body), 1);
    request = fake_http_request(world.domain.server, 2);
    CHECK_OK(ps_gzip_inflate(&world.process, request.body, PS_GZIP_GZIP, 1 << 20, &body));
    CHECK_EQ(id_of(body), 4);
    stop();
}

static void an_invocation_without_items_sends_nothing(void)
{
    START({ .items = "201" });
    finish();
    CHECK_EQ(world.domain.bulks, 0);
    begin();
    struct ps_buf *buf = NULL;
    CHECK_OK(ps_opensearch_buf(world.sink, &buf));
    ps_buf_put(buf, PS_SPAN("taken back"));
    ps_opensearch_rollback(world.sink);
    finish();
    CHECK_EQ(world.domain.bulks, 0);
    stop();
}

static void requests_keep_their_limits(void)
{
    world.options.bulk_bytes_max = 10000;
    world.options.item_bytes_max = 10000;
    world.options.bulk_items_max = 20;
    START({ .items = "201" });
    for (uint64_t id = 1; id <= 300; id++)
        CHECK_OK(add_document(id, "hello", id * 37 % 3000));
    CHECK_OK(add_document(301, "", 8 << 10));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 301);
    size_t items = 0;
    for (size_t i = 0; i < world.domain.bulks; i++) {
        items += world.domain.seen[i].items;
        CHECK(world.domain.seen[i].body_bytes <= 10000);
        CHECK(world.domain.seen[i].items <= 20);
    }
    CHECK_EQ(items, 301);
    stop();
}

static void an_item_larger_than_a_request_goes_alone(void)
{
    world.options.bulk_bytes_max = 2000;
    world.options.item_bytes_max = 10000;
    world.options.slots = 1;
    START({ .items = "201" });
    add(3);
    CHECK_OK(add_document(4, "", 5000));
    CHECK_OK(add_document(5, "", 10));
    finish();
    CHECK_EQ(world.domain.bulks, 3);
    CHECK_TEXT(ps_span_of(world.domain.seen[1].ids), "4,");
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 5);
    stop();
}

static void an_item_over_its_limit_can_be_taken_back(void)
{
    world.options.item_bytes_max = 1000;
    START({ .items = "201" });
    add(2);
    struct ps_buf *buf = NULL;
    CHECK_OK(ps_opensearch_buf(world.sink, &buf));
    ps_buf_put(buf, ps_span_make(world.padding, 1001));
    CHECK_ERR(buf->err, PS_ERR_TOO_LARGE);
    ps_opensearch_rollback(world.sink);
    CHECK_OK(add_document(3, "", 500));
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 3);
    CHECK_TEXT(ps_span_of(world.domain.seen[0].ids), "1,2,3,");
    stop();
}

static void *release_when_two_are_in(void *context)
{
    struct fake_http *server = context;
    CHECK(fake_http_await(server, 3)); /* the warming request, and two */
    fake_http_release(server);
    return NULL;
}

/* The first answer is held until the second request has come. */
static void the_next_slot_is_sent_while_another_is_in_flight(void)
{
    world.options.bulk_items_max = 5;
    START({ .items = "201", .end = FAKE_HTTP_HOLD }, { .items = "201" });
    pthread_t helper;
    CHECK_EQ(pthread_create(&helper, NULL, release_when_two_are_in, world.domain.server), 0);
    add(10);
    finish();
    (void)pthread_join(helper, NULL);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 10);
    CHECK(world.stats.wait_us > 0);
    stop();
}

/* -- items --------------------------------------------------------------------------------------------------------- */

static void only_throttled_items_are_sent_again(void)
{
    START({ .items = "201,429,201,503,201" }, { .items = "201" });
    add(5);
    finish();
    CHECK_EQ(world.domain.bulks, 2);
    CHECK_TEXT(ps_span_of(world.domain.seen[1].ids), "2,4,");
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 5);
    CHECK_EQ(world.stats.retried_items, 2);
    CHECK_EQ(world.stats.throttled, 1);
    CHECK_EQ(count_in_log("\"retried\""), 2); /* one kind, one line: 429 and 503 */
    stop();
}

static void an_item_has_its_own_number_of_attempts(void)
{
    START({ .items = "201,429,429" }, { .items = "201,429" }, { .items = "429" });
    add(3);
    finish();
    CHECK_EQ(world.domain.bulks, 3);
    CHECK_EQ(result_of(2)->outcome, PS_OPENSEARCH_STORED);
    CHECK_EQ(result_of(3)->outcome, PS_OPENSEARCH_UNDELIVERED);
    CHECK_EQ(result_of(3)->status, 429);
    CHECK_TEXT(ps_span_of(result_of(3)->type), "rejected_execution_exception");
    stop();
}

static void a_duplicate_is_a_success_and_a_mapping_error_a_dead_letter(void)
{
    START({ .items = "409,400,201" });
    add(3);
    finish();
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(result_of(1)->outcome, PS_OPENSEARCH_DUPLICATE);
    CHECK_EQ(result_of(2)->outcome, PS_OPENSEARCH_REJECTED);
    CHECK_EQ(result_of(2)->status, 400);
    CHECK_TEXT(ps_span_of(result_of(2)->type), "mapper_parsing_exception");
    CHECK_TEXT(ps_span_of(result_of(2)->field), "n");
    CHECK_EQ(result_of(3)->outcome, PS_OPENSEARCH_STORED);
    CHECK_EQ(count_in_log("mapper_parsing_exception"), 1);
    CHECK_EQ(count_in_log("app-logs-2026.11.21"), 1);
    CHECK_EQ(count_in_log("SECRET"), 0);
    CHECK_EQ(count_in_log("hello"), 0);
    stop();
}

static void each_kind_of_trouble_is_one_line(void)
{
    world.options.bulk_items_max = 10;
    START({ .items = "400" });
    add(50);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_REJECTED, NULL), 50);
    CHECK_EQ(count_in_log("opensearch_trouble"), 1);
    CHECK_EQ(count_in_log("\"items\":50"), 1);
    stop();
}

/* -- answers that are none ----------------------------------------------------------------------------------------- */

static void an_answer_one_item_short_counts_for_nothing(void)
{
    START({ .items = "201,201" }, { .items = "409,409,201" });
    add(3);
    finish();
    CHECK_EQ(world.domain.bulks, 2);
    CHECK_EQ(world.domain.seen[1].items, 3);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_DUPLICATE, NULL), 2);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 1);
    stop();
}

static void a_domain_that_never_answers_well_leaves_all_undelivered(void)
{
    START({ .status = 200, .body = "{}" });
    add(3);
    finish();
    CHECK_EQ(world.domain.bulks, 3);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "bad_answer"), 3);
    CHECK_EQ(result_of(1)->status, 200);
    stop();
}

static void broken_connections_are_tried_again(void)
{
    START({ .items = "201", .end = FAKE_HTTP_DROP }, { .items = "201", .end = FAKE_HTTP_CUT }, { .items = "409" });
    add(4);
    finish();
    CHECK_EQ(world.domain.bulks, 3);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_DUPLICATE, NULL), 4);
    stop();
}

static void gateways_and_throttles_are_tried_again(void)
{
    world.options.attempts_max = 6;
    START({ .status = 502, .body = "<html>Bad Gateway</html>" },
          { .status = 503, .body = "OpenSearch Security not initialized." }, { .status = 504 }, { .status = 500 },
          { .status = 429, .headers = "Retry-After: 0\r\n" }, { .items = "201" });
    add(1);
    finish();
    CHECK_EQ(world.domain.bulks, 6);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 1);
    CHECK_EQ(world.stats.throttled, 1);
    stop();
}

static void a_throttled_request_comes_back_in_halves(void)
{
    START({ .status = 429 }, { .items = "201" });
    add(8);
    finish();
    CHECK_EQ(world.domain.seen[0].items, 8);
    CHECK_EQ(world.domain.seen[1].items, 4);
    CHECK_EQ(world.domain.seen[2].items, 4);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 8);
    stop();
}

static void a_wait_beyond_the_deadline_is_not_begun(void)
{
    world.deadline = ps_deadline_make(60000, 0, 1000);
    START({ .status = 503, .headers = "Retry-After: 120\r\n" });
    add(2);
    finish();
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "request_refused"), 2);
    CHECK_EQ(result_of(1)->status, 503);
    stop();
}

static void an_answer_that_does_not_come_in_time_ends_at_the_deadline(void)
{
    world.options.bulk_items_max = 2;
    world.options.slots = 1;
    START({ .items = "201", .end = FAKE_HTTP_HOLD });
    world.deadline = ps_deadline_make(300, 0, 100);
    begin();
    add(4);
    finish();
    CHECK(fake_http_await(world.domain.server, 2)); /* the server is at rest: one HEAD, one _bulk */
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "deadline"), 4);
    CHECK(ps_deadline_hard_left_ms(&world.deadline) > 0);
    stop();
}

static void after_the_deadline_nothing_is_sent(void)
{
    world.deadline = ps_deadline_make(100, 0, 100);
    START({ .items = "201" });
    add(3);
    finish();
    CHECK_EQ(world.domain.bulks, 0);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "deadline"), 3);
    stop();
}

static void a_request_that_times_out_is_tried_again(void)
{
    world.options.request_timeout_ms = 100;
    START({ .items = "201", .end = FAKE_HTTP_HOLD }, { .items = "409" });
    add(2);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_DUPLICATE, NULL), 2);
    CHECK_EQ(count_in_log("timed_out"), 1);
    stop();
}

/* -- bisection ----------------------------------------------------------------------------------------------------- */

static void a_413_is_bisected_and_remembered(void)
{
    world.domain.body_bytes_max = 3000;
    START({ .items = "201" });
    add(100);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 100);
    CHECK(world.stats.bisected >= 2);
    size_t bulks = world.domain.bulks;
    begin();
    add(100);
    finish();
    CHECK_EQ(world.stats.bisected, 0);
    for (size_t i = bulks; i < world.domain.bulks; i++)
        CHECK(world.domain.seen[i].body_bytes <= 3000);
    stop();
}

static void a_document_that_alone_is_too_large_is_rejected(void)
{
    world.domain.body_bytes_max = 3000;
    START({ .items = "201" });
    add(5);
    CHECK_OK(add_document(6, "", 4000));
    CHECK_OK(add_document(7, "", 0));
    finish();
    CHECK_EQ(result_of(6)->outcome, PS_OPENSEARCH_REJECTED);
    CHECK_EQ(result_of(6)->status, 413);
    CHECK_TEXT(ps_span_of(result_of(6)->type), "too_large");
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 6);
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    stop();
}

static void one_poisoned_document_does_not_take_others_along(void)
{
    world.domain.poison = "POISON";
    START({ .items = "201" });
    for (uint64_t id = 1; id <= 64; id++)
        CHECK_OK(add_document(id, id == 37 ? "POISON" : "hello", 0));
    finish();
    CHECK_EQ(result_of(37)->outcome, PS_OPENSEARCH_REJECTED);
    CHECK_EQ(result_of(37)->status, 400);
    CHECK_TEXT(ps_span_of(result_of(37)->type), "parse_exception");
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 63);
    CHECK(world.domain.bulks < 24); /* not one by one */
    stop();
}

static void a_domain_that_refuses_every_body_is_an_operators_fault(void)
{
    START({ .status = 400, .body = "{\"error\":{\"type\":\"illegal_argument_exception\"}}" });
    add(100);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_REJECTED, NULL), 7);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, NULL), 93);
    CHECK(ps_opensearch_operator_fault(world.sink) != NULL);
    stop();
}

/* -- operator faults and the breaker ------------------------------------------------------------------------------- */

static void refused_credentials_are_told_once_and_stop_everything(void)
{
    world.options.auth = PS_OPENSEARCH_BASIC;
    world.options.username = PS_SPAN("writer");
    world.password.value = PS_SPAN("hidden-word");
    world.options.bulk_items_max = 10;
    world.options.slots = 1;
    START({ .status = 401, .body = "Unauthorized" });
    add(40);
    finish();
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "request_refused"), 10);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "breaker_open"), 30);
    CHECK(strstr(ps_opensearch_operator_fault(world.sink), "credentials refused") != NULL);
    CHECK_EQ(count_in_log("opensearch_operator_fault"), 1);
    CHECK_EQ(count_in_log("hidden-word"), 0);
    struct fake_http_request request = fake_http_request(world.domain.server, 1);
    CHECK_TEXT(fake_http_header(&request, "Authorization"), "Basic d3JpdGVyOmhpZGRlbi13b3Jk");
    stop();
}

static void after_a_breaker_one_probe_goes_first(void)
{
    static const struct turn WELL[] = { { .items = "201" } };
    world.options.bulk_items_max = 10;
    START({ .status = 405 });
    add(40);
    finish();
    size_t before = world.domain.bulks;
    begin();
    add(40); /* four slots are full, but only the probe flies */
    finish();
    CHECK_EQ(world.domain.bulks, before + 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, NULL), 40);
    world.domain.turns = WELL;
    begin();
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    add(40);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 40);
    stop();
}

static void a_domain_that_fails_again_and_again_is_left_alone(void)
{
    world.options.attempts_max = 2;
    world.options.slots = 2;
    world.options.bulk_items_max = 5;
    START({ .status = 503 });
    add(100);
    finish();
    CHECK_EQ(world.result_count, 100);
    CHECK(world.domain.bulks <= 5);
    CHECK(count_outcome(PS_OPENSEARCH_UNDELIVERED, "breaker_open") >= 80);
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    stop();
}

static void a_fault_of_one_index_leaves_the_others_alone(void)
{
    world.options.bulk_items_max = 4;
    world.options.slots = 1; /* so that the first four are the first request */
    START({ .items = "201,404,201,403" }, { .items = "201" });
    add(8);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 6);
    CHECK_EQ(result_of(2)->outcome, PS_OPENSEARCH_UNDELIVERED);
    CHECK_TEXT(ps_span_of(result_of(2)->type), "index_not_found_exception");
    CHECK_EQ(result_of(4)->outcome, PS_OPENSEARCH_UNDELIVERED);
    CHECK(strstr(ps_opensearch_operator_fault(world.sink), "index missing") != NULL);
    CHECK_EQ(count_in_log("opensearch_operator_fault"), 1);
    stop();
}

static void a_request_of_nothing_but_faults_opens_the_breaker(void)
{
    world.options.bulk_items_max = 4;
    world.options.slots = 1;
    START({ .items = "404" });
    add(20);
    finish();
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "index_not_found_exception"), 4);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "breaker_open"), 16);
    stop();
}

static void set_credentials(const char *id)
{
    CHECK_EQ(setenv("AWS_ACCESS_KEY_ID", id, 1), 0);
    CHECK_EQ(setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret", 1), 0);
}

static void refused_signatures_are_tried_once_with_new_credentials(void)
{
    set_credentials("AKIDFIRST");
    world.options.auth = PS_OPENSEARCH_SIGV4;
    START({ .status = 403, .body = "{\"message\":\"The security token included in the request is expired\"}" },
          { .items = "201" });
    add(2);
    struct ps_span first = PS_SPAN("AWS4-HMAC-SHA256 Credential=AKIDFIRST/");
    struct ps_span second = PS_SPAN("AWS4-HMAC-SHA256 Credential=AKIDSECOND/");
    bool changed = false;
    CHECK_OK(ps_call_refresh(world.client, &changed)); /* the first ones are in use when the others appear */
    set_credentials("AKIDSECOND");
    finish();
    CHECK_EQ(world.domain.bulks, 2);
    struct fake_http_request request = fake_http_request(world.domain.server, 1);
    CHECK(ps_span_starts(fake_http_header(&request, "Authorization"), first));
    request = fake_http_request(world.domain.server, 2);
    CHECK(ps_span_starts(fake_http_header(&request, "Authorization"), second));
    CHECK(ps_span_find(fake_http_header(&request, "Authorization"), PS_SPAN("/eu-west-1/es/aws4_request")) > 0);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 2);
    stop();
}

/* Secrets Manager: one answer for each reading. Gives the server, which the client's endpoint leads to. */
static struct fake_http *start_secrets(const struct fake_http_step *steps, size_t count)
{
    struct fake_http *server = fake_http_open(steps, count, false);
    char url[64];
    keep_text(url, sizeof url, fake_http_url(server));
    CHECK_EQ(setenv("AWS_ENDPOINT_URL", url, 1), 0);
    set_credentials("AKIDONLY");
    world.options.auth = PS_OPENSEARCH_BASIC;
    world.options.username = PS_SPAN("writer");
    world.password = (struct ps_secret_source){ .secret_arn = PS_SPAN("search") };
    return server;
}

static void stop_secrets(struct fake_http *server)
{
    CHECK_EQ(unsetenv("AWS_ENDPOINT_URL"), 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

#define SECRET(text) \
    { \
        .reply = {.body = PS_SPAN_INIT("{\"SecretString\":\"" text "\"}") } \
    }

/* So that it may be read anew: as if a minute had gone by since. */
static void read_password_long_ago(void)
{
    struct ps_span value;
    CHECK_OK(ps_secret_get(world.options.password, &world.deadline, &value));
    world.options.password->refreshed_us = 0;
}

static void a_refused_password_is_read_anew_once(void)
{
    static const struct fake_http_step SECRETS[] = { SECRET("old"), SECRET("new") };
    struct fake_http *secrets = start_secrets(SECRETS, 2);
    START({ .status = 401, .body = "Unauthorized" }, { .items = "201" });
    read_password_long_ago();
    add(2);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 2);
    CHECK_EQ(world.domain.bulks, 2);
    struct fake_http_request request = fake_http_request(world.domain.server, 1);
    CHECK_TEXT(fake_http_header(&request, "Authorization"), "Basic d3JpdGVyOm9sZA==");
    request = fake_http_request(world.domain.server, 2);
    CHECK_TEXT(fake_http_header(&request, "Authorization"), "Basic d3JpdGVyOm5ldw==");
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    stop();
    stop_secrets(secrets);
}

static void a_password_that_is_refused_twice_is_an_operators_fault(void)
{
    static const struct fake_http_step SECRETS[] = { SECRET("old"), SECRET("new") };
    struct fake_http *secrets = start_secrets(SECRETS, 2);
    START({ .status = 401, .body = "Unauthorized" });
    read_password_long_ago();
    add(2);
    finish();
    CHECK_EQ(world.domain.bulks, 2);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "request_refused"), 2);
    CHECK(strstr(ps_opensearch_operator_fault(world.sink), "credentials refused") != NULL);
    CHECK_EQ(count_in_log("opensearch_operator_fault"), 1);
    begin(); /* the next invocation, within the minute */
    add(2);
    finish();
    CHECK_EQ(world.domain.bulks, 3);
    stop();
    stop_secrets(secrets);
}

static void a_password_that_did_not_change_is_not_tried_again(void)
{
    static const struct fake_http_step SECRETS[] = { SECRET("old"), SECRET("old") };
    struct fake_http *secrets = start_secrets(SECRETS, 2);
    START({ .status = 403, .body = "" });
    read_password_long_ago();
    add(2);
    finish();
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "request_refused"), 2);
    stop();
    stop_secrets(secrets);
}

static void a_password_that_cannot_be_read_is_told_with_its_setting(void)
{
    static const struct fake_http_step SECRETS[] = {
        { .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"ResourceNotFoundException\"}") } },
        SECRET("old"),
        { .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"AccessDeniedException\"}") } },
    };
    struct fake_http *secrets = start_secrets(SECRETS, 3);
    START({ .status = 401, .body = "Unauthorized" });
    add(2);
    finish();
    CHECK_EQ(world.domain.bulks, 0);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "no_credentials"), 2);
    CHECK_EQ(count_in_log("OPENSEARCH_PASSWORD_SECRET_ARN: status 400 ResourceNotFoundException"), 1);
    read_password_long_ago();
    begin();
    add(2);
    finish();
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(count_in_log("OPENSEARCH_PASSWORD_SECRET_ARN: status 400 AccessDeniedException"), 1);
    stop();
    stop_secrets(secrets);
}

static void a_role_that_is_not_mapped_is_an_operators_fault(void)
{
    set_credentials("AKIDONLY");
    world.options.auth = PS_OPENSEARCH_SIGV4;
    START({ .status = 403, .body = "{\"error\":{\"type\":\"security_exception\",\"reason\":\"no permissions\"}}" });
    add(2);
    finish();
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "security_exception"), 2);
    CHECK(strstr(ps_opensearch_operator_fault(world.sink), "role not mapped") != NULL);
    stop();
}

static void settings_that_the_signer_refuses_are_an_operators_fault(void)
{
    world.options.auth = PS_OPENSEARCH_BASIC;
    world.options.username = PS_SPAN("user:name");
    world.password.value = PS_SPAN("hidden-word");
    START({ .items = "201" });
    add(2);
    finish();
    CHECK_EQ(world.domain.bulks, 0);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, "connection"), 2);
    CHECK(strstr(ps_opensearch_operator_fault(world.sink), "connection settings") != NULL);
    CHECK_EQ(count_in_log("cannot hold a colon"), 1);
    CHECK_EQ(count_in_log("hidden-word"), 0);
    stop();
}

static void a_read_only_cluster_is_waited_for(void)
{
    START({ .status = 403, .body = "{\"error\":{\"type\":\"cluster_block_exception\",\"reason\":\"x\"}}" },
          { .items = "201" });
    add(2);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 2);
    CHECK(ps_opensearch_operator_fault(world.sink) == NULL);
    stop();
}

static void redirects_are_not_followed(void)
{
    START({ .status = 301, .headers = "Location: http://127.0.0.1:1/\r\n" });
    add(1);
    finish();
    CHECK_EQ(world.domain.bulks, 1);
    CHECK_EQ(count_outcome(PS_OPENSEARCH_UNDELIVERED, NULL), 1);
    CHECK(strstr(ps_opensearch_operator_fault(world.sink), "redirected") != NULL);
    stop();
}

/* -- the caller's failures ----------------------------------------------------------------------------------------- */

static void a_failing_caller_stops_the_sink_until_the_next_begin(void)
{
    world.fail_at = 2;
    START({ .items = "201" });
    add(5);
    CHECK_ERR(ps_opensearch_finish(world.sink, &world.stats), PS_ERR_NO_MEMORY);
    struct ps_buf *buf = NULL;
    CHECK_ERR(ps_opensearch_buf(world.sink, &buf), PS_ERR_NO_MEMORY);
    CHECK_ERR(ps_opensearch_finish(world.sink, &world.stats), PS_ERR_NO_MEMORY);
    world.fail_at = 0;
    begin();
    add(5);
    finish();
    CHECK_EQ(count_outcome(PS_OPENSEARCH_STORED, NULL), 5);
    stop();
}

static void an_invocation_left_without_finish_leaves_nothing_behind(void)
{
    world.options.bulk_items_max = 2;
    START({ .items = "201", .end = FAKE_HTTP_HOLD }, { .items = "201" });
    add(3);
    while (fake_http_count(world.domain.server) < 2)
        CHECK_OK(ps_http_poll(ps_call_http(world.client), 10));
    begin();
    CHECK_OK(add_document(9, "hello", 0));
    finish();
    CHECK_EQ(world.result_count, 1);
    CHECK_EQ(result_of(9)->outcome, PS_OPENSEARCH_STORED);
    stop();
}

static enum ps_err open_once(void)
{
    PS_TRY(ps_opensearch_open(&world.process, world.client, &world.options, &world.sink));
    ps_opensearch_close(world.sink);
    return PS_OK;
}

static void opening_survives_any_failing_allocation(void)
{
    world.options.gzip = true;
    START({ .items = "201" });
    ps_opensearch_close(world.sink);
    PS_EACH_FAILURE(&world.process, open_once());
    CHECK_OK(ps_opensearch_open(&world.process, world.client, &world.options, &world.sink));
    stop();
}

/* -- all of it at once --------------------------------------------------------------------------------------------- */

/* Whatever the domain does, each document has one end, and the ends are true: stored is there, duplicate is there,
 * rejected is what cannot be stored. */
static void a_moody_domain(uint32_t seed)
{
    enum { DOCUMENTS = 200 };
    world.options.bulk_items_max = 50;
    world.options.bulk_bytes_max = 6000;
    world.options.attempts_max = 8;
    world.domain.random = seed;
    START({ .items = "201" });
    for (uint64_t id = 1; id <= DOCUMENTS; id++)
        CHECK_OK(add_document(id, id % 97 == 0 ? "POISON" : id % 31 == 0 ? "REFUSED" : "hello", id * 13 % 300));
    finish();
    CHECK_EQ(world.result_count, DOCUMENTS);
    bool seen[DOCUMENTS + 1] = { false };
    for (size_t i = 0; i < world.result_count; i++) {
        const struct result *result = &world.results[i];
        CHECK(!seen[result->tag]);
        seen[result->tag] = true;
        bool there = (world.domain.stored[result->tag / 64] >> (result->tag % 64) & 1) != 0;
        bool bad = result->tag % 97 == 0 || result->tag % 31 == 0;
        if (result->outcome == PS_OPENSEARCH_STORED || result->outcome == PS_OPENSEARCH_DUPLICATE) CHECK(there);
        if (result->outcome == PS_OPENSEARCH_REJECTED) CHECK(bad || result->status == 413);
    }
    stop();
}

static void every_document_has_one_true_end_whatever_the_domain_does(void)
{
    for (uint32_t seed = 1; seed <= 2; seed++)
        a_moody_domain(seed);
}

/* -- settings and names -------------------------------------------------------------------------------------------- */

static void settings_that_cannot_work_are_refused(void)
{
    START({ .items = "201" });
    static const struct {
        const char *endpoint;
        enum ps_opensearch_auth auth;
        enum ps_err err;
    } CASES[] = {
        { "http://search.example.com", PS_OPENSEARCH_SIGV4, PS_ERR_BAD_CONFIG },
        { "http://127.0.0.1.example.com", PS_OPENSEARCH_SIGV4, PS_ERR_BAD_CONFIG },
        { "ftp://localhost", PS_OPENSEARCH_NONE, PS_ERR_BAD_CONFIG },
        { "search.example.com", PS_OPENSEARCH_NONE, PS_ERR_BAD_CONFIG },
        { "", PS_OPENSEARCH_NONE, PS_ERR_BAD_CONFIG },
        { "https://user:hidden-word@search.example.com", PS_OPENSEARCH_NONE, PS_ERR_BAD_CONFIG },
        { "https://127.0.0.1:1/path", PS_OPENSEARCH_NONE, PS_ERR_BAD_CONFIG },
        { "https://127.0.0.1:1?x", PS_OPENSEARCH_NONE, PS_ERR_BAD_CONFIG },
        { "https://127.0.0.1:1", PS_OPENSEARCH_BASIC, PS_ERR_BAD_CONFIG }, /* no user name */
        { "http://127.0.0.1:1/", PS_OPENSEARCH_SIGV4, PS_OK },
        { "https://127.0.0.1:1", PS_OPENSEARCH_SIGV4, PS_OK },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_opensearch_options options = world.options;
        struct ps_opensearch *sink = NULL;
        options.endpoint = ps_span_of(CASES[i].endpoint);
        options.auth = CASES[i].auth;
        if (!CHECK_ERR(ps_opensearch_open(&world.process, world.client, &options, &sink), CASES[i].err))
            printf("# %s\n", CASES[i].endpoint);
        if (CASES[i].err != PS_OK) CHECK(strstr(ps_err_note()->text, "hidden-word") == NULL);
        ps_opensearch_close(sink);
    }
    stop();
}

static void limits_that_cannot_work_are_refused(void)
{
    START({ .items = "201" });
    struct ps_opensearch *sink = NULL;
    struct ps_opensearch_options bad[] = { world.options, world.options, world.options, world.options,
                                           world.options, world.options, world.options };
    bad[0].slots = 0;
    bad[1].slots = 9;
    bad[2].gzip = true;
    bad[2].gzip_level = 0;
    bad[3].gzip = true;
    bad[3].gzip_level = 10;
    bad[4].bulk_bytes_max = 0;
    bad[5].attempts_max = 0;
    bad[6].request_timeout_ms = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_ERR(ps_opensearch_open(&world.process, world.client, &bad[i], &sink), PS_ERR_BAD_CONFIG);
    stop();
}

static void service_and_region_come_from_the_host(void)
{
    static const struct {
        const char *host, *service, *region;
    } CASES[] = {
        { "search-logs-abc123.eu-central-1.es.amazonaws.com", "es", "eu-central-1" },
        { "vpc-logs-abc123.us-gov-west-1.es.amazonaws.com", "es", "us-gov-west-1" },
        { "search-logs.cn-north-1.es.amazonaws.com.cn", "es", "cn-north-1" },
        { "abcdef.us-east-1.aoss.amazonaws.com", "aoss", "us-east-1" },
        { "logs.example.com", "es", "" },
        { "127.0.0.1", "es", "" },
        { ".es.amazonaws.com", "es", "" },
        { "es.amazonaws.com", "es", "" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_call_target target = { 0 };
        ps_opensearch_infer_scope(ps_span_of(CASES[i].host), &target);
        CHECK_TEXT(target.service, CASES[i].service);
        CHECK_TEXT(target.region, CASES[i].region);
    }
    struct ps_call_target set = { .service = PS_SPAN("aoss") };
    ps_opensearch_infer_scope(PS_SPAN("logs.example.com"), &set);
    CHECK_TEXT(set.service, "aoss");
}

int main(void)
{
    reset();
    RUN(every_item_comes_back_once_with_its_tag);
    RUN(a_request_says_what_it_is);
    RUN(with_gzip_the_body_goes_compressed);
    RUN(an_invocation_without_items_sends_nothing);
    RUN(requests_keep_their_limits);
    RUN(an_item_larger_than_a_request_goes_alone);
    RUN(an_item_over_its_limit_can_be_taken_back);
    RUN(the_next_slot_is_sent_while_another_is_in_flight);
    RUN(only_throttled_items_are_sent_again);
    RUN(an_item_has_its_own_number_of_attempts);
    RUN(a_duplicate_is_a_success_and_a_mapping_error_a_dead_letter);
    RUN(each_kind_of_trouble_is_one_line);
    RUN(an_answer_one_item_short_counts_for_nothing);
    RUN(a_domain_that_never_answers_well_leaves_all_undelivered);
    RUN(broken_connections_are_tried_again);
    RUN(gateways_and_throttles_are_tried_again);
    RUN(a_throttled_request_comes_back_in_halves);
    RUN(a_wait_beyond_the_deadline_is_not_begun);
    RUN(an_answer_that_does_not_come_in_time_ends_at_the_deadline);
    RUN(after_the_deadline_nothing_is_sent);
    RUN(a_request_that_times_out_is_tried_again);
    RUN(a_413_is_bisected_and_remembered);
    RUN(a_document_that_alone_is_too_large_is_rejected);
    RUN(one_poisoned_document_does_not_take_others_along);
    RUN(a_domain_that_refuses_every_body_is_an_operators_fault);
    RUN(refused_credentials_are_told_once_and_stop_everything);
    RUN(after_a_breaker_one_probe_goes_first);
    RUN(a_domain_that_fails_again_and_again_is_left_alone);
    RUN(a_fault_of_one_index_leaves_the_others_alone);
    RUN(a_request_of_nothing_but_faults_opens_the_breaker);
    RUN(refused_signatures_are_tried_once_with_new_credentials);
    RUN(a_refused_password_is_read_anew_once);
    RUN(a_password_that_is_refused_twice_is_an_operators_fault);
    RUN(a_password_that_did_not_change_is_not_tried_again);
    RUN(a_password_that_cannot_be_read_is_told_with_its_setting);
    RUN(a_role_that_is_not_mapped_is_an_operators_fault);
    RUN(settings_that_the_signer_refuses_are_an_operators_fault);
    RUN(a_read_only_cluster_is_waited_for);
    RUN(redirects_are_not_followed);
    RUN(a_failing_caller_stops_the_sink_until_the_next_begin);
    RUN(an_invocation_left_without_finish_leaves_nothing_behind);
    RUN(opening_survives_any_failing_allocation);
    RUN(every_document_has_one_true_end_whatever_the_domain_does);
    RUN(settings_that_cannot_work_are_refused);
    RUN(limits_that_cannot_work_are_refused);
    RUN(service_and_region_come_from_the_host);
    return check_finish();
}
