/* next -> invoke -> answer -> reset, and how failures are told to Lambda. */
#ifndef PS_LOOP_H
#define PS_LOOP_H

#include "lambda/api.h"
#include "lambda/handler.h"

struct ps_loop {
    struct ps_api *api;
    struct ps_log *log;     /* its request_id follows the invocation in hand */
    struct ps_arena *arena; /* of one invocation */
    const struct ps_handler *handler;
    const void *settings;
    void *state;
    struct ps_span function_name;
    bool warm; /* an invocation has been answered */
};

/* One invocation. Fails only when the process should end: Lambda could not be asked or answered. */
PS_MUST_USE enum ps_err ps_loop_once(struct ps_loop *loop);

/* Until ps_loop_once fails, which it then returns. */
PS_MUST_USE enum ps_err ps_loop_run(struct ps_loop *loop);

/* Tells Lambda that initialisation failed, with the fault note as the reason, and logs it. error_type may be NULL:
 * then it is made from the note's error. detail, if not empty, stands in for the note's text. */
void ps_loop_fail_init(struct ps_api *api, const struct ps_log *log, const char *error_type, struct ps_span detail);

#endif
