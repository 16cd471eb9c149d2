#include "lambda/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/assert.h"

enum { CONNECT_MS_MAX = 1000 };

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

enum ps_err ps_connection_init(struct ps_connection *connection, struct ps_span address)
{
    struct ps_connection made = { .fd = -1, .stop_fd = -1 };
    if (address.len >= PS_CONNECTION_HOST_BYTES_MAX || !read_address(address, &made.address))
        PS_FAIL(PS_ERR_BAD_CONFIG, "AWS_LAMBDA_RUNTIME_API is not an IPv4 address and a port: \"%.*s\"",
                PS_SPAN_ARG(address));
    memcpy(made.host, address.data, address.len);
    *connection = made;
    return PS_OK;
}

void ps_connection_close(struct ps_connection *connection)
{
    if (connection->fd >= 0) (void)close(connection->fd);
    connection->fd = -1;
}

/* -- connecting ---------------------------------------------------------------------------------------------------- */

static void set_time_limit(int fd, int option, uint32_t ms)
{
    struct timeval limit = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
    (void)setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit);
}

static enum ps_err connect_api(struct ps_connection *connection)
{
    connection->used = connection->fd >= 0;
    if (connection->used) return PS_OK;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) PS_FAIL(PS_ERR_SYSTEM, "Runtime API: socket: %s", strerrordesc_np(errno));
    connection->fd = fd;
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    set_time_limit(fd, SO_SNDTIMEO, CONNECT_MS_MAX);
    set_time_limit(fd, SO_RCVTIMEO, PS_CONNECTION_IDLE_MS);
    connection->idle_ms = PS_CONNECTION_IDLE_MS;
    int failed = 0;
    do {
        failed = connect(fd, (const struct sockaddr *)&connection->address, sizeof connection->address);
    } while (failed != 0 && errno == EINTR);
    if (failed != 0)
        PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: connect to %s: %s", connection->host,
                strerrordesc_np(errno == EINPROGRESS ? ETIMEDOUT : errno));
    return PS_OK;
}

bool ps_connection_has_reply(const struct ps_connection *connection)
{
    char byte;
    return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EINTR);
}

enum ps_err ps_connection_begin(struct ps_connection *connection, uint32_t idle_ms)
{
    if (connection->fd >= 0 && ps_connection_has_reply(connection)) ps_connection_close(connection);
    connection->answered = false;
    enum ps_err err = connect_api(connection);
    if (err != PS_OK) ps_connection_close(connection);
    if (err != PS_OK) return err;
    set_time_limit(connection->fd, SO_RCVTIMEO, idle_ms);
    connection->idle_ms = idle_ms;
    return PS_OK;
}

/* -- sending ------------------------------------------------------------------------------------------------------- */

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

/* The other side takes no more for now: until it does, or says something. */
static enum ps_err wait_to_send(const struct ps_connection *connection, bool *has_reply)
{
    struct pollfd poll_fd = { .fd = connection->fd, .events = POLLOUT | POLLIN };
    int count = 0;
    do {
        count = poll(&poll_fd, 1, (int)connection->idle_ms);
    } while (count < 0 && errno == EINTR);
    if (count < 0) PS_FAIL(PS_ERR_SYSTEM, "Runtime API: poll: %s", strerrordesc_np(errno));
    if (count == 0) PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: it took nothing for %u ms", connection->idle_ms);
    *has_reply = (poll_fd.revents & POLLIN) != 0;
    return PS_OK;
}

enum ps_err ps_connection_send(struct ps_connection *connection, const struct ps_span *pieces, size_t count,
                               bool *whole)
{
    PS_ASSERT(count <= PS_CONNECTION_PIECES_MAX);
    struct iovec all[PS_CONNECTION_PIECES_MAX];
    for (size_t i = 0; i < count; i++) {
        /* sendmsg only reads through these pointers; iovec has no const form. */
        void *data = (void *)(uintptr_t)pieces[i].data; // NOLINT(performance-no-int-to-ptr)
        all[i] = (struct iovec){ data, pieces[i].len };
    }
    struct iovec *parts = all;
    int left = drop_sent(&parts, (int)count, 0);
    bool has_reply = false;
    while (left > 0 && !has_reply) {
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = (size_t)left };
        ssize_t sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            left = drop_sent(&parts, left, (size_t)sent);
        } else if (errno == EAGAIN) {
            PS_TRY(wait_to_send(connection, &has_reply));
        } else if (errno != EINTR) {
            break;
        }
    }
    *whole = left == 0;
    return PS_OK;
}

/* -- receiving ----------------------------------------------------------------------------------------------------- */

bool ps_connection_told_to_stop(const struct ps_connection *connection)
{
    struct pollfd poll_fd = { .fd = connection->stop_fd, .events = POLLIN };
    return connection->stop_fd >= 0 && poll(&poll_fd, 1, 0) > 0;
}

/* Until the reply begins or the process should end. */
static enum ps_err wait_for_either(struct ps_connection *connection)
{
    struct pollfd fds[2] = {
        { .fd = connection->fd, .events = POLLIN },
        { .fd = connection->stop_fd, .events = POLLIN },
    };
    int count = 0;
    do {
        count = poll(fds, 2, -1);
    } while (count < 0 && errno == EINTR);
    if (count < 0) PS_FAIL(PS_ERR_SYSTEM, "Runtime API: poll: %s", strerrordesc_np(errno));
    /* An event that is there already is worked on. */
    if (fds[0].revents == 0) PS_FAIL(PS_ERR_UNAVAILABLE, "told to stop");
    return PS_OK;
}

/* One receive at the end of buf. */
static enum ps_err receive(struct ps_connection *connection, struct ps_buf *buf, size_t wants, bool waits_for_ever)
{
    size_t room_left = buf->arena == NULL ? buf->cap - buf->len : wants;
    if (room_left > wants) room_left = wants;
    char *room = room_left == 0 ? NULL : ps_buf_room(buf, room_left);
    if (room == NULL)
        PS_FAIL(buf->arena == NULL ? PS_ERR_TOO_LARGE : buf->err, "Runtime API: no room for %zu more bytes of a reply",
                wants);
    if (waits_for_ever && connection->stop_fd >= 0) PS_TRY(wait_for_either(connection));
    for (;;) {
        ssize_t got = recv(connection->fd, room, room_left, 0);
        if (got > 0) {
            connection->answered = true;
            buf->len += (size_t)got;
            return PS_OK;
        }
        if (got == 0) PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: closed after %zu bytes of a reply", buf->len);
        if (errno == EINTR || (errno == EAGAIN && waits_for_ever)) continue;
        if (errno == EAGAIN)
            PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: silent for %u ms after %zu bytes of a reply", connection->idle_ms,
                    buf->len);
        PS_FAIL(PS_ERR_UNAVAILABLE, "Runtime API: %s after %zu bytes of a reply", strerrordesc_np(errno), buf->len);
    }
}

enum ps_err ps_connection_read_reply(struct ps_connection *connection, const struct ps_connection_call *call,
                                     struct ps_buf *buf, struct ps_wire *wire)
{
    while (wire->state != PS_WIRE_DONE) {
        /* Only the first byte may take for ever; then the server is there and writing. */
        bool waits_for_ever = call->waits_for_ever && !connection->answered;
        PS_TRY(receive(connection, buf, ps_wire_wants(wire), waits_for_ever));
        PS_TRY(ps_wire_advance(wire, buf->data, &buf->len));
    }
    return PS_OK;
}

enum ps_err ps_connection_exchange(struct ps_connection *connection, const struct ps_connection_call *call,
                                   struct ps_buf *buf, struct ps_wire *wire)
{
    ps_wire_init(wire, call->reply_bytes_max);
    connection->answered = false;
    bool whole = false;
    enum ps_err err = connect_api(connection);
    if (err == PS_OK) err = ps_connection_send(connection, (struct ps_span[]){ call->head, call->body }, 2, &whole);
    struct ps_connection_call rest = *call;
    /* A request that did not arrive whole may never be answered. */
    rest.waits_for_ever = call->waits_for_ever && whole;
    if (err == PS_OK) err = ps_connection_read_reply(connection, &rest, buf, wire);
    if (err != PS_OK || !whole || !wire->keep_alive) ps_connection_close(connection);
    return err;
}
