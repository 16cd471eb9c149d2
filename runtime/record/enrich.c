#include "record/enrich.h"

#include "base/json_write.h"
#include "base/utf8.h"
#include "record/container.h"

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

/* Log groups of AWS services that ps_container_names leaves to us: the part after the prefix names who is speaking.
 * Longer prefixes first. */
static const struct ps_span GROUP_PREFIXES[] = {
    PS_SPAN_INIT("/aws/ecs/containerinsights/"),
    PS_SPAN_INIT("/aws/ecs/"),
    PS_SPAN_INIT("/aws/containerinsights/"),
    PS_SPAN_INIT("/aws/eks/"),
    PS_SPAN_INIT("/aws/rds/proxy/"),
    PS_SPAN_INIT("/aws/apigateway/"),
    PS_SPAN_INIT("/aws/vendedlogs/states/"),
    PS_SPAN_INIT("/aws/states/"),
    PS_SPAN_INIT("/aws/elasticbeanstalk/"),
    PS_SPAN_INIT("/aws/appsync/apis/"),
    PS_SPAN_INIT("/aws/kinesisfirehose/"),
    PS_SPAN_INIT("/aws/opensearch/domains/"),
    PS_SPAN_INIT("API-Gateway-Execution-Logs_"),
};

static struct ps_span until(struct ps_span text, char separator)
{
    bool more = false;
    return ps_span_split(&text, separator, &more);
}

static struct ps_span service_of_group(struct ps_span group)
{
    struct ps_span service;
    struct ps_span host;
    ps_container_names(group, PS_SPAN(""), &service, &host);
    if (service.len > 0) return service;
    for (size_t i = 0; i < sizeof GROUP_PREFIXES / sizeof GROUP_PREFIXES[0]; i++) {
        if (!ps_span_starts(group, GROUP_PREFIXES[i])) continue;
        service = until(ps_span_from(group, GROUP_PREFIXES[i].len), '/');
        if (service.len > 0) return service;
    }
    while (group.len > 0 && group.data[0] == '/')
        group = ps_span_from(group, 1);
    return group; /* a group of the user's own: its whole name is the best there is */
}

/* The two are asked for apart, because settings stand between them. */
struct ps_enrich_source ps_enrich_source(struct ps_span log_group, struct ps_span log_stream)
{
    struct ps_enrich_source source = { .group_service = service_of_group(log_group) };
    ps_container_names(PS_SPAN(""), log_stream, &source.stream_service, &source.stream_host);
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
