#include "record/dynamodb_value.h"

#include "support/check.h"

static char memory[1 << 16];

static enum ps_err write(struct ps_field field, struct ps_span *out)
{
    struct ps_buf buf;
    struct ps_json_writer writer;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_json_write_init(&writer, &buf);
    PS_TRY(ps_dynamodb_value_write(&writer, &field));
    return ps_json_write_finish(&writer, out);
}

static struct ps_span json(const char *value)
{
    struct ps_span out = { 0 };
    CHECK_OK(write((struct ps_field){ .value = ps_span_of(value), .kind = PS_FIELD_JSON }, &out));
    return out;
}

static void every_kind_of_value_has_its_type(void)
{
    struct ps_span out = { 0 };
    CHECK_OK(write((struct ps_field){ .value = PS_SPAN("a\\n\\\"b"), .kind = PS_FIELD_STRING }, &out));
    CHECK_TEXT(out, "{\"S\":\"a\\n\\\"b\"}");
    CHECK_OK(write((struct ps_field){ .value = PS_SPAN("a\n\"b"), .kind = PS_FIELD_TEXT }, &out));
    CHECK_TEXT(out, "{\"S\":\"a\\n\\\"b\"}");
    CHECK_TEXT(json("-12.50"), "{\"N\":\"-12.50\"}");
    CHECK_TEXT(json("true"), "{\"BOOL\":true}");
    CHECK_TEXT(json("false"), "{\"BOOL\":false}");
    CHECK_TEXT(json("null"), "{\"NULL\":true}");
    CHECK_TEXT(json("{}"), "{\"M\":{}}");
    CHECK_TEXT(json("[]"), "{\"L\":[]}");
    CHECK_TEXT(json("{\"a\":[1, {\"b\":null}],\"c\":\"d\"}"),
               "{\"M\":{\"a\":{\"L\":[{\"N\":\"1\"},{\"M\":{\"b\":{\"NULL\":true}}}]},\"c\":{\"S\":\"d\"}}}");
}

static void a_value_that_is_no_json_is_refused(void)
{
    struct ps_span out = { 0 };
    CHECK_ERR(write((struct ps_field){ .value = PS_SPAN("[1,"), .kind = PS_FIELD_JSON }, &out), PS_ERR_BAD_INPUT);
}

#define D38 "12345678901234567890123456789012345678"
#define LEAD_D38 "0.000" D38
#define SHORT_D38 "-" D38 "000000"
#define D39 D38 "9"
#define LEAD_D39 "0." D38 "9"
#define LONG_D39 "1" D38 "00001"

/* Amazon DynamoDB developer guide, "Supported data types": up to 38 digits, 1e-130 to 9.99...e125. */
static void numbers_that_dynamodb_keeps(void)
{
    static const char *const KEPT[] = {
        "0",
        "-0",
        "0.000",
        "1",
        "-1.5",
        D38,
        SHORT_D38,
        LEAD_D38,
        "1.2345678901234567890123456789012345678",
        "1e125",
        "9.99e125",
        "1E-130",
        "1e+3",
        "0.1e126",
        "100e123",
        "1.50000000000000000000000000000000000000000000000",
        "0.0000000000000000000000000000000000000000000000000000000000001",
    };
    for (size_t i = 0; i < sizeof KEPT / sizeof KEPT[0]; i++) {
        if (!CHECK(ps_dynamodb_value_is_number(ps_span_of(KEPT[i])))) CHECK_TEXT(PS_SPAN(""), KEPT[i]);
    }
}

static void numbers_it_would_round_or_refuse_stay_text(void)
{
    static const char *const TEXT[] = {
        D39, LEAD_D39, "1e126", "10e125", "0.1e-130", "1e-131", "1e99999999999999999999", "1e-5000", "0e9", LONG_D39,
    };
    for (size_t i = 0; i < sizeof TEXT / sizeof TEXT[0]; i++) {
        if (!CHECK(!ps_dynamodb_value_is_number(ps_span_of(TEXT[i])))) CHECK_TEXT(PS_SPAN(""), TEXT[i]);
    }
    char digits[300];
    memset(digits, '0', sizeof digits);
    digits[0] = '1';
    digits[1] = '.';
    CHECK(!ps_dynamodb_value_is_number(ps_span_make(digits, sizeof digits)));
    CHECK_TEXT(json("1e126"), "{\"S\":\"1e126\"}");
    CHECK_TEXT(json("[1e-131]"), "{\"L\":[{\"S\":\"1e-131\"}]}");
}

/* depth arrays around a 1 */
static const char *nested(size_t depth)
{
    static char text[256];
    memset(text, '[', depth);
    text[depth] = '1';
    memset(text + depth + 1, ']', depth);
    text[2 * depth + 1] = '\0';
    return text;
}

static void what_is_nested_too_deep_is_json_text(void)
{
    struct ps_span whole = json(nested(PS_DYNAMODB_VALUE_NESTING_MAX));
    CHECK(ps_span_find(whole, PS_SPAN("{\"N\":\"1\"}")) != PS_SPAN_NONE);
    CHECK(ps_span_find(whole, PS_SPAN("\"S\"")) == PS_SPAN_NONE);
    CHECK(ps_span_find(json(nested(PS_DYNAMODB_VALUE_NESTING_MAX + 1)), PS_SPAN("{\"L\":[{\"S\":\"[1]\"}]}")) !=
          PS_SPAN_NONE);
    CHECK(ps_span_find(json(nested(64)), PS_SPAN("{\"S\":\"[[[")) != PS_SPAN_NONE);
}

int main(void)
{
    RUN(every_kind_of_value_has_its_type);
    RUN(a_value_that_is_no_json_is_refused);
    RUN(numbers_that_dynamodb_keeps);
    RUN(numbers_it_would_round_or_refuse_stay_text);
    RUN(what_is_nested_too_deep_is_json_text);
    return check_finish();
}
