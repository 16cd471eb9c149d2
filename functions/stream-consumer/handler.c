/* Kinesis or Kafka -> one DynamoDB row per record -> EventBridge LogError for errors. At least once, and one row
 * however often a record comes again. */
#include "lambda/handler.h"

#include "base/assert.h"
#include "host/clock.h"
#include "prefix.h"
#include "publish.h"
#include "settings.h"
#include "sink.h"
#include "store.h"
#include "summary.h"

struct state {
    struct sink sink;
    struct ps_redact *redact;
};

/* One invocation. */
struct run {
    struct ps_invocation *inv;
    struct ps_event event;
    struct ps_arena kept; /* entries and events; a part of the invocation's arena */
    struct entries entries;
    struct ps_reply_book book;
    struct ps_deadline store_deadline;
    int64_t oldest_ms;
    bool booked; /* book is open */
};

enum {
    KEPT_PARTS = 4, /* of the invocation's arena, this part holds entries and events */
    /* Kept back from the table for the events: this part of the time, and no more than they can need. */
    PUBLISH_PARTS = 4,
    PUBLISH_MS_MAX = 3000,
};

static enum ps_err init(struct ps_init *init, void *state_memory)
{
    struct state *state = state_memory;
    const struct settings *settings = init->settings;
    PS_TRY(ps_letters_check_memory(init->memory_bytes));
    PS_TRY(ps_redact_open(init->arena, settings->redact, settings->redact_patterns, &state->redact));
    return sink_open(init->arena, settings, init->region, &state->sink);
}

static enum ps_err begin_run(struct run *run, struct ps_invocation *inv, struct ps_span payload)
{
    *run = (struct run){ .inv = inv, .event.source = PS_EVENT_UNKNOWN, .oldest_ms = INT64_MAX };
    PS_TRY(messages_open(payload, &run->event));
    PS_TRY(ps_arena_part(&run->kept, inv->arena, ps_arena_left(inv->arena) / KEPT_PARTS));
    run->entries = entries_make(&run->kept);
    PS_TRY(ps_reply_open(inv->arena, &run->event, &run->book));
    run->booked = true;
    uint32_t left_ms = ps_deadline_left_ms(&inv->deadline);
    uint32_t kept_ms = left_ms == UINT32_MAX ? 0 : left_ms / PUBLISH_PARTS;
    run->store_deadline = inv->deadline;
    run->store_deadline.reserve_ms += kept_ms < PUBLISH_MS_MAX ? kept_ms : PUBLISH_MS_MAX;
    return PS_OK;
}

/* There is no room for more records in one invocation: what is left comes again, and the shard goes on. In the
 * payload's first carrier there is nothing to give back behind. */
static bool hands_back_rest(struct run *run, const struct store *store, const struct message *message)
{
    if (!store->books_full || message->carrier == 0) return false;
    for (size_t at = message->carrier; at < run->book.count; at++)
        ps_reply_mark(&run->book, at, PS_REPLY_RETURNED);
    return true;
}

/* Every message of the payload into the table. */
static enum ps_err store_all(struct run *run, struct summary *summary)
{
    const struct state *state = run->inv->state;
    const struct settings *settings = run->inv->settings;
    const struct store_options options = {
        .settings = settings,
        .redact = state->redact,
        .table = state->sink.table,
        .dead_letters = state->sink.dead_letters,
        .log = run->inv->log,
        .deadline = &run->store_deadline,
    };
    struct store store;
    PS_TRY(store_begin(&store, run->inv->arena, &options, &run->entries, &summary->account));
    struct messages messages;
    messages_begin(&messages, &run->event, run->inv->arena, settings->cluster_alias, settings->inflated_bytes_max);
    for (;;) {
        struct message message;
        bool more = false;
        PS_TRY(messages_next(&messages, &message, &more));
        if (!more) break;
        if (message.arrival_ms > 0 && message.arrival_ms < run->oldest_ms) run->oldest_ms = message.arrival_ms;
        enum ps_err err = store_message(&store, &message);
        if (err == PS_ERR_NO_MEMORY && hands_back_rest(run, &store, &message)) break;
        PS_TRY(err);
    }
    enum ps_err err = store_finish(&store);
    summary->table = store.stats;
    summary->account.control = messages.control;
    summary->account.envelopes = messages.envelopes;
    for (size_t i = 0; i < PS_REDACT_COUNTS; i++)
        summary->account.redacted += store.redacted.by_class[i];
    return err;
}

/* Only what is stored for good is told; what must be told and cannot comes again. */
static enum ps_err tell_errors(struct run *run, struct summary *summary)
{
    const struct state *state = run->inv->state;
    const struct settings *settings = run->inv->settings;
    const struct publish_options options = {
        .bus = state->sink.bus,
        .source = settings->event_source,
        .log = run->inv->log,
        .deadline = &run->inv->deadline,
    };
    PS_TRY(prefix_mark(&run->event, &run->entries, false, &run->book));
    PS_TRY(publish(&options, &run->entries, &run->book, &summary->events));
    if (!settings->eventbridge_required) return PS_OK;
    return prefix_mark(&run->event, &run->entries, true, &run->book);
}

/* Each record's verdict; given_up: the whole payload comes again. */
static void settle(const struct run *run, bool given_up, struct ps_account *account)
{
    static const enum ps_verdict VERDICTS[] = {
        [ENTRY_PENDING] = PS_VERDICT_RETURNED,     [ENTRY_STORED] = PS_VERDICT_STORED,
        [ENTRY_FILTERED] = PS_VERDICT_FILTERED,    [ENTRY_DEAD] = PS_VERDICT_DEAD,
        [ENTRY_UNDELIVERED] = PS_VERDICT_RETURNED,
    };
    struct entries_block *block = run->entries.first;
    size_t at = 0;
    for (struct entry *entry; (entry = entries_next(&run->entries, &block, &at)) != NULL;) {
        bool returned = given_up || !prefix_holds(&run->book, entry);
        ps_account_add(account, returned ? PS_VERDICT_RETURNED : VERDICTS[entry->state], 1);
    }
}

/* Without partial answers Lambda takes any answer for success and would lose what was handed back: all of it goes back.
 */
static enum ps_err check_partial_batch(const struct run *run, const struct settings *settings)
{
    size_t returned = 0;
    for (size_t i = 0; i < run->book.count; i++)
        returned += run->book.marks[i] == PS_REPLY_RETURNED;
    if (returned == 0 || settings->partial_batch) return PS_OK;
    PS_FAIL(PS_ERR_UNAVAILABLE, "%zu records could not be stored; PARTIAL_BATCH is off, so the whole batch goes back",
            returned);
}

static enum ps_err answer(struct run *run, struct summary *summary, struct ps_buf *body)
{
    size_t overflowed = 0;
    PS_TRY(store_all(run, summary));
    PS_TRY(tell_errors(run, summary));
    PS_TRY(check_partial_batch(run, run->inv->settings));
    return ps_reply_write(&run->book, &run->event, PS_REPLY_BYTES_MAX, body, &overflowed);
}

static enum ps_err invoke(struct ps_invocation *inv, struct ps_span payload, struct ps_reply *reply)
{
    uint64_t begin_us = ps_clock_monotonic_us();
    struct summary summary = { .account.event_bytes = payload.len };
    struct run run;
    enum ps_err err = begin_run(&run, inv, payload);
    if (err == PS_OK) err = answer(&run, &summary, reply->body);
    if (run.booked) settle(&run, err != PS_OK, &summary.account);
    PS_ASSERT(ps_account_balances(&summary.account));
    if (run.oldest_ms < inv->now_ms) summary.lag_ms = (uint64_t)(inv->now_ms - run.oldest_ms);
    summary.total_us = ps_clock_monotonic_us() - begin_us;
    summary_write(&summary, inv, run.event.source, err);
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
    .name = "stream-consumer",
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
