#include "lambda/unwind.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORD_BYTES = sizeof(uintptr_t) };

/* -- the machine --------------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)

enum { REGISTER_FP = 6, REGISTER_SP = 7, REGISTER_RETURN = 16, RETURNS_BY_LINK = 0 };

struct ps_unwind ps_unwind_begin(const ucontext_t *context)
{
    const greg_t *all = context->uc_mcontext.gregs;
    return (struct ps_unwind){
        .pc = (uintptr_t)all[REG_RIP], .sp = (uintptr_t)all[REG_RSP], .fp = (uintptr_t)all[REG_RBP], .interrupted = true
    };
}

static uintptr_t strip(uintptr_t address)
{
    return address;
}

#elif defined(__aarch64__)

enum { REGISTER_FP = 29, REGISTER_SP = 31, REGISTER_RETURN = 30, RETURNS_BY_LINK = 1 };

/* Code built with pointer authentication signs return addresses in the bits above the 48 of an address. */
static uintptr_t strip(uintptr_t address)
{
    return address & ((UINT64_C(1) << 48) - 1);
}

struct ps_unwind ps_unwind_begin(const ucontext_t *context)
{
    const mcontext_t *all = &context->uc_mcontext;
    return (struct ps_unwind){
        .pc = all->pc, .sp = all->sp, .fp = all->regs[29], .link = strip(all->regs[30]), .interrupted = true
    };
}

#else
#error "which registers does this machine have, and how does .eh_frame number them?"
#endif

/* -- the stack ----------------------------------------------------------------------------------------------------- */

/* Other functions' frames are read here, red zones of the sanitizer and all. */
__attribute__((noinline, no_sanitize("address"))) static uintptr_t word_at(uintptr_t address)
{
    return *(const volatile uintptr_t *)address; // NOLINT(performance-no-int-to-ptr)
}

/* A crash may have left any stack pointer behind. rt_sigprocmask copies the set in before it looks at its first
 * argument, which is no operation here: it answers EFAULT or EINVAL, and changes nothing. */
static bool can_read(uintptr_t address)
{
    enum { NO_OPERATION = -1, KERNEL_SET_BYTES = 8 };
    return syscall(SYS_rt_sigprocmask, NO_OPERATION, address, NULL, KERNEL_SET_BYTES) == -1 && errno == EINVAL;
}

static bool read_word(struct ps_unwind_stack stack, uintptr_t address, uintptr_t *out)
{
    if (address % WORD_BYTES != 0 || address < stack.low || address >= stack.high || !can_read(address)) return false;
    *out = word_at(address);
    return true;
}

/* -- tables -------------------------------------------------------------------------------------------------------- */

struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static uint64_t take(struct reader *reader, size_t bytes)
{
    uint64_t value = 0;
    if ((size_t)(reader->end - reader->at) < bytes) {
        reader->failed = true;
        reader->at = reader->end;
        return 0;
    }
    memcpy(&value, reader->at, bytes); /* both machines are little-endian */
    reader->at += bytes;
    return value;
}

static uint64_t take_uleb(struct reader *reader)
{
    uint64_t value = 0;
    uint64_t byte = 0x80;
    for (unsigned shift = 0; byte >= 0x80 && shift < 63; shift += 7) {
        byte = take(reader, 1);
        value |= (byte & 0x7f) << shift;
    }
    return value;
}

static int64_t take_sleb(struct reader *reader)
{
    uint64_t value = 0;
    uint64_t byte = 0x80;
    unsigned shift = 0;
    for (; byte >= 0x80 && shift < 63; shift += 7) {
        byte = take(reader, 1);
        value |= (byte & 0x7f) << shift;
    }
    if ((byte & 0x40) != 0) value |= UINT64_MAX << shift;
    return (int64_t)value;
}

static void skip(struct reader *reader, uint64_t bytes)
{
    if ((uint64_t)(reader->end - reader->at) < bytes) reader->failed = true;
    reader->at = reader->failed ? reader->end : reader->at + bytes;
}

/* An entry of .eh_frame from behind its length; failed when it is of the 64-bit form, which nobody writes. */
static struct reader open_entry(const uint8_t *entry)
{
    struct reader reader = { .at = entry, .end = entry + 4 };
    uint64_t bytes = take(&reader, 4);
    reader.failed = bytes == 0 || bytes >= 0xfffffff0;
    reader.end = reader.failed ? reader.at : reader.at + bytes;
    return reader;
}

/* What is known of a function at one of its instructions: where its frame begins (the CFA), and where in it the frame
 * pointer and the return address were saved. */
struct rules {
    uint64_t cfa_register;
    int64_t cfa_offset;
    int64_t fp_offset, return_offset;
    bool cfa_known, fp_saved, return_saved;
};

enum { STATES_MAX = 4 }; /* compilers remember one, and restore it at once */

struct program {
    uint64_t code_align;
    int64_t data_align;
    uintptr_t at;     /* the instruction that the rules are for, by now */
    uintptr_t wanted; /* and the one they shall be for */
    struct rules now, first, states[STATES_MAX];
    unsigned states_count;
};

static void set_saved(struct rules *rules, uint64_t number, bool saved, int64_t offset)
{
    if (number == REGISTER_FP) {
        rules->fp_saved = saved;
        rules->fp_offset = offset;
    } else if (number == REGISTER_RETURN) {
        rules->return_saved = saved;
        rules->return_offset = offset;
    }
}

static void restore(struct program *program, uint64_t number)
{
    const struct rules *first = &program->first;
    if (number == REGISTER_FP) set_saved(&program->now, number, first->fp_saved, first->fp_offset);
    if (number == REGISTER_RETURN) set_saved(&program->now, number, first->return_saved, first->return_offset);
}

static void set_cfa(struct rules *rules, uint64_t number, int64_t offset)
{
    rules->cfa_known = true;
    rules->cfa_register = number;
    rules->cfa_offset = offset;
}

/* The instructions whose operand is not in their first byte. False: not one that is followed. */
static bool run_long(struct program *program, struct reader *reader, uint8_t code)
{
    enum {
        NOP = 0x00,
        ADVANCE_1 = 0x02,
        ADVANCE_2 = 0x03,
        ADVANCE_4 = 0x04,
        OFFSET_EXTENDED = 0x05,
        RESTORE_EXTENDED = 0x06,
        UNDEFINED = 0x07,
        SAME_VALUE = 0x08,
        REMEMBER = 0x0a,
        RECALL = 0x0b,
        DEF_CFA = 0x0c,
        DEF_CFA_REGISTER = 0x0d,
        DEF_CFA_OFFSET = 0x0e,
        DEF_CFA_EXPRESSION = 0x0f,
        EXPRESSION = 0x10,
        NEGATE_RETURN_STATE = 0x2d, /* aarch64: the return address is signed, or no longer: strip sees to both */
        ARGUMENTS_SIZE = 0x2e,
    };
    struct rules *now = &program->now;
    uint64_t number = 0;
    switch (code) {
    case NOP:
    case NEGATE_RETURN_STATE:
        return true;
    case ADVANCE_1:
    case ADVANCE_2:
    case ADVANCE_4:
        program->at += take(reader, (size_t)1 << (code - ADVANCE_1)) * program->code_align;
        return true;
    case OFFSET_EXTENDED:
        number = take_uleb(reader);
        set_saved(now, number, true, (int64_t)take_uleb(reader) * program->data_align);
        return true;
    case RESTORE_EXTENDED:
        restore(program, take_uleb(reader));
        return true;
    case UNDEFINED:
    case SAME_VALUE:
        set_saved(now, take_uleb(reader), false, 0);
        return true;
    case REMEMBER:
        if (program->states_count == STATES_MAX) return false;
        program->states[program->states_count++] = *now;
        return true;
    case RECALL:
        if (program->states_count == 0) return false;
        *now = program->states[--program->states_count];
        return true;
    case DEF_CFA:
        number = take_uleb(reader);
        set_cfa(now, number, (int64_t)take_uleb(reader));
        return true;
    case DEF_CFA_REGISTER:
        set_cfa(now, take_uleb(reader), now->cfa_offset);
        return true;
    case DEF_CFA_OFFSET:
        now->cfa_offset = (int64_t)take_uleb(reader);
        return true;
    case DEF_CFA_EXPRESSION:
        now->cfa_known = false;
        skip(reader, take_uleb(reader));
        return true;
    case EXPRESSION:
        number = take_uleb(reader);
        if (number == REGISTER_RETURN) return false;
        skip(reader, take_uleb(reader));
        return true;
    case ARGUMENTS_SIZE:
        (void)take_uleb(reader);
        return true;
    default:
        return false;
    }
}

/* Runs instructions until the wanted place. */
static bool run(struct program *program, struct reader *reader)
{
    enum { ADVANCE = 1, OFFSET = 2, RESTORE = 3 };
    while (reader->at < reader->end && program->at <= program->wanted) {
        uint8_t byte = (uint8_t)take(reader, 1);
        uint8_t operand = byte & 0x3f;
        if (byte >> 6 == ADVANCE)
            program->at += operand * program->code_align;
        else if (byte >> 6 == OFFSET)
            set_saved(&program->now, operand, true, (int64_t)take_uleb(reader) * program->data_align);
        else if (byte >> 6 == RESTORE)
            restore(program, operand);
        else if (!run_long(program, reader, operand))
            return false;
    }
    return !reader->failed;
}

/* The entry of the function that pc is in, by binary search; NULL: none. In the one form that linkers write: a pointer
 * of 4 bytes, a count of 4 bytes, and pairs of 4 bytes each from the header. */
static const uint8_t *find_function(struct ps_span header, uintptr_t pc, uintptr_t *begin)
{
    static const uint8_t FORM[4] = { 1, 0x1b, 0x03, 0x3b };
    enum { PAIRS_AT = 12, PAIR_BYTES = 8 };
    if (header.len < PAIRS_AT || memcmp(header.data, FORM, sizeof FORM) != 0) return NULL;
    uint32_t count = 0;
    memcpy(&count, header.data + 8, sizeof count);
    if (count > (header.len - PAIRS_AT) / PAIR_BYTES) return NULL;
    const uint8_t *entry = NULL;
    for (size_t low = 0, high = count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int32_t pair[2];
        memcpy(pair, header.data + PAIRS_AT + middle * PAIR_BYTES, sizeof pair);
        uintptr_t at = (uintptr_t)header.data + (uintptr_t)pair[0];
        if (at <= pc) {
            *begin = at;
            entry = (const uint8_t *)header.data + pair[1];
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return entry;
}

/* Reads a common entry up to its instructions. */
static bool open_common(const uint8_t *entry, struct program *program, struct reader *reader)
{
    *reader = open_entry(entry);
    uint64_t id = take(reader, 4);
    uint64_t version = take(reader, 1);
    bool sized = reader->at < reader->end && *reader->at == 'z';
    while (reader->at < reader->end && take(reader, 1) != 0)
        ;
    program->code_align = take_uleb(reader);
    program->data_align = take_sleb(reader);
    uint64_t return_register = take_uleb(reader); /* one byte in version 1, the same below 128 */
    if (id != 0 || (version != 1 && version != 3) || !sized || return_register != REGISTER_RETURN) return false;
    skip(reader, take_uleb(reader));
    return !reader->failed;
}

/* What holds at pc, by the tables. */
static bool find_rules(struct ps_span header, uintptr_t pc, struct rules *out)
{
    uintptr_t begin = 0;
    const uint8_t *entry = find_function(header, pc, &begin);
    if (entry == NULL) return false;
    struct reader reader = open_entry(entry);
    const uint8_t *common_base = reader.at;
    uint64_t common_offset = take(&reader, 4);
    /* The beginning is told once more, as an offset from here: the form is the expected one if they agree. */
    uintptr_t here = (uintptr_t)reader.at;
    uintptr_t same_begin = here + (uintptr_t)(int32_t)take(&reader, 4);
    uint64_t bytes = take(&reader, 4);
    if (reader.failed || common_offset == 0 || same_begin != begin || pc - begin >= bytes) return false;
    skip(&reader, take_uleb(&reader));
    struct program program = { .wanted = UINTPTR_MAX };
    struct reader common;
    if (!open_common(common_base - common_offset, &program, &common) || !run(&program, &common)) return false;
    program.first = program.now;
    program.at = begin;
    program.wanted = pc;
    if (!run(&program, &reader) || !program.now.cfa_known) return false;
    *out = program.now;
    return true;
}

/* -- steps --------------------------------------------------------------------------------------------------------- */

static bool step_by_rules(struct ps_unwind *unwind, const struct rules *rules, struct ps_unwind_stack stack)
{
    if (rules->cfa_register != REGISTER_SP && rules->cfa_register != REGISTER_FP) return false;
    uintptr_t cfa = (rules->cfa_register == REGISTER_SP ? unwind->sp : unwind->fp) + (uintptr_t)rules->cfa_offset;
    struct ps_unwind caller = { .pc = unwind->link, .sp = cfa, .fp = unwind->fp };
    if (rules->return_saved && !read_word(stack, cfa + (uintptr_t)rules->return_offset, &caller.pc)) return false;
    if (rules->fp_saved && !read_word(stack, cfa + (uintptr_t)rules->fp_offset, &caller.fp)) return false;
    /* Only an interrupted leaf may have no frame. */
    if (cfa < unwind->sp || (cfa == unwind->sp && !unwind->interrupted)) return false;
    caller.pc = strip(caller.pc);
    *unwind = caller;
    return true;
}

/* The caller's frame pointer and the return address lie where the frame pointer points. */
static bool step_by_frame_pointer(struct ps_unwind *unwind, struct ps_unwind_stack stack)
{
    struct ps_unwind caller = { .sp = unwind->fp + 2 * WORD_BYTES };
    if (unwind->fp < unwind->sp || !read_word(stack, unwind->fp, &caller.fp) ||
        !read_word(stack, unwind->fp + WORD_BYTES, &caller.pc))
        return false;
    caller.pc = strip(caller.pc);
    *unwind = caller;
    return true;
}

bool ps_unwind_step(struct ps_unwind *unwind, struct ps_span header, struct ps_unwind_stack stack)
{
    /* A call may be the last instruction of its function: what it returns to is the next one's then. */
    uintptr_t pc = unwind->interrupted ? unwind->pc : unwind->pc - 1;
    struct rules rules;
    if (find_rules(header, pc, &rules)) return step_by_rules(unwind, &rules, stack);
    return step_by_frame_pointer(unwind, stack);
}

bool ps_unwind_step_nowhere(struct ps_unwind *unwind, struct ps_unwind_stack stack)
{
    struct ps_unwind caller = { .pc = unwind->link, .sp = unwind->sp, .fp = unwind->fp };
    if (!RETURNS_BY_LINK) {
        if (!read_word(stack, unwind->sp, &caller.pc)) return false;
        caller.sp += WORD_BYTES;
    }
    *unwind = caller;
    return true;
}
