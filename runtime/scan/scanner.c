#include "scan/scanner.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "record/multiline.h"
#include "scan/line_time.h"
#include "scan/literals.h"

enum {
    /* A piece of a split line begins so far behind the one before it. */
    PIECE_STEP = PS_SCAN_LINE_BYTES_MAX - PS_SCAN_OVERLAP_BYTES,
    /* So much of the overlap is only looked back on: what begins there belongs to the piece before. */
    LOOK_BEHIND_BYTES = 256,
    /* A sample shows so much of a long line before what was found. */
    SAMPLE_BEFORE_BYTES = 256,
    /* Secrets are looked for so far beyond what a sample shows: one that it cuts is whole there. */
    HIDE_BYTES = 8 << 10,
    WORD_BITS = 64,
};

static const struct ps_span CUT = PS_SPAN_INIT("\xe2\x80\xa6"); /* … */

/* A sample that lines of its stack trace may still join. */
struct open_sample {
    struct ps_scan_sample *sample;
    struct ps_buf text;
    uint32_t lines;
};

struct ps_scanner {
    const struct ps_patterns *patterns;
    struct ps_literals *literals; /* of all patterns that have some */
    uint32_t *literal_owners;     /* the pattern of each */
    size_t literal_count;
    uint32_t *always; /* patterns without: asked on every line */
    size_t always_count;

    struct ps_arena *arena; /* of samples */
    struct ps_scan_totals *totals;
    char *line; /* the line in hand as far as it has come, no LF; room for one byte over the limit */
    size_t line_len;
    struct open_sample *open_samples;
    size_t open_count;
    struct ps_multiline trace;      /* that open samples belong to */
    const struct ps_redact *redact; /* NULL: samples are kept as they are */
    struct ps_redact_counts *redacted;
};

/* What patterns are asked about: a line without its end, or a piece of one. */
struct part {
    struct ps_span text;
    size_t from, until; /* a match that begins there is this part's own */
    bool has_literal;
    bool has_time;
    int64_t time_ms;
};

/* -- opening --------------------------------------------------------------------------------------------------------
 */

static enum ps_err open_literals(struct ps_arena *process, struct ps_scanner *scanner)
{
    const struct ps_patterns *patterns = scanner->patterns;
    size_t count = 0;
    for (size_t i = 0; i < patterns->count; i++)
        count += patterns->items[i].literal_count;
    struct ps_literal *literals = PS_ARENA_ARRAY(process, struct ps_literal, count);
    scanner->literal_owners = PS_ARENA_ARRAY(process, uint32_t, count);
    scanner->always = PS_ARENA_ARRAY(process, uint32_t, patterns->count);
    if (literals == NULL || scanner->literal_owners == NULL || scanner->always == NULL)
        PS_FAIL(PS_ERR_NO_MEMORY, "%zu literals of %zu patterns", count, patterns->count);
    for (uint32_t i = 0; i < patterns->count; i++) {
        const struct ps_pattern *pattern = &patterns->items[i];
        if (pattern->literal_count == 0) scanner->always[scanner->always_count++] = i;
        for (size_t k = 0; k < pattern->literal_count; k++) {
            scanner->literal_owners[scanner->literal_count] = i;
            literals[scanner->literal_count++] = pattern->literals[k];
        }
    }
    return ps_literals_open(process, literals, count, &scanner->literals);
}

enum ps_err ps_scanner_open(struct ps_arena *process, const struct ps_patterns *patterns, struct ps_scanner **out)
{
    PS_ASSERT(patterns->count <= PS_PATTERNS_MAX);
    size_t samples = 0;
    for (size_t i = 0; i < patterns->count; i++)
        samples += patterns->items[i].samples_max;
    struct ps_scanner *scanner = PS_ARENA_NEW(process, struct ps_scanner);
    if (scanner == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a scanner");
    scanner->patterns = patterns;
    scanner->line = ps_arena_bytes(process, PS_SCAN_LINE_BYTES_MAX + 1);
    scanner->open_samples = PS_ARENA_ARRAY(process, struct open_sample, samples);
    if (scanner->line == NULL || scanner->open_samples == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a scanner's line");
    PS_TRY(open_literals(process, scanner));
    *out = scanner;
    return PS_OK;
}

enum ps_err ps_scan_totals_make(struct ps_arena *arena, const struct ps_patterns *patterns, struct ps_scan_totals *out)
{
    struct ps_scan_count *counts = PS_ARENA_ARRAY(arena, struct ps_scan_count, patterns->count);
    if (counts == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "counts of %zu patterns", patterns->count);
    *out = (struct ps_scan_totals){ .counts = counts };
    return PS_OK;
}

void ps_scanner_hide(struct ps_scanner *scanner, const struct ps_redact *redact, struct ps_redact_counts *counts)
{
    scanner->redact = redact;
    scanner->redacted = counts;
}

void ps_scanner_begin(struct ps_scanner *scanner, struct ps_arena *arena, struct ps_scan_totals *totals)
{
    scanner->arena = arena;
    scanner->totals = totals;
    scanner->line_len = 0;
    scanner->open_count = 0;
}

uint64_t ps_scanner_offset(const struct ps_scanner *scanner)
{
    return scanner->totals->bytes;
}

/* -- counting bytes -------------------------------------------------------------------------------------------------
 */

/* Vector extensions: SSE2 here, NEON there. */
typedef uint8_t lane __attribute__((vector_size(16)));

enum { LANE_BYTES = sizeof(lane), LANES_MAX = UINT8_MAX /* until a byte of the sum is full */ };

static uint64_t sum_of(lane sums)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LANE_BYTES; i++)
        sum += sums[i];
    return sum;
}

static uint64_t count_byte(struct ps_span text, char c)
{
    const lane wanted = (lane){ 0 } + (uint8_t)c;
    uint64_t count = 0;
    size_t at = 0;
    while (text.len - at >= LANE_BYTES) {
        lane sums = { 0 };
        for (size_t i = 0; i < LANES_MAX && text.len - at >= LANE_BYTES; i++, at += LANE_BYTES) {
            lane bytes;
            memcpy(&bytes, text.data + at, sizeof bytes);
            sums -= (lane)(bytes == wanted);
        }
        count += sum_of(sums);
    }
    for (; at < text.len; at++)
        count += text.data[at] == c;
    return count;
}

/* text, which holds so many lines' ends, is in the totals. */
static void advance(struct ps_scanner *scanner, struct ps_span text, uint64_t lines)
{
    scanner->totals->nul_bytes += count_byte(text, '\0');
    scanner->totals->bytes += text.len;
    scanner->totals->lines += lines;
}

/* -- samples --------------------------------------------------------------------------------------------------------
 */

/* Repaired text onto buf, as much as fits before the mark of a cut. False when it was cut. */
static enum ps_err put_repaired(struct ps_scanner *scanner, struct ps_buf *buf, struct ps_span text, bool *whole)
{
    size_t room = buf->cap - buf->len - CUT.len;
    struct ps_arena_mark mark = ps_arena_mark(scanner->arena);
    struct ps_span repaired;
    size_t replaced = 0;
    PS_TRY(ps_utf8_repair(scanner->arena, ps_span_first(text, buf->cap), &repaired, &replaced));
    *whole = repaired.len <= room;
    ps_buf_put(buf, ps_span_first(repaired, ps_utf8_cut(repaired, room)));
    if (!*whole) ps_buf_put(buf, CUT);
    ps_arena_rewind(scanner->arena, mark);
    return PS_OK;
}

/* Hides what is secret in text, on the arena. *at, a place in it, moves along, not to the byte: it only tells what is
 * shown. */
static enum ps_err hide(struct ps_scanner *scanner, struct ps_span *text, size_t *at)
{
    struct ps_span before = ps_span_first(*text, *at);
    if (scanner->redact == NULL) return PS_OK;
    size_t begin = *at > HIDE_BYTES ? *at - HIDE_BYTES : 0;
    struct ps_redact_counts uncounted = { 0 };
    *text = ps_span_first(ps_span_from(*text, begin), 2 * HIDE_BYTES);
    before = ps_span_from(before, begin);
    PS_TRY(ps_redact_text(scanner->redact, scanner->arena, *text, text, scanner->redacted));
    PS_TRY(ps_redact_text(scanner->redact, scanner->arena, before, &before, &uncounted));
    *at = before.len < text->len ? before.len : text->len;
    return PS_OK;
}

/* The next line of the open sample. *full: nothing may join it any more. */
static enum ps_err join(struct ps_scanner *scanner, struct open_sample *open, struct ps_span line, bool *full)
{
    bool whole = false;
    if (open->text.cap - open->text.len <= 1 + CUT.len || open->lines == PS_SCAN_SAMPLE_LINES_MAX) {
        ps_buf_put(&open->text, CUT);
    } else {
        struct ps_arena_mark mark = ps_arena_mark(scanner->arena);
        size_t begin = 0;
        ps_buf_byte(&open->text, '\n');
        PS_TRY(hide(scanner, &line, &begin));
        PS_TRY(put_repaired(scanner, &open->text, line, &whole));
        ps_arena_rewind(scanner->arena, mark);
    }
    open->lines++;
    open->sample->text = ps_buf_span(&open->text);
    *full = !whole;
    return PS_OK;
}

/* Puts the line behind the open samples whose trace it continues; else they are over. */
static enum ps_err join_line(struct ps_scanner *scanner, struct ps_span line)
{
    if (!ps_multiline_continues(&scanner->trace, line)) scanner->open_count = 0;
    for (size_t i = 0; i < scanner->open_count;) {
        bool full = false;
        PS_TRY(join(scanner, &scanner->open_samples[i], line, &full));
        if (full)
            scanner->open_samples[i] = scanner->open_samples[--scanner->open_count];
        else
            i++;
    }
    return PS_OK;
}

/* What was found stands in a long line's sample, wherever it is. */
static struct ps_span around(struct ps_span text, size_t found, bool *cut_before)
{
    *cut_before = text.len > PS_SCAN_SAMPLE_BYTES_MAX - CUT.len && found > SAMPLE_BEFORE_BYTES;
    return *cut_before ? ps_span_from(text, found - SAMPLE_BEFORE_BYTES) : text;
}

static uint64_t count_hidden(const struct ps_scanner *scanner)
{
    return scanner->redact != NULL ? ps_redact_total(scanner->redacted) : 0;
}

/* The named groups of the match in hand, into memory that has PS_SCAN_FIELD_BYTES_MAX for each. hidden: what is left of
 * a line that had secrets, of which no group tells either; NULL for one that had none. */
static enum ps_err take_fields(struct ps_scanner *scanner, const struct ps_pattern *pattern, struct ps_span text,
                               const struct ps_span *hidden, char *memory, struct ps_scan_sample *sample)
{
    for (size_t i = 0; i < pattern->group_count; i++) {
        struct ps_span value;
        if (!ps_match_group(scanner->patterns->scratch, text, pattern->groups[i].number, &value)) continue;
        struct ps_buf buf;
        bool whole = false;
        ps_buf_init_fixed(&buf, memory + i * PS_SCAN_FIELD_BYTES_MAX, PS_SCAN_FIELD_BYTES_MAX);
        size_t begin = 0;
        if (hidden != NULL && ps_span_find(*hidden, value) == PS_SPAN_NONE) value = PS_SPAN("[REDACTED]");
        PS_TRY(hide(scanner, &value, &begin));
        PS_TRY(put_repaired(scanner, &buf, value, &whole));
        sample->fields[sample->field_count++] = (struct ps_scan_field){ pattern->groups[i].name, ps_buf_span(&buf) };
    }
    return PS_OK;
}

static enum ps_err take_sample(struct ps_scanner *scanner, const struct ps_pattern *pattern,
                               struct ps_scan_count *count, const struct part *part, size_t found)
{
    char *memory =
        ps_arena_bytes(scanner->arena, PS_SCAN_SAMPLE_BYTES_MAX + pattern->group_count * PS_SCAN_FIELD_BYTES_MAX);
    if (memory == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a sample of %d bytes", PS_SCAN_SAMPLE_BYTES_MAX);
    struct ps_arena_mark mark = ps_arena_mark(scanner->arena);
    struct ps_scan_sample *sample = &count->samples[count->sample_count];
    *sample = (struct ps_scan_sample){ .at = count->last };
    struct open_sample open = { .sample = sample, .lines = 1 };
    ps_buf_init_fixed(&open.text, memory, PS_SCAN_SAMPLE_BYTES_MAX);
    bool cut_before = false;
    bool whole = false;
    struct ps_span hidden = part->text;
    uint64_t hidden_before = count_hidden(scanner);
    PS_TRY(hide(scanner, &hidden, &found));
    struct ps_span text = around(hidden, found, &cut_before);
    if (cut_before) ps_buf_put(&open.text, CUT);
    PS_TRY(put_repaired(scanner, &open.text, text, &whole));
    sample->text = ps_buf_span(&open.text);
    PS_TRY(take_fields(scanner, pattern, part->text, count_hidden(scanner) > hidden_before ? &hidden : NULL,
                       memory + PS_SCAN_SAMPLE_BYTES_MAX, sample));
    ps_arena_rewind(scanner->arena, mark);
    count->sample_count++;
    if (whole) scanner->open_samples[scanner->open_count++] = open;
    return PS_OK;
}

/* -- asking ---------------------------------------------------------------------------------------------------------
 */

static uint64_t bit_of(uint32_t index)
{
    return UINT64_C(1) << index % WORD_BITS;
}

/* The hit of a line, or of the split line in hand. */
static struct ps_scan_hit hit_of(const struct ps_scan_totals *totals, struct part *part)
{
    bool at_begin = !totals->in_split_line || totals->line_begin == totals->bytes;
    if (!part->has_time) part->time_ms = at_begin ? ps_line_time_find(part->text) : PS_LINE_TIME_NONE;
    part->has_time = true;
    return (struct ps_scan_hit){
        .line = totals->lines + 1,
        .byte = totals->in_split_line ? totals->line_begin : totals->bytes,
        .time_ms = part->time_ms,
    };
}

static enum ps_err count_hit(struct ps_scanner *scanner, uint32_t index, struct part *part, size_t found)
{
    const struct ps_pattern *pattern = &scanner->patterns->items[index];
    struct ps_scan_totals *totals = scanner->totals;
    struct ps_scan_count *count = &totals->counts[index];
    if (totals->in_split_line) totals->line_counted[index / WORD_BITS] |= bit_of(index);
    count->last = hit_of(totals, part);
    if (count->lines++ == 0) count->first = count->last;
    return count->sample_count < pattern->samples_max ? take_sample(scanner, pattern, count, part, found) : PS_OK;
}

static enum ps_err ask(struct ps_scanner *scanner, uint32_t index, struct part *part)
{
    struct ps_scan_totals *totals = scanner->totals;
    struct ps_scan_count *count = &totals->counts[index];
    bool is_counted = (totals->line_counted[index / WORD_BITS] & bit_of(index)) != 0;
    if (is_counted || count->given_up >= PS_SCAN_GIVEN_UP_MAX) return PS_OK;
    size_t begin = 0;
    size_t end = 0;
    switch (ps_match_find(scanner->patterns->items[index].match, scanner->patterns->scratch, part->text, part->from,
                          &begin, &end)) {
    case PS_MATCH_FOUND:
        return begin < part->until ? count_hit(scanner, index, part, begin) : PS_OK;
    case PS_MATCH_LIMIT:
        count->given_up++;
        totals->given_up++;
        break;
    case PS_MATCH_NOT_FOUND:
        break;
    }
    return PS_OK;
}

/* Asks the patterns that have a literal in the text, each once. */
static enum ps_err ask_selected(struct ps_scanner *scanner, struct part *part)
{
    uint64_t found[PS_LITERALS_MAX / WORD_BITS];
    uint64_t selected[PS_PATTERNS_MAX / WORD_BITS] = { 0 };
    size_t words = (scanner->literal_count + WORD_BITS - 1) / WORD_BITS;
    memset(found, 0, words * sizeof *found);
    ps_literals_mark(scanner->literals, part->text, found);
    for (size_t word = 0; word < words; word++) {
        for (uint64_t bits = found[word]; bits != 0; bits &= bits - 1) {
            uint32_t index = scanner->literal_owners[word * WORD_BITS + (size_t)__builtin_ctzll(bits)];
            if ((selected[index / WORD_BITS] & bit_of(index)) == 0) PS_TRY(ask(scanner, index, part));
            selected[index / WORD_BITS] |= bit_of(index);
        }
    }
    return PS_OK;
}

static enum ps_err ask_all(struct ps_scanner *scanner, struct part *part)
{
    for (size_t i = 0; i < scanner->always_count; i++)
        PS_TRY(ask(scanner, scanner->always[i], part));
    return part->has_literal ? ask_selected(scanner, part) : PS_OK;
}

static struct ps_span without_cr(struct ps_span line)
{
    return line.len > 0 && line.data[line.len - 1] == '\r' ? ps_span_first(line, line.len - 1) : line;
}

/* A whole line, its end left out. */
static enum ps_err scan_line(struct ps_scanner *scanner, struct ps_span line, bool has_literal)
{
    bool traced = scanner->open_count > 0;
    if (traced) PS_TRY(join_line(scanner, line));
    struct part part = { .text = line, .until = SIZE_MAX, .has_literal = has_literal };
    PS_TRY(ask_all(scanner, &part));
    if (!traced && scanner->open_count > 0) {
        ps_multiline_begin(&scanner->trace);
        (void)ps_multiline_continues(&scanner->trace, line);
    }
    return PS_OK;
}

/* Where the next line with a literal has it; text.len when there is none. */
static size_t find_literal(const struct ps_scanner *scanner, struct ps_span text, size_t from)
{
    ptrdiff_t at = ps_literals_find(scanner->literals, text, from);
    return at == PS_SPAN_NONE ? text.len : (size_t)at;
}

/* -- whole lines ----------------------------------------------------------------------------------------------------
 */

/* Goes over the lines that nobody has to be asked about: up to the begin of the one that holds `until`. */
static size_t skip_lines(struct ps_scanner *scanner, struct ps_span lines, size_t at, size_t until)
{
    struct ps_span skipped = ps_span_make(lines.data + at, until - at);
    if (until < lines.len) {
        const char *lf = skipped.len == 0 ? NULL : memrchr(skipped.data, '\n', skipped.len);
        skipped.len = lf == NULL ? 0 : (size_t)(lf + 1 - skipped.data);
    }
    advance(scanner, skipped, count_byte(skipped, '\n'));
    return at + skipped.len;
}

/* Lines, each with its LF. */
static enum ps_err scan_lines(struct ps_scanner *scanner, struct ps_span lines)
{
    size_t literal = find_literal(scanner, lines, 0);
    size_t at = 0;
    for (;;) {
        if (scanner->always_count == 0 && scanner->open_count == 0) at = skip_lines(scanner, lines, at, literal);
        if (at == lines.len) return PS_OK;
        struct ps_span rest = ps_span_from(lines, at);
        size_t len = (size_t)ps_span_find_byte(rest, '\n');
        bool has_literal = literal < at + len;
        PS_TRY(scan_line(scanner, without_cr(ps_span_first(rest, len)), has_literal));
        advance(scanner, ps_span_first(rest, len + 1), 1);
        at += len + 1;
        if (has_literal) literal = find_literal(scanner, lines, at);
    }
}

/* -- the line in hand -----------------------------------------------------------------------------------------------
 */

static enum ps_err scan_piece(struct ps_scanner *scanner, struct ps_span piece, size_t until)
{
    struct ps_scan_totals *totals = scanner->totals;
    struct part part = {
        .text = piece,
        .from = totals->bytes == totals->line_begin ? 0 : ps_span_first(piece, LOOK_BEHIND_BYTES).len,
        .until = until,
        .has_literal = find_literal(scanner, piece, 0) < piece.len,
    };
    PS_TRY(ask_all(scanner, &part));
    scanner->open_count = 0; /* a split line joins nothing, and nothing joins it */
    return PS_OK;
}

/* The line in hand is over the limit: its first piece goes. */
static enum ps_err split(struct ps_scanner *scanner)
{
    struct ps_scan_totals *totals = scanner->totals;
    if (!totals->in_split_line) {
        totals->in_split_line = true;
        totals->line_begin = totals->bytes;
        totals->split_lines++;
    }
    struct ps_span piece = ps_span_make(scanner->line, PS_SCAN_LINE_BYTES_MAX);
    PS_TRY(scan_piece(scanner, piece, PIECE_STEP + LOOK_BEHIND_BYTES));
    advance(scanner, ps_span_first(piece, PIECE_STEP), 0);
    scanner->line_len -= PIECE_STEP;
    memmove(scanner->line, scanner->line + PIECE_STEP, scanner->line_len);
    return PS_OK;
}

static enum ps_err carry(struct ps_scanner *scanner, struct ps_span text)
{
    while (text.len > 0) {
        struct ps_span part = ps_span_first(text, PS_SCAN_LINE_BYTES_MAX + 1 - scanner->line_len);
        memcpy(scanner->line + scanner->line_len, part.data, part.len);
        scanner->line_len += part.len;
        text = ps_span_from(text, part.len);
        if (scanner->line_len > PS_SCAN_LINE_BYTES_MAX) PS_TRY(split(scanner));
    }
    return PS_OK;
}

/* The line in hand is over; end: its LF, or empty at the text's end. */
static enum ps_err finish_line(struct ps_scanner *scanner, struct ps_span end)
{
    struct ps_scan_totals *totals = scanner->totals;
    struct ps_span carried = ps_span_make(scanner->line, scanner->line_len);
    struct ps_span line = end.len > 0 ? without_cr(carried) : carried;
    if (totals->in_split_line)
        PS_TRY(scan_piece(scanner, line, SIZE_MAX));
    else
        PS_TRY(scan_line(scanner, line, find_literal(scanner, line, 0) < line.len));
    advance(scanner, carried, 0);
    advance(scanner, end, 1);
    scanner->line_len = 0;
    totals->in_split_line = false;
    memset(totals->line_counted, 0, sizeof totals->line_counted);
    return PS_OK;
}

/* -- feeding --------------------------------------------------------------------------------------------------------
 */

enum ps_err ps_scanner_feed(struct ps_scanner *scanner, struct ps_span text)
{
    while (text.len > 0) {
        /* Of whole lines so much at a time that none of them is over the limit. */
        struct ps_span lines = ps_span_first(text, PS_SCAN_LINE_BYTES_MAX);
        bool in_line = scanner->line_len > 0 || scanner->totals->in_split_line;
        const char *last = in_line ? NULL : memrchr(lines.data, '\n', lines.len);
        if (last != NULL) {
            lines = ps_span_between(lines.data, last + 1);
            PS_TRY(scan_lines(scanner, lines));
            text = ps_span_from(text, lines.len);
            continue;
        }
        ptrdiff_t end = ps_span_find_byte(text, '\n');
        if (end == PS_SPAN_NONE) return carry(scanner, text);
        PS_TRY(carry(scanner, ps_span_first(text, (size_t)end)));
        PS_TRY(finish_line(scanner, ps_span_make(text.data + end, 1)));
        text = ps_span_from(text, (size_t)end + 1);
    }
    return PS_OK;
}

enum ps_err ps_scanner_finish(struct ps_scanner *scanner)
{
    if (scanner->line_len == 0 && !scanner->totals->in_split_line) return PS_OK;
    return finish_line(scanner, PS_SPAN(""));
}
