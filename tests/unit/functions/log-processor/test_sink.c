#include "log-processor/sink.h"

#include <stdlib.h>

#include "support/check.h"
#include "support/fake_http.h"

static enum ps_err on_result(void *context, const struct ps_opensearch_result *result)
{
    *(size_t *)context += result->outcome == PS_OPENSEARCH_STORED;
    return PS_OK;
}

static enum ps_err send_document(struct sink *sink, size_t *stored)
{
    const struct ps_deadline no_deadline = { 0 };
    const struct ps_log log = { .fd = -1 };
    struct ps_opensearch_stats stats;
    struct ps_buf *item = NULL;
    ps_opensearch_begin(sink->opensearch, &log, &no_deadline, on_result, stored);
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
    CHECK_OK(sink_open(&arena, &settings, PS_SPAN("eu-west-1"), &sink));
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

int main(void)
{
    for (const struct ps_config_item *item = SETTINGS_ITEMS; item->name != NULL; item++)
        unsetenv(item->name);
    setenv("AWS_ACCESS_KEY_ID", "AKID1", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    RUN(a_sink_goes_on_after_a_snapshot_with_new_connections_and_credentials);
    return check_finish();
}
