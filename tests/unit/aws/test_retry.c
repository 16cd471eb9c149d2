#include "aws/retry.h"

#include <stdlib.h>

#include "support/check.h"

static void the_quota_ends_and_successes_fill_it(void)
{
    struct ps_retry_quota quota = ps_retry_quota_full();
    int retries = 0;
    while (ps_retry_take(&quota, false))
        retries++;
    CHECK_EQ(retries, 100);
    CHECK(!ps_retry_take(&quota, true));
    for (int i = 0; i < PS_RETRY_COST; i++)
        ps_retry_give(&quota, 0);
    CHECK(!ps_retry_take(&quota, true));
    CHECK(ps_retry_take(&quota, false));
    ps_retry_give(&quota, PS_RETRY_TIMEOUT_COST);
    CHECK(ps_retry_take(&quota, true));
}

static void the_quota_never_overflows(void)
{
    struct ps_retry_quota quota = ps_retry_quota_full();
    ps_retry_give(&quota, 0);
    CHECK_EQ(quota.tokens, PS_RETRY_TOKENS_MAX);
    CHECK(ps_retry_take(&quota, false));
    ps_retry_give(&quota, PS_RETRY_TIMEOUT_COST);
    CHECK_EQ(quota.tokens, PS_RETRY_TOKENS_MAX);
}

static uint32_t longest_of(uint32_t attempt, uint32_t tries)
{
    uint32_t longest = 0;
    for (uint32_t i = 0; i < tries; i++) {
        uint32_t wait_ms = ps_retry_wait_ms(attempt, 0);
        if (wait_ms > longest) longest = wait_ms;
    }
    return longest;
}

static void waits_double_and_are_spread_over_their_whole_range(void)
{
    CHECK(longest_of(1, 1000) <= 50);
    CHECK(longest_of(4, 1000) <= 400);
    CHECK(longest_of(4, 1000) > 200);
    CHECK(longest_of(1000000, 1000) <= PS_RETRY_WAIT_MS_MAX);
    uint32_t below_half = 0;
    for (int i = 0; i < 1000; i++)
        below_half += ps_retry_wait_ms(6, 0) < 800;
    CHECK(below_half > 300 && below_half < 700);
}

static void the_services_hint_is_a_lower_bound_within_reason(void)
{
    CHECK_EQ(ps_retry_wait_ms(1, 3000), 3000);
    CHECK_EQ(ps_retry_wait_ms(1, 3600000), PS_RETRY_WAIT_MS_MAX);
}

static void the_wait_grows_from_the_base_it_is_given(void)
{
    uint32_t longest = 0;
    for (int i = 0; i < 1000; i++) {
        uint32_t wait_ms = ps_retry_backoff_ms(PS_RETRY_BASE_MS_DYNAMODB, 3, 0);
        if (wait_ms > longest) longest = wait_ms;
    }
    CHECK(longest > 50 && longest <= 100);
    for (int i = 0; i < 1000; i++)
        CHECK(ps_retry_backoff_ms(PS_RETRY_BASE_MS_THROTTLED, UINT32_MAX, 0) <= PS_RETRY_WAIT_MS_MAX);
}

static void a_hint_is_the_wait_up_to_five_seconds_more(void)
{
    CHECK_EQ(ps_retry_backoff_ms(PS_RETRY_BASE_MS, 1, 3000), 3000);
    for (int i = 0; i < 1000; i++) {
        uint32_t wait_ms = ps_retry_backoff_ms(PS_RETRY_BASE_MS, 1, 60000);
        CHECK(wait_ms >= PS_RETRY_HINT_MS_MAX && wait_ms <= PS_RETRY_HINT_MS_MAX + PS_RETRY_BASE_MS);
    }
    CHECK(ps_retry_backoff_ms(PS_RETRY_BASE_MS, 1, 1) >= 1);
}

static void a_retry_costs_what_the_caller_says(void)
{
    struct ps_retry_quota quota = ps_retry_quota_full();
    int retries = 0;
    while (ps_retry_take_cost(&quota, PS_RETRY_TRANSIENT_COST))
        retries++;
    CHECK_EQ(retries, PS_RETRY_TOKENS_MAX / PS_RETRY_TRANSIENT_COST);
}

static void only_what_may_pass_is_tried_again(void)
{
    static const uint32_t YES[] = { 408, 429, 500, 502, 503, 504 },
                          NO[] = { 0, 200, 201, 301, 400, 401, 403, 404, 409, 413, 501 };
    for (size_t i = 0; i < sizeof YES / sizeof YES[0]; i++)
        CHECK(ps_retry_status(YES[i]));
    for (size_t i = 0; i < sizeof NO / sizeof NO[0]; i++)
        CHECK(!ps_retry_status(NO[i]));
}

int main(void)
{
    RUN(the_quota_ends_and_successes_fill_it);
    RUN(the_quota_never_overflows);
    RUN(waits_double_and_are_spread_over_their_whole_range);
    RUN(the_services_hint_is_a_lower_bound_within_reason);
    RUN(the_wait_grows_from_the_base_it_is_given);
    RUN(a_hint_is_the_wait_up_to_five_seconds_more);
    RUN(a_retry_costs_what_the_caller_says);
    RUN(only_what_may_pass_is_tried_again);
    return check_finish();
}
