#include "scan/gunzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/packed.h"

static const size_t OUT_BYTES = (size_t)4 << 20;
static const struct packed_gzip USUAL = { .level = 6 };

static struct ps_arena process;
static struct ps_gunzip *gunzip;
static char *out;

/* All of in, into room of cap bytes at a time. */
static enum ps_err inflate_all(struct ps_gunzip *with, struct ps_span in, size_t cap, struct ps_span *text)
{
    size_t len = 0;
    size_t made = 0;
    *text = ps_span_make(out, 0);
    do {
        PS_ASSERT(cap <= OUT_BYTES - len);
        PS_TRY(ps_gunzip_next(with, &in, false, out + len, cap, &made));
        len += made;
        *text = ps_span_make(out, len);
    } while (made > 0 || in.len > 0);
    return PS_OK;
}

static void check_text(struct ps_span packed, size_t cap, struct ps_span wanted)
{
    struct ps_span text;
    ps_gunzip_begin(gunzip);
    CHECK_OK(inflate_all(gunzip, packed, cap, &text));
    CHECK(ps_gunzip_is_whole(gunzip));
    CHECK(ps_span_eq(text, wanted));
}

static void check_fault(struct ps_span packed, enum ps_err err, const char *note)
{
    struct ps_span text;
    ps_gunzip_begin(gunzip);
    CHECK_ERR(inflate_all(gunzip, packed, 100, &text), err);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), note);
}

static void blocks_of_every_kind_are_inflated(void)
{
    struct ps_span text = packed_text(100000, 1);
    for (int level = 0; level <= 9; level++) {
        for (int strategy = Z_DEFAULT_STRATEGY; strategy <= Z_FIXED; strategy++) {
            for (size_t flush = 0; flush <= 10000; flush += 10000) {
                struct packed_gzip how = { .level = level, .strategy = strategy, .flush_every = flush };
                struct ps_span packed = packed_gzip(text, how);
                check_text(packed, 70000, text);
                check_text(packed, 13, text);
                exact_free(packed);
            }
        }
    }
    exact_free(text);
}

static void members_and_zeros_may_follow(void)
{
    struct ps_span one = packed_gzip(PS_SPAN("one "), (struct packed_gzip){ .level = 1, .with_all_headers = true });
    struct ps_span empty = packed_gzip(PS_SPAN(""), USUAL);
    struct ps_span first = packed_join(one, empty);
    struct ps_span second = packed_join(first, one);
    struct ps_span padded = packed_join(second, PS_SPAN("\0\0\0"));
    check_text(second, 1, PS_SPAN("one one "));
    check_text(padded, 100, PS_SPAN("one one "));
    struct ps_span wrong = packed_join(padded, one);
    check_fault(wrong, PS_ERR_BAD_INPUT, "gzip: trailing bytes behind the padding");
    exact_free(one);
    exact_free(empty);
    exact_free(first);
    exact_free(second);
    exact_free(padded);
    exact_free(wrong);
}

static void a_header_is_checked(void)
{
    struct ps_span packed = packed_gzip(PS_SPAN("text"), (struct packed_gzip){ .level = 6, .with_all_headers = true });
    char *bytes = (char *)(uintptr_t)packed.data;
    bytes[14] ^= 1; /* of the extra field */
    check_fault(packed, PS_ERR_BAD_INPUT, "gzip: the header's checksum is wrong");
    bytes[14] ^= 1;
    check_text(packed, 100, PS_SPAN("text"));
    bytes[3] |= 0x20;
    check_fault(packed, PS_ERR_UNSUPPORTED, "gzip: flags 0x3e, 0xe0 of them are reserved (encrypted or in parts)");
    bytes[2] = 9;
    check_fault(packed, PS_ERR_UNSUPPORTED, "gzip: method 9, only 8 (deflate) is read");
    bytes[1] = 0;
    check_fault(packed, PS_ERR_BAD_INPUT, "gzip: trailing bytes are no member");
    exact_free(packed);
}

static void an_extra_field_may_be_empty(void)
{
    struct ps_span packed = packed_gzip(PS_SPAN("text"), USUAL);
    char header[12] = { 0 };
    memcpy(header, packed.data, 10);
    header[3] = 4;
    struct ps_span with = packed_join(ps_span_make(header, sizeof header), ps_span_from(packed, 10));
    check_text(with, 100, PS_SPAN("text"));
    exact_free(with);
    exact_free(packed);
}

static void a_trailer_is_checked(void)
{
    struct ps_span packed = packed_gzip(PS_SPAN("text"), USUAL);
    char *trailer = (char *)(uintptr_t)packed.data + packed.len - 8;
    for (int i = 0; i < 8; i++) {
        trailer[i] ^= 0x40;
        check_fault(packed, PS_ERR_BAD_INPUT,
                    i < 4 ? "gzip: the member's checksum is wrong" : "gzip: the member's length is wrong");
        trailer[i] ^= 0x40;
    }
    exact_free(packed);
}

static void a_cut_input_is_not_whole(void)
{
    struct ps_span packed =
        packed_gzip(PS_SPAN("some text"), (struct packed_gzip){ .level = 6, .with_all_headers = true });
    for (size_t len = 0; len < packed.len; len++) {
        struct ps_span cut = exact_copy(ps_span_first(packed, len));
        struct ps_span text;
        ps_gunzip_begin(gunzip);
        CHECK_OK(inflate_all(gunzip, cut, 100, &text));
        CHECK(!ps_gunzip_is_whole(gunzip));
        exact_free(cut);
    }
    exact_free(packed);
}

static void damage_in_a_block_is_told_behind_its_text(void)
{
    struct ps_span packed = packed_gzip(PS_SPAN("text"), (struct packed_gzip){ .level = 0 });
    struct ps_span more = packed_join(ps_span_first(packed, packed.len - 8), PS_SPAN("\x07"));
    char *block = (char *)(uintptr_t)more.data + 10;
    block[0] = 0; /* not the last one: a block of type 3 follows */
    struct ps_span text;
    ps_gunzip_begin(gunzip);
    CHECK_ERR(inflate_all(gunzip, more, 100, &text), PS_ERR_BAD_INPUT);
    CHECK_TEXT(text, "text");
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "gzip: invalid block type");
    exact_free(packed);
    exact_free(more);
}

/* Goes on at point with what is left of the input, and expects what is left of the text. */
static void check_from(const struct ps_gunzip_point *point, struct ps_span rest, struct ps_span wanted)
{
    static struct ps_gunzip *other;
    if (other == NULL) CHECK_OK(ps_gunzip_open(&process, &other));
    struct ps_gunzip_point same;
    struct ps_span text;
    ps_gunzip_begin_at(other, point);
    CHECK(ps_gunzip_point(other, &same));
    CHECK_EQ(memcmp(&same, point, sizeof same), 0);
    CHECK_OK(inflate_all(other, rest, 100000, &text));
    CHECK(ps_gunzip_is_whole(other));
    CHECK(ps_span_eq(text, wanted));
}

static size_t check_every_point(struct ps_span packed, struct ps_span text)
{
    static struct ps_gunzip_point point;
    static char piece[50000];
    struct ps_span in = packed;
    size_t count = 0;
    size_t given = 0;
    size_t made = 0;
    ps_gunzip_begin(gunzip);
    do {
        if (!CHECK_OK(ps_gunzip_next(gunzip, &in, true, piece, sizeof piece, &made))) return 0;
        given += made;
        if (!ps_gunzip_point(gunzip, &point)) continue;
        check_from(&point, in, ps_span_from(text, given));
        count++;
    } while (made > 0 || in.len > 0);
    CHECK_EQ(given, text.len);
    return count;
}

static void every_block_is_a_place_to_begin_again(void)
{
    static const struct packed_gzip HOW[] = {
        { .level = 1 },
        { .level = 9 },
        { .level = 0 },
        { .level = 6, .strategy = Z_FIXED },
        { .level = 6, .flush_every = 30000 },
    };
    struct ps_span text = packed_text((size_t)1 << 20, 2);
    for (size_t i = 0; i < sizeof HOW / sizeof HOW[0]; i++) {
        struct ps_span packed = packed_gzip(text, HOW[i]);
        CHECK(check_every_point(packed, text) > 4);
        exact_free(packed);
    }
    exact_free(text);
}

static void so_is_every_member(void)
{
    struct ps_span one = packed_gzip(PS_SPAN("one "), USUAL);
    struct ps_span two = packed_join(one, one);
    CHECK_EQ(check_every_point(two, PS_SPAN("one one ")), 2);
    exact_free(one);
    exact_free(two);
}

static enum ps_err open_and_close(struct ps_arena *arena)
{
    struct ps_gunzip *opened = NULL;
    PS_TRY(ps_gunzip_open(arena, &opened));
    ps_gunzip_close(opened);
    return PS_OK;
}

static void memory_is_taken_when_it_is_opened(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, open_and_close(&arena));
    struct ps_gunzip *opened = NULL;
    CHECK_OK(ps_gunzip_open(&arena, &opened));
    size_t used = ps_arena_used(&arena);
    struct ps_span text = packed_text(300000, 3);
    struct ps_span packed = packed_gzip(text, USUAL);
    struct ps_span given;
    ps_gunzip_begin(opened);
    CHECK_OK(inflate_all(opened, packed, 50000, &given));
    CHECK_EQ(ps_arena_used(&arena), used);
    ps_gunzip_close(opened);
    exact_free(text);
    exact_free(packed);
    ps_arena_fini(&arena);
}

int main(void)
{
    process = check_arena((size_t)1 << 20);
    out = malloc(OUT_BYTES);
    if (out == NULL || ps_gunzip_open(&process, &gunzip) != PS_OK) return 1;
    RUN(blocks_of_every_kind_are_inflated);
    RUN(members_and_zeros_may_follow);
    RUN(a_header_is_checked);
    RUN(an_extra_field_may_be_empty);
    RUN(a_trailer_is_checked);
    RUN(a_cut_input_is_not_whole);
    RUN(damage_in_a_block_is_told_behind_its_text);
    RUN(every_block_is_a_place_to_begin_again);
    RUN(so_is_every_member);
    RUN(memory_is_taken_when_it_is_opened);
    ps_gunzip_close(gunzip);
    free(out);
    ps_arena_fini(&process);
    return check_finish();
}
