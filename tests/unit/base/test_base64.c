#include "base/base64.h"

#include <stdio.h>
#include <string.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648, section 10. */
static const struct {
    const char *bytes, *text;
} VECTORS[] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
    { "\xff\xfe\xfd", "//79" },
    { "\xfb\xef\xbe", "++++" },
};

static enum ps_err encode(struct ps_arena *arena, struct ps_span bytes, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 1 << 20);
    ps_base64_encode(&buf, bytes);
    return ps_buf_finish(&buf, out);
}

static void the_vectors_of_the_rfc_hold_both_ways(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
        struct ps_span out = { 0 };
        CHECK_OK(ps_base64_decode(&arena, ps_span_of(VECTORS[i].text), &out));
        CHECK_TEXT(out, VECTORS[i].bytes);
        CHECK_OK(encode(&arena, ps_span_of(VECTORS[i].bytes), &out));
        CHECK_TEXT(out, VECTORS[i].text);
    }
    ps_arena_fini(&arena);
}

static void padding_may_be_missing(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
        struct ps_span text = ps_span_of(VECTORS[i].text);
        while (ps_span_ends(text, PS_SPAN("=")))
            text.len--;
        struct ps_span copy = exact_copy(text);
        struct ps_span out = { 0 };
        CHECK_OK(ps_base64_decode(&arena, copy, &out));
        CHECK_TEXT(out, VECTORS[i].bytes);
        exact_free(copy);
    }
    ps_arena_fini(&arena);
}

static void nothing_else_may_be_missing_or_added(void)
{
    static const struct {
        struct ps_span text;
        const char *note;
    } CASES[] = {
        { PS_SPAN_INIT("Z"), "base64: stops at byte 1 of 1" },
        { PS_SPAN_INIT("Zm9vY"), "base64: stops at byte 5 of 5" },
        { PS_SPAN_INIT("Zg="), "base64: stops at byte 2 of 3" },
        { PS_SPAN_INIT("="), "base64: stops at byte 0 of 1" },
        { PS_SPAN_INIT("=="), "base64: stops at byte 0 of 2" },
        { PS_SPAN_INIT("===="), "base64: stops at byte 0 of 4" },
        { PS_SPAN_INIT("Z==="), "base64: stops at byte 1 of 4" },
        { PS_SPAN_INIT("Zg==Zg=="), "base64: stops at byte 2 of 8" },
        { PS_SPAN_INIT("Zm9v="), "base64: stops at byte 4 of 5" },
        { PS_SPAN_INIT("Zm9v===="), "base64: stops at byte 4 of 8" },
        { PS_SPAN_INIT("Zm9v\n"), "base64: stops at byte 4 of 5" },
        { PS_SPAN_INIT(" Zm9v"), "base64: stops at byte 0 of 5" },
        { PS_SPAN_INIT("Zm-v"), "base64: stops at byte 2 of 4" },
        { PS_SPAN_INIT("Zm_v"), "base64: stops at byte 2 of 4" },
        { PS_SPAN_INIT("Zm\0v"), "base64: stops at byte 2 of 4" },
        { PS_SPAN_INIT("Zm\xffv"), "base64: stops at byte 2 of 4" },
    };
    struct ps_arena arena = check_arena(1 << 16);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span copy = exact_copy(CASES[i].text);
        struct ps_span out = PS_SPAN("untouched");
        CHECK_ERR(ps_base64_decode(&arena, copy, &out), PS_ERR_BAD_INPUT);
        CHECK_TEXT(out, "untouched");
        CHECK_TEXT(ps_span_of(ps_err_note()->text), CASES[i].note);
        exact_free(copy);
    }
    ps_arena_fini(&arena);
}

static void a_wrong_byte_is_named_wherever_it_is(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    for (int c = 0; c < 256; c++) {
        bool in_alphabet = c != 0 && strchr(ALPHABET, c) != NULL;
        for (size_t at = 0; at < 28; at++) {
            char text[28];
            memset(text, 'A', sizeof text);
            text[at] = (char)c;
            struct ps_span copy = exact_copy(ps_span_make(text, sizeof text));
            struct ps_span out;
            bool padding = c == '=' && at == 27;
            enum ps_err wanted = in_alphabet || padding ? PS_OK : PS_ERR_BAD_INPUT;
            CHECK_ERR(ps_base64_decode(&arena, copy, &out), wanted);
            char note[64];
            (void)snprintf(note, sizeof note, "base64: stops at byte %zu of 28", at);
            if (wanted != PS_OK) CHECK_TEXT(ps_span_of(ps_err_note()->text), note);
            exact_free(copy);
            ps_arena_reset(&arena, 4096);
        }
    }
    ps_arena_fini(&arena);
}

/* Bit by bit, as the RFC describes it. */
static size_t decode_slowly(struct ps_span text, char *out)
{
    size_t len = 0;
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < text.len && text.data[i] != '='; i++) {
        bits = bits << 6 | (uint32_t)(strchr(ALPHABET, text.data[i]) - ALPHABET);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out[len++] = (char)(bits >> count);
    }
    return len;
}

static void any_bytes_come_back(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct random random = { 6 };
    for (size_t len = 0; len < 300; len++) {
        char bytes[300];
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)random_next(&random);
        struct ps_span wanted = exact_copy(ps_span_make(bytes, len));
        struct ps_span text = { 0 };
        CHECK_OK(encode(&arena, wanted, &text));
        char slow[300];
        CHECK_SPAN(ps_span_make(slow, decode_slowly(text, slow)), wanted);
        struct ps_span copy = exact_copy(text);
        struct ps_span out = { 0 };
        CHECK_OK(ps_base64_decode(&arena, copy, &out));
        CHECK_SPAN(out, wanted);
        exact_free(copy);
        exact_free(wanted);
        ps_arena_reset(&arena, 4096);
    }
    ps_arena_fini(&arena);
}

static void every_prefix_is_decoded_or_rejected_by_its_length(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span text = PS_SPAN("Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYg==");
    for (size_t len = 0; len <= text.len; len++) {
        struct ps_span copy = exact_copy(ps_span_first(text, len));
        struct ps_span out = { 0 };
        bool bad = len % 4 == 1 || len == text.len - 1;
        CHECK_ERR(ps_base64_decode(&arena, copy, &out), bad ? PS_ERR_BAD_INPUT : PS_OK);
        exact_free(copy);
    }
    ps_arena_fini(&arena);
}

static void encoding_fits_a_buf_of_exactly_its_size(void)
{
    char room[8];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    ps_base64_encode(&buf, PS_SPAN("fooba"));
    CHECK_EQ(buf.err, PS_OK);
    CHECK_TEXT(ps_buf_span(&buf), "Zm9vYmE=");
    ps_base64_encode(&buf, PS_SPAN("f"));
    CHECK_EQ(buf.err, PS_ERR_TOO_LARGE);
}

static enum ps_err decode_sample(struct ps_arena *arena)
{
    struct ps_span out = { 0 };
    return ps_base64_decode(arena, PS_SPAN("Zm9vYmFy"), &out);
}

static void every_allocation_may_fail(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span out = { 0 };
    PS_EACH_FAILURE(&arena, decode_sample(&arena));
    PS_EACH_FAILURE(&arena, encode(&arena, PS_SPAN("foo"), &out));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(the_vectors_of_the_rfc_hold_both_ways);
    RUN(padding_may_be_missing);
    RUN(nothing_else_may_be_missing_or_added);
    RUN(a_wrong_byte_is_named_wherever_it_is);
    RUN(any_bytes_come_back);
    RUN(every_prefix_is_decoded_or_rejected_by_its_length);
    RUN(encoding_fits_a_buf_of_exactly_its_size);
    RUN(every_allocation_may_fail);
    return check_finish();
}
