/* LogError events, alarms and monitors -> one incident for each kind -> PagerDuty, Slack and mail. */
#include "lambda/handler.h"

#include "alert_redact.h"
#include "base/assert.h"
#include "host/clock.h"
#include "settings.h"
#include "summary.h"

struct state {
    struct ps_call_client *client;
    struct ps_dynamodb_table *table;
    struct channels channels;
    struct rules *rules;
    struct ps_redact *redact;
    const struct ps_log *log;
};

/* One invocation. */
struct run {
    struct ps_invocation *inv;
    struct store store;
    struct delivering delivering;
    struct summary summary;
};

static enum ps_err init(struct ps_init *init, void *state_memory)
{
    struct state *state = state_memory;
    const struct settings *settings = init->settings;
    const struct ps_call_client_options client = { .region = init->region, .needs_credentials = true, .proxies = true };
    state->log = init->log;
    PS_TRY(ps_redact_open(init->arena, settings->redact, settings->redact_patterns, &state->redact));
    PS_TRY(rules_open(init->arena, settings->alert_rules, &state->rules));
    PS_TRY(ps_call_client_open(init->arena, &client, &state->client));
    PS_TRY(ps_dynamodb_table_open(init->arena, state->client, settings->alert_table, settings->request_timeout_ms,
                                  &state->table));
    return channels_open(init->arena, settings, state->client, init->log, &state->channels);
}

static void begin_run(struct run *run, struct ps_invocation *inv, struct ps_span payload)
{
    const struct state *state = inv->state;
    const struct settings *settings = inv->settings;
    *run = (struct run){ .inv = inv, .summary.account.event_bytes = payload.len };
    run->store = (struct store){
        .client = state->client,
        .table = state->table,
        .table_name = settings->alert_table,
        .arena = inv->arena,
        .deadline = &inv->deadline,
        .request_id = inv->request_id,
        .now_ms = inv->now_ms,
        .window_s = settings->alert_window_s,
        .ttl_days = settings->ttl_days,
    };
    run->delivering = (struct delivering){
        .channels = &state->channels, .store = &run->store, .log = inv->log, .counts = &run->summary.delivered
    };
}

/* Alerts about the alerter's own log lines would make new ones for ever. */
static bool is_own(const struct run *run, const struct alert *alert)
{
    return alert->source == ALERT_LOG && settings_exclude(run->inv->settings, run->inv->function_name, alert->service);
}

static enum ps_err handle_one(struct run *run, struct alert *alert, enum ps_verdict *verdict)
{
    const struct state *state = run->inv->state;
    struct ps_redact_counts redacted = { 0 };
    *verdict = PS_VERDICT_FILTERED;
    if (is_own(run, alert)) return PS_OK;
    PS_TRY(alert_redact(alert, state->redact, run->inv->arena, &redacted));
    run->summary.account.redacted += ps_redact_total(&redacted);
    return handle_alert(&run->delivering, state->rules, alert, &run->summary.handled, &run->summary.closings, verdict);
}

/* Every alert of the payload has its turn; then the first failure is the invocation's. */
static enum ps_err handle_all(struct run *run, struct payload *payload)
{
    struct ps_account *account = &run->summary.account;
    enum ps_err failed = PS_OK;
    struct ps_err_note first = { 0 };
    for (;;) {
        struct ps_arena_mark mark = ps_arena_mark(run->inv->arena);
        struct alert alert;
        bool more = true;
        enum ps_verdict verdict = PS_VERDICT_RETURNED;
        enum ps_err err = payload_next(payload, run->inv->arena, &alert, &more);
        if (err == PS_OK && !more) break;
        if (err == PS_OK) err = handle_one(run, &alert, &verdict);
        if (err != PS_OK && failed == PS_OK) first = *ps_err_note();
        if (err != PS_OK && failed == PS_OK) failed = err;
        account->in++;
        ps_account_add(account, err == PS_OK ? verdict : PS_VERDICT_RETURNED, 1);
        ps_arena_rewind(run->inv->arena, mark);
    }
    if (failed != PS_OK) PS_FAIL(failed, "%s", first.text);
    return PS_OK;
}

static enum ps_err answer(struct run *run, struct ps_span json)
{
    struct payload payload;
    PS_TRY(payload_open(json, &payload));
    run->summary.kind = payload.kind;
    if (payload.kind == PAYLOAD_SCHEDULE) return closing_run(&run->delivering, &run->summary.closings);
    PS_TRY(handle_all(run, &payload));
    /* A window was closed here because the schedule does not do it: nobody else would send what it leads to. */
    return run->summary.closings.windows > 0 ? closing_send(&run->delivering, &run->summary.closings) : PS_OK;
}

static enum ps_err invoke(struct ps_invocation *inv, struct ps_span payload, struct ps_reply *reply)
{
    uint64_t begin_us = ps_clock_monotonic_us();
    struct run run;
    begin_run(&run, inv, payload);
    enum ps_err err = answer(&run, payload);
    PS_ASSERT(ps_account_balances(&run.summary.account));
    run.summary.total_us = ps_clock_monotonic_us() - begin_us;
    summary_write(&run.summary, inv, err);
    if (err == PS_OK) ps_buf_put(reply->body, PS_SPAN("null")); /* nobody reads the answer of an asynchronous event */
    return err;
}

static void drain(void *state_memory, const struct ps_deadline *deadline)
{
    (void)deadline; /* nothing is held back between invocations */
    struct state *state = state_memory;
    ps_call_client_close(state->client);
    state->client = NULL;
}

static enum ps_err before_snapshot(void *state_memory)
{
    struct state *state = state_memory;
    channels_before_snapshot(&state->channels);
    return ps_call_client_suspend(state->client);
}

static enum ps_err after_restore(void *state_memory)
{
    struct state *state = state_memory;
    PS_TRY(ps_call_client_resume(state->client));
    return channels_after_restore(&state->channels, state->log);
}

PS_API const struct ps_handler ps_handler = {
    .abi = PS_HANDLER_ABI,
    .name = "alerter",
    .settings = SETTINGS_ITEMS,
    .settings_bytes = sizeof(struct settings),
    .check = settings_check,
    .state_bytes = sizeof(struct state),
    .init = init,
    .invoke = invoke,
    .drain = drain,
    .before_snapshot = before_snapshot,
    .after_restore = after_restore,
};
