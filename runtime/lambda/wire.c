#include "lambda/wire.h"

#include <stddef.h>

#include "base/assert.h"

enum {
    FIRST_ROOM_BYTES = 8 << 10,   /* an event under 2 KB comes whole, head and all, in one receive */
    CHUNK_ROOM_BYTES = 128 << 10, /* for a chunked body whose end is not known */
    CHUNK_LINE_BYTES_MAX = 256,   /* size and extensions */
};

void ps_wire_init(struct ps_wire *wire, size_t body_bytes_max)
{
    *wire = (struct ps_wire){ .keep_alive = true, .body_bytes_max = body_bytes_max };
}

size_t ps_wire_wants(const struct ps_wire *wire)
{
    switch (wire->state) {
    case PS_WIRE_HEAD:
        return FIRST_ROOM_BYTES;
    case PS_WIRE_SIZED:
        return wire->left;
    case PS_WIRE_CHUNK_SIZE:
    case PS_WIRE_CHUNK_DATA:
    case PS_WIRE_CHUNK_END:
    case PS_WIRE_TRAILERS:
        return CHUNK_ROOM_BYTES;
    case PS_WIRE_DONE:
        break;
    }
    return 0;
}

/* Takes one line off *rest, its CRLF left out; false when there is no whole line. */
static bool take_line(struct ps_span *rest, struct ps_span *line)
{
    size_t from = 0;
    for (;;) {
        ptrdiff_t at = ps_span_find_byte(ps_span_from(*rest, from), '\r');
        if (at == PS_SPAN_NONE || from + (size_t)at + 1 == rest->len) return false;
        from += (size_t)at + 1;
        if (rest->data[from] == '\n') break;
    }
    *line = ps_span_first(*rest, from - 1);
    *rest = ps_span_from(*rest, from + 1);
    return true;
}

bool ps_wire_next_header(struct ps_span *rest, struct ps_span *name, struct ps_span *value)
{
    struct ps_span line;
    while (take_line(rest, &line)) {
        ptrdiff_t colon = ps_span_find_byte(line, ':');
        if (colon == PS_SPAN_NONE) continue; /* the status line, or the empty one at the end */
        *name = ps_span_first(line, (size_t)colon);
        *value = ps_span_trim(ps_span_from(line, (size_t)colon + 1));
        return true;
    }
    return false;
}

struct ps_span ps_wire_header(struct ps_span head, struct ps_span name)
{
    struct ps_span at, value;
    while (ps_wire_next_header(&head, &at, &value))
        if (ps_span_eq_nocase(at, name)) return value;
    return ps_span_make(NULL, 0);
}

static enum ps_err read_status_line(struct ps_wire *wire, struct ps_span line)
{
    uint64_t status = 0;
    /* "HTTP/1.1 200 OK"; the reason may be missing. */
    bool ok = ps_span_starts(line, PS_SPAN("HTTP/1.")) && line.len >= 12 && line.data[8] == ' ' &&
              (line.len == 12 || line.data[12] == ' ') &&
              ps_span_to_u64(ps_span_first(ps_span_from(line, 9), 3), &status);
    if (!ok) PS_FAIL(PS_ERR_BAD_INPUT, "HTTP status line of %zu bytes: not HTTP/1.x and three digits", line.len);
    if (status < 200) PS_FAIL(PS_ERR_UNSUPPORTED, "HTTP status %u", (unsigned)status);
    wire->status = (uint32_t)status;
    if (line.data[7] == '0') wire->keep_alive = false;
    return PS_OK;
}

/* What the head says of the body and the connection; the first of each counts. */
struct framing {
    struct ps_span coding, length, connection;
};

static void note_framing(struct framing *framing, struct ps_span line, size_t name_bytes)
{
    static const struct {
        struct ps_span name;
        size_t offset;
    } HEADERS[] = {
        { PS_SPAN_INIT("Transfer-Encoding"), offsetof(struct framing, coding) },
        { PS_SPAN_INIT("Content-Length"), offsetof(struct framing, length) },
        { PS_SPAN_INIT("Connection"), offsetof(struct framing, connection) },
    };
    for (size_t i = 0; i < sizeof HEADERS / sizeof HEADERS[0]; i++) {
        if (!ps_span_eq_nocase(ps_span_first(line, name_bytes), HEADERS[i].name)) continue;
        struct ps_span *value = (struct ps_span *)((char *)framing + HEADERS[i].offset);
        if (value->len == 0) *value = ps_span_trim(ps_span_from(line, name_bytes + 1));
    }
}

/* A name is at least one byte and no white space, so that neither a folded line nor "Name :" passes. */
static enum ps_err read_header_lines(struct ps_span lines, struct framing *framing)
{
    struct ps_span line;
    for (unsigned count = 0; take_line(&lines, &line) && line.len > 0; count++) {
        if (count == PS_WIRE_HEADERS_MAX) PS_FAIL(PS_ERR_TOO_LARGE, "over %d HTTP headers", PS_WIRE_HEADERS_MAX);
        ptrdiff_t colon = ps_span_find_byte(line, ':');
        struct ps_span name = ps_span_first(line, colon == PS_SPAN_NONE ? 0 : (size_t)colon);
        if (name.len == 0 || memchr(name.data, ' ', name.len) != NULL || memchr(name.data, '\t', name.len) != NULL)
            PS_FAIL(PS_ERR_BAD_INPUT, "HTTP header %u: no name", count);
        note_framing(framing, line, name.len);
    }
    return PS_OK;
}

static enum ps_err read_framing(struct ps_wire *wire, const struct framing *framing)
{
    if (ps_span_eq_nocase(framing->connection, PS_SPAN("close"))) wire->keep_alive = false;
    if (framing->coding.len > 0) {
        if (!ps_span_eq_nocase(framing->coding, PS_SPAN("chunked")))
            PS_FAIL(PS_ERR_UNSUPPORTED, "HTTP transfer coding other than chunked");
        wire->framed = true;
        wire->state = PS_WIRE_CHUNK_SIZE;
        return PS_OK;
    }
    if (framing->length.len == 0) {
        wire->keep_alive = false;
        wire->state = PS_WIRE_DONE;
        return PS_OK;
    }
    uint64_t bytes = 0;
    if (!ps_span_to_u64(framing->length, &bytes))
        PS_FAIL(PS_ERR_BAD_INPUT, "HTTP Content-Length is not a number that fits");
    wire->framed = true;
    wire->state = PS_WIRE_SIZED;
    if (bytes > wire->body_bytes_max)
        PS_FAIL(PS_ERR_TOO_LARGE, "body of %llu bytes, %zu allowed", (unsigned long long)bytes, wire->body_bytes_max);
    wire->left = (size_t)bytes;
    return PS_OK;
}

static enum ps_err read_head(struct ps_wire *wire, struct ps_span head)
{
    struct ps_span rest = head, status_line;
    if (!take_line(&rest, &status_line)) PS_FAIL(PS_ERR_BAD_INPUT, "HTTP response without a status line");
    PS_TRY(read_status_line(wire, status_line));
    struct framing framing = { 0 };
    PS_TRY(read_header_lines(rest, &framing));
    wire->head_bytes = head.len;
    return read_framing(wire, &framing);
}

static enum ps_err advance_head(struct ps_wire *wire, const char *data, size_t len)
{
    struct ps_span seen = ps_span_first(ps_span_make(data, len), PS_WIRE_HEAD_BYTES_MAX);
    ptrdiff_t end = ps_span_find(seen, PS_SPAN("\r\n\r\n"));
    if (end != PS_SPAN_NONE) return read_head(wire, ps_span_first(seen, (size_t)end + 4));
    if (len >= PS_WIRE_HEAD_BYTES_MAX) PS_FAIL(PS_ERR_TOO_LARGE, "HTTP head over %d bytes", PS_WIRE_HEAD_BYTES_MAX);
    return PS_OK;
}

static enum ps_err advance_sized(struct ps_wire *wire, size_t *len)
{
    size_t there = *len - wire->head_bytes - wire->body_bytes;
    if (there > wire->left) {
        wire->keep_alive = false;
        *len -= there - wire->left;
        there = wire->left;
    }
    wire->body_bytes += there;
    wire->left -= there;
    if (wire->left == 0) wire->state = PS_WIRE_DONE;
    return PS_OK;
}

/* The value of a hexadecimal digit, or 16. */
static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return (unsigned)(c - 'A' + 10);
    return 16;
}

static enum ps_err read_chunk_size(struct ps_wire *wire, struct ps_span line)
{
    size_t digits = 0, size = 0;
    for (; digits < line.len && hex_digit(line.data[digits]) < 16; digits++) {
        if (size > (SIZE_MAX >> 4)) PS_FAIL(PS_ERR_TOO_LARGE, "HTTP chunk size does not fit");
        size = size << 4 | hex_digit(line.data[digits]);
    }
    bool ended = digits == line.len || line.data[digits] == ';' || line.data[digits] == ' ';
    if (digits == 0 || !ended) PS_FAIL(PS_ERR_BAD_INPUT, "HTTP chunk after %zu bytes: no size", wire->body_bytes);
    if (size > wire->body_bytes_max - wire->body_bytes)
        PS_FAIL(PS_ERR_TOO_LARGE, "chunked body over %zu bytes", wire->body_bytes_max);
    wire->left = size;
    wire->state = size == 0 ? PS_WIRE_TRAILERS : PS_WIRE_CHUNK_DATA;
    return PS_OK;
}

/* Takes one line for chunk sizes and trailers; *line.data stays NULL when it is not whole yet. */
static enum ps_err take_framing_line(struct ps_span *rest, size_t bytes_max, struct ps_span *line)
{
    struct ps_span window = ps_span_first(*rest, bytes_max);
    size_t before = window.len;
    if (take_line(&window, line)) {
        *rest = ps_span_from(*rest, before - window.len);
        return PS_OK;
    }
    if (rest->len >= bytes_max) PS_FAIL(PS_ERR_TOO_LARGE, "HTTP chunk framing: a line over %zu bytes", bytes_max);
    return PS_OK;
}

static enum ps_err step_trailers(struct ps_wire *wire, struct ps_span *rest, bool *stuck)
{
    struct ps_span line = { NULL, 0 };
    PS_TRY(take_framing_line(rest, PS_WIRE_TRAILER_BYTES_MAX - wire->trailer_bytes, &line));
    *stuck = line.data == NULL;
    if (*stuck) return PS_OK;
    wire->trailer_bytes += line.len + 2;
    if (wire->trailer_bytes >= PS_WIRE_TRAILER_BYTES_MAX)
        PS_FAIL(PS_ERR_TOO_LARGE, "HTTP trailers over %d bytes", PS_WIRE_TRAILER_BYTES_MAX);
    if (line.len == 0) wire->state = PS_WIRE_DONE;
    return PS_OK;
}

/* One step over the bytes in *rest; body bytes go to data + head_bytes + body_bytes, which is at or before them. */
static enum ps_err step_chunked(struct ps_wire *wire, char *data, struct ps_span *rest, bool *stuck)
{
    struct ps_span line = { NULL, 0 };
    size_t count = 0;
    switch (wire->state) {
    case PS_WIRE_CHUNK_SIZE:
        PS_TRY(take_framing_line(rest, CHUNK_LINE_BYTES_MAX, &line));
        *stuck = line.data == NULL;
        return *stuck ? PS_OK : read_chunk_size(wire, line);
    case PS_WIRE_CHUNK_DATA:
        count = rest->len < wire->left ? rest->len : wire->left;
        memmove(data + wire->head_bytes + wire->body_bytes, rest->data, count);
        *rest = ps_span_from(*rest, count);
        wire->body_bytes += count;
        wire->left -= count;
        *stuck = wire->left > 0;
        if (wire->left == 0) wire->state = PS_WIRE_CHUNK_END;
        return PS_OK;
    case PS_WIRE_CHUNK_END:
        *stuck = rest->len < 2;
        if (*stuck) return PS_OK;
        if (!ps_span_starts(*rest, PS_SPAN("\r\n")))
            PS_FAIL(PS_ERR_BAD_INPUT, "HTTP chunk after %zu bytes: does not end where it said", wire->body_bytes);
        *rest = ps_span_from(*rest, 2);
        wire->state = PS_WIRE_CHUNK_SIZE;
        return PS_OK;
    case PS_WIRE_TRAILERS:
        return step_trailers(wire, rest, stuck);
    case PS_WIRE_HEAD:
    case PS_WIRE_SIZED:
    case PS_WIRE_DONE:
        break;
    }
    *stuck = true;
    return PS_OK;
}

static enum ps_err advance_chunked(struct ps_wire *wire, char *data, size_t *len)
{
    size_t seen = wire->head_bytes + wire->body_bytes;
    struct ps_span rest = { data + seen, *len - seen };
    bool stuck = false;
    while (!stuck && wire->state != PS_WIRE_DONE)
        PS_TRY(step_chunked(wire, data, &rest, &stuck));
    size_t end = wire->head_bytes + wire->body_bytes;
    if (wire->state == PS_WIRE_DONE && rest.len > 0) {
        wire->keep_alive = false;
        rest.len = 0;
    }
    memmove(data + end, rest.data, rest.len);
    *len = end + rest.len;
    return PS_OK;
}

enum ps_err ps_wire_advance(struct ps_wire *wire, char *data, size_t *len)
{
    PS_ASSERT(wire->state != PS_WIRE_DONE);
    if (wire->state == PS_WIRE_HEAD) PS_TRY(advance_head(wire, data, *len));
    if (wire->state == PS_WIRE_HEAD) return PS_OK;
    if (wire->state == PS_WIRE_SIZED) return advance_sized(wire, len);
    return advance_chunked(wire, data, len);
}
