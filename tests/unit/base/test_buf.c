#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

static enum ps_err build(struct ps_arena *arena, size_t bytes, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 1 << 20);
    while (buf.err == PS_OK && buf.len < bytes)
        ps_buf_put(&buf, PS_SPAN("0123456789"));
    return ps_buf_finish(&buf, out);
}

static void what_is_put_comes_back_in_order(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 1 << 16);
    ps_buf_put(&buf, PS_SPAN("ab"));
    ps_buf_byte(&buf, 'c');
    ps_buf_put(&buf, ps_span_make(NULL, 0));
    ps_buf_u64(&buf, 12);
    ps_buf_i64(&buf, -3);
    ps_buf_printf(&buf, "<%s %d>", "x", 7);
    struct ps_span text = { 0 };
    CHECK_OK(ps_buf_finish(&buf, &text));
    CHECK_TEXT(text, "abc12-3<x 7>");
    ps_arena_fini(&arena);
}

static void numbers_are_written_to_their_limits(void)
{
    static const int64_t SIGNED[] = { 0, 1, -1, 9, 10, -10, INT64_MAX, INT64_MIN };
    static const uint64_t UNSIGNED[] = { 0, 9, 10, 99, 100, UINT64_MAX };
    char room[64];
    char wanted[64];
    struct ps_buf buf;
    for (size_t i = 0; i < sizeof SIGNED / sizeof SIGNED[0]; i++) {
        ps_buf_init_fixed(&buf, room, sizeof room);
        ps_buf_i64(&buf, SIGNED[i]);
        (void)snprintf(wanted, sizeof wanted, "%" PRId64, SIGNED[i]);
        CHECK_TEXT(ps_buf_span(&buf), wanted);
    }
    for (size_t i = 0; i < sizeof UNSIGNED / sizeof UNSIGNED[0]; i++) {
        ps_buf_init_fixed(&buf, room, sizeof room);
        ps_buf_u64(&buf, UNSIGNED[i]);
        (void)snprintf(wanted, sizeof wanted, "%" PRIu64, UNSIGNED[i]);
        CHECK_TEXT(ps_buf_span(&buf), wanted);
    }
}

static void growing_keeps_the_bytes(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_span text = { 0 };
    CHECK_OK(build(&arena, 100000, &text));
    CHECK_EQ(text.len, 100000);
    for (size_t i = 0; i < text.len; i++)
        CHECK_OR_RETURN(text.data[i] == (char)('0' + i % 10));
    ps_arena_fini(&arena);
}

static void a_buf_that_is_not_the_newest_piece_moves(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 1 << 16);
    ps_buf_put(&buf, PS_SPAN("kept"));
    CHECK(ps_arena_bytes(&arena, 1) != NULL);
    char *room = ps_buf_room(&buf, 1000);
    CHECK_OR_RETURN(room != NULL);
    memset(room, 'x', 1000);
    buf.len += 1000;
    CHECK(ps_span_starts(ps_buf_span(&buf), PS_SPAN("keptxxx")));
    ps_arena_fini(&arena);
}

static void growth_stops_exactly_at_the_ceiling(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 1000);
    for (int i = 0; i < 1000; i++)
        ps_buf_byte(&buf, 'a');
    struct ps_span text = { 0 };
    CHECK_OK(ps_buf_finish(&buf, &text));
    CHECK_EQ(text.len, 1000);
    ps_buf_byte(&buf, 'b');
    CHECK_ERR(ps_buf_finish(&buf, &text), PS_ERR_TOO_LARGE);
    ps_arena_fini(&arena);
}

static void the_first_failure_sticks(void)
{
    char room[4];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    ps_buf_put(&buf, PS_SPAN("abc"));
    ps_buf_put(&buf, PS_SPAN("too long"));
    ps_buf_byte(&buf, 'd'); /* would fit, and must not be written after a gap */
    CHECK_TEXT(ps_buf_span(&buf), "abc");
    CHECK(ps_buf_room(&buf, 0) == NULL);
    struct ps_span text = PS_SPAN("untouched");
    CHECK_ERR(ps_buf_finish(&buf, &text), PS_ERR_TOO_LARGE);
    CHECK_TEXT(text, "untouched");
}

static void fixed_memory_is_used_to_its_last_byte(void)
{
    char room[3];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    ps_buf_put(&buf, PS_SPAN("abc"));
    CHECK_EQ(buf.err, PS_OK);
    CHECK_TEXT(ps_buf_span(&buf), "abc");
}

static void a_length_that_overflows_is_refused(void)
{
    char room[8];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    ps_buf_byte(&buf, 'a');
    CHECK(ps_buf_room(&buf, SIZE_MAX) == NULL);
    CHECK_EQ(buf.err, PS_ERR_TOO_LARGE);
}

static void room_for_nothing_is_room(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 100);
    CHECK(ps_buf_room(&buf, 0) != NULL);
    CHECK_EQ(ps_arena_used(&arena), 0);
    ps_buf_init_fixed(&buf, NULL, 0);
    CHECK(ps_buf_room(&buf, 0) != NULL);
    CHECK(ps_buf_room(&buf, 1) == NULL);
    ps_arena_fini(&arena);
}

static void every_allocation_may_fail(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_span text = { 0 };
    PS_EACH_FAILURE(&arena, build(&arena, 5000, &text));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(what_is_put_comes_back_in_order);
    RUN(numbers_are_written_to_their_limits);
    RUN(growing_keeps_the_bytes);
    RUN(a_buf_that_is_not_the_newest_piece_moves);
    RUN(growth_stops_exactly_at_the_ceiling);
    RUN(the_first_failure_sticks);
    RUN(fixed_memory_is_used_to_its_last_byte);
    RUN(a_length_that_overflows_is_refused);
    RUN(room_for_nothing_is_room);
    RUN(every_allocation_may_fail);
    return check_finish();
}
