#include "base/num.h"
#include "base/time.h"
#include "read.h"
#include "record/fingerprint.h"

enum {
    NAME_BYTES_MAX = 64,   /* a longer one is no name that a person gave */
    VALUE_BYTES_MAX = 200, /* longer ones are for the log, not for a notice */
};

/* Told first, whatever their place in the line. */
static const struct ps_span FIRST[] = { PS_SPAN_INIT("env"), PS_SPAN_INIT("host"), PS_SPAN_INIT("requestId"),
                                        PS_SPAN_INIT("traceId") };
enum { FIRST_COUNT = sizeof FIRST / sizeof FIRST[0] };

/* Told already: one of the first, or the line's own word for the level, which every notice has. */
static bool is_told(struct ps_span name)
{
    if (ps_span_eq(name, PS_SPAN("level"))) return true;
    for (size_t i = 0; i < FIRST_COUNT; i++) {
        if (ps_span_eq(name, FIRST[i])) return true;
    }
    return false;
}

static enum ps_err add_short(struct ps_arena *arena, struct ps_span name, struct ps_span value, struct alert *alert)
{
    struct ps_span text = { 0 };
    if (value.len > VALUE_BYTES_MAX) return PS_OK;
    PS_TRY(read_scalar(arena, value, VALUE_BYTES_MAX, &text));
    read_add_field(alert, name, text);
    return PS_OK;
}

/* The last place is the record's. */
static bool has_room(const struct alert *alert)
{
    return alert->field_count < ALERT_FIELDS_MAX - 1;
}

static enum ps_err add_others(struct ps_arena *arena, struct ps_span fields, struct alert *alert)
{
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, fields);
    PS_TRY(ps_json_read_next(&reader, &token));
    while (has_room(alert)) {
        struct ps_span name, value;
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind != PS_JSON_KEY) return PS_OK;
        PS_TRY(ps_json_read_skip(&reader, &value));
        if (token.text.len == 0 || token.text.len > NAME_BYTES_MAX || is_told(token.text)) continue;
        PS_TRY(ps_json_read_unescape(arena, token.text, &name));
        PS_TRY(read_clean(arena, name, NAME_BYTES_MAX, &name));
        PS_TRY(add_short(arena, name, value, alert));
    }
    return PS_OK;
}

static enum ps_err add_fields(struct ps_arena *arena, struct ps_span fields, struct alert *alert)
{
    if (fields.len == 0 || fields.data[0] != '{') return PS_OK;
    for (size_t i = 0; i < FIRST_COUNT; i++)
        PS_TRY(add_short(arena, FIRST[i], read_member(fields, FIRST[i]), alert));
    return add_others(arena, fields, alert);
}

/* Where the record stands: what an operator gives to a query or a reader of the stream. */
static enum ps_err add_record(struct ps_arena *arena, struct ps_span source, struct alert *alert)
{
    struct ps_span stream = { 0 }, shard = { 0 }, position = { 0 }, record;
    PS_TRY(read_string(arena, read_member(source, PS_SPAN("stream")), ALERT_TITLE_BYTES_MAX, &stream));
    PS_TRY(read_scalar(arena, read_member(source, PS_SPAN("shard")), ALERT_TITLE_BYTES_MAX, &shard));
    PS_TRY(read_scalar(arena, read_member(source, PS_SPAN("position")), ALERT_TITLE_BYTES_MAX, &position));
    if (stream.len == 0) return PS_OK;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, SIZE_MAX);
    ps_buf_put(&buf, stream);
    ps_buf_byte(&buf, '/');
    ps_buf_put(&buf, shard);
    ps_buf_byte(&buf, '/');
    ps_buf_put(&buf, position);
    PS_TRY(ps_buf_finish(&buf, &record));
    read_add_field(alert, PS_SPAN("record"), record);
    return PS_OK;
}

static enum ps_err set_level(struct ps_arena *arena, struct ps_span value, struct alert *alert)
{
    struct ps_span word = { 0 };
    PS_TRY(read_string(arena, value, ALERT_TITLE_BYTES_MAX, &word));
    alert->level = ps_record_level_parse(word);
    if (alert->level == PS_LEVEL_NONE) alert->level = PS_LEVEL_ERROR; /* it is called a LogError */
    return PS_OK;
}

static void set_time(struct ps_span ts, struct alert *alert)
{
    int64_t ms = 0;
    if (ps_num_scaled(ts, 0, &ms) && ms >= PS_TIME_TEXT_MS_MIN && ms <= PS_TIME_TEXT_MS_MAX) alert->time_ms = ms;
}

static enum ps_err set_texts(struct ps_arena *arena, struct ps_span detail, struct alert *alert)
{
    struct ps_span message = { 0 };
    PS_TRY(read_string(arena, read_member(detail, PS_SPAN("message")), SIZE_MAX, &message));
    PS_TRY(read_string(arena, read_member(detail, PS_SPAN("service")), ALERT_TITLE_BYTES_MAX, &alert->service));
    PS_TRY(read_clean(arena, message, ALERT_MESSAGE_READ_MAX, &alert->message));
    PS_TRY(read_clean(arena, read_first_line(message), ALERT_TITLE_READ_MAX, &alert->title));
    char same[PS_FINGERPRINT_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, same, sizeof same);
    ps_fingerprint_put(&buf, message);
    const struct ps_span parts[] = { alert->service, ps_record_level_name(alert->level), ps_buf_span(&buf) };
    return read_set_fingerprint(alert, parts, sizeof parts / sizeof parts[0]);
}

enum ps_err read_log(struct ps_arena *arena, struct ps_span detail, struct alert *alert)
{
    struct ps_span id = { 0 };
    alert->source = ALERT_LOG;
    PS_TRY(read_string(arena, read_member(detail, PS_SPAN("id")), SIZE_MAX, &id));
    if (id.len == 0) PS_FAIL(PS_ERR_BAD_INPUT, "a LogError whose detail.id is missing or no text");
    PS_TRY(read_set_id(arena, alert, &id, 1));
    PS_TRY(set_level(arena, read_member(detail, PS_SPAN("level")), alert));
    set_time(read_member(detail, PS_SPAN("ts")), alert);
    PS_TRY(set_texts(arena, detail, alert));
    PS_TRY(add_fields(arena, read_member(detail, PS_SPAN("fields")), alert));
    return add_record(arena, read_member(detail, PS_SPAN("source")), alert);
}
