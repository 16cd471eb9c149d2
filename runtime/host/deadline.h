/* The time an invocation has left, as a budget that sinks ask. Sampled once at /next: the wall clock deadline
 * becomes a monotonic one, so that a clock step cannot stretch it. */
#ifndef PS_DEADLINE_H
#define PS_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"

struct ps_deadline {
    uint64_t at_us;      /* monotonic; 0: no deadline */
    uint32_t reserve_ms; /* kept back for the answer, dead letters and the closing log line */
};

/* deadline_ms is the wall clock of Lambda-Runtime-Deadline-Ms, 0 for none. */
PS_API struct ps_deadline ps_deadline_make(int64_t deadline_ms, int64_t now_ms, uint32_t reserve_ms);

/* Milliseconds until the reserve begins; 0 when it has begun; UINT32_MAX without a deadline. */
PS_API uint32_t ps_deadline_left_ms(const struct ps_deadline *deadline);

/* Milliseconds until the very end, reserve included: for the spill that the reserve is kept for. */
PS_API uint32_t ps_deadline_hard_left_ms(const struct ps_deadline *deadline);

/* Whether waiting wait_ms and then trying again fits before the reserve. */
PS_API bool ps_deadline_allows(const struct ps_deadline *deadline, uint32_t wait_ms);

#endif
