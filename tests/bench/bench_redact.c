/* Throughput of the scan that every log text goes through: MB/s of ps_redact_suspects on synthetic application logs,
 * line by line as the processor does it, and of the exact scan when something is there. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "record/redact.h"
#include "support/check.h"

enum { CORPUS_BYTES = 8 << 20, LINES_MAX = 200000, ROUNDS = 20 };

struct corpus {
    const char *name;
    char *bytes;
    size_t len;
    struct ps_span *lines;
    size_t count;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) abort();
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int json_line(char *at, size_t room, unsigned i)
{
    return snprintf(
        at, room,
        "{\"timestamp\":\"2026-11-21T10:%02u:%02u.%03uZ\",\"level\":\"INFO\",\"service\":\"checkout\",\"message\":"
        "\"order %u accepted for customer %u after %u ms\",\"requestId\":\"8f14e45f-ceea-467f-a8d7-%012u\","
        "\"path\":\"/api/v1/orders/%u/items\",\"status\":200,\"duration_ms\":%u.%02u,\"ts\":%" PRIu64
        ",\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\",\"ok\":true,\"retries\":0}",
        i / 60 % 60, i % 60, i % 1000, i * 7919U, i % 90000, i % 400, i * 31U, i, i % 900, i % 100,
        UINT64_C(1795255200000) + i);
}

static int plain_line(char *at, size_t room, unsigned i)
{
    return snprintf(
        at, room,
        "2026-11-21 10:%02u:%02u,%03u INFO  [http-nio-8080-exec-%u] c.acme.orders.OrderService - loaded order "
        "%u in %u ms from cache region=eu-central-1 attempt=%u",
        i / 60 % 60, i % 60, i % 1000, i % 20, i * 7919U, i % 400, i % 3);
}

static int vpc_line(char *at, size_t room, unsigned i)
{
    return snprintf(at, room,
                    "2 123456789010 eni-1235b8ca123456789 172.31.%u.%u 172.31.16.21 %u 22 6 %u %u %u %u ACCEPT OK",
                    i % 255, i / 255 % 255, 1024 + i % 60000, i % 40, i % 50000, 1795255200 + i, 1795255260 + i);
}

static struct corpus make(const char *name, int (*line)(char *, size_t, unsigned))
{
    struct corpus corpus = { .name = name,
                             .bytes = malloc(CORPUS_BYTES),
                             .lines = calloc(LINES_MAX, sizeof(struct ps_span)) };
    if (corpus.bytes == NULL || corpus.lines == NULL) abort();
    while (corpus.count < LINES_MAX && CORPUS_BYTES - corpus.len > 1024) {
        int len = line(corpus.bytes + corpus.len, 1024, (unsigned)corpus.count);
        corpus.lines[corpus.count++] = ps_span_make(corpus.bytes + corpus.len, (size_t)len);
        corpus.len += (size_t)len;
    }
    return corpus;
}

static void report(const char *what, const struct corpus *corpus, uint64_t ns, size_t hits)
{
    printf("%-28s %-6s %8.0f MB/s  %6.0f ns/line  %zu of %zu lines suspected\n", what, corpus->name,
           (double)corpus->len * ROUNDS * 1e3 / (double)ns, (double)ns / ROUNDS / (double)corpus->count, hits / ROUNDS,
           corpus->count);
}

static void measure(struct ps_arena *arena, const char *classes, const struct corpus *corpus)
{
    struct ps_redact *redact = NULL;
    if (ps_redact_open(arena, ps_span_of(classes), PS_SPAN(""), &redact) != PS_OK) abort();
    size_t hits = 0;
    uint64_t start = now_ns();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < corpus->count; i++)
            hits += ps_redact_suspects(redact, corpus->lines[i]);
    }
    report(classes, corpus, now_ns() - start, hits);
}

/* What a suspected line costs: the exact scan of the same lines. */
static void measure_exact(const struct corpus *corpus)
{
    uint64_t start = now_ns();
    size_t found = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < corpus->count; i++) {
            struct ps_secret_scan scan;
            struct ps_secret secret;
            ps_secret_scan_begin(&scan, corpus->lines[i], 0xf, PS_SECRET_NAME_NONE);
            found += ps_secret_scan_next(&scan, &secret);
        }
    }
    report("exact scan, defaults", corpus, now_ns() - start, found);
}

int main(void)
{
    struct ps_arena arena = check_arena(16 << 20);
    const struct corpus corpora[] = { make("json", json_line), make("plain", plain_line), make("vpc", vpc_line) };
    for (size_t i = 0; i < 3; i++) {
        measure(&arena, "default", &corpora[i]);
        measure(&arena, "default,email,ip", &corpora[i]);
        measure_exact(&corpora[i]);
        free(corpora[i].bytes);
        free(corpora[i].lines);
    }
    ps_arena_fini(&arena);
    return 0;
}
