/* Counts, line by line, which patterns a text has, and keeps samples. The text comes in pieces of any size; a line ends
 * with LF or CR LF, and the last one with the text. A line over PS_SCAN_LINE_BYTES_MAX is scanned in pieces that
 * overlap by PS_SCAN_OVERLAP_BYTES, counted once for each pattern, and reported as split: what begins in a piece is
 * found if it needs less than the overlap, and a piece's edges are no begin or end of a line. A pattern that runs into
 * PCRE2's limits on a line counts as not found there, and as given up; after PS_SCAN_GIVEN_UP_MAX lines it is asked no
 * more. A line's lines of a stack trace (record/multiline.h) are joined in samples only; counts are of lines.
 *
 * What is counted depends on the text alone, never on how it was cut into pieces or where scanning began again: totals
 * at the begin of a line (ps_scanner_offset) and the text from there give the same as the whole; only a sample may then
 * lack joined lines. Allocates nothing while it scans; samples lie on the arena given to begin. */
#ifndef PS_SCANNER_H
#define PS_SCANNER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "record/redact.h"
#include "scan/patterns.h"

enum {
    PS_SCAN_LINE_BYTES_MAX = 1 << 20,
    PS_SCAN_OVERLAP_BYTES = 4 << 10,
    PS_SCAN_SAMPLE_BYTES_MAX = 2 << 10, /* with its joined lines; longer ones end in "…" */
    PS_SCAN_SAMPLE_LINES_MAX = 30,
    PS_SCAN_GIVEN_UP_MAX = 1000,   /* milliseconds each: a hostile pattern costs seconds, not the text's length */
    PS_SCAN_FIELD_BYTES_MAX = 256, /* of a named group's value; longer ones end in "…" */
};

/* Where a pattern was found. */
struct ps_scan_hit {
    uint64_t line;   /* from 1 */
    uint64_t byte;   /* of the text, where the line begins, from 0 */
    int64_t time_ms; /* that the line begins with or holds near its begin; INT64_MIN without one */
};

struct ps_scan_field {
    struct ps_span name; /* of the group; lives with the patterns */
    struct ps_span value;
};

struct ps_scan_sample {
    struct ps_scan_hit at;
    struct ps_span text; /* repaired UTF-8 */
    struct ps_scan_field fields[PS_PATTERN_GROUPS_MAX];
    size_t field_count;
};

struct ps_scan_count {
    uint64_t lines;                                        /* that have it */
    uint64_t given_up;                                     /* lines on which it ran into its limits */
    struct ps_scan_hit first, last;                        /* when lines is not 0 */
    struct ps_scan_sample samples[PS_PATTERN_SAMPLES_MAX]; /* the first ones */
    size_t sample_count;
};

struct ps_scan_totals {
    uint64_t bytes, lines;
    uint64_t split_lines;
    uint64_t given_up;  /* of all patterns */
    uint64_t nul_bytes; /* many of them: it is no text; what is found in it is counted all the same */
    /* A split line in hand: where it began, and which patterns have counted it (bit n of word n / 64). */
    bool in_split_line;
    uint64_t line_begin;
    uint64_t line_counted[PS_PATTERNS_MAX / 64];
    struct ps_scan_count *counts; /* by pattern */
};

struct ps_scanner; /* opaque */

/* One, for one object after another; patterns must live as long. */
PS_MUST_USE enum ps_err ps_scanner_open(struct ps_arena *process, const struct ps_patterns *patterns,
                                        struct ps_scanner **out);

/* Begins a text, or goes on behind what totals say (totals->bytes is the offset of the first byte that is fed). totals
 * belongs to the caller, who zeroes it (ps_scan_totals_make) for a new text; samples are put on arena. */
PS_MUST_USE enum ps_err ps_scan_totals_make(struct ps_arena *arena, const struct ps_patterns *patterns,
                                            struct ps_scan_totals *out);
void ps_scanner_begin(struct ps_scanner *scanner, struct ps_arena *arena, struct ps_scan_totals *totals);

/* From here on secrets in samples and their fields are hidden, before these are cut, and counted. Both must live as
 * long as texts are fed. Without this call nothing is hidden. */
void ps_scanner_hide(struct ps_scanner *scanner, const struct ps_redact *redact, struct ps_redact_counts *counts);

/* The next piece. NO_MEMORY when a sample finds no room. */
PS_MUST_USE enum ps_err ps_scanner_feed(struct ps_scanner *scanner, struct ps_span text);

/* The text is over: the last line counts, with or without its end. */
PS_MUST_USE enum ps_err ps_scanner_finish(struct ps_scanner *scanner);

/* Up to where everything is in totals: the begin of the line in hand, or of the piece of a split line. The scanner can
 * begin again there with these totals. Equals totals->bytes. */
uint64_t ps_scanner_offset(const struct ps_scanner *scanner);

#endif
