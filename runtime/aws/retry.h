/* When to try again. A quota shared by all calls of the process stops retries when most calls fail (the token bucket of
 * the AWS SDKs' standard mode), full jitter spreads them, the service's own hint is a lower bound. Who asks also asks
 * the deadline (host/deadline.h).
 *
 * Two sets of numbers: that of ps_call_run and OpenSearch (ps_retry_take, ps_retry_wait_ms), and the AWS SDKs' standard
 * mode as of 2026 for what sends records to AWS (ps_retry_take_cost, ps_retry_backoff_ms; AWS SDKs and Tools Reference
 * Guide, "Retry behavior"). */
#ifndef PS_RETRY_H
#define PS_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"

enum {
    PS_RETRY_TOKENS_MAX = 500,
    PS_RETRY_COST = 5,
    PS_RETRY_TIMEOUT_COST = 10, /* a service that does not answer at all is worse off than one that refuses */
    PS_RETRY_WAIT_MS_MAX = 20000,
};

/* The standard mode of 2026. */
enum {
    PS_RETRY_ATTEMPTS_DYNAMODB = 4,
    PS_RETRY_TRANSIENT_COST = 14,
    PS_RETRY_THROTTLE_COST = 5,
    PS_RETRY_BASE_MS = 50,
    PS_RETRY_BASE_MS_DYNAMODB = 25, /* its tail is short, its clients are many */
    PS_RETRY_BASE_MS_THROTTLED = 1000,
    PS_RETRY_HINT_MS_MAX = 5000, /* that a service's hint may add to our own wait */
};

struct ps_retry_quota {
    uint32_t tokens;
};

struct ps_retry_quota ps_retry_quota_full(void);

/* Takes the cost of one retry; false when the quota does not hold it. */
PS_MUST_USE bool ps_retry_take(struct ps_retry_quota *quota, bool timed_out);

PS_MUST_USE bool ps_retry_take_cost(struct ps_retry_quota *quota, uint32_t cost);

/* After a success: gives back what its last retry took (0 without one), or one token. */
void ps_retry_give(struct ps_retry_quota *quota, uint32_t taken);

/* How long to wait before try number attempt (1 is the first retry): a random part of 50 ms doubled each time, at least
 * what the service asked for (hint_ms), at most PS_RETRY_WAIT_MS_MAX. */
PS_API uint32_t ps_retry_wait_ms(uint32_t attempt, uint32_t hint_ms);

/* The same with another base; the service's hint, when there is one, is the wait itself as far as it lies between our
 * own and PS_RETRY_HINT_MS_MAX more. */
uint32_t ps_retry_backoff_ms(uint32_t base_ms, uint32_t attempt, uint32_t hint_ms);

/* Whether an HTTP status may pass by itself: 408, 429, 500, 502, 503, 504. */
PS_API bool ps_retry_status(uint32_t status);

#endif
