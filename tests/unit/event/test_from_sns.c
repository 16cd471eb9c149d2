#include "event/from_sns.h"

#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

/* The shape of the example in AWS's guide, "Invoking Lambda functions with Amazon SNS notifications". */
static const char EVENT[] =
    "{\"Records\":[{\"EventVersion\":\"1.0\",\"EventSubscriptionArn\":\"arn:aws:sns:us-east-1:123456789012:sns-lambda:"
    "21be\","
    "\"EventSource\":\"aws:sns\",\"Sns\":{\"SignatureVersion\":\"1\",\"Timestamp\":\"2019-01-02T12:45:07.000Z\","
    "\"Signature\":\"s\",\"MessageId\":\"95df01b4\",\"Message\":\"Hello "
    "\\\"SNS\\\"!\",\"MessageAttributes\":{\"Test\":{\"Type\":"
    "\"String\",\"Value\":\"Message\"}},\"Type\":\"Notification\",\"TopicArn\":\"arn:aws:sns:us-east-1:123456789012:"
    "sns-lambda\","
    "\"Subject\":\"Test\\u0020Invoke\"}},{\"Sns\":{\"Message\":\"\",\"Subject\":null}}]}";

static struct ps_from_sns open_messages(const char *payload)
{
    struct ps_from_sns messages = { 0 };
    CHECK_OK(ps_from_sns_open(ps_span_of(payload), &messages));
    return messages;
}

static struct ps_sns_message next(struct ps_from_sns *messages)
{
    struct ps_sns_message message = { 0 };
    bool more = false;
    CHECK_OK(ps_from_sns_next(messages, &arena, &message, &more));
    CHECK(more);
    return message;
}

static void check_over(struct ps_from_sns *messages)
{
    struct ps_sns_message message;
    for (int i = 0; i < 2; i++) {
        bool more = true;
        CHECK_OK(ps_from_sns_next(messages, &arena, &message, &more));
        CHECK(!more);
    }
}

static void the_documented_event_is_read(void)
{
    CHECK(ps_from_sns_is(ps_span_of(EVENT)));
    struct ps_from_sns messages = open_messages(EVENT);
    struct ps_sns_message message = next(&messages);
    CHECK_TEXT(message.id, "95df01b4");
    CHECK_TEXT(message.topic_arn, "arn:aws:sns:us-east-1:123456789012:sns-lambda");
    CHECK_TEXT(message.subject, "Test Invoke");
    CHECK_TEXT(message.text, "Hello \"SNS\"!");
    CHECK_EQ(message.time_ms, 1546433107000);
    message = next(&messages);
    CHECK_EQ(message.id.len + message.topic_arn.len + message.subject.len + message.text.len, 0);
    CHECK_EQ(message.time_ms, 0);
    check_over(&messages);
}

static void a_bad_message_is_told_with_its_place_and_the_others_go_on(void)
{
    struct ps_from_sns messages =
        open_messages("{\"Records\":[{\"Sns\":7},5,{\"Sns\":{\"Message\":{}}},{\"Sns\":{}},{},"
                      "{\"Sns\":{\"Message\":\"last\",\"MessageId\":9,\"Timestamp\":0}}]}");
    static const char *const NOTES[] = { "Records[0].Sns is no object", "Records[1].Sns is no object",
                                         "Records[2].Sns.Message is no string", "Records[3].Sns.Message is no string",
                                         "Records[4].Sns is no object" };
    for (size_t i = 0; i < sizeof NOTES / sizeof NOTES[0]; i++) {
        struct ps_sns_message message;
        bool more = false;
        CHECK_ERR(ps_from_sns_next(&messages, &arena, &message, &more), PS_ERR_BAD_INPUT);
        CHECK_TEXT(ps_span_of(ps_err_note()->text), NOTES[i]);
    }
    struct ps_sns_message message = next(&messages);
    CHECK_TEXT(message.text, "last");
    CHECK_EQ(message.id.len, 0);
    check_over(&messages);
}

static void what_looks_like_no_message_is_none(void)
{
    static const char *const NONE[] = { "",
                                        "[]",
                                        "{\"Records\":{}}",
                                        "{\"Records\":[]}",
                                        "{\"Records\":[7]}",
                                        "{\"Records\":[{\"kinesis\":{}}]}",
                                        "{\"records\":[{\"Sns\":{}}]}",
                                        "{\"Records\":[{\"body\":\"{\\\"Sns\\\":{}}\",\"eventSource\":\"aws:sqs\"}]}" };
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++)
        CHECK(!ps_from_sns_is(ps_span_of(NONE[i])));
    struct ps_from_sns messages;
    CHECK_ERR(ps_from_sns_open(PS_SPAN("{}"), &messages), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_from_sns_open(PS_SPAN("{\"Records\":[]}]"), &messages), PS_ERR_BAD_INPUT);
}

static void no_prefix_opens(void)
{
    for (size_t len = 0; len < sizeof EVENT - 1; len++) {
        struct ps_span copy = exact_copy(ps_span_make(EVENT, len));
        struct ps_from_sns messages;
        (void)ps_from_sns_is(copy);
        CHECK_ERR(ps_from_sns_open(copy, &messages), PS_ERR_BAD_INPUT);
        exact_free(copy);
    }
}

static enum ps_err read_first(void)
{
    struct ps_from_sns messages;
    struct ps_sns_message message;
    bool more = false;
    PS_TRY(ps_from_sns_open(ps_span_of(EVENT), &messages));
    return ps_from_sns_next(&messages, &arena, &message, &more);
}

static void no_memory_is_told_and_later_calls_succeed(void)
{
    PS_EACH_FAILURE(&arena, read_first());
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(the_documented_event_is_read);
    RUN(a_bad_message_is_told_with_its_place_and_the_others_go_on);
    RUN(what_looks_like_no_message_is_none);
    RUN(no_prefix_opens);
    RUN(no_memory_is_told_and_later_calls_succeed);
    ps_arena_fini(&arena);
    return check_finish();
}
