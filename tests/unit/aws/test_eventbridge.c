#include "aws/eventbridge.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws/eventbridge_priv.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "support/check.h"
#include "support/fake_http.h"

enum { ENTRIES_MAX = 4096, REQUESTS_MAX = 200, LOG_BYTES = 64 << 10 };

/* -- a bus on loopback --------------------------------------------------------------------------------------------- */

/* What the bus does with one request. */
struct turn {
    const char *codes; /* "ok,ThrottlingException": of each entry; a code alone is for all of them */
    const char *body;  /* when codes is NULL, with status */
    const char *headers;
    int status;
    enum fake_http_end end;
};

/* One request as the bus got it. */
struct seen {
    size_t entries;
    char ids[256]; /* "1,2,3," cut */
};

struct bus {
    struct fake_http *server;
    struct fake_http_step step;
    const struct turn *turns; /* the last is repeated */
    size_t turn_count;
    size_t requests;
    struct seen seen[REQUESTS_MAX];
    const char *poison;              /* a request that holds it is refused as a whole */
    uint32_t random;                 /* not 0: the bus has its moods (see moody) */
    bool published[ENTRIES_MAX + 1]; /* by id, moody only */
    bool renews;                     /* at each request there are other credentials */
    struct ps_arena answers;         /* stay until they have been sent */
};

/* Takes the next "id" out of the escaped Details in *rest; 0 when there is none. */
static uint64_t next_id(struct ps_span *rest)
{
    ptrdiff_t at = ps_span_find(*rest, PS_SPAN("{\\\"id\\\":"));
    uint64_t id = 0;
    if (at == PS_SPAN_NONE) return 0;
    *rest = ps_span_from(*rest, (size_t)at + 8);
    size_t digits = 0;
    while (digits < rest->len && rest->data[digits] >= '0' && rest->data[digits] <= '9')
        digits++;
    CHECK(ps_span_to_u64(ps_span_first(*rest, digits), &id));
    return id;
}

static void look_at_entries(struct ps_span body, struct seen *seen)
{
    size_t used = 0;
    CHECK_OK(ps_json_read_check(body));
    for (uint64_t id; (id = next_id(&body)) != 0; seen->entries++) {
        int wrote = snprintf(seen->ids + used, sizeof seen->ids - used, "%llu,", (unsigned long long)id);
        if (wrote > 0 && (size_t)wrote < sizeof seen->ids - used) used += (size_t)wrote;
    }
}

static void put_entry(struct ps_buf *out, struct ps_span code)
{
    if (out->data[out->len - 1] != '[') ps_buf_byte(out, ',');
    if (ps_span_eq(code, PS_SPAN("ok")))
        ps_buf_put(out, PS_SPAN("{\"EventId\":\"11710aed-b79e-4468-a20b-bb3c0c3b4860\"}"));
    else
        ps_buf_printf(out, "{\"ErrorCode\":\"%.*s\",\"ErrorMessage\":\"Detail SECRET is malformed.\"}",
                      PS_SPAN_ARG(code));
}

static void put_end(struct ps_buf *out, size_t failed)
{
    ps_buf_printf(out, "],\"FailedEntryCount\":%zu}", failed);
}

static void answer_entries(struct ps_buf *out, const char *codes, size_t count)
{
    struct ps_span list = ps_span_of(codes);
    bool one_for_all = ps_span_find_byte(list, ',') == PS_SPAN_NONE;
    size_t failed = 0;
    bool more = true;
    ps_buf_put(out, PS_SPAN("{\"Entries\":["));
    while (more) {
        struct ps_span code = ps_span_split(&list, ',', &more);
        for (size_t i = 0; i < (one_for_all ? count : 1); i++) {
            put_entry(out, code);
            failed += !ps_span_eq(code, PS_SPAN("ok"));
        }
    }
    put_end(out, failed);
}

static uint32_t draw(struct bus *bus, uint32_t bound)
{
    bus->random = bus->random * 1664525u + 1013904223u;
    return (bus->random >> 8) % bound;
}

/* Any fault a bus or what is between can have, at random, but for throttles, which take seconds; what it says is
 * published is published. */
static void moody(struct bus *bus, struct ps_span body, struct ps_buf *out, struct fake_http_reply *reply)
{
    static const int REFUSALS[] = { 502, 503, 504, 413, 500 };
    uint32_t mood = draw(bus, 16);
    size_t failed = 0;
    reply->status = 200;
    if (mood == 0) {
        reply->status = REFUSALS[draw(bus, sizeof REFUSALS / sizeof REFUSALS[0])];
        return;
    }
    ps_buf_put(out, PS_SPAN("{\"Entries\":["));
    for (uint64_t id; (id = next_id(&body)) != 0;) {
        bool later = draw(bus, 6) == 0;
        bool bad = id % 31 == 0;
        put_entry(out, bad ? PS_SPAN("MalformedDetail") : later ? PS_SPAN("InternalFailure") : PS_SPAN("ok"));
        bus->published[id] = bus->published[id] || (!bad && !later);
        failed += bad || later;
    }
    put_end(out, failed);
    reply->body = ps_buf_span(out);
    if (mood == 1) reply->end = FAKE_HTTP_CUT;
    if (mood == 2) reply->end = FAKE_HTTP_DROP;
    if (mood == 3) reply->body.len -= 2; /* no JSON any more */
}

static void play_turn(const struct turn *turn, size_t entries, struct ps_buf *out, struct fake_http_reply *reply)
{
    *reply = (struct fake_http_reply){
        .status = turn->status, .headers = turn->headers, .end = turn->end, .body = ps_span_of(turn->body)
    };
    if (turn->codes == NULL) return;
    answer_entries(out, turn->codes, entries);
    reply->status = 200;
    reply->body = ps_buf_span(out);
}

static void set_credentials(const char *id)
{
    CHECK_EQ(setenv("AWS_ACCESS_KEY_ID", id, 1), 0);
    CHECK_EQ(setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret", 1), 0);
}

static void answer(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    struct bus *bus = context;
    struct seen ignored = { 0 };
    struct seen *seen = bus->requests < REQUESTS_MAX ? &bus->seen[bus->requests] : &ignored;
    size_t at = bus->requests < bus->turn_count ? bus->requests : bus->turn_count - 1;
    struct ps_buf out;
    ps_buf_init(&out, &bus->answers, 1 << 20);
    look_at_entries(request->body, seen);
    bus->requests++;
    if (bus->renews) set_credentials(bus->requests % 2 == 0 ? "AKIDFIRST" : "AKIDSECOND");
    if (bus->random != 0)
        moody(bus, request->body, &out, reply);
    else if (bus->poison != NULL && ps_span_find(request->body, ps_span_of(bus->poison)) != PS_SPAN_NONE)
        *reply =
            (struct fake_http_reply){ .status = 400,
                                      .body = PS_SPAN("{\"__type\":\"ValidationException\",\"message\":\"SECRET\"}") };
    else
        play_turn(&bus->turns[at], seen->entries, &out, reply);
}

/* -- a sink and what came out of it -------------------------------------------------------------------------------- */

struct result {
    enum ps_eventbridge_outcome outcome;
    uint64_t tag;
    uint32_t status;
    char type[64];
};

struct world {
    struct bus bus;
    struct ps_arena process;
    struct ps_call_client *client;
    struct ps_eventbridge *sink;
    struct ps_eventbridge_options options;
    struct ps_log log;
    struct ps_deadline deadline;
    struct result results[ENTRIES_MAX];
    size_t result_count;
    size_t fail_at; /* on_result fails at this call, 1 for the first; 0: never */
    struct ps_eventbridge_stats stats;
    char log_text[LOG_BYTES];
};

static struct world world;

static enum ps_err on_result(void *context, const struct ps_eventbridge_result *result)
{
    struct world *w = context;
    if (w->result_count + 1 == w->fail_at) return PS_ERR_NO_MEMORY;
    if (w->result_count == ENTRIES_MAX) return PS_ERR_TOO_LARGE;
    struct result *kept = &w->results[w->result_count++];
    *kept = (struct result){ .outcome = result->outcome, .tag = result->tag, .status = result->status };
    struct ps_span type = ps_span_first(result->type, sizeof kept->type - 1);
    if (type.len > 0) memcpy(kept->type, type.data, type.len);
    return PS_OK;
}

static void begin(void)
{
    world.result_count = 0;
    ps_eventbridge_begin(world.sink, &world.log, &world.deadline, on_result, &world);
}

/* Opens the bus and the sink; what was set in world.options and world.bus before stays. */
static void start(const struct turn *turns, size_t count)
{
    char url[64];
    world.bus.turns = turns;
    world.bus.turn_count = count;
    world.bus.step = (struct fake_http_step){ .answer = answer, .context = &world.bus };
    world.bus.answers = check_arena(64 << 20);
    world.bus.server = fake_http_open(&world.bus.step, 1, true);
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(world.bus.server)));
    setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", url, 1);
    set_credentials("AKIDFIRST");
    world.process = check_arena(256 << 20);
    if (world.log.fd == 0) world.log.fd = memfd_create("log", 0);
    struct ps_call_client_options client = { .region = PS_SPAN("eu-west-1"),
                                             .connect_timeout_ms = 2000,
                                             .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&world.process, &client, &world.client));
    CHECK_OK(ps_eventbridge_open(&world.process, world.client, &world.options, &world.sink));
    begin();
}

#define START(...) \
    static const struct turn TURNS[] = { __VA_ARGS__ }; \
    start(TURNS, sizeof TURNS / sizeof TURNS[0])

static void reset(void)
{
    world = (struct world){
        .options = { .bus = PS_SPAN("errors"),
                     .slots = 4,
                     .entry_bytes_max = PS_EVENTBRIDGE_ENTRY_BYTES,
                     .attempts_max = 3,
                     .request_timeout_ms = 10000 },
    };
}

static void stop(void)
{
    ps_eventbridge_close(world.sink);
    ps_call_client_close(world.client);
    CHECK_EQ(fake_http_finish(world.bus.server), 0);
    close(world.log.fd);
    ps_arena_fini(&world.process);
    ps_arena_fini(&world.bus.answers);
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

#define SOURCE PS_SPAN("penstock")
#define DETAIL_TYPE PS_SPAN("LogError")
static const int64_t NOON_MS = 1795262400999; /* 2026-11-21T12:00:00.999Z */

static enum ps_err commit(uint64_t id)
{
    return ps_eventbridge_commit(world.sink, id, SOURCE, DETAIL_TYPE, NOON_MS);
}

static enum ps_err add_entry(uint64_t id, const char *word)
{
    struct ps_buf *buf = NULL;
    PS_TRY(ps_eventbridge_buf(world.sink, &buf));
    ps_buf_printf(buf, "{\"id\":%llu,\"message\":\"%s\"}", (unsigned long long)id, word);
    return commit(id);
}

/* A Detail that makes an entry of exactly that size, as EventBridge counts. */
static enum ps_err add_sized(uint64_t id, size_t entry_bytes)
{
    struct ps_buf *buf = NULL;
    PS_TRY(ps_eventbridge_buf(world.sink, &buf));
    ps_buf_printf(buf, "{\"id\":%llu,\"a\":\"", (unsigned long long)id);
    size_t others = 14 + SOURCE.len + DETAIL_TYPE.len + sizeof "\"}" - 1;
    while (buf->err == PS_OK && buf->len + others < entry_bytes)
        ps_buf_byte(buf, 'x');
    ps_buf_put(buf, PS_SPAN("\"}"));
    return commit(id);
}

/* Entries 1 to count. */
static void add(size_t count)
{
    for (uint64_t id = 1; id <= count; id++)
        CHECK_OK(add_entry(id, "hello"));
}

static void finish(void)
{
    CHECK_OK(ps_eventbridge_finish(world.sink, &world.stats));
}

static size_t count_outcome(enum ps_eventbridge_outcome outcome, const char *type)
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

static void every_entry_comes_back_once_with_its_tag(void)
{
    START({ .codes = "ok" });
    add(25);
    finish();
    CHECK_EQ(world.result_count, 25);
    for (uint64_t id = 1; id <= 25; id++) {
        CHECK_EQ(result_of(id)->outcome, PS_EVENTBRIDGE_PUBLISHED);
        CHECK_EQ(result_of(id)->status, 200);
        CHECK_TEXT(ps_span_of(result_of(id)->type), "");
    }
    CHECK_EQ(world.bus.requests, 3); /* of ten entries, ten and five */
    CHECK_EQ(world.stats.requests, 3);
    CHECK_EQ(logged().len, 0);
    CHECK(ps_eventbridge_operator_fault(world.sink) == NULL);
    stop();
}

static void a_request_says_what_it_is(void)
{
    START({ .codes = "ok" });
    add(2);
    finish();
    struct fake_http_request request = fake_http_request(world.bus.server, 0);
    CHECK_TEXT(request.method, "POST");
    CHECK_TEXT(request.target, "/");
    CHECK_TEXT(fake_http_header(&request, "Content-Type"), "application/x-amz-json-1.1");
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Target"), "AWSEvents.PutEvents");
    CHECK_EQ(fake_http_header(&request, "Expect").len, 0);
    struct ps_span authorization = fake_http_header(&request, "Authorization");
    CHECK(ps_span_starts(authorization, PS_SPAN("AWS4-HMAC-SHA256 Credential=AKIDFIRST/")));
    CHECK(ps_span_find(authorization, PS_SPAN("/eu-west-1/events/aws4_request")) != PS_SPAN_NONE);
    CHECK_TEXT(request.body,
               "{\"Entries\":["
               "{\"Time\":1795262400,\"Source\":\"penstock\",\"DetailType\":\"LogError\",\"EventBusName\":\"errors\","
               "\"Detail\":\"{\\\"id\\\":1,\\\"message\\\":\\\"hello\\\"}\"},\n"
               "{\"Time\":1795262400,\"Source\":\"penstock\",\"DetailType\":\"LogError\",\"EventBusName\":\"errors\","
               "\"Detail\":\"{\\\"id\\\":2,\\\"message\\\":\\\"hello\\\"}\"}]}");
    CHECK_EQ(world.stats.sent_bytes, request.body.len);
    stop();
}

static void a_detail_arrives_as_it_was_written(void)
{
    START({ .codes = "ok" });
    struct ps_buf *buf = NULL;
    CHECK_OK(ps_eventbridge_buf(world.sink, &buf));
    ps_buf_put(buf, PS_SPAN("{\"id\":1,\"a\":\"\\u00e9\\\\n \xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa7 "));
    for (int c = 1; c < 128; c++)
        ps_buf_byte(buf, (char)c);
    char wanted[512];
    size_t len = buf->len;
    CHECK_OR_RETURN(len < sizeof wanted);
    memcpy(wanted, buf->data, len);
    CHECK_OK(commit(1));
    finish();
    struct ps_span raw, text, body = fake_http_request(world.bus.server, 0).body;
    ptrdiff_t at = ps_span_find(body, PS_SPAN("\"Detail\":\""));
    CHECK_OR_RETURN(at != PS_SPAN_NONE);
    raw = ps_span_from(body, (size_t)at + 10);
    raw.len -= sizeof "\"}]}" - 1;
    CHECK_OK(ps_json_read_unescape(&world.process, raw, &text));
    CHECK_SPAN(text, ps_span_make(wanted, len));
    stop();
}

static void an_entry_of_the_largest_size_goes_and_one_byte_more_is_rejected(void)
{
    world.options.slots = 1;
    START({ .codes = "ok" });
    CHECK_OK(add_sized(1, PS_EVENTBRIDGE_ENTRY_BYTES));
    CHECK_OK(add_sized(2, PS_EVENTBRIDGE_ENTRY_BYTES + 1));
    CHECK_OK(add_sized(3, PS_EVENTBRIDGE_ENTRY_BYTES * 2)); /* overflows the buf */
    CHECK_OK(add_entry(4, "hello"));
    finish();
    CHECK_EQ(result_of(1)->outcome, PS_EVENTBRIDGE_PUBLISHED);
    CHECK_EQ(result_of(4)->outcome, PS_EVENTBRIDGE_PUBLISHED);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_REJECTED, "too_large"), 2);
    CHECK_EQ(world.bus.requests, 2);
    CHECK_TEXT(ps_span_of(world.bus.seen[0].ids), "1,");
    stop();
}

static void the_entries_of_a_request_stay_within_the_size_together(void)
{
    world.options.entry_bytes_max = 1000;
    world.options.slots = 1;
    START({ .codes = "ok" });
    CHECK_OK(add_sized(1, 400));
    CHECK_OK(add_sized(2, 600));
    CHECK_OK(add_sized(3, 400));
    CHECK_OK(add_sized(4, 601));
    finish();
    CHECK_EQ(world.bus.requests, 3);
    CHECK_TEXT(ps_span_of(world.bus.seen[0].ids), "1,2,");
    CHECK_TEXT(ps_span_of(world.bus.seen[1].ids), "3,");
    CHECK_TEXT(ps_span_of(world.bus.seen[2].ids), "4,");
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 4);
    stop();
}

/* No Detail is made of control characters only, but it must not be able to do harm. */
static void the_worst_case_of_escaping_fits(void)
{
    world.options.entry_bytes_max = 400;
    world.options.bus = PS_SPAN("arn:aws:events:eu-west-1:123456789012:event-bus/errors");
    world.options.slots = 1;
    START({ .status = 500 });
    for (uint64_t id = 1; id <= PS_EVENTBRIDGE_ENTRIES_MAX; id++) {
        struct ps_buf *buf = NULL;
        CHECK_OK(ps_eventbridge_buf(world.sink, &buf));
        for (int i = 0; i < 24; i++)
            ps_buf_byte(buf, '\1');
        CHECK_OK(ps_eventbridge_commit(world.sink, id, PS_SPAN("\1"), PS_SPAN("\1"), INT64_MIN));
    }
    finish();
    CHECK_EQ(world.result_count, PS_EVENTBRIDGE_ENTRIES_MAX);
    stop();
}

static void an_entry_can_be_taken_back(void)
{
    START({ .codes = "ok" });
    finish();
    CHECK_EQ(world.bus.requests, 0);
    begin();
    struct ps_buf *buf = NULL;
    CHECK_OK(ps_eventbridge_buf(world.sink, &buf));
    ps_buf_put(buf, PS_SPAN("taken back"));
    ps_eventbridge_rollback(world.sink);
    finish();
    CHECK_EQ(world.bus.requests, 0);
    CHECK_EQ(world.result_count, 0);
    stop();
}

static void *release_when_two_are_in(void *context)
{
    struct fake_http *server = context;
    CHECK(fake_http_await(server, 2));
    fake_http_release(server);
    return NULL;
}

/* The first answer is held until the second request has come. */
static void the_next_request_is_sent_while_another_is_in_flight(void)
{
    START({ .codes = "ok", .end = FAKE_HTTP_HOLD }, { .codes = "ok" });
    pthread_t helper;
    CHECK_EQ(pthread_create(&helper, NULL, release_when_two_are_in, world.bus.server), 0);
    add(20);
    finish();
    (void)pthread_join(helper, NULL);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 20);
    CHECK(world.stats.wait_us > 0);
    stop();
}

static void one_slot_waits_for_its_answer(void)
{
    world.options.slots = 1;
    START({ .codes = "ok" });
    add(35);
    finish();
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 35);
    CHECK_EQ(world.bus.requests, 4);
    stop();
}

static void memory_stays_flat_over_many_entries(void)
{
    START({ .codes = "ok" });
    size_t used = ps_arena_used(&world.process);
    size_t scratch = 0;
    for (int round = 0; round < 5; round++) {
        begin();
        add(400);
        finish();
        CHECK_EQ(world.result_count, 400);
        if (round == 0) scratch = world.sink->slots[0].scratch.peak_bytes;
    }
    CHECK_EQ(ps_arena_used(&world.process), used);
    CHECK_EQ(world.sink->slots[0].scratch.peak_bytes, scratch);
    stop();
}

/* -- entries ------------------------------------------------------------------------------------------------------- */

static void only_the_entries_that_may_pass_later_are_sent_again(void)
{
    START({ .codes = "ok,ThrottlingException,ok,InternalFailure,MalformedDetail,InternalException,ThrottledException,"
                     "InternalError" },
          { .codes = "ok" });
    add(8);
    finish();
    CHECK_EQ(world.bus.requests, 2);
    CHECK_TEXT(ps_span_of(world.bus.seen[1].ids), "2,4,6,7,8,");
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 7);
    CHECK_EQ(result_of(5)->outcome, PS_EVENTBRIDGE_REJECTED);
    CHECK_EQ(world.stats.retried_entries, 5);
    CHECK_EQ(world.stats.throttled, 2);
    CHECK_EQ(count_in_log("\"retried\""), 5); /* kinds */
    stop();
}

static void an_entry_has_its_own_number_of_attempts(void)
{
    START({ .codes = "ok,ThrottlingException,InternalFailure" }, { .codes = "ok,ThrottlingException" },
          { .codes = "ThrottlingException" });
    add(3);
    finish();
    CHECK_EQ(world.bus.requests, 3);
    CHECK_EQ(result_of(2)->outcome, PS_EVENTBRIDGE_PUBLISHED);
    CHECK_EQ(result_of(3)->outcome, PS_EVENTBRIDGE_UNDELIVERED);
    CHECK_EQ(result_of(3)->status, 200);
    CHECK_TEXT(ps_span_of(result_of(3)->type), "ThrottlingException");
    stop();
}

static void what_will_never_be_accepted_is_rejected_at_once(void)
{
    START({ .codes = "MalformedDetail,InvalidArgument,RedactionFailure,ok" });
    add(4);
    finish();
    CHECK_EQ(world.bus.requests, 1);
    CHECK_TEXT(ps_span_of(result_of(1)->type), "MalformedDetail");
    CHECK_TEXT(ps_span_of(result_of(2)->type), "InvalidArgument");
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_REJECTED, NULL), 3);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 1);
    CHECK_EQ(count_in_log("SECRET"), 0);
    CHECK_EQ(count_in_log("hello"), 0);
    stop();
}

static void each_kind_of_trouble_is_one_line(void)
{
    START({ .codes = "MalformedDetail" });
    add(50);
    finish();
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_REJECTED, NULL), 50);
    CHECK_EQ(count_in_log("eventbridge_trouble"), 1);
    CHECK_EQ(count_in_log("\"entries\":50"), 1);
    stop();
}

/* -- answers that are none ----------------------------------------------------------------------------------------- */

static void an_answer_one_entry_short_counts_for_nothing(void)
{
    START({ .codes = "ok,ok" }, { .codes = "ok,ok,ok" });
    add(3);
    finish();
    CHECK_EQ(world.bus.requests, 2);
    CHECK_TEXT(ps_span_of(world.bus.seen[1].ids), "1,2,3,");
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 3);
    CHECK_EQ(world.result_count, 3);
    stop();
}

static void a_bus_that_never_answers_well_leaves_all_undelivered(void)
{
    START({ .status = 200, .body = "{\"FailedEntryCount\":0}" });
    add(3);
    finish();
    CHECK_EQ(world.bus.requests, 3);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "bad_answer"), 3);
    CHECK_EQ(result_of(1)->status, 200);
    stop();
}

static void broken_connections_are_tried_again(void)
{
    START({ .codes = "ok", .end = FAKE_HTTP_DROP }, { .codes = "ok", .end = FAKE_HTTP_CUT }, { .codes = "ok" });
    add(4);
    finish();
    CHECK_EQ(world.bus.requests, 3);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 4);
    stop();
}

static void gateways_are_tried_again(void)
{
    world.options.attempts_max = 5;
    START({ .status = 502, .body = "<html>Bad Gateway</html>" },
          { .status = 503, .body = "{\"__type\":\"ServiceUnavailable\"}" }, { .status = 504 },
          { .status = 500, .body = "{\"__type\":\"InternalException\"}" }, { .codes = "ok" });
    add(1);
    finish();
    CHECK_EQ(world.bus.requests, 5);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 1);
    CHECK_EQ(world.stats.throttled, 0);
    CHECK_EQ(world.sink->quota.tokens, PS_RETRY_TOKENS_MAX - 3 * PS_RETRY_TRANSIENT_COST); /* the last one came back */
    stop();
}

static void throttles_are_tried_again(void)
{
    START({ .status = 429, .headers = "Retry-After: 0\r\n" },
          { .status = 400, .body = "{\"__type\":\"com.amazon.coral.availability#ThrottlingException\"}" },
          { .codes = "ok" });
    add(1);
    finish();
    CHECK_EQ(world.bus.requests, 3);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 1);
    CHECK_EQ(world.stats.throttled, 2);
    CHECK_EQ(world.sink->quota.tokens, PS_RETRY_TOKENS_MAX - PS_RETRY_THROTTLE_COST);
    stop();
}

/* The quota is shared by all invocations, so a bus that is down is not asked again and again. */
static void without_quota_nothing_is_tried_again(void)
{
    START({ .status = 500 });
    world.sink->quota.tokens = PS_RETRY_TRANSIENT_COST - 1;
    add(2);
    finish();
    CHECK_EQ(world.bus.requests, 1);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "request_refused"), 2);
    stop();
}

static void without_quota_a_broken_connection_has_its_own_name(void)
{
    START({ .codes = "ok", .end = FAKE_HTTP_DROP });
    world.sink->quota.tokens = PS_RETRY_TRANSIENT_COST - 1;
    add(2);
    finish();
    CHECK_EQ(world.bus.requests, 1);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "no_answer"), 2); /* and not "deadline": there is time */
    stop();
}

static void an_answer_over_its_limit_is_none(void)
{
    static char large[100 << 10];
    memset(large, ' ', sizeof large - 1);
    static struct turn turns[] = { { .status = 200, .body = large }, { .codes = "ok" } };
    start(turns, 2);
    add(1);
    finish();
    CHECK_EQ(world.bus.requests, 2);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 1);
    CHECK_EQ(count_in_log("no_answer"), 1); /* it was not read to its end */
    stop();
}

static void a_wait_beyond_the_deadline_is_not_begun(void)
{
    world.deadline = ps_deadline_make(4000, 0, 1000); /* a hint counts up to five seconds */
    START({ .status = 503, .headers = "Retry-After: 120\r\n" });
    add(2);
    finish();
    CHECK_EQ(world.bus.requests, 1);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "request_refused"), 2);
    CHECK_EQ(result_of(1)->status, 503);
    stop();
}

static void an_answer_that_does_not_come_in_time_ends_at_the_deadline(void)
{
    world.options.slots = 1;
    START({ .codes = "ok", .end = FAKE_HTTP_HOLD });
    world.deadline = ps_deadline_make(300, 0, 100);
    begin();
    add(14);
    finish();
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "deadline"), 14);
    CHECK(ps_deadline_hard_left_ms(&world.deadline) > 0);
    CHECK(fake_http_await(world.bus.server, 1)); /* the server is at rest */
    CHECK_EQ(world.bus.requests, 1);
    stop();
}

static void after_the_deadline_nothing_is_sent(void)
{
    world.deadline = ps_deadline_make(100, 0, 100);
    START({ .codes = "ok" });
    add(3);
    finish();
    CHECK_EQ(world.bus.requests, 0);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "deadline"), 3);
    stop();
}

static void a_request_that_times_out_is_tried_again(void)
{
    world.options.request_timeout_ms = 100;
    START({ .codes = "ok", .end = FAKE_HTTP_HOLD }, { .codes = "ok" });
    add(2);
    finish();
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 2);
    CHECK_EQ(count_in_log("timed_out"), 1);
    stop();
}

/* -- refused requests ---------------------------------------------------------------------------------------------- */

static void a_poisoned_entry_is_found_by_halving(void)
{
    world.bus.poison = "POISON";
    START({ .codes = "ok" });
    for (uint64_t id = 1; id <= 10; id++)
        CHECK_OK(add_entry(id, id == 7 ? "POISON" : "hello"));
    finish();
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 9);
    CHECK_EQ(result_of(7)->outcome, PS_EVENTBRIDGE_REJECTED);
    CHECK_EQ(result_of(7)->status, 400);
    CHECK_TEXT(ps_span_of(result_of(7)->type), "ValidationException");
    CHECK(world.stats.split >= 2);
    CHECK(world.bus.requests <= 9);
    CHECK_EQ(count_in_log("SECRET"), 0);
    stop();
}

static void an_entry_that_alone_is_too_large_is_rejected(void)
{
    START({ .status = 413 });
    add(1);
    finish();
    CHECK_EQ(world.bus.requests, 1);
    CHECK_EQ(result_of(1)->outcome, PS_EVENTBRIDGE_REJECTED);
    CHECK_EQ(result_of(1)->status, 413);
    stop();
}

/* -- operators ----------------------------------------------------------------------------------------------------- */

static void a_missing_bus_is_one_line_and_no_loop(void)
{
    world.options.slots = 1;
    START({ .status = 400, .body = "{\"__type\":\"ResourceNotFoundException\",\"message\":\"SECRET\"}" },
          { .codes = "ok" });
    add(25);
    finish();
    CHECK_EQ(world.bus.requests, 1);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "ResourceNotFoundException"), 10);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "breaker_open"), 15);
    CHECK(strstr(ps_eventbridge_operator_fault(world.sink), "check EVENT_BUS") != NULL);
    CHECK_EQ(count_in_log("eventbridge_operator_fault"), 1);
    CHECK_EQ(count_in_log("\"bus\":\"errors\""), 1);
    CHECK_EQ(count_in_log("SECRET"), 0);
    begin(); /* it may have been mended */
    add(1);
    finish();
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 1);
    CHECK(ps_eventbridge_operator_fault(world.sink) == NULL);
    stop();
}

static void a_code_goes_before_its_status(void)
{
    START({ .status = 500, .body = "{\"__type\":\"AccessDeniedException\"}" });
    add(2);
    finish();
    CHECK_EQ(world.bus.requests, 1);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "AccessDeniedException"), 2);
    CHECK(strstr(ps_eventbridge_operator_fault(world.sink), "events:PutEvents") != NULL);
    stop();
}

static void a_source_that_is_not_allowed_stops_the_sink(void)
{
    world.options.slots = 1;
    START({ .codes = "NotAuthorizedForSourceException,ok,ThrottlingException,ResourceNotFoundException" });
    add(4);
    finish();
    CHECK_EQ(world.bus.requests, 1);
    CHECK_EQ(result_of(1)->outcome, PS_EVENTBRIDGE_UNDELIVERED);
    CHECK_EQ(result_of(2)->outcome, PS_EVENTBRIDGE_PUBLISHED);
    CHECK_TEXT(ps_span_of(result_of(3)->type), "breaker_open");
    CHECK_EQ(count_in_log("eventbridge_operator_fault"), 1);
    stop();
}

static void what_is_not_eventbridge_is_an_operators_fault(void)
{
    START({ .status = 301, .headers = "Location: http://127.0.0.1:1/\r\n" }, { .status = 404, .body = "not here" },
          { .status = 418 });
    for (int i = 0; i < 3; i++) {
        begin();
        add(1);
        finish();
        CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "request_refused"), 1);
        CHECK(ps_eventbridge_operator_fault(world.sink) != NULL);
    }
    CHECK_EQ(world.bus.requests, 3);
    stop();
}

static void an_expired_token_is_read_again_once(void)
{
    START({ .status = 400, .body = "{\"__type\":\"ExpiredTokenException\"}" }, { .codes = "ok" });
    add(2);
    set_credentials("AKIDSECOND");
    finish();
    CHECK_EQ(world.bus.requests, 2);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 2);
    struct fake_http_request request = fake_http_request(world.bus.server, 1);
    CHECK(ps_span_starts(fake_http_header(&request, "Authorization"),
                         PS_SPAN("AWS4-HMAC-SHA256 Credential=AKIDSECOND/")));
    CHECK_EQ(logged().len, 0);
    stop();
}

static void the_same_credentials_are_not_tried_twice(void)
{
    START({ .status = 400, .body = "{\"__type\":\"ExpiredTokenException\"}" });
    add(2);
    finish();
    CHECK_EQ(world.bus.requests, 1);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "ExpiredTokenException"), 2);
    CHECK(strstr(ps_eventbridge_operator_fault(world.sink), "credentials refused") != NULL);
    stop();
}

static void new_credentials_that_are_refused_too_end_it(void)
{
    world.bus.renews = true;
    START({ .status = 400, .body = "{\"__type\":\"ExpiredTokenException\"}" });
    add(2);
    finish();
    CHECK_EQ(world.bus.requests, 2);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "ExpiredTokenException"), 2);
    stop();
}

static void a_bus_that_is_down_opens_the_breaker(void)
{
    world.options.slots = 1;
    START({ .status = 503 });
    add(100);
    finish();
    CHECK_EQ(world.bus.requests, 3);
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_UNDELIVERED, "breaker_open"), 90);
    CHECK(ps_eventbridge_operator_fault(world.sink) == NULL);
    stop();
}

/* -- the caller's failures ----------------------------------------------------------------------------------------- */

static void a_failing_caller_stops_the_sink_until_the_next_begin(void)
{
    world.fail_at = 2;
    START({ .codes = "ok" });
    add(5);
    CHECK_ERR(ps_eventbridge_finish(world.sink, &world.stats), PS_ERR_NO_MEMORY);
    struct ps_buf *buf = NULL;
    CHECK_ERR(ps_eventbridge_buf(world.sink, &buf), PS_ERR_NO_MEMORY);
    CHECK_ERR(commit(1), PS_ERR_NO_MEMORY);
    CHECK_ERR(ps_eventbridge_finish(world.sink, &world.stats), PS_ERR_NO_MEMORY);
    world.fail_at = 1;
    begin();
    CHECK_ERR(add_sized(1, PS_EVENTBRIDGE_ENTRY_BYTES + 1), PS_ERR_NO_MEMORY);
    world.fail_at = 0;
    begin();
    add(5);
    finish();
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 5);
    stop();
}

/* More often than there may be requests in flight. */
static void invocations_left_without_finish_leave_nothing_behind(void)
{
    struct turn turns[PS_HTTP_IN_FLIGHT_MAX + 1] = { 0 };
    for (size_t i = 0; i < PS_HTTP_IN_FLIGHT_MAX; i++)
        turns[i] = (struct turn){ .codes = "ok", .end = FAKE_HTTP_HOLD };
    turns[PS_HTTP_IN_FLIGHT_MAX].codes = "ok";
    start(turns, PS_HTTP_IN_FLIGHT_MAX + 1);
    for (size_t i = 0; i < PS_HTTP_IN_FLIGHT_MAX; i++) {
        begin();
        add(11);
        while (fake_http_count(world.bus.server) <= i)
            CHECK_OK(ps_http_poll(ps_call_http(world.client), 10));
    }
    begin();
    CHECK_OK(add_entry(99, "hello"));
    finish();
    CHECK_EQ(world.result_count, 1);
    CHECK_EQ(result_of(99)->outcome, PS_EVENTBRIDGE_PUBLISHED);
    CHECK_EQ(logged().len, 0);
    stop();
}

static enum ps_err open_once(void)
{
    PS_TRY(ps_eventbridge_open(&world.process, world.client, &world.options, &world.sink));
    ps_eventbridge_close(world.sink);
    return PS_OK;
}

static void opening_survives_any_failing_allocation(void)
{
    START({ .codes = "ok" });
    ps_eventbridge_close(world.sink);
    PS_EACH_FAILURE(&world.process, open_once());
    CHECK_OK(ps_eventbridge_open(&world.process, world.client, &world.options, &world.sink));
    stop();
}

/* A request for which there is no memory is one that brought no answer. */
static void sending_survives_any_failing_allocation(void)
{
    START({ .codes = "ok" });
    for (size_t at = 1; at < 20; at++) {
        begin();
        for (uint32_t i = 0; i < world.options.slots; i++)
            world.sink->slots[i].scratch.fail_countdown = at;
        add(12);
        finish();
        CHECK_EQ(world.result_count, 12);
        for (uint32_t i = 0; i < world.options.slots; i++)
            world.sink->slots[i].scratch.fail_countdown = 0;
    }
    CHECK_EQ(count_outcome(PS_EVENTBRIDGE_PUBLISHED, NULL), 12);
    stop();
}

/* -- all of it at once --------------------------------------------------------------------------------------------- */

/* Whatever the bus does, each entry has one end, and the ends are true. */
static void a_moody_bus(uint32_t seed)
{
    enum { ENTRIES = 300 };
    world.options.attempts_max = 5;
    world.bus.random = seed;
    START({ .codes = "ok" });
    for (uint64_t id = 1; id <= ENTRIES; id++)
        CHECK_OK(add_entry(id, "hello"));
    finish();
    CHECK_EQ(world.result_count, ENTRIES);
    bool seen[ENTRIES + 1] = { false };
    for (size_t i = 0; i < world.result_count; i++) {
        const struct result *result = &world.results[i];
        CHECK(!seen[result->tag]);
        seen[result->tag] = true;
        if (result->outcome == PS_EVENTBRIDGE_PUBLISHED) CHECK(world.bus.published[result->tag]);
        if (result->outcome == PS_EVENTBRIDGE_REJECTED) CHECK(result->tag % 31 == 0 || result->status == 413);
    }
    stop();
}

static void every_entry_has_one_true_end_whatever_the_bus_does(void)
{
    for (uint32_t seed = 1; seed <= 3; seed++)
        a_moody_bus(seed);
}

/* -- settings ------------------------------------------------------------------------------------------------------ */

static void settings_that_cannot_work_are_refused(void)
{
    START({ .codes = "ok" });
    struct ps_eventbridge *sink = NULL;
    struct ps_eventbridge_options bad[] = { world.options, world.options, world.options, world.options,
                                            world.options, world.options, world.options };
    bad[0].slots = 0;
    bad[1].slots = PS_EVENTBRIDGE_SLOTS_MAX + 1;
    bad[2].entry_bytes_max = 0;
    bad[3].entry_bytes_max = PS_EVENTBRIDGE_ENTRY_BYTES_MAX + 1;
    bad[4].attempts_max = 0;
    bad[5].request_timeout_ms = 0;
    bad[6].bus = PS_SPAN("");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_ERR(ps_eventbridge_open(&world.process, world.client, &bad[i], &sink), PS_ERR_BAD_CONFIG);
    stop();
}

static void a_bus_has_a_name_or_an_arn(void)
{
    char long_name[1601];
    memset(long_name, 'b', sizeof long_name);
    CHECK_OK(ps_eventbridge_check_bus(PS_SPAN("default")));
    CHECK_OK(ps_eventbridge_check_bus(PS_SPAN("arn:aws:events:eu-west-1:123456789012:event-bus/my.errors_2-a")));
    CHECK_OK(ps_eventbridge_check_bus(ps_span_make(long_name, 1600)));
    CHECK_ERR(ps_eventbridge_check_bus(ps_span_make(long_name, 1601)), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_eventbridge_check_bus(PS_SPAN("a\"b")), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_eventbridge_check_bus(PS_SPAN("a b")), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_eventbridge_check_bus(PS_SPAN("a\0b")), PS_ERR_BAD_CONFIG);
}

int main(void)
{
    reset();
    RUN(every_entry_comes_back_once_with_its_tag);
    RUN(a_request_says_what_it_is);
    RUN(a_detail_arrives_as_it_was_written);
    RUN(an_entry_of_the_largest_size_goes_and_one_byte_more_is_rejected);
    RUN(the_entries_of_a_request_stay_within_the_size_together);
    RUN(the_worst_case_of_escaping_fits);
    RUN(an_entry_can_be_taken_back);
    RUN(the_next_request_is_sent_while_another_is_in_flight);
    RUN(one_slot_waits_for_its_answer);
    RUN(memory_stays_flat_over_many_entries);
    RUN(only_the_entries_that_may_pass_later_are_sent_again);
    RUN(an_entry_has_its_own_number_of_attempts);
    RUN(what_will_never_be_accepted_is_rejected_at_once);
    RUN(each_kind_of_trouble_is_one_line);
    RUN(an_answer_one_entry_short_counts_for_nothing);
    RUN(a_bus_that_never_answers_well_leaves_all_undelivered);
    RUN(broken_connections_are_tried_again);
    RUN(gateways_are_tried_again);
    RUN(throttles_are_tried_again);
    RUN(without_quota_nothing_is_tried_again);
    RUN(without_quota_a_broken_connection_has_its_own_name);
    RUN(an_answer_over_its_limit_is_none);
    RUN(a_wait_beyond_the_deadline_is_not_begun);
    RUN(an_answer_that_does_not_come_in_time_ends_at_the_deadline);
    RUN(after_the_deadline_nothing_is_sent);
    RUN(a_request_that_times_out_is_tried_again);
    RUN(a_poisoned_entry_is_found_by_halving);
    RUN(an_entry_that_alone_is_too_large_is_rejected);
    RUN(a_missing_bus_is_one_line_and_no_loop);
    RUN(a_code_goes_before_its_status);
    RUN(a_source_that_is_not_allowed_stops_the_sink);
    RUN(what_is_not_eventbridge_is_an_operators_fault);
    RUN(an_expired_token_is_read_again_once);
    RUN(the_same_credentials_are_not_tried_twice);
    RUN(new_credentials_that_are_refused_too_end_it);
    RUN(a_bus_that_is_down_opens_the_breaker);
    RUN(a_failing_caller_stops_the_sink_until_the_next_begin);
    RUN(invocations_left_without_finish_leave_nothing_behind);
    RUN(opening_survives_any_failing_allocation);
    RUN(sending_survives_any_failing_allocation);
    RUN(every_entry_has_one_true_end_whatever_the_bus_does);
    RUN(settings_that_cannot_work_are_refused);
    RUN(a_bus_has_a_name_or_an_arn);
    return check_finish();
}
