/* Runs a bootstrap as Lambda would: gives it the environment and the Runtime API, feeds it events, prints its answers.
 * See usage() for the options. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/span.h"
#include "host/clock.h"
#include "support/fake_lambda.h"

enum {
    EXIT_USAGE = 2,
    CHUNKED_ABOVE_BYTES = 2000, /* as Lambda does */
    INIT_MS_MAX = 10000,
    LOOK_MS = 20, /* how often a silent process is looked at */
    ENV_MAX = 64,
};

struct options {
    char *bootstrap;
    const char *handler;
    char *env[ENV_MAX];
    size_t env_count;
    uint32_t timeout_ms;
    bool chunked, sized, timing;
};

struct child {
    pid_t pid;
    uint64_t *exec_us; /* shared with the child, which writes it just before exec */
    double exec_to_next_ms;
};

struct run {
    struct options options;
    struct fake_lambda *fake;
    struct child child;
    size_t posts; /* seen so far */
    bool failed;
};

static void usage(FILE *out)
{
    fputs("usage: runtime_api_server [OPTION]... EVENT.json...   (- reads one event from standard input)\n"
          "Starts the bootstrap as Lambda would, sends it each event and prints each answer as a line.\n"
          "  --bootstrap PATH  default: build/release/bootstrap\n"
          "  --handler NAME    what _HANDLER says; default: echo\n"
          "  --env K=V         for the function; may be repeated\n"
          "  --timeout-ms N    of one invocation; default: 60000\n"
          "  --chunked         events go out in chunks; default: those over 2000 bytes, as Lambda does\n"
          "  --sized           events go out with Content-Length\n"
          "  --timing          a line per event on standard error: exec_to_next_ms= invoke_ms= rss_mb=\n"
          "Logs and failures go to standard error. Exit code: 0; 1 when an invocation failed; 2 for wrong usage.\n",
          out);
}

static void die(const char *what, const char *name)
{
    fprintf(stderr, "runtime_api_server: %s: %s: %s\n", what, name, strerrordesc_np(errno));
    exit(EXIT_FAILURE);
}

/* -- options ------------------------------------------------------------------------------------------------------- */

static bool is(const char *argument, const char *option)
{
    return strcmp(argument, option) == 0;
}

static char *value_of(int argc, char **argv, int *at)
{
    if (*at + 1 < argc) return argv[++*at];
    fprintf(stderr, "runtime_api_server: %s needs a value\n", argv[*at]);
    exit(EXIT_USAGE);
}

/* Returns the index of the first event. */
static int read_options(int argc, char **argv, struct options *options)
{
    static char bootstrap[] = "build/release/bootstrap";
    *options = (struct options){ .bootstrap = bootstrap, .handler = "echo", .timeout_ms = 60000 };
    int at = 1;
    for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
        uint64_t number = 0;
        if (is(argv[at], "--help")) {
            usage(stdout);
            exit(EXIT_SUCCESS);
        } else if (is(argv[at], "--bootstrap")) {
            options->bootstrap = value_of(argc, argv, &at);
        } else if (is(argv[at], "--handler")) {
            options->handler = value_of(argc, argv, &at);
        } else if (is(argv[at], "--env") && options->env_count < ENV_MAX) {
            options->env[options->env_count++] = argv[at + 1 < argc ? at + 1 : at];
            if (strchr(value_of(argc, argv, &at), '=') == NULL) break;
        } else if (is(argv[at], "--timeout-ms")) {
            if (!ps_span_to_u64(ps_span_of(value_of(argc, argv, &at)), &number) || number == 0 || number > 900000)
                break;
            options->timeout_ms = (uint32_t)number;
        } else if (is(argv[at], "--chunked")) {
            options->chunked = true;
        } else if (is(argv[at], "--sized")) {
            options->sized = true;
        } else if (is(argv[at], "--timing")) {
            options->timing = true;
        } else {
            break;
        }
    }
    bool clean = at < argc && (argv[at][0] != '-' || argv[at][1] == '\0');
    if (clean) return at;
    if (at < argc) fprintf(stderr, "runtime_api_server: cannot use %s\n", argv[at]);
    usage(stderr);
    exit(EXIT_USAGE);
}

static char *read_all(const char *name, size_t *len_out)
{
    int fd = is(name, "-") ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) die("event", name);
    size_t len = 0, cap = 64 << 10;
    char *data = malloc(cap);
    for (;;) {
        if (data == NULL) die("memory for", name);
        ssize_t got = read(fd, data + len, cap - len);
        if (got < 0) die("event", name);
        if (got == 0) break;
        len += (size_t)got;
        if (len == cap) data = realloc(data, cap *= 2); // NOLINT(bugprone-suspicious-realloc-usage)
    }
    if (fd != STDIN_FILENO) close(fd);
    *len_out = len;
    return data;
}

/* -- the process --------------------------------------------------------------------------------------------------- */

static void set_env(const char *name, const char *value, bool replace)
{
    if (setenv(name, value, replace) != 0) die("environment", name);
}

/* What Lambda sets. What the caller's environment has (region, credentials, sizes) is passed on. */
static void set_lambda_env(struct run *run)
{
    char function[256], path[PATH_MAX], group[512];
    snprintf(function, sizeof function, "%.*s", (int)strcspn(run->options.handler, "."), run->options.handler);
    snprintf(group, sizeof group, "/aws/lambda/%s", function);
    if (realpath(run->options.bootstrap, path) == NULL) die("bootstrap", run->options.bootstrap);
    set_env("AWS_LAMBDA_RUNTIME_API", fake_lambda_address(run->fake), true);
    set_env("_HANDLER", run->options.handler, true);
    set_env("LAMBDA_TASK_ROOT", dirname(path), false);
    set_env("AWS_LAMBDA_FUNCTION_NAME", function, false);
    set_env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST", false);
    set_env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512", false);
    set_env("AWS_LAMBDA_LOG_GROUP_NAME", group, false);
    set_env("AWS_LAMBDA_LOG_STREAM_NAME", "local", false);
    set_env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand", false);
    set_env("AWS_REGION", "us-east-1", false);
    set_env("TZ", ":UTC", true);
    for (size_t i = 0; i < run->options.env_count; i++) {
        if (putenv(run->options.env[i]) != 0) die("environment", run->options.env[i]);
    }
}

static void start_child(struct run *run)
{
    struct child *child = &run->child;
    fflush(stdout);
    child->pid = fork();
    if (child->pid < 0) die("fork", run->options.bootstrap);
    if (child->pid > 0) return;
    /* However this program ends, the bootstrap must not be left waiting for its next event. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Both streams of the function are its log. */
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    char *arguments[] = { run->options.bootstrap, NULL };
    *child->exec_us = ps_clock_monotonic_us();
    execv(run->options.bootstrap, arguments);
    fprintf(stderr, "runtime_api_server: %s: %s\n", run->options.bootstrap, strerrordesc_np(errno));
    _exit(127);
}

/* Whether the process has ended by itself; says how. */
static bool child_ended(struct child *child)
{
    int status = 0;
    if (child->pid <= 0 || waitpid(child->pid, &status, WNOHANG) != child->pid) return child->pid <= 0;
    child->pid = 0;
    if (WIFSIGNALED(status))
        fprintf(stderr, "Runtime exited with error: signal: %s\n", sigdescr_np(WTERMSIG(status)));
    else
        fprintf(stderr, "Runtime exited with error: exit status %d\n", WEXITSTATUS(status));
    return true;
}

static void end_child(struct child *child)
{
    if (child->pid <= 0) return;
    (void)kill(child->pid, SIGKILL);
    (void)waitpid(child->pid, NULL, 0);
    child->pid = 0;
}

/* The most memory the process has had in RAM, in MB; its own, not what it inherited over fork. */
static double child_peak_mb(const struct child *child)
{
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/%d/status", (int)child->pid);
    FILE *file = fopen(name, "re");
    double kb = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) kb = strtod(line + 6, NULL);
    }
    if (file != NULL) fclose(file);
    return kb / 1024;
}

/* -- events -------------------------------------------------------------------------------------------------------- */

/* Waits for the answer to the event in hand. NULL: the process ended or took too long. */
static const struct fake_post *wait_for_answer(struct run *run, const char *name)
{
    uint64_t until_us = ps_clock_monotonic_us() + (uint64_t)(INIT_MS_MAX + run->options.timeout_ms) * 1000;
    size_t nexts_before = run->child.exec_to_next_ms > 0 ? 1 : 0;
    for (;;) {
        const struct fake_post *post = fake_lambda_post(run->fake, run->posts, LOOK_MS);
        if (post == NULL && child_ended(&run->child)) {
            /* It may have posted and then ended while we looked elsewhere. */
            post = fake_lambda_post(run->fake, run->posts, 0);
            if (post == NULL) fprintf(stderr, "%s: Runtime.ExitError\n", name);
            if (post == NULL) return NULL;
        }
        if (post != NULL) {
            run->posts++;
            return post;
        }
        if (nexts_before == 0 && fake_lambda_nexts(run->fake) > 0) {
            nexts_before = 1;
            until_us = ps_clock_monotonic_us() + (uint64_t)run->options.timeout_ms * 1000;
        }
        if (ps_clock_monotonic_us() > until_us) {
            fprintf(stderr, "%s: Sandbox.Timeout: Task timed out after %.2f seconds\n", name,
                    run->options.timeout_ms / 1000.0);
            return NULL;
        }
    }
}

static void print_timing(struct run *run, const char *name)
{
    if (!run->options.timing) return;
    struct child *child = &run->child;
    /* No /next came: initialisation failed, which has been said. */
    if (fake_lambda_first_next_us(run->fake) == 0) return;
    if (child->exec_to_next_ms <= 0)
        child->exec_to_next_ms = (double)(fake_lambda_first_next_us(run->fake) - *child->exec_us) / 1000;
    uint64_t invoke_us = fake_lambda_answered_us(run->fake) - fake_lambda_sent_us(run->fake);
    fprintf(stderr, "event=%s exec_to_next_ms=%.3f invoke_ms=%.3f rss_mb=%.2f\n", name, child->exec_to_next_ms,
            (double)invoke_us / 1000, child_peak_mb(child));
}

/* False when nothing more can be run. */
static bool run_event(struct run *run, const char *name)
{
    size_t len = 0;
    char *memory = read_all(name, &len);
    struct ps_span body = { memory, len };
    bool chunked = run->options.chunked || (!run->options.sized && body.len > CHUNKED_ABOVE_BYTES);
    struct fake_event event = {
        .body = body,
        .timeout_ms = run->options.timeout_ms,
        .framing = chunked ? FAKE_CHUNKED : FAKE_SIZED,
    };
    fake_lambda_push(run->fake, &event);
    if (run->child.pid <= 0) start_child(run);
    const struct fake_post *post = wait_for_answer(run, name);
    if (post != NULL) print_timing(run, name);
    bool answered = post != NULL && post->kind == FAKE_RESPONSE;
    if (answered) {
        (void)fwrite(post->body.data, 1, post->body.len, stdout);
        putchar('\n');
    } else {
        run->failed = true;
    }
    if (post != NULL && !answered)
        fprintf(stderr, "%s: %.*s: %.*s\n", name, (int)post->error_type.len, post->error_type.data, (int)post->body.len,
                post->body.data);
    if (post == NULL) end_child(&run->child);
    free(memory);
    /* Without a first /next the next process would only fail in the same way. */
    return fake_lambda_nexts(run->fake) > 0;
}

int main(int argc, char **argv)
{
    struct run run = { 0 };
    int at = read_options(argc, argv, &run.options);
    run.child.exec_us =
        mmap(NULL, sizeof *run.child.exec_us, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run.child.exec_us == MAP_FAILED) die("memory", "shared");
    run.fake = fake_lambda_start();
    set_lambda_env(&run);
    for (bool more = true; more && at < argc; at++)
        more = run_event(&run, argv[at]);
    end_child(&run.child);
    fake_lambda_stop(run.fake);
    return run.failed || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
