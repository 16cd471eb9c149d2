#include "lambda/api.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/version.h"
#include "lambda/crash.h"

#define API_PATH "/2018-06-01/runtime"
#define COMMON_HEADERS "\r\nUser-Agent: penstock/" PS_VERSION "\r\n"

enum {
    NEXT_TRIES_MAX = 6, /* with 50 ms, doubled each time: 1.5 s in all */
    NEXT_BACKOFF_MS = 50,
    POST_TRIES_MAX = 2,
    CRASH_HEAD_BYTES_MAX = 4 << 10, /* ids of two times 1 KiB, and our own words */
    HEAD_BYTES_MAX = CRASH_HEAD_BYTES_MAX + PS_FAILURE_CAUSE_BYTES_MAX,
    ID_BYTES_MAX = 1 << 10,
    CONTENT_TYPE_BYTES_MAX = 256, /* the longest registered one with its parameters has a hundred */
    REPLY_BYTES_MAX = 16 << 10,   /* to a POST; only its status matters */
    EVENT_BUF_BYTES_MAX = PS_API_EVENT_BYTES_MAX + PS_WIRE_HEAD_BYTES_MAX + (256 << 10),
};

struct ps_api {
    struct ps_connection connection;
    char head[HEAD_BYTES_MAX];
    char crash_head[CRASH_HEAD_BYTES_MAX];
    char reply[REPLY_BYTES_MAX];
};

enum ps_err ps_api_open(struct ps_arena *process, struct ps_span address, struct ps_api **out)
{
    struct ps_connection connection;
    PS_TRY(ps_connection_init(&connection, address));
    /* Not zeroed: its buffers are pages that most functions never touch. */
    struct ps_api *api = ps_arena_alloc(process, sizeof *api, _Alignof(struct ps_api));
    if (api == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "Runtime API client of %zu bytes", sizeof *api);
    api->connection = connection;
    *out = api;
    return PS_OK;
}

void ps_api_close(struct ps_api *api)
{
    ps_connection_close(&api->connection);
}

/* -- next ---------------------------------------------------------------------------------------------------------- */

struct event_headers {
    struct ps_span request_id, deadline_ms, function_arn, trace_id, client_context, cognito_identity, tenant_id,
        invocation_id;
};

/* An id goes back to Lambda in a request line or a header, so it may hold only what can stand there: visible ASCII
 * without the bytes in except. */
static struct ps_span clean_id(struct ps_span id, struct ps_span except)
{
    bool ok = id.len <= ID_BYTES_MAX;
    for (size_t i = 0; ok && i < id.len; i++)
        ok = id.data[i] > ' ' && id.data[i] < 0x7f && ps_span_find_byte(except, id.data[i]) == PS_SPAN_NONE;
    return ok ? id : ps_span_make(NULL, 0);
}

/* One pass over the head, however many headers there are. The first of each name counts. */
static void read_headers(struct ps_span head, struct event_headers *out)
{
    static const struct {
        struct ps_span name; /* after "Lambda-Runtime-" */
        size_t offset;
    } HEADERS[] = {
        { PS_SPAN_INIT("Aws-Request-Id"), offsetof(struct event_headers, request_id) },
        { PS_SPAN_INIT("Deadline-Ms"), offsetof(struct event_headers, deadline_ms) },
        { PS_SPAN_INIT("Invoked-Function-Arn"), offsetof(struct event_headers, function_arn) },
        { PS_SPAN_INIT("Trace-Id"), offsetof(struct event_headers, trace_id) },
        { PS_SPAN_INIT("Client-Context"), offsetof(struct event_headers, client_context) },
        { PS_SPAN_INIT("Cognito-Identity"), offsetof(struct event_headers, cognito_identity) },
        { PS_SPAN_INIT("Aws-Tenant-Id"), offsetof(struct event_headers, tenant_id) },
        { PS_SPAN_INIT("Invocation-Id"), offsetof(struct event_headers, invocation_id) },
    };
    static const struct ps_span PREFIX = PS_SPAN_INIT("Lambda-Runtime-");
    *out = (struct event_headers){ 0 };
    struct ps_span name, value;
    while (ps_wire_next_header(&head, &name, &value)) {
        if (!ps_span_eq_nocase(ps_span_first(name, PREFIX.len), PREFIX)) continue;
        name = ps_span_from(name, PREFIX.len);
        for (size_t i = 0; i < sizeof HEADERS / sizeof HEADERS[0]; i++) {
            struct ps_span *slot = (struct ps_span *)((char *)out + HEADERS[i].offset);
            if (slot->len == 0 && ps_span_eq_nocase(name, HEADERS[i].name)) *slot = value;
        }
    }
}

static enum ps_err read_event(struct ps_span head, struct ps_api_event *event)
{
    struct event_headers headers;
    read_headers(head, &headers);
    uint64_t deadline_ms = 0;
    bool has_deadline = ps_span_to_u64(headers.deadline_ms, &deadline_ms);
    *event = (struct ps_api_event){
        .request_id = clean_id(headers.request_id, PS_SPAN("/?#%")),
        .function_arn = headers.function_arn,
        .trace_id = headers.trace_id,
        .client_context = headers.client_context,
        .cognito_identity = headers.cognito_identity,
        .tenant_id = headers.tenant_id,
        .invocation_id = clean_id(headers.invocation_id, PS_SPAN("")),
        .deadline_ms = has_deadline && deadline_ms <= INT64_MAX ? (int64_t)deadline_ms : 0,
    };
    if (event->request_id.len == 0) PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: an event without a usable request id");
    return PS_OK;
}

static void sleep_ms(unsigned ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* Gives the unused end of the receive buffer back to the arena. */
static void trim(struct ps_arena *arena, struct ps_buf *buf)
{
    if (ps_arena_resize_newest(arena, buf->data, buf->cap, buf->len)) buf->cap = buf->len;
}

static void put_get(struct ps_buf *head, struct ps_span last, const struct ps_api *api)
{
    ps_buf_put(head, PS_SPAN("GET " API_PATH));
    ps_buf_put(head, last);
    ps_buf_put(head, PS_SPAN(" HTTP/1.1\r\nHost: "));
    ps_buf_put(head, ps_span_of(api->connection.host));
    ps_buf_put(head, PS_SPAN(COMMON_HEADERS "\r\n"));
}

static enum ps_err try_next(struct ps_api *api, struct ps_arena *arena, struct ps_wire *wire, struct ps_api_event *out)
{
    struct ps_buf head, buf;
    ps_buf_init_fixed(&head, api->head, sizeof api->head);
    put_get(&head, PS_SPAN("/invocation/next"), api);
    ps_buf_init(&buf, arena, EVENT_BUF_BYTES_MAX);
    struct ps_connection_call call = { .waits_for_ever = true, .reply_bytes_max = PS_API_EVENT_BYTES_MAX };
    PS_TRY(ps_buf_finish(&head, &call.head));
    enum ps_err err = ps_connection_exchange(&api->connection, &call, &buf, wire);
    if (wire->head_bytes == 0) return err;
    if (wire->status != 200) PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: /next answered %u", wire->status);
    if (err == PS_OK && !wire->framed) err = ps_err_raise(PS_ERR_BAD_INPUT, __FILE__, __LINE__, "event of no length");
    if (err == PS_OK) trim(arena, &buf);
    PS_TRY(read_event(ps_span_make(buf.data, wire->head_bytes), out));
    out->body_err = err;
    if (err == PS_OK) out->body = ps_span_make(buf.data + wire->head_bytes, wire->body_bytes);
    return PS_OK;
}

enum ps_err ps_api_next(struct ps_api *api, struct ps_arena *arena, struct ps_api_event *out)
{
    struct ps_arena_mark mark = ps_arena_mark(arena);
    unsigned backoff_ms = NEXT_BACKOFF_MS;
    for (unsigned tries = 1;; tries++) {
        /* An event that is asked for now would be lost with the process. */
        if (ps_connection_told_to_stop(&api->connection)) {
            *out = (struct ps_api_event){ .stop = true };
            return PS_OK;
        }
        struct ps_wire wire = { 0 };
        struct ps_api_event event;
        enum ps_err err = try_next(api, arena, &wire, &event);
        if (err == PS_OK) {
            *out = event;
            return PS_OK;
        }
        ps_arena_rewind(arena, mark);
        if (ps_connection_told_to_stop(&api->connection)) continue;
        /* 4xx: Lambda has another idea of our state than we have; asking again would not change it. */
        bool refused = wire.head_bytes > 0 && wire.status < 500;
        if (refused || err == PS_ERR_NO_MEMORY || tries == NEXT_TRIES_MAX)
            return ps_err_wrap(err, "next event, try %u", tries);
        /* A connection that died while it was idle says nothing about the server: try again at once. */
        if (api->connection.used && !api->connection.answered) continue;
        sleep_ms(backoff_ms);
        backoff_ms *= 2;
    }
}

enum ps_err ps_api_restore_next(struct ps_api *api)
{
    struct ps_buf head, reply;
    struct ps_wire wire;
    ps_buf_init_fixed(&head, api->head, sizeof api->head);
    put_get(&head, PS_SPAN("/restore/next"), api);
    ps_buf_init_fixed(&reply, api->reply, sizeof api->reply);
    struct ps_connection_call call = { .waits_for_ever = true, .reply_bytes_max = REPLY_BYTES_MAX };
    PS_TRY(ps_buf_finish(&head, &call.head));
    enum ps_err err = ps_connection_exchange(&api->connection, &call, &reply, &wire);
    /* What was open before the snapshot is open in no copy of it. */
    ps_api_close(api);
    if (wire.head_bytes > 0 && wire.status != 200)
        PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: /restore/next answered %u", wire.status);
    return err;
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static enum ps_err read_status(const struct ps_wire *wire, uint32_t *status)
{
    if (wire->status >= 500) PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: a POST was answered %u", wire->status);
    *status = wire->status;
    return PS_OK;
}

/* Sends the head in api->head and the body; once more when the connection had died. */
static enum ps_err post(struct ps_api *api, const struct ps_buf *head, struct ps_span body, uint32_t *status)
{
    struct ps_connection_call call = { .body = body, .reply_bytes_max = REPLY_BYTES_MAX };
    PS_TRY(ps_buf_finish(head, &call.head));
    for (unsigned tries = 1;; tries++) {
        struct ps_buf reply;
        struct ps_wire wire;
        ps_buf_init_fixed(&reply, api->reply, sizeof api->reply);
        enum ps_err err = ps_connection_exchange(&api->connection, &call, &reply, &wire);
        if (wire.head_bytes == 0) {
            if (tries < POST_TRIES_MAX && !api->connection.answered) continue;
            return err;
        }
        PS_TRY(read_status(&wire, status));
        /* Not wanted twice: the first one had arrived and only its reply was lost. */
        if (tries > 1 && (wire.status == 400 || wire.status == 403)) *status = 202;
        return PS_OK;
    }
}

static void begin_post(struct ps_buf *head, const struct ps_api *api, const struct ps_api_event *event,
                       const char *last)
{
    ps_buf_put(head, PS_SPAN("POST " API_PATH));
    if (event != NULL) {
        ps_buf_put(head, PS_SPAN("/invocation/"));
        ps_buf_put(head, event->request_id);
    }
    ps_buf_put(head, ps_span_of(last));
    ps_buf_put(head, PS_SPAN(" HTTP/1.1\r\nHost: "));
    ps_buf_put(head, ps_span_of(api->connection.host));
    ps_buf_put(head, PS_SPAN(COMMON_HEADERS));
}

static void put_header(struct ps_buf *head, struct ps_span name, struct ps_span value)
{
    ps_buf_put(head, name);
    ps_buf_put(head, PS_SPAN(": "));
    ps_buf_put(head, value);
    ps_buf_put(head, PS_SPAN("\r\n"));
}

static void put_invocation_id(struct ps_buf *head, const struct ps_api_event *event)
{
    if (event != NULL && event->invocation_id.len > 0)
        put_header(head, PS_SPAN("Lambda-Runtime-Invocation-Id"), event->invocation_id);
}

static void end_post(struct ps_buf *head, const struct ps_api_event *event, struct ps_span body)
{
    put_invocation_id(head, event);
    ps_buf_put(head, PS_SPAN("Content-Length: "));
    ps_buf_u64(head, body.len);
    ps_buf_put(head, PS_SPAN("\r\n\r\n"));
}

bool ps_api_is_content_type(const char *text)
{
    struct ps_span type = ps_span_first(ps_span_of(text), CONTENT_TYPE_BYTES_MAX + 1);
    bool ok = type.len > 0 && type.len <= CONTENT_TYPE_BYTES_MAX;
    for (size_t i = 0; ok && i < type.len; i++)
        ok = type.data[i] >= ' ' && type.data[i] < 0x7f;
    return ok;
}

enum ps_err ps_api_respond(struct ps_api *api, const struct ps_api_event *event, const char *content_type,
                           struct ps_span body, uint32_t *status)
{
    PS_ASSERT(body.len <= PS_API_RESPONSE_BYTES_MAX);
    PS_ASSERT(ps_api_is_content_type(content_type));
    struct ps_buf head;
    ps_buf_init_fixed(&head, api->head, sizeof api->head);
    begin_post(&head, api, event, "/response");
    put_header(&head, PS_SPAN("Content-Type"), ps_span_of(content_type));
    end_post(&head, event, body);
    return post(api, &head, body, status);
}

static void begin_error(struct ps_buf *head, const struct ps_api *api, const struct ps_api_event *event,
                        const char *last, struct ps_span type)
{
    begin_post(head, api, event, last);
    put_header(head, PS_SPAN("Content-Type"), PS_SPAN("application/vnd.aws.lambda.error+json"));
    put_header(head, PS_SPAN(PS_API_ERROR_TYPE), type);
}

static enum ps_err post_error(struct ps_api *api, const struct ps_api_event *event, const char *last,
                              const struct ps_failure *failure, uint32_t *status)
{
    struct ps_buf head;
    ps_buf_init_fixed(&head, api->head, sizeof api->head);
    begin_error(&head, api, event, last, failure->type);
    put_header(&head, PS_SPAN("Lambda-Runtime-Function-XRay-Error-Cause"), failure->cause);
    end_post(&head, event, failure->json);
    return post(api, &head, failure->json, status);
}

enum ps_err ps_api_fail(struct ps_api *api, const struct ps_api_event *event, const struct ps_failure *failure,
                        uint32_t *status)
{
    return post_error(api, event, "/error", failure, status);
}

enum ps_err ps_api_fail_init(struct ps_api *api, const struct ps_failure *failure, uint32_t *status)
{
    return post_error(api, NULL, "/init/error", failure, status);
}

enum ps_err ps_api_fail_restore(struct ps_api *api, const struct ps_failure *failure, uint32_t *status)
{
    return post_error(api, NULL, "/restore/error", failure, status);
}

struct ps_span ps_api_crash_head(struct ps_api *api, const struct ps_api_event *event, const char *last)
{
    struct ps_buf head;
    ps_buf_init_fixed(&head, api->crash_head, sizeof api->crash_head);
    begin_error(&head, api, event, last, PS_SPAN(PS_CRASH_ERROR_TYPE));
    put_header(&head, PS_SPAN("Connection"), PS_SPAN("close"));
    put_invocation_id(&head, event);
    ps_buf_put(&head, PS_SPAN("Content-Length: "));
    /* Ids have their limits, so that it always fits. */
    PS_ASSERT(head.err == PS_OK);
    return ps_buf_span(&head);
}

struct ps_connection *ps_api_connection(struct ps_api *api)
{
    return &api->connection;
}

/* -- answers that are sent while they are made --------------------------------------------------------------------- */

enum ps_err ps_api_stream_begin(struct ps_api *api, const struct ps_api_event *event, const char *content_type,
                                uint32_t idle_ms, struct ps_span *head)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, api->head, sizeof api->head);
    begin_post(&buf, api, event, "/response");
    put_header(&buf, PS_SPAN("Content-Type"), ps_span_of(content_type));
    put_invocation_id(&buf, event);
    ps_buf_put(&buf, PS_SPAN("Lambda-Runtime-Function-Response-Mode: streaming\r\n"
                             "Transfer-Encoding: chunked\r\n"
                             "Trailer: " PS_API_ERROR_TYPE ", " PS_API_ERROR_BODY "\r\n\r\n"));
    struct ps_span made;
    PS_TRY(ps_buf_finish(&buf, &made));
    PS_TRY(ps_connection_begin(&api->connection, idle_ms));
    *head = made;
    return PS_OK;
}

enum ps_err ps_api_stream_send(struct ps_api *api, const struct ps_span *pieces, size_t count, bool *whole)
{
    if (ps_connection_has_reply(&api->connection)) {
        *whole = false;
        return PS_OK;
    }
    enum ps_err err = ps_connection_send(&api->connection, pieces, count, whole);
    if (err != PS_OK) ps_connection_close(&api->connection);
    return err;
}

enum ps_err ps_api_stream_read_answer(struct ps_api *api, uint32_t *status)
{
    struct ps_connection_call call = { .reply_bytes_max = REPLY_BYTES_MAX };
    struct ps_buf reply;
    struct ps_wire wire;
    ps_buf_init_fixed(&reply, api->reply, sizeof api->reply);
    ps_wire_init(&wire, call.reply_bytes_max);
    enum ps_err err = ps_connection_read_reply(&api->connection, &call, &reply, &wire);
    /* Lambda asks for it, and an answer that came early leaves half a request behind. */
    ps_connection_close(&api->connection);
    if (wire.head_bytes == 0) return err;
    return read_status(&wire, status);
}
