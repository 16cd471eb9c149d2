/* CloudWatch Logs (direct, or carried by Kinesis or Firehose) -> one JSON record per log event -> a Kinesis or Firehose
 * stream, an SQS queue, or back to the Firehose stream that asks for a transformation. The small example: read it
 * first, then the log processor, which has the same shape and does more. */
#include "lambda/handler.h"

#include "base/assert.h"
#include "deliver.h"
#include "host/clock.h"
#include "host/metric.h"
#include "settings.h"
#include "transform.h"

struct state {
    struct ps_call_client *client;
    struct ps_batch *batch;
    struct ps_dead_letter_store *dead_letters; /* NULL: none */
    struct ps_redact *redact;
    struct ps_span own_log_group;
    struct ps_span region;
};

static enum ps_err init(struct ps_init *init, void *state_memory)
{
    struct state *state = state_memory;
    const struct settings *settings = init->settings;
    state->own_log_group = init->log_group;
    state->region = init->region;
    PS_TRY(ps_letters_check_memory(init->memory_bytes));
    PS_TRY(ps_redact_open(init->arena, settings->redact, settings->redact_patterns, &state->redact));
    const struct ps_call_client_options client = { .region = init->region, .needs_credentials = true };
    PS_TRY(ps_call_client_open(init->arena, &client, &state->client));
    const struct ps_batch_options batch = {
        .service = settings_service(settings),
        .attempts_max = settings->output_attempts,
        .request_timeout_ms = settings->request_timeout_ms,
    };
    PS_TRY(ps_batch_open(init->arena, state->client, &batch, &state->batch));
    return ps_dead_letter_open(init->arena, state->client, &settings->dead_letters, &state->dead_letters);
}

/* One invocation. */
struct run {
    struct ps_invocation *inv;
    struct ps_event event;
    struct ps_account account;
    struct ps_batch_stats stats;
    uint64_t dead; /* letters that the store has confirmed */
};

static struct decode_options decode_options_of(const struct run *run)
{
    const struct state *state = run->inv->state;
    const struct settings *settings = run->inv->settings;
    return (struct decode_options){
        .redact = state->redact,
        .own_log_group = state->own_log_group,
        .region = state->region,
        .inflated_bytes_max = settings->inflated_bytes_max,
        .arena = run->inv->arena,
    };
}

static enum ps_err check_source(const struct run *run)
{
    const struct settings *settings = run->inv->settings;
    switch (run->event.source) {
    case PS_EVENT_FIREHOSE:
        return PS_OK;
    case PS_EVENT_CWLOGS:
    case PS_EVENT_KINESIS:
        if (settings->output != OUTPUT_NONE) return PS_OK;
        PS_FAIL(PS_ERR_BAD_CONFIG, "an event of %s has nowhere to go: set OUTPUT",
                ps_event_source_name(run->event.source));
    case PS_EVENT_UNKNOWN:
    case PS_EVENT_MSK:
    case PS_EVENT_KAFKA:
        break;
    }
    PS_FAIL(PS_ERR_BAD_INPUT, "an event of %s: this function reads CloudWatch Logs, direct or in Kinesis or Firehose",
            ps_event_source_name(run->event.source));
}

/* Without partial answers Lambda takes any answer for success and would lose what was handed back: all of it goes back.
 */
static enum ps_err check_partial_batch(const struct run *run)
{
    const struct settings *settings = run->inv->settings;
    uint64_t returned = run->account.verdicts[PS_VERDICT_RETURNED];
    if (returned == 0 || settings->partial_batch || !ps_reply_is_partial(run->event.source)) return PS_OK;
    PS_FAIL(PS_ERR_UNAVAILABLE,
            "%llu records could not be delivered; PARTIAL_BATCH is off, so the whole batch goes back",
            (unsigned long long)returned);
}

static enum ps_err deliver_all(struct run *run, struct ps_buf *body)
{
    const struct state *state = run->inv->state;
    const struct settings *settings = run->inv->settings;
    const struct decode_options decode = decode_options_of(run);
    const struct deliver_options options = {
        .batch = state->batch,
        .target = settings_target(settings),
        .store = state->dead_letters,
        .arena = run->inv->arena,
        .log = run->inv->log,
        .deadline = &run->inv->deadline,
        .event = &run->event,
    };
    struct deliver deliver;
    size_t overflowed = 0;
    PS_TRY(deliver_begin(&deliver, &options, &run->account));
    struct decode_output output = deliver_output(&deliver);
    enum ps_err err = decode_run(&decode, &run->event, &output, &run->account);
    if (err == PS_OK) err = deliver_finish(&deliver);
    run->stats = deliver.stats;
    run->dead = deliver.letters.put;
    PS_TRY(err);
    PS_TRY(check_partial_batch(run));
    return ps_reply_write(&deliver.book, &run->event, PS_REPLY_BYTES_MAX, body, &overflowed);
}

/* -- a Firehose transformation ------------------------------------------------------------------------------------- */

static enum ps_err put_back(void *context, uint64_t carrier, struct ps_span record)
{
    return ps_batch_add(context, carrier, PS_SPAN(""), record);
}

static enum ps_err on_put_back(void *context, const struct ps_batch_result *result)
{
    if (result->outcome != PS_BATCH_SENT) transform_not_put_back(context, result->tag);
    return PS_OK;
}

static enum ps_err transform_all(struct run *run, struct ps_buf *body)
{
    const struct state *state = run->inv->state;
    const struct decode_options decode = decode_options_of(run);
    const struct transform_options options = {
        .decode = &decode,
        .log = run->inv->log,
        .bytes_max = PS_REPLY_BYTES_MAX,
        .stream = transform_stream(&run->event),
        .context = state->batch,
        .put_back = put_back,
    };
    struct transform transform;
    ps_batch_begin(state->batch, options.stream, run->inv->log, &run->inv->deadline, on_put_back, &transform);
    PS_TRY(transform_run(&transform, &options, &run->event, &run->account));
    PS_TRY(ps_batch_finish(state->batch, &run->stats));
    return transform_finish(&transform, body);
}

/* -- the invocation ------------------------------------------------------------------------------------------------ */

static enum ps_err answer(struct run *run, struct ps_span payload, struct ps_buf *body)
{
    const struct settings *settings = run->inv->settings;
    PS_TRY(ps_event_open(payload, &run->event));
    PS_TRY(check_source(run));
    return settings->output == OUTPUT_NONE ? transform_all(run, body) : deliver_all(run, body);
}

/* The invocation fails and Lambda keeps the payload: what has no confirmed verdict comes again. */
static void give_up(struct run *run)
{
    uint64_t *verdicts = run->account.verdicts;
    verdicts[PS_VERDICT_DEAD] = run->dead;
    verdicts[PS_VERDICT_RETURNED] =
        run->account.in - verdicts[PS_VERDICT_STORED] - verdicts[PS_VERDICT_FILTERED] - verdicts[PS_VERDICT_DEAD];
}

static void write_summary(const struct run *run, uint64_t total_us, enum ps_err err)
{
    const struct ps_account *account = &run->account;
    const struct ps_metric metrics[] = {
        { "RecordsIn", PS_METRIC_COUNT, account->in },
        { "RecordsStored", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_STORED] },
        { "RecordsFiltered", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_FILTERED] },
        { "RecordsDead", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DEAD] },
        { "RecordsReturned", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_RETURNED] },
        { "ControlMessages", PS_METRIC_COUNT, account->control },
        { "Envelopes", PS_METRIC_COUNT, account->envelopes },
        { "EnvelopesRefused", PS_METRIC_COUNT, account->refused_group },
        { "Redactions", PS_METRIC_COUNT, account->redacted },
        { "Requests", PS_METRIC_COUNT, run->stats.requests },
        { "Retries", PS_METRIC_COUNT, run->stats.retried_records },
        { "EventBytes", PS_METRIC_BYTES, account->event_bytes },
        { "InflatedBytes", PS_METRIC_BYTES, account->inflated_bytes },
        { "SentBytes", PS_METRIC_BYTES, run->stats.sent_bytes },
        { "WaitMs", PS_METRIC_MILLISECONDS, run->stats.wait_us / 1000 },
        { "TotalMs", PS_METRIC_MILLISECONDS, total_us / 1000 },
        { "ColdStarts", PS_METRIC_COUNT, run->inv->cold ? 1 : 0 },
    };
    const struct ps_log_field *properties =
        PS_LOG_FIELDS(PS_LOG_STR("source", ps_span_of(ps_event_source_name(run->event.source))),
                      PS_LOG_STR("outcome", ps_span_of(err == PS_OK ? "ok" : ps_err_name(err))));
    ps_metric_write(run->inv->log, "invocation_done", run->inv->function_name, run->inv->now_ms, metrics,
                    sizeof metrics / sizeof metrics[0], properties);
}

static enum ps_err invoke(struct ps_invocation *inv, struct ps_span payload, struct ps_reply *reply)
{
    uint64_t begin_us = ps_clock_monotonic_us();
    struct run run = { .inv = inv, .event.source = PS_EVENT_UNKNOWN, .account.event_bytes = payload.len };
    enum ps_err err = answer(&run, payload, reply->body);
    if (err != PS_OK) give_up(&run);
    PS_ASSERT(ps_account_balances(&run.account));
    write_summary(&run, ps_clock_monotonic_us() - begin_us, err);
    return err;
}

static void drain(void *state_memory, const struct ps_deadline *deadline)
{
    (void)deadline; /* nothing is held back between invocations */
    struct state *state = state_memory;
    ps_call_client_close(state->client);
}

static enum ps_err before_snapshot(void *state_memory)
{
    struct state *state = state_memory;
    return ps_call_client_suspend(state->client);
}

static enum ps_err after_restore(void *state_memory)
{
    struct state *state = state_memory;
    return ps_call_client_resume(state->client);
}

PS_API const struct ps_handler ps_handler = {
    .abi = PS_HANDLER_ABI,
    .name = "cloudwatch-decoder",
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
