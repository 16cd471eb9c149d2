#include "host/env.h"

#include <stdlib.h>

struct ps_span ps_env_get(const char *name)
{
    return ps_span_of(getenv(name)); // NOLINT(concurrency-mt-unsafe)
}

#define TRACE_NAME "_X_AMZN_TRACE_ID"

enum { TRACE_ID_BYTES_MAX = 1024 };

void ps_env_set_trace_id(struct ps_span trace_id)
{
    /* setenv would leak a copy per invocation; a string handed to putenv may be rewritten in place. */
    static char entry[sizeof TRACE_NAME "=" + TRACE_ID_BYTES_MAX] = TRACE_NAME "=";
    static char *const value = entry + sizeof TRACE_NAME;
    if (trace_id.len == 0 || trace_id.len > TRACE_ID_BYTES_MAX) {
        (void)unsetenv(TRACE_NAME);
        return;
    }
    memcpy(value, trace_id.data, trace_id.len);
    value[trace_id.len] = '\0';
    if (getenv(TRACE_NAME) != value) (void)putenv(entry);
}

void ps_env_unset(const char *name)
{
    (void)unsetenv(name); // NOLINT(concurrency-mt-unsafe)
}
