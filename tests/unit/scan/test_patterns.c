#include "scan/patterns.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "support/check.h"
#include "support/exact.h"

static struct ps_arena t_arena;

static void check_refused(const char *json, const char *note)
{
    struct ps_patterns patterns = { 0 };
    CHECK_ERR(ps_patterns_open(&t_arena, ps_span_of(json), &patterns), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), note);
    CHECK(patterns.items == NULL);
}

static void patterns_are_read_with_all_their_members(void)
{
    struct ps_patterns patterns = { 0 };
    struct ps_span json = exact_copy(PS_SPAN(
        "[{\"name\":\"timeout\",\"regex\":\"(?i)timed? ?out after (?<seconds>\\\\d+)(?<unit>m?s)\",\"severity\":"
        "\"error\",\"max_samples\":20},\n {\"severity\":\"info\",\"regex\":\"5\\\\d\\\\d\",\"name\":\"5-x_X\"}]"));
    CHECK_OK(ps_patterns_open(&t_arena, json, &patterns));
    exact_free(json); /* it is kept */
    CHECK_EQ(patterns.count, 2);
    CHECK(patterns.scratch != NULL);
    const struct ps_pattern *first = &patterns.items[0];
    CHECK_TEXT(first->name, "timeout");
    CHECK_TEXT(first->regex, "(?i)timed? ?out after (?<seconds>\\d+)(?<unit>m?s)");
    CHECK_EQ(first->severity, PS_SEVERITY_ERROR);
    CHECK_EQ(first->samples_max, 20);
    CHECK_EQ(first->literal_count, 4);
    CHECK_TEXT(first->literals[0].text, "timeout after ");
    CHECK(first->literals[0].caseless);
    CHECK_EQ(first->group_count, 2);
    CHECK_TEXT(first->groups[0].name, "seconds");
    CHECK_EQ(first->groups[0].number, 1);
    CHECK_TEXT(first->groups[1].name, "unit");
    CHECK_EQ(first->groups[1].number, 2);
    const struct ps_pattern *second = &patterns.items[1];
    CHECK_TEXT(second->name, "5-x_X");
    CHECK_EQ(second->severity, PS_SEVERITY_INFO);
    CHECK_EQ(second->samples_max, 3);
    CHECK_EQ(second->literal_count, 0);
    CHECK_EQ(second->group_count, 0);
    ps_patterns_close(&patterns);
    CHECK(patterns.items == NULL);
}

#define A_PATTERN "\"regex\":\"abc\",\"severity\":\"warn\""

static void a_mistake_names_the_pattern_and_its_member(void)
{
    check_refused("[{\"name\":\"a\"," A_PATTERN "},{\"name\":\"t\",\"severity\":\"warn\",\"regex\":\"a(b\"}]",
                  "pattern 2, t: regex: pattern: offset 3: missing closing parenthesis");
    check_refused("[{\"regex\":\"a(b\"}]", "pattern 1: regex: pattern: offset 3: missing closing parenthesis");
    check_refused("[{\"name\":\"a\"," A_PATTERN ",\"max_samples\":21}]",
                  "pattern 1, a: max_samples: 21 is not 0 to 20");
    check_refused("[{\"name\":\"a\"," A_PATTERN ",\"max_samples\":1.5}]",
                  "pattern 1, a: max_samples: 1.5 is not 0 to 20");
    check_refused("[{\"name\":\"a\"," A_PATTERN ",\"max_samples\":\"3\"}]", "pattern 1, a: max_samples: not a number");
    check_refused("[{\"name\":\"a\"," A_PATTERN ",\"flags\":\"i\"}]",
                  "pattern 1, a: \"flags\" is not name, regex, severity or max_samples");
    check_refused("[{\"name\":\"a\",\"name\":\"b\"}]", "pattern 1, a: name: given twice");
    check_refused("[{\"name\":1}]", "pattern 1: name: not a string");
    check_refused("[{\"name\":\"a b\"}]", "pattern 1: name: not 1 to 64 letters, digits, - and _");
    check_refused("[{\"name\":\"\"}]", "pattern 1: name: not 1 to 64 letters, digits, - and _");
    check_refused("[{\"name\":\"a\",\"severity\":\"ERROR\"}]",
                  "pattern 1, a: severity: \"ERROR\" is not fatal, error, warn or info");
    check_refused("[{\"name\":\"a\",\"severity\":\"warn\"}]", "pattern 1, a: regex: missing");
    check_refused("[{\"name\":\"a\",\"regex\":\"abc\"}]", "pattern 1, a: severity: missing");
    check_refused("[{" A_PATTERN "}]", "pattern 1: name: missing");
    check_refused("[{\"name\":\"a\"," A_PATTERN "},{\"name\":\"a\"," A_PATTERN "}]", "pattern 2: name: \"a\" is taken");
}

static void what_is_no_list_of_patterns_is_refused(void)
{
    check_refused("[]", "no patterns");
    check_refused("{}", "not an array of patterns");
    check_refused("[\"ERROR\"]", "pattern 1: not an object");
    struct ps_patterns patterns = { 0 };
    CHECK_ERR(ps_patterns_open(&t_arena, PS_SPAN(""), &patterns), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_patterns_open(&t_arena, PS_SPAN("[{\"name\":\"a\"," A_PATTERN "}"), &patterns), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_patterns_open(&t_arena, PS_SPAN("[{\"name\":\"a\"," A_PATTERN "}] x"), &patterns), PS_ERR_BAD_CONFIG);
}

static void limits_are_kept(void)
{
    static char json[PS_PATTERNS_BYTES_MAX + 1];
    memset(json, ' ', sizeof json);
    struct ps_patterns patterns = { 0 };
    CHECK_ERR(ps_patterns_open(&t_arena, ps_span_make(json, sizeof json), &patterns), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "262145 bytes, over the limit of 262144");
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, json, sizeof json);
    for (int i = 0; i <= PS_PATTERNS_MAX; i++)
        ps_buf_printf(&buf, "%s{\"name\":\"p%d\"," A_PATTERN "}", i == 0 ? "[" : ",", i);
    ps_buf_byte(&buf, ']');
    CHECK_ERR(ps_patterns_open(&t_arena, ps_buf_span(&buf), &patterns), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "more than 256 patterns");
    check_refused("[{\"name\":\"a\",\"regex\":\"(?<a>a)(?<b>a)(?<c>a)(?<d>a)(?<e>a)(?<f>a)(?<g>a)(?<h>a)(?<i>a)\"}]",
                  "pattern 1, a: regex: 9 named groups, over 8");
    ps_buf_init_fixed(&buf, json, sizeof json);
    ps_buf_put(&buf, PS_SPAN("[{\"name\":\"a\",\"regex\":\""));
    for (int i = 0; i < PS_MATCH_GROUPS_MAX; i++)
        ps_buf_put(&buf, PS_SPAN("(a)"));
    ps_buf_put(&buf, PS_SPAN("(?<late>a)\"}]"));
    CHECK_ERR(ps_patterns_open(&t_arena, ps_buf_span(&buf), &patterns), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(ps_span_of(ps_err_note()->text),
               "pattern 1, a: regex: group late: there are more than 62 groups before it");
}

static void every_prefix_of_the_default_set_is_refused(void)
{
    struct ps_span whole = ps_patterns_default();
    struct ps_arena_mark mark = ps_arena_mark(&t_arena);
    for (size_t len = 0; len < whole.len; len++) {
        struct ps_span prefix = exact_copy(ps_span_first(whole, len));
        struct ps_patterns patterns = { 0 };
        CHECK_ERR(ps_patterns_open(&t_arena, prefix, &patterns), PS_ERR_BAD_CONFIG);
        exact_free(prefix);
        ps_arena_rewind(&t_arena, mark);
    }
}

/* -- the default set ----------------------------------------------------------------------------------------------- */

static struct ps_patterns t_default;

static void every_default_pattern_has_literals(void)
{
    for (size_t i = 0; i < t_default.count; i++) {
        if (!CHECK(t_default.items[i].literal_count > 0))
            fprintf(stderr, "%.*s\n", PS_SPAN_ARG(t_default.items[i].name));
    }
}

/* The names of the patterns that line has, behind one another, with what their groups took: "panic(reason=boom) ". */
static struct ps_span matching(struct ps_span line)
{
    static char names[512];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, names, sizeof names);
    for (size_t i = 0; i < t_default.count; i++) {
        const struct ps_pattern *pattern = &t_default.items[i];
        size_t begin;
        size_t end;
        if (ps_match_find(pattern->match, t_default.scratch, line, 0, &begin, &end) != PS_MATCH_FOUND) continue;
        if (buf.len > 0) ps_buf_byte(&buf, ' ');
        ps_buf_put(&buf, pattern->name);
        for (size_t j = 0; j < pattern->group_count; j++) {
            struct ps_span value;
            if (!ps_match_group(t_default.scratch, line, pattern->groups[j].number, &value)) continue;
            ps_buf_printf(&buf, "(%.*s=%.*s)", PS_SPAN_ARG(pattern->groups[j].name), PS_SPAN_ARG(value));
        }
    }
    return ps_buf_span(&buf);
}

static void check_lines(const char *const (*cases)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)check_span(matching(ps_span_of(cases[i][0])), ps_span_of(cases[i][1]), cases[i][0], __FILE__, __LINE__);
}

#define CHECK_LINES(cases) check_lines((cases), sizeof(cases) / sizeof(cases)[0])

static void levels_are_found_as_words(void)
{
    static const char *const CASES[][2] = {
        { "2026-11-21 10:00:00,123 ERROR [main] c.a.Orders - no such order", "error" },
        { "ERROR:root:no such order", "error" },
        { "{\"level\":\"error\",\"msg\":\"x\"}", "error" },
        { "{\"level\": \"error\", \"msg\": \"x\"}", "error" },
        { "{\"level\":50,\"msg\":\"x\"}", "error" },
        { "time=2026-11-21T10:00:00Z level=error msg=x", "error" },
        { "2026/11/21 10:00:00 [error] 31#31: *1 open() x", "error" },
        { "2026-11-21 10:00:00 UTC [77] FATAL:  the database system is starting up", "fatal" },
        { "CRITICAL:root:x", "fatal" },
        { "level=fatal msg=x", "fatal" },
        { "{\"level\":60,\"msg\":\"x\"}", "fatal" },
        { "2026/11/21 10:00:00 [emerg] 1#1: x", "fatal" },
        { "errors: 0, error=0, no error", "" },
        { "ERROR=0 FATAL: 0", "" },
        { "TERRORS and a NOERROR", "" },
        { "{\"level\":500}", "" },
    };
    CHECK_LINES(CASES);
}

static void exceptions_and_panics_are_found(void)
{
    static const char *const CASES[][2] = {
        { "Exception in thread \"main\" java.lang.IllegalStateException: closed",
          "exception(exception=java.lang.IllegalStateException) java-uncaught(thread=main)" },
        { "Caused by: java.net.SocketException: x",
          "exception(exception=java.net.SocketException) java-uncaught(cause=java.net.SocketException)" },
        { "java.lang.NullPointerException", "exception(exception=java.lang.NullPointerException)" },
        { "\tat com.acme.FooException.of(FooException.java:12)", "" },
        { "Traceback (most recent call last):", "python-traceback" },
        { "UnhandledPromiseRejectionWarning: x", "javascript-error" },
        { "TypeError: Cannot read properties of undefined", "javascript-error(exception=TypeError)" },
        { "Unhandled exception. System.NullReferenceException: x",
          "exception(exception=System.NullReferenceException) "
          "dotnet-unhandled(exception=System.NullReferenceException)" },
        { "app/pay.rb:12:in `charge': card declined (Stripe::CardError)",
          "ruby-exception(exception=Stripe::CardError)(file=app/pay.rb)(line=12)" },
        { "panic: runtime error: index out of range [3]", "panic(reason=runtime error: index out of range [3])" },
        { "fatal error: all goroutines are asleep", "panic(reason=all goroutines are asleep)" },
        { "PHP Fatal error:  Uncaught Exception: x", "javascript-error panic(reason=Uncaught Exception: x)" },
        { "thread 'main' panicked at src/main.rs:4:5:", "rust-panic(place=src/main.rs:4:5:)" },
        { "don't panic", "" },
    };
    CHECK_LINES(CASES);
}

static void failures_of_the_machine_are_found(void)
{
    static const char *const CASES[][2] = {
        { "app[77]: segfault at 0 ip 0000 sp 0000 error 4 in app", "crash" },
        { "Segmentation fault (core dumped)", "crash" },
        { "Out of memory: Killed process 4711 (java) total-vm:1kB", "out-of-memory(pid=4711)" },
        { "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
          "error fatal out-of-memory" },
        { "java.lang.OutOfMemoryError: Java heap space",
          "exception(exception=java.lang.OutOfMemoryError) out-of-memory" },
        { "write /data/x: no space left on device", "disk-full" },
        { "OSError: [Errno 28] No space left on device", "disk-full" },
        { "the OOM score is 0", "" },
    };
    CHECK_LINES(CASES);
}

static void failures_of_the_network_are_found(void)
{
    static const char *const CASES[][2] = {
        { "Task timed out after 3.00 seconds", "timeout(after=3.00 seconds)" },
        { "java.net.SocketTimeoutException: Read timeout",
          "exception(exception=java.net.SocketTimeoutException) timeout" },
        { "504 Gateway Timeout", "timeout" },
        { "connect ETIMEDOUT 10.0.0.1:5432", "timeout" },
        { "timeout=30 read_timeout=5", "" },
        { "connect ECONNREFUSED 127.0.0.1:6379", "connection-refused(address=127.0.0.1:6379)" },
        { "dial tcp 10.0.0.1:80: connect: connection refused", "connection-refused" },
        { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 503 12 \"-\" \"curl\"",
          "http-5xx(status=503)" },
        { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/2.0\" 200 500 \"-\" \"curl\"", "" },
        { "{\"path\":\"/\",\"status\":500}", "http-5xx(status=500)" },
        { "method=GET path=/ status=502 bytes=0", "http-5xx(status=502)" },
        { "status=5021", "" },
        { "sshd[1]: Failed password for invalid user admin from 10.0.0.9 port 22 ssh2",
          "failed-login(address=10.0.0.9)(user=admin)" },
        { "pam_unix(sshd:auth): authentication failure; logname= uid=0", "failed-login" },
        { "FATAL:  password authentication failed for user \"app\"", "fatal failed-login" },
    };
    CHECK_LINES(CASES);
}

static void severities_are_read_as_they_are_written(void)
{
    for (int i = 0; i < PS_SEVERITY_COUNT; i++) {
        enum ps_severity severity = PS_SEVERITY_COUNT;
        CHECK(ps_severity_parse(ps_severity_name((enum ps_severity)i), &severity));
        CHECK_EQ(severity, i);
    }
    enum ps_severity severity;
    CHECK(!ps_severity_parse(PS_SPAN("debug"), &severity));
}

static enum ps_err open_and_close(struct ps_arena *arena)
{
    struct ps_patterns patterns;
    PS_TRY(ps_patterns_open(arena, PS_SPAN("[{\"name\":\"a\",\"regex\":\"ERROR|F\\u0041TAL\",\"severity\":\"warn\"}]"),
                            &patterns));
    ps_patterns_close(&patterns);
    return PS_OK;
}

static void every_failing_allocation_is_reported(void)
{
    PS_EACH_FAILURE(&t_arena, open_and_close(&t_arena));
}

int main(void)
{
    t_arena = check_arena(64 << 20);
    RUN(patterns_are_read_with_all_their_members);
    RUN(a_mistake_names_the_pattern_and_its_member);
    RUN(what_is_no_list_of_patterns_is_refused);
    RUN(limits_are_kept);
    RUN(every_prefix_of_the_default_set_is_refused);
    if (!CHECK_OK(ps_patterns_open(&t_arena, ps_patterns_default(), &t_default))) abort();
    RUN(every_default_pattern_has_literals);
    RUN(levels_are_found_as_words);
    RUN(exceptions_and_panics_are_found);
    RUN(failures_of_the_machine_are_found);
    RUN(failures_of_the_network_are_found);
    RUN(severities_are_read_as_they_are_written);
    RUN(every_failing_allocation_is_reported);
    ps_patterns_close(&t_default);
    ps_arena_fini(&t_arena);
    return check_finish();
}
