/* Clients of several threads in one process: what they share is started once and survives each of them. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "aws/call.h"
#include "aws/digest.h"
#include "base/buf.h"
#include "support/check.h"
#include "support/fake_http.h"

enum { WORKERS = 4, ROUNDS = 3, CALLS = 4 };

static char ca_file[] = "/tmp/penstock-test-several-XXXXXX";
static const struct ps_call_target SIGNED = { .auth = PS_CALL_SIGV4, .service = PS_SPAN_INIT("es") };
static const struct ps_call_options ONCE = { .attempts_max = 1, .timeout_ms = 10000 };
static const struct ps_deadline NO_DEADLINE = { 0 };

static enum ps_err open_client(struct ps_arena *arena, struct ps_call_client **out)
{
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"),
                                                    .ca_file = ps_span_of(ca_file),
                                                    .connect_timeout_ms = 10000,
                                                    .needs_credentials = true };
    return ps_call_client_open(arena, &options, out);
}

static enum ps_err call(struct ps_call_client *client, struct ps_arena *arena, struct fake_http *server)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .url = fake_http_url(server),
                     .body = PS_SPAN("body"),
                     .response_bytes_max = 1000 },
    };
    PS_TRY(ps_call_run(client, arena, &SIGNED, &ONCE, &NO_DEADLINE, &exchange));
    if (!ps_span_eq(exchange.response.body, PS_SPAN("ok"))) PS_FAIL(PS_ERR_BAD_INPUT, "another answer");
    return PS_OK;
}

struct worker {
    pthread_t thread;
    pthread_barrier_t *begin;
    struct fake_http *server;
    enum ps_err err;
};

static enum ps_err open_call_and_close(struct ps_arena *arena, struct fake_http *server)
{
    struct ps_call_client *client = NULL;
    const struct ps_span body = PS_SPAN("body");
    char digest[PS_DIGEST_SHA256_HEX_BYTES];
    PS_TRY(ps_digest_sha256_hex(&body, 1, digest));
    PS_TRY(open_client(arena, &client));
    enum ps_err err = PS_OK;
    for (size_t i = 0; err == PS_OK && i < CALLS; i++)
        err = call(client, arena, server);
    ps_call_client_close(client);
    return err;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct ps_arena arena = check_arena(1 << 20);
    (void)pthread_barrier_wait(worker->begin);
    for (size_t i = 0; worker->err == PS_OK && i < ROUNDS; i++)
        worker->err = open_call_and_close(&arena, worker->server);
    ps_arena_fini(&arena);
    return NULL;
}

/* The first of this program: nothing has been started before the threads meet. */
static void threads_open_sign_send_and_close_at_once(void)
{
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("ok") } } };
    struct fake_http *server = fake_http_open_tls(script, 1, true, ca_file);
    struct worker workers[WORKERS] = { 0 };
    pthread_barrier_t begin;
    CHECK_OR_RETURN(pthread_barrier_init(&begin, NULL, WORKERS) == 0);
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){ .begin = &begin, .server = server };
        CHECK_OR_RETURN(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        CHECK_EQ(pthread_join(workers[i].thread, NULL), 0);
        CHECK_OK(workers[i].err);
    }
    pthread_barrier_destroy(&begin);
    CHECK_EQ(fake_http_count(server), WORKERS * ROUNDS * CALLS);
    CHECK_EQ(fake_http_finish(server), 0);
}

struct lent {
    struct ps_call_client *client; /* opened by another thread */
    struct fake_http *server;
    enum ps_err err;
};

static void *use_lent(void *context)
{
    struct lent *lent = context;
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t i = 0; lent->err == PS_OK && i < ROUNDS * CALLS; i++)
        lent->err = call(lent->client, &arena, lent->server);
    ps_arena_fini(&arena);
    return NULL;
}

static void clients_come_and_go_while_another_thread_uses_its_own(void)
{
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("ok") } } };
    struct fake_http *server = fake_http_open_tls(script, 1, true, ca_file);
    struct ps_arena arena = check_arena(1 << 20);
    struct lent lent = { .server = server };
    pthread_t user;
    CHECK_OK(open_client(&arena, &lent.client));
    CHECK_OR_RETURN(pthread_create(&user, NULL, use_lent, &lent) == 0);
    for (size_t i = 0; i < ROUNDS; i++)
        CHECK_OK(open_call_and_close(&arena, server));
    CHECK_EQ(pthread_join(user, NULL), 0);
    CHECK_OK(lent.err);
    ps_call_client_close(lent.client);
    ps_arena_fini(&arena);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void one_client_closed_leaves_the_others_their_connections(void)
{
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("ok") } } };
    struct fake_http *server = fake_http_open_tls(script, 1, true, ca_file);
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_call_client *stays = NULL, *goes = NULL;
    CHECK_OK(open_client(&arena, &stays));
    CHECK_OK(open_client(&arena, &goes));
    CHECK_OK(call(stays, &arena, server));
    CHECK_OK(call(goes, &arena, server));
    ps_call_client_close(goes);
    CHECK_OK(call(stays, &arena, server));
    CHECK_EQ(fake_http_request(server, 0).connection, 0);
    CHECK_EQ(fake_http_request(server, 1).connection, 1);
    CHECK_EQ(fake_http_request(server, 2).connection, 0);
    ps_call_client_close(stays);
    ps_arena_fini(&arena);
    CHECK_EQ(fake_http_finish(server), 0);
}

int main(void)
{
    if (mkstemp(ca_file) < 0) return EXIT_FAILURE;
    unsetenv("AWS_CA_BUNDLE");
    unsetenv("SSL_CERT_FILE");
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    RUN(threads_open_sign_send_and_close_at_once);
    RUN(clients_come_and_go_while_another_thread_uses_its_own);
    RUN(one_client_closed_leaves_the_others_their_connections);
    unlink(ca_file);
    return check_finish();
}
