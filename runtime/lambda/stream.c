#include "base/assert.h"
#include "base/base64.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "lambda/stream_priv.h"

#define HTTP_CONTENT_TYPE "application/vnd.awslambda.http-integration-response"

enum {
    IDLE_MS_MIN = 5000,   /* the function's time may be up just when it writes its last bytes */
    IDLE_MS_MAX = 900000, /* the longest that a function may run */
    SIZE_LINE_BYTES_MAX = 16,
    TRAILERS_BYTES_MAX = 4 << 10, /* see PS_STREAM_ERROR_BYTES_MAX */
};

/* -- before the body ----------------------------------------------------------------------------------------------- */

/* RFC 9110, section 5.6.2. */
static bool is_token(struct ps_span name)
{
    static const struct ps_span MARKS = PS_SPAN_INIT("!#$%&'*+-.^_`|~");
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alphanumeric && ps_span_find_byte(MARKS, c) == PS_SPAN_NONE) return false;
    }
    return name.len > 0;
}

/* A line feed would make two headers of one. */
static bool is_header_value(struct ps_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return false;
    }
    return ps_utf8_valid_prefix(value) == value.len;
}

static enum ps_err check_http(const struct ps_stream_http *http)
{
    if (http->status < 200 || http->status > 599)
        PS_FAIL(PS_ERR_BAD_INPUT, "streamed response: status %u is not in 200..599", (unsigned)http->status);
    if (http->headers_count > PS_STREAM_HEADERS_MAX)
        PS_FAIL(PS_ERR_TOO_LARGE, "streamed response: over %d headers", PS_STREAM_HEADERS_MAX);
    for (size_t i = 0; i < http->headers_count; i++) {
        const struct ps_stream_header *header = &http->headers[i];
        if (!is_token(header->name)) PS_FAIL(PS_ERR_BAD_INPUT, "streamed response: header %zu: no HTTP token", i);
        if (ps_span_eq_nocase(header->name, PS_SPAN("Set-Cookie")))
            PS_FAIL(PS_ERR_BAD_INPUT, "streamed response: header %zu is Set-Cookie: put it into cookies", i);
        if (!is_header_value(header->value))
            PS_FAIL(PS_ERR_BAD_INPUT, "streamed response: header %zu: its value is no UTF-8 text of one line", i);
    }
    for (size_t i = 0; i < http->cookies_count; i++)
        if (!is_header_value(http->cookies[i]))
            PS_FAIL(PS_ERR_BAD_INPUT, "streamed response: cookie %zu is no UTF-8 text of one line", i);
    return PS_OK;
}

static bool same_name(const struct ps_stream_http *http, size_t i, size_t j)
{
    return ps_span_eq_nocase(http->headers[i].name, http->headers[j].name);
}

/* The headers as members; one name's values are one string, written piece by piece. */
static void write_headers(struct ps_json_writer *writer, const struct ps_stream_http *http)
{
    for (size_t i = 0; i < http->headers_count; i++) {
        size_t first = 0;
        while (!same_name(http, first, i))
            first++;
        if (first < i) continue;
        ps_json_write_key(writer, http->headers[i].name);
        ps_json_write_raw(writer, PS_SPAN("\""));
        for (size_t j = i; j < http->headers_count; j++) {
            if (!same_name(http, i, j)) continue;
            if (j > i) ps_buf_put(writer->buf, PS_SPAN(", "));
            ps_json_write_escape(writer->buf, http->headers[j].value);
        }
        ps_buf_byte(writer->buf, '"');
    }
}

static enum ps_err write_prelude(struct ps_buf *buf, const struct ps_stream_http *http, struct ps_span *out)
{
    struct ps_json_writer writer;
    ps_json_write_init(&writer, buf);
    ps_json_write_object_begin(&writer);
    ps_json_write_key(&writer, PS_SPAN("statusCode"));
    ps_json_write_u64(&writer, http->status);
    ps_json_write_key(&writer, PS_SPAN("headers"));
    ps_json_write_object_begin(&writer);
    write_headers(&writer, http);
    ps_json_write_object_end(&writer);
    ps_json_write_key(&writer, PS_SPAN("cookies"));
    ps_json_write_array_begin(&writer);
    for (size_t i = 0; i < http->cookies_count; i++)
        ps_json_write_string(&writer, http->cookies[i]);
    ps_json_write_array_end(&writer);
    ps_json_write_object_end(&writer);
    ps_buf_put(buf, PS_SPAN("\0\0\0\0\0\0\0\0"));
    return ps_json_write_finish(&writer, out);
}

/* -- sending ------------------------------------------------------------------------------------------------------- */

/* Lambda has answered before the end, or is gone. */
static enum ps_err read_early_answer(struct ps_stream *stream)
{
    PS_TRY(ps_api_stream_read_answer(stream->api, &stream->status));
    PS_FAIL(PS_ERR_REFUSED, "Runtime API: it answered %u after %llu bytes of a streamed response",
            (unsigned)stream->status, (unsigned long long)stream->body_bytes);
}

static enum ps_err send_pieces(struct ps_stream *stream, const struct ps_span *pieces, size_t count)
{
    bool whole = false;
    stream->err = ps_api_stream_send(stream->api, pieces, count, &whole);
    if (stream->err == PS_OK && !whole) stream->err = read_early_answer(stream);
    return stream->err;
}

/* Sends head, which may be empty, and bytes as one chunk, if there are any: an empty one would end the response. */
static enum ps_err send_chunk(struct ps_stream *stream, struct ps_span head, struct ps_span bytes)
{
    if (bytes.len == 0) return send_pieces(stream, &head, 1);
    char memory[SIZE_LINE_BYTES_MAX];
    struct ps_buf size_line;
    ps_buf_init_fixed(&size_line, memory, sizeof memory);
    ps_buf_printf(&size_line, "%zx\r\n", bytes.len);
    const struct ps_span pieces[] = { head, ps_buf_span(&size_line), bytes, PS_SPAN("\r\n") };
    PS_TRY(send_pieces(stream, pieces, sizeof pieces / sizeof pieces[0]));
    stream->body_bytes += bytes.len;
    return PS_OK;
}

/* How long a slow caller may hold us up. */
static uint32_t find_idle_ms(const struct ps_stream *stream)
{
    uint32_t left_ms = ps_deadline_hard_left_ms(&stream->deadline);
    if (left_ms < IDLE_MS_MIN) return IDLE_MS_MIN;
    return left_ms < IDLE_MS_MAX ? left_ms : IDLE_MS_MAX;
}

/* -- what handlers call -------------------------------------------------------------------------------------------- */

static enum ps_err check_not_begun(const struct ps_reply *reply)
{
    if (reply->stream == NULL) PS_FAIL(PS_ERR_UNSUPPORTED, "streamed response: this caller takes only reply->body");
    if (reply->stream->begun) PS_FAIL(PS_ERR_UNSUPPORTED, "streamed response: begun twice");
    return PS_OK;
}

static enum ps_err begin(struct ps_stream *stream, const char *content_type, struct ps_span prelude)
{
    struct ps_span head;
    PS_TRY(ps_api_stream_begin(stream->api, stream->event, content_type, find_idle_ms(stream), &head));
    if (stream->crash != NULL) ps_crash_disarm(stream->crash);
    stream->begun = true;
    return send_chunk(stream, head, prelude);
}

enum ps_err ps_stream_begin(struct ps_reply *reply)
{
    PS_TRY(check_not_begun(reply));
    if (!ps_api_is_content_type(reply->content_type))
        PS_FAIL(PS_ERR_BAD_INPUT, "streamed response: content_type is no header value of 1 to 256 bytes");
    return begin(reply->stream, reply->content_type, PS_SPAN(""));
}

enum ps_err ps_stream_begin_http(struct ps_reply *reply, const struct ps_stream_http *http)
{
    PS_TRY(check_not_begun(reply));
    PS_TRY(check_http(http));
    struct ps_arena *arena = reply->stream->arena;
    struct ps_arena_mark mark = ps_arena_mark(arena);
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_STREAM_HTTP_BYTES_MAX);
    struct ps_span prelude;
    enum ps_err err = write_prelude(&buf, http, &prelude);
    if (err == PS_OK) err = begin(reply->stream, HTTP_CONTENT_TYPE, prelude);
    ps_arena_rewind(arena, mark);
    return err;
}

/* A stream that broke says so at every call. */
static enum ps_err check_whole(const struct ps_stream *stream)
{
    if (stream->err == PS_OK) return PS_OK;
    PS_FAIL(stream->err, "streamed response: ended after %llu bytes", (unsigned long long)stream->body_bytes);
}

enum ps_err ps_stream_write(struct ps_reply *reply, struct ps_span bytes)
{
    struct ps_stream *stream = reply->stream;
    if (stream == NULL || !stream->begun) PS_FAIL(PS_ERR_UNSUPPORTED, "streamed response: written before it has begun");
    PS_TRY(check_whole(stream));
    if (bytes.len > PS_STREAM_BYTES_MAX - stream->body_bytes)
        PS_FAIL(PS_ERR_TOO_LARGE, "streamed response: over %d bytes", PS_STREAM_BYTES_MAX);
    return send_chunk(stream, PS_SPAN(""), bytes);
}

/* -- the end ------------------------------------------------------------------------------------------------------- */

static void put_trailers(struct ps_buf *buf, const struct ps_failure *failure)
{
    bool fits = failure->json.len <= PS_STREAM_ERROR_BYTES_MAX;
    ps_buf_put(buf, PS_SPAN(PS_API_ERROR_TYPE ": "));
    ps_buf_put(buf, failure->type);
    ps_buf_put(buf, PS_SPAN("\r\n" PS_API_ERROR_BODY ": "));
    ps_base64_encode(buf, fits ? failure->json : PS_SPAN("{}"));
    ps_buf_put(buf, PS_SPAN("\r\n"));
}

static enum ps_err send_end(struct ps_stream *stream, const struct ps_failure *failure)
{
    char memory[TRAILERS_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_buf_put(&buf, PS_SPAN("0\r\n"));
    if (failure != NULL) put_trailers(&buf, failure);
    ps_buf_put(&buf, PS_SPAN("\r\n"));
    /* Types and documents have their limits, so that it always fits. */
    PS_ASSERT(buf.err == PS_OK);
    struct ps_span end = ps_buf_span(&buf);
    return send_pieces(stream, &end, 1);
}

enum ps_err ps_stream_end(struct ps_stream *stream, const struct ps_failure *failure, uint32_t *status)
{
    bool broken = stream->err != PS_OK;
    if (!broken && send_end(stream, failure) == PS_OK)
        stream->err = ps_api_stream_read_answer(stream->api, &stream->status);
    if (stream->err == PS_OK || stream->err == PS_ERR_REFUSED) {
        *status = stream->status;
        return PS_OK;
    }
    /* What broke before may have another note by now. */
    return broken ? check_whole(stream) : stream->err;
}
