#include "aws/dynamodb_priv.h"
#include "support/check.h"
#include "support/exact.h"

/* As the Developer Guide counts: "DynamoDB item sizes and formats". */
static const struct {
    const char *item;
    size_t bytes;
} SIZES[] = {
    { "{}", 0 },
    { "{\"pk\":{\"S\":\"api\"}}", 2 + 3 },
    { "{\"pk\":{\"S\":\"\"},\"sk\":{\"S\":\"1\"}}", 2 + 2 + 1 },
    { "{\"a\":{\"S\":\"\\n\\\"\\\\\\/\"}}", 1 + 4 },
    { "{\"a\":{\"S\":\"\\u0041\\u007f\"}}", 1 + 2 },
    { "{\"a\":{\"S\":\"\\u0080\\u07FF\"}}", 1 + 4 },
    { "{\"a\":{\"S\":\"\\u0800\\uffff\"}}", 1 + 6 },
    { "{\"a\":{\"S\":\"\\ud83d\\uDE00\"}}", 1 + 4 },
    { "{\"a\":{\"S\":\"caf\xc3\xa9\"}}", 1 + 5 },
    { "{\"\\u00e9\":{\"S\":\"x\"}}", 2 + 1 },
    { "{\"a\":{\"N\":\"1\"}}", 1 + 2 },
    { "{\"a\":{\"N\":\"1700000000123\"}}", 1 + 8 },
    { "{\"a\":{\"N\":\"-12.5e10\"}}", 1 + 2 + 1 + 1 },
    { "{\"a\":{\"B\":\"AAECAw==\"}}", 1 + 4 },
    { "{\"a\":{\"B\":\"AAEC\"}}", 1 + 3 },
    { "{\"a\":{\"BOOL\":true},\"b\":{\"NULL\":true}}", 2 + 2 },
    { "{\"a\":{\"SS\":[\"x\",\"yz\"]}}", 1 + 3 },
    { "{\"a\":{\"NS\":[\"1\",\"22\"]}}", 1 + 4 },
    { "{\"a\":{\"L\":[]}}", 1 + 3 },
    { "{\"a\":{\"L\":[{\"S\":\"x\"},{\"N\":\"1\"}]}}", 1 + 3 + 1 + 1 + 1 + 2 },
    { "{\"a\":{\"M\":{}}}", 1 + 3 },
    { "{\"a\":{\"M\":{\"bc\":{\"S\":\"x\"}}}}", 1 + 3 + 1 + 2 + 1 },
    { "{\"a\":{\"M\":{\"M\":{\"M\":{\"L\":{\"S\":\"x\"}}}}},\"S\":{\"S\":\"y\"}}", 1 + 3 + 2 + 3 + 2 + 1 + 2 },
    { "{\"a\":{\"L\":[{\"M\":{\"b\":{\"L\":[{\"BOOL\":false}]}}}]}}", 1 + 3 + 1 + 3 + 2 + 3 + 1 + 1 },
};

static void sizes_are_counted_as_dynamodb_counts_them(void)
{
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        size_t bytes = 0;
        CHECK_OK(ps_dynamodb_size(ps_span_of(SIZES[i].item), &bytes));
        CHECK_EQ(bytes, SIZES[i].bytes);
        CHECK(bytes <= strlen(SIZES[i].item));
    }
}

static void what_is_no_json_has_no_size(void)
{
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        struct ps_span item = ps_span_of(SIZES[i].item);
        for (size_t len = 0; len < item.len; len++) {
            struct ps_span copy = exact_copy(ps_span_first(item, len));
            size_t bytes = 0;
            CHECK_ERR(ps_dynamodb_size(copy, &bytes), PS_ERR_BAD_INPUT);
            exact_free(copy);
        }
    }
}

int main(void)
{
    RUN(sizes_are_counted_as_dynamodb_counts_them);
    RUN(what_is_no_json_has_no_size);
    return check_finish();
}
