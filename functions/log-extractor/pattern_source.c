#include "pattern_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "aws/s3.h"
#include "aws/secrets.h"
#include "host/clock.h"
#include "host/env.h"

enum { PATH_BYTES_MAX = 4096, INIT_MS = 5000 };

static struct ps_deadline init_deadline(void)
{
    int64_t now_ms = ps_clock_now_ms();
    return ps_deadline_make(now_ms + INIT_MS, now_ms, 0);
}

/* A relative path is one in the function's own zip. */
static enum ps_err read_file(struct ps_arena *arena, struct ps_span path, struct ps_span *out)
{
    char name[PATH_BYTES_MAX];
    struct ps_span root = path.data[0] == '/' ? PS_SPAN("") : ps_env_get("LAMBDA_TASK_ROOT");
    int wrote = snprintf(name, sizeof name, "%.*s%s%.*s", (int)root.len, root.data, root.len > 0 ? "/" : "",
                         (int)path.len, path.data);
    if (wrote < 0 || (size_t)wrote >= sizeof name)
        PS_FAIL(PS_ERR_BAD_CONFIG, "PATTERNS: a path of %zu bytes", path.len);
    char *bytes = ps_arena_bytes(arena, PS_PATTERNS_BYTES_MAX + 1);
    if (bytes == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "PATTERNS: no memory for the file");
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) PS_FAIL(PS_ERR_BAD_CONFIG, "PATTERNS: %s: %s", name, strerrordesc_np(errno));
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len <= PS_PATTERNS_BYTES_MAX) {
        got = read(fd, bytes + len, PS_PATTERNS_BYTES_MAX + 1 - len);
        if (got > 0) len += (size_t)got;
    }
    int error = errno;
    (void)close(fd);
    if (got < 0) PS_FAIL(PS_ERR_BAD_CONFIG, "PATTERNS: %s: %s", name, strerrordesc_np(error));
    *out = ps_span_make(bytes, len);
    return PS_OK;
}

static enum ps_err read_object(struct ps_arena *arena, struct ps_call_client *client, struct ps_span place,
                               struct ps_span *out)
{
    ptrdiff_t slash = ps_span_find_byte(place, '/');
    if (slash == PS_SPAN_NONE) PS_FAIL(PS_ERR_BAD_CONFIG, "PATTERNS: s3://bucket/key: the key is missing");
    struct ps_deadline deadline = init_deadline();
    const struct ps_s3_limits limits = { .deadline = &deadline, .response_bytes_max = PS_PATTERNS_BYTES_MAX };
    struct ps_s3 *s3 = NULL;
    PS_TRY(ps_s3_open(arena, client, ps_span_first(place, (size_t)slash), &s3));
    return ps_s3_get(s3, arena, &limits, ps_span_from(place, (size_t)slash + 1), out);
}

static enum ps_err read_parameter(struct ps_arena *arena, struct ps_call_client *client, struct ps_span name,
                                  struct ps_span *out)
{
    struct ps_secret_source *source = PS_ARENA_NEW(arena, struct ps_secret_source);
    struct ps_secret *parameter = NULL;
    struct ps_deadline deadline = init_deadline();
    if (source == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "PATTERNS");
    source->ssm_name = name;
    PS_TRY(ps_secret_open(arena, client, "PATTERNS", source, &parameter));
    return ps_secret_get(parameter, &deadline, out);
}

static enum ps_err read_source(struct ps_arena *arena, struct ps_call_client *client, struct ps_span source,
                               struct ps_span *out)
{
    static const struct ps_span S3 = PS_SPAN_INIT("s3://"), SSM = PS_SPAN_INIT("ssm:");
    if (ps_span_starts(source, S3)) return read_object(arena, client, ps_span_from(source, S3.len), out);
    if (ps_span_starts(source, SSM)) return read_parameter(arena, client, ps_span_from(source, SSM.len), out);
    return read_file(arena, source, out);
}

enum ps_err pattern_source_open(struct ps_arena *process, struct ps_call_client *client, struct ps_span source,
                                struct ps_patterns *patterns)
{
    struct ps_span json = ps_patterns_default();
    if (source.len > 0) PS_TRY(read_source(process, client, source, &json));
    return ps_patterns_open(process, json, patterns);
}
