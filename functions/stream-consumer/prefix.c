#include "prefix.h"

#include "base/assert.h"

static bool is_durable(const struct entry *entry, bool events_required)
{
    if (entry->state == ENTRY_PENDING || entry->state == ENTRY_UNDELIVERED) return false;
    if (entry->event == ENTRY_EVENT_NO_ROOM) return false;
    return !events_required || entry->event != ENTRY_EVENT_UNDELIVERED;
}

/* First the carriers that have something to come back for themselves. */
static void mark_own(const struct entries *entries, bool events_required, struct ps_reply_book *book)
{
    struct entries_block *block = entries->first;
    size_t at = 0;
    for (struct entry *entry; (entry = entries_next(entries, &block, &at)) != NULL;)
        if (!is_durable(entry, events_required)) ps_reply_mark(book, entry->carrier, PS_REPLY_RETURNED);
}

/* Then those behind them. Carriers come group by group, each group in its order. */
enum ps_err prefix_mark(struct ps_event *event, const struct entries *entries, bool events_required,
                        struct ps_reply_book *book)
{
    mark_own(entries, events_required, book);
    ps_event_rewind(event);
    struct ps_span group = { NULL, 0 };
    bool going_back = false;
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(event, &carrier, &more));
        if (!more) return PS_OK;
        if (!ps_span_eq(carrier.group, group)) going_back = false;
        group = carrier.group;
        going_back = going_back || book->marks[carrier.position] == PS_REPLY_RETURNED;
        if (going_back) ps_reply_mark(book, carrier.position, PS_REPLY_RETURNED);
    }
}
