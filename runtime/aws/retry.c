#include "aws/retry.h"

#include "base/assert.h"
#include "host/rng.h"

enum { DOUBLINGS_MAX = 10 };

struct ps_retry_quota ps_retry_quota_full(void)
{
    return (struct ps_retry_quota){ PS_RETRY_TOKENS_MAX };
}

bool ps_retry_take_cost(struct ps_retry_quota *quota, uint32_t cost)
{
    if (quota->tokens < cost) return false;
    quota->tokens -= cost;
    return true;
}

bool ps_retry_take(struct ps_retry_quota *quota, bool timed_out)
{
    return ps_retry_take_cost(quota, timed_out ? PS_RETRY_TIMEOUT_COST : PS_RETRY_COST);
}

void ps_retry_give(struct ps_retry_quota *quota, uint32_t taken)
{
    uint32_t more = taken > 0 ? taken : 1;
    uint32_t room = PS_RETRY_TOKENS_MAX - quota->tokens;
    quota->tokens += more < room ? more : room;
}

/* Full jitter: anything up to the base doubled for each attempt before. */
static uint32_t draw_wait_ms(uint32_t base_ms, uint32_t attempt)
{
    PS_ASSERT(attempt > 0);
    uint32_t doublings = attempt - 1 < DOUBLINGS_MAX ? attempt - 1 : DOUBLINGS_MAX;
    uint32_t ceiling = base_ms << doublings;
    return ps_rng_below((ceiling < PS_RETRY_WAIT_MS_MAX ? ceiling : PS_RETRY_WAIT_MS_MAX) + 1);
}

uint32_t ps_retry_wait_ms(uint32_t attempt, uint32_t hint_ms)
{
    uint32_t wait_ms = draw_wait_ms(PS_RETRY_BASE_MS, attempt);
    if (wait_ms < hint_ms) wait_ms = hint_ms;
    return wait_ms < PS_RETRY_WAIT_MS_MAX ? wait_ms : PS_RETRY_WAIT_MS_MAX;
}

uint32_t ps_retry_backoff_ms(uint32_t base_ms, uint32_t attempt, uint32_t hint_ms)
{
    uint32_t wait_ms = draw_wait_ms(base_ms, attempt);
    if (hint_ms < wait_ms) return wait_ms;
    return hint_ms - wait_ms < PS_RETRY_HINT_MS_MAX ? hint_ms : wait_ms + PS_RETRY_HINT_MS_MAX;
}

bool ps_retry_status(uint32_t status)
{
    switch (status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}
