#include "lambda/api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/version.h"
#include "lambda/wire.h"

#define API_PATH "/2018-06-01/runtime"
#define COMMON_HEADERS "\r\nUser-Agent: penstock/" PS_VERSION "\r\n"

enum {
    FOR_EVER_MS = -1,
    CONNECT_MS_MAX = 1000,
    /* Without a byte moved. A freeze in the middle does not count: poll looks once more after its time is up. */
    POST_IDLE_MS_MAX = 5000,
    NEXT_TRIES_MAX = 6, /* with 50 ms, doubled each time: 1.5 s in all */
    NEXT_BACKOFF_MS = 50,
    POST_TRIES_MAX = 2,
    HOST_BYTES_MAX = 64,
    HEAD_BYTES_MAX = 4 << 10, /* ids of two times 1 KiB, a content type and our own words */
    ID_BYTES_MAX = 1 << 10,
    REPLY_BYTES_MAX = 16 << 10, /* to a POST; only its status matters */
    EVENT_BUF_BYTES_MAX = PS_API_EVENT_BYTES_MAX + PS_WIRE_HEAD_BYTES_MAX + (256 << 10),
};

struct ps_api {
    struct sockaddr_in address;
    int fd;        /* -1: not connected */
    bool used;     /* the connection has carried a call before: it may have died since */
    bool answered; /* a byte of the reply to the call in hand has arrived */
    char host[HOST_BYTES_MAX];
    char head[HEAD_BYTES_MAX];
    char reply[REPLY_BYTES_MAX];
};

/* "1.2.3.4:80" or "localhost:80". Lambda gives an address, never a name: no resolver is needed. */
static bool read_address(struct ps_span text, struct sockaddr_in *out)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    bool more = false;
    uint64_t port = 0;
    struct ps_span host = ps_span_split(&text, ':', &more);
    if (!more || !ps_span_to_u64(text, &port) || port == 0 || port > UINT16_MAX) return false;
    address.sin_port = htons((uint16_t)port);
    char ip[INET_ADDRSTRLEN] = "127.0.0.1";
    if (!ps_span_eq(host, PS_SPAN("localhost"))) {
        if (host.len >= sizeof ip) return false;
        memcpy(ip, host.data, host.len);
        ip[host.len] = '\0';
    }
    if (inet_pton(AF_INET, ip, &address.sin_addr) != 1) return false;
    *out = address;
    return true;
}

enum ps_err ps_api_open(struct ps_arena *process, struct ps_span address, struct ps_api **out)
{
    struct sockaddr_in parsed;
    if (address.len >= HOST_BYTES_MAX || !read_address(address, &parsed))
        PS_FAIL(PS_ERR_BAD_CONFIG, "AWS_LAMBDA_RUNTIME_API is not an IPv4 address and a port: \"%.*s\"",
                PS_SPAN_ARG(address));
    struct ps_api *api = PS_ARENA_NEW(process, struct ps_api);
    if (api == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "Runtime API client of %zu bytes", sizeof *api);
    api->address = parsed;
    api->fd = -1;
    memcpy(api->host, address.data, address.len);
    *out = api;
    return PS_OK;
}

void ps_api_close(struct ps_api *api)
{
    if (api->fd >= 0) (void)close(api->fd);
    api->fd = -1;
}

/* -- the connection ------------------------------------------------------------------------------------------------ */

/* UNAVAILABLE when nothing happened for wait_ms. */
static enum ps_err wait_for(const struct ps_api *api, short events, int wait_ms, short *happened)
{
    struct pollfd poll_fd = { .fd = api->fd, .events = events };
    int count = 0;
    do {
        count = poll(&poll_fd, 1, wait_ms);
    } while (count < 0 && errno == EINTR);
    if (count < 0) PS_FAIL(PS_ERR_SYSTEM, "Runtime API: poll: %s", strerrordesc_np(errno));
    if (count == 0) PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: nothing moved for %d ms", wait_ms);
    *happened = poll_fd.revents;
    return PS_OK;
}

static enum ps_err finish_connect(const struct ps_api *api)
{
    short happened = 0;
    PS_TRY(wait_for(api, POLLOUT, CONNECT_MS_MAX, &happened));
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(api->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) error = errno;
    if (error != 0) PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: connect to %s: %s", api->host, strerrordesc_np(error));
    return PS_OK;
}

static enum ps_err connect_api(struct ps_api *api)
{
    api->used = api->fd >= 0;
    if (api->used) return PS_OK;
    api->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (api->fd < 0) PS_FAIL(PS_ERR_SYSTEM, "Runtime API: socket: %s", strerrordesc_np(errno));
    int on = 1;
    (void)setsockopt(api->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(api->fd, (const struct sockaddr *)&api->address, sizeof api->address) == 0) return PS_OK;
    if (errno == EINPROGRESS) return finish_connect(api);
    PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: connect to %s: %s", api->host, strerrordesc_np(errno));
}

/* Moves parts forward by sent bytes and returns how many of count are left. */
static int drop_sent(struct iovec **parts, int count, size_t sent)
{
    while (count > 0 && sent >= (*parts)->iov_len) {
        sent -= (*parts)->iov_len;
        (*parts)++;
        count--;
    }
    if (count > 0) {
        (*parts)->iov_base = (char *)(*parts)->iov_base + sent;
        (*parts)->iov_len -= sent;
    }
    return count;
}

/* Sends head and body in one call when the socket takes them. *whole is false when the other side answered or closed
 * before it had everything: its answer, if any, is still to be read. */
static enum ps_err send_request(const struct ps_api *api, struct ps_span head, struct ps_span body, bool *whole)
{
    /* sendmsg only reads through these pointers; iovec has no const form. */
    void *head_data = (void *)(uintptr_t)head.data; // NOLINT(performance-no-int-to-ptr)
    void *body_data = (void *)(uintptr_t)body.data; // NOLINT(performance-no-int-to-ptr)
    struct iovec both[2] = { { head_data, head.len }, { body_data, body.len } };
    struct iovec *parts = both;
    int count = drop_sent(&parts, 2, 0);
    while (count > 0) {
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = (size_t)count };
        ssize_t sent = sendmsg(api->fd, &message, MSG_NOSIGNAL);
        if (sent >= 0) {
            count = drop_sent(&parts, count, (size_t)sent);
        } else if (errno == EAGAIN) {
            short happened = 0;
            PS_TRY(wait_for(api, POLLOUT | POLLIN, POST_IDLE_MS_MAX, &happened));
            if ((happened & POLLIN) != 0) break;
        } else if (errno != EINTR) {
            break;
        }
    }
    *whole = count == 0;
    return PS_OK;
}

/* One receive at the end of buf. UNAVAILABLE when the other side is gone. */
static enum ps_err receive(struct ps_api *api, struct ps_buf *buf, size_t wants, int wait_ms)
{
    size_t room_left = buf->arena == NULL ? buf->cap - buf->len : wants;
    if (room_left > wants) room_left = wants;
    char *room = room_left == 0 ? NULL : ps_buf_room(buf, room_left);
    if (room == NULL)
        PS_FAIL(buf->arena == NULL ? PS_ERR_TOO_LARGE : buf->err, "Runtime API: no room for %zu more bytes of a reply",
                wants);
    for (;;) {
        ssize_t got = recv(api->fd, room, room_left, 0);
        if (got > 0) {
            api->answered = true;
            buf->len += (size_t)got;
            return PS_OK;
        }
        if (got == 0) PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: closed after %zu bytes of a reply", buf->len);
        if (errno == EINTR) continue;
        if (errno != EAGAIN)
            PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: %s after %zu bytes of a reply", strerrordesc_np(errno), buf->len);
        short happened = 0;
        PS_TRY(wait_for(api, POLLIN, wait_ms, &happened));
    }
}

static enum ps_err read_reply(struct ps_api *api, struct ps_buf *buf, struct ps_wire *wire, int wait_ms)
{
    while (wire->state != PS_WIRE_DONE) {
        /* Only the first byte of an event may take for ever; then the server is there and writing. */
        int next_wait_ms = api->answered ? POST_IDLE_MS_MAX : wait_ms;
        PS_TRY(receive(api, buf, ps_wire_wants(wire), next_wait_ms));
        PS_TRY(ps_wire_advance(wire, buf->data, &buf->len));
    }
    return PS_OK;
}

struct call {
    struct ps_span head, body;
    int wait_ms; /* for the first byte of the reply */
    size_t reply_bytes_max;
};

/* One try of one call. Whatever went wrong, the connection is closed unless it can carry another call. */
static enum ps_err exchange(struct ps_api *api, const struct call *call, struct ps_buf *buf, struct ps_wire *wire)
{
    ps_wire_init(wire, call->reply_bytes_max);
    api->answered = false;
    bool whole = false;
    enum ps_err err = connect_api(api);
    if (err == PS_OK) err = send_request(api, call->head, call->body, &whole);
    if (err == PS_OK) err = read_reply(api, buf, wire, whole ? call->wait_ms : POST_IDLE_MS_MAX);
    if (err != PS_OK || !whole || !wire->keep_alive) ps_api_close(api);
    return err;
}

/* -- next ---------------------------------------------------------------------------------------------------------- */

/* An id goes back to Lambda in a request line or a header, so it may hold only what can stand there: visible ASCII
 * without the bytes in except. */
static struct ps_span clean_id(struct ps_span id, struct ps_span except)
{
    bool ok = id.len <= ID_BYTES_MAX;
    for (size_t i = 0; ok && i < id.len; i++)
        ok = id.data[i] > ' ' && id.data[i] < 0x7f && ps_span_find_byte(except, id.data[i]) == PS_SPAN_NONE;
    return ok ? id : ps_span_make(NULL, 0);
}

static enum ps_err read_event(struct ps_span head, struct ps_api_event *event)
{
    uint64_t deadline_ms = 0;
    bool has_deadline = ps_span_to_u64(ps_wire_header(head, PS_SPAN("Lambda-Runtime-Deadline-Ms")), &deadline_ms);
    *event = (struct ps_api_event){
        .request_id = clean_id(ps_wire_header(head, PS_SPAN("Lambda-Runtime-Aws-Request-Id")), PS_SPAN("/?#%")),
        .function_arn = ps_wire_header(head, PS_SPAN("Lambda-Runtime-Invoked-Function-Arn")),
        .trace_id = ps_wire_header(head, PS_SPAN("Lambda-Runtime-Trace-Id")),
        .client_context = ps_wire_header(head, PS_SPAN("Lambda-Runtime-Client-Context")),
        .cognito_identity = ps_wire_header(head, PS_SPAN("Lambda-Runtime-Cognito-Identity")),
        .tenant_id = ps_wire_header(head, PS_SPAN("Lambda-Runtime-Aws-Tenant-Id")),
        .invocation_id = clean_id(ps_wire_header(head, PS_SPAN("Lambda-Runtime-Invocation-Id")), PS_SPAN("")),
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

static enum ps_err try_next(struct ps_api *api, struct ps_arena *arena, struct ps_wire *wire, struct ps_api_event *out)
{
    static const char HEAD_FORMAT[] = "GET " API_PATH "/invocation/next HTTP/1.1\r\nHost: %s" COMMON_HEADERS "\r\n";
    struct ps_buf head, buf;
    ps_buf_init_fixed(&head, api->head, sizeof api->head);
    ps_buf_printf(&head, HEAD_FORMAT, api->host);
    ps_buf_init(&buf, arena, EVENT_BUF_BYTES_MAX);
    struct call call = { .wait_ms = FOR_EVER_MS, .reply_bytes_max = PS_API_EVENT_BYTES_MAX };
    PS_TRY(ps_buf_finish(&head, &call.head));
    enum ps_err err = exchange(api, &call, &buf, wire);
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
        struct ps_wire wire = { 0 };
        struct ps_api_event event;
        enum ps_err err = try_next(api, arena, &wire, &event);
        if (err == PS_OK) {
            *out = event;
            return PS_OK;
        }
        ps_arena_rewind(arena, mark);
        /* 4xx: Lambda has another idea of our state than we have; asking again would not change it. */
        bool refused = wire.head_bytes > 0 && wire.status < 500;
        if (refused || err == PS_ERR_NO_MEMORY || tries == NEXT_TRIES_MAX)
            return ps_err_wrap(err, "next event, try %u", tries);
        /* A connection that died while it was idle says nothing about the server: try again at once. */
        if (api->used && !api->answered) continue;
        sleep_ms(backoff_ms);
        backoff_ms *= 2;
    }
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

/* Sends the head in api->head and the body; once more when the connection had died. */
static enum ps_err post(struct ps_api *api, const struct ps_buf *head, struct ps_span body, uint32_t *status)
{
    struct call call = { .body = body, .wait_ms = POST_IDLE_MS_MAX, .reply_bytes_max = REPLY_BYTES_MAX };
    PS_TRY(ps_buf_finish(head, &call.head));
    for (unsigned tries = 1;; tries++) {
        struct ps_buf reply;
        struct ps_wire wire;
        ps_buf_init_fixed(&reply, api->reply, sizeof api->reply);
        enum ps_err err = exchange(api, &call, &reply, &wire);
        if (wire.head_bytes == 0) {
            if (tries < POST_TRIES_MAX && !api->answered) continue;
            return err;
        }
        if (wire.status >= 500) PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: a POST was answered %u", wire.status);
        /* Not wanted twice: the first one had arrived and only its reply was lost. */
        bool had_arrived = tries > 1 && (wire.status == 400 || wire.status == 403);
        *status = had_arrived ? 202 : wire.status;
        return PS_OK;
    }
}

static void begin_post(struct ps_api *api, struct ps_buf *head, const struct ps_api_event *event, const char *last)
{
    ps_buf_init_fixed(head, api->head, sizeof api->head);
    ps_buf_put(head, PS_SPAN("POST " API_PATH));
    if (event != NULL) {
        ps_buf_put(head, PS_SPAN("/invocation/"));
        ps_buf_put(head, event->request_id);
    }
    ps_buf_put(head, ps_span_of(last));
    ps_buf_put(head, PS_SPAN(" HTTP/1.1\r\nHost: "));
    ps_buf_put(head, ps_span_of(api->host));
    ps_buf_put(head, PS_SPAN(COMMON_HEADERS));
}

static void put_header(struct ps_buf *head, struct ps_span name, struct ps_span value)
{
    ps_buf_put(head, name);
    ps_buf_put(head, PS_SPAN(": "));
    ps_buf_put(head, value);
    ps_buf_put(head, PS_SPAN("\r\n"));
}

static void end_post(struct ps_buf *head, const struct ps_api_event *event, struct ps_span body)
{
    if (event != NULL && event->invocation_id.len > 0)
        put_header(head, PS_SPAN("Lambda-Runtime-Invocation-Id"), event->invocation_id);
    ps_buf_put(head, PS_SPAN("Content-Length: "));
    ps_buf_u64(head, body.len);
    ps_buf_put(head, PS_SPAN("\r\n\r\n"));
}

enum ps_err ps_api_respond(struct ps_api *api, const struct ps_api_event *event, const char *content_type,
                           struct ps_span body, uint32_t *status)
{
    PS_ASSERT(body.len <= PS_API_RESPONSE_BYTES_MAX);
    struct ps_buf head;
    begin_post(api, &head, event, "/response");
    put_header(&head, PS_SPAN("Content-Type"), ps_span_of(content_type));
    end_post(&head, event, body);
    return post(api, &head, body, status);
}

static enum ps_err post_error(struct ps_api *api, const struct ps_api_event *event, const char *last,
                              const char *error_type, struct ps_span json, uint32_t *status)
{
    struct ps_buf head;
    begin_post(api, &head, event, last);
    put_header(&head, PS_SPAN("Content-Type"), PS_SPAN("application/vnd.aws.lambda.error+json"));
    put_header(&head, PS_SPAN("Lambda-Runtime-Function-Error-Type"), ps_span_of(error_type));
    end_post(&head, event, json);
    return post(api, &head, json, status);
}

enum ps_err ps_api_fail(struct ps_api *api, const struct ps_api_event *event, const char *error_type,
                        struct ps_span json, uint32_t *status)
{
    return post_error(api, event, "/error", error_type, json, status);
}

enum ps_err ps_api_fail_init(struct ps_api *api, const char *error_type, struct ps_span json, uint32_t *status)
{
    return post_error(api, NULL, "/init/error", error_type, json, status);
}
