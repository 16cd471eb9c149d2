/* PS_ASSERT states a promise of our own code, in release builds too. A broken one writes one JSON line to
 * stderr and aborts: going on with a broken promise could lose or forge records. A process that handles SIGABRT
 * writes that line itself, from the last words. The world's faults (bad bytes, refused calls, full memory) are
 * never asserted; they are errors (base/err.h). */
#ifndef PS_ASSERT_H
#define PS_ASSERT_H

#include "base/attrs.h"

#define PS_ASSERT(condition) \
    do { \
        if (PS_UNLIKELY(!(condition))) ps_assert_failed(#condition, __FILE__, __LINE__); \
    } while (0)

PS_API PS_NORETURN void ps_assert_failed(const char *condition, const char *file, int line);

/* "assertion failed: <condition> (<file>:<line>)", of the calling thread; empty when it has broken no promise. For
 * the handler of SIGABRT: safe there. */
const char *ps_assert_last_words(void);

#endif
