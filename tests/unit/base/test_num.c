#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

static void decimals_are_scaled_exactly_and_rounded_half_away_from_zero(void)
{
    static const struct {
        const char *text;
        int scale;
        int64_t wanted;
    } CASES[] = {
        { "1.2345", 3, 1235 },
        { "1.2344999999999999999999999", 3, 1234 },
        { "-1.2345", 3, -1235 },
        { "12", 0, 12 },
        { "12", 3, 12000 },
        { "-0.5", 0, -1 },
        { "0.5", 0, 1 },
        { "0.49999999999999999999999", 0, 0 },
        { "0.05", 0, 0 },
        { "1e3", 0, 1000 },
        { "1e3", 3, 1000000 },
        { "1E+3", 0, 1000 },
        { "1500e-3", 3, 1500 },
        { "15e-1", 0, 2 },
        { "5e-1", 0, 1 },
        { "4e-1", 0, 0 },
        { "5e-2", 0, 0 },
        { "0.000001e6", 0, 1 },
        { "0", 18, 0 },
        { "-0", 3, 0 },
        { "0e999999999999999999999999", 18, 0 },
        { "1e-999999999999999999999999", 18, 0 },
        { "007.50", 1, 75 },
        { "3.00", 2, 300 },
        { "9223372036854775807", 0, INT64_MAX },
        { "-9223372036854775808", 0, INT64_MIN },
        { "9223372036854775.807", 3, INT64_MAX },
        { "9223372036854775807.4", 0, INT64_MAX },
        { "0.9223372036854775807e19", 0, INT64_MAX },
        { "0000000000000000000000000000000000000001", 0, 1 },
        { "0.00000000000000000000000000000000001e35", 0, 1 },
        { "100000000000000000000000000000e-29", 0, 1 },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span copy = exact_copy(ps_span_of(CASES[i].text));
        int64_t value = 42;
        if (!CHECK(ps_num_scaled(copy, CASES[i].scale, &value))) printf("#   %s\n", CASES[i].text);
        if (!CHECK_EQ(value, CASES[i].wanted)) printf("#   %s\n", CASES[i].text);
        exact_free(copy);
    }
}

static void what_is_no_decimal_or_does_not_fit_is_refused(void)
{
    static const char *const CASES[] = {
        "",
        "-",
        ".",
        ".5",
        "5.",
        "1e",
        "1e+",
        "1e-",
        "+1",
        " 1",
        "1 ",
        "1x",
        "0x10",
        "1.2.3",
        "1e5.0",
        "--1",
        "1e--1",
        "e5",
        "NaN",
        "inf",
        "9223372036854775808",
        "-9223372036854775809",
        "9223372036854775807.5",
        "1e19",
        "99999999999999999999",
        "1e999999999999999999999999",
        "123456789012345678901234567890",
        "1,5",
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span copy = exact_copy(ps_span_of(CASES[i]));
        int64_t value = 42;
        if (!CHECK(!ps_num_scaled(copy, 0, &value))) printf("#   %s\n", CASES[i]);
        CHECK_EQ(value, 42);
        exact_free(copy);
    }
    int64_t value = 0;
    CHECK(!ps_num_scaled(PS_SPAN("9223372036854775.808"), 3, &value));
    CHECK(!ps_num_scaled(PS_SPAN("10"), 18, &value));
    CHECK(!ps_num_scaled(ps_span_make(NULL, 0), 0, &value));
}

static void cutting_drops_what_rounding_would_carry(void)
{
    int64_t value = 0;
    CHECK(ps_num_scaled_cut(PS_SPAN("1.2349"), 3, &value));
    CHECK_EQ(value, 1234);
    CHECK(ps_num_scaled_cut(PS_SPAN("-1.2349"), 3, &value));
    CHECK_EQ(value, -1234);
    CHECK(ps_num_scaled_cut(PS_SPAN("0.9999"), 0, &value));
    CHECK_EQ(value, 0);
    CHECK(ps_num_scaled_cut(PS_SPAN("9223372036854775807.9"), 0, &value));
    CHECK_EQ(value, INT64_MAX);
}

static void the_grammar_of_json_numbers_is_kept(void)
{
    static const struct {
        const char *text;
        bool valid;
    } CASES[] = {
        { "0", true },          { "-0", true },
        { "10", true },         { "1.5", true },
        { "-1.5e+10", true },   { "1E5", true },
        { "0.0", true },        { "0e0", true },
        { "12345678", true },   { "123456789.123456789", true },
        { "", false },          { "-", false },
        { "01", false },        { "-01", false },
        { "1.", false },        { ".5", false },
        { "1e", false },        { "1e+", false },
        { "+1", false },        { "1 ", false },
        { " 1", false },        { "1x", false },
        { "0x1", false },       { "NaN", false },
        { "1.5.5", false },     { "00", false },
        { "12345678x", false },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span copy = exact_copy(ps_span_of(CASES[i].text));
        if (!CHECK_EQ(ps_num_is_json(copy), CASES[i].valid)) printf("#   %s\n", CASES[i].text);
        exact_free(copy);
    }
}

static struct ps_span put(struct ps_buf *buf, int64_t value, int scale)
{
    buf->len = 0;
    ps_num_put_scaled(buf, value, scale);
    return ps_buf_span(buf);
}

static void scaled_numbers_are_written_as_short_as_they_can_be(void)
{
    char room[PS_NUM_TEXT_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    CHECK_TEXT(put(&buf, 1500, 3), "1.5");
    CHECK_TEXT(put(&buf, -5, 3), "-0.005");
    CHECK_TEXT(put(&buf, 0, 3), "0");
    CHECK_TEXT(put(&buf, 0, 0), "0");
    CHECK_TEXT(put(&buf, 1000, 3), "1");
    CHECK_TEXT(put(&buf, 1001, 3), "1.001");
    CHECK_TEXT(put(&buf, -1, 0), "-1");
    CHECK_TEXT(put(&buf, 100, 0), "100");
    CHECK_TEXT(put(&buf, INT64_MAX, 18), "9.223372036854775807");
    CHECK_TEXT(put(&buf, INT64_MIN, 18), "-9.223372036854775808");
    CHECK_TEXT(put(&buf, INT64_MIN, 0), "-9223372036854775808");
    CHECK_TEXT(put(&buf, 1, 18), "0.000000000000000001");
}

static void written_numbers_read_back_the_same(void)
{
    struct random random = { 7 };
    for (int round = 0; round < 100000; round++) {
        int64_t value = (int64_t)(random_next(&random) >> random_below(&random, 64));
        if (random_below(&random, 2) == 0) value = -value;
        int scale = (int)random_below(&random, 19);
        char room[PS_NUM_TEXT_BYTES_MAX];
        struct ps_buf buf;
        ps_buf_init_fixed(&buf, room, sizeof room);
        ps_num_put_scaled(&buf, value, scale);
        int64_t back = 0;
        CHECK_OR_RETURN(ps_num_is_json(ps_buf_span(&buf)));
        CHECK_OR_RETURN(ps_num_scaled(ps_buf_span(&buf), scale, &back));
        CHECK_OR_RETURN(back == value);
    }
}

static void scaling_agrees_with_wide_integers(void)
{
    struct random random = { 8 };
    for (int round = 0; round < 100000; round++) {
        uint64_t whole = random_next(&random) >> (10 + random_below(&random, 54));
        uint64_t fraction = random_below(&random, 1000000000);
        int scale = (int)random_below(&random, 9);
        char text[64];
        int len = snprintf(text, sizeof text, "%" PRIu64 ".%09" PRIu64, whole, fraction);
        __extension__ unsigned __int128 exact = (unsigned __int128)whole * 1000000000 + fraction;
        uint64_t divisor = 1;
        for (int i = scale; i < 9; i++)
            divisor *= 10;
        exact = (exact + divisor / 2) / divisor;
        int64_t value = 0;
        bool fits = exact <= INT64_MAX;
        CHECK_OR_RETURN(ps_num_scaled(ps_span_make(text, (size_t)len), scale, &value) == fits);
        CHECK_OR_RETURN(!fits || value == (int64_t)exact);
    }
}

int main(void)
{
    RUN(decimals_are_scaled_exactly_and_rounded_half_away_from_zero);
    RUN(what_is_no_decimal_or_does_not_fit_is_refused);
    RUN(cutting_drops_what_rounding_would_carry);
    RUN(the_grammar_of_json_numbers_is_kept);
    RUN(scaled_numbers_are_written_as_short_as_they_can_be);
    RUN(written_numbers_read_back_the_same);
    RUN(scaling_agrees_with_wide_integers);
    return check_finish();
}
