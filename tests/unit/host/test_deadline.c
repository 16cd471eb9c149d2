#include "host/deadline.h"

#include "host/clock.h"
#include "support/check.h"

enum { NOW_MS = 1000000 };

static void the_time_left_ends_where_the_reserve_begins(void)
{
    struct ps_deadline deadline = ps_deadline_make(NOW_MS + 10000, NOW_MS, 1500);
    uint32_t hard_left_ms = ps_deadline_hard_left_ms(&deadline);
    uint32_t left_ms = ps_deadline_left_ms(&deadline);
    CHECK(hard_left_ms > 9000 && hard_left_ms <= 10000);
    CHECK(left_ms > 7500 && left_ms <= 8500);
}

static void a_wait_is_allowed_when_it_ends_before_the_reserve(void)
{
    struct ps_deadline deadline = ps_deadline_make(NOW_MS + 10000, NOW_MS, 1500);
    CHECK(ps_deadline_allows(&deadline, 7000));
    CHECK(!ps_deadline_allows(&deadline, 8500));
    CHECK(!ps_deadline_allows(&deadline, UINT32_MAX));
}

static void without_a_deadline_everything_is_allowed(void)
{
    struct ps_deadline deadline = ps_deadline_make(0, NOW_MS, 1500);
    CHECK_EQ(ps_deadline_left_ms(&deadline), UINT32_MAX);
    CHECK_EQ(ps_deadline_hard_left_ms(&deadline), UINT32_MAX);
    CHECK(ps_deadline_allows(&deadline, UINT32_MAX));
}

static void a_deadline_in_the_past_leaves_nothing(void)
{
    struct ps_deadline deadline = ps_deadline_make(NOW_MS - 1, NOW_MS, 1500);
    CHECK_EQ(ps_deadline_left_ms(&deadline), 0);
    CHECK_EQ(ps_deadline_hard_left_ms(&deadline), 0);
    CHECK(!ps_deadline_allows(&deadline, 0));
}

static void inside_the_reserve_only_the_hard_end_is_left(void)
{
    struct ps_deadline deadline = ps_deadline_make(NOW_MS + 1000, NOW_MS, 1500);
    CHECK_EQ(ps_deadline_left_ms(&deadline), 0);
    CHECK(ps_deadline_hard_left_ms(&deadline) > 500);
    CHECK(!ps_deadline_allows(&deadline, 0));
}

static void an_absurd_deadline_does_not_overflow(void)
{
    struct ps_deadline deadline = ps_deadline_make(INT64_MAX, NOW_MS, 1500);
    CHECK(ps_deadline_left_ms(&deadline) > 1000000);
    CHECK(ps_deadline_left_ms(&deadline) < UINT32_MAX);
}

static void time_runs_out(void)
{
    struct ps_deadline deadline = ps_deadline_make(NOW_MS + 20, NOW_MS, 0);
    CHECK(ps_deadline_allows(&deadline, 0));
    uint64_t begin_us = ps_clock_monotonic_us();
    while (ps_clock_monotonic_us() - begin_us < 21000)
        ;
    CHECK_EQ(ps_deadline_hard_left_ms(&deadline), 0);
}

int main(void)
{
    RUN(the_time_left_ends_where_the_reserve_begins);
    RUN(a_wait_is_allowed_when_it_ends_before_the_reserve);
    RUN(without_a_deadline_everything_is_allowed);
    RUN(a_deadline_in_the_past_leaves_nothing);
    RUN(inside_the_reserve_only_the_hard_end_is_left);
    RUN(an_absurd_deadline_does_not_overflow);
    RUN(time_runs_out);
    return check_finish();
}
