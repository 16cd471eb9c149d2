/* Throughput of the search that selects lines: MB/s of ps_literals_find for 1, 20 and 100 literals, and for those of
 * the default patterns, over synthetic application logs of which 2 % of the lines hold one, and of memmem for one
 * literal after another. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "scan/patterns.h"
#include "support/check.h"
#include "support/random.h"

enum { TEXT_BYTES = 16 << 20, ROUNDS = 10, LITERALS_MAX = 100, LINE_BYTES_MAX = 512 };

static const char *const WORDS[] = {
    "ERROR",     "FATAL",    "panic:",    "Traceback", "OutOfMemory", "timed out",    "timeout",
    "Exception", "Oops",     "Failed",    "refused",   "no space",    "HTTP/1.1\" 5", "deadlock",
    "denied",    "CRITICAL", "unhandled", "Caused by", "killed",      "abort",
};

static uint64_t now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) abort();
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int put_line(char *at, struct random *random, const struct ps_literal *literals, size_t count)
{
    unsigned a = (unsigned)random_below(random, 100000);
    unsigned b = (unsigned)random_below(random, 900);
    struct ps_span hit = PS_SPAN("from");
    if (a % 50 == 0) hit = literals[b % count].text;
    if (a % 3 == 0)
        return snprintf(at, LINE_BYTES_MAX,
                        "10.0.%u.%u - - [21/Nov/2026:10:%02u:%02u +0000] \"GET /api/v1/orders/%u/items HTTP/1.1\" 200 "
                        "%u \"-\" \"Mozilla/5.0 (X11; Linux x86_64) %.*s\"\n",
                        a % 256, b % 256, a % 60, b % 60, a, b * 7, PS_SPAN_ARG(hit));
    return snprintf(at, LINE_BYTES_MAX,
                    "2026-11-21 10:%02u:%02u,%03u INFO  [http-nio-8080-exec-%u] c.acme.orders.OrderService - loaded "
                    "order %u in %u ms %.*s cache region=eu-central-1 attempt=%u\n",
                    a % 60, b % 60, b, a % 20, a, b, PS_SPAN_ARG(hit), a % 3);
}

/* Every second one without case; beyond the words, words with a number. */
static void make_literals(struct ps_literal *literals, char (*texts)[32])
{
    for (size_t i = 0; i < LITERALS_MAX; i++) {
        size_t words = sizeof WORDS / sizeof WORDS[0];
        int len = i < words
                      ? snprintf(texts[i], 32, "%s", WORDS[i])
                      : snprintf(texts[i], 32, "%c%c%s", 'a' + (char)(i % 26), 'a' + (char)(i / 26), WORDS[i % words]);
        literals[i] = (struct ps_literal){ .text = ps_span_make(texts[i], (size_t)len), .caseless = i % 2 == 1 };
    }
}

static size_t count_found(const struct ps_literals *literals, struct ps_span text)
{
    size_t found = 0;
    for (size_t at = 0; at < text.len; found++) {
        ptrdiff_t begin = ps_literals_find(literals, text, at);
        if (begin == PS_SPAN_NONE) break;
        at = (size_t)begin + 1;
    }
    return found;
}

static size_t count_found_one_by_one(const struct ps_literal *literals, size_t count, struct ps_span text)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct ps_span rest = text;
        for (ptrdiff_t at = 0; (at = ps_span_find(rest, literals[i].text)) != PS_SPAN_NONE; found++)
            rest = ps_span_from(rest, (size_t)at + 1);
    }
    return found;
}

static double mb_per_s(size_t bytes, uint64_t ns)
{
    return (double)bytes * 1e3 / (double)ns;
}

static void measure(struct ps_arena *arena, char *bytes, const struct ps_literal *items, size_t count)
{
    struct random random = { 1 };
    struct ps_span text = ps_span_make(bytes, 0);
    while (TEXT_BYTES - text.len > LINE_BYTES_MAX)
        text.len += (size_t)put_line(bytes + text.len, &random, items, count);
    struct ps_literals *literals = NULL;
    if (ps_literals_open(arena, items, count, &literals) != PS_OK) abort();
    size_t found = 0;
    uint64_t start = now_ns();
    for (int round = 0; round < ROUNDS; round++)
        found += count_found(literals, text);
    uint64_t middle = now_ns();
    size_t one_by_one = count_found_one_by_one(items, count, text);
    uint64_t end = now_ns();
    printf("%3zu literals: %6.0f MB/s (%zu found); memmem, with case, one by one %6.0f MB/s (%zu found)\n", count,
           mb_per_s(text.len * ROUNDS, middle - start), found / ROUNDS, mb_per_s(text.len, end - middle), one_by_one);
}

static size_t take_default_literals(struct ps_arena *arena, struct ps_literal *literals)
{
    struct ps_patterns patterns;
    if (ps_patterns_open(arena, ps_patterns_default(), &patterns) != PS_OK) abort();
    size_t count = 0;
    for (size_t i = 0; i < patterns.count; i++) {
        for (size_t j = 0; j < patterns.items[i].literal_count; j++)
            literals[count++] = patterns.items[i].literals[j];
    }
    ps_patterns_close(&patterns);
    return count;
}

int main(void)
{
    static char texts[LITERALS_MAX][32];
    static struct ps_literal literals[PS_LITERALS_MAX];
    struct ps_arena arena = check_arena(4 << 20);
    char *bytes = malloc(TEXT_BYTES);
    if (bytes == NULL) abort();
    make_literals(literals, texts);
    measure(&arena, bytes, literals, 1);
    measure(&arena, bytes, literals, 20);
    measure(&arena, bytes, literals, LITERALS_MAX);
    size_t count = take_default_literals(&arena, literals);
    measure(&arena, bytes, literals, count);
    free(bytes);
    ps_arena_fini(&arena);
    return 0;
}
