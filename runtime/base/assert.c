#include "base/assert.h"

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

void ps_assert_failed(const char *condition, const char *file, int line)
{
    char escaped[256];
    (void)put_escaped(escaped, sizeof escaped, condition);
    char text[512];
    int len = snprintf(text, sizeof text,
                       "{\"level\":\"FATAL\",\"message\":\"assertion_failed\",\"condition\":\"%s\","
                       "\"file\":\"%s\",\"line\":%d}\n",
                       escaped, file, line);
    if (len > 0 && write(STDERR_FILENO, text, (size_t)len) < 0) abort();
    abort();
}
