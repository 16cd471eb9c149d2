#include "lambda/worker.h"

#include "host/clock.h"

enum {
    /* Code, stacks and what libraries allocate on their own. */
    RESERVE_BYTES = 48 << 20,
    PROCESS_ARENA_BYTES = 512 << 20,       /* address space, for the rings of sinks above all; touched only as used */
    INVOCATION_ARENA_BYTES_MIN = 64 << 20, /* of all workers together */
    /* A full subscription event then faults no page in. */
    KEEP_BYTES_MAX = 32 << 20,
    KEEP_DIVISOR = 4,
    /* Lambda kills the process 300 to 500 ms after SIGTERM; the rest is for ending. */
    DRAIN_MS = 250,
};

static size_t share_of_memory(const struct ps_worker_options *options)
{
    return options->memory_bytes / options->workers;
}

static size_t invocation_bytes(const struct ps_worker_options *options)
{
    bool enough = options->memory_bytes > (size_t)RESERVE_BYTES + INVOCATION_ARENA_BYTES_MIN;
    return (enough ? options->memory_bytes - RESERVE_BYTES : INVOCATION_ARENA_BYTES_MIN) / options->workers;
}

static size_t keep_bytes(const struct ps_worker_options *options)
{
    size_t part = share_of_memory(options) / KEEP_DIVISOR;
    return part < KEEP_BYTES_MAX ? part : KEEP_BYTES_MAX;
}

enum ps_err ps_worker_open(struct ps_worker *worker, const struct ps_worker_options *options)
{
    *worker = (struct ps_worker){ .options = options, .log = options->log };
    PS_TRY(ps_arena_init(&worker->process, PROCESS_ARENA_BYTES));
    PS_TRY(ps_arena_init(&worker->invocation, invocation_bytes(options)));
    worker->loop = (struct ps_loop){
        .log = &worker->log,
        .arena = &worker->invocation,
        .keep_bytes = keep_bytes(options),
        .crash = &worker->crash,
        .function_name = options->function_name,
        .shares_process = options->workers > 1,
    };
    PS_TRY(ps_api_open(&worker->process, options->api_address, &worker->loop.api));
    struct ps_connection *connection = ps_api_connection(worker->loop.api);
    worker->crash.address = connection->address;
    worker->crash.log_fd = worker->log.fd;
    worker->crash.service = worker->log.service;
    return PS_OK;
}

enum ps_err ps_worker_init(struct ps_worker *worker)
{
    const struct ps_worker_options *options = worker->options;
    const struct ps_handler *handler = options->handler;
    worker->loop.handler = handler;
    worker->loop.settings = options->settings;
    if (handler->state_bytes > 0) {
        worker->loop.state = ps_arena_zeroed(&worker->process, handler->state_bytes);
        if (worker->loop.state == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "state of %zu bytes", handler->state_bytes);
    }
    struct ps_init init = {
        .arena = &worker->process,
        .log = &worker->log,
        .settings = options->settings,
        .function_name = options->function_name,
        .log_group = options->log_group,
        .region = options->region,
        .memory_bytes = share_of_memory(options),
    };
    if (handler->init != NULL) PS_TRY(handler->init(&init, worker->loop.state));
    worker->ready = true;
    return PS_OK;
}

enum ps_err ps_worker_enter(struct ps_worker *worker, const void *stack_high)
{
    PS_TRY(ps_crash_enter(&worker->crash, &worker->process, stack_high));
    ps_crash_arm(&worker->crash, ps_api_crash_head(worker->loop.api, NULL, "/init/error"), ps_span_make(NULL, 0));
    return PS_OK;
}

static void drain(struct ps_worker *worker)
{
    const struct ps_loop *loop = &worker->loop;
    bool ready = worker->ready;
    worker->ready = false;
    if (!ready || loop->handler->drain == NULL) return;
    int64_t now_ms = ps_clock_now_ms();
    struct ps_deadline deadline = ps_deadline_make(now_ms + DRAIN_MS, now_ms, 0);
    loop->handler->drain(loop->state, &deadline);
}

enum ps_err ps_worker_run(struct ps_worker *worker)
{
    struct ps_loop *loop = &worker->loop;
    ps_crash_disarm(&worker->crash);
    ps_api_connection(loop->api)->stop_fd = worker->options->stop_fd;
    PS_TRY(ps_loop_run(loop));
    drain(worker);
    return PS_OK;
}

void ps_worker_close(struct ps_worker *worker)
{
    drain(worker);
    if (worker->loop.api != NULL) ps_api_close(worker->loop.api);
    ps_arena_fini(&worker->process);
    ps_arena_fini(&worker->invocation);
}
