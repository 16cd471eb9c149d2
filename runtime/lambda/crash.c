#include "lambda/crash.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/json_write.h"
#include "base/time.h"
#include "host/clock.h"
#include "lambda/frames.h"

enum {
    ANSWER_US_MAX = 1000000, /* the process is dying, and its caller waits */
    /* The kernel puts the registers there, 11 KiB of them with AMX; what is built lies elsewhere. */
    SIGNAL_STACK_BYTES = 64 << 10,
    REASON_BYTES_MAX = 1 << 10, /* an assertion's last words and some more */
    /* 32 frames of at most 70 bytes, a reason and a request id of 1 KiB, either escaped. */
    JSON_BYTES_MAX = 12 << 10,
    REQUEST_BYTES_MAX = JSON_BYTES_MAX + (4 << 10) + 32,
    STACK_STEP_BYTES = 4096, /* how far below its stack pointer code may write: less than this */
};

static const struct fatal {
    int number;
    struct ps_span name;
} FATALS[] = {
    { SIGSEGV, PS_SPAN_INIT("SIGSEGV") }, { SIGBUS, PS_SPAN_INIT("SIGBUS") },   { SIGFPE, PS_SPAN_INIT("SIGFPE") },
    { SIGILL, PS_SPAN_INIT("SIGILL") },   { SIGTRAP, PS_SPAN_INIT("SIGTRAP") }, /* how __builtin_trap ends on aarch64 */
    { SIGABRT, PS_SPAN_INIT("SIGABRT") },
};

enum { FATALS_COUNT = sizeof FATALS / sizeof FATALS[0] };

/* A thread that never entered is logged all the same. */
static struct ps_crash nobody = { .log_fd = STDERR_FILENO };

/* The model makes it an offset from the thread's pointer: another could allocate at the first use. */
static _Thread_local struct ps_crash *mine __attribute__((tls_model("initial-exec"))) = &nobody;

/* -- what is told -------------------------------------------------------------------------------------------------- */

static bool is_memory_fault(int number, const siginfo_t *info)
{
    /* Not for signals that were sent, and not where the kernel does not know the address. */
    return (number == SIGSEGV || number == SIGBUS) && info->si_code > 0 && info->si_code != SI_KERNEL;
}

/* What lies between the stack pointer and the first frame is stack, and can only be out of reach when the stack has
 * come to its end. */
static bool is_stack_overflow(const siginfo_t *info, const struct ps_frames *frames)
{
    uintptr_t at = (uintptr_t)info->si_addr;
    return at >= frames->stack_pointer - STACK_STEP_BYTES && at < (uintptr_t)mine->stack_high;
}

static void put_signal(struct ps_buf *reason, int number)
{
    for (size_t i = 0; i < FATALS_COUNT; i++) {
        if (FATALS[i].number == number) ps_buf_put(reason, FATALS[i].name);
    }
}

/* "SIGSEGV at address 0x10 in echo.so+0x1139" */
static void put_reason(struct ps_buf *reason, int number, const siginfo_t *info, const struct ps_frames *frames)
{
    struct ps_span last_words = ps_span_of(ps_assert_last_words());
    if (last_words.len > 0) {
        ps_buf_put(reason, last_words);
        return;
    }
    bool has_address = is_memory_fault(number, info);
    if (has_address && is_stack_overflow(info, frames)) ps_buf_put(reason, PS_SPAN("stack overflow, "));
    put_signal(reason, number);
    if (has_address) {
        ps_buf_put(reason, PS_SPAN(" at address "));
        ps_frames_put(reason, (uintptr_t)info->si_addr);
    }
    /* A call to nowhere: only its caller can be told. */
    bool nowhere = !ps_frames_in_object(frames->addresses[0]) && frames->count > 1;
    ps_buf_put(reason, nowhere ? PS_SPAN(", called from ") : PS_SPAN(" in "));
    ps_frames_put(reason, frames->addresses[nowhere]);
}

/* What both the answer and the log line end with. */
static void put_end(struct ps_json_writer *json, struct ps_span reason, const struct ps_frames *frames)
{
    ps_json_write_member(json, PS_SPAN("errorMessage"), reason);
    ps_json_write_member(json, PS_SPAN("errorType"), PS_SPAN(PS_CRASH_ERROR_TYPE));
    ps_json_write_key(json, PS_SPAN("stackTrace"));
    ps_json_write_array_begin(json);
    for (size_t i = 0; i < frames->count; i++) {
        char memory[PS_FRAMES_TEXT_BYTES_MAX];
        struct ps_buf frame;
        ps_buf_init_fixed(&frame, memory, sizeof memory);
        ps_frames_put(&frame, frames->addresses[i]);
        ps_json_write_string(json, ps_buf_span(&frame));
    }
    ps_json_write_array_end(json);
    ps_json_write_object_end(json);
}

static void write_log_line(struct ps_span reason, const struct ps_frames *frames)
{
    static char memory[JSON_BYTES_MAX];
    struct ps_buf line;
    ps_buf_init_fixed(&line, memory, sizeof memory);
    struct ps_json_writer json;
    ps_json_write_init(&json, &line);
    ps_json_write_object_begin(&json);
    char timestamp[PS_TIME_ISO_BYTES];
    ps_time_iso(ps_clock_now_ms(), timestamp);
    ps_json_write_member(&json, PS_SPAN("timestamp"), ps_span_make(timestamp, sizeof timestamp));
    ps_json_write_member(&json, PS_SPAN("level"), PS_SPAN("FATAL"));
    ps_json_write_member(&json, PS_SPAN("message"), PS_SPAN("crashed"));
    if (mine->service.len > 0) ps_json_write_member(&json, PS_SPAN("service"), mine->service);
    if (mine->request_id.len > 0) ps_json_write_member(&json, PS_SPAN("requestId"), mine->request_id);
    put_end(&json, reason, frames);
    ps_buf_byte(&line, '\n');
    /* What does not fit at once is lost: nobody is left to wait for it. */
    if (line.err == PS_OK && write(mine->log_fd, line.data, line.len) < 0) return;
}

/* -- the answer ---------------------------------------------------------------------------------------------------- */

static struct ps_span make_body(struct ps_span reason, const struct ps_frames *frames)
{
    static char memory[JSON_BYTES_MAX];
    struct ps_buf body;
    ps_buf_init_fixed(&body, memory, sizeof memory);
    struct ps_json_writer json;
    ps_json_write_init(&json, &body);
    ps_json_write_object_begin(&json);
    put_end(&json, reason, frames);
    return body.err == PS_OK ? ps_buf_span(&body) : PS_SPAN("{}");
}

/* Empty when it is too large, which it is not while the head keeps to its limit. */
static struct ps_span make_request(struct ps_span head, struct ps_span body)
{
    static char memory[REQUEST_BYTES_MAX];
    struct ps_buf request;
    ps_buf_init_fixed(&request, memory, sizeof memory);
    ps_buf_put(&request, head);
    ps_buf_u64(&request, body.len);
    ps_buf_put(&request, PS_SPAN("\r\n\r\n"));
    ps_buf_put(&request, body);
    return request.err == PS_OK ? ps_buf_span(&request) : PS_SPAN("");
}

static bool wait_for(int fd, short events, uint64_t end_us)
{
    uint64_t now_us = ps_clock_monotonic_us();
    if (now_us >= end_us) return false;
    struct pollfd poll_fd = { .fd = fd, .events = events };
    return poll(&poll_fd, 1, (int)((end_us - now_us + 999) / 1000)) > 0;
}

/* A socket that is still connecting takes nothing for now, like a full one. */
static bool send_until(int fd, struct ps_span rest, uint64_t end_us)
{
    while (rest.len > 0) {
        ssize_t sent = send(fd, rest.data, rest.len, MSG_NOSIGNAL);
        if (sent >= 0)
            rest = ps_span_from(rest, (size_t)sent);
        else if (errno != EAGAIN || !wait_for(fd, POLLOUT, end_us))
            return false;
    }
    return true;
}

/* The process ends when this returns, and Lambda may look at that first: so its reply is waited for. What it is does
 * not matter. */
static void post(struct ps_span request)
{
    uint64_t end_us = ps_clock_monotonic_us() + ANSWER_US_MAX;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    bool begun =
        connect(fd, (const struct sockaddr *)&mine->address, sizeof mine->address) == 0 || errno == EINPROGRESS;
    char reply[256];
    if (begun && send_until(fd, request, end_us) && wait_for(fd, POLLIN, end_us))
        (void)recv(fd, reply, sizeof reply, 0);
    (void)close(fd);
}

/* -- the handler --------------------------------------------------------------------------------------------------- */

static void tell(int number, const siginfo_t *info, const ucontext_t *context)
{
    struct ps_frames frames;
    ps_frames_walk(context, mine->stack_high, &frames);
    char memory[REASON_BYTES_MAX];
    struct ps_buf reason;
    ps_buf_init_fixed(&reason, memory, sizeof memory);
    put_reason(&reason, number, info, &frames);
    /* First: Lambda may freeze the process as soon as it has an answer. */
    write_log_line(ps_buf_span(&reason), &frames);
    struct ps_span head = ps_span_make(mine->head, atomic_load_explicit(&mine->head_bytes, memory_order_relaxed));
    if (head.len == 0 || mine->pid != getpid()) return;
    struct ps_span request = make_request(head, make_body(ps_buf_span(&reason), &frames));
    if (request.len > 0) post(request);
}

/* Runs with all signals blocked: a fault in here ends the process at once. */
static void on_crash(int number, siginfo_t *info, void *context)
{
    int own_errno = errno;
    static atomic_int teller;
    int first = 0;
    int self = gettid();
    if (atomic_compare_exchange_strong(&teller, &first, self)) {
        tell(number, info, context);
    } else if (first != self) {
        /* Another thread is telling, and will end the process. */
        for (;;)
            (void)pause();
    }
    struct sigaction by_default = { .sa_handler = SIG_DFL };
    (void)sigaction(number, &by_default, NULL);
    errno = own_errno; /* as a core file should have it */
    (void)raise(number);
}

enum ps_err ps_crash_install(void)
{
    struct sigaction action = { .sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    (void)sigfillset(&action.sa_mask);
    for (size_t i = 0; i < FATALS_COUNT; i++) {
        if (sigaction(FATALS[i].number, &action, NULL) != 0)
            PS_FAIL(PS_ERR_SYSTEM, "sigaction: %s", strerrordesc_np(errno));
    }
    return PS_OK;
}

enum ps_err ps_crash_enter(struct ps_crash *crash, struct ps_arena *process, const void *stack_high)
{
    stack_t stack = { .ss_sp = ps_arena_alloc(process, SIGNAL_STACK_BYTES, 16), .ss_size = SIGNAL_STACK_BYTES };
    if (stack.ss_sp == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "signal stack of %d bytes", SIGNAL_STACK_BYTES);
    if (sigaltstack(&stack, NULL) != 0) PS_FAIL(PS_ERR_SYSTEM, "sigaltstack: %s", strerrordesc_np(errno));
    crash->stack_high = stack_high;
    crash->pid = getpid();
    mine = crash;
    return PS_OK;
}

void ps_crash_leave(void)
{
    stack_t none = { .ss_flags = SS_DISABLE };
    (void)sigaltstack(&none, NULL);
    mine = &nobody;
}
