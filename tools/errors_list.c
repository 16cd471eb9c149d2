#include "errors_list.h"

#include "aws/dynamodb_item.h"
#include "base/json_read.h"
#include "base/utf8.h"
#include "record/clean.h"
#include "record/display.h"

enum {
    LINE_BYTES_MAX = 8192, /* keys have 2,048 bytes at most */
    VERSION_BYTES = 8,     /* enough to tell versions of one object apart */
    REASON_BYTES_MAX = 64,
};

/* -- the command line ---------------------------------------------------------------------------------------------- */

static enum ps_err read_day(struct ps_span text, struct errors_args *args)
{
    char midnight[] = "2026-11-21T00:00:00Z";
    int64_t ms = 0;
    bool ok = text.len == PS_TIME_DAY_BYTES;
    if (ok) memcpy(midnight, text.data, PS_TIME_DAY_BYTES);
    if (!ok || !ps_time_parse_iso(ps_span_of(midnight), &ms))
        PS_FAIL(PS_ERR_BAD_INPUT, "--day: '%.*s' is no day: 2026-11-21", PS_SPAN_ARG(text));
    ps_time_day(ms, '-', args->day);
    return PS_OK;
}

static enum ps_err read_limit(struct ps_span text, struct errors_args *args)
{
    uint64_t limit = 0;
    if (!ps_span_to_u64(text, &limit) || limit == 0 || limit > ERRORS_LIST_LIMIT_MAX)
        PS_FAIL(PS_ERR_BAD_INPUT, "--limit: '%.*s' is no number from 1 to %d", PS_SPAN_ARG(text),
                ERRORS_LIST_LIMIT_MAX);
    args->limit = (uint32_t)limit;
    return PS_OK;
}

static enum ps_err read_table(struct ps_span text, struct errors_args *args)
{
    enum ps_err err = ps_dynamodb_check_table(text);
    if (err != PS_OK) return ps_err_wrap(err, "--table");
    args->table = text;
    return PS_OK;
}

static enum ps_err read_value(const char *name, struct ps_span value, struct errors_args *args)
{
    struct ps_span option = ps_span_of(name);
    if (ps_span_eq(option, PS_SPAN("--day"))) return read_day(value, args);
    if (ps_span_eq(option, PS_SPAN("--limit"))) return read_limit(value, args);
    if (ps_span_eq(option, PS_SPAN("--table"))) return read_table(value, args);
    PS_FAIL(PS_ERR_BAD_INPUT, "there is no option '%s' (--help tells what there is)", name);
}

enum ps_err errors_args_read(int argc, char **argv, int64_t now_ms, struct errors_args *out)
{
    struct errors_args args = { .limit = ERRORS_LIST_LIMIT };
    ps_time_day(now_ms, '-', args.day);
    for (int i = 1; i < argc; i++) {
        if (ps_span_eq(ps_span_of(argv[i]), PS_SPAN("--json"))) {
            args.json = true;
            continue;
        }
        /* An unknown word is told as such, whether or not something follows it. */
        struct ps_span value = i + 1 < argc ? ps_span_of(argv[i + 1]) : PS_SPAN("");
        PS_TRY(read_value(argv[i], value, &args));
        i++;
    }
    *out = args;
    return PS_OK;
}

/* -- a line -------------------------------------------------------------------------------------------------------- */

struct ps_span errors_list_head(void)
{
    return PS_SPAN("WRITTEN                      FATAL     ERROR      WARN      INFO  OBJECT, VERSION");
}

static void put_time(struct ps_buf *buf, int64_t ms)
{
    char text[PS_TIME_ISO_BYTES];
    memset(text, ' ', sizeof text);
    if (ms >= PS_TIME_TEXT_MS_MIN && ms <= PS_TIME_TEXT_MS_MAX) ps_time_iso(ms, text);
    ps_buf_put(buf, ps_span_make(text, sizeof text));
}

/* "-" where nothing was found. */
static enum ps_err put_severities(struct ps_buf *buf, struct ps_span item)
{
    static const struct ps_span NAMES[] = { PS_SPAN_INIT("fatal"), PS_SPAN_INIT("error"), PS_SPAN_INIT("warn"),
                                            PS_SPAN_INIT("info") };
    struct ps_span value = PS_SPAN(""), lines = PS_SPAN("");
    bool found = false;
    PS_TRY(ps_json_read_member(item, PS_SPAN("severities"), NULL, &value, &found));
    if (found) PS_TRY(ps_json_read_member(value, PS_SPAN("M"), NULL, &lines, &found));
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        int64_t count = found ? ps_dynamodb_item_number(lines, NAMES[i], 0) : 0;
        if (count > 0)
            ps_buf_printf(buf, " %9lld", (long long)count);
        else
            ps_buf_printf(buf, " %9s", "-");
    }
    return PS_OK;
}

static enum ps_err put_line(struct ps_arena *arena, struct ps_buf *buf, struct ps_span item)
{
    struct ps_span object, version, reason;
    PS_TRY(ps_dynamodb_item_text(arena, item, PS_SPAN("pk"), &object));
    PS_TRY(ps_dynamodb_item_text(arena, item, PS_SPAN("sk"), &version));
    PS_TRY(ps_dynamodb_item_text(arena, item, PS_SPAN("reason"), &reason));
    put_time(buf, ps_dynamodb_item_number(item, PS_SPAN("modifiedMs"), INT64_MIN));
    PS_TRY(put_severities(buf, item));
    ps_buf_put(buf, PS_SPAN("  s3://"));
    ps_display_line(buf, object, PS_DYNAMODB_PK_BYTES_MAX);
    ps_buf_put(buf, PS_SPAN("  "));
    ps_display_line(buf, ps_span_first(version, ps_utf8_cut(version, VERSION_BYTES)), VERSION_BYTES);
    if (reason.len > 0) ps_buf_put(buf, PS_SPAN("  unreadable: "));
    ps_display_line(buf, reason, REASON_BYTES_MAX);
    return PS_OK;
}

enum ps_err errors_list_line(struct ps_arena *arena, struct ps_span item, struct ps_span *out)
{
    struct ps_buf buf;
    struct ps_span text;
    size_t repaired = 0;
    bool cut = false;
    ps_buf_init(&buf, arena, LINE_BYTES_MAX);
    PS_TRY(ps_json_read_check(item));
    PS_TRY(put_line(arena, &buf, item));
    PS_TRY(ps_buf_finish(&buf, &text));
    PS_TRY(ps_utf8_repair(arena, text, &text, &repaired));
    return ps_clean(arena, text, PS_CLEAN_UNLIMITED, out, &cut);
}
