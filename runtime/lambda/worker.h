/* One worker: a loop and all that it needs of its own, which is a connection to the Runtime API, arenas, a log, the
 * handler's state and a crash note. A process has one, on its main thread, or as many as Lambda sends events at once
 * (lambda/pool.h). Workers share nothing that changes; the handler, its settings and the options are only read. */
#ifndef PS_WORKER_H
#define PS_WORKER_H

#include "lambda/loop.h"

struct ps_worker_options {
    struct ps_span api_address;
    struct ps_span function_name;
    struct ps_span log_group;
    struct ps_span region;
    size_t memory_bytes; /* of the function */
    uint32_t workers;    /* that share it */
    struct ps_log log;
    int stop_fd;                      /* readable when the process should end; -1: none */
    const struct ps_handler *handler; /* known after the workers have been opened: set before ps_worker_init */
    const void *settings;
};

struct ps_worker {
    const struct ps_worker_options *options; /* must outlive the worker */
    struct ps_arena process;                 /* what lives as long as the worker */
    struct ps_arena invocation;
    struct ps_log log;
    struct ps_crash crash;
    struct ps_loop loop;
    bool ready; /* the handler's state is to be drained: init has succeeded, and nothing has gone wrong with it since */
};

/* Arenas and the client of the Runtime API. */
PS_MUST_USE enum ps_err ps_worker_open(struct ps_worker *worker, const struct ps_worker_options *options);

/* The handler's state and its init. On any thread. */
PS_MUST_USE enum ps_err ps_worker_init(struct ps_worker *worker);

/* Answers crashes of the calling thread from now on, and until the first event as a failed initialisation.
 * stack_high as of ps_crash_enter. */
PS_MUST_USE enum ps_err ps_worker_enter(struct ps_worker *worker, const void *stack_high);

/* Runs the loop on the calling thread, which has entered. When the process is told to end, the handler drains and the
 * result is PS_OK. */
PS_MUST_USE enum ps_err ps_worker_run(struct ps_worker *worker);

/* Drains the handler if it is ready, and gives everything back. */
void ps_worker_close(struct ps_worker *worker);

#endif
