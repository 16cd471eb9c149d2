/* The bootstrap: environment -> handler -> settings -> handler's init -> the loop, until Lambda ends the process. */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/env.h"
#include "lambda/frames.h"
#include "lambda/loader.h"
#include "lambda/pool.h"
#include "lambda/shutdown.h"
#include "lambda/snapstart.h"
#include "lambda/telemetry.h"

enum {
    MEMORY_MB_DEFAULT = 512,
    MEMORY_MB_MAX = 64 << 10,
    ARENA_BYTES = 4 << 20, /* paths, settings and the list of workers */
};

struct settings {
    uint32_t workers;
    bool drain;
};

/* The runtime's own; the tables of functions are beside their handlers. */
static const struct ps_config_item SETTINGS_ITEMS[] = {
    {
        .name = "AWS_LAMBDA_MAX_CONCURRENCY",
        .type = PS_CONFIG_U32,
        .offset = offsetof(struct settings, workers),
        .value_default = "1",
        .min = 1,
        .max = PS_POOL_WORKERS_MAX,
        .help = "Events that are worked on at once. Set by Lambda.",
    },
    {
        .name = "PENSTOCK_DRAIN",
        .type = PS_CONFIG_BOOL,
        .offset = offsetof(struct settings, drain),
        .value_default = "off",
        .help = "Register an internal extension, so that SIGTERM comes before the end and the function can drain.",
    },
    { .name = NULL },
};

struct start {
    struct ps_arena arena;
    struct settings settings;
    struct ps_shutdown shutdown;
    struct ps_worker_options options;
    struct ps_worker first; /* tells Lambda if initialisation fails; on its own, it is the only worker */
    struct ps_worker *workers;
    const char *error_type;  /* after a failure; NULL: made from the note */
    struct ps_span mistakes; /* all of them, when settings were wrong */
};

static size_t memory_mb(void)
{
    uint64_t mb = 0;
    bool ok = ps_span_to_u64(ps_env_get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), &mb) && mb > 0 && mb <= MEMORY_MB_MAX;
    return ok ? (size_t)mb : MEMORY_MB_DEFAULT;
}

static enum ps_err load(struct start *start)
{
    struct ps_loader loader = { .arena = &start->arena, .task_root = ps_env_get("LAMBDA_TASK_ROOT") };
    PS_TRY(ps_loader_own_folder(&start->arena, &loader.own_folder));
    enum ps_err err = ps_loader_open(&loader, ps_env_get("_HANDLER"), &start->options.handler);
    if (err != PS_OK) start->error_type = loader.error_type;
    ps_frames_note_objects();
    return err;
}

/* Before the handler is loaded: whatever threads it brings along must leave SIGTERM alone. Without the descriptor the
 * function works all the same, and cannot drain. */
static enum ps_err read_own_settings(struct start *start)
{
    PS_TRY(ps_config_read(SETTINGS_ITEMS, NULL, &start->arena, &start->settings, &start->mistakes));
    if (!start->settings.drain) return PS_OK;
    if (ps_shutdown_open(&start->shutdown) != PS_OK) ps_log_fault(&start->first.log, PS_LOG_WARN, "drain_not_possible");
    start->options.stop_fd = start->shutdown.stop_fd;
    return PS_OK;
}

static enum ps_err read_settings(struct start *start)
{
    const struct ps_handler *handler = start->options.handler;
    if (handler->settings == NULL) return PS_OK;
    void *settings = ps_arena_zeroed(&start->arena, handler->settings_bytes);
    if (settings == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "settings of %zu bytes", handler->settings_bytes);
    start->options.settings = settings;
    return ps_config_read(handler->settings, handler->check, &start->arena, settings, &start->mistakes);
}

/* One after another and on this thread: what libraries set up once per process needs no more care than that. */
static enum ps_err init_workers(struct start *start)
{
    start->options.workers = start->settings.workers;
    start->workers = &start->first;
    if (start->settings.workers == 1) return ps_worker_init(&start->first);
    start->workers = PS_ARENA_ARRAY(&start->arena, struct ps_worker, start->settings.workers);
    if (start->workers == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%u workers", start->settings.workers);
    for (size_t i = 0; i < start->settings.workers; i++) {
        PS_TRY(ps_worker_open(&start->workers[i], &start->options));
        PS_TRY(ps_worker_init(&start->workers[i]));
    }
    return PS_OK;
}

static enum ps_err start_handler(struct start *start)
{
    PS_TRY(read_own_settings(start));
    PS_TRY(load(start));
    PS_TRY(read_settings(start));
    PS_TRY(init_workers(start));
    /* It may have brought more objects along. */
    if (start->options.handler->init != NULL) ps_frames_note_objects();
    return PS_OK;
}

static void register_drain(struct start *start)
{
    /* Lambda does not say what becomes of an extension's connection over a snapshot. */
    if (start->options.stop_fd < 0 || ps_snapstart_is_on()) return;
    if (ps_shutdown_register(&start->shutdown, start->options.api_address) != PS_OK)
        ps_log_fault(&start->first.log, PS_LOG_WARN, "drain_not_registered");
}

static enum ps_err run(struct start *start)
{
    if (start->settings.workers == 1) return ps_worker_run(&start->first);
    /* Its part is played: the threads of the workers tell of their own crashes. */
    ps_crash_disarm(&start->first.crash);
    return ps_pool_run(&start->arena, start->workers, start->settings.workers);
}

static enum ps_err open_first(struct start *start, const void *stack_high)
{
    struct ps_span address = ps_env_get("AWS_LAMBDA_RUNTIME_API");
    if (address.len == 0)
        PS_FAIL(PS_ERR_BAD_CONFIG, "AWS_LAMBDA_RUNTIME_API is not set: this program is started by Lambda; "
                                   "`make invoke` starts it here");
    struct ps_span region = ps_env_get("AWS_REGION");
    start->options = (struct ps_worker_options){
        .api_address = address,
        .function_name = ps_env_get("AWS_LAMBDA_FUNCTION_NAME"),
        .log_group = ps_env_get("AWS_LAMBDA_LOG_GROUP_NAME"),
        .region = region.len > 0 ? region : ps_env_get("AWS_DEFAULT_REGION"),
        .memory_bytes = memory_mb() << 20,
        .workers = 1,
        .log = start->first.log,
        .stop_fd = -1,
    };
    PS_TRY(ps_worker_open(&start->first, &start->options));
    PS_TRY(ps_arena_part(&start->arena, &start->first.process, ARENA_BYTES));
    PS_TRY(ps_crash_install());
    return ps_worker_enter(&start->first, stack_high);
}

int main(void)
{
    static struct start start;
    /* A log socket whose other end has gone must not end the process. */
    (void)signal(SIGPIPE, SIG_IGN);
    enum ps_err telemetry_err = ps_telemetry_connect();
    start.first.log = ps_log_open(STDERR_FILENO);
    if (telemetry_err != PS_OK) ps_log_fault(&start.first.log, PS_LOG_WARN, "telemetry_not_connected");
    if (open_first(&start, __builtin_frame_address(0)) != PS_OK) {
        ps_log_fault(&start.first.log, PS_LOG_FATAL, "start_failed");
        return EXIT_FAILURE;
    }
    if (start_handler(&start) != PS_OK) {
        ps_loop_fail_init(start.first.loop.api, &start.first.log, start.error_type, start.mistakes);
        return EXIT_FAILURE;
    }
    register_drain(&start);
    if (ps_snapstart_run(start.workers, start.settings.workers) != PS_OK) return EXIT_FAILURE;
    if (run(&start) == PS_OK) return EXIT_SUCCESS;
    ps_log_fault(&start.first.log, PS_LOG_FATAL, "runtime_ended");
    /* Other workers may still be at work: no exit handlers. */
    _exit(EXIT_FAILURE);
}
