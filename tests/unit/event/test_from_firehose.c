#include "event/from_firehose.h"

#include "support/check.h"

static struct ps_carrier read(const char *raw)
{
    struct ps_carrier carrier = { 0 };
    ps_from_firehose_read(ps_span_of(raw), &carrier);
    return carrier;
}

static void a_record_has_id_time_and_data(void)
{
    struct ps_carrier carrier = read("{\"kinesisRecordMetadata\":{\"data\":1},\"data\":\"QQ==\","
                                     "\"approximateArrivalTimestamp\":1795255260125,\"recordId\":\"r\"}");
    CHECK(carrier.fault == NULL);
    CHECK_TEXT(carrier.record_id, "r");
    CHECK_TEXT(carrier.data, "QQ==");
    CHECK_EQ(carrier.arrival_ms, 1795255260125);
}

static void what_is_missing_is_named(void)
{
    CHECK_TEXT(ps_span_of(read("7").fault), "record_no_object");
    CHECK_TEXT(ps_span_of(read("{\"recordId\":\"r\"}").fault), "data_missing");
    CHECK_TEXT(ps_span_of(read("{\"recordId\":\"r\",\"data\":[]}").fault), "data_missing");
}

int main(void)
{
    RUN(a_record_has_id_time_and_data);
    RUN(what_is_missing_is_named);
    return check_finish();
}
