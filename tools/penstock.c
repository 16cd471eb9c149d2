/* penstock: the command-line tool. The same code as on Lambda, on files and pipes.
 *
 * Exit codes: 0 done; 1 something could not be read, sent or put (it is named on stderr); 2 wrong usage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "penstock_commands.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} COMMANDS[] = {
    { "decode", command_decode, "the cloudwatch-decoder's records, or its answer to a Firehose transformation" },
    { "process", command_process, "the _bulk lines as they would be sent; counts on stderr" },
    { "rows", command_rows, "the DynamoDB items and LogError details of a Kinesis or Kafka event" },
    { "alerts", command_alerts, "what PagerDuty, Slack and mail would be told about an event" },
    { "replay", command_replay, "send dead letters again; delete those that landed" },
    { "apply", command_apply, "put the index template and its alias into OpenSearch" },
    { "query", command_query, "rows of one service from the stream consumer's table" },
    { "scan", command_scan, "which lines of log files have which patterns" },
    { "errors", command_errors, "what the log extractor found in the objects of a day" },
    { "settings", command_settings, "a function's settings as a table" },
};

enum { COMMANDS_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

static void print_usage(FILE *out)
{
    fprintf(out, "penstock %s: log pipelines on AWS Lambda, from the command line\n\n", PS_VERSION);
    fprintf(out, "Usage: penstock COMMAND [--help] ...\n\n");
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        fprintf(out, "  %-9s %s\n", COMMANDS[i].name, COMMANDS[i].help);
    fprintf(out, "\nSettings are the function's own environment variables (penstock settings).\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return COMMAND_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return COMMAND_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("penstock %s\n", PS_VERSION);
        return COMMAND_DONE;
    }
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        if (strcmp(argv[1], COMMANDS[i].name) == 0) return COMMANDS[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "penstock: there is no command '%s' (penstock --help lists them)\n", argv[1]);
    return COMMAND_USAGE;
}
