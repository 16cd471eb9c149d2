/* A bootstrap as a process, as Lambda runs it: its environment, its start, its end and its memory. What it does by
 * itself (it exited, it crashed) is told on standard error. Failures of the system end the program. */
#ifndef LAMBDA_CHILD_H
#define LAMBDA_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lambda_child {
    char *bootstrap;
    pid_t pid;         /* 0: not running */
    uint64_t *exec_us; /* monotonic; shared with the child, which writes it just before exec */
};

struct lambda_child lambda_child_make(char *bootstrap);

/* Sets what Lambda sets, in this process, from which children have it. What the caller's environment has of region,
 * credentials and sizes is passed on. */
void lambda_child_set_env(const struct lambda_child *child, const char *handler, const char *api_address);
void lambda_child_put_env(const char *name, const char *value, bool replace);

void lambda_child_start(struct lambda_child *child);
bool lambda_child_ended(struct lambda_child *child); /* by itself; without waiting */
void lambda_child_kill(struct lambda_child *child);

/* SIGTERM, and SIGKILL for what still runs after wait_ms: then false. */
bool lambda_child_term(struct lambda_child *child, int wait_ms);

/* "VmHWM" (the most it has had) or "VmRSS" (has now) of its memory in RAM, in MB; its own, not what it inherited over
 * fork. */
double lambda_child_memory_mb(const struct lambda_child *child, const char *which);

#endif
