#include "event/from_sqs.h"

#include <stdio.h>

#include "event/from_s3.h"
#include "event/object_message.h"
#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

/* A file of events/, on the arena. */
static struct ps_span read_sample(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "events/%s.json", name);
    FILE *file = fopen(path, "rb");
    if (!CHECK(file != NULL)) return PS_SPAN("{}");
    char *data = ps_arena_bytes(&arena, 64 << 10);
    size_t len = fread(data, 1, 64 << 10, file);
    fclose(file);
    return ps_span_make(data, len);
}

#define FIFO "arn:aws:sqs:eu-central-1:123456789012:uploads.fifo"
#define STANDARD "arn:aws:sqs:eu-central-1:123456789012:uploads"
#define MESSAGE(id, group, queue) \
    "{\"messageId\":\"" id "\",\"body\":\"\",\"attributes\":{\"MessageGroupId\":\"" group \
    "\"},\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"" queue "\"}"
#define RECORDS(records) "{\"Records\":[" records "]}"

/* Two groups that take turns, and a third. */
static const char THREE_GROUPS[] = RECORDS(MESSAGE("1", "a", FIFO) "," MESSAGE("2", "b", FIFO) "," MESSAGE(
    "3", "a", FIFO) "," MESSAGE("4", "c", FIFO) "," MESSAGE("5", "b", FIFO) "," MESSAGE("6", "a", FIFO));

static struct ps_sqs_batch read_batch(struct ps_span payload)
{
    struct ps_sqs_batch batch = { 0 };
    CHECK_OK(ps_from_sqs(&arena, payload, &batch));
    return batch;
}

static struct ps_span reply(const struct ps_sqs_batch *batch)
{
    struct ps_buf buf;
    struct ps_span out = PS_SPAN("");
    ps_buf_init(&buf, &arena, 4 << 20);
    ps_sqs_reply(batch, &buf);
    CHECK_OK(ps_buf_finish(&buf, &out));
    return out;
}

static void the_messages_of_a_fifo_queue_are_read(void)
{
    struct ps_sqs_batch batch = read_batch(read_sample("sqs-object-message"));
    if (!CHECK_EQ(batch.count, 3)) return;
    const struct ps_sqs_message *message = &batch.messages[2];
    CHECK_TEXT(message->message_id, "6f0d8c1e-2b3a-4c5d-8e9f-000000000202");
    CHECK_EQ(message->group.len, 64);
    CHECK_SPAN(message->group, batch.messages[0].group);
    CHECK(!ps_span_eq(message->group, batch.messages[1].group));
    CHECK_EQ(message->deduplication.len, 64);
    CHECK_TEXT(message->queue_arn, FIFO);
    CHECK_EQ(message->receive_count, 1);
    CHECK(!message->returned);
    struct ps_object_message object;
    bool is_one = false;
    CHECK_OK(ps_object_message_read(&arena, message->body, &object, &is_one));
    CHECK(is_one);
    CHECK_TEXT(object.object.key, "in/2026/11/21/app server 1+\xc3\xbc.log.gz");
    CHECK_EQ(object.offset, 73400320);
    CHECK_EQ(object.hop, 1);
}

/* The objects that the message's body tells of; -1 for the test message. */
static int count_objects(struct ps_span body)
{
    struct ps_from_s3 objects;
    enum ps_from_s3_kind kind = PS_FROM_S3_NOTHING;
    CHECK_OK(ps_from_s3_open(&arena, body, &kind, &objects));
    if (kind == PS_FROM_S3_TEST) return -1;
    CHECK_EQ(kind, PS_FROM_S3_OBJECTS);
    int count = 0;
    for (bool more = true; more; count++) {
        struct ps_s3_object object;
        CHECK_OK(ps_from_s3_next(&objects, &arena, &object, &more));
    }
    return count - 1;
}

static void a_body_may_be_any_notification_of_s3(void)
{
    struct ps_sqs_batch batch = read_batch(read_sample("sqs-s3"));
    if (!CHECK_EQ(batch.count, 3)) return;
    CHECK_EQ(count_objects(batch.messages[0].body), 2);
    CHECK_EQ(count_objects(batch.messages[1].body), -1);
    CHECK_EQ(count_objects(batch.messages[2].body), 1);
    batch = read_batch(read_sample("sqs-sns-s3"));
    if (!CHECK_EQ(batch.count, 2)) return;
    CHECK_EQ(count_objects(batch.messages[0].body), 1);
    CHECK_EQ(count_objects(batch.messages[1].body), -1);
}

static void only_the_id_and_the_source_are_needed(void)
{
    static const char *const BARE[] = {
        "{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\"}",
        "{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\",\"body\":\"\",\"attributes\":{}}",
        "{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\",\"body\":null,\"attributes\":null,\"eventSourceARN\":null}",
        "{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\",\"body\":{},\"attributes\":{\"MessageGroupId\":7}}",
    };
    for (size_t i = 0; i < sizeof BARE / sizeof BARE[0]; i++) {
        char payload[400];
        snprintf(payload, sizeof payload, RECORDS("%s"), BARE[i]);
        struct ps_sqs_batch batch = read_batch(ps_span_of(payload));
        if (!CHECK_EQ(batch.count, 1)) continue;
        const struct ps_sqs_message *message = &batch.messages[0];
        CHECK_TEXT(message->message_id, "1");
        CHECK_EQ(message->body.len + message->group.len + message->deduplication.len + message->queue_arn.len, 0);
        CHECK_EQ(message->receive_count, 1);
    }
}

static void a_receive_count_is_a_number_between_quotes(void)
{
    static const struct {
        const char *written;
        uint32_t count;
    } CASES[] = { { "\"7\"", 7 },
                  { "7", 7 },
                  { "\"4294967295\"", UINT32_MAX },
                  { "\"4294967296\"", UINT32_MAX },
                  { "\"\"", 1 },
                  { "-1", 1 },
                  { "\"1.5\"", 1 } };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char payload[400];
        snprintf(
            payload, sizeof payload,
            RECORDS(
                "{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\",\"attributes\":{\"ApproximateReceiveCount\":%s}}"),
            CASES[i].written);
        struct ps_sqs_batch batch = read_batch(ps_span_of(payload));
        if (CHECK_EQ(batch.count, 1)) CHECK_EQ(batch.messages[0].receive_count, CASES[i].count);
    }
}

static void what_is_no_event_of_sqs_is_refused(void)
{
    static const struct {
        const char *payload, *note;
    } CASES[] = {
        { "{}", "the event is none of SQS: it has no array \"Records\"" },
        { "[]", "the event is none of SQS: it has no array \"Records\"" },
        { "{\"Records\":{}}", "the event is none of SQS: it has no array \"Records\"" },
        { RECORDS("7"), "Records[0]: it is no message of SQS: its eventSource is not aws:sqs" },
        { RECORDS(MESSAGE("1", "", FIFO) ",{\"messageId\":\"2\"}"),
          "Records[1]: it is no message of SQS: its eventSource is not aws:sqs" },
        { RECORDS("{\"messageId\":\"1\",\"eventSource\":\"aws:s3\"}"),
          "Records[0]: it is no message of SQS: its eventSource is not aws:sqs" },
        { RECORDS("{\"eventSource\":\"aws:sqs\"}"), "Records[0]: it has no messageId" },
        { RECORDS(MESSAGE("1", "", FIFO) "," MESSAGE("", "", FIFO)), "Records[1]: it has no messageId" },
        { RECORDS("{\"eventSource\":\"aws:sqs\",\"messageId\":7}"), "Records[0]: it has no messageId" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_sqs_batch batch = { .count = 4711 };
        CHECK_ERR(ps_from_sqs(&arena, ps_span_of(CASES[i].payload), &batch), PS_ERR_BAD_INPUT);
        CHECK_TEXT(ps_span_of(ps_err_note()->text), CASES[i].note);
        CHECK_EQ(batch.count, 4711);
    }
}

static void no_message_is_no_failure(void)
{
    struct ps_sqs_batch batch = read_batch(PS_SPAN("{\"Records\":[]}"));
    CHECK_EQ(batch.count, 0);
    CHECK_TEXT(reply(&batch), "{\"batchItemFailures\":[]}");
}

static void a_batch_that_is_done_has_an_empty_list(void)
{
    struct ps_sqs_batch batch = read_batch(ps_span_of(THREE_GROUPS));
    CHECK_TEXT(reply(&batch), "{\"batchItemFailures\":[]}");
}

static void a_message_that_is_handed_back_is_named_as_it_was_written(void)
{
    struct ps_sqs_batch batch = read_batch(PS_SPAN(RECORDS(MESSAGE("1\\u002d\\\"", "a", FIFO))));
    ps_sqs_return(&batch, 0);
    CHECK_TEXT(reply(&batch), "{\"batchItemFailures\":[{\"itemIdentifier\":\"1\\u002d\\\"\"}]}");
}

/* powertools-python #1927: what follows a failed message of a FIFO queue must fail too. */
static void later_messages_of_a_group_go_back_with_the_first(void)
{
    struct ps_sqs_batch batch = read_batch(ps_span_of(THREE_GROUPS));
    ps_sqs_return(&batch, 2);
    CHECK_TEXT(reply(&batch), "{\"batchItemFailures\":[{\"itemIdentifier\":\"3\"},{\"itemIdentifier\":\"6\"}]}");
}

/* powertools-python #2981, powertools-ts #2561: a batch holds several groups, and one that fails must not hold up the
 * others. */
static void other_groups_go_on(void)
{
    struct ps_sqs_batch batch = read_batch(ps_span_of(THREE_GROUPS));
    ps_sqs_return(&batch, 1);
    CHECK(batch.messages[1].returned && batch.messages[4].returned);
    CHECK(!batch.messages[0].returned && !batch.messages[2].returned && !batch.messages[3].returned &&
          !batch.messages[5].returned);
    ps_sqs_return(&batch, 3);
    ps_sqs_return(&batch, 4);
    CHECK_TEXT(reply(&batch), "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"},{\"itemIdentifier\":\"4\"},"
                              "{\"itemIdentifier\":\"5\"}]}");
}

static void an_earlier_message_may_go_back_after_a_later_one(void)
{
    struct ps_sqs_batch batch = read_batch(ps_span_of(THREE_GROUPS));
    ps_sqs_return(&batch, 5);
    ps_sqs_return(&batch, 0);
    CHECK(batch.messages[0].returned && batch.messages[2].returned && batch.messages[5].returned);
}

/* powertools-ts #3674: a group that failed once was skipped in every later invocation of the same process. */
static void a_batch_knows_nothing_of_the_one_before(void)
{
    struct ps_arena_mark mark = ps_arena_mark(&arena);
    for (int i = 0; i < 2; i++) {
        struct ps_sqs_batch batch = read_batch(ps_span_of(THREE_GROUPS));
        CHECK_TEXT(reply(&batch), "{\"batchItemFailures\":[]}");
        ps_sqs_return(&batch, 0);
        CHECK(batch.messages[5].returned);
        ps_arena_rewind(&arena, mark);
    }
}

static void a_message_of_a_standard_queue_goes_back_alone(void)
{
    struct ps_sqs_batch batch = read_batch(PS_SPAN(RECORDS(
        "{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\"},{\"messageId\":\"2\",\"eventSource\":\"aws:sqs\"}")));
    ps_sqs_return(&batch, 0);
    CHECK_TEXT(reply(&batch), "{\"batchItemFailures\":[{\"itemIdentifier\":\"1\"}]}");
}

/* Fair queues: a standard queue whose messages have groups keeps no order in them. */
static void the_groups_of_a_fair_queue_are_no_order(void)
{
    struct ps_sqs_batch batch =
        read_batch(PS_SPAN(RECORDS(MESSAGE("1", "a", STANDARD) "," MESSAGE("2", "a", STANDARD))));
    CHECK_EQ(batch.messages[0].group.len, 0);
    ps_sqs_return(&batch, 0);
    CHECK(!batch.messages[1].returned);
    batch = read_batch(PS_SPAN(RECORDS(MESSAGE("1", "a", "") "," MESSAGE("2", "a", ""))));
    ps_sqs_return(&batch, 0);
    CHECK(batch.messages[1].returned);
}

/* A standard queue may deliver a message twice, even in one batch. */
static void messages_with_one_id_are_two(void)
{
    struct ps_sqs_batch batch = read_batch(
        PS_SPAN(RECORDS(MESSAGE("1", "", STANDARD) "," MESSAGE("1", "", STANDARD) "," MESSAGE("2", "", STANDARD))));
    CHECK_EQ(batch.count, 3);
    ps_sqs_return(&batch, 1);
    CHECK_TEXT(reply(&batch), "{\"batchItemFailures\":[{\"itemIdentifier\":\"1\"}]}");
}

/* The largest batch with count messages, spread over groups, that all have one length and begin alike. */
static struct ps_span large(size_t count, size_t groups)
{
    struct ps_buf buf;
    struct ps_span out = PS_SPAN("");
    ps_buf_init(&buf, &arena, 16 << 20);
    ps_buf_put(&buf, PS_SPAN("{\"Records\":["));
    for (size_t i = 0; i < count; i++)
        ps_buf_printf(
            &buf,
            "%s{\"messageId\":\"%zu\",\"eventSource\":\"aws:sqs\",\"attributes\":{\"MessageGroupId\":\"%0128zu\"}}",
            i == 0 ? "" : ",", i, (i * 7919) % groups);
    ps_buf_put(&buf, PS_SPAN("]}"));
    CHECK_OK(ps_buf_finish(&buf, &out));
    return out;
}

static void the_largest_batch_is_handed_back_by_its_groups(void)
{
    static const size_t GROUPS[] = { 1, 2, 100, PS_SQS_MESSAGES_MAX };
    struct ps_arena_mark mark = ps_arena_mark(&arena);
    for (size_t g = 0; g < sizeof GROUPS / sizeof GROUPS[0]; g++) {
        struct ps_sqs_batch batch = read_batch(large(PS_SQS_MESSAGES_MAX, GROUPS[g]));
        if (!CHECK_EQ(batch.count, PS_SQS_MESSAGES_MAX)) continue;
        ps_sqs_return(&batch, 3);
        size_t wrong = 0;
        for (size_t i = 0; i < batch.count; i++)
            wrong += batch.messages[i].returned != (i >= 3 && i % GROUPS[g] == 3 % GROUPS[g]);
        CHECK_EQ(wrong, 0);
        for (size_t i = batch.count; i > 0; i--)
            ps_sqs_return(&batch, i - 1);
        wrong = 0;
        for (size_t i = 0; i < batch.count; i++)
            wrong += !batch.messages[i].returned;
        CHECK_EQ(wrong, 0);
        ps_arena_rewind(&arena, mark);
    }
}

static void more_messages_than_lambda_gives_are_refused(void)
{
    struct ps_arena_mark mark = ps_arena_mark(&arena);
    struct ps_sqs_batch batch;
    CHECK_ERR(ps_from_sqs(&arena, large(PS_SQS_MESSAGES_MAX + 1, 1), &batch), PS_ERR_TOO_LARGE);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "more than 10000 messages in one event");
    ps_arena_rewind(&arena, mark);
}

static void no_prefix_is_an_event(void)
{
    static const char *const SAMPLES[] = { "sqs-s3", "sqs-sns-s3", "sqs-object-message" };
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        struct ps_span sample = ps_span_trim(read_sample(SAMPLES[i]));
        for (size_t len = 0; len <= sample.len; len++) {
            struct ps_arena_mark mark = ps_arena_mark(&arena);
            struct ps_span copy = exact_copy(ps_span_first(sample, len));
            struct ps_sqs_batch batch;
            CHECK_ERR(ps_from_sqs(&arena, copy, &batch), len < sample.len ? PS_ERR_BAD_INPUT : PS_OK);
            exact_free(copy);
            ps_arena_rewind(&arena, mark);
        }
    }
}

static void no_memory_is_told_and_later_calls_succeed(void)
{
    struct ps_sqs_batch batch;
    struct ps_span escaped = PS_SPAN(RECORDS(
        "{\"messageId\":\"1\",\"body\":\"\\u0062\",\"attributes\":{\"MessageGroupId\":\"\\u0067\","
        "\"MessageDeduplicationId\":\"\\u0064\"},\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"\\u0061.fifo\"}"));
    PS_EACH_FAILURE(&arena, ps_from_sqs(&arena, escaped, &batch));
    PS_EACH_FAILURE(&arena, ps_from_sqs(&arena, ps_span_of(THREE_GROUPS), &batch));
}

int main(void)
{
    arena = check_arena(64 << 20);
    RUN(the_messages_of_a_fifo_queue_are_read);
    RUN(a_body_may_be_any_notification_of_s3);
    RUN(only_the_id_and_the_source_are_needed);
    RUN(a_receive_count_is_a_number_between_quotes);
    RUN(what_is_no_event_of_sqs_is_refused);
    RUN(no_message_is_no_failure);
    RUN(a_batch_that_is_done_has_an_empty_list);
    RUN(a_message_that_is_handed_back_is_named_as_it_was_written);
    RUN(later_messages_of_a_group_go_back_with_the_first);
    RUN(other_groups_go_on);
    RUN(an_earlier_message_may_go_back_after_a_later_one);
    RUN(a_batch_knows_nothing_of_the_one_before);
    RUN(a_message_of_a_standard_queue_goes_back_alone);
    RUN(the_groups_of_a_fair_queue_are_no_order);
    RUN(messages_with_one_id_are_two);
    RUN(the_largest_batch_is_handed_back_by_its_groups);
    RUN(more_messages_than_lambda_gives_are_refused);
    RUN(no_prefix_is_an_event);
    RUN(no_memory_is_told_and_later_calls_succeed);
    ps_arena_fini(&arena);
    return check_finish();
}
