#include "aws/retry.h"

#include "base/assert.h"
#include "host/rng.h"

enum { WAIT_MS_BASE = 50, DOUBLINGS_MAX = 9 };

struct ps_retry_quota ps_retry_quota_full(void)
{
    return (struct ps_retry_quota){ PS_RETRY_TOKENS_MAX };
}

bool ps_retry_take(struct ps_retry_quota *quota, bool timed_out)
{
    uint32_t cost = timed_out ? PS_RETRY_TIMEOUT_COST : PS_RETRY_COST;
    if (quota->tokens < cost) return false;
    quota->tokens -= cost;
    return true;
}

void ps_retry_give(struct ps_retry_quota *quota, uint32_t taken)
{
    uint32_t more = taken > 0 ? taken : 1;
    uint32_t room = PS_RETRY_TOKENS_MAX - quota->tokens;
    quota->tokens += more < room ? more : room;
}

uint32_t ps_retry_wait_ms(uint32_t attempt, uint32_t hint_ms)
{
    PS_ASSERT(attempt > 0);
    uint32_t doublings = attempt - 1 < DOUBLINGS_MAX ? attempt - 1 : DOUBLINGS_MAX;
    uint32_t ceiling = (uint32_t)WAIT_MS_BASE << doublings;
    if (ceiling > PS_RETRY_WAIT_MS_MAX) ceiling = PS_RETRY_WAIT_MS_MAX;
    uint32_t wait_ms = ps_rng_below(ceiling + 1);
    if (wait_ms < hint_ms) wait_ms = hint_ms;
    return wait_ms < PS_RETRY_WAIT_MS_MAX ? wait_ms : PS_RETRY_WAIT_MS_MAX;
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
