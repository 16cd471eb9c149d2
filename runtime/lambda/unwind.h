/* One call further out: what the registers were in the caller of a function, by the unwind tables that compilers put
 * into every object (.eh_frame), or by the frame pointer where the tables say nothing.
 *
 * Formats: Linux Standard Base Core 5.0, section 10.6 (.eh_frame, .eh_frame_hdr); DWARF 4, section 6.4.2 (call frame
 * instructions); register numbers from the System V ABI for AMD64, figure 3.36, and DWARF for AArch64, section 4.1.
 * Only what says where the frame, the frame pointer and the return address are is followed, and no expressions: those
 * occur where a stack is realigned, and there the frame pointer serves. Tables are the process's own and trusted; what
 * lies on the stack is not: nothing outside low..high is read. Safe in a signal handler. */
#ifndef PS_UNWIND_H
#define PS_UNWIND_H

#include <ucontext.h>

#include "base/span.h"

/* What may be read of a thread's stack, if it can be. */
struct ps_unwind_stack {
    uintptr_t low, high;
};

struct ps_unwind {
    uintptr_t pc, sp, fp;
    uintptr_t link;   /* the return address, on machines that keep it in a register */
    bool interrupted; /* pc is what was to run next; else what a call returns to */
};

struct ps_unwind ps_unwind_begin(const ucontext_t *context);

/* Goes to the caller. header is the .eh_frame_hdr of the object that pc is in; empty: it has none. False at the end of
 * the stack, or where the caller cannot be found. */
bool ps_unwind_step(struct ps_unwind *unwind, struct ps_span header, struct ps_unwind_stack stack);

/* The same when pc is no code at all, but a call to nowhere: nothing has happened since. */
bool ps_unwind_step_nowhere(struct ps_unwind *unwind, struct ps_unwind_stack stack);

#endif
