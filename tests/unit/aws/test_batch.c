#include "aws/batch.h"
#include "aws/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_read.h"
#include "support/check.h"
#include "support/fake_http.h"

enum { RESULTS_MAX = 1200 };

/* What the service does with one request: codes, "ok,X,ok", one for each record or one for all; or a body. */
struct turn {
    const char *codes;
    const char *body;
    int status;
    enum fake_http_end end;
};

struct result {
    enum ps_batch_outcome outcome;
    uint64_t tag;
    uint32_t status;
    char type[64];
};

static struct world {
    enum ps_batch_service service;
    const struct turn *turns; /* the last is repeated */
    size_t turn_count, requests;
    const char *poison; /* a request that holds it is refused as a whole */
    uint32_t attempts_max;
    struct ps_deadline deadline;
    struct fake_http_step step;
    struct fake_http *server;
    struct ps_arena answers, process;
    struct ps_call_client *client;
    struct ps_batch *batch;
    struct ps_log log;
    struct result results[RESULTS_MAX];
    size_t result_count;
    bool fails;  /* on_result does */
    bool renews; /* at each request there are other credentials */
    struct ps_batch_stats stats;
    char log_text[16 << 10];
} w;

static const struct ps_span TARGETS[] = {
    [PS_BATCH_KINESIS] = PS_SPAN_INIT("decoded"),
    [PS_BATCH_FIREHOSE] = PS_SPAN_INIT("decoded"),
    [PS_BATCH_SQS] = PS_SPAN_INIT("https://sqs.eu-west-1.amazonaws.com/123456789012/decoded"),
};

/* -- a service on loopback ----------------------------------------------------------------------------------------- */

static size_t count_in(struct ps_span text, const char *word)
{
    size_t count = 0;
    for (ptrdiff_t at; (at = ps_span_find(text, ps_span_of(word))) != PS_SPAN_NONE; count++)
        text = ps_span_from(text, (size_t)at + 1);
    return count;
}

static size_t records_in(struct ps_span body)
{
    return count_in(body, w.service == PS_BATCH_SQS ? "\"MessageBody\":" : "\"Data\":");
}

static void put_ordered(struct ps_buf *out, struct ps_span code)
{
    if (out->data[out->len - 1] != '[') ps_buf_byte(out, ',');
    if (!ps_span_eq(code, PS_SPAN("ok")))
        ps_buf_printf(out, "{\"ErrorCode\":\"%.*s\",\"ErrorMessage\":\"SECRET\"}", PS_SPAN_ARG(code));
    else if (w.service == PS_BATCH_KINESIS)
        ps_buf_put(out, PS_SPAN("{\"SequenceNumber\":\"49\",\"ShardId\":\"shardId-000000000000\"}"));
    else
        ps_buf_put(out, PS_SPAN("{\"RecordId\":\"r\"}"));
}

/* The list of those that have the code, or have it not. */
static void put_by_id(struct ps_buf *out, struct ps_span list, size_t count, bool failed)
{
    bool one_for_all = ps_span_find_byte(list, ',') == PS_SPAN_NONE;
    struct ps_span all = list;
    bool first = true, more = true;
    for (size_t i = 0; i < count; i++) {
        struct ps_span code = one_for_all ? all : ps_span_split(&list, ',', &more);
        if (ps_span_eq(code, PS_SPAN("ok")) == failed) continue;
        ps_buf_printf(out, "%s{\"Id\":\"%zu\",", first ? "" : ",", i);
        first = false;
        if (failed)
            ps_buf_printf(out, "\"Code\":\"%.*s\",\"SenderFault\":%s,\"Message\":\"SECRET\"}", PS_SPAN_ARG(code),
                          ps_span_starts(code, PS_SPAN("Invalid")) ? "true" : "false");
        else
            ps_buf_put(out, PS_SPAN("\"MessageId\":\"m\",\"MD5OfMessageBody\":\"x\"}"));
    }
}

static void answer_codes(struct ps_buf *out, const char *codes, size_t count)
{
    struct ps_span list = ps_span_of(codes);
    bool one_for_all = ps_span_find_byte(list, ',') == PS_SPAN_NONE;
    if (w.service == PS_BATCH_SQS) {
        ps_buf_put(out, PS_SPAN("{\"Successful\":["));
        put_by_id(out, list, count, false);
        ps_buf_put(out, PS_SPAN("],\"Failed\":["));
        put_by_id(out, list, count, true);
        ps_buf_put(out, PS_SPAN("]}"));
        return;
    }
    ps_buf_printf(out, "{\"%s\":[", w.service == PS_BATCH_KINESIS ? "Records" : "RequestResponses");
    for (bool more = true; more;) {
        struct ps_span code = ps_span_split(&list, ',', &more);
        for (size_t i = 0; i < (one_for_all ? count : 1); i++)
            put_ordered(out, code);
    }
    ps_buf_put(out, PS_SPAN("]}"));
}

static void answer(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    (void)context;
    const struct turn *turn = &w.turns[w.requests < w.turn_count ? w.requests : w.turn_count - 1];
    struct ps_buf out;
    CHECK_OK(ps_json_read_check(request->body));
    ps_buf_init(&out, &w.answers, 1 << 20);
    w.requests++;
    if (w.renews) setenv("AWS_ACCESS_KEY_ID", w.requests % 2 == 0 ? "AKIDFIRST" : "AKIDSECOND", 1);
    *reply = (struct fake_http_reply){ .status = turn->status, .body = ps_span_of(turn->body), .end = turn->end };
    if (w.poison != NULL && ps_span_find(request->body, ps_span_of(w.poison)) != PS_SPAN_NONE) {
        reply->status = 400;
        reply->body = PS_SPAN("{\"__type\":\"com.amazonaws#ValidationException\",\"message\":\"SECRET\"}");
    } else if (turn->codes != NULL) {
        answer_codes(&out, turn->codes, records_in(request->body));
        reply->status = 200;
        reply->body = ps_buf_span(&out);
    }
}

/* -- a batch and what came out of it ------------------------------------------------------------------------------- */

static enum ps_err on_result(void *context, const struct ps_batch_result *result)
{
    (void)context;
    if (w.fails) return PS_ERR_NO_MEMORY;
    if (w.result_count == RESULTS_MAX) return PS_ERR_TOO_LARGE;
    struct result *kept = &w.results[w.result_count++];
    *kept = (struct result){ .outcome = result->outcome, .tag = result->tag, .status = result->status };
    struct ps_span type = ps_span_first(result->type, sizeof kept->type - 1);
    if (type.len > 0) memcpy(kept->type, type.data, type.len);
    return PS_OK;
}

static void start(const struct turn *turns, size_t count)
{
    char url[64];
    w.turns = turns;
    w.turn_count = count;
    w.step = (struct fake_http_step){ .answer = answer };
    w.answers = check_arena(16 << 20);
    w.process = check_arena(64 << 20);
    w.server = fake_http_open(&w.step, 1, true);
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(w.server)));
    setenv("AWS_ENDPOINT_URL", url, 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIDFIRST", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret", 1);
    w.log.fd = memfd_create("log", 0);
    const struct ps_call_client_options client = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&w.process, &client, &w.client));
    const struct ps_batch_options options = { .service = w.service,
                                              .attempts_max = w.attempts_max > 0 ? w.attempts_max : 3,
                                              .request_timeout_ms = 10000 };
    CHECK_OK(ps_batch_open(&w.process, w.client, &options, &w.batch));
    ps_batch_begin(w.batch, TARGETS[w.service], &w.log, &w.deadline, on_result, NULL);
}

#define START(...) \
    static const struct turn TURNS[] = { __VA_ARGS__ }; \
    start(TURNS, sizeof TURNS / sizeof TURNS[0])

static void stop(void)
{
    ps_call_client_close(w.client);
    CHECK_EQ(fake_http_finish(w.server), 0);
    close(w.log.fd);
    ps_arena_fini(&w.process);
    ps_arena_fini(&w.answers);
    memset(&w, 0, sizeof w);
}

static enum ps_err add(uint64_t tag, const char *record)
{
    return ps_batch_add(w.batch, tag, PS_SPAN("web-1"), ps_span_of(record));
}

/* Records "1" to "count". */
static void add_numbers(uint64_t count)
{
    char text[24];
    for (uint64_t tag = 1; tag <= count; tag++) {
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)tag);
        CHECK_OK(add(tag, text));
    }
}

static enum ps_err add_sized(uint64_t tag, size_t bytes)
{
    char *data = calloc(1, bytes);
    memset(data, 'x', bytes);
    enum ps_err err = ps_batch_add(w.batch, tag, PS_SPAN("web-1"), ps_span_make(data, bytes));
    free(data);
    return err;
}

static void finish(void)
{
    CHECK_OK(ps_batch_finish(w.batch, &w.stats));
}

static struct ps_span body_of(size_t request)
{
    return fake_http_request(w.server, request).body;
}

static size_t count_outcome(enum ps_batch_outcome outcome, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < w.result_count; i++)
        count += w.results[i].outcome == outcome && strcmp(w.results[i].type, type) == 0;
    return count;
}

static struct ps_span logged(void)
{
    ssize_t len = pread(w.log.fd, w.log_text, sizeof w.log_text, 0);
    return ps_span_make(w.log_text, len > 0 ? (size_t)len : 0);
}

/* -- sending ------------------------------------------------------------------------------------------------------- */

static void each_service_gets_the_request_it_knows(void)
{
    static const struct {
        const char *type, *action, *scope, *body;
    } WANTED[] = {
        [PS_BATCH_KINESIS] = { "application/x-amz-json-1.1", "Kinesis_20131202.PutRecords",
                               "/eu-west-1/kinesis/aws4_request",
                               "{\"StreamName\":\"decoded\",\"Records\":["
                               "{\"Data\":\"eyJhIjoxfQ==\",\"PartitionKey\":\"web-1\"},"
                               "{\"Data\":\"eyJhIjoyfQ==\",\"PartitionKey\":\"web-1\"}]}" },
        [PS_BATCH_FIREHOSE] = { "application/x-amz-json-1.1", "Firehose_20150804.PutRecordBatch",
                                "/eu-west-1/firehose/aws4_request",
                                "{\"DeliveryStreamName\":\"decoded\",\"Records\":["
                                "{\"Data\":\"eyJhIjoxfQ==\"},{\"Data\":\"eyJhIjoyfQ==\"}]}" },
        [PS_BATCH_SQS] = { "application/x-amz-json-1.0", "AmazonSQS.SendMessageBatch", "/eu-west-1/sqs/aws4_request",
                           "{\"QueueUrl\":\"https://sqs.eu-west-1.amazonaws.com/123456789012/decoded\",\"Entries\":["
                           "{\"Id\":\"0\",\"MessageBody\":\"{\\\"a\\\":1}\"},"
                           "{\"Id\":\"1\",\"MessageBody\":\"{\\\"a\\\":2}\"}]}" },
    };
    for (unsigned service = PS_BATCH_KINESIS; service <= PS_BATCH_SQS; service++) {
        w.service = (enum ps_batch_service)service;
        START({ .codes = "ok" });
        CHECK_OK(add(7, "{\"a\":1}"));
        CHECK_OK(add(8, "{\"a\":2}"));
        finish();
        struct fake_http_request request = fake_http_request(w.server, 0);
        CHECK_TEXT(request.method, "POST");
        CHECK_TEXT(request.target, "/");
        CHECK_TEXT(fake_http_header(&request, "Content-Type"), WANTED[service].type);
        CHECK_TEXT(fake_http_header(&request, "X-Amz-Target"), WANTED[service].action);
        CHECK(count_in(fake_http_header(&request, "Authorization"), WANTED[service].scope) == 1);
        CHECK_TEXT(request.body, WANTED[service].body);
        CHECK_EQ(w.result_count, 2);
        CHECK_EQ(w.results[0].tag, 7);
        CHECK_EQ(count_outcome(PS_BATCH_SENT, ""), 2);
        CHECK_EQ(w.stats.requests, 1);
        CHECK_EQ(w.stats.sent_bytes, request.body.len);
        CHECK_EQ(logged().len, 0);
        stop();
    }
}

static void only_failed_records_go_again_in_their_order_and_before_any_other(void)
{
    for (unsigned service = PS_BATCH_KINESIS; service <= PS_BATCH_SQS; service++) {
        w.service = (enum ps_batch_service)service;
        START({ .codes = "ok,Busy,ok,Busy,ok,ok,ok,ok,ok,ok" }, { .codes = "ok,Busy" }, { .codes = "ok" });
        add_numbers(10);
        CHECK_OK(w.service == PS_BATCH_SQS ? add(11, "11") : PS_OK); /* the eleventh sends the ten */
        finish();
        CHECK_EQ(records_in(body_of(1)), 2);
        CHECK_EQ(records_in(body_of(2)), 1);
        const char *four = w.service == PS_BATCH_SQS ? "\"MessageBody\":\"4\"" : "\"Data\":\"NA==\"";
        CHECK_EQ(count_in(body_of(2), four), 1);
        CHECK_EQ(w.results[8].tag, 2);
        CHECK_EQ(w.results[9].tag, 4);
        CHECK_EQ(count_outcome(PS_BATCH_SENT, ""), w.service == PS_BATCH_SQS ? 11 : 10);
        CHECK_EQ(w.stats.retried_records, 3);
        stop();
    }
}

static void requests_hold_as_many_records_as_the_service_takes(void)
{
    static const size_t MAX[] = { [PS_BATCH_KINESIS] = 500, [PS_BATCH_FIREHOSE] = 500, [PS_BATCH_SQS] = 10 };
    for (unsigned service = PS_BATCH_KINESIS; service <= PS_BATCH_SQS; service++) {
        w.service = (enum ps_batch_service)service;
        START({ .codes = "ok" });
        add_numbers(2 * MAX[service] + 1);
        finish();
        CHECK_EQ(w.requests, 3);
        CHECK_EQ(records_in(body_of(0)), MAX[service]);
        CHECK_EQ(records_in(body_of(1)), MAX[service]);
        CHECK_EQ(records_in(body_of(2)), 1);
        CHECK_EQ(w.result_count, 2 * MAX[service] + 1);
        stop();
    }
}

static void requests_and_records_keep_to_the_bytes_that_the_service_takes(void)
{
    static const struct {
        size_t record, request; /* partition keys included */
    } MAX[] = { [PS_BATCH_KINESIS] = { 1 << 20, 5 << 20 },
                [PS_BATCH_FIREHOSE] = { 1000 << 10, 4 << 20 },
                [PS_BATCH_SQS] = { 1 << 20, 1 << 20 } };
    for (unsigned service = PS_BATCH_KINESIS; service <= PS_BATCH_SQS; service++) {
        w.service = (enum ps_batch_service)service;
        START({ .codes = "ok" });
        size_t key = w.service == PS_BATCH_KINESIS ? sizeof "web-1" - 1 : 0;
        size_t per_request = MAX[service].request / MAX[service].record;
        for (size_t i = 0; i <= per_request; i++)
            CHECK_OK(add_sized(i, MAX[service].record - key));
        CHECK_OK(add_sized(99, MAX[service].record - key + 1));
        finish();
        CHECK_EQ(records_in(body_of(0)), per_request);
        CHECK_EQ(records_in(body_of(1)), 1);
        CHECK_EQ(count_outcome(PS_BATCH_SENT, ""), per_request + 1);
        CHECK_EQ(count_outcome(PS_BATCH_REJECTED, "too_large"), 1);
        stop();
    }
}

static void a_partition_key_is_cut_between_characters_and_never_empty(void)
{
    char key[300];
    START({ .codes = "ok" });
    memset(key, 'k', sizeof key);
    memcpy(key + 254, "\xe2\x82\xac", 3); /* stands over the limit of 256 */
    CHECK_OK(ps_batch_add(w.batch, 1, ps_span_make(key, sizeof key), PS_SPAN("1")));
    CHECK_OK(ps_batch_add(w.batch, 2, PS_SPAN(""), PS_SPAN("2")));
    finish();
    struct ps_span body = body_of(0);
    ptrdiff_t at = ps_span_find(body, PS_SPAN("\"PartitionKey\":\""));
    CHECK_OR_RETURN(at != PS_SPAN_NONE);
    struct ps_span rest = ps_span_from(body, (size_t)at + 16);
    CHECK_EQ(ps_span_find_byte(rest, '"'), 254);
    CHECK_EQ(count_in(body, "\"PartitionKey\":\"-\""), 1);
    stop();
}

/* -- trouble ------------------------------------------------------------------------------------------------------- */

static void a_refused_request_is_halved_down_to_the_record_at_fault(void)
{
    w.service = PS_BATCH_SQS;
    w.poison = "\"6\"}"; /* as a body, not as an id */
    START({ .codes = "ok" });
    add_numbers(10);
    finish();
    CHECK_EQ(count_outcome(PS_BATCH_SENT, ""), 9);
    CHECK_EQ(count_outcome(PS_BATCH_REJECTED, "ValidationException"), 1);
    for (size_t i = 0; i < w.result_count; i++)
        CHECK_EQ(w.results[i].tag, i + 1); /* nothing was overtaken */
    stop();
}

static void an_answer_that_proves_nothing_is_no_answer(void)
{
    static const char *const BODIES[] = { "", "{}", "{\"Records\":[{\"SequenceNumber\":\"1\"}]}",
                                          "{\"Records\":[{\"SequenceNumber\":\"1\"},{}]}", "[1,2]" };
    for (size_t i = 0; i < sizeof BODIES / sizeof BODIES[0]; i++) {
        struct turn turns[] = { { .body = BODIES[i], .status = 200 }, { .codes = "ok" } };
        start(turns, 2);
        add_numbers(2);
        finish();
        CHECK_EQ(w.requests, 2);
        CHECK_EQ(count_outcome(PS_BATCH_SENT, ""), 2);
        stop();
    }
}

static void what_is_busy_or_breaks_off_is_tried_again(void)
{
    w.attempts_max = 4;
    /* The throttle first: its waits begin with up to a second, and double. */
    START({ .status = 400, .body = "{\"__type\":\"ProvisionedThroughputExceededException\"}" }, { .status = 503 },
          { .body = "{\"Records\":[]}", .status = 200, .end = FAKE_HTTP_CUT }, { .codes = "ok" });
    add_numbers(3);
    finish();
    CHECK_EQ(w.requests, 4);
    CHECK_EQ(count_outcome(PS_BATCH_SENT, ""), 3);
    CHECK_EQ(w.stats.retried_records, 9);
    stop();
}

/* The quota is shared by all invocations: a service that is down is asked once by each, in the end. */
static void without_quota_no_request_is_tried_again(void)
{
    enum { INVOCATIONS = 40, RETRIES = PS_RETRY_TOKENS_MAX / PS_RETRY_TRANSIENT_COST };
    w.attempts_max = 2;
    START({ .status = 500 });
    for (int i = 0; i < INVOCATIONS; i++) {
        ps_batch_begin(w.batch, TARGETS[w.service], &w.log, &w.deadline, on_result, NULL);
        add_numbers(1);
        finish();
    }
    CHECK_EQ(w.requests, INVOCATIONS + RETRIES);
    CHECK_EQ(count_outcome(PS_BATCH_UNDELIVERED, "request_refused"), INVOCATIONS);
    stop();
}

static void when_the_attempts_are_used_up_nothing_more_is_sent(void)
{
    w.service = PS_BATCH_SQS;
    START({ .codes = "ok,ok,Busy,ok,ok,ok,ok,ok,ok,ok" }, { .codes = "InternalError" });
    add_numbers(12);
    finish();
    CHECK_EQ(w.requests, 4); /* the first brought nine records further, three in a row brought none */
    CHECK_EQ(count_outcome(PS_BATCH_SENT, ""), 9);
    CHECK_EQ(count_outcome(PS_BATCH_UNDELIVERED, "InternalError"), 1);
    CHECK_EQ(count_outcome(PS_BATCH_UNDELIVERED, "stopped"), 2);
    CHECK_EQ(count_in(logged(), "batch_trouble"), 1);
    stop();
}

static void a_message_that_sqs_blames_on_us_is_rejected(void)
{
    w.service = PS_BATCH_SQS;
    START({ .codes = "ok,InvalidMessageContents,ok" });
    add_numbers(3);
    finish();
    CHECK_EQ(w.requests, 1);
    CHECK_EQ(count_outcome(PS_BATCH_SENT, ""), 2);
    CHECK_EQ(count_outcome(PS_BATCH_REJECTED, "InvalidMessageContents"), 1);
    stop();
}

static void what_an_operator_must_mend_is_told_once_and_stops_the_sending(void)
{
    START({ .status = 400, .body = "{\"__type\":\"ResourceNotFoundException\",\"message\":\"SECRET\"}" });
    add_numbers(501);
    finish();
    CHECK_EQ(w.requests, 1);
    CHECK_EQ(count_outcome(PS_BATCH_UNDELIVERED, "ResourceNotFoundException"), 500);
    CHECK_EQ(count_outcome(PS_BATCH_UNDELIVERED, "stopped"), 1);
    CHECK_EQ(count_in(logged(), "batch_operator_fault"), 1);
    CHECK_EQ(count_in(logged(), "SECRET"), 0);
    stop();
}

static void expired_credentials_are_read_again_once(void)
{
    START({ .status = 400, .body = "{\"__type\":\"ExpiredTokenException\"}" }, { .codes = "ok" });
    w.renews = true;
    add_numbers(2);
    finish();
    CHECK_EQ(count_outcome(PS_BATCH_SENT, ""), 2);
    struct fake_http_request second = fake_http_request(w.server, 1);
    CHECK_EQ(count_in(fake_http_header(&second, "Authorization"), "AKIDSECOND"), 1);
    stop();
    w.renews = true;
    start(TURNS, 1); /* refused whatever they are */
    add_numbers(2);
    finish();
    CHECK_EQ(w.requests, 2);
    CHECK_EQ(count_outcome(PS_BATCH_UNDELIVERED, "ExpiredTokenException"), 2);
    stop();
}

static void without_time_nothing_is_sent(void)
{
    w.deadline = (struct ps_deadline){ .at_us = 1 };
    START({ .codes = "ok" });
    add_numbers(2);
    finish();
    CHECK_EQ(w.requests, 0);
    CHECK_EQ(count_outcome(PS_BATCH_UNDELIVERED, "deadline"), 2);
    stop();
}

static void a_failure_of_the_callback_ends_it_and_the_next_invocation_begins_anew(void)
{
    START({ .codes = "ok" });
    add_numbers(2);
    w.fails = true;
    CHECK_ERR(ps_batch_finish(w.batch, &w.stats), PS_ERR_NO_MEMORY);
    w.fails = false;
    ps_batch_begin(w.batch, TARGETS[w.service], &w.log, &w.deadline, on_result, NULL);
    CHECK_OK(add(3, "3"));
    finish();
    CHECK_EQ(w.result_count, 1);
    CHECK_EQ(w.results[0].tag, 3);
    stop();
}

static void opening_survives_every_failed_allocation(void)
{
    START({ .codes = "ok" });
    const struct ps_batch_options options = { .attempts_max = 1, .request_timeout_ms = 1000 };
    PS_EACH_FAILURE(&w.process, ps_batch_open(&w.process, w.client, &options, &w.batch));
    stop();
}

static void what_can_be_no_target_is_refused(void)
{
    CHECK_OK(ps_batch_check_target(PS_BATCH_KINESIS, PS_SPAN("a.b_c-9")));
    CHECK_ERR(ps_batch_check_target(PS_BATCH_KINESIS, PS_SPAN("")), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_batch_check_target(PS_BATCH_KINESIS, PS_SPAN("arn:aws:kinesis:x")), PS_ERR_BAD_CONFIG);
    char name[129];
    memset(name, 'n', sizeof name);
    CHECK_OK(ps_batch_check_target(PS_BATCH_KINESIS, ps_span_make(name, 128)));
    CHECK_ERR(ps_batch_check_target(PS_BATCH_KINESIS, ps_span_make(name, 129)), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_batch_check_target(PS_BATCH_FIREHOSE, ps_span_make(name, 65)), PS_ERR_BAD_CONFIG);
    CHECK_OK(ps_batch_check_target(PS_BATCH_SQS, TARGETS[PS_BATCH_SQS]));
    CHECK_ERR(ps_batch_check_target(PS_BATCH_SQS, PS_SPAN("https://a.example/1/q.fifo")), PS_ERR_BAD_CONFIG);
    CHECK(ps_batch_check_target(PS_BATCH_SQS, PS_SPAN("decoded")) != PS_OK);
}

int main(void)
{
    RUN(each_service_gets_the_request_it_knows);
    RUN(only_failed_records_go_again_in_their_order_and_before_any_other);
    RUN(requests_hold_as_many_records_as_the_service_takes);
    RUN(requests_and_records_keep_to_the_bytes_that_the_service_takes);
    RUN(a_partition_key_is_cut_between_characters_and_never_empty);
    RUN(a_refused_request_is_halved_down_to_the_record_at_fault);
    RUN(an_answer_that_proves_nothing_is_no_answer);
    RUN(what_is_busy_or_breaks_off_is_tried_again);
    RUN(without_quota_no_request_is_tried_again);
    RUN(when_the_attempts_are_used_up_nothing_more_is_sent);
    RUN(a_message_that_sqs_blames_on_us_is_rejected);
    RUN(what_an_operator_must_mend_is_told_once_and_stops_the_sending);
    RUN(expired_credentials_are_read_again_once);
    RUN(without_time_nothing_is_sent);
    RUN(a_failure_of_the_callback_ends_it_and_the_next_invocation_begins_anew);
    RUN(opening_survives_every_failed_allocation);
    RUN(what_can_be_no_target_is_refused);
    return check_finish();
}
