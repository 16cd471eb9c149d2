#include "event/reply.h"

#include <jansson.h>
#include <stdlib.h>

#include "support/check.h"

static struct ps_arena arena;

#define KINESIS(...) "{\"Records\":[" __VA_ARGS__ "]}"
#define RECORD(number) "{\"kinesis\":{\"sequenceNumber\":\"" number "\",\"data\":\"QQ==\"}}"
#define NUMBERLESS "{\"kinesis\":{\"data\":\"QQ==\"}}"

/* The answer to payload; marks has a letter for each carrier: o done, d dropped, r returned. */
static struct ps_span answer(const char *payload, size_t bytes_max, const char *marks, size_t *overflowed)
{
    struct ps_event event = { 0 };
    struct ps_reply_book book = { 0 };
    struct ps_buf body;
    CHECK_OK(ps_event_open(ps_span_of(payload), &event));
    CHECK_OK(ps_reply_open(&arena, &event, &book));
    CHECK_EQ(event.carrier_count, strlen(marks));
    for (size_t i = 0; marks[i] != '\0'; i++)
        ps_reply_mark(&book, i,
                      marks[i] == 'r'   ? PS_REPLY_RETURNED
                      : marks[i] == 'd' ? PS_REPLY_DROPPED
                                        : PS_REPLY_DONE);
    ps_buf_init(&body, &arena, bytes_max);
    CHECK_OK(ps_reply_write(&book, &event, bytes_max, &body, overflowed));
    return ps_buf_span(&body);
}

static struct ps_span answer_all(const char *payload, const char *marks)
{
    size_t overflowed = 0;
    struct ps_span text = answer(payload, PS_REPLY_BYTES_MAX, marks, &overflowed);
    CHECK_EQ(overflowed, 0);
    return text;
}

static void a_clean_kinesis_batch_fails_nothing(void)
{
    CHECK_TEXT(answer_all(KINESIS(RECORD("1") "," RECORD("2")), "oo"), "{\"batchItemFailures\":[]}");
    CHECK_TEXT(answer_all(KINESIS(), ""), "{\"batchItemFailures\":[]}");
}

static void kinesis_resumes_at_the_first_one_handed_back(void)
{
    const char *batch = KINESIS(RECORD("1") "," RECORD("2") "," RECORD("3") "," RECORD("4"));
    CHECK_TEXT(answer_all(batch, "oror"), "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"}]}");
    CHECK_TEXT(answer_all(batch, "odor"), "{\"batchItemFailures\":[{\"itemIdentifier\":\"4\"}]}");
}

#define WINDOW(state) \
    "{\"Records\":[" RECORD("1") "," RECORD("2") "],\"window\":{\"start\":\"s\",\"end\":\"e\"}" state "}"

/* aws-lambda-rust-runtime's answer to a window has no batchItemFailures (KinesisTimeWindowEventResponse). */
static void a_window_keeps_its_state_and_names_what_failed(void)
{
    CHECK_TEXT(answer_all(WINDOW(",\"state\":{ \"n\":1}"), "or"),
               "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"}],\"state\":{ \"n\":1}}");
    CHECK_TEXT(answer_all(WINDOW(",\"state\":null"), "oo"), "{\"batchItemFailures\":[],\"state\":{}}");
    CHECK_TEXT(answer_all(WINDOW(""), "oo"), "{\"batchItemFailures\":[],\"state\":{}}");
    CHECK_TEXT(answer_all("{\"Records\":[" RECORD("1") "],\"state\":{\"n\":1}}", "o"), "{\"batchItemFailures\":[]}");
}

static void a_carrier_without_number_resumes_at_the_one_before(void)
{
    CHECK_TEXT(answer_all(KINESIS(RECORD("1") "," NUMBERLESS "," RECORD("3")), "oro"),
               "{\"batchItemFailures\":[{\"itemIdentifier\":\"1\"}]}");
    /* The empty identifier fails the whole batch. */
    CHECK_TEXT(answer_all(KINESIS(NUMBERLESS "," RECORD("3")), "ro"),
               "{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}");
}

#define KAFKA(...) "{\"eventSource\":\"aws:SelfManagedKafka\",\"records\":{" __VA_ARGS__ "}}"
#define AT(offset) "{\"topic\":\"logs\",\"partition\":0,\"offset\":" offset "}"
#define FAILURE(group, offset) "{\"itemIdentifier\":{\"partition\":\"" group "\",\"offset\":" offset "}}"
#define FAILURES(...) "{\"batchItemFailures\":[" __VA_ARGS__ "]}"

static const char PARTITIONS[] =
    KAFKA("\"logs-01\":[" AT("5") "," AT("6") "," AT("8") "],\"l\\/-1\":[" AT("5") "],\"logs-2\":[" AT("\"7\"") "]");

static void a_clean_kafka_batch_fails_nothing(void)
{
    CHECK_TEXT(answer_all(PARTITIONS, "ooooo"), "{\"batchItemFailures\":[]}");
    CHECK_TEXT(answer_all(KAFKA(), ""), "{\"batchItemFailures\":[]}");
}

/* Peers long had no partial answer for Kafka (powertools-lambda-python #2969, #2973, #5362; aws-lambda-rust-runtime
 * #1164). Ours is right whether Lambda sends again what is listed or all from a partition's lowest: what is not done is
 * listed, what is done and comes again is a duplicate, clean partitions stay out. Names as the payload has them,
 * escapes and all. */
static void kafka_is_told_every_record_that_is_handed_back_by_the_payloads_own_names(void)
{
    CHECK_TEXT(answer_all(PARTITIONS, "orrod"), FAILURES(FAILURE("logs-01", "6") "," FAILURE("logs-01", "8")));
    CHECK_TEXT(answer_all(PARTITIONS, "rorro"),
               FAILURES(FAILURE("logs-01", "5") "," FAILURE("logs-01", "8") "," FAILURE("l\\/-1", "5")));
    CHECK_TEXT(answer_all(PARTITIONS, "oooor"), FAILURES(FAILURE("logs-2", "7")));
    CHECK_TEXT(answer_all(KAFKA("\"t-0\":[" AT("9223372036854775807") "]"), "r"),
               FAILURES(FAILURE("t-0", "9223372036854775807")));
}

static enum ps_err write_returned(const char *payload, size_t position, size_t bytes_max)
{
    struct ps_event event;
    struct ps_reply_book book;
    struct ps_buf body;
    size_t overflowed = 0;
    PS_TRY(ps_event_open(ps_span_of(payload), &event));
    PS_TRY(ps_reply_open(&arena, &event, &book));
    ps_buf_init(&body, &arena, 4096);
    ps_reply_mark(&book, position, PS_REPLY_RETURNED);
    return ps_reply_write(&book, &event, bytes_max, &body, &overflowed);
}

/* Without a name a record cannot be listed, and an answer that leaves it out would be taken for success. */
static void a_kafka_record_without_offset_takes_the_whole_batch_back(void)
{
    const char *batch = KAFKA("\"t-0\":[" AT("1") ",{\"value\":\"QQ==\"}]");
    CHECK_ERR(write_returned(batch, 1, 4096), PS_ERR_UNAVAILABLE);
    CHECK_OK(write_returned(batch, 0, 4096));
}

static void a_kafka_answer_that_does_not_fit_fails(void)
{
    size_t exact = strlen(FAILURES(FAILURE("logs-01", "5")));
    CHECK_OK(write_returned(PARTITIONS, 0, exact));
    CHECK_ERR(write_returned(PARTITIONS, 0, exact - 1), PS_ERR_TOO_LARGE);
}

static void only_partial_answers_depend_on_the_mapping(void)
{
    static const enum ps_event_source PARTIAL[] = { PS_EVENT_KINESIS, PS_EVENT_MSK, PS_EVENT_KAFKA };
    for (size_t i = 0; i < 3; i++) {
        CHECK(ps_reply_is_partial(PARTIAL[i]));
        CHECK(ps_reply_takes_back(PARTIAL[i]));
    }
    CHECK(!ps_reply_is_partial(PS_EVENT_FIREHOSE));
    CHECK(!ps_reply_is_partial(PS_EVENT_CWLOGS));
}

static const char FIREHOSE[] = "{\"invocationId\":\"i\",\"records\":[{\"recordId\":\"a\",\"data\":\"QQ==\"},"
                               "{\"recordId\":\"b\",\"data\":\"Qg==\"},{\"recordId\":\"c\",\"data\":\"Qw\\/=\"}]}";

static void every_firehose_record_is_answered_once_in_order(void)
{
    CHECK_TEXT(answer_all(FIREHOSE, "dro"), "{\"records\":[{\"recordId\":\"a\",\"result\":\"Dropped\"},"
                                            "{\"recordId\":\"b\",\"result\":\"ProcessingFailed\"},"
                                            "{\"recordId\":\"c\",\"result\":\"Ok\",\"data\":\"Qw\\/=\"}]}");
}

static void a_subscription_is_answered_with_an_empty_object(void)
{
    CHECK_TEXT(answer_all("{\"awslogs\":{\"data\":\"QQ==\"}}", "o"), "{}");
    CHECK(!ps_reply_takes_back(PS_EVENT_CWLOGS));
    CHECK(ps_reply_takes_back(PS_EVENT_KINESIS));
    CHECK(ps_reply_takes_back(PS_EVENT_FIREHOSE));
}

/* At every limit: the answer fits, is valid, answers each id once, and what had no room is failed, not lost. */
static void the_answer_fits_whatever_the_limit(void)
{
    size_t seen = 0;
    for (size_t bytes_max = 150; bytes_max < 320; bytes_max++) {
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        size_t overflowed = 0;
        struct ps_span text = answer(FIREHOSE, bytes_max, "ooo", &overflowed);
        CHECK(text.len <= bytes_max);
        json_t *tree = json_loadb(text.data, text.len, 0, NULL);
        json_t *records = json_object_get(tree, "records");
        CHECK_EQ(json_array_size(records), 3);
        size_t failed = 0;
        for (size_t i = 0; i < json_array_size(records); i++) {
            json_t *record = json_array_get(records, i);
            CHECK_EQ(json_string_value(json_object_get(record, "recordId"))[0], "abc"[i]);
            bool ok = strcmp(json_string_value(json_object_get(record, "result")), "Ok") == 0;
            CHECK_EQ(ok, json_object_get(record, "data") != NULL);
            failed += !ok;
        }
        CHECK_EQ(failed, overflowed);
        seen |= (size_t)1 << overflowed;
        json_decref(tree);
        ps_arena_rewind(&arena, mark);
    }
    CHECK_EQ(seen, 0xf); /* none, one, two and three had no room */
}

static void bare_answers_that_do_not_fit_fail(void)
{
    struct ps_event event;
    struct ps_reply_book book;
    struct ps_buf body;
    size_t overflowed = 0;
    CHECK_OK(ps_event_open(ps_span_of(FIREHOSE), &event));
    CHECK_OK(ps_reply_open(&arena, &event, &book));
    ps_buf_init(&body, &arena, 1000);
    CHECK_ERR(ps_reply_write(&book, &event, 100, &body, &overflowed), PS_ERR_TOO_LARGE);
    CHECK_EQ(body.len, 0);
}

static enum ps_err write_all(const char *payload)
{
    struct ps_event event;
    struct ps_reply_book book;
    struct ps_buf body;
    size_t overflowed = 0;
    PS_TRY(ps_event_open(ps_span_of(payload), &event));
    PS_TRY(ps_reply_open(&arena, &event, &book));
    ps_buf_init(&body, &arena, 4096);
    return ps_reply_write(&book, &event, 4096, &body, &overflowed);
}

static void a_full_arena_is_an_error(void)
{
    PS_EACH_FAILURE(&arena, write_all(FIREHOSE));
    PS_EACH_FAILURE(&arena, write_all(KINESIS(RECORD("1"))));
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(a_clean_kinesis_batch_fails_nothing);
    RUN(kinesis_resumes_at_the_first_one_handed_back);
    RUN(a_window_keeps_its_state_and_names_what_failed);
    RUN(a_carrier_without_number_resumes_at_the_one_before);
    RUN(a_clean_kafka_batch_fails_nothing);
    RUN(kafka_is_told_every_record_that_is_handed_back_by_the_payloads_own_names);
    RUN(a_kafka_record_without_offset_takes_the_whole_batch_back);
    RUN(a_kafka_answer_that_does_not_fit_fails);
    RUN(only_partial_answers_depend_on_the_mapping);
    RUN(every_firehose_record_is_answered_once_in_order);
    RUN(a_subscription_is_answered_with_an_empty_object);
    RUN(the_answer_fits_whatever_the_limit);
    RUN(bare_answers_that_do_not_fit_fail);
    RUN(a_full_arena_is_an_error);
    ps_arena_fini(&arena);
    return check_finish();
}
