#include "lambda/frames.h"

#include <link.h>
#include <stdatomic.h>

#include "lambda/unwind.h"

enum {
    /* The bootstrap, libc, libm, the loader, the vdso, our library and a function are seven; the rest is for what a
     * function brings along. */
    OBJECTS_MAX = 64,
    NAME_BYTES_MAX = 48, /* more than any of ours; a longer name is cut */
};

/* -- objects ------------------------------------------------------------------------------------------------------- */

struct object {
    uintptr_t base;               /* offsets count from here, as in the file */
    uintptr_t begin, end;         /* of its code */
    struct ps_span unwind_header; /* .eh_frame_hdr */
    size_t name_bytes;
    char name[NAME_BYTES_MAX];
};

static struct object objects[OBJECTS_MAX];
static atomic_size_t objects_count;

static void set_name(struct object *object, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct ps_span name = ps_span_of(slash == NULL ? path : slash + 1);
    if (name.len == 0) name = PS_SPAN("bootstrap");
    object->name_bytes = ps_span_first(name, NAME_BYTES_MAX).len;
    for (size_t i = 0; i < object->name_bytes; i++) {
        char c = name.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                     c == '_' || c == '+' || c == '-';
        object->name[i] = plain ? c : '_';
    }
}

static int note_object(struct dl_phdr_info *info, size_t info_bytes, void *argument)
{
    (void)info_bytes;
    size_t *count = argument;
    struct object object = { .base = info->dlpi_addr, .begin = UINTPTR_MAX };
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t begin = object.base + part->p_vaddr;
        if (part->p_type == PT_GNU_EH_FRAME)
            object.unwind_header =
                ps_span_make((const char *)begin, part->p_memsz); // NOLINT(performance-no-int-to-ptr)
        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0) continue;
        if (begin < object.begin) object.begin = begin;
        if (begin + part->p_memsz > object.end) object.end = begin + part->p_memsz;
    }
    if (object.end == 0) return 0;
    set_name(&object, info->dlpi_name);
    objects[(*count)++] = object;
    return *count == OBJECTS_MAX;
}

void ps_frames_note_objects(void)
{
    size_t count = 0;
    atomic_store(&objects_count, 0);
    (void)dl_iterate_phdr(note_object, &count);
    atomic_store(&objects_count, count);
}

static const struct object *find_object(uintptr_t address)
{
    size_t count = atomic_load(&objects_count);
    for (size_t i = 0; i < count; i++) {
        if (address >= objects[i].begin && address < objects[i].end) return &objects[i];
    }
    return NULL;
}

bool ps_frames_in_object(uintptr_t address)
{
    return find_object(address) != NULL;
}

void ps_frames_put(struct ps_buf *buf, uintptr_t address)
{
    const struct object *object = find_object(address);
    if (object != NULL) {
        ps_buf_put(buf, ps_span_make(object->name, object->name_bytes));
        ps_buf_byte(buf, '+');
        address -= object->base;
    }
    ps_buf_put(buf, PS_SPAN("0x"));
    unsigned shift = address == 0 ? 0 : (unsigned)(63 - __builtin_clzll(address)) / 4 * 4;
    for (;; shift -= 4) {
        ps_buf_byte(buf, "0123456789abcdef"[address >> shift & 15]);
        if (shift == 0) return;
    }
}

/* -- walking ------------------------------------------------------------------------------------------------------- */

static bool step(struct ps_unwind *unwind, struct ps_unwind_stack stack)
{
    const struct object *object = find_object(unwind->pc - !unwind->interrupted);
    if (object != NULL) return ps_unwind_step(unwind, object->unwind_header, stack);
    return unwind->interrupted && ps_unwind_step_nowhere(unwind, stack);
}

void ps_frames_walk(const ucontext_t *context, const void *stack_high, struct ps_frames *out)
{
    struct ps_unwind unwind = ps_unwind_begin(context);
    struct ps_unwind_stack stack = { .low = unwind.sp, .high = (uintptr_t)stack_high };
    *out = (struct ps_frames){ .stack_pointer = unwind.sp, .count = 1, .addresses = { unwind.pc } };
    /* What a call returns to may be the next line: its last byte is told. */
    while (out->count < PS_FRAMES_MAX && step(&unwind, stack) && ps_frames_in_object(unwind.pc - 1))
        out->addresses[out->count++] = unwind.pc - 1;
}
