/* EventBridge against a real server (AWS_ENDPOINT_URL and credentials from the environment, see
 * tests/integration/cases/aws): a rule puts what arrives into a queue, and the queue is read. Usage: test_eventbridge
 * ministack|moto, for the two differ in what they refuse. */
#include "aws/eventbridge.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "host/env.h"
#include "support/check.h"

enum { EVENTS = 12, LOOKS_MAX = 20 };

/* What JSON within JSON within JSON can break on. */
#define TEXT \
    "quote \" backslash \\ slash / feed \n tab \t bell \a caf\xc3\xa9 \xf0\x9f\x92\xa7 <&> \\u0041 {\"a\":\"b\"}"

static struct ps_arena process;
static struct ps_arena arena;
static struct ps_call_client *client;
static struct ps_span queue_url;
static const struct ps_log LOG = { .fd = 2 };
static const struct ps_deadline NO_DEADLINE = { 0 };

/* -- the server -------------------------------------------------------------------------------------------------- */

static struct ps_span call(const char *service, const char *target, const char *version, struct ps_span body)
{
    const struct ps_call_target to = { .auth = PS_CALL_SIGV4, .service = ps_span_of(service) };
    const struct ps_call_options once = { .attempts_max = 1, .timeout_ms = 10000 };
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .headers = { { PS_SPAN("Content-Type"), ps_span_of(version) },
                                  { PS_SPAN("X-Amz-Target"), ps_span_of(target) } },
                     .header_count = 2,
                     .body = body,
                     .response_bytes_max = 1 << 20 },
    };
    struct ps_buf url;
    ps_buf_init(&url, &arena, 1024);
    ps_buf_put(&url, ps_env_get("AWS_ENDPOINT_URL"));
    ps_buf_byte(&url, '/');
    CHECK_OK(ps_buf_finish(&url, &exchange.request.url));
    CHECK_OK(ps_call_run(client, &arena, &to, &once, &NO_DEADLINE, &exchange));
    if (!CHECK_EQ(exchange.response.status, 200)) printf("# %s\n", target);
    return exchange.response.body;
}

static struct ps_span sqs(const char *target, struct ps_span body)
{
    return call("sqs", target, "application/x-amz-json-1.0", body);
}

static struct ps_span member(struct ps_span object, struct ps_span name)
{
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    struct ps_span raw = PS_SPAN(""), text = PS_SPAN("");
    bool found = false;
    CHECK_OK(ps_json_read_member(object, name, &token, &raw, &found));
    CHECK(found);
    if (token.kind != PS_JSON_STRING) return raw;
    CHECK_OK(ps_json_read_unescape(&arena, token.text, &text));
    return text;
}

/* A queue, and a rule that sends there what comes from "penstock". */
static void set_up(void)
{
    queue_url = member(sqs("AmazonSQS.CreateQueue", PS_SPAN("{\"QueueName\":\"errors\"}")), PS_SPAN("QueueUrl"));
    struct ps_span rest = queue_url, account = PS_SPAN(""); /* http://127.0.0.1:1234/<account>/errors */
    for (bool more = true; more;) {
        struct ps_span segment = ps_span_split(&rest, '/', &more);
        if (more) account = segment;
    }
    (void)call("events", "AWSEvents.PutRule", "application/x-amz-json-1.1",
               PS_SPAN("{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"penstock\\\"]}\"}"));
    struct ps_buf targets;
    struct ps_span body;
    ps_buf_init(&targets, &arena, 1024);
    ps_buf_printf(&targets,
                  "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"arn:aws:sqs:us-east-1:%.*s:errors\"}]}",
                  PS_SPAN_ARG(account));
    CHECK_OK(ps_buf_finish(&targets, &body));
    (void)call("events", "AWSEvents.PutTargets", "application/x-amz-json-1.1", body);
}

/* -- the sink ---------------------------------------------------------------------------------------------------- */

struct tally {
    size_t outcomes[PS_EVENTBRIDGE_UNDELIVERED + 1];
    char type[64]; /* of the last that was not published */
};

static enum ps_err count(void *context, const struct ps_eventbridge_result *result)
{
    struct tally *tally = context;
    tally->outcomes[result->outcome]++;
    if (result->type.len > 0) (void)snprintf(tally->type, sizeof tally->type, "%.*s", PS_SPAN_ARG(result->type));
    return PS_OK;
}

static struct ps_eventbridge *open_sink(struct tally *tally)
{
    const struct ps_eventbridge_options options = { .bus = PS_SPAN("default"),
                                                    .entry_bytes_max = PS_EVENTBRIDGE_ENTRY_BYTES,
                                                    .slots = 2,
                                                    .attempts_max = 3,
                                                    .request_timeout_ms = 10000 };
    struct ps_eventbridge *sink = NULL;
    CHECK_OK(ps_eventbridge_open(&process, client, &options, &sink));
    if (sink != NULL) ps_eventbridge_begin(sink, &LOG, &NO_DEADLINE, count, tally);
    return sink;
}

static void put(struct ps_eventbridge *sink, struct ps_span source, uint64_t id, bool whole)
{
    struct ps_buf *buf = NULL;
    struct ps_json_writer writer;
    CHECK_OK(ps_eventbridge_buf(sink, &buf));
    ps_json_write_init(&writer, buf);
    ps_json_write_object_begin(&writer);
    ps_json_write_key(&writer, PS_SPAN("id"));
    ps_json_write_u64(&writer, id);
    ps_json_write_member(&writer, PS_SPAN("text"), PS_SPAN(TEXT));
    ps_json_write_object_end(&writer);
    if (!whole) buf->len--;
    CHECK_OK(ps_eventbridge_commit(sink, id, source, PS_SPAN("LogError"), 1795262400123));
}

static void close_sink(struct ps_eventbridge *sink)
{
    struct ps_eventbridge_stats stats;
    CHECK_OK(ps_eventbridge_finish(sink, &stats));
    ps_eventbridge_close(sink);
}

/* -- facts ------------------------------------------------------------------------------------------------------- */

static void look_at_event(struct ps_span event, uint64_t *ids)
{
    uint64_t id = 0;
    struct ps_span detail = member(event, PS_SPAN("detail"));
    CHECK_TEXT(member(event, PS_SPAN("source")), "penstock");
    CHECK_TEXT(member(event, PS_SPAN("detail-type")), "LogError");
    CHECK_SPAN(member(detail, PS_SPAN("text")), PS_SPAN(TEXT));
    CHECK(ps_span_to_u64(member(detail, PS_SPAN("id")), &id));
    *ids |= 1ull << id;
}

/* The bodies of one ReceiveMessage. */
static void receive(uint64_t *ids)
{
    struct ps_buf request;
    struct ps_span body;
    ps_buf_init(&request, &arena, 1024);
    ps_buf_printf(&request, "{\"QueueUrl\":\"%.*s\",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":1}",
                  PS_SPAN_ARG(queue_url));
    CHECK_OK(ps_buf_finish(&request, &body));
    struct ps_json_reader reader;
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    ps_json_read_init(&reader, sqs("AmazonSQS.ReceiveMessage", body));
    bool due = false;
    while (ps_json_read_next(&reader, &token) == PS_OK && token.kind != PS_JSON_END) {
        struct ps_span event;
        if (due && CHECK_OK(ps_json_read_unescape(&arena, token.text, &event))) look_at_event(event, ids);
        due = token.kind == PS_JSON_KEY && ps_span_eq(token.text, PS_SPAN("Body"));
    }
}

static void what_is_published_reaches_a_rules_queue_as_it_was_written(void)
{
    struct tally tally = { 0 };
    set_up();
    struct ps_eventbridge *sink = open_sink(&tally);
    CHECK_OR_RETURN(sink != NULL);
    for (uint64_t id = 1; id <= EVENTS; id++)
        put(sink, PS_SPAN("penstock"), id, true);
    close_sink(sink);
    CHECK_EQ(tally.outcomes[PS_EVENTBRIDGE_PUBLISHED], EVENTS);
    uint64_t ids = 0;
    uint64_t all = (1ull << (EVENTS + 1)) - 2;
    for (int i = 0; i < LOOKS_MAX && ids != all; i++)
        receive(&ids);
    CHECK_EQ(ids, all);
}

/* ministack */
static void a_source_of_aws_itself_is_an_operators_fault(void)
{
    struct tally tally = { 0 };
    struct ps_eventbridge *sink = open_sink(&tally);
    CHECK_OR_RETURN(sink != NULL);
    put(sink, PS_SPAN("aws.penstock"), 1, true);
    put(sink, PS_SPAN("other"), 2, true);
    close_sink(sink);
    CHECK_EQ(tally.outcomes[PS_EVENTBRIDGE_UNDELIVERED], 1);
    CHECK_EQ(tally.outcomes[PS_EVENTBRIDGE_PUBLISHED], 1);
    CHECK_TEXT(ps_span_of(tally.type), "NotAuthorizedForSourceException");
    CHECK(ps_eventbridge_operator_fault(sink) != NULL);
}

/* moto */
static void a_malformed_detail_is_rejected_alone(void)
{
    struct tally tally = { 0 };
    struct ps_eventbridge *sink = open_sink(&tally);
    CHECK_OR_RETURN(sink != NULL);
    for (uint64_t id = 1; id <= 5; id++)
        put(sink, PS_SPAN("other"), id, id != 3);
    close_sink(sink);
    CHECK_EQ(tally.outcomes[PS_EVENTBRIDGE_PUBLISHED], 4);
    CHECK_EQ(tally.outcomes[PS_EVENTBRIDGE_REJECTED], 1);
    CHECK_TEXT(ps_span_of(tally.type), "MalformedDetail");
}

/* moto */
static void a_wrong_secret_is_an_operators_fault(void)
{
    struct tally tally = { 0 };
    bool changed = false;
    struct ps_eventbridge *sink = open_sink(&tally);
    CHECK_OR_RETURN(sink != NULL);
    setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
    CHECK_OK(ps_call_refresh(client, &changed));
    put(sink, PS_SPAN("penstock"), 1, true);
    close_sink(sink);
    CHECK_EQ(tally.outcomes[PS_EVENTBRIDGE_UNDELIVERED], 1);
    CHECK(strstr(ps_eventbridge_operator_fault(sink), "credentials refused") != NULL);
}

int main(int argc, char **argv)
{
    bool moto = argc == 2 && strcmp(argv[1], "moto") == 0;
    process = check_arena(64 << 20);
    arena = check_arena(64 << 20);
    const struct ps_call_client_options options = { .region = PS_SPAN("us-east-1"), .needs_credentials = true };
    if (!CHECK_OK(ps_call_client_open(&process, &options, &client))) return EXIT_FAILURE;
    RUN(what_is_published_reaches_a_rules_queue_as_it_was_written);
    if (!moto) RUN(a_source_of_aws_itself_is_an_operators_fault);
    if (moto) RUN(a_malformed_detail_is_rejected_alone);
    if (moto) RUN(a_wrong_secret_is_an_operators_fault);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return check_finish();
}
