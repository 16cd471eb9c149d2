#include "record/schema.h"

#include "base/assert.h"

const char *const PS_SCHEMA_WORDS[] = { [PS_SCHEMA_FLAT] = "flat", [PS_SCHEMA_ECS] = "ecs", NULL };

#define ROW(member_, group_, text_) \
    { \
        .member = PS_SCHEMA_##member_, .group = (group_), .text = PS_SPAN_INIT(text_) \
    }
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* flat: Penstock's own plain names, everything at the top level but fields and tags. */
static const struct ps_schema_row FLAT_ROWS[] = {
    ROW(TIMESTAMP, 0, "\"@timestamp\":"),
    ROW(MESSAGE, 0, "\"message\":"),
    ROW(LEVEL, 0, "\"level\":"),
    ROW(SERVICE, 0, "\"service\":"),
    ROW(ENV, 0, "\"env\":"),
    ROW(HOST, 0, "\"host\":"),
    ROW(REGION, 0, "\"region\":"),
    ROW(ACCOUNT, 0, "\"account\":"),
    ROW(LOG_GROUP, 0, "\"log_group\":"),
    ROW(LOG_STREAM, 0, "\"log_stream\":"),
    ROW(EVENT_ID, 0, "\"event_id\":"),
    ROW(REQUEST_ID, 0, "\"request_id\":"),
    ROW(TRACE_ID, 0, "\"trace_id\":"),
    ROW(SPAN_ID, 0, "\"span_id\":"),
    ROW(LOGGER, 0, "\"logger\":"),
    ROW(FORMAT, 0, "\"format\":"),
    ROW(ERROR_TYPE, 0, "\"error_type\":"),
    ROW(ERROR_MESSAGE, 0, "\"error_message\":"),
    ROW(STACK_TRACE, 0, "\"stack_trace\":"),
    ROW(DURATION_MS, 0, "\"duration_ms\":"),
    ROW(STATUS, 0, "\"status\":"),
    ROW(EVENT_TIME, 0, "\"event_time\":"),
    ROW(REGION_INFERRED, 0, "\"region_inferred\":"),
    ROW(JOINED, 0, "\"joined\":"),
    ROW(UNPARSED, 0, "\"unparsed\":"),
    ROW(MESSAGE_CUT, 0, "\"message_cut\":"),
    ROW(FIELDS, 0, "\"fields\":"),
    ROW(TAGS, 0, "\"tags\":"),
};
static const struct ps_schema_group FLAT_GROUPS[] = { { 0 } };

/* ecs: Elastic Common Schema 8.11 where it has a name ("ECS field reference": base, log, service, host, cloud, error,
 * event, http, tracing), aws.cloudwatch.* as Elastic's own forwarder writes it, penstock.* for what ECS lacks. TAGS are
 * ECS's labels: its own tags is a list of keywords. */
enum ecs_group {
    ECS_ROOT,
    ECS_ECS,
    ECS_LOG,
    ECS_SERVICE,
    ECS_HOST,
    ECS_CLOUD,
    ECS_CLOUD_ACCOUNT,
    ECS_AWS,
    ECS_AWS_CLOUDWATCH,
    ECS_TRACE,
    ECS_SPAN,
    ECS_ERROR,
    ECS_EVENT,
    ECS_HTTP,
    ECS_HTTP_REQUEST,
    ECS_HTTP_RESPONSE,
    ECS_PENSTOCK,
};
static const struct ps_schema_group ECS_GROUPS[] = {
    [ECS_ROOT] = { 0 },
    [ECS_ECS] = { ECS_ROOT, PS_SPAN_INIT("\"ecs\":{") },
    [ECS_LOG] = { ECS_ROOT, PS_SPAN_INIT("\"log\":{") },
    [ECS_SERVICE] = { ECS_ROOT, PS_SPAN_INIT("\"service\":{") },
    [ECS_HOST] = { ECS_ROOT, PS_SPAN_INIT("\"host\":{") },
    [ECS_CLOUD] = { ECS_ROOT, PS_SPAN_INIT("\"cloud\":{") },
    [ECS_CLOUD_ACCOUNT] = { ECS_CLOUD, PS_SPAN_INIT("\"account\":{") },
    [ECS_AWS] = { ECS_ROOT, PS_SPAN_INIT("\"aws\":{") },
    [ECS_AWS_CLOUDWATCH] = { ECS_AWS, PS_SPAN_INIT("\"cloudwatch\":{") },
    [ECS_TRACE] = { ECS_ROOT, PS_SPAN_INIT("\"trace\":{") },
    [ECS_SPAN] = { ECS_ROOT, PS_SPAN_INIT("\"span\":{") },
    [ECS_ERROR] = { ECS_ROOT, PS_SPAN_INIT("\"error\":{") },
    [ECS_EVENT] = { ECS_ROOT, PS_SPAN_INIT("\"event\":{") },
    [ECS_HTTP] = { ECS_ROOT, PS_SPAN_INIT("\"http\":{") },
    [ECS_HTTP_REQUEST] = { ECS_HTTP, PS_SPAN_INIT("\"request\":{") },
    [ECS_HTTP_RESPONSE] = { ECS_HTTP, PS_SPAN_INIT("\"response\":{") },
    [ECS_PENSTOCK] = { ECS_ROOT, PS_SPAN_INIT("\"penstock\":{") },
};
static const struct ps_schema_row ECS_ROWS[] = {
    ROW(TIMESTAMP, ECS_ROOT, "\"@timestamp\":"),
    ROW(CONSTANT, ECS_ECS, "\"version\":\"8.11.0\""),
    ROW(MESSAGE, ECS_ROOT, "\"message\":"),
    ROW(LEVEL, ECS_LOG, "\"level\":"),
    ROW(LOGGER, ECS_LOG, "\"logger\":"),
    ROW(SERVICE, ECS_SERVICE, "\"name\":"),
    ROW(ENV, ECS_SERVICE, "\"environment\":"),
    ROW(HOST, ECS_HOST, "\"name\":"),
    ROW(CONSTANT, ECS_CLOUD, "\"provider\":\"aws\""),
    ROW(REGION, ECS_CLOUD, "\"region\":"),
    ROW(ACCOUNT, ECS_CLOUD_ACCOUNT, "\"id\":"),
    ROW(LOG_GROUP, ECS_AWS_CLOUDWATCH, "\"log_group\":"),
    ROW(LOG_STREAM, ECS_AWS_CLOUDWATCH, "\"log_stream\":"),
    ROW(EVENT_ID, ECS_AWS_CLOUDWATCH, "\"event_id\":"),
    ROW(TRACE_ID, ECS_TRACE, "\"id\":"),
    ROW(SPAN_ID, ECS_SPAN, "\"id\":"),
    ROW(ERROR_TYPE, ECS_ERROR, "\"type\":"),
    ROW(ERROR_MESSAGE, ECS_ERROR, "\"message\":"),
    ROW(STACK_TRACE, ECS_ERROR, "\"stack_trace\":"),
    ROW(DURATION_NS, ECS_EVENT, "\"duration\":"),
    ROW(EVENT_TIME, ECS_EVENT, "\"created\":"),
    ROW(REQUEST_ID, ECS_HTTP_REQUEST, "\"id\":"),
    ROW(STATUS, ECS_HTTP_RESPONSE, "\"status_code\":"),
    ROW(FORMAT, ECS_PENSTOCK, "\"format\":"),
    ROW(REGION_INFERRED, ECS_PENSTOCK, "\"region_inferred\":"),
    ROW(JOINED, ECS_PENSTOCK, "\"joined\":"),
    ROW(UNPARSED, ECS_PENSTOCK, "\"unparsed\":"),
    ROW(MESSAGE_CUT, ECS_PENSTOCK, "\"message_cut\":"),
    ROW(FIELDS, ECS_PENSTOCK, "\"fields\":"),
    ROW(TAGS, ECS_ROOT, "\"labels\":"),
};

static const struct ps_schema SCHEMAS[PS_SCHEMA_KIND_COUNT] = {
    [PS_SCHEMA_FLAT] = { FLAT_ROWS, COUNT(FLAT_ROWS), FLAT_GROUPS },
    [PS_SCHEMA_ECS] = { ECS_ROWS, COUNT(ECS_ROWS), ECS_GROUPS },
};

const struct ps_schema *ps_schema_of(enum ps_schema_kind kind)
{
    PS_ASSERT((size_t)kind < PS_SCHEMA_KIND_COUNT);
    return &SCHEMAS[kind];
}
