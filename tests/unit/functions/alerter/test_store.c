#include "alerter/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/clock.h"
#include "support/check.h"
#include "support/fake_http.h"

static struct ps_arena process, arena;
static struct ps_call_client *client;
static struct ps_dynamodb_table *table;
static struct fake_http *server;
static struct ps_deadline deadline;
static struct store store;

static const struct ruling AT_ONCE = { .channels = CHANNELS_ALL, .rate_count = 1 };

#define REPLY(body_) \
    { \
        .reply = {.status = 200, .body = PS_SPAN_INIT(body_) } \
    }

/* An invocation that began a minute ago and has half a minute left. */
static void start(const struct fake_http_step *steps, size_t count, bool repeat_last)
{
    server = fake_http_open(steps, count, repeat_last);
    struct ps_span url = fake_http_url(server);
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s", PS_SPAN_ARG(url));
    setenv("AWS_ENDPOINT_URL_DYNAMODB", text, 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
    process = check_arena(16 << 20);
    arena = check_arena(64 << 20);
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&process, &options, &client));
    CHECK_OK(ps_dynamodb_table_open(&process, client, PS_SPAN("alerts"), 5000, &table));
    deadline = ps_deadline_make(30000, 0, 0);
    store = (struct store){ .client = client,
                            .table = table,
                            .table_name = PS_SPAN("alerts"),
                            .arena = &arena,
                            .deadline = &deadline,
                            .request_id = PS_SPAN("me"),
                            .now_ms = ps_clock_now_ms() - 60000,
                            .window_s = 300,
                            .ttl_days = 14 };
}

static void stop(void)
{
    ps_call_client_close(client);
    CHECK_EQ(fake_http_finish(server), 0);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
}

static struct alert an_alert(void)
{
    struct alert alert = { .source = ALERT_LOG,
                           .id = PS_SPAN("i\"1"),
                           .level = PS_LEVEL_ERROR,
                           .service = PS_SPAN("pay"),
                           .title = PS_SPAN("refused"),
                           .time_ms = 1795255200000 };
    memset(alert.fingerprint, 'a', sizeof alert.fingerprint);
    return alert;
}

static struct delivery a_delivery(void)
{
    return (struct delivery){ .key = { PS_SPAN("outgoing"), PS_SPAN("1") } };
}

/* The lease's end in the request numbered i. */
static int64_t lease_end_ms(size_t i)
{
    static const struct ps_span NAME = PS_SPAN_INIT("\":end\":{\"N\":\"");
    struct ps_span body = fake_http_request(server, i).body;
    ptrdiff_t at = ps_span_find(body, NAME);
    if (!CHECK(at != PS_SPAN_NONE)) return 0;
    return strtoll(body.data + at + NAME.len, NULL, 10);
}

static void a_lease_lasts_as_long_as_the_invocation_may(void)
{
    static const struct fake_http_step STEPS[] = {
        REPLY("{}"), REPLY("{\"Item\":{\"pk\":{\"S\":\"outgoing\"},\"sk\":{\"S\":\"1\"}}}")
    };
    start(STEPS, 2, false);
    struct delivery delivery = a_delivery();
    bool done = false;
    CHECK_OK(store_lease(&store, &delivery, &done));
    CHECK(done);
    CHECK(lease_end_ms(0) > ps_clock_now_ms() + 20000);
    stop();
}

static void what_was_sent_before_the_lease_is_known(void)
{
    static const struct fake_http_step STEPS[] = {
        REPLY("{}"),
        REPLY("{\"Item\":{\"pk\":{\"S\":\"outgoing\"},\"sk\":{\"S\":\"1\"},\"slack\":{\"S\":\"sent\"}}}")
    };
    start(STEPS, 2, false);
    struct delivery delivery = a_delivery();
    bool done = false;
    CHECK_OK(store_lease(&store, &delivery, &done));
    CHECK(done);
    CHECK_EQ(delivery.sent, 1u << CHANNEL_SLACK);
    stop();
}

static void what_is_gone_cannot_be_leased(void)
{
    static const struct fake_http_step STEPS[] = { REPLY("{}"), REPLY("{}") };
    start(STEPS, 2, false);
    struct delivery delivery = a_delivery();
    bool done = true;
    CHECK_OK(store_lease(&store, &delivery, &done));
    CHECK(!done);
    stop();
}

/* -- failures ------------------------------------------------------------------------------------------------------ */

static enum ps_err step(enum step which, enum incident_phase phase)
{
    struct alert alert = an_alert();
    struct incident incident = { .phase = phase, .repeats = 1, .alert = alert };
    struct handled_id handled;
    bool done;
    return store_step(&store, which, &alert, &incident, &AT_ONCE, &handled, &done);
}

static enum ps_err close_window(enum closing closing)
{
    struct incident incident = { .phase = INCIDENT_OPEN, .repeats = 1, .alert = an_alert() };
    bool done;
    return store_close(&store, closing, &incident, &done);
}

static enum ps_err take_place(void)
{
    struct delivery delivery = a_delivery();
    return store_take_place(&store, &delivery, CHANNEL_SLACK, 2);
}

static void every_failure_is_told(void)
{
    static const struct fake_http_step STEPS[] = { REPLY("{}") };
    start(STEPS, 1, true);
    PS_EACH_FAILURE(&arena, step(STEP_OPEN, INCIDENT_NONE));
    PS_EACH_FAILURE(&arena, step(STEP_COUNT, INCIDENT_COUNTING));
    PS_EACH_FAILURE(&arena, step(STEP_COUNT, INCIDENT_OPEN));
    PS_EACH_FAILURE(&arena, step(STEP_REACH_RATE, INCIDENT_COUNTING));
    PS_EACH_FAILURE(&arena, step(STEP_MARK_WELL, INCIDENT_OPEN));
    PS_EACH_FAILURE(&arena, close_window(CLOSING_SUMMARISE));
    PS_EACH_FAILURE(&arena, close_window(CLOSING_RESOLVE));
    PS_EACH_FAILURE(&arena, take_place());
    stop();
}

int main(void)
{
    RUN(a_lease_lasts_as_long_as_the_invocation_may);
    RUN(what_was_sent_before_the_lease_is_known);
    RUN(what_is_gone_cannot_be_leased);
    RUN(every_failure_is_told);
    return check_finish();
}
