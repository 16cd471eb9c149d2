#include "host/rng.h"

#include <stdbool.h>
#include <sys/random.h>

#include "host/clock.h"

static _Thread_local uint64_t t_state;
static _Thread_local bool t_seeded;

/* Before the kernel has entropy (never seen on Lambda) the clock is good enough for jitter. */
static void seed(void)
{
    if (getrandom(&t_state, sizeof t_state, GRND_NONBLOCK) != (ssize_t)sizeof t_state)
        t_state = ps_clock_monotonic_us();
    t_seeded = true;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_u64(void)
{
    if (!t_seeded) seed();
    t_state += 0x9e3779b97f4a7c15u;
    uint64_t z = t_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t ps_rng_below(uint32_t bound)
{
    /* The high half of a 32 x 32 bit product; its bias, at most bound / 2^32, is nothing to jitter. */
    return (uint32_t)(((next_u64() >> 32) * bound) >> 32);
}

void ps_rng_reseed(void)
{
    t_seeded = false;
}
