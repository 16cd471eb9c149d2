#include "event/from_eventbridge.h"

#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

/* The shape of the example in AWS's guide, "Events". */
static const char EVENT[] =
    "{\"version\":\"0\",\"id\":\"6a7e8feb-b491\",\"detail-type\":\"EC2 Instance State-change \\u004eotification\","
    "\"source\":\"aws.ec2\",\"account\":\"111122223333\",\"time\":\"2017-12-22T18:43:48Z\",\"region\":\"us-west-1\","
    "\"resources\":[\"arn:aws:ec2:us-west-1:123456789012:instance\\/i-1\",\"arn:second\"],"
    "\"detail\":{\"instance-id\":\"i-1\",\"state\":[1]}} ";

static struct ps_eventbridge_event read(const char *payload)
{
    struct ps_eventbridge_event event = { 0 };
    CHECK_OK(ps_from_eventbridge(&arena, ps_span_of(payload), &event));
    return event;
}

static void the_documented_event_is_read(void)
{
    struct ps_eventbridge_event event = read(EVENT);
    CHECK(ps_from_eventbridge_is(ps_span_of(EVENT)));
    CHECK_TEXT(event.id, "6a7e8feb-b491");
    CHECK_TEXT(event.detail_type, "EC2 Instance State-change Notification");
    CHECK_TEXT(event.source, "aws.ec2");
    CHECK_TEXT(event.account, "111122223333");
    CHECK_TEXT(event.region, "us-west-1");
    CHECK_TEXT(event.resource, "arn:aws:ec2:us-west-1:123456789012:instance/i-1");
    CHECK_EQ(event.time_ms, 1513968228000);
    CHECK_TEXT(event.detail, "{\"instance-id\":\"i-1\",\"state\":[1]}");
    CHECK(!event.replayed);
}

static void a_replay_tells_so_whatever_its_name(void)
{
    CHECK(read("{\"detail-type\":\"x\",\"replay-name\":\"again\"}").replayed);
    CHECK(read("{\"replay-name\":null}").replayed);
}

/* EventBridge Scheduler writes "detail":"{}" (aws-lambda-dotnet #1864, aws-lambda-java-libs #479). */
static void what_is_missing_or_of_another_type_is_empty(void)
{
    struct ps_eventbridge_event event = read(
        "{\"id\":7,\"detail-type\":null,\"source\":{},\"account\":123456789012,\"time\":1795255200,\"region\":[\"x\"],"
        "\"resources\":{\"a\":\"b\"},\"detail\":\"{}\"}");
    CHECK_EQ(event.id.len + event.detail_type.len + event.source.len + event.account.len + event.region.len, 0);
    CHECK_EQ(event.resource.len + event.detail.len, 0);
    CHECK_EQ(event.time_ms, 0);
    CHECK_EQ(read("{\"resources\":[]}").resource.len, 0);
    CHECK_EQ(read("{\"resources\":[7,\"arn:b\"]}").resource.len, 0);
    CHECK_EQ(read("{\"time\":\"soon\"}").time_ms, 0);
    CHECK_EQ(read("{}").detail.len, 0);
}

static void what_looks_like_no_event_is_none(void)
{
    static const char *const NONE[] = {
        "", "[]", "7", "\"detail-type\"", "{\"detail_type\":\"x\"}", "{\"a\":{\"detail-type\":1}}", "{\"detail-type\""
    };
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++)
        CHECK(!ps_from_eventbridge_is(ps_span_of(NONE[i])));
    struct ps_eventbridge_event event;
    CHECK_ERR(ps_from_eventbridge(&arena, PS_SPAN("[]"), &event), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_from_eventbridge(&arena, PS_SPAN("{} {}"), &event), PS_ERR_BAD_INPUT);
}

static void no_prefix_is_read(void)
{
    for (size_t len = 0; len < sizeof EVENT - 2; len++) {
        struct ps_span copy = exact_copy(ps_span_make(EVENT, len));
        struct ps_eventbridge_event event;
        (void)ps_from_eventbridge_is(copy);
        CHECK_ERR(ps_from_eventbridge(&arena, copy, &event), PS_ERR_BAD_INPUT);
        exact_free(copy);
    }
}

static void no_memory_is_told_and_later_calls_succeed(void)
{
    struct ps_eventbridge_event event;
    PS_EACH_FAILURE(&arena, ps_from_eventbridge(&arena, ps_span_of(EVENT), &event));
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(the_documented_event_is_read);
    RUN(a_replay_tells_so_whatever_its_name);
    RUN(what_is_missing_or_of_another_type_is_empty);
    RUN(what_looks_like_no_event_is_none);
    RUN(no_prefix_is_read);
    RUN(no_memory_is_told_and_later_calls_succeed);
    ps_arena_fini(&arena);
    return check_finish();
}
