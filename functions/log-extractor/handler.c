/* Messages of an SQS FIFO queue that name S3 objects -> each read and scanned for patterns -> a summary in DynamoDB,
 * and a mail for what is severe. */
#include "lambda/handler.h"

#include "aws/letters.h"
#include "base/assert.h"
#include "event/from_sqs.h"
#include "extract.h"
#include "host/clock.h"
#include "host/metric.h"
#include "pattern_source.h"
#include "record/account.h"

struct state {
    struct extractor extractor;
    struct ps_dead_letter_store *dead_letters; /* NULL: none */
};

/* One invocation. */
struct run {
    struct ps_invocation *inv;
    struct ps_sqs_batch batch;
    struct ps_account account;
    struct extract_counts counts;
    struct ps_letters letters;
    uint64_t continued;
    struct ps_err_note first; /* of the failures */
};

/* -- init ---------------------------------------------------------------------------------------------------------- */

static enum ps_err open_mail(struct ps_arena *process, struct extractor *extractor)
{
    const struct settings *settings = extractor->settings;
    if (settings->mail_to.len == 0) return PS_OK;
    PS_TRY(ps_ses_read_addresses(process, settings->mail_to, &extractor->mail_to, &extractor->mail_to_count));
    return ps_ses_open(process, extractor->client, settings->request_timeout_ms, &extractor->ses);
}

static enum ps_err open_services(struct ps_arena *process, struct extractor *extractor)
{
    const struct settings *settings = extractor->settings;
    const struct ps_s3_read_options read = {
        .part_bytes = (size_t)settings->s3_part_kb << 10,
        .in_flight = settings->s3_in_flight,
        .request_timeout_ms = settings->request_timeout_ms,
    };
    PS_TRY(ps_dynamodb_table_open(process, extractor->client, settings->summary_table, settings->request_timeout_ms,
                                  &extractor->table));
    PS_TRY(
        ps_sqs_open(process, extractor->client, settings->queue_url, settings->request_timeout_ms, &extractor->queue));
    PS_TRY(ps_s3_read_open(process, extractor->client, &read, &extractor->read));
    return open_mail(process, extractor);
}

static enum ps_err open_scan(struct ps_arena *process, struct extractor *extractor)
{
    const struct settings *settings = extractor->settings;
    PS_TRY(pattern_source_open(process, extractor->client, settings->patterns, &extractor->patterns));
    PS_TRY(ps_scanner_open(process, &extractor->patterns, &extractor->scanner));
    PS_TRY(ps_decode_open(process, &extractor->decode));
    return ps_redact_open(process, settings->redact, settings->redact_patterns, &extractor->redact);
}

static enum ps_err init(struct ps_init *init, void *state_memory)
{
    struct state *state = state_memory;
    const struct settings *settings = init->settings;
    const struct ps_call_client_options client = { .region = init->region, .needs_credentials = true };
    state->extractor.settings = settings;
    PS_TRY(ps_call_client_open(init->arena, &client, &state->extractor.client));
    PS_TRY(open_services(init->arena, &state->extractor));
    PS_TRY(open_scan(init->arena, &state->extractor));
    return ps_dead_letter_open(init->arena, state->extractor.client, &settings->dead_letters, &state->dead_letters);
}

/* -- one message --------------------------------------------------------------------------------------------------- */

static enum ps_err extract(struct run *run, const struct ps_sqs_message *message,
                           const struct ps_object_message *object)
{
    static const enum ps_verdict VERDICTS[] = {
        [EXTRACT_DONE] = PS_VERDICT_STORED,
        [EXTRACT_DUPLICATE] = PS_VERDICT_DUPLICATE,
        [EXTRACT_CONTINUED] = PS_VERDICT_JOINED, /* to what its continuation will find */
        [EXTRACT_DEAD] = PS_VERDICT_DEAD,
    };
    const struct state *state = run->inv->state;
    const struct extract_context context = {
        .extractor = &state->extractor,
        .arena = run->inv->arena,
        .deadline = &run->inv->deadline,
        .log = run->inv->log,
        .group = message->group,
        .request_id = run->inv->request_id,
        .now_ms = run->inv->now_ms,
        .sent_ms = message->sent_ms,
        .is_first = run->account.in == 0,
    };
    enum extract_end end = EXTRACT_DEAD;
    run->account.in++;
    if (object->object.change != PS_S3_CREATED || !settings_reads_from(run->inv->settings, object->object.bucket)) {
        ps_account_add(&run->account, PS_VERDICT_FILTERED, 1);
        return PS_OK;
    }
    struct ps_arena_mark mark = ps_arena_mark(run->inv->arena);
    enum ps_err err = extract_object(&context, object, &run->counts, &end);
    ps_arena_rewind(run->inv->arena, mark);
    if (err != PS_OK) return err;
    run->continued += end == EXTRACT_CONTINUED;
    ps_account_add(&run->account, VERDICTS[end], 1);
    return PS_OK;
}

/* A message that nobody can read must not block its group: it is kept where a person finds it. */
static enum ps_err bury(struct run *run, size_t at, const char *why)
{
    const struct ps_sqs_message *message = &run->batch.messages[at];
    ps_letters_first_record(&run->letters, message->message_id, message->sent_ms);
    PS_TRY(ps_letters_add_raw(&run->letters, at, why, message->body, false));
    PS_TRY(ps_letters_put(&run->letters, run->inv->arena, &run->inv->deadline));
    ps_account_add(&run->account, PS_VERDICT_DEAD, 1);
    return PS_OK;
}

static enum ps_err extract_notified(struct run *run, size_t at, struct ps_from_s3 *objects)
{
    for (bool more = true;;) {
        struct ps_object_message message = { 0 };
        enum ps_err err = ps_from_s3_next(objects, run->inv->arena, &message.object, &more);
        if (err == PS_OK && !more) return PS_OK;
        if (err != PS_OK && !ps_err_is_of_input(err)) return err;
        if (err == PS_OK) {
            PS_TRY(extract(run, &run->batch.messages[at], &message));
            continue;
        }
        run->account.in++;
        const struct ps_err_note why = *ps_err_note();
        PS_TRY(bury(run, at, why.text));
    }
}

/* The body is a message of ours, or a notification of S3. */
static enum ps_err extract_message(struct run *run, size_t at)
{
    const struct ps_sqs_message *message = &run->batch.messages[at];
    struct ps_object_message object;
    struct ps_from_s3 objects;
    enum ps_from_s3_kind kind = PS_FROM_S3_NOTHING;
    bool ours = false;
    enum ps_err err = ps_object_message_read(run->inv->arena, message->body, &object, &ours);
    if (err == PS_OK && ours) return extract(run, message, &object);
    if (err == PS_OK) err = ps_from_s3_open(run->inv->arena, message->body, &kind, &objects);
    if (err == PS_OK && kind == PS_FROM_S3_TEST) {
        run->account.control++;
        return PS_OK;
    }
    if (err == PS_OK && kind == PS_FROM_S3_OBJECTS) return extract_notified(run, at, &objects);
    if (err != PS_OK && !ps_err_is_of_input(err)) return err;
    run->account.in++;
    const struct ps_err_note why = *ps_err_note();
    return bury(run, at, err == PS_OK ? "the message names no object of S3" : why.text);
}

static bool is_out_of_time(const struct run *run)
{
    enum { MESSAGE_MS_MIN = 6000 }; /* for reading something and keeping it */
    return ps_deadline_left_ms(&run->inv->deadline) < MESSAGE_MS_MIN;
}

/* Each message has its turn, unless one of its group was handed back. */
static enum ps_err extract_all(struct run *run)
{
    for (size_t at = 0; at < run->batch.count; at++) {
        struct ps_arena_mark mark = ps_arena_mark(run->inv->arena);
        if (run->batch.messages[at].returned) {
            run->account.in++;
            ps_account_add(&run->account, PS_VERDICT_RETURNED, 1);
            continue;
        }
        enum ps_err err = PS_OK;
        if (at > 0 && is_out_of_time(run)) {
            run->account.in++;
            err = ps_err_raise(PS_ERR_DEADLINE, __FILE__, __LINE__, "no time left for this message");
        } else {
            err = extract_message(run, at);
        }
        ps_account_return_rest(&run->account);
        ps_arena_rewind(run->inv->arena, mark);
        if (err == PS_OK) continue;
        if (run->first.err == PS_OK) run->first = *ps_err_note();
        ps_log_fault(run->inv->log, PS_LOG_WARN, "message_returned");
        ps_sqs_return(&run->batch, at);
    }
    const struct settings *settings = run->inv->settings;
    if (run->first.err == PS_OK || settings->partial_batch) return PS_OK;
    PS_FAIL(run->first.err, "PARTIAL_BATCH is off, so the whole batch goes back: %s", run->first.text);
}

/* -- the invocation ------------------------------------------------------------------------------------------------ */

static enum ps_err answer(struct run *run, struct ps_span payload, struct ps_buf *body)
{
    const struct state *state = run->inv->state;
    PS_TRY(ps_from_sqs(run->inv->arena, payload, &run->batch));
    PS_TRY(ps_letters_begin(&run->letters, run->inv->arena, state->dead_letters));
    PS_TRY(extract_all(run));
    ps_sqs_reply(&run->batch, body);
    return PS_OK;
}

static void write_summary(const struct run *run, enum ps_err err, uint64_t total_us)
{
    const struct ps_account *account = &run->account;
    const struct extract_counts *counts = &run->counts;
    const struct ps_metric metrics[] = {
        { "RecordsIn", PS_METRIC_COUNT, account->in },
        { "RecordsStored", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_STORED] },
        { "RecordsDuplicate", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DUPLICATE] },
        { "RecordsFiltered", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_FILTERED] },
        { "RecordsJoined", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_JOINED] },
        { "RecordsDead", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DEAD] },
        { "RecordsReturned", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_RETURNED] },
        { "ControlMessages", PS_METRIC_COUNT, account->control },
        { "Continuations", PS_METRIC_COUNT, run->continued },
        { "LinesScanned", PS_METRIC_COUNT, counts->lines },
        { "LinesHit", PS_METRIC_COUNT, counts->hit_lines },
        { "Mails", PS_METRIC_COUNT, counts->mails },
        { "MailsHeld", PS_METRIC_COUNT, counts->mails_held },
        { "Redactions", PS_METRIC_COUNT, counts->redacted },
        { "SourceBytes", PS_METRIC_BYTES, counts->source_bytes },
        { "TextBytes", PS_METRIC_BYTES, counts->text_bytes },
        { "EventBytes", PS_METRIC_BYTES, account->event_bytes },
        { "TotalMs", PS_METRIC_MILLISECONDS, (total_us + 500) / 1000 },
        { "ColdStarts", PS_METRIC_COUNT, run->inv->cold ? 1 : 0 },
    };
    const struct ps_log_field *properties =
        PS_LOG_FIELDS(PS_LOG_STR("outcome", ps_span_of(err == PS_OK ? "ok" : ps_err_name(err))));
    ps_metric_write(run->inv->log, "invocation_done", run->inv->function_name, run->inv->now_ms, metrics,
                    sizeof metrics / sizeof metrics[0], properties);
}

static enum ps_err invoke(struct ps_invocation *inv, struct ps_span payload, struct ps_reply *reply)
{
    uint64_t begin_us = ps_clock_monotonic_us();
    struct run run = { .inv = inv, .account.event_bytes = payload.len };
    enum ps_err err = answer(&run, payload, reply->body);
    PS_ASSERT(ps_account_balances(&run.account));
    write_summary(&run, err, ps_clock_monotonic_us() - begin_us);
    return err;
}

static void drain(void *state_memory, const struct ps_deadline *deadline)
{
    (void)deadline; /* nothing is held back between invocations */
    struct state *state = state_memory;
    ps_s3_read_leave(state->extractor.read);
    ps_call_client_close(state->extractor.client);
    state->extractor.client = NULL;
}

static enum ps_err before_snapshot(void *state_memory)
{
    struct state *state = state_memory;
    return ps_call_client_suspend(state->extractor.client);
}

static enum ps_err after_restore(void *state_memory)
{
    struct state *state = state_memory;
    return ps_call_client_resume(state->extractor.client);
}

PS_API const struct ps_handler ps_handler = {
    .abi = PS_HANDLER_ABI,
    .name = "log-extractor",
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
