/* Copies of inputs in heap blocks of exactly their size, so that AddressSanitizer sees a read of one byte too many.
 * Inline: fuzz targets, which link no support library, use it too. */
#ifndef EXACT_H
#define EXACT_H

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/span.h"

/* Give it back with exact_free. */
static inline struct ps_span exact_copy(struct ps_span text)
{
    char *copy = malloc(text.len);
    PS_ASSERT(copy != NULL || text.len == 0);
    if (text.len > 0) memcpy(copy, text.data, text.len);
    return ps_span_make(copy, text.len);
}

static inline void exact_free(struct ps_span copy)
{
    free((char *)(uintptr_t)copy.data);
}

#endif
