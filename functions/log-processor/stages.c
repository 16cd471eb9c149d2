#include "stages.h"

#include "record/clean.h"
#include "record/identity.h"
#include "record/parse.h"
#include "record/parse_vpcflow.h"
#include "record/schema.h"

/* An item that is too large for the sink's buffers is built here for its dead letter; more than this cannot come from
 * an event of 1 MiB. */
enum { REFUSED_ITEM_BYTES_MAX = 12 << 20 };

static enum ps_err compile_pattern(struct ps_arena *process, const char *setting, struct ps_span pattern,
                                   struct ps_match **out)
{
    if (pattern.len == 0) return PS_OK;
    enum ps_err err = ps_match_compile(process, pattern, 0, out);
    return err == PS_OK ? PS_OK : ps_err_wrap(err, "%s", setting);
}

static enum ps_err open_include(struct ps_arena *process, const struct settings *settings, struct stages *stages)
{
    return compile_pattern(process, "INCLUDE_AT_MATCH", settings->include_at_match, &stages->include);
}

static enum ps_err open_exclude(struct ps_arena *process, const struct settings *settings, struct stages *stages)
{
    return compile_pattern(process, "EXCLUDE_AT_MATCH", settings->exclude_at_match, &stages->exclude);
}

static enum ps_err open_redact(struct ps_arena *process, const struct settings *settings, struct stages *stages)
{
    /* Names the setting itself. */
    return ps_redact_open(process, settings->redact, settings->redact_patterns, &stages->redact);
}

static enum ps_err open_tags(struct ps_arena *process, const struct settings *settings, struct stages *stages)
{
    return ps_enrich_tags_parse(process, settings->tags, &stages->tags); /* names the setting itself */
}

static enum ps_err open_index(struct ps_arena *process, const struct settings *settings, struct stages *stages)
{
    (void)process;
    enum ps_err err = ps_index_name_compile(settings->opensearch_index, &stages->index);
    return err == PS_OK ? PS_OK : ps_err_wrap(err, "OPENSEARCH_INDEX");
}

static enum ps_err open_vpc_flow(struct ps_arena *process, const struct settings *settings, struct stages *stages)
{
    struct ps_span text = settings->vpc_flow_fields;
    if (text.len == 0) return PS_OK;
    struct ps_parse_vpcflow_format *format = PS_ARENA_NEW(process, struct ps_parse_vpcflow_format);
    if (format == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "VPC_FLOW_FIELDS");
    bool matched = false;
    PS_TRY(ps_parse_vpcflow_format(process, text, format, &matched));
    if (!matched) {
        PS_FAIL(PS_ERR_BAD_CONFIG,
                "VPC_FLOW_FIELDS is no list of field names with version or log-status among them, as in "
                "\"${version} ${srcaddr} ${dstaddr}\"");
    }
    stages->vpc_flow = format;
    return PS_OK;
}

/* Each makes one thing of the settings and names the setting when it cannot. */
static enum ps_err (*const OPENERS[])(struct ps_arena *, const struct settings *, struct stages *) = {
    open_include, open_exclude, open_redact, open_tags, open_index, open_vpc_flow,
};

/* What lies outside the arena: code that PCRE2 compiled. */
void stages_close(struct stages *stages)
{
    if (stages->filter.scratch != NULL) ps_match_scratch_close(stages->filter.scratch);
    if (stages->include != NULL) ps_match_close(stages->include);
    if (stages->exclude != NULL) ps_match_close(stages->exclude);
    if (stages->redact != NULL) ps_redact_close(stages->redact);
}

enum { OPENERS_COUNT = sizeof OPENERS / sizeof OPENERS[0] };

void stages_check(const struct settings *settings, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    struct ps_arena_mark mark = ps_arena_mark(scratch);
    for (size_t i = 0; i < OPENERS_COUNT; i++) {
        struct stages stages = { 0 };
        if (OPENERS[i](scratch, settings, &stages) != PS_OK) ps_config_mistake(mistakes, "%s", ps_err_note()->text);
        stages_close(&stages);
    }
    ps_arena_rewind(scratch, mark);
}

enum ps_err stages_open(struct ps_arena *process, const struct settings *settings, struct ps_span function_region,
                        struct stages *stages)
{
    *stages = (struct stages){
        .function_region = function_region,
        .filter = { .level_min = (enum ps_level)settings->min_level,
                    .sample_millionths = settings->sample_rate_millionths },
        .enrich = { .service = settings->service, .env = settings->environment },
    };
    for (size_t i = 0; i < OPENERS_COUNT; i++)
        PS_TRY(OPENERS[i](process, settings, stages));
    stages->filter.include = stages->include;
    stages->filter.exclude = stages->exclude;
    PS_TRY(ps_match_scratch_open(process, &stages->filter.scratch));
    stages->bulk = (struct ps_to_bulk_options){
        .schema = ps_schema_of((enum ps_schema_kind)settings->field_schema),
        .op = PS_TO_BULK_CREATE,
        .ids = settings->opensearch_ids,
        .index = &stages->index,
        .tags = stages->tags.json,
    };
    return PS_OK;
}

enum ps_err stages_envelope_begin(const struct stages *stages, struct ps_arena *arena,
                                  const struct ps_from_cwlogs_envelope *envelope, struct stages_envelope *out)
{
    *out = (struct stages_envelope){ .stages = stages, .envelope = envelope };
    out->source = ps_enrich_source(envelope->log_group, envelope->log_stream);
    return ps_to_bulk_begin(arena, &stages->bulk, envelope->owner, envelope->log_group, envelope->log_stream,
                            &out->bulk);
}

/* A declared order of flow log columns comes first: nothing in such a line tells its format. */
static enum ps_err parse(const struct stages *stages, struct ps_arena *scratch, struct ps_record *record)
{
    bool matched = false;
    if (stages->vpc_flow != NULL) PS_TRY(ps_parse_vpcflow_fields(scratch, record, stages->vpc_flow, &matched));
    return matched ? PS_OK : ps_parse(scratch, record);
}

/* From the message to a record that says all it can. */
static enum ps_err understand(struct stages_envelope *envelope, struct ps_arena *scratch,
                              const struct ps_from_cwlogs_event *event, struct ps_record *record)
{
    PS_TRY(parse(envelope->stages, scratch, record));
    /* A trace whose head names no level is an uncaught error: thresholds and sampling must not take it for less. */
    if (record->level == PS_LEVEL_NONE && record->is_trace) record->level = PS_LEVEL_ERROR;
    PS_TRY(ps_from_cwlogs_extracted(scratch, event, record));
    ps_enrich_record(&envelope->stages->enrich, &envelope->source, record);
    return PS_OK;
}

/* The item did not fit the sink's buffer, or its index is one too many: it is a dead letter with all it holds. */
static enum ps_err refuse(struct stages_envelope *envelope, struct ps_arena *scratch, const struct ps_record *record,
                          const char *reason, struct stages_output *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, scratch, REFUSED_ITEM_BYTES_MAX);
    out->reached_output = false;
    PS_TRY(ps_to_bulk_put(&buf, &envelope->bulk, record));
    struct ps_span item;
    PS_TRY(ps_buf_finish(&buf, &item));
    out->reached_output = true;
    return out->output->item_refused(out->output->context, out->tag, reason, item);
}

static enum ps_err put_out(struct stages_envelope *envelope, struct ps_arena *scratch, const struct ps_record *record,
                           struct stages_output *out)
{
    const struct pipeline_output *output = out->output;
    if (!ps_index_name_admit(&out->counts->indices, &envelope->stages->index, record->event_time_ms)) {
        return refuse(envelope, scratch, record, "too_many_indices", out);
    }
    struct ps_buf *buf = NULL;
    out->reached_output = true;
    PS_TRY(output->item_begin(output->context, &buf));
    enum ps_err err = ps_to_bulk_put(buf, &envelope->bulk, record);
    if (err == PS_OK) return output->item_commit(output->context, out->tag);
    output->item_rollback(output->context);
    if (err != PS_ERR_TOO_LARGE) return err;
    return refuse(envelope, scratch, record, "too_large", out);
}

enum ps_err stages_finish(struct stages_envelope *envelope, struct ps_arena *scratch,
                          const struct ps_from_cwlogs_event *event, struct ps_record *record, struct ps_span source,
                          struct stages_output *out)
{
    const struct stages *stages = envelope->stages;
    PS_TRY(understand(envelope, scratch, event, record));
    if (ps_filter_decide(&stages->filter, record, envelope->bulk.source, &out->counts->filter) != PS_FILTER_KEEP) {
        ps_account_add(out->account, PS_VERDICT_FILTERED, 1);
        return PS_OK;
    }
    PS_TRY(ps_redact_record(stages->redact, scratch, source, record, &out->counts->redact));
    /* Cut last: a secret that a cut had split would not be known for one. */
    bool cut = false;
    PS_TRY(ps_clean_cut(scratch, record->message, STAGES_MESSAGE_BYTES_MAX, &record->message, &cut));
    record->message_cut = record->message_cut || cut;
    if (record->unparsed.len > 0) out->account->unparsed++;
    out->account->cut += record->cut_values + (record->message_cut ? 1U : 0U);
    return put_out(envelope, scratch, record, out);
}
