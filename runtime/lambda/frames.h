/* Which calls led to a crash: addresses on a thread's stack, told as "<object>+0x<offset>" for addr2line.
 *
 * Walking and printing are safe in a signal handler: they allocate nothing, take no lock, and read nothing of the stack
 * outside the thread's own. Which objects lie where cannot be asked there, so it is noted ahead, in memory of this
 * file. glibc's backtrace() is never used: it loads a library and allocates. */
#ifndef PS_FRAMES_H
#define PS_FRAMES_H

#include <ucontext.h>

#include "base/buf.h"

/* The innermost calls are the ones that tell; more would be the same function again in a stack overflow. */
enum {
    PS_FRAMES_MAX = 32,
    PS_FRAMES_TEXT_BYTES_MAX = 72, /* a name cut at 48 bytes, and an offset */
};

struct ps_frames {
    uintptr_t stack_pointer;
    size_t count;
    /* Innermost first. The first is where it happened, the others lie inside the call that did not return. */
    uintptr_t addresses[PS_FRAMES_MAX];
};

/* Notes the objects of the process, for walking and printing; again whenever one has been loaded. Not safe in a signal
 * handler, and not from two threads at once. */
void ps_frames_note_objects(void);

/* stack_high is an address in the thread's first frame; NULL when it is not known: then only the place itself is told.
 */
void ps_frames_walk(const ucontext_t *context, const void *stack_high, struct ps_frames *out);

bool ps_frames_in_object(uintptr_t address);

/* "echo.so+0x1139", or "0x10" when it is in no object. The program itself is "bootstrap". No byte needs escaping. */
void ps_frames_put(struct ps_buf *buf, uintptr_t address);

#endif
