#include <stdio.h>

#include "command_sink.h"
#include "host/env.h"
#include "log-processor/pipeline.h"
#include "log-processor/stages.h"
#include "penstock_commands.h"

static const char HELP[] =
    "Usage: penstock process [FILE...|-]\n\n"
    "Runs Lambda events, one a file, through the log processor and prints the _bulk lines as they would be sent. "
    "Counts go to\n"
    "stderr. Settings are the function's environment variables; nothing is sent anywhere.\n\n"
    "Exit codes: 0 all read; 1 an input or a part of it could not be read (named on stderr); 2 wrong usage.\n";

enum { ARENA_BYTES = 1 << 30, ITEM_BYTES_MAX = 16 << 20, PROCESS_ARENA_BYTES = 256 << 20 };

struct process {
    struct ps_arena process; /* settings and pipeline */
    struct ps_arena arena;   /* of one input */
    struct pipeline *pipeline;
    struct ps_buf item;
    struct ps_account account;
    const char *input;
};

static enum ps_err item_begin(void *context, struct ps_buf **buf)
{
    struct process *process = context;
    process->item.len = 0;
    *buf = &process->item;
    return PS_OK;
}

static enum ps_err item_commit(void *context, uint64_t tag)
{
    (void)tag;
    struct process *process = context;
    if (fwrite(process->item.data, 1, process->item.len, stdout) != process->item.len) {
        PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
    }
    ps_account_add(&process->account, PS_VERDICT_STORED, 1);
    return PS_OK;
}

static void item_rollback(void *context)
{
    struct process *process = context;
    process->item.len = 0;
    process->item.err = PS_OK;
}

static void say_dead(struct process *process, uint64_t tag, const char *detail)
{
    fprintf(stderr, "penstock: %s: carrier %zu, event %u: %s\n", process->input, pipeline_tag_carrier(tag),
            (unsigned)(uint32_t)tag, detail);
}

static enum ps_err item_refused(void *context, uint64_t tag, const char *reason, struct ps_span item)
{
    (void)item;
    struct process *process = context;
    ps_account_add(&process->account, PS_VERDICT_DEAD, 1);
    say_dead(process, tag, reason);
    return PS_OK;
}

static enum ps_err undecodable(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    (void)raw, (void)is_base64;
    say_dead(context, tag, detail);
    return PS_OK;
}

static enum ps_err process_input(void *context, const char *name, struct ps_span bytes)
{
    struct process *process = context;
    process->input = name;
    struct pipeline_output output = {
        .context = process,
        .item_begin = item_begin,
        .item_commit = item_commit,
        .item_rollback = item_rollback,
        .item_refused = item_refused,
        .undecodable = undecodable,
    };
    struct ps_event event;
    PS_TRY(ps_event_open(bytes, &event));
    struct pipeline_times times = { 0 };
    process->account.event_bytes += bytes.len;
    enum ps_err err = pipeline_run(process->pipeline, &process->arena, &event, &output, &process->account, &times);
    ps_arena_reset(&process->arena, ARENA_BYTES);
    return err;
}

static void check(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    stages_check(settings, scratch, mistakes);
}

static enum ps_err open_process(struct process *process, struct settings *settings)
{
    PS_TRY(ps_arena_init(&process->process, PROCESS_ARENA_BYTES));
    PS_TRY(ps_arena_init(&process->arena, ARENA_BYTES));
    command_settings_read(check, &process->process, settings);
    struct pipeline_options options = { .settings = settings, .function_region = ps_env_get("AWS_REGION") };
    PS_TRY(pipeline_open(&process->process, &options, &process->pipeline));
    char *memory = ps_arena_bytes(&process->process, ITEM_BYTES_MAX);
    if (memory == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a document's buffer");
    ps_buf_init_fixed(&process->item, memory, ITEM_BYTES_MAX);
    return PS_OK;
}

int command_process(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    struct process process = { 0 };
    struct settings settings;
    if (open_process(&process, &settings) != PS_OK) return command_fault("process");
    int result = command_each_input(argc, argv, process_input, &process);
    command_counts(&process.account);
    if (fflush(stdout) != 0) result = COMMAND_FAILED;
    if (process.account.verdicts[PS_VERDICT_DEAD] > 0) result = COMMAND_FAILED;
    ps_arena_fini(&process.arena);
    ps_arena_fini(&process.process);
    return result;
}
