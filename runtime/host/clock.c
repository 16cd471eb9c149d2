#include "host/clock.h"

#include <time.h>

#include "base/assert.h"

static struct timespec now(clockid_t clock)
{
    struct timespec at;
    PS_ASSERT(clock_gettime(clock, &at) == 0);
    return at;
}

int64_t ps_clock_now_ms(void)
{
    struct timespec at = now(CLOCK_REALTIME);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

uint64_t ps_clock_monotonic_us(void)
{
    struct timespec at = now(CLOCK_MONOTONIC);
    return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}
