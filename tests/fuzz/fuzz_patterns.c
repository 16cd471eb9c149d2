/* Target function: ps_patterns_open. Properties: what is accepted keeps to the limits of patterns.h; what is refused is
 * a mistake of the settings. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "scan/patterns.h"
#include "scan/required.h"
#include "support/exact.h"

enum { ARENA_BYTES = 64 << 20 };

static struct ps_arena t_arena;

static void check_pattern(const struct ps_pattern *pattern)
{
    PS_ASSERT(pattern->name.len > 0 && pattern->name.len <= PS_PATTERN_NAME_BYTES_MAX);
    PS_ASSERT(pattern->match != NULL && pattern->regex.len > 0);
    PS_ASSERT(pattern->severity < PS_SEVERITY_COUNT);
    PS_ASSERT(pattern->samples_max <= PS_PATTERN_SAMPLES_MAX);
    PS_ASSERT(pattern->group_count <= PS_PATTERN_GROUPS_MAX);
    PS_ASSERT(pattern->literal_count <= PS_REQUIRED_MAX);
    for (size_t i = 0; i < pattern->literal_count; i++)
        PS_ASSERT(pattern->literals[i].text.len >= PS_REQUIRED_BYTES_MIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (t_arena.base == NULL && ps_arena_init(&t_arena, ARENA_BYTES) != PS_OK) abort();
    struct ps_span json = exact_copy(ps_span_make((const char *)data, size));
    struct ps_patterns patterns = { 0 };
    enum ps_err err = ps_patterns_open(&t_arena, json, &patterns);
    exact_free(json); /* it is kept */
    PS_ASSERT(err == PS_OK || err == PS_ERR_BAD_CONFIG || err == PS_ERR_NO_MEMORY);
    PS_ASSERT(err == PS_OK || patterns.items == NULL);
    for (size_t i = 0; i < patterns.count; i++)
        check_pattern(&patterns.items[i]);
    ps_patterns_close(&patterns);
    ps_arena_rewind(&t_arena, (struct ps_arena_mark){ t_arena.base });
    return 0;
}
