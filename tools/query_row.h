/* A row of the stream's table as `penstock query` shows it: an item in DynamoDB's typed JSON becomes plain JSON, and a
 * line to read. Pure. What a row holds: docs/wire/stream-row.md. The typed form: Amazon DynamoDB developer guide,
 * "DynamoDB low-level API". */
#ifndef QUERY_ROW_H
#define QUERY_ROW_H

#include "base/arena.h"
#include "base/err.h"
#include "query_args.h"

/* All on the arena that it was read onto. What the item does not have is empty. */
struct query_row {
    struct ps_span plain; /* {"pk":"api","ts":1795255200123,...} */
    struct ps_span sk, level, message;
    int64_t ttl_s; /* 0: none */
};

/* BAD_INPUT when item is no item in typed JSON. Numbers keep their digits; sets become arrays, binaries stay base64. */
PS_MUST_USE enum ps_err query_row_read(struct ps_arena *arena, struct ps_span item, struct query_row *out);

/* Whether the row is one of those asked for: its level, and not expired (DynamoDB deletes expired rows days later). */
bool query_row_matches(const struct query_row *row, const struct query_args *args, int64_t now_ms);

/* Time, level and message in one line that a terminal can show, cut to so many characters (0: whole). */
PS_MUST_USE enum ps_err query_row_line(struct ps_arena *arena, const struct query_row *row, size_t columns,
                                       struct ps_span *out);

#endif
