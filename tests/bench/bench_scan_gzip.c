/* CPU seconds of one gzip file, three figures a round: inflating it alone (zlib, checksum included), scanning its text
 * alone, and both together as the log extractor does. What tests/bench/run-scan compares.
 * Usage: bench_scan_gzip FILE.gz PATTERNS ROUNDS */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#define ZLIB_CONST /* what is read stays as it is */
#include <zlib.h>

#include "scan/decode.h"
#include "scan/scanner.h"
#include "support/check.h"

enum { PROCESS_ARENA_BYTES = 128 << 20, ROUND_ARENA_BYTES = 64 << 20, FEED_BYTES = 4 << 20, TEXT_BYTES_MAX = 1 << 30 };

static double now_s(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) abort();
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
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

/* Into text, which is large enough; how long it is. */
static size_t inflate_alone(struct ps_span packed, unsigned char *text)
{
    z_stream stream = { .next_in = (const Bytef *)packed.data, .avail_in = (uInt)packed.len };
    if (inflateInit2(&stream, 15 + 16) != Z_OK) abort();
    int code = Z_OK;
    while (code == Z_OK) {
        stream.next_out = text + stream.total_out;
        stream.avail_out = PS_DECODE_TEXT_BYTES;
        code = inflate(&stream, Z_NO_FLUSH);
    }
    if (code != Z_STREAM_END) abort();
    size_t len = stream.total_out;
    (void)inflateEnd(&stream);
    return len;
}

static void feed(struct ps_scanner *scanner, struct ps_span text)
{
    while (text.len > 0) {
        struct ps_span piece = ps_span_first(text, PS_DECODE_TEXT_BYTES);
        if (ps_scanner_feed(scanner, piece) != PS_OK) abort();
        text = ps_span_from(text, piece.len);
    }
}

static void both(struct ps_decode *decode, struct ps_scanner *scanner, struct ps_span packed)
{
    bool done = false;
    ps_decode_begin(decode);
    while (!done) {
        struct ps_span part = ps_span_first(packed, FEED_BYTES), text = { 0 };
        packed = ps_span_from(packed, part.len);
        ps_decode_feed(decode, part, packed.len == 0);
        do {
            if (ps_decode_next(decode, &text, &done) != PS_OK) abort();
            feed(scanner, text);
        } while (text.len > 0);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    struct ps_arena process = check_arena(PROCESS_ARENA_BYTES), arena = check_arena(ROUND_ARENA_BYTES);
    struct ps_span packed = read_file(argv[1]);
    unsigned char *text = malloc(TEXT_BYTES_MAX);
    struct ps_patterns patterns;
    struct ps_scanner *scanner = NULL;
    struct ps_decode *decode = NULL;
    if (text == NULL || ps_patterns_open(&process, read_file(argv[2]), &patterns) != PS_OK ||
        ps_scanner_open(&process, &patterns, &scanner) != PS_OK || ps_decode_open(&process, &decode) != PS_OK)
        return 1;
    for (int round = 0; round < atoi(argv[3]); round++) {
        struct ps_scan_totals alone, together;
        if (ps_scan_totals_make(&arena, &patterns, &alone) != PS_OK) abort();
        if (ps_scan_totals_make(&arena, &patterns, &together) != PS_OK) abort();
        double start = now_s();
        size_t len = inflate_alone(packed, text);
        double inflated = now_s();
        ps_scanner_begin(scanner, &arena, &alone);
        feed(scanner, ps_span_make((const char *)text, len));
        if (ps_scanner_finish(scanner) != PS_OK) abort();
        double scanned = now_s();
        ps_scanner_begin(scanner, &arena, &together);
        both(decode, scanner, packed);
        if (ps_scanner_finish(scanner) != PS_OK || together.lines != alone.lines) abort();
        printf("%.6f %.6f %.6f %zu\n", inflated - start, scanned - inflated, now_s() - scanned, len);
        ps_arena_reset(&arena, ROUND_ARENA_BYTES);
    }
    ps_decode_close(decode);
    ps_patterns_close(&patterns);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return 0;
}
