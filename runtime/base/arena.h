/* Bump memory with a ceiling: the only place our own code gets memory from.
 *
 * An arena reserves its address space once (pages cost memory only when touched) and gives out pieces until
 * the ceiling; a piece is never freed alone. Two lifetimes exist: the process arena, filled in init, and the
 * invocation arena, reset after each answer. Loops take a mark and rewind to it. Full is an error the caller
 * reports (PS_ERR_NO_MEMORY), never a crash. In sanitizer builds whatever is not given out is poisoned, and a
 * red zone follows each piece. Not for use by two threads at once. */
#ifndef PS_ARENA_H
#define PS_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"

struct ps_arena {
    char *base;
    char *next; /* first byte not given out */
    char *end;
    size_t peak_bytes;     /* the most ever given out, red zones included */
    size_t fail_countdown; /* tests: 0 never fails, n fails the n-th request from now on and all after it */
};

struct ps_arena_mark {
    char *next;
};

/* Reserves ceiling_bytes (rounded up to pages). SYSTEM when the address space cannot be had. */
PS_API PS_MUST_USE enum ps_err ps_arena_init(struct ps_arena *arena, size_t ceiling_bytes);
PS_API void ps_arena_fini(struct ps_arena *arena);

/* A piece of parent as an arena of its own, for memory whose order of going differs from the parent's. It goes with
 * the parent and is never given to ps_arena_fini. NO_MEMORY when the parent is full. */
PS_API PS_MUST_USE enum ps_err ps_arena_part(struct ps_arena *part, struct ps_arena *parent, size_t bytes);

/* Uninitialised bytes at the given power-of-two alignment, or NULL when the ceiling is reached. */
PS_API PS_MUST_USE void *ps_arena_alloc(struct ps_arena *arena, size_t size, size_t align);

/* size zeroed bytes at the alignment of any type, or NULL. */
PS_API PS_MUST_USE void *ps_arena_zeroed(struct ps_arena *arena, size_t size);

/* Uninitialised bytes for text (alignment 1), or NULL. */
static inline PS_MUST_USE char *ps_arena_bytes(struct ps_arena *arena, size_t size)
{
    return ps_arena_alloc(arena, size, 1);
}

/* Makes the newest piece (begin, old_size) new_size bytes long without moving it. False when it is not the
 * newest or does not fit; nothing has changed then. */
PS_API PS_MUST_USE bool ps_arena_resize_newest(struct ps_arena *arena, void *begin, size_t old_size, size_t new_size);

static inline struct ps_arena_mark ps_arena_mark(const struct ps_arena *arena)
{
    return (struct ps_arena_mark){ arena->next };
}

/* Takes back everything given out since the mark. */
PS_API void ps_arena_rewind(struct ps_arena *arena, struct ps_arena_mark mark);

/* Takes everything back and returns touched pages above keep_bytes to the system. */
PS_API void ps_arena_reset(struct ps_arena *arena, size_t keep_bytes);

static inline size_t ps_arena_used(const struct ps_arena *arena)
{
    return (size_t)(arena->next - arena->base);
}

static inline size_t ps_arena_left(const struct ps_arena *arena)
{
    return (size_t)(arena->end - arena->next);
}

#define PS_ARENA_NEW(arena, type) ((type *)ps_arena_zeroed((arena), sizeof(type)))
/* count * sizeof(type) is checked for overflow. */
#define PS_ARENA_ARRAY(arena, type, count) ((type *)ps_arena_array((arena), (count), sizeof(type)))
PS_API PS_MUST_USE void *ps_arena_array(struct ps_arena *arena, size_t count, size_t item_size);

#endif
