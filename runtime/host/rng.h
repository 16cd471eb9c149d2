/* Chance, for back-off jitter only; never for keys or ids. Seeded from the kernel at first use. */
#ifndef PS_RNG_H
#define PS_RNG_H

#include <stdint.h>

#include "base/attrs.h"

/* Uniform in 0..bound-1; 0 when bound is 0. */
PS_API uint32_t ps_rng_below(uint32_t bound);

/* Forgets the calling thread's seed: copies of one process must not draw the same numbers. */
PS_API void ps_rng_reseed(void);

#endif
