/* Target functions: ps_scanner_feed, ps_scanner_finish, ps_scanner_begin, ps_line_time_find.
 * Properties: any cuts, and any restart where the scanner says, give the same totals; only a sample may then lack
 * joined lines. The input's first bytes are lengths of pieces; 0x1e in its text stands for a run of dots, so that lines
 * are split. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "scan/scanner.h"

enum { ARENA_BYTES = 64 << 20, CUTS = 8, RUN_BYTES = 400000, RUNS_MAX = 4 };

static const char PATTERNS[] =
    "[{\"name\":\"a\",\"regex\":\"\\\\bERR(?<x>O+)R\\\\b\",\"severity\":\"error\"},"
    "{\"name\":\"b\",\"regex\":\"^[0-9]*$\",\"severity\":\"error\",\"max_samples\":20},"
    "{\"name\":\"c\",\"regex\":\"(?i)at |caused by\",\"severity\":\"error\",\"max_samples\":1},"
    "{\"name\":\"d\",\"regex\":\"(?:x+x+)+y\",\"severity\":\"error\"}]";

static struct ps_arena t_process, t_arena;
static struct ps_patterns t_patterns;
static struct ps_scanner *t_scanner;

static void open_once(void)
{
    if (t_scanner != NULL) return;
    if (ps_arena_init(&t_process, ARENA_BYTES) != PS_OK || ps_arena_init(&t_arena, ARENA_BYTES) != PS_OK ||
        ps_patterns_open(&t_process, ps_span_of(PATTERNS), &t_patterns) != PS_OK ||
        ps_scanner_open(&t_process, &t_patterns, &t_scanner) != PS_OK)
        abort();
}

static void feed(struct ps_span piece)
{
    char *copy = malloc(piece.len == 0 ? 1 : piece.len);
    if (copy == NULL) abort();
    if (piece.len > 0) memcpy(copy, piece.data, piece.len);
    if (ps_scanner_feed(t_scanner, ps_span_make(copy, piece.len)) != PS_OK) abort();
    free(copy);
}

/* cuts: lengths of pieces, taken in turns; none: the text is one piece. */
static struct ps_scan_totals scan(struct ps_span text, const uint8_t *cuts, bool restart)
{
    struct ps_scan_totals totals;
    if (ps_scan_totals_make(&t_arena, &t_patterns, &totals) != PS_OK) abort();
    ps_scanner_begin(t_scanner, &t_arena, &totals);
    size_t reach = 0;
    size_t unit =
        text.len >= RUN_BYTES ? RUN_BYTES / 10 : 1; /* a restart gives a line's begin again: not for each byte */
    for (size_t i = 0, fed = 0; reach < text.len; i++) {
        size_t left = text.len - reach;
        size_t len = cuts == NULL ? left : 1 + cuts[i % CUTS] * unit;
        reach += len < left ? len : left;
        feed(ps_span_make(text.data + fed, reach - fed));
        fed = reach;
        if (!restart) continue;
        fed = (size_t)ps_scanner_offset(t_scanner);
        PS_ASSERT(fed <= reach && reach - fed <= PS_SCAN_LINE_BYTES_MAX);
        ps_scanner_begin(t_scanner, &t_arena, &totals);
    }
    /* What a restart has let go comes again. */
    if (restart) feed(ps_span_from(text, (size_t)totals.bytes));
    if (ps_scanner_finish(t_scanner) != PS_OK) abort();
    PS_ASSERT(totals.bytes == text.len && !totals.in_split_line);
    return totals;
}

static void check_hit(const struct ps_scan_hit *a, const struct ps_scan_hit *b)
{
    PS_ASSERT(a->line == b->line);
    PS_ASSERT(a->byte == b->byte);
    PS_ASSERT(a->time_ms == b->time_ms);
}

static void check_count(const struct ps_scan_count *got, const struct ps_scan_count *wanted, bool whole_samples)
{
    PS_ASSERT(got->lines == wanted->lines);
    PS_ASSERT(got->sample_count == wanted->sample_count);
    check_hit(&got->first, &wanted->first);
    check_hit(&got->last, &wanted->last);
    for (size_t i = 0; i < got->sample_count; i++) {
        const struct ps_scan_sample *a = &got->samples[i];
        const struct ps_scan_sample *b = &wanted->samples[i];
        check_hit(&a->at, &b->at);
        PS_ASSERT(a->field_count == b->field_count);
        PS_ASSERT(a->text.len <= PS_SCAN_SAMPLE_BYTES_MAX);
        PS_ASSERT(whole_samples ? ps_span_eq(a->text, b->text) : ps_span_starts(b->text, a->text));
    }
}

static void check_same(const struct ps_scan_totals *got, const struct ps_scan_totals *wanted, bool whole_samples)
{
    PS_ASSERT(got->lines == wanted->lines);
    PS_ASSERT(got->split_lines == wanted->split_lines);
    PS_ASSERT(got->given_up == wanted->given_up);
    PS_ASSERT(got->nul_bytes == wanted->nul_bytes);
    for (size_t i = 0; i < t_patterns.count; i++)
        check_count(&got->counts[i], &wanted->counts[i], whole_samples);
}

static struct ps_span expand(struct ps_span input, char *memory)
{
    size_t len = 0;
    size_t runs = 0;
    for (size_t i = 0; i < input.len; i++) {
        if (input.data[i] == 0x1e && runs++ < RUNS_MAX) {
            memset(memory + len, '.', RUN_BYTES);
            len += RUN_BYTES;
        } else {
            memory[len++] = input.data[i];
        }
    }
    return ps_span_make(memory, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    open_once();
    if (size < CUTS) return 0;
    char *memory = malloc(size + (size_t)RUNS_MAX * RUN_BYTES);
    if (memory == NULL) abort();
    struct ps_span text = expand(ps_span_make((const char *)data + CUTS, size - CUTS), memory);
    struct ps_scan_totals whole = scan(text, NULL, false);
    struct ps_scan_totals cut = scan(text, data, false);
    struct ps_scan_totals restarted = scan(text, data, true);
    check_same(&cut, &whole, true);
    check_same(&restarted, &whole, false);
    free(memory);
    ps_arena_reset(&t_arena, ARENA_BYTES);
    return 0;
}
