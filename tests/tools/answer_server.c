/* DynamoDB and EventBridge as far as a bench needs them: on loopback, without TLS, every call of BatchWriteItem and
 * PutEvents answered after the same time, every item told as written, every entry as taken. Its URL goes to standard
 * output; it ends with standard input. A thread for each connection: what waits holds up nothing else.
 * Usage: answer_server DELAY-MS */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/span.h"

enum {
    REQUEST_BYTES_MAX = 4 << 20, /* 25 items or 10 entries of a bench are far smaller */
    ANSWER_BYTES_MAX = 4 << 10,
    DELAY_MS_MAX = 10000,
    ENTRIES_MAX = 10, /* PutEvents' own limit */
};

static struct timespec delay;

_Noreturn static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* The length of the whole request; 0: more must come first. */
static size_t request_length(struct ps_span bytes)
{
    ptrdiff_t head = ps_span_find(bytes, PS_SPAN("\r\n\r\n"));
    if (head == PS_SPAN_NONE) return 0;
    struct ps_span lines = ps_span_first(bytes, (size_t)head + 2);
    bool more = true;
    uint64_t length = 0;
    while (more) {
        struct ps_span line = ps_span_split(&lines, '\n', &more);
        static const struct ps_span NAME = PS_SPAN_INIT("content-length:");
        if (line.len <= NAME.len || !ps_span_eq_nocase(ps_span_first(line, NAME.len), NAME)) continue;
        if (!ps_span_to_u64(ps_span_trim(ps_span_from(line, NAME.len)), &length)) die("Content-Length");
    }
    size_t whole = (size_t)head + 4 + length;
    return bytes.len < whole ? 0 : whole;
}

static size_t write_answer(struct ps_span request, char answer[ANSWER_BYTES_MAX])
{
    char body[ANSWER_BYTES_MAX / 2] = "{\"UnprocessedItems\":{}}";
    if (ps_span_find(request, PS_SPAN("AWSEvents.PutEvents")) != PS_SPAN_NONE) {
        static const struct ps_span ENTRY = PS_SPAN_INIT("\"DetailType\":");
        int len = snprintf(body, sizeof body, "{\"FailedEntryCount\":0,\"Entries\":[");
        struct ps_span rest = request;
        ptrdiff_t at = 0;
        for (size_t i = 0; i < ENTRIES_MAX && (at = ps_span_find(rest, ENTRY)) != PS_SPAN_NONE; i++) {
            rest = ps_span_from(rest, (size_t)at + ENTRY.len);
            len += snprintf(body + len, sizeof body - (size_t)len, "%s{\"EventId\":\"0-%zu\"}", i > 0 ? "," : "", i);
        }
        (void)snprintf(body + len, sizeof body - (size_t)len, "]}");
    }
    int len = snprintf(answer, ANSWER_BYTES_MAX,
                       "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %zu\r\n\r\n%s",
                       strlen(body), body);
    return (size_t)len;
}

static void *serve(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char *bytes = malloc(REQUEST_BYTES_MAX);
    char answer[ANSWER_BYTES_MAX];
    size_t len = 0;
    ssize_t got = 0;
    while (bytes != NULL && len < REQUEST_BYTES_MAX && (got = read(fd, bytes + len, REQUEST_BYTES_MAX - len)) > 0) {
        len += (size_t)got;
        size_t whole = request_length(ps_span_make(bytes, len));
        if (whole == 0) continue;
        if (whole < len) break; /* nobody pipelines */
        size_t answer_len = write_answer(ps_span_make(bytes, len), answer);
        len = 0;
        if (delay.tv_sec > 0 || delay.tv_nsec > 0) (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
        if (write(fd, answer, answer_len) != (ssize_t)answer_len) break;
    }
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
    uint64_t delay_ms = 0;
    if (argc != 2 || !ps_span_to_u64(ps_span_of(argv[1]), &delay_ms) || delay_ms > DELAY_MS_MAX) {
        (void)fputs("usage: answer_server DELAY-MS\n", stderr);
        return 2;
    }
    delay = (struct timespec){ .tv_sec = (time_t)(delay_ms / 1000), .tv_nsec = (long)(delay_ms % 1000) * 1000000 };
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        die("listen");
    printf("http://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    (void)fflush(stdout);
    pthread_t thread;
    if (pthread_create(&thread, NULL, listen_on, (void *)(intptr_t)listener) != 0) die("thread");
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    return EXIT_SUCCESS;
}
