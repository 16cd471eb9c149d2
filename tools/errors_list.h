/* What `penstock errors` was asked for, and a summary of the log extractor's table as a line to read. Pure: the time is
 * an argument. What a summary holds: docs/wire/error-summary.md. */
#ifndef ERRORS_LIST_H
#define ERRORS_LIST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/time.h"

enum {
    ERRORS_LIST_LIMIT = 100,           /* without --limit: what a person reads */
    ERRORS_LIST_LIMIT_MAX = 100000000, /* a typing error; who wants more reads a table export */
};

struct errors_args {
    char day[PS_TIME_DAY_BYTES]; /* UTC */
    struct ps_span table;        /* a slice of argv; empty: not said */
    uint32_t limit;
    bool json;
};

/* A failure's note says what is wrong in argv[1] and after. */
PS_MUST_USE enum ps_err errors_args_read(int argc, char **argv, int64_t now_ms, struct errors_args *out);

/* The line above all others. */
struct ps_span errors_list_head(void);

/* An item in DynamoDB's typed JSON as one line that a terminal can show: when the object was written, lines by
 * severity, where it is, the begin of its version, and why it could not be read. BAD_INPUT when it is no item. */
PS_MUST_USE enum ps_err errors_list_line(struct ps_arena *arena, struct ps_span item, struct ps_span *out);

#endif
