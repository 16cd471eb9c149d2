#include "aws/sqs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json_read.h"
#include "host/clock.h"
#include "support/check.h"
#include "support/fake_http.h"
#include "support/random.h"

#define QUEUE PS_SPAN("https://sqs.eu-central-1.amazonaws.com/123456789012/files.fifo")
#define LIMIT(bytes) \
    { \
        .body = PS_SPAN_INIT("{\"Attributes\":{\"MaximumMessageSize\":\"" bytes "\"}}") \
    }
#define TAKEN(id) "{\"Id\":\"" id "\",\"MessageId\":\"m" id "\",\"MD5OfMessageBody\":\"d\",\"SequenceNumber\":\"1\"}"
#define FAILED(id, code, fault) \
    "{\"Id\":\"" id "\",\"Code\":\"" code "\",\"Message\":\"SECRET\",\"SenderFault\":" fault "}"

static struct ps_arena arena;
static struct ps_call_client *client;
static const struct ps_deadline NO_DEADLINE = { 0 };

static struct ps_sqs *open_on(struct fake_http *server)
{
    struct ps_sqs *sqs = NULL;
    char url[64];
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(server)));
    setenv("AWS_ENDPOINT_URL_SQS", url, 1);
    CHECK_OK(ps_sqs_open(&arena, client, QUEUE, 5000, &sqs));
    return sqs;
}

static struct ps_sqs_send message(const char *group, const char *id, const char *body)
{
    return (
        struct ps_sqs_send){ .body = ps_span_of(body), .group = ps_span_of(group), .deduplication = ps_span_of(id) };
}

/* Sends through a server that answers as the script says; the outcomes as letters: s, r, u, h. */
static enum ps_err send_by(const struct fake_http_step *script, size_t steps, struct ps_sqs_send *messages,
                           size_t count, const char *outcomes)
{
    struct fake_http *server = fake_http_open(script, steps, false);
    size_t unsent = 99, wanted = 0;
    enum ps_err err = ps_sqs_send(open_on(server), &arena, &NO_DEADLINE, messages, count, &unsent);
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ("sruh"[messages[i].outcome], outcomes[i]);
        wanted += outcomes[i] != 's';
    }
    CHECK_EQ(unsent, wanted);
    CHECK_EQ(fake_http_finish(server), 0);
    return err;
}

static void expect_note(const char *text)
{
    if (!CHECK(strstr(ps_err_note()->text, text) != NULL)) printf("# %s: %s\n", text, ps_err_note()->text);
    CHECK(strstr(ps_err_note()->text, "SECRET") == NULL);
}

/* -- the queue ----------------------------------------------------------------------------------------------------- */

static void only_a_fifo_queues_url_is_taken(void)
{
    static const char *const WRONG[] = { "", "files.fifo", "https://sqs.eu-west-1.amazonaws.com/1/files",
                                         "arn:aws:sqs:eu-west-1:1:files.fifo", "https://files.fifo" };
    struct ps_sqs *sqs = NULL;
    CHECK_OK(ps_sqs_check_queue(QUEUE));
    CHECK_OK(ps_sqs_check_queue(PS_SPAN("http://127.0.0.1:4566/000000000000/files.fifo")));
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        CHECK_ERR(ps_sqs_check_queue(ps_span_of(WRONG[i])), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_sqs_open(&arena, client, PS_SPAN("files.fifo"), 1000, &sqs), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_sqs_open(&arena, client, QUEUE, 0, &sqs), PS_ERR_BAD_CONFIG);
    unsetenv("AWS_ENDPOINT_URL_SQS");
    CHECK_OK(ps_sqs_open(&arena, client, QUEUE, 1000, &sqs));
}

static void messages_of_several_groups_are_one_signed_request(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .method = "POST",
          .target = "/",
          .header = "X-Amz-Target: AmazonSQS.GetQueueAttributes",
          .reply = LIMIT("262144") },
        { .method = "POST",
          .target = "/",
          .header = "X-Amz-Target: AmazonSQS.SendMessageBatch",
          .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("1") "," TAKEN("0") "]}") } },
    };
    struct ps_sqs_send messages[] = { message("g1", "d1", "{\"k\":\"a\\b\"}\n"), message("g2", "d2", "2") };
    struct fake_http *server = fake_http_open(SCRIPT, 2, false);
    size_t unsent = 9;
    CHECK_OK(ps_sqs_send(open_on(server), &arena, &NO_DEADLINE, messages, 2, &unsent));
    CHECK_EQ(unsent, 0);
    CHECK_TEXT(fake_http_request(server, 0).body,
               "{\"QueueUrl\":\"https://sqs.eu-central-1.amazonaws.com/123456789012/files.fifo\","
               "\"AttributeNames\":[\"MaximumMessageSize\"]}");
    struct fake_http_request request = fake_http_request(server, 1);
    CHECK_TEXT(request.body,
               "{\"QueueUrl\":\"https://sqs.eu-central-1.amazonaws.com/123456789012/files.fifo\",\"Entries\":["
               "{\"Id\":\"0\",\"MessageBody\":\"{\\\"k\\\":\\\"a\\\\b\\\"}\\n\",\"MessageGroupId\":\"g1\","
               "\"MessageDeduplicationId\":\"d1\"},"
               "{\"Id\":\"1\",\"MessageBody\":\"2\",\"MessageGroupId\":\"g2\",\"MessageDeduplicationId\":\"d2\"}]}");
    CHECK_TEXT(fake_http_header(&request, "Content-Type"), "application/x-amz-json-1.0");
    /* Signed for the queue's region, which is not the client's. */
    CHECK(ps_span_find(fake_http_header(&request, "Authorization"), PS_SPAN("/eu-central-1/sqs/aws4_request")) !=
          PS_SPAN_NONE);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_group_has_one_message_in_a_request(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("262144") },
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "," TAKEN("1") "],\"Failed\":[]}") } },
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "]}") } },
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "]}") } },
    };
    struct ps_sqs_send messages[] = { message("a", "1", "x"), message("a", "2", "x"), message("b", "3", "x"),
                                      message("a", "4", "x") };
    CHECK_OK(send_by(SCRIPT, 4, messages, 4, "ssss"));
}

/* -- sizes --------------------------------------------------------------------------------------------------------- */

static char large[(1 << 20) + 1];

static void a_request_holds_what_the_queue_takes(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("1024") },
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "," TAKEN("1") "]}") } },
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "]}") } },
    };
    struct ps_sqs_send messages[] = { message("a", "1", ""), message("b", "2", ""), message("c", "3", ""),
                                      message("d", "4", "") };
    messages[0].body = ps_span_make(large, 1000);
    messages[1].body = ps_span_make(large, 1024);
    messages[2].body = ps_span_make(large, 24);
    messages[3].body = ps_span_make(large, 1025);
    CHECK_OK(send_by(SCRIPT, 3, messages, 4, "sssr"));
    expect_note("a message of 1025 bytes, the queue takes 1024");
}

static void a_queue_that_does_not_tell_its_limit_takes_256_kib(void)
{
    static const struct fake_http_reply SILENT[] = {
        { .status = 403, .body = PS_SPAN_INIT("{\"__type\":\"AccessDenied\"}") },
        { .body = PS_SPAN_INIT("{}") },
        { .body = PS_SPAN_INIT("{\"Attributes\":[]}") },
        LIMIT("1023"),
        LIMIT("1048577"),
        LIMIT("many"),
        { .end = FAKE_HTTP_DROP },
    };
    for (size_t i = 0; i < sizeof SILENT / sizeof SILENT[0]; i++) {
        const struct fake_http_step script[] = {
            { .reply = SILENT[i] },
            { .reply = { .body = PS_SPAN("{\"Successful\":[" TAKEN("0") "]}") } },
        };
        struct ps_sqs_send messages[] = { message("a", "1", ""), message("b", "2", "") };
        messages[0].body = ps_span_make(large, 256 << 10);
        messages[1].body = ps_span_make(large, (256 << 10) + 1);
        CHECK_OK(send_by(script, 2, messages, 2, "sr"));
    }
}

static void the_largest_message_there_is_goes_out_escaped(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("1048576") },
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "]}") } },
    };
    struct ps_sqs_send messages[] = { message("a", "1", "") };
    memset(large, 1, sizeof large);
    messages[0].body = ps_span_make(large, 1 << 20);
    CHECK_OK(send_by(SCRIPT, 2, messages, 1, "s"));
    memset(large, 'x', sizeof large);
}

static void the_limit_is_asked_once(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("2048") },
        { .header = "X-Amz-Target: AmazonSQS.SendMessageBatch",
          .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "]}") } },
        { .header = "X-Amz-Target: AmazonSQS.SendMessageBatch",
          .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "]}") } },
    };
    struct fake_http *server = fake_http_open(SCRIPT, 3, false);
    struct ps_sqs *sqs = open_on(server);
    struct ps_sqs_send messages[] = { message("a", "1", "x") };
    size_t unsent = 9;
    CHECK_OK(ps_sqs_send(sqs, &arena, &NO_DEADLINE, messages, 1, &unsent));
    CHECK_OK(ps_sqs_send(sqs, &arena, &NO_DEADLINE, messages, 1, &unsent));
    CHECK_OK(ps_sqs_send(sqs, &arena, &NO_DEADLINE, NULL, 0, &unsent));
    CHECK_EQ(unsent, 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* -- outcomes ------------------------------------------------------------------------------------------------------ */

static void what_cannot_be_a_message_is_rejected_and_holds_its_group_back(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("262144") },
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "]}") } },
    };
    char long_id[PS_SQS_GROUP_BYTES_MAX + 2] = "";
    memset(long_id, 'i', PS_SQS_GROUP_BYTES_MAX + 1);
    struct ps_sqs_send messages[] = { message("a", "1", ""),         message("a", "2", "x"), message("", "3", "x"),
                                      message("b b", "4", "x"),      message("c", "", "x"),  message("d", long_id, "x"),
                                      message("e", long_id + 1, "x") };
    CHECK_OK(send_by(SCRIPT, 2, messages, 7, "rhrrrrs"));
    expect_note("SQS: an empty message");
}

static void a_senders_fault_is_rejected_and_any_other_tried_again(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("262144") },
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("2") "],\"Failed\":[" FAILED(
                         "0", "InvalidMessageContents", "true") "," FAILED("1", "InternalError",
                                                                           "false") "," FAILED("3", "RequestThrottled",
                                                                                               "true") "]}") } },
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "," TAKEN("1") "]}") } },
    };
    struct ps_sqs_send messages[] = { message("a", "1", "x"), message("b", "2", "x"), message("c", "3", "x"),
                                      message("a", "4", "x"), message("d", "5", "x") };
    CHECK_OK(send_by(SCRIPT, 3, messages, 5, "rsshs"));
    expect_note("SQS: status 200, InvalidMessageContents");
}

static void a_message_that_is_never_taken_is_undelivered(void)
{
    static const struct fake_http_step STAYS[] = {
        { .reply = LIMIT("262144") },
#define ONE_OF_TWO { .reply = { .body = PS_SPAN_INIT("{\"Failed\":[" FAILED("0", "InternalError", "false") "]}") } }
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("1") "],\"Failed\":[" FAILED("0", "InternalError",
                                                                                                 "false") "]}") } },
        ONE_OF_TWO,
        ONE_OF_TWO,
        ONE_OF_TWO,
        ONE_OF_TWO,
    };
    struct ps_sqs_send messages[] = { message("a", "1", "x"), message("a", "2", "x"), message("b", "3", "x") };
    CHECK_OK(send_by(STAYS, 6, messages, 3, "uhs"));
    expect_note("InternalError");
}

static void a_refused_request_is_halved_down_to_the_message_at_fault(void)
{
#define REFUSED_ALL \
    { \
        .reply = {.status = 400, .body = PS_SPAN_INIT("{\"__type\":\"com.amazonaws.sqs#BatchRequestTooLong\"}") } \
    }
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("262144") },
        REFUSED_ALL, /* a b c */
        REFUSED_ALL, /* a alone: three halved is one */
        { .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "," TAKEN("1") "]}") } },
    };
    struct ps_sqs_send messages[] = { message("a", "1", "x"), message("b", "2", "x"), message("a", "3", "x"),
                                      message("c", "4", "x") };
    CHECK_OK(send_by(SCRIPT, 4, messages, 4, "rshs"));
    expect_note("BatchRequestTooLong");
}

static const struct refusal {
    int status;
    const char *body;
    enum ps_err err; /* of the call */
    const char *note;
} REFUSALS[] = {
    { 400, "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}", PS_ERR_BAD_CONFIG, "no such stream or queue" },
    { 403, "{\"__type\":\"AccessDenied\"}", PS_ERR_DENIED, "sqs:SendMessage" },
    { 400, "{\"__type\":\"AccessDeniedException\"}", PS_ERR_DENIED, "sqs:SendMessage" },
    { 400, "{\"__type\":\"KmsAccessDenied\"}", PS_ERR_DENIED, "KmsAccessDenied" },
    { 403, "{\"__type\":\"InvalidClientTokenId\"}", PS_ERR_DENIED, "credentials refused" },
    { 400, "{\"__type\":\"UnsupportedOperation\"}", PS_ERR_BAD_CONFIG, "UnsupportedOperation" },
};

static void an_operators_fault_ends_the_sending_and_is_told(void)
{
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        const struct fake_http_step script[] = {
            { .reply = LIMIT("262144") },
            { .reply = { .status = REFUSALS[i].status, .body = ps_span_of(REFUSALS[i].body) } },
        };
        struct ps_sqs_send messages[] = { message("a", "1", "x"), message("a", "2", "x"), message("b", "3", "x") };
        CHECK_ERR(send_by(script, 2, messages, 3, "uhu"), REFUSALS[i].err);
        expect_note(REFUSALS[i].note);
    }
}

static void a_request_that_comes_to_nothing_goes_again_with_the_same_ids(void)
{
    static const struct fake_http_reply TROUBLES[] = {
        { .status = 500 },
        { .end = FAKE_HTTP_DROP },
        { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("7") "]}") },
        { .body = PS_SPAN_INIT("<html>") },
    };
    for (size_t i = 0; i < sizeof TROUBLES / sizeof TROUBLES[0]; i++) {
        const struct fake_http_step script[] = {
            { .reply = LIMIT("262144") },
            { .reply = TROUBLES[i] },
            { .reply = { .body = PS_SPAN("{\"Successful\":[" TAKEN("0") "]}") } },
        };
        struct fake_http *server = fake_http_open(script, 3, false);
        struct ps_sqs_send messages[] = { message("a", "1", "x") };
        size_t unsent = 9;
        CHECK_OK(ps_sqs_send(open_on(server), &arena, &NO_DEADLINE, messages, 1, &unsent));
        CHECK_EQ(unsent, 0);
        CHECK_SPAN(fake_http_request(server, 2).body, fake_http_request(server, 1).body);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

static void what_stays_unavailable_is_given_up(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("262144") },   { .reply = { .status = 500 } }, { .reply = { .status = 500 } },
        { .reply = { .status = 500 } }, { .reply = { .status = 500 } }, { .reply = { .status = 500 } },
    };
    struct ps_sqs_send messages[] = { message("a", "1", "x"), message("a", "2", "x") };
    CHECK_OK(send_by(SCRIPT, 6, messages, 2, "uh"));
    expect_note("SQS: status 500");
}

static void the_deadline_ends_the_sending(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("262144") },
        { .reply = { .status = 429, .headers = "Retry-After: 60\r\n" } },
    };
    struct fake_http *server = fake_http_open(SCRIPT, 2, false);
    struct ps_sqs *sqs = open_on(server);
    int64_t now_ms = ps_clock_now_ms();
    struct ps_deadline deadline = ps_deadline_make(now_ms + 2000, now_ms, 0);
    struct ps_sqs_send messages[] = { message("a", "1", "x") };
    size_t unsent = 0;
    CHECK_OK(ps_sqs_send(sqs, &arena, &deadline, messages, 1, &unsent));
    CHECK_EQ(unsent, 1);
    CHECK_EQ(messages[0].outcome, PS_SQS_UNDELIVERED);
    expect_note("no time for another try: SQS: status 429");
    deadline = (struct ps_deadline){ .at_us = 1 };
    CHECK_OK(ps_sqs_send(sqs, &arena, &deadline, messages, 1, &unsent));
    CHECK_EQ(unsent, 1);
    expect_note("no time left");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void ended_credentials_are_read_again_once(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = LIMIT("262144") },
        { .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"ExpiredToken\"}") } },
        { .header = "X-Amz-Security-Token: fresh",
          .reply = { .body = PS_SPAN_INIT("{\"Successful\":[" TAKEN("0") "]}") } },
    };
    struct ps_sqs_send messages[] = { message("a", "1", "x") };
    setenv("AWS_SESSION_TOKEN", "fresh", 1);
    CHECK_OK(send_by(SCRIPT, 3, messages, 1, "s"));
    unsetenv("AWS_SESSION_TOKEN");
}

/* -- order: any failures, and a queue that is a model ---------------------------------------------------------------
 */

enum { MODEL_MESSAGES_MAX = 40, MODEL_GROUPS = 6 };

/* What the queue has taken: bodies are the numbers of the messages. */
struct model {
    struct random random;
    bool taken[MODEL_MESSAGES_MAX];
    size_t order[MODEL_MESSAGES_MAX];
    size_t count;
    struct ps_buf reply;
    char bytes[4096];
};

static size_t number_in(struct ps_span *rest, struct ps_span before)
{
    ptrdiff_t at = ps_span_find(*rest, before);
    uint64_t number = 0;
    bool more = false;
    if (at == PS_SPAN_NONE) return SIZE_MAX;
    *rest = ps_span_from(*rest, (size_t)at + before.len);
    CHECK(ps_span_to_u64(ps_span_split(rest, '"', &more), &number));
    return number;
}

static void take_message(struct model *model, size_t number)
{
    if (model->taken[number]) return; /* its deduplication id is known */
    model->taken[number] = true;
    model->order[model->count++] = number;
}

/* Takes some messages and says so, takes some and does not, refuses some, and breaks off now and then. */
static void answer_as_model(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    struct model *model = context;
    struct ps_span rest = request->body;
    if (ps_span_find(fake_http_header(request, "X-Amz-Target"), PS_SPAN("SendMessageBatch")) == PS_SPAN_NONE) return;
    ps_buf_init_fixed(&model->reply, model->bytes, sizeof model->bytes);
    uint64_t whole = random_below(&model->random, 10);
    struct ps_buf failed;
    char failed_bytes[2048];
    ps_buf_init_fixed(&failed, failed_bytes, sizeof failed_bytes);
    ps_buf_printf(&model->reply, "{\"Successful\":[");
    bool first_taken = true, first_failed = true;
    for (size_t id; (id = number_in(&rest, PS_SPAN("\"Id\":\""))) != SIZE_MAX;) {
        size_t number = number_in(&rest, PS_SPAN("\"MessageBody\":\""));
        uint64_t luck = whole == 0 ? 0 : random_below(&model->random, 12);
        if (luck > 2 && whole != 1) {
            take_message(model, number);
            ps_buf_printf(&model->reply, "%s{\"Id\":\"%zu\",\"MessageId\":\"m\"}", first_taken ? "" : ",", id);
            first_taken = false;
        } else {
            ps_buf_printf(&failed, "%s{\"Id\":\"%zu\",\"Code\":\"%s\",\"SenderFault\":%s}", first_failed ? "" : ",", id,
                          luck == 1 ? "InvalidMessageContents" : "InternalError", luck == 1 ? "true" : "false");
            first_failed = false;
        }
    }
    ps_buf_printf(&model->reply, "],\"Failed\":[");
    ps_buf_put(&model->reply, ps_buf_span(&failed));
    ps_buf_printf(&model->reply, "]}");
    reply->body = ps_buf_span(&model->reply);
    if (whole == 1)
        *reply = (struct fake_http_reply){ .status = 400, .body = PS_SPAN("{\"__type\":\"BatchRequestTooLong\"}") };
    if (whole == 2) reply->end = FAKE_HTTP_DROP; /* taken, and nobody knows */
}

/* For each group: what the queue took is a prefix of what was given, in its order; SENT says nothing untrue. */
static void check_groups(const struct model *model, const struct ps_sqs_send *messages, const size_t *groups,
                         size_t count)
{
    for (size_t group = 0; group < MODEL_GROUPS; group++) {
        size_t at = 0;
        bool ended = false;
        for (size_t i = 0; i < count; i++) {
            if (groups[i] != group) continue;
            while (at < model->count && groups[model->order[at]] != group)
                at++;
            bool next = at < model->count && model->order[at] == i;
            CHECK(!next || !ended);
            CHECK(messages[i].outcome != PS_SQS_SENT || next);
            CHECK(messages[i].outcome != PS_SQS_HELD_BACK || !next);
            at += next;
            ended = ended || !next;
        }
    }
}

static void whatever_fails_a_group_is_taken_up_to_a_point_and_in_order(void)
{
    static struct model model;
    static char texts[MODEL_MESSAGES_MAX][3][8];
    for (uint64_t seed = 1; seed <= 25; seed++) {
        struct ps_sqs_send messages[MODEL_MESSAGES_MAX];
        size_t groups[MODEL_MESSAGES_MAX], unsent = 0;
        memset(&model, 0, sizeof model);
        model.random.state = seed;
        size_t count = 1 + random_below(&model.random, MODEL_MESSAGES_MAX);
        for (size_t i = 0; i < count; i++) {
            groups[i] = random_below(&model.random, MODEL_GROUPS);
            (void)snprintf(texts[i][0], sizeof texts[i][0], "g%zu", groups[i]);
            (void)snprintf(texts[i][1], sizeof texts[i][1], "d%zu", i);
            (void)snprintf(texts[i][2], sizeof texts[i][2], "%zu", i);
            messages[i] = message(texts[i][0], texts[i][1], texts[i][2]);
        }
        const struct fake_http_step script[] = { { .answer = answer_as_model, .context = &model } };
        struct fake_http *server = fake_http_open(script, 1, true);
        CHECK_OK(ps_sqs_send(open_on(server), &arena, &NO_DEADLINE, messages, count, &unsent));
        CHECK_EQ(fake_http_finish(server), 0);
        check_groups(&model, messages, groups, count);
    }
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

static enum ps_err open_and_send(struct ps_sqs_send *messages, size_t count)
{
    struct ps_sqs *sqs = NULL;
    size_t unsent = 0;
    PS_TRY(ps_sqs_open(&arena, client, QUEUE, 5000, &sqs));
    enum ps_err err = ps_sqs_send(sqs, &arena, &NO_DEADLINE, messages, count, &unsent);
    for (size_t i = 0; err != PS_OK && i < count; i++)
        CHECK_EQ(messages[i].outcome, PS_SQS_UNDELIVERED);
    CHECK_EQ(unsent, err == PS_OK ? 0 : count);
    return err;
}

static void answer_both(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    (void)context;
    if (ps_span_find(fake_http_header(request, "X-Amz-Target"), PS_SPAN("SendMessageBatch")) != PS_SPAN_NONE)
        reply->body = PS_SPAN("{\"Successful\":[" TAKEN("0") "]}");
}

static void without_memory_nothing_is_said_to_be_sent(void)
{
    const struct fake_http_step script[] = { { .reply = LIMIT("262144"), .answer = answer_both } };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct ps_sqs_send messages[] = { message("a", "1", "x") };
    (void)open_on(server);
    PS_EACH_FAILURE(&arena, open_and_send(messages, 1));
    CHECK_EQ(fake_http_finish(server), 0);
}

int main(void)
{
    arena = check_arena(128 << 20);
    memset(large, 'x', sizeof large);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
    unsetenv("AWS_SESSION_TOKEN");
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    if (!CHECK_OK(ps_call_client_open(&arena, &options, &client))) return EXIT_FAILURE;
    RUN(only_a_fifo_queues_url_is_taken);
    RUN(messages_of_several_groups_are_one_signed_request);
    RUN(a_group_has_one_message_in_a_request);
    RUN(a_request_holds_what_the_queue_takes);
    RUN(a_queue_that_does_not_tell_its_limit_takes_256_kib);
    RUN(the_largest_message_there_is_goes_out_escaped);
    RUN(the_limit_is_asked_once);
    RUN(what_cannot_be_a_message_is_rejected_and_holds_its_group_back);
    RUN(a_senders_fault_is_rejected_and_any_other_tried_again);
    RUN(a_message_that_is_never_taken_is_undelivered);
    RUN(a_refused_request_is_halved_down_to_the_message_at_fault);
    RUN(an_operators_fault_ends_the_sending_and_is_told);
    RUN(a_request_that_comes_to_nothing_goes_again_with_the_same_ids);
    RUN(what_stays_unavailable_is_given_up);
    RUN(the_deadline_ends_the_sending);
    RUN(ended_credentials_are_read_again_once);
    RUN(whatever_fails_a_group_is_taken_up_to_a_point_and_in_order);
    RUN(without_memory_nothing_is_said_to_be_sent);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    return check_finish();
}
