#include "event/from_kinesis.h"

#include "base/num.h"
#include "event/event_priv.h"

/* An object's member as written, or an empty span: names compared as they stand, the last one wins. */
static struct ps_span member(struct ps_span object, struct ps_span wanted)
{
    struct ps_span found = { 0 };
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, object);
    if (ps_json_read_next(&reader, &token) != PS_OK || token.kind != PS_JSON_OBJECT_BEGIN) return found;
    struct ps_span name;
    struct ps_span value;
    bool more = false;
    while (ps_event_member(&reader, &name, &value, &more) == PS_OK && more) {
        if (ps_span_eq(name, wanted)) found = value;
    }
    return found;
}

static bool is_object(struct ps_span value)
{
    return value.len > 0 && value.data[0] == '{';
}

static void read_kinesis(struct ps_span object, struct ps_carrier *carrier)
{
    struct ps_json_reader reader;
    carrier->fault = "data_missing";
    if (!ps_event_object(object, &reader)) return;
    struct ps_span name;
    struct ps_span value;
    bool more = false;
    while (ps_event_member(&reader, &name, &value, &more) == PS_OK && more) {
        if (ps_span_eq(name, PS_SPAN("data"))) {
            if (ps_event_string(value, &carrier->data)) carrier->fault = NULL;
        } else if (ps_span_eq(name, PS_SPAN("sequenceNumber"))) {
            (void)ps_event_string(value, &carrier->sequence);
        } else if (ps_span_eq(name, PS_SPAN("partitionKey"))) {
            (void)ps_event_string(value, &carrier->partition_key);
        } else if (ps_span_eq(name, PS_SPAN("approximateArrivalTimestamp"))) {
            /* Seconds with a fraction, perhaps with an exponent: exact decimals only. */
            if (!ps_num_scaled(value, 3, &carrier->arrival_ms)) carrier->arrival_ms = 0;
        }
    }
}

void ps_from_kinesis_read(struct ps_span raw, struct ps_carrier *carrier)
{
    (void)ps_event_string(member(raw, PS_SPAN("eventID")), &carrier->event_id);
    struct ps_span kinesis = member(raw, PS_SPAN("kinesis"));
    if (!is_object(kinesis)) {
        carrier->fault = "kinesis_missing";
        return;
    }
    read_kinesis(kinesis, carrier);
}

bool ps_from_kinesis_is(struct ps_span raw, struct ps_span *arn, struct ps_span *region)
{
    struct ps_span source = { 0 };
    bool named = ps_event_string(member(raw, PS_SPAN("eventSource")), &source);
    if (named && !ps_span_eq(source, PS_SPAN("aws:kinesis"))) return false;
    if (!is_object(member(raw, PS_SPAN("kinesis")))) return false;
    (void)ps_event_string(member(raw, PS_SPAN("eventSourceARN")), arn);
    (void)ps_event_string(member(raw, PS_SPAN("awsRegion")), region);
    return true;
}
