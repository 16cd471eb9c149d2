#include "event/event.h"

#include "base/assert.h"
#include "event/event_priv.h"
#include "event/from_firehose.h"
#include "event/from_kafka.h"
#include "event/from_kinesis.h"

/* The members that tell the sources apart, and those worth keeping, at the top level. */
struct top {
    struct ps_span awslogs, kinesis_records, records; /* Firehose's or Kafka's */
    struct ps_span delivery_stream_arn, invocation_id, region;
    struct ps_span event_source, event_source_arn;
    struct ps_span window, state;
};

enum ps_err ps_event_member(struct ps_json_reader *reader, struct ps_span *name, struct ps_span *value, bool *more)
{
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(reader, &token));
    if (token.kind == PS_JSON_OBJECT_END) {
        *more = false;
        return PS_OK;
    }
    PS_ASSERT(token.kind == PS_JSON_KEY);
    struct ps_span raw;
    PS_TRY(ps_json_read_skip(reader, &raw));
    *name = token.text;
    *value = raw;
    *more = true;
    return PS_OK;
}

enum ps_err ps_event_members(struct ps_json_reader *reader, const struct ps_event_wanted *wanted, size_t count)
{
    for (;;) {
        struct ps_span name;
        struct ps_span value;
        bool more = false;
        PS_TRY(ps_event_member(reader, &name, &value, &more));
        if (!more) return PS_OK;
        for (size_t i = 0; i < count; i++) {
            if (ps_span_eq(name, wanted[i].name)) *wanted[i].into = value;
        }
    }
}

bool ps_event_object(struct ps_span raw, struct ps_json_reader *reader)
{
    struct ps_json_token token;
    ps_json_read_init(reader, raw);
    return ps_json_read_next(reader, &token) == PS_OK && token.kind == PS_JSON_OBJECT_BEGIN;
}

bool ps_event_string(struct ps_span value, struct ps_span *inside)
{
    if (value.len < 2 || value.data[0] != '"') return false;
    *inside = ps_span_make(value.data + 1, value.len - 2);
    return true;
}

enum ps_err ps_event_text(struct ps_arena *arena, struct ps_span value, struct ps_span *out)
{
    struct ps_span inside;
    return ps_event_string(value, &inside) ? ps_json_read_unescape(arena, inside, out) : PS_OK;
}

bool ps_event_whole(struct ps_span value, uint64_t *out)
{
    bool none = value.len == 0 || ps_span_eq(value, PS_SPAN("null"));
    return ps_span_to_u64(none ? PS_SPAN("0") : value, out);
}

static enum ps_err read_top(struct ps_span payload, struct top *top)
{
    const struct ps_event_wanted wanted[] = {
        { PS_SPAN("awslogs"), &top->awslogs },
        { PS_SPAN("Records"), &top->kinesis_records },
        { PS_SPAN("records"), &top->records },
        { PS_SPAN("deliveryStreamArn"), &top->delivery_stream_arn },
        { PS_SPAN("invocationId"), &top->invocation_id },
        { PS_SPAN("region"), &top->region },
        { PS_SPAN("eventSource"), &top->event_source },
        { PS_SPAN("eventSourceArn"), &top->event_source_arn },
        { PS_SPAN("window"), &top->window },
        { PS_SPAN("state"), &top->state },
    };
    struct ps_json_reader reader;
    ps_json_read_init(&reader, payload);
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reader, &token));
    if (token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "the event is no JSON object");
    PS_TRY(ps_event_members(&reader, wanted, sizeof wanted / sizeof wanted[0]));
    return ps_json_read_next(&reader, &token); /* nothing but white space may follow */
}

static bool is_array(struct ps_span value)
{
    return value.len > 0 && value.data[0] == '[';
}

static bool is_object(struct ps_span value)
{
    return value.len > 0 && value.data[0] == '{';
}

/* Stands the reader before the first element or member. */
static enum ps_err enter(struct ps_span value, struct ps_json_reader *reader)
{
    struct ps_json_token token;
    PS_ASSERT(is_array(value) || is_object(value));
    ps_json_read_init(reader, value);
    return ps_json_read_next(reader, &token);
}

enum ps_err ps_event_element(struct ps_json_reader *reader, struct ps_span *raw, bool *more)
{
    struct ps_json_reader ahead = *reader;
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&ahead, &token));
    *more = token.kind != PS_JSON_ARRAY_END;
    return *more ? ps_json_read_skip(reader, raw) : PS_OK;
}

static enum ps_err count_elements(struct ps_span array, size_t *out)
{
    struct ps_json_reader reader;
    PS_TRY(enter(array, &reader));
    size_t count = 0;
    for (;;) {
        struct ps_span raw;
        bool more = false;
        PS_TRY(ps_event_element(&reader, &raw, &more));
        if (!more) break;
        count++;
    }
    *out = count;
    return PS_OK;
}

/* One good record tells that the batch is Kinesis's; the first one nearly always does. An empty array counts as
 * Kinesis's too: there is nothing to tell it from, and nothing to do. */
static enum ps_err find_kinesis(struct ps_event *event, bool *found)
{
    struct ps_json_reader reader;
    PS_TRY(enter(event->carriers, &reader));
    *found = event->carrier_count == 0;
    for (size_t i = 0; i < event->carrier_count && !*found; i++) {
        struct ps_span raw;
        PS_TRY(ps_json_read_skip(&reader, &raw));
        *found = ps_from_kinesis_is(raw, &event->arn, &event->region);
    }
    return PS_OK;
}

static enum ps_err open_kinesis(const struct top *top, struct ps_event *event)
{
    event->carriers = top->kinesis_records;
    if (is_object(top->window)) event->state = is_object(top->state) ? top->state : PS_SPAN("{}");
    PS_TRY(count_elements(event->carriers, &event->carrier_count));
    bool found = false;
    PS_TRY(find_kinesis(event, &found));
    if (found) event->source = PS_EVENT_KINESIS;
    return PS_OK;
}

static enum ps_err open_firehose(const struct top *top, struct ps_event *event)
{
    event->source = PS_EVENT_FIREHOSE;
    event->carriers = top->records;
    (void)ps_event_string(top->delivery_stream_arn, &event->arn);
    (void)ps_event_string(top->region, &event->region);
    return count_elements(event->carriers, &event->carrier_count);
}

static enum ps_event_source kafka_source(const struct top *top)
{
    struct ps_span name = { 0 };
    if (!is_object(top->records) || !ps_event_string(top->event_source, &name)) return PS_EVENT_UNKNOWN;
    if (ps_span_eq(name, PS_SPAN("aws:kafka"))) return PS_EVENT_MSK;
    return ps_span_eq(name, PS_SPAN("aws:SelfManagedKafka")) ? PS_EVENT_KAFKA : PS_EVENT_UNKNOWN;
}

static enum ps_err open_kafka(const struct top *top, struct ps_event *event)
{
    event->source = kafka_source(top);
    event->carriers = top->records;
    (void)ps_event_string(top->event_source_arn, &event->arn);
    PS_TRY(enter(event->carriers, &event->reader));
    for (;;) {
        struct ps_span raw;
        bool more = false;
        PS_TRY(ps_from_kafka_next(&event->reader, &event->group, &raw, &more));
        if (!more) return PS_OK;
        event->carrier_count++;
    }
}

enum ps_err ps_event_open(struct ps_span payload, struct ps_event *out)
{
    struct top top = { 0 };
    PS_TRY(read_top(payload, &top));
    struct ps_event event = { .source = PS_EVENT_UNKNOWN };
    if (top.awslogs.len > 0) {
        event.source = PS_EVENT_CWLOGS;
        event.carriers = top.awslogs;
        event.carrier_count = 1;
    } else if (is_array(top.kinesis_records)) {
        PS_TRY(open_kinesis(&top, &event));
    } else if (kafka_source(&top) != PS_EVENT_UNKNOWN) {
        PS_TRY(open_kafka(&top, &event));
    } else if (is_array(top.records) && (top.delivery_stream_arn.len > 0 || top.invocation_id.len > 0)) {
        PS_TRY(open_firehose(&top, &event));
    }
    if (event.source == PS_EVENT_UNKNOWN)
        PS_FAIL(PS_ERR_BAD_INPUT, "the event is none we read: its top level must hold \"awslogs\" (a CloudWatch Logs "
                                  "subscription), \"Records\" with \"kinesis\" in each (Kinesis), \"records\" with "
                                  "\"invocationId\" or \"deliveryStreamArn\" beside it (Firehose), or an object "
                                  "\"records\" with \"eventSource\" aws:kafka or aws:SelfManagedKafka (Kafka)");
    ps_event_rewind(&event);
    *out = event;
    return PS_OK;
}

void ps_event_rewind(struct ps_event *event)
{
    event->position = 0;
    ps_json_read_init(&event->reader, event->carriers);
}

static void read_awslogs(struct ps_span raw, struct ps_carrier *carrier)
{
    struct ps_json_reader reader;
    carrier->fault = "awslogs_no_object";
    if (!ps_event_object(raw, &reader)) return;
    carrier->fault = "data_missing";
    struct ps_span name;
    struct ps_span value;
    bool more = false;
    while (ps_event_member(&reader, &name, &value, &more) == PS_OK && more) {
        if (ps_span_eq(name, PS_SPAN("data")) && ps_event_string(value, &carrier->data)) carrier->fault = NULL;
    }
}

/* The next carrier as written; there is one, as open has counted. */
static enum ps_err next_raw(struct ps_event *event, struct ps_span *raw)
{
    if (event->source == PS_EVENT_CWLOGS) {
        *raw = event->carriers;
        return PS_OK;
    }
    if (event->position == 0) PS_TRY(enter(event->carriers, &event->reader));
    if (is_array(event->carriers)) return ps_json_read_skip(&event->reader, raw);
    bool more = false;
    PS_TRY(ps_from_kafka_next(&event->reader, &event->group, raw, &more));
    PS_ASSERT(more);
    return PS_OK;
}

enum ps_err ps_event_next(struct ps_event *event, struct ps_carrier *out, bool *more)
{
    static void (*const READERS[])(struct ps_span raw, struct ps_carrier * carrier) = {
        [PS_EVENT_CWLOGS] = read_awslogs,
        [PS_EVENT_KINESIS] = ps_from_kinesis_read,
        [PS_EVENT_FIREHOSE] = ps_from_firehose_read,
        [PS_EVENT_MSK] = ps_from_kafka_read,
        [PS_EVENT_KAFKA] = ps_from_kafka_read,
    };
    PS_ASSERT(event->source != PS_EVENT_UNKNOWN);
    if (event->position == event->carrier_count) {
        *more = false;
        return PS_OK;
    }
    struct ps_span raw;
    PS_TRY(next_raw(event, &raw));
    struct ps_carrier carrier = { .position = event->position, .raw = raw, .group = event->group };
    READERS[event->source](raw, &carrier);
    carrier.data_escaped = ps_span_find_byte(carrier.data, '\\') != PS_SPAN_NONE;
    event->position++;
    *out = carrier;
    *more = true;
    return PS_OK;
}

const char *ps_event_source_name(enum ps_event_source source)
{
    static const char *const NAMES[] = {
        [PS_EVENT_UNKNOWN] = "unknown",   [PS_EVENT_CWLOGS] = "cwlogs", [PS_EVENT_KINESIS] = "kinesis",
        [PS_EVENT_FIREHOSE] = "firehose", [PS_EVENT_MSK] = "msk",       [PS_EVENT_KAFKA] = "kafka",
    };
    PS_ASSERT((size_t)source < sizeof NAMES / sizeof NAMES[0]);
    return NAMES[source];
}
