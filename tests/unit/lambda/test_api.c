#include "lambda/api.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/version.h"
#include "host/clock.h"
#include "support/check.h"
#include "support/fake_lambda.h"

enum { ARENA_BYTES = 64 << 20, WAIT_MS = 5000 };

/* -- what the kernel says, on the thread that asks -------------------------------------------------------------------
 */

/* Receives that are told that nothing came in time, before the kernel is asked. */
static _Thread_local unsigned silent_receives;

ssize_t recv(int fd, void *memory, size_t size,
             int flags) // NOLINT(readability-inconsistent-declaration-parameter-name)
{
    if (silent_receives > 0) {
        silent_receives--;
        errno = EAGAIN;
        return -1;
    }
    return syscall(SYS_recvfrom, fd, memory, size, flags, NULL, NULL);
}

/* Polls of two descriptors answer only when the first of them is ready, and then the second is, too. */
static _Thread_local bool polls_late;
static _Thread_local int fake_stop;

/* By ppoll: arm64 has no system call poll. */
static int ask_kernel(struct pollfd *fds, nfds_t count, int wait_ms)
{
    struct timespec wait = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L };
    return ppoll(fds, count, wait_ms < 0 ? NULL : &wait, NULL);
}

int poll(struct pollfd *fds, nfds_t count, int wait_ms) // NOLINT(readability-inconsistent-declaration-parameter-name)
{
    if (polls_late && count == 2) {
        (void)ask_kernel(fds, 1, WAIT_MS);
        if (write(fake_stop, "x", 1) != 1) return -1;
    }
    return ask_kernel(fds, count, wait_ms);
}

/* ------------------------------------------------------------------------------------------------------------------ */

/* A server and a client of it. */
struct bench {
    struct fake_lambda *fake;
    struct ps_arena process, arena;
    struct ps_api *api;
};

static struct bench open_bench(void)
{
    struct bench bench = { .fake = fake_lambda_start(),
                           .process = check_arena(1 << 20),
                           .arena = check_arena(ARENA_BYTES) };
    CHECK_OK(ps_api_open(&bench.process, ps_span_of(fake_lambda_address(bench.fake)), &bench.api));
    return bench;
}

static void close_bench(struct bench *bench)
{
    ps_api_close(bench->api);
    fake_lambda_stop(bench->fake);
    ps_arena_fini(&bench->process);
    ps_arena_fini(&bench->arena);
}

static char *pattern(size_t len)
{
    char *data = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        data[i] = (char)('a' + i % 26);
    return data;
}

/* Pushes the event, takes it, and checks that the body arrived as it was. */
static bool take(struct bench *bench, const struct fake_event *pushed, struct ps_api_event *event)
{
    fake_lambda_push(bench->fake, pushed);
    ps_arena_reset(&bench->arena, 0);
    return CHECK_OK(ps_api_next(bench->api, &bench->arena, event)) && CHECK_EQ(event->body_err, PS_OK) &&
           CHECK_SPAN(event->body, pushed->body);
}

static void an_address_is_an_ipv4_address_or_localhost_and_a_port(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_api *api = NULL;
    CHECK_OK(ps_api_open(&arena, PS_SPAN("169.254.100.1:9001"), &api));
    CHECK_OK(ps_api_open(&arena, PS_SPAN("localhost:1"), &api));
    static const char *const BAD[] = { "",
                                       "127.0.0.1",
                                       "127.0.0.1:",
                                       "127.0.0.1:0",
                                       "127.0.0.1:65536",
                                       "host:9001",
                                       "1.2.3.4.5:9001",
                                       "::1:9001",
                                       ":9001",
                                       "127.0.0.1:90a",
                                       "9999999999999999999999999999999999999999999999999999999999999999:80" };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        CHECK_ERR(ps_api_open(&arena, ps_span_of(BAD[i]), &api), PS_ERR_BAD_CONFIG);
    ps_arena_fini(&arena);
}

static void an_event_comes_with_its_headers(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = {
        .body = PS_SPAN("{\"a\":1}"),
        .request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        .headers = "Lambda-Runtime-Deadline-Ms: 1542409706888\r\n"
                   "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-2:123456789012:function:f\r\n"
                   "Lambda-Runtime-Trace-Id: Root=1-5bef4de7;Sampled=1\r\n"
                   "Lambda-Runtime-Client-Context: {\"c\":1}\r\n"
                   "lambda-runtime-cognito-identity: {\"i\":1}\r\n"
                   "Lambda-Runtime-Aws-Tenant-Id: tenant\r\n"
                   "Lambda-Runtime-Invocation-Id: inv/1\r\n",
    };
    struct ps_api_event event;
    if (take(&bench, &pushed, &event)) {
        CHECK_TEXT(event.request_id, "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
        CHECK_EQ(event.deadline_ms, 1542409706888);
        CHECK_TEXT(event.function_arn, "arn:aws:lambda:us-east-2:123456789012:function:f");
        CHECK_TEXT(event.trace_id, "Root=1-5bef4de7;Sampled=1");
        CHECK_TEXT(event.client_context, "{\"c\":1}");
        CHECK_TEXT(event.cognito_identity, "{\"i\":1}");
        CHECK_TEXT(event.tenant_id, "tenant");
        CHECK_TEXT(event.invocation_id, "inv/1");
    }
    close_bench(&bench);
}

static void optional_headers_may_be_missing_or_nonsense(void)
{
    struct bench bench = open_bench();
    struct ps_api_event event;
    struct fake_event bare = { .body = PS_SPAN("1"), .headers = "" };
    if (take(&bench, &bare, &event)) {
        CHECK_EQ(event.deadline_ms, 0);
        CHECK_EQ(event.trace_id.len + event.function_arn.len + event.client_context.len + event.invocation_id.len, 0);
    }
    struct fake_event odd = { .body = PS_SPAN("2"),
                              .headers = "Lambda-Runtime-Deadline-Ms: soon\r\nLambda-Runtime-Client-Context: \r\n"
                                         "Lambda-Runtime-Invocation-Id: two words\r\n" };
    if (take(&bench, &odd, &event)) {
        CHECK_EQ(event.deadline_ms, 0);
        CHECK_EQ(event.invocation_id.len, 0);
    }
    close_bench(&bench);
}

static void both_framings_bring_every_size_in_any_pieces(void)
{
    static const size_t SIZES[] = { 0, 1, 2047, 2048, 8191, 8192, 70000, 6291556, 20 << 20 };
    static const struct {
        enum fake_framing framing;
        size_t chunk_bytes, piece_bytes;
    } WAYS[] = {
        { FAKE_SIZED, 0, 0 },   { FAKE_SIZED, 0, 1000 }, { FAKE_CHUNKED, 0, 0 },
        { FAKE_CHUNKED, 1, 0 }, { FAKE_CHUNKED, 7, 3 },  { FAKE_CHUNKED, 65536, 1460 },
    };
    struct bench bench = open_bench();
    for (size_t s = 0; s < sizeof SIZES / sizeof SIZES[0]; s++) {
        char *memory = pattern(SIZES[s]);
        struct ps_span body = { memory, SIZES[s] };
        for (size_t w = 0; w < sizeof WAYS / sizeof WAYS[0]; w++) {
            if (SIZES[s] > 100000 && (WAYS[w].chunk_bytes == 1 || WAYS[w].piece_bytes == 3)) continue;
            struct fake_event pushed = { .body = body,
                                         .framing = WAYS[w].framing,
                                         .chunk_bytes = WAYS[w].chunk_bytes,
                                         .piece_bytes = WAYS[w].piece_bytes,
                                         .trailers = "X-Trailer: 1\r\n" };
            struct ps_api_event event;
            uint32_t status = 0;
            if (!take(&bench, &pushed, &event)) continue;
            CHECK_OK(ps_api_respond(bench.api, &event, "application/json", PS_SPAN("{}"), &status));
        }
        free(memory);
    }
    CHECK_EQ(fake_lambda_connections(bench.fake), 1);
    close_bench(&bench);
}

static void the_arena_keeps_the_event_and_no_more(void)
{
    struct bench bench = open_bench();
    char *memory = pattern(300000);
    struct ps_span body = { memory, 300000 };
    struct fake_event pushed = { .body = body, .framing = FAKE_CHUNKED };
    struct ps_api_event event;
    CHECK(take(&bench, &pushed, &event));
    CHECK(ps_arena_used(&bench.arena) < 300000 + 2000);
    free(memory);
    close_bench(&bench);
}

static void an_answer_carries_type_ids_and_agent(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("{}"), .request_id = "abc" };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    CHECK_OK(ps_api_respond(bench.api, &event, "text/plain", PS_SPAN("bytes\0here"), &status));
    CHECK_EQ(status, 202);
    const struct fake_post *post = fake_lambda_post(bench.fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_RESPONSE);
    CHECK_TEXT(post->request_id, "abc");
    CHECK_TEXT(post->content_type, "text/plain");
    CHECK_TEXT(post->invocation_id, "invocation-1");
    CHECK_TEXT(post->user_agent, "penstock/" PS_VERSION);
    CHECK_SPAN(post->body, PS_SPAN("bytes\0here"));
    CHECK_EQ(post->error_type.len, 0);
    close_bench(&bench);
}

static void a_failure_carries_its_type_in_the_header(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("{}"), .headers = "" };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    struct ps_failure failure = {
        .type = PS_SPAN("Function.BadInput"),
        .json = PS_SPAN("{\"errorMessage\":\"x\"}"),
        .cause = PS_SPAN("{\"exceptions\":[]}"),
    };
    CHECK_OK(ps_api_fail(bench.api, &event, &failure, &status));
    CHECK_EQ(status, 202);
    const struct fake_post *post = fake_lambda_post(bench.fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_ERROR);
    CHECK_TEXT(post->error_type, "Function.BadInput");
    CHECK_TEXT(post->body, "{\"errorMessage\":\"x\"}");
    CHECK(ps_span_find(post->head, PS_SPAN("\r\nLambda-Runtime-Function-XRay-Error-Cause: {\"exceptions\":[]}\r\n")) >
          0);
    /* Not given, so not echoed. */
    CHECK_EQ(ps_span_find(post->head, PS_SPAN("Invocation-Id")), PS_SPAN_NONE);
    close_bench(&bench);
}

static void the_head_for_a_crash_names_the_event_in_hand(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("{}"), .request_id = "abc" };
    struct ps_api_event event;
    CHECK(take(&bench, &pushed, &event));
    struct ps_span head = ps_api_crash_head(bench.api, &event, "/error");
    CHECK(ps_span_starts(head, PS_SPAN("POST /2018-06-01/runtime/invocation/abc/error HTTP/1.1\r\nHost: 127.0.0.1:")));
    CHECK(ps_span_find(head, PS_SPAN("\r\nLambda-Runtime-Function-Error-Type: Runtime.Crash\r\n")) > 0);
    CHECK(ps_span_find(head, PS_SPAN("\r\nLambda-Runtime-Invocation-Id: invocation-1\r\n")) > 0);
    CHECK(ps_span_ends(head, PS_SPAN("\r\nContent-Length: ")));
    head = ps_api_crash_head(bench.api, NULL, "/init/error");
    CHECK(ps_span_starts(head, PS_SPAN("POST /2018-06-01/runtime/init/error HTTP/1.1\r\n")));
    CHECK_EQ(ps_span_find(head, PS_SPAN("Invocation-Id")), PS_SPAN_NONE);
    close_bench(&bench);
}

static void waiting_for_an_event_ends_when_the_process_is_told_to_stop(void)
{
    struct bench bench = open_bench();
    int stop[2];
    CHECK(pipe(stop) == 0);
    ps_api_connection(bench.api)->stop_fd = stop[0];
    struct fake_event pushed = { .body = PS_SPAN("{}") };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    CHECK(!event.stop);
    CHECK(write(stop[1], "x", 1) == 1);
    /* The answer to the event in hand still goes out. */
    CHECK_OK(ps_api_respond(bench.api, &event, "text/plain", PS_SPAN("1"), &status));
    CHECK_EQ(status, 202);
    CHECK_OK(ps_api_next(bench.api, &bench.arena, &event));
    CHECK(event.stop);
    CHECK_EQ(fake_lambda_nexts(bench.fake), 1);
    close(stop[0]);
    close(stop[1]);
    close_bench(&bench);
}

static void an_event_that_comes_together_with_the_stop_is_worked_on(void)
{
    struct bench bench = open_bench();
    int stop[2];
    CHECK(pipe(stop) == 0);
    struct fake_event pushed = { .body = PS_SPAN("{}") };
    struct ps_api_event event;
    polls_late = true;
    ps_api_connection(bench.api)->stop_fd = stop[0];
    fake_lambda_push(bench.fake, &pushed);
    fake_stop = stop[1];
    CHECK_OK(ps_api_next(bench.api, &bench.arena, &event));
    polls_late = false;
    CHECK(!event.stop);
    CHECK_SPAN(event.body, pushed.body);
    CHECK_OK(ps_api_next(bench.api, &bench.arena, &event));
    CHECK(event.stop);
    CHECK_EQ(fake_lambda_nexts(bench.fake), 1);
    close(stop[0]);
    close(stop[1]);
    close_bench(&bench);
}

/* The libc runtime gave /next one second, and left when nothing had come. */
static void next_waits_for_ever(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("{}") };
    struct ps_api_event event;
    fake_lambda_push(bench.fake, &pushed);
    silent_receives = 1000;
    CHECK_OK(ps_api_next(bench.api, &bench.arena, &event));
    CHECK_EQ(silent_receives, 0);
    CHECK_EQ(fake_lambda_nexts(bench.fake), 1);
    close_bench(&bench);
}

static void an_answer_that_nobody_acknowledges_is_a_failure(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("{}") };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    silent_receives = 2;
    CHECK_ERR(ps_api_respond(bench.api, &event, "text/plain", PS_SPAN("1"), &status), PS_ERR_UNAVAILABLE);
    CHECK_EQ(silent_receives, 0);
    close_bench(&bench);
}

static void an_init_failure_is_posted_before_the_first_next(void)
{
    struct bench bench = open_bench();
    uint32_t status = 0;
    struct ps_failure failure = { .type = PS_SPAN("Runtime.HandlerNotFound"), .json = PS_SPAN("{}") };
    CHECK_OK(ps_api_fail_init(bench.api, &failure, &status));
    const struct fake_post *post = fake_lambda_post(bench.fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_INIT_ERROR);
    CHECK_TEXT(post->error_type, "Runtime.HandlerNotFound");
    CHECK_TEXT(post->user_agent, "penstock/" PS_VERSION);
    close_bench(&bench);
}

static void a_refused_answer_is_told_and_the_next_event_comes(void)
{
    static const int STATUSES[] = { 400, 403, 410, 413 };
    struct bench bench = open_bench();
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        struct fake_event pushed = { .body = PS_SPAN("{}"), .answer_turns = { STATUSES[i] } };
        struct ps_api_event event;
        uint32_t status = 0;
        CHECK(take(&bench, &pushed, &event));
        CHECK_OK(ps_api_respond(bench.api, &event, "application/json", PS_SPAN("{}"), &status));
        CHECK_EQ(status, STATUSES[i]);
    }
    CHECK_EQ(fake_lambda_posts(bench.fake), 4);
    close_bench(&bench);
}

static void an_answer_that_lambda_fails_on_ends_the_process(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("{}"), .answer_turns = { 500 } };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    CHECK_ERR(ps_api_respond(bench.api, &event, "application/json", PS_SPAN("{}"), &status), PS_ERR_UNAVAILABLE);
    CHECK_EQ(fake_lambda_posts(bench.fake), 1);
    close_bench(&bench);
}

static void a_refusal_before_a_large_body_was_taken_is_still_read(void)
{
    struct bench bench = open_bench();
    char *memory = pattern(PS_API_RESPONSE_BYTES_MAX);
    struct ps_span body = { memory, PS_API_RESPONSE_BYTES_MAX };
    struct fake_event pushed = { .body = PS_SPAN("{}"), .answer_early = true, .answer_turns = { 413, 413 } };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    /* The server closes with bytes unread, so its answer may be lost to a reset: either way no hang and no crash. */
    enum ps_err err = ps_api_respond(bench.api, &event, "application/json", body, &status);
    if (err == PS_OK)
        CHECK_EQ(status, 413);
    else
        CHECK_ERR(err, PS_ERR_UNAVAILABLE);
    CHECK(take(&bench, &(struct fake_event){ .body = PS_SPAN("next") }, &event));
    free(memory);
    close_bench(&bench);
}

static void the_largest_answer_arrives_whole(void)
{
    struct bench bench = open_bench();
    char *memory = pattern(PS_API_RESPONSE_BYTES_MAX);
    struct ps_span body = { memory, PS_API_RESPONSE_BYTES_MAX };
    struct fake_event pushed = { .body = PS_SPAN("{}") };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    CHECK_OK(ps_api_respond(bench.api, &event, "application/json", body, &status));
    const struct fake_post *post = fake_lambda_post(bench.fake, 0, WAIT_MS);
    CHECK(post != NULL && ps_span_eq(post->body, body));
    free(memory);
    close_bench(&bench);
}

static void a_connection_that_died_idle_is_opened_again_for_next(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("1"), .close_after_answer = true };
    struct ps_api_event event;
    uint32_t status = 0;
    uint64_t begin_us = ps_clock_monotonic_us();
    for (int i = 0; i < 11; i++) {
        CHECK(take(&bench, &pushed, &event));
        CHECK_OK(ps_api_respond(bench.api, &event, "application/json", PS_SPAN("{}"), &status));
    }
    CHECK_EQ(fake_lambda_connections(bench.fake), 11);
    CHECK_EQ(fake_lambda_posts(bench.fake), 11);
    /* At once: with the back-off of a failing server it would take ten times 50 ms. */
    CHECK(ps_clock_monotonic_us() - begin_us < 400000);
    close_bench(&bench);
}

static void a_next_that_is_dropped_unanswered_is_asked_again(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("1"), .next_turns = { FAKE_HANG_UP, 500, FAKE_HANG_UP } };
    struct ps_api_event event;
    CHECK(take(&bench, &pushed, &event));
    CHECK_EQ(fake_lambda_nexts(bench.fake), 4);
    close_bench(&bench);
}

static void a_next_that_is_refused_fails_at_once(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .next_turns = { 403 } };
    fake_lambda_push(bench.fake, &pushed);
    struct ps_api_event event;
    CHECK_ERR(ps_api_next(bench.api, &bench.arena, &event), PS_ERR_UNAVAILABLE);
    CHECK(strstr(ps_err_note()->text, "403") != NULL);
    CHECK_EQ(fake_lambda_nexts(bench.fake), 1);
    CHECK_EQ(ps_arena_used(&bench.arena), 0);
    close_bench(&bench);
}

static void a_next_that_never_works_fails_after_several_tries(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .next_turns = { 500, 502, 503, 500, FAKE_HANG_UP, 500, 500 } };
    fake_lambda_push(bench.fake, &pushed);
    struct ps_api_event event;
    uint64_t begin_us = ps_clock_monotonic_us();
    CHECK_ERR(ps_api_next(bench.api, &bench.arena, &event), PS_ERR_UNAVAILABLE);
    CHECK_EQ(fake_lambda_nexts(bench.fake), 6);
    /* 50 + 100 + 200 + 400 ms after the refusals: Lambda is not asked in a tight loop. */
    CHECK(ps_clock_monotonic_us() - begin_us >= 750000);
    close_bench(&bench);
}

static void nobody_listening_fails_after_several_tries(void)
{
    struct bench bench = open_bench();
    fake_lambda_stop(bench.fake);
    struct ps_api_event event;
    CHECK_ERR(ps_api_next(bench.api, &bench.arena, &event), PS_ERR_UNAVAILABLE);
    CHECK(strstr(ps_err_note()->text, "Connection refused") != NULL);
    bench.fake = fake_lambda_start();
    close_bench(&bench);
}

static void an_answer_lost_unanswered_is_posted_once_more(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("1"), .answer_turns = { FAKE_HANG_UP } };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    CHECK_OK(ps_api_respond(bench.api, &event, "application/json", PS_SPAN("{}"), &status));
    CHECK_EQ(status, 202);
    CHECK_EQ(fake_lambda_posts(bench.fake), 2);
    close_bench(&bench);
}

static void a_repeated_answer_that_is_refused_had_arrived(void)
{
    static const int STATUSES[] = { 400, 403 };
    struct bench bench = open_bench();
    for (size_t i = 0; i < 2; i++) {
        struct fake_event pushed = { .body = PS_SPAN("1"), .answer_turns = { FAKE_HANG_UP, STATUSES[i] } };
        struct ps_api_event event;
        uint32_t status = 0;
        CHECK(take(&bench, &pushed, &event));
        CHECK_OK(ps_api_respond(bench.api, &event, "application/json", PS_SPAN("{}"), &status));
        CHECK_EQ(status, 202);
    }
    close_bench(&bench);
}

static void an_answer_lost_twice_ends_the_process(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("1"), .answer_turns = { FAKE_HANG_UP, FAKE_HANG_UP } };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    CHECK_ERR(ps_api_respond(bench.api, &event, "application/json", PS_SPAN("{}"), &status), PS_ERR_UNAVAILABLE);
    CHECK_EQ(fake_lambda_posts(bench.fake), 2);
    close_bench(&bench);
}

static void a_connection_closed_after_the_event_is_opened_again_for_the_answer(void)
{
    struct bench bench = open_bench();
    struct fake_event pushed = { .body = PS_SPAN("1"), .close_after = true };
    struct ps_api_event event;
    uint32_t status = 0;
    CHECK(take(&bench, &pushed, &event));
    CHECK_OK(ps_api_respond(bench.api, &event, "application/json", PS_SPAN("{}"), &status));
    CHECK_EQ(status, 202);
    CHECK_EQ(fake_lambda_posts(bench.fake), 1);
    close_bench(&bench);
}

/* The event's id is known, so it can be answered with a failure. */
static void check_broken_event(const struct fake_event *pushed, enum ps_err wanted)
{
    struct bench bench = open_bench();
    fake_lambda_push(bench.fake, pushed);
    struct ps_api_event event;
    uint32_t status = 0;
    if (CHECK_OK(ps_api_next(bench.api, &bench.arena, &event))) {
        CHECK_EQ(event.body_err, wanted);
        CHECK_TEXT(event.request_id, "broken");
        CHECK_EQ(event.body.len, 0);
        struct ps_failure failure = { .type = PS_SPAN("Runtime.TruncatedEvent"), .json = PS_SPAN("{}") };
        CHECK_OK(ps_api_fail(bench.api, &event, &failure, &status));
        CHECK_EQ(status, 202);
        CHECK(take(&bench, &(struct fake_event){ .body = PS_SPAN("next") }, &event));
    }
    close_bench(&bench);
}

#define BROKEN_HEAD "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: broken\r\n"

static void a_truncated_or_malformed_event_can_be_answered(void)
{
    char *memory = pattern(20000);
    struct ps_span body = { memory, 20000 };
    check_broken_event(&(struct fake_event){ .body = body, .request_id = "broken", .cut_bytes = 10000 },
                       PS_ERR_UNAVAILABLE);
    check_broken_event(
        &(struct fake_event){
            .body = body, .request_id = "broken", .framing = FAKE_CHUNKED, .chunk_bytes = 1000, .cut_bytes = 10000 },
        PS_ERR_UNAVAILABLE);
    check_broken_event(&(struct fake_event){ .body = body, .request_id = "broken", .framing = FAKE_UNFRAMED },
                       PS_ERR_BAD_INPUT);
    check_broken_event(&(struct fake_event){ .raw = BROKEN_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n" },
                       PS_ERR_BAD_INPUT);
    check_broken_event(&(struct fake_event){ .raw = BROKEN_HEAD "Content-Length: 33554433\r\n\r\n" }, PS_ERR_TOO_LARGE);
    free(memory);
}

static void an_event_that_the_arena_cannot_hold_can_be_answered(void)
{
    struct bench bench = open_bench();
    struct ps_arena small = check_arena(64 << 10);
    char *memory = pattern(1 << 20);
    struct ps_span body = { memory, 1 << 20 };
    struct fake_event pushed = { .body = body, .request_id = "large" };
    fake_lambda_push(bench.fake, &pushed);
    struct ps_api_event event;
    if (CHECK_OK(ps_api_next(bench.api, &small, &event))) {
        CHECK_EQ(event.body_err, PS_ERR_NO_MEMORY);
        CHECK_TEXT(event.request_id, "large");
    }
    free(memory);
    ps_arena_fini(&small);
    close_bench(&bench);
}

static void a_reply_that_is_cut_in_its_head_is_asked_for_again(void)
{
    struct bench bench = open_bench();
    struct fake_event cut = { .body = PS_SPAN("lost"), .cut_bytes = 30 };
    fake_lambda_push(bench.fake, &cut);
    struct ps_api_event event;
    CHECK(take(&bench, &(struct fake_event){ .body = PS_SPAN("next") }, &event));
    close_bench(&bench);
}

static void an_event_without_a_usable_id_is_no_event(void)
{
    struct bench bench = open_bench();
    for (int i = 0; i < 6; i++)
        fake_lambda_push(bench.fake, &(struct fake_event){ .body = PS_SPAN("x"), .request_id = i % 2 ? "" : "a/b" });
    struct ps_api_event event;
    CHECK_ERR(ps_api_next(bench.api, &bench.arena, &event), PS_ERR_UNAVAILABLE);
    close_bench(&bench);
}

static void a_missing_piece_of_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_api *api = NULL;
    PS_EACH_FAILURE(&arena, ps_api_open(&arena, PS_SPAN("127.0.0.1:1"), &api));
    ps_arena_fini(&arena);
    struct bench bench = open_bench();
    fake_lambda_push(bench.fake, &(struct fake_event){ .body = PS_SPAN("x") });
    bench.arena.fail_countdown = 1;
    struct ps_api_event event;
    CHECK_ERR(ps_api_next(bench.api, &bench.arena, &event), PS_ERR_NO_MEMORY);
    bench.arena.fail_countdown = 0;
    close_bench(&bench);
}

int main(void)
{
    RUN(an_address_is_an_ipv4_address_or_localhost_and_a_port);
    RUN(an_event_comes_with_its_headers);
    RUN(optional_headers_may_be_missing_or_nonsense);
    RUN(both_framings_bring_every_size_in_any_pieces);
    RUN(the_arena_keeps_the_event_and_no_more);
    RUN(an_answer_carries_type_ids_and_agent);
    RUN(a_failure_carries_its_type_in_the_header);
    RUN(the_head_for_a_crash_names_the_event_in_hand);
    RUN(waiting_for_an_event_ends_when_the_process_is_told_to_stop);
    RUN(an_event_that_comes_together_with_the_stop_is_worked_on);
    RUN(next_waits_for_ever);
    RUN(an_answer_that_nobody_acknowledges_is_a_failure);
    RUN(an_init_failure_is_posted_before_the_first_next);
    RUN(a_refused_answer_is_told_and_the_next_event_comes);
    RUN(an_answer_that_lambda_fails_on_ends_the_process);
    RUN(a_refusal_before_a_large_body_was_taken_is_still_read);
    RUN(the_largest_answer_arrives_whole);
    RUN(a_connection_that_died_idle_is_opened_again_for_next);
    RUN(a_next_that_is_dropped_unanswered_is_asked_again);
    RUN(a_next_that_is_refused_fails_at_once);
    RUN(a_next_that_never_works_fails_after_several_tries);
    RUN(nobody_listening_fails_after_several_tries);
    RUN(an_answer_lost_unanswered_is_posted_once_more);
    RUN(a_repeated_answer_that_is_refused_had_arrived);
    RUN(an_answer_lost_twice_ends_the_process);
    RUN(a_connection_closed_after_the_event_is_opened_again_for_the_answer);
    RUN(a_truncated_or_malformed_event_can_be_answered);
    RUN(an_event_that_the_arena_cannot_hold_can_be_answered);
    RUN(a_reply_that_is_cut_in_its_head_is_asked_for_again);
    RUN(an_event_without_a_usable_id_is_no_event);
    RUN(a_missing_piece_of_memory_is_an_error);
    return check_finish();
}
