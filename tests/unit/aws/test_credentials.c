#include "aws/credentials.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/fake_http.h"

static struct ps_arena arena;
static struct ps_http *http;

static const char DOCUMENT[] =
    "{\"AccessKeyId\":\"ASIAEXAMPLE\",\"SecretAccessKey\":\"sec\\/ret\",\"Token\":\"tok\\u0065n\","
    "\"Expiration\":\"2026-11-21T10:00:00Z\",\"Other\":{\"a\":[1]}}";
static const int64_t EXPIRES_MS = 1795255200000;

static void forget(void)
{
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    unsetenv("AWS_SESSION_TOKEN");
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
}

static void set_endpoint(struct fake_http *server)
{
    char uri[128];
    (void)snprintf(uri, sizeof uri, "%.*s/creds?v=1", PS_SPAN_ARG(fake_http_url(server)));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic open", 1);
}

static void the_environment_comes_first(void)
{
    struct ps_credentials credentials = { 0 };
    bool changed = false;
    forget();
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    CHECK_OK(ps_credentials_read(&credentials, http, &changed));
    CHECK(changed);
    CHECK_TEXT(credentials.access_key_id, "AKID");
    CHECK_TEXT(credentials.secret_access_key, "secret");
    CHECK_TEXT(credentials.session_token, "");
    CHECK_OK(ps_credentials_read(&credentials, http, &changed));
    CHECK(!changed);
    setenv("AWS_SESSION_TOKEN", "token", 1);
    CHECK_OK(ps_credentials_read(&credentials, http, &changed));
    CHECK(changed);
    CHECK_TEXT(credentials.session_token, "token");
    CHECK_OK(ps_credentials_check(&credentials, INT64_MAX));
    CHECK(!ps_credentials_due(&credentials, INT64_MAX));
}

static void the_container_endpoint_is_asked_with_its_token(void)
{
    const struct fake_http_step script[] = {
        { .method = "GET",
          .target = "/creds?v=1",
          .header = "Authorization: Basic open",
          .reply = { .body = ps_span_of(DOCUMENT) } },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_credentials credentials = { 0 };
    bool changed = false;
    forget();
    set_endpoint(server);
    CHECK_OK(ps_credentials_read(&credentials, http, &changed));
    CHECK(changed);
    CHECK_TEXT(credentials.access_key_id, "ASIAEXAMPLE");
    CHECK_TEXT(credentials.secret_access_key, "sec/ret");
    CHECK_TEXT(credentials.session_token, "token");
    CHECK_EQ(credentials.expires_ms, EXPIRES_MS);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void no_proxy_sees_them(void)
{
    const struct fake_http_step script[] = {
        { .target = "/creds?v=1", .reply = { .body = PS_SPAN("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\"}") } },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_credentials credentials = { 0 };
    struct ps_http *proxied = NULL;
    bool changed = false;
    forget();
    set_endpoint(server);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    CHECK_OK(ps_http_open(&arena, &(struct ps_http_options){ .proxies = true }, &proxied));
    CHECK_OK(ps_credentials_read(&credentials, proxied, &changed));
    CHECK_TEXT(credentials.access_key_id, "A");
    unsetenv("http_proxy");
    ps_http_close(proxied);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void they_are_due_before_they_expire_and_refused_after(void)
{
    struct ps_credentials credentials = { 0 };
    CHECK_ERR(ps_credentials_check(&credentials, 1), PS_ERR_DENIED);
    CHECK_OK(ps_credentials_parse(&arena, ps_span_of(DOCUMENT), &credentials));
    CHECK(!ps_credentials_due(&credentials, EXPIRES_MS - 6 * 60 * 1000));
    CHECK(ps_credentials_due(&credentials, EXPIRES_MS - 4 * 60 * 1000));
    CHECK_OK(ps_credentials_check(&credentials, EXPIRES_MS - 1));
    CHECK_ERR(ps_credentials_check(&credentials, EXPIRES_MS), PS_ERR_DENIED);
    CHECK(strstr(ps_err_note()->text, "expired") != NULL);
}

static void a_failure_leaves_the_old_ones(void)
{
    const struct fake_http_step script[] = {
        { .reply = { .status = 503 } },
        { .reply = { .status = 403 } },
        { .reply = { .body = PS_SPAN("{\"AccessKeyId\":\"A\"}") } },
        { .reply = { .body = PS_SPAN("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\",\"Expiration\":\"soon\"}") } },
        { .reply = { .body = PS_SPAN("nonsense") } },
    };
    static const enum ps_err WANTED[] = { PS_ERR_UNAVAILABLE, PS_ERR_DENIED, PS_ERR_DENIED, PS_ERR_BAD_INPUT,
                                          PS_ERR_BAD_INPUT };
    struct fake_http *server = fake_http_open(script, 5, false);
    struct ps_credentials credentials = { 0 };
    bool changed = false;
    CHECK_OK(ps_credentials_parse(&arena, ps_span_of(DOCUMENT), &credentials));
    forget();
    set_endpoint(server);
    for (int i = 0; i < 5; i++) {
        CHECK_ERR(ps_credentials_read(&credentials, http, &changed), WANTED[i]);
        CHECK_TEXT(credentials.access_key_id, "ASIAEXAMPLE");
    }
    CHECK_EQ(fake_http_finish(server), 0);
}

static void plain_http_to_another_machine_is_refused(void)
{
    struct ps_credentials credentials = { 0 };
    bool changed = false;
    forget();
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.0.0.1/creds", 1);
    CHECK_ERR(ps_credentials_read(&credentials, http, &changed), PS_ERR_BAD_CONFIG);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.2.evil.example/creds", 1);
    CHECK_ERR(ps_credentials_read(&credentials, http, &changed), PS_ERR_BAD_CONFIG);
}

static void none_is_denied_and_too_long_ones_are_refused(void)
{
    static char huge[PS_CREDENTIALS_TEXT_BYTES_MAX];
    struct ps_credentials credentials = { 0 };
    bool changed = false;
    forget();
    CHECK_ERR(ps_credentials_read(&credentials, http, &changed), PS_ERR_DENIED);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    CHECK_ERR(ps_credentials_read(&credentials, http, &changed), PS_ERR_DENIED);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    memset(huge, 'x', sizeof huge - 1);
    setenv("AWS_SESSION_TOKEN", huge, 1);
    CHECK_ERR(ps_credentials_read(&credentials, http, &changed), PS_ERR_TOO_LARGE);
    CHECK(!credentials.present);
}

static void every_prefix_of_a_document_is_refused_and_not_overread(void)
{
    for (size_t len = 0; len + 1 < sizeof DOCUMENT; len++) {
        char *copy = malloc(len > 0 ? len : 1);
        if (copy == NULL) abort();
        memcpy(copy, DOCUMENT, len);
        struct ps_credentials credentials = { 0 };
        CHECK_ERR(ps_credentials_parse(&arena, ps_span_make(copy, len), &credentials), PS_ERR_BAD_INPUT);
        free(copy);
    }
}

static enum ps_err parse(void)
{
    struct ps_credentials credentials = { 0 };
    return ps_credentials_parse(&arena, ps_span_of(DOCUMENT), &credentials);
}

static void each_missing_piece_of_memory_is_reported(void)
{
    PS_EACH_FAILURE(&arena, parse());
}

int main(void)
{
    arena = check_arena(1 << 20);
    if (ps_http_open(&arena, &(struct ps_http_options){ 0 }, &http) != PS_OK) return EXIT_FAILURE;
    RUN(the_environment_comes_first);
    RUN(the_container_endpoint_is_asked_with_its_token);
    RUN(no_proxy_sees_them);
    RUN(they_are_due_before_they_expire_and_refused_after);
    RUN(a_failure_leaves_the_old_ones);
    RUN(plain_http_to_another_machine_is_refused);
    RUN(none_is_denied_and_too_long_ones_are_refused);
    RUN(every_prefix_of_a_document_is_refused_and_not_overread);
    RUN(each_missing_piece_of_memory_is_reported);
    ps_http_close(http);
    ps_arena_fini(&arena);
    return check_finish();
}
