#include "event/event.h"

#include <stdlib.h>

#include "base/span.h"
#include "support/check.h"

#define KINESIS_RECORD(data, number) \
    "{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"pk\",\"sequenceNumber\":\"" number \
    "\",\"data\":\"" data "\",\"approximateArrivalTimestamp\":1.795255260125E9},\"eventSource\":\"aws:kinesis\"," \
    "\"eventID\":\"shardId-000000000006:" number "\",\"awsRegion\":\"eu-central-1\"," \
    "\"eventSourceARN\":\"arn:aws:kinesis:eu-central-1:123456789012:stream/logs\",\"new\":[{\"a\":null}]}"

static const char CWLOGS[] = "{\"later\":{\"awslogs\":1},\"awslogs\":{\"more\":[1,2],\"data\":\"QUJD\"}}";
static const char KINESIS[] = "{\"Records\":[" KINESIS_RECORD("QQ==", "001") "," KINESIS_RECORD("Qg==", "002") "]}";
static const char FIREHOSE[] =
    "{\"invocationId\":\"i\",\"deliveryStreamArn\":\"arn:aws:firehose:x\",\"region\":\"eu-west-1\",\"records\":["
    "{\"recordId\":\"r1\",\"approximateArrivalTimestamp\":1795255260125,\"data\":\"QQ==\"},"
    "{\"recordId\":\"r2\",\"data\":\"Qg\\/=\"}]}";

static struct ps_event open_or_unknown(const char *payload)
{
    struct ps_event event = { .source = PS_EVENT_UNKNOWN };
    CHECK_OK(ps_event_open(ps_span_of(payload), &event));
    return event;
}

static struct ps_carrier next(struct ps_event *event)
{
    struct ps_carrier carrier = { 0 };
    bool more = false;
    CHECK_OK(ps_event_next(event, &carrier, &more));
    CHECK(more);
    return carrier;
}

static void check_over(struct ps_event *event)
{
    struct ps_carrier carrier;
    for (int i = 0; i < 2; i++) {
        bool more = true;
        CHECK_OK(ps_event_next(event, &carrier, &more));
        CHECK(!more);
    }
}

static void a_subscription_has_one_carrier(void)
{
    struct ps_event event = open_or_unknown(CWLOGS);
    CHECK_OR_RETURN(event.source == PS_EVENT_CWLOGS);
    CHECK_EQ(event.carrier_count, 1);
    struct ps_carrier carrier = next(&event);
    CHECK_TEXT(carrier.data, "QUJD");
    CHECK(carrier.fault == NULL);
    CHECK(!carrier.data_escaped);
    CHECK_TEXT(carrier.raw, "{\"more\":[1,2],\"data\":\"QUJD\"}");
    check_over(&event);
}

static void kinesis_records_come_in_order_with_their_coordinates(void)
{
    struct ps_event event = open_or_unknown(KINESIS);
    CHECK_OR_RETURN(event.source == PS_EVENT_KINESIS);
    CHECK_EQ(event.carrier_count, 2);
    CHECK_TEXT(event.region, "eu-central-1");
    CHECK_TEXT(event.arn, "arn:aws:kinesis:eu-central-1:123456789012:stream/logs");
    struct ps_carrier first = next(&event);
    CHECK_EQ(first.position, 0);
    CHECK_TEXT(first.sequence, "001");
    CHECK_TEXT(first.partition_key, "pk");
    CHECK_TEXT(first.event_id, "shardId-000000000006:001");
    CHECK_EQ(first.arrival_ms, 1795255260125);
    struct ps_carrier second = next(&event);
    CHECK_EQ(second.position, 1);
    CHECK_TEXT(second.data, "Qg==");
    check_over(&event);
    ps_event_rewind(&event);
    CHECK_TEXT(next(&event).sequence, "001");
}

static void firehose_records_come_with_their_ids(void)
{
    struct ps_event event = open_or_unknown(FIREHOSE);
    CHECK_OR_RETURN(event.source == PS_EVENT_FIREHOSE);
    CHECK_TEXT(event.region, "eu-west-1");
    CHECK_TEXT(event.arn, "arn:aws:firehose:x");
    struct ps_carrier first = next(&event);
    CHECK_TEXT(first.record_id, "r1");
    CHECK_EQ(first.arrival_ms, 1795255260125);
    struct ps_carrier second = next(&event);
    CHECK_TEXT(second.record_id, "r2");
    CHECK(second.data_escaped);
    CHECK_EQ(second.arrival_ms, 0);
    check_over(&event);
}

static void a_damaged_carrier_is_its_own_fault_only(void)
{
    struct ps_event event =
        open_or_unknown("{\"Records\":[7,{\"kinesis\":[]},{\"eventID\":\"e\",\"kinesis\":{\"data\":1}},"
                        "{\"kinesis\":{\"data\":\"QQ==\",\"sequenceNumber\":\"9\"}}]}");
    CHECK_OR_RETURN(event.source == PS_EVENT_KINESIS);
    static const char *const FAULTS[] = { "kinesis_missing", "kinesis_missing", "data_missing", NULL };
    for (size_t i = 0; i < sizeof FAULTS / sizeof FAULTS[0]; i++) {
        struct ps_carrier carrier = next(&event);
        CHECK_SPAN(ps_span_of(carrier.fault), ps_span_of(FAULTS[i]));
        CHECK_EQ(carrier.position, i);
        CHECK(carrier.raw.len > 0);
    }
    check_over(&event);
}

static void a_damaged_firehose_record_keeps_its_id(void)
{
    struct ps_event event = open_or_unknown("{\"invocationId\":\"i\",\"records\":[null,{\"recordId\":\"r\"}]}");
    CHECK_OR_RETURN(event.source == PS_EVENT_FIREHOSE);
    CHECK_SPAN(ps_span_of(next(&event).fault), PS_SPAN("record_no_object"));
    struct ps_carrier carrier = next(&event);
    CHECK_SPAN(ps_span_of(carrier.fault), PS_SPAN("data_missing"));
    CHECK_TEXT(carrier.record_id, "r");
}

static void awslogs_without_data_is_a_fault(void)
{
    struct ps_event event = open_or_unknown("{\"awslogs\":{\"data\":null}}");
    CHECK_SPAN(ps_span_of(next(&event).fault), PS_SPAN("data_missing"));
    event = open_or_unknown("{\"awslogs\":\"text\"}");
    CHECK_SPAN(ps_span_of(next(&event).fault), PS_SPAN("awslogs_no_object"));
}

static void an_empty_batch_has_no_carriers(void)
{
    struct ps_event event = open_or_unknown("{\"Records\":[]}");
    CHECK_EQ(event.source, PS_EVENT_KINESIS);
    CHECK_EQ(event.carrier_count, 0);
    check_over(&event);
    event = open_or_unknown("{\"deliveryStreamArn\":\"a\",\"records\":[ ]}");
    CHECK_EQ(event.source, PS_EVENT_FIREHOSE);
    check_over(&event);
}

static void other_payloads_are_refused_by_name(void)
{
    static const char *const OTHERS[] = {
        "{}",
        "[]",
        "\"awslogs\"",
        "{\"Records\":{}}",
        "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"{}\"}]}",
        "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"kinesis\":{}}]}",
        "{\"records\":[]}",
        "{\"records\":{\"topic-0\":[]}}",
        "{\"awslogs\":{}} {}",
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        struct ps_event event;
        CHECK_ERR(ps_event_open(ps_span_of(OTHERS[i]), &event), PS_ERR_BAD_INPUT);
    }
    struct ps_event event;
    CHECK_ERR(ps_event_open(PS_SPAN("{}"), &event), PS_ERR_BAD_INPUT);
    CHECK(strstr(ps_err_note()->text, "awslogs") != NULL);
}

static void no_prefix_of_a_payload_opens(void)
{
    static const char *const SAMPLES[] = { CWLOGS, KINESIS, FIREHOSE };
    for (size_t s = 0; s < sizeof SAMPLES / sizeof SAMPLES[0]; s++) {
        size_t whole = strlen(SAMPLES[s]);
        for (size_t len = 0; len < whole; len++) {
            char *copy = malloc(len + (len == 0)); /* of the exact size, so that a read beyond is seen */
            memcpy(copy, SAMPLES[s], len);
            struct ps_event event;
            CHECK_ERR(ps_event_open(ps_span_make(copy, len), &event), PS_ERR_BAD_INPUT);
            free(copy);
        }
    }
}

static void every_source_has_a_name(void)
{
    CHECK_SPAN(ps_span_of(ps_event_source_name(PS_EVENT_CWLOGS)), PS_SPAN("cwlogs"));
    CHECK_SPAN(ps_span_of(ps_event_source_name(PS_EVENT_KINESIS)), PS_SPAN("kinesis"));
    CHECK_SPAN(ps_span_of(ps_event_source_name(PS_EVENT_FIREHOSE)), PS_SPAN("firehose"));
    CHECK_SPAN(ps_span_of(ps_event_source_name(PS_EVENT_MSK)), PS_SPAN("msk"));
    CHECK_SPAN(ps_span_of(ps_event_source_name(PS_EVENT_KAFKA)), PS_SPAN("kafka"));
    CHECK_SPAN(ps_span_of(ps_event_source_name(PS_EVENT_UNKNOWN)), PS_SPAN("unknown"));
}

int main(void)
{
    RUN(a_subscription_has_one_carrier);
    RUN(kinesis_records_come_in_order_with_their_coordinates);
    RUN(firehose_records_come_with_their_ids);
    RUN(a_damaged_carrier_is_its_own_fault_only);
    RUN(a_damaged_firehose_record_keeps_its_id);
    RUN(awslogs_without_data_is_a_fault);
    RUN(an_empty_batch_has_no_carriers);
    RUN(other_payloads_are_refused_by_name);
    RUN(no_prefix_of_a_payload_opens);
    RUN(every_source_has_a_name);
    return check_finish();
}
