/* What `penstock query` was asked for: its command line, read and checked. Pure: the time is an argument.
 *
 * A time is ISO 8601 (without a zone: UTC), seconds or milliseconds since 1970, "now", or so long before now: -90s,
 * -15m, -1h, -7d. Spans are slices of argv. */
#ifndef QUERY_ARGS_H
#define QUERY_ARGS_H

#include "aws/dynamodb.h"
#include "base/err.h"
#include "record/record.h"

/* What 13 digits hold, which is what a row's sort key begins with (docs/wire/stream-row.md). */
#define QUERY_ARGS_MS_MAX INT64_C(9999999999999)

enum {
    QUERY_ARGS_LIMIT = 100,           /* without --limit: what a person reads */
    QUERY_ARGS_LIMIT_MAX = 100000000, /* a typing error; who wants more reads a table export */
    QUERY_ARGS_SHARDS_MAX = 100,      /* as SERVICE_SHARDS */
    QUERY_ARGS_SERVICE_BYTES_MAX = 1024,
    QUERY_ARGS_BOUND_BYTES = 16,
    QUERY_ARGS_PK_BYTES_MAX = QUERY_ARGS_SERVICE_BYTES_MAX + 12,
};

struct query_args {
    struct ps_span service;
    struct ps_span table;    /* empty: not said */
    int64_t from_ms, to_ms;  /* both included */
    uint32_t limit;          /* rows */
    uint32_t shards;         /* 0: not said */
    enum ps_level level_min; /* NONE: all rows */
    bool unparsed;           /* only rows of level UNPARSED */
    bool newest, json;
};

/* A failure's note says what is wrong in argv[1] and after. */
PS_MUST_USE enum ps_err query_args_read(int argc, char **argv, int64_t now_ms, struct query_args *out);

/* The sort keys between which the asked-for rows stand. "#~" is behind every id of the last millisecond, which the
 * bare number would leave out. */
struct query_args_bounds {
    struct ps_span from, to;
    char memory[2][QUERY_ARGS_BOUND_BYTES];
};
void query_args_bounds(const struct query_args *args, struct query_args_bounds *out);

/* The service's partition key of a shard from 0, onto memory. */
struct ps_span query_args_pk(const struct query_args *args, uint32_t shard, char memory[QUERY_ARGS_PK_BYTES_MAX]);

#endif
