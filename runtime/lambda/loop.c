#include "lambda/loop.h"

#include "host/clock.h"
#include "host/env.h"
#include "lambda/stream_priv.h"

enum {
    RESERVE_MS_MAX = 1500,
    RESERVE_DIVISOR = 5,
};

/* The log and, for X-Ray clients, the environment tell of the event in hand. */
static void set_context(struct ps_loop *loop, const struct ps_api_event *event)
{
    loop->log->request_id = event->request_id;
    loop->log->tenant_id = event->tenant_id;
    if (!loop->shares_process) ps_env_set_trace_id(event->trace_id);
}

static void arm(struct ps_loop *loop)
{
    if (loop->crash != NULL)
        ps_crash_arm(loop->crash, ps_api_crash_head(loop->api, &loop->event, "/error"), loop->event.request_id);
}

static void disarm(struct ps_loop *loop)
{
    if (loop->crash != NULL) ps_crash_disarm(loop->crash);
}

/* Lambda no longer wants this answer; the next event may still come. */
static void note_refusal(const struct ps_log *log, uint32_t status)
{
    if (status >= 300) ps_log_warn(log, "answer_refused", PS_LOG_U64("status", status));
}

/* Tells the caller about err: in the trailers of a response that has begun (stream is not NULL), else as the answer.
 * error_type NULL: made from err. */
static enum ps_err answer_failure(struct ps_loop *loop, const struct ps_api_event *event, struct ps_stream *stream,
                                  enum ps_err err, const char *error_type)
{
    /* A handler may return an error without having said why. */
    if (ps_err_note()->err != err) (void)!ps_err_raise(err, __FILE__, __LINE__, "%s", ps_err_meaning(err));
    ps_log_fault(loop->log, PS_LOG_ERROR, "invocation_failed");
    struct ps_failure failure;
    ps_failure_make(&failure, error_type, ps_span_make(NULL, 0));
    uint32_t status = 0;
    disarm(loop);
    if (stream != NULL)
        PS_TRY(ps_stream_end(stream, &failure, &status));
    else
        PS_TRY(ps_api_fail(loop->api, event, &failure, &status));
    note_refusal(loop->log, status);
    return PS_OK;
}

/* Lambda would take all of a response over its limit and then refuse it, and the caller would not learn why. */
static enum ps_err finish_body(const struct ps_reply *reply, struct ps_span *body)
{
    if (reply->body->err == PS_ERR_TOO_LARGE || reply->body->len > PS_API_RESPONSE_BYTES_MAX)
        PS_FAIL(PS_ERR_TOO_LARGE, "the response is over %d bytes", PS_API_RESPONSE_BYTES_MAX);
    return ps_buf_finish(reply->body, body);
}

static enum ps_err answer(struct ps_loop *loop, const struct ps_api_event *event, const struct ps_reply *reply)
{
    struct ps_span body = { NULL, 0 };
    enum ps_err err = finish_body(reply, &body);
    if (err == PS_OK && !ps_api_is_content_type(reply->content_type))
        err = ps_err_raise(PS_ERR_BAD_INPUT, __FILE__, __LINE__, "content_type is no header value of 1 to 256 bytes");
    if (err == PS_ERR_TOO_LARGE) return answer_failure(loop, event, NULL, err, "Function.ResponseSizeTooLarge");
    if (err != PS_OK) return answer_failure(loop, event, NULL, err, NULL);
    uint32_t status = 0;
    disarm(loop);
    PS_TRY(ps_api_respond(loop->api, event, reply->content_type, body, &status));
    note_refusal(loop->log, status);
    return PS_OK;
}

/* The handler has streamed its answer, and returned PS_OK. */
static enum ps_err end_stream(struct ps_loop *loop, struct ps_stream *stream, const struct ps_buf *body)
{
    if (body->len > 0) ps_log_warn(loop->log, "body_dropped", PS_LOG_U64("bytes", body->len));
    uint32_t status = 0;
    PS_TRY(ps_stream_end(stream, NULL, &status));
    note_refusal(loop->log, status);
    return PS_OK;
}

/* Time kept back for the answer: a fifth of what the function has, and no more than it can need. */
static uint32_t reserve_ms(int64_t deadline_ms, int64_t now_ms)
{
    int64_t fifth_ms = deadline_ms > now_ms ? (deadline_ms - now_ms) / RESERVE_DIVISOR : 0;
    return fifth_ms < RESERVE_MS_MAX ? (uint32_t)fifth_ms : RESERVE_MS_MAX;
}

static struct ps_invocation make_invocation(const struct ps_loop *loop, const struct ps_api_event *event)
{
    int64_t now_ms = ps_clock_now_ms();
    return (struct ps_invocation){
        .arena = loop->arena,
        .log = loop->log,
        .deadline = ps_deadline_make(event->deadline_ms, now_ms, reserve_ms(event->deadline_ms, now_ms)),
        .now_ms = now_ms,
        .settings = loop->settings,
        .state = loop->state,
        .cold = !loop->warm,
        .request_id = event->request_id,
        .function_arn = event->function_arn,
        .trace_id = event->trace_id,
        .client_context = event->client_context,
        .cognito_identity = event->cognito_identity,
        .tenant_id = event->tenant_id,
        .function_name = loop->function_name,
    };
}

static enum ps_err serve(struct ps_loop *loop, const struct ps_api_event *event)
{
    enum ps_err err = event->body_err;
    if (err == PS_ERR_TOO_LARGE || err == PS_ERR_NO_MEMORY)
        return answer_failure(loop, event, NULL, err, "Runtime.EventTooLarge");
    if (err != PS_OK) return answer_failure(loop, event, NULL, err, "Runtime.TruncatedEvent");
    struct ps_buf body;
    ps_buf_init(&body, loop->arena, PS_API_RESPONSE_BYTES_MAX);
    struct ps_invocation invocation = make_invocation(loop, event);
    struct ps_stream stream = {
        .api = loop->api,
        .event = event,
        .arena = loop->arena,
        .deadline = invocation.deadline,
        .crash = loop->crash,
    };
    struct ps_reply reply = { .body = &body, .content_type = "application/json", .stream = &stream };
    err = loop->handler->invoke(&invocation, event->body, &reply);
    if (err != PS_OK) return answer_failure(loop, event, stream.begun ? &stream : NULL, err, NULL);
    if (stream.begun) return end_stream(loop, &stream, &body);
    return answer(loop, event, &reply);
}

static void end_event(struct ps_loop *loop)
{
    if (loop->crash != NULL) ps_crash_rest(loop->crash);
    loop->in_hand = false;
    loop->log->request_id = loop->log->tenant_id = ps_span_make(NULL, 0);
    ps_arena_reset(loop->arena, loop->keep_bytes);
}

enum ps_err ps_loop_once(struct ps_loop *loop)
{
    PS_TRY(ps_api_next(loop->api, loop->arena, &loop->event));
    loop->stopped = loop->event.stop;
    if (loop->stopped) return PS_OK;
    loop->in_hand = true;
    arm(loop);
    set_context(loop, &loop->event);
    ps_err_forget();
    enum ps_err err = serve(loop, &loop->event);
    if (err == PS_OK) loop->warm = true;
    end_event(loop);
    return err;
}

enum ps_err ps_loop_run(struct ps_loop *loop)
{
    while (!loop->stopped)
        PS_TRY(ps_loop_once(loop));
    return PS_OK;
}

void ps_loop_abandon(struct ps_loop *loop)
{
    if (!loop->in_hand) return;
    /* Whatever was being said on it stays unfinished. */
    ps_api_close(loop->api);
    enum ps_err err =
        ps_err_raise(PS_ERR_SYSTEM, __FILE__, __LINE__, "the worker's thread ended during the invocation");
    if (answer_failure(loop, &loop->event, NULL, err, "Runtime.WorkerEnded") != PS_OK)
        ps_log_fault(loop->log, PS_LOG_ERROR, "answer_not_posted");
    end_event(loop);
}

/* -- before the first event ---------------------------------------------------------------------------------------- */

typedef enum ps_err post_failure(struct ps_api *api, const struct ps_failure *failure, uint32_t *status);

static void fail_start(struct ps_api *api, const struct ps_log *log, const char *message, const char *error_type,
                       struct ps_span detail, post_failure *post)
{
    struct ps_failure failure;
    ps_failure_make(&failure, error_type, detail);
    struct ps_span text = detail.len > 0 ? detail : ps_span_of(ps_err_note()->text);
    ps_log_write(log, PS_LOG_FATAL, message,
                 PS_LOG_FIELDS(PS_LOG_STR("errorType", failure.type), PS_LOG_STR("errorMessage", text)));
    uint32_t status = 0;
    if (post(api, &failure, &status) != PS_OK)
        ps_log_fault(log, PS_LOG_FATAL, "error_not_posted");
    else
        note_refusal(log, status);
}

void ps_loop_fail_init(struct ps_api *api, const struct ps_log *log, const char *error_type, struct ps_span detail)
{
    fail_start(api, log, "init_failed", error_type, detail, ps_api_fail_init);
}

void ps_loop_fail_restore(struct ps_api *api, const struct ps_log *log, const char *error_type)
{
    fail_start(api, log, "restore_failed", error_type, ps_span_make(NULL, 0), ps_api_fail_restore);
}
