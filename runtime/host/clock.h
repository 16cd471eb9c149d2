/* The only place that asks what time it is. */
#ifndef PS_CLOCK_H
#define PS_CLOCK_H

#include <stdint.h>

#include "base/attrs.h"

PS_API int64_t ps_clock_now_ms(void);        /* wall clock, since the epoch */
PS_API uint64_t ps_clock_monotonic_us(void); /* for durations */

#endif
