/* The double against a client that is only a socket and text, so that neither side can excuse the other. */
#include "support/fake_lambda.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/check.h"

enum { WAIT_MS = 5000, REPLY_BYTES_MAX = 4096 };

#define NEXT "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n"
#define INVOCATION "POST /2018-06-01/runtime/invocation/"
#define SIZED(bytes) " HTTP/1.1\r\nContent-Length: " #bytes "\r\n\r\n"
#define STREAM \
    INVOCATION "request-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" \
               "lambda-runtime-function-response-mode: streaming\r\n\r\n"

static int dial(const struct fake_lambda *fake)
{
    const char *colon = strchr(fake_lambda_address(fake), ':');
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* A reply that never comes must fail its test, not hang it. */
    struct timeval patience = { .tv_sec = WAIT_MS / 1000 };
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static void say(int fd, struct ps_span text)
{
    CHECK_EQ(send(fd, text.data, text.len, MSG_NOSIGNAL), (int64_t)text.len);
}

/* Reads one reply, whose body fits beside its head. Returns its status, 0 when the connection ended first. */
static int hear(int fd, char reply[static REPLY_BYTES_MAX])
{
    size_t len = 0;
    for (size_t wanted = SIZE_MAX; len < wanted;) {
        ssize_t got = recv(fd, reply + len, REPLY_BYTES_MAX - 1 - len, 0);
        if (got <= 0) return 0;
        len += (size_t)got;
        reply[len] = '\0';
        const char *end = strstr(reply, "\r\n\r\n"), *size = strstr(reply, "Content-Length: ");
        if (end != NULL && size != NULL) wanted = (size_t)(end + 4 - reply) + strtoul(size + 16, NULL, 10);
    }
    return atoi(reply + strlen("HTTP/1.1 ")); // NOLINT(cert-err34-c): what is no number is 0
}

static int ask(int fd, struct ps_span text)
{
    char reply[REPLY_BYTES_MAX];
    say(fd, text);
    return hear(fd, reply);
}

#define ASK(fd, literal) ask((fd), PS_SPAN(literal))

/* A server with one event, taken over fd. */
static struct fake_lambda *open_with(const struct fake_event *event, int *fd)
{
    struct fake_lambda *fake = fake_lambda_start();
    fake_lambda_push(fake, event);
    *fd = dial(fake);
    CHECK_EQ(ASK(*fd, NEXT), 200);
    return fake;
}

static struct fake_lambda *open_plain(int *fd)
{
    return open_with(&(struct fake_event){ .body = PS_SPAN("{}") }, fd);
}

static void close_both(struct fake_lambda *fake, int fd)
{
    close(fd);
    fake_lambda_stop(fake);
}

static void an_id_that_is_not_in_hand_is_refused(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_plain(&fd);
    char reply[REPLY_BYTES_MAX];
    say(fd, PS_SPAN(INVOCATION "request-2/response" SIZED(2) "{}"));
    CHECK_EQ(hear(fd, reply), 400);
    CHECK(strstr(reply, "\"InvalidRequestID\"") != NULL);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response" SIZED(2) "{}"), 202);
    const struct fake_post *wrong = fake_lambda_post(fake, 0, WAIT_MS), *right = fake_lambda_post(fake, 1, WAIT_MS);
    CHECK(wrong != NULL && wrong->event == FAKE_NO_EVENT && wrong->turn == 400);
    CHECK(right != NULL && right->event == 0 && right->turn == 202 && right->whole);
    close_both(fake, fd);
}

static void a_second_answer_is_refused_and_one_after_the_next_event_has_no_id(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_plain(&fd);
    char reply[REPLY_BYTES_MAX];
    CHECK_EQ(ASK(fd, INVOCATION "request-1/error" SIZED(2) "{}"), 202);
    say(fd, PS_SPAN(INVOCATION "request-1/response" SIZED(2) "{}"));
    CHECK_EQ(hear(fd, reply), 403);
    CHECK(strstr(reply, "\"InvalidStateTransition\"") != NULL);
    fake_lambda_push(fake, &(struct fake_event){ .body = PS_SPAN("2") });
    CHECK_EQ(ASK(fd, NEXT), 200);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response" SIZED(2) "{}"), 400);
    CHECK_EQ(ASK(fd, INVOCATION "request-2/response" SIZED(2) "{}"), 202);
    close_both(fake, fd);
}

static void a_refusal_that_was_scripted_leaves_the_event_in_hand_and_too_late_does_not(void)
{
    int fd = -1;
    struct fake_lambda *fake =
        open_with(&(struct fake_event){ .body = PS_SPAN("{}"), .answer_turns = { 500, 403, 410 } }, &fd);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response" SIZED(0)), 500);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response" SIZED(0)), 403);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response" SIZED(0)), 410);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response" SIZED(0)), 403);
    close_both(fake, fd);
}

static int post_sized(int fd, const char *kind, size_t bytes)
{
    char head[256];
    int len = snprintf(head, sizeof head, INVOCATION "%s HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", kind, bytes);
    char *body = calloc(1, bytes);
    say(fd, ps_span_make(head, (size_t)len));
    int status = ask(fd, ps_span_make(body, bytes));
    free(body);
    return status;
}

static void a_response_over_the_limit_is_refused_and_ends_the_invocation(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_plain(&fd);
    CHECK_EQ(post_sized(fd, "request-1/response", FAKE_RESPONSE_BYTES_MAX + 1), 413);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/error" SIZED(2) "{}"), 403);
    fake_lambda_push(fake, &(struct fake_event){ .body = PS_SPAN("{}") });
    CHECK_EQ(ASK(fd, NEXT), 200);
    CHECK_EQ(post_sized(fd, "request-2/response", FAKE_RESPONSE_BYTES_MAX), 202);
    close_both(fake, fd);
}

static void an_init_error_is_taken_until_the_first_next(void)
{
    struct fake_lambda *fake = fake_lambda_start();
    int fd = dial(fake);
    fake_lambda_push(fake, &(struct fake_event){ .body = PS_SPAN("{}") });
    fake_lambda_turn(fake, FAKE_INIT_ERROR, 500);
#define INIT_ERROR "POST /2018-06-01/runtime/init/error" SIZED(2) "{}"
    CHECK_EQ(ASK(fd, INIT_ERROR), 500);
    CHECK_EQ(ASK(fd, INIT_ERROR), 202);
    CHECK_EQ(ASK(fd, NEXT), 200);
    CHECK_EQ(ASK(fd, INIT_ERROR), 403);
    fake_lambda_begin_init(fake);
    CHECK_EQ(ASK(fd, INIT_ERROR), 202);
    CHECK_EQ(fake_lambda_count(fake, FAKE_INIT_ERROR), 4);
    close_both(fake, fd);
}

static void each_waiting_next_takes_one_event_and_any_order_of_answers_is_right(void)
{
    enum { WORKERS = 8 };
    struct fake_lambda *fake = fake_lambda_start();
    int fds[WORKERS], ids[WORKERS];
    bool given[WORKERS] = { false };
    for (int i = 0; i < WORKERS; i++)
        say(fds[i] = dial(fake), PS_SPAN(NEXT));
    CHECK(fake_lambda_await(fake, FAKE_NEXT, WORKERS, WAIT_MS));
    for (int i = 0; i < WORKERS; i++)
        fake_lambda_push(fake, &(struct fake_event){ .body = PS_SPAN("{}") });
    for (int i = 0; i < WORKERS; i++) {
        char reply[REPLY_BYTES_MAX];
        CHECK_EQ(hear(fds[i], reply), 200);
        const char *id = strstr(reply, "Request-Id: request-");
        CHECK_OR_RETURN(id != NULL);
        ids[i] = atoi(id + strlen("Request-Id: request-")); // NOLINT(cert-err34-c)
        CHECK_OR_RETURN(ids[i] >= 1 && ids[i] <= WORKERS && !given[ids[i] - 1]);
        given[ids[i] - 1] = true;
    }
    for (int i = WORKERS - 1; i >= 0; i--) {
        char post[128];
        int len = snprintf(post, sizeof post, INVOCATION "request-%d/response" SIZED(1) "1", ids[i]);
        CHECK_EQ(ask(fds[i], ps_span_make(post, (size_t)len)), 202);
    }
    for (int i = 0; i < WORKERS; i++) {
        const struct fake_post *post = fake_lambda_post(fake, (size_t)i, WAIT_MS);
        CHECK(post != NULL && post->event == (size_t)ids[WORKERS - 1 - i] - 1);
        close(fds[i]);
    }
    CHECK_EQ(fake_lambda_connections(fake), WORKERS);
    fake_lambda_stop(fake);
}

static void a_next_without_an_answer_gives_up_only_its_own_event(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_plain(&fd);
    int other = dial(fake);
    fake_lambda_push(fake, &(struct fake_event){ .body = PS_SPAN("2") });
    fake_lambda_push(fake, &(struct fake_event){ .body = PS_SPAN("3") });
    CHECK_EQ(ASK(other, NEXT), 200);
    CHECK_EQ(ASK(fd, NEXT), 200);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response" SIZED(2) "{}"), 400);
    CHECK_EQ(ASK(other, INVOCATION "request-2/response" SIZED(2) "{}"), 202);
    CHECK_EQ(ASK(fd, INVOCATION "request-3/response" SIZED(2) "{}"), 202);
    close(other);
    close_both(fake, fd);
}

static void a_client_that_left_while_it_waited_takes_no_event(void)
{
    enum { LEAVERS = 16 };
    struct fake_lambda *fake = fake_lambda_start();
    int fds[LEAVERS];
    for (int i = 0; i < LEAVERS; i++)
        say(fds[i] = dial(fake), PS_SPAN(NEXT));
    CHECK(fake_lambda_await(fake, FAKE_NEXT, LEAVERS, WAIT_MS));
    for (int i = 0; i < LEAVERS; i++)
        close(fds[i]);
    fake_lambda_push(fake, &(struct fake_event){ .body = PS_SPAN("1") });
    int fd = dial(fake);
    CHECK_EQ(ASK(fd, NEXT), 200);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response" SIZED(0)), 202);
    close_both(fake, fd);
}

static void a_stream_is_seen_as_it_comes_and_recorded_with_its_trailers(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_plain(&fd);
    say(fd, PS_SPAN(STREAM "5\r\nfirst\r\n"));
    CHECK(fake_lambda_await_body(fake, "request-1", 5, WAIT_MS));
    CHECK(!fake_lambda_await_body(fake, "request-1", 6, 0));
    CHECK_EQ(ASK(fd, "a;x=y\r\n and again\r\n0\r\nLambda-Runtime-Function-Error-Type: Function.Broken\r\n"
                     "Lambda-Runtime-Function-Error-Body: e30=\r\n\r\n"),
             202);
    CHECK(!fake_lambda_await_body(fake, "request-1", 0, WAIT_MS));
    const struct fake_post *post = fake_lambda_post(fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK(post->chunked && post->whole);
    CHECK_EQ(post->chunks, 2);
    CHECK_TEXT(post->body, "first and again");
    CHECK_TEXT(post->response_mode, "streaming");
    CHECK_TEXT(fake_post_header(post, "TRANSFER-ENCODING"), "chunked");
    CHECK_EQ(fake_post_header(post, "X-Other").len, 0);
    CHECK_TEXT(post->stream_error_type, "Function.Broken");
    CHECK_TEXT(post->stream_error_body, "e30=");
    CHECK_EQ(ASK(fd, INVOCATION "request-1/error" SIZED(2) "{}"), 403);
    close_both(fake, fd);
}

static void chunks_of_another_size_than_they_say_break_the_stream_off(void)
{
    static const char *const BAD[] = { "4\r\nfirst\r\n", "0x5\r\nfirst\r\n", "\r\nfirst\r\n", "-1\r\n",
                                       " 5\r\nfirst\r\n" };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        int fd = -1;
        struct fake_lambda *fake = open_plain(&fd);
        say(fd, PS_SPAN(STREAM));
        CHECK_EQ(ask(fd, ps_span_of(BAD[i])), 0);
        const struct fake_post *post = fake_lambda_post(fake, 0, WAIT_MS);
        CHECK(post != NULL && !post->whole);
        close_both(fake, fd);
    }
}

static void another_answer_while_a_stream_runs_is_refused(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_plain(&fd);
    int other = dial(fake);
    say(fd, PS_SPAN(STREAM "1\r\n1\r\n"));
    CHECK(fake_lambda_await_body(fake, "request-1", 1, WAIT_MS));
    CHECK_EQ(ASK(other, INVOCATION "request-1/error" SIZED(2) "{}"), 403);
    CHECK_EQ(ASK(fd, "0\r\n\r\n"), 202);
    close(other);
    close_both(fake, fd);
}

static void a_stream_that_breaks_off_is_not_whole_and_ends_the_invocation(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_plain(&fd);
    say(fd, PS_SPAN(STREAM "5\r\nfir"));
    CHECK(fake_lambda_await_body(fake, "request-1", 3, WAIT_MS));
    close(fd);
    const struct fake_post *post = fake_lambda_post(fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK(!post->whole);
    CHECK_EQ(post->turn, 0);
    CHECK_TEXT(post->body, "fir");
    fd = dial(fake);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/error" SIZED(2) "{}"), 403);
    close_both(fake, fd);
}

static void any_other_response_mode_is_refused(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_plain(&fd);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response HTTP/1.1\r\nContent-Length: 0\r\n"
                                "Lambda-Runtime-Function-Response-Mode: Streaming\r\n\r\n"),
             400);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/error" SIZED(2) "{}"), 403);
    close_both(fake, fd);
}

static void an_answer_in_mid_stream_reaches_a_client_that_still_sends(void)
{
    static const int STATUSES[] = { 413, 410, 403 };
    enum { CHUNK_BYTES = 0x1000000 };
    char *chunk = calloc(1, CHUNK_BYTES);
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        int fd = -1;
        struct fake_lambda *fake = open_with(
            &(struct fake_event){ .body = PS_SPAN("{}"), .answer_after_bytes = 7, .answer_turns = { STATUSES[i] } },
            &fd);
        say(fd, PS_SPAN(STREAM "5\r\nfirst\r\n"));
        CHECK(fake_lambda_await_body(fake, "request-1", 5, WAIT_MS));
        say(fd, PS_SPAN("1000000\r\n"));
        CHECK_EQ(ask(fd, ps_span_make(chunk, CHUNK_BYTES)), STATUSES[i]);
        const struct fake_post *post = fake_lambda_post(fake, 0, WAIT_MS);
        CHECK(post != NULL && !post->whole && post->turn == STATUSES[i]);
        if (post != NULL) CHECK_SPAN(post->body, PS_SPAN("first\0\0"));
        char reply[REPLY_BYTES_MAX];
        CHECK_EQ(hear(fd, reply), 0);
        close_both(fake, fd);
    }
    free(chunk);
}

static void a_stream_can_be_hung_up_on_in_its_middle_and_answered_again(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_with(
        &(struct fake_event){ .body = PS_SPAN("{}"), .answer_after_bytes = 3, .answer_turns = { FAKE_HANG_UP } }, &fd);
    CHECK_EQ(ASK(fd, STREAM "5\r\nfirst\r\n"), 0);
    const struct fake_post *post = fake_lambda_post(fake, 0, WAIT_MS);
    CHECK(post != NULL && !post->whole && post->turn == FAKE_HANG_UP && post->body.len == 3);
    close(fd);
    fd = dial(fake);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/error" SIZED(2) "{}"), 202);
    close_both(fake, fd);
}

#define RESTORE_NEXT "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n"
#define RESTORE_ERROR "POST /2018-06-01/runtime/restore/error" SIZED(2) "{}"

static void a_restore_waits_for_the_test_and_may_fail(void)
{
    struct fake_lambda *fake = fake_lambda_start();
    int fd = dial(fake);
    fake_lambda_turn(fake, FAKE_RESTORE_NEXT, 500);
    CHECK_EQ(ASK(fd, RESTORE_NEXT), 500);
    say(fd, PS_SPAN(RESTORE_NEXT));
    CHECK(fake_lambda_await(fake, FAKE_RESTORE_NEXT, 2, WAIT_MS));
    char reply[REPLY_BYTES_MAX];
    CHECK_EQ(recv(fd, reply, sizeof reply, MSG_DONTWAIT), -1);
    fake_lambda_restore(fake);
    CHECK_EQ(hear(fd, reply), 200);
    CHECK_EQ(ASK(fd, RESTORE_ERROR), 202);
    const struct fake_post *post = fake_lambda_post(fake, 0, WAIT_MS);
    CHECK(post != NULL && post->kind == FAKE_RESTORE_ERROR);
    close_both(fake, fd);
}

#define REGISTER(name, events) \
    "POST /2020-01-01/extension/register HTTP/1.1\r\n" name "Content-Length: " #events "\r\n\r\n"
#define EVENT_NEXT "GET /2020-01-01/extension/event/next HTTP/1.1\r\n"

static void an_extension_registers_before_the_first_next_and_then_waits(void)
{
    struct fake_lambda *fake = fake_lambda_start();
    int fd = dial(fake), runtime = dial(fake);
    fake_lambda_turn(fake, FAKE_REGISTER, 500);
#define NAME "Lambda-Extension-Name: drain\r\n"
    CHECK_EQ(ASK(fd, REGISTER(NAME, 13) "{\"events\":[]}"), 500);
    CHECK_EQ(ASK(fd, REGISTER("", 13) "{\"events\":[]}"), 403);
    CHECK_EQ(ASK(fd, REGISTER(NAME, 23) "{\"events\":[\"SHUTDOWN\"]}"), 403);
    char reply[REPLY_BYTES_MAX], next[256];
    say(fd, PS_SPAN(REGISTER(NAME, 13) "{\"events\":[]}"));
    CHECK_EQ(hear(fd, reply), 200);
    const char *identifier = strstr(reply, "Lambda-Extension-Identifier: ");
    CHECK_OR_RETURN(identifier != NULL);
    const struct fake_post *post = fake_lambda_registration(fake, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_TEXT(fake_post_header(post, "Lambda-Extension-Name"), "drain");
    CHECK_TEXT(post->body, "{\"events\":[]}");
    CHECK_EQ(fake_lambda_posts(fake), 0);
    CHECK_EQ(ASK(runtime, EVENT_NEXT "\r\n"), 403);
    snprintf(next, sizeof next, EVENT_NEXT "%.*s\r\n\r\n", (int)strcspn(identifier, "\r"), identifier);
    say(fd, ps_span_of(next));
    CHECK(fake_lambda_await(fake, FAKE_EXTENSION_NEXT, 2, WAIT_MS));
    fake_lambda_push(fake, &(struct fake_event){ .body = PS_SPAN("{}") });
    CHECK_EQ(ASK(runtime, NEXT), 200);
    CHECK_EQ(ASK(runtime, REGISTER(NAME, 13) "{\"events\":[]}"), 403);
    CHECK_EQ(recv(fd, reply, sizeof reply, MSG_DONTWAIT), -1);
    close(runtime);
    close_both(fake, fd);
}

static void what_lambda_does_not_serve_is_not_found(void)
{
    struct fake_lambda *fake = fake_lambda_start();
    int fd = dial(fake);
    CHECK_EQ(ASK(fd, "GET / HTTP/1.1\r\n\r\n"), 404);
    CHECK_EQ(ASK(fd, INVOCATION "/response" SIZED(0)), 404);
    CHECK_EQ(ASK(fd, INVOCATION "a/b/response" SIZED(0)), 404);
    close_both(fake, fd);
}

static void a_forgotten_post_is_still_counted(void)
{
    int fd = -1;
    struct fake_lambda *fake = open_plain(&fd);
    CHECK_EQ(ASK(fd, INVOCATION "request-1/response" SIZED(2) "{}"), 202);
    CHECK(fake_lambda_post(fake, 0, WAIT_MS) != NULL);
    fake_lambda_forget(fake, 0);
    CHECK(fake_lambda_post(fake, 0, 0) == NULL);
    CHECK_EQ(fake_lambda_posts(fake), 1);
    CHECK_EQ(fake_lambda_taken(fake), 1);
    close_both(fake, fd);
}

int main(void)
{
    RUN(an_id_that_is_not_in_hand_is_refused);
    RUN(a_second_answer_is_refused_and_one_after_the_next_event_has_no_id);
    RUN(a_refusal_that_was_scripted_leaves_the_event_in_hand_and_too_late_does_not);
    RUN(a_response_over_the_limit_is_refused_and_ends_the_invocation);
    RUN(an_init_error_is_taken_until_the_first_next);
    RUN(each_waiting_next_takes_one_event_and_any_order_of_answers_is_right);
    RUN(a_next_without_an_answer_gives_up_only_its_own_event);
    RUN(a_client_that_left_while_it_waited_takes_no_event);
    RUN(a_stream_is_seen_as_it_comes_and_recorded_with_its_trailers);
    RUN(chunks_of_another_size_than_they_say_break_the_stream_off);
    RUN(another_answer_while_a_stream_runs_is_refused);
    RUN(a_stream_that_breaks_off_is_not_whole_and_ends_the_invocation);
    RUN(any_other_response_mode_is_refused);
    RUN(an_answer_in_mid_stream_reaches_a_client_that_still_sends);
    RUN(a_stream_can_be_hung_up_on_in_its_middle_and_answered_again);
    RUN(a_restore_waits_for_the_test_and_may_fail);
    RUN(an_extension_registers_before_the_first_next_and_then_waits);
    RUN(what_lambda_does_not_serve_is_not_found);
    RUN(a_forgotten_post_is_still_counted);
    return check_finish();
}
