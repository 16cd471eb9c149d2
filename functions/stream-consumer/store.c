#include "store.h"

#include "record/to_event.h"
#include "row.h"

enum {
    /* A record of 10 MiB undone, parsed, redacted and written once more; address space, touched as far as records are
     * large. */
    SCRATCH_BYTES = 64 << 20,
    SCRATCH_PARTS = 4, /* of a small function's arena, this part */
    DETAILS_PARTS = 2, /* of the entries' room, this part holds events: they must not crowd out the books */
};

static enum ps_err on_result(void *context, const struct ps_dynamodb_result *result)
{
    struct store *store = context;
    struct entry *entry = (struct entry *)(uintptr_t)result->tag; // NOLINT(performance-no-int-to-ptr)
    switch (result->outcome) {
    case PS_DYNAMODB_STORED:
        entry->state = ENTRY_STORED;
        return PS_OK;
    case PS_DYNAMODB_UNDELIVERED:
        entry->state = ENTRY_UNDELIVERED;
        return PS_OK;
    case PS_DYNAMODB_REJECTED:
        break;
    }
    entry->state = ENTRY_DEAD;
    return ps_letters_add_row(&store->letters, entry->carrier, PS_SPAN("rejected"), result->status, result->type,
                              result->item);
}

enum ps_err store_begin(struct store *store, struct ps_arena *arena, const struct store_options *options,
                        struct entries *entries, struct ps_account *account)
{
    *store = (struct store){ .options = *options, .arena = arena, .entries = entries, .account = account };
    size_t part = ps_arena_left(arena) / SCRATCH_PARTS;
    PS_TRY(ps_arena_part(&store->scratch, arena, part < SCRATCH_BYTES ? part : SCRATCH_BYTES));
    PS_TRY(ps_arena_part(&store->details, entries->arena, ps_arena_left(entries->arena) / DETAILS_PARTS));
    PS_TRY(ps_letters_begin(&store->letters, arena, options->dead_letters));
    ps_dynamodb_begin(options->table, options->log, options->deadline, on_result, store);
    return PS_OK;
}

/* -- one message --------------------------------------------------------------------------------------------------- */

/* The event outlives the line, so it lies with the entries. A line that there is no room to tell is stored all the
 * same, and comes again with fewer records before it, if its source takes it back; in the payload's first carrier it
 * has no more room to hope for, and must not hold up its shard. */
static void keep_event(struct store *store, const struct message *message, const struct row *row, struct entry *entry)
{
    size_t bytes_max = store->options.settings->event_detail_bytes;
    struct ps_buf detail;
    ps_buf_init(&detail, &store->scratch, bytes_max);
    enum ps_err err =
        ps_to_event_put(&detail, &store->scratch, bytes_max, &row->line, row_id(row), &message->coordinates);
    char *kept = err == PS_OK ? ps_arena_bytes(&store->details, detail.len) : NULL;
    if (kept == NULL) {
        bool comes_again = err == PS_OK && message->carrier > 0 && store->options.settings->partial_batch;
        entry->event = comes_again ? ENTRY_EVENT_NO_ROOM : ENTRY_EVENT_REJECTED;
        return;
    }
    entry->event = ENTRY_EVENT_DUE;
    memcpy(kept, detail.data, detail.len);
    entry->detail = ps_span_make(kept, detail.len);
    entry->time_ms = row->line.record.time_ms;
}

/* Between rows and not in on_result: putting letters speaks HTTP, and the sink may be in the middle of doing so. */
static enum ps_err make_room(struct store *store)
{
    if (!ps_letters_full(&store->letters)) return PS_OK;
    return ps_letters_put(&store->letters, store->arena, store->options.deadline);
}

static enum ps_err put_row(struct store *store, const struct row *row, struct entry *entry)
{
    const struct ps_to_dynamodb_options options = row_options(store->options.settings);
    struct ps_buf *buf = NULL;
    PS_TRY(ps_dynamodb_buf(store->options.table, &buf));
    enum ps_err err = ps_to_dynamodb_put(buf, &store->scratch, &options, &row->line, row_id(row), row->coordinates);
    if (err != PS_OK) {
        ps_dynamodb_rollback(store->options.table);
        return err;
    }
    struct ps_to_dynamodb_key made;
    ps_to_dynamodb_key(&options, &row->line, row_id(row), &made);
    struct ps_dynamodb_key key = { .pk = made.pk, .sk = made.sk };
    return ps_dynamodb_commit(store->options.table, (uint64_t)(uintptr_t)entry, &key);
}

static enum ps_err store_row(struct store *store, const struct message *message, struct entry *entry)
{
    struct row row;
    PS_TRY(row_make(&row, &store->scratch, message, store->options.redact, &store->redacted));
    if (row.line.record.unparsed.len > 0) store->account->unparsed++;
    if (ps_to_event_concerns(&row.line)) keep_event(store, message, &row, entry);
    return put_row(store, &row, entry);
}

/* The payload's first record tells where its dead letters lie. */
static void tell_first(struct store *store, const struct message *message)
{
    if (store->first_told) return;
    store->first_told = true;
    ps_letters_first_record(&store->letters, message->coordinates.position, message->arrival_ms);
}

enum ps_err store_message(struct store *store, const struct message *message)
{
    struct entry *entry = NULL;
    enum ps_err full = entries_add(store->entries, &entry);
    store->books_full = full != PS_OK;
    PS_TRY(full);
    entry->carrier = (uint32_t)message->carrier;
    store->account->in++;
    tell_first(store, message);
    if (message->tombstone) {
        entry->state = ENTRY_FILTERED;
        return PS_OK;
    }
    PS_TRY(make_room(store));
    struct ps_arena_mark mark = ps_arena_mark(&store->scratch);
    enum ps_err err = store_row(store, message, entry);
    ps_arena_rewind(&store->scratch, mark);
    if (err == PS_OK || !ps_err_is_of_input(err)) return err;
    /* There is no room to make a row of it, now or at a replay: it must not hold up its shard. */
    entry->state = ENTRY_DEAD;
    entry->event = ENTRY_NO_EVENT;
    return ps_letters_add_raw(&store->letters, entry->carrier, ps_err_note()->text, message->bytes, false);
}

enum ps_err store_finish(struct store *store)
{
    PS_TRY(ps_dynamodb_finish(store->options.table, &store->stats));
    return ps_letters_put(&store->letters, store->arena, store->options.deadline);
}
