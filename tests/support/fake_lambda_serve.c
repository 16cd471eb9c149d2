#include <stdlib.h>
#include <unistd.h>

#include "host/clock.h"
#include "support/fake_lambda_priv.h"

/* What Lambda calls an extension that has registered; any text would do. */
#define IDENTIFIER "00000000-0000-4000-8000-000000000001"

/* -- calls --------------------------------------------------------------------------------------------------------- */

/* What a call asks for. The id is the one of /runtime/invocation/<id>/..., else empty. */
static enum fake_kind read_kind(const struct fake_request *request, struct ps_span *request_id)
{
    static const struct {
        struct ps_span method, before_id, after_id;
        enum fake_kind kind;
    } CALLS[] = {
#define RUNTIME "/2018-06-01/runtime/"
#define EXTENSION "/2020-01-01/extension/"
        { PS_SPAN_INIT("GET"), PS_SPAN_INIT(RUNTIME "invocation/next"), PS_SPAN_INIT(""), FAKE_NEXT },
        { PS_SPAN_INIT("POST"), PS_SPAN_INIT(RUNTIME "invocation/"), PS_SPAN_INIT("/response"), FAKE_RESPONSE },
        { PS_SPAN_INIT("POST"), PS_SPAN_INIT(RUNTIME "invocation/"), PS_SPAN_INIT("/error"), FAKE_ERROR },
        { PS_SPAN_INIT("POST"), PS_SPAN_INIT(RUNTIME "init/error"), PS_SPAN_INIT(""), FAKE_INIT_ERROR },
        { PS_SPAN_INIT("GET"), PS_SPAN_INIT(RUNTIME "restore/next"), PS_SPAN_INIT(""), FAKE_RESTORE_NEXT },
        { PS_SPAN_INIT("POST"), PS_SPAN_INIT(RUNTIME "restore/error"), PS_SPAN_INIT(""), FAKE_RESTORE_ERROR },
        { PS_SPAN_INIT("POST"), PS_SPAN_INIT(EXTENSION "register"), PS_SPAN_INIT(""), FAKE_REGISTER },
        { PS_SPAN_INIT("GET"), PS_SPAN_INIT(EXTENSION "event/next"), PS_SPAN_INIT(""), FAKE_EXTENSION_NEXT },
    };
    for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0]; i++) {
        if (!ps_span_eq(request->method, CALLS[i].method) || !ps_span_starts(request->path, CALLS[i].before_id))
            continue;
        struct ps_span rest = ps_span_from(request->path, CALLS[i].before_id.len);
        if (rest.len < CALLS[i].after_id.len || !ps_span_ends(rest, CALLS[i].after_id)) continue;
        *request_id = ps_span_first(rest, rest.len - CALLS[i].after_id.len);
        bool has_id = CALLS[i].after_id.len > 0;
        if ((request_id->len > 0) == has_id && ps_span_find_byte(*request_id, '/') == PS_SPAN_NONE)
            return CALLS[i].kind;
    }
    *request_id = PS_SPAN("");
    return FAKE_UNKNOWN;
}

/* Counts a call and takes its turn, if it has one that is not its event's; 0: none. Under the lock. */
static int begin_call(struct fake_lambda *fake, enum fake_kind kind)
{
    fake->counts[kind]++;
    pthread_cond_broadcast(&fake->changed);
    struct turns *turns = &fake->turns[kind];
    return turns->at < turns->count ? turns->list[turns->at++] : 0;
}

/* Takes the next turn of an event's list; 0 when it is used up. Under the lock. */
static int take_turn(const int *turns, unsigned *at)
{
    int turn = *at < FAKE_TURNS_MAX ? turns[*at] : 0;
    if (turn != 0) (*at)++;
    return turn;
}

/* Whether the connection can go on; so do all that follow. */
static bool serve_next(struct connection *connection)
{
    struct fake_lambda *fake = connection->fake;
    pthread_mutex_lock(&fake->lock);
    (void)begin_call(fake, FAKE_NEXT);
    fake->initialised = true;
    if (fake->first_next_us == 0) fake->first_next_us = ps_clock_monotonic_us();
    /* Asking for the next one ends the one in hand, answered or not. */
    if (connection->in_hand != FAKE_NO_EVENT) fake->tasks[connection->in_hand].state = TASK_ENDED;
    connection->in_hand = FAKE_NO_EVENT;
    while (fake->taken == fake->tasks_count && !fake->stopping)
        pthread_cond_wait(&fake->changed, &fake->lock);
    struct fake_event event = { 0 };
    int turn = FAKE_HANG_UP;
    size_t at = fake->taken;
    /* A process that ended while it waited here must not take an event with it. */
    if (!fake->stopping && !fake_wire_gone(&connection->wire)) {
        struct task *task = &fake->tasks[at];
        event = task->event;
        turn = take_turn(event.next_turns, &task->next_turn);
        if (turn == 0) {
            connection->in_hand = fake->taken++;
            task->state = TASK_TAKEN;
            task->sent_us = fake->sent_us = ps_clock_monotonic_us();
        }
    }
    pthread_mutex_unlock(&fake->lock);
    if (turn < 0) return false;
    return turn > 0 ? fake_lambda_send_status(&connection->wire, turn, "")
                    : fake_lambda_send_event(&connection->wire, &event, at + 1);
}

static bool serve_restore(struct connection *connection)
{
    struct fake_lambda *fake = connection->fake;
    pthread_mutex_lock(&fake->lock);
    int turn = begin_call(fake, FAKE_RESTORE_NEXT);
    while (turn == 0 && !fake->restored && !fake->stopping)
        pthread_cond_wait(&fake->changed, &fake->lock);
    if (fake->stopping) turn = FAKE_HANG_UP;
    pthread_mutex_unlock(&fake->lock);
    return turn >= 0 && fake_lambda_send_status(&connection->wire, turn == 0 ? 200 : turn, "");
}

/* An internal extension is sent no event, ever. */
static bool serve_extension(struct connection *connection, const struct fake_request *request)
{
    struct fake_lambda *fake = connection->fake;
    bool known = ps_span_eq(fake_wire_header(request->head, "Lambda-Extension-Identifier"), PS_SPAN(IDENTIFIER));
    pthread_mutex_lock(&fake->lock);
    int turn = begin_call(fake, FAKE_EXTENSION_NEXT);
    if (turn == 0 && !known) turn = 403;
    while (turn == 0 && !fake->stopping)
        pthread_cond_wait(&fake->changed, &fake->lock);
    pthread_mutex_unlock(&fake->lock);
    return turn > 0 && fake_lambda_send_status(&connection->wire, turn, "");
}

/* -- posts --------------------------------------------------------------------------------------------------------- */

/* A POST while it is served. */
struct answer {
    struct connection *connection;
    enum fake_kind kind;
    size_t task;           /* the event it answers, or FAKE_NO_EVENT */
    enum task_state state; /* the event's when it came */
    struct fake_event event;
    int turn;
};

static void begin_answer(struct answer *answer, struct ps_span request_id)
{
    struct fake_lambda *fake = answer->connection->fake;
    pthread_mutex_lock(&fake->lock);
    answer->turn = begin_call(fake, answer->kind);
    answer->task = fake_lambda_find_task(fake, request_id);
    if (answer->task != FAKE_NO_EVENT) {
        struct task *task = &fake->tasks[answer->task];
        answer->event = task->event;
        answer->state = task->state;
        answer->turn = take_turn(task->event.answer_turns, &task->answer_turn);
        if (task->state == TASK_TAKEN) {
            task->state = TASK_ANSWERING;
            task->arrived = 0;
        }
    }
    pthread_mutex_unlock(&fake->lock);
}

static void note_arrived(void *context, size_t bytes)
{
    const struct answer *answer = context;
    struct fake_lambda *fake = answer->connection->fake;
    if (answer->task == FAKE_NO_EVENT || answer->state != TASK_TAKEN) return;
    pthread_mutex_lock(&fake->lock);
    fake->tasks[answer->task].arrived = bytes;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

/* The status of an answer to an event. *ends: the invocation is over with it. */
static int judge_answer(const struct answer *answer, struct ps_span mode, const struct fake_body *body, bool *ends)
{
    *ends = true;
    bool response = answer->kind == FAKE_RESPONSE;
    if (answer->turn != 0) {
        *ends = answer->turn == 202 || answer->turn == 410 || answer->turn == 413;
        return answer->turn;
    }
    if (answer->task == FAKE_NO_EVENT || answer->state == TASK_ENDED) return 400;
    if (answer->state != TASK_TAKEN) return 403;
    if (response && mode.len > 0 && !ps_span_eq(mode, PS_SPAN("streaming"))) return 400;
    if (response && mode.len == 0 && body->text.len > FAKE_RESPONSE_BYTES_MAX) return 413;
    return 202;
}

/* The status of a POST that is about no event. Under the lock. */
static int judge_other(const struct answer *answer, struct ps_span head, const struct fake_body *body)
{
    bool initialised = answer->connection->fake->initialised;
    if (answer->turn != 0) return answer->turn;
    if (answer->kind == FAKE_UNKNOWN) return 404;
    if (answer->kind == FAKE_RESTORE_ERROR) return 202;
    if (answer->kind == FAKE_INIT_ERROR) return initialised ? 403 : 202;
    /* An internal extension has a name, comes before the first /next and cannot ask to be told of the shutdown. */
    bool named = fake_wire_header(head, "Lambda-Extension-Name").len > 0;
    bool shutdown_wanted = ps_span_find(fake_text_span(&body->text), PS_SPAN("SHUTDOWN")) != PS_SPAN_NONE;
    return initialised || !named || shutdown_wanted ? 403 : 200;
}

/* Takes the memory of request and body. */
static struct fake_post *make_post(struct fake_request *request, struct fake_body *body)
{
    struct fake_post *post = fake_lambda_must(calloc(1, sizeof *post));
    post->head = request->head;
    post->path = request->path;
    post->head_memory = request->head_text.data;
    post->content_type = fake_post_header(post, "Content-Type");
    post->error_type = fake_post_header(post, "Lambda-Runtime-Function-Error-Type");
    post->invocation_id = fake_post_header(post, "Lambda-Runtime-Invocation-Id");
    post->user_agent = fake_post_header(post, "User-Agent");
    post->response_mode = fake_post_header(post, "Lambda-Runtime-Function-Response-Mode");
    post->chunked = request->chunked;
    post->whole = body->whole;
    post->chunks = body->chunks;
    post->body = fake_text_span(&body->text);
    post->body_memory = body->text.data;
    post->trailers = fake_text_span(&body->trailers);
    post->trailer_memory = body->trailers.data;
    post->stream_error_type = fake_wire_header(post->trailers, "Lambda-Runtime-Function-Error-Type");
    post->stream_error_body = fake_wire_header(post->trailers, "Lambda-Runtime-Function-Error-Body");
    *request = (struct fake_request){ 0 };
    *body = (struct fake_body){ .whole = body->whole, .stopped = body->stopped };
    return post;
}

/* Under the lock. */
static void keep_post(struct fake_lambda *fake, struct fake_post *post)
{
    if (post->kind == FAKE_REGISTER) {
        fake_lambda_free_post(fake->registration);
        fake->registration = post;
        return;
    }
    if (fake->posts_kept == fake->posts_cap) {
        fake->posts_cap = fake->posts_cap == 0 ? 64 : fake->posts_cap * 2;
        fake->posts = fake_lambda_must(realloc(fake->posts, fake->posts_cap * sizeof(struct fake_post *)));
    }
    fake->posts[fake->posts_kept++] = post;
}

/* Decides on the POST, moves its event on and records it: before it is answered, so that a client which has its answer
 * finds it recorded. Returns the status, 0 when the client broke off. */
static int finish_answer(const struct answer *answer, struct ps_span request_id, struct fake_request *request,
                         struct fake_body *body)
{
    struct fake_lambda *fake = answer->connection->fake;
    bool about_event = answer->kind == FAKE_RESPONSE || answer->kind == FAKE_ERROR, ends = true;
    pthread_mutex_lock(&fake->lock);
    struct ps_span mode = fake_wire_header(request->head, "Lambda-Runtime-Function-Response-Mode");
    int status = about_event ? judge_answer(answer, mode, body, &ends) : judge_other(answer, request->head, body);
    if (!body->whole && !body->stopped) status = 0;
    struct task *task = answer->task == FAKE_NO_EVENT ? NULL : &fake->tasks[answer->task];
    /* Unless its connection has meanwhile asked for the next one. */
    if (task != NULL && answer->state == TASK_TAKEN && task->state == TASK_ANSWERING)
        task->state = ends ? TASK_ANSWERED : TASK_TAKEN;
    fake->answered_us = ps_clock_monotonic_us();
    fake->posts_count += answer->kind != FAKE_REGISTER;
    if (answer->kind == FAKE_REGISTER || !fake->keep_no_posts) {
        struct fake_post *post = make_post(request, body);
        post->kind = answer->kind;
        post->turn = status;
        post->request_id = request_id;
        post->event = answer->task;
        post->connection = answer->connection->number;
        post->sent_us = task == NULL ? 0 : task->sent_us;
        post->answered_us = fake->answered_us;
        keep_post(fake, post);
    }
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
    return status;
}

static bool serve_post(struct connection *connection, enum fake_kind kind, struct ps_span request_id,
                       struct fake_request *request)
{
    struct answer answer = { .connection = connection, .kind = kind };
    begin_answer(&answer, request_id);
    bool early = answer.event.answer_early || answer.turn == FAKE_HANG_UP_EARLY;
    struct fake_body body = {
        .stop_bytes = answer.event.answer_after_bytes, .arrived = note_arrived, .context = &answer, .stopped = early
    };
    if (!early) fake_wire_read_body(&connection->wire, request, &body);
    bool stopped = body.stopped && !body.whole, whole = body.whole;
    int status = finish_answer(&answer, request_id, request, &body);
    fake_body_fini(&body);
    if (status <= 0) return false;
    const char *header =
        kind == FAKE_REGISTER && status == 200 ? "Lambda-Extension-Identifier: " IDENTIFIER "\r\n" : "";
    bool sent = fake_lambda_send_status(&connection->wire, status, header);
    if (sent && stopped && !early) fake_wire_linger(&connection->wire);
    return sent && whole && !answer.event.close_after_answer;
}

static bool serve_call(struct connection *connection, struct fake_request *request)
{
    struct ps_span request_id;
    enum fake_kind kind = read_kind(request, &request_id);
    if (kind == FAKE_NEXT) return serve_next(connection);
    if (kind == FAKE_RESTORE_NEXT) return serve_restore(connection);
    if (kind == FAKE_EXTENSION_NEXT) return serve_extension(connection, request);
    if (ps_span_eq(request->method, PS_SPAN("POST"))) return serve_post(connection, kind, request_id, request);
    return fake_lambda_send_status(&connection->wire, 404, "");
}

void *fake_lambda_serve(void *argument)
{
    struct connection *connection = argument;
    for (bool open = true; open;) {
        struct fake_request request = { 0 };
        open = fake_wire_read_head(&connection->wire, &request) && serve_call(connection, &request);
        fake_request_fini(&request);
    }
    pthread_mutex_lock(&connection->fake->lock);
    close(connection->wire.fd);
    connection->done = true;
    pthread_mutex_unlock(&connection->fake->lock);
    return NULL;
}
