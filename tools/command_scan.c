#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/utf8.h"
#include "penstock_commands.h"
#include "record/clean.h"
#include "scan/decode.h"
#include "scan/scanner.h"

static const char HELP[] =
    "Usage: penstock scan [--patterns FILE] [--json] [FILE...|-]\n"
    "       penstock scan [--patterns FILE] --explain|--show\n\n"
    "Counts, for each named pattern, the lines of log files that have it, with the code of the log extractor: gzip "
    "and\n"
    "zstd are undone, UTF-16 with a byte order mark is read, lines end with LF or CR LF. For each file a table of the\n"
    "patterns that were found: lines, first and last line, and the first sample.\n\n"
    "  --patterns   a JSON file of patterns (docs/wire/patterns.md); default: the set of the log extractor\n"
    "  --json       one line a file: {\"file\",\"bytes\",\"lines\",\"patterns\":{name:lines that match}}, with every "
    "pattern;\n"
    "               bytes are of the text, after decompression\n"
    "  --explain    the patterns and the literals that select their lines; those without are asked on every line,\n"
    "               which is slow\n"
    "  --show       the patterns as their JSON file: the default set is one to begin with\n\n"
    "Patterns that ran into their limits on a line, lines over 1 MiB and files that look binary are told on stderr.\n"
    "Exit codes: 0 all read; 1 a file or the patterns could not be read (named on stderr); 2 wrong usage.\n";

enum {
    PROCESS_ARENA_BYTES = 512 << 20, /* patterns, a line, and zstd's largest window; touched as far as needed */
    FILE_ARENA_BYTES = 128 << 20,    /* samples of one file: 256 patterns, 20 each, whole */
    READ_BYTES = 256 << 10,
    LINE_BYTES_MAX = 64 << 10, /* of JSON: 256 names and numbers, and a file's name */
    PROGRESS_BYTES = 64 << 20, /* shorter files are done before a bar is seen */
    PROGRESS_STEP = 4 << 20,
    BAR_CELLS = 40,
    NAME_COLUMNS = 24,
    SAMPLE_BYTES = 100, /* in the table */
    BINARY_SHARE = 100, /* one NUL byte in so many: no text */
};

struct scan {
    struct ps_arena process, arena; /* arena: of one file */
    struct ps_span patterns_json;
    struct ps_patterns patterns;
    struct ps_scanner *scanner;
    struct ps_decode *decode;
    char *read_memory;
    bool json, explain, show, progress;
    uint64_t file_bytes, read_bytes; /* of the file in hand; 0: not known */
};

/* -- reading --------------------------------------------------------------------------------------------------------
 */

static void show_progress(const struct scan *scan, bool over)
{
    if (!scan->progress || scan->file_bytes < PROGRESS_BYTES) return;
    uint64_t done = scan->read_bytes < scan->file_bytes ? scan->read_bytes : scan->file_bytes;
    int cells = (int)(done * BAR_CELLS / scan->file_bytes);
    if (over)
        fprintf(stderr, "\r%*s\r", BAR_CELLS + 8, "");
    else
        fprintf(stderr, "\r[%-*.*s] %3d %%", BAR_CELLS, cells, "########################################",
                (int)(done * 100 / scan->file_bytes));
}

static enum ps_err read_some(int fd, char *memory, struct ps_span *out)
{
    ssize_t got;
    do {
        got = read(fd, memory, READ_BYTES);
    } while (got < 0 && errno == EINTR);
    if (got < 0) PS_FAIL(PS_ERR_SYSTEM, "read: %s", strerror(errno));
    *out = ps_span_make(memory, (size_t)got);
    return PS_OK;
}

/* Scans what the decoder makes of the bytes it was fed. */
static enum ps_err scan_decoded(struct scan *scan, bool *done)
{
    for (;;) {
        struct ps_span text;
        PS_TRY(ps_decode_next(scan->decode, &text, done));
        if (text.len == 0) return PS_OK;
        PS_TRY(ps_scanner_feed(scan->scanner, text));
    }
}

static enum ps_err scan_descriptor(struct scan *scan, int fd)
{
    for (bool done = false; !done;) {
        struct ps_span bytes;
        PS_TRY(read_some(fd, scan->read_memory, &bytes));
        scan->read_bytes += bytes.len;
        ps_decode_feed(scan->decode, bytes, bytes.len == 0);
        PS_TRY(scan_decoded(scan, &done));
        if (scan->read_bytes % PROGRESS_STEP < READ_BYTES) show_progress(scan, false);
    }
    return ps_scanner_finish(scan->scanner);
}

static enum ps_err open_file(const char *name, int *fd, uint64_t *bytes)
{
    struct stat status;
    int opened = open(name, O_RDONLY | O_CLOEXEC);
    if (opened < 0) PS_FAIL(PS_ERR_SYSTEM, "open: %s", strerror(errno));
    *bytes = fstat(opened, &status) == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    *fd = opened;
    return PS_OK;
}

static enum ps_err scan_file(struct scan *scan, const char *name, struct ps_scan_totals *totals)
{
    bool standard_input = strcmp(name, "-") == 0;
    int fd = STDIN_FILENO;
    scan->read_bytes = 0;
    scan->file_bytes = 0;
    if (!standard_input) PS_TRY(open_file(name, &fd, &scan->file_bytes));
    ps_scanner_begin(scan->scanner, &scan->arena, totals);
    ps_decode_begin(scan->decode);
    enum ps_err err = scan_descriptor(scan, fd);
    show_progress(scan, true);
    if (!standard_input) (void)close(fd);
    return err;
}

/* -- telling --------------------------------------------------------------------------------------------------------
 */

static enum ps_err print(struct ps_span text)
{
    if (fwrite(text.data, 1, text.len, stdout) == text.len) return PS_OK;
    PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
}

static enum ps_err print_json(struct scan *scan, const char *name, const struct ps_scan_totals *totals)
{
    struct ps_buf buf;
    struct ps_json_writer writer;
    struct ps_span file;
    struct ps_span line;
    size_t repaired = 0;
    PS_TRY(ps_utf8_repair(&scan->arena, ps_span_of(name), &file, &repaired));
    ps_buf_init(&buf, &scan->arena, LINE_BYTES_MAX);
    ps_json_write_init(&writer, &buf);
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, PS_SPAN("file"), file);
    ps_json_write_key(&writer, PS_SPAN("bytes"));
    ps_json_write_u64(&writer, totals->bytes);
    ps_json_write_key(&writer, PS_SPAN("lines"));
    ps_json_write_u64(&writer, totals->lines);
    ps_json_write_key(&writer, PS_SPAN("patterns"));
    ps_json_write_object_begin(&writer);
    for (size_t i = 0; i < scan->patterns.count; i++) {
        ps_json_write_key(&writer, scan->patterns.items[i].name);
        ps_json_write_u64(&writer, totals->counts[i].lines);
    }
    ps_json_write_object_end(&writer);
    ps_json_write_object_end(&writer);
    PS_TRY(ps_json_write_finish(&writer, &line));
    PS_TRY(print(line));
    return print(PS_SPAN("\n"));
}

/* The sample's first line as a terminal can show it. */
static enum ps_err sample_line(struct ps_arena *arena, const struct ps_scan_count *count, struct ps_span *out)
{
    if (count->sample_count == 0) {
        *out = PS_SPAN("");
        return PS_OK;
    }
    struct ps_span text;
    bool was_cut = false;
    PS_TRY(ps_clean(arena, count->samples[0].text, PS_CLEAN_UNLIMITED, &text, &was_cut));
    ptrdiff_t end = ps_span_find_byte(text, '\n');
    if (end != PS_SPAN_NONE) text = ps_span_first(text, (size_t)end);
    *out = ps_span_first(text, ps_utf8_cut(text, SAMPLE_BYTES));
    return PS_OK;
}

static enum ps_err print_table(struct scan *scan, const char *name, const struct ps_scan_totals *totals)
{
    bool found = false;
    printf("%s: %lu bytes, %lu lines\n", name, (unsigned long)totals->bytes, (unsigned long)totals->lines);
    for (size_t i = 0; i < scan->patterns.count; i++) {
        const struct ps_pattern *pattern = &scan->patterns.items[i];
        const struct ps_scan_count *count = &totals->counts[i];
        struct ps_span sample;
        if (count->lines == 0) continue;
        if (!found)
            printf("  %-*s %-8s %10s %10s %10s  sample\n", NAME_COLUMNS, "pattern", "severity", "lines", "first",
                   "last");
        found = true;
        PS_TRY(sample_line(&scan->arena, count, &sample));
        struct ps_span severity = ps_severity_name(pattern->severity);
        printf("  %-*.*s %-8.*s %10lu %10lu %10lu  %.*s\n", NAME_COLUMNS, PS_SPAN_ARG(pattern->name),
               PS_SPAN_ARG(severity), (unsigned long)count->lines, (unsigned long)count->first.line,
               (unsigned long)count->last.line, PS_SPAN_ARG(sample));
    }
    if (!found) printf("  nothing found\n");
    return PS_OK;
}

static void print_notes(const struct ps_patterns *patterns, const char *name, const struct ps_scan_totals *totals)
{
    if (totals->nul_bytes > totals->bytes / BINARY_SHARE)
        fprintf(stderr, "penstock: %s: looks binary: %lu NUL bytes\n", name, (unsigned long)totals->nul_bytes);
    if (totals->split_lines > 0)
        fprintf(stderr, "penstock: %s: %lu lines over %d bytes, scanned in pieces\n", name,
                (unsigned long)totals->split_lines, PS_SCAN_LINE_BYTES_MAX);
    for (size_t i = 0; totals->given_up > 0 && i < patterns->count; i++) {
        if (totals->counts[i].given_up == 0) continue;
        fprintf(stderr, "penstock: %s: pattern %.*s is too slow and was given up on %lu lines%s\n", name,
                PS_SPAN_ARG(patterns->items[i].name), (unsigned long)totals->counts[i].given_up,
                totals->counts[i].given_up < PS_SCAN_GIVEN_UP_MAX ? "" : ", then asked no more");
    }
}

static enum ps_err report_file(struct scan *scan, const char *name)
{
    struct ps_scan_totals totals;
    PS_TRY(ps_scan_totals_make(&scan->arena, &scan->patterns, &totals));
    PS_TRY(scan_file(scan, name, &totals));
    print_notes(&scan->patterns, name, &totals);
    return scan->json ? print_json(scan, name, &totals) : print_table(scan, name, &totals);
}

/* -- explaining -----------------------------------------------------------------------------------------------------
 */

static void explain_pattern(const struct ps_pattern *pattern)
{
    printf("%-*.*s ", NAME_COLUMNS, PS_SPAN_ARG(pattern->name));
    if (pattern->literal_count == 0) printf("asked on every line: no literal is in each of its matches");
    for (size_t i = 0; i < pattern->literal_count; i++) {
        const struct ps_literal *literal = &pattern->literals[i];
        printf("%s\"%.*s\"%s", i > 0 ? " or " : "", PS_SPAN_ARG(literal->text),
               literal->caseless ? " in any case" : "");
    }
    printf("\n");
}

/* As it was given, on lines of its own. */
static enum ps_err show_patterns(struct ps_span json)
{
    PS_TRY(print(json));
    return ps_span_ends(json, PS_SPAN("\n")) ? PS_OK : print(PS_SPAN("\n"));
}

static void explain(const struct ps_patterns *patterns)
{
    size_t always = 0;
    for (size_t i = 0; i < patterns->count; i++) {
        explain_pattern(&patterns->items[i]);
        always += patterns->items[i].literal_count == 0;
    }
    printf("%zu patterns, %zu of them asked on every line\n", patterns->count, always);
}

/* -- the command ----------------------------------------------------------------------------------------------------
 */

/* Whole, onto the process arena. */
static enum ps_err read_patterns(struct scan *scan, const char *name)
{
    char *memory = ps_arena_bytes(&scan->process, PS_PATTERNS_BYTES_MAX + READ_BYTES);
    if (memory == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a file of patterns");
    int fd = -1;
    uint64_t bytes = 0;
    PS_TRY(open_file(name, &fd, &bytes));
    size_t len = 0;
    enum ps_err err = PS_OK;
    struct ps_span some = { .len = 1 };
    while (err == PS_OK && some.len > 0 && len <= PS_PATTERNS_BYTES_MAX) {
        err = read_some(fd, memory + len, &some);
        len += some.len;
    }
    (void)close(fd);
    scan->patterns_json = ps_span_make(memory, len);
    return err;
}

static enum ps_err open_scan(struct scan *scan, const char *patterns)
{
    PS_TRY(ps_arena_init(&scan->process, PROCESS_ARENA_BYTES));
    PS_TRY(ps_arena_init(&scan->arena, FILE_ARENA_BYTES));
    scan->patterns_json = ps_patterns_default();
    if (patterns != NULL) PS_TRY(read_patterns(scan, patterns));
    PS_TRY(ps_patterns_open(&scan->process, scan->patterns_json, &scan->patterns));
    PS_TRY(ps_scanner_open(&scan->process, &scan->patterns, &scan->scanner));
    PS_TRY(ps_decode_open(&scan->process, &scan->decode));
    scan->read_memory = ps_arena_bytes(&scan->process, READ_BYTES);
    if (scan->read_memory == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%d bytes to read into", READ_BYTES);
    return PS_OK;
}

static void close_scan(struct scan *scan)
{
    if (scan->decode != NULL) ps_decode_close(scan->decode);
    ps_patterns_close(&scan->patterns);
    ps_arena_fini(&scan->arena);
    ps_arena_fini(&scan->process);
}

/* Puts the names of files at the front of argv, behind the command's. False for what is no option. */
static bool read_options(int *argc, char **argv, struct scan *scan, const char **patterns)
{
    int names = 1;
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            scan->json = true;
        } else if (strcmp(argv[i], "--explain") == 0) {
            scan->explain = true;
        } else if (strcmp(argv[i], "--show") == 0) {
            scan->show = true;
        } else if (strcmp(argv[i], "--patterns") == 0 && i + 1 < *argc) {
            *patterns = argv[++i];
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            fprintf(stderr, "penstock: there is no option '%s' (--help tells what there is)\n", argv[i]);
            return false;
        } else {
            argv[names++] = argv[i];
        }
    }
    *argc = names;
    return true;
}

static int scan_files(struct scan *scan, int argc, char **argv)
{
    static char standard_input[] = "-";
    char *only[] = { argv[0], standard_input };
    int result = COMMAND_DONE;
    if (argc == 1) {
        argv = only;
        argc = 2;
    }
    for (int i = 1; i < argc; i++) {
        if (report_file(scan, argv[i]) != PS_OK) result = command_fault(argv[i]);
        ps_arena_reset(&scan->arena, FILE_ARENA_BYTES);
    }
    return result;
}

int command_scan(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    struct scan scan = { .progress = isatty(STDERR_FILENO) == 1 };
    const char *patterns = NULL;
    if (!read_options(&argc, argv, &scan, &patterns)) return COMMAND_USAGE;
    int result = COMMAND_DONE;
    if (open_scan(&scan, patterns) != PS_OK)
        result = command_fault(patterns != NULL ? patterns : "scan");
    else if (scan.show)
        result = show_patterns(scan.patterns_json) == PS_OK ? COMMAND_DONE : command_fault("scan");
    else if (scan.explain)
        explain(&scan.patterns);
    else
        result = scan_files(&scan, argc, argv);
    if (fflush(stdout) != 0) result = COMMAND_FAILED;
    close_scan(&scan);
    return result;
}
