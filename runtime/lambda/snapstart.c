#include "lambda/snapstart.h"

#include "host/env.h"
#include "host/rng.h"

typedef enum ps_err hook_function(void *state);

static enum ps_err run_hooks(struct ps_worker *workers, size_t count, hook_function *hook)
{
    for (size_t i = 0; i < count && hook != NULL; i++)
        PS_TRY(hook(workers[i].loop.state));
    return PS_OK;
}

bool ps_snapstart_is_on(void)
{
    return ps_span_eq(ps_env_get("AWS_LAMBDA_INITIALIZATION_TYPE"), PS_SPAN("snap-start"));
}

enum ps_err ps_snapstart_run(struct ps_worker *workers, size_t count)
{
    if (!ps_snapstart_is_on()) return PS_OK;
    struct ps_worker *first = &workers[0];
    const struct ps_handler *handler = first->options->handler;
    enum ps_err err = run_hooks(workers, count, handler->before_snapshot);
    if (err != PS_OK) {
        ps_loop_fail_init(first->loop.api, &first->log, "Runtime.BeforeSnapshotError", ps_span_make(NULL, 0));
        return err;
    }
    err = ps_api_restore_next(first->loop.api);
    if (err != PS_OK) {
        ps_log_fault(&first->log, PS_LOG_FATAL, "restore_not_reached");
        return err;
    }
    ps_crash_arm(&first->crash, ps_api_crash_head(first->loop.api, NULL, "/restore/error"), ps_span_make(NULL, 0));
    /* Each copy of the snapshot must jitter in its own way. */
    ps_rng_reseed();
    err = run_hooks(workers, count, handler->after_restore);
    if (err != PS_OK) ps_loop_fail_restore(first->loop.api, &first->log, "Runtime.AfterRestoreError");
    return err;
}
