/* The bootstrap: environment -> handler -> settings -> handler's init -> the loop, until Lambda ends the process. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/env.h"
#include "lambda/loader.h"
#include "lambda/loop.h"

enum {
    MEMORY_MB_DEFAULT = 512,
    MEMORY_MB_MAX = 64 << 10,
    /* Code, stacks and what libraries allocate on their own. */
    MEMORY_RESERVE_MB = 48,
    PROCESS_ARENA_BYTES = 512 << 20, /* address space, for the rings of sinks above all; touched only as used */
    INVOCATION_ARENA_MB_MIN = 64,
};

struct start {
    struct ps_arena process;
    struct ps_arena invocation;
    struct ps_log log;
    struct ps_loop loop;
    size_t memory_bytes;
    const char *error_type;  /* after a failure; NULL: made from the note */
    struct ps_span mistakes; /* all of them, when settings were wrong */
};

static size_t memory_mb(void)
{
    uint64_t mb = 0;
    bool ok = ps_span_to_u64(ps_env_get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), &mb) && mb > 0 && mb <= MEMORY_MB_MAX;
    return ok ? (size_t)mb : MEMORY_MB_DEFAULT;
}

static enum ps_err open_arenas(struct start *start)
{
    size_t mb = memory_mb();
    start->memory_bytes = mb << 20;
    size_t arena_mb =
        mb > MEMORY_RESERVE_MB + INVOCATION_ARENA_MB_MIN ? mb - MEMORY_RESERVE_MB : (size_t)INVOCATION_ARENA_MB_MIN;
    PS_TRY(ps_arena_init(&start->process, PROCESS_ARENA_BYTES));
    return ps_arena_init(&start->invocation, arena_mb << 20);
}

static enum ps_err load(struct start *start)
{
    struct ps_loader loader = { .arena = &start->process, .task_root = ps_env_get("LAMBDA_TASK_ROOT") };
    PS_TRY(ps_loader_own_folder(&start->process, &loader.own_folder));
    enum ps_err err = ps_loader_open(&loader, ps_env_get("_HANDLER"), &start->loop.handler);
    if (err != PS_OK) start->error_type = loader.error_type;
    return err;
}

static enum ps_err read_settings(struct start *start)
{
    const struct ps_handler *handler = start->loop.handler;
    if (handler->settings == NULL) return PS_OK;
    void *settings = ps_arena_zeroed(&start->process, handler->settings_bytes);
    if (settings == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "settings of %zu bytes", handler->settings_bytes);
    start->loop.settings = settings;
    return ps_config_read(handler->settings, handler->check, &start->process, settings, &start->mistakes);
}

static enum ps_err init_handler(struct start *start)
{
    const struct ps_handler *handler = start->loop.handler;
    if (handler->state_bytes > 0) {
        start->loop.state = ps_arena_zeroed(&start->process, handler->state_bytes);
        if (start->loop.state == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "state of %zu bytes", handler->state_bytes);
    }
    if (handler->init == NULL) return PS_OK;
    struct ps_span region = ps_env_get("AWS_REGION");
    struct ps_init init = {
        .arena = &start->process,
        .log = &start->log,
        .settings = start->loop.settings,
        .function_name = start->loop.function_name,
        .log_group = ps_env_get("AWS_LAMBDA_LOG_GROUP_NAME"),
        .region = region.len > 0 ? region : ps_env_get("AWS_DEFAULT_REGION"),
        .memory_bytes = start->memory_bytes,
    };
    return handler->init(&init, start->loop.state);
}

static enum ps_err start_handler(struct start *start)
{
    PS_TRY(load(start));
    PS_TRY(read_settings(start));
    return init_handler(start);
}

static enum ps_err open_api(struct start *start)
{
    struct ps_span address = ps_env_get("AWS_LAMBDA_RUNTIME_API");
    if (address.len == 0)
        PS_FAIL(PS_ERR_BAD_CONFIG, "AWS_LAMBDA_RUNTIME_API is not set: this program is started by Lambda; "
                                   "`make invoke` starts it here");
    PS_TRY(open_arenas(start));
    return ps_api_open(&start->process, address, &start->loop.api);
}

int main(void)
{
    static struct start start;
    start.log = ps_log_open(STDERR_FILENO);
    if (open_api(&start) != PS_OK) {
        ps_log_fault(&start.log, PS_LOG_FATAL, "start_failed");
        return EXIT_FAILURE;
    }
    start.loop.log = &start.log;
    start.loop.arena = &start.invocation;
    start.loop.function_name = ps_env_get("AWS_LAMBDA_FUNCTION_NAME");
    if (start_handler(&start) != PS_OK) {
        ps_loop_fail_init(start.loop.api, &start.log, start.error_type, start.mistakes);
        return EXIT_FAILURE;
    }
    if (ps_loop_run(&start.loop) != PS_OK) ps_log_fault(&start.log, PS_LOG_FATAL, "runtime_ended");
    return EXIT_FAILURE;
}
