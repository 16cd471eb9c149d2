#include <stdio.h>

#include "command_sink.h"
#include "log-processor/template.h"
#include "penstock_commands.h"

static const char HELP[] =
    "Usage: penstock apply [--print]\n\n"
    "Puts the index template of app-logs-* into OpenSearch, and with it the alias app-logs. Safe to repeat. --print "
    "shows the\n"
    "template instead. Settings are the function's environment variables (OPENSEARCH_ENDPOINT, OPENSEARCH_AUTH...).\n\n"
    "Exit codes: 0 done; 1 refused (the reason is on stderr); 2 wrong usage.\n";

static int apply(struct command_sink *sink)
{
    if (ps_opensearch_apply(sink->sink.opensearch, &sink->arena, &sink->deadline, TEMPLATE_NAME, TEMPLATE_JSON) !=
        PS_OK) {
        return command_fault("apply");
    }
    fprintf(stderr, "index template %.*s is in place\n", PS_SPAN_ARG(TEMPLATE_NAME));
    return COMMAND_DONE;
}

int command_apply(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    if (argc == 2 && ps_span_eq(ps_span_of(argv[1]), PS_SPAN("--print"))) {
        printf("%.*s\n", (int)TEMPLATE_JSON.len, TEMPLATE_JSON.data);
        return COMMAND_DONE;
    }
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
