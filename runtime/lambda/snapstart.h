/* SnapStart: the process is frozen into a snapshot after its init, and copies of it are started later. An OS-only
 * function meets this in container images only (AWS_LAMBDA_INITIALIZATION_TYPE=snap-start).
 * Source: AWS Lambda developer guide, "Runtime hooks for Lambda SnapStart", custom runtimes. */
#ifndef PS_SNAPSTART_H
#define PS_SNAPSTART_H

#include "lambda/worker.h"

bool ps_snapstart_is_on(void);

/* Runs every worker's before_snapshot, waits over the snapshot, and in each copy runs after_restore. A failure has been
 * told to Lambda; the process should end. Nothing happens without SnapStart. */
PS_MUST_USE enum ps_err ps_snapstart_run(struct ps_worker *workers, size_t count);

#endif
