/* An OpenSearch sink as far as a bench needs one: TLS on loopback, every request answered at once, every item of a
 * _bulk body told as stored. Its root certificate is written to CA-FILE, its URL to standard output; it ends with
 * standard input, and serves as many requests as fake_http keeps. Usage: bulk_server CA-FILE */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/gzip.h"
#include "support/fake_http.h"

enum { MEMORY_BYTES = 256 << 20, BODY_BYTES_MAX = 64 << 20 };

/* An action line and a document line each. */
static size_t count_items(struct ps_span body)
{
    size_t lines = 0;
    for (size_t i = 0; i < body.len; i++)
        lines += body.data[i] == '\n';
    return lines / 2;
}

/* On the server's thread, one at a time; the answers stay until the end. */
static void answer_bulk(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    struct ps_arena *arena = context;
    struct ps_span body = request->body;
    enum ps_gzip_form form = ps_gzip_detect(body);
    if (form != PS_GZIP_PLAIN && ps_gzip_inflate(arena, body, form, BODY_BYTES_MAX, &body) != PS_OK) abort();
    size_t count = count_items(body);
    struct ps_buf answer;
    ps_buf_init(&answer, arena, BODY_BYTES_MAX);
    ps_buf_put(&answer, PS_SPAN("{\"errors\":false,\"items\":["));
    for (size_t i = 0; i < count; i++)
        ps_buf_put(&answer,
                   i == 0 ? PS_SPAN("{\"create\":{\"status\":201}}") : PS_SPAN(",{\"create\":{\"status\":201}}"));
    ps_buf_put(&answer, PS_SPAN("]}"));
    if (ps_buf_finish(&answer, &reply->body) != PS_OK) abort();
    reply->headers = "Content-Type: application/json\r\n";
}

int main(int argc, char **argv)
{
    struct ps_arena arena;
    if (argc != 2 || ps_arena_init(&arena, MEMORY_BYTES) != PS_OK) {
        (void)fputs("usage: bulk_server CA-FILE\n", stderr);
        return 2;
    }
    const struct fake_http_step step = { .answer = answer_bulk, .context = &arena };
    struct fake_http *server = fake_http_open_tls(&step, 1, true, argv[1]);
    printf("%.*s\n", PS_SPAN_ARG(fake_http_url(server)));
    (void)fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    unsigned failures = fake_http_finish(server);
    ps_arena_fini(&arena);
    return failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
