/* Several workers in one process, each on a thread of its own: what Lambda asks for with AWS_LAMBDA_MAX_CONCURRENCY
 * (managed instances), where as many events are in flight at once.
 *
 * A worker that leaves its loop, because the Runtime API refused it or because its handler ended the thread, has its
 * event answered with an error and is made anew while the others go on. One that fails again and again without having
 * answered an event takes the process with it: then the fault is not its own. A fatal signal ends the process
 * (lambda/crash.h).
 * Source: AWS Lambda developer guide, "Building a custom runtime for Lambda Managed Instances". */
#ifndef PS_POOL_H
#define PS_POOL_H

#include "lambda/worker.h"

enum {
    PS_POOL_WORKERS_MAX = 1600, /* the most that Lambda lets a function ask for */
    PS_POOL_RESTARTS_MAX = 5,   /* in a row, without an answered event between */
};

/* Runs count workers, opened and initialised, until the process is told to end (PS_OK, all have drained) or one of them
 * cannot be kept running: then threads are still at work, and the process must end at once. arena holds what the pool
 * itself needs. */
PS_MUST_USE enum ps_err ps_pool_run(struct ps_arena *arena, struct ps_worker *workers, size_t count);

#endif
