#include "lambda/snapstart.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/rng.h"

#include "support/check.h"
#include "support/fake_lambda.h"

enum { WAIT_MS = 5000, WORKERS = 2 };

/* Seeds that were drawn from the kernel, by the thread that runs the hooks. */
static unsigned seeds;

ssize_t getrandom(void *memory, size_t size,
                  unsigned flags) // NOLINT(readability-inconsistent-declaration-parameter-name)
{
    seeds++;
    return syscall(SYS_getrandom, memory, size, flags);
}

/* What the hooks did, in order. */
static char done[64];
static const char *failing;

static enum ps_err do_hook(const char *name)
{
    (void)ps_rng_below(10);
    strncat(done, name, sizeof done - strlen(done) - 1);
    if (failing != NULL && strcmp(failing, name) == 0) PS_FAIL(PS_ERR_DENIED, "hook %s failed", name);
    return PS_OK;
}

static enum ps_err before_snapshot(void *state)
{
    return *(unsigned *)state == 7 ? do_hook("before ") : PS_ERR_SYSTEM;
}

static enum ps_err after_restore(void *state)
{
    return *(unsigned *)state == 7 ? do_hook("after ") : PS_ERR_SYSTEM;
}

static enum ps_err init(struct ps_init *init, void *state)
{
    (void)init;
    *(unsigned *)state = 7;
    return PS_OK;
}

static enum ps_err echo(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    (void)inv;
    ps_buf_put(reply->body, event);
    return PS_OK;
}

struct scene {
    struct fake_lambda *fake;
    struct ps_handler handler;
    struct ps_worker_options options;
    struct ps_worker workers[WORKERS];
    pthread_t thread;
    enum ps_err err;
};

static void *run(void *argument)
{
    struct scene *scene = argument;
    scene->err = ps_snapstart_run(scene->workers, WORKERS);
    return NULL;
}

static struct scene *open_scene(const char *type, const char *failing_hook)
{
    static struct scene scene;
    scene = (struct scene){ .fake = fake_lambda_start() };
    done[0] = '\0';
    failing = failing_hook;
    CHECK(setenv("AWS_LAMBDA_INITIALIZATION_TYPE", type, 1) == 0);
    scene.handler = (struct ps_handler){ .abi = PS_HANDLER_ABI,
                                         .name = "test",
                                         .state_bytes = sizeof(unsigned),
                                         .init = init,
                                         .invoke = echo,
                                         .before_snapshot = before_snapshot,
                                         .after_restore = after_restore };
    scene.options = (struct ps_worker_options){
        .api_address = ps_span_of(fake_lambda_address(scene.fake)),
        .memory_bytes = 256 << 20,
        .workers = WORKERS,
        .log = { .fd = STDOUT_FILENO, .threshold = PS_LOG_FATAL + 1 },
        .stop_fd = -1,
        .handler = &scene.handler,
    };
    for (size_t i = 0; i < WORKERS; i++) {
        CHECK_OK(ps_worker_open(&scene.workers[i], &scene.options));
        CHECK_OK(ps_worker_init(&scene.workers[i]));
    }
    CHECK(pthread_create(&scene.thread, NULL, run, &scene) == 0);
    return &scene;
}

static void finish(struct scene *scene, enum ps_err wanted)
{
    CHECK(pthread_join(scene->thread, NULL) == 0);
    CHECK_EQ(scene->err, wanted);
}

static void close_scene(struct scene *scene)
{
    for (size_t i = 0; i < WORKERS; i++)
        ps_worker_close(&scene->workers[i]);
    fake_lambda_stop(scene->fake);
}

static void hooks_run_on_both_sides_of_the_snapshot(void)
{
    struct scene *scene = open_scene("snap-start", NULL);
    CHECK(fake_lambda_await(scene->fake, FAKE_RESTORE_NEXT, 1, WAIT_MS));
    /* The process now waits in the snapshot. */
    CHECK_TEXT(ps_span_of(done), "before before ");
    fake_lambda_restore(scene->fake);
    finish(scene, PS_OK);
    CHECK_TEXT(ps_span_of(done), "before before after after ");
    close_scene(scene);
}

static void copies_of_a_snapshot_draw_numbers_of_their_own(void)
{
    seeds = 0;
    struct scene *scene = open_scene("snap-start", NULL);
    fake_lambda_restore(scene->fake);
    finish(scene, PS_OK);
    /* Four draws, and one seed on either side. */
    CHECK_EQ(seeds, 2);
    close_scene(scene);
}

static void the_first_event_after_a_restore_comes_over_a_new_connection(void)
{
    struct scene *scene = open_scene("snap-start", NULL);
    fake_lambda_restore(scene->fake);
    finish(scene, PS_OK);
    fake_lambda_push(scene->fake, &(struct fake_event){ .body = PS_SPAN("1") });
    CHECK_OK(ps_loop_once(&scene->workers[0].loop));
    CHECK_EQ(fake_lambda_connections(scene->fake), 2);
    CHECK_EQ(fake_lambda_posts(scene->fake), 1);
    close_scene(scene);
}

static void nothing_happens_without_snapstart(void)
{
    struct scene *scene = open_scene("on-demand", NULL);
    finish(scene, PS_OK);
    CHECK_TEXT(ps_span_of(done), "");
    CHECK_EQ(fake_lambda_connections(scene->fake), 0);
    close_scene(scene);
}

static void check_post(struct scene *scene, enum fake_kind kind, const char *type, const char *text)
{
    const struct fake_post *post = fake_lambda_post(scene->fake, 0, WAIT_MS);
    CHECK_OR_RETURN(post != NULL);
    CHECK_EQ(post->kind, kind);
    CHECK_TEXT(post->error_type, type);
    CHECK(ps_span_find(post->body, ps_span_of(text)) > 0);
}

static void a_failure_before_the_snapshot_is_an_init_error(void)
{
    struct scene *scene = open_scene("snap-start", "before ");
    finish(scene, PS_ERR_DENIED);
    check_post(scene, FAKE_INIT_ERROR, "Runtime.BeforeSnapshotError", "hook before  failed");
    CHECK_EQ(fake_lambda_count(scene->fake, FAKE_RESTORE_NEXT), 0);
    close_scene(scene);
}

static void a_failure_after_the_restore_is_a_restore_error(void)
{
    struct scene *scene = open_scene("snap-start", "after ");
    fake_lambda_restore(scene->fake);
    finish(scene, PS_ERR_DENIED);
    check_post(scene, FAKE_RESTORE_ERROR, "Runtime.AfterRestoreError", "hook after  failed");
    close_scene(scene);
}

static void a_refused_restore_ends_the_process(void)
{
    struct scene *scene = open_scene("on-demand", NULL);
    finish(scene, PS_OK);
    CHECK(setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start", 1) == 0);
    fake_lambda_turn(scene->fake, FAKE_RESTORE_NEXT, 403);
    CHECK_ERR(ps_snapstart_run(scene->workers, WORKERS), PS_ERR_UNAVAILABLE);
    CHECK_TEXT(ps_span_of(done), "before before ");
    close_scene(scene);
}

int main(void)
{
    RUN(hooks_run_on_both_sides_of_the_snapshot);
    RUN(copies_of_a_snapshot_draw_numbers_of_their_own);
    RUN(the_first_event_after_a_restore_comes_over_a_new_connection);
    RUN(nothing_happens_without_snapstart);
    RUN(a_failure_before_the_snapshot_is_an_init_error);
    RUN(a_failure_after_the_restore_is_a_restore_error);
    RUN(a_refused_restore_ends_the_process);
    return check_finish();
}
