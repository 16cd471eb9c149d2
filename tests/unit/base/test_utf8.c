#include "base/utf8.h"

#include <string.h>

#include "support/check.h"
#include "support/exact.h"

#define R "\xef\xbf\xbd"

static const struct {
    struct ps_span text, wanted;
    size_t repaired;
} REPAIRS[] = {
    /* The Unicode standard, section 3.9, tables 3-8 to 3-11. */
    { PS_SPAN_INIT("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"), PS_SPAN_INIT(R R R R R R R R "A"), 8 },
    { PS_SPAN_INIT("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"), PS_SPAN_INIT(R R R R R R R R "A"), 8 },
    { PS_SPAN_INIT("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"), PS_SPAN_INIT(R R R R R "A" R R "B"), 7 },
    { PS_SPAN_INIT("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), PS_SPAN_INIT(R R R R "A"), 4 },
    { PS_SPAN_INIT("\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64"), PS_SPAN_INIT("a" R R R "b" R "c" R R "d"),
      6 },
    { PS_SPAN_INIT("\xe2\x82"), PS_SPAN_INIT(R), 1 },
    { PS_SPAN_INIT("\xf0\x9f\x98"), PS_SPAN_INIT(R), 1 },
    { PS_SPAN_INIT("\xf5\x80"), PS_SPAN_INIT(R R), 2 },
    { PS_SPAN_INIT("\xff"), PS_SPAN_INIT(R), 1 },
    { PS_SPAN_INIT("\xc3\xa9\xc3"), PS_SPAN_INIT("\xc3\xa9" R), 1 },
    { PS_SPAN_INIT("a text with more than eight bytes \x80 and some more"),
      PS_SPAN_INIT("a text with more than eight bytes " R " and some more"), 1 },
};

static void broken_text_is_repaired_by_maximal_subparts(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    for (size_t i = 0; i < sizeof REPAIRS / sizeof REPAIRS[0]; i++) {
        struct ps_span copy = exact_copy(REPAIRS[i].text);
        struct ps_span out = { 0 };
        size_t repaired = 99;
        CHECK_OK(ps_utf8_repair(&arena, copy, &out, &repaired));
        CHECK_SPAN(out, REPAIRS[i].wanted);
        CHECK_EQ(repaired, REPAIRS[i].repaired);
        CHECK_EQ(ps_utf8_valid_prefix(out), out.len);
        exact_free(copy);
    }
    ps_arena_fini(&arena);
}

static void every_prefix_of_broken_text_is_repaired(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t i = 0; i < sizeof REPAIRS / sizeof REPAIRS[0]; i++) {
        for (size_t len = 0; len <= REPAIRS[i].text.len; len++) {
            struct ps_span copy = exact_copy(ps_span_first(REPAIRS[i].text, len));
            struct ps_span out = { 0 };
            size_t repaired = 0;
            CHECK_OK(ps_utf8_repair(&arena, copy, &out, &repaired));
            CHECK_EQ(ps_utf8_valid_prefix(out), out.len);
            CHECK_EQ(repaired == 0, out.data == copy.data);
            exact_free(copy);
        }
    }
    ps_arena_fini(&arena);
}

static void valid_text_is_not_copied(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span text =
        PS_SPAN("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xed\x9f\xbf \xee\x80\x80 \xf4\x8f\xbf\xbf");
    struct ps_span out = { 0 };
    size_t repaired = 99;
    CHECK_OK(ps_utf8_repair(&arena, text, &out, &repaired));
    CHECK(out.data == text.data && out.len == text.len);
    CHECK_EQ(repaired, 0);
    CHECK_EQ(ps_arena_used(&arena), 0);
    CHECK_OK(ps_utf8_repair(&arena, ps_span_make(NULL, 0), &out, &repaired));
    CHECK_EQ(out.len, 0);
    ps_arena_fini(&arena);
}

static size_t encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    static const unsigned char LEADS[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    out[0] = (char)(LEADS[len] | code);
    return len;
}

static void every_code_point_but_surrogates_is_valid(void)
{
    for (uint32_t code = 0; code < 0x110400; code++) {
        char text[4];
        size_t len = encode(code, text);
        bool valid = code < 0x110000 && (code < 0xd800 || code > 0xdfff);
        CHECK_OR_RETURN((ps_utf8_valid_prefix(ps_span_make(text, len)) == len) == valid);
    }
}

/* Whether these bytes are the one and only encoding of a code point: found by encoding again what they claim. */
static bool is_character(const char *text, size_t len)
{
    const unsigned char *byte = (const unsigned char *)text;
    static const unsigned char MASKS[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t code = byte[0] & MASKS[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (byte[i] & 0x3f);
    char again[4];
    bool scalar = code < 0x110000 && (code < 0xd800 || code > 0xdfff);
    return scalar && encode(code, again) == len && memcmp(again, text, len) == 0;
}

/* The same as ps_utf8_valid_prefix, by trying. */
static size_t valid_prefix_slowly(const char *text, size_t text_len)
{
    size_t at = 0;
    while (at < text_len) {
        size_t len = 1;
        while (len <= 4 && (at + len > text_len || !is_character(text + at, len)))
            len++;
        if (len > 4) break;
        at += len;
    }
    return at;
}

static void every_short_sequence_is_judged_as_by_definition(void)
{
    static const unsigned char FOLLOWING[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xf4, 0xff };
    enum { N = sizeof FOLLOWING };
    for (unsigned lead = 0; lead < 256; lead++) {
        for (size_t i = 0; i < (size_t)N * N * N; i++) {
            char text[4] = { (char)lead, (char)FOLLOWING[i % N], (char)FOLLOWING[i / N % N],
                             (char)FOLLOWING[i / N / N] };
            CHECK_OR_RETURN(ps_utf8_valid_prefix(ps_span_make(text, 4)) == valid_prefix_slowly(text, 4));
        }
    }
}

static void the_first_wrong_byte_is_found_wherever_it_is(void)
{
    for (size_t len = 1; len < 100; len++) {
        for (size_t at = 0; at < len; at++) {
            char text[128];
            memset(text, 'a', len);
            text[at] = '\x80';
            struct ps_span copy = exact_copy(ps_span_make(text, len));
            CHECK_EQ(ps_utf8_valid_prefix(copy), at);
            exact_free(copy);
            if (at + 2 > len) continue;
            memcpy(text + at, "\xc3\xa9", 2);
            CHECK_EQ(ps_utf8_valid_prefix(ps_span_make(text, len)), len);
        }
    }
}

static void a_cut_never_parts_a_character(void)
{
    static const struct {
        const char *text;
        size_t bytes_max, wanted;
    } CASES[] = {
        { "abc", 5, 3 },
        { "abc", 3, 3 },
        { "abc", 2, 2 },
        { "abc", 0, 0 },
        { "\xc3\xa9", 1, 0 },
        { "a\xc3\xa9", 2, 1 },
        { "a\xc3\xa9z", 3, 3 },
        { "\xe2\x82\xac", 1, 0 },
        { "\xe2\x82\xac", 2, 0 },
        { "x\xf0\x9f\x98\x80", 4, 1 },
        { "x\xf0\x9f\x98\x80", 3, 1 },
        { "x\xf0\x9f\x98\x80", 2, 1 },
        { "x\xf0\x9f\x98\x80", 5, 5 },
        { "x\xf0\x9f\x98\x80y", 5, 5 },
        /* Broken text has no characters to spare. */
        { "a\x80\x80\x80", 2, 2 },
        { "\x80\x80\x80\x80\x80\x80", 5, 5 },
        { "\xe2\x82zz", 2, 2 },
        { "\xe2\x82zz", 1, 1 },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span copy = exact_copy(ps_span_of(CASES[i].text));
        CHECK_EQ(ps_utf8_cut(copy, CASES[i].bytes_max), CASES[i].wanted);
        exact_free(copy);
    }
    CHECK_EQ(ps_utf8_cut(ps_span_make(NULL, 0), 4), 0);
}

static enum ps_err repair(struct ps_arena *arena)
{
    struct ps_span out = { 0 };
    size_t repaired = 0;
    return ps_utf8_repair(arena, PS_SPAN("a\xff"), &out, &repaired);
}

static void every_allocation_may_fail(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    PS_EACH_FAILURE(&arena, repair(&arena));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(broken_text_is_repaired_by_maximal_subparts);
    RUN(every_prefix_of_broken_text_is_repaired);
    RUN(valid_text_is_not_copied);
    RUN(every_code_point_but_surrogates_is_valid);
    RUN(every_short_sequence_is_judged_as_by_definition);
    RUN(the_first_wrong_byte_is_found_wherever_it_is);
    RUN(a_cut_never_parts_a_character);
    RUN(every_allocation_may_fail);
    return check_finish();
}
