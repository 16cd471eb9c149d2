#include "lambda/pool.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { PAUSE_MS = 25 }; /* before the second restart in a row 100 ms, and so on, doubled */

struct pool;

struct member {
    struct pool *pool;
    struct ps_worker *worker;
    pthread_t thread;
    bool ended;        /* its thread is about to end: to be joined */
    unsigned restarts; /* in a row */
};

struct pool {
    pthread_mutex_t lock; /* of every member's ended */
    pthread_cond_t changed;
    struct member *members;
    size_t count;
};

/* Also when the handler ends the thread: then this is the last thing that it does. */
static void tell_end(void *argument)
{
    struct member *member = argument;
    ps_crash_leave();
    pthread_mutex_lock(&member->pool->lock);
    member->ended = true;
    pthread_cond_signal(&member->pool->changed);
    pthread_mutex_unlock(&member->pool->lock);
}

/* A new worker in the place of the one that left its loop, on the new one's own thread: the others have work. What init
 * asks may be away for a moment, so each time is waited longer for. */
static enum ps_err make_anew(struct member *member)
{
    struct ps_worker *worker = member->worker;
    const struct ps_worker_options *options = worker->options;
    ps_worker_close(worker);
    unsigned pause_ms = member->restarts == 1 ? 0u : (unsigned)PAUSE_MS << member->restarts;
    (void)nanosleep(&(struct timespec){ .tv_sec = pause_ms / 1000, .tv_nsec = (long)(pause_ms % 1000) * 1000000 },
                    NULL);
    PS_TRY(ps_worker_open(worker, options));
    PS_TRY(ps_worker_init(worker));
    ps_log_warn(&worker->log, "worker_restarted", PS_LOG_U64("restarts", member->restarts));
    return PS_OK;
}

static void run_worker(struct member *member)
{
    struct ps_worker *worker = member->worker;
    enum ps_err err = member->restarts > 0 ? make_anew(member) : PS_OK;
    if (err == PS_OK) err = ps_worker_enter(worker, __builtin_frame_address(0));
    if (err == PS_OK) err = ps_worker_run(worker);
    if (err != PS_OK) ps_log_fault(&worker->log, PS_LOG_ERROR, "worker_ended");
}

static void *work(void *argument)
{
    struct member *member = argument;
    pthread_cleanup_push(tell_end, member);
    run_worker(member);
    pthread_cleanup_pop(1);
    return NULL;
}

static enum ps_err start_thread(struct member *member)
{
    member->ended = false;
    int error = pthread_create(&member->thread, NULL, work, member);
    if (error != 0) PS_FAIL(PS_ERR_SYSTEM, "a worker's thread: %s", strerrordesc_np(error));
    return PS_OK;
}

static struct member *wait_for_end(struct pool *pool)
{
    struct member *found = NULL;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        for (size_t i = 0; i < pool->count && found == NULL; i++)
            if (pool->members[i].ended) found = &pool->members[i];
        if (found != NULL) break;
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    found->ended = false;
    pthread_mutex_unlock(&pool->lock);
    return found;
}

static enum ps_err restart(struct member *member)
{
    struct ps_worker *worker = member->worker;
    /* A state that was left in the middle of an invocation is not touched again. */
    if (worker->loop.in_hand) worker->ready = false;
    ps_loop_abandon(&worker->loop);
    member->restarts = worker->loop.warm ? 1 : member->restarts + 1;
    if (member->restarts > PS_POOL_RESTARTS_MAX)
        PS_FAIL(PS_ERR_UNAVAILABLE, "a worker ended %d times without having answered an event",
                PS_POOL_RESTARTS_MAX + 1);
    return start_thread(member);
}

static enum ps_err supervise(struct pool *pool)
{
    for (size_t running = pool->count; running > 0;) {
        struct member *member = wait_for_end(pool);
        (void)pthread_join(member->thread, NULL);
        if (member->worker->loop.stopped)
            running--;
        else
            PS_TRY(restart(member));
    }
    return PS_OK;
}

enum ps_err ps_pool_run(struct ps_arena *arena, struct ps_worker *workers, size_t count)
{
    struct pool *pool = PS_ARENA_NEW(arena, struct pool);
    struct member *members = PS_ARENA_ARRAY(arena, struct member, count);
    if (pool == NULL || members == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu workers", count);
    *pool = (struct pool){ .members = members, .count = count };
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    for (size_t i = 0; i < count; i++) {
        members[i] = (struct member){ .pool = pool, .worker = &workers[i] };
        PS_TRY(start_thread(&members[i]));
    }
    return supervise(pool);
}
