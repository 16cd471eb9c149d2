#include "record/parse_vpcflow.h"

#include "base/time.h"

enum { DEFAULT_COUNT = 14, ACCOUNT_AT = 1, INTERFACE_AT = 2, STATUS_AT = 13 };

static const struct ps_parse_vpcflow_format DEFAULT_FORMAT = {
    .names = { PS_SPAN_INIT("version"), PS_SPAN_INIT("account_id"), PS_SPAN_INIT("interface_id"),
               PS_SPAN_INIT("srcaddr"), PS_SPAN_INIT("dstaddr"), PS_SPAN_INIT("srcport"), PS_SPAN_INIT("dstport"),
               PS_SPAN_INIT("protocol"), PS_SPAN_INIT("packets"), PS_SPAN_INIT("bytes"), PS_SPAN_INIT("start"),
               PS_SPAN_INIT("end"), PS_SPAN_INIT("action"), PS_SPAN_INIT("log_status") },
    .count = DEFAULT_COUNT,
};

/* All columns of the line, or 0 when their number is another. */
static bool read_columns(struct ps_span line, size_t count, struct ps_span *columns)
{
    struct ps_span rest = line;
    bool more = true;
    for (size_t i = 0; i < count; i++) {
        if (!more) return false;
        columns[i] = ps_span_split(&rest, ' ', &more);
        if (columns[i].len == 0) return false;
    }
    return !more;
}

static bool all_digits(struct ps_span text)
{
    uint64_t number = 0;
    return ps_span_to_u64(text, &number);
}

static bool is_status(struct ps_span text)
{
    return ps_span_eq(text, PS_SPAN("OK")) || ps_span_eq(text, PS_SPAN("NODATA")) ||
           ps_span_eq(text, PS_SPAN("SKIPDATA"));
}

static bool is_default_line(const struct ps_span *columns)
{
    bool status_known = is_status(columns[STATUS_AT]);
    bool account = ps_span_eq(columns[ACCOUNT_AT], PS_SPAN("unknown")) ||
                   (columns[ACCOUNT_AT].len == 12 && all_digits(columns[ACCOUNT_AT]));
    return status_known && account && ps_span_starts(columns[INTERFACE_AT], PS_SPAN("eni-")) && all_digits(columns[0]);
}

/* An account is a name made of digits: as a number it would lose its leading zeros. */
static enum ps_err add_column(struct ps_record *record, struct ps_arena *arena, struct ps_span name,
                              struct ps_span value)
{
    if (ps_span_eq(value, PS_SPAN("-"))) return PS_OK;
    if (ps_span_ends(name, PS_SPAN("_id"))) return ps_record_add_text(record, arena, name, value);
    return ps_record_add_column(record, arena, name, value);
}

static enum ps_err add_columns(struct ps_record *record, struct ps_arena *arena,
                               const struct ps_parse_vpcflow_format *format, const struct ps_span *columns)
{
    for (size_t i = 0; i < format->count; i++) {
        PS_TRY(add_column(record, arena, format->names[i], columns[i]));
        int64_t start_ms = 0;
        if (ps_span_eq(format->names[i], PS_SPAN("start")) && ps_time_parse_epoch(columns[i], &start_ms))
            (void)ps_record_accept_time(record, start_ms);
    }
    return PS_OK;
}

static enum ps_err take_line(struct ps_arena *arena, struct ps_record *record,
                             const struct ps_parse_vpcflow_format *format, const struct ps_span *columns, bool *matched)
{
    struct ps_record work = *record;
    PS_TRY(ps_record_own_fields(&work, arena));
    enum ps_err err = add_columns(&work, arena, format, columns);
    if (err == PS_ERR_NO_MEMORY) return err;
    if (err != PS_OK) return PS_OK;
    work.format = PS_FORMAT_VPC_FLOW;
    *record = work;
    *matched = true;
    return PS_OK;
}

enum ps_err ps_parse_vpcflow(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    struct ps_span columns[DEFAULT_COUNT];
    *matched = false;
    if (!read_columns(record->message, DEFAULT_COUNT, columns) || !is_default_line(columns)) return PS_OK;
    return take_line(arena, record, &DEFAULT_FORMAT, columns, matched);
}

/* Any sentence with as many words would be a flow log: columns that have a form must have it. */
static bool is_declared_line(const struct ps_parse_vpcflow_format *format, const struct ps_span *columns)
{
    static const struct ps_span NUMBERS[] = {
        PS_SPAN_INIT("version"), PS_SPAN_INIT("srcport"), PS_SPAN_INIT("dstport"), PS_SPAN_INIT("protocol"),
        PS_SPAN_INIT("packets"), PS_SPAN_INIT("bytes"),   PS_SPAN_INIT("start"),   PS_SPAN_INIT("end"),
    };
    for (size_t i = 0; i < format->count; i++) {
        struct ps_span name = format->names[i];
        if (ps_span_eq(columns[i], PS_SPAN("-"))) continue;
        if (ps_span_eq(name, PS_SPAN("log_status")) && !is_status(columns[i])) return false;
        for (size_t n = 0; n < sizeof NUMBERS / sizeof NUMBERS[0]; n++) {
            if (ps_span_eq(name, NUMBERS[n]) && !all_digits(columns[i])) return false;
        }
    }
    return true;
}

enum ps_err ps_parse_vpcflow_fields(struct ps_arena *arena, struct ps_record *record,
                                    const struct ps_parse_vpcflow_format *format, bool *matched)
{
    struct ps_span columns[PS_PARSE_VPCFLOW_FIELDS_MAX];
    *matched = false;
    if (format->count == 0 || format->count > PS_PARSE_VPCFLOW_FIELDS_MAX) return PS_OK;
    if (!read_columns(record->message, format->count, columns) || !is_declared_line(format, columns)) return PS_OK;
    return take_line(arena, record, format, columns, matched);
}

/* "account-id" or "${account-id}" without its wrapping; empty when it is no name. */
static struct ps_span bare_name(struct ps_span token)
{
    if (ps_span_starts(token, PS_SPAN("${")) && ps_span_ends(token, PS_SPAN("}")))
        token = ps_span_make(token.data + 2, token.len - 3);
    for (size_t i = 0; i < token.len; i++) {
        char c = token.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return PS_SPAN("");
    }
    return token;
}

enum ps_err ps_parse_vpcflow_format(struct ps_arena *arena, struct ps_span text, struct ps_parse_vpcflow_format *out,
                                    bool *matched)
{
    *matched = false;
    struct ps_parse_vpcflow_format format = { .count = 0 };
    struct ps_span rest = ps_span_trim(text);
    bool status = false;
    for (bool more = rest.len > 0; more;) {
        struct ps_span name = bare_name(ps_span_split(&rest, ' ', &more));
        if (name.len == 0 || format.count == PS_PARSE_VPCFLOW_FIELDS_MAX) return PS_OK;
        char *copy = ps_arena_bytes(arena, name.len);
        if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a field name of %zu bytes", name.len);
        for (size_t i = 0; i < name.len; i++)
            copy[i] = (char)(name.data[i] == '-' ? '_' : name.data[i]);
        format.names[format.count] = ps_span_make(copy, name.len);
        status |= ps_span_eq(format.names[format.count], PS_SPAN("version")) ||
                  ps_span_eq(format.names[format.count], PS_SPAN("log_status"));
        format.count++;
    }
    /* Any two words would be a list of names: one of AWS's own has to be among them. */
    if (format.count < 2 || !status) return PS_OK;
    *out = format;
    *matched = true;
    return PS_OK;
}
