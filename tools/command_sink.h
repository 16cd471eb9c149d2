/* What the commands that send share: settings, the log processor's pipeline and sink, and their memory. */
#ifndef COMMAND_SINK_H
#define COMMAND_SINK_H

#include "log-processor/pipeline.h"
#include "log-processor/settings.h"
#include "log-processor/sink.h"

struct command_sink {
    struct ps_arena process;
    struct ps_arena arena;
    struct settings settings;
    struct ps_log log;
    struct ps_deadline deadline; /* none: a person waits */
    struct pipeline *pipeline;
    struct sink sink;
};

/* Reads the function's settings from the environment. Mistakes are told on stderr, every one, and end the program.
 * check as in ps_config_read. */
void command_settings_read(ps_config_check *check, struct ps_arena *arena, struct settings *settings);

/* Reads the settings, opens everything. The struct must stay where it is. */
PS_MUST_USE enum ps_err command_sink_open(struct command_sink *sink);
void command_sink_close(struct command_sink *sink);

/* Begins a round of sending. */
void command_sink_begin(struct command_sink *sink, ps_opensearch_on_result *on_result, void *context);

#endif
