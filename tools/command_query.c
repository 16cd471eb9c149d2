#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "aws/dynamodb_query.h"
#include "host/clock.h"
#include "host/config.h"
#include "host/env.h"
#include "penstock_commands.h"
#include "query_args.h"
#include "query_row.h"

static const char HELP[] =
    "Usage: penstock query --service NAME [--from TIME] [--to TIME] [--limit N] [--newest|--oldest]\n"
    "                      [--level LEVEL] [--json] [--table TABLE] [--shards N]\n\n"
    "Prints the rows that the stream consumer stored for one service, one a line: time, level, message. On a terminal\n"
    "lines are cut to its width; --json prints each row whole, as JSON. Rows past their ttl are left out.\n\n"
    "  --from, --to   both included; default: the last hour. ISO 8601 (without a zone: UTC), seconds or milliseconds\n"
    "                 since 1970, now, or so long ago: -90s, -15m, -1h, -7d\n"
    "  --limit        rows; default: 100\n"
    "  --newest       the newest first; default: --oldest\n"
    "  --level        of this level and above (trace debug info warn error fatal), or unparsed\n"
    "  --table        default: DDB_TABLE, else log-stream-logs\n"
    "  --shards       partitions of the service, as the function's; default: SERVICE_SHARDS, else 1\n\n"
    "Examples:\n"
    "  penstock query --service checkout --from -15m --level error\n"
    "  penstock query --service checkout --newest --limit 20\n"
    "  penstock query --service unknown --level unparsed --from -1d --limit 1000 --json > unparsed.jsonl\n"
    "  penstock query --service checkout --from 2026-11-21T10:00:00Z --to 2026-11-21T10:59:59.999Z\n\n"
    "AWS_REGION and credentials are read from the environment, as in the function.\n"
    "Exit codes: 0 done; 1 the table could not be read (the reason is on stderr); 2 wrong usage.\n";

enum {
    PROCESS_ARENA_BYTES = 64 << 20,
    PAGE_ARENA_BYTES = 64 << 20, /* of one call */
    ROWS_A_CALL = 100,
    SHARD_ARENA_BYTES = 128 << 20, /* so many rows of 400 KB, as JSON and their message as text */
    COLUMNS_MAX = 4096,
};

struct settings {
    struct ps_span table;
    uint32_t shards;
};

static const struct ps_config_item ITEMS[] = {
    { .name = "DDB_TABLE",
      .type = PS_CONFIG_TEXT,
      .offset = offsetof(struct settings, table),
      .value_default = "log-stream-logs" },
    { .name = "SERVICE_SHARDS",
      .type = PS_CONFIG_U32,
      .offset = offsetof(struct settings, shards),
      .value_default = "1",
      .min = 1,
      .max = QUERY_ARGS_SHARDS_MAX },
    { .name = NULL },
};

/* One partition of the service, read ahead by some rows. */
struct shard {
    char pk[QUERY_ARGS_PK_BYTES_MAX];
    char last_sk[PS_DYNAMODB_SK_BYTES_MAX]; /* of the last row that came; the next call begins with it */
    size_t pk_len, last_sk_len;
    struct ps_arena arena; /* of the rows */
    struct query_row rows[ROWS_A_CALL];
    uint32_t count, next; /* rows that match; those given */
    uint32_t came;        /* in the last call */
    bool begun, over;
};

struct query {
    struct query_args args;
    struct query_args_bounds bounds;
    struct ps_arena process, page;
    struct ps_call_client *client;
    struct ps_deadline deadline; /* none: a person waits */
    struct shard *shards;
    struct shard *filling;
    int64_t now_ms;
    size_t columns; /* of the terminal; 0: not one */
    uint32_t printed;
    bool progress;
};

/* -- reading ------------------------------------------------------------------------------------------------------- */

static enum ps_err on_row(void *context, struct ps_span item)
{
    struct query *query = context;
    struct shard *shard = query->filling;
    struct ps_arena_mark mark = ps_arena_mark(&shard->arena);
    struct query_row row;
    PS_TRY(query_row_read(&shard->arena, item, &row));
    shard->came++;
    struct ps_span last = ps_span_make(shard->last_sk, shard->last_sk_len);
    bool again = shard->begun && shard->came == 1 && ps_span_eq(row.sk, last);
    if (row.sk.len > sizeof shard->last_sk) PS_FAIL(PS_ERR_BAD_INPUT, "a row's sk has %zu bytes", row.sk.len);
    if (row.sk.len > 0) memcpy(shard->last_sk, row.sk.data, row.sk.len);
    shard->last_sk_len = row.sk.len;
    if (!again && query_row_matches(&row, &query->args, query->now_ms))
        shard->rows[shard->count++] = row;
    else
        ps_arena_rewind(&shard->arena, mark);
    return PS_OK;
}

/* Calls for the shard's next rows until one matches or there are no more. */
static enum ps_err fill(struct query *query, struct shard *shard)
{
    uint32_t left = query->args.limit - query->printed;
    bool filtered = query->args.unparsed || query->args.level_min != PS_LEVEL_NONE;
    query->filling = shard;
    shard->next = 0;
    shard->count = 0;
    while (shard->count == 0 && !shard->over) {
        struct ps_span last = ps_span_make(shard->last_sk, shard->last_sk_len);
        const struct query_args_bounds *bounds = &query->bounds;
        struct ps_dynamodb_query call = {
            .table = query->args.table,
            .pk = ps_span_make(shard->pk, shard->pk_len),
            .sk_from = shard->begun && !query->args.newest ? last : bounds->from,
            .sk_to = shard->begun && query->args.newest ? last : bounds->to,
            .limit = filtered || left >= ROWS_A_CALL ? ROWS_A_CALL : left + 1, /* one came before */
            .newest_first = query->args.newest,
        };
        shard->came = 0;
        ps_arena_reset(&shard->arena, SHARD_ARENA_BYTES);
        struct ps_arena_mark mark = ps_arena_mark(&query->page);
        PS_TRY(ps_dynamodb_query(query->client, &query->page, &query->deadline, &call, on_row, query));
        ps_arena_rewind(&query->page, mark);
        shard->begun = true;
        shard->over = shard->came < call.limit;
    }
    return PS_OK;
}

static bool goes_first(const struct query *query, const struct query_row *a, const struct query_row *b)
{
    size_t len = a->sk.len < b->sk.len ? a->sk.len : b->sk.len;
    int order = len == 0 ? 0 : memcmp(a->sk.data, b->sk.data, len);
    return query->args.newest ? order > 0 : order < 0;
}

/* The next row of all shards; NULL: there are no more. It lives until its shard is filled again. */
static enum ps_err take(struct query *query, const struct query_row **out)
{
    struct shard *first = NULL;
    for (uint32_t i = 0; i < query->args.shards; i++) {
        struct shard *shard = &query->shards[i];
        if (shard->next == shard->count) PS_TRY(fill(query, shard));
        if (shard->next == shard->count) continue;
        if (first == NULL || goes_first(query, &shard->rows[shard->next], &first->rows[first->next])) first = shard;
    }
    *out = first == NULL ? NULL : &first->rows[first->next++];
    return PS_OK;
}

/* -- printing ------------------------------------------------------------------------------------------------------ */

static enum ps_err print_row(struct query *query, const struct query_row *row)
{
    struct ps_arena_mark mark = ps_arena_mark(&query->page);
    struct ps_span line = row->plain;
    if (!query->args.json) PS_TRY(query_row_line(&query->page, row, query->columns, &line));
    if (fwrite(line.data, 1, line.len, stdout) != line.len || putchar('\n') == EOF)
        PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
    ps_arena_rewind(&query->page, mark);
    query->printed++;
    if (query->progress && query->printed % ROWS_A_CALL == 0) fprintf(stderr, "\r%u rows", query->printed);
    return PS_OK;
}

static enum ps_err print_rows(struct query *query)
{
    const struct query_row *row = NULL;
    while (query->printed < query->args.limit) {
        PS_TRY(take(query, &row));
        if (row == NULL) break;
        PS_TRY(print_row(query, row));
    }
    if (fflush(stdout) != 0) PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
    if (query->progress) fputs("\r", stderr);
    if (row != NULL && query->printed == query->args.limit)
        fprintf(stderr, "%u rows, the limit: there may be more (--limit)\n", query->printed);
    else
        fprintf(stderr, "%u rows\n", query->printed);
    return PS_OK;
}

/* -- the command --------------------------------------------------------------------------------------------------- */

/* What the command line leaves open. */
static enum ps_err read_settings(struct query *query)
{
    struct settings settings = { 0 };
    PS_TRY(ps_config_read(ITEMS, NULL, &query->process, &settings, NULL));
    if (query->args.table.len == 0) query->args.table = settings.table;
    if (query->args.shards == 0) query->args.shards = settings.shards;
    return PS_OK;
}

static enum ps_err open_shards(struct query *query)
{
    query->shards = PS_ARENA_ARRAY(&query->process, struct shard, query->args.shards);
    if (query->shards == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%u shards", query->args.shards);
    for (uint32_t i = 0; i < query->args.shards; i++) {
        query->shards[i].pk_len = query_args_pk(&query->args, i, query->shards[i].pk).len;
        PS_TRY(ps_arena_init(&query->shards[i].arena, SHARD_ARENA_BYTES));
    }
    return PS_OK;
}

static size_t terminal_columns(void)
{
    struct winsize size = { 0 };
    bool known = isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return known && size.ws_col < COLUMNS_MAX ? size.ws_col : 0;
}

static enum ps_err run(struct query *query)
{
    PS_TRY(ps_arena_init(&query->process, PROCESS_ARENA_BYTES));
    PS_TRY(ps_arena_init(&query->page, PAGE_ARENA_BYTES));
    PS_TRY(read_settings(query));
    PS_TRY(open_shards(query));
    struct ps_call_client_options options = { .region = ps_env_get("AWS_REGION"), .needs_credentials = true };
    PS_TRY(ps_call_client_open(&query->process, &options, &query->client));
    return print_rows(query);
}

static void finish(struct query *query)
{
    if (query->client != NULL) ps_call_client_close(query->client);
    for (uint32_t i = 0; query->shards != NULL && i < query->args.shards; i++)
        ps_arena_fini(&query->shards[i].arena);
    ps_arena_fini(&query->page);
    ps_arena_fini(&query->process);
}

int command_query(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    struct query query = { .now_ms = ps_clock_now_ms() };
    query.deadline = ps_deadline_make(0, query.now_ms, 0);
    query.columns = terminal_columns();
    query.progress = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) != 1;
    if (query_args_read(argc, argv, query.now_ms, &query.args) != PS_OK) {
        (void)command_fault("query");
        return COMMAND_USAGE;
    }
    query_args_bounds(&query.args, &query.bounds);
    int result = run(&query) == PS_OK ? COMMAND_DONE : command_fault("query");
    finish(&query);
    return result;
}
