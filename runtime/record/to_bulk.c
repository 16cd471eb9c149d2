#include "record/to_bulk.h"

#include "base/assert.h"
#include "base/json_write.h"
#include "base/num.h"
#include "base/scan.h"
#include "base/time.h"
#include "record/identity.h"

/* The document under construction: which group is open, and whether a comma is due. */
struct writer {
    struct ps_buf *buf;
    const struct ps_schema *schema;
    uint8_t group;
    bool comma;
};

enum { GROUP_DEPTH_MAX = 4 };

static bool is_inside(const struct ps_schema *schema, uint8_t group, uint8_t outer)
{
    while (group != outer && group != 0)
        group = schema->groups[group].parent;
    return group == outer;
}

/* Closes and opens nested objects until group is the open one. */
static void enter(struct writer *w, uint8_t group)
{
    while (!is_inside(w->schema, group, w->group)) {
        ps_buf_byte(w->buf, '}');
        w->comma = true;
        w->group = w->schema->groups[w->group].parent;
    }
    uint8_t path[GROUP_DEPTH_MAX];
    size_t depth = 0;
    for (uint8_t step = group; step != w->group; step = w->schema->groups[step].parent) {
        PS_ASSERT(depth < GROUP_DEPTH_MAX);
        path[depth++] = step;
    }
    while (depth > 0) {
        if (w->comma) ps_buf_byte(w->buf, ',');
        ps_buf_put(w->buf, w->schema->groups[path[--depth]].open);
        w->comma = false;
    }
    w->group = group;
}

/* The comma, the nesting and the row's text, with room for more bytes behind it; NULL when the buf failed. */
static inline char *begin_row(struct writer *w, const struct ps_schema_row *row, size_t more)
{
    if (PS_UNLIKELY(row->group != w->group)) enter(w, row->group);
    char *at = ps_buf_room(w->buf, 1 + row->text.len + more);
    if (PS_UNLIKELY(at == NULL)) return NULL;
    if (w->comma) *at++ = ',';
    memcpy(at, row->text.data, row->text.len);
    w->comma = true;
    w->buf->len = (size_t)(at - w->buf->data) + row->text.len;
    return at + row->text.len;
}

/* text is escaped already. */
static inline void put_escaped(struct writer *w, const struct ps_schema_row *row, struct ps_span text)
{
    if (text.len == 0) return;
    char *at = begin_row(w, row, text.len + 2);
    if (at == NULL) return;
    at[0] = '"';
    memcpy(at + 1, text.data, text.len);
    at[text.len + 1] = '"';
    w->buf->len += text.len + 2;
}

/* Whether nothing in text needs an escape. The last step overlaps the one before it, so that no byte is looked at
 * alone unless the text is very short. */
static inline bool is_plain(struct ps_span text)
{
    const char *at = text.data;
    const char *end = text.data + text.len;
    if (text.len >= PS_SCAN_STEP) {
        for (; end - at > PS_SCAN_STEP; at += PS_SCAN_STEP) {
            if (ps_scan_special(at) < PS_SCAN_STEP) return false;
        }
        return ps_scan_special(end - PS_SCAN_STEP) == PS_SCAN_STEP;
    }
    if (text.len >= PS_SCAN_WORD)
        return (ps_scan_word_special(ps_scan_load(at)) | ps_scan_word_special(ps_scan_load(end - PS_SCAN_WORD))) == 0;
    for (; at < end; at++) {
        if (ps_scan_byte_special(*at)) return false;
    }
    return true;
}

static inline void put_text_always(struct writer *w, const struct ps_schema_row *row, struct ps_span text)
{
    char *at = begin_row(w, row, text.len + 2);
    if (at == NULL) return;
    *at = '"';
    w->buf->len++;
    if (PS_LIKELY(is_plain(text)))
        ps_buf_put(w->buf, text);
    else
        ps_json_write_escape(w->buf, text);
    ps_buf_byte(w->buf, '"');
}

static inline void put_text(struct writer *w, const struct ps_schema_row *row, struct ps_span text)
{
    if (text.len > 0) put_text_always(w, row, text);
}

static void put_raw(struct writer *w, const struct ps_schema_row *row, struct ps_span json)
{
    if (json.len == 0 || begin_row(w, row, json.len) == NULL) return;
    ps_buf_put(w->buf, json);
}

static void put_true(struct writer *w, const struct ps_schema_row *row, bool value)
{
    if (value) put_raw(w, row, PS_SPAN("true"));
}

/* Never fails: a time that has no such form stands as the epoch. Times of neighbours share their minute, whose text
 * is kept: the calendar costs more than all digits together. */
static void put_time(struct writer *w, const struct ps_schema_row *row, struct ps_to_bulk_minute *minute, int64_t ms)
{
    enum { MINUTE_BYTES = sizeof "2026-11-21T10:00:" - 1, MINUTE_MS = 60000 };
    char *at = begin_row(w, row, PS_TIME_ISO_BYTES + 2);
    if (at == NULL) return;
    if (ms < PS_TIME_TEXT_MS_MIN || ms > PS_TIME_TEXT_MS_MAX) ms = 0;
    if (minute->begin_ms > ms || ms - minute->begin_ms >= MINUTE_MS || minute->text[0] == '\0') {
        ps_time_iso(ms, minute->text);
        minute->begin_ms = ms - (ms % MINUTE_MS + MINUTE_MS) % MINUTE_MS;
    }
    unsigned rest_ms = (unsigned)(ms - minute->begin_ms);
    at[0] = '"';
    memcpy(at + 1, minute->text, PS_TIME_ISO_BYTES);
    char *second = at + 1 + MINUTE_BYTES;
    second[0] = (char)('0' + rest_ms / 10000);
    second[1] = (char)('0' + rest_ms / 1000 % 10);
    second[3] = (char)('0' + rest_ms / 100 % 10);
    second[4] = (char)('0' + rest_ms / 10 % 10);
    second[5] = (char)('0' + rest_ms % 10);
    at[PS_TIME_ISO_BYTES + 1] = '"';
    w->buf->len += PS_TIME_ISO_BYTES + 2;
}

static void put_u64(struct writer *w, const struct ps_schema_row *row, uint64_t value)
{
    if (value > 0 && begin_row(w, row, 0) != NULL) ps_buf_u64(w->buf, value);
}

static void put_duration_ns(struct writer *w, const struct ps_schema_row *row, struct ps_span duration_ms)
{
    int64_t ns = 0;
    if (duration_ms.len == 0 || !ps_num_scaled(duration_ms, 6, &ns)) return;
    if (begin_row(w, row, 0) != NULL) ps_buf_i64(w->buf, ns);
}

/* Line feeds between the tokens of a JSON value would end the line: they are dropped. (Inside its strings there are
 * none, or it would be no JSON.) */
static void put_on_one_line(struct ps_buf *buf, struct ps_span json)
{
    bool more = true;
    while (more)
        ps_buf_put(buf, ps_span_split(&json, '\n', &more));
}

static inline void put_field(struct ps_buf *buf, const struct ps_field *field, char before)
{
    char *at = ps_buf_room(buf, field->name.len + field->value.len + 6);
    if (at == NULL) return;
    *at++ = before;
    *at++ = '"';
    memcpy(at, field->name.data, field->name.len);
    at += field->name.len;
    *at++ = '"';
    *at++ = ':';
    if (field->kind == PS_FIELD_STRING) {
        *at++ = '"';
        if (field->value.len > 0) memcpy(at, field->value.data, field->value.len);
        at += field->value.len;
        *at++ = '"';
    }
    buf->len = (size_t)(at - buf->data);
    if (field->kind == PS_FIELD_JSON) put_on_one_line(buf, field->value);
    if (field->kind == PS_FIELD_TEXT) {
        ps_buf_byte(buf, '"');
        ps_json_write_escape(buf, field->value);
        ps_buf_byte(buf, '"');
    }
}

static void put_fields(struct writer *w, const struct ps_schema_row *row, const struct ps_record *record)
{
    if (record->field_count == 0 || begin_row(w, row, 2) == NULL) return;
    for (size_t i = 0; i < record->field_count; i++)
        put_field(w->buf, &record->fields[i], i == 0 ? '{' : ',');
    ps_buf_byte(w->buf, '}');
}

static void put_row(struct writer *w, const struct ps_schema_row *row, struct ps_to_bulk_envelope *envelope,
                    const struct ps_record *record)
{
    switch (row->member) {
    case PS_SCHEMA_TIMESTAMP:
        put_time(w, row, &envelope->minute, record->time_ms);
        break;
    case PS_SCHEMA_MESSAGE:
        put_text_always(w, row, record->message);
        break;
    case PS_SCHEMA_LEVEL:
        put_escaped(w, row, ps_record_level_name(record->level));
        break;
    case PS_SCHEMA_SERVICE:
        put_text(w, row, record->service);
        break;
    case PS_SCHEMA_ENV:
        put_text(w, row, record->env);
        break;
    case PS_SCHEMA_HOST:
        put_text(w, row, record->host);
        break;
    case PS_SCHEMA_REGION:
        put_text(w, row, record->region);
        break;
    case PS_SCHEMA_ACCOUNT:
        put_text(w, row, record->account);
        break;
    case PS_SCHEMA_LOG_GROUP:
        put_escaped(w, row, envelope->log_group);
        break;
    case PS_SCHEMA_LOG_STREAM:
        put_escaped(w, row, envelope->log_stream);
        break;
    case PS_SCHEMA_EVENT_ID:
        put_text(w, row, record->event_id);
        break;
    case PS_SCHEMA_REQUEST_ID:
        put_text(w, row, record->request_id);
        break;
    case PS_SCHEMA_TRACE_ID:
        put_text(w, row, record->trace_id);
        break;
    case PS_SCHEMA_SPAN_ID:
        put_text(w, row, record->span_id);
        break;
    case PS_SCHEMA_LOGGER:
        put_text(w, row, record->logger);
        break;
    case PS_SCHEMA_FORMAT:
        put_escaped(w, row, ps_record_format_name(record->format));
        break;
    case PS_SCHEMA_ERROR_TYPE:
        put_text(w, row, record->error_type);
        break;
    case PS_SCHEMA_ERROR_MESSAGE:
        put_text(w, row, record->error_message);
        break;
    case PS_SCHEMA_STACK_TRACE:
        put_text(w, row, record->stack_trace);
        break;
    case PS_SCHEMA_DURATION_MS:
        put_raw(w, row, record->duration_ms);
        break;
    case PS_SCHEMA_DURATION_NS:
        put_duration_ns(w, row, record->duration_ms);
        break;
    case PS_SCHEMA_STATUS:
        put_u64(w, row, record->status);
        break;
    case PS_SCHEMA_EVENT_TIME:
        if (record->event_time_ms != record->time_ms) put_time(w, row, &envelope->minute, record->event_time_ms);
        break;
    case PS_SCHEMA_REGION_INFERRED:
        put_true(w, row, record->region_inferred && record->region.len > 0);
        break;
    case PS_SCHEMA_JOINED:
        put_u64(w, row, record->joined);
        break;
    case PS_SCHEMA_UNPARSED:
        put_text(w, row, record->unparsed);
        break;
    case PS_SCHEMA_MESSAGE_CUT:
        put_true(w, row, record->message_cut);
        break;
    case PS_SCHEMA_FIELDS:
        put_fields(w, row, record);
        break;
    case PS_SCHEMA_TAGS:
        put_raw(w, row, envelope->options->tags);
        break;
    case PS_SCHEMA_CONSTANT:
        (void)begin_row(w, row, 0);
        break;
    }
}

static enum ps_err result(const struct ps_buf *buf)
{
    struct ps_span all;
    return ps_buf_finish(buf, &all);
}

enum ps_err ps_to_bulk_document(struct ps_buf *buf, struct ps_to_bulk_envelope *envelope,
                                const struct ps_record *record)
{
    struct writer w = { .buf = buf, .schema = envelope->options->schema };
    ps_buf_byte(buf, '{');
    for (size_t i = 0; i < w.schema->row_count; i++)
        put_row(&w, &w.schema->rows[i], envelope, record);
    enter(&w, 0);
    ps_buf_byte(buf, '}');
    return result(buf);
}

/* -- the action line -------------------------------------------------------------------------------------------------
 */

static void make_action(struct ps_to_bulk_envelope *envelope, int64_t time_ms, int64_t period)
{
    const struct ps_to_bulk_options *options = envelope->options;
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, envelope->action, sizeof envelope->action);
    ps_buf_put(&buf, options->op == PS_TO_BULK_CREATE ? PS_SPAN("{\"create\":{\"_index\":\"")
                                                      : PS_SPAN("{\"index\":{\"_index\":\""));
    ps_index_name_put(&buf, options->index, time_ms);
    ps_buf_put(&buf, options->ids ? PS_SPAN("\",\"_id\":\"") : PS_SPAN("\"}}\n"));
    PS_ASSERT(buf.err == PS_OK); /* index names were checked against their limit, and hold nothing to escape */
    envelope->action_len = buf.len;
    envelope->period = period;
}

static void put_action(struct ps_buf *buf, struct ps_to_bulk_envelope *envelope, const struct ps_record *record)
{
    int64_t period = ps_index_name_period(envelope->options->index, record->event_time_ms);
    if (envelope->action_len == 0 || period != envelope->period) make_action(envelope, record->event_time_ms, period);
    ps_buf_put(buf, ps_span_make(envelope->action, envelope->action_len));
    if (!envelope->options->ids) return;
    ps_identity_document(buf, record, envelope->source);
    ps_buf_put(buf, PS_SPAN("\"}}\n"));
}

static enum ps_err escape(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    *out = ps_span_make("", 0);
    if (text.len == 0) return PS_OK;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 6 * text.len); /* \u0000 is the longest escape */
    ps_json_write_escape(&buf, text);
    return ps_buf_finish(&buf, out);
}

enum ps_err ps_to_bulk_begin(struct ps_arena *arena, const struct ps_to_bulk_options *options, struct ps_span account,
                             struct ps_span log_group, struct ps_span log_stream, struct ps_to_bulk_envelope *out)
{
    struct ps_span escaped_group;
    struct ps_span escaped_stream;
    PS_TRY(escape(arena, log_group, &escaped_group));
    PS_TRY(escape(arena, log_stream, &escaped_stream));
    *out = (struct ps_to_bulk_envelope){
        .options = options,
        .source = ps_identity_source(account, log_group, log_stream),
        .log_group = escaped_group,
        .log_stream = escaped_stream,
    };
    return PS_OK;
}

enum ps_err ps_to_bulk_put(struct ps_buf *buf, struct ps_to_bulk_envelope *envelope, const struct ps_record *record)
{
    put_action(buf, envelope, record);
    PS_TRY(ps_to_bulk_document(buf, envelope, record));
    ps_buf_byte(buf, '\n');
    return result(buf);
}
