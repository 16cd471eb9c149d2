#include "support/lambda_child.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/clock.h"

static void die(const char *what, const char *name)
{
    fprintf(stderr, "lambda_child: %s: %s: %s\n", what, name, strerrordesc_np(errno));
    exit(EXIT_FAILURE);
}

struct lambda_child lambda_child_make(char *bootstrap)
{
    struct lambda_child child = { .bootstrap = bootstrap };
    child.exec_us = mmap(NULL, sizeof *child.exec_us, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (child.exec_us == MAP_FAILED) die("memory", "shared");
    return child;
}

void lambda_child_put_env(const char *name, const char *value, bool replace)
{
    if (setenv(name, value, replace) != 0) die("environment", name);
}

void lambda_child_set_env(const struct lambda_child *child, const char *handler, const char *api_address)
{
    char function[256], path[PATH_MAX], group[512];
    snprintf(function, sizeof function, "%.*s", (int)strcspn(handler, "."), handler);
    snprintf(group, sizeof group, "/aws/lambda/%s", function);
    if (realpath(child->bootstrap, path) == NULL) die("bootstrap", child->bootstrap);
    lambda_child_put_env("AWS_LAMBDA_RUNTIME_API", api_address, true);
    lambda_child_put_env("_HANDLER", handler, true);
    lambda_child_put_env("LAMBDA_TASK_ROOT", dirname(path), false);
    lambda_child_put_env("AWS_LAMBDA_FUNCTION_NAME", function, false);
    lambda_child_put_env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST", false);
    lambda_child_put_env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512", false);
    lambda_child_put_env("AWS_LAMBDA_LOG_GROUP_NAME", group, false);
    lambda_child_put_env("AWS_LAMBDA_LOG_STREAM_NAME", "local", false);
    lambda_child_put_env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand", false);
    lambda_child_put_env("AWS_REGION", "us-east-1", false);
    lambda_child_put_env("TZ", ":UTC", true);
}

void lambda_child_start(struct lambda_child *child)
{
    fflush(stdout);
    child->pid = fork();
    if (child->pid < 0) die("fork", child->bootstrap);
    if (child->pid > 0) return;
    /* However this program ends, the bootstrap must not be left waiting for its next event. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Both streams of the function are its log. */
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    char *arguments[] = { child->bootstrap, NULL };
    *child->exec_us = ps_clock_monotonic_us();
    execv(child->bootstrap, arguments);
    fprintf(stderr, "lambda_child: %s: %s\n", child->bootstrap, strerrordesc_np(errno));
    _exit(127);
}

static void tell_end(const char *what, int status)
{
    if (WIFSIGNALED(status))
        fprintf(stderr, "%s: signal: %s\n", what, sigdescr_np(WTERMSIG(status)));
    else
        fprintf(stderr, "%s: exit status %d\n", what, WEXITSTATUS(status));
}

bool lambda_child_ended(struct lambda_child *child)
{
    int status = 0;
    if (child->pid <= 0 || waitpid(child->pid, &status, WNOHANG) != child->pid) return child->pid <= 0;
    child->pid = 0;
    tell_end("Runtime exited with error", status);
    return true;
}

void lambda_child_kill(struct lambda_child *child)
{
    if (child->pid <= 0) return;
    (void)kill(child->pid, SIGKILL);
    (void)waitpid(child->pid, NULL, 0);
    child->pid = 0;
}

bool lambda_child_term(struct lambda_child *child, int wait_ms)
{
    if (lambda_child_ended(child)) return true;
    struct pollfd end = { .fd = pidfd_open(child->pid, 0), .events = POLLIN };
    if (end.fd < 0) die("pidfd", child->bootstrap);
    (void)kill(child->pid, SIGTERM);
    bool ended = poll(&end, 1, wait_ms) == 1;
    close(end.fd);
    int status = 0;
    if (ended && waitpid(child->pid, &status, 0) == child->pid) {
        child->pid = 0;
        tell_end("Runtime ended by SIGTERM", status);
    } else {
        fprintf(stderr, "Runtime did not end within %d ms of SIGTERM\n", wait_ms);
        lambda_child_kill(child);
    }
    return ended;
}

double lambda_child_memory_mb(const struct lambda_child *child, const char *which)
{
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/%d/status", (int)child->pid);
    FILE *file = fopen(name, "re");
    size_t len = strlen(which);
    double kb = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, which, len) == 0 && line[len] == ':') kb = strtod(line + len + 1, NULL);
    }
    if (file != NULL) fclose(file);
    return kb / 1024;
}
