/* A line of a stream as one item of DynamoDB, in the typed JSON of its API. Sources: Amazon DynamoDB developer guide,
 * "DynamoDB low-level API" and "Constraints in Amazon DynamoDB"; docs/wire/stream-row.md.
 *
 * pk is the service, sk "<13 digits of ms>#<id>". The same line always gives the same bytes, so a replay rewrites its
 * row with what is there. An item over its limit is cut, never refused: first the message, then the largest fields,
 * each with a marker. Sizes are counted as the item is written here, which is never less than DynamoDB counts. */
#ifndef PS_TO_DYNAMODB_H
#define PS_TO_DYNAMODB_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "record/stream_line.h"

enum {
    PS_TO_DYNAMODB_ITEM_BYTES_MAX = (400 << 10) - 1024, /* 400 KB is the limit; how AWS counts is told roughly only */
    PS_TO_DYNAMODB_ITEM_BYTES_MIN = 64 << 10,           /* below it a cut would leave nothing to read */
};

struct ps_to_dynamodb_options {
    uint32_t shards;       /* partitions of one service; 0 and 1: its name alone is the key */
    uint32_t ttl_days;     /* after the record's own time; 0: no ttl */
    size_t item_bytes_max; /* within the two limits above (asserted) */
};

enum { PS_TO_DYNAMODB_KEY_BYTES_MAX = PS_STREAM_LINE_SERVICE_BYTES_MAX + 80 }; /* shard, time and id behind the name */

/* The values of pk and sk; on memory. */
struct ps_to_dynamodb_key {
    struct ps_span pk, sk;
    char memory[PS_TO_DYNAMODB_KEY_BYTES_MAX];
};

/* The keys that ps_to_dynamodb_put writes. */
void ps_to_dynamodb_key(const struct ps_to_dynamodb_options *options, const struct ps_stream_line *line,
                        struct ps_span id, struct ps_to_dynamodb_key *out);

/* Appends the item. id is the UUID's text. coordinates (record/coordinates.h, as text) are written into UNPARSED rows,
 * of which nothing else tells where they come from. arena holds what is built on the way: a few times the item, and for
 * a line far over the limit at most some 16 MiB. Fails as the buf or the arena does, or with TOO_LARGE when id and
 * coordinates alone pass the limit; nothing has been appended then. */
PS_MUST_USE enum ps_err ps_to_dynamodb_put(struct ps_buf *buf, struct ps_arena *arena,
                                           const struct ps_to_dynamodb_options *options,
                                           const struct ps_stream_line *line, struct ps_span id,
                                           struct ps_span coordinates);

#endif
