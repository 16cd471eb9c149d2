/* How far each shard or partition has come: the durable prefix. A carrier is durable when every record of it is stored,
 * filtered or dead; behind the first one of its group that is not, everything goes back to the source, stored or not:
 * a stream resumes at one place, and rows that are written again are the same rows. */
#ifndef STREAM_CONSUMER_PREFIX_H
#define STREAM_CONSUMER_PREFIX_H

#include "entries.h"
#include "event/event.h"
#include "event/reply.h"

/* Marks in book every carrier that goes back, by what entries say. With events_required, an event that is due and could
 * not be published counts as not durable. Fails only when the payload turns out to be broken. */
PS_MUST_USE enum ps_err prefix_mark(struct ps_event *event, const struct entries *entries, bool events_required,
                                    struct ps_reply_book *book);

static inline bool prefix_holds(const struct ps_reply_book *book, const struct entry *entry)
{
    return book->marks[entry->carrier] != PS_REPLY_RETURNED;
}

#endif
