#include "lambda/stream.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/version.h"
#include "host/clock.h"
#include "lambda/stream_priv.h"
#include "support/check.h"
#include "support/fake_lambda.h"

enum { ARENA_BYTES = 4 << 20, WAIT_MS = 5000 };

/* A server, an event taken from it, and the stream that answers it. */
struct bench {
    struct fake_lambda *fake;
    struct ps_arena process, arena;
    struct ps_api *api;
    struct ps_api_event event;
    struct ps_stream stream;
    struct ps_reply reply;
};

/* Begins to answer another event. */
static bool take(struct bench *bench, const struct fake_event *pushed)
{
    fake_lambda_push(bench->fake, pushed);
    ps_arena_reset(&bench->arena, 0);
    if (!CHECK_OK(ps_api_next(bench->api, &bench->arena, &bench->event))) return false;
    bench->stream = (struct ps_stream){ .api = bench->api, .event = &bench->event, .arena = &bench->arena };
    bench->reply = (struct ps_reply){ .content_type = "text/plain", .stream = &bench->stream };
    return true;
}

static struct bench *open_bench(const struct fake_event *pushed)
{
    static struct bench bench;
    bench = (struct bench){ .fake = fake_lambda_start(),
                            .process = check_arena(1 << 20),
                            .arena = check_arena(ARENA_BYTES) };
    CHECK_OK(ps_api_open(&bench.process, ps_span_of(fake_lambda_address(bench.fake)), &bench.api));
    CHECK(take(&bench, pushed));
    return &bench;
}

static void close_bench(struct bench *bench)
{
    ps_api_close(bench->api);
    fake_lambda_stop(bench->fake);
    ps_arena_fini(&bench->process);
    ps_arena_fini(&bench->arena);
}

/* Ends the stream in order and gives what arrived. */
static const struct fake_post *finish(struct bench *bench)
{
    uint32_t status = 0;
    CHECK_OK(ps_stream_end(&bench->stream, NULL, &status));
    CHECK_EQ(status, 202);
    return fake_lambda_post(bench->fake, fake_lambda_posts(bench->fake) - 1, WAIT_MS);
}

static const struct fake_event PLAIN = { .body = PS_SPAN_INIT("{}") };

/* -- a response ---------------------------------------------------------------------------------------------------- */

static void the_head_says_that_the_response_is_streamed(void)
{
    struct bench *bench = open_bench(&PLAIN);
    CHECK_OK(ps_stream_begin(&bench->reply));
    const struct fake_post *post = finish(bench);
    CHECK_EQ(post->kind, FAKE_RESPONSE);
    CHECK_TEXT(post->request_id, "request-1");
    CHECK_TEXT(post->response_mode, "streaming");
    CHECK_TEXT(post->content_type, "text/plain");
    CHECK_TEXT(post->invocation_id, "invocation-1");
    CHECK_TEXT(post->user_agent, "penstock/" PS_VERSION);
    CHECK_TEXT(fake_post_header(post, "Trailer"),
               "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body");
    CHECK_TEXT(fake_post_header(post, "Transfer-Encoding"), "chunked");
    CHECK_EQ(fake_post_header(post, "Content-Length").len, 0);
    CHECK(post->chunked && post->whole);
    CHECK_EQ(post->body.len, 0);
    CHECK_TEXT(post->trailers, "\r\n");
    close_bench(bench);
}

static void an_invocation_id_that_was_not_given_is_not_echoed(void)
{
    struct bench *bench = open_bench(&(struct fake_event){ .body = PS_SPAN("{}"), .headers = "" });
    CHECK_OK(ps_stream_begin(&bench->reply));
    CHECK_EQ(ps_span_find(finish(bench)->head, PS_SPAN("Invocation-Id")), PS_SPAN_NONE);
    close_bench(bench);
}

static void each_write_arrives_as_a_chunk_before_the_next_is_made(void)
{
    enum { WRITES = 20, BYTES = 100 };
    char text[WRITES * BYTES];
    memset(text, 'x', sizeof text);
    struct bench *bench = open_bench(&PLAIN);
    CHECK_OK(ps_stream_begin(&bench->reply));
    for (size_t i = 1; i <= WRITES; i++) {
        CHECK_OK(ps_stream_write(&bench->reply, ps_span_make(text, BYTES)));
        CHECK_OK(ps_stream_write(&bench->reply, ps_span_make(NULL, 0)));
        CHECK(fake_lambda_await_body(bench->fake, "request-1", i * BYTES, WAIT_MS));
    }
    CHECK_EQ(fake_lambda_posts(bench->fake), 0);
    const struct fake_post *post = finish(bench);
    CHECK_EQ(post->chunks, WRITES);
    CHECK_SPAN(post->body, ps_span_make(text, sizeof text));
    close_bench(bench);
}

static void every_byte_and_every_size_arrives_as_it_was(void)
{
    static const size_t SIZES[] = { 1, 15, 16, 255, 256, 4095, 65536, 1 << 20, 7 };
    static unsigned char bytes[1 << 20];
    struct bench *bench = open_bench(&PLAIN);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i ^ i >> 8);
    CHECK_OK(ps_stream_begin(&bench->reply));
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++)
        CHECK_OK(ps_stream_write(&bench->reply, ps_span_make((const char *)bytes, SIZES[i])));
    struct ps_span rest = finish(bench)->body;
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        CHECK_SPAN(ps_span_first(rest, SIZES[i]), ps_span_make((const char *)bytes, SIZES[i]));
        rest = ps_span_from(rest, rest.len < SIZES[i] ? rest.len : SIZES[i]);
    }
    CHECK_EQ(rest.len, 0);
    CHECK_EQ(bench->stream.body_bytes, 1 + 15 + 16 + 255 + 256 + 4095 + 65536 + (1 << 20) + 7);
    close_bench(bench);
}

static void the_connection_ends_with_the_response_and_a_new_one_carries_the_next(void)
{
    struct bench *bench = open_bench(&PLAIN);
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(ps_stream_begin(&bench->reply));
        CHECK_OK(ps_stream_write(&bench->reply, PS_SPAN("some")));
        const struct fake_post *post = finish(bench);
        CHECK_TEXT(post->body, "some");
        CHECK_EQ(post->connection, i);
        CHECK_EQ(ps_api_connection(bench->api)->fd, -1);
        CHECK(take(bench, &PLAIN));
    }
    /* What is not streamed has no such header, and keeps its connection. */
    uint32_t status = 0;
    CHECK_OK(ps_api_respond(bench->api, &bench->event, "text/plain", PS_SPAN("whole"), &status));
    CHECK_EQ(fake_lambda_post(bench->fake, 3, WAIT_MS)->response_mode.len, 0);
    CHECK(ps_api_connection(bench->api)->fd >= 0);
    close_bench(bench);
}

static void a_connection_that_died_is_opened_again_before_the_head(void)
{
    struct bench *bench = open_bench(&(struct fake_event){ .body = PS_SPAN("{}"), .close_after = true });
    struct pollfd closed = { .fd = ps_api_connection(bench->api)->fd, .events = POLLIN };
    CHECK_EQ(poll(&closed, 1, WAIT_MS), 1);
    CHECK_OK(ps_stream_begin(&bench->reply));
    CHECK_OK(ps_stream_write(&bench->reply, PS_SPAN("all of it")));
    const struct fake_post *post = finish(bench);
    CHECK_TEXT(post->body, "all of it");
    CHECK_EQ(post->connection, 1);
    close_bench(bench);
}

static void a_begun_response_disarms_the_answer_to_a_crash(void)
{
    struct bench *bench = open_bench(&PLAIN);
    struct ps_crash crash = { .head_bytes = 1 };
    bench->stream.crash = &crash;
    CHECK_ERR(ps_stream_begin_http(&bench->reply, &(struct ps_stream_http){ .status = 0 }), PS_ERR_BAD_INPUT);
    CHECK_EQ(crash.head_bytes, 1);
    CHECK_OK(ps_stream_begin(&bench->reply));
    CHECK_EQ(crash.head_bytes, 0);
    CHECK(finish(bench) != NULL);
    close_bench(bench);
}

/* -- status, headers, cookies -------------------------------------------------------------------------------------- */

#define EIGHT_NULS "\0\0\0\0\0\0\0\0"

static void an_http_response_begins_with_status_headers_and_cookies(void)
{
    struct bench *bench = open_bench(&PLAIN);
    const struct ps_stream_header headers[] = {
        { PS_SPAN("Content-Type"), PS_SPAN("text/html; charset=\"utf-8\"") },
        { PS_SPAN("Vary"), PS_SPAN("Accept") },
        { PS_SPAN("X-Path"), PS_SPAN("C:\\temp\t\xc3\xa4") },
        { PS_SPAN("vary"), PS_SPAN("Origin") },
        { PS_SPAN("X-Empty"), PS_SPAN("") },
        { PS_SPAN("VARY"), PS_SPAN("\"x\"") },
    };
    const struct ps_span cookies[] = { PS_SPAN("a=1; Secure"), PS_SPAN("b=\"2\"") };
    struct ps_stream_http http = { .status = 201,
                                   .headers = headers,
                                   .headers_count = sizeof headers / sizeof headers[0],
                                   .cookies = cookies,
                                   .cookies_count = 2 };
    size_t used = ps_arena_used(&bench->arena);
    CHECK_OK(ps_stream_begin_http(&bench->reply, &http));
    CHECK_EQ(ps_arena_used(&bench->arena), used);
    CHECK_OK(ps_stream_write(&bench->reply, PS_SPAN("\0body")));
    const struct fake_post *post = finish(bench);
    CHECK_TEXT(post->content_type, "application/vnd.awslambda.http-integration-response");
    CHECK_TEXT(post->response_mode, "streaming");
    CHECK_EQ(post->chunks, 2);
    CHECK_SPAN(post->body,
               PS_SPAN("{\"statusCode\":201,\"headers\":{\"Content-Type\":\"text/html; charset=\\\"utf-8\\\"\","
                       "\"Vary\":\"Accept, Origin, \\\"x\\\"\",\"X-Path\":\"C:\\\\temp\\t\xc3\xa4\",\"X-Empty\":\"\"},"
                       "\"cookies\":[\"a=1; Secure\",\"b=\\\"2\\\"\"]}" EIGHT_NULS "\0body"));
    close_bench(bench);
}

static void an_http_response_may_have_neither_headers_nor_cookies_nor_body(void)
{
    struct bench *bench = open_bench(&PLAIN);
    CHECK_OK(ps_stream_begin_http(&bench->reply, &(struct ps_stream_http){ .status = 204 }));
    CHECK_SPAN(finish(bench)->body, PS_SPAN("{\"statusCode\":204,\"headers\":{},\"cookies\":[]}" EIGHT_NULS));
    close_bench(bench);
}

static void check_refused_http(struct bench *bench, const struct ps_stream_http *http, enum ps_err wanted)
{
    CHECK_ERR(ps_stream_begin_http(&bench->reply, http), wanted);
    CHECK(!bench->stream.begun);
}

static void what_http_cannot_carry_is_refused_before_anything_is_sent(void)
{
    static const struct ps_stream_header WRONG[] = {
        { PS_SPAN_INIT(""), PS_SPAN_INIT("x") },           { PS_SPAN_INIT("X Y"), PS_SPAN_INIT("x") },
        { PS_SPAN_INIT("X:"), PS_SPAN_INIT("x") },         { PS_SPAN_INIT("\xc3\xa4"), PS_SPAN_INIT("x") },
        { PS_SPAN_INIT("Set-cookie"), PS_SPAN_INIT("x") }, { PS_SPAN_INIT("X"), PS_SPAN_INIT("a\r\nY: b") },
        { PS_SPAN_INIT("X"), PS_SPAN_INIT("\0") },         { PS_SPAN_INIT("X"), PS_SPAN_INIT("\x7f") },
        { PS_SPAN_INIT("X"), PS_SPAN_INIT("\xff") },       { PS_SPAN_INIT("X"), PS_SPAN_INIT("cut \xc3") },
    };
    static const uint32_t STATUSES[] = { 0, 100, 199, 600, 2000 };
    struct bench *bench = open_bench(&PLAIN);
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        const struct ps_stream_header headers[] = { { PS_SPAN("Fine"), PS_SPAN("fine") }, WRONG[i] };
        check_refused_http(bench, &(struct ps_stream_http){ .status = 200, .headers = headers, .headers_count = 2 },
                           PS_ERR_BAD_INPUT);
        bool wrong_value = i >= 5;
        if (wrong_value)
            check_refused_http(
                bench, &(struct ps_stream_http){ .status = 200, .cookies = &WRONG[i].value, .cookies_count = 1 },
                PS_ERR_BAD_INPUT);
    }
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++)
        check_refused_http(bench, &(struct ps_stream_http){ .status = STATUSES[i] }, PS_ERR_BAD_INPUT);
    uint32_t status = 0;
    CHECK_OK(ps_api_respond(bench->api, &bench->event, "text/plain", PS_SPAN("ordinary"), &status));
    CHECK_TEXT(fake_lambda_post(bench->fake, 0, WAIT_MS)->body, "ordinary");
    close_bench(bench);
}

static void an_http_head_over_its_limits_is_refused(void)
{
    static struct ps_stream_header headers[PS_STREAM_HEADERS_MAX + 1];
    char names[PS_STREAM_HEADERS_MAX + 1][8];
    char *large = malloc(PS_STREAM_HTTP_BYTES_MAX);
    memset(large, 'x', PS_STREAM_HTTP_BYTES_MAX);
    for (size_t i = 0; i <= PS_STREAM_HEADERS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "X-%zu", i);
        headers[i] = (struct ps_stream_header){ ps_span_of(names[i]), PS_SPAN("v") };
    }
    struct bench *bench = open_bench(&PLAIN);
    struct ps_span cookie = { large, PS_STREAM_HTTP_BYTES_MAX };
    check_refused_http(bench, &(struct ps_stream_http){ .status = 200, .cookies = &cookie, .cookies_count = 1 },
                       PS_ERR_TOO_LARGE);
    struct ps_stream_http http = { .status = 200, .headers = headers, .headers_count = PS_STREAM_HEADERS_MAX + 1 };
    check_refused_http(bench, &http, PS_ERR_TOO_LARGE);
    http.headers_count = PS_STREAM_HEADERS_MAX;
    CHECK_OK(ps_stream_begin_http(&bench->reply, &http));
    CHECK(finish(bench) != NULL);
    free(large);
    close_bench(bench);
}

static void an_http_head_without_memory_is_refused_before_anything_is_sent(void)
{
    struct bench *bench = open_bench(&PLAIN);
    struct ps_stream_http http = { .status = 200 };
    PS_EACH_FAILURE(&bench->arena, ps_stream_begin_http(&bench->reply, &http));
    CHECK_EQ(finish(bench)->chunks, 1);
    close_bench(bench);
}

/* -- errors -------------------------------------------------------------------------------------------------------- */

static void an_error_in_the_middle_goes_into_the_trailers(void)
{
    struct bench *bench = open_bench(&PLAIN);
    CHECK_OK(ps_stream_begin(&bench->reply));
    CHECK_OK(ps_stream_write(&bench->reply, PS_SPAN("half of")));
    static struct ps_failure failure;
    CHECK_ERR(ps_err_raise(PS_ERR_BAD_INPUT, "x.c", 7, "line 3 is \"wrong\""), PS_ERR_BAD_INPUT);
    ps_failure_make(&failure, NULL, PS_SPAN(""));
    uint32_t status = 0;
    CHECK_OK(ps_stream_end(&bench->stream, &failure, &status));
    CHECK_EQ(status, 202);
    const struct fake_post *post = fake_lambda_post(bench->fake, 0, WAIT_MS);
    CHECK(post->whole);
    CHECK_TEXT(post->body, "half of");
    CHECK_TEXT(post->stream_error_type, "Function.BadInput");
    struct ps_span json;
    if (CHECK_OK(ps_base64_decode(&bench->arena, post->stream_error_body, &json))) CHECK_SPAN(json, failure.json);
    /* Nothing of it is in the head: there the response was still a good one. */
    CHECK_EQ(post->error_type.len, 0);
    close_bench(bench);
}

static void trailers_fit_into_the_4_kib_that_lambda_reads(void)
{
    static const size_t SIZES[] = { PS_STREAM_ERROR_BYTES_MAX, PS_STREAM_ERROR_BYTES_MAX + 1 };
    char text[PS_STREAM_ERROR_BYTES_MAX + 1], type[PS_FAILURE_TYPE_BYTES_MAX];
    memset(text, 'x', sizeof text);
    memset(type, 'T', sizeof type);
    struct bench *bench = open_bench(&PLAIN);
    for (size_t i = 0; i < 2; i++) {
        struct ps_failure failure = { .type = { type, sizeof type }, .json = { text, SIZES[i] } };
        uint32_t status = 0;
        CHECK_OK(ps_stream_begin(&bench->reply));
        CHECK_OK(ps_stream_end(&bench->stream, &failure, &status));
        const struct fake_post *post = fake_lambda_post(bench->fake, i, WAIT_MS);
        CHECK(post->trailers.len <= 4096);
        CHECK_EQ(post->stream_error_type.len, sizeof type);
        struct ps_span json;
        if (CHECK_OK(ps_base64_decode(&bench->arena, post->stream_error_body, &json)))
            CHECK_SPAN(json, i == 0 ? failure.json : PS_SPAN("{}"));
        CHECK(take(bench, &PLAIN));
    }
    close_bench(bench);
}

static void calls_out_of_order_are_unsupported(void)
{
    struct bench *bench = open_bench(&PLAIN);
    struct ps_stream_http http = { .status = 200 };
    CHECK_ERR(ps_stream_write(&bench->reply, PS_SPAN("x")), PS_ERR_UNSUPPORTED);
    CHECK(strstr(ps_err_note()->text, "before it has begun") != NULL);
    CHECK_OK(ps_stream_begin(&bench->reply));
    CHECK_ERR(ps_stream_begin(&bench->reply), PS_ERR_UNSUPPORTED);
    CHECK_ERR(ps_stream_begin_http(&bench->reply, &http), PS_ERR_UNSUPPORTED);
    CHECK(strstr(ps_err_note()->text, "begun twice") != NULL);
    CHECK_OK(ps_stream_write(&bench->reply, PS_SPAN("x")));
    CHECK_TEXT(finish(bench)->body, "x");
    close_bench(bench);
}

static void a_reply_without_a_runtime_cannot_be_streamed(void)
{
    struct ps_reply reply = { .content_type = "text/plain" };
    CHECK_ERR(ps_stream_begin(&reply), PS_ERR_UNSUPPORTED);
    CHECK(strstr(ps_err_note()->text, "only reply->body") != NULL);
    CHECK_ERR(ps_stream_begin_http(&reply, &(struct ps_stream_http){ .status = 200 }), PS_ERR_UNSUPPORTED);
    CHECK_ERR(ps_stream_write(&reply, PS_SPAN("x")), PS_ERR_UNSUPPORTED);
}

static void what_is_over_the_limit_is_not_sent(void)
{
    struct bench *bench = open_bench(&PLAIN);
    CHECK_OK(ps_stream_begin(&bench->reply));
    bench->stream.body_bytes = PS_STREAM_BYTES_MAX - 3;
    CHECK_ERR(ps_stream_write(&bench->reply, PS_SPAN("four")), PS_ERR_TOO_LARGE);
    CHECK_OK(ps_stream_write(&bench->reply, PS_SPAN("two")));
    CHECK_ERR(ps_stream_write(&bench->reply, PS_SPAN("1")), PS_ERR_TOO_LARGE);
    CHECK_TEXT(finish(bench)->body, "two");
    close_bench(bench);
}

/* -- Lambda does not want it, or is gone --------------------------------------------------------------------------- */

/* Writes at most 20 MB bit by bit; what the last write said. */
static enum ps_err write_much(struct ps_reply *reply)
{
    static char bytes[8 << 10];
    enum ps_err err = PS_OK;
    for (size_t i = 0; i < (20 << 20) / sizeof bytes && err == PS_OK; i++)
        err = ps_stream_write(reply, ps_span_make(bytes, sizeof bytes));
    return err;
}

static void an_early_answer_is_noticed_while_writing(void)
{
    static const int STATUSES[] = { 413, 410, 403, 400 };
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        struct bench *bench = open_bench(&(struct fake_event){
            .body = PS_SPAN("{}"), .answer_turns = { STATUSES[i] }, .answer_after_bytes = 100000 });
        CHECK_OK(ps_stream_begin(&bench->reply));
        CHECK_ERR(write_much(&bench->reply), PS_ERR_REFUSED);
        uint64_t sent = bench->stream.body_bytes;
        CHECK(sent >= 90000);
        CHECK_ERR(ps_stream_write(&bench->reply, PS_SPAN("more")), PS_ERR_REFUSED);
        CHECK_EQ(bench->stream.body_bytes, sent);
        uint32_t status = 0;
        CHECK_OK(ps_stream_end(&bench->stream, NULL, &status));
        CHECK_EQ(status, STATUSES[i]);
        CHECK(take(bench, &PLAIN));
        close_bench(bench);
    }
}

static void a_refusal_of_the_head_is_noticed(void)
{
    struct bench *bench =
        open_bench(&(struct fake_event){ .body = PS_SPAN("{}"), .answer_turns = { 410 }, .answer_early = true });
    enum ps_err err = ps_stream_begin(&bench->reply);
    if (err == PS_OK) err = write_much(&bench->reply);
    CHECK_ERR(err, PS_ERR_REFUSED);
    CHECK_EQ(bench->stream.status, 410);
    close_bench(bench);
}

static void a_refusal_at_the_end_is_told(void)
{
    struct bench *bench = open_bench(&(struct fake_event){ .body = PS_SPAN("{}"), .answer_turns = { 413 } });
    uint32_t status = 0;
    CHECK_OK(ps_stream_begin(&bench->reply));
    CHECK_OK(ps_stream_end(&bench->stream, NULL, &status));
    CHECK_EQ(status, 413);
    close_bench(bench);
}

static void a_stream_that_breaks_stays_broken(void)
{
    static const int TURNS[] = { FAKE_HANG_UP, 500 };
    for (size_t i = 0; i < 2; i++) {
        struct bench *bench = open_bench(
            &(struct fake_event){ .body = PS_SPAN("{}"), .answer_turns = { TURNS[i] }, .answer_after_bytes = 100000 });
        uint32_t status = 0;
        CHECK_OK(ps_stream_begin(&bench->reply));
        CHECK_ERR(write_much(&bench->reply), PS_ERR_UNAVAILABLE);
        CHECK_ERR(ps_stream_write(&bench->reply, PS_SPAN("more")), PS_ERR_UNAVAILABLE);
        CHECK_ERR(ps_stream_end(&bench->stream, NULL, &status), PS_ERR_UNAVAILABLE);
        CHECK_EQ(ps_err_note()->err, PS_ERR_UNAVAILABLE);
        close_bench(bench);
    }
}

static void an_end_that_is_not_answered_is_a_failure(void)
{
    static const int TURNS[] = { FAKE_HANG_UP, 500 };
    for (size_t i = 0; i < 2; i++) {
        struct bench *bench = open_bench(&(struct fake_event){ .body = PS_SPAN("{}"), .answer_turns = { TURNS[i] } });
        uint32_t status = 0;
        CHECK_OK(ps_stream_begin(&bench->reply));
        CHECK_ERR(ps_stream_end(&bench->stream, NULL, &status), PS_ERR_UNAVAILABLE);
        close_bench(bench);
    }
}

/* A listener that nobody serves: the kernel accepts, takes what fits its buffers and says nothing. */
static int listen_deaf(char address[32])
{
    struct sockaddr_in bound = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof bound;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&bound, len) == 0 && listen(fd, 4) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&bound, &len) == 0);
    snprintf(address, 32, "127.0.0.1:%u", (unsigned)ntohs(bound.sin_port));
    return fd;
}

static void a_lambda_that_takes_nothing_is_waited_for_as_long_as_told(void)
{
    enum { IDLE_MS = 30, SLACK_US = 2000000 };
    static char bytes[64 << 10];
    struct ps_arena arena = check_arena(1 << 20);
    char address[32];
    int listener = listen_deaf(address);
    struct ps_api *api = NULL;
    CHECK_OK(ps_api_open(&arena, ps_span_of(address), &api));
    uint64_t begin_us = ps_clock_monotonic_us();
    struct ps_api_event event = { .request_id = PS_SPAN("r") };
    struct ps_span piece = { bytes, sizeof bytes }, head;
    bool whole = true;
    CHECK_OK(ps_api_stream_begin(api, &event, "text/plain", IDLE_MS, &head));
    enum ps_err err = PS_OK;
    while (err == PS_OK && whole)
        err = ps_api_stream_send(api, &piece, 1, &whole);
    CHECK_ERR(err, PS_ERR_UNAVAILABLE);
    CHECK(strstr(ps_err_note()->text, "took nothing for 30 ms") != NULL);
    uint32_t status = 0;
    CHECK_OK(ps_api_stream_begin(api, &event, "text/plain", IDLE_MS, &head));
    CHECK_OK(ps_api_stream_send(api, &head, 1, &whole));
    CHECK_ERR(ps_api_stream_read_answer(api, &status), PS_ERR_UNAVAILABLE);
    CHECK(strstr(ps_err_note()->text, "silent for 30 ms") != NULL);
    CHECK(ps_clock_monotonic_us() - begin_us < SLACK_US);
    close(listener);
    ps_arena_fini(&arena);
}

static void a_response_is_these_bytes(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    char address[32], wanted[1024], got[1024] = "";
    int listener = listen_deaf(address);
    struct ps_api_event event = { .request_id = PS_SPAN("r") };
    struct ps_stream stream = { .event = &event, .arena = &arena };
    CHECK_OK(ps_api_open(&arena, ps_span_of(address), &stream.api));
    struct ps_reply reply = { .content_type = "text/plain", .stream = &stream };
    CHECK_OK(ps_stream_begin_http(&reply, &(struct ps_stream_http){ .status = 200 }));
    CHECK_OK(ps_stream_write(&reply, PS_SPAN("twelve bytes")));
    ps_api_close(stream.api);
    int fd = accept(listener, NULL, NULL);
    ssize_t there = recv(fd, got, sizeof got, MSG_WAITALL);
    int head_bytes = snprintf(wanted, sizeof wanted,
                              "POST /2018-06-01/runtime/invocation/r/response HTTP/1.1\r\n"
                              "Host: %s\r\n"
                              "User-Agent: penstock/" PS_VERSION "\r\n"
                              "Content-Type: application/vnd.awslambda.http-integration-response\r\n"
                              "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
                              "Transfer-Encoding: chunked\r\n"
                              "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n",
                              address);
    struct ps_span body = PS_SPAN("34\r\n{\"statusCode\":200,\"headers\":{},\"cookies\":[]}" EIGHT_NULS "\r\n"
                                  "c\r\ntwelve bytes\r\n");
    if (CHECK_EQ(there, head_bytes + (ssize_t)body.len)) {
        CHECK_SPAN(ps_span_make(got, (size_t)head_bytes), ps_span_make(wanted, (size_t)head_bytes));
        CHECK_SPAN(ps_span_make(got + head_bytes, body.len), body);
    }
    close(fd);
    close(listener);
    ps_arena_fini(&arena);
}

static void a_stream_that_reaches_nobody_has_not_begun(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    char address[32];
    close(listen_deaf(address));
    struct ps_api_event event = { .request_id = PS_SPAN("r") };
    struct ps_stream stream = { .event = &event, .arena = &arena };
    CHECK_OK(ps_api_open(&arena, ps_span_of(address), &stream.api));
    struct ps_reply reply = { .content_type = "text/plain", .stream = &stream };
    CHECK_ERR(ps_stream_begin(&reply), PS_ERR_UNAVAILABLE);
    CHECK(!stream.begun);
    CHECK_EQ(ps_api_connection(stream.api)->fd, -1);
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(the_head_says_that_the_response_is_streamed);
    RUN(an_invocation_id_that_was_not_given_is_not_echoed);
    RUN(each_write_arrives_as_a_chunk_before_the_next_is_made);
    RUN(every_byte_and_every_size_arrives_as_it_was);
    RUN(the_connection_ends_with_the_response_and_a_new_one_carries_the_next);
    RUN(a_connection_that_died_is_opened_again_before_the_head);
    RUN(a_begun_response_disarms_the_answer_to_a_crash);
    RUN(an_http_response_begins_with_status_headers_and_cookies);
    RUN(an_http_response_may_have_neither_headers_nor_cookies_nor_body);
    RUN(what_http_cannot_carry_is_refused_before_anything_is_sent);
    RUN(an_http_head_over_its_limits_is_refused);
    RUN(an_http_head_without_memory_is_refused_before_anything_is_sent);
    RUN(an_error_in_the_middle_goes_into_the_trailers);
    RUN(trailers_fit_into_the_4_kib_that_lambda_reads);
    RUN(calls_out_of_order_are_unsupported);
    RUN(a_reply_without_a_runtime_cannot_be_streamed);
    RUN(what_is_over_the_limit_is_not_sent);
    RUN(an_early_answer_is_noticed_while_writing);
    RUN(a_refusal_of_the_head_is_noticed);
    RUN(a_refusal_at_the_end_is_told);
    RUN(a_stream_that_breaks_stays_broken);
    RUN(an_end_that_is_not_answered_is_a_failure);
    RUN(a_lambda_that_takes_nothing_is_waited_for_as_long_as_told);
    RUN(a_response_is_these_bytes);
    RUN(a_stream_that_reaches_nobody_has_not_begun);
    return check_finish();
}
