#include "aws/s3.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/fake_http.h"

static struct ps_arena arena;
static struct ps_call_client *client;

static const struct ps_deadline NO_DEADLINE = { 0 };
static const struct ps_s3_limits LIMITS = { .deadline = &NO_DEADLINE, .response_bytes_max = 4096 };

static struct ps_s3 *open_on(struct fake_http *server)
{
    char url[64];
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(server)));
    setenv("AWS_ENDPOINT_URL_S3", url, 1);
    struct ps_s3 *s3 = NULL;
    CHECK_OK(ps_s3_open(&arena, client, PS_SPAN("letters"), &s3));
    return s3;
}

static void a_put_sends_the_body_under_the_encoded_key(void)
{
    const struct fake_http_step script[] = {
        { .method = "PUT", .target = "/letters/fn//a%20b%2B%C3%BC/../c", .header = "Content-Type: text/plain" },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_s3 *s3 = open_on(server);
    CHECK_OK(ps_s3_put(s3, &arena, &LIMITS, PS_SPAN("fn//a b+\xc3\xbc/../c"), PS_SPAN("text/plain"), PS_SPAN("body")));
    struct fake_http_request request = fake_http_request(server, 0);
    CHECK_TEXT(request.body, "body");
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Content-Sha256"),
               "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5");
    CHECK(ps_span_find(fake_http_header(&request, "Authorization"), PS_SPAN("/s3/aws4_request")) != PS_SPAN_NONE);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void an_object_comes_back(void)
{
    const struct fake_http_step script[] = { { .method = "GET", .reply = { .body = PS_SPAN("lines\n") } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_span body;
    CHECK_OK(ps_s3_get(open_on(server), &arena, &LIMITS, PS_SPAN("key"), &body));
    CHECK_TEXT(body, "lines\n");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void deleting_what_is_gone_is_no_failure(void)
{
    const struct fake_http_step script[] = {
        { .method = "DELETE", .reply = { .status = 204 } },
        { .reply = { .status = 404, .body = PS_SPAN("<Error><Code>NoSuchKey</Code></Error>") } },
        { .reply = { .status = 404, .body = PS_SPAN("<Error><Code>NoSuchBucket</Code></Error>") } },
    };
    struct fake_http *server = fake_http_open(script, 3, false);
    struct ps_s3 *s3 = open_on(server);
    CHECK_OK(ps_s3_delete(s3, &arena, &LIMITS, PS_SPAN("key")));
    CHECK_OK(ps_s3_delete(s3, &arena, &LIMITS, PS_SPAN("key")));
    CHECK_ERR(ps_s3_delete(s3, &arena, &LIMITS, PS_SPAN("key")), PS_ERR_BAD_CONFIG);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_page_of_keys_is_asked_for_and_read(void)
{
    const struct fake_http_step script[] = {
        { .target = "/letters/?list-type=2&encoding-type=url&prefix=fn%2F&continuation-token=a%2B%3D",
          .reply = { .body = PS_SPAN("<ListBucketResult><Key>fn/x</Key></ListBucketResult>") } },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_s3_page page;
    CHECK_OK(ps_s3_list(open_on(server), &arena, &LIMITS, PS_SPAN("fn/"), PS_SPAN("a+="), &page));
    CHECK_EQ(page.count, 1);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void each_refusal_has_its_class(void)
{
    static const struct {
        int status;
        enum ps_err wanted;
        const char *body;
    } CASES[] = {
        { 301, PS_ERR_BAD_CONFIG, "<Error><Code>PermanentRedirect</Code></Error>" },
        { 400, PS_ERR_REFUSED, "<Error><Code>EntityTooLarge</Code></Error>" },
        { 403, PS_ERR_DENIED, "<Error><Code>AccessDenied</Code></Error>" },
        { 404, PS_ERR_BAD_CONFIG, "<Error><Code>NoSuchBucket</Code></Error>" },
        { 404, PS_ERR_NOT_FOUND, "" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct fake_http_step script[] = {
            { .reply = { .status = CASES[i].status, .body = ps_span_of(CASES[i].body) } },
        };
        struct fake_http *server = fake_http_open(script, 1, false);
        struct ps_span body;
        CHECK_ERR(ps_s3_get(open_on(server), &arena, &LIMITS, PS_SPAN("key"), &body), CASES[i].wanted);
        CHECK(strstr(ps_err_note()->text, "letters") != NULL);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

static void a_key_or_bucket_that_cannot_be_is_refused(void)
{
    static const char *const BUCKETS[] = { "", "ab", "Letters", "-letters", "a/b", "letters?x", "a_b" };
    struct ps_s3 *s3 = NULL;
    for (size_t i = 0; i < sizeof BUCKETS / sizeof BUCKETS[0]; i++)
        CHECK_ERR(ps_s3_open(&arena, client, ps_span_of(BUCKETS[i]), &s3), PS_ERR_BAD_CONFIG);
    static char key[1025];
    memset(key, 'k', sizeof key);
    unsetenv("AWS_ENDPOINT_URL_S3");
    CHECK_OK(ps_s3_open(&arena, client, PS_SPAN("letters"), &s3));
    CHECK_ERR(ps_s3_delete(s3, &arena, &LIMITS, PS_SPAN("")), PS_ERR_REFUSED);
    CHECK_ERR(ps_s3_delete(s3, &arena, &LIMITS, ps_span_make(key, sizeof key)), PS_ERR_REFUSED);
}

static void aws_is_addressed_by_host_but_for_names_with_dots(void)
{
    static const char *const BUCKETS[] = { "letters", "my.letters" };
    static const char *const URLS[] = { "https://letters.s3.eu-west-1.amazonaws.com/a%20b",
                                        "https://s3.eu-west-1.amazonaws.com/my.letters/a%20b" };
    unsetenv("AWS_ENDPOINT_URL_S3");
    for (size_t i = 0; i < 2; i++) {
        struct ps_s3 *s3 = NULL;
        struct ps_span url;
        CHECK_OK(ps_s3_open(&arena, client, ps_span_of(BUCKETS[i]), &s3));
        CHECK_OK(ps_s3_url(s3, &arena, PS_SPAN("a b"), &url));
        CHECK_TEXT(url, URLS[i]);
    }
}

static struct fake_http *swept_server;

static enum ps_err open_put_and_list(void)
{
    struct ps_s3 *s3 = NULL;
    struct ps_s3_page page;
    PS_TRY(ps_s3_open(&arena, client, PS_SPAN("letters"), &s3));
    PS_TRY(ps_s3_put(s3, &arena, &LIMITS, PS_SPAN("key"), PS_SPAN("text/plain"), PS_SPAN("body")));
    return ps_s3_list(s3, &arena, &LIMITS, PS_SPAN("k"), PS_SPAN(""), &page);
}

static void each_missing_piece_of_memory_is_reported(void)
{
    const struct fake_http_step script[] = {
        { .reply = { .body = PS_SPAN("<ListBucketResult><Key>fn/x</Key></ListBucketResult>") } },
    };
    swept_server = fake_http_open(script, 1, true);
    (void)open_on(swept_server);
    PS_EACH_FAILURE(&arena, open_put_and_list());
    CHECK_EQ(fake_http_finish(swept_server), 0);
}

int main(void)
{
    arena = check_arena(1 << 20);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    unsetenv("AWS_ENDPOINT_URL");
    unsetenv("AWS_SESSION_TOKEN");
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    if (ps_call_client_open(&arena, &options, &client) != PS_OK) return EXIT_FAILURE;
    RUN(a_put_sends_the_body_under_the_encoded_key);
    RUN(an_object_comes_back);
    RUN(deleting_what_is_gone_is_no_failure);
    RUN(a_page_of_keys_is_asked_for_and_read);
    RUN(each_refusal_has_its_class);
    RUN(a_key_or_bucket_that_cannot_be_is_refused);
    RUN(aws_is_addressed_by_host_but_for_names_with_dots);
    RUN(each_missing_piece_of_memory_is_reported);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    return check_finish();
}
