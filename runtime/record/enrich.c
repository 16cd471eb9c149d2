#include "record/enrich.h"

#include "base/json_write.h"
#include "base/utf8.h"

/* -- tags ---------------------------------------------------------------------------------------------------------- */

static bool has_empty_step(struct ps_span name)
{
    return name.data[0] == '.' || name.data[name.len - 1] == '.' || ps_span_find(name, PS_SPAN("..")) != PS_SPAN_NONE;
}

/* OpenSearch refuses documents with such names, so they are refused before there are any. */
static enum ps_err check_tag(struct ps_span name, struct ps_span value, size_t number)
{
    if (name.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "TAGS: pair %zu has no name before its \"=\"", number);
    if (name.len > PS_ENRICH_TAG_NAME_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "TAGS: the name of pair %zu has %zu bytes, the limit is %d", number, name.len,
                PS_ENRICH_TAG_NAME_BYTES_MAX);
    if (value.len > PS_ENRICH_TAG_VALUE_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "TAGS: the value of pair %zu has %zu bytes, the limit is %d", number, value.len,
                PS_ENRICH_TAG_VALUE_BYTES_MAX);
    if (has_empty_step(name))
        PS_FAIL(PS_ERR_BAD_CONFIG, "TAGS: the name of pair %zu starts or ends with a dot, or has two together", number);
    return PS_OK;
}

static enum ps_err escape(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    *out = ps_span_make("", 0);
    if (text.len == 0) return PS_OK;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, (size_t)6 * PS_ENRICH_TAG_VALUE_BYTES_MAX); /* \u0000 is the longest escape */
    ps_json_write_escape(&buf, text);
    return ps_buf_finish(&buf, out);
}

static enum ps_err add_tag(struct ps_arena *arena, struct ps_span pair, size_t number, struct ps_enrich_tags *tags)
{
    ptrdiff_t at = ps_span_find_byte(pair, '=');
    if (at == PS_SPAN_NONE) PS_FAIL(PS_ERR_BAD_CONFIG, "TAGS: pair %zu has no \"=\"", number);
    struct ps_span name = ps_span_trim(ps_span_first(pair, (size_t)at));
    struct ps_span value = ps_span_trim(ps_span_from(pair, (size_t)at + 1));
    PS_TRY(check_tag(name, value, number));
    if (tags->count == PS_ENRICH_TAGS_MAX) PS_FAIL(PS_ERR_BAD_CONFIG, "TAGS: more than %d pairs", PS_ENRICH_TAGS_MAX);
    struct ps_enrich_tag tag;
    PS_TRY(escape(arena, name, &tag.name));
    PS_TRY(escape(arena, value, &tag.value));
    for (size_t i = 0; i < tags->count; i++) {
        if (ps_span_eq(tags->items[i].name, tag.name))
            PS_FAIL(PS_ERR_BAD_CONFIG, "TAGS: pair %zu repeats the name of an earlier one", number);
    }
    tags->items[tags->count++] = tag;
    return PS_OK;
}

static enum ps_err write_tags(struct ps_arena *arena, struct ps_enrich_tags *tags)
{
    if (tags->count == 0) return PS_OK;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 64 << 10);
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &buf);
    ps_json_write_object_begin(&writer);
    for (size_t i = 0; i < tags->count; i++) {
        ps_json_write_key_escaped(&writer, tags->items[i].name);
        ps_json_write_string_escaped(&writer, tags->items[i].value);
    }
    ps_json_write_object_end(&writer);
    return ps_json_write_finish(&writer, &tags->json);
}

enum ps_err ps_enrich_tags_parse(struct ps_arena *arena, struct ps_span text, struct ps_enrich_tags *out)
{
    size_t valid = ps_utf8_valid_prefix(text);
    if (valid < text.len) PS_FAIL(PS_ERR_BAD_CONFIG, "TAGS: byte %zu is not UTF-8", valid);
    struct ps_enrich_tags tags = { .items = PS_ARENA_ARRAY(arena, struct ps_enrich_tag, PS_ENRICH_TAGS_MAX) };
    if (tags.items == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no room for tags");
    bool more = true;
    for (size_t number = 1; more; number++) {
        struct ps_span pair = ps_span_trim(ps_span_split(&text, ',', &more));
        if (pair.len > 0) PS_TRY(add_tag(arena, pair, number, &tags));
    }
    PS_TRY(write_tags(arena, &tags));
    *out = tags;
    return PS_OK;
}

/* -- names in log groups and streams ------------------------------------------------------------------------------- */

/* Log groups of AWS services: the part after the prefix names who is speaking. Longer prefixes first. */
static const struct ps_span GROUP_PREFIXES[] = {
    PS_SPAN_INIT("/aws/lambda/"),
    PS_SPAN_INIT("/aws/ecs/containerinsights/"),
    PS_SPAN_INIT("/aws/ecs/"),
    PS_SPAN_INIT("/ecs/"),
    PS_SPAN_INIT("/aws/containerinsights/"),
    PS_SPAN_INIT("/aws/eks/"),
    PS_SPAN_INIT("/aws/rds/instance/"),
    PS_SPAN_INIT("/aws/rds/cluster/"),
    PS_SPAN_INIT("/aws/rds/proxy/"),
    PS_SPAN_INIT("/aws/apigateway/"),
    PS_SPAN_INIT("/aws/codebuild/"),
    PS_SPAN_INIT("/aws/vendedlogs/states/"),
    PS_SPAN_INIT("/aws/states/"),
    PS_SPAN_INIT("/aws/elasticbeanstalk/"),
    PS_SPAN_INIT("/aws/sagemaker/Endpoints/"),
    PS_SPAN_INIT("/aws/appsync/apis/"),
    PS_SPAN_INIT("/aws/kinesisfirehose/"),
    PS_SPAN_INIT("/aws/opensearch/domains/"),
    PS_SPAN_INIT("/aws/apprunner/"),
    PS_SPAN_INIT("/aws/lambda-edge/"),
    PS_SPAN_INIT("API-Gateway-Execution-Logs_"),
};

static struct ps_span until(struct ps_span text, char separator)
{
    bool more = false;
    return ps_span_split(&text, separator, &more);
}

static struct ps_span service_of_group(struct ps_span group)
{
    for (size_t i = 0; i < sizeof GROUP_PREFIXES / sizeof GROUP_PREFIXES[0]; i++) {
        if (!ps_span_starts(group, GROUP_PREFIXES[i])) continue;
        struct ps_span name = until(ps_span_from(group, GROUP_PREFIXES[i].len), '/');
        if (name.len > 0) return name;
    }
    while (group.len > 0 && group.data[0] == '/')
        group = ps_span_from(group, 1);
    return group; /* a group of the user's own: its whole name is the best there is */
}

static bool are_digits(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    }
    return text.len > 0;
}

static bool are_hex(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-')) return false;
    }
    return text.len > 0;
}

/* "2026/11/21/" at the front; *rest is what follows. */
static bool begins_with_day(struct ps_span stream, struct ps_span *rest)
{
    enum { DAY_BYTES = sizeof "2026/11/21/" - 1 };
    if (stream.len < DAY_BYTES || stream.data[4] != '/' || stream.data[7] != '/' || stream.data[10] != '/')
        return false;
    if (!are_digits(ps_span_make(stream.data, 4)) || !are_digits(ps_span_make(stream.data + 5, 2)) ||
        !are_digits(ps_span_make(stream.data + 8, 2)))
        return false;
    *rest = ps_span_from(stream, DAY_BYTES);
    return true;
}

/* Lambda: YYYY/MM/DD/[version]sandbox, and YYYY/MM/DD/function[version]sandbox in a group of the user's own (AWS Lambda
 * developer guide, "Configuring CloudWatch log groups"; there the sandbox may stand in brackets too). */
static bool read_lambda_stream(struct ps_span stream, struct ps_enrich_source *source)
{
    struct ps_span rest;
    if (!begins_with_day(stream, &rest)) return false;
    ptrdiff_t open = ps_span_find_byte(rest, '[');
    ptrdiff_t close = ps_span_find_byte(rest, ']');
    if (open == PS_SPAN_NONE || close < open) return false;
    struct ps_span sandbox = ps_span_from(rest, (size_t)close + 1);
    if (sandbox.len > 2 && sandbox.data[0] == '[' && sandbox.data[sandbox.len - 1] == ']')
        sandbox = ps_span_make(sandbox.data + 1, sandbox.len - 2);
    if (!are_hex(sandbox)) return false;
    source->stream_service = ps_span_first(rest, (size_t)open);
    source->stream_host = sandbox;
    return true;
}

/* ECS, awslogs driver: prefix/container/task (Amazon ECS developer guide, "awslogs-stream-prefix"); tasks have 32 hex
 * digits, older ones a UUID. */
static bool read_ecs_stream(struct ps_span stream, struct ps_enrich_source *source)
{
    enum { TASK_BYTES_MIN = 32, TASK_BYTES_MAX = 36 };
    ptrdiff_t first = ps_span_find_byte(stream, '/');
    if (first <= 0) return false;
    struct ps_span rest = ps_span_from(stream, (size_t)first + 1);
    ptrdiff_t second = ps_span_find_byte(rest, '/');
    if (second <= 0) return false;
    struct ps_span task = ps_span_from(rest, (size_t)second + 1);
    if (task.len < TASK_BYTES_MIN || task.len > TASK_BYTES_MAX || !are_hex(task)) return false;
    source->stream_service = ps_span_first(rest, (size_t)second);
    source->stream_host = task;
    return true;
}

/* Fluent Bit on EKS, as Container Insights sets it up:
 * <node>-application.var.log.containers.<pod>_<namespace>_<container>-<64 hex digits>.log */
static bool read_container_stream(struct ps_span stream, struct ps_enrich_source *source)
{
    static const struct ps_span MARK = PS_SPAN_INIT("-application.var.log.containers.");
    static const struct ps_span END = PS_SPAN_INIT(".log");
    enum { ID_BYTES = 64 };
    ptrdiff_t at = ps_span_find(stream, MARK);
    if (at == PS_SPAN_NONE || !ps_span_ends(stream, END)) return false;
    struct ps_span rest = ps_span_from(stream, (size_t)at + MARK.len);
    if (rest.len < END.len + ID_BYTES + 1) return false;
    rest = ps_span_first(rest, rest.len - END.len - ID_BYTES - 1);
    bool more = false;
    (void)ps_span_split(&rest, '_', &more);
    if (!more) return false;
    (void)ps_span_split(&rest, '_', &more);
    if (!more || rest.len == 0) return false;
    source->stream_service = rest;
    source->stream_host = ps_span_first(stream, (size_t)at);
    return true;
}

struct ps_enrich_source ps_enrich_source(struct ps_span log_group, struct ps_span log_stream)
{
    struct ps_enrich_source source = { .group_service = service_of_group(log_group) };
    (void)(read_lambda_stream(log_stream, &source) || read_ecs_stream(log_stream, &source) ||
           read_container_stream(log_stream, &source));
    return source;
}

/* -- records ------------------------------------------------------------------------------------------------------- */

static struct ps_span first_filled(struct ps_span a, struct ps_span b)
{
    return a.len > 0 ? a : b;
}

void ps_enrich_record(const struct ps_enrich_settings *settings, const struct ps_enrich_source *source,
                      struct ps_record *record)
{
    record->service = first_filled(record->service, source->stream_service);
    record->service = first_filled(record->service, settings->service);
    record->service = first_filled(record->service, source->group_service);
    record->env = first_filled(record->env, settings->env);
    record->host = first_filled(record->host, source->stream_host);
}
