/* The answer that a crash gets. A fatal signal (SEGV, BUS, FPE, ILL, TRAP, ABRT, stack overflow) is told to the caller
 * of the invocation in hand with its reason and the frames that led to it, logged as one line, and then raised again,
 * so that Lambda sees the process end as it would have.
 *
 * The signal handler uses what was prepared before and calls only what is safe in a signal handler: it builds the
 * answer in memory of its own, opens a fresh socket, and gives connecting, writing and the reply one second in all. It
 * says nothing once a response has begun. Frames are lambda/frames.h's, whose ps_frames_note_objects must have been
 * called. Only the first thread that crashes is told; a crash while it is told ends the process at once.
 * Nothing else in the runtime knows how a crash is answered. */
#ifndef PS_CRASH_H
#define PS_CRASH_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define PS_CRASH_ERROR_TYPE "Runtime.Crash"

/* What the signal handler needs of one thread. It lives as long as the thread; only the thread itself writes it. */
struct ps_crash {
    struct sockaddr_in address; /* of the Runtime API */
    int log_fd;
    pid_t pid;                 /* set by ps_crash_enter: a child that a handler has forked has nobody to answer */
    const void *stack_high;    /* set by ps_crash_enter */
    struct ps_span service;    /* the function's name, for the log line, as in all others; may be empty */
    struct ps_span request_id; /* likewise */
    const char *head;          /* of the request, up to and with "Content-Length: "; at most 4 KiB */
    _Atomic size_t head_bytes; /* 0: there is nobody to answer */
};

/* Once per process: takes the signals. */
PS_MUST_USE enum ps_err ps_crash_install(void);

/* For the calling thread: an alternate signal stack on process, and crash as what the handler finds, its address and
 * log_fd set. stack_high is an address in the thread's first frame (a variable there): frames lie below it. Both must
 * outlive the thread. */
PS_MUST_USE enum ps_err ps_crash_enter(struct ps_crash *crash, struct ps_arena *process, const void *stack_high);

/* Before the thread ends. */
void ps_crash_leave(void);

/* From now on a crash is answered with this head, which must stay until disarm, and the
 * request id until rest. */
static inline void ps_crash_arm(struct ps_crash *crash, struct ps_span head, struct ps_span request_id)
{
    crash->head = head.data;
    crash->request_id = request_id;
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&crash->head_bytes, head.len, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

/* A response begins: from now on a crash is only logged. */
static inline void ps_crash_disarm(struct ps_crash *crash)
{
    atomic_store_explicit(&crash->head_bytes, 0, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

/* Nothing is in hand any more: the request id may go too. */
static inline void ps_crash_rest(struct ps_crash *crash)
{
    ps_crash_disarm(crash);
    crash->request_id = ps_span_make(NULL, 0);
}

#endif
