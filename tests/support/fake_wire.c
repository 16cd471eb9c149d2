#include "support/fake_wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    HEAD_BYTES_MAX = 2 << 20,   /* an error's X-Ray cause may be a header of 1 MiB */
    BODY_BYTES_MAX = 256 << 20, /* above the 200 MB of a streamed response */
};

/* -- text ---------------------------------------------------------------------------------------------------------- */

/* Room for more bytes behind the text. */
static char *room(struct fake_text *text, size_t more)
{
    if (more > text->cap - text->len) {
        text->cap = text->len + more > text->cap * 2 ? text->len + more : text->cap * 2;
        text->data = realloc(text->data, text->cap); // NOLINT(bugprone-suspicious-realloc-usage)
    }
    if (text->data == NULL) {
        fprintf(stderr, "fake_wire: no memory\n");
        exit(EXIT_FAILURE);
    }
    return text->data + text->len;
}

void fake_text_add(struct fake_text *text, struct ps_span more)
{
    if (more.len > 0) memcpy(room(text, more.len), more.data, more.len);
    text->len += more.len;
}

void fake_text_printf(struct fake_text *text, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fake_text_add(text, ps_span_first(ps_span_of(line), len < 0 ? 0 : (size_t)len));
}

struct ps_span fake_text_span(const struct fake_text *text)
{
    return ps_span_make(text->data, text->len);
}

void fake_text_fini(struct fake_text *text)
{
    free(text->data);
    *text = (struct fake_text){ 0 };
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

/* Bytes received, at least one; 0 when the connection ended. */
static size_t receive(int fd, char *out, size_t max)
{
    for (;;) {
        ssize_t got = recv(fd, out, max, 0);
        if (got < 0 && errno == EINTR) continue;
        return got < 0 ? 0 : (size_t)got;
    }
}

/* Adds a line with its LF. */
static bool read_line(struct fake_wire *wire, struct fake_text *text)
{
    for (;;) {
        struct ps_span there = { wire->buffer + wire->begin, wire->end - wire->begin };
        ptrdiff_t at = ps_span_find_byte(there, '\n');
        struct ps_span taken = at == PS_SPAN_NONE ? there : ps_span_first(there, (size_t)at + 1);
        if (taken.len > HEAD_BYTES_MAX - text->len) return false;
        fake_text_add(text, taken);
        wire->begin += taken.len;
        if (at != PS_SPAN_NONE) return true;
        wire->begin = 0;
        wire->end = receive(wire->fd, wire->buffer, sizeof wire->buffer);
        if (wire->end == 0) return false;
    }
}

/* Adds lines up to an empty one, which is added too. */
static bool read_lines(struct fake_wire *wire, struct fake_text *text)
{
    for (;;) {
        size_t before = text->len;
        if (!read_line(wire, text)) return false;
        if (ps_span_trim(ps_span_from(fake_text_span(text), before)).len == 0) return true;
    }
}

bool fake_wire_read_head(struct fake_wire *wire, struct fake_request *request)
{
    if (!read_lines(wire, &request->head_text)) return false;
    request->head = fake_text_span(&request->head_text);
    struct ps_span rest = request->head;
    bool more = false;
    request->method = ps_span_split(&rest, ' ', &more);
    request->path = ps_span_split(&rest, ' ', &more);
    request->chunked = ps_span_eq_nocase(fake_wire_header(request->head, "Transfer-Encoding"), PS_SPAN("chunked"));
    struct ps_span length = fake_wire_header(request->head, "Content-Length");
    return length.len == 0 || (ps_span_to_u64(length, &request->body_bytes) && request->body_bytes <= BODY_BYTES_MAX);
}

/* Adds len bytes of payload. False when the connection ended or the body is to be read no further. */
static bool read_bytes(struct fake_wire *wire, struct fake_body *body, size_t len)
{
    if (len > BODY_BYTES_MAX - body->text.len) return false;
    while (len > 0 && !body->stopped) {
        size_t wanted = len;
        if (body->stop_bytes > 0 && wanted > body->stop_bytes - body->text.len)
            wanted = body->stop_bytes - body->text.len;
        char *out = room(&body->text, wanted);
        size_t got = wire->end - wire->begin;
        if (got > 0) {
            got = got < wanted ? got : wanted;
            memcpy(out, wire->buffer + wire->begin, got);
            wire->begin += got;
        } else {
            got = receive(wire->fd, out, wanted);
        }
        if (got == 0) return false;
        body->text.len += got;
        len -= got;
        body->stopped = body->stop_bytes > 0 && body->text.len == body->stop_bytes;
        if (body->arrived != NULL) body->arrived(body->context, body->text.len);
    }
    return !body->stopped;
}

/* The size line of a chunk; extensions are left out. */
static bool read_chunk_size(struct fake_wire *wire, size_t *size)
{
    struct fake_text line = { 0 };
    bool good = read_line(wire, &line);
    fake_text_add(&line, PS_SPAN("\0"));
    size_t digits = strspn(line.data, "0123456789abcdefABCDEF");
    good = good && digits > 0 && digits < 16 && (line.data[digits] == '\r' || line.data[digits] == ';');
    *size = good ? strtoul(line.data, NULL, 16) : 0;
    fake_text_fini(&line);
    return good;
}

static bool read_chunks(struct fake_wire *wire, struct fake_body *body)
{
    for (;;) {
        size_t size = 0;
        if (!read_chunk_size(wire, &size)) return false;
        if (size == 0) break;
        body->chunks++;
        struct fake_text end = { 0 };
        bool good =
            read_bytes(wire, body, size) && read_line(wire, &end) && ps_span_trim(fake_text_span(&end)).len == 0;
        fake_text_fini(&end);
        if (!good) return false;
    }
    return read_lines(wire, &body->trailers);
}

void fake_wire_read_body(struct fake_wire *wire, const struct fake_request *request, struct fake_body *body)
{
    if (ps_span_eq_nocase(fake_wire_header(request->head, "Expect"), PS_SPAN("100-continue")) &&
        !fake_wire_send(wire, PS_SPAN("HTTP/1.1 100 Continue\r\n\r\n"), 0))
        return;
    body->whole = request->chunked ? read_chunks(wire, body) : read_bytes(wire, body, request->body_bytes);
}

void fake_request_fini(struct fake_request *request)
{
    fake_text_fini(&request->head_text);
    *request = (struct fake_request){ 0 };
}

void fake_body_fini(struct fake_body *body)
{
    fake_text_fini(&body->text);
    fake_text_fini(&body->trailers);
}

bool fake_wire_gone(const struct fake_wire *wire)
{
    char byte = 0;
    ssize_t got = recv(wire->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

struct ps_span fake_wire_header(struct ps_span lines, const char *name)
{
    struct ps_span wanted = ps_span_of(name);
    bool more = true;
    while (more) {
        struct ps_span line = ps_span_split(&lines, '\n', &more);
        if (line.len > wanted.len && line.data[wanted.len] == ':' &&
            ps_span_eq_nocase(ps_span_first(line, wanted.len), wanted))
            return ps_span_trim(ps_span_from(line, wanted.len + 1));
    }
    return PS_SPAN("");
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static bool send_all(int fd, struct ps_span bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes = ps_span_from(bytes, (size_t)sent);
    }
    return true;
}

bool fake_wire_send(const struct fake_wire *wire, struct ps_span bytes, size_t piece_bytes)
{
    while (bytes.len > 0) {
        struct ps_span piece = piece_bytes == 0 ? bytes : ps_span_first(bytes, piece_bytes);
        if (!send_all(wire->fd, piece)) return false;
        bytes = ps_span_from(bytes, piece.len);
    }
    return true;
}

void fake_wire_linger(struct fake_wire *wire)
{
    (void)shutdown(wire->fd, SHUT_WR);
    while (receive(wire->fd, wire->buffer, sizeof wire->buffer) > 0)
        continue;
}
