#include "host/clock.h"

#include "support/check.h"

static void the_wall_clock_is_in_this_century(void)
{
    int64_t now_ms = ps_clock_now_ms();
    CHECK(now_ms > 1700000000000 && now_ms < 4102444800000);
}

static void the_monotonic_clock_never_steps_back(void)
{
    uint64_t before = ps_clock_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = ps_clock_monotonic_us();
        CHECK_OR_RETURN(now >= before);
        before = now;
    }
}

static void both_clocks_count_in_their_stated_units(void)
{
    int64_t wall_ms = ps_clock_now_ms();
    uint64_t begin_us = ps_clock_monotonic_us();
    while (ps_clock_monotonic_us() - begin_us < 20000)
        ;
    int64_t passed_ms = ps_clock_now_ms() - wall_ms;
    CHECK(passed_ms >= 19 && passed_ms < 5000);
}

int main(void)
{
    RUN(the_wall_clock_is_in_this_century);
    RUN(the_monotonic_clock_never_steps_back);
    RUN(both_clocks_count_in_their_stated_units);
    return check_finish();
}
