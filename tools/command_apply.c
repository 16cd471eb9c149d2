#include <stdio.h>

#include "command_sink.h"
#include "log-processor/template.h"
#include "penstock_commands.h"
#include "record/schema.h"

enum { PRINT_ARENA_BYTES = 1 << 20 };

static const char HELP[] =
    "Usage: penstock apply [--print]\n\n"
    "Puts the index template of app-logs-* into OpenSearch, and with it the alias app-logs. Safe to repeat. --print "
    "shows the\n"
    "template instead. Settings are the function's environment variables (OPENSEARCH_ENDPOINT, OPENSEARCH_AUTH...).\n\n"
    "Exit codes: 0 done; 1 refused (the reason is on stderr); 2 wrong usage.\n";

static struct ps_span template_of(const struct settings *settings)
{
    return settings->field_schema == PS_SCHEMA_ECS ? TEMPLATE_ECS_JSON : TEMPLATE_JSON;
}

static int apply(struct command_sink *sink)
{
    if (!ps_span_starts(sink->settings.opensearch_index, PS_SPAN("app-logs-"))) {
        fprintf(stderr, "penstock: apply: the template is for app-logs-* and OPENSEARCH_INDEX is another: "
                        "see --print, change its index_patterns and aliases, and put it yourself\n");
        return COMMAND_FAILED;
    }
    struct ps_span template = template_of(&sink->settings);
    if (ps_opensearch_apply(sink->sink.opensearch, &sink->arena, &sink->deadline, TEMPLATE_NAME, template) != PS_OK) {
        return command_fault("apply");
    }
    fprintf(stderr, "index template %.*s is in place\n", PS_SPAN_ARG(TEMPLATE_NAME));
    return COMMAND_DONE;
}

/* Needs FIELD_SCHEMA only, so a missing endpoint is no mistake here. */
static int print(void)
{
    struct ps_arena arena;
    struct settings settings;
    if (ps_arena_init(&arena, PRINT_ARENA_BYTES) != PS_OK) return command_fault("apply");
    command_settings_read(NULL, &arena, &settings);
    struct ps_span template = template_of(&settings);
    printf("%.*s\n", (int)template.len, template.data);
    ps_arena_fini(&arena);
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

int command_apply(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    if (argc == 2 && ps_span_eq(ps_span_of(argv[1]), PS_SPAN("--print"))) return print();
    if (argc > 1) {
        fputs(HELP, stderr);
        return COMMAND_USAGE;
    }
    struct command_sink sink = { 0 };
    if (command_sink_open(&sink) != PS_OK) return command_fault("apply");
    int result = apply(&sink);
    command_sink_close(&sink);
    return result;
}
