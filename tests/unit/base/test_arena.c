#include "base/arena.h"

#include <string.h>
#include <unistd.h>

#include "support/check.h"

static void pieces_are_aligned_and_apart(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    char *before = NULL;
    for (size_t align = 1; align <= 4096; align *= 2) {
        char *piece = ps_arena_alloc(&arena, 3, align);
        CHECK_OR_RETURN(piece != NULL);
        CHECK_EQ((uintptr_t)piece % align, 0);
        CHECK(before == NULL || piece >= before + 3);
        memset(piece, 0x5a, 3);
        before = piece;
    }
    ps_arena_fini(&arena);
}

static void the_ceiling_is_an_answer_and_not_a_crash(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct ps_arena arena = check_arena(page);
    CHECK(ps_arena_bytes(&arena, page + 1) == NULL);
    CHECK(ps_arena_bytes(&arena, SIZE_MAX) == NULL);
    CHECK(ps_arena_bytes(&arena, SIZE_MAX - 8) == NULL);
    CHECK(ps_arena_bytes(&arena, page - 64) != NULL);
    CHECK(ps_arena_bytes(&arena, 65) == NULL);
    CHECK(ps_arena_used(&arena) <= page);
    ps_arena_fini(&arena);
}

static void more_than_the_address_space_is_refused(void)
{
    struct ps_arena arena;
    CHECK_ERR(ps_arena_init(&arena, SIZE_MAX), PS_ERR_NO_MEMORY);
    CHECK_ERR(ps_arena_init(&arena, SIZE_MAX / 2), PS_ERR_SYSTEM);
}

static void an_array_whose_size_overflows_is_refused(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    CHECK(PS_ARENA_ARRAY(&arena, uint64_t, SIZE_MAX / 4) == NULL);
    uint64_t *numbers = PS_ARENA_ARRAY(&arena, uint64_t, 4);
    CHECK_OR_RETURN(numbers != NULL);
    CHECK(numbers[0] == 0 && numbers[3] == 0);
    ps_arena_fini(&arena);
}

static void zeroed_pieces_are_zero_after_a_rewind_too(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_arena_mark mark = ps_arena_mark(&arena);
    char *dirty = ps_arena_bytes(&arena, 64);
    CHECK_OR_RETURN(dirty != NULL);
    memset(dirty, 0xff, 64);
    ps_arena_rewind(&arena, mark);
    char *clean = ps_arena_zeroed(&arena, 64);
    CHECK_OR_RETURN(clean != NULL);
    for (size_t i = 0; i < 64; i++)
        CHECK_EQ(clean[i], 0);
    ps_arena_fini(&arena);
}

static void only_the_newest_piece_is_resized(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    char *first = ps_arena_bytes(&arena, 10);
    char *second = ps_arena_bytes(&arena, 10);
    CHECK_OR_RETURN(first != NULL && second != NULL);
    CHECK(!ps_arena_resize_newest(&arena, first, 10, 20));
    CHECK(ps_arena_resize_newest(&arena, second, 10, 1000));
    memset(second, 1, 1000);
    CHECK(ps_arena_resize_newest(&arena, second, 1000, 5));
    CHECK(!ps_arena_resize_newest(&arena, second, 5, 1 << 16));
    char *third = ps_arena_bytes(&arena, 1);
    CHECK(third != NULL && third >= second + 5);
    ps_arena_fini(&arena);
}

static void rewinding_gives_the_same_memory_again(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_arena_mark mark = ps_arena_mark(&arena);
    char *piece = ps_arena_bytes(&arena, 100);
    ps_arena_rewind(&arena, mark);
    CHECK(ps_arena_bytes(&arena, 100) == piece);
    ps_arena_fini(&arena);
}

static void a_reset_gives_pages_above_the_kept_ones_back(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    char *piece = ps_arena_bytes(&arena, 1 << 19);
    CHECK_OR_RETURN(piece != NULL);
    memset(piece, 0x77, 1 << 19);
    ps_arena_reset(&arena, 1 << 16);
    CHECK_EQ(ps_arena_used(&arena), 0);
    CHECK_EQ(arena.peak_bytes, 0);
    char *again = ps_arena_bytes(&arena, 1 << 19);
    CHECK_OR_RETURN(again == piece);
    CHECK_EQ(again[(1 << 19) - 1], 0); /* fresh from the system */
    CHECK_EQ(again[0], 0x77);          /* kept */
    ps_arena_fini(&arena);
}

static void the_peak_is_remembered_across_rewinds(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_arena_mark mark = ps_arena_mark(&arena);
    CHECK(ps_arena_bytes(&arena, 5000) != NULL);
    ps_arena_rewind(&arena, mark);
    CHECK(arena.peak_bytes >= 5000);
    ps_arena_fini(&arena);
}

static void the_nth_request_fails_when_asked_and_all_after_it(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    arena.fail_countdown = 3;
    CHECK(ps_arena_bytes(&arena, 1) != NULL);
    CHECK(ps_arena_bytes(&arena, 1) != NULL);
    CHECK(ps_arena_bytes(&arena, 1) == NULL);
    CHECK(ps_arena_bytes(&arena, 1) == NULL);
    arena.fail_countdown = 0;
    CHECK(ps_arena_bytes(&arena, 1) != NULL);
    ps_arena_fini(&arena);
}

static void ending_an_arena_twice_is_harmless(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    ps_arena_fini(&arena);
    ps_arena_fini(&arena);
    CHECK(arena.base == NULL);
}

int main(void)
{
    RUN(pieces_are_aligned_and_apart);
    RUN(the_ceiling_is_an_answer_and_not_a_crash);
    RUN(more_than_the_address_space_is_refused);
    RUN(an_array_whose_size_overflows_is_refused);
    RUN(zeroed_pieces_are_zero_after_a_rewind_too);
    RUN(only_the_newest_piece_is_resized);
    RUN(rewinding_gives_the_same_memory_again);
    RUN(a_reset_gives_pages_above_the_kept_ones_back);
    RUN(the_peak_is_remembered_across_rewinds);
    RUN(the_nth_request_fails_when_asked_and_all_after_it);
    RUN(ending_an_arena_twice_is_harmless);
    return check_finish();
}
