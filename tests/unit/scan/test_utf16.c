#include "scan/utf16.h"

#include "base/utf8.h"
#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

enum { BYTES_MAX = 64 };

#define FFFD "\xef\xbf\xbd"

/* In pieces of step bytes; each gets no more room than it may need. */
static struct ps_span decode(struct ps_span bytes, bool big_endian, size_t step, char *out)
{
    struct ps_utf16 utf16 = { .big_endian = big_endian };
    size_t len = 0;
    bool last = false;
    while (!last) {
        struct ps_span piece = exact_copy(ps_span_first(bytes, step));
        bytes = ps_span_from(bytes, piece.len);
        last = bytes.len == 0;
        struct ps_span room = exact_copy(ps_span_make(out, PS_UTF16_TEXT_BYTES_MAX(piece.len)));
        size_t made = ps_utf16_decode(&utf16, piece, last, (char *)(uintptr_t)room.data);
        memcpy(out + len, room.data, made);
        len += made;
        exact_free(room);
        exact_free(piece);
    }
    CHECK_EQ(utf16.held_len, 0);
    return ps_span_make(out, len);
}

static struct ps_span swap(struct ps_span bytes, char *out)
{
    for (size_t i = 0; i < bytes.len; i++)
        out[i] = bytes.data[(i ^ 1) < bytes.len ? i ^ 1 : i];
    return ps_span_make(out, bytes.len);
}

static void both_orders_become_utf8_whatever_the_cut(void)
{
    static const struct {
        struct ps_span little;
        struct ps_span text;
    } CASES[] = {
        { PS_SPAN_INIT(""), PS_SPAN_INIT("") },
        { PS_SPAN_INIT("A\0\x7f\0\0\0"), PS_SPAN_INIT("A\x7f\0") },
        { PS_SPAN_INIT("\x80\0\xff\x07"), PS_SPAN_INIT("\xc2\x80\xdf\xbf") },
        { PS_SPAN_INIT("\0\x08\xff\xff"), PS_SPAN_INIT("\xe0\xa0\x80\xef\xbf\xbf") },
        { PS_SPAN_INIT("\0\xd8\0\xdc\xff\xdb\xff\xdf"), PS_SPAN_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf") },
        { PS_SPAN_INIT("\0\xdcx\0"), PS_SPAN_INIT(FFFD "x") },
        { PS_SPAN_INIT("\0\xd8x\0"), PS_SPAN_INIT(FFFD "x") },
        { PS_SPAN_INIT("\0\xd8\0\xd8\0\xdc"), PS_SPAN_INIT(FFFD "\xf0\x90\x80\x80") },
        { PS_SPAN_INIT("x\0\0\xd8"), PS_SPAN_INIT("x" FFFD) },
        { PS_SPAN_INIT("x\0y"), PS_SPAN_INIT("x" FFFD) },
        { PS_SPAN_INIT("\0\xd8y"), PS_SPAN_INIT(FFFD FFFD) },
    };
    char out[4 * BYTES_MAX];
    char swapped[BYTES_MAX];
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        for (size_t step = 1; step <= CASES[i].little.len + 1; step++) {
            CHECK_SPAN(decode(CASES[i].little, false, step, out), CASES[i].text);
            CHECK_SPAN(decode(swap(CASES[i].little, swapped), true, step, out), CASES[i].text);
        }
    }
}

static void any_bytes_become_valid_utf8_and_cuts_change_nothing(void)
{
    static const unsigned char HIGH_BYTES[] = { 0, 0xd8, 0xdb, 0xdc, 0xdf, 0x20 };
    struct random random = { 5 };
    for (int round = 0; round < 2000; round++) {
        char bytes[BYTES_MAX];
        char whole[4 * BYTES_MAX];
        char pieces[4 * BYTES_MAX];
        size_t len = (size_t)random_below(&random, BYTES_MAX);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)HIGH_BYTES[random_below(&random, sizeof HIGH_BYTES)];
        struct ps_span text = decode(ps_span_make(bytes, len), false, BYTES_MAX, whole);
        CHECK_EQ(ps_utf8_valid_prefix(text), text.len);
        CHECK_SPAN(decode(ps_span_make(bytes, len), false, 1 + (size_t)random_below(&random, 5), pieces), text);
    }
}

int main(void)
{
    RUN(both_orders_become_utf8_whatever_the_cut);
    RUN(any_bytes_become_valid_utf8_and_cuts_change_nothing);
    return check_finish();
}
