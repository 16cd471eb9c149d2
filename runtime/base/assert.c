#include "base/assert.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Writes s with the two characters that would break a JSON string escaped. */
static size_t put_escaped(char *out, size_t cap, const char *s)
{
    size_t len = 0;
    for (; *s != '\0' && len + 2 < cap; s++) {
        if (*s == '"' || *s == '\\') out[len++] = '\\';
        out[len++] = *s;
    }
    out[len] = '\0';
    return len;
}

static void write_line(const char *condition, const char *file, int line)
{
    char escaped[256];
    (void)put_escaped(escaped, sizeof escaped, condition);
    char text[512];
    int len = snprintf(text, sizeof text,
                       "{\"level\":\"FATAL\",\"message\":\"assertion_failed\",\"condition\":\"%s\","
                       "\"file\":\"%s\",\"line\":%d}\n",
                       escaped, file, line);
    if (len > 0 && write(STDERR_FILENO, text, (size_t)len) < 0) abort();
}

static bool is_abort_handled(void)
{
    struct sigaction action;
    return sigaction(SIGABRT, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
}

static _Thread_local char last_words[512];

const char *ps_assert_last_words(void)
{
    return last_words;
}

void ps_assert_failed(const char *condition, const char *file, int line)
{
    (void)snprintf(last_words, sizeof last_words, "assertion failed: %.300s (%s:%d)", condition, file, line);
    if (!is_abort_handled()) write_line(condition, file, line);
    abort();
}
