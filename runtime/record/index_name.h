/* The index a record goes to: a fixed name, or a pattern with the date parts %Y %m %d %H, filled with the UTC time of
 * the event's own stamp. A stamp outside the years 2000..2100 gives the pattern with everything from the first to the
 * last date part replaced by "undated". Pure; the name of a record never depends on when it is sent. */
#ifndef PS_INDEX_NAME_H
#define PS_INDEX_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum {
    PS_INDEX_NAME_BYTES_MAX = 255, /* OpenSearch's limit */
    PS_INDEX_NAME_SEEN_MAX = 64,   /* each new index costs the cluster a state update and shards */
};

#define PS_INDEX_NAME_DEFAULT "app-logs-%Y.%m.%d"

enum ps_index_name_step {
    PS_INDEX_NAME_ALWAYS,
    PS_INDEX_NAME_YEAR,
    PS_INDEX_NAME_MONTH,
    PS_INDEX_NAME_DAY,
    PS_INDEX_NAME_HOUR
};

struct ps_index_name {
    struct ps_span pattern;
    struct ps_span head, tail;    /* around the date parts; tail is empty for a fixed name */
    struct ps_span dates;         /* from the first % to the end of the last date part */
    enum ps_index_name_step step; /* the finest date part: how often the name changes */
};

/* Different periods of one invocation. */
struct ps_index_name_seen {
    int64_t periods[PS_INDEX_NAME_SEEN_MAX];
    size_t count;
};

/* Whether name can be an index: lower case, none of \ / * ? " < > | space , # : and control characters, not starting
 * with - _ +, neither "." nor "..", 1..255 bytes
 * of UTF-8. */
bool ps_index_name_ok(struct ps_span name);

/* BAD_CONFIG with the reason for a pattern that cannot work. A finer part needs all coarser ones, once each and in any
 * order. pattern must outlive name. */
PS_MUST_USE enum ps_err ps_index_name_compile(struct ps_span pattern, struct ps_index_name *name);

/* Two times with the same period have the same name. */
int64_t ps_index_name_period(const struct ps_index_name *name, int64_t time_ms);

/* The name onto buf. */
void ps_index_name_put(struct ps_buf *buf, const struct ps_index_name *name, int64_t time_ms);

/* Whether one invocation may use this index too; false once PS_INDEX_NAME_SEEN_MAX others are in use. Start with a
 * zeroed seen. */
PS_MUST_USE bool ps_index_name_admit(struct ps_index_name_seen *seen, const struct ps_index_name *name,
                                     int64_t time_ms);

#endif
