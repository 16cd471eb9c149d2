#include <stdio.h>

#include "aws/dynamodb_priv.h"
#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

static const struct ps_dynamodb_key KEYS[] = {
    { PS_SPAN_INIT("api"), PS_SPAN_INIT("1#a") },
    { PS_SPAN_INIT("caf\xc3\xa9 \"x\""), PS_SPAN_INIT("2#b") },
    { PS_SPAN_INIT("web"), PS_SPAN_INIT("1#a") },
};
enum { KEY_COUNT = sizeof KEYS / sizeof KEYS[0] };

/* As the service answers; a key comes back escaped as it likes, its attributes in any order. */
static const char LEFT[] =
    "{\"UnprocessedItems\":{\"logs\":[{\"PutRequest\":{\"Item\":{\"message\":{\"S\":\"x\"},\"sk\":{\"S\":\"2#b\"},"
    "\"pk\":{\"S\":\"caf\\u00e9 \\\"x\\\"\"}}}},{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"web\"},\"sk\":{\"S\":"
    "\"1#a\"}}}}]},\"ConsumedCapacity\":[]}";

static enum ps_err read_text(struct ps_span text, bool *left)
{
    return ps_dynamodb_reply_unprocessed(&arena, text, PS_SPAN("logs"), KEYS, KEY_COUNT, left);
}

static void unprocessed_items_are_found_by_their_keys(void)
{
    bool left[KEY_COUNT];
    CHECK_OK(read_text(ps_span_of(LEFT), left));
    CHECK(!left[0] && left[1] && left[2]);
    CHECK_OK(read_text(PS_SPAN("{\"UnprocessedItems\":{}}"), left));
    CHECK(!left[0] && !left[1] && !left[2]);
}

#define ITEM(attributes) "{\"UnprocessedItems\":{\"logs\":[{\"PutRequest\":{\"Item\":{" attributes "}}}]}}"

static void other_shapes_are_no_answer(void)
{
    static const char *const SHAPES[] = {
        "",
        "null",
        "{}",
        "<html>",
        "{\"UnprocessedItems\":[]}",
        "{\"UnprocessedItems\":{}}{}",
        "{\"UnprocessedItems\":{},\"UnprocessedItems\":{}}",
        "{\"UnprocessedItems\":{\"logs\":{}}}",
        "{\"UnprocessedItems\":{\"logs\":[[]]}}",
        "{\"UnprocessedItems\":{\"logs\":[{\"DeleteRequest\":{\"Key\":{}}}]}}",
        "{\"UnprocessedItems\":{\"other\":[{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"web\"},\"sk\":{\"S\":\"1#a\"}}}}]"
        "}}",
        ITEM(""),
        ITEM("\"pk\":{\"S\":\"web\"}"),
        ITEM("\"pk\":{\"S\":\"web\"},\"sk\":{\"N\":\"1\"}"),
        ITEM("\"pk\":{\"S\":\"web\"},\"sk\":\"1#a\""),
        ITEM("\"pk\":{\"S\":\"web\"},\"sk\":{\"S\":\"3#c\"}"),
    };
    bool left[KEY_COUNT];
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++) {
        if (!CHECK_ERR(read_text(ps_span_of(SHAPES[i]), left), PS_ERR_BAD_INPUT)) printf("# shape %zu\n", i);
    }
}

static void an_item_that_is_left_twice_is_no_answer(void)
{
    static const char TWICE[] = "{\"UnprocessedItems\":{\"logs\":["
                                "{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"web\"},\"sk\":{\"S\":\"1#a\"}}}},"
                                "{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"web\"},\"sk\":{\"S\":\"1#a\"}}}}]}}";
    bool left[KEY_COUNT];
    CHECK_ERR(read_text(ps_span_of(TWICE), left), PS_ERR_BAD_INPUT);
}

static void every_prefix_is_refused_without_reading_on(void)
{
    bool left[KEY_COUNT];
    struct ps_span whole = ps_span_of(LEFT);
    for (size_t len = 1; len < whole.len; len++) {
        struct ps_span copy = exact_copy(ps_span_first(whole, len));
        CHECK(read_text(copy, left) != PS_OK);
        CHECK_EQ(ps_dynamodb_reply_refusal(copy).type.len, 0);
        exact_free(copy);
    }
}

static enum ps_err read_left(void)
{
    bool left[KEY_COUNT];
    return read_text(ps_span_of(LEFT), left);
}

static void reading_survives_any_failed_allocation(void)
{
    PS_EACH_FAILURE(&arena, read_left());
}

static void a_refusal_tells_its_exception_without_its_namespace(void)
{
    struct ps_dynamodb_reply_refusal refusal = ps_dynamodb_reply_refusal(
        PS_SPAN("{\"__type\":\"com.amazonaws.dynamodb.v20120810#ThrottlingException\",\"message\":\"slow down\"}"));
    CHECK_TEXT(refusal.type, "ThrottlingException");
    CHECK_TEXT(refusal.message, "slow down");
    refusal = ps_dynamodb_reply_refusal(PS_SPAN("{\"__type\":\"ValidationException\",\"Message\":\"no\"}"));
    CHECK_TEXT(refusal.type, "ValidationException");
    CHECK_TEXT(refusal.message, "no");
}

static void what_is_no_refusal_has_no_exception(void)
{
    static const char *const SHAPES[] = { "", "<html>", "[]", "null", "{\"__type\":7}", "{\"__type\":\"x\"" };
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++)
        CHECK_EQ(ps_dynamodb_reply_refusal(ps_span_of(SHAPES[i])).type.len, 0);
}

static void the_reasons_of_a_throttle_are_read_up_to_a_limit(void)
{
    struct ps_span reasons[PS_DYNAMODB_REASONS_MAX];
    CHECK_EQ(
        ps_dynamodb_reply_reasons(PS_SPAN("{\"__type\":\"x\",\"ThrottlingReasons\":[{\"reason\":\"A\",\"resource\":"
                                          "\"arn:1\"},7,{\"resource\":\"arn:2\"},{\"reason\":\"B\"}]}"),
                                  reasons),
        2);
    CHECK_TEXT(reasons[0], "A");
    CHECK_TEXT(reasons[1], "B");
    CHECK_EQ(ps_dynamodb_reply_reasons(PS_SPAN("{\"ThrottlingReasons\":{}}"), reasons), 0);
    CHECK_EQ(ps_dynamodb_reply_reasons(PS_SPAN("{\"ThrottlingReasons\":[]}"), reasons), 0);
    CHECK_EQ(ps_dynamodb_reply_reasons(PS_SPAN("{}"), reasons), 0);
    CHECK_EQ(ps_dynamodb_reply_reasons(PS_SPAN("<html>"), reasons), 0);
#define FOUR "{\"reason\":\"A\"},{\"reason\":\"B\"},{\"reason\":\"C\"},{\"reason\":\"D\"}"
    CHECK_EQ(ps_dynamodb_reply_reasons(PS_SPAN("{\"ThrottlingReasons\":[" FOUR "," FOUR "," FOUR "]}"), reasons),
             PS_DYNAMODB_REASONS_MAX);
}

static void the_reasons_of_a_cancelled_transaction_are_read_in_order(void)
{
    struct ps_dynamodb_reply_refusal reasons[3];
    struct ps_span body =
        PS_SPAN("{\"__type\":\"x#TransactionCanceledException\",\"CancellationReasons\":[{\"Code\":\"None\"},"
                "{\"Code\":\"ValidationError\",\"Item\":{},\"Message\":\"no\"},{\"Code\":null}],\"Message\":\"y\"}");
    CHECK_EQ(ps_dynamodb_reply_cancellation(body, reasons, 3), 3);
    CHECK_TEXT(reasons[0].type, "");
    CHECK_TEXT(reasons[1].type, "ValidationError");
    CHECK_TEXT(reasons[1].message, "no");
    CHECK_TEXT(reasons[2].type, "");
    CHECK_EQ(ps_dynamodb_reply_cancellation(body, reasons, 2), 0);
    for (size_t len = 0; len < body.len; len++) {
        struct ps_span copy = exact_copy(ps_span_first(body, len));
        CHECK_EQ(ps_dynamodb_reply_cancellation(copy, reasons, 3), 0);
        exact_free(copy);
    }
}

static void a_cancellation_of_another_shape_has_no_reasons(void)
{
    static const char *const SHAPES[] = { "{}", "{\"CancellationReasons\":7}", "{\"CancellationReasons\":{}}",
                                          "{\"CancellationReasons\":[{\"Code\":\"None\"},7]}" };
    struct ps_dynamodb_reply_refusal reasons[3];
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++)
        CHECK_EQ(ps_dynamodb_reply_cancellation(ps_span_of(SHAPES[i]), reasons, 3), 0);
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(unprocessed_items_are_found_by_their_keys);
    RUN(other_shapes_are_no_answer);
    RUN(an_item_that_is_left_twice_is_no_answer);
    RUN(every_prefix_is_refused_without_reading_on);
    RUN(reading_survives_any_failed_allocation);
    RUN(a_refusal_tells_its_exception_without_its_namespace);
    RUN(what_is_no_refusal_has_no_exception);
    RUN(the_reasons_of_a_throttle_are_read_up_to_a_limit);
    RUN(the_reasons_of_a_cancelled_transaction_are_read_in_order);
    RUN(a_cancellation_of_another_shape_has_no_reasons);
    ps_arena_fini(&arena);
    return check_finish();
}
