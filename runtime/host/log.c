#include "host/log.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "host/clock.h"
#include "host/env.h"
#include "host/log_priv.h"

static const struct ps_span LEVEL_NAMES[] = {
    [PS_LOG_TRACE] = PS_SPAN_INIT("TRACE"), [PS_LOG_DEBUG] = PS_SPAN_INIT("DEBUG"),
    [PS_LOG_INFO] = PS_SPAN_INIT("INFO"),   [PS_LOG_WARN] = PS_SPAN_INIT("WARN"),
    [PS_LOG_ERROR] = PS_SPAN_INIT("ERROR"), [PS_LOG_FATAL] = PS_SPAN_INIT("FATAL"),
};

enum {
    LEVELS_COUNT = sizeof LEVEL_NAMES / sizeof LEVEL_NAMES[0],
    PIECE_BYTES_MAX = 256, /* a text that must be cut loses at most this much more than it had to */
};

struct ps_span ps_log_level_name(enum ps_log_level level)
{
    PS_ASSERT((size_t)level < LEVELS_COUNT);
    return LEVEL_NAMES[level];
}

struct ps_log ps_log_open(int fd)
{
    struct ps_log log = { .fd = fd, .threshold = PS_LOG_INFO, .service = ps_env_get("AWS_LAMBDA_FUNCTION_NAME") };
    log.text = ps_span_eq_nocase(ps_env_get("AWS_LAMBDA_LOG_FORMAT"), PS_SPAN("Text"));
    struct ps_span name = ps_env_get("AWS_LAMBDA_LOG_LEVEL");
    for (unsigned level = 0; level < LEVELS_COUNT; level++) {
        if (ps_span_eq_nocase(name, LEVEL_NAMES[level])) log.threshold = (enum ps_log_level)level;
    }
    return log;
}

/* A pipe takes lines over 4 KiB in pieces, between which another worker's line could get. */
static pthread_mutex_t one_line = PTHREAD_MUTEX_INITIALIZER;

static void write_all(int fd, struct ps_span line)
{
    while (line.len > 0) {
        ssize_t written = write(fd, line.data, line.len);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        line = ps_span_from(line, (size_t)written);
    }
}

void ps_log_emit(int fd, struct ps_span line)
{
    pthread_mutex_lock(&one_line);
    write_all(fd, line);
    pthread_mutex_unlock(&one_line);
}

/* -- JSON ---------------------------------------------------------------------------------------------------------- */

/* Escapes as much of text as leaves tail_bytes; false when that was not all. Bytes that are no UTF-8 become U+FFFD. */
static bool escape_some(struct ps_buf *out, struct ps_span text, size_t tail_bytes)
{
    while (text.len > 0) {
        struct ps_span piece = ps_span_first(text, ps_utf8_valid_prefix(text));
        piece = ps_span_first(piece, ps_utf8_cut(piece, PIECE_BYTES_MAX));
        bool bad = piece.len == 0;
        size_t escaped_bytes_max = bad ? 3 : piece.len * 6;
        if (escaped_bytes_max + tail_bytes > out->cap - out->len) return false;
        if (bad)
            ps_buf_put(out, PS_SPAN("\xef\xbf\xbd"));
        else
            ps_json_write_escape(out, piece);
        text = ps_span_from(text, bad ? 1 : piece.len);
    }
    return true;
}

void ps_log_put_field(struct ps_json_writer *writer, const struct ps_log_field *field, size_t tail_bytes, bool *cut)
{
    struct ps_span name = ps_span_of(field->name);
    size_t room = writer->buf->cap - writer->buf->len;
    /* Comma, quotes, colon and the longest number. */
    size_t frame_bytes = name.len * 6 + 26;
    if (frame_bytes + tail_bytes > room) {
        *cut = true;
        return;
    }
    ps_json_write_key(writer, name);
    switch (field->kind) {
    case PS_LOG_KIND_STR: {
        char memory[PS_LOG_LINE_BYTES_MAX];
        struct ps_buf escaped;
        ps_buf_init_fixed(&escaped, memory, room - frame_bytes < sizeof memory ? room - frame_bytes : sizeof memory);
        *cut = !escape_some(&escaped, field->text, tail_bytes);
        PS_ASSERT(escaped.err == PS_OK);
        ps_json_write_string_escaped(writer, ps_buf_span(&escaped));
        break;
    }
    case PS_LOG_KIND_U64:
        ps_json_write_u64(writer, field->number);
        break;
    case PS_LOG_KIND_I64:
        ps_json_write_i64(writer, (int64_t)field->number);
        break;
    case PS_LOG_KIND_BOOL:
        ps_json_write_bool(writer, field->number != 0);
        break;
    case PS_LOG_KIND_END:
        PS_ASSERT(field->kind != PS_LOG_KIND_END);
    }
}

static void put_json_line(struct ps_buf *line, const struct ps_log *log, enum ps_log_level level, const char *message,
                          const struct ps_log_field *fields)
{
    char timestamp[PS_TIME_ISO_BYTES];
    ps_time_iso(ps_clock_now_ms(), timestamp);
    struct ps_json_writer writer;
    ps_json_write_init(&writer, line);
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, PS_SPAN("timestamp"), ps_span_make(timestamp, sizeof timestamp));
    ps_json_write_member(&writer, PS_SPAN("level"), LEVEL_NAMES[level]);
    bool cut = false;
    ps_log_put_field(&writer, &PS_LOG_STR("message", ps_span_of(message)), PS_LOG_TAIL_BYTES, &cut);
    if (!cut && log->service.len > 0)
        ps_log_put_field(&writer, &PS_LOG_STR("service", log->service), PS_LOG_TAIL_BYTES, &cut);
    if (!cut && log->request_id.len > 0)
        ps_log_put_field(&writer, &PS_LOG_STR("requestId", log->request_id), PS_LOG_TAIL_BYTES, &cut);
    if (!cut && log->tenant_id.len > 0)
        ps_log_put_field(&writer, &PS_LOG_STR("tenantId", log->tenant_id), PS_LOG_TAIL_BYTES, &cut);
    for (; !cut && fields->kind != PS_LOG_KIND_END; fields++)
        ps_log_put_field(&writer, fields, PS_LOG_TAIL_BYTES, &cut);
    if (cut) {
        ps_json_write_key(&writer, PS_SPAN("cut"));
        ps_json_write_bool(&writer, true);
    }
    ps_json_write_object_end(&writer);
    ps_buf_byte(line, '\n');
}

/* -- text ---------------------------------------------------------------------------------------------------------- */

/* A line feed would split the event in CloudWatch; a carriage return keeps it one. Cut where the line is full. */
static void put_text(struct ps_buf *line, struct ps_span text)
{
    size_t room = line->cap - line->len - 1;
    text = ps_span_first(text, ps_utf8_cut(text, room < text.len ? room : text.len));
    char *begin = line->data + line->len;
    ps_buf_put(line, text);
    for (size_t i = 0; i < text.len; i++) {
        if (begin[i] == '\n') begin[i] = '\r';
    }
}

static void put_text_field(struct ps_buf *line, const struct ps_log_field *field)
{
    char digits[24];
    struct ps_buf number;
    ps_buf_init_fixed(&number, digits, sizeof digits);
    struct ps_span value = field->text;
    if (field->kind == PS_LOG_KIND_U64) ps_buf_u64(&number, field->number);
    if (field->kind == PS_LOG_KIND_I64) ps_buf_i64(&number, (int64_t)field->number);
    if (field->kind == PS_LOG_KIND_BOOL) ps_buf_put(&number, field->number != 0 ? PS_SPAN("true") : PS_SPAN("false"));
    if (field->kind != PS_LOG_KIND_STR) value = ps_buf_span(&number);
    put_text(line, PS_SPAN(" "));
    put_text(line, ps_span_of(field->name));
    put_text(line, PS_SPAN("="));
    put_text(line, value);
}

static void put_text_line(struct ps_buf *line, const struct ps_log *log, enum ps_log_level level, const char *message,
                          const struct ps_log_field *fields)
{
    char timestamp[PS_TIME_ISO_BYTES];
    ps_time_iso(ps_clock_now_ms(), timestamp);
    put_text(line, ps_span_make(timestamp, sizeof timestamp));
    put_text(line, PS_SPAN(" "));
    put_text(line, LEVEL_NAMES[level]);
    put_text(line, PS_SPAN(" "));
    put_text(line, ps_span_of(message));
    if (log->request_id.len > 0) put_text_field(line, &PS_LOG_STR("requestId", log->request_id));
    if (log->tenant_id.len > 0) put_text_field(line, &PS_LOG_STR("tenantId", log->tenant_id));
    for (; fields->kind != PS_LOG_KIND_END; fields++)
        put_text_field(line, fields);
    ps_buf_byte(line, '\n');
}

/* ------------------------------------------------------------------------------------------------------------------ */

void ps_log_write(const struct ps_log *log, enum ps_log_level level, const char *message,
                  const struct ps_log_field *fields)
{
    PS_ASSERT((size_t)level < LEVELS_COUNT);
    if (level < log->threshold) return;
    char memory[PS_LOG_LINE_BYTES_MAX];
    struct ps_buf line;
    ps_buf_init_fixed(&line, memory, sizeof memory);
    if (log->text)
        put_text_line(&line, log, level, message, fields);
    else
        put_json_line(&line, log, level, message, fields);
    PS_ASSERT(line.err == PS_OK);
    ps_log_emit(log->fd, ps_buf_span(&line));
}

void ps_log_fault(const struct ps_log *log, enum ps_log_level level, const char *message)
{
    const struct ps_err_note *note = ps_err_note();
    char place[128];
    struct ps_buf at;
    ps_buf_init_fixed(&at, place, sizeof place);
    ps_buf_printf(&at, "%s:%d", note->file == NULL ? "?" : note->file, note->line);
    ps_log_write(log, level, message,
                 PS_LOG_FIELDS(PS_LOG_STR("errorType", ps_span_of(ps_err_name(note->err))),
                               PS_LOG_STR("errorMessage", ps_span_of(note->text)), PS_LOG_STR("at", ps_buf_span(&at))));
}
