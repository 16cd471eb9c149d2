#include "lambda/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "host/env.h"
#include "support/check.h"
#include "support/fake_lambda.h"

enum { WORKERS = 4, WAIT_MS = 5000, LOG_BYTES_MAX = 256 << 10 };

/* -- handlers that meet each other ----------------------------------------------------------------------------------
 */

struct state {
    unsigned calls;
    unsigned drains;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned in_hand, most_in_hand, meet;
    struct state *states[WORKERS * 2];
    size_t states_count;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static atomic_uint drains, inits_to_fail;

static enum ps_err init(struct ps_init *init, void *state)
{
    if (init->memory_bytes != (256u << 20)) PS_FAIL(PS_ERR_SYSTEM, "not this worker's share");
    if (atomic_load(&inits_to_fail) > 0) {
        atomic_fetch_sub(&inits_to_fail, 1);
        PS_FAIL(PS_ERR_UNAVAILABLE, "credentials are away");
    }
    pthread_mutex_lock(&all.lock);
    all.states[all.states_count++ % (WORKERS * 2)] = state;
    pthread_mutex_unlock(&all.lock);
    return PS_OK;
}

static void drain(void *state, const struct ps_deadline *deadline)
{
    (void)state;
    if (ps_deadline_left_ms(deadline) <= 300) atomic_fetch_add(&drains, 1);
}

/* Answers when as many invocations as all.meet have been in hand at the same time; else as time runs out. */
static enum ps_err meet(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    struct state *state = inv->state;
    state->calls++;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    pthread_mutex_lock(&all.lock);
    all.in_hand++;
    if (all.in_hand > all.most_in_hand) all.most_in_hand = all.in_hand;
    pthread_cond_broadcast(&all.changed);
    int waited = 0;
    while (all.most_in_hand < all.meet && waited == 0)
        waited = pthread_cond_timedwait(&all.changed, &all.lock, &until);
    all.in_hand--;
    pthread_mutex_unlock(&all.lock);
    ps_log_info(inv->log, "met", PS_LOG_STR("event", event));
    ps_buf_put(reply->body, event);
    return PS_OK;
}

static enum ps_err end_thread(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    if (ps_span_eq(event, PS_SPAN("\"end\""))) pthread_exit(NULL);
    return meet(inv, event, reply);
}

/* -- a pool on a thread of its own ----------------------------------------------------------------------------------
 */

struct scene {
    struct fake_lambda *fake;
    struct ps_handler handler;
    struct ps_worker_options options;
    struct ps_worker workers[WORKERS];
    size_t count;
    struct ps_arena arena;
    int stop[2], log[2];
    pthread_t thread;
    enum ps_err err;
    char log_text[LOG_BYTES_MAX];
};

static void *run(void *argument)
{
    struct scene *scene = argument;
    scene->err = ps_pool_run(&scene->arena, scene->workers, scene->count);
    return NULL;
}

static struct scene *open_scene(size_t count,
                                enum ps_err (*invoke)(struct ps_invocation *, struct ps_span, struct ps_reply *))
{
    struct scene *scene = calloc(1, sizeof *scene);
    CHECK(scene != NULL && pipe(scene->stop) == 0 && pipe(scene->log) == 0);
    all.in_hand = all.most_in_hand = all.meet = 0;
    all.states_count = 0;
    atomic_store(&drains, 0);
    scene->fake = fake_lambda_start();
    scene->count = count;
    scene->arena = check_arena(1 << 20);
    scene->handler = (struct ps_handler){ .abi = PS_HANDLER_ABI,
                                          .name = "test",
                                          .state_bytes = sizeof(struct state),
                                          .init = init,
                                          .invoke = invoke,
                                          .drain = drain };
    scene->options = (struct ps_worker_options){
        .api_address = ps_span_of(fake_lambda_address(scene->fake)),
        .function_name = PS_SPAN("fn"),
        .memory_bytes = count * (256u << 20),
        .workers = (uint32_t)count,
        .log = { .fd = scene->log[1], .threshold = PS_LOG_INFO },
        .stop_fd = scene->stop[0],
        .handler = &scene->handler,
    };
    for (size_t i = 0; i < count; i++) {
        CHECK_OK(ps_worker_open(&scene->workers[i], &scene->options));
        CHECK_OK(ps_worker_init(&scene->workers[i]));
    }
    CHECK(pthread_create(&scene->thread, NULL, run, scene) == 0);
    return scene;
}

/* Tells the process to end and waits until the pool has. */
static void stop(struct scene *scene)
{
    CHECK(write(scene->stop[1], "x", 1) == 1);
    CHECK(pthread_join(scene->thread, NULL) == 0);
    CHECK_EQ(scene->err, PS_OK);
}

/* All that was logged. */
static struct ps_span logged(struct scene *scene)
{
    close(scene->log[1]);
    scene->log[1] = -1;
    size_t len = 0;
    for (ssize_t got = 1; got > 0; len += got > 0 ? (size_t)got : 0)
        got = read(scene->log[0], scene->log_text + len, sizeof scene->log_text - len);
    return ps_span_make(scene->log_text, len);
}

static void close_scene(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        ps_worker_close(&scene->workers[i]);
    fake_lambda_stop(scene->fake);
    close(scene->stop[0]);
    close(scene->stop[1]);
    close(scene->log[0]);
    if (scene->log[1] >= 0) close(scene->log[1]);
    ps_arena_fini(&scene->arena);
    free(scene);
}

static void push(struct scene *scene, const char *body)
{
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = ps_span_of(body) });
}

/* -- facts -----------------------------------------------------------------------------------------------------------
 */

static void as_many_events_are_in_hand_as_there_are_workers(void)
{
    struct scene *scene = open_scene(WORKERS, meet);
    all.meet = WORKERS;
    for (int i = 0; i < WORKERS; i++)
        push(scene, "1");
    for (size_t i = 0; i < WORKERS; i++) {
        const struct fake_post *post = fake_lambda_post(scene->fake, i, WAIT_MS);
        CHECK_OR_RETURN(post != NULL);
        CHECK_EQ(post->kind, FAKE_RESPONSE);
    }
    CHECK_EQ(all.most_in_hand, WORKERS);
    CHECK_EQ(fake_lambda_connections(scene->fake), WORKERS);
    stop(scene);
    close_scene(scene);
}

static void every_event_is_answered_once_by_the_worker_that_took_it(void)
{
    enum { EVENTS = 400 };
    static char bodies[EVENTS][16];
    struct scene *scene = open_scene(WORKERS, meet);
    for (int i = 0; i < EVENTS; i++) {
        snprintf(bodies[i], sizeof bodies[i], "%d", i);
        push(scene, bodies[i]);
    }
    bool answered[EVENTS] = { false };
    for (size_t i = 0; i < EVENTS; i++) {
        const struct fake_post *post = fake_lambda_post(scene->fake, i, WAIT_MS);
        CHECK_OR_RETURN(post != NULL);
        CHECK_OR_RETURN(post->turn == 202 && post->event < EVENTS);
        CHECK(!answered[post->event]);
        answered[post->event] = true;
        CHECK_TEXT(post->body, bodies[post->event]);
    }
    stop(scene);
    CHECK_EQ(all.states_count, WORKERS);
    unsigned calls = 0;
    for (size_t i = 0; i < WORKERS; i++)
        calls += all.states[i]->calls;
    CHECK_EQ(calls, EVENTS);
    close_scene(scene);
}

static void lines_of_several_workers_never_mix(void)
{
    enum { EVENTS = 20, BODY_BYTES = 8000 };
    struct scene *scene = open_scene(WORKERS, meet);
    char *body = malloc(BODY_BYTES + 1);
    CHECK_OR_RETURN(body != NULL);
    memset(body, 'x', BODY_BYTES);
    body[BODY_BYTES] = '\0';
    for (int i = 0; i < EVENTS; i++)
        push(scene, body);
    /* The pipe holds less than all lines: reading is part of the test. */
    size_t len = 0;
    unsigned lines = 0;
    while (lines < EVENTS && len < sizeof scene->log_text) {
        ssize_t got = read(scene->log[0], scene->log_text + len, sizeof scene->log_text - len);
        CHECK_OR_RETURN(got > 0);
        for (ssize_t i = 0; i < got; i++)
            lines += scene->log_text[len + (size_t)i] == '\n';
        len += (size_t)got;
    }
    struct ps_span text = ps_span_make(scene->log_text, len);
    bool more = true;
    while (more) {
        struct ps_span line = ps_span_split(&text, '\n', &more);
        if (!more) break;
        CHECK(ps_span_starts(line, PS_SPAN("{\"timestamp\":")) && ps_span_ends(line, PS_SPAN("\"}")));
        CHECK_EQ(line.len - BODY_BYTES < 200, 1);
    }
    stop(scene);
    close_scene(scene);
    free(body);
}

static void no_worker_writes_the_trace_id_into_the_environment(void)
{
    struct scene *scene = open_scene(2, meet);
    push(scene, "1");
    CHECK(fake_lambda_post(scene->fake, 0, WAIT_MS) != NULL);
    stop(scene);
    CHECK_EQ(ps_env_get("_X_AMZN_TRACE_ID").len, 0);
    close_scene(scene);
}

static void a_worker_that_leaves_its_loop_is_made_anew_while_the_others_go_on(void)
{
    struct scene *scene = open_scene(WORKERS, meet);
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("0"), .answer_turns = { 500 } });
    CHECK(fake_lambda_post(scene->fake, 0, WAIT_MS) != NULL);
    all.meet = WORKERS;
    for (int i = 0; i < WORKERS; i++)
        push(scene, "1");
    CHECK(fake_lambda_post(scene->fake, WORKERS, WAIT_MS) != NULL);
    CHECK_EQ(all.most_in_hand, WORKERS);
    stop(scene);
    struct ps_span log = logged(scene);
    CHECK(ps_span_find(log, PS_SPAN("\"worker_ended\"")) > 0);
    CHECK(ps_span_find(log, PS_SPAN("\"worker_restarted\",\"restarts\":1}")) > 0);
    /* The old state was drained, too. */
    CHECK_EQ(atomic_load(&drains), WORKERS + 1);
    close_scene(scene);
}

static void a_handler_that_ends_its_thread_has_its_event_answered(void)
{
    struct scene *scene = open_scene(2, end_thread);
    push(scene, "\"end\"");
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, FAKE_ERROR);
    CHECK_TEXT(post->error_type, "Runtime.WorkerEnded");
    all.meet = 2;
    push(scene, "1");
    push(scene, "2");
    CHECK(fake_lambda_post(scene->fake, 2, WAIT_MS) != NULL);
    CHECK_EQ(all.most_in_hand, 2);
    stop(scene);
    /* A state that was left in the middle is not touched again. */
    CHECK_EQ(atomic_load(&drains), 2);
    close_scene(scene);
}

static void a_worker_that_fails_again_and_again_ends_the_pool(void)
{
    struct scene *scene = open_scene(1, meet);
    fake_lambda_push(scene->fake,
                     &(struct fake_event){ .body = PS_SPAN("0"), .next_turns = { 403, 403, 403, 403, 403, 403, 403 } });
    CHECK(pthread_join(scene->thread, NULL) == 0);
    CHECK_EQ(scene->err, PS_ERR_UNAVAILABLE);
    CHECK_EQ(fake_lambda_nexts(scene->fake), PS_POOL_RESTARTS_MAX + 1);
    close_scene(scene);
}

static void a_worker_whose_answers_all_fail_ends_the_pool(void)
{
    struct scene *scene = open_scene(1, meet);
    for (int i = 0; i <= PS_POOL_RESTARTS_MAX; i++)
        fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("0"), .answer_turns = { 500 } });
    CHECK(pthread_join(scene->thread, NULL) == 0);
    CHECK_EQ(scene->err, PS_ERR_UNAVAILABLE);
    close_scene(scene);
}

static void an_init_that_fails_at_a_restart_is_tried_again_and_leaves_the_others_alone(void)
{
    struct scene *scene = open_scene(WORKERS, meet);
    atomic_store(&inits_to_fail, 2);
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("0"), .answer_turns = { 500 } });
    CHECK(fake_lambda_post(scene->fake, 0, WAIT_MS) != NULL);
    all.meet = WORKERS;
    for (int i = 0; i < WORKERS; i++)
        push(scene, "1");
    CHECK(fake_lambda_post(scene->fake, WORKERS, WAIT_MS) != NULL);
    CHECK_EQ(all.most_in_hand, WORKERS);
    CHECK_EQ(atomic_load(&inits_to_fail), 0);
    stop(scene);
    close_scene(scene);
}

static void all_workers_drain_when_the_process_is_told_to_end(void)
{
    struct scene *scene = open_scene(WORKERS, meet);
    CHECK(fake_lambda_await(scene->fake, FAKE_NEXT, WORKERS, WAIT_MS));
    stop(scene);
    CHECK_EQ(atomic_load(&drains), WORKERS);
    CHECK_EQ(fake_lambda_posts(scene->fake), 0);
    close_scene(scene);
}

int main(void)
{
    RUN(as_many_events_are_in_hand_as_there_are_workers);
    RUN(every_event_is_answered_once_by_the_worker_that_took_it);
    RUN(lines_of_several_workers_never_mix);
    RUN(no_worker_writes_the_trace_id_into_the_environment);
    RUN(a_worker_that_leaves_its_loop_is_made_anew_while_the_others_go_on);
    RUN(a_handler_that_ends_its_thread_has_its_event_answered);
    RUN(a_worker_that_fails_again_and_again_ends_the_pool);
    RUN(a_worker_whose_answers_all_fail_ends_the_pool);
    RUN(an_init_that_fails_at_a_restart_is_tried_again_and_leaves_the_others_alone);
    RUN(all_workers_drain_when_the_process_is_told_to_end);
    return check_finish();
}
