#include "lambda/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

enum { BODY_BYTES_MAX = 1 << 20 };

/* Feeds a response in pieces of piece_bytes, as a socket would bring it, into a heap block of its exact size. */
static enum ps_err feed(struct ps_span response, size_t piece_bytes, struct ps_wire *wire, char **memory)
{
    char *data = malloc(response.len + 1);
    *memory = data;
    ps_wire_init(wire, BODY_BYTES_MAX);
    size_t len = 0;
    while (response.len > 0 && wire->state != PS_WIRE_DONE) {
        CHECK(ps_wire_wants(wire) > 0);
        struct ps_span piece = ps_span_first(response, piece_bytes);
        memcpy(data + len, piece.data, piece.len);
        len += piece.len;
        response = ps_span_from(response, piece.len);
        PS_TRY(ps_wire_advance(wire, data, &len));
    }
    return PS_OK;
}

static const size_t PIECES[] = { 1, 2, 3, 5, 7, 16, 100, 4096 };

/* The same body, however the bytes arrive. */
static void check_body(struct ps_span response, const char *body, bool keep_alive)
{
    for (size_t i = 0; i < sizeof PIECES / sizeof PIECES[0]; i++) {
        struct ps_wire wire;
        char *memory = NULL;
        if (CHECK_OK(feed(response, PIECES[i], &wire, &memory)) && CHECK_EQ(wire.state, PS_WIRE_DONE)) {
            CHECK_TEXT(ps_span_make(memory + wire.head_bytes, wire.body_bytes), body);
            CHECK_EQ(wire.status, 200);
            /* What follows the response is seen only when it came along with its end. */
            if (PIECES[i] == 4096 || keep_alive) CHECK_EQ(wire.keep_alive, keep_alive);
            CHECK_EQ(ps_wire_wants(&wire), 0);
        }
        free(memory);
    }
}

static void check_refused(struct ps_span response, enum ps_err wanted, bool head_usable)
{
    for (size_t i = 0; i < sizeof PIECES / sizeof PIECES[0]; i++) {
        struct ps_wire wire;
        char *memory = NULL;
        CHECK_ERR(feed(response, PIECES[i], &wire, &memory), wanted);
        CHECK_EQ(wire.head_bytes > 0, head_usable);
        free(memory);
    }
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nA: b\r\n"
#define CHUNKED OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"

static void a_sized_body_is_the_bytes_it_says(void)
{
    check_body(PS_SPAN(OK_HEAD "Content-Length: 11\r\n\r\nhello world"), "hello world", true);
    check_body(PS_SPAN(OK_HEAD "content-length:0\r\n\r\n"), "", true);
}

static void a_chunked_body_loses_its_framing(void)
{
    check_body(PS_SPAN(CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), "hello world", true);
    check_body(PS_SPAN(CHUNKED "0\r\n\r\n"), "", true);
    check_body(PS_SPAN(CHUNKED "1\r\n{\r\n00001\r\n}\r\n000\r\n\r\n"), "{}", true);
    check_body(PS_SPAN(CHUNKED "A;ext=\"x\"\r\n0123456789\r\na \r\nabcdefghij\r\n0;last\r\n\r\n"),
               "0123456789abcdefghij", true);
    /* What looks like framing inside a chunk is body. */
    check_body(PS_SPAN(CHUNKED "9\r\n\r\n0\r\n\r\nab\r\n0\r\n\r\n"), "\r\n0\r\n\r\nab", true);
}

static void trailers_are_skipped(void)
{
    check_body(PS_SPAN(CHUNKED "2\r\nok\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n"), "ok", true);
}

static void surplus_bytes_end_the_connection_but_not_the_response(void)
{
    check_body(PS_SPAN(OK_HEAD "Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"), "ok", false);
    check_body(PS_SPAN(CHUNKED "2\r\nok\r\n0\r\n\r\nHTTP"), "ok", false);
}

static void close_and_old_versions_end_the_connection(void)
{
    check_body(PS_SPAN(OK_HEAD "Connection: Close\r\nContent-Length: 2\r\n\r\nok"), "ok", false);
    check_body(PS_SPAN("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), "ok", false);
}

static void a_response_without_a_length_has_no_body_and_says_so(void)
{
    struct ps_wire wire;
    char *memory = NULL;
    CHECK_OK(feed(PS_SPAN("HTTP/1.1 204\r\n\r\n"), 4096, &wire, &memory));
    CHECK_EQ(wire.state, PS_WIRE_DONE);
    CHECK(!wire.framed && !wire.keep_alive);
    CHECK_EQ(wire.status, 204);
    free(memory);
}

static void what_is_not_http_is_refused(void)
{
    check_refused(PS_SPAN("\r\n\r\n"), PS_ERR_BAD_INPUT, false);
    check_refused(PS_SPAN("HTTP/2 200 OK\r\n\r\n"), PS_ERR_BAD_INPUT, false);
    check_refused(PS_SPAN("HTTP/1.1 20x OK\r\n\r\n"), PS_ERR_BAD_INPUT, false);
    check_refused(PS_SPAN("HTTP/1.1 2000 OK\r\n\r\n"), PS_ERR_BAD_INPUT, false);
    check_refused(PS_SPAN("HTTP/1.1 100 Continue\r\n\r\n"), PS_ERR_UNSUPPORTED, false);
    check_refused(PS_SPAN(OK_HEAD " folded: line\r\n\r\n"), PS_ERR_BAD_INPUT, false);
    check_refused(PS_SPAN(OK_HEAD "no colon\r\n\r\n"), PS_ERR_BAD_INPUT, false);
    check_refused(PS_SPAN(OK_HEAD "Content-Length : 1\r\n\r\n"), PS_ERR_BAD_INPUT, false);
}

static void a_bad_body_leaves_the_head_usable(void)
{
    check_refused(PS_SPAN(OK_HEAD "Content-Length: -1\r\n\r\n"), PS_ERR_BAD_INPUT, true);
    check_refused(PS_SPAN(OK_HEAD "Content-Length: 99999999999999999999\r\n\r\n"), PS_ERR_BAD_INPUT, true);
    check_refused(PS_SPAN(OK_HEAD "Content-Length: 1048577\r\n\r\n"), PS_ERR_TOO_LARGE, true);
    check_refused(PS_SPAN(OK_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n"), PS_ERR_UNSUPPORTED, true);
    check_refused(PS_SPAN(CHUNKED "x\r\n"), PS_ERR_BAD_INPUT, true);
    check_refused(PS_SPAN(CHUNKED "\r\n"), PS_ERR_BAD_INPUT, true);
    check_refused(PS_SPAN(CHUNKED "-1\r\n"), PS_ERR_BAD_INPUT, true);
    check_refused(PS_SPAN(CHUNKED "2\r\nabc\r\n"), PS_ERR_BAD_INPUT, true);
    check_refused(PS_SPAN(CHUNKED "100001\r\n"), PS_ERR_TOO_LARGE, true);
    check_refused(PS_SPAN(CHUNKED "1\r\na\r\n100000\r\n"), PS_ERR_TOO_LARGE, true);
    check_refused(PS_SPAN(CHUNKED "fffffffffffffffff\r\n"), PS_ERR_TOO_LARGE, true);
}

/* head + filler of n bytes + tail, on the heap. */
static char *stretch(const char *head, char filler, size_t n, const char *tail, size_t *len)
{
    struct ps_span before = ps_span_of(head), after = ps_span_of(tail);
    char *text = malloc(before.len + n + after.len);
    memcpy(text, before.data, before.len);
    memset(text + before.len, filler, n);
    memcpy(text + before.len + n, after.data, after.len);
    *len = before.len + n + after.len;
    return text;
}

static void check_stretched(const char *head, size_t n, const char *tail, enum ps_err wanted)
{
    size_t len = 0;
    char *text = stretch(head, 'x', n, tail, &len);
    struct ps_span response = { text, len };
    struct ps_wire wire;
    char *memory = NULL;
    CHECK_ERR(feed(response, 4096, &wire, &memory), wanted);
    free(memory);
    free(text);
}

static void heads_chunk_lines_and_trailers_have_ceilings(void)
{
    check_stretched(OK_HEAD "X: ", PS_WIRE_HEAD_BYTES_MAX - 100, "\r\nContent-Length: 0\r\n\r\n", PS_OK);
    check_stretched(OK_HEAD "X: ", PS_WIRE_HEAD_BYTES_MAX, "\r\n\r\n", PS_ERR_TOO_LARGE);
    check_stretched(OK_HEAD "X: ", PS_WIRE_HEAD_BYTES_MAX, "", PS_ERR_TOO_LARGE);
    check_stretched(CHUNKED "1;", 1000, "\r\na\r\n0\r\n\r\n", PS_ERR_TOO_LARGE);
    check_stretched(CHUNKED "0\r\nT: ", PS_WIRE_TRAILER_BYTES_MAX - 100, "\r\n\r\n", PS_OK);
    check_stretched(CHUNKED "0\r\nT: ", PS_WIRE_TRAILER_BYTES_MAX, "\r\n\r\n", PS_ERR_TOO_LARGE);
}

static void headers_over_the_count_are_refused(void)
{
    char response[8192];
    size_t len = (size_t)snprintf(response, sizeof response, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i <= PS_WIRE_HEADERS_MAX; i++)
        len += (size_t)snprintf(response + len, sizeof response - len, "H%d: v\r\n", i);
    len += (size_t)snprintf(response + len, sizeof response - len, "\r\n");
    check_refused(ps_span_make(response, len), PS_ERR_TOO_LARGE, false);
}

static void headers_are_found_by_name_in_any_case(void)
{
    struct ps_span head =
        PS_SPAN("HTTP/1.1 200 OK\r\nContent-Type: a\r\nX-One:\t two words \r\nEmpty:\r\nx-one: 2\r\n\r\n");
    CHECK_TEXT(ps_wire_header(head, PS_SPAN("X-ONE")), "two words");
    CHECK_TEXT(ps_wire_header(head, PS_SPAN("content-type")), "a");
    CHECK_TEXT(ps_wire_header(head, PS_SPAN("Empty")), "");
    CHECK_TEXT(ps_wire_header(head, PS_SPAN("Content")), "");
    CHECK_TEXT(ps_wire_header(head, PS_SPAN("HTTP/1.1 200 OK")), "");
}

static void no_prefix_of_a_response_is_whole_or_read_beyond(void)
{
    static const char *const SAMPLES[] = {
        OK_HEAD "Content-Length: 11\r\n\r\nhello world",
        CHUNKED "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nT: 1\r\n\r\n",
    };
    for (size_t s = 0; s < 2; s++) {
        struct ps_span sample = ps_span_of(SAMPLES[s]);
        for (size_t n = 0; n < sample.len; n++) {
            char *exact = malloc(n == 0 ? 1 : n);
            memcpy(exact, sample.data, n);
            struct ps_wire wire;
            ps_wire_init(&wire, BODY_BYTES_MAX);
            size_t len = n;
            CHECK_OK(ps_wire_advance(&wire, exact, &len));
            CHECK(wire.state != PS_WIRE_DONE && len <= n);
            free(exact);
        }
    }
}

int main(void)
{
    RUN(a_sized_body_is_the_bytes_it_says);
    RUN(a_chunked_body_loses_its_framing);
    RUN(trailers_are_skipped);
    RUN(surplus_bytes_end_the_connection_but_not_the_response);
    RUN(close_and_old_versions_end_the_connection);
    RUN(a_response_without_a_length_has_no_body_and_says_so);
    RUN(what_is_not_http_is_refused);
    RUN(a_bad_body_leaves_the_head_usable);
    RUN(heads_chunk_lines_and_trailers_have_ceilings);
    RUN(headers_over_the_count_are_refused);
    RUN(headers_are_found_by_name_in_any_case);
    RUN(no_prefix_of_a_response_is_whole_or_read_beyond);
    return check_finish();
}
