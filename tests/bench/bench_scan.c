/* CPU seconds of scanning one text in memory, a line each round: what tests/bench/run-scan compares.
 * Usage: bench_scan FILE PATTERNS ROUNDS. The last line tells what was found. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "scan/decode.h"
#include "scan/scanner.h"
#include "support/check.h"

enum { PROCESS_ARENA_BYTES = 64 << 20, ROUND_ARENA_BYTES = 64 << 20, TEXT_BYTES_MAX = 1 << 30 };

static uint64_t now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) abort();
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static struct ps_span read_file(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) abort();
    long size = ftell(file);
    if (size < 0 || size > TEXT_BYTES_MAX || fseek(file, 0, SEEK_SET) != 0) abort();
    char *bytes = malloc((size_t)size + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size) abort();
    (void)fclose(file);
    return ps_span_make(bytes, (size_t)size);
}

/* In pieces of the size that the decoder gives. */
static void scan(struct ps_scanner *scanner, struct ps_span text)
{
    while (text.len > 0) {
        struct ps_span piece = ps_span_first(text, PS_DECODE_TEXT_BYTES);
        if (ps_scanner_feed(scanner, piece) != PS_OK) abort();
        text = ps_span_from(text, piece.len);
    }
    if (ps_scanner_finish(scanner) != PS_OK) abort();
}

static uint64_t sum_of_lines(const struct ps_scan_totals *totals, size_t patterns)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < patterns; i++)
        sum += totals->counts[i].lines;
    return sum;
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    struct ps_arena process = check_arena(PROCESS_ARENA_BYTES);
    struct ps_arena arena = check_arena(ROUND_ARENA_BYTES);
    struct ps_span text = read_file(argv[1]);
    struct ps_patterns patterns;
    struct ps_scanner *scanner = NULL;
    if (ps_patterns_open(&process, read_file(argv[2]), &patterns) != PS_OK ||
        ps_scanner_open(&process, &patterns, &scanner) != PS_OK) {
        fprintf(stderr, "bench_scan: %s\n", ps_err_note()->text);
        return 1;
    }
    for (int round = 0; round < atoi(argv[3]); round++) {
        struct ps_scan_totals totals;
        if (ps_scan_totals_make(&arena, &patterns, &totals) != PS_OK) abort();
        ps_scanner_begin(scanner, &arena, &totals);
        uint64_t start = now_ns();
        scan(scanner, text);
        printf("%.6f\n", (double)(now_ns() - start) / 1e9);
        if (round + 1 == atoi(argv[3]))
            printf("%lu lines, %lu hits\n", (unsigned long)totals.lines,
                   (unsigned long)sum_of_lines(&totals, patterns.count));
        ps_arena_reset(&arena, ROUND_ARENA_BYTES);
    }
    ps_patterns_close(&patterns);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return 0;
}
