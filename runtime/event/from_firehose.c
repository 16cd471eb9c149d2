#include "event/from_firehose.h"

#include "base/num.h"
#include "event/event_priv.h"

void ps_from_firehose_read(struct ps_span raw, struct ps_carrier *carrier)
{
    struct ps_json_reader reader;
    carrier->fault = "record_no_object";
    if (!ps_event_object(raw, &reader)) return;
    carrier->fault = "data_missing";
    struct ps_span name;
    struct ps_span value;
    bool more = false;
    while (ps_event_member(&reader, &name, &value, &more) == PS_OK && more) {
        if (ps_span_eq(name, PS_SPAN("data"))) {
            if (ps_event_string(value, &carrier->data)) carrier->fault = NULL;
        } else if (ps_span_eq(name, PS_SPAN("recordId"))) {
            (void)ps_event_string(value, &carrier->record_id);
        } else if (ps_span_eq(name, PS_SPAN("approximateArrivalTimestamp"))) {
            if (!ps_num_scaled(value, 0, &carrier->arrival_ms)) carrier->arrival_ms = 0; /* milliseconds here */
        }
    }
}
