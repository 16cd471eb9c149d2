#include "scan/unzstd.h"

#include <stdlib.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/packed.h"

enum { WINDOW_LOG = 25 };
static const size_t ARENA_BYTES = (size_t)40 << 20;
static const size_t OUT_BYTES = (size_t)4 << 20;

static struct ps_arena process;
static struct ps_unzstd *unzstd;
static char *out;

/* In pieces of step bytes. */
static enum ps_err unpack(struct ps_span packed, size_t step, struct ps_span *text)
{
    size_t len = 0;
    *text = ps_span_make(out, 0);
    ps_unzstd_begin(unzstd);
    while (packed.len > 0) {
        struct ps_span piece = ps_span_first(packed, step);
        packed = ps_span_from(packed, piece.len);
        while (piece.len > 0) {
            size_t made = 0;
            PS_TRY(ps_unzstd_next(unzstd, &piece, out + len, OUT_BYTES - len, &made));
            len += made;
            *text = ps_span_make(out, len);
        }
    }
    return PS_OK;
}

static void check_fault(struct ps_span packed, enum ps_err err, const char *note)
{
    struct ps_span text;
    CHECK_ERR(unpack(packed, packed.len, &text), err);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), note);
}

static void frames_of_every_level_are_read(void)
{
    struct ps_span text = packed_text(600000, 1);
    for (int level = -5; level <= 19; level += 6) {
        struct ps_span packed = packed_zstd(text, level);
        static const size_t STEPS[] = { 1, 1000, 1 << 20 };
        for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
            struct ps_span given;
            CHECK_OK(unpack(packed, STEPS[i], &given));
            CHECK(ps_span_eq(given, text));
            CHECK(ps_unzstd_is_whole(unzstd));
        }
        exact_free(packed);
    }
    exact_free(text);
}

static void frames_in_a_row_become_one_text(void)
{
    struct ps_span frame = packed_zstd(PS_SPAN("one "), 3);
    struct ps_span empty = packed_zstd(PS_SPAN(""), 3);
    struct ps_span two = packed_join(frame, PS_SPAN("\x53\x2a\x4d\x18\x05\0\0\0other\x50\x2a\x4d\x18\0\0\0\0"));
    struct ps_span three = packed_join(two, empty);
    struct ps_span four = packed_join(three, frame);
    for (size_t step = 1; step <= four.len; step++) {
        struct ps_span text;
        CHECK_OK(unpack(four, step, &text));
        CHECK_TEXT(text, "one one ");
        CHECK(ps_unzstd_is_whole(unzstd));
    }
    struct ps_span wrong = packed_join(four, PS_SPAN("garbage"));
    check_fault(wrong, PS_ERR_BAD_INPUT, "zstd: Unknown frame descriptor");
    exact_free(frame);
    exact_free(empty);
    exact_free(two);
    exact_free(three);
    exact_free(four);
    exact_free(wrong);
}

static void a_window_up_to_the_limit_is_read(void)
{
    struct ps_span text;
    CHECK_OK(unpack(PS_SPAN("\x28\xb5\x2f\xfd\x00\x78\x09\0\0A"), 100, &text)); /* 32 MB, "A" in a raw block */
    CHECK_TEXT(text, "A");
    check_fault(PS_SPAN("\x28\xb5\x2f\xfd\x00\x79\x09\0\0A"), PS_ERR_TOO_LARGE, "zstd: a frame's window is over 32 MB");
}

static void what_is_not_read_is_named(void)
{
    check_fault(PS_SPAN("\x28\xb5\x2f\xfd\x21\x07\x00\x01\0\0"), PS_ERR_UNSUPPORTED,
                "zstd: a frame needs a dictionary");
    check_fault(PS_SPAN("\x28\xb5\x2f\xfd\x28\x07\x00\x01\0\0"), PS_ERR_UNSUPPORTED,
                "zstd: a frame of another version of the format"); /* its reserved bit */
    check_fault(PS_SPAN("\x27\xb5\x2f\xfd\x00\x00\x00\x00\0\0"), PS_ERR_UNSUPPORTED,
                "zstd: a frame of another version of the format"); /* version 0.7 */
}

static void a_cut_frame_is_not_whole(void)
{
    struct ps_span packed = packed_zstd(PS_SPAN("some text"), 3);
    for (size_t len = 1; len < packed.len; len++) {
        struct ps_span cut = exact_copy(ps_span_first(packed, len));
        struct ps_span text;
        CHECK_OK(unpack(cut, len, &text));
        CHECK(!ps_unzstd_is_whole(unzstd));
        exact_free(cut);
    }
    exact_free(packed);
}

static void a_wrong_checksum_is_found(void)
{
    struct ps_span packed = packed_zstd(PS_SPAN("some text"), 3);
    ((char *)(uintptr_t)packed.data)[packed.len - 1] ^= 1;
    check_fault(packed, PS_ERR_BAD_INPUT, "zstd: Restored data doesn't match checksum");
    exact_free(packed);
}

/* A frame without text; then a raw block with text, and a block of the reserved type. */
static void text_before_damage_is_given_whatever_the_cut(void)
{
    struct ps_span packed = PS_SPAN("\x28\xb5\x2f\xfd\x00\x00\x01\0\0"
                                    "\x28\xb5\x2f\xfd\x00\x00\x20\0\0text\x07\0\0");
    for (size_t step = 1; step <= packed.len; step++) {
        struct ps_span text;
        CHECK_ERR(unpack(packed, step, &text), PS_ERR_BAD_INPUT);
        CHECK_TEXT(text, "text");
    }
}

static enum ps_err open_one(struct ps_arena *arena)
{
    struct ps_unzstd *opened = NULL;
    return ps_unzstd_open(arena, WINDOW_LOG, &opened);
}

static void memory_is_taken_when_it_is_opened(void)
{
    struct ps_arena arena = check_arena(ARENA_BYTES);
    PS_EACH_FAILURE(&arena, open_one(&arena));
    ps_arena_fini(&arena);
}

int main(void)
{
    process = check_arena(ARENA_BYTES);
    out = malloc(OUT_BYTES);
    if (out == NULL || ps_unzstd_open(&process, WINDOW_LOG, &unzstd) != PS_OK) return 1;
    RUN(frames_of_every_level_are_read);
    RUN(frames_in_a_row_become_one_text);
    RUN(a_window_up_to_the_limit_is_read);
    RUN(what_is_not_read_is_named);
    RUN(a_cut_frame_is_not_whole);
    RUN(a_wrong_checksum_is_found);
    RUN(text_before_damage_is_given_whatever_the_cut);
    RUN(memory_is_taken_when_it_is_opened);
    free(out);
    ps_arena_fini(&process);
    return check_finish();
}
