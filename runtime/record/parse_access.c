#include "record/parse_access.h"

#include "base/num.h"
#include "base/time.h"
#include "record/columns.h"
#include "record/core.h"

struct line {
    struct ps_span vhost;
    struct ps_span client;
    struct ps_span ident;
    struct ps_span user;
    int64_t time_ms;
    struct ps_span request;
    uint64_t status;
    struct ps_span bytes;
    struct ps_span rest; /* after the bytes */
};

/* A user may hold spaces ("john doe"), so the bracket decides: two or more columns stand before the user. */
static bool read_names(struct ps_span names, struct line *out)
{
    struct ps_span column[3];
    bool quoted = false;
    struct ps_span rest = names;
    for (size_t i = 0; i < 3; i++) {
        if (!ps_columns_next(&rest, &column[i], &quoted) || quoted) return false;
    }
    struct ps_span more = ps_span_trim(rest);
    bool vhost = more.len > 0 && ps_span_eq(column[2], PS_SPAN("-"));
    out->vhost = vhost ? column[0] : PS_SPAN("");
    out->client = vhost ? column[1] : column[0];
    out->ident = vhost ? column[2] : column[1];
    out->user = vhost ? more : ps_span_trim(ps_span_between(column[2].data, names.data + names.len));
    return true;
}

static bool read_line(struct ps_span message, struct line *out)
{
    ptrdiff_t open = ps_span_find(message, PS_SPAN(" ["));
    if (open == PS_SPAN_NONE || !read_names(ps_span_first(message, (size_t)open), out)) return false;
    struct ps_span rest = ps_span_from(message, (size_t)open + 2);
    bool more = false;
    struct ps_span stamp = ps_span_split(&rest, ']', &more);
    if (!more || !ps_time_parse_clf(stamp, &out->time_ms)) return false;
    bool quoted = false;
    if (!ps_columns_next(&rest, &out->request, &quoted) || !quoted) return false;
    struct ps_span status;
    if (!ps_columns_next(&rest, &status, NULL) || status.len != 3 || !ps_span_to_u64(status, &out->status))
        return false;
    if (!ps_columns_next(&rest, &out->bytes, &quoted) || quoted) return false;
    out->rest = ps_span_trim(rest);
    return ps_span_eq(out->bytes, PS_SPAN("-")) || ps_num_is_json(out->bytes);
}

static enum ps_err add_request(struct ps_record *record, struct ps_arena *arena, struct ps_span text)
{
    struct ps_columns_request request;
    if (!ps_columns_request(text, &request)) return ps_record_add_column(record, arena, PS_SPAN("request"), text);
    PS_TRY(ps_record_add_text(record, arena, PS_SPAN("method"), request.method));
    PS_TRY(ps_record_add_text(record, arena, PS_SPAN("path"), request.target));
    return ps_record_add_column(record, arena, PS_SPAN("protocol"), request.protocol);
}

/* Seconds as "0.123" or "rt=0.123". */
static enum ps_err add_request_time(struct ps_record *record, struct ps_arena *arena, struct ps_span column,
                                    bool *taken)
{
    bool named = ps_span_starts(column, PS_SPAN("rt="));
    struct ps_field value = { .value = named ? ps_span_from(column, 3) : column, .kind = PS_FIELD_JSON };
    *taken = ps_num_is_json(value.value) && (named || ps_span_find_byte(value.value, '.') != PS_SPAN_NONE);
    if (!*taken) return PS_OK;
    return ps_core_set(record, arena, PS_CORE_DURATION_S, &value, taken);
}

/* Referer, agent, and what this server's operator added. */
static enum ps_err add_rest(struct ps_record *record, struct ps_arena *arena, struct ps_span rest)
{
    static const struct ps_span NAMES[] = { PS_SPAN_INIT("referer"), PS_SPAN_INIT("user_agent") };
    struct ps_span column;
    bool quoted = false;
    size_t named = 0;
    bool timed = false;
    for (;;) {
        struct ps_span from_here = ps_span_trim(rest);
        if (!ps_columns_next(&rest, &column, &quoted)) return PS_OK;
        bool taken = quoted && named < 2;
        if (taken) {
            PS_TRY(ps_record_add_column(record, arena, NAMES[named++], column));
        } else if (!quoted && !timed) {
            PS_TRY(add_request_time(record, arena, column, &taken));
            timed = taken;
        }
        if (!taken) return ps_record_add_text(record, arena, PS_SPAN("extra"), from_here);
    }
}

static enum ps_err add_line(struct ps_record *record, struct ps_arena *arena, const struct line *line)
{
    PS_TRY(ps_record_add_column(record, arena, PS_SPAN("vhost"), line->vhost));
    PS_TRY(ps_record_add_text(record, arena, PS_SPAN("client_ip"), line->client));
    PS_TRY(ps_record_add_column(record, arena, PS_SPAN("ident"), line->ident));
    PS_TRY(ps_record_add_column(record, arena, PS_SPAN("user"), line->user));
    PS_TRY(add_request(record, arena, line->request));
    PS_TRY(ps_record_add_column(record, arena, PS_SPAN("bytes"), line->bytes));
    PS_TRY(add_rest(record, arena, line->rest));
    if (line->status >= 100 && line->status <= 599) record->status = (uint32_t)line->status;
    (void)ps_record_accept_time(record, line->time_ms);
    return PS_OK;
}

enum ps_err ps_parse_access(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    *matched = false;
    struct line line = { 0 };
    if (!read_line(record->message, &line)) return PS_OK;
    struct ps_record work = *record;
    PS_TRY(ps_record_own_fields(&work, arena));
    enum ps_err err = add_line(&work, arena, &line);
    if (err == PS_ERR_NO_MEMORY) return err;
    if (err != PS_OK) return PS_OK;
    work.format = PS_FORMAT_ACCESS;
    *record = work;
    *matched = true;
    return PS_OK;
}
