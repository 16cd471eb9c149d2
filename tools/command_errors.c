#include <stddef.h>
#include <stdio.h>

#include "aws/dynamodb_query.h"
#include "errors_list.h"
#include "host/clock.h"
#include "host/config.h"
#include "host/env.h"
#include "penstock_commands.h"
#include "query_row.h"

static const char HELP[] =
    "Usage: penstock errors [--day YYYY-MM-DD] [--limit N] [--json] [--table TABLE]\n\n"
    "Lists the objects that the log extractor has scanned, those written last first: when, lines by severity, where,\n"
    "the begin of the version, and why an object could not be read. A line that two patterns have counts in both.\n"
    "Objects that are still being scanned, and rows past their ttl, are left out.\n\n"
    "  --day     when the objects were written, UTC; default: today\n"
    "  --limit   rows; default: 100\n"
    "  --json    each row as JSON, one a line: what the index holds of a summary\n"
    "  --table   default: SUMMARY_TABLE, else log-error-summaries\n\n"
    "Examples:\n"
    "  penstock errors\n"
    "  penstock errors --day 2026-11-21 --limit 1000 --json > summaries.jsonl\n\n"
    "AWS_REGION and credentials are read from the environment, as in the function.\n"
    "Exit codes: 0 done; 1 the table could not be read (the reason is on stderr); 2 wrong usage.\n";

enum { PROCESS_ARENA_BYTES = 64 << 20, PAGE_ARENA_BYTES = 64 << 20 };

struct settings {
    struct ps_span table;
};

static const struct ps_config_item ITEMS[] = {
    { .name = "SUMMARY_TABLE",
      .type = PS_CONFIG_TEXT,
      .offset = offsetof(struct settings, table),
      .value_default = "log-error-summaries" },
    { .name = NULL },
};

struct errors {
    struct errors_args args;
    struct ps_arena process, page, row;
    struct ps_call_client *client;
    int64_t now_ms;
    uint64_t printed, came;
};

static enum ps_err print_line(struct ps_span line)
{
    if (fwrite(line.data, 1, line.len, stdout) != line.len || putchar('\n') == EOF)
        PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
    return PS_OK;
}

static enum ps_err on_row(void *context, struct ps_span item)
{
    struct errors *errors = context;
    struct ps_arena_mark mark = ps_arena_mark(&errors->row);
    struct query_row row;
    PS_TRY(query_row_read(&errors->row, item, &row));
    errors->came++;
    struct ps_span line = row.plain;
    bool expired = row.ttl_s > 0 && row.ttl_s <= errors->now_ms / 1000;
    if (!expired) {
        if (!errors->args.json) PS_TRY(errors_list_line(&errors->row, item, &line));
        PS_TRY(print_line(line));
        errors->printed++;
    }
    ps_arena_rewind(&errors->row, mark);
    return PS_OK;
}

static enum ps_err print_rows(struct errors *errors)
{
    const struct ps_deadline none = ps_deadline_make(0, errors->now_ms, 0); /* a person waits */
    const struct ps_dynamodb_query query = {
        .table = errors->args.table,
        .index = PS_SPAN("day-index"),
        .index_key = PS_SPAN("day"),
        .pk = { errors->args.day, sizeof errors->args.day },
        .limit = errors->args.limit,
        .newest_first = true,
    };
    if (!errors->args.json) PS_TRY(print_line(errors_list_head()));
    PS_TRY(ps_dynamodb_query(errors->client, &errors->page, &none, &query, on_row, errors));
    if (fflush(stdout) != 0) PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
    fprintf(stderr, errors->came == errors->args.limit ? "%llu rows; there may be more (--limit)\n" : "%llu rows\n",
            (unsigned long long)errors->printed);
    return PS_OK;
}

static enum ps_err run(struct errors *errors)
{
    struct settings settings = { 0 };
    PS_TRY(ps_arena_init(&errors->process, PROCESS_ARENA_BYTES));
    PS_TRY(ps_arena_init(&errors->page, PAGE_ARENA_BYTES));
    PS_TRY(ps_arena_init(&errors->row, PAGE_ARENA_BYTES));
    PS_TRY(ps_config_read(ITEMS, NULL, &errors->process, &settings, NULL));
    if (errors->args.table.len == 0) errors->args.table = settings.table;
    struct ps_call_client_options options = { .region = ps_env_get("AWS_REGION"), .needs_credentials = true };
    PS_TRY(ps_call_client_open(&errors->process, &options, &errors->client));
    return print_rows(errors);
}

int command_errors(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    struct errors errors = { .now_ms = ps_clock_now_ms() };
    if (errors_args_read(argc, argv, errors.now_ms, &errors.args) != PS_OK) {
        (void)command_fault("errors");
        return COMMAND_USAGE;
    }
    int result = run(&errors) == PS_OK ? COMMAND_DONE : command_fault("errors");
    if (errors.client != NULL) ps_call_client_close(errors.client);
    ps_arena_fini(&errors.row);
    ps_arena_fini(&errors.page);
    ps_arena_fini(&errors.process);
    return result;
}
