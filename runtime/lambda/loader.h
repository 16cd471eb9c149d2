/* Finds and opens the shared object of the function, and checks that it speaks this bootstrap's ABI.
 *
 * _HANDLER is "<name>" or "<name>.<symbol>" (default symbol ps_handler); <name>.so is looked for in
 * $LAMBDA_TASK_ROOT, beside the bootstrap, and in the functions folder beside it. A handler that needs
 * libpenstock-aws.so.1 fails to open at first; then that library is opened from lib/ beside the bootstrap and the
 * handler once more. LD_LIBRARY_PATH plays no part. Nothing is ever closed. */
#ifndef PS_LOADER_H
#define PS_LOADER_H

#include "lambda/handler.h"

struct ps_loader {
    struct ps_arena *arena;    /* for paths; the process arena */
    struct ps_span task_root;  /* may be empty */
    struct ps_span own_folder; /* of the bootstrap */
    const char *error_type;    /* after a failure: what to tell Lambda, "Runtime.HandlerNotFound" and the like */
};

/* The folder of the running program, on arena. */
PS_MUST_USE enum ps_err ps_loader_own_folder(struct ps_arena *arena, struct ps_span *out);

/* Failures name what was looked for and where. */
PS_MUST_USE enum ps_err ps_loader_open(struct ps_loader *loader, struct ps_span handler, const struct ps_handler **out);

#endif
