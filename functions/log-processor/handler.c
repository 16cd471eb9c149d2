/* CloudWatch Logs (direct, or carried by Kinesis or Firehose) -> clean, structured documents -> OpenSearch. */
#include "lambda/handler.h"

#include "base/assert.h"
#include "deliver.h"
#include "host/clock.h"
#include "settings.h"
#include "sink.h"
#include "summary.h"

struct state {
    struct pipeline *pipeline;
    struct sink sink;
};

static enum ps_err init(struct ps_init *init, void *state_memory)
{
    struct state *state = state_memory;
    const struct settings *settings = init->settings;
    struct pipeline_options options = {
        .settings = settings,
        .function_log_group = init->log_group,
        .function_region = init->region,
    };
    PS_TRY(ps_letters_check_memory(init->memory_bytes));
    PS_TRY(pipeline_open(init->arena, &options, &state->pipeline));
    return sink_open(init->arena, init->log, settings, init->region, &state->sink);
}

/* Without partial answers Lambda takes any answer for success and would lose what was handed back: all of it goes back.
 */
static enum ps_err check_partial_batch(const struct settings *settings, const struct ps_event *event,
                                       const struct ps_account *account)
{
    uint64_t returned = account->verdicts[PS_VERDICT_RETURNED];
    if (returned == 0 || settings->partial_batch || !ps_reply_is_partial(event->source)) return PS_OK;
    PS_FAIL(PS_ERR_UNAVAILABLE,
            "%llu records could not be delivered; PARTIAL_BATCH is off, so the whole batch goes back",
            (unsigned long long)returned);
}

/* The payload's way, and the end of it whatever happened on the way: what is in flight is waited for. */
static enum ps_err run_payload(struct ps_invocation *inv, struct ps_event *event, struct deliver *deliver,
                               struct summary *summary)
{
    const struct state *state = inv->state;
    struct deliver_options options = {
        .sink = state->sink.opensearch,
        .store = state->sink.dead_letters,
        .log = inv->log,
        .deadline = &inv->deadline,
        .event = event,
        .takes_back = ps_reply_takes_back(event->source),
    };
    PS_TRY(deliver_begin(deliver, inv->arena, &options, &summary->account));
    struct pipeline_output output = deliver_output(deliver);
    enum ps_err err = pipeline_run(state->pipeline, inv->arena, event, &output, &summary->account, &summary->times);
    /* The first failure is the one to tell. */
    struct ps_err_note cause = *ps_err_note();
    enum ps_err finish_err = deliver_finish(deliver);
    summary->sink = deliver->stats;
    if (err != PS_OK) err = ps_err_raise(err, cause.file, cause.line, "%s", cause.text);
    if (err == PS_OK) err = finish_err;
    if (err == PS_OK) err = check_partial_batch(inv->settings, event, &summary->account);
    if (err != PS_OK) deliver_give_up(deliver);
    return err;
}

/* The closing line comes last and in any case. */
static void close_books(const struct summary *summary, const struct ps_invocation *inv, enum ps_event_source source,
                        enum ps_err err)
{
    PS_ASSERT(ps_account_balances(&summary->account));
    if (summary->account.refused_group > 0) {
        ps_log_warn(inv->log, "log_group_refused", PS_LOG_U64("envelopes", summary->account.refused_group),
                    PS_LOG_U64("records", summary->account.refused_records));
    }
    summary_write(summary, inv, source, err);
}

static enum ps_err answer(struct ps_invocation *inv, struct ps_span payload, struct ps_event *event,
                          struct summary *summary, struct ps_buf *body)
{
    PS_TRY(ps_event_open(payload, event));
    struct deliver deliver;
    PS_TRY(run_payload(inv, event, &deliver, summary));
    return ps_reply_write(&deliver.book, event, PS_REPLY_BYTES_MAX, body, &summary->answers_overflowed);
}

static enum ps_err invoke(struct ps_invocation *inv, struct ps_span payload, struct ps_reply *reply)
{
    uint64_t begin_us = ps_clock_monotonic_us();
    struct summary summary = { .account.event_bytes = payload.len };
    struct ps_event event = { .source = PS_EVENT_UNKNOWN };
    enum ps_err err = answer(inv, payload, &event, &summary, reply->body);
    summary.total_us = ps_clock_monotonic_us() - begin_us;
    close_books(&summary, inv, event.source, err);
    return err;
}

static void drain(void *state_memory, const struct ps_deadline *deadline)
{
    (void)deadline; /* nothing is held back between invocations */
    struct state *state = state_memory;
    sink_close(&state->sink);
}

static enum ps_err before_snapshot(void *state_memory)
{
    struct state *state = state_memory;
    return sink_before_snapshot(&state->sink);
}

static enum ps_err after_restore(void *state_memory)
{
    struct state *state = state_memory;
    return sink_after_restore(&state->sink);
}

PS_API const struct ps_handler ps_handler = {
    .abi = PS_HANDLER_ABI,
    .name = "log-processor",
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
