#include "base/assert.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json_read.h"
#include "support/check.h"

static void break_a_promise(void)
{
    PS_ASSERT(1 + 1 == 2);
    PS_ASSERT("a \"quoted\" \\ thing"[0] == 'b');
}

/* Runs break_a_promise in a child; returns its wait status and what it wrote to stderr. */
static int in_child(char *text, size_t cap, size_t *len)
{
    int ends[2];
    *len = 0;
    if (pipe(ends) != 0) return -1;
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        break_a_promise();
        _exit(0);
    }
    (void)close(ends[1]);
    ssize_t got = 0;
    while ((got = read(ends[0], text + *len, cap - *len)) > 0)
        *len += (size_t)got;
    (void)close(ends[0]);
    int status = 0;
    return waitpid(child, &status, 0) == child ? status : -1;
}

static void a_broken_promise_writes_one_json_line_and_aborts(void)
{
    char text[4096];
    size_t len = 0;
    int status = in_child(text, sizeof text, &len);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    struct ps_span line = ps_span_make(text, len);
    ptrdiff_t end = ps_span_find_byte(line, '\n');
    CHECK_OR_RETURN(end != PS_SPAN_NONE);
    line = ps_span_first(line, (size_t)end);
    CHECK_OK(ps_json_read_check(line));
    struct ps_json_token value = { 0 };
    bool found = false;
    CHECK_OK(ps_json_read_member(line, PS_SPAN("message"), &value, NULL, &found));
    CHECK(found);
    CHECK_TEXT(value.text, "assertion_failed");
    CHECK_OK(ps_json_read_member(line, PS_SPAN("condition"), &value, NULL, &found));
    CHECK(found && value.escaped);
    CHECK_OK(ps_json_read_member(line, PS_SPAN("file"), &value, NULL, &found));
    CHECK(found && ps_span_ends(value.text, PS_SPAN("test_assert.c")));
}

int main(void)
{
    RUN(a_broken_promise_writes_one_json_line_and_aborts);
    return check_finish();
}
