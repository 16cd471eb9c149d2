#include "record/coordinates.h"

#include "support/check.h"

static char memory[4096];

static struct ps_span text_of(struct ps_coordinates coordinates)
{
    static struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_coordinates_put(&buf, &coordinates);
    CHECK_EQ(buf.err, PS_OK);
    return ps_buf_span(&buf);
}

static const struct ps_coordinates KINESIS = {
    .source = PS_SPAN_INIT("kinesis"),
    .stream = PS_SPAN_INIT("arn:aws:kinesis:eu-central-1:123456789012:stream/logs"),
    .shard = PS_SPAN_INIT("shardId-000000000000"),
    .position = PS_SPAN_INIT("49590338271490256608559692538361571095921575989136588898"),
};

/* Rows that are stored depend on both. Python's uuid5 of the namespace and this text is
 * 7e262398-2950-561b-9ead-d53435e1e851. */
static void namespace_and_text_never_change(void)
{
    static const unsigned char NAMESPACE[] = { 0xe0, 0xee, 0xd8, 0x53, 0xeb, 0x6d, 0x4a, 0x86,
                                               0x8d, 0x00, 0x24, 0x21, 0x4d, 0xa1, 0x6f, 0x40 };
    CHECK_EQ(sizeof NAMESPACE, PS_COORDINATES_NAMESPACE_BYTES);
    CHECK(memcmp(PS_COORDINATES_NAMESPACE, NAMESPACE, sizeof NAMESPACE) == 0);
    CHECK_TEXT(text_of(KINESIS), "kinesis||arn:aws:kinesis:eu-central-1:123456789012:stream/logs|shardId-000000000000|"
                                 "49590338271490256608559692538361571095921575989136588898|0|0");
}

static void a_kafka_record_has_its_cluster_and_its_topic(void)
{
    struct ps_coordinates kafka = { .source = PS_SPAN("kafka"),
                                    .cluster = PS_SPAN("prod"),
                                    .stream = PS_SPAN("app-logs"),
                                    .shard = PS_SPAN("3"),
                                    .position = PS_SPAN("90071992547") };
    CHECK_TEXT(text_of(kafka), "kafka|prod|app-logs|3|90071992547|0|0");
}

/* Records of one aggregate, and log events of one envelope, differ in the last parts only. */
static void records_inside_a_record_have_texts_of_their_own(void)
{
    struct ps_coordinates inside = KINESIS;
    inside.sub_sequence = UINT64_MAX;
    CHECK(ps_span_ends(text_of(inside), PS_SPAN("|18446744073709551615|0")));
    inside.sub_sequence = 0;
    inside.event = 7;
    CHECK(ps_span_ends(text_of(inside), PS_SPAN("|0|7")));
}

static void separators_inside_a_part_make_no_other_tuple(void)
{
    struct ps_coordinates odd = { .source = PS_SPAN("a|b"), .cluster = PS_SPAN("c"), .stream = PS_SPAN("%7C%") };
    CHECK_TEXT(text_of(odd), "a%7Cb|c|%257C%25|||0|0");
    struct ps_coordinates other = { .source = PS_SPAN("a"), .cluster = PS_SPAN("b|c"), .stream = PS_SPAN("|%") };
    CHECK_TEXT(text_of(other), "a|b%7Cc|%7C%25|||0|0");
}

/* Both are ARNs that Lambda puts into eventSourceARN for records of one stream. */
static void a_consumer_of_its_own_changes_no_id(void)
{
    CHECK_TEXT(ps_coordinates_stream_arn(
                   PS_SPAN("arn:aws:kinesis:us-east-1:123456789012:stream/logs/consumer/fan-out:1795255200")),
               "arn:aws:kinesis:us-east-1:123456789012:stream/logs");
    CHECK_SPAN(ps_coordinates_stream_arn(KINESIS.stream), KINESIS.stream);
}

static void written_as_an_object_empty_clusters_are_left_out(void)
{
    struct ps_buf buf;
    struct ps_json_writer writer;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_json_write_init(&writer, &buf);
    ps_coordinates_write(&writer, &(struct ps_coordinates){ .source = PS_SPAN("kafka"),
                                                            .stream = PS_SPAN("t\""),
                                                            .shard = PS_SPAN("0"),
                                                            .position = PS_SPAN("9"),
                                                            .event = 2 });
    CHECK_TEXT(ps_buf_span(&buf), "{\"type\":\"kafka\",\"stream\":\"t\\\"\",\"shard\":\"0\",\"position\":\"9\","
                                  "\"subSequence\":0,\"event\":2}");
}

int main(void)
{
    RUN(namespace_and_text_never_change);
    RUN(a_kafka_record_has_its_cluster_and_its_topic);
    RUN(records_inside_a_record_have_texts_of_their_own);
    RUN(separators_inside_a_part_make_no_other_tuple);
    RUN(a_consumer_of_its_own_changes_no_id);
    RUN(written_as_an_object_empty_clusters_are_left_out);
    return check_finish();
}
