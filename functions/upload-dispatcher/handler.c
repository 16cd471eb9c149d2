/* S3 notifications -> one message per object in an SQS FIFO queue; nothing more. S3 cannot notify a FIFO queue by
 * itself. */
#include "lambda/handler.h"

#include "aws/sqs.h"
#include "base/assert.h"
#include "event/object_message.h"
#include "host/clock.h"
#include "host/metric.h"
#include "record/account.h"
#include "selection.h"

struct state {
    struct ps_call_client *client;
    struct ps_sqs *queue;
};

enum { MESSAGE_BYTES_MAX = 16 << 10 }; /* a key of 1,024 bytes with each escaped as six, and the rest */

/* One invocation. */
struct run {
    struct ps_invocation *inv;
    struct ps_account account;
    struct ps_sqs_send *messages;
    size_t count;
    struct ps_err_note first; /* of what could not be read */
};

static enum ps_err init(struct ps_init *init, void *state_memory)
{
    struct state *state = state_memory;
    const struct settings *settings = init->settings;
    const struct ps_call_client_options client = { .region = init->region, .needs_credentials = true };
    PS_TRY(ps_call_client_open(init->arena, &client, &state->client));
    return ps_sqs_open(init->arena, state->client, settings->queue_url, settings->request_timeout_ms, &state->queue);
}

/* -- what is to be sent -------------------------------------------------------------------------------------------- */

static enum ps_err make_message(struct ps_arena *arena, const struct settings *settings,
                                const struct ps_s3_object *object, struct ps_sqs_send *out)
{
    const struct ps_object_message message = { .object = *object };
    char *ids = ps_arena_bytes(arena, 2 * (size_t)PS_DIGEST_SHA256_HEX_BYTES);
    struct ps_buf body;
    if (ids == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "ids of a message");
    char *deduplication = ids + PS_DIGEST_SHA256_HEX_BYTES;
    PS_TRY(selection_ids(settings, object, ids, deduplication));
    ps_buf_init(&body, arena, MESSAGE_BYTES_MAX);
    ps_object_message_put(&body, &message);
    *out = (struct ps_sqs_send){ .group = ps_span_make(ids, PS_DIGEST_SHA256_HEX_BYTES),
                                 .deduplication = ps_span_make(deduplication, PS_DIGEST_SHA256_HEX_BYTES) };
    return ps_buf_finish(&body, &out->body);
}

/* How many objects the payload names, readable or not. */
static enum ps_err count_objects(struct ps_from_s3 objects, struct ps_arena *arena, size_t *count)
{
    struct ps_arena_mark mark = ps_arena_mark(arena);
    struct ps_s3_object object;
    *count = 0;
    for (bool more = true;; ps_arena_rewind(arena, mark)) {
        enum ps_err err = ps_from_s3_next(&objects, arena, &object, &more);
        if (err != PS_OK && !ps_err_is_of_input(err)) return err;
        if (err == PS_OK && !more) return PS_OK;
        ++*count;
    }
}

/* One object that cannot be read does not hold up the others; it fails the invocation when they are sent. */
static enum ps_err read_objects(struct run *run, struct ps_from_s3 *objects)
{
    const struct settings *settings = run->inv->settings;
    struct ps_arena *arena = run->inv->arena;
    size_t count = 0;
    PS_TRY(count_objects(*objects, arena, &count));
    run->messages = ps_arena_array(arena, count, sizeof run->messages[0]);
    if (run->messages == NULL && count > 0) PS_FAIL(PS_ERR_NO_MEMORY, "%zu messages", count);
    for (size_t i = 0; i < count; i++) {
        struct ps_s3_object object;
        bool more = false;
        enum ps_err err = ps_from_s3_next(objects, arena, &object, &more);
        if (err != PS_OK && !ps_err_is_of_input(err)) return err;
        run->account.in++;
        if (err != PS_OK) {
            if (run->first.err == PS_OK) run->first = *ps_err_note();
        } else if (!selection_takes(settings, &object)) {
            ps_account_add(&run->account, PS_VERDICT_FILTERED, 1);
        } else {
            PS_TRY(make_message(arena, settings, &object, &run->messages[run->count]));
            run->count++;
        }
    }
    return PS_OK;
}

/* -- the invocation ------------------------------------------------------------------------------------------------ */

static enum ps_err send_messages(struct run *run)
{
    const struct state *state = run->inv->state;
    size_t unsent = 0;
    if (run->count == 0) return PS_OK;
    enum ps_err err =
        ps_sqs_send(state->queue, run->inv->arena, &run->inv->deadline, run->messages, run->count, &unsent);
    if (err != PS_OK) return err;
    ps_account_add(&run->account, PS_VERDICT_STORED, run->count - unsent);
    if (unsent > 0) {
        const struct ps_err_note reason = *ps_err_note();
        PS_FAIL(reason.err, "%zu of %zu objects were not named to the queue: %s", unsent, run->count, reason.text);
    }
    return PS_OK;
}

static enum ps_err dispatch(struct run *run, struct ps_span payload)
{
    struct ps_from_s3 objects;
    enum ps_from_s3_kind kind = PS_FROM_S3_NOTHING;
    PS_TRY(ps_from_s3_open(run->inv->arena, payload, &kind, &objects));
    if (kind == PS_FROM_S3_NOTHING)
        PS_FAIL(PS_ERR_BAD_INPUT, "no notification of S3: neither its Records nor an EventBridge event of aws.s3");
    run->account.control = kind == PS_FROM_S3_TEST;
    if (kind == PS_FROM_S3_TEST) return PS_OK;
    PS_TRY(read_objects(run, &objects));
    PS_TRY(send_messages(run));
    if (run->first.err != PS_OK) PS_FAIL(run->first.err, "%s", run->first.text);
    return PS_OK;
}

static void write_summary(const struct run *run, enum ps_err err, uint64_t total_us)
{
    const struct ps_account *account = &run->account;
    const struct ps_metric metrics[] = {
        { "RecordsIn", PS_METRIC_COUNT, account->in },
        { "RecordsStored", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_STORED] },
        { "RecordsDuplicate", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DUPLICATE] },
        { "RecordsFiltered", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_FILTERED] },
        { "RecordsJoined", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_JOINED] },
        { "RecordsDead", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DEAD] },
        { "RecordsReturned", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_RETURNED] },
        { "ControlMessages", PS_METRIC_COUNT, account->control },
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
    enum ps_err err = dispatch(&run, payload);
    ps_account_return_rest(&run.account);
    PS_ASSERT(ps_account_balances(&run.account));
    write_summary(&run, err, ps_clock_monotonic_us() - begin_us);
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
    return ps_call_client_suspend(state->client);
}

static enum ps_err after_restore(void *state_memory)
{
    struct state *state = state_memory;
    return ps_call_client_resume(state->client);
}

PS_API const struct ps_handler ps_handler = {
    .abi = PS_HANDLER_ABI,
    .name = "upload-dispatcher",
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
