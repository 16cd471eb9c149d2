#include "sink.h"

enum {
    /* Escaped, an event of 1 MiB can become six times as large, and a JSON one is there twice (message and fields).
     * What is larger still is a dead letter with its reason. Address space, touched only by such items. */
    ITEM_BYTES_MAX = 8 << 20,
};

static struct ps_span service_name(uint32_t word)
{
    static const struct ps_span NAMES[] = { PS_SPAN_INIT(""), PS_SPAN_INIT("es"), PS_SPAN_INIT("aoss") };
    return NAMES[word];
}

static enum ps_err open_password(struct ps_arena *process, const struct settings *settings, struct sink *sink)
{
    if (settings->opensearch_auth != PS_OPENSEARCH_BASIC) return PS_OK;
    PS_TRY(ps_secret_open(process, sink->client, "OPENSEARCH_PASSWORD", &settings->opensearch_password,
                          &sink->opensearch_password));
    return ps_secret_warm(sink->opensearch_password, sink->log);
}

static enum ps_err open_opensearch(struct ps_arena *process, const struct settings *settings, struct sink *sink)
{
    struct ps_opensearch_options options = {
        .endpoint = settings->opensearch_endpoint,
        .auth = (enum ps_opensearch_auth)settings->opensearch_auth,
        .service = service_name(settings->opensearch_service),
        .username = settings->opensearch_username,
        .password = sink->opensearch_password,
        .gzip = settings->opensearch_gzip,
        .gzip_level = settings->opensearch_gzip_level,
        .slots = settings->bulk_in_flight,
        .bulk_bytes_max = settings->bulk_bytes,
        .item_bytes_max = ITEM_BYTES_MAX,
        .bulk_items_max = settings->bulk_items,
        .attempts_max = settings->bulk_attempts,
        .request_timeout_ms = settings->request_timeout_ms,
    };
    return ps_opensearch_open(process, sink->client, &options, &sink->opensearch);
}

enum ps_err sink_open(struct ps_arena *process, const struct ps_log *log, const struct settings *settings,
                      struct ps_span region, struct sink *sink)
{
    uint32_t auth = settings->opensearch_auth;
    bool signs = auth == PS_OPENSEARCH_SIGV4 || settings->dead_letters.bucket.len > 0 ||
                 (auth == PS_OPENSEARCH_BASIC && ps_secret_is_remote(&settings->opensearch_password));
    struct ps_call_client_options client = {
        .region = region,
        .ca_file = settings->opensearch_ca_file,
        .needs_credentials = signs,
    };
    sink->log = log;
    PS_TRY(ps_call_client_open(process, &client, &sink->client));
    PS_TRY(open_password(process, settings, sink));
    PS_TRY(open_opensearch(process, settings, sink));
    return ps_dead_letter_open(process, sink->client, &settings->dead_letters, &sink->dead_letters);
}

void sink_close(struct sink *sink)
{
    if (sink->opensearch != NULL) ps_opensearch_close(sink->opensearch);
    if (sink->client != NULL) ps_call_client_close(sink->client);
    *sink = (struct sink){ 0 };
}

enum ps_err sink_before_snapshot(struct sink *sink)
{
    if (sink->opensearch_password != NULL) ps_secret_forget(sink->opensearch_password);
    return ps_call_client_suspend(sink->client);
}

enum ps_err sink_after_restore(struct sink *sink)
{
    PS_TRY(ps_call_client_resume(sink->client));
    return sink->opensearch_password != NULL ? ps_secret_warm(sink->opensearch_password, sink->log) : PS_OK;
}
