#include "command_sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/env.h"
#include "penstock_commands.h"

enum { PROCESS_ARENA_BYTES = 1 << 30, ARENA_BYTES = 1 << 30 };

void command_settings_read(ps_config_check *check, struct ps_arena *arena, struct settings *settings)
{
    struct ps_span mistakes = PS_SPAN("");
    if (ps_config_read(SETTINGS_ITEMS, check, arena, settings, &mistakes) == PS_OK) return;
    /* The fault note is too short for many. */
    if (mistakes.len == 0) mistakes = ps_span_of(ps_err_note()->text);
    fprintf(stderr, "penstock: settings: %.*s\n", (int)mistakes.len, mistakes.data);
    exit(COMMAND_FAILED);
}

enum ps_err command_sink_open(struct command_sink *sink)
{
    sink->log = ps_log_open(STDERR_FILENO);
    sink->deadline = ps_deadline_make(0, ps_clock_now_ms(), 0);
    PS_TRY(ps_arena_init(&sink->process, PROCESS_ARENA_BYTES));
    PS_TRY(ps_arena_init(&sink->arena, ARENA_BYTES));
    command_settings_read(settings_check, &sink->process, &sink->settings);
    struct ps_span region = ps_env_get("AWS_REGION");
    struct pipeline_options options = { .settings = &sink->settings, .function_region = region };
    PS_TRY(pipeline_open(&sink->process, &options, &sink->pipeline));
    return sink_open(&sink->process, &sink->log, &sink->settings, region, &sink->sink);
}

void command_sink_close(struct command_sink *sink)
{
    sink_close(&sink->sink);
    ps_arena_fini(&sink->arena);
    ps_arena_fini(&sink->process);
}

void command_sink_begin(struct command_sink *sink, ps_opensearch_on_result *on_result, void *context)
{
    ps_opensearch_begin(sink->sink.opensearch, &sink->log, &sink->deadline, on_result, context);
}
