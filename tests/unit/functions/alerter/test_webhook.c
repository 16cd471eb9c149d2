#include "alerter/webhook.h"

#include "base/buf.h"
#include "host/clock.h"
#include "support/check.h"
#include "support/fake_http.h"

#define SECRET "/services/T000/B000/secret"

static struct ps_arena process;
static struct ps_arena arena;
static struct ps_call_client *client;

static const struct ps_deadline NO_DEADLINE = { 0 };
static const struct ps_span HOSTS[] = { PS_SPAN_INIT("hooks.slack.com"), PS_SPAN_INIT("hooks.slack-gov.com"), { 0 } };

/* -- which URLs may be called ---------------------------------------------------------------------------------- */

static void known_hosts_and_this_machine_may_be_called(void)
{
    static const char *const URLS[] = { "https://hooks.slack.com/services/T000/B000/x",
                                        "https://HOOKS.slack.com:443/x",
                                        "https://hooks.slack-gov.com/x?y=z",
                                        "http://127.0.0.1:8080/slack",
                                        "http://localhost/slack",
                                        "https://[::1]:4443/slack" };
    for (size_t i = 0; i < sizeof URLS / sizeof URLS[0]; i++)
        CHECK_OK(webhook_check_url("HOOK_URL", ps_span_of(URLS[i]), HOSTS));
}

static void no_other_url_is_called_and_none_is_shown(void)
{
    static const struct {
        const char *url;
        const char *note;
    } CASES[] = {
        { "http://hooks.slack.com/secret", "HOOK_URL: it must begin with https://" },
        { "https://evil.example/secret", "HOOK_URL: host evil.example is not one that may be called" },
        { "https://hooks.slack.com.evil.example/secret",
          "HOOK_URL: host hooks.slack.com.evil.example is not one that may be called" },
        { "https://x.hooks.slack.com/secret", "HOOK_URL: host x.hooks.slack.com is not one that may be called" },
        { "https://hooks.slack.com:8443/secret", "HOOK_URL: port 8443 is not 443" },
        { "https://hooks.slack.com@evil.example/secret", "HOOK_URL: URL: user information is not allowed in it" },
        { "https://hooks.slack.com/secret#x", "HOOK_URL: URL: byte 30 must be encoded" },
        { "https://127.evil.example/secret", "HOOK_URL: host 127.evil.example is not one that may be called" },
        { "https://169.254.169.254/secret", "HOOK_URL: host 169.254.169.254 is not one that may be called" },
        { "ftp://127.0.0.1/secret", "HOOK_URL: URL: it must begin with https:// or http://" },
        { "", "HOOK_URL: URL: it must begin with https:// or http://" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        CHECK_ERR(webhook_check_url("HOOK_URL", ps_span_of(CASES[i].url), HOSTS), PS_ERR_BAD_CONFIG);
        CHECK_TEXT(ps_span_of(ps_err_note()->text), CASES[i].note);
    }
}

/* -- posting --------------------------------------------------------------------------------------------------- */

static enum ps_err post_by(struct fake_http *server, bool repeatable, const struct ps_deadline *deadline)
{
    struct ps_buf url;
    ps_buf_init(&url, &arena, 256);
    ps_buf_put(&url, fake_http_url(server));
    ps_buf_put(&url, PS_SPAN(SECRET));
    struct webhook_request request = {
        .name = "HOOK_URL",
        .url = ps_buf_span(&url),
        .body = PS_SPAN("{\"text\":\"the alert\"}"),
        .timeout_ms = 5000,
        .repeatable = repeatable,
    };
    enum ps_err err = webhook_post(client, &arena, deadline, &request);
    if (err != PS_OK) { /* neither the URL nor what was sent is told */
        struct ps_span note = ps_span_of(ps_err_note()->text);
        CHECK(ps_span_find(note, PS_SPAN("secret")) == PS_SPAN_NONE);
        CHECK(ps_span_find(note, PS_SPAN("the alert")) == PS_SPAN_NONE);
        CHECK(ps_span_starts(note, PS_SPAN("HOOK_URL: ")));
    }
    return err;
}

static void a_post_is_json_and_carries_nothing_else_of_ours(void)
{
    const struct fake_http_step script[] = { { .method = "POST",
                                               .target = SECRET,
                                               .header = "Content-Type: application/json; charset=utf-8",
                                               .reply = { .body = PS_SPAN("ok") } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    CHECK_OK(post_by(server, false, &NO_DEADLINE));
    struct fake_http_request request = fake_http_request(server, 0);
    CHECK_TEXT(request.body, "{\"text\":\"the alert\"}");
    CHECK_EQ(fake_http_header(&request, "Authorization").len, 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* The whole table: what one answer means, and whether it is asked again. */
static void each_answer_has_its_meaning(void)
{
    static const struct {
        int status;
        enum ps_err err;
        size_t tries;
    } CASES[] = {
        { 200, PS_OK, 1 },
        { 202, PS_OK, 1 },
        { 301, PS_ERR_REFUSED, 1 },
        { 302, PS_ERR_REFUSED, 1 },
        { 307, PS_ERR_REFUSED, 1 },
        { 400, PS_ERR_REFUSED, 1 },
        { 401, PS_ERR_DENIED, 1 },
        { 403, PS_ERR_DENIED, 1 },
        { 404, PS_ERR_DENIED, 1 },
        { 408, PS_ERR_UNAVAILABLE, WEBHOOK_ATTEMPTS_MAX },
        { 410, PS_ERR_DENIED, 1 },
        { 413, PS_ERR_REFUSED, 1 },
        { 429, PS_ERR_THROTTLED, WEBHOOK_ATTEMPTS_MAX },
        { 500, PS_ERR_UNAVAILABLE, WEBHOOK_ATTEMPTS_MAX },
        { 501, PS_ERR_UNAVAILABLE, 1 },
        { 503, PS_ERR_UNAVAILABLE, WEBHOOK_ATTEMPTS_MAX },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct fake_http_step script[] = { { .reply = { .status = CASES[i].status,
                                                              .headers = "Location: http://127.0.0.1:9/secret\r\n",
                                                              .body = PS_SPAN("refused: the alert") } } };
        struct fake_http *server = fake_http_open(script, 1, true);
        CHECK_ERR(post_by(server, false, &NO_DEADLINE), CASES[i].err);
        CHECK_EQ(fake_http_count(server), CASES[i].tries);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

static void what_passes_is_sent_again(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 503 } },
                                             { .reply = { .status = 429 } },
                                             { .reply = { .status = 500 } },
                                             { .reply = { .status = 202 } } };
    struct fake_http *server = fake_http_open(script, 4, false);
    CHECK_OK(post_by(server, false, &NO_DEADLINE));
    CHECK_EQ(fake_http_finish(server), 0);
}

/* Without an answer the message may be in the channel: only what is one and the same twice is sent again. */
static void a_lost_answer_is_repeated_only_where_that_is_safe(void)
{
    const struct fake_http_step script[] = { { .reply = { .end = FAKE_HTTP_DROP } } };
    for (int repeatable = 0; repeatable <= 1; repeatable++) {
        struct fake_http *server = fake_http_open(script, 1, true);
        CHECK_ERR(post_by(server, repeatable != 0, &NO_DEADLINE), PS_ERR_UNAVAILABLE);
        CHECK_EQ(fake_http_count(server), repeatable != 0 ? WEBHOOK_ATTEMPTS_MAX : 1);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

/* libcurl sends again by itself what it loses on a connection that it kept. */
static void a_kept_connection_sends_nothing_twice(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 200 } }, { .reply = { .end = FAKE_HTTP_DROP } } };
    struct fake_http *server = fake_http_open(script, 2, true);
    CHECK_OK(post_by(server, false, &NO_DEADLINE));
    CHECK_ERR(post_by(server, false, &NO_DEADLINE), PS_ERR_UNAVAILABLE);
    CHECK_EQ(fake_http_count(server), 2);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_try_ends_at_its_timeout_and_at_the_deadline(void)
{
    const struct fake_http_step script[] = { { .reply = { .end = FAKE_HTTP_HOLD } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_deadline deadline = ps_deadline_make(1000150, 1000000, 50);
    uint64_t begin_us = ps_clock_monotonic_us();
    CHECK_ERR(post_by(server, true, &deadline), PS_ERR_UNAVAILABLE);
    CHECK(ps_clock_monotonic_us() - begin_us < 4000000);
    fake_http_release(server);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void no_time_means_no_try(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 200 } } };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct ps_deadline deadline = ps_deadline_make(1005000, 1000000, 6000);
    CHECK_ERR(post_by(server, true, &deadline), PS_ERR_DEADLINE);
    CHECK_EQ(fake_http_count(server), 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_wait_that_is_asked_for_is_kept_in_full(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 429, .headers = "Retry-After: 1\r\n" } },
                                             { .reply = { .status = 200 } } };
    struct fake_http *server = fake_http_open(script, 2, false);
    struct ps_deadline deadline = ps_deadline_make(1060000, 1000000, 0);
    uint64_t begin_us = ps_clock_monotonic_us();
    CHECK_OK(post_by(server, false, &deadline));
    CHECK(ps_clock_monotonic_us() - begin_us >= 1000000);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* 25 s are more than ps_call_run would wait: cut, they would fit the 24 s that are left. */
static void a_wait_that_does_not_fit_is_not_begun(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 429, .headers = "Retry-After: 25\r\n" } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_deadline deadline = ps_deadline_make(1024000, 1000000, 0);
    uint64_t begin_us = ps_clock_monotonic_us();
    CHECK_ERR(post_by(server, true, &deadline), PS_ERR_THROTTLED);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "HOOK_URL: answered 429, to be tried in 25000 ms");
    CHECK(ps_clock_monotonic_us() - begin_us < 10000000);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void an_answer_has_a_ceiling(void)
{
    char *filler = ps_arena_bytes(&arena, WEBHOOK_ANSWER_BYTES_MAX + 1);
    memset(filler, 'x', WEBHOOK_ANSWER_BYTES_MAX + 1);
    for (size_t over = 0; over <= 1; over++) {
        struct fake_http_step script[] = { { 0 } };
        script[0].reply.body = ps_span_make(filler, WEBHOOK_ANSWER_BYTES_MAX + over);
        struct fake_http *server = fake_http_open(script, 1, false);
        CHECK_ERR(post_by(server, true, &NO_DEADLINE), over == 0 ? PS_OK : PS_ERR_REFUSED);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

static enum ps_err post_to_a_server(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 200, .body = PS_SPAN("ok") } } };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct webhook_request request = {
        .name = "HOOK_URL", .url = fake_http_url(server), .body = PS_SPAN("{}"), .timeout_ms = 5000
    };
    enum ps_err err = webhook_post(client, &arena, &NO_DEADLINE, &request);
    CHECK_EQ(fake_http_finish(server), 0);
    return err;
}

static void every_failure_is_told(void)
{
    PS_EACH_FAILURE(&arena, post_to_a_server());
}

int main(void)
{
    process = check_arena(1 << 20);
    arena = check_arena(8 << 20);
    const struct ps_call_client_options options = { 0 };
    if (ps_call_client_open(&process, &options, &client) != PS_OK) return 1;
    RUN(known_hosts_and_this_machine_may_be_called);
    RUN(no_other_url_is_called_and_none_is_shown);
    RUN(a_post_is_json_and_carries_nothing_else_of_ours);
    RUN(each_answer_has_its_meaning);
    RUN(what_passes_is_sent_again);
    RUN(a_lost_answer_is_repeated_only_where_that_is_safe);
    RUN(a_kept_connection_sends_nothing_twice);
    RUN(a_try_ends_at_its_timeout_and_at_the_deadline);
    RUN(no_time_means_no_try);
    RUN(a_wait_that_is_asked_for_is_kept_in_full);
    RUN(a_wait_that_does_not_fit_is_not_begun);
    RUN(an_answer_has_a_ceiling);
    RUN(every_failure_is_told);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return check_finish();
}
