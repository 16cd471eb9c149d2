#include "query_row.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "record/clean.h"

enum { MS_DIGITS = 13, PLAIN_BYTES_MORE = 64 };

/* -- typed JSON into plain JSON ------------------------------------------------------------------------------------ */

enum place {
    PLACE_MAP,     /* name: typed value */
    PLACE_LIST,    /* typed values */
    PLACE_TYPED,   /* {"<type>": value} */
    PLACE_TEXTS,   /* SS, BS */
    PLACE_NUMBERS, /* NS */
};

/* Objects and arrays that are open, the outermost first. */
struct plain {
    struct ps_json_writer writer;
    struct ps_span type; /* the key last read in a TYPED */
    size_t depth;
    struct {
        enum place place;
        bool filled; /* TYPED: it has its one value */
    } levels[PS_JSON_READ_DEPTH_MAX + 1];
};

static enum ps_err refuse(void)
{
    PS_FAIL(PS_ERR_BAD_INPUT, "a row is not in DynamoDB's typed JSON");
}

static void push(struct plain *plain, enum place place)
{
    plain->depth++;
    plain->levels[plain->depth].place = place;
    plain->levels[plain->depth].filled = false;
}

static enum ps_err begin_object(struct plain *plain, enum place place)
{
    if (place == PLACE_MAP || place == PLACE_LIST) {
        push(plain, PLACE_TYPED);
        return PS_OK;
    }
    if (place != PLACE_TYPED || !ps_span_eq(plain->type, PS_SPAN("M"))) return refuse();
    ps_json_write_object_begin(&plain->writer);
    push(plain, PLACE_MAP);
    return PS_OK;
}

static enum ps_err begin_array(struct plain *plain, enum place place)
{
    static const struct {
        struct ps_span type;
        enum place place;
    } ARRAYS[] = {
        { PS_SPAN_INIT("L"), PLACE_LIST },
        { PS_SPAN_INIT("SS"), PLACE_TEXTS },
        { PS_SPAN_INIT("BS"), PLACE_TEXTS },
        { PS_SPAN_INIT("NS"), PLACE_NUMBERS },
    };
    for (size_t i = 0; place == PLACE_TYPED && i < sizeof ARRAYS / sizeof ARRAYS[0]; i++) {
        if (!ps_span_eq(plain->type, ARRAYS[i].type)) continue;
        ps_json_write_array_begin(&plain->writer);
        push(plain, ARRAYS[i].place);
        return PS_OK;
    }
    return refuse();
}

/* An object or array is over. */
static enum ps_err end(struct plain *plain)
{
    enum place place = plain->levels[plain->depth].place;
    if (place == PLACE_TYPED && !plain->levels[plain->depth].filled) return refuse();
    if (place == PLACE_MAP)
        ps_json_write_object_end(&plain->writer);
    else if (place != PLACE_TYPED)
        ps_json_write_array_end(&plain->writer);
    plain->depth--;
    return PS_OK;
}

static enum ps_err put_text(struct plain *plain, enum place place, struct ps_span text)
{
    bool typed = place == PLACE_TYPED;
    bool number = place == PLACE_NUMBERS || (typed && ps_span_eq(plain->type, PS_SPAN("N")));
    bool string = place == PLACE_TEXTS ||
                  (typed && (ps_span_eq(plain->type, PS_SPAN("S")) || ps_span_eq(plain->type, PS_SPAN("B"))));
    if (number && ps_num_is_json(text))
        ps_json_write_raw(&plain->writer, text);
    else if (string)
        ps_json_write_string_escaped(&plain->writer, text);
    else
        return refuse();
    return PS_OK;
}

static enum ps_err put_bool(struct plain *plain, enum place place, bool value)
{
    if (place != PLACE_TYPED) return refuse();
    if (ps_span_eq(plain->type, PS_SPAN("NULL")))
        ps_json_write_null(&plain->writer);
    else if (ps_span_eq(plain->type, PS_SPAN("BOOL")))
        ps_json_write_bool(&plain->writer, value);
    else
        return refuse();
    return PS_OK;
}

static enum ps_err put_key(struct plain *plain, enum place place, struct ps_span key)
{
    if (place == PLACE_MAP) {
        ps_json_write_key_escaped(&plain->writer, key);
        return PS_OK;
    }
    if (plain->levels[plain->depth].filled) return refuse();
    plain->levels[plain->depth].filled = true;
    plain->type = key;
    return PS_OK;
}

static enum ps_err put_token(struct plain *plain, const struct ps_json_token *token)
{
    enum place place = plain->levels[plain->depth].place;
    switch (token->kind) {
    case PS_JSON_OBJECT_BEGIN:
        return begin_object(plain, place);
    case PS_JSON_ARRAY_BEGIN:
        return begin_array(plain, place);
    case PS_JSON_OBJECT_END:
    case PS_JSON_ARRAY_END:
        return end(plain);
    case PS_JSON_KEY:
        return put_key(plain, place, token->text);
    case PS_JSON_STRING:
        return put_text(plain, place, token->text);
    case PS_JSON_TRUE:
    case PS_JSON_FALSE:
        return put_bool(plain, place, token->kind == PS_JSON_TRUE);
    case PS_JSON_NUMBER:
    case PS_JSON_NULL:
    case PS_JSON_END:
        break;
    }
    return refuse();
}

static enum ps_err make_plain(struct ps_arena *arena, struct ps_span item, struct ps_span *out)
{
    struct plain plain = { .depth = 0 };
    struct ps_buf buf;
    ps_buf_init(&buf, arena, item.len + PLAIN_BYTES_MORE); /* types go, so it never grows */
    ps_json_write_init(&plain.writer, &buf);
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, item);
    PS_TRY(ps_json_read_next(&reader, &token));
    if (token.kind != PS_JSON_OBJECT_BEGIN) return refuse();
    ps_json_write_object_begin(&plain.writer);
    push(&plain, PLACE_MAP);
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_END) return ps_json_write_finish(&plain.writer, out);
        PS_TRY(put_token(&plain, &token));
    }
}

/* -- a row --------------------------------------------------------------------------------------------------------- */

/* Of another kind than text: empty. */
static enum ps_err read_text(struct ps_arena *arena, struct ps_span plain, struct ps_span name, struct ps_span *out)
{
    struct ps_json_token token;
    bool found = false;
    PS_TRY(ps_json_read_member(plain, name, &token, NULL, &found));
    if (!found || token.kind != PS_JSON_STRING) return PS_OK;
    return ps_json_read_unescape(arena, token.text, out);
}

enum ps_err query_row_read(struct ps_arena *arena, struct ps_span item, struct query_row *out)
{
    struct query_row row = { 0 };
    PS_TRY(make_plain(arena, item, &row.plain));
    PS_TRY(read_text(arena, row.plain, PS_SPAN("sk"), &row.sk));
    PS_TRY(read_text(arena, row.plain, PS_SPAN("level"), &row.level));
    PS_TRY(read_text(arena, row.plain, PS_SPAN("message"), &row.message));
    struct ps_json_token token;
    bool found = false;
    PS_TRY(ps_json_read_member(row.plain, PS_SPAN("ttl"), &token, NULL, &found));
    if (found && !ps_num_scaled_cut(token.text, 0, &row.ttl_s)) row.ttl_s = 0;
    *out = row;
    return PS_OK;
}

bool query_row_matches(const struct query_row *row, const struct query_args *args, int64_t now_ms)
{
    if (row->ttl_s > 0 && row->ttl_s <= now_ms / 1000) return false;
    if (args->unparsed) return ps_span_eq(row->level, PS_SPAN("UNPARSED"));
    return ps_record_level_parse(row->level) >= args->level_min;
}

/* -- a line -------------------------------------------------------------------------------------------------------- */

static void put_time(struct ps_buf *buf, struct ps_span sk)
{
    uint64_t ms = 0;
    if (!ps_span_to_u64(ps_span_first(sk, MS_DIGITS), &ms)) return;
    char *room = ps_buf_room(buf, PS_TIME_ISO_BYTES);
    if (room == NULL) return;
    ps_time_iso((int64_t)ms, room);
    buf->len += PS_TIME_ISO_BYTES;
}

/* At most so many characters, the last of which says that there are more. */
static struct ps_span cut(struct ps_buf *buf, size_t columns)
{
    static const struct ps_span MORE = PS_SPAN_INIT("\xe2\x80\xa6");
    size_t characters = 0, keep = 0;
    for (size_t i = 0; i < buf->len; i++) {
        bool begins = ((unsigned char)buf->data[i] & 0xc0) != 0x80;
        if (!begins) continue;
        if (characters + 1 == columns) keep = i;
        if (++characters <= columns) continue;
        buf->len = keep;
        ps_buf_put(buf, MORE);
        break;
    }
    return ps_buf_span(buf);
}

enum ps_err query_row_line(struct ps_arena *arena, const struct query_row *row, size_t columns, struct ps_span *out)
{
    struct ps_buf buf;
    struct ps_span text;
    size_t repaired = 0;
    bool was_cut = false;
    ps_buf_init(&buf, arena, PS_TIME_ISO_BYTES + row->level.len + row->message.len + PLAIN_BYTES_MORE);
    put_time(&buf, row->sk);
    ps_buf_printf(&buf, " %-5.*s ", PS_SPAN_ARG(row->level));
    ps_buf_put(&buf, row->message);
    PS_TRY(ps_buf_finish(&buf, &text));
    PS_TRY(ps_utf8_repair(arena, text, &text, &repaired));
    PS_TRY(ps_clean(arena, text, PS_CLEAN_UNLIMITED, &text, &was_cut));
    ps_buf_init(&buf, arena, text.len + PLAIN_BYTES_MORE);
    ps_buf_put(&buf, text);
    for (size_t i = 0; i < buf.len; i++) {
        if (buf.data[i] == '\n' || buf.data[i] == '\t') buf.data[i] = ' ';
    }
    *out = columns == 0 ? ps_buf_span(&buf) : cut(&buf, columns);
    return buf.err == PS_OK ? PS_OK : ps_buf_finish(&buf, out);
}
