/* What a whole invocation cannot bring about at will: a store without memory (test_handler.c has the rest). */
#include "stream-consumer/store.h"

#include "base/assert.h"
#include "lane.h"
#include "stream-consumer/publish.h"
#include "stream-consumer/sink.h"

static struct world {
    struct sink sink;
    struct ps_redact *redact;
    struct ps_arena arena, kept;
    struct ps_deadline deadline; /* none */
    struct ps_account account;
    struct entries entries;
    struct store store;
} w;

static enum ps_err begin(void)
{
    const struct store_options options = {
        .settings = lane.settings,
        .redact = w.redact,
        .table = w.sink.table,
        .dead_letters = w.sink.dead_letters,
        .log = &lane.log,
        .deadline = &w.deadline,
    };
    return store_begin(&w.store, &w.arena, &options, &w.entries, &w.account);
}

static void start(size_t kept_bytes)
{
    lane_open(NULL, true);
    w = (struct world){ .arena = check_arena(512 << 20), .kept = check_arena(kept_bytes) };
    w.entries = entries_make(&w.kept);
    const struct settings *settings = lane.settings;
    CHECK_OK(ps_redact_open(&lane.process, settings->redact, settings->redact_patterns, &w.redact));
    CHECK_OK(sink_open(&lane.process, settings, PS_SPAN("eu-central-1"), &w.sink));
}

static void stop(void)
{
    sink_close(&w.sink);
    ps_redact_close(w.redact);
    ps_arena_fini(&w.arena);
    ps_arena_fini(&w.kept);
    lane_close();
}

static struct message message_of(struct ps_span bytes, struct ps_span position)
{
    return (struct message){
        .bytes = bytes,
        .arrival_ms = 1795255260125,
        .coordinates = { .source = PS_SPAN("kinesis"), .stream = PS_SPAN("s"), .position = position },
    };
}

/* The second carrier's comes again, with less before it; the first one's would find no more room then. */
static void an_error_that_there_is_no_room_to_tell_is_stored_and_counted(void)
{
    /* Half of it is for events: less than one of these lines. */
    start(2 * sizeof(struct entries_block) + 1024);
    static char line[32 << 10];
    PS_ASSERT(sizeof line > sizeof(struct entries_block) + 1024);
    memset(line, 'x', sizeof line);
    memcpy(line, "{\"level\":\"error\",\"message\":\"", 28);
    memcpy(line + sizeof line - 2, "\"}", 2);
    struct message first = message_of(ps_span_make(line, sizeof line), PS_SPAN("1"));
    struct message second = message_of(ps_span_make(line, sizeof line), PS_SPAN("2"));
    second.carrier = 1;
    CHECK_OK(begin());
    CHECK_OK(store_message(&w.store, &first));
    CHECK_OK(store_message(&w.store, &second));
    CHECK_OK(store_finish(&w.store));
    const struct entry *entries = w.entries.first->entries;
    CHECK_EQ(entries[0].state, ENTRY_STORED);
    CHECK_EQ(entries[0].event, ENTRY_EVENT_REJECTED);
    CHECK_EQ(entries[1].state, ENTRY_STORED);
    CHECK_EQ(entries[1].event, ENTRY_EVENT_NO_ROOM);

    uint8_t marks[] = { PS_REPLY_DONE, PS_REPLY_RETURNED };
    const struct ps_reply_book book = { marks, 2 };
    struct publish_counts counts = { 0 };
    const struct publish_options options = {
        .bus = w.sink.bus, .source = PS_SPAN("s"), .log = &lane.log, .deadline = &w.deadline
    };
    CHECK_OK(publish(&options, &w.entries, &book, &counts));
    CHECK_EQ(counts.undelivered, 0);
    CHECK_EQ(counts.rejected, 1);
    CHECK_EQ(lane.puts, 0);
    stop();
}

static void records_beyond_the_books_are_not_taken(void)
{
    start(2 * sizeof(struct entries_block) + 1024);
    CHECK_OK(begin());
    struct message message = message_of(PS_SPAN("{}"), PS_SPAN("1"));
    message.tombstone = true;
    for (size_t i = 0; i < ENTRIES_PER_BLOCK; i++)
        CHECK_OK(store_message(&w.store, &message));
    CHECK(!w.store.books_full);
    CHECK_ERR(store_message(&w.store, &message), PS_ERR_NO_MEMORY);
    CHECK(w.store.books_full);
    CHECK_EQ(w.account.in, ENTRIES_PER_BLOCK);
    stop();
}

/* Whatever allocation fails, the record is a row, maybe a plainer one, or a dead letter: it never holds up its shard.
 */
static void a_record_that_there_is_no_room_for_is_a_row_or_a_dead_letter(void)
{
    enum { POINTS_MAX = 100 };
    start(1 << 20);
    CHECK_OK(begin());
    size_t count = 0;
    for (bool whole = false; !whole && CHECK(count < POINTS_MAX);) {
        char position[16];
        (void)snprintf(position, sizeof position, "%zu", ++count);
        struct message message = message_of(
            PS_SPAN(
                "{\"level\":\"error\",\"message\":\"a \\\"b\\\"\",\"x\":{\"card\":\"4111111111111111\"},\"y\":[1.5]}"),
            ps_span_of(position));
        w.store.scratch.fail_countdown = count;
        CHECK_OK(store_message(&w.store, &message));
        w.store.scratch.fail_countdown = 0;
        const struct entry *entry = &w.entries.first->entries[count - 1];
        whole = entry->event == ENTRY_EVENT_DUE && entry->state != ENTRY_DEAD;
    }
    CHECK(count > 3);
    CHECK_OK(store_finish(&w.store));
    size_t stored = 0;
    size_t dead = 0;
    for (size_t i = 0; i < count; i++) {
        stored += w.entries.first->entries[i].state == ENTRY_STORED;
        dead += w.entries.first->entries[i].state == ENTRY_DEAD;
    }
    CHECK(dead > 0 && stored > 0);
    CHECK_EQ(stored + dead, count);
    CHECK_EQ(w.account.in, count);
    CHECK_EQ(lane.rows.count, stored);
    CHECK_EQ(w.store.letters.put, dead);
    stop();
}

static void too_little_memory_to_begin_is_an_error(void)
{
    start(1 << 20);
    PS_EACH_FAILURE(&w.arena, begin());
    stop();
}

int main(void)
{
    RUN(an_error_that_there_is_no_room_to_tell_is_stored_and_counted);
    RUN(records_beyond_the_books_are_not_taken);
    RUN(a_record_that_there_is_no_room_for_is_a_row_or_a_dead_letter);
    RUN(too_little_memory_to_begin_is_an_error);
    return check_finish();
}
