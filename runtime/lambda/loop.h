/* next -> invoke -> answer -> reset, and how failures are told to Lambda. */
#ifndef PS_LOOP_H
#define PS_LOOP_H

#include "lambda/api.h"
#include "lambda/crash.h"
#include "lambda/handler.h"

struct ps_loop {
    struct ps_api *api;
    struct ps_log *log;     /* its ids follow the invocation in hand */
    struct ps_arena *arena; /* of one invocation */
    size_t keep_bytes;      /* touched pages of it that stay for the next event; more are given back */
    struct ps_crash *crash; /* of the thread that runs the loop; NULL: crashes are not answered */
    const struct ps_handler *handler;
    const void *settings;
    void *state;
    struct ps_span function_name;
    bool shares_process; /* with other loops: then the environment cannot carry the trace id */
    bool warm;           /* an invocation has been answered */
    bool in_hand;        /* event has been taken and not answered yet */
    bool stopped;        /* the process was told to end; no more events are taken */
    struct ps_api_event event;
};

/* One invocation. Fails only when the process should end: Lambda could not be asked or answered. */
PS_MUST_USE enum ps_err ps_loop_once(struct ps_loop *loop);

/* Until ps_loop_once fails, which it then returns, or until the process is told to end. */
PS_MUST_USE enum ps_err ps_loop_run(struct ps_loop *loop);

/* Answers the event in hand, if there is one, in place of a loop that was left without an answer. */
void ps_loop_abandon(struct ps_loop *loop);

/* Tells Lambda that initialisation failed, with the fault note as the reason, and logs it. error_type may be NULL:
 * then it is made from the note's error. detail, if not empty, stands in for the note's text. */
void ps_loop_fail_init(struct ps_api *api, const struct ps_log *log, const char *error_type, struct ps_span detail);

/* The same for what follows the restore of a snapshot. */
void ps_loop_fail_restore(struct ps_api *api, const struct ps_log *log, const char *error_type);

#endif
