#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/fake_lambda_priv.h"

void fake_lambda_die(const char *what)
{
    fprintf(stderr, "fake_lambda: %s: %s\n", what, strerrordesc_np(errno));
    exit(EXIT_FAILURE);
}

void *fake_lambda_must(void *memory)
{
    if (memory == NULL) fake_lambda_die("memory");
    return memory;
}

void fake_lambda_free_post(struct fake_post *post)
{
    if (post == NULL) return;
    free(post->head_memory);
    free(post->body_memory);
    free(post->trailer_memory);
    free(post);
}

static bool has_id(const struct task *task, size_t number, struct ps_span id)
{
    if (task->event.raw != NULL)
        return ps_span_eq(fake_wire_header(ps_span_of(task->event.raw), "Lambda-Runtime-Aws-Request-Id"), id);
    if (task->event.request_id != NULL) return ps_span_eq(ps_span_of(task->event.request_id), id);
    char name[32];
    snprintf(name, sizeof name, "request-%zu", number);
    return ps_span_eq(ps_span_of(name), id);
}

size_t fake_lambda_find_task(const struct fake_lambda *fake, struct ps_span id)
{
    for (size_t number = id.len == 0 ? 0 : fake->taken; number > 0; number--) {
        if (has_id(&fake->tasks[number - 1], number, id)) return number - 1;
    }
    return FAKE_NO_EVENT;
}

/* Under the lock. */
static void add_connection(struct fake_lambda *fake, int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = fake_lambda_must(calloc(1, sizeof *connection));
    connection->fake = fake;
    connection->wire.fd = fd;
    connection->number = fake->connections_count++;
    connection->in_hand = FAKE_NO_EVENT;
    connection->next = fake->connections;
    fake->connections = connection;
    if (pthread_create(&connection->thread, NULL, fake_lambda_serve, connection) != 0) fake_lambda_die("thread");
}

/* Joins the threads that have ended; their last act was to say so. Under the lock. */
static void reap_connections(struct fake_lambda *fake)
{
    for (struct connection **at = &fake->connections; *at != NULL;) {
        struct connection *connection = *at;
        if (!connection->done) {
            at = &connection->next;
            continue;
        }
        *at = connection->next;
        pthread_join(connection->thread, NULL);
        free(connection);
    }
}

static void *serve(void *argument)
{
    struct fake_lambda *fake = argument;
    for (;;) {
        int fd = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && errno == EINTR) continue;
        pthread_mutex_lock(&fake->lock);
        bool stopping = fake->stopping || fd < 0;
        reap_connections(fake);
        if (!stopping) add_connection(fake, fd);
        pthread_mutex_unlock(&fake->lock);
        if (!stopping) continue;
        if (fd >= 0) close(fd);
        return NULL;
    }
}

struct fake_lambda *fake_lambda_start(void)
{
    struct fake_lambda *fake = fake_lambda_must(calloc(1, sizeof *fake));
    pthread_mutex_init(&fake->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&fake->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fake->listener < 0 || bind(fake->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fake->listener, SOMAXCONN) != 0 || getsockname(fake->listener, (struct sockaddr *)&address, &len) != 0)
        fake_lambda_die("listening socket");
    snprintf(fake->address, sizeof fake->address, "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    if (pthread_create(&fake->thread, NULL, serve, fake) != 0) fake_lambda_die("thread");
    return fake;
}

void fake_lambda_stop(struct fake_lambda *fake)
{
    pthread_mutex_lock(&fake->lock);
    fake->stopping = true;
    (void)shutdown(fake->listener, SHUT_RDWR);
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    /* Nobody adds connections any more. */
    pthread_mutex_lock(&fake->lock);
    for (struct connection *connection = fake->connections; connection != NULL; connection = connection->next) {
        if (!connection->done) (void)shutdown(connection->wire.fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&fake->lock);
    while (fake->connections != NULL) {
        struct connection *connection = fake->connections;
        fake->connections = connection->next;
        pthread_join(connection->thread, NULL);
        free(connection);
    }
    for (size_t i = 0; i < fake->posts_kept; i++)
        fake_lambda_free_post(fake->posts[i]);
    fake_lambda_free_post(fake->registration);
    free(fake->posts);
    free(fake->tasks);
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->lock);
    free(fake);
}

/* -- the test's side ----------------------------------------------------------------------------------------------- */

const char *fake_lambda_address(const struct fake_lambda *fake)
{
    return fake->address;
}

void fake_lambda_push(struct fake_lambda *fake, const struct fake_event *event)
{
    pthread_mutex_lock(&fake->lock);
    if (fake->tasks_count == fake->tasks_cap) {
        fake->tasks_cap = fake->tasks_cap == 0 ? 64 : fake->tasks_cap * 2;
        fake->tasks = fake_lambda_must(realloc(fake->tasks, fake->tasks_cap * sizeof *fake->tasks));
    }
    fake->tasks[fake->tasks_count++] = (struct task){ .event = *event };
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

void fake_lambda_turn(struct fake_lambda *fake, enum fake_kind kind, int turn)
{
    pthread_mutex_lock(&fake->lock);
    struct turns *turns = &fake->turns[kind];
    if (turns->count == FAKE_TURNS_MAX) fake_lambda_die("more turns than FAKE_TURNS_MAX");
    turns->list[turns->count++] = turn;
    pthread_mutex_unlock(&fake->lock);
}

void fake_lambda_begin_init(struct fake_lambda *fake)
{
    pthread_mutex_lock(&fake->lock);
    fake->initialised = false;
    pthread_mutex_unlock(&fake->lock);
}

void fake_lambda_restore(struct fake_lambda *fake)
{
    pthread_mutex_lock(&fake->lock);
    fake->restored = true;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

void fake_lambda_keep_no_posts(struct fake_lambda *fake)
{
    pthread_mutex_lock(&fake->lock);
    fake->keep_no_posts = true;
    pthread_mutex_unlock(&fake->lock);
}

void fake_lambda_forget(struct fake_lambda *fake, size_t n)
{
    pthread_mutex_lock(&fake->lock);
    fake_lambda_free_post(fake->posts[n]);
    fake->posts[n] = NULL;
    pthread_mutex_unlock(&fake->lock);
}

struct ps_span fake_post_header(const struct fake_post *post, const char *name)
{
    return fake_wire_header(post->head, name);
}

static struct timespec time_after(int wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

/* Waits for the next change. False when the time has passed. Under the lock. */
static bool wait_until(struct fake_lambda *fake, const struct timespec *until)
{
    return pthread_cond_timedwait(&fake->changed, &fake->lock, until) == 0;
}

const struct fake_post *fake_lambda_post(struct fake_lambda *fake, size_t n, int wait_ms)
{
    struct timespec until = time_after(wait_ms);
    pthread_mutex_lock(&fake->lock);
    while (fake->posts_count <= n && wait_until(fake, &until))
        continue;
    const struct fake_post *post = fake->posts_kept > n ? fake->posts[n] : NULL;
    pthread_mutex_unlock(&fake->lock);
    return post;
}

const struct fake_post *fake_lambda_registration(struct fake_lambda *fake, int wait_ms)
{
    struct timespec until = time_after(wait_ms);
    pthread_mutex_lock(&fake->lock);
    while (fake->registration == NULL && wait_until(fake, &until))
        continue;
    const struct fake_post *post = fake->registration;
    pthread_mutex_unlock(&fake->lock);
    return post;
}

bool fake_lambda_await(struct fake_lambda *fake, enum fake_kind kind, size_t count, int wait_ms)
{
    struct timespec until = time_after(wait_ms);
    pthread_mutex_lock(&fake->lock);
    while (fake->counts[kind] < count && wait_until(fake, &until))
        continue;
    bool came = fake->counts[kind] >= count;
    pthread_mutex_unlock(&fake->lock);
    return came;
}

bool fake_lambda_await_body(struct fake_lambda *fake, const char *request_id, size_t bytes, int wait_ms)
{
    struct timespec until = time_after(wait_ms);
    bool ended = false, came = false;
    pthread_mutex_lock(&fake->lock);
    do {
        size_t at = fake_lambda_find_task(fake, ps_span_of(request_id));
        if (at == FAKE_NO_EVENT) continue;
        const struct task *task = &fake->tasks[at];
        ended = task->state == TASK_ANSWERED || task->state == TASK_ENDED;
        came = task->state == TASK_ANSWERING && task->arrived >= bytes;
    } while (!ended && !came && wait_until(fake, &until));
    pthread_mutex_unlock(&fake->lock);
    return came;
}

static uint64_t read_locked(struct fake_lambda *fake, const void *member, size_t bytes)
{
    uint64_t value = 0;
    pthread_mutex_lock(&fake->lock);
    memcpy(&value, member, bytes);
    pthread_mutex_unlock(&fake->lock);
    return value;
}

size_t fake_lambda_posts(struct fake_lambda *fake)
{
    return (size_t)read_locked(fake, &fake->posts_count, sizeof fake->posts_count);
}

size_t fake_lambda_count(struct fake_lambda *fake, enum fake_kind kind)
{
    return (size_t)read_locked(fake, &fake->counts[kind], sizeof fake->counts[kind]);
}

size_t fake_lambda_nexts(struct fake_lambda *fake)
{
    return fake_lambda_count(fake, FAKE_NEXT);
}

size_t fake_lambda_taken(struct fake_lambda *fake)
{
    return (size_t)read_locked(fake, &fake->taken, sizeof fake->taken);
}

size_t fake_lambda_connections(struct fake_lambda *fake)
{
    return (size_t)read_locked(fake, &fake->connections_count, sizeof fake->connections_count);
}

uint64_t fake_lambda_first_next_us(struct fake_lambda *fake)
{
    return read_locked(fake, &fake->first_next_us, sizeof fake->first_next_us);
}

uint64_t fake_lambda_sent_us(struct fake_lambda *fake)
{
    return read_locked(fake, &fake->sent_us, sizeof fake->sent_us);
}

uint64_t fake_lambda_answered_us(struct fake_lambda *fake)
{
    return read_locked(fake, &fake->answered_us, sizeof fake->answered_us);
}
