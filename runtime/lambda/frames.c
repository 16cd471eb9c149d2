#include "lambda/frames.h"

#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    /* The bootstrap, libc, libm, the loader, the vdso, our library and a function are seven; the rest is for what a
     * function brings along. */
    OBJECTS_MAX = 64,
    NAME_BYTES_MAX = 48, /* more than any of ours; a longer name is cut */
    WORD_BYTES = sizeof(uintptr_t),
    PAIR_BYTES = 2 * WORD_BYTES,
    PAIR_ALIGN = 16,
    PAGE_BYTES = 4096, /* real ones are this large or a multiple */
    /* From a stack pointer below the end of the stack: a frame of 16 MiB would be twice a whole stack. */
    UNREADABLE_PAGES_MAX = 4096,
    CALL_BYTES_MAX = 7,
    LEAF_BYTES_MAX = 4096, /* code of a function that needs no frame */
};

/* -- objects ------------------------------------------------------------------------------------------------------- */

struct object {
    uintptr_t base;       /* offsets count from here, as in the file */
    uintptr_t begin, end; /* of its code */
    bool keeps_frames;
    size_t name_bytes;
    char name[NAME_BYTES_MAX];
};

static struct object objects[OBJECTS_MAX];
static atomic_size_t objects_count;

/* Of the system, compiled without frame pointers. */
static bool is_of_system(struct ps_span name)
{
    return ps_span_starts(name, PS_SPAN("libc.")) || ps_span_starts(name, PS_SPAN("libm.")) ||
           ps_span_starts(name, PS_SPAN("ld-linux")) || ps_span_starts(name, PS_SPAN("linux-vdso"));
}

static void set_name(struct object *object, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct ps_span name = ps_span_of(slash == NULL ? path : slash + 1);
    if (name.len == 0) name = PS_SPAN("bootstrap");
    object->keeps_frames = !is_of_system(name);
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
        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0) continue;
        uintptr_t begin = object.base + part->p_vaddr;
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

static bool keeps_frames(uintptr_t address)
{
    const struct object *object = find_object(address);
    return object != NULL && object->keeps_frames;
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

/* -- the machine --------------------------------------------------------------------------------------------------- */

struct registers {
    uintptr_t pc, sp, fp;
    uintptr_t link; /* where the innermost function returns to, on machines that keep it in a register */
};

#if defined(__x86_64__)

enum { RETURNS_BY_LINK = 0 };

static struct registers read_registers(const ucontext_t *context)
{
    const greg_t *all = context->uc_mcontext.gregs;
    return (struct registers){ .pc = (uintptr_t)all[REG_RIP],
                               .sp = (uintptr_t)all[REG_RSP],
                               .fp = (uintptr_t)all[REG_RBP] };
}

static uintptr_t strip(uintptr_t address)
{
    return address;
}

/* Near calls: e8 with an offset, or ff /2 in one of its lengths (Intel SDM, volume 2, CALL). */
static bool follows_call(const uint8_t *code)
{
    bool call = code[-5] == 0xe8;
    for (int bytes = 2; bytes <= CALL_BYTES_MAX && !call; bytes++)
        call = code[-bytes] == 0xff && (code[1 - bytes] & 0x38) == 0x10;
    return call;
}

/* Whether the call before code can have led to pc, as far as the call tells where it goes to. */
static bool can_lead_to(const uint8_t *code, uintptr_t pc)
{
    if (code[-5] != 0xe8 || find_object((uintptr_t)code) != find_object(pc)) return true;
    int32_t offset = 0;
    memcpy(&offset, code - sizeof offset, sizeof offset);
    return pc - ((uintptr_t)code + (uintptr_t)offset) < LEAF_BYTES_MAX;
}

#elif defined(__aarch64__)

enum { RETURNS_BY_LINK = 1 };

/* Code built with pointer authentication signs return addresses in the bits above the 48 of an address. */
static uintptr_t strip(uintptr_t address)
{
    return address & ((UINT64_C(1) << 48) - 1);
}

static struct registers read_registers(const ucontext_t *context)
{
    const mcontext_t *all = &context->uc_mcontext;
    return (struct registers){ .pc = all->pc, .sp = all->sp, .fp = all->regs[29], .link = strip(all->regs[30]) };
}

/* BL and BLR (Arm Architecture Reference Manual, C6.2). */
static bool follows_call(const uint8_t *code)
{
    uint32_t word = 0;
    memcpy(&word, code - sizeof word, sizeof word);
    return (word & 0xfc000000) == 0x94000000 || (word & 0xfffffc1f) == 0xd63f0000;
}

static bool can_lead_to(const uint8_t *code, uintptr_t pc)
{
    (void)code;
    (void)pc;
    return true;
}

#else
#error "frames of this machine are not known: registers, and how a call is told"
#endif

/* -- the stack ----------------------------------------------------------------------------------------------------- */

struct stack {
    uintptr_t low, high; /* what may be read, on whole words */
};

/* Whether the page of address can be read. rt_sigprocmask copies the set in before it looks at the first argument,
 * which is no operation here: it answers EFAULT or EINVAL, and changes nothing. */
static bool can_read(uintptr_t address)
{
    enum { NO_OPERATION = -1, KERNEL_SET_BYTES = 8 };
    return syscall(SYS_rt_sigprocmask, NO_OPERATION, address, NULL, KERNEL_SET_BYTES) == -1 && errno == EINVAL;
}

/* In a stack overflow the stack pointer lies below what can be read. */
static struct stack find_stack(uintptr_t sp, const void *stack_high)
{
    struct stack stack = { .low = (sp + WORD_BYTES - 1) & -(uintptr_t)WORD_BYTES,
                           .high = (uintptr_t)stack_high & -(uintptr_t)WORD_BYTES };
    for (int pages = 0; stack.low < stack.high && !can_read(stack.low); pages++) {
        stack.low = (stack.low | (PAGE_BYTES - 1)) + 1;
        if (pages == UNREADABLE_PAGES_MAX) stack.low = stack.high;
    }
    return stack;
}

/* Other functions' frames are read here, red zones of the sanitizer and all. */
__attribute__((noinline, no_sanitize("address"))) static uintptr_t word_at(uintptr_t address)
{
    return *(const volatile uintptr_t *)address; // NOLINT(performance-no-int-to-ptr)
}

static const uint8_t *code_at(uintptr_t address)
{
    return (const uint8_t *)address; // NOLINT(performance-no-int-to-ptr)
}

static bool is_return_address(uintptr_t address)
{
    const struct object *object = find_object(address - 1);
    return object != NULL && address - object->begin >= CALL_BYTES_MAX && follows_call(code_at(address));
}

/* A pair at fp, not below at. */
static bool is_pair(const struct stack *stack, uintptr_t at, uintptr_t fp)
{
    return fp % PAIR_ALIGN == 0 && fp >= at && fp < stack->high && stack->high - fp >= PAIR_BYTES &&
           is_return_address(strip(word_at(fp + WORD_BYTES)));
}

struct found {
    uintptr_t at, pair; /* the word at at points to the pair */
};

/* The chain is lost in code that uses the frame pointer register for something else. Such code saves the register
 * before it does so: somewhere above lies a word that points to the pair of the last function that kept frames. It
 * points upwards to a pair, which points upwards to a pair or into the first frame: three words in agreement, two of
 * them behind call instructions. Words that older calls left behind mostly point to pairs further out, where the stack
 * was as high before; so of all such words the one with the lowest pair counts, and of these the highest. A pair that
 * an older call left whole would tell a call too many; those further out are right all the same. */
static struct found find_pair(const struct stack *stack, uintptr_t at)
{
    struct found found = { .at = at, .pair = stack->high };
    for (; at < found.pair; at += WORD_BYTES) {
        uintptr_t fp = word_at(at);
        if (fp <= at || fp > found.pair || !is_pair(stack, at, fp)) continue;
        uintptr_t next = word_at(fp);
        if (next >= stack->high || (next > fp && is_pair(stack, fp + PAIR_BYTES, next)))
            found = (struct found){ .at = at, .pair = fp };
    }
    return found;
}

/* Code of the system hides its caller: pairs tell only who called that one. Its return address is the first one into
 * other code between what the system's code saved and the next pair. 0: none. */
static uintptr_t find_hidden_caller(struct found found)
{
    for (; found.at < found.pair; found.at += WORD_BYTES) {
        uintptr_t address = word_at(found.at);
        if (is_return_address(address) && keeps_frames(address - 1)) return address;
    }
    return 0;
}

/* Who called a function that has no pair (yet): a leaf, a function of the system, or none at all (a call through a null
 * pointer). 0: it has one. */
static uintptr_t find_leaf_caller(const struct registers *now, const struct stack *stack)
{
    /* Our own leaves have pairs there (-mno-omit-leaf-frame-pointer). */
    if (RETURNS_BY_LINK) return !keeps_frames(now->pc) && keeps_frames(now->link - 1) ? now->link : 0;
    uintptr_t address = stack->low < stack->high ? word_at(stack->low) : 0;
    return is_return_address(address) && can_lead_to(code_at(address), now->pc) ? address : 0;
}

/* -- walking ------------------------------------------------------------------------------------------------------- */

/* A return address may be that of the next line, and that of the next function when the call never returns. */
static void add_call(struct ps_frames *frames, uintptr_t return_address)
{
    if (return_address != 0 && frames->count < PS_FRAMES_MAX) frames->addresses[frames->count++] = return_address - 1;
}

void ps_frames_walk(const ucontext_t *context, const void *stack_high, struct ps_frames *out)
{
    struct registers now = read_registers(context);
    struct stack stack = find_stack(now.sp, stack_high);
    *out = (struct ps_frames){ .stack_pointer = now.sp, .count = 1, .addresses = { now.pc } };
    add_call(out, find_leaf_caller(&now, &stack));
    uintptr_t at = stack.low;
    uintptr_t fp = now.fp;
    while (at < stack.high && out->count < PS_FRAMES_MAX) {
        bool hidden = !keeps_frames(out->addresses[out->count - 1]);
        struct found found = { .at = at, .pair = fp };
        if (!is_pair(&stack, at, fp)) {
            if (!hidden && fp >= stack.high) return; /* the first frame's */
            found = find_pair(&stack, at);
        }
        if (hidden && !RETURNS_BY_LINK) add_call(out, find_hidden_caller(found));
        if (found.pair == stack.high) return;
        add_call(out, strip(word_at(found.pair + WORD_BYTES)));
        at = found.pair + PAIR_BYTES;
        fp = word_at(found.pair);
    }
}
