#include "base/span.h"

#include "support/check.h"

static void spans_compare_by_their_bytes(void)
{
    CHECK(ps_span_eq(PS_SPAN("abc"), PS_SPAN("abc")));
    CHECK(!ps_span_eq(PS_SPAN("abc"), PS_SPAN("abd")));
    CHECK(!ps_span_eq(PS_SPAN("abc"), PS_SPAN("ab")));
    CHECK(ps_span_eq(ps_span_make("a\0b", 3), ps_span_make("a\0b", 3)));
    CHECK(!ps_span_eq(ps_span_make("a\0b", 3), ps_span_make("a\0c", 3)));
}

static void empty_spans_are_equal_wherever_they_point(void)
{
    CHECK(ps_span_eq(ps_span_make(NULL, 0), PS_SPAN("")));
    CHECK_EQ(ps_span_of(NULL).len, 0);
    CHECK(ps_span_starts(ps_span_make(NULL, 0), ps_span_make(NULL, 0)));
    CHECK(ps_span_ends(ps_span_make(NULL, 0), ps_span_make(NULL, 0)));
    CHECK_EQ(ps_span_find_byte(ps_span_make(NULL, 0), 'a'), PS_SPAN_NONE);
}

static void starts_and_ends_are_found(void)
{
    CHECK(ps_span_starts(PS_SPAN("START RequestId"), PS_SPAN("START")));
    CHECK(!ps_span_starts(PS_SPAN("STA"), PS_SPAN("START")));
    CHECK(ps_span_ends(PS_SPAN("a.gz"), PS_SPAN(".gz")));
    CHECK(!ps_span_ends(PS_SPAN("gz"), PS_SPAN(".gz")));
    CHECK(ps_span_starts(PS_SPAN("x"), PS_SPAN("")) && ps_span_ends(PS_SPAN("x"), PS_SPAN("")));
}

static void parts_are_taken_from_both_ends(void)
{
    CHECK_TEXT(ps_span_from(PS_SPAN("abcdef"), 2), "cdef");
    CHECK_TEXT(ps_span_from(PS_SPAN("abc"), 3), "");
    CHECK_TEXT(ps_span_first(PS_SPAN("abcdef"), 2), "ab");
    CHECK_TEXT(ps_span_first(PS_SPAN("ab"), 5), "ab");
}

static void letters_of_both_cases_compare_equal(void)
{
    CHECK(ps_span_eq_nocase(PS_SPAN("Content-Type"), PS_SPAN("cONTENT-tYPE")));
    CHECK(!ps_span_eq_nocase(PS_SPAN("abc"), PS_SPAN("abd")));
    CHECK(!ps_span_eq_nocase(PS_SPAN("abc"), PS_SPAN("abcd")));
    /* The neighbours of the letters differ by 0x20 too, and are no letters. */
    CHECK(!ps_span_eq_nocase(PS_SPAN("@["), PS_SPAN("`{")));
    CHECK(!ps_span_eq_nocase(PS_SPAN("\xc4"), PS_SPAN("\xe4")));
}

static void a_needle_is_found_at_its_first_place(void)
{
    CHECK_EQ(ps_span_find(PS_SPAN("ababc"), PS_SPAN("abc")), 2);
    CHECK_EQ(ps_span_find(PS_SPAN("abab"), PS_SPAN("ab")), 0);
    CHECK_EQ(ps_span_find(PS_SPAN("ab"), PS_SPAN("abc")), PS_SPAN_NONE);
    CHECK_EQ(ps_span_find(PS_SPAN("ab"), PS_SPAN("")), 0);
    CHECK_EQ(ps_span_find(ps_span_make(NULL, 0), PS_SPAN("")), 0);
    CHECK_EQ(ps_span_find(ps_span_make(NULL, 0), PS_SPAN("a")), PS_SPAN_NONE);
    CHECK_EQ(ps_span_find(ps_span_make("a\0b", 3), ps_span_make("\0b", 2)), 1);
}

static void trimming_takes_blanks_from_both_ends_only(void)
{
    CHECK_TEXT(ps_span_trim(PS_SPAN(" \t\r\na b\n ")), "a b");
    CHECK_TEXT(ps_span_trim(PS_SPAN(" \n ")), "");
    CHECK_TEXT(ps_span_trim(PS_SPAN("")), "");
    CHECK_TEXT(ps_span_trim(PS_SPAN("\va\f")), "\va\f");
}

static void splitting_tells_an_empty_last_part_from_none(void)
{
    struct ps_span rest = PS_SPAN("a,,b,");
    static const char *const PARTS[] = { "a", "", "b", "" };
    bool more = true;
    for (size_t i = 0; i < 4; i++) {
        CHECK(more);
        CHECK_TEXT(ps_span_split(&rest, ',', &more), PARTS[i]);
    }
    CHECK(!more);
    CHECK_EQ(rest.len, 0);
}

static void digits_become_a_number_when_it_fits(void)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
    } CASES[] = {
        { "0", true, 0 },   { "007", true, 7 },  { "18446744073709551615", true, UINT64_MAX },
        { "", false, 0 },   { "-1", false, 0 },  { "18446744073709551616", false, 0 },
        { "+1", false, 0 }, { " 1", false, 0 },  { "1 ", false, 0 },
        { "1x", false, 0 }, { "1.0", false, 0 }, { "99999999999999999999", false, 0 },
        { "/", false, 0 },  { ":", false, 0 },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint64_t value = 42;
        CHECK_EQ(ps_span_to_u64(ps_span_of(CASES[i].text), &value), CASES[i].ok);
        CHECK_EQ(value, CASES[i].ok ? CASES[i].value : 42);
    }
}

int main(void)
{
    RUN(spans_compare_by_their_bytes);
    RUN(empty_spans_are_equal_wherever_they_point);
    RUN(starts_and_ends_are_found);
    RUN(parts_are_taken_from_both_ends);
    RUN(letters_of_both_cases_compare_equal);
    RUN(a_needle_is_found_at_its_first_place);
    RUN(trimming_takes_blanks_from_both_ends_only);
    RUN(splitting_tells_an_empty_last_part_from_none);
    RUN(digits_become_a_number_when_it_fits);
    return check_finish();
}
