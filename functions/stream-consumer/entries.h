/* What became of each record of one invocation: one entry per record, in the payload's order. Entries and the events of
 * errors outlive the records they were made from, so they lie on a part of the invocation's arena of their own. */
#ifndef STREAM_CONSUMER_ENTRIES_H
#define STREAM_CONSUMER_ENTRIES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum entry_state {
    ENTRY_PENDING, /* the table has not answered yet */
    ENTRY_STORED,
    ENTRY_FILTERED, /* there was nothing to store */
    ENTRY_DEAD,     /* the table will never take it: in the dead-letter store */
    ENTRY_UNDELIVERED,
};

enum entry_event {
    ENTRY_NO_EVENT,
    ENTRY_EVENT_DUE,
    ENTRY_EVENT_PUBLISHED,
    ENTRY_EVENT_REJECTED, /* the bus will never take it */
    ENTRY_EVENT_UNDELIVERED,
    ENTRY_EVENT_NO_ROOM, /* the record goes back, to be told when it comes again with fewer before it */
};

struct entry {
    uint32_t carrier;
    uint8_t state; /* enum entry_state */
    uint8_t event; /* enum entry_event */
    int64_t time_ms;
    struct ps_span detail; /* of the event */
};

enum { ENTRIES_PER_BLOCK = 512 };

struct entries_block {
    struct entries_block *next;
    struct entry entries[ENTRIES_PER_BLOCK];
};

struct entries {
    struct ps_arena *arena;
    struct entries_block *first, *last;
    size_t count;
};

static inline struct entries entries_make(struct ps_arena *arena)
{
    return (struct entries){ .arena = arena };
}

/* A new one at the end, zeroed; NO_MEMORY. */
PS_MUST_USE enum ps_err entries_add(struct entries *entries, struct entry **out);

/* All entries one after another: block and at begin with entries->first and 0; NULL after the last one. */
struct entry *entries_next(const struct entries *entries, struct entries_block **block, size_t *at);

#endif
