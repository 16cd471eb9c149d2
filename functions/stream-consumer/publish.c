#include "publish.h"

#include "prefix.h"

static enum ps_err on_result(void *context, const struct ps_eventbridge_result *result)
{
    struct entry *entry = (struct entry *)(uintptr_t)result->tag; // NOLINT(performance-no-int-to-ptr)
    struct publish_counts *counts = context;
    switch (result->outcome) {
    case PS_EVENTBRIDGE_PUBLISHED:
        entry->event = ENTRY_EVENT_PUBLISHED;
        counts->published++;
        break;
    case PS_EVENTBRIDGE_REJECTED:
        entry->event = ENTRY_EVENT_REJECTED;
        counts->rejected++;
        break;
    case PS_EVENTBRIDGE_UNDELIVERED:
        entry->event = ENTRY_EVENT_UNDELIVERED;
        counts->undelivered++;
        break;
    }
    return PS_OK;
}

static enum ps_err put_event(const struct publish_options *options, struct entry *entry)
{
    struct ps_buf *buf = NULL;
    PS_TRY(ps_eventbridge_buf(options->bus, &buf));
    ps_buf_put(buf, entry->detail);
    return ps_eventbridge_commit(options->bus, (uint64_t)(uintptr_t)entry, options->source, PS_SPAN("LogError"),
                                 entry->time_ms);
}

enum ps_err publish(const struct publish_options *options, const struct entries *entries,
                    const struct ps_reply_book *book, struct publish_counts *counts)
{
    ps_eventbridge_begin(options->bus, options->log, options->deadline, on_result, counts);
    struct entries_block *block = entries->first;
    size_t at = 0;
    for (struct entry *entry; (entry = entries_next(entries, &block, &at)) != NULL;) {
        if (!prefix_holds(book, entry)) continue;
        /* There was no room for these. */
        if (entry->event == ENTRY_EVENT_UNDELIVERED) counts->undelivered++;
        if (entry->event == ENTRY_EVENT_REJECTED) counts->rejected++;
        if (entry->event == ENTRY_EVENT_DUE) PS_TRY(put_event(options, entry));
    }
    return ps_eventbridge_finish(options->bus, &counts->stats);
}
