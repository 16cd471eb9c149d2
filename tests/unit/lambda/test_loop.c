#include "lambda/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/json_read.h"
#include "host/env.h"
#include "lambda/stream.h"
#include "support/check.h"
#include "support/fake_lambda.h"

/* -- every call of malloc and its kin in this program, counted on the thread that asks for it -----------------------
 */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS false
static unsigned allocations;
static bool counting;
#else
#define COUNTS_ALLOCATIONS true
static _Thread_local unsigned allocations;
static _Thread_local bool counting;

void *__libc_malloc(size_t size);                     // NOLINT
void *__libc_calloc(size_t count, size_t size);       // NOLINT
void *__libc_realloc(void *memory, size_t size);      // NOLINT
void *__libc_memalign(size_t alignment, size_t size); // NOLINT

void *malloc(size_t size)
{
    allocations += counting;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) // NOLINT(readability-inconsistent-declaration-parameter-name)
{
    allocations += counting;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) // NOLINT(readability-inconsistent-declaration-parameter-name)
{
    allocations += counting;
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    allocations += counting;
    return __libc_memalign(alignment, size);
}
#endif

/* -- a loop with a handler that does what the test says --------------------------------------------------------------
 */

enum { ARENA_BYTES = 128 << 20, WAIT_MS = 5000, LOG_BYTES_MAX = 64 << 10 };

struct scene {
    struct fake_lambda *fake;
    struct ps_arena process, arena;
    struct ps_log log;
    struct ps_loop loop;
    int log_pipe[2];
    char log_text[LOG_BYTES_MAX];
};

/* What the handler saw last. */
static struct {
    unsigned calls;
    bool cold;
    uint32_t left_ms, hard_left_ms;
    char trace[128];
    char request_id[64];
    struct ps_span function_name;
    char headers[1024]; /* of all members that come from headers, in order */
} seen;

static void copy_text(char *out, size_t cap, struct ps_span text)
{
    size_t len = text.len < cap - 1 ? text.len : cap - 1;
    if (len > 0) memcpy(out, text.data, len);
    out[len] = '\0';
}

static void note_invocation(const struct ps_invocation *inv)
{
    seen.calls++;
    seen.cold = inv->cold;
    seen.left_ms = ps_deadline_left_ms(&inv->deadline);
    seen.hard_left_ms = ps_deadline_hard_left_ms(&inv->deadline);
    seen.function_name = inv->function_name;
    copy_text(seen.trace, sizeof seen.trace, ps_env_get("_X_AMZN_TRACE_ID"));
    copy_text(seen.request_id, sizeof seen.request_id, inv->request_id);
    snprintf(seen.headers, sizeof seen.headers, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", PS_SPAN_ARG(inv->request_id),
             PS_SPAN_ARG(inv->function_arn), PS_SPAN_ARG(inv->trace_id), PS_SPAN_ARG(inv->client_context),
             PS_SPAN_ARG(inv->cognito_identity), PS_SPAN_ARG(inv->tenant_id));
}

static enum ps_err echo(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    note_invocation(inv);
    ps_buf_put(reply->body, event);
    return PS_OK;
}

static enum ps_err fail(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    note_invocation(inv);
    (void)reply;
    PS_FAIL(PS_ERR_BAD_INPUT, "event of %zu bytes is \"wrong\"", event.len);
}

static enum ps_err fail_silently(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    (void)inv;
    (void)event;
    (void)reply;
    return PS_ERR_THROTTLED;
}

static enum ps_err fill(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    (void)inv;
    (void)event;
    char *room = ps_buf_room(reply->body, PS_API_RESPONSE_BYTES_MAX);
    if (room == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "test");
    memset(room, 'x', PS_API_RESPONSE_BYTES_MAX);
    reply->body->len += PS_API_RESPONSE_BYTES_MAX;
    return PS_OK;
}

static enum ps_err overfill(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    PS_TRY(fill(inv, event, reply));
    ps_buf_byte(reply->body, 'x');
    return PS_OK;
}

static enum ps_err fill_arena(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    (void)event;
    char *all = ps_arena_bytes(inv->arena, ps_arena_left(inv->arena) - 64);
    if (all == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "test");
    ps_buf_put(reply->body, PS_SPAN("no room for this and 300 bytes more"));
    return PS_OK;
}

static enum ps_err answer_plain(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    (void)inv;
    (void)event;
    reply->content_type = "text/plain";
    ps_buf_put(reply->body, PS_SPAN("plain"));
    return PS_OK;
}

/* The first type would end the head early, the second does not fit into one. */
static enum ps_err answer_hostile_type(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    static char long_type[1000];
    (void)event;
    memset(long_type, 'x', sizeof long_type - 1);
    reply->content_type = inv->cold ? "text/plain\r\nContent-Length: 6\r\n\r\nhacked" : long_type;
    ps_buf_put(reply->body, PS_SPAN("fine"));
    return PS_OK;
}

static struct scene *open_scene(enum ps_err (*invoke)(struct ps_invocation *, struct ps_span, struct ps_reply *))
{
    static struct scene scene;
    static struct ps_handler handler;
    handler = (struct ps_handler){ .abi = PS_HANDLER_ABI, .name = "test", .invoke = invoke };
    scene = (struct scene){ .fake = fake_lambda_start(),
                            .process = check_arena(1 << 20),
                            .arena = check_arena(ARENA_BYTES) };
    CHECK(pipe(scene.log_pipe) == 0);
    scene.log = (struct ps_log){ .fd = scene.log_pipe[1], .threshold = PS_LOG_INFO };
    scene.loop = (struct ps_loop){
        .log = &scene.log, .arena = &scene.arena, .handler = &handler, .function_name = PS_SPAN("fn")
    };
    CHECK_OK(ps_api_open(&scene.process, ps_span_of(fake_lambda_address(scene.fake)), &scene.loop.api));
    memset(&seen, 0, sizeof seen);
    return &scene;
}

/* Ends the writing side and gives all that was logged. */
static struct ps_span logged(struct scene *scene)
{
    close(scene->log_pipe[1]);
    scene->log_pipe[1] = -1;
    size_t len = 0;
    for (ssize_t got = 1; got > 0; len += got > 0 ? (size_t)got : 0)
        got = read(scene->log_pipe[0], scene->log_text + len, sizeof scene->log_text - len);
    return ps_span_make(scene->log_text, len);
}

static void close_scene(struct scene *scene)
{
    ps_api_close(scene->loop.api);
    fake_lambda_stop(scene->fake);
    close(scene->log_pipe[0]);
    if (scene->log_pipe[1] >= 0) close(scene->log_pipe[1]);
    ps_arena_fini(&scene->process);
    ps_arena_fini(&scene->arena);
}

static bool serve(struct scene *scene, const struct fake_event *event)
{
    fake_lambda_push(scene->fake, event);
    return CHECK_OK(ps_loop_once(&scene->loop));
}

static void check_member(struct ps_span json, const char *name, const char *wanted)
{
    struct ps_json_token value;
    struct ps_span raw;
    bool found = false;
    CHECK_OK(ps_json_read_member(json, ps_span_of(name), &value, &raw, &found));
    if (CHECK(found)) CHECK_TEXT(value.text, wanted);
}

/* -- facts -----------------------------------------------------------------------------------------------------------
 */

static void the_answer_of_the_handler_is_posted(void)
{
    struct scene *scene = open_scene(echo);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{\"n\":1}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_RESPONSE);
    CHECK_TEXT(post->body, "{\"n\":1}");
    CHECK_TEXT(post->content_type, "application/json");
    CHECK_TEXT(post->request_id, "request-1");
    CHECK_TEXT(ps_span_of(seen.request_id), "request-1");
    CHECK_TEXT(seen.function_name, "fn");
    CHECK_EQ(logged(scene).len, 0);
    close_scene(scene);
}

static void every_header_reaches_the_handler(void)
{
    struct scene *scene = open_scene(fail);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}"),
                                             .request_id = "id-1",
                                             .headers = "Lambda-Runtime-Invoked-Function-Arn: arn:f\r\n"
                                                        "Lambda-Runtime-Trace-Id: Root=1\r\n"
                                                        "Lambda-Runtime-Client-Context: {\"c\":1}\r\n"
                                                        "Lambda-Runtime-Cognito-Identity: {\"i\":1}\r\n"
                                                        "Lambda-Runtime-Aws-Tenant-Id: blue\r\n" }));
    CHECK_TEXT(ps_span_of(seen.headers), "id-1|arn:f|Root=1|{\"c\":1}|{\"i\":1}|blue");
    struct ps_span lines = logged(scene);
    check_member(lines, "requestId", "id-1");
    check_member(lines, "tenantId", "blue");
    close_scene(scene);
}

static void a_response_of_exactly_the_limit_is_sent(void)
{
    struct scene *scene = open_scene(fill);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_RESPONSE);
    CHECK_EQ(post->turn, 202);
    CHECK_EQ(post->body.len, PS_API_RESPONSE_BYTES_MAX);
    close_scene(scene);
}

static void the_handler_may_name_another_content_type(void)
{
    struct scene *scene = open_scene(answer_plain);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK(post != NULL && ps_span_eq(post->content_type, PS_SPAN("text/plain")));
    close_scene(scene);
}

static void only_the_first_invocation_is_cold(void)
{
    struct scene *scene = open_scene(echo);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("1") }));
    CHECK(seen.cold);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("2") }));
    CHECK(!seen.cold);
    CHECK_EQ(seen.calls, 2);
    close_scene(scene);
}

static void the_reserve_is_a_fifth_of_the_time_and_at_most_1500_ms(void)
{
    struct scene *scene = open_scene(echo);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("1"), .timeout_ms = 5000 }));
    CHECK(seen.hard_left_ms > 4000 && seen.hard_left_ms <= 5000);
    CHECK(seen.hard_left_ms - seen.left_ms >= 800 && seen.hard_left_ms - seen.left_ms <= 1001);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("1"), .timeout_ms = 60000 }));
    CHECK(seen.hard_left_ms - seen.left_ms >= 1499 && seen.hard_left_ms - seen.left_ms <= 1501);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("1"), .headers = "" }));
    CHECK_EQ(seen.left_ms, UINT32_MAX);
    close_scene(scene);
}

static void the_trace_id_follows_the_invocation(void)
{
    struct scene *scene = open_scene(echo);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("1"), .headers = "Lambda-Runtime-Trace-Id: Root=1\r\n" }));
    CHECK_TEXT(ps_span_of(seen.trace), "Root=1");
    CHECK(
        serve(scene, &(struct fake_event){ .body = PS_SPAN("1"), .headers = "Lambda-Runtime-Trace-Id: Root=22\r\n" }));
    CHECK_TEXT(ps_span_of(seen.trace), "Root=22");
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("1"), .headers = "" }));
    CHECK_TEXT(ps_span_of(seen.trace), "");
    CHECK(getenv("_X_AMZN_TRACE_ID") == NULL);
    close_scene(scene);
}

static void a_failure_is_posted_as_an_error_and_logged_once(void)
{
    struct scene *scene = open_scene(fail);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_ERROR);
    CHECK_TEXT(post->error_type, "Function.BadInput");
    CHECK(ps_span_starts(post->body, PS_SPAN("{\"errorMessage\":\"event of 2 bytes is \\\"wrong\\\"\","
                                             "\"errorType\":\"Function.BadInput\",\"stackTrace\":[\"")));
    CHECK(ps_span_find(post->body, PS_SPAN("tests/unit/lambda/test_loop.c:")) > 0);
    struct ps_span lines = logged(scene);
    bool more = false;
    struct ps_span line = ps_span_split(&lines, '\n', &more);
    CHECK_EQ(lines.len, 0);
    check_member(line, "level", "ERROR");
    check_member(line, "message", "invocation_failed");
    check_member(line, "requestId", "request-1");
    check_member(line, "errorType", "BAD_INPUT");
    CHECK_EQ(fake_lambda_posts(scene->fake), 1);
    close_scene(scene);
}

static void a_content_type_that_is_no_header_is_an_error(void)
{
    struct scene *scene = open_scene(answer_hostile_type);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    for (size_t i = 0; i < 2; i++) {
        const struct fake_post *post = fake_lambda_post(scene->fake, i, WAIT_MS);
        CHECK_OR_RETURN(post != NULL);
        CHECK_EQ(post->kind, FAKE_ERROR);
        CHECK_TEXT(post->error_type, "Function.BadInput");
    }
    CHECK_EQ(fake_lambda_posts(scene->fake), 2);
    close_scene(scene);
}

static void a_failure_without_a_note_does_not_borrow_one_of_the_same_kind(void)
{
    struct scene *scene = open_scene(fail_silently);
    CHECK_ERR(ps_err_raise(PS_ERR_THROTTLED, "f", 1, "of another event"), PS_ERR_THROTTLED);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    check_member(post->body, "errorMessage", ps_err_meaning(PS_ERR_THROTTLED));
    close_scene(scene);
}

static void a_failure_without_a_note_does_not_borrow_an_older_one(void)
{
    struct scene *scene = open_scene(fail_silently);
    CHECK_ERR(ps_err_raise(PS_ERR_BAD_INPUT, "f", 1, "old news"), PS_ERR_BAD_INPUT);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_TEXT(post->error_type, "Function.Throttled");
    check_member(post->body, "errorMessage", ps_err_meaning(PS_ERR_THROTTLED));
    close_scene(scene);
}

static void a_response_over_the_limit_becomes_an_error_before_it_is_sent(void)
{
    struct scene *scene = open_scene(overfill);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_ERROR);
    CHECK_TEXT(post->error_type, "Function.ResponseSizeTooLarge");
    close_scene(scene);
}

static void an_answer_that_found_no_memory_is_an_error(void)
{
    struct scene *scene = open_scene(fill_arena);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_ERROR);
    CHECK_TEXT(post->error_type, "Function.NoMemory");
    close_scene(scene);
}

static void a_broken_event_is_answered_without_the_handler(void)
{
    struct scene *scene = open_scene(echo);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("0123456789"),
                                             .framing = FAKE_CHUNKED,
                                             .chunk_bytes = 1,
                                             .headers = "",
                                             .cut_bytes = 150 }));
    CHECK(serve(scene, &(struct fake_event){ .raw = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: big\r\n"
                                                    "Content-Length: 99999999\r\n\r\n" }));
    CHECK_EQ(seen.calls, 0);
    const struct fake_post *cut = fake_lambda_post(scene->fake, 0, WAIT_MS);
    const struct fake_post *large = fake_lambda_post(scene->fake, 1, WAIT_MS);
    CHECK_OR_RETURN(cut != NULL);
    CHECK_OR_RETURN(large != NULL);
    CHECK_TEXT(cut->error_type, "Runtime.TruncatedEvent");
    CHECK_TEXT(large->error_type, "Runtime.EventTooLarge");
    CHECK_TEXT(large->request_id, "big");
    close_scene(scene);
}

static void a_refused_answer_is_logged_and_the_loop_goes_on(void)
{
    struct scene *scene = open_scene(echo);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("1"), .answer_turns = { 410 } }));
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("2") }));
    CHECK_EQ(seen.calls, 2);
    struct ps_span lines = logged(scene);
    bool more = false;
    struct ps_span line = ps_span_split(&lines, '\n', &more);
    CHECK_EQ(lines.len, 0);
    check_member(line, "message", "answer_refused");
    check_member(line, "status", "410");
    close_scene(scene);
}

static void the_loop_ends_when_lambda_is_gone(void)
{
    struct scene *scene = open_scene(echo);
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("1") });
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("2"), .answer_turns = { 500 } });
    CHECK_ERR(ps_loop_run(&scene->loop), PS_ERR_UNAVAILABLE);
    CHECK_EQ(seen.calls, 2);
    close_scene(scene);
}

static void an_init_failure_is_posted_and_logged(void)
{
    struct scene *scene = open_scene(echo);
    CHECK_ERR(ps_err_raise(PS_ERR_BAD_CONFIG, "f", 1, "2 mistakes in the settings"), PS_ERR_BAD_CONFIG);
    ps_loop_fail_init(scene->loop.api, &scene->log, NULL, PS_SPAN("A is wrong; B is wrong"));
    CHECK_ERR(ps_err_raise(PS_ERR_BAD_CONFIG, "f", 1, "no file"), PS_ERR_BAD_CONFIG);
    ps_loop_fail_init(scene->loop.api, &scene->log, "Runtime.HandlerNotFound", PS_SPAN(""));
    const struct fake_post *settings = fake_lambda_post(scene->fake, 0, WAIT_MS);
    const struct fake_post *file = fake_lambda_post(scene->fake, 1, WAIT_MS);
    CHECK_OR_RETURN(settings != NULL);
    CHECK_OR_RETURN(file != NULL);
    CHECK_EQ(settings->kind, FAKE_INIT_ERROR);
    CHECK_TEXT(settings->error_type, "Function.BadConfig");
    check_member(settings->body, "errorMessage", "A is wrong; B is wrong");
    CHECK_TEXT(file->error_type, "Runtime.HandlerNotFound");
    check_member(file->body, "errorMessage", "no file");
    struct ps_span lines = logged(scene);
    bool more = false;
    check_member(ps_span_split(&lines, '\n', &more), "message", "init_failed");
    close_scene(scene);
}

/* -- streamed answers ------------------------------------------------------------------------------------------------
 */

enum { STREAMED_BYTES_MAX = 50 << 20 };

static enum ps_err stream(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    note_invocation(inv);
    reply->content_type = "text/event-stream";
    PS_TRY(ps_stream_begin(reply));
    PS_TRY(ps_stream_write(reply, PS_SPAN("got ")));
    return ps_stream_write(reply, event);
}

static enum ps_err stream_and_fill_body(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    ps_buf_put(reply->body, PS_SPAN("lost"));
    return stream(inv, event, reply);
}

static enum ps_err stream_and_fail(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    PS_TRY(stream(inv, event, reply));
    PS_FAIL(PS_ERR_BAD_INPUT, "record 7 is wrong");
}

static enum ps_err fail_to_begin(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    (void)inv;
    (void)event;
    return ps_stream_begin_http(reply, &(struct ps_stream_http){ .status = 0 });
}

/* 50 MB in the small pieces of a handler that makes them one by one; the event "short" gets a few bytes. */
static enum ps_err stream_much(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    static char bytes[16 << 10];
    note_invocation(inv);
    PS_TRY(ps_stream_begin_http(reply, &(struct ps_stream_http){ .status = 200 }));
    size_t pieces = ps_span_eq(event, PS_SPAN("short")) ? 1 : STREAMED_BYTES_MAX / sizeof bytes;
    for (size_t i = 0; i < pieces; i++)
        PS_TRY(ps_stream_write(reply, ps_span_make(bytes, sizeof bytes)));
    return PS_OK;
}

static void a_streamed_answer_is_ended_and_the_next_event_comes(void)
{
    struct scene *scene = open_scene(stream);
    for (size_t i = 0; i < 3; i++) {
        CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
        const struct fake_post *post = fake_lambda_post(scene->fake, i, WAIT_MS);
        CHECK_OR_RETURN(post != NULL);
        CHECK_EQ(post->kind, FAKE_RESPONSE);
        CHECK(post->whole);
        CHECK_TEXT(post->response_mode, "streaming");
        CHECK_TEXT(post->content_type, "text/event-stream");
        CHECK_TEXT(post->body, "got {}");
        CHECK_EQ(post->connection, i);
    }
    CHECK_EQ(logged(scene).len, 0);
    close_scene(scene);
}

static void the_body_of_a_handler_that_streams_is_dropped_with_a_warning(void)
{
    struct scene *scene = open_scene(stream_and_fill_body);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_TEXT(post->body, "got {}");
    struct ps_span line = logged(scene);
    check_member(line, "level", "WARN");
    check_member(line, "message", "body_dropped");
    check_member(line, "bytes", "4");
    close_scene(scene);
}

static void a_failure_after_the_response_began_goes_into_its_trailers(void)
{
    struct scene *scene = open_scene(stream_and_fail);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_RESPONSE);
    CHECK_TEXT(post->body, "got {}");
    CHECK_TEXT(post->stream_error_type, "Function.BadInput");
    struct ps_span json;
    if (CHECK_OK(ps_base64_decode(&scene->arena, post->stream_error_body, &json))) {
        check_member(json, "errorMessage", "record 7 is wrong");
        check_member(json, "errorType", "Function.BadInput");
    }
    struct ps_span lines = logged(scene);
    bool more = false;
    check_member(ps_span_split(&lines, '\n', &more), "message", "invocation_failed");
    CHECK_EQ(lines.len, 0);
    CHECK_EQ(fake_lambda_posts(scene->fake), 1);
    close_scene(scene);
}

static void a_failure_before_the_response_began_is_an_ordinary_error(void)
{
    struct scene *scene = open_scene(fail_to_begin);
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("{}") }));
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_ERROR);
    CHECK_TEXT(post->error_type, "Function.BadInput");
    CHECK_EQ(post->response_mode.len, 0);
    close_scene(scene);
}

static void a_stream_that_lambda_refuses_is_logged_and_the_loop_goes_on(void)
{
    static const int STATUSES[] = { 413, 410, 403, 400 };
    struct scene *scene = open_scene(stream_much);
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++)
        CHECK(serve(scene, &(struct fake_event){
                               .body = PS_SPAN("{}"), .answer_turns = { STATUSES[i] }, .answer_after_bytes = 1 }));
    CHECK(serve(scene, &(struct fake_event){ .body = PS_SPAN("short") }));
    CHECK_EQ(seen.calls, 5);
    CHECK_EQ(fake_lambda_posts(scene->fake), 5);
    struct ps_span lines = logged(scene);
    bool more = false;
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        struct ps_span failed = ps_span_split(&lines, '\n', &more);
        check_member(failed, "message", "invocation_failed");
        check_member(failed, "errorType", "REFUSED");
        check_member(ps_span_split(&lines, '\n', &more), "message", "answer_refused");
    }
    CHECK_EQ(lines.len, 0);
    close_scene(scene);
}

static void the_loop_ends_when_a_stream_breaks(void)
{
    struct scene *scene = open_scene(stream_much);
    fake_lambda_push(
        scene->fake,
        &(struct fake_event){ .body = PS_SPAN("{}"), .answer_turns = { FAKE_HANG_UP }, .answer_after_bytes = 100000 });
    CHECK_ERR(ps_loop_run(&scene->loop), PS_ERR_UNAVAILABLE);
    CHECK_EQ(seen.calls, 1);
    close_scene(scene);
}

static size_t resident_bytes(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (size_t)usage.ru_maxrss * 1024;
}

static void a_hundred_thousand_warm_invocations_allocate_nothing_and_grow_nothing(void)
{
    enum { WARM_UP = 200, COUNT = COUNTS_ALLOCATIONS ? 100000 : 2000, LARGE_EVERY = 100 };
    struct scene *scene = open_scene(echo);
    fake_lambda_keep_no_posts(scene->fake);
    char *large = malloc(100000);
    memset(large, 'x', 100000);
    struct fake_event small_event = { .body = PS_SPAN("{\"n\":1}") };
    struct fake_event large_event = { .body = ps_span_make(large, 100000), .framing = FAKE_CHUNKED };
    for (int i = 0; i < WARM_UP + COUNT; i++)
        fake_lambda_push(scene->fake, i % LARGE_EVERY == 0 ? &large_event : &small_event);
    enum ps_err err = PS_OK;
    for (int i = 0; i < WARM_UP && err == PS_OK; i++)
        err = ps_loop_once(&scene->loop);
    size_t before = resident_bytes();
    allocations = 0;
    counting = true;
    for (int i = 0; i < COUNT && err == PS_OK; i++)
        err = ps_loop_once(&scene->loop);
    counting = false;
    CHECK_EQ(err, PS_OK);
    CHECK_EQ(seen.calls, WARM_UP + COUNT);
    CHECK_EQ(allocations, 0);
    if (COUNTS_ALLOCATIONS) CHECK(resident_bytes() - before < (512 << 10));
    free(large);
    close_scene(scene);
}

static void the_counter_of_allocations_counts(void)
{
    if (!COUNTS_ALLOCATIONS) return;
    /* Through a pointer: the compiler believes that malloc itself cannot touch our counter. */
    void *(*volatile allocate)(size_t) = malloc;
    counting = true;
    allocations = 0;
    char *memory = allocate(10);
    counting = false;
    free(memory);
    CHECK_EQ(allocations, 1);
}

static void failures_and_refusals_allocate_nothing_either(void)
{
    struct scene *scene = open_scene(fail);
    fake_lambda_keep_no_posts(scene->fake);
    for (int i = 0; i < 20; i++)
        fake_lambda_push(scene->fake,
                         &(struct fake_event){ .body = PS_SPAN("{}"), .answer_turns = { i % 2 ? 410 : 0 } });
    CHECK_OK(ps_loop_once(&scene->loop));
    allocations = 0;
    counting = true;
    enum ps_err err = PS_OK;
    for (int i = 1; i < 20 && err == PS_OK; i++)
        err = ps_loop_once(&scene->loop);
    counting = false;
    CHECK_EQ(err, PS_OK);
    CHECK_EQ(allocations, 0);
    close_scene(scene);
}

static void a_stream_of_50_mb_allocates_nothing(void)
{
    struct scene *scene = open_scene(stream_much);
    fake_lambda_keep_no_posts(scene->fake);
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("short") });
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("{}") });
    CHECK_OK(ps_loop_once(&scene->loop));
    size_t peak_bytes = scene->arena.peak_bytes;
    allocations = 0;
    counting = true;
    enum ps_err err = ps_loop_once(&scene->loop);
    counting = false;
    CHECK_EQ(err, PS_OK);
    CHECK_EQ(allocations, 0);
    CHECK_EQ(scene->arena.peak_bytes, peak_bytes);
    close_scene(scene);
}

/* In a process of its own: the double keeps what it receives. */
static void a_stream_of_50_mb_needs_no_more_memory_than_a_short_one(void)
{
    if (!COUNTS_ALLOCATIONS) return;
    struct scene *scene = open_scene(stream_much);
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("short") });
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("{}") });
    pid_t child = fork();
    if (child == 0) {
        bool ok = ps_loop_once(&scene->loop) == PS_OK;
        size_t before = resident_bytes();
        ok = ok && ps_loop_once(&scene->loop) == PS_OK;
        _exit(ok && resident_bytes() - before < (512 << 10) ? 0 : 1);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_EQ(status, 0);
    const struct fake_post *post = fake_lambda_post(scene->fake, 1, WAIT_MS);
    CHECK(post != NULL && post->body.len > STREAMED_BYTES_MAX);
    close_scene(scene);
}

int main(void)
{
    RUN(the_answer_of_the_handler_is_posted);
    RUN(every_header_reaches_the_handler);
    RUN(a_response_of_exactly_the_limit_is_sent);
    RUN(the_handler_may_name_another_content_type);
    RUN(only_the_first_invocation_is_cold);
    RUN(the_reserve_is_a_fifth_of_the_time_and_at_most_1500_ms);
    RUN(the_trace_id_follows_the_invocation);
    RUN(a_failure_is_posted_as_an_error_and_logged_once);
    RUN(a_content_type_that_is_no_header_is_an_error);
    RUN(a_failure_without_a_note_does_not_borrow_one_of_the_same_kind);
    RUN(a_failure_without_a_note_does_not_borrow_an_older_one);
    RUN(a_response_over_the_limit_becomes_an_error_before_it_is_sent);
    RUN(an_answer_that_found_no_memory_is_an_error);
    RUN(a_broken_event_is_answered_without_the_handler);
    RUN(a_refused_answer_is_logged_and_the_loop_goes_on);
    RUN(the_loop_ends_when_lambda_is_gone);
    RUN(an_init_failure_is_posted_and_logged);
    RUN(a_hundred_thousand_warm_invocations_allocate_nothing_and_grow_nothing);
    RUN(a_streamed_answer_is_ended_and_the_next_event_comes);
    RUN(the_body_of_a_handler_that_streams_is_dropped_with_a_warning);
    RUN(a_failure_after_the_response_began_goes_into_its_trailers);
    RUN(a_failure_before_the_response_began_is_an_ordinary_error);
    RUN(a_stream_that_lambda_refuses_is_logged_and_the_loop_goes_on);
    RUN(the_loop_ends_when_a_stream_breaks);
    RUN(the_counter_of_allocations_counts);
    RUN(failures_and_refusals_allocate_nothing_either);
    RUN(a_stream_of_50_mb_allocates_nothing);
    RUN(a_stream_of_50_mb_needs_no_more_memory_than_a_short_one);
    return check_finish();
}
