#include "host/deadline.h"

#include "host/clock.h"

struct ps_deadline ps_deadline_make(int64_t deadline_ms, int64_t now_ms, uint32_t reserve_ms)
{
    struct ps_deadline deadline = { .reserve_ms = reserve_ms };
    if (deadline_ms <= 0) return deadline;
    uint64_t left_ms = deadline_ms > now_ms ? (uint64_t)(deadline_ms - now_ms) : 0;
    /* More than a month is no deadline of Lambda's, and would only invite overflow. */
    if (left_ms > UINT32_MAX) left_ms = UINT32_MAX - 1;
    deadline.at_us = ps_clock_monotonic_us() + left_ms * 1000;
    return deadline;
}

uint32_t ps_deadline_hard_left_ms(const struct ps_deadline *deadline)
{
    if (deadline->at_us == 0) return UINT32_MAX;
    uint64_t now_us = ps_clock_monotonic_us();
    return now_us >= deadline->at_us ? 0 : (uint32_t)((deadline->at_us - now_us) / 1000);
}

uint32_t ps_deadline_left_ms(const struct ps_deadline *deadline)
{
    uint32_t hard_left_ms = ps_deadline_hard_left_ms(deadline);
    if (hard_left_ms == UINT32_MAX) return UINT32_MAX;
    return hard_left_ms > deadline->reserve_ms ? hard_left_ms - deadline->reserve_ms : 0;
}

bool ps_deadline_allows(const struct ps_deadline *deadline, uint32_t wait_ms)
{
    return deadline->at_us == 0 || ps_deadline_left_ms(deadline) > wait_ms;
}
