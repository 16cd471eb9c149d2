/* Makes the perfect hash of record/core.c anew after a name was added: searches a multiplier under which no two names
 * share a slot, and prints it and the table. Run it, put the multiplier into record/name_priv.h and the table into
 * record/core.c. */
#include <stdio.h>
#include <stdlib.h>

#include "record/core.h"
#include "record/name_priv.h"

enum { SLOT_BITS = 10, SLOT_COUNT = 1 << SLOT_BITS, TRIES_MAX = 10000000, PER_LINE = 10 };

/* ps_name_hash with another multiplier. */
static uint64_t hash(struct ps_span name, uint64_t multiplier)
{
    const uint64_t no_case = UINT64_C(0x2020202020202020);
    struct ps_name_words words = ps_name_words(name);
    uint64_t first = words.first | no_case;
    uint64_t last = words.last | no_case;
    uint64_t mixed = (first ^ (last << 29 | last >> 35) ^ name.len) * multiplier;
    return (mixed ^ mixed >> 32) * multiplier;
}

static bool fill(const struct ps_core_name *names, size_t count, uint64_t multiplier, uint8_t slots[SLOT_COUNT])
{
    memset(slots, 0, SLOT_COUNT);
    for (size_t i = 0; i < count; i++) {
        uint8_t *slot = &slots[hash(names[i].name, multiplier) >> (64 - SLOT_BITS)];
        if (*slot != 0) return false;
        *slot = (uint8_t)(i + 1);
    }
    return true;
}

static void print(uint64_t multiplier, const uint8_t slots[SLOT_COUNT])
{
    int printed = 0;
    printf("#define PS_NAME_MULTIPLIER UINT64_C(0x%llx)\n\n", (unsigned long long)multiplier);
    for (int i = 0; i < SLOT_COUNT; i++) {
        if (slots[i] != 0) printf("[%d] = %d,%c", i, slots[i], ++printed % PER_LINE == 0 ? '\n' : ' ');
    }
    putchar('\n');
}

int main(void)
{
    size_t count = 0;
    const struct ps_core_name *names = ps_core_names(&count);
    uint8_t slots[SLOT_COUNT];
    uint64_t multiplier = PS_NAME_MULTIPLIER;
    for (int i = 0; count < UINT8_MAX && i < TRIES_MAX; i++) {
        if (fill(names, count, multiplier, slots)) {
            print(multiplier, slots);
            return EXIT_SUCCESS;
        }
        multiplier = multiplier * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    }
    fprintf(stderr, "core_slots: no multiplier found for %zu names\n", count);
    return EXIT_FAILURE;
}
