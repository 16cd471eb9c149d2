#include "record/multiline.h"

enum { LOOK_BYTES_MAX = 1024, WORD_BYTES_MAX = 200 };

/* What the record in hand is. */
enum kind {
    KIND_PLAIN,        /* not known to be a trace */
    KIND_TRACE,        /* frames of Java, JavaScript or .NET, or a header that is sure of itself */
    KIND_PYTHON,       /* inside a traceback: frames until the exception's line */
    KIND_PYTHON_DONE,  /* behind the exception's line: a chain may follow */
    KIND_PYTHON_CHAIN, /* behind "During handling of ...": the next traceback follows */
    KIND_GO,
};

/* Whether the record's first line may be the head of a trace; found out when a line asks. */
enum start {
    START_UNKNOWN,
    START_NO,
    START_YES,
};

/* -- words ----------------------------------------------------------------------------------------------------------
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool starts_with_one_of(struct ps_span line, const struct ps_span *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ps_span_starts(line, words[i])) return true;
    }
    return false;
}

#define STARTS_WITH_ONE_OF(line, words) starts_with_one_of((line), (words), sizeof(words) / sizeof(words)[0])

static struct ps_span first_line(struct ps_span text)
{
    ptrdiff_t end = ps_span_find_byte(text, '\n');
    return end == PS_SPAN_NONE ? text : ps_span_first(text, (size_t)end);
}

static struct ps_span without_indent(struct ps_span line)
{
    while (line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t'))
        line = ps_span_from(line, 1);
    return line;
}

static bool is_blank(struct ps_span line)
{
    return ps_span_trim(line).len == 0;
}

/* Length of a qualified name (letters, digits, . $ _ and so on) at the beginning of line. *dots counts its dots. */
static size_t name_len(struct ps_span line, size_t *dots)
{
    size_t len = 0;
    *dots = 0;
    while (len < line.len && len < WORD_BYTES_MAX) {
        char c = line.data[len];
        if (!is_letter(c) && c != '.' && c != '$' && (len == 0 || !is_digit(c))) break;
        if (c == '.') (*dots)++;
        len++;
    }
    return len;
}

/* -- lines that begin a record, whatever is in hand ------------------------------------------------------------------
 */

static bool starts_with_level(struct ps_span line)
{
    static const struct ps_span LEVELS[] = {
        PS_SPAN_INIT("TRACE"),    PS_SPAN_INIT("DEBUG"), PS_SPAN_INIT("INFO"),
        PS_SPAN_INIT("NOTICE"),   PS_SPAN_INIT("WARN"),  PS_SPAN_INIT("ERROR"),
        PS_SPAN_INIT("CRITICAL"), PS_SPAN_INIT("FATAL"), PS_SPAN_INIT("SEVERE"),
    };
    if (line.len > 0 && line.data[0] == '[') line = ps_span_from(line, 1);
    return STARTS_WITH_ONE_OF(line, LEVELS);
}

/* 2026-11-21, 2026/11/21, 10:00:00, epoch seconds and longer, each also in brackets. */
static bool starts_with_time(struct ps_span line)
{
    if (line.len > 0 && line.data[0] == '[') line = ps_span_from(line, 1);
    size_t digits = 0;
    while (digits < line.len && digits < 10 && is_digit(line.data[digits]))
        digits++;
    if (digits == 10) return true;
    if (digits >= line.len || digits + 2 >= line.len || !is_digit(line.data[digits + 1])) return false;
    char separator = line.data[digits];
    return (digits == 4 && (separator == '-' || separator == '/')) || (digits == 2 && separator == ':');
}

/* Behind its indentation, the line is a record of its own. */
static bool begins_record(struct ps_span line)
{
    return line.len > 0 && (line.data[0] == '{' || starts_with_level(line) || starts_with_time(line));
}

/* -- heads of traces -------------------------------------------------------------------------------------------------
 */

/* java.lang.IllegalStateException: ..., System.InvalidOperationException, com.acme.OutOfStock: a qualified name that
 * ends in such a word. "Exception in thread" is found by the words below. */
static bool is_exception_head(struct ps_span line)
{
    static const struct ps_span ENDINGS[] = {
        PS_SPAN_INIT("Exception"), PS_SPAN_INIT("Error"),     PS_SPAN_INIT("Throwable"),
        PS_SPAN_INIT("Failure"),   PS_SPAN_INIT("Interrupt"),
    };
    size_t dots = 0;
    size_t len = name_len(line, &dots);
    if (dots == 0 || (len < line.len && line.data[len] != ':' && line.data[len] != '\r')) return false;
    struct ps_span name = ps_span_first(line, len);
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        if (ps_span_ends(name, ENDINGS[i])) return true;
    }
    return false;
}

static bool is_qualified_name_with_colon(struct ps_span line)
{
    size_t dots = 0;
    size_t len = name_len(line, &dots);
    return dots >= 2 && len < line.len && line.data[len] == ':';
}

/* Records that are never the head of a trace: JSON, and Lambda's own lines. */
static bool is_never_head(struct ps_span line)
{
    static const struct ps_span WORDS[] = {
        PS_SPAN_INIT("{"),
        PS_SPAN_INIT("START RequestId"),
        PS_SPAN_INIT("END RequestId"),
        PS_SPAN_INIT("REPORT RequestId"),
        PS_SPAN_INIT("INIT_"),
    };
    return STARTS_WITH_ONE_OF(line, WORDS);
}

/* A first line after which frames are no surprise. */
static bool looks_like_head(struct ps_span first)
{
    static const struct ps_span WORDS[] = {
        PS_SPAN_INIT("rror"),  PS_SPAN_INIT("ERR"),       PS_SPAN_INIT("xception"), PS_SPAN_INIT("hrowable"),
        PS_SPAN_INIT("WARN"),  PS_SPAN_INIT("FATAL"),     PS_SPAN_INIT("CRIT"),     PS_SPAN_INIT("SEVERE"),
        PS_SPAN_INIT("panic"), PS_SPAN_INIT("Unhandled"), PS_SPAN_INIT("Uncaught"), PS_SPAN_INIT("Traceback"),
        PS_SPAN_INIT("fatal"), PS_SPAN_INIT("Rejection"),
    };
    if (is_never_head(first)) return false;
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (ps_span_find(first, WORDS[i]) != PS_SPAN_NONE) return true;
    }
    return is_qualified_name_with_colon(first);
}

/* "fail: Acme.Api.Orders[0]": the console logger of .NET, which puts everything else on indented lines. */
static bool is_dotnet_console_head(struct ps_span first)
{
    static const struct ps_span LEVELS[] = {
        PS_SPAN_INIT("trce: "), PS_SPAN_INIT("dbug: "), PS_SPAN_INIT("info: "),
        PS_SPAN_INIT("warn: "), PS_SPAN_INIT("fail: "), PS_SPAN_INIT("crit: "),
    };
    struct ps_span line = ps_span_trim(first_line(first));
    return STARTS_WITH_ONE_OF(line, LEVELS) && ps_span_ends(line, PS_SPAN("]"));
}

/* -- lines of traces -------------------------------------------------------------------------------------------------
 */

/* "at com.acme.Orders.load(Orders.java:12)", "at async main (file.js:1:2)", "at Acme.Api.Run() in /src/Api.cs:line 3"
 */
static bool is_frame(struct ps_span bare)
{
    return ps_span_starts(bare, PS_SPAN("at ")) && bare.len > 3;
}

/* "... 12 more", "... 3 common frames omitted" */
static bool is_elision(struct ps_span bare)
{
    return ps_span_starts(bare, PS_SPAN("... ")) && bare.len > 4 && is_digit(bare.data[4]);
}

/* Words that go on with a trace at the margin (and indented, where nested). */
static bool is_cause(struct ps_span bare)
{
    static const struct ps_span WORDS[] = {
        PS_SPAN_INIT("Caused by: "),
        PS_SPAN_INIT("Suppressed: "),
        PS_SPAN_INIT("Wrapped by: "),
        PS_SPAN_INIT("---> "),
        PS_SPAN_INIT("--- End of inner exception stack trace ---"),
        PS_SPAN_INIT("--- End of stack trace from previous location"),
    };
    return STARTS_WITH_ONE_OF(bare, WORDS);
}

static bool is_chain(struct ps_span line)
{
    return ps_span_starts(line, PS_SPAN("During handling of the above exception, another exception occurred")) ||
           ps_span_starts(line, PS_SPAN("The above exception was the direct cause of the following exception"));
}

static bool is_traceback(struct ps_span bare)
{
    return ps_span_starts(bare, PS_SPAN("Traceback (most recent call last)")) ||
           ps_span_starts(bare, PS_SPAN("+ Exception Group Traceback (most recent call last)"));
}

/* "ValueError: no such order", "KeyboardInterrupt", "socket.timeout: timed out": the line that ends a traceback. A
 * name without a module is a built-in exception's and begins with a capital. */
static bool is_python_exception(struct ps_span line)
{
    size_t dots = 0;
    size_t len = name_len(line, &dots);
    if (len == 0 || starts_with_level(line)) return false;
    if (dots == 0 && !(line.data[0] >= 'A' && line.data[0] <= 'Z')) return false;
    struct ps_span rest = ps_span_from(line, len);
    return is_blank(first_line(rest)) || ps_span_starts(rest, PS_SPAN(": ")) || ps_span_starts(rest, PS_SPAN(":\n"));
}

/* "+------------------------------------", which closes an exception group. */
static bool is_group_end(struct ps_span bare)
{
    struct ps_span line = ps_span_trim(bare);
    if (!ps_span_starts(line, PS_SPAN("+--"))) return false;
    for (size_t i = 1; i < line.len; i++) {
        if (line.data[i] != '-') return false;
    }
    return true;
}

/* "load@https://acme.example/app.js:10:15", "@file:///app.js:1:1": a frame of Firefox or Safari. */
static bool is_at_sign_frame(struct ps_span line)
{
    struct ps_span look = ps_span_trim(first_line(ps_span_first(line, LOOK_BYTES_MAX)));
    ptrdiff_t at = ps_span_find_byte(look, '@');
    if (at == PS_SPAN_NONE || ps_span_find_byte(ps_span_first(look, (size_t)at), ' ') != PS_SPAN_NONE) return false;
    struct ps_span place = ps_span_from(look, (size_t)at + 1);
    size_t digits = 0;
    while (digits < place.len && is_digit(place.data[place.len - 1 - digits]))
        digits++;
    bool has_line = digits > 0 && digits < place.len && place.data[place.len - 1 - digits] == ':';
    return has_line && (ps_span_find(place, PS_SPAN("://")) != PS_SPAN_NONE || place.data[0] == '/');
}

/* "main.main()", "net/http.(*conn).serve(0xc000, {0x1, 0x2})", "panic({0x45, 0x6})", "created by main.run in goroutine
 * 1" */
static bool is_go_function(struct ps_span line)
{
    if (ps_span_starts(line, PS_SPAN("created by "))) return true;
    struct ps_span look = ps_span_trim(first_line(ps_span_first(line, LOOK_BYTES_MAX)));
    if (look.len < 3 || !is_letter(look.data[0]) || look.data[look.len - 1] != ')') return false;
    ptrdiff_t open = ps_span_find_byte(look, '(');
    if (open == PS_SPAN_NONE) return false;
    struct ps_span name = ps_span_first(look, (size_t)open);
    if (ps_span_find_byte(name, ' ') != PS_SPAN_NONE) return false;
    return ps_span_eq(name, PS_SPAN("panic")) || ps_span_find_byte(name, '.') != PS_SPAN_NONE;
}

static bool is_goroutine(struct ps_span line)
{
    return ps_span_starts(line, PS_SPAN("goroutine ")) && line.len > 10 && is_digit(line.data[10]);
}

static bool is_go_line(struct ps_span line)
{
    static const struct ps_span WORDS[] = {
        PS_SPAN_INIT("[signal "),       PS_SPAN_INIT("[originating from "), PS_SPAN_INIT("[recovered]"),
        PS_SPAN_INIT("runtime stack:"), PS_SPAN_INIT("exit status "),       PS_SPAN_INIT("..."),
    };
    return is_blank(line) || is_goroutine(line) || STARTS_WITH_ONE_OF(line, WORDS) || is_go_function(line);
}

/* -- the record in hand
 * ------------------------------------------------------------------------------------------------ */

/* How the record in hand begins. */
static struct ps_span first_of(const struct ps_multiline *state)
{
    return ps_span_make(state->look, state->look_len);
}

static bool is_head(struct ps_multiline *state)
{
    if (state->kind != KIND_PLAIN) return true;
    if (state->start == START_UNKNOWN) state->start = looks_like_head(first_of(state)) ? START_YES : START_NO;
    return state->start == START_YES;
}

/* What a record is that begins with line, by its first bytes only. */
static enum kind kind_of_first(struct ps_span line)
{
    if (line.len == 0) return KIND_PLAIN;
    switch (line.data[0]) {
    case ' ':
    case '\t': {
        struct ps_span bare = without_indent(line);
        if (is_traceback(bare)) return KIND_PYTHON;
        if (ps_span_starts(bare, PS_SPAN("File \""))) return KIND_PYTHON;
        return is_frame(bare) || is_elision(bare) || is_cause(bare) ? KIND_TRACE : KIND_PLAIN;
    }
    case 'T':
        return is_traceback(line) ? KIND_PYTHON : KIND_PLAIN;
    case 'p':
        return ps_span_starts(line, PS_SPAN("panic: ")) ? KIND_GO : KIND_PLAIN;
    case 'f':
        return ps_span_starts(line, PS_SPAN("fatal error: ")) ? KIND_GO : KIND_PLAIN;
    case 'g':
        return is_goroutine(line) ? KIND_GO : KIND_PLAIN;
    case 'r':
        return ps_span_starts(line, PS_SPAN("runtime: goroutine stack exceeds")) ? KIND_GO : KIND_PLAIN;
    case 'S':
        return ps_span_starts(line, PS_SPAN("SIGSEGV: ")) || ps_span_starts(line, PS_SPAN("SIGQUIT: ")) ||
                       ps_span_starts(line, PS_SPAN("SIGABRT: "))
                   ? KIND_GO
                   : KIND_PLAIN;
    case 'C':
        return is_cause(line) ? KIND_TRACE : KIND_PLAIN;
    default:
        return KIND_PLAIN;
    }
}

/* "Error: boom {" opens a block whose closing brace stands at the margin; a nested one is indented. */
static void note_block(struct ps_multiline *state, struct ps_span text)
{
    struct ps_span trimmed = ps_span_trim(text);
    bool opens = ps_span_ends(trimmed, PS_SPAN(" {"));
    bool is_margin = text.len > 0 && text.data[0] != ' ' && text.data[0] != '\t';
    if (opens && state->block_depth == 0) state->block_depth = 1;
    if (is_margin && ps_span_starts(text, PS_SPAN("}"))) state->block_depth = 0;
}

/* -- does it continue?
 * -------------------------------------------------------------------------------------------------- */

/* Go parts goroutines by blank lines, Python the tracebacks of a chain. */
static bool may_hold_blank(const struct ps_multiline *state)
{
    return state->kind == KIND_GO || state->kind == KIND_PYTHON_DONE || state->kind == KIND_PYTHON_CHAIN;
}

static bool continues_indented(struct ps_multiline *state, struct ps_span line)
{
    struct ps_span bare = without_indent(line);
    if (bare.len == 0 || ps_span_starts(bare, PS_SPAN("\r")) || ps_span_starts(bare, PS_SPAN("\n")))
        return may_hold_blank(state);
    /* A line of source code may look like anything. */
    if (state->kind == KIND_PYTHON) {
        if (is_group_end(bare)) state->kind = KIND_PYTHON_DONE;
        return true;
    }
    if (begins_record(bare)) return state->block_depth > 0 && bare.data[0] == '{';
    if (!is_head(state)) return is_dotnet_console_head(first_of(state));
    if (state->kind == KIND_PLAIN && (is_frame(bare) || is_cause(bare) || is_elision(bare))) state->kind = KIND_TRACE;
    if (is_traceback(bare) || (state->kind == KIND_PLAIN && ps_span_starts(bare, PS_SPAN("File \""))))
        state->kind = KIND_PYTHON;
    return true;
}

/* At the margin, behind a record that is no Python traceback and no Go panic. */
static bool continues_at_margin(struct ps_multiline *state, struct ps_span line)
{
    switch (line.data[0]) {
    case 'C':
    case 'S':
    case 'W':
    case '-':
        return is_cause(line) && is_head(state);
    case '.':
        return is_elision(line) && state->kind == KIND_TRACE;
    case '}':
        return state->block_depth > 0;
    default:
        break;
    }
    if (state->kind == KIND_PLAIN && is_traceback(line) && is_head(state)) {
        state->kind = KIND_PYTHON;
        return true;
    }
    if (state->kind == KIND_PLAIN && is_goroutine(line) && is_head(state)) {
        state->kind = KIND_GO;
        return true;
    }
    /* "... ERROR could not load order", then "java.lang.IllegalStateException: no stock" */
    if (state->kind == KIND_PLAIN && state->lines == 1 && is_exception_head(line) &&
        !is_exception_head(first_of(state)) && is_head(state)) {
        state->kind = KIND_TRACE;
        return true;
    }
    bool may_be_browser = line.data[0] == '@' || is_letter(line.data[0]);
    if (may_be_browser && is_at_sign_frame(line) && is_head(state)) {
        state->kind = KIND_TRACE;
        return true;
    }
    return false;
}

static bool continues_python(struct ps_multiline *state, struct ps_span line)
{
    if (!is_python_exception(line)) return false;
    state->kind = KIND_PYTHON_DONE;
    return true;
}

static bool continues_python_chain(struct ps_multiline *state, struct ps_span line)
{
    if (is_blank(line)) return true;
    bool is_next = state->kind == KIND_PYTHON_CHAIN ? is_traceback(line) : is_chain(line);
    if (is_next) state->kind = state->kind == KIND_PYTHON_CHAIN ? KIND_PYTHON : KIND_PYTHON_CHAIN;
    return is_next;
}

static bool is_refused_at_once(const struct ps_multiline *state, struct ps_span text)
{
    if (text.len == 0) return !may_hold_blank(state);
    char c = text.data[0];
    if (c == '[') return state->kind != KIND_GO;
    return c == '{' || is_digit(c);
}

static bool decide(struct ps_multiline *state, struct ps_span text)
{
    if (is_refused_at_once(state, text)) return false;
    if (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) return continues_indented(state, text);
    switch ((enum kind)state->kind) {
    case KIND_PYTHON:
        return continues_python(state, text);
    case KIND_PYTHON_DONE:
    case KIND_PYTHON_CHAIN:
        return continues_python_chain(state, text);
    case KIND_GO:
        return is_go_line(text);
    case KIND_PLAIN:
    case KIND_TRACE:
        break;
    }
    return continues_at_margin(state, text);
}

/* A trace that arrived as one event is over when its last line says so. */
static enum kind kind_behind(enum kind kind, struct ps_span text)
{
    if (kind != KIND_PYTHON || text.len == 0) return kind;
    const char *last = memrchr(text.data, '\n', text.len - 1);
    if (last == NULL) return kind;
    struct ps_span line = ps_span_between(last + 1, text.data + text.len);
    bool is_margin = line.len > 0 && line.data[0] != ' ' && line.data[0] != '\t';
    return is_margin && is_python_exception(line) ? KIND_PYTHON_DONE : kind;
}

static void begin_record(struct ps_multiline *state, struct ps_span text)
{
    bool is_json = text.len > 0 && text.data[0] == '{';
    struct ps_span look = ps_span_first(text, is_json ? 0 : PS_MULTILINE_LOOK_BYTES_MAX);
    if (look.len > 0) memcpy(state->look, look.data, look.len);
    state->look_len = (uint16_t)look.len;
    state->kind = (uint8_t)kind_behind(kind_of_first(text), text);
    state->start = is_json ? START_NO : START_UNKNOWN;
    state->block_depth = 0;
}

void ps_multiline_begin(struct ps_multiline *state)
{
    state->lines = 0;
}

bool ps_multiline_continues(struct ps_multiline *state, struct ps_span text)
{
    bool continues = state->lines > 0 && decide(state, text);
    bool is_over_limit =
        continues && (state->lines >= PS_MULTILINE_LINES_MAX || state->bytes > PS_MULTILINE_BYTES_MAX ||
                      text.len >= PS_MULTILINE_BYTES_MAX - state->bytes);
    if (!continues || is_over_limit) {
        /* The rest of a trace that was too long is a trace as well: what is known of it stays. */
        if (!continues) begin_record(state, text);
        state->lines = 1;
        state->bytes = text.len;
        return false;
    }
    state->lines++;
    state->bytes += 1 + text.len;
    state->kind = (uint8_t)kind_behind((enum kind)state->kind, text);
    if (state->kind == KIND_TRACE || state->kind == KIND_PLAIN) note_block(state, text);
    return true;
}
