#include "lambda/failure.h"

#include <unistd.h>

#include "base/json_write.h"
#include "base/utf8.h"

enum {
    TEXT_BYTES_MAX = 4 << 10,   /* of a list of mistakes in settings */
    CAUSE_TEXT_BYTES_MAX = 512, /* of a note */
    FOLDER_BYTES_MAX = 256,
    ESCAPED_BYTES = 6, /* \u00e9 */
};

/* "Function.BadInput" from BAD_INPUT. */
static struct ps_span make_type(enum ps_err err, char memory[PS_FAILURE_TYPE_BYTES_MAX])
{
    struct ps_buf type;
    ps_buf_init_fixed(&type, memory, PS_FAILURE_TYPE_BYTES_MAX);
    ps_buf_put(&type, PS_SPAN("Function."));
    bool capital = true;
    for (const char *c = ps_err_name(err); *c != '\0'; c++) {
        bool letter = *c >= 'A' && *c <= 'Z';
        char small = (char)(*c + ('a' - 'A'));
        if (letter && capital) ps_buf_byte(&type, *c);
        if (letter && !capital) ps_buf_byte(&type, small);
        capital = !letter;
    }
    return ps_buf_span(&type);
}

/* The code point at the beginning of valid UTF-8, and how many bytes it takes. */
static uint32_t read_code_point(const char *text, size_t *bytes)
{
    const unsigned char *byte = (const unsigned char *)text;
    *bytes = byte[0] < 0x80 ? 1 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    static const unsigned char LEAD_BITS[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t point = byte[0] & LEAD_BITS[*bytes];
    for (size_t i = 1; i < *bytes; i++)
        point = point << 6 | (byte[i] & 0x3f);
    return point;
}

static void put_escape(struct ps_buf *out, uint32_t unit)
{
    static const char HEX[] = "0123456789abcdef";
    ps_buf_put(out, PS_SPAN("\\u"));
    for (int shift = 12; shift >= 0; shift -= 4)
        ps_buf_byte(out, HEX[unit >> shift & 15]);
}

/* One character as what JSON in a header can hold. */
static void put_character(struct ps_buf *out, uint32_t point)
{
    if (point == '"' || point == '\\') ps_buf_byte(out, '\\');
    if (point >= 0x20 && point < 0x7f)
        ps_buf_byte(out, (char)point);
    else if (point <= 0xffff)
        put_escape(out, point);
    else {
        put_escape(out, 0xd800 + ((point - 0x10000) >> 10));
        put_escape(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
}

/* text escaped to ASCII, between quotes when written; bytes that are no UTF-8 become U+FFFD. */
static void write_ascii(struct ps_json_writer *writer, struct ps_span text, size_t bytes_max)
{
    char memory[TEXT_BYTES_MAX * ESCAPED_BYTES];
    struct ps_buf escaped;
    ps_buf_init_fixed(&escaped, memory, sizeof memory);
    text = ps_span_first(text, ps_utf8_cut(text, bytes_max < text.len ? bytes_max : text.len));
    while (text.len > 0) {
        struct ps_span valid = ps_span_first(text, ps_utf8_valid_prefix(text));
        for (size_t at = 0, bytes = 0; at < valid.len; at += bytes)
            put_character(&escaped, read_code_point(valid.data + at, &bytes));
        text = ps_span_from(text, valid.len);
        if (text.len == 0) break;
        put_character(&escaped, 0xfffd);
        text = ps_span_from(text, 1);
    }
    ps_json_write_string_escaped(writer, ps_buf_span(&escaped));
}

static struct ps_span finish(struct ps_json_writer *writer)
{
    struct ps_span json;
    return ps_json_write_finish(writer, &json) == PS_OK ? json : PS_SPAN("{}");
}

static struct ps_span make_document(struct ps_failure *failure, struct ps_span text, const struct ps_err_note *note)
{
    struct ps_buf buf;
    struct ps_json_writer writer;
    ps_buf_init_fixed(&buf, failure->json_memory, sizeof failure->json_memory);
    ps_json_write_init(&writer, &buf);
    ps_json_write_object_begin(&writer);
    ps_json_write_key(&writer, PS_SPAN("errorMessage"));
    write_ascii(&writer, text, TEXT_BYTES_MAX);
    ps_json_write_member(&writer, PS_SPAN("errorType"), failure->type);
    ps_json_write_key(&writer, PS_SPAN("stackTrace"));
    ps_json_write_array_begin(&writer);
    if (note->file != NULL) {
        char memory[FOLDER_BYTES_MAX];
        struct ps_buf place;
        ps_buf_init_fixed(&place, memory, sizeof memory);
        ps_buf_printf(&place, "%s:%d", note->file, note->line);
        ps_json_write_string(&writer, ps_buf_span(&place));
    }
    ps_json_write_array_end(&writer);
    ps_json_write_object_end(&writer);
    return finish(&writer);
}

static void write_exception(struct ps_json_writer *writer, const struct ps_failure *failure, struct ps_span text,
                            const struct ps_err_note *note)
{
    ps_json_write_object_begin(writer);
    ps_json_write_member(writer, PS_SPAN("type"), failure->type);
    ps_json_write_key(writer, PS_SPAN("message"));
    write_ascii(writer, text, CAUSE_TEXT_BYTES_MAX);
    ps_json_write_key(writer, PS_SPAN("stack"));
    ps_json_write_array_begin(writer);
    if (note->file != NULL) {
        ps_json_write_object_begin(writer);
        ps_json_write_member(writer, PS_SPAN("path"), ps_span_of(note->file));
        ps_json_write_key(writer, PS_SPAN("line"));
        ps_json_write_i64(writer, note->line);
        ps_json_write_member(writer, PS_SPAN("label"), ps_span_of(ps_err_name(note->err)));
        ps_json_write_object_end(writer);
    }
    ps_json_write_array_end(writer);
    ps_json_write_object_end(writer);
}

static struct ps_span make_cause(struct ps_failure *failure, struct ps_span text, const struct ps_err_note *note)
{
    char folder[FOLDER_BYTES_MAX];
    struct ps_buf buf;
    struct ps_json_writer writer;
    ps_buf_init_fixed(&buf, failure->cause_memory, sizeof failure->cause_memory);
    ps_json_write_init(&writer, &buf);
    ps_json_write_object_begin(&writer);
    ps_json_write_key(&writer, PS_SPAN("working_directory"));
    write_ascii(&writer, ps_span_of(getcwd(folder, sizeof folder)), FOLDER_BYTES_MAX);
    ps_json_write_key(&writer, PS_SPAN("exceptions"));
    ps_json_write_array_begin(&writer);
    write_exception(&writer, failure, text, note);
    ps_json_write_array_end(&writer);
    ps_json_write_key(&writer, PS_SPAN("paths"));
    ps_json_write_array_begin(&writer);
    if (note->file != NULL) ps_json_write_string(&writer, ps_span_of(note->file));
    ps_json_write_array_end(&writer);
    ps_json_write_object_end(&writer);
    return finish(&writer);
}

void ps_failure_make(struct ps_failure *failure, const char *type, struct ps_span text)
{
    const struct ps_err_note *note = ps_err_note();
    if (text.len == 0) text = ps_span_of(note->text);
    failure->type = type == NULL ? make_type(note->err, failure->type_memory) : ps_span_of(type);
    failure->json = make_document(failure, text, note);
    failure->cause = make_cause(failure, text, note);
}
