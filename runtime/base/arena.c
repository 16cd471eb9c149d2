#include "base/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PS_ARENA_POISONS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define PS_ARENA_POISONS 1
#endif

#ifdef PS_ARENA_POISONS
#include <sanitizer/asan_interface.h>
static const size_t RED_ZONE_BYTES = 16;
#define POISON(begin, size) ASAN_POISON_MEMORY_REGION((begin), (size))
#define UNPOISON(begin, size) ASAN_UNPOISON_MEMORY_REGION((begin), (size))
#else
static const size_t RED_ZONE_BYTES = 0;
#define POISON(begin, size) ((void)(begin), (void)(size))
#define UNPOISON(begin, size) ((void)(begin), (void)(size))
#endif

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t value, size_t step)
{
    return (value + step - 1) & ~(step - 1);
}

enum ps_err ps_arena_init(struct ps_arena *arena, size_t ceiling_bytes)
{
    PS_ASSERT(ceiling_bytes > 0);
    size_t size = round_up(ceiling_bytes, page_bytes());
    if (size < ceiling_bytes)
        PS_FAIL(PS_ERR_NO_MEMORY, "arena of %zu bytes is more than the address space", ceiling_bytes);
    char *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) PS_FAIL(PS_ERR_SYSTEM, "arena of %zu bytes: mmap: %s", size, strerror(errno));
    *arena = (struct ps_arena){ .base = base, .next = base, .end = base + size };
    POISON(base, size);
    return PS_OK;
}

void ps_arena_fini(struct ps_arena *arena)
{
    if (arena->base == NULL) return;
    size_t size = (size_t)(arena->end - arena->base);
    UNPOISON(arena->base, size);
    PS_ASSERT(munmap(arena->base, size) == 0);
    *arena = (struct ps_arena){ 0 };
}

enum ps_err ps_arena_part(struct ps_arena *part, struct ps_arena *parent, size_t bytes)
{
    char *base = ps_arena_alloc(parent, bytes, page_bytes());
    if (base == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a part of %zu bytes", bytes);
    *part = (struct ps_arena){ .base = base, .next = base, .end = base + bytes };
    POISON(base, bytes);
    return PS_OK;
}

static bool must_fail(struct ps_arena *arena)
{
    if (arena->fail_countdown == 0) return false;
    if (arena->fail_countdown > 1) {
        arena->fail_countdown--;
        return false;
    }
    return true;
}

static void note_peak(struct ps_arena *arena)
{
    size_t used = ps_arena_used(arena);
    if (used > arena->peak_bytes) arena->peak_bytes = used;
}

void *ps_arena_alloc(struct ps_arena *arena, size_t size, size_t align)
{
    PS_ASSERT(align > 0 && (align & (align - 1)) == 0);
    if (must_fail(arena)) return NULL;
    size_t padding = (size_t)(-(uintptr_t)arena->next & (align - 1));
    size_t left = ps_arena_left(arena);
    if (padding > left || size > left - padding || RED_ZONE_BYTES > left - padding - size) return NULL;
    char *piece = arena->next + padding;
    UNPOISON(piece, size);
    arena->next = piece + size + RED_ZONE_BYTES;
    note_peak(arena);
    return piece;
}

void *ps_arena_zeroed(struct ps_arena *arena, size_t size)
{
    void *piece = ps_arena_alloc(arena, size, _Alignof(max_align_t));
    return piece == NULL ? NULL : memset(piece, 0, size);
}

void *ps_arena_array(struct ps_arena *arena, size_t count, size_t item_size)
{
    size_t size = 0;
    if (__builtin_mul_overflow(count, item_size, &size)) return NULL;
    return ps_arena_zeroed(arena, size);
}

bool ps_arena_resize_newest(struct ps_arena *arena, void *begin, size_t old_size, size_t new_size)
{
    char *piece = begin;
    if (piece + old_size + RED_ZONE_BYTES != arena->next) return false;
    if (new_size > old_size && must_fail(arena)) return false;
    size_t room = (size_t)(arena->end - piece);
    if (new_size > room || RED_ZONE_BYTES > room - new_size) return false;
    if (new_size > old_size)
        UNPOISON(piece + old_size, new_size - old_size);
    else
        POISON(piece + new_size, old_size - new_size);
    arena->next = piece + new_size + RED_ZONE_BYTES;
    note_peak(arena);
    return true;
}

void ps_arena_rewind(struct ps_arena *arena, struct ps_arena_mark mark)
{
    PS_ASSERT(mark.next >= arena->base && mark.next <= arena->next);
    POISON(mark.next, (size_t)(arena->next - mark.next));
    arena->next = mark.next;
}

void ps_arena_reset(struct ps_arena *arena, size_t keep_bytes)
{
    size_t keep = round_up(keep_bytes, page_bytes());
    size_t touched = round_up(arena->peak_bytes, page_bytes());
    size_t whole = (size_t)(arena->end - arena->base) & ~(page_bytes() - 1);
    if (touched > whole) touched = whole;
    if (touched > keep) (void)madvise(arena->base + keep, touched - keep, MADV_DONTNEED);
    ps_arena_rewind(arena, (struct ps_arena_mark){ arena->base });
    arena->peak_bytes = 0;
}
