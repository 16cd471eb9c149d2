#include "sink.h"

enum {
    EVENTS_IN_FLIGHT = 2,
    EVENT_ATTEMPTS = 4,
};

static enum ps_err open_table(struct ps_arena *process, const struct settings *settings, struct sink *sink)
{
    struct ps_dynamodb_options options = {
        .table = settings->ddb_table,
        .slots = settings->ddb_in_flight,
        .attempts_max = settings->ddb_attempts,
        .request_timeout_ms = settings->request_timeout_ms,
    };
    return ps_dynamodb_open(process, sink->client, &options, &sink->table);
}

static enum ps_err open_bus(struct ps_arena *process, const struct settings *settings, struct sink *sink)
{
    struct ps_eventbridge_options options = {
        .bus = settings->event_bus,
        .entry_bytes_max = PS_EVENTBRIDGE_ENTRY_BYTES,
        .slots = EVENTS_IN_FLIGHT,
        .attempts_max = EVENT_ATTEMPTS,
        .request_timeout_ms = settings->request_timeout_ms,
    };
    return ps_eventbridge_open(process, sink->client, &options, &sink->bus);
}

enum ps_err sink_open(struct ps_arena *process, const struct settings *settings, struct ps_span region,
                      struct sink *sink)
{
    struct ps_call_client_options client = { .region = region, .needs_credentials = true };
    PS_TRY(ps_call_client_open(process, &client, &sink->client));
    PS_TRY(open_table(process, settings, sink));
    PS_TRY(open_bus(process, settings, sink));
    return ps_dead_letter_open(process, sink->client, &settings->dead_letters, &sink->dead_letters);
}

void sink_close(struct sink *sink)
{
    if (sink->bus != NULL) ps_eventbridge_close(sink->bus);
    if (sink->table != NULL) ps_dynamodb_close(sink->table);
    if (sink->client != NULL) ps_call_client_close(sink->client);
    *sink = (struct sink){ 0 };
}

enum ps_err sink_before_snapshot(struct sink *sink)
{
    return ps_call_client_suspend(sink->client);
}

enum ps_err sink_after_restore(struct sink *sink)
{
    return ps_call_client_resume(sink->client);
}
