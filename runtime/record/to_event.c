#include "record/to_event.h"

#include "base/assert.h"
#include "base/json_write.h"
#include "base/time.h"
#include "record/clean.h"
#include "record/json_value.h"

struct detail {
    const struct ps_stream_line *line;
    struct ps_span id;
    const struct ps_coordinates *coordinates;
    struct ps_span message; /* escaped */
    bool cut;               /* fields are left out */
};

static void write_times(struct ps_json_writer *w, const struct ps_stream_line *line)
{
    char iso[PS_TIME_ISO_BYTES];
    ps_time_iso(line->record.time_ms, iso);
    ps_json_write_key(w, PS_SPAN("ts"));
    ps_json_write_i64(w, line->record.time_ms);
    ps_json_write_member(w, PS_SPAN("time"), ps_span_make(iso, sizeof iso));
    if (line->arrival) ps_json_write_member(w, PS_SPAN("tsSource"), PS_SPAN("arrival"));
}

static void write_fields(struct ps_json_writer *w, const struct ps_record *record)
{
    if (record->field_count == 0) return;
    ps_json_write_key(w, PS_SPAN("fields"));
    ps_json_write_object_begin(w);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct ps_field *field = &record->fields[i];
        ps_json_write_key_escaped(w, field->name);
        if (field->kind == PS_FIELD_JSON)
            ps_json_write_raw(w, field->value);
        else if (field->kind == PS_FIELD_STRING)
            ps_json_write_string_escaped(w, field->value);
        else
            ps_json_write_string(w, field->value);
    }
    ps_json_write_object_end(w);
}

static enum ps_err write_detail(struct ps_buf *buf, const struct detail *detail)
{
    const struct ps_record *record = &detail->line->record;
    struct ps_json_writer w;
    ps_json_write_init(&w, buf);
    ps_json_write_object_begin(&w);
    ps_json_write_member(&w, PS_SPAN("id"), detail->id);
    ps_json_write_member(&w, PS_SPAN("service"), record->service);
    ps_json_write_member(&w, PS_SPAN("level"), ps_record_level_name(record->level));
    write_times(&w, detail->line);
    ps_json_write_key(&w, PS_SPAN("message"));
    ps_json_write_string_escaped(&w, detail->message);
    ps_json_write_key(&w, PS_SPAN("source"));
    ps_coordinates_write(&w, detail->coordinates);
    if (detail->cut) {
        ps_json_write_key(&w, PS_SPAN("truncated"));
        ps_json_write_bool(&w, true);
    } else {
        write_fields(&w, record);
    }
    ps_json_write_object_end(&w);
    struct ps_span all;
    return ps_json_write_finish(&w, &all);
}

/* At least so many bytes are written of the message and the fields. */
static size_t least_bytes(const struct detail *detail)
{
    const struct ps_record *record = &detail->line->record;
    size_t sum = detail->message.len;
    for (size_t i = 0; i < record->field_count; i++)
        sum += record->fields[i].name.len + record->fields[i].value.len;
    return sum;
}

/* Writes the detail without its fields, and with as much of the message as there is room for. */
static enum ps_err write_cut(struct ps_buf *buf, struct ps_arena *arena, size_t detail_bytes_max,
                             const struct detail *whole)
{
    size_t begin = buf->len;
    struct detail detail = *whole;
    detail.cut = true;
    detail.message = PS_SPAN("");
    PS_TRY(write_detail(buf, &detail));
    size_t without = buf->len - begin;
    buf->len = begin;
    if (without + PS_CLEAN_MARKER_BYTES_MAX >= detail_bytes_max)
        PS_FAIL(PS_ERR_TOO_LARGE, "a detail of %zu bytes without its message", without);
    bool cut = false;
    PS_TRY(ps_json_value_cut(arena, whole->message, detail_bytes_max - without, &detail.message, &cut));
    return write_detail(buf, &detail);
}

static enum ps_err escape(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 6 * text.len + 1); /* \u0000 is the longest escape */
    ps_json_write_escape(&buf, text);
    return ps_buf_finish(&buf, out);
}

enum ps_err ps_to_event_put(struct ps_buf *buf, struct ps_arena *arena, size_t detail_bytes_max,
                            const struct ps_stream_line *line, struct ps_span id,
                            const struct ps_coordinates *coordinates)
{
    PS_ASSERT(detail_bytes_max >= PS_TO_EVENT_DETAIL_BYTES_MIN);
    PS_ASSERT(ps_to_event_concerns(line));
    struct detail detail = { .line = line, .id = id, .coordinates = coordinates };
    PS_TRY(escape(arena, line->record.message, &detail.message));
    /* Far too large ones are not even tried: buf need not have room for them. */
    if (least_bytes(&detail) <= detail_bytes_max) {
        size_t begin = buf->len;
        PS_TRY(write_detail(buf, &detail));
        if (buf->len - begin <= detail_bytes_max) return PS_OK;
        buf->len = begin;
    }
    return write_cut(buf, arena, detail_bytes_max, &detail);
}
