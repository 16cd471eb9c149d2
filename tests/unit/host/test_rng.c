#include "host/rng.h"

#include <stddef.h>

#include "support/check.h"

static void numbers_stay_below_their_bound(void)
{
    static const uint32_t BOUNDS[] = { 1, 2, 3, 10, 1000, UINT32_MAX };
    for (size_t b = 0; b < sizeof BOUNDS / sizeof BOUNDS[0]; b++) {
        for (int i = 0; i < 1000; i++)
            CHECK_OR_RETURN(ps_rng_below(BOUNDS[b]) < BOUNDS[b]);
    }
}

static void a_bound_of_zero_gives_zero(void)
{
    CHECK_EQ(ps_rng_below(0), 0);
}

static void numbers_spread_evenly(void)
{
    enum { BUCKETS = 10, COUNT = 100000 };
    unsigned buckets[BUCKETS] = { 0 };
    for (int i = 0; i < COUNT; i++)
        buckets[ps_rng_below(BUCKETS)]++;
    /* Ten standard deviations: never seen by chance. */
    for (int i = 0; i < BUCKETS; i++)
        CHECK(buckets[i] > COUNT / BUCKETS - 950 && buckets[i] < COUNT / BUCKETS + 950);
}

int main(void)
{
    RUN(numbers_stay_below_their_bound);
    RUN(a_bound_of_zero_gives_zero);
    RUN(numbers_spread_evenly);
    return check_finish();
}
