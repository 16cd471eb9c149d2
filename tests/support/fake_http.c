#include "support/fake_http.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES_MAX = 64 << 10, BODY_BYTES_MAX = 64 << 20, AWAIT_SECONDS = 10 };

struct connection {
    struct fake_http *server;
    pthread_t thread;
    size_t number;
    int fd;
    SSL *tls;
    char *pending; /* bytes read and not yet used */
    size_t pending_len;
};

struct fake_http {
    const struct fake_http_step *steps;
    size_t step_count;
    bool repeat_last;
    int listener;
    SSL_CTX *tls;
    char url[64];
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Below: under lock. */
    struct connection connections[FAKE_HTTP_CONNECTIONS_MAX];
    size_t connection_count;
    struct fake_http_request requests[FAKE_HTTP_REQUESTS_MAX];
    char *texts[FAKE_HTTP_REQUESTS_MAX]; /* what the requests' spans point into */
    size_t request_count;
    unsigned failures;
    bool released;
    bool stopping;
};

static void die(const char *what)
{
    printf("# fake_http: %s\n", what);
    fflush(stdout);
    abort();
}

/* Under lock. */
__attribute__((format(printf, 2, 3))) static void fail(struct fake_http *server, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("# fake_http: ");
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    server->failures++;
}

/* -- bytes ----------------------------------------------------------------------------------------------------- */

static ssize_t receive(struct connection *connection, char *data, size_t size)
{
    if (connection->tls == NULL) return recv(connection->fd, data, size, 0);
    return SSL_read(connection->tls, data, (int)(size < 1 << 20 ? size : 1 << 20));
}

static bool send_all(struct connection *connection, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = connection->tls != NULL
                           ? SSL_write(connection->tls, data, (int)(size < 1 << 20 ? size : 1 << 20))
                           : send(connection->fd, data, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Makes at least wanted bytes pending; false at the end of the stream. */
static bool fill(struct connection *connection, size_t wanted)
{
    while (connection->pending_len < wanted) {
        connection->pending = realloc(connection->pending, wanted + 4096);
        if (connection->pending == NULL) die("no memory");
        ssize_t got =
            receive(connection, connection->pending + connection->pending_len, wanted + 4096 - connection->pending_len);
        if (got <= 0) return false;
        connection->pending_len += (size_t)got;
    }
    return true;
}

/* Length of the head, its empty line included; 0 at the end of the stream. */
static size_t read_head(struct connection *connection)
{
    for (;;) {
        struct ps_span pending = { connection->pending, connection->pending_len };
        ptrdiff_t end = ps_span_find(pending, PS_SPAN("\r\n\r\n"));
        if (end != PS_SPAN_NONE) return (size_t)end + 4;
        if (connection->pending_len > HEAD_BYTES_MAX) die("a request head without an end");
        if (!fill(connection, connection->pending_len + 1)) return 0;
    }
}

static struct ps_span header_value(struct ps_span headers, struct ps_span name)
{
    for (bool more = true; more;) {
        struct ps_span line = ps_span_split(&headers, '\n', &more);
        ptrdiff_t colon = ps_span_find_byte(line, ':');
        if (colon == PS_SPAN_NONE || !ps_span_eq_nocase(ps_span_first(line, (size_t)colon), name)) continue;
        return ps_span_trim(ps_span_from(line, (size_t)colon + 1));
    }
    return PS_SPAN("");
}

struct ps_span fake_http_header(const struct fake_http_request *request, const char *name)
{
    return header_value(request->headers, ps_span_of(name));
}

/* Takes one request off the connection; its text is the caller's to free. NULL at the end of the stream. */
static char *read_request(struct connection *connection, struct fake_http_request *out)
{
    size_t head_len = read_head(connection);
    if (head_len == 0) return NULL;
    struct ps_span headers = { connection->pending, head_len };
    uint64_t body_len = 0;
    struct ps_span length = header_value(headers, PS_SPAN("Content-Length"));
    if (length.len > 0 && (!ps_span_to_u64(length, &body_len) || body_len > BODY_BYTES_MAX)) die("bad Content-Length");
    size_t total = head_len + (size_t)body_len;
    if (!fill(connection, total)) return NULL;
    char *text = malloc(total + 1);
    if (text == NULL) die("no memory");
    memcpy(text, connection->pending, total);
    text[total] = '\0';
    connection->pending_len -= total;
    memmove(connection->pending, connection->pending + total, connection->pending_len);
    struct ps_span rest = { text, head_len - 2 };
    bool more = false;
    struct ps_span line = ps_span_trim(ps_span_split(&rest, '\n', &more));
    out->headers = rest;
    out->method = ps_span_split(&line, ' ', &more);
    out->target = ps_span_split(&line, ' ', &more);
    out->body = ps_span_make(text + head_len, (size_t)body_len);
    out->connection = connection->number;
    return text;
}

/* -- the script ------------------------------------------------------------------------------------------------ */

static bool has_header_line(const struct fake_http_request *request, const char *line)
{
    struct ps_span wanted = ps_span_of(line);
    bool more = false;
    struct ps_span name = ps_span_split(&wanted, ':', &more);
    return ps_span_eq(header_value(request->headers, name), ps_span_trim(wanted));
}

/* Under lock. */
static void check(struct fake_http *server, const struct fake_http_step *step, const struct fake_http_request *request,
                  size_t number)
{
    if (step->method != NULL && !ps_span_eq(request->method, ps_span_of(step->method)))
        fail(server, "request %zu: method %.*s, not %s", number, PS_SPAN_ARG(request->method), step->method);
    if (step->target != NULL && !ps_span_eq(request->target, ps_span_of(step->target)))
        fail(server, "request %zu: %.*s, not %s", number, PS_SPAN_ARG(request->target), step->target);
    if (step->header != NULL && !has_header_line(request, step->header))
        fail(server, "request %zu: no header %s", number, step->header);
}

/* Keeps the request and finds what to do with it. */
static struct fake_http_reply take_step(struct fake_http *server, const struct fake_http_request *request, char *text)
{
    struct fake_http_reply reply = { .status = 500, .end = FAKE_HTTP_CLOSE };
    pthread_mutex_lock(&server->lock);
    size_t number = server->request_count;
    if (number == FAKE_HTTP_REQUESTS_MAX) die("too many requests to keep");
    server->requests[number] = *request;
    server->texts[number] = text;
    server->request_count++;
    size_t at = number >= server->step_count && server->repeat_last ? server->step_count - 1 : number;
    if (at >= server->step_count) {
        fail(server, "request %zu: %.*s %.*s is not in the script", number, PS_SPAN_ARG(request->method),
             PS_SPAN_ARG(request->target));
    } else {
        const struct fake_http_step *step = &server->steps[at];
        check(server, step, request, number);
        reply = step->reply;
        if (step->answer != NULL) step->answer(step->context, request, &reply);
    }
    pthread_cond_broadcast(&server->changed);
    while (reply.end == FAKE_HTTP_HOLD && !server->released && !server->stopping)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    return reply;
}

static bool send_chunks(struct connection *connection, struct ps_span body, enum fake_http_end end)
{
    enum { CHUNK_BYTES = 1000 };
    char size[32];
    while (body.len > 0) {
        struct ps_span chunk = ps_span_first(body, CHUNK_BYTES);
        int size_len = snprintf(size, sizeof size, "%zx\r\n", chunk.len);
        if (!send_all(connection, size, (size_t)size_len) || !send_all(connection, chunk.data, chunk.len) ||
            !send_all(connection, "\r\n", 2))
            return false;
        body = ps_span_from(body, chunk.len);
    }
    return end == FAKE_HTTP_CUT || send_all(connection, "0\r\n\r\n", 5);
}

/* False when the connection is to be closed. */
static bool send_reply(struct connection *connection, const struct fake_http_request *request,
                       const struct fake_http_reply *reply)
{
    if (reply->end == FAKE_HTTP_DROP) return false;
    char head[4096];
    int status = reply->status == 0 ? 200 : reply->status;
    bool bodiless = status == 204 || status == 304;
    char length[64] = "";
    if (reply->chunked)
        snprintf(length, sizeof length, "Transfer-Encoding: chunked\r\n");
    else if (!bodiless)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", reply->body.len);
    int head_len = snprintf(head, sizeof head, "HTTP/1.1 %d Scripted\r\n%s%s%s\r\n", status, length,
                            reply->headers == NULL ? "" : reply->headers,
                            reply->end == FAKE_HTTP_CLOSE ? "Connection: close\r\n" : "");
    if (head_len < 0 || (size_t)head_len >= sizeof head) die("headers of a reply are too long");
    if (!send_all(connection, head, (size_t)head_len)) return false;
    if (bodiless || ps_span_eq(request->method, PS_SPAN("HEAD"))) return reply->end == FAKE_HTTP_KEEP;
    size_t body_len = reply->end == FAKE_HTTP_CUT ? reply->body.len / 2 : reply->body.len;
    bool sent = reply->chunked ? send_chunks(connection, ps_span_first(reply->body, body_len), reply->end)
                               : send_all(connection, reply->body.data, body_len);
    if (!sent) return false;
    return reply->end == FAKE_HTTP_KEEP || reply->end == FAKE_HTTP_HOLD;
}

static void *serve(void *context)
{
    struct connection *connection = context;
    bool open = connection->tls == NULL || SSL_accept(connection->tls) == 1;
    while (open) {
        struct fake_http_request request;
        char *text = read_request(connection, &request);
        if (text == NULL) break;
        struct fake_http_reply reply = take_step(connection->server, &request, text);
        open = send_reply(connection, &request, &reply);
    }
    if (connection->tls != NULL && SSL_is_init_finished(connection->tls)) (void)SSL_shutdown(connection->tls);
    (void)shutdown(connection->fd, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *context)
{
    struct fake_http *server = context;
    for (;;) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0) return NULL;
        /* As every server does: else an answer waits 40 ms for the client to acknowledge the TLS tickets. */
        const int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        pthread_mutex_lock(&server->lock);
        if (server->connection_count == FAKE_HTTP_CONNECTIONS_MAX) die("too many connections");
        struct connection *connection = &server->connections[server->connection_count];
        *connection = (struct connection){ .server = server, .number = server->connection_count, .fd = fd };
        if (server->tls != NULL) {
            connection->tls = SSL_new(server->tls);
            if (connection->tls == NULL || SSL_set_fd(connection->tls, fd) != 1) die("no TLS connection");
        }
        if (pthread_create(&connection->thread, NULL, serve, connection) != 0) die("no thread");
        server->connection_count++;
        pthread_mutex_unlock(&server->lock);
    }
}

/* -- open and finish ------------------------------------------------------------------------------------------- */

static struct fake_http *open_server(const struct fake_http_step *steps, size_t count, bool repeat_last, SSL_CTX *tls)
{
    struct fake_http *server = calloc(1, sizeof *server);
    if (server == NULL) die("no memory");
    server->steps = steps;
    server->step_count = count;
    server->repeat_last = repeat_last && count > 0;
    server->tls = tls;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t address_len = sizeof address;
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->listener, FAKE_HTTP_CONNECTIONS_MAX) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &address_len) != 0)
        die("cannot listen");
    snprintf(server->url, sizeof server->url, "%s://127.0.0.1:%d", tls != NULL ? "https" : "http",
             ntohs(address.sin_port));
    if (pthread_create(&server->acceptor, NULL, accept_all, server) != 0) die("no thread");
    return server;
}

struct fake_http *fake_http_open(const struct fake_http_step *steps, size_t count, bool repeat_last)
{
    return open_server(steps, count, repeat_last, NULL);
}

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, "IP:127.0.0.1");
    X509_EXTENSION *authority = X509V3_EXT_conf_nid(NULL, &context, NID_basic_constraints, "critical,CA:TRUE");
    if (certificate == NULL || names == NULL || authority == NULL) die("no certificate");
    X509_NAME *name = X509_get_subject_name(certificate);
    if (X509_set_version(certificate, 2) != 1 || ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) == NULL || X509_set_pubkey(certificate, key) != 1 ||
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"fake_http", -1, -1, 0) != 1 ||
        X509_set_issuer_name(certificate, name) != 1 || X509_add_ext(certificate, names, -1) != 1 ||
        X509_add_ext(certificate, authority, -1) != 1 || X509_sign(certificate, key, EVP_sha256()) == 0)
        die("cannot make a certificate");
    X509_EXTENSION_free(names);
    X509_EXTENSION_free(authority);
    return certificate;
}

struct fake_http *fake_http_open_tls(const struct fake_http_step *steps, size_t count, bool repeat_last,
                                     const char *ca_file)
{
    /* SSL_write has no MSG_NOSIGNAL; clients that break off are part of the tests. */
    (void)signal(SIGPIPE, SIG_IGN);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL) die("no key");
    X509 *certificate = make_certificate(key);
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL || SSL_CTX_use_certificate(tls, certificate) != 1 || SSL_CTX_use_PrivateKey(tls, key) != 1)
        die("no TLS");
    FILE *file = fopen(ca_file, "w");
    if (file == NULL || PEM_write_X509(file, certificate) != 1 || fclose(file) != 0) die("cannot write the CA file");
    X509_free(certificate);
    EVP_PKEY_free(key);
    return open_server(steps, count, repeat_last, tls);
}

struct ps_span fake_http_url(const struct fake_http *server)
{
    return ps_span_of(server->url);
}

size_t fake_http_count(struct fake_http *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->request_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

struct fake_http_request fake_http_request(struct fake_http *server, size_t i)
{
    struct fake_http_request request = { 0 };
    pthread_mutex_lock(&server->lock);
    if (i < server->request_count)
        request = server->requests[i];
    else
        fail(server, "request %zu was asked for, %zu came", i, server->request_count);
    pthread_mutex_unlock(&server->lock);
    return request;
}

bool fake_http_await(struct fake_http *server, size_t count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += AWAIT_SECONDS;
    pthread_mutex_lock(&server->lock);
    int code = 0;
    while (server->request_count < count && code == 0)
        code = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    bool came = server->request_count >= count;
    pthread_mutex_unlock(&server->lock);
    return came;
}

void fake_http_release(struct fake_http *server)
{
    pthread_mutex_lock(&server->lock);
    server->released = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

unsigned fake_http_finish(struct fake_http *server)
{
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    if (server->request_count < server->step_count && !server->repeat_last)
        fail(server, "%zu requests came, the script has %zu steps", server->request_count, server->step_count);
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->acceptor, NULL);
    for (size_t i = 0; i < server->connection_count; i++) {
        struct connection *connection = &server->connections[i];
        (void)shutdown(connection->fd, SHUT_RDWR);
        (void)pthread_join(connection->thread, NULL);
        SSL_free(connection->tls);
        close(connection->fd);
        free(connection->pending);
    }
    close(server->listener);
    SSL_CTX_free(server->tls);
    for (size_t i = 0; i < server->request_count; i++)
        free(server->texts[i]);
    unsigned failures = server->failures;
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
    return failures;
}
