#include "log-processor/stages.h"

#include <stdlib.h>
#include <string.h>

#include "unit/functions/log-processor/road.h"

/* One message of one envelope through the stages of settings; the road keeps what comes out. */
static struct world {
    struct road road;
    struct stages stages;
    struct ps_from_cwlogs_envelope envelope;
    struct stages_envelope stage_envelope;
    struct stages_counts counts;
} w;

static void open_stages(const char *const *pairs)
{
    road_open(&w.road, pairs);
    CHECK_OK(stages_open(&w.road.process, &w.road.settings, PS_SPAN("eu-central-1"), &w.stages));
    w.envelope = (struct ps_from_cwlogs_envelope){ .owner = PS_SPAN("123456789012"),
                                                   .log_group = PS_SPAN("my-app/prod"),
                                                   .log_stream = PS_SPAN("web-1"),
                                                   .utf8 = true };
    memset(&w.counts, 0, sizeof w.counts);
    CHECK_OK(stages_envelope_begin(&w.stages, &w.road.process, &w.envelope, &w.stage_envelope));
}

static void close_stages(void)
{
    stages_close(&w.stages);
    road_close(&w.road);
}

static enum ps_err finish(const char *id, const char *message, int64_t time_ms)
{
    struct ps_from_cwlogs_event event = { .id = ps_span_of(id),
                                          .timestamp_ms = time_ms,
                                          .message = ps_span_of(message) };
    struct ps_record record;
    struct pipeline_output output = road_output(&w.road);
    struct stages_output out = { .output = &output, .tag = 7, .account = &w.road.account, .counts = &w.counts };
    ps_from_cwlogs_record(&w.envelope, &event, PS_SPAN("eu-central-1"), &record);
    return stages_finish(&w.stage_envelope, &w.road.arena, &event, &record, record.message, &out);
}

static const int64_t T0_MS = 1795255200000;

static bool kept(const char *text)
{
    return ps_span_find(road_kept(&w.road), ps_span_of(text)) != PS_SPAN_NONE;
}

static void a_record_goes_through_every_stage(void)
{
    static const char *const SETTINGS[] = { "ENVIRONMENT=prod", "TAGS=team=core", NULL };
    open_stages(SETTINGS);
    CHECK_OK(finish("1", "{\"level\":\"warn\",\"msg\":\"key AKIAIOSFODNN7EXAMPLE\"}", T0_MS));
    CHECK_EQ(w.road.items, 1);
    CHECK_EQ(w.road.tags[0], 7);
    CHECK(kept("\"message\":\"key [REDACTED:aws_keys]\",\"level\":\"WARN\""));
    CHECK(kept("\"env\":\"prod\"") && kept("\"tags\":{\"team\":\"core\"}") && kept("\"region_inferred\":true"));
    CHECK_EQ(ps_redact_total(&w.counts.redact), 1);
    close_stages();
}

static void dropped_records_are_counted_by_their_rule_and_never_redacted(void)
{
    static const char *const SETTINGS[] = { "INCLUDE_AT_MATCH=keep", "EXCLUDE_AT_MATCH=noise", "MIN_LEVEL=warn",
                                            "SAMPLE_RATE=0", NULL };
    open_stages(SETTINGS);
    CHECK_OK(finish("1", "keep, but noise AKIAIOSFODNN7EXAMPLE", T0_MS));
    CHECK_OK(finish("2", "something else", T0_MS));
    CHECK_OK(finish("3", "INFO keep", T0_MS));
    CHECK_OK(finish("4", "WARN keep", T0_MS));
    CHECK_OK(finish("5", "ERROR keep", T0_MS));
    CHECK_EQ(w.counts.filter.verdicts[PS_FILTER_EXCLUDED], 1);
    CHECK_EQ(w.counts.filter.verdicts[PS_FILTER_NOT_INCLUDED], 1);
    CHECK_EQ(w.counts.filter.verdicts[PS_FILTER_BELOW_LEVEL], 1);
    CHECK_EQ(w.counts.filter.verdicts[PS_FILTER_NOT_SAMPLED], 1);
    CHECK_EQ(w.counts.filter.verdicts[PS_FILTER_KEEP], 1);
    CHECK_EQ(w.road.account.verdicts[PS_VERDICT_FILTERED], 4);
    CHECK_EQ(w.road.items, 1);
    CHECK_EQ(ps_redact_total(&w.counts.redact), 0);
    close_stages();
}

/* Patterns see what was said; what leaves is hidden. */
static void filters_look_before_redaction(void)
{
    static const char *const SETTINGS[] = { "INCLUDE_AT_MATCH=AKIA[A-Z0-9]+", NULL };
    open_stages(SETTINGS);
    CHECK_OK(finish("1", "key AKIAIOSFODNN7EXAMPLE", T0_MS));
    CHECK(kept("key [REDACTED:aws_keys]") && !kept("AKIAIOSF"));
    close_stages();
}

static void an_item_too_large_for_its_buffer_is_refused_whole(void)
{
    open_stages(NULL);
    w.road.item_bytes_max = 400;
    CHECK_OK(finish("1", "{\"msg\":\"small\"}", T0_MS));
    char message[1000];
    memset(message, 'x', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    CHECK_OK(finish("2", message, T0_MS));
    CHECK_OK(finish("3", "small again", T0_MS));
    CHECK_EQ(w.road.items, 2);
    CHECK_EQ(w.road.letter_count, 1);
    CHECK_TEXT(ps_span_of(w.road.letters[0].detail), "too_large");
    CHECK(kept("small again") && !kept("xxxx"));
    close_stages();
}

static void more_indices_than_one_invocation_may_use_are_refused(void)
{
    open_stages(NULL);
    for (int64_t day = 0; day < PS_INDEX_NAME_SEEN_MAX + 3; day++)
        CHECK_OK(finish("1", "m", T0_MS + day * 86400000));
    CHECK_OK(finish("1", "the first day is in use already", T0_MS));
    CHECK_EQ(w.road.items, PS_INDEX_NAME_SEEN_MAX + 1);
    CHECK_EQ(w.road.letter_count, 3);
    CHECK_TEXT(ps_span_of(w.road.letters[0].detail), "too_many_indices");
    close_stages();
}

static void unparsed_and_cut_are_counted(void)
{
    open_stages(NULL);
    CHECK_OK(finish("1", "{\"cut\":", T0_MS));
    CHECK_EQ(w.road.account.unparsed, 1);
    static char message[20000 + 32] = "{\"msg\":\"m\",\"v\":\"";
    size_t head = strlen(message);
    memset(message + head, 'x', 20000);
    memcpy(message + head + 20000, "\"}", 3);
    CHECK_OK(finish("2", message, T0_MS));
    CHECK_EQ(w.road.account.cut, 1);
    CHECK_EQ(w.road.account.unparsed, 1);
    close_stages();
}

static void what_the_sink_fails_with_is_passed_on(void)
{
    open_stages(NULL);
    w.road.fail_at = 1;
    CHECK_ERR(finish("1", "m", T0_MS), PS_ERR_UNAVAILABLE);
    close_stages();
}

static enum ps_err finish_rich(void)
{
    w.road.kept.len = w.road.items = 0;
    return finish("1", "{\"msg\":\"Bearer 9f8e7d6c5b4a3f2e1d \\u001b[31m\",\"a\":{\"b\":1,\"b\":2},\"\":1}", T0_MS);
}

static void full_memory_is_an_error_at_every_point(void)
{
    open_stages(NULL);
    PS_EACH_FAILURE(&w.road.arena, finish_rich());
    CHECK_EQ(w.road.items, 1);
    close_stages();
}

static void a_custom_flow_log_is_read_by_its_declared_order(void)
{
    static const char *const SETTINGS[] = { "VPC_FLOW_FIELDS=version srcaddr action", NULL };
    open_stages(SETTINGS);
    CHECK_OK(finish("1", "5 192.0.2.1 ACCEPT", T0_MS));
    CHECK_OK(finish("2", "three plain words", T0_MS));
    CHECK(kept("\"format\":\"vpc_flow\",\"region_inferred\":true,\"fields\":{\"version\":5,\"srcaddr\":\"192.0.2.1\","
               "\"action\":"
               "\"ACCEPT\"}"));
    CHECK(kept("\"message\":\"three plain words\"") && kept("\"format\":\"plain\""));
    close_stages();
}

int main(void)
{
    RUN(a_record_goes_through_every_stage);
    RUN(dropped_records_are_counted_by_their_rule_and_never_redacted);
    RUN(filters_look_before_redaction);
    RUN(an_item_too_large_for_its_buffer_is_refused_whole);
    RUN(more_indices_than_one_invocation_may_use_are_refused);
    RUN(unparsed_and_cut_are_counted);
    RUN(what_the_sink_fails_with_is_passed_on);
    RUN(full_memory_is_an_error_at_every_point);
    RUN(a_custom_flow_log_is_read_by_its_declared_order);
    return check_finish();
}
