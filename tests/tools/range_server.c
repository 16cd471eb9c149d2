/* A double of S3's GetObject for objects that no machine holds: every GET of any path is answered with computed bytes
 * of one object, in the range asked for. The object is a log: lines of LINE_BYTES, the line feed included, each with
 * its number from 0 in 19 digits, every hundredth an ERROR. Its size is cut within a line where it is no multiple.
 *
 * It knows Range: bytes=A-B and If-Match, verifies no signature, and keeps connections alive, a thread for each. Its
 * URL goes to standard output; it ends with standard input, and tells the number of requests and bytes then. Usage:
 * range_server SIZE-BYTES [ETAG] */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/span.h"

enum {
    LINE_BYTES = 128,
    CHUNK_LINES = 4096,           /* made at once */
    REQUEST_BYTES_MAX = 32 << 10, /* a GET with its signature */
    ERROR_EVERY = 100,
};

struct line {
    char text[LINE_BYTES];
};

struct range {
    uint64_t first, last;
    bool given;
};

static uint64_t size;
static const char *etag = "range-server";
static atomic_uint_fast64_t requests, sent_bytes;

_Noreturn static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* "2026-11-21T10:00:00.000Z INFO  0000000000000000042 app ...", without a printf for each line. */
static void write_line(uint64_t number, struct line *line)
{
    enum { LEVEL_AT = 25, NUMBER_AT = 31, DIGITS = 19 };
    static const char INFO[LINE_BYTES + 1] =
        "2026-11-21T10:00:00.000Z INFO  0000000000000000000 orders request done in 12 ms, status 200, user 471, "
        "path /v1/orders, node 10\n";
    memcpy(line->text, INFO, LINE_BYTES);
    if (number % ERROR_EVERY == 0) memcpy(line->text + LEVEL_AT, "ERROR", 5);
    for (size_t i = DIGITS; i > 0 && number > 0; i--, number /= 10)
        line->text[NUMBER_AT + i - 1] = (char)('0' + number % 10);
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t wrote = send(fd, data, len, MSG_NOSIGNAL);
        if (wrote <= 0) return false;
        data += wrote;
        len -= (size_t)wrote;
    }
    return true;
}

static bool send_bytes(int fd, struct line *lines, uint64_t first, uint64_t last)
{
    while (first <= last) {
        uint64_t number = first / LINE_BYTES;
        size_t skip = first % LINE_BYTES;
        uint64_t left = last - first + 1;
        size_t count = CHUNK_LINES;
        if ((left + skip + LINE_BYTES - 1) / LINE_BYTES < count) count = (left + skip + LINE_BYTES - 1) / LINE_BYTES;
        for (size_t i = 0; i < count; i++)
            write_line(number + i, &lines[i]);
        uint64_t len = count * LINE_BYTES - skip;
        if (len > left) len = left;
        if (!write_all(fd, (const char *)lines + skip, len)) return false;
        first += len;
    }
    return true;
}

static struct ps_span header_of(struct ps_span head, struct ps_span name)
{
    for (bool more = true; more;) {
        struct ps_span value = ps_span_split(&head, '\n', &more);
        bool named = false;
        struct ps_span line_name = ps_span_split(&value, ':', &named);
        if (named && ps_span_eq_nocase(line_name, name)) return ps_span_trim(value);
    }
    return PS_SPAN("");
}

static struct range read_range(struct ps_span text)
{
    struct range range = { .last = size - 1 };
    bool more = false;
    if (!ps_span_starts(text, PS_SPAN("bytes="))) return range;
    text = ps_span_from(text, sizeof "bytes=" - 1);
    range.given = ps_span_to_u64(ps_span_split(&text, '-', &more), &range.first) && ps_span_to_u64(text, &range.last);
    if (range.last >= size) range.last = size - 1;
    return range;
}

static bool refuse(int fd, const char *status, const char *code)
{
    char head[512], body[256];
    int body_len =
        snprintf(body, sizeof body, "<Error><Code>%s</Code><ActualObjectSize>%" PRIu64 "</ActualObjectSize></Error>",
                 code, size);
    int len = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", status, body_len, body);
    return write_all(fd, head, (size_t)len);
}

static bool serve_one(int fd, struct ps_span head, struct line *lines)
{
    char text[512];
    struct ps_span match = header_of(head, PS_SPAN("If-Match"));
    struct range range = read_range(header_of(head, PS_SPAN("Range")));
    atomic_fetch_add(&requests, 1);
    (void)snprintf(text, sizeof text, "\"%s\"", etag);
    if (match.len > 0 && !ps_span_eq(match, ps_span_of(text)))
        return refuse(fd, "412 Precondition Failed", "PreconditionFailed");
    if (range.given && range.first >= size) return refuse(fd, "416 Range Not Satisfiable", "InvalidRange");
    uint64_t len = size == 0 ? 0 : range.last - range.first + 1;
    int head_len = snprintf(text, sizeof text,
                            "HTTP/1.1 %s\r\nContent-Length: %" PRIu64 "\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64
                            "/%" PRIu64 "\r\nETag: \"%s\"\r\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n\r\n",
                            range.given ? "206 Partial Content" : "200 OK", len, range.first, range.last, size, etag);
    atomic_fetch_add(&sent_bytes, len);
    return write_all(fd, text, (size_t)head_len) && (len == 0 || send_bytes(fd, lines, range.first, range.last));
}

static void *serve(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char *bytes = malloc(REQUEST_BYTES_MAX);
    struct line *lines = malloc(CHUNK_LINES * sizeof *lines);
    if (bytes == NULL || lines == NULL) die("memory");
    size_t len = 0;
    ssize_t got = 0;
    while (len < REQUEST_BYTES_MAX && (got = read(fd, bytes + len, REQUEST_BYTES_MAX - len)) > 0) {
        len += (size_t)got;
        struct ps_span head = ps_span_make(bytes, len);
        if (!ps_span_ends(head, PS_SPAN("\r\n\r\n"))) continue; /* nobody pipelines, and a GET has no body */
        if (!serve_one(fd, head, lines)) break;
        len = 0;
    }
    free(lines);
    free(bytes);
    (void)close(fd);
    return NULL;
}

static void *listen_on(void *argument)
{
    int listener = (int)(intptr_t)argument;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;
        if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)) != 0) die("accept");
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0) die("thread");
        (void)pthread_detach(thread);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3 || !ps_span_to_u64(ps_span_of(argv[1]), &size)) {
        (void)fputs("usage: range_server SIZE-BYTES [ETAG]\n", stderr);
        return 2;
    }
    if (argc == 3) etag = argv[2];
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t address_size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, address_size) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &address_size) != 0)
        die("listen");
    printf("http://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    (void)fflush(stdout);
    pthread_t thread;
    if (pthread_create(&thread, NULL, listen_on, (void *)(intptr_t)listener) != 0) die("thread");
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    printf("%" PRIu64 " requests, %" PRIu64 " bytes\n", (uint64_t)requests, (uint64_t)sent_bytes);
    return EXIT_SUCCESS;
}
