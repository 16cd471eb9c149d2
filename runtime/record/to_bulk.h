/* A record as one item of OpenSearch's _bulk: an action line and a document line, each one JSON object without a raw
 * line feed. Sources: OpenSearch API reference, "Bulk"; docs/wire/document.md.
 *
 * What is the same for all records of one log stream (escaped names, the action up to the id) is made once per
 * envelope. The order of members is fixed by the schema. If the buf fails, what was appended must be taken back. */
#ifndef PS_TO_BULK_H
#define PS_TO_BULK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"
#include "record/enrich.h"
#include "record/index_name.h"
#include "record/record.h"
#include "record/schema.h"

enum ps_to_bulk_op {
    PS_TO_BULK_CREATE, /* a repeated _id is refused with 409, which is how replays stay harmless */
    PS_TO_BULK_INDEX,  /* for targets without ids */
};

struct ps_to_bulk_options {
    const struct ps_schema *schema;
    enum ps_to_bulk_op op;
    bool ids; /* off for collections that refuse own ids; duplicates are possible then */
    const struct ps_index_name *index;
    struct ps_span tags; /* a JSON object (struct ps_enrich_tags), or empty */
};

/* The text of the minute that was written last. */
struct ps_to_bulk_minute {
    int64_t begin_ms;
    char text[PS_TIME_ISO_BYTES];
};

struct ps_to_bulk_envelope {
    const struct ps_to_bulk_options *options;
    uint64_t source;           /* ps_identity_source */
    struct ps_span log_group;  /* escaped */
    struct ps_span log_stream; /* escaped */
    /* Private to to_bulk.c: the action line up to the id, for one period of the index name. */
    char action[64 + PS_INDEX_NAME_BYTES_MAX];
    size_t action_len; /* 0: not made yet */
    int64_t period;
    struct ps_to_bulk_minute minute;
};

/* options must outlive the envelope. account is the group's owner: ids depend on it. */
PS_MUST_USE enum ps_err ps_to_bulk_begin(struct ps_arena *arena, const struct ps_to_bulk_options *options,
                                         struct ps_span account, struct ps_span log_group, struct ps_span log_stream,
                                         struct ps_to_bulk_envelope *envelope);

/* Appends the two lines. record->log_group and log_stream are those of the envelope. Fails as the buf does. */
PS_MUST_USE enum ps_err ps_to_bulk_put(struct ps_buf *buf, struct ps_to_bulk_envelope *envelope,
                                       const struct ps_record *record);

/* Only the document, without a line feed: for dead letters and the command-line tool. */
PS_MUST_USE enum ps_err ps_to_bulk_document(struct ps_buf *buf, struct ps_to_bulk_envelope *envelope,
                                            const struct ps_record *record);

#endif
