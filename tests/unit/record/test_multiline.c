#include "record/multiline.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

/* Feeds lines ('\n' between events) and checks how many lines each record gets: "3,1" is two records. Each event is
 * in a block of its exact size. */
static void check_joins(const char *events, const char *wanted)
{
    struct ps_multiline state;
    ps_multiline_begin(&state);
    char got[256] = "";
    size_t got_len = 0;
    unsigned lines = 0;
    char *copies[64];
    size_t count = 0;
    struct ps_span rest = ps_span_of(events);
    bool more = true;
    while (more && count < 64) {
        struct ps_span event = ps_span_split(&rest, '\n', &more);
        copies[count] = malloc(event.len == 0 ? 1 : event.len);
        if (copies[count] == NULL) abort();
        if (event.len > 0) memcpy(copies[count], event.data, event.len);
        bool continues = ps_multiline_continues(&state, ps_span_make(copies[count], event.len));
        if (!continues && count > 0) {
            got_len += (size_t)snprintf(got + got_len, sizeof got - got_len, "%u,", lines);
            lines = 0;
        }
        lines++;
        count++;
    }
    (void)snprintf(got + got_len, sizeof got - got_len, "%u", lines);
    if (!CHECK_SPAN(ps_span_of(got), ps_span_of(wanted))) printf("# in:\n%s\n", events);
    for (size_t i = 0; i < count; i++)
        free(copies[i]);
}

static void java_traces_are_joined_with_causes_and_nesting(void)
{
    check_joins("Exception in thread \"main\" java.lang.RuntimeException: no stock\n"
                "\tat com.acme.Orders.load(Orders.java:12)\n"
                "\tat com.acme.Main.main(Main.java:3)\n"
                "Caused by: java.io.IOException: closed\n"
                "\tat com.acme.Db.read(Db.java:7)\n"
                "\t... 2 more\n"
                "2026-11-21 10:00:00 INFO next",
                "6,1");
    check_joins("java.lang.IllegalStateException: a\n"
                "\tat a.B.c(B.java:1)\n"
                "\tSuppressed: java.lang.Exception: b\n"
                "\t\tat a.B.d(B.java:2)\n"
                "\t\t... 1 more\n"
                "\tCaused by: java.lang.Error: c\n"
                "\t\t... 3 common frames omitted\n"
                "Wrapped by: a.Problem: d\n"
                "\tat a.B.e(B.java:3)",
                "9");
    check_joins("2026-11-21 10:00:00,123 ERROR c.a.Orders - could not load\n"
                "java.lang.IllegalStateException: no stock\n"
                "\tat a.B.c(B.java:1)\n"
                "2026-11-21 10:00:00,124 INFO done",
                "3,1");
    check_joins("com.acme.orders.OutOfStock: 7\n\tat a.B.c(B.java:1)", "2");
}

static void python_tracebacks_end_with_the_exceptions_line(void)
{
    check_joins("Traceback (most recent call last):\n"
                "  File \"/var/task/app.py\", line 3, in handler\n"
                "    error = {\"a\": load()}\n"
                "            ^^^^^^^^^^^\n"
                "ValueError: no such order\n"
                "KeyError: of another line",
                "5,1");
    check_joins("Traceback (most recent call last):\n"
                "  File \"a.py\", line 1, in f\n"
                "    {\"looks\": \"like json\"}\n"
                "KeyError: 'a'\n"
                "\n"
                "During handling of the above exception, another exception occurred:\n"
                "\n"
                "Traceback (most recent call last):\n"
                "  File \"a.py\", line 3, in g\n"
                "acme.errors.OutOfStock\n"
                "plain line",
                "10,1");
    check_joins("Traceback (most recent call last):\n"
                "  File \"a.py\", line 1, in f\n"
                "OSError: a\n"
                "The above exception was the direct cause of the following exception:\n"
                "Traceback (most recent call last):\n"
                "RuntimeError: b\n"
                "Traceback (most recent call last):\n"
                "RuntimeError: c",
                "6,2");
    check_joins("ERROR:root:could not load\nTraceback (most recent call last):\n  File \"a.py\", line 1\nValueError: x",
                "4");
    check_joins("  + Exception Group Traceback (most recent call last):\n"
                "  |   File \"a.py\", line 1, in <module>\n"
                "  | ExceptionGroup: both (2 sub-exceptions)\n"
                "  +-+---------------- 1 ----------------\n"
                "    | ValueError: a\n"
                "    +------------------------------------\n"
                "next",
                "6,1");
    check_joins("Traceback (most recent call last):\n  File \"a.py\", line 1\nINFO: a new record\n  File \"b.py\"",
                "2,1,1");
}

static void javascript_traces_are_joined_with_their_blocks(void)
{
    check_joins("TypeError: Cannot read properties of undefined (reading 'id')\n"
                "    at load (/var/task/orders.js:12:7)\n"
                "    at async Runtime.handler (file:///var/task/index.mjs:3:11) {\n"
                "  code: 'E_ORDER',\n"
                "  [cause]: Error: closed\n"
                "      at read (/var/task/db.js:1:2) {\n"
                "    errno: -104\n"
                "  }\n"
                "}\n"
                "next",
                "9,1");
    check_joins("Error: boom\n"
                "load@https://acme.example/app.js:10:15\n"
                "@https://acme.example/app.js:1:1\n"
                "async*main@file:///app.js:3:4\n"
                "mail to anna@example.com",
                "4,1");
    check_joins("Uncaught (in promise) Error: x\n    at <anonymous>:1:1", "2");
}

static void go_panics_are_joined_over_blank_lines(void)
{
    check_joins("panic: runtime error: index out of range [5] with length 3\n"
                "\n"
                "goroutine 1 [running]:\n"
                "main.load(...)\n"
                "\t/src/main.go:12\n"
                "net/http.(*conn).serve(0xc0000b4000, {0x7f1, 0x2})\n"
                "\t/usr/local/go/src/net/http/server.go:1995 +0x612\n"
                "created by net/http.(*Server).Serve in goroutine 1\n"
                "\t/usr/local/go/src/net/http/server.go:3086 +0x5cb\n"
                "\n"
                "goroutine 18 [chan receive]:\n"
                "main.wait()\n"
                "\t/src/main.go:30 +0x1d\n"
                "exit status 2\n"
                "plain line (of text)",
                "14,1");
    check_joins("fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()", "4");
    check_joins("2026/11/21 10:00:00 http: panic serving 127.0.0.1:5: boom\ngoroutine 7 [running]:\nmain.f()", "3");
    check_joins("panic: a\n\tpanic: b\n[signal SIGSEGV: segmentation violation code=0x1]\npanic: of the next process",
                "3,1");
}

static void dotnet_traces_are_joined_with_inner_exceptions(void)
{
    check_joins("Unhandled exception. System.InvalidOperationException: no stock\n"
                " ---> System.IO.IOException: closed\n"
                "   at Acme.Db.Read() in /src/Db.cs:line 7\n"
                "   --- End of inner exception stack trace ---\n"
                "   at Acme.Api.Run() in /src/Api.cs:line 3\n"
                "--- End of stack trace from previous location ---\n"
                "   at Acme.Program.Main()\n"
                "next",
                "7,1");
    check_joins("fail: Acme.Api.Orders[0]\n"
                "      could not load\n"
                "      System.InvalidOperationException: no stock\n"
                "         at Acme.Api.Run() in /src/Api.cs:line 3\n"
                "info: Acme.Api[0]\n"
                "      listening on port 80\n"
                "info: plain\n"
                "  indented",
                "4,2,1,1");
}

static void lines_that_begin_a_record_are_never_joined(void)
{
    static const char *const HEAD = "java.lang.IllegalStateException: a\n\tat a.B.c(B.java:1)\n";
    static const char *const LINES[] = {
        "2026-11-21T10:00:00Z x",
        "{\"level\":\"INFO\"}",
        "INFO x",
        "[INFO] x",
        "START RequestId: 8f Version: $LATEST",
        "END RequestId: 8f",
        "REPORT RequestId: 8f",
        "  {\"level\":\"INFO\"}",
        "  2026-11-21 x",
        "\tERROR x",
        "plain text",
        "",
        "10:00:00 x",
        "1795255200 x",
        "[2026-11-21] x",
        "} not a block",
        "   ",
        "Note: text",
        "java.lang.Error: another",
        "goroutine 1 [running]:",
        "Traceback (most recent call last):",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        char events[256];
        (void)snprintf(events, sizeof events, "%s%s", HEAD, LINES[i]);
        check_joins(events, "2,1");
    }
}

static void what_is_no_trace_takes_no_indented_lines(void)
{
    check_joins("INFO started\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\nINFO x", "1,2,1");
    check_joins("{\"level\":\"ERROR\",\"message\":\"x\"}\n\tat a.B.c(B.java:1)", "1,1");
    check_joins("START RequestId: 8f-ERROR\n\tat a.B.c(B.java:1)", "1,1");
    check_joins("some text\n  more text\n  and more", "1,1,1");
    check_joins("some text\nCaused by: a.B: c\n\t... 1 more", "1,2");
    check_joins("java.lang.Error: a\nunrelated\n\tat a.B.c(B.java:1)", "1,1,1");
}

static void the_first_text_always_begins_a_record(void)
{
    check_joins("\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)", "2");
    check_joins("", "1");
    struct ps_multiline state;
    ps_multiline_begin(&state);
    CHECK(!ps_multiline_continues(&state, PS_SPAN("java.lang.Error: a")));
    CHECK(ps_multiline_continues(&state, PS_SPAN("\tat a.B.c(B.java:1)")));
    ps_multiline_begin(&state); /* another envelope */
    CHECK(!ps_multiline_continues(&state, PS_SPAN("\tat a.B.d(B.java:2)")));
}

static void a_record_stops_at_its_limits_and_the_rest_is_one_as_well(void)
{
    struct ps_multiline state;
    ps_multiline_begin(&state);
    CHECK(!ps_multiline_continues(&state, PS_SPAN("java.lang.Error: a")));
    for (int i = 1; i < PS_MULTILINE_LINES_MAX; i++)
        CHECK(ps_multiline_continues(&state, PS_SPAN("\tat a.B.c(B.java:1)")));
    CHECK(!ps_multiline_continues(&state, PS_SPAN("\tat a.B.c(B.java:1)")));
    CHECK(ps_multiline_continues(&state, PS_SPAN("\tat a.B.c(B.java:1)")));

    char *big = calloc(1, PS_MULTILINE_BYTES_MAX);
    if (big == NULL) abort();
    memset(big, 'a', PS_MULTILINE_BYTES_MAX);
    memcpy(big, "\tat ", 4);
    ps_multiline_begin(&state);
    CHECK(!ps_multiline_continues(&state, PS_SPAN("java.lang.Error: a")));
    CHECK(ps_multiline_continues(&state, ps_span_make(big, PS_MULTILINE_BYTES_MAX - 19)));
    CHECK(!ps_multiline_continues(&state, PS_SPAN("\tat a.B.c(B.java:1)")));
    CHECK(ps_multiline_continues(&state, PS_SPAN("\tat a.B.c(B.java:1)")));
    ps_multiline_begin(&state);
    CHECK(!ps_multiline_continues(&state, PS_SPAN("java.lang.Error: a")));
    CHECK(!ps_multiline_continues(&state, ps_span_make(big, PS_MULTILINE_BYTES_MAX - 18)));
    ps_multiline_begin(&state);
    CHECK(!ps_multiline_continues(&state, ps_span_make(big, PS_MULTILINE_BYTES_MAX)));
    CHECK(!ps_multiline_continues(&state, PS_SPAN("\tat a.B.c(B.java:1)")));
    free(big);
}

static void a_trace_in_one_event_is_over_when_its_last_line_says_so(void)
{
    struct ps_multiline state;
    ps_multiline_begin(&state);
    CHECK(
        !ps_multiline_continues(&state, PS_SPAN("Traceback (most recent call last):\n  File \"a.py\"\nValueError: x")));
    CHECK(!ps_multiline_continues(&state, PS_SPAN("KeyError: y")));
    ps_multiline_begin(&state);
    CHECK(!ps_multiline_continues(&state, PS_SPAN("Traceback (most recent call last):\n  File \"a.py\"\n    f()")));
    CHECK(ps_multiline_continues(&state, PS_SPAN("KeyError: y")));
    ps_multiline_begin(&state);
    CHECK(!ps_multiline_continues(&state, PS_SPAN("ERROR could not load")));
    CHECK(
        ps_multiline_continues(&state, PS_SPAN("Traceback (most recent call last):\n  File \"a.py\"\nValueError: x")));
    CHECK(!ps_multiline_continues(&state, PS_SPAN("KeyError: y")));
}

int main(void)
{
    RUN(java_traces_are_joined_with_causes_and_nesting);
    RUN(python_tracebacks_end_with_the_exceptions_line);
    RUN(javascript_traces_are_joined_with_their_blocks);
    RUN(go_panics_are_joined_over_blank_lines);
    RUN(dotnet_traces_are_joined_with_inner_exceptions);
    RUN(lines_that_begin_a_record_are_never_joined);
    RUN(what_is_no_trace_takes_no_indented_lines);
    RUN(the_first_text_always_begins_a_record);
    RUN(a_record_stops_at_its_limits_and_the_rest_is_one_as_well);
    RUN(a_trace_in_one_event_is_over_when_its_last_line_says_so);
    return check_finish();
}
