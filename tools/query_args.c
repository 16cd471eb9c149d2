#include "query_args.h"

#include <stddef.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/time.h"

enum { HOUR_MS = 3600 * 1000, AGO_DAYS_MAX = 36500 };

/* -- times --------------------------------------------------------------------------------------------------------- */

/* "-15m" */
static bool read_ago(struct ps_span text, int64_t now_ms, int64_t *out)
{
    static const struct {
        char letter;
        int64_t ms;
    } UNITS[] = { { 's', 1000 }, { 'm', 60 * 1000 }, { 'h', HOUR_MS }, { 'd', 24 * (int64_t)HOUR_MS } };
    uint64_t count = 0;
    if (text.len < 3 || text.data[0] != '-') return false;
    if (!ps_span_to_u64(ps_span_make(text.data + 1, text.len - 2), &count)) return false;
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (UNITS[i].letter != text.data[text.len - 1]) continue;
        if (count > (uint64_t)(AGO_DAYS_MAX * 24 * (int64_t)HOUR_MS / UNITS[i].ms)) return false;
        *out = now_ms - (int64_t)count * UNITS[i].ms;
        return true;
    }
    return false;
}

static enum ps_err read_time(const char *name, struct ps_span text, int64_t now_ms, int64_t *out)
{
    int64_t ms = now_ms;
    bool ok = ps_span_eq(text, PS_SPAN("now")) || read_ago(text, now_ms, &ms) || ps_time_parse_iso(text, &ms) ||
              ps_time_parse_epoch(text, &ms);
    if (!ok)
        PS_FAIL(PS_ERR_BAD_INPUT,
                "%s: '%.*s' is no time: 2026-11-21T10:00:00Z, seconds or ms since 1970, now, or -90s, -15m, -1h, -7d",
                name, PS_SPAN_ARG(text));
    if (ms < 0 || ms > QUERY_ARGS_MS_MAX) PS_FAIL(PS_ERR_BAD_INPUT, "%s: rows have times from 1970 to 2286", name);
    *out = ms;
    return PS_OK;
}

/* -- other values -------------------------------------------------------------------------------------------------- */

static enum ps_err read_count(const char *name, struct ps_span text, uint32_t max, uint32_t *out)
{
    uint64_t count = 0;
    if (!ps_span_to_u64(text, &count) || count == 0 || count > max)
        PS_FAIL(PS_ERR_BAD_INPUT, "%s: '%.*s' is no number from 1 to %u", name, PS_SPAN_ARG(text), max);
    *out = (uint32_t)count;
    return PS_OK;
}

static enum ps_err read_level(struct ps_span text, struct query_args *args)
{
    args->unparsed = ps_span_eq_nocase(text, PS_SPAN("unparsed"));
    args->level_min = ps_record_level_parse(text);
    if (!args->unparsed && args->level_min == PS_LEVEL_NONE)
        PS_FAIL(PS_ERR_BAD_INPUT, "--level: '%.*s' is none of trace, debug, info, warn, error, fatal, unparsed",
                PS_SPAN_ARG(text));
    return PS_OK;
}

static enum ps_err read_service(struct ps_span text, struct query_args *args)
{
    if (text.len == 0 || text.len > QUERY_ARGS_SERVICE_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_INPUT, "--service: a name has 1 to %d bytes", QUERY_ARGS_SERVICE_BYTES_MAX);
    args->service = text;
    return PS_OK;
}

static enum ps_err read_table(struct ps_span text, struct query_args *args)
{
    enum ps_err err = ps_dynamodb_check_table(text);
    if (err != PS_OK) return ps_err_wrap(err, "--table");
    args->table = text;
    return PS_OK;
}

/* -- the command line ---------------------------------------------------------------------------------------------- */

static enum ps_err read_value(const char *name, struct ps_span value, int64_t now_ms, struct query_args *args)
{
    struct ps_span option = ps_span_of(name);
    if (ps_span_eq(option, PS_SPAN("--service"))) return read_service(value, args);
    if (ps_span_eq(option, PS_SPAN("--from"))) return read_time(name, value, now_ms, &args->from_ms);
    if (ps_span_eq(option, PS_SPAN("--to"))) return read_time(name, value, now_ms, &args->to_ms);
    if (ps_span_eq(option, PS_SPAN("--limit"))) return read_count(name, value, QUERY_ARGS_LIMIT_MAX, &args->limit);
    if (ps_span_eq(option, PS_SPAN("--shards"))) return read_count(name, value, QUERY_ARGS_SHARDS_MAX, &args->shards);
    if (ps_span_eq(option, PS_SPAN("--level"))) return read_level(value, args);
    if (ps_span_eq(option, PS_SPAN("--table"))) return read_table(value, args);
    PS_FAIL(PS_ERR_BAD_INPUT, "there is no option '%s' (--help tells what there is)", name);
}

static bool read_switch(struct ps_span option, struct query_args *args)
{
    if (ps_span_eq(option, PS_SPAN("--json")))
        args->json = true;
    else if (ps_span_eq(option, PS_SPAN("--newest")))
        args->newest = true;
    else if (ps_span_eq(option, PS_SPAN("--oldest")))
        args->newest = false;
    else
        return false;
    return true;
}

enum ps_err query_args_read(int argc, char **argv, int64_t now_ms, struct query_args *out)
{
    struct query_args args = { .from_ms = now_ms - HOUR_MS, .to_ms = now_ms, .limit = QUERY_ARGS_LIMIT };
    for (int i = 1; i < argc; i++) {
        if (read_switch(ps_span_of(argv[i]), &args)) continue;
        /* An unknown word is told as such, whether or not something follows it. */
        struct ps_span value = i + 1 < argc ? ps_span_of(argv[i + 1]) : PS_SPAN("");
        PS_TRY(read_value(argv[i], value, now_ms, &args));
        i++;
    }
    if (args.service.len == 0) PS_FAIL(PS_ERR_BAD_INPUT, "--service is missing: whose rows?");
    if (args.from_ms > args.to_ms) PS_FAIL(PS_ERR_BAD_INPUT, "--from is after --to");
    *out = args;
    return PS_OK;
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

static struct ps_span put_bound(char memory[QUERY_ARGS_BOUND_BYTES], int64_t ms, const char *behind)
{
    int len = snprintf(memory, QUERY_ARGS_BOUND_BYTES, "%013lld%s", (long long)ms, behind);
    PS_ASSERT(len > 0 && len < QUERY_ARGS_BOUND_BYTES);
    return ps_span_make(memory, (size_t)len);
}

void query_args_bounds(const struct query_args *args, struct query_args_bounds *out)
{
    out->from = put_bound(out->memory[0], args->from_ms, "");
    out->to = put_bound(out->memory[1], args->to_ms, "#~");
}

struct ps_span query_args_pk(const struct query_args *args, uint32_t shard, char memory[QUERY_ARGS_PK_BYTES_MAX])
{
    struct ps_buf text;
    ps_buf_init_fixed(&text, memory, QUERY_ARGS_PK_BYTES_MAX);
    ps_buf_put(&text, args->service);
    if (shard > 0) ps_buf_printf(&text, "#%u", shard);
    PS_ASSERT(text.err == PS_OK);
    return ps_buf_span(&text);
}
