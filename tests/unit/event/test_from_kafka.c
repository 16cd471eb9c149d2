#include "event/from_kafka.h"

#include <stdio.h>

#include "support/check.h"
#include "support/exact.h"

/* The shapes of the examples in AWS's guide: "Using Lambda with Amazon MSK" and "Using Lambda with self-managed Apache
 * Kafka" (whose partition is a string). headerValue as numbers. */
#define SERVERS "\"b-2.demo.c1.kafka.us-east-1.amazonaws.com:9092,b-1.demo.c1.kafka.us-east-1.amazonaws.com:9092\""
#define HEADERS "[{\"headerKey\":[104,101,97,100,101,114,86,97,108,117,101]}]"

static const char MSK[] =
    "{\"eventSource\":\"aws:kafka\",\"eventSourceArn\":\"arn:aws:kafka:us-east-1:123456789012:cluster/vpc/abcd-5\","
    "\"bootstrapServers\":" SERVERS ",\"records\":{\"mytopic-0\":[{\"topic\":\"mytopic\",\"partition\":0,\"offset\":15,"
    "\"timestamp\":1545084650987,\"timestampType\":\"CREATE_TIME\",\"key\":\"abcDEFghiJKLmnoPQRstuVWXyz1234==\","
    "\"value\":\"SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==\",\"headers\":" HEADERS "}]}}";

static const char SELF_MANAGED[] =
    "{\"eventSource\":\"aws:SelfManagedKafka\",\"bootstrapServers\":" SERVERS ",\"records\":{\"mytopic-0\":["
    "{\"topic\":\"mytopic\",\"partition\":\"0\",\"offset\":15,\"timestamp\":1545084650987,\"timestampType\":"
    "\"LOG_APPEND_TIME\",\"value\":\"SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==\",\"headers\":" HEADERS "}]}}";

#define KAFKA(...) "{\"eventSource\":\"aws:kafka\",\"records\":{" __VA_ARGS__ "}}"
#define AT(offset) "{\"topic\":\"t\",\"partition\":1,\"offset\":" offset ",\"value\":\"QQ==\"}"

static struct ps_event open_event(const char *payload)
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

static struct ps_carrier read(const char *raw)
{
    struct ps_carrier carrier = { 0 };
    ps_from_kafka_read(ps_span_of(raw), &carrier);
    return carrier;
}

/* -- the event ----------------------------------------------------------------------------------------------------- */

static void check_example(struct ps_carrier carrier)
{
    CHECK(carrier.fault == NULL);
    CHECK(!carrier.tombstone);
    CHECK_TEXT(carrier.group, "mytopic-0");
    CHECK_TEXT(carrier.topic, "mytopic");
    CHECK_EQ(carrier.partition, 0);
    CHECK_EQ(carrier.offset, 15);
    CHECK_TEXT(carrier.sequence, "15");
    CHECK_EQ(carrier.arrival_ms, 1545084650987);
    CHECK_TEXT(carrier.data, "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==");
    CHECK_TEXT(carrier.headers, HEADERS);
}

static void the_documented_msk_event_is_read(void)
{
    struct ps_event event = open_event(MSK);
    CHECK_OR_RETURN(event.source == PS_EVENT_MSK);
    CHECK_EQ(event.carrier_count, 1);
    CHECK_TEXT(event.arn, "arn:aws:kafka:us-east-1:123456789012:cluster/vpc/abcd-5");
    struct ps_carrier carrier = next(&event);
    check_example(carrier);
    CHECK(carrier.has_key);
    CHECK_TEXT(carrier.key, "abcDEFghiJKLmnoPQRstuVWXyz1234==");
    CHECK_TEXT(carrier.timestamp_type, "CREATE_TIME");
    check_over(&event);
}

static void the_documented_self_managed_event_is_read_with_its_partition_in_quotes(void)
{
    struct ps_event event = open_event(SELF_MANAGED);
    CHECK_OR_RETURN(event.source == PS_EVENT_KAFKA);
    CHECK_EQ(event.arn.len, 0);
    struct ps_carrier carrier = next(&event);
    check_example(carrier);
    CHECK(!carrier.has_key);
    CHECK_TEXT(carrier.timestamp_type, "LOG_APPEND_TIME");
    check_over(&event);
}

static void partitions_come_in_the_payloads_order_and_again_after_a_rewind(void)
{
    struct ps_event event = open_event(
        KAFKA("\"b-2\":[" AT("7") "," AT("8") "],\"none-0\":[ ], \"a-1\" : [ " AT("3") " ],\"b-2\":[" AT("9") "]"));
    static const struct {
        const char *group;
        int64_t offset;
    } WANTED[] = { { "b-2", 7 }, { "b-2", 8 }, { "a-1", 3 }, { "b-2", 9 } };
    CHECK_EQ(event.carrier_count, 4);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 4; i++) {
            struct ps_carrier carrier = next(&event);
            CHECK_EQ(carrier.position, i);
            CHECK_TEXT(carrier.group, WANTED[i].group);
            CHECK_EQ(carrier.offset, WANTED[i].offset);
            CHECK(carrier.fault == NULL);
            CHECK_TEXT(ps_span_first(carrier.raw, 4), "{\"to");
        }
        check_over(&event);
        ps_event_rewind(&event);
    }
}

/* Peers make the name from topic and partition; java-libs' fixture has mytopic-01 for partition 0, and an answer with
 * another name than the payload's is a partition that is not in the event. */
static void the_partitions_name_is_kept_and_never_rebuilt(void)
{
    struct ps_event event = open_event(KAFKA("\"mytopic-01\":[{\"topic\":\"mytopic\",\"partition\":0,\"offset\":15}],"
                                             "\"caf\\u00e9\\/-0\":[{\"topic\":\"x\",\"partition\":7,\"offset\":1}]"));
    CHECK_TEXT(next(&event).group, "mytopic-01");
    CHECK_TEXT(next(&event).group, "caf\\u00e9\\/-0");
}

static void kafka_and_firehose_are_not_confused(void)
{
    struct ps_event event;
    CHECK_EQ(open_event("{\"invocationId\":\"i\",\"eventSource\":\"aws:kafka\",\"records\":[]}").source,
             PS_EVENT_FIREHOSE);
    CHECK_EQ(open_event("{\"invocationId\":\"i\",\"eventSource\":\"aws:kafka\",\"records\":{}}").source, PS_EVENT_MSK);
    static const char *const NEITHER[] = {
        "{\"eventSource\":\"aws:kafka\",\"records\":[]}",        "{\"eventSource\":\"aws:kafka\"}",
        "{\"eventSource\":[\"aws:kafka\"],\"records\":{}}",      "{\"eventSource\":\"aws:Kafka\",\"records\":{}}",
        "{\"bootstrapServers\":\"b\",\"records\":{\"t-0\":[]}}", "{\"invocationId\":\"i\",\"records\":{}}",
    };
    for (size_t i = 0; i < sizeof NEITHER / sizeof NEITHER[0]; i++)
        CHECK_ERR(ps_event_open(ps_span_of(NEITHER[i]), &event), PS_ERR_BAD_INPUT);
    CHECK(strstr(ps_err_note()->text, "aws:SelfManagedKafka") != NULL);
}

static void an_event_without_records_has_no_carriers(void)
{
    struct ps_event event = open_event(KAFKA(""));
    CHECK_EQ(event.carrier_count, 0);
    check_over(&event);
    event = open_event(KAFKA("\"a-0\":[],\"a-1\":[]"));
    CHECK_EQ(event.carrier_count, 0);
    check_over(&event);
}

static void a_damaged_record_is_its_own_fault_only(void)
{
    struct ps_event event =
        open_event(KAFKA("\"t-0\":[7,[[" AT("1") "]],null,\"t-9\",{},{\"offset\":2,\"value\":{\"a\":[" AT(
            "3") "]}},"
                 "{\"value\":\"QQ==\"}," AT("4") "],\"t-1\":null,\"t-2\":\"x\",\"t-3\":[" AT("5") "]"));
    static const struct {
        const char *fault, *group;
    } WANTED[] = {
        { "record_no_object", "t-0" },
        { "record_no_object", "t-0" },
        { "record_no_object", "t-0" },
        { "record_no_object", "t-0" },
        { "offset_missing", "t-0" },
        { "value_no_string", "t-0" },
        { "offset_missing", "t-0" },
        { NULL, "t-0" },
        { "record_no_object", "t-1" },
        { "record_no_object", "t-2" },
        { NULL, "t-3" },
    };
    CHECK_EQ(event.carrier_count, sizeof WANTED / sizeof WANTED[0]);
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++) {
        struct ps_carrier carrier = next(&event);
        CHECK_SPAN(ps_span_of(carrier.fault), ps_span_of(WANTED[i].fault));
        CHECK_TEXT(carrier.group, WANTED[i].group);
        CHECK(carrier.raw.len > 0);
    }
    check_over(&event);
}

static void no_prefix_of_an_event_opens(void)
{
    static const char *const SAMPLES[] = { MSK, SELF_MANAGED };
    for (size_t s = 0; s < sizeof SAMPLES / sizeof SAMPLES[0]; s++) {
        for (size_t len = 0; len < strlen(SAMPLES[s]); len++) {
            struct ps_span copy = exact_copy(ps_span_make(SAMPLES[s], len));
            struct ps_event event;
            CHECK_ERR(ps_event_open(copy, &event), PS_ERR_BAD_INPUT);
            exact_free(copy);
        }
    }
}

/* -- one record ---------------------------------------------------------------------------------------------------- */

static void a_null_or_missing_value_is_a_tombstone_and_an_empty_one_is_data(void)
{
    static const char *const TOMBSTONES[] = { "{\"offset\":1,\"value\":null}", "{\"offset\":1}" };
    for (size_t i = 0; i < 2; i++) {
        struct ps_carrier carrier = read(TOMBSTONES[i]);
        CHECK(carrier.tombstone);
        CHECK(carrier.fault == NULL);
        CHECK_EQ(carrier.data.len, 0);
    }
    struct ps_carrier empty = read("{\"offset\":1,\"value\":\"\"}");
    CHECK(!empty.tombstone);
    CHECK(empty.fault == NULL);
}

static void an_empty_key_is_a_key_and_a_null_or_absent_one_is_none(void)
{
    CHECK(read("{\"offset\":1,\"key\":\"\"}").has_key);
    CHECK(!read("{\"offset\":1,\"key\":null}").has_key);
    CHECK(!read("{\"offset\":1}").has_key);
    CHECK(!read("{\"offset\":1,\"key\":5}").has_key);
    CHECK_TEXT(read("{\"offset\":1,\"key\":\"a2V5\"}").key, "a2V5");
}

/* lambda-rust goes through a double and cuts: 1 ms low for half of all values, and so another row for the same record.
 */
static void every_millisecond_of_a_second_is_exact(void)
{
    for (int64_t ms = 1607497475000; ms < 1607497476000; ms++) {
        char text[80];
        snprintf(text, sizeof text, "{\"offset\":1,\"timestamp\":%lld}", (long long)ms);
        CHECK_EQ(read(text).arrival_ms, ms);
    }
}

static void a_time_that_is_none_is_unknown(void)
{
    static const char *const NONE[] = { "-1", "null", "\"soon\"", "{}", "1e30", "99999999999999999999" };
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        char text[80];
        snprintf(text, sizeof text, "{\"offset\":1,\"timestamp\":%s}", NONE[i]);
        CHECK_EQ(read(text).arrival_ms, 0);
        CHECK(read(text).fault == NULL);
    }
    CHECK_EQ(read("{\"offset\":1,\"timestamp\":\"1545084650987\"}").arrival_ms, 1545084650987);
}

/* A double would make 9007199254740992 of the second. */
static void offsets_are_exact_up_to_the_largest(void)
{
    CHECK_EQ(read("{\"offset\":0}").offset, 0);
    CHECK_EQ(read("{\"offset\":9007199254740993}").offset, 9007199254740993);
    struct ps_carrier largest = read("{\"offset\":9223372036854775807}");
    CHECK_EQ(largest.offset, INT64_MAX);
    CHECK_TEXT(largest.sequence, "9223372036854775807");
    CHECK_EQ(read("{\"offset\":\"15\"}").offset, 15);
    CHECK_TEXT(read("{\"offset\":\"15\"}").sequence, "15");
}

static void what_is_no_offset_is_a_fault(void)
{
    static const char *const NONE[] = {
        "-1", "1.5", "1e3", "9223372036854775808", "99999999999999999999999", "\"\"", "{}", "null", "\"1 \"", "true"
    };
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        char text[80];
        snprintf(text, sizeof text, "{\"offset\":%s,\"value\":\"QQ==\"}", NONE[i]);
        struct ps_carrier carrier = read(text);
        CHECK_TEXT(ps_span_of(carrier.fault), "offset_missing");
        CHECK_EQ(carrier.offset, -1);
        CHECK_EQ(carrier.sequence.len, 0);
        CHECK_TEXT(carrier.data, "QQ==");
    }
}

static void topic_and_partition_may_be_missing(void)
{
    struct ps_carrier carrier = read("{\"offset\":1,\"topic\":5,\"partition\":2147483648,\"value\":\"\"}");
    CHECK(carrier.fault == NULL);
    CHECK_EQ(carrier.topic.len, 0);
    CHECK_EQ(carrier.partition, -1);
    CHECK_EQ(read("{\"offset\":1,\"partition\":2147483647}").partition, INT32_MAX);
    CHECK_EQ(read("[]").partition, -1);
    CHECK_EQ(read("[]").offset, -1);
}

static void schema_registry_members_and_unknown_ones_are_ignored(void)
{
    struct ps_carrier carrier = read(
        "{\"keySchemaMetadata\":{\"schemaId\":\"1\",\"dataFormat\":\"AVRO\",\"offset\":9},\"offset\":1,\"value\":"
        "\"QQ==\",\"valueSchemaMetadata\":{\"schemaId\":\"2\",\"dataFormat\":\"JSON\",\"value\":null},\"new\":[{}]}");
    CHECK(carrier.fault == NULL);
    CHECK_EQ(carrier.offset, 1);
    CHECK_TEXT(carrier.data, "QQ==");
}

/* -- headers ------------------------------------------------------------------------------------------------------- */

/* All headers of a record as "name=hex" with a space behind each, or the error's name. */
static const char *headers_of(const char *headers)
{
    static char text[400];
    char memory[64];
    struct ps_carrier carrier = { .headers = ps_span_of(headers) };
    struct ps_json_reader reader;
    size_t len = 0;
    text[0] = '\0';
    enum ps_err err = ps_from_kafka_headers_open(&carrier, &reader);
    for (bool more = true; err == PS_OK && more;) {
        struct ps_from_kafka_header header = { 0 };
        err = ps_from_kafka_header_next(&reader, &header, &more);
        if (err != PS_OK || !more) break;
        struct ps_buf bytes;
        ps_buf_init_fixed(&bytes, memory, sizeof memory);
        err = ps_from_kafka_header_bytes(header.value, &bytes);
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s=", PS_SPAN_ARG(header.name));
        if (header.value.len == 0) len += (size_t)snprintf(text + len, sizeof text - len, "null");
        for (size_t i = 0; i < bytes.len; i++)
            len += (size_t)snprintf(text + len, sizeof text - len, "%02x", (unsigned char)bytes.data[i]);
        len += (size_t)snprintf(text + len, sizeof text - len, " ");
    }
    return err == PS_OK ? text : ps_err_name(err);
}

static void the_documented_header_is_read(void)
{
    CHECK_TEXT(ps_span_of(headers_of(HEADERS)), "headerKey=68656164657256616c7565 ");
}

/* aws-lambda-go and lambda-rust read signed bytes only and fail at 128 and above; powertools-python crashed on negative
 * ones (#6862). The fixture of aws-lambda-go is the first header. */
static void header_bytes_are_read_signed_and_unsigned(void)
{
    CHECK_TEXT(ps_span_of(headers_of("[{\"signed\":[118,-36,0,127,-128]}]")), "signed=76dc007f80 ");
    CHECK_TEXT(ps_span_of(headers_of("[{\"unsigned\":[118,220,0,127,128,255,-1]}]")), "unsigned=76dc007f80ffff ");
}

static void headers_keep_their_order_and_their_repeated_names(void)
{
    CHECK_TEXT(ps_span_of(headers_of("[{\"b\":[1]},{\"a\":[2]}, {\"b\":[ 3 ]},{\"n\":null},{\"e\":[]}]")),
               "b=01 a=02 b=03 n=null e= ");
    CHECK_TEXT(ps_span_of(headers_of("[{},{\"a\":[1],\"b\":[2]}]")), "a=01 b=02 ");
}

static void headers_may_be_null_missing_or_empty(void)
{
    CHECK_EQ(read("{\"offset\":1,\"headers\":null}").headers.len, 0);
    CHECK_EQ(read("{\"offset\":1}").headers.len, 0);
    CHECK_TEXT(ps_span_of(headers_of("")), "");
    CHECK_TEXT(ps_span_of(headers_of("[]")), "");
}

static void the_end_of_the_headers_stays_the_end(void)
{
    struct ps_carrier carrier = { 0 };
    struct ps_json_reader reader;
    struct ps_from_kafka_header header;
    CHECK_OK(ps_from_kafka_headers_open(&carrier, &reader));
    for (int i = 0; i < 3; i++) {
        bool more = true;
        CHECK_OK(ps_from_kafka_header_next(&reader, &header, &more));
        CHECK(!more);
    }
}

static void damaged_headers_are_told_and_leave_the_record_good(void)
{
    static const char *const BAD[] = {
        "{\"a\":[1]}",
        "\"a\"",
        "5",
        "[[{\"a\":[1]}]]",
        "[null]",
        "[{\"a\":\"aGk=\"}]",
        "[{\"a\":[256]}]",
        "[{\"a\":[-129]}]",
        "[{\"a\":[1.5]}]",
        "[{\"a\":[1e2]}]",
        "[{\"a\":[\"1\"]}]",
        "[{\"a\":[[1]]}]",
        "[{\"a\":{\"0\":1}}]",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        CHECK_TEXT(ps_span_of(headers_of(BAD[i])), "BAD_INPUT");
        char text[80];
        snprintf(text, sizeof text, "{\"offset\":1,\"value\":\"QQ==\",\"headers\":%s}", BAD[i]);
        CHECK(read(text).fault == NULL);
        CHECK_TEXT(read(text).headers, BAD[i]);
    }
}

static void no_prefix_of_headers_is_read_as_all_of_them(void)
{
    static const char ALL[] = "[{\"a\":[1,-2,255]},{\"b\":null}]";
    for (size_t len = 1; len < sizeof ALL - 1; len++) {
        struct ps_span copy = exact_copy(ps_span_make(ALL, len));
        struct ps_carrier carrier = { .headers = copy };
        struct ps_json_reader reader;
        bool more = true;
        enum ps_err err = ps_from_kafka_headers_open(&carrier, &reader);
        while (err == PS_OK && more) {
            struct ps_from_kafka_header header;
            err = ps_from_kafka_header_next(&reader, &header, &more);
        }
        CHECK_ERR(err, PS_ERR_BAD_INPUT);
        exact_free(copy);
    }
}

static void header_bytes_that_do_not_fit_fail_the_buf(void)
{
    char memory[2];
    struct ps_buf bytes;
    struct ps_span all;
    ps_buf_init_fixed(&bytes, memory, sizeof memory);
    CHECK_OK(ps_from_kafka_header_bytes(PS_SPAN("[1,2,3]"), &bytes));
    CHECK_ERR(ps_buf_finish(&bytes, &all), PS_ERR_TOO_LARGE);
}

int main(void)
{
    RUN(the_documented_msk_event_is_read);
    RUN(the_documented_self_managed_event_is_read_with_its_partition_in_quotes);
    RUN(partitions_come_in_the_payloads_order_and_again_after_a_rewind);
    RUN(the_partitions_name_is_kept_and_never_rebuilt);
    RUN(kafka_and_firehose_are_not_confused);
    RUN(an_event_without_records_has_no_carriers);
    RUN(a_damaged_record_is_its_own_fault_only);
    RUN(no_prefix_of_an_event_opens);
    RUN(a_null_or_missing_value_is_a_tombstone_and_an_empty_one_is_data);
    RUN(an_empty_key_is_a_key_and_a_null_or_absent_one_is_none);
    RUN(every_millisecond_of_a_second_is_exact);
    RUN(a_time_that_is_none_is_unknown);
    RUN(offsets_are_exact_up_to_the_largest);
    RUN(what_is_no_offset_is_a_fault);
    RUN(topic_and_partition_may_be_missing);
    RUN(schema_registry_members_and_unknown_ones_are_ignored);
    RUN(the_documented_header_is_read);
    RUN(header_bytes_are_read_signed_and_unsigned);
    RUN(headers_keep_their_order_and_their_repeated_names);
    RUN(headers_may_be_null_missing_or_empty);
    RUN(the_end_of_the_headers_stays_the_end);
    RUN(damaged_headers_are_told_and_leave_the_record_good);
    RUN(no_prefix_of_headers_is_read_as_all_of_them);
    RUN(header_bytes_that_do_not_fit_fail_the_buf);
    return check_finish();
}
