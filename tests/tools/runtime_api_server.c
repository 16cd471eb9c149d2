/* Runs a bootstrap as Lambda would: gives it the environment and the Runtime API, feeds it events, prints its answers.
 * See usage() for the options. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/span.h"
#include "host/clock.h"
#include "support/fake_lambda.h"
#include "support/lambda_child.h"

enum {
    EXIT_USAGE = 2,
    CHUNKED_ABOVE_BYTES = 2000, /* as Lambda does */
    INIT_MS_MAX = 10000,
    SIGTERM_MS_MAX = 2000, /* what Lambda gives the whole shutdown */
    LOOK_MS = 20,          /* how often a silent process is looked at */
    ENV_MAX = 64,
    REPEAT_MAX = 1000000, /* each pushed event takes some 300 bytes */
    WORKERS_MAX = 1024,
    AHEAD = 64,            /* events that lie ready when they are repeated, so that the process never waits for us */
    WARM_AFTER_MAX = 1000, /* invocations after which memory is read for the first time */
};

struct options {
    char *bootstrap;
    const char *handler;
    const char *request_id; /* NULL: one of its own for each event */
    char *env[ENV_MAX];
    size_t env_count;
    uint32_t timeout_ms, repeat, workers;
    bool chunked, sized, timing, sigterm, snapstart;
};

struct input {
    const char *name;
    char *memory;
    size_t len;
};

/* Invocations are counted through: number n is that of inputs[n / repeat]. Each is settled once, by its answer or by
 * the end of its process. */
struct run {
    struct options options;
    struct fake_lambda *fake;
    struct lambda_child child;
    struct input *inputs;
    size_t inputs_count, invocations, pushed, settled_count, first_unsettled, posts;
    bool *settled;
    uint32_t *invoke_us; /* of each invocation that was answered, in order of the answers */
    size_t answered;
    double exec_to_next_ms, rss_first_mb;
    size_t taken_before; /* events that earlier processes took */
    uint64_t silent_since_us;
    bool ready; /* the process has taken an event */
    bool failed, over;
};

static void usage(FILE *out)
{
    fputs(
        "usage: runtime_api_server [OPTION]... EVENT.json...   (- reads one event from standard input)\n"
        "Starts the bootstrap as Lambda would, sends it each event and prints each answer as a line.\n"
        "  --bootstrap PATH  default: build/release/bootstrap\n"
        "  --handler NAME    what _HANDLER says; default: echo\n"
        "  --env K=V         for the function; may be repeated\n"
        "  --timeout-ms N    of one invocation; default: 60000\n"
        "  --chunked         events go out in chunks; default: those over 2000 bytes, as Lambda does\n"
        "  --request-id ID   of every event: a retry by Lambda has that of the first try\n"
        "  --sized           events go out with Content-Length\n"
        "  --repeat N        each event N times; its answer is printed the last time, failures every time\n"
        "  --workers N       as a managed instance: AWS_LAMBDA_MAX_CONCURRENCY=N and N events in flight; answers are\n"
        "                    printed as they come\n"
        "  --snapstart       as SnapStart: the restore comes at once\n"
        "  --sigterm         after the last answer SIGTERM and two seconds instead of SIGKILL\n"
        "  --timing          a line per event on standard error: exec_to_next_ms= invoke_ms= rss_mb=; and with\n"
        "                    --repeat a last one: repeated= first_ms= warm_ms= (median) rss_first_mb= (after a tenth,\n"
        "                    at most 1000) rss_last_mb=\n"
        "Logs and failures go to standard error. Exit code: 0; 1 when an invocation failed; 2 for wrong usage.\n",
        out);
}

static void die(const char *what, const char *name)
{
    fprintf(stderr, "runtime_api_server: %s: %s: %s\n", what, name, strerrordesc_np(errno));
    exit(EXIT_FAILURE);
}

static void *must(void *memory)
{
    if (memory == NULL) die("memory", "heap");
    return memory;
}

/* -- options ------------------------------------------------------------------------------------------------------- */

_Noreturn static void refuse(const char *what)
{
    if (what != NULL) fprintf(stderr, "runtime_api_server: cannot use %s\n", what);
    usage(stderr);
    exit(EXIT_USAGE);
}

static uint32_t read_number(const char *text, uint32_t max)
{
    uint64_t number = 0;
    if (!ps_span_to_u64(ps_span_of(text), &number) || number == 0 || number > max) refuse(text);
    return (uint32_t)number;
}

static void add_env(struct options *options, char *text)
{
    if (strchr(text, '=') == NULL || options->env_count == ENV_MAX) refuse(text);
    options->env[options->env_count++] = text;
}

/* The names that follow are the events. */
static struct options read_options(int argc, char **argv)
{
    static char bootstrap[] = "build/release/bootstrap";
    static const struct option NAMES[] = {
        { "help", no_argument, NULL, 'h' },
        { "bootstrap", required_argument, NULL, 'b' },
        { "handler", required_argument, NULL, 'f' },
        { "env", required_argument, NULL, 'e' },
        { "chunked", no_argument, NULL, 'c' },
        { "timeout-ms", required_argument, NULL, 't' },
        { "request-id", required_argument, NULL, 'i' },
        { "sized", no_argument, NULL, 's' },
        { "repeat", required_argument, NULL, 'r' },
        { "timing", no_argument, NULL, 'm' },
        { "workers", required_argument, NULL, 'w' },
        { "snapstart", no_argument, NULL, 'n' },
        { "sigterm", no_argument, NULL, 'g' },
        { NULL, 0, NULL, 0 },
    };
    struct options options = { .bootstrap = bootstrap, .handler = "echo", .timeout_ms = 60000, .repeat = 1 };
    for (int name = 0; (name = getopt_long(argc, argv, "+", NAMES, NULL)) != -1;) {
        if (name == '?') refuse(NULL);
        if (name == 'h') usage(stdout);
        if (name == 'h') exit(EXIT_SUCCESS);
        if (name == 'b') options.bootstrap = optarg;
        if (name == 'f') options.handler = optarg;
        if (name == 'i') options.request_id = optarg;
        if (name == 'e') add_env(&options, optarg);
        if (name == 't') options.timeout_ms = read_number(optarg, 900000);
        if (name == 'r') options.repeat = read_number(optarg, REPEAT_MAX);
        if (name == 'w') options.workers = read_number(optarg, WORKERS_MAX);
        options.chunked |= name == 'c';
        options.sized |= name == 's';
        options.timing |= name == 'm';
        options.snapstart |= name == 'n';
        options.sigterm |= name == 'g';
    }
    if (optind == argc) refuse(NULL);
    return options;
}

static struct input read_input(const char *name)
{
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) die("event", name);
    size_t cap = 64 << 10;
    struct input input = { .name = name, .memory = must(malloc(cap)) };
    for (;;) {
        ssize_t got = read(fd, input.memory + input.len, cap - input.len);
        if (got < 0) die("event", name);
        if (got == 0) break;
        input.len += (size_t)got;
        if (input.len == cap) input.memory = must(realloc(input.memory, cap *= 2));
    }
    if (fd != STDIN_FILENO) close(fd);
    return input;
}

/* -- invocations --------------------------------------------------------------------------------------------------- */

static const char *name_of(const struct run *run, size_t invocation)
{
    return invocation < run->invocations ? run->inputs[invocation / run->options.repeat].name : "(no event)";
}

static void push_ahead(struct run *run)
{
    const struct options *options = &run->options;
    size_t window = (options->workers > 0 ? options->workers : 1) + (options->repeat > 1 ? AHEAD : 0);
    for (; run->pushed < run->invocations && run->pushed - run->settled_count < window; run->pushed++) {
        const struct input *input = &run->inputs[run->pushed / options->repeat];
        bool chunked = options->chunked || (!options->sized && input->len > CHUNKED_ABOVE_BYTES);
        struct fake_event event = {
            .body = { input->memory, input->len },
            .timeout_ms = options->timeout_ms,
            .request_id = options->request_id,
            .framing = chunked ? FAKE_CHUNKED : FAKE_SIZED,
        };
        fake_lambda_push(run->fake, &event);
    }
}

static void start_child(struct run *run)
{
    run->taken_before = fake_lambda_taken(run->fake);
    run->ready = false;
    fake_lambda_begin_init(run->fake);
    lambda_child_start(&run->child);
    run->silent_since_us = ps_clock_monotonic_us();
}

static void settle(struct run *run, size_t invocation)
{
    run->settled[invocation] = true;
    run->settled_count++;
    while (run->first_unsettled < run->invocations && run->settled[run->first_unsettled])
        run->first_unsettled++;
}

/* The process is gone: what it had taken is lost. One that had taken nothing ends the run, since the next process would
 * only end in the same way. */
static void settle_lost(struct run *run, const char *why)
{
    size_t taken = fake_lambda_taken(run->fake);
    run->over = taken == run->taken_before;
    if (run->over) fprintf(stderr, "%s: %s\n", name_of(run, run->first_unsettled), why);
    run->failed |= run->over;
    for (size_t at = run->first_unsettled; at < taken; at++) {
        if (run->settled[at]) continue;
        fprintf(stderr, "%s: %s\n", name_of(run, at), why);
        run->failed = true;
        settle(run, at);
    }
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static void tell(struct run *run, const char *name, struct ps_span type, struct ps_span text)
{
    run->failed = true;
    fprintf(stderr, "%s: %.*s: %.*s\n", name, (int)type.len, type.data, (int)text.len, text.data);
}

static void tell_stream_error(struct run *run, const char *name, const struct fake_post *post)
{
    struct ps_arena arena;
    struct ps_span text;
    if (ps_arena_init(&arena, post->stream_error_body.len + (64 << 10)) != PS_OK) die("memory", "arena");
    if (ps_base64_decode(&arena, post->stream_error_body, &text) != PS_OK) text = PS_SPAN("(its body is not base64)");
    tell(run, name, post->stream_error_type, text);
    ps_arena_fini(&arena);
}

/* Prints what an invocation has come to, when it is wanted, and what was wrong with it, always. */
static void show_answer(struct run *run, const char *name, const struct fake_post *post, bool wanted)
{
    bool response = post->kind == FAKE_RESPONSE;
    if (response && wanted && (post->turn == 202 || !post->whole)) {
        (void)fwrite(post->body.data, 1, post->body.len, stdout);
        putchar('\n');
    }
    if (!response)
        tell(run, name, post->error_type, post->body);
    else if (!post->whole)
        tell(run, name, PS_SPAN("Runtime.TruncatedResponse"), PS_SPAN("the response broke off"));
    else if (post->turn == 413)
        tell(run, name, PS_SPAN("Function.ResponseSizeTooLarge"), PS_SPAN("the response is over 6291556 bytes"));
    else if (post->turn != 202)
        tell(run, name, PS_SPAN("Runtime.InvalidResponseModeHeader"), post->response_mode);
    else if (post->stream_error_type.len > 0)
        tell_stream_error(run, name, post);
}

static void show_timing(struct run *run, const char *name, const struct fake_post *post)
{
    fprintf(stderr, "event=%s exec_to_next_ms=%.3f invoke_ms=%.3f rss_mb=%.2f\n", name, run->exec_to_next_ms,
            (double)(post->answered_us - post->sent_us) / 1000, lambda_child_memory_mb(&run->child, "VmHWM"));
}

static void note_times(struct run *run, const struct fake_post *post)
{
    size_t warm_after = run->invocations / 10 < WARM_AFTER_MAX ? run->invocations / 10 : WARM_AFTER_MAX;
    if (run->answered == 0)
        run->exec_to_next_ms = (double)(fake_lambda_first_next_us(run->fake) - *run->child.exec_us) / 1000;
    run->invoke_us[run->answered++] = (uint32_t)(post->answered_us - post->sent_us);
    /* A run too short for a tenth has the memory after its first answer. */
    if (run->answered == warm_after || run->answered == 1)
        run->rss_first_mb = lambda_child_memory_mb(&run->child, "VmRSS");
}

static void take_post(struct run *run, const struct fake_post *post)
{
    size_t invocation = post->event;
    if (post->kind == FAKE_INIT_ERROR || post->kind == FAKE_RESTORE_ERROR) {
        tell(run, name_of(run, run->first_unsettled), post->error_type, post->body);
        run->over = true;
    } else if (invocation == FAKE_NO_EVENT || run->settled[invocation]) {
        run->failed = true;
        fprintf(stderr, "%s: %.*s was refused with status %d\n", name_of(run, invocation), PS_SPAN_ARG(post->path),
                post->turn);
    } else {
        bool last_time = (invocation + 1) % run->options.repeat == 0;
        note_times(run, post);
        if (run->options.timing && last_time) show_timing(run, name_of(run, invocation), post);
        show_answer(run, name_of(run, invocation), post, last_time);
        settle(run, invocation);
    }
}

/* Takes a post if one comes within LOOK_MS. */
static bool take_next_post(struct run *run)
{
    const struct fake_post *post = fake_lambda_post(run->fake, run->posts, LOOK_MS);
    if (post == NULL) return false;
    run->silent_since_us = ps_clock_monotonic_us();
    take_post(run, post);
    fake_lambda_forget(run->fake, run->posts++);
    return true;
}

/* -- the run ------------------------------------------------------------------------------------------------------- */

/* Nothing has been posted for a while: has the process ended, or does it take too long? */
static void look_after_child(struct run *run)
{
    if (!run->ready && fake_lambda_taken(run->fake) > run->taken_before) {
        run->ready = true;
        run->silent_since_us = ps_clock_monotonic_us();
    }
    uint64_t silent_ms = (ps_clock_monotonic_us() - run->silent_since_us) / 1000;
    if (lambda_child_ended(&run->child)) {
        /* It may have posted and then ended while we looked elsewhere. */
        while (take_next_post(run))
            continue;
        if (!run->over && run->settled_count < run->invocations) settle_lost(run, "Runtime.ExitError");
    } else if (silent_ms > run->options.timeout_ms + (run->ready ? 0 : INIT_MS_MAX)) {
        char why[128];
        snprintf(why, sizeof why, "Sandbox.Timeout: Task timed out after %.2f seconds",
                 run->options.timeout_ms / 1000.0);
        lambda_child_kill(&run->child);
        settle_lost(run, why);
    }
}

static void run_invocations(struct run *run)
{
    while (run->settled_count < run->invocations && !run->over) {
        push_ahead(run);
        if (run->child.pid <= 0) start_child(run);
        if (!take_next_post(run)) look_after_child(run);
    }
}

static int compare_u32(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void show_repeated(struct run *run)
{
    double first_ms = run->invoke_us[0] / 1000.0, rss_last_mb = lambda_child_memory_mb(&run->child, "VmRSS");
    size_t warm = run->answered - 1;
    qsort(run->invoke_us + 1, warm, sizeof *run->invoke_us, compare_u32);
    fprintf(stderr, "repeated=%zu first_ms=%.3f warm_ms=%.3f rss_first_mb=%.2f rss_last_mb=%.2f\n", run->answered,
            first_ms, run->invoke_us[warm == 0 ? 0 : 1 + warm / 2] / 1000.0, run->rss_first_mb, rss_last_mb);
}

static void end_child(struct run *run)
{
    if (!run->options.sigterm) {
        lambda_child_kill(&run->child);
        return;
    }
    /* Lambda ends a runtime that waits for its next event. */
    (void)fake_lambda_await(run->fake, FAKE_NEXT, fake_lambda_taken(run->fake) + 1, SIGTERM_MS_MAX);
    run->failed |= !lambda_child_term(&run->child, SIGTERM_MS_MAX);
}

static void set_env(const struct run *run)
{
    const struct options *options = &run->options;
    lambda_child_set_env(&run->child, options->handler, fake_lambda_address(run->fake));
    if (options->snapstart) lambda_child_put_env("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start", true);
    if (options->workers > 0) {
        char workers[16];
        snprintf(workers, sizeof workers, "%u", options->workers);
        lambda_child_put_env("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances", true);
        lambda_child_put_env("AWS_LAMBDA_MAX_CONCURRENCY", workers, true);
    }
    for (size_t i = 0; i < options->env_count; i++) {
        if (putenv(options->env[i]) != 0) die("environment", options->env[i]);
    }
}

int main(int argc, char **argv)
{
    struct run run = { .options = read_options(argc, argv) };
    run.inputs_count = (size_t)(argc - optind);
    run.invocations = run.inputs_count * run.options.repeat;
    run.inputs = must(calloc(run.inputs_count, sizeof *run.inputs));
    run.settled = must(calloc(run.invocations, sizeof *run.settled));
    run.invoke_us = must(calloc(run.invocations, sizeof *run.invoke_us));
    for (size_t i = 0; i < run.inputs_count; i++)
        run.inputs[i] = read_input(argv[optind + (int)i]);
    run.child = lambda_child_make(run.options.bootstrap);
    run.fake = fake_lambda_start();
    if (run.options.snapstart) fake_lambda_restore(run.fake);
    set_env(&run);
    run_invocations(&run);
    if (run.options.timing && run.options.repeat > 1 && run.answered > 0) show_repeated(&run);
    end_child(&run);
    fake_lambda_stop(run.fake);
    for (size_t i = 0; i < run.inputs_count; i++)
        free(run.inputs[i].memory);
    free(run.inputs);
    free(run.settled);
    free(run.invoke_us);
    return run.failed || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
