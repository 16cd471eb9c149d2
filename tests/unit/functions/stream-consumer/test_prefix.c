#include "stream-consumer/prefix.h"

#include "payload.h"

static struct ps_arena arena;

static struct ps_span kafka(void)
{
    const struct payload_kafka records[] = {
        { 0, 5, PS_SPAN("a") }, { 0, 6, PS_SPAN("b") }, { 0, 7, PS_SPAN("c") },
        { 1, 5, PS_SPAN("d") }, { 1, 6, PS_SPAN("e") }, { 2, 5, PS_SPAN("f") },
    };
    return payload_kafka(&arena, "aws:SelfManagedKafka", records, 6);
}

static struct ps_span kinesis(void)
{
    static const struct ps_span RECORDS[6] = { PS_SPAN_INIT("x"), PS_SPAN_INIT("x"), PS_SPAN_INIT("x"),
                                               PS_SPAN_INIT("x"), PS_SPAN_INIT("x"), PS_SPAN_INIT("x") };
    return payload_kinesis(&arena, RECORDS, 0, 6);
}

/* What goes back ('r') and what does not ('.'), carrier by carrier. states: one letter per entry, a carrier's entries
 * together and the carriers parted by blanks: s stored, f filtered, d dead, p pending, u undelivered, and of stored
 * ones P published, R event rejected, U event undelivered. */
static const char *mark(struct ps_span payload, const char *states, bool events_required)
{
    static char marks[16];
    static const struct {
        char letter;
        uint8_t state; /* enum entry_state */
        uint8_t event; /* enum entry_event */
    } MEANINGS[] = {
        { 's', ENTRY_STORED, ENTRY_NO_EVENT },       { 'f', ENTRY_FILTERED, ENTRY_NO_EVENT },
        { 'd', ENTRY_DEAD, ENTRY_NO_EVENT },         { 'p', ENTRY_PENDING, ENTRY_NO_EVENT },
        { 'u', ENTRY_UNDELIVERED, ENTRY_NO_EVENT },  { 'P', ENTRY_STORED, ENTRY_EVENT_PUBLISHED },
        { 'R', ENTRY_STORED, ENTRY_EVENT_REJECTED }, { 'U', ENTRY_STORED, ENTRY_EVENT_UNDELIVERED },
    };
    struct entries entries = entries_make(&arena);
    struct ps_event event;
    struct ps_reply_book book;
    uint32_t carrier = 0;
    CHECK_OK(ps_event_open(payload, &event));
    CHECK_OK(ps_reply_open(&arena, &event, &book));
    for (; *states != '\0'; states++) {
        struct entry *entry = NULL;
        carrier += *states == ' ';
        if (*states == ' ') continue;
        CHECK_OK(entries_add(&entries, &entry));
        entry->carrier = carrier;
        for (size_t i = 0; i < sizeof MEANINGS / sizeof MEANINGS[0]; i++) {
            if (MEANINGS[i].letter != *states) continue;
            entry->state = MEANINGS[i].state;
            entry->event = MEANINGS[i].event;
        }
    }
    CHECK_OK(prefix_mark(&event, &entries, events_required, &book));
    for (size_t i = 0; i < book.count; i++)
        marks[i] = book.marks[i] == PS_REPLY_RETURNED ? 'r' : '.';
    marks[book.count] = '\0';
    return marks;
}

#define CHECK_MARKS(payload, states, required, wanted) CHECK_TEXT(ps_span_of(mark(payload, states, required)), wanted)

static void what_is_stored_filtered_or_dead_is_durable(void)
{
    CHECK_MARKS(kinesis(), "s f d ss  fd", true, "......");
}

/* Powertools go on behind a shard's first failure, so that order is lost (powertools-lambda-java #1820, -dotnet #886,
 * -python #2850). */
static void of_a_shard_everything_behind_the_first_failure_goes_back(void)
{
    CHECK_MARKS(kinesis(), "s s u s d f", false, "..rrrr");
    CHECK_MARKS(kinesis(), "p s s s s s", false, "rrrrrr");
    CHECK_MARKS(kinesis(), "s s s s s u", false, ".....r");
}

static void one_record_of_many_brings_its_carrier_back(void)
{
    CHECK_MARKS(kinesis(), "sss ssu s s s s", false, ".rrrrr");
}

static void a_carrier_without_records_goes_back_with_those_before_it_only(void)
{
    CHECK_MARKS(kinesis(), "s  u  s s", false, "..rrrr");
}

static void partitions_go_back_each_for_itself(void)
{
    CHECK_MARKS(kafka(), "s u s s s s", false, ".rr...");
    CHECK_MARKS(kafka(), "s s s u s s", false, "...rr.");
    CHECK_MARKS(kafka(), "s s u s u u", false, "..r.rr");
}

static void undelivered_events_count_only_when_they_are_required(void)
{
    CHECK_MARKS(kinesis(), "s P R U s s", false, "......");
    CHECK_MARKS(kinesis(), "s P R U s s", true, "...rrr");
    CHECK_MARKS(kafka(), "s U s s P s", true, ".rr...");
}

static void entries_come_back_in_order_over_all_blocks(void)
{
    static const size_t COUNTS[] = {
        0, 1, ENTRIES_PER_BLOCK - 1, ENTRIES_PER_BLOCK, ENTRIES_PER_BLOCK + 1, 3 * ENTRIES_PER_BLOCK
    };
    for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
        struct entries entries = entries_make(&arena);
        struct entry *entry = NULL;
        for (uint32_t n = 0; n < COUNTS[i]; n++) {
            CHECK_OK(entries_add(&entries, &entry));
            CHECK(entry->state == ENTRY_PENDING && entry->event == ENTRY_NO_EVENT);
            entry->carrier = n;
        }
        struct entries_block *block = entries.first;
        size_t at = 0;
        size_t count = 0;
        for (; (entry = entries_next(&entries, &block, &at)) != NULL; count++)
            CHECK_EQ(entry->carrier, count);
        CHECK_EQ(count, COUNTS[i]);
        CHECK(entries_next(&entries, &block, &at) == NULL);
    }
}

static enum ps_err add_only(void)
{
    struct entries entries = entries_make(&arena);
    struct entry *entry = NULL;
    return entries_add(&entries, &entry);
}

static void too_little_memory_is_an_error(void)
{
    PS_EACH_FAILURE(&arena, add_only());
}

int main(void)
{
    arena = check_arena(1 << 30);
    RUN(what_is_stored_filtered_or_dead_is_durable);
    RUN(of_a_shard_everything_behind_the_first_failure_goes_back);
    RUN(one_record_of_many_brings_its_carrier_back);
    RUN(a_carrier_without_records_goes_back_with_those_before_it_only);
    RUN(partitions_go_back_each_for_itself);
    RUN(undelivered_events_count_only_when_they_are_required);
    RUN(entries_come_back_in_order_over_all_blocks);
    RUN(too_little_memory_is_an_error);
    ps_arena_fini(&arena);
    return check_finish();
}
