#include "entries.h"

enum ps_err entries_add(struct entries *entries, struct entry **out)
{
    size_t at = entries->count % ENTRIES_PER_BLOCK;
    if (at == 0) {
        struct entries_block *block = PS_ARENA_NEW(entries->arena, struct entries_block);
        if (block == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "the books of %zu records", entries->count);
        if (entries->last == NULL)
            entries->first = block;
        else
            entries->last->next = block;
        entries->last = block;
    }
    entries->count++;
    *out = &entries->last->entries[at];
    return PS_OK;
}

struct entry *entries_next(const struct entries *entries, struct entries_block **block, size_t *at)
{
    if (*at == ENTRIES_PER_BLOCK) {
        *block = (*block)->next;
        *at = 0;
    }
    bool is_last = *block == entries->last;
    size_t filled = entries->count % ENTRIES_PER_BLOCK;
    size_t end = is_last && filled != 0 ? filled : ENTRIES_PER_BLOCK;
    if (*block == NULL || *at == end) return NULL;
    return &(*block)->entries[(*at)++];
}
