#include "scan/decode.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/packed.h"

static const size_t ARENA_BYTES = (size_t)64 << 20;
static const size_t OUT_BYTES = (size_t)16 << 20;
static const struct packed_gzip USUAL = { .level = 6 };

/* One decoder for all tests, as for all objects of a process. */
static struct ps_arena process;
static struct ps_decode *decode;
static char *out;

/* Feeds packed in pieces of step bytes and takes all text to out + *len. */
static enum ps_err decode_from(struct ps_span packed, size_t step, size_t *len)
{
    struct ps_span rest = packed;
    bool done = false;
    *len = 0;
    do {
        struct ps_span piece = ps_span_first(rest, step);
        rest = ps_span_from(rest, piece.len);
        ps_decode_feed(decode, piece, rest.len == 0);
        struct ps_span text;
        do {
            PS_TRY(ps_decode_next(decode, &text, &done));
            PS_ASSERT(text.len <= PS_DECODE_TEXT_BYTES && text.len <= OUT_BYTES - *len);
            memcpy(out + *len, text.data, text.len);
            *len += text.len;
        } while (text.len > 0);
    } while (rest.len > 0);
    PS_ASSERT(done);
    return PS_OK;
}

static enum ps_err decode_all(struct ps_span packed, size_t step, struct ps_span *text)
{
    size_t len = 0;
    ps_decode_begin(decode);
    enum ps_err err = decode_from(packed, step, &len);
    *text = ps_span_make(out, len);
    return err;
}

/* In one piece, and in pieces of every length. */
static void check_every_cut(struct ps_span packed, struct ps_span wanted)
{
    for (size_t step = 1; step <= packed.len + 1; step++) {
        struct ps_span text;
        CHECK_OK(decode_all(packed, step, &text));
        CHECK_SPAN(text, wanted);
    }
}

static void plain_text_stays_as_it_is(void)
{
    check_every_cut(PS_SPAN("hello\n"), PS_SPAN("hello\n"));
    CHECK_EQ(ps_decode_form(decode), PS_DECODE_PLAIN);
    CHECK_EQ(ps_decode_text(decode), PS_DECODE_UTF8);
    check_every_cut(PS_SPAN(""), PS_SPAN(""));
    check_every_cut(PS_SPAN("\0\xff\xc3"), PS_SPAN("\0\xff\xc3"));
}

static void a_begun_signature_is_plain_text(void)
{
    static const struct ps_span TEXTS[] = {
        PS_SPAN_INIT("\x1f"),
        PS_SPAN_INIT("\x1f\x8a"),
        PS_SPAN_INIT("\x28\xb5\x2f"),
        PS_SPAN_INIT("\x28\xb5\x2f\xfc"),
        PS_SPAN_INIT("\x50\x2a\x4d"),
        PS_SPAN_INIT("P*M "),
        PS_SPAN_INIT("\xef"),
        PS_SPAN_INIT("\xef\xbb"),
        PS_SPAN_INIT("\xef\xbb\xbe text"),
        PS_SPAN_INIT("\xff"),
        PS_SPAN_INIT("\xfe\xfe"),
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        check_every_cut(TEXTS[i], TEXTS[i]);
}

static void a_byte_order_mark_is_left_out_once(void)
{
    check_every_cut(PS_SPAN("\xef\xbb\xbf"), PS_SPAN(""));
    check_every_cut(PS_SPAN("\xef\xbb\xbf\xef\xbb\xbfx"), PS_SPAN("\xef\xbb\xbfx"));
    check_every_cut(PS_SPAN("\xff\xfe\x41\x00"), PS_SPAN("A"));
    CHECK_EQ(ps_decode_text(decode), PS_DECODE_UTF16LE);
    check_every_cut(PS_SPAN("\xfe\xff\x00\x41\xd8\x3d\xde\x00\x00"), PS_SPAN("A\xf0\x9f\x98\x80\xef\xbf\xbd"));
    CHECK_EQ(ps_decode_text(decode), PS_DECODE_UTF16BE);
}

static struct ps_span joined(struct ps_span a, struct ps_span b)
{
    struct ps_span both = packed_join(a, b);
    exact_free(a);
    exact_free(b);
    return both;
}

static void compressed_text_in_any_cuts_is_the_same(void)
{
    static const struct ps_span TEXTS[] = {
        PS_SPAN_INIT(""),
        PS_SPAN_INIT("one line\nand one more\n"),
        PS_SPAN_INIT("\xef\xbb\xbfmarked"),
        PS_SPAN_INIT("\xff\xfe"
                     "1\0"
                     "\x3d\xd8\x00\xde"
                     "2\0"
                     "\xac\x20"),
    };
    static const struct ps_span WANTED[] = {
        PS_SPAN_INIT(""),
        PS_SPAN_INIT("one line\nand one more\n"),
        PS_SPAN_INIT("marked"),
        PS_SPAN_INIT("1\xf0\x9f\x98\x80"
                     "2\xe2\x82\xac"),
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct ps_span gzip =
            joined(packed_gzip(PS_SPAN(""), USUAL),
                   packed_gzip(TEXTS[i], (struct packed_gzip){ .level = 9, .with_all_headers = true }));
        check_every_cut(gzip, WANTED[i]);
        CHECK_EQ(ps_decode_form(decode), PS_DECODE_GZIP);
        struct ps_span zstd = joined(exact_copy(PS_SPAN("\x5f\x2a\x4d\x18\x03\0\0\0abc")), packed_zstd(TEXTS[i], 3));
        check_every_cut(zstd, WANTED[i]);
        CHECK_EQ(ps_decode_form(decode), PS_DECODE_ZSTD);
        exact_free(gzip);
        exact_free(zstd);
    }
}

/* What is given before a failure does not depend on the cuts either. */
static void damage_is_told_behind_the_text_before_it(void)
{
    struct ps_span text = packed_text(3000, 1);
    struct ps_span packed[] = { packed_gzip(text, (struct packed_gzip){ .level = 6, .flush_every = 700 }),
                                packed_zstd(text, 3) };
    for (size_t i = 0; i < 2; i++) {
        for (size_t at = 10; at < packed[i].len; at += 3) {
            struct ps_span damaged = exact_copy(packed[i]);
            ((char *)(uintptr_t)damaged.data)[at] ^= 0x55;
            struct ps_span whole;
            enum ps_err err = decode_all(damaged, damaged.len, &whole);
            struct ps_span kept = exact_copy(whole);
            CHECK(err == PS_ERR_BAD_INPUT || err == PS_ERR_UNSUPPORTED);
            struct ps_span pieces;
            CHECK_ERR(decode_all(damaged, 1, &pieces), err);
            CHECK(ps_span_eq(pieces, kept));
            bool done = false;
            CHECK_ERR(ps_decode_next(decode, &whole, &done), err); /* stays so */
            exact_free(kept);
            exact_free(damaged);
        }
        exact_free(packed[i]);
    }
    exact_free(text);
}

static void a_cut_object_is_damaged_whatever_the_byte(void)
{
    struct ps_span text = packed_text(400, 2);
    struct ps_span packed[] = { packed_gzip(text, (struct packed_gzip){ .level = 6, .with_all_headers = true }),
                                packed_zstd(text, 3) };
    for (size_t i = 0; i < 2; i++) {
        for (size_t len = 4; len < packed[i].len; len++) {
            struct ps_span cut = exact_copy(ps_span_first(packed[i], len));
            struct ps_span given;
            CHECK_ERR(decode_all(cut, cut.len, &given), PS_ERR_BAD_INPUT);
            CHECK(ps_span_starts(text, given));
            exact_free(cut);
        }
        exact_free(packed[i]);
    }
    exact_free(text);
}

static void an_error_names_the_byte(void)
{
    struct ps_span text;
    struct ps_span one = packed_gzip(PS_SPAN("hello"), USUAL);
    struct ps_span two = packed_join(one, PS_SPAN("more"));
    CHECK_ERR(decode_all(two, two.len, &text), PS_ERR_BAD_INPUT);
    CHECK_TEXT(text, "hello");
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "byte 25: gzip: trailing bytes are no member");
    CHECK_ERR(decode_all(PS_SPAN("\x1f\x8b\x07"), 1, &text), PS_ERR_UNSUPPORTED);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "byte 2: gzip: method 7, only 8 (deflate) is read");
    exact_free(one);
    exact_free(two);
}

/* -- restart points ------------------------------------------------------------------------------------------------ */

/* Text as it goes by: at each of its steps a restart point is asked for, some way back. */
struct walk {
    struct ps_span packed;
    struct ps_span text;
    size_t step;
    size_t back;
    size_t found;
    size_t farthest; /* between what was asked for and what was given */
};

static void check_restart(const struct walk *walk, struct ps_span restart, uint64_t restart_at)
{
    static struct ps_decode *other;
    static struct ps_arena arena;
    if (other == NULL) {
        arena = check_arena(ARENA_BYTES);
        CHECK_OK(ps_decode_open(&arena, &other));
    }
    uint64_t source = 0;
    uint64_t at = 0;
    CHECK_OK(ps_decode_begin_at(other, restart, &source, &at));
    CHECK_EQ(at, restart_at);
    CHECK_OR_RETURN(source <= walk->packed.len);
    ps_decode_feed(other, ps_span_from(walk->packed, source), true);
    struct ps_span text;
    bool done = false;
    while (!done) {
        if (!CHECK_OK(ps_decode_next(other, &text, &done))) return;
        CHECK_OR_RETURN(text.len <= walk->text.len - at);
        CHECK_OR_RETURN(ps_span_eq(text, ps_span_make(walk->text.data + at, text.len)));
        at += text.len;
    }
    CHECK_EQ(at, walk->text.len);
}

static void check_point(struct walk *walk, uint64_t asked)
{
    static char text[PS_DECODE_RESTART_BYTES_MAX];
    static uint64_t seen;
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, text, sizeof text);
    uint64_t at = 0;
    if (!ps_decode_put_restart(decode, asked, &buf, &at)) return;
    CHECK_EQ(buf.err, PS_OK);
    CHECK_OR_RETURN(at <= asked);
    if (asked - at > walk->farthest) walk->farthest = asked - at;
    if (walk->found > 0 && at == seen) return;
    seen = at;
    walk->found++;
    check_restart(walk, ps_buf_span(&buf), at);
}

static void walk_through(struct walk *walk)
{
    ps_decode_begin(decode);
    uint64_t given = 0;
    size_t used = 0;
    bool done = false;
    while (!done) {
        struct ps_span piece = ps_span_first(ps_span_from(walk->packed, used), walk->step);
        used += piece.len;
        ps_decode_feed(decode, piece, used == walk->packed.len);
        struct ps_span text;
        do {
            if (!CHECK_OK(ps_decode_next(decode, &text, &done))) return;
            given += text.len;
            if (given >= walk->back) check_point(walk, given - walk->back);
        } while (text.len > 0);
    }
    CHECK_EQ(given, walk->text.len);
}

/* Lengths of three spacings and more, so that points are forgotten too. */
static void check_restarts(struct ps_span packed, struct ps_span text, size_t found_min, size_t farthest_max)
{
    static const size_t BACKS[] = { 0, 1, 1000, PS_DECODE_RESTART_SPACING, PS_DECODE_RESTART_SPACING * 5 / 4 };
    for (size_t i = 0; i < sizeof BACKS / sizeof BACKS[0]; i++) {
        struct walk walk = { .packed = packed, .text = text, .step = 60000, .back = BACKS[i] };
        walk_through(&walk);
        CHECK(walk.found >= found_min);
        CHECK(walk.farthest <= farthest_max);
    }
}

enum { TEXT_BYTES = 5 << 20, FARTHEST = PS_DECODE_RESTART_SPACING * 3 / 2 };

static void gzip_goes_on_from_every_point_with_the_same_text(void)
{
    static const struct packed_gzip HOW[] = {
        { .level = 1 }, { .level = 6 }, { .level = 0 }, { .level = 6, .flush_every = 100000 }
    };
    struct ps_span text = packed_text(TEXT_BYTES, 3);
    for (size_t i = 0; i < sizeof HOW / sizeof HOW[0]; i++) {
        struct ps_span packed = packed_gzip(text, HOW[i]);
        check_restarts(packed, text, 2, FARTHEST);
        exact_free(packed);
    }
    exact_free(text);
}

static void small_members_give_points_between_them(void)
{
    struct ps_span part = packed_text(3000, 4);
    struct ps_span member = packed_gzip(part, USUAL);
    size_t count = TEXT_BYTES / part.len;
    char *packed = malloc(count * member.len);
    char *text = malloc(count * part.len);
    PS_ASSERT(packed != NULL && text != NULL);
    for (size_t i = 0; i < count; i++) {
        memcpy(packed + i * member.len, member.data, member.len);
        memcpy(text + i * part.len, part.data, part.len);
    }
    check_restarts(ps_span_make(packed, count * member.len), ps_span_make(text, count * part.len), 2, FARTHEST);
    free(packed);
    free(text);
    exact_free(member);
    exact_free(part);
}

static void zstd_goes_on_from_each_frame_whatever_was_decoded_before(void)
{
    struct ps_span text = packed_text(TEXT_BYTES, 9);
    struct ps_span packed = packed_gzip(text, USUAL);
    struct ps_span given;
    CHECK_OK(decode_all(packed, packed.len, &given));
    exact_free(packed);
    size_t half = TEXT_BYTES / 2;
    packed = joined(packed_zstd(ps_span_first(text, half), 3), packed_zstd(ps_span_from(text, half), 3));
    check_restarts(packed, text, 1, half);
    exact_free(packed);
    exact_free(text);
}

static void utf16_goes_on_inside_of_any_form(void)
{
    struct ps_span text = packed_text(TEXT_BYTES, 6);
    struct ps_span wide = packed_utf16(text, true);
    struct ps_span packed = packed_gzip(wide, USUAL);
    check_restarts(wide, text, 2, FARTHEST);
    check_restarts(packed, text, 2, FARTHEST);
    exact_free(packed);
    exact_free(wide);
    exact_free(text);
}

static void plain_text_goes_on_at_every_offset(void)
{
    struct ps_span text = packed_text(TEXT_BYTES, 7);
    struct ps_span marked = packed_join(PS_SPAN("\xef\xbb\xbf"), text);
    check_restarts(text, text, 3, 0);
    check_restarts(marked, text, 3, 0);
    for (size_t step = 1; step <= 8; step++) {
        struct walk begun = { .packed = PS_SPAN("\xef\xbb text"), .text = PS_SPAN("\xef\xbb text"), .step = step };
        walk_through(&begun);
        CHECK(begun.found > 0);
    }
    exact_free(marked);
    exact_free(text);
}

static void there_is_no_point_at_the_begin(void)
{
    struct ps_span packed = packed_gzip(PS_SPAN("hello"), USUAL);
    struct ps_span objects[] = { PS_SPAN("hello"), packed };
    for (size_t i = 0; i < 2; i++) {
        struct ps_buf buf;
        char room[16];
        uint64_t at = 0;
        struct ps_span text;
        CHECK_OK(decode_all(objects[i], 1, &text));
        ps_buf_init_fixed(&buf, room, sizeof room);
        CHECK(!ps_decode_put_restart(decode, 0, &buf, &at));
        CHECK_EQ(buf.len, 0);
    }
    exact_free(packed);
}

/* The member that is taken up in its middle is checked whole. */
static void a_wrong_checksum_is_found_behind_a_restart(void)
{
    struct ps_span text = packed_text(TEXT_BYTES, 8);
    struct ps_span packed = packed_gzip(text, USUAL);
    struct ps_span given;
    CHECK_OK(decode_all(packed, packed.len, &given));
    static char room[PS_DECODE_RESTART_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    uint64_t at = 0;
    CHECK(ps_decode_put_restart(decode, TEXT_BYTES, &buf, &at));
    for (size_t from_end = 1; from_end <= 8; from_end++) {
        char *byte = (char *)(uintptr_t)packed.data + packed.len - from_end;
        *byte ^= 1;
        uint64_t source = 0;
        size_t len = 0;
        CHECK_OK(ps_decode_begin_at(decode, ps_buf_span(&buf), &source, &at));
        CHECK_ERR(decode_from(ps_span_from(packed, source), packed.len, &len), PS_ERR_BAD_INPUT);
        CHECK_EQ(at + len, TEXT_BYTES);
        *byte ^= 1;
    }
    exact_free(packed);
    exact_free(text);
}

static void what_is_no_restart_point_is_refused(void)
{
    static const struct ps_span TEXTS[] = { PS_SPAN_INIT(""), PS_SPAN_INIT("AAAA"), PS_SPAN_INIT("no base64") };
    uint64_t source = 7;
    uint64_t at = 7;
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        CHECK_ERR(ps_decode_begin_at(decode, TEXTS[i], &source, &at), PS_ERR_BAD_INPUT);
    CHECK_EQ(source, 7);
    CHECK_EQ(at, 7);
    struct ps_span text;
    CHECK_OK(decode_all(PS_SPAN("as before"), 2, &text));
    CHECK_TEXT(text, "as before");
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

static long peak_kb(void)
{
    struct rusage usage = { 0 };
    PS_ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_maxrss;
}

static uint64_t count_text(struct ps_span packed)
{
    uint64_t len = 0;
    bool done = false;
    ps_decode_begin(decode);
    ps_decode_feed(decode, packed, true);
    while (!done) {
        struct ps_span text;
        if (!CHECK_OK(ps_decode_next(decode, &text, &done))) return 0;
        len += text.len;
    }
    return len;
}

static void a_bomb_passes_through_in_fixed_memory(void)
{
    size_t part = (size_t)64 << 20;
    char *zeros = calloc(part, 1);
    PS_ASSERT(zeros != NULL);
    struct ps_span gzip = packed_gzip(ps_span_make(zeros, part), USUAL);
    struct ps_span zstd = packed_zstd(ps_span_make(zeros, part), 1);
    free(zeros);
    CHECK(gzip.len < 100000);
    CHECK(zstd.len < 100000);
    size_t used = ps_arena_used(&process);
    CHECK_EQ(count_text(gzip), part);
    CHECK_EQ(count_text(zstd), part);
    long before = peak_kb();
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(count_text(gzip), part);
        CHECK_EQ(count_text(zstd), part);
    }
    CHECK(peak_kb() - before < 1024);
    CHECK_EQ(ps_arena_used(&process), used);
    exact_free(gzip);
    exact_free(zstd);
}

static enum ps_err open_and_close(struct ps_arena *arena)
{
    struct ps_decode *opened = NULL;
    PS_TRY(ps_decode_open(arena, &opened));
    ps_decode_close(opened);
    return PS_OK;
}

static void every_allocation_may_fail(void)
{
    struct ps_arena arena = check_arena(ARENA_BYTES);
    PS_EACH_FAILURE(&arena, open_and_close(&arena));
    ps_arena_fini(&arena);
}

int main(void)
{
    process = check_arena(ARENA_BYTES);
    out = malloc(OUT_BYTES);
    if (out == NULL || ps_decode_open(&process, &decode) != PS_OK) return 1;
    RUN(plain_text_stays_as_it_is);
    RUN(a_begun_signature_is_plain_text);
    RUN(a_byte_order_mark_is_left_out_once);
    RUN(compressed_text_in_any_cuts_is_the_same);
    RUN(damage_is_told_behind_the_text_before_it);
    RUN(a_cut_object_is_damaged_whatever_the_byte);
    RUN(an_error_names_the_byte);
    RUN(gzip_goes_on_from_every_point_with_the_same_text);
    RUN(small_members_give_points_between_them);
    RUN(zstd_goes_on_from_each_frame_whatever_was_decoded_before);
    RUN(utf16_goes_on_inside_of_any_form);
    RUN(plain_text_goes_on_at_every_offset);
    RUN(there_is_no_point_at_the_begin);
    RUN(a_wrong_checksum_is_found_behind_a_restart);
    RUN(what_is_no_restart_point_is_refused);
    RUN(a_bomb_passes_through_in_fixed_memory);
    RUN(every_allocation_may_fail);
    ps_decode_close(decode);
    free(out);
    ps_arena_fini(&process);
    return check_finish();
}
