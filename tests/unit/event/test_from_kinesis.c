#include "event/from_kinesis.h"

#include "support/check.h"

static struct ps_carrier read(const char *raw)
{
    struct ps_carrier carrier = { 0 };
    ps_from_kinesis_read(ps_span_of(raw), &carrier);
    return carrier;
}

/* aws_lambda_events (Rust) takes the digits behind the point for an integer: .1 s became 1 ms. */
static void arrival_times_are_exact_decimals(void)
{
    CHECK_EQ(read("{\"kinesis\":{\"data\":\"\",\"approximateArrivalTimestamp\":1607497475.001}}").arrival_ms,
             1607497475001);
    CHECK_EQ(read("{\"kinesis\":{\"data\":\"\",\"approximateArrivalTimestamp\":1607497475.1}}").arrival_ms,
             1607497475100);
    CHECK_EQ(read("{\"kinesis\":{\"data\":\"\",\"approximateArrivalTimestamp\":1.607497475E9}}").arrival_ms,
             1607497475000);
    CHECK_EQ(read("{\"kinesis\":{\"data\":\"\",\"approximateArrivalTimestamp\":1607497475}}").arrival_ms,
             1607497475000);
    CHECK_EQ(read("{\"kinesis\":{\"data\":\"\",\"approximateArrivalTimestamp\":\"soon\"}}").arrival_ms, 0);
}

static void members_come_in_any_order_and_empty_data_is_data(void)
{
    struct ps_carrier carrier = read("{\"kinesis\":{\"sequenceNumber\":\"007\",\"data\":\"\"},\"eventID\":\"s:007\"}");
    CHECK(carrier.fault == NULL);
    CHECK_TEXT(carrier.sequence, "007");
    CHECK_TEXT(carrier.event_id, "s:007");
}

static void what_is_missing_is_named(void)
{
    CHECK_TEXT(ps_span_of(read("{}").fault), "kinesis_missing");
    CHECK_TEXT(ps_span_of(read("[]").fault), "kinesis_missing");
    CHECK_TEXT(ps_span_of(read("{\"kinesis\":null}").fault), "kinesis_missing");
    CHECK_TEXT(ps_span_of(read("{\"kinesis\":{}}").fault), "data_missing");
    CHECK_TEXT(ps_span_of(read("{\"kinesis\":{\"data\":{}}}").fault), "data_missing");
}

static void only_kinesis_records_are_taken_for_ones(void)
{
    struct ps_span arn = { 0 };
    struct ps_span region = { 0 };
    CHECK(ps_from_kinesis_is(PS_SPAN("{\"kinesis\":{},\"awsRegion\":\"r\",\"eventSourceARN\":\"a\"}"), &arn, &region));
    CHECK_TEXT(arn, "a");
    CHECK_TEXT(region, "r");
    CHECK(!ps_from_kinesis_is(PS_SPAN("{\"eventSource\":\"aws:kinesis\"}"), &arn, &region));
    CHECK(!ps_from_kinesis_is(PS_SPAN("{\"kinesis\":{},\"eventSource\":\"aws:sqs\"}"), &arn, &region));
}

int main(void)
{
    RUN(arrival_times_are_exact_decimals);
    RUN(members_come_in_any_order_and_empty_data_is_data);
    RUN(what_is_missing_is_named);
    RUN(only_kinesis_records_are_taken_for_ones);
    return check_finish();
}
