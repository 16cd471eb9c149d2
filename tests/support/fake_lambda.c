#include "support/fake_lambda.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"

enum {
    HEAD_BYTES_MAX = 64 << 10,
    BODY_BYTES_MAX = 64 << 20,
    PATH_PARTS_MAX = 8,
    TIMEOUT_MS_DEFAULT = 60000,
    CHUNK_BYTES_DEFAULT = 4096,
};

struct fake_lambda {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int listener, connection;
    char address[32];
    bool stopping, keep_no_posts, served;
    struct fake_event *events;
    size_t events_count, events_cap, event_at; /* the event in hand is events[event_at] */
    unsigned next_turn, answer_turn;
    struct fake_post **posts;
    size_t posts_count, posts_cap, nexts, connections;
    uint64_t first_next_us, sent_us, answered_us;
};

struct request {
    struct ps_span head, method, path;
    char *head_memory, *body_memory;
    size_t head_bytes, body_bytes, body_there;
};

static void die(const char *what)
{
    fprintf(stderr, "fake_lambda: %s: %s\n", what, strerrordesc_np(errno));
    exit(EXIT_FAILURE);
}

static void *must(void *memory)
{
    if (memory == NULL) die("memory");
    return memory;
}

static char *copy_text(struct ps_span span)
{
    char *copy = must(malloc(span.len + 1));
    if (span.len > 0) memcpy(copy, span.data, span.len);
    copy[span.len] = '\0';
    return copy;
}

/* -- bytes --------------------------------------------------------------------------------------------------------- */

static bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool send_pieces(int fd, struct ps_span bytes, size_t piece_bytes)
{
    while (bytes.len > 0) {
        struct ps_span piece = piece_bytes == 0 ? bytes : ps_span_first(bytes, piece_bytes);
        if (!send_all(fd, piece.data, piece.len)) return false;
        bytes = ps_span_from(bytes, piece.len);
    }
    return true;
}

static struct ps_span header(struct ps_span head, const char *name)
{
    struct ps_span wanted = ps_span_of(name);
    bool more = true;
    while (more) {
        struct ps_span line = ps_span_split(&head, '\n', &more);
        if (line.len > wanted.len && line.data[wanted.len] == ':' &&
            ps_span_eq_nocase(ps_span_first(line, wanted.len), wanted))
            return ps_span_trim(ps_span_from(line, wanted.len + 1));
    }
    return PS_SPAN("");
}

/* Reads a head, and with it what came of the body. */
static bool read_head(int fd, struct request *request)
{
    request->head_memory = must(malloc(HEAD_BYTES_MAX));
    size_t len = 0;
    for (;;) {
        ssize_t got = recv(fd, request->head_memory + len, HEAD_BYTES_MAX - len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        len += (size_t)got;
        struct ps_span seen = { request->head_memory, len };
        ptrdiff_t end = ps_span_find(seen, PS_SPAN("\r\n\r\n"));
        if (end == PS_SPAN_NONE && len == HEAD_BYTES_MAX) return false;
        if (end == PS_SPAN_NONE) continue;
        request->head = ps_span_first(seen, (size_t)end + 4);
        request->head_bytes = len;
        struct ps_span rest = request->head;
        bool more = false;
        request->method = ps_span_split(&rest, ' ', &more);
        request->path = ps_span_split(&rest, ' ', &more);
        uint64_t body_bytes = 0;
        (void)!ps_span_to_u64(header(request->head, "Content-Length"), &body_bytes);
        request->body_bytes = (size_t)body_bytes;
        return body_bytes <= BODY_BYTES_MAX;
    }
}

static bool read_body(int fd, struct request *request)
{
    request->body_memory = must(malloc(request->body_bytes + 1));
    size_t len = request->head_bytes - request->head.len;
    if (len > request->body_bytes) return false;
    memcpy(request->body_memory, request->head.data + request->head.len, len);
    while (len < request->body_bytes) {
        ssize_t got = recv(fd, request->body_memory + len, request->body_bytes - len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        len += (size_t)got;
    }
    request->body_there = len;
    return true;
}

static void free_request(struct request *request)
{
    free(request->head_memory);
    free(request->body_memory);
    *request = (struct request){ 0 };
}

/* -- /next --------------------------------------------------------------------------------------------------------- */

struct text {
    char *data;
    size_t len, cap;
};

static void add(struct text *text, struct ps_span more)
{
    if (more.len > text->cap - text->len) {
        text->cap = (text->len + more.len) * 2;
        text->data = must(realloc(text->data, text->cap));
    }
    if (more.len > 0) memcpy(text->data + text->len, more.data, more.len);
    text->len += more.len;
}

static PS_PRINTF(2, 3) void add_format(struct text *text, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    add(text, ps_span_make(line, len < 0 ? 0 : (size_t)len));
}

static void add_headers(struct text *text, const struct fake_event *event, size_t number)
{
    add_format(text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n");
    if (event->request_id == NULL)
        add_format(text, "Lambda-Runtime-Aws-Request-Id: request-%zu\r\n", number);
    else if (event->request_id[0] != '\0')
        add_format(text, "Lambda-Runtime-Aws-Request-Id: %s\r\n", event->request_id);
    if (event->headers != NULL) {
        add(text, ps_span_of(event->headers));
        return;
    }
    uint32_t timeout_ms = event->timeout_ms == 0 ? TIMEOUT_MS_DEFAULT : event->timeout_ms;
    add_format(text, "Lambda-Runtime-Deadline-Ms: %" PRId64 "\r\n", ps_clock_now_ms() + timeout_ms);
    add_format(text, "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:fake\r\n"
                     "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419\r\n");
    add_format(text, "Lambda-Runtime-Invocation-Id: invocation-%zu\r\n", number);
}

static void add_body(struct text *text, const struct fake_event *event)
{
    if (event->framing == FAKE_UNFRAMED) add(text, PS_SPAN("\r\n"));
    if (event->framing == FAKE_SIZED) add_format(text, "Content-Length: %zu\r\n\r\n", event->body.len);
    if (event->framing != FAKE_CHUNKED) {
        add(text, event->body);
        return;
    }
    add(text, PS_SPAN("Transfer-Encoding: chunked\r\n\r\n"));
    size_t chunk_bytes = event->chunk_bytes == 0 ? CHUNK_BYTES_DEFAULT : event->chunk_bytes;
    for (struct ps_span rest = event->body; rest.len > 0;) {
        struct ps_span chunk = ps_span_first(rest, chunk_bytes);
        add_format(text, "%zx\r\n", chunk.len);
        add(text, chunk);
        add(text, PS_SPAN("\r\n"));
        rest = ps_span_from(rest, chunk.len);
    }
    add(text, PS_SPAN("0\r\n"));
    if (event->trailers != NULL) add(text, ps_span_of(event->trailers));
    add(text, PS_SPAN("\r\n"));
}

static bool send_event(int fd, const struct fake_event *event, size_t number)
{
    struct text text = { 0 };
    if (event->raw != NULL) {
        add(&text, ps_span_of(event->raw));
    } else {
        add_headers(&text, event, number);
        add_body(&text, event);
    }
    bool cut = event->cut_bytes > 0 && event->cut_bytes < text.len;
    struct ps_span bytes = { text.data, cut ? event->cut_bytes : text.len };
    bool sent = send_pieces(fd, bytes, event->piece_bytes);
    free(text.data);
    return sent && !cut && !event->close_after && event->framing != FAKE_UNFRAMED;
}

static bool send_status(int fd, int status)
{
    char text[256];
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
                       "{\"status\":\"OK\"}",
                       status);
    return send_all(fd, text, (size_t)len);
}

/* Takes the next turn of a list; 0 when it is used up. Under the lock. */
static int take_turn(const int *turns, unsigned *at)
{
    int turn = *at < FAKE_TURNS_MAX ? turns[*at] : 0;
    if (turn != 0) (*at)++;
    return turn;
}

/* Whether the connection can go on. */
static bool serve_next(struct fake_lambda *fake, int fd)
{
    pthread_mutex_lock(&fake->lock);
    fake->nexts++;
    if (fake->first_next_us == 0) fake->first_next_us = ps_clock_monotonic_us();
    /* Asking for the next one ends the one in hand, answered or not. */
    if (fake->served) fake->event_at++;
    fake->next_turn = fake->served ? 0 : fake->next_turn;
    fake->served = false;
    pthread_cond_broadcast(&fake->changed);
    while (fake->event_at >= fake->events_count && !fake->stopping)
        pthread_cond_wait(&fake->changed, &fake->lock);
    bool stopping = fake->stopping;
    struct fake_event event = { 0 };
    int turn = FAKE_HANG_UP;
    if (!stopping) {
        event = fake->events[fake->event_at];
        turn = take_turn(event.next_turns, &fake->next_turn);
        fake->served = turn == 0;
        fake->answer_turn = 0;
        fake->sent_us = ps_clock_monotonic_us();
    }
    size_t number = fake->event_at + 1;
    pthread_mutex_unlock(&fake->lock);
    if (turn < 0) return false;
    return turn > 0 ? send_status(fd, turn) : send_event(fd, &event, number);
}

/* -- posts --------------------------------------------------------------------------------------------------------- */

static enum fake_kind read_kind(struct ps_span path, struct ps_span *request_id)
{
    struct ps_span parts[PATH_PARTS_MAX];
    size_t count = 0;
    bool more = true;
    while (more && count < PATH_PARTS_MAX)
        parts[count++] = ps_span_split(&path, '/', &more);
    *request_id = PS_SPAN("");
    if (count < 5 || !ps_span_eq(parts[1], PS_SPAN("2018-06-01")) || !ps_span_eq(parts[2], PS_SPAN("runtime")))
        return FAKE_UNKNOWN;
    if (count == 5 && ps_span_eq(parts[3], PS_SPAN("init")) && ps_span_eq(parts[4], PS_SPAN("error")))
        return FAKE_INIT_ERROR;
    if (count != 6 || !ps_span_eq(parts[3], PS_SPAN("invocation"))) return FAKE_UNKNOWN;
    *request_id = parts[4];
    if (ps_span_eq(parts[5], PS_SPAN("response"))) return FAKE_RESPONSE;
    return ps_span_eq(parts[5], PS_SPAN("error")) ? FAKE_ERROR : FAKE_UNKNOWN;
}

static struct fake_post *make_post(const struct request *request, int turn)
{
    struct fake_post *post = must(calloc(1, sizeof *post));
    post->turn = turn;
    post->head_memory = copy_text(request->head);
    post->head = ps_span_make(post->head_memory, request->head.len);
    struct ps_span rest = post->head;
    bool more = false;
    (void)ps_span_split(&rest, ' ', &more);
    post->path = ps_span_split(&rest, ' ', &more);
    post->kind = read_kind(post->path, &post->request_id);
    post->content_type = header(post->head, "Content-Type");
    post->error_type = header(post->head, "Lambda-Runtime-Function-Error-Type");
    post->invocation_id = header(post->head, "Lambda-Runtime-Invocation-Id");
    post->user_agent = header(post->head, "User-Agent");
    post->body_memory = copy_text(ps_span_make(request->body_memory, request->body_there));
    post->body = ps_span_make(post->body_memory, request->body_there);
    return post;
}

static void free_post(struct fake_post *post)
{
    if (post == NULL) return;
    free(post->head_memory);
    free(post->body_memory);
    free(post);
}

static void keep_post(struct fake_lambda *fake, struct fake_post *post)
{
    pthread_mutex_lock(&fake->lock);
    fake->answered_us = ps_clock_monotonic_us();
    if (fake->posts_count == fake->posts_cap) {
        fake->posts_cap = fake->posts_cap == 0 ? 64 : fake->posts_cap * 2;
        fake->posts = must(realloc(fake->posts, fake->posts_cap * sizeof(struct fake_post *)));
    }
    fake->posts[fake->posts_count++] = post;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static bool serve_post(struct fake_lambda *fake, int fd, struct request *request)
{
    pthread_mutex_lock(&fake->lock);
    struct fake_event event = { 0 };
    if (fake->event_at < fake->events_count) event = fake->events[fake->event_at];
    int turn = take_turn(event.answer_turns, &fake->answer_turn);
    bool keep = !fake->keep_no_posts;
    pthread_mutex_unlock(&fake->lock);
    if (turn == 0) turn = 202;
    bool early = event.answer_early || turn == FAKE_HANG_UP_EARLY;
    bool whole = !early && read_body(fd, request);
    struct fake_post *post = keep ? make_post(request, turn) : NULL;
    /* Recorded before it is answered, so that a client which has its answer finds it here. */
    keep_post(fake, post);
    if (turn < 0 || !(whole || early)) return false;
    return send_status(fd, turn) && whole && !event.close_after_answer;
}

/* -- the thread ---------------------------------------------------------------------------------------------------- */

static void serve_connection(struct fake_lambda *fake, int fd)
{
    bool open = true;
    while (open) {
        struct request request = { 0 };
        open = read_head(fd, &request);
        if (open && ps_span_eq(request.method, PS_SPAN("GET")))
            open = ps_span_ends(request.path, PS_SPAN("/2018-06-01/runtime/invocation/next")) ? serve_next(fake, fd)
                                                                                              : send_status(fd, 404);
        else if (open)
            open = serve_post(fake, fd, &request);
        free_request(&request);
    }
}

static void *serve(void *argument)
{
    struct fake_lambda *fake = argument;
    for (;;) {
        int fd = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && errno == EINTR) continue;
        pthread_mutex_lock(&fake->lock);
        bool stopping = fake->stopping;
        fake->connection = fd;
        if (fd >= 0) fake->connections++;
        pthread_mutex_unlock(&fake->lock);
        if (fd < 0 || stopping) {
            if (fd >= 0) close(fd);
            return NULL;
        }
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        serve_connection(fake, fd);
        pthread_mutex_lock(&fake->lock);
        fake->connection = -1;
        close(fd);
        pthread_mutex_unlock(&fake->lock);
    }
}

struct fake_lambda *fake_lambda_start(void)
{
    struct fake_lambda *fake = must(calloc(1, sizeof *fake));
    fake->connection = -1;
    pthread_mutex_init(&fake->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&fake->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fake->listener < 0 || bind(fake->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fake->listener, 16) != 0 || getsockname(fake->listener, (struct sockaddr *)&address, &len) != 0)
        die("listening socket");
    snprintf(fake->address, sizeof fake->address, "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    if (pthread_create(&fake->thread, NULL, serve, fake) != 0) die("thread");
    return fake;
}

void fake_lambda_stop(struct fake_lambda *fake)
{
    pthread_mutex_lock(&fake->lock);
    fake->stopping = true;
    if (fake->connection >= 0) (void)shutdown(fake->connection, SHUT_RDWR);
    (void)shutdown(fake->listener, SHUT_RDWR);
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    for (size_t i = 0; i < fake->posts_count; i++)
        free_post(fake->posts[i]);
    free(fake->posts);
    free(fake->events);
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->lock);
    free(fake);
}

const char *fake_lambda_address(const struct fake_lambda *fake)
{
    return fake->address;
}

void fake_lambda_push(struct fake_lambda *fake, const struct fake_event *event)
{
    pthread_mutex_lock(&fake->lock);
    if (fake->events_count == fake->events_cap) {
        fake->events_cap = fake->events_cap == 0 ? 64 : fake->events_cap * 2;
        fake->events = must(realloc(fake->events, fake->events_cap * sizeof *fake->events));
    }
    fake->events[fake->events_count++] = *event;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

void fake_lambda_keep_no_posts(struct fake_lambda *fake)
{
    pthread_mutex_lock(&fake->lock);
    fake->keep_no_posts = true;
    pthread_mutex_unlock(&fake->lock);
}

const struct fake_post *fake_lambda_post(struct fake_lambda *fake, size_t n, int wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&fake->lock);
    int waited = 0;
    while (fake->posts_count <= n && waited == 0)
        waited = pthread_cond_timedwait(&fake->changed, &fake->lock, &until);
    const struct fake_post *post = fake->posts_count > n ? fake->posts[n] : NULL;
    pthread_mutex_unlock(&fake->lock);
    return post;
}

static uint64_t read_locked(struct fake_lambda *fake, const void *member, size_t bytes)
{
    uint64_t value = 0;
    pthread_mutex_lock(&fake->lock);
    memcpy(&value, member, bytes);
    pthread_mutex_unlock(&fake->lock);
    return value;
}

size_t fake_lambda_posts(struct fake_lambda *fake)
{
    return (size_t)read_locked(fake, &fake->posts_count, sizeof fake->posts_count);
}

size_t fake_lambda_nexts(struct fake_lambda *fake)
{
    return (size_t)read_locked(fake, &fake->nexts, sizeof fake->nexts);
}

size_t fake_lambda_connections(struct fake_lambda *fake)
{
    return (size_t)read_locked(fake, &fake->connections, sizeof fake->connections);
}

uint64_t fake_lambda_first_next_us(struct fake_lambda *fake)
{
    return read_locked(fake, &fake->first_next_us, sizeof fake->first_next_us);
}

uint64_t fake_lambda_sent_us(struct fake_lambda *fake)
{
    return read_locked(fake, &fake->sent_us, sizeof fake->sent_us);
}

uint64_t fake_lambda_answered_us(struct fake_lambda *fake)
{
    return read_locked(fake, &fake->answered_us, sizeof fake->answered_us);
}
