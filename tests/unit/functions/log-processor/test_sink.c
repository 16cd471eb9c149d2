#include "log-processor/sink.h"

#include <stdlib.h>

#include "support/check.h"
#include "support/fake_http.h"

static enum ps_err on_result(void *context, const struct ps_opensearch_result *result)
{
    *(size_t *)context += result->outcome == PS_OPENSEARCH_STORED;
    return PS_OK;
}

static const struct ps_log QUIET = { .fd = -1 };

static enum ps_err send_document(struct sink *sink, size_t *stored)
{
    const struct ps_deadline no_deadline = { 0 };
    struct ps_opensearch_stats stats;
    struct ps_buf *item = NULL;
    ps_opensearch_begin(sink->opensearch, &QUIET, &no_deadline, on_result, stored);
    PS_TRY(ps_opensearch_buf(sink->opensearch, &item));
    ps_buf_put(item, PS_SPAN("{\"create\":{}}\n{}\n"));
    PS_TRY(ps_opensearch_commit(sink->opensearch, 0));
    return ps_opensearch_finish(sink->opensearch, &stats);
}

static struct settings read_settings(struct ps_arena *arena, struct fake_http *server)
{
    struct settings settings = { 0 };
    char url[64] = "";
    memcpy(url, fake_http_url(server).data, fake_http_url(server).len);
    setenv("OPENSEARCH_ENDPOINT", url, 1);
    CHECK_OK(ps_config_read(SETTINGS_ITEMS, NULL, arena, &settings, NULL));
    return settings;
}

static void a_sink_goes_on_after_a_snapshot_with_new_connections_and_credentials(void)
{
    const struct fake_http_step script[] = {
        { .method = "HEAD" }, /* init opens the connection */
        { .reply = { .body = PS_SPAN("{\"errors\":false,\"items\":[{\"create\":{\"status\":201}}]}") } },
    };
    struct fake_http *server = fake_http_open(script, 2, true);
    struct ps_arena arena = check_arena(256 << 20);
    struct settings settings = read_settings(&arena, server);
    struct sink sink = { 0 };
    size_t stored = 0;
    CHECK_OK(sink_open(&arena, &QUIET, &settings, PS_SPAN("eu-west-1"), &sink));
    CHECK_OK(send_document(&sink, &stored));
    CHECK_OK(sink_before_snapshot(&sink));
    setenv("AWS_ACCESS_KEY_ID", "AKID2", 1);
    CHECK_OK(sink_after_restore(&sink));
    CHECK_OK(send_document(&sink, &stored));
    CHECK_EQ(stored, 2);
    struct fake_http_request before = fake_http_request(server, 1), after = fake_http_request(server, 2);
    CHECK_EQ(before.connection, 0);
    CHECK_EQ(after.connection, 1);
    CHECK(ps_span_find(fake_http_header(&before, "Authorization"), PS_SPAN("AKID1")) != PS_SPAN_NONE);
    CHECK(ps_span_find(fake_http_header(&after, "Authorization"), PS_SPAN("AKID2")) != PS_SPAN_NONE);
    sink_close(&sink);
    ps_arena_fini(&arena);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* -- a password that is kept elsewhere -------------------------------------------------------------------------------
 */

#define SECRET(text) \
    { \
        .reply = {.body = PS_SPAN_INIT("{\"SecretString\":\"" text "\"}") } \
    }

static enum ps_err open_with_secret(struct fake_http *secrets, struct fake_http *domain, struct ps_arena *arena,
                                    struct settings *settings, struct sink *sink)
{
    char url[64] = "";
    memcpy(url, fake_http_url(secrets).data, fake_http_url(secrets).len);
    setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", url, 1);
    setenv("OPENSEARCH_AUTH", "basic", 1);
    setenv("OPENSEARCH_USERNAME", "writer", 1);
    setenv("OPENSEARCH_PASSWORD_SECRET_ARN", "search", 1);
    *settings = read_settings(arena, domain);
    return sink_open(arena, &QUIET, settings, PS_SPAN("eu-west-1"), sink);
}

static void a_password_is_read_in_init_and_again_after_a_snapshot(void)
{
    static const struct fake_http_step SECRETS[] = { SECRET("old"), SECRET("new") };
    static const struct fake_http_step DOMAIN[] = {
        { .method = "HEAD" },
        { .reply = { .body = PS_SPAN_INIT("{\"errors\":false,\"items\":[{\"create\":{\"status\":201}}]}") } },
    };
    struct fake_http *secrets = fake_http_open(SECRETS, 2, false), *domain = fake_http_open(DOMAIN, 2, true);
    struct ps_arena arena = check_arena(256 << 20);
    struct settings settings;
    struct sink sink = { 0 };
    size_t stored = 0;
    CHECK_OK(open_with_secret(secrets, domain, &arena, &settings, &sink));
    CHECK_EQ(fake_http_count(secrets), 1);
    CHECK_OK(send_document(&sink, &stored));
    CHECK_OK(sink_before_snapshot(&sink));
    CHECK_OK(sink_after_restore(&sink));
    CHECK_EQ(fake_http_count(secrets), 2);
    CHECK_OK(send_document(&sink, &stored));
    CHECK_EQ(stored, 2);
    struct fake_http_request before = fake_http_request(domain, 1), after = fake_http_request(domain, 2);
    CHECK_TEXT(fake_http_header(&before, "Authorization"), "Basic d3JpdGVyOm9sZA==");
    CHECK_TEXT(fake_http_header(&after, "Authorization"), "Basic d3JpdGVyOm5ldw==");
    sink_close(&sink);
    ps_arena_fini(&arena);
    CHECK_EQ(fake_http_finish(secrets) + fake_http_finish(domain), 0);
}

static void only_a_mistake_in_the_password_fails_init(void)
{
    static const struct fake_http_step DOMAIN = { .method = "HEAD" };
    static const struct {
        struct fake_http_step secret;
        enum ps_err err;
    } CASES[] = {
        { SECRET(""), PS_ERR_BAD_CONFIG },
        { { .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"ResourceNotFoundException\"}") } },
          PS_ERR_NOT_FOUND },
        { { .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"AccessDeniedException\"}") } },
          PS_ERR_DENIED },
        { { .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"ThrottlingException\"}") } }, PS_OK },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct fake_http *secrets = fake_http_open(&CASES[i].secret, 1, false);
        struct fake_http *domain = fake_http_open(&DOMAIN, 1, true);
        struct ps_arena arena = check_arena(256 << 20);
        struct settings settings;
        struct sink sink = { 0 };
        CHECK_ERR(open_with_secret(secrets, domain, &arena, &settings, &sink), CASES[i].err);
        if (CASES[i].err != PS_OK) CHECK(strstr(ps_err_note()->text, "OPENSEARCH_PASSWORD_SECRET_ARN: ") != NULL);
        sink_close(&sink);
        ps_arena_fini(&arena);
        CHECK_EQ(fake_http_finish(secrets) + fake_http_finish(domain), 0);
    }
}

int main(void)
{
    for (const struct ps_config_item *item = SETTINGS_ITEMS; item->name != NULL; item++)
        unsetenv(item->name);
    setenv("AWS_ACCESS_KEY_ID", "AKID1", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    RUN(a_sink_goes_on_after_a_snapshot_with_new_connections_and_credentials);
    RUN(a_password_is_read_in_init_and_again_after_a_snapshot);
    RUN(only_a_mistake_in_the_password_fails_init);
    return check_finish();
}
