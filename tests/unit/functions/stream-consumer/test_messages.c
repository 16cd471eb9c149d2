#include "stream-consumer/messages.h"

#include <inttypes.h>

#include "payload.h"
#include "support/exact.h"

static struct ps_arena arena;  /* of what a test makes */
static struct ps_arena undone; /* of messages */

enum { MESSAGES_MAX = 16, TOLD_BYTES_MAX = 64 << 10, INFLATED_BYTES_MAX = 1 << 20 };

#define CONTROL \
    "{\"messageType\":\"CONTROL_MESSAGE\",\"owner\":\"o\",\"logGroup\":\"\",\"logStream\":\"\",\"logEvents\":[]}"

/* "<carrier>:<shard>/<position>/<sub-sequence>/<event>[ fault]=<bytes>|" for each message. */
static const char *tell(struct ps_span payload, struct messages *messages)
{
    static char text[TOLD_BYTES_MAX];
    size_t len = 0;
    struct ps_event event;
    text[0] = '\0';
    ps_arena_reset(&undone, SIZE_MAX);
    if (!CHECK_OK(messages_open(payload, &event))) return text;
    messages_begin(messages, &event, &undone, PS_SPAN("alias"), INFLATED_BYTES_MAX);
    for (;;) {
        struct message message;
        bool more = false;
        if (!CHECK_OK(messages_next(messages, &message, &more)) || !more) return text;
        const struct ps_coordinates *at = &message.coordinates;
        len += (size_t)snprintf(text + len, sizeof text - len, "%zu:%.*s/%.*s/%" PRIu64 "/%" PRIu64 "%s%s=%.*s|",
                                message.carrier, PS_SPAN_ARG(at->shard), PS_SPAN_ARG(at->position), at->sub_sequence,
                                at->event, message.fault == NULL ? "" : " ", message.fault == NULL ? "" : message.fault,
                                PS_SPAN_ARG(message.tombstone ? PS_SPAN("(none)") : message.bytes));
    }
}

static const char *tell_records(const struct ps_span *records, size_t count)
{
    struct messages messages;
    return tell(payload_kinesis(&arena, records, 0, count), &messages);
}

#define RECORDS(...) \
    (const struct ps_span[]){ __VA_ARGS__ }, sizeof((struct ps_span[]){ __VA_ARGS__ }) / sizeof(struct ps_span)
#define CHECK_TOLD(got, wanted) CHECK_TEXT(ps_span_of(got), wanted)

static void each_record_is_one_message_with_its_coordinates(void)
{
    CHECK_TOLD(tell_records(RECORDS(PS_SPAN("{\"a\":1}"), PS_SPAN("text"), PS_SPAN(""))),
               "0:shardId-0/100/0/0={\"a\":1}|1:shardId-0/101/0/0=text|2:shardId-0/102/0/0=|");
}

#define BARE(data) "{\"kinesis\":{\"data\":\"" data "\"}}"
#define BARE_EVENT(records) "{\"Records\":[" records "]}"
/* SHA-256 of BARE("YQ==") and BARE("Yg=="). */
#define DIGEST_A "#6d8a26aa23c26ff4a94ff79723d209d01355aab6f14347bd072a7a4f361fbcca"
#define DIGEST_B "#3e888a44edeb77af1b480c1f9149848e19794fc686e074161e8b28a0e9958f9b"

/* Rows that are stored depend on these digests. */
static void records_without_a_sequence_number_are_told_apart_by_their_bytes(void)
{
    struct messages messages;
    CHECK_TOLD(tell(PS_SPAN(BARE_EVENT(BARE("YQ==") "," BARE("Yg=="))), &messages),
               "0:/" DIGEST_A "/0/0=a|1:/" DIGEST_B "/0/0=b|");
    CHECK_TOLD(tell(PS_SPAN(BARE_EVENT(BARE("Yg=="))), &messages), "0:/" DIGEST_B "/0/0=b|");
    CHECK_TOLD(tell(PS_SPAN(BARE_EVENT("{\"eventID\":\"s:7\",\"kinesis\":{\"data\":\"YQ==\"}}")), &messages),
               "0:s/7/0/0=a|");
}

/* Powertools hand out an aggregate as if it were one record (powertools-lambda #55). */
static void an_aggregate_is_split_and_keeps_its_order_as_sub_sequence(void)
{
    const struct ps_span parts[] = { PS_SPAN("one"), PS_SPAN("two"), PS_SPAN("") };
    struct ps_span aggregate = payload_kpl(&arena, parts, "000", 3);
    CHECK_TOLD(tell_records(RECORDS(aggregate, PS_SPAN("single"))),
               "0:shardId-0/100/0/0=one|0:shardId-0/100/1/0=two|0:shardId-0/100/2/0=|1:shardId-0/101/0/0=single|");
}

/* amazon-kinesis-client gives out the records before a bad key index and loses that one and all behind it. */
static void a_bad_key_index_loses_no_record(void)
{
    const struct ps_span parts[] = { PS_SPAN("one"), PS_SPAN("two"), PS_SPAN("three") };
    struct ps_span aggregate = payload_kpl(&arena, parts, "050", 3);
    CHECK_TOLD(tell_records(RECORDS(aggregate)),
               "0:shardId-0/100/0/0=one|0:shardId-0/100/1/0=two|0:shardId-0/100/2/0=three|");
}

static void an_aggregate_in_kafka_is_a_message_as_it_came(void)
{
    const struct ps_span parts[] = { PS_SPAN("one") };
    struct ps_span aggregate = payload_kpl(&arena, parts, "0", 1);
    const struct payload_kafka records[] = { { 0, 7, aggregate } };
    struct messages messages;
    struct ps_event event;
    struct message message;
    bool more = false;
    CHECK_OK(messages_open(payload_kafka(&arena, "aws:kafka", records, 1), &event));
    messages_begin(&messages, &event, &undone, PS_SPAN(""), INFLATED_BYTES_MAX);
    CHECK_OK(messages_next(&messages, &message, &more));
    CHECK_SPAN(message.bytes, aggregate);
}

static void envelopes_give_their_events_however_they_are_packed(void)
{
    const struct ps_span lines[] = { PS_SPAN("{\"a\":1}"), PS_SPAN("say \"hi\"\n") };
    struct ps_span envelope = payload_envelope(&arena, lines, 2);
    const struct ps_span parts[] = { payload_gzip(&arena, envelope), PS_SPAN("line") };
    struct ps_span aggregate = payload_kpl(&arena, parts, "00", 2);
    CHECK_TOLD(tell_records(RECORDS(envelope, parts[0], aggregate)),
               "0:shardId-0/100/0/0={\"a\":1}|0:shardId-0/100/0/1=say \"hi\"\n|"
               "1:shardId-0/101/0/0={\"a\":1}|1:shardId-0/101/0/1=say \"hi\"\n|"
               "2:shardId-0/102/0/0={\"a\":1}|2:shardId-0/102/0/1=say \"hi\"\n|2:shardId-0/102/1/0=line|");
}

static struct ps_span joined(struct ps_span first, struct ps_span second, struct ps_span third)
{
    struct ps_buf buf = payload_buf(&arena);
    ps_buf_put(&buf, first);
    ps_buf_put(&buf, second);
    ps_buf_put(&buf, third);
    return payload_end(&buf);
}

static void several_envelopes_count_their_events_on_and_control_messages_are_none(void)
{
    const struct ps_span lines[] = { PS_SPAN("a"), PS_SPAN("b") };
    struct ps_span envelope = payload_envelope(&arena, lines, 2);
    struct messages messages;
    const struct ps_span records[] = { joined(envelope, PS_SPAN(CONTROL " "), envelope), PS_SPAN(CONTROL),
                                       PS_SPAN("last") };
    CHECK_TOLD(tell(payload_kinesis(&arena, records, 0, 3), &messages),
               "0:shardId-0/100/0/0=a|0:shardId-0/100/0/1=b|0:shardId-0/100/0/2=a|0:shardId-0/100/0/3=b|"
               "2:shardId-0/102/0/0=last|");
    CHECK_EQ(messages.envelopes, 4);
    CHECK_EQ(messages.control, 2);
}

static void what_stands_behind_a_good_envelope_is_a_message_as_it_came(void)
{
    const struct ps_span lines[] = { PS_SPAN("a") };
    struct ps_span envelope = payload_envelope(&arena, lines, 1);
    CHECK_TOLD(tell_records(RECORDS(joined(envelope, PS_SPAN("{\"messageType\":"), PS_SPAN("...")))),
               "0:shardId-0/100/0/0=a|0:shardId-0/100/0/1 not_an_envelope={\"messageType\":...|");
}

static void events_that_are_no_lines_keep_their_json_and_their_word(void)
{
    CHECK_TOLD(tell_records(RECORDS(
                   PS_SPAN("{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"g\",\"logEvents\":[{\"id\":\"1\"},7]}"))),
               "0:shardId-0/100/0/0 message_missing={\"id\":\"1\"}|0:shardId-0/100/0/1 event_no_object=7|");
}

static void lines_that_mention_message_type_are_lines(void)
{
    static const char *const LINES[] = {
        "{\"messageType\":\"OrderPlaced\",\"service\":\"shop\"}",
        "{\"message\":\"\\\"messageType\\\":\\\"DATA_MESSAGE\\\"\"}",
        "{\"messageType\":\"DATA_MESSAGE\"}",
        "{\"service\":\"mq\",\"level\":\"error\",\"messageType\":\"CONTROL_MESSAGE\",\"message\":\"lost\"}",
        "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[],\"level\":\"error\"}",
        "text with \"messageType\" in it",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        char wanted[256];
        (void)snprintf(wanted, sizeof wanted, "0:shardId-0/100/0/0=%s|", LINES[i]);
        CHECK_TOLD(tell_records(RECORDS(ps_span_of(LINES[i]))), wanted);
    }
}

static void the_time_of_an_event_is_its_arrival_and_else_its_carriers(void)
{
    const struct ps_span records[] = {
        PS_SPAN("{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"g\",\"logEvents\":[{\"timestamp\":1795255200000,"
                "\"message\":\"a\"},"
                "{\"timestamp\":\"soon\",\"message\":\"b\"}]}"),
    };
    static const int64_t WANTED[] = { 1795255200000, 1795255260125 };
    struct ps_event event;
    struct messages messages;
    CHECK_OK(messages_open(payload_kinesis(&arena, records, 0, 1), &event));
    messages_begin(&messages, &event, &undone, PS_SPAN(""), INFLATED_BYTES_MAX);
    for (size_t i = 0; i < 2; i++) {
        struct message message;
        bool more = false;
        CHECK_OK(messages_next(&messages, &message, &more));
        CHECK_EQ(message.arrival_ms, WANTED[i]);
    }
}

static void kafka_gives_partition_and_offset_and_tombstones(void)
{
    const struct payload_kafka records[] = {
        { 3, 7, PS_SPAN("a") }, { 3, 8, { NULL, 0 } }, { 3, 9, PS_SPAN("") }, { 4, 7, PS_SPAN("b") }
    };
    struct messages messages;
    static const char *const SOURCES[] = { "aws:kafka", "aws:SelfManagedKafka" };
    for (size_t i = 0; i < 2; i++)
        CHECK_TOLD(tell(payload_kafka(&arena, SOURCES[i], records, 4), &messages),
                   "0:3/7/0/0=a|1:3/8/0/0=(none)|2:3/9/0/0=|3:4/7/0/0=b|");
}

static void damaged_records_keep_their_place_and_their_word(void)
{
    struct messages messages;
    CHECK_TOLD(tell(PS_SPAN("{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"eventID\":\"shardId-0:1\",\"kinesis\":{"
                            "\"data\":\"no base64!\"}},{\"eventID\":\"shardId-0:2\",\"kinesis\":{}},"
                            "{\"eventID\":\"shardId-0:3\",\"kinesis\":{\"data\":\"YQ=\\u003d\"}}]}"),
                    &messages),
               "0:shardId-0/1/0/0 not_base64=no base64!|"
               "1:shardId-0/2/0/0 data_missing={\"eventID\":\"shardId-0:2\",\"kinesis\":{}}|"
               "2:shardId-0/3/0/0=a|");
}

static void what_inflates_past_the_limit_is_kept_compressed(void)
{
    char *large = ps_arena_bytes(&arena, INFLATED_BYTES_MAX + 1);
    memset(large, 'x', INFLATED_BYTES_MAX + 1);
    struct ps_span packed = payload_gzip(&arena, ps_span_make(large, INFLATED_BYTES_MAX + 1));
    struct ps_event event;
    struct messages messages;
    struct message message;
    bool more = false;
    CHECK_OK(messages_open(payload_kinesis(&arena, &packed, 0, 1), &event));
    messages_begin(&messages, &event, &undone, PS_SPAN(""), INFLATED_BYTES_MAX);
    CHECK_OK(messages_next(&messages, &message, &more));
    CHECK_TEXT(ps_span_of(message.fault), "not_inflatable");
    CHECK_SPAN(message.bytes, packed);
}

static void other_sources_are_refused_and_told(void)
{
    struct ps_event event;
    CHECK_ERR(messages_open(PS_SPAN("{\"awslogs\":{\"data\":\"AAAA\"}}"), &event), PS_ERR_BAD_INPUT);
    CHECK(strstr(ps_err_note()->text, "cwlogs") != NULL && strstr(ps_err_note()->text, "Kinesis") != NULL);
    CHECK(messages_open(PS_SPAN("{}"), &event) != PS_OK);
}

/* -- nothing is lost ----------------------------------------------------------------------------------------------- */

/* How many messages the record gives before the one of the record behind it; *last is the last one's bytes. */
static size_t count_messages(struct ps_span record, struct ps_span *last)
{
    static char kept[TOLD_BYTES_MAX];
    const struct ps_span records[] = { record, PS_SPAN("behind") };
    struct ps_event event;
    struct messages messages;
    size_t count = 0;
    ps_arena_reset(&undone, SIZE_MAX);
    struct ps_arena_mark mark = ps_arena_mark(&arena);
    struct ps_span payload = exact_copy(payload_kinesis(&arena, records, 0, 2));
    CHECK_OK(messages_open(payload, &event));
    messages_begin(&messages, &event, &undone, PS_SPAN(""), INFLATED_BYTES_MAX);
    for (;;) {
        struct message message;
        bool more = false;
        if (!CHECK_OK(messages_next(&messages, &message, &more)) || !CHECK(more)) break;
        if (message.carrier == 1) {
            CHECK_TEXT(message.bytes, "behind");
            CHECK_OK(messages_next(&messages, &message, &more));
            CHECK(!more);
            break;
        }
        CHECK(message.bytes.len <= sizeof kept);
        if (message.bytes.len > 0) memcpy(kept, message.bytes.data, message.bytes.len);
        *last = ps_span_make(kept, message.bytes.len);
        count++;
    }
    exact_free(payload);
    ps_arena_rewind(&arena, mark);
    return count;
}

/* A record that is no longer whole gives all of its messages, or is one message as it came. */
static void check_damage(struct ps_span whole, size_t wanted)
{
    struct ps_span last = { NULL, 0 };
    CHECK_EQ(count_messages(whole, &last), wanted);
    for (size_t len = 0; len < whole.len; len++) {
        CHECK_EQ(count_messages(ps_span_first(whole, len), &last), 1);
        CHECK_SPAN(last, ps_span_first(whole, len));
    }
    struct ps_span copy = exact_copy(whole);
    for (size_t at = 0; at < whole.len; at++) {
        char *byte = (char *)(uintptr_t)copy.data + at;
        *byte ^= 0x01;
        size_t count = count_messages(copy, &last);
        CHECK(count == wanted || (count == 1 && ps_span_eq(last, copy)));
        *byte ^= 0x01;
    }
    exact_free(copy);
}

static void no_prefix_and_no_flipped_bit_of_a_record_loses_a_message(void)
{
    const struct ps_span parts[] = { PS_SPAN("{\"a\":1}"), PS_SPAN("two"), PS_SPAN("three") };
    struct ps_span envelope = payload_envelope(&arena, parts, 3);
    check_damage(payload_kpl(&arena, parts, "000", 3), 3);
    check_damage(envelope, 3);
    check_damage(payload_gzip(&arena, envelope), 3);
}

static void no_prefix_of_a_payload_begins(void)
{
    const struct ps_span records[] = { PS_SPAN("a"), PS_SPAN("b") };
    struct ps_span payload = payload_kinesis(&arena, records, 0, 2);
    for (size_t len = 0; len < payload.len; len++) {
        struct ps_event event;
        struct ps_span copy = exact_copy(ps_span_first(payload, len));
        CHECK(messages_open(copy, &event) != PS_OK);
        exact_free(copy);
    }
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

static enum ps_err read_all(struct ps_span payload)
{
    struct ps_event event;
    struct messages messages;
    PS_TRY(messages_open(payload, &event));
    messages_begin(&messages, &event, &undone, PS_SPAN(""), INFLATED_BYTES_MAX);
    for (;;) {
        struct message message;
        bool more = false;
        PS_TRY(messages_next(&messages, &message, &more));
        if (!more) return PS_OK;
    }
}

static void too_little_memory_is_an_error_or_a_message_as_it_came(void)
{
    const struct ps_span lines[] = { PS_SPAN("a \"quoted\" word") };
    struct ps_span record = payload_gzip(&arena, payload_envelope(&arena, lines, 1));
    ps_arena_reset(&undone, SIZE_MAX);
    PS_EACH_FAILURE(&undone, read_all(payload_kinesis(&arena, &record, 0, 1)));
}

int main(void)
{
    arena = check_arena(1 << 30);
    undone = check_arena(256 << 20);
    RUN(each_record_is_one_message_with_its_coordinates);
    RUN(records_without_a_sequence_number_are_told_apart_by_their_bytes);
    RUN(an_aggregate_is_split_and_keeps_its_order_as_sub_sequence);
    RUN(a_bad_key_index_loses_no_record);
    RUN(an_aggregate_in_kafka_is_a_message_as_it_came);
    RUN(envelopes_give_their_events_however_they_are_packed);
    RUN(several_envelopes_count_their_events_on_and_control_messages_are_none);
    RUN(what_stands_behind_a_good_envelope_is_a_message_as_it_came);
    RUN(events_that_are_no_lines_keep_their_json_and_their_word);
    RUN(lines_that_mention_message_type_are_lines);
    RUN(the_time_of_an_event_is_its_arrival_and_else_its_carriers);
    RUN(kafka_gives_partition_and_offset_and_tombstones);
    RUN(damaged_records_keep_their_place_and_their_word);
    RUN(what_inflates_past_the_limit_is_kept_compressed);
    RUN(other_sources_are_refused_and_told);
    RUN(no_prefix_and_no_flipped_bit_of_a_record_loses_a_message);
    RUN(no_prefix_of_a_payload_begins);
    RUN(too_little_memory_is_an_error_or_a_message_as_it_came);
    ps_arena_fini(&undone);
    ps_arena_fini(&arena);
    return check_finish();
}
