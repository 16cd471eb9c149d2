#include "lambda/crash.h"

#include <arpa/inet.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "host/clock.h"
#include "lambda/frames.h"
#include "support/captured.h"
#include "support/check.h"
#include "support/fake_lambda.h"

enum {
    WAIT_MS_MAX = 10000,
    HEAD_BYTES_MAX = 512,
    FUNCTION_BYTES_MAX = 1024, /* of those below, with sanitizers */
};

/* -- crashes ------------------------------------------------------------------------------------------------------- */

/* The sanitizer would tell of the crash itself, before the signal. */
#define CRASHES __attribute__((noinline, no_sanitize("address", "undefined")))

/* Something to do after each call, a different thing each time: calls in tail position and functions of equal code
 * would leave no frame of their own. */
static volatile int done;
static volatile int zero;
static void *volatile nowhere;
static char *volatile low_address = (char *)0x10;

CRASHES static void write_low(void)
{
    *low_address = 1;
    done = 1;
}

CRASHES static void read_cut_file(void)
{
    int fd = captured_open();
    if (ftruncate(fd, 4096) != 0) _exit(1);
    const volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (ftruncate(fd, 0) != 0) _exit(1);
    done = page[0];
}

CRASHES static void divide(void)
{
#ifdef __x86_64__
    done = 1000 / zero;
#else
    (void)raise(SIGFPE); /* other machines divide by zero without a fault */
    done = 2;
#endif
}

CRASHES static void trap(void)
{
    __builtin_trap();
}

CRASHES static void call_abort(void)
{
    abort();
}

CRASHES static void break_promise(void)
{
    PS_ASSERT(zero == 1 && "a \"quoted\" word");
    done = 5;
}

CRASHES static void call_nowhere(void)
{
    void (*function)(void);
    void *address = nowhere;
    memcpy(&function, &address, sizeof function);
    function();
    done = 6;
}

CRASHES static void read_in_libc(void)
{
    char *address = low_address;
    done = (int)strtol(address, NULL, 10);
    done = 7;
}

CRASHES static int recurse(int depth)
{
    volatile char frame[1000];
    frame[0] = (char)depth;
    int below = depth < INT32_MAX ? recurse(depth + 1) : 0;
    return below + frame[0];
}

CRASHES static void overflow(void)
{
    done = recurse(0);
}

/* Overwrites both pointers to the stack: from then on nothing of it can be read. */
CRASHES static void lose_stack(void)
{
#if defined(__x86_64__)
    __asm__ volatile("mov $16, %rbp\n\tmov $16, %rsp\n\tpush %rax");
#else
    __asm__ volatile("mov x29, #16\n\tmov sp, x29\n\tstr x0, [sp]");
#endif
}

CRASHES static int compare(const void *a, const void *b)
{
    (void)a;
    *low_address = *(const char *)b;
    return done;
}

CRASHES static void sort(void)
{
    char letters[] = "penstock";
    qsort(letters, sizeof letters - 1, 1, compare);
    done = letters[0];
}

typedef void function(void);
static function *volatile crash_now;

CRASHES static void inner(void)
{
    crash_now();
    done = 8;
}

CRASHES static void outer(void)
{
    inner();
    done = 9;
}

/* -- the process that crashes -------------------------------------------------------------------------------------- */

struct scene {
    struct fake_lambda *fake; /* in the parent */
    struct sockaddr_in address;
    int log_fd;
    int status; /* of the process, as wait gives it */
};

static struct scene open_scene(void)
{
    struct scene scene = { .fake = fake_lambda_start(), .log_fd = captured_open() };
    struct ps_span port = ps_span_of(fake_lambda_address(scene.fake));
    uint64_t number = 0;
    bool more = false;
    (void)ps_span_split(&port, ':', &more);
    CHECK(ps_span_to_u64(port, &number));
    scene.address = (struct sockaddr_in){ .sin_family = AF_INET,
                                          .sin_port = htons((uint16_t)number),
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return scene;
}

static void close_scene(struct scene *scene)
{
    fake_lambda_stop(scene->fake);
    close(scene->log_fd);
}

static struct ps_span make_head(const char *request_id, char out[HEAD_BYTES_MAX])
{
    struct ps_buf head;
    ps_buf_init_fixed(&head, out, HEAD_BYTES_MAX);
    ps_buf_printf(&head,
                  "POST /2018-06-01/runtime/invocation/%s/error HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                  "Lambda-Runtime-Function-Error-Type: " PS_CRASH_ERROR_TYPE
                  "\r\nConnection: close\r\nContent-Length: ",
                  request_id);
    return ps_buf_span(&head);
}

/* In the child: one thread with something in hand. */
struct thread {
    struct ps_crash crash;
    struct ps_arena arena;
    char head[HEAD_BYTES_MAX];
};

static void enter(struct thread *thread, const struct scene *scene, const void *stack_high, const char *request_id)
{
    thread->arena = check_arena(1 << 20);
    thread->crash.address = scene->address;
    thread->crash.log_fd = scene->log_fd;
    thread->crash.service = PS_SPAN("crash");
    if (ps_crash_enter(&thread->crash, &thread->arena, stack_high) != PS_OK) _exit(1);
    ps_crash_arm(&thread->crash, make_head(request_id, thread->head), ps_span_of(request_id));
}

static void install(void)
{
    if (ps_crash_install() != PS_OK) _exit(1);
    ps_frames_note_objects();
}

typedef void child(const struct scene *scene);

static void run(struct scene *scene, child *act)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        /* Whoever else would write a line, writes it there. */
        if (dup2(scene->log_fd, STDERR_FILENO) < 0) _exit(1);
        install();
        act(scene);
        _exit(0);
    }
    CHECK(pid > 0 && waitpid(pid, &scene->status, 0) == pid);
}

static void crash_armed(const struct scene *scene)
{
    struct thread thread = { 0 };
    enter(&thread, scene, __builtin_frame_address(0), "request-7");
    outer();
}

/* -- what it said -------------------------------------------------------------------------------------------------- */

struct told {
    char *text; /* on the heap */
    struct ps_span json;
    struct ps_span reason;
    struct ps_span frames[PS_FRAMES_MAX];
    size_t frames_count;
};

static struct ps_span member(struct ps_span json, const char *name, struct ps_span *raw)
{
    struct ps_json_token value = { 0 };
    bool found = false;
    CHECK_OK(ps_json_read_member(json, ps_span_of(name), &value, raw, &found));
    return found ? value.text : PS_SPAN("none");
}

static void read_told(struct told *told, struct ps_span json)
{
    struct ps_span raw = { NULL, 0 };
    *told = (struct told){ .json = json };
    CHECK_OK(ps_json_read_check(json));
    CHECK_TEXT(member(json, "errorType", NULL), PS_CRASH_ERROR_TYPE);
    told->reason = member(json, "errorMessage", NULL);
    (void)member(json, "stackTrace", &raw);
    struct ps_json_reader reader;
    struct ps_json_token token = { 0 };
    ps_json_read_init(&reader, raw);
    while (ps_json_read_next(&reader, &token) == PS_OK && token.kind != PS_JSON_END) {
        if (token.kind == PS_JSON_STRING && CHECK(told->frames_count < PS_FRAMES_MAX))
            told->frames[told->frames_count++] = token.text;
    }
}

/* qemu-user says with a line of its own that the process has crashed, behind what the process said. */
static struct ps_span without_emulator(struct ps_span log)
{
    struct ps_span line = PS_SPAN("qemu: uncaught target signal ");
    ptrdiff_t end = ps_span_find_byte(log, '\n');
    bool emulated = end >= 0 && ps_span_starts(ps_span_from(log, (size_t)end + 1), line);
    return emulated ? ps_span_first(log, (size_t)end + 1) : log;
}

/* The one log line; told->text is to be freed. */
static void read_log(const struct scene *scene, struct told *told)
{
    size_t len = 0;
    char *text = captured_text(scene->log_fd, &len);
    struct ps_span line = without_emulator(ps_span_make(text, len));
    CHECK_EQ(ps_span_find_byte(line, '\n'), (ptrdiff_t)line.len - 1);
    read_told(told, line);
    told->text = text;
    CHECK_TEXT(member(line, "level", NULL), "FATAL");
    CHECK_TEXT(member(line, "message", NULL), "crashed");
}

static int note_base(struct dl_phdr_info *info, size_t bytes, void *base)
{
    (void)bytes;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1;
}

/* The function that a frame lies in; NULL: another one. */
static function *find_function(struct ps_span frame)
{
    static function *const ALL[] = {
        write_low, read_cut_file, divide, trap,  call_abort, break_promise,       call_nowhere,       read_in_libc,
        overflow,  lose_stack,    sort,   inner, outer,      (function *)recurse, (function *)compare
    };
    uintptr_t base = 0;
    (void)dl_iterate_phdr(note_base, &base);
    struct ps_span prefix = PS_SPAN("bootstrap+0x");
    if (!ps_span_starts(frame, prefix)) return NULL;
    char digits[32] = { 0 };
    memcpy(digits, frame.data + prefix.len, ps_span_first(ps_span_from(frame, prefix.len), sizeof digits - 1).len);
    uintptr_t address = base + strtoull(digits, NULL, 16);
    function *found = NULL;
    for (size_t i = 0; i < sizeof ALL / sizeof ALL[0]; i++) {
        uintptr_t begin = (uintptr_t)ALL[i];
        if (begin <= address && address - begin < FUNCTION_BYTES_MAX && begin > (uintptr_t)found) found = ALL[i];
    }
    return found;
}

/* Which frame is the crashing function's; PS_SPAN_NONE when those of its callers do not follow it, up to the thread's
 * first, or when frames of this program come before it. */
static ptrdiff_t find_crash(const struct told *told, function *crash)
{
    size_t at = 0;
    while (at < told->frames_count && !ps_span_starts(told->frames[at], PS_SPAN("bootstrap+0x")))
        at++;
    if (ps_span_starts(told->reason, PS_SPAN("assertion failed: "))) at++; /* ps_assert_failed */
    bool ok = told->frames_count == at + 4 && find_function(told->frames[at]) == crash &&
              find_function(told->frames[at + 1]) == inner && find_function(told->frames[at + 2]) == outer;
    return ok ? (ptrdiff_t)at : PS_SPAN_NONE;
}

static void show(const struct told *told)
{
    printf("# %.*s\n", (int)told->json.len, told->json.data);
}

/* What was told of the crash in a scene, to the caller and in the log alike; told->text is to be freed. */
static void check_told(struct scene *scene, int number, const char *request_id, struct told *told)
{
    CHECK(WIFSIGNALED(scene->status));
    CHECK_EQ(WTERMSIG(scene->status), number);
    read_log(scene, told);
    CHECK_TEXT(member(told->json, "requestId", NULL), request_id);
    CHECK_TEXT(member(told->json, "service", NULL), "crash");
    CHECK_EQ(fake_lambda_posts(scene->fake), 1);
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS_MAX);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_ERROR);
    CHECK_TEXT(post->request_id, request_id);
    CHECK_TEXT(post->error_type, PS_CRASH_ERROR_TYPE);
    struct told answer;
    read_told(&answer, post->body);
    CHECK_SPAN(answer.reason, told->reason);
    CHECK_EQ(answer.frames_count, told->frames_count);
    for (size_t i = 0; i < answer.frames_count; i++)
        CHECK_SPAN(answer.frames[i], told->frames[i]);
}

/* Runs a crash with an invocation in hand. begin is how the reason begins; behind is whether the crash happens in code
 * that the crashing function has called. */
static void check_crash(function *crash, int number, const char *begin, bool behind)
{
    struct scene scene = open_scene();
    crash_now = crash;
    run(&scene, crash_armed);
    struct told told;
    check_told(&scene, number, "request-7", &told);
    bool ok = CHECK(ps_span_starts(told.reason, ps_span_of(begin)));
    ptrdiff_t frame = find_crash(&told, crash);
    if (!CHECK(behind ? frame > 0 : frame == 0) || !ok) show(&told);
    free(told.text);
    close_scene(&scene);
}

/* -- tests --------------------------------------------------------------------------------------------------------- */

static void a_bad_address_is_told_with_the_frames_in_order(void)
{
    check_crash(write_low, SIGSEGV, "SIGSEGV at address 0x10 in bootstrap+0x", false);
}

static void a_cut_file_is_told(void)
{
    check_crash(read_cut_file, SIGBUS, "SIGBUS at address 0x", false);
}

static void a_division_by_zero_is_told(void)
{
#ifdef __x86_64__
    check_crash(divide, SIGFPE, "SIGFPE in bootstrap+0x", false);
#else
    check_crash(divide, SIGFPE, "SIGFPE in libc.so.6+0x", true);
#endif
}

static void a_trap_is_told(void)
{
#ifdef __aarch64__
    check_crash(trap, SIGTRAP, "SIGTRAP in bootstrap+0x", false);
#else
    check_crash(trap, SIGILL, "SIGILL in bootstrap+0x", false);
#endif
}

static void the_caller_of_abort_is_found_behind_libc(void)
{
    check_crash(call_abort, SIGABRT, "SIGABRT in libc.so.6+0x", true);
}

static void a_broken_promise_is_told_in_its_own_words(void)
{
    check_crash(
        break_promise, SIGABRT,
        "assertion failed: zero == 1 && \\\"a \\\\\\\"quoted\\\\\\\" word\\\" (tests/unit/lambda/test_crash.c:", true);
}

static void the_caller_of_a_null_pointer_is_told(void)
{
    check_crash(call_nowhere, SIGSEGV, "SIGSEGV at address 0x0, called from bootstrap+0x", true);
}

static void the_caller_of_a_libc_function_is_told(void)
{
    check_crash(read_in_libc, SIGSEGV, "SIGSEGV at address 0x10 in libc.so.6+0x", true);
}

/* The comparison crashes, and libc's qsort lies between it and the caller of that. */
static void frames_go_on_behind_a_callback_of_libc(void)
{
    struct scene scene = open_scene();
    crash_now = sort;
    run(&scene, crash_armed);
    struct told told;
    check_told(&scene, SIGSEGV, "request-7", &told);
    bool ok = CHECK(told.frames_count > 5 && find_function(told.frames[0]) == (function *)compare);
    /* From there on it is as if sort itself had crashed in libc. */
    told.frames_count--;
    memmove(told.frames, told.frames + 1, told.frames_count * sizeof told.frames[0]);
    if (!CHECK(find_crash(&told, sort) > 0) || !ok) show(&told);
    free(told.text);
    close_scene(&scene);
}

static void a_stack_overflow_is_told_with_its_innermost_frames(void)
{
    struct scene scene = open_scene();
    crash_now = overflow;
    run(&scene, crash_armed);
    struct told told;
    check_told(&scene, SIGSEGV, "request-7", &told);
    if (!CHECK(ps_span_starts(told.reason, PS_SPAN("stack overflow, SIGSEGV at address 0x")))) show(&told);
    CHECK_EQ(told.frames_count, PS_FRAMES_MAX);
    for (size_t i = 0; i < told.frames_count; i++)
        CHECK(find_function(told.frames[i]) == (function *)recurse);
    free(told.text);
    close_scene(&scene);
}

/* Where a register holds the return address, the caller is known without the stack. */
static void a_lost_stack_is_told_with_what_registers_hold(void)
{
#ifdef __x86_64__
    enum { FRAMES = 1 };
#else
    enum { FRAMES = 2 };
#endif
    struct scene scene = open_scene();
    crash_now = lose_stack;
    run(&scene, crash_armed);
    struct told told;
    check_told(&scene, SIGSEGV, "request-7", &told);
    CHECK_EQ(told.frames_count, FRAMES);
    CHECK(find_function(told.frames[0]) == lose_stack);
    CHECK(FRAMES == 1 || find_function(told.frames[1]) == inner);
    free(told.text);
    close_scene(&scene);
}

static pthread_barrier_t both;

static void *crash_second(void *scene)
{
    static struct thread thread;
    enter(&thread, scene, __builtin_frame_address(0), "request-2");
    (void)pthread_barrier_wait(&both);
    (void)pthread_barrier_wait(&both);
    outer();
    return NULL;
}

/* Returns when both threads are in, and the second is about to crash. */
static pthread_t start_second(struct scene *scene, struct thread *first, const void *stack_high)
{
    pthread_t second;
    (void)pthread_barrier_init(&both, NULL, 2);
    if (pthread_create(&second, NULL, crash_second, scene) != 0) _exit(1);
    (void)pthread_barrier_wait(&both);
    enter(first, scene, stack_high, "request-1");
    (void)pthread_barrier_wait(&both);
    return second;
}

static void crash_on_second_thread(const struct scene *scene)
{
    struct thread thread = { 0 };
    struct scene copy = *scene;
    pthread_join(start_second(&copy, &thread, __builtin_frame_address(0)), NULL);
}

static void a_crash_answers_the_request_of_its_own_thread(void)
{
    function *const crashes[] = { write_low, call_abort, overflow };
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        struct scene scene = open_scene();
        crash_now = crashes[i];
        run(&scene, crash_on_second_thread);
        struct told told;
        check_told(&scene, crash_now == call_abort ? SIGABRT : SIGSEGV, "request-2", &told);
        if (crash_now != overflow && !CHECK(find_crash(&told, crash_now) != PS_SPAN_NONE)) show(&told);
        free(told.text);
        close_scene(&scene);
    }
}

static void crash_on_both_threads(const struct scene *scene)
{
    struct thread thread = { 0 };
    struct scene copy = *scene;
    (void)start_second(&copy, &thread, __builtin_frame_address(0));
    outer();
}

static void two_crashes_at_once_give_one_answer(void)
{
    struct scene scene = open_scene();
    crash_now = write_low;
    run(&scene, crash_on_both_threads);
    CHECK(WIFSIGNALED(scene.status) && WTERMSIG(scene.status) == SIGSEGV);
    CHECK_EQ(fake_lambda_posts(scene.fake), 1);
    struct told told;
    read_log(&scene, &told);
    free(told.text);
    close_scene(&scene);
}

/* -- nobody to answer ---------------------------------------------------------------------------------------------- */

/* Runs act, whose crash must be logged and not posted; returns whether the line tells a request id. */
static bool check_only_logged(child *act)
{
    struct scene scene = open_scene();
    crash_now = write_low;
    run(&scene, act);
    CHECK(WIFSIGNALED(scene.status) && WTERMSIG(scene.status) == SIGSEGV);
    CHECK_EQ(fake_lambda_posts(scene.fake), 0);
    struct told told;
    read_log(&scene, &told);
    bool found = false;
    CHECK_OK(ps_json_read_member(told.json, PS_SPAN("requestId"), NULL, NULL, &found));
    free(told.text);
    close_scene(&scene);
    return found;
}

static void crash_disarmed(const struct scene *scene)
{
    struct thread thread = { 0 };
    enter(&thread, scene, __builtin_frame_address(0), "request-7");
    ps_crash_disarm(&thread.crash);
    outer();
}

static void nothing_is_posted_once_a_response_has_begun(void)
{
    CHECK(check_only_logged(crash_disarmed));
}

static void crash_at_rest(const struct scene *scene)
{
    struct thread thread = { 0 };
    enter(&thread, scene, __builtin_frame_address(0), "request-7");
    ps_crash_rest(&thread.crash);
    outer();
}

static void nothing_is_posted_when_nothing_is_in_hand(void)
{
    CHECK(!check_only_logged(crash_at_rest));
}

static void crash_as_nobody(const struct scene *scene)
{
    (void)scene;
    outer();
}

static void a_thread_that_never_entered_is_logged_on_stderr(void)
{
    CHECK(!check_only_logged(crash_as_nobody));
}

static void crash_after_leaving(const struct scene *scene)
{
    struct thread thread = { 0 };
    enter(&thread, scene, __builtin_frame_address(0), "request-7");
    ps_crash_leave();
    outer();
}

static void a_thread_that_left_is_logged_on_stderr(void)
{
    CHECK(!check_only_logged(crash_after_leaving));
}

static void crash_while_telling(const struct scene *scene)
{
    struct thread thread = { 0 };
    enter(&thread, scene, __builtin_frame_address(0), "request-7");
    thread.crash.head = low_address;
    outer();
}

static void a_crash_in_the_handler_ends_the_process(void)
{
    CHECK(check_only_logged(crash_while_telling));
}

/* -- servers that do not answer ------------------------------------------------------------------------------------ */

/* A crash that is posted to fd's address must be over in a few seconds, whatever happens there; how long it took. */
static uint64_t check_left(int fd)
{
    struct scene scene = { .log_fd = captured_open() };
    socklen_t len = sizeof scene.address;
    CHECK(getsockname(fd, (struct sockaddr *)&scene.address, &len) == 0);
    crash_now = write_low;
    uint64_t begin_us = ps_clock_monotonic_us();
    run(&scene, crash_armed);
    uint64_t took_us = ps_clock_monotonic_us() - begin_us;
    CHECK(took_us < 3000000);
    CHECK(WIFSIGNALED(scene.status) && WTERMSIG(scene.status) == SIGSEGV);
    struct told told;
    read_log(&scene, &told);
    free(told.text);
    close(scene.log_fd);
    return took_us;
}

static int bind_loopback(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static void a_server_that_never_answers_is_left_after_a_second(void)
{
    int fd = bind_loopback();
    CHECK(listen(fd, 1) == 0);
    CHECK(check_left(fd) >= 1000000);
    close(fd);
}

static void a_server_that_takes_no_connection_is_left_after_a_second(void)
{
    int fd = bind_loopback();
    CHECK(listen(fd, 0) == 0);
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    /* More than wait in its queue: to the next one it says nothing. */
    int waiting[4];
    for (size_t i = 0; i < 4; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(waiting[i], (struct sockaddr *)&address, sizeof address);
    }
    CHECK(check_left(fd) >= 1000000);
    for (size_t i = 0; i < 4; i++)
        close(waiting[i]);
    close(fd);
}

static void a_server_that_is_not_there_is_left(void)
{
    int fd = bind_loopback();
    (void)check_left(fd);
    close(fd);
}

int main(void)
{
    RUN(a_bad_address_is_told_with_the_frames_in_order);
    RUN(a_cut_file_is_told);
    RUN(a_division_by_zero_is_told);
    RUN(a_trap_is_told);
    RUN(the_caller_of_abort_is_found_behind_libc);
    RUN(a_broken_promise_is_told_in_its_own_words);
    RUN(the_caller_of_a_null_pointer_is_told);
    RUN(the_caller_of_a_libc_function_is_told);
    RUN(frames_go_on_behind_a_callback_of_libc);
    RUN(a_stack_overflow_is_told_with_its_innermost_frames);
    RUN(a_lost_stack_is_told_with_what_registers_hold);
    RUN(a_crash_answers_the_request_of_its_own_thread);
    RUN(two_crashes_at_once_give_one_answer);
    RUN(nothing_is_posted_once_a_response_has_begun);
    RUN(nothing_is_posted_when_nothing_is_in_hand);
    RUN(a_thread_that_never_entered_is_logged_on_stderr);
    RUN(a_thread_that_left_is_logged_on_stderr);
    RUN(a_crash_in_the_handler_ends_the_process);
    RUN(a_server_that_never_answers_is_left_after_a_second);
    RUN(a_server_that_takes_no_connection_is_left_after_a_second);
    RUN(a_server_that_is_not_there_is_left);
    return check_finish();
}
