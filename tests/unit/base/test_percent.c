#include "base/percent.h"

#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

static struct ps_span decoded(struct ps_span text)
{
    struct ps_span out = PS_SPAN("");
    CHECK_OK(ps_percent_decode_form(&arena, text, &out));
    return out;
}

static void encoded_bytes_and_plus_signs_are_undone(void)
{
    CHECK_TEXT(decoded(PS_SPAN("in/2026/a+b%2b%2B%20c.log")), "in/2026/a b++ c.log");
    CHECK_TEXT(decoded(PS_SPAN("%c3%BC%25%2541")), "\xc3\xbc%%41");
    CHECK_TEXT(decoded(PS_SPAN("\xc3\xbc?&=#")), "\xc3\xbc?&=#");
    CHECK_EQ(decoded(PS_SPAN("")).len, 0);
}

static void any_byte_may_come_out(void)
{
    CHECK_SPAN(decoded(PS_SPAN("%00%0a%FF%c3")), PS_SPAN("\0\n\xff\xc3"));
}

static void a_percent_sign_without_two_hex_digits_is_refused_with_its_place(void)
{
    static const char *const BROKEN[] = { "abc%", "abc%2", "abc%g0", "abc%0g", "abc%%41", "abc%+1", "abc%-1" };
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        struct ps_span out = PS_SPAN("untouched");
        CHECK_ERR(ps_percent_decode_form(&arena, ps_span_of(BROKEN[i]), &out), PS_ERR_BAD_INPUT);
        CHECK_TEXT(ps_span_of(ps_err_note()->text), "percent encoding: broken at byte 3");
        CHECK_TEXT(out, "untouched");
    }
}

static void every_prefix_is_read_within_its_bytes(void)
{
    struct ps_span text = PS_SPAN("a%2Fb%c3%bc+%");
    for (size_t len = 0; len <= text.len; len++) {
        struct ps_span copy = exact_copy(ps_span_first(text, len));
        struct ps_span out;
        enum ps_err err = ps_percent_decode_form(&arena, copy, &out);
        CHECK(err == PS_OK || err == PS_ERR_BAD_INPUT);
        exact_free(copy);
    }
}

static void no_memory_is_told(void)
{
    struct ps_span out;
    PS_EACH_FAILURE(&arena, ps_percent_decode_form(&arena, PS_SPAN("a%20b"), &out));
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(encoded_bytes_and_plus_signs_are_undone);
    RUN(any_byte_may_come_out);
    RUN(a_percent_sign_without_two_hex_digits_is_refused_with_its_place);
    RUN(every_prefix_is_read_within_its_bytes);
    RUN(no_memory_is_told);
    ps_arena_fini(&arena);
    return check_finish();
}
