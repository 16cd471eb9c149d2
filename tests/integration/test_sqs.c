/* An SQS FIFO queue of a real server: AWS_ENDPOINT_URL and credentials come from the environment, see
 * tests/integration/cases/files-aws. Queues are made here.
 * Usage: test_sqs ministack|moto, for the two check different things. */
#include "aws/sqs.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json_read.h"
#include "host/env.h"
#include "support/check.h"

static struct ps_arena arena;
static struct ps_call_client *client;
static const struct ps_deadline NO_DEADLINE = { 0 };

static struct ps_span call(const char *action, struct ps_span body)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("sqs") };
    const struct ps_call_options once = { .attempts_max = 1, .timeout_ms = 20000 };
    struct ps_buf name, url;
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-amz-json-1.0") },
                                  { PS_SPAN("X-Amz-Target"), PS_SPAN("") } },
                     .header_count = 2,
                     .body = body,
                     .response_bytes_max = 4 << 20 },
    };
    ps_buf_init(&name, &arena, 128);
    ps_buf_printf(&name, "AmazonSQS.%s", action);
    CHECK_OK(ps_buf_finish(&name, &exchange.request.headers[1].value));
    ps_buf_init(&url, &arena, 1024);
    ps_buf_put(&url, ps_env_get("AWS_ENDPOINT_URL"));
    ps_buf_byte(&url, '/');
    CHECK_OK(ps_buf_finish(&url, &exchange.request.url));
    CHECK_OK(ps_call_run(client, &arena, &target, &once, &NO_DEADLINE, &exchange));
    if (!CHECK_EQ(exchange.response.status, 200)) printf("# %.*s\n", PS_SPAN_ARG(exchange.response.body));
    return exchange.response.body;
}

/* A body with the queue's URL in it: "{\"QueueUrl\":\"...\"" and then rest. */
static struct ps_span about(struct ps_span queue, const char *rest)
{
    struct ps_buf body;
    struct ps_span out = PS_SPAN("");
    ps_buf_init(&body, &arena, 4096);
    ps_buf_put(&body, PS_SPAN("{\"QueueUrl\":\""));
    ps_buf_put(&body, queue);
    ps_buf_put(&body, PS_SPAN("\""));
    ps_buf_put(&body, ps_span_of(rest));
    CHECK_OK(ps_buf_finish(&body, &out));
    return out;
}

static struct ps_span text_of(struct ps_span object, struct ps_span name)
{
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    struct ps_span text = PS_SPAN("");
    bool found = false;
    if (ps_json_read_member(object, name, &token, NULL, &found) == PS_OK && found && token.kind == PS_JSON_STRING)
        CHECK_OK(ps_json_read_unescape(&arena, token.text, &text));
    return text;
}

static struct ps_span make_queue(const char *body)
{
    struct ps_span url = text_of(call("CreateQueue", ps_span_of(body)), PS_SPAN("QueueUrl"));
    CHECK(ps_span_ends(url, PS_SPAN(".fifo")));
    return url;
}

static struct ps_sqs *open_queue(struct ps_span url)
{
    struct ps_sqs *sqs = NULL;
    CHECK_OK(ps_sqs_open(&arena, client, url, 20000, &sqs));
    return sqs;
}

static struct ps_sqs_send message(const char *group, const char *id, const char *body)
{
    return (
        struct ps_sqs_send){ .body = ps_span_of(body), .group = ps_span_of(group), .deduplication = ps_span_of(id) };
}

/* Receives one message, deletes it, and gives its body; empty when there is none. */
static struct ps_span receive(struct ps_span queue, struct ps_span *group)
{
    struct ps_span answer =
        call("ReceiveMessage", about(queue, ",\"MaxNumberOfMessages\":1,\"AttributeNames\":[\"All\"],"
                                            "\"MessageSystemAttributeNames\":[\"All\"]}"));
    struct ps_span list, attributes;
    struct ps_json_reader reader;
    struct ps_json_token token;
    bool found = false;
    if (ps_json_read_member(answer, PS_SPAN("Messages"), NULL, &list, &found) != PS_OK || !found) return PS_SPAN("");
    struct ps_span first;
    ps_json_read_init(&reader, list);
    if (ps_json_read_next(&reader, &token) != PS_OK || ps_json_read_skip(&reader, &first) != PS_OK) return PS_SPAN("");
    CHECK_OK(ps_json_read_member(first, PS_SPAN("Attributes"), NULL, &attributes, &found));
    *group = text_of(attributes, PS_SPAN("MessageGroupId"));
    struct ps_buf rest;
    struct ps_span tail = PS_SPAN("");
    ps_buf_init(&rest, &arena, 4096);
    ps_buf_put(&rest, PS_SPAN(",\"ReceiptHandle\":\""));
    ps_buf_put(&rest, text_of(first, PS_SPAN("ReceiptHandle")));
    ps_buf_put(&rest, PS_SPAN("\"}"));
    ps_buf_byte(&rest, '\0');
    CHECK_OK(ps_buf_finish(&rest, &tail));
    (void)call("DeleteMessage", about(queue, tail.data));
    return text_of(first, PS_SPAN("Body"));
}

static void groups_come_out_in_order_and_repeats_once(void)
{
    struct ps_span queue = make_queue("{\"QueueName\":\"files.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}");
    struct ps_sqs *sqs = open_queue(queue);
    struct ps_sqs_send messages[] = { message("a", "a1", "{\"n\":\"a\\\\1 caf\xc3\xa9\"}\n"), message("a", "a2", "a2"),
                                      message("b", "b1", "b1"), message("a", "a3", "a3"), message("b", "b2", "b2") };
    size_t unsent = 9;
    for (int round = 0; round < 2; round++) { /* the second is known by its ids */
        CHECK_OK(ps_sqs_send(sqs, &arena, &NO_DEADLINE, messages, 5, &unsent));
        CHECK_EQ(unsent, 0);
    }
    size_t next_a = 0, next_b = 0, count = 0;
    static const size_t A[] = { 0, 1, 3 }, B[] = { 2, 4 };
    for (struct ps_span group, body; count < 6 && (body = receive(queue, &group)).len > 0; count++) {
        bool a = ps_span_eq(group, PS_SPAN("a"));
        CHECK_OR_RETURN(a ? next_a < 3 : next_b < 2);
        CHECK_SPAN(body, messages[a ? A[next_a++] : B[next_b++]].body);
    }
    CHECK_EQ(count, 5);
}

static void twelve_groups_need_two_requests(void)
{
    struct ps_span queue = make_queue("{\"QueueName\":\"many.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}");
    static const char *const NAMES[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11" };
    struct ps_sqs_send messages[12];
    size_t unsent = 9;
    for (size_t i = 0; i < 12; i++)
        messages[i] = message(NAMES[i], NAMES[i], NAMES[i]);
    CHECK_OK(ps_sqs_send(open_queue(queue), &arena, &NO_DEADLINE, messages, 12, &unsent));
    CHECK_EQ(unsent, 0);
}

static void a_message_over_the_queues_own_limit_is_rejected(void)
{
    struct ps_span queue = make_queue("{\"QueueName\":\"small.fifo\",\"Attributes\":{\"FifoQueue\":\"true\","
                                      "\"MaximumMessageSize\":\"1024\"}}");
    static char body[1026];
    memset(body, 'x', 1025);
    struct ps_sqs_send messages[] = { message("a", "1", body + 1), message("b", "2", body) };
    size_t unsent = 9;
    CHECK_OK(ps_sqs_send(open_queue(queue), &arena, &NO_DEADLINE, messages, 2, &unsent));
    CHECK_EQ(unsent, 1);
    CHECK_EQ(messages[0].outcome, PS_SQS_SENT);
    CHECK_EQ(messages[1].outcome, PS_SQS_REJECTED);
    CHECK(strstr(ps_err_note()->text, "the queue takes 1024") != NULL);
}

static void a_queue_that_is_not_there_is_an_operators_fault(void)
{
    struct ps_span queue = make_queue("{\"QueueName\":\"gone.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}");
    struct ps_sqs_send messages[] = { message("a", "1", "x") };
    size_t unsent = 9;
    (void)call("DeleteQueue", about(queue, "}"));
    CHECK_ERR(ps_sqs_send(open_queue(queue), &arena, &NO_DEADLINE, messages, 1, &unsent), PS_ERR_BAD_CONFIG);
    CHECK_EQ(unsent, 1);
    if (!CHECK(strstr(ps_err_note()->text, "no such stream or queue") != NULL)) printf("# %s\n", ps_err_note()->text);
}

/* moto */
static void a_wrong_secret_is_denied(void)
{
    struct ps_span queue = make_queue("{\"QueueName\":\"files.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}");
    struct ps_sqs_send messages[] = { message("a", "9", "x") };
    bool changed = false;
    size_t unsent = 9;
    setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
    CHECK_OK(ps_call_refresh(client, &changed));
    CHECK_ERR(ps_sqs_send(open_queue(queue), &arena, &NO_DEADLINE, messages, 1, &unsent), PS_ERR_DENIED);
    CHECK_EQ(unsent, 1);
    if (!CHECK(strstr(ps_err_note()->text, "status 403") != NULL)) printf("# %s\n", ps_err_note()->text);
}

int main(int argc, char **argv)
{
    bool moto = argc == 2 && strcmp(argv[1], "moto") == 0;
    arena = check_arena(256 << 20);
    const struct ps_call_client_options options = { .region = PS_SPAN("us-east-1"), .needs_credentials = true };
    if (!CHECK_OK(ps_call_client_open(&arena, &options, &client))) return EXIT_FAILURE;
    RUN(groups_come_out_in_order_and_repeats_once);
    RUN(twelve_groups_need_two_requests);
    RUN(a_message_over_the_queues_own_limit_is_rejected);
    RUN(a_queue_that_is_not_there_is_an_operators_fault);
    if (moto) RUN(a_wrong_secret_is_denied);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    return check_finish();
}
