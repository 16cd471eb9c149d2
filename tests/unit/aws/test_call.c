#include "aws/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "host/clock.h"
#include "support/check.h"
#include "support/fake_http.h"

static struct ps_arena process;
static struct ps_arena arena;
static struct ps_call_client *client;

static const struct ps_call_target UNSIGNED = { .auth = PS_CALL_UNSIGNED };
static const struct ps_call_target SIGNED = { .auth = PS_CALL_SIGV4, .service = PS_SPAN_INIT("es") };
static const struct ps_call_options THRICE = { .attempts_max = 3, .timeout_ms = 5000 };
static const struct ps_deadline NO_DEADLINE = { 0 };

static struct ps_deadline deadline_in(int64_t ms, uint32_t reserve_ms)
{
    return ps_deadline_make(1000000 + ms, 1000000, reserve_ms);
}

static struct ps_http_exchange post(struct fake_http *server)
{
    struct ps_buf buf;
    struct ps_http_exchange exchange = {
        .request = { .method = "POST", .body = PS_SPAN("body"), .response_bytes_max = 1000 },
    };
    ps_buf_init(&buf, &arena, 256);
    ps_buf_put(&buf, fake_http_url(server));
    ps_buf_put(&buf, PS_SPAN("/_bulk"));
    CHECK_OK(ps_buf_finish(&buf, &exchange.request.url));
    return exchange;
}

static void proxies_count_where_the_client_was_opened_so(void)
{
    const struct fake_http_step script[] = { { .target = "http://service.invalid/x" } };
    struct fake_http *proxy = fake_http_open(script, 1, false);
    struct ps_call_client *proxied = NULL;
    struct ps_http_exchange exchange = post(proxy);
    char url[64];
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(proxy)));
    exchange.request.url = PS_SPAN("http://service.invalid/x");
    setenv("http_proxy", url, 1);
    CHECK_OK(ps_call_client_open(&process, &(struct ps_call_client_options){ .proxies = true }, &proxied));
    CHECK_OK(ps_call_run(proxied, &arena, &UNSIGNED, &THRICE, &NO_DEADLINE, &exchange));
    unsetenv("http_proxy");
    ps_call_client_close(proxied);
    CHECK_EQ(fake_http_finish(proxy), 0);
}

static void what_may_pass_is_tried_again(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 503 } },
                                             { .reply = { .end = FAKE_HTTP_DROP } },
                                             { .reply = { .status = 200, .body = PS_SPAN("ok") } } };
    struct fake_http *server = fake_http_open(script, 3, false);
    struct ps_http_exchange exchange = post(server);
    CHECK_OK(ps_call_run(client, &arena, &UNSIGNED, &THRICE, &NO_DEADLINE, &exchange));
    CHECK_EQ(exchange.response.status, 200);
    CHECK_TEXT(exchange.response.body, "ok");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void what_left_without_an_answer_is_not_repeated_when_twice_is_harm(void)
{
    const struct fake_http_step script[] = { { .reply = { .end = FAKE_HTTP_DROP } } };
    const struct ps_call_options options = { .attempts_max = 3, .timeout_ms = 5000, .never_twice = true };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct ps_http_exchange exchange = post(server);
    CHECK_ERR(ps_call_run(client, &arena, &UNSIGNED, &options, &NO_DEADLINE, &exchange), PS_ERR_UNAVAILABLE);
    CHECK(exchange.sent);
    CHECK_EQ(fake_http_count(server), 1);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* Nobody listens any more. Each try is signed anew, and the memory of that counts the tries. */
static size_t bytes_of_refused_tries(const struct ps_call_options *options)
{
    const struct fake_http_step script[] = { { .reply = { .status = 200 } } };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct ps_http_exchange exchange = post(server);
    CHECK_EQ(fake_http_finish(server), 0);
    size_t before = ps_arena_used(&arena);
    CHECK_ERR(ps_call_run(client, &arena, &SIGNED, options, &NO_DEADLINE, &exchange), PS_ERR_UNAVAILABLE);
    CHECK(!exchange.sent);
    return ps_arena_used(&arena) - before;
}

static void what_never_left_is_repeated_even_then(void)
{
    const struct ps_call_options once = { .attempts_max = 1, .timeout_ms = 5000, .never_twice = true };
    const struct ps_call_options thrice = { .attempts_max = 3, .timeout_ms = 5000, .never_twice = true };
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
    size_t one = bytes_of_refused_tries(&once);
    CHECK(one > 0);
    CHECK(bytes_of_refused_tries(&thrice) > 2 * one);
}

static void the_last_answer_is_the_callers_to_judge(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 500 } },
                                             { .reply = { .status = 502 } },
                                             { .reply = { .status = 429, .body = PS_SPAN("slow down") } } };
    struct fake_http *server = fake_http_open(script, 3, false);
    struct ps_http_exchange exchange = post(server);
    CHECK_OK(ps_call_run(client, &arena, &UNSIGNED, &THRICE, &NO_DEADLINE, &exchange));
    CHECK_EQ(exchange.response.status, 429);
    CHECK_TEXT(exchange.response.body, "slow down");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void what_will_not_pass_is_not_tried_again(void)
{
    static const int STATUS[] = { 400, 403, 404, 413, 501 };
    for (size_t i = 0; i < sizeof STATUS / sizeof STATUS[0]; i++) {
        const struct fake_http_step script[] = { { .reply = { .status = STATUS[i] } } };
        struct fake_http *server = fake_http_open(script, 1, false);
        struct ps_http_exchange exchange = post(server);
        CHECK_OK(ps_call_run(client, &arena, &UNSIGNED, &THRICE, &NO_DEADLINE, &exchange));
        CHECK_EQ(exchange.response.status, STATUS[i]);
        CHECK_EQ(fake_http_finish(server), 0);
    }
    struct ps_http_exchange exchange = { .request = { .method = "GET", .url = PS_SPAN("gopher://a/") } };
    CHECK_ERR(ps_call_run(client, &arena, &UNSIGNED, &THRICE, &NO_DEADLINE, &exchange), PS_ERR_BAD_CONFIG);
}

static void no_answer_at_all_is_an_error(void)
{
    const struct fake_http_step script[] = { { .reply = { .end = FAKE_HTTP_DROP } } };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct ps_http_exchange exchange = post(server);
    CHECK_ERR(ps_call_run(client, &arena, &UNSIGNED, &THRICE, &NO_DEADLINE, &exchange), PS_ERR_UNAVAILABLE);
    CHECK_EQ(fake_http_count(server), 3);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void no_time_left_means_no_attempt(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 200 } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_deadline deadline = deadline_in(5000, 6000);
    struct ps_http_exchange exchange = post(server);
    CHECK_ERR(ps_call_run(client, &arena, &UNSIGNED, &THRICE, &deadline, &exchange), PS_ERR_DEADLINE);
    CHECK_EQ(fake_http_count(server), 0);
    /* The reserve is for dead letters. */
    const struct ps_call_options hard = { .attempts_max = 3, .timeout_ms = 5000, .hard_deadline = true };
    CHECK_OK(ps_call_run(client, &arena, &UNSIGNED, &hard, &deadline, &exchange));
    CHECK_EQ(fake_http_finish(server), 0);
}

static void an_attempt_ends_at_the_deadline(void)
{
    const struct fake_http_step script[] = { { .reply = { .end = FAKE_HTTP_HOLD } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_deadline deadline = deadline_in(150, 50);
    struct ps_http_exchange exchange = post(server);
    uint64_t begin_us = ps_clock_monotonic_us();
    enum ps_err err = ps_call_run(client, &arena, &UNSIGNED, &THRICE, &deadline, &exchange);
    CHECK(err == PS_ERR_UNAVAILABLE || err == PS_ERR_DEADLINE);
    CHECK(ps_clock_monotonic_us() - begin_us < 3000000);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_wait_longer_than_the_time_left_is_not_begun(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 503, .headers = "Retry-After: 15\r\n" } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_deadline deadline = deadline_in(8000, 0);
    struct ps_http_exchange exchange = post(server);
    uint64_t begin_us = ps_clock_monotonic_us();
    CHECK_OK(ps_call_run(client, &arena, &UNSIGNED, &THRICE, &deadline, &exchange));
    CHECK_EQ(exchange.response.status, 503);
    CHECK(ps_clock_monotonic_us() - begin_us < 5000000);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void the_services_hint_is_waited_for(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 429, .headers = "Retry-After: 1\r\n" } },
                                             { .reply = { .status = 200 } } };
    struct fake_http *server = fake_http_open(script, 2, false);
    struct ps_http_exchange exchange = post(server);
    uint64_t begin_us = ps_clock_monotonic_us();
    CHECK_OK(ps_call_run(client, &arena, &UNSIGNED, &THRICE, &NO_DEADLINE, &exchange));
    CHECK(ps_clock_monotonic_us() - begin_us >= 1000000);
    CHECK_EQ(exchange.response.status, 200);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* -- authorization --------------------------------------------------------------------------------------------- */

static void a_signed_call_carries_the_signature_and_is_signed_anew_for_each_try(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 503 } }, { .reply = { .status = 200 } } };
    struct fake_http *server = fake_http_open(script, 2, false);
    struct ps_http_exchange exchange = post(server);
    CHECK_OK(ps_call_run(client, &arena, &SIGNED, &THRICE, &NO_DEADLINE, &exchange));
    struct fake_http_request request = fake_http_request(server, 1);
    struct ps_span value = fake_http_header(&request, "Authorization");
    CHECK(ps_span_starts(value, PS_SPAN("AWS4-HMAC-SHA256 Credential=AKID1/")));
    CHECK(ps_span_find(value, PS_SPAN("/eu-west-1/es/aws4_request")) != PS_SPAN_NONE);
    CHECK_EQ(fake_http_header(&request, "X-Amz-Date").len, 16);
    size_t authorizations = 0;
    for (size_t i = 0; i < exchange.request.header_count; i++)
        authorizations += ps_span_eq(exchange.request.headers[i].name, PS_SPAN("Authorization"));
    CHECK_EQ(authorizations, 1);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void refused_credentials_are_read_again_once(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 403 } }, { .reply = { .status = 403 } } };
    struct fake_http *server = fake_http_open(script, 2, false);
    struct ps_http_exchange exchange = post(server);
    setenv("AWS_ACCESS_KEY_ID", "AKID2", 1);
    CHECK_OK(ps_call_run(client, &arena, &SIGNED, &THRICE, &NO_DEADLINE, &exchange));
    CHECK_EQ(exchange.response.status, 403);
    struct fake_http_request first = fake_http_request(server, 0), second = fake_http_request(server, 1);
    CHECK(ps_span_find(fake_http_header(&first, "Authorization"), PS_SPAN("AKID1")) != PS_SPAN_NONE);
    CHECK(ps_span_find(fake_http_header(&second, "Authorization"), PS_SPAN("AKID2")) != PS_SPAN_NONE);
    CHECK_EQ(fake_http_finish(server), 0);
    setenv("AWS_ACCESS_KEY_ID", "AKID1", 1);
    bool changed = false;
    CHECK_OK(ps_call_refresh(client, &changed));
    CHECK(changed);
}

static void refused_credentials_that_stay_the_same_end_the_call(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 401 } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_http_exchange exchange = post(server);
    CHECK_OK(ps_call_run(client, &arena, &SIGNED, &THRICE, &NO_DEADLINE, &exchange));
    CHECK_EQ(exchange.response.status, 401);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void basic_authentication_is_encoded(void)
{
    const struct ps_call_target target = { .auth = PS_CALL_BASIC,
                                           .username = PS_SPAN("Aladdin"),
                                           .password = PS_SPAN("open sesame") };
    struct ps_http_request request = { .method = "GET", .url = PS_SPAN("https://localhost/") };
    CHECK_OK(ps_call_authorize(client, &arena, &target, 1, &request));
    CHECK_EQ(request.header_count, 1);
    CHECK_TEXT(request.headers[0].value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="); /* RFC 7617's example */
    const struct ps_call_target colon = { .auth = PS_CALL_BASIC, .username = PS_SPAN("a:b") };
    CHECK_ERR(ps_call_authorize(client, &arena, &colon, 1, &request), PS_ERR_BAD_CONFIG);
}

static void an_unsigned_call_carries_nothing(void)
{
    struct ps_http_request request = { .method = "GET", .url = PS_SPAN("https://localhost/") };
    CHECK_OK(ps_call_authorize(client, &arena, &UNSIGNED, 1, &request));
    CHECK_EQ(request.header_count, 0);
}

static void credentials_of_an_endpoint_are_renewed_before_their_end(void)
{
    const struct fake_http_step script[] = {
        { .reply = { .body = PS_SPAN("{\"AccessKeyId\":\"ONE\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                                     "\"Expiration\":\"2026-11-21T10:00:00Z\"}") } },
        { .reply = { .body = PS_SPAN("{\"AccessKeyId\":\"TWO\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                                     "\"Expiration\":\"2026-11-21T16:00:00Z\"}") } },
        { .reply = { .status = 500 } },
    };
    static const int64_t END_MS = 1795255200000;
    struct fake_http *server = fake_http_open(script, 3, false);
    char uri[128];
    (void)snprintf(uri, sizeof uri, "%.*s/", PS_SPAN_ARG(fake_http_url(server)));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri, 1);
    unsetenv("AWS_ACCESS_KEY_ID");
    struct ps_call_client *other = NULL;
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&process, &options, &other));
    const struct ps_http_request blank = { .method = "GET", .url = PS_SPAN("https://localhost/") };
    struct ps_http_request one = blank, two = blank, three = blank;
    CHECK_OK(ps_call_authorize(other, &arena, &SIGNED, END_MS - 3600000, &one));
    CHECK_OK(ps_call_authorize(other, &arena, &SIGNED, END_MS - 1000, &two));
    /* The endpoint fails in the end: what is there is used as long as it lasts. */
    CHECK_ERR(ps_call_authorize(other, &arena, &SIGNED, END_MS + 6 * 3600000, &three), PS_ERR_DENIED);
    CHECK(ps_span_find(one.headers[one.header_count - 1].value, PS_SPAN("Credential=ONE/")) != PS_SPAN_NONE);
    CHECK(ps_span_find(two.headers[two.header_count - 1].value, PS_SPAN("Credential=TWO/")) != PS_SPAN_NONE);
    ps_call_client_close(other);
    CHECK_EQ(fake_http_finish(server), 0);
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    setenv("AWS_ACCESS_KEY_ID", "AKID1", 1);
}

static void credentials_that_change_at_each_reading_do_not_keep_a_refused_call_alive(void)
{
    const struct fake_http_step script[] = {
        { .target = "/", .reply = { .body = PS_SPAN("{\"AccessKeyId\":\"ONE\",\"SecretAccessKey\":\"s\"}") } },
        { .target = "/_bulk", .reply = { .status = 403 } },
        { .target = "/", .reply = { .body = PS_SPAN("{\"AccessKeyId\":\"TWO\",\"SecretAccessKey\":\"s\"}") } },
        { .target = "/_bulk", .reply = { .status = 403 } },
    };
    struct fake_http *server = fake_http_open(script, 4, false);
    char uri[128];
    (void)snprintf(uri, sizeof uri, "%.*s/", PS_SPAN_ARG(fake_http_url(server)));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri, 1);
    unsetenv("AWS_ACCESS_KEY_ID");
    struct ps_call_client *other = NULL;
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    struct ps_http_exchange exchange = post(server);
    CHECK_OK(ps_call_client_open(&process, &options, &other));
    CHECK_OK(ps_call_run(other, &arena, &SIGNED, &THRICE, &NO_DEADLINE, &exchange));
    CHECK_EQ(exchange.response.status, 403);
    ps_call_client_close(other);
    CHECK_EQ(fake_http_finish(server), 0);
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    setenv("AWS_ACCESS_KEY_ID", "AKID1", 1);
}

static void a_client_without_credentials_says_so_at_once(void)
{
    unsetenv("AWS_ACCESS_KEY_ID");
    struct ps_call_client *other = NULL;
    struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    CHECK_ERR(ps_call_client_open(&process, &options, &other), PS_ERR_DENIED);
    options.needs_credentials = false;
    CHECK_OK(ps_call_client_open(&process, &options, &other));
    struct ps_http_request request = { .method = "GET", .url = PS_SPAN("https://localhost/") };
    CHECK_ERR(ps_call_authorize(other, &arena, &SIGNED, 1, &request), PS_ERR_DENIED);
    ps_call_client_close(other);
    setenv("AWS_ACCESS_KEY_ID", "AKID1", 1);
}

static void a_warm_connection_serves_the_first_call(void)
{
    const struct fake_http_step script[] = { { .method = "HEAD", .target = "/", .reply = { .status = 403 } },
                                             { .method = "POST" } };
    struct fake_http *server = fake_http_open(script, 2, false);
    struct ps_http_exchange exchange = post(server);
    CHECK_OK(ps_call_warm(client, fake_http_url(server), 5000));
    CHECK_OK(ps_call_run(client, &arena, &SIGNED, &THRICE, &NO_DEADLINE, &exchange));
    CHECK_EQ(fake_http_request(server, 1).connection, 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_server_that_cannot_be_warmed_is_told(void)
{
    CHECK_ERR(ps_call_warm(client, PS_SPAN("http://127.0.0.1:1"), 5000), PS_ERR_UNAVAILABLE);
    CHECK_ERR(ps_call_warm(client, PS_SPAN("ftp://127.0.0.1"), 5000), PS_ERR_BAD_CONFIG);
}

static void a_client_goes_on_after_a_snapshot_with_new_connections_and_credentials(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 200 } } };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct ps_call_client *other = NULL;
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&process, &options, &other));
    struct ps_http_exchange before = post(server), after = post(server);
    CHECK_OK(ps_call_run(other, &arena, &SIGNED, &THRICE, &NO_DEADLINE, &before));
    CHECK_OK(ps_call_client_suspend(other));
    setenv("AWS_ACCESS_KEY_ID", "AKID2", 1);
    CHECK_OK(ps_call_client_resume(other));
    CHECK_OK(ps_call_run(other, &arena, &SIGNED, &THRICE, &NO_DEADLINE, &after));
    struct fake_http_request request = fake_http_request(server, 1);
    CHECK_EQ(request.connection, 1);
    CHECK(ps_span_find(fake_http_header(&request, "Authorization"), PS_SPAN("AKID2")) != PS_SPAN_NONE);
    unsetenv("AWS_ACCESS_KEY_ID");
    CHECK_ERR(ps_call_client_resume(other), PS_ERR_DENIED);
    ps_call_client_close(other);
    CHECK_EQ(fake_http_finish(server), 0);
    setenv("AWS_ACCESS_KEY_ID", "AKID1", 1);
}

static void a_client_that_never_signs_resumes_without_credentials(void)
{
    unsetenv("AWS_ACCESS_KEY_ID");
    struct ps_call_client *other = NULL;
    const struct ps_call_client_options options = { .needs_credentials = false };
    CHECK_OK(ps_call_client_open(&process, &options, &other));
    CHECK_OK(ps_call_client_suspend(other));
    CHECK_OK(ps_call_client_resume(other));
    ps_call_client_close(other);
    setenv("AWS_ACCESS_KEY_ID", "AKID1", 1);
}

static enum ps_err open_and_authorize(struct ps_arena *swept)
{
    struct ps_call_client *other = NULL;
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    PS_TRY(ps_call_client_open(swept, &options, &other));
    const struct ps_call_target basic = { .auth = PS_CALL_BASIC, .username = PS_SPAN("a"), .password = PS_SPAN("b") };
    struct ps_http_request request = { .method = "GET", .url = PS_SPAN("https://localhost/") };
    enum ps_err err = ps_call_authorize(other, swept, &SIGNED, 1, &request);
    if (err == PS_OK) err = ps_call_authorize(other, swept, &basic, 1, &request);
    ps_call_client_close(other);
    return err;
}

static void each_missing_piece_of_memory_is_reported(void)
{
    struct ps_arena swept = check_arena(1 << 20);
    PS_EACH_FAILURE(&swept, open_and_authorize(&swept));
    ps_arena_fini(&swept);
}

int main(void)
{
    process = check_arena(1 << 20);
    arena = check_arena(1 << 20);
    setenv("AWS_ACCESS_KEY_ID", "AKID1", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    unsetenv("AWS_SESSION_TOKEN");
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    if (ps_call_client_open(&process, &options, &client) != PS_OK) return EXIT_FAILURE;
    RUN(proxies_count_where_the_client_was_opened_so);
    RUN(what_may_pass_is_tried_again);
    RUN(what_left_without_an_answer_is_not_repeated_when_twice_is_harm);
    RUN(what_never_left_is_repeated_even_then);
    RUN(the_last_answer_is_the_callers_to_judge);
    RUN(what_will_not_pass_is_not_tried_again);
    RUN(no_answer_at_all_is_an_error);
    RUN(no_time_left_means_no_attempt);
    RUN(an_attempt_ends_at_the_deadline);
    RUN(a_wait_longer_than_the_time_left_is_not_begun);
    RUN(the_services_hint_is_waited_for);
    RUN(a_signed_call_carries_the_signature_and_is_signed_anew_for_each_try);
    RUN(refused_credentials_are_read_again_once);
    RUN(refused_credentials_that_stay_the_same_end_the_call);
    RUN(basic_authentication_is_encoded);
    RUN(an_unsigned_call_carries_nothing);
    RUN(credentials_of_an_endpoint_are_renewed_before_their_end);
    RUN(credentials_that_change_at_each_reading_do_not_keep_a_refused_call_alive);
    RUN(a_client_without_credentials_says_so_at_once);
    RUN(a_warm_connection_serves_the_first_call);
    RUN(a_server_that_cannot_be_warmed_is_told);
    RUN(a_client_goes_on_after_a_snapshot_with_new_connections_and_credentials);
    RUN(a_client_that_never_signs_resumes_without_credentials);
    RUN(each_missing_piece_of_memory_is_reported);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return check_finish();
}
