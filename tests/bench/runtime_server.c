/* Measures one client of Lambda's Runtime API, or plays one fault to it: starts the command after "--" as Lambda would,
 * serves its calls on loopback from a single thread, ends it, and prints one line of key=value. See usage().
 *
 * It is small and blocks, so that a client on the same core is most of what is measured. Events above 2,000 bytes go
 * out in chunks, as Lambda sends them. Of the first and the last answer every byte is compared with the event, leaving
 * out white space between JSON's tokens; of all others the size. A client whose answer differs is not measured: exit
 * code 1 with the reason. Any number of connections up to CONNECTIONS_MAX, chunked requests, "Expect: 100-continue"
 * and the calls of an internal extension are understood.
 * Facts: AWS Lambda developer guide, "Using the Lambda runtime API" and "Using the Lambda Extensions API". */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/span.h"

#define MORE_HEADERS \
    "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:echo\r\n" \
    "Lambda-Runtime-Trace-Id: Root=1-5e1b4151-5ac6c58dc39a6b6b3b3b3b3b;Parent=53995c3f42cd8ad8;Sampled=0\r\n" \
    "Date: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n"

enum {
    EXIT_USAGE = 2,
    CONNECTIONS_MAX = 8,         /* Go and Node open two */
    REQUEST_BYTES_MAX = 8 << 20, /* an answer of 6 MiB, and the blanks that a JSON writer may put in */
    EVENT_BYTES_MIN = 200,       /* one record */
    LARGE_BYTES = 6000000,
    EVENT_BYTES_MAX = 6291556,  /* Lambda's limit */
    CHUNKED_ABOVE_BYTES = 2000, /* as Lambda does */
    CHUNK_BYTES = 32 << 10,     /* what Go's io.Copy, with which Lambda's server is written, moves at a time */
    CUT_BYTES = 4 << 10,        /* of a request are read before the connection is cut under it */
    INIT_MS_MAX = 10000,        /* Lambda's own */
    CALL_MS_MAX = 20000,        /* the slowest client needs 0.1 s for 6 MB */
    FAULT_MS_MAX = 3000,        /* longer than a client waits before it tries again */
    COUNT_MAX = 1000000,
    ENV_MAX = 32,
};

enum fault { NONE, REFUSE_413, REFUSE_410, CUT_BETWEEN, CUT_DURING, CRASH, TERMINATE };

#define TAKEN_JSON "{\"status\":\"OK\"}\n"

/* The status and the body are those of the answer to the POST. */
static const struct {
    const char *name, *json;
    int status;
    bool large; /* the event is more than socket buffers hold */
} FAULTS[] = {
    [REFUSE_413] = { "413", "{\"errorMessage\":\"Too large\",\"errorType\":\"RequestEntityTooLarge\"}", 413, false },
    [REFUSE_410] = { "410", "{\"errorMessage\":\"Timed out\",\"errorType\":\"InvokeTimeout\"}", 410, false },
    [CUT_BETWEEN] = { "cut-between", TAKEN_JSON, 202, false },
    [CUT_DURING] = { "cut-during", TAKEN_JSON, 202, true },
    [CRASH] = { "crash", TAKEN_JSON, 202, false },
    [TERMINATE] = { "sigterm", TAKEN_JSON, 202, false },
};

struct options {
    char **command;
    const char *log, *task_root;
    size_t bytes, warm_up, count;
    enum fault fault;
    char *env[ENV_MAX];
    size_t env_count;
};

struct connection {
    int fd; /* -1: free */
    char *data;
    size_t len;
    bool continued; /* 100 Continue has been sent for the request in hand */
};

enum kind { NEXT, RESPONSE, ERROR, INIT_ERROR, REGISTER, PARK, UNKNOWN };

struct request {
    struct connection *from;
    enum kind kind;
    struct ps_span head, body;
    size_t bytes; /* of the connection's data */
};

/* An event as it goes out, but for the ids in its head. */
struct event {
    char *json;
    size_t len;
    struct iovec framed;
    char framing[64]; /* the header that says so */
};

enum happened { REQUEST, CUT, ENDED, SILENCE };

struct server {
    int listener;
    uint16_t port;
    struct connection connections[CONNECTIONS_MAX];
    pid_t pid;
    int pid_fd;
    uint64_t *exec_ns; /* shared with the child, which writes it just before exec */
    unsigned events;   /* sent so far */
    bool cut_next_post, registered;
};

static void usage(FILE *out)
{
    fputs("usage: runtime_server [OPTION]... -- COMMAND [ARGUMENT]...\n"
          "  --bytes N        of the event, 200 to 6291556; default: 200\n"
          "  --warm-up N      invocations before those that are measured; default: 200\n"
          "  --count N        invocations that are measured; default: 2000\n"
          "  --task-root PATH LAMBDA_TASK_ROOT and the client's working folder; default: /tmp\n"
          "  --env K=V        for the client; may be repeated. Nothing is inherited\n"
          "  --log PATH       where its output goes; default: /dev/null\n"
          "Prints start_ms= (exec to the first /next) wall_us= cpu_us= (per invocation) rss_kb= (the peak).\n"
          "  --behaviour 413|410|cut-between|cut-during|crash|sigterm\n"
          "                   one good event, then this: its answer is refused, the connection is closed after or in\n"
          "                   the midst of its answer, it makes the handler crash, or SIGTERM comes instead of it\n"
          "Prints registered= (as an extension) error= (what it posted) retried= served_next= end= ms= (until then).\n"
          "Exit code: 0; 1 when the client did not do its work; 2 for wrong usage.\n",
          out);
}

__attribute__((format(printf, 1, 2))) static _Noreturn void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)fputs("runtime_server: ", stderr);
    (void)vfprintf(stderr, format, values);
    (void)fputc('\n', stderr);
    va_end(values);
    exit(EXIT_FAILURE);
}

static void *must(void *memory)
{
    if (memory == NULL || memory == MAP_FAILED) fail("no memory");
    return memory;
}

static uint64_t clock_ns(clockid_t id)
{
    struct timespec now = { 0 };
    if (clock_gettime(id, &now) != 0) fail("clock: %s", strerrordesc_np(errno));
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* -- the event ----------------------------------------------------------------------------------------------------- */

static char *make_json(size_t bytes)
{
    static const char FORMAT[] = "%c{\"id\":\"%08u\",\"timestamp\":%" PRIu64 ",\"level\":\"INFO\",\"message\":"
                                 "\"\\\"GET /orders/%08u\\\" took %u ms\"}";
    char *json = must(malloc(bytes + 256));
    size_t len = (size_t)sprintf(json, "{\"records\":");
    char before = '[';
    for (unsigned i = 0; len + 160 < bytes; i++, before = ',')
        len += (size_t)sprintf(json + len, FORMAT, before, i, UINT64_C(1795255200000) + i, i, i % 500);
    len += (size_t)sprintf(json + len, "],\"pad\":\"");
    memset(json + len, 'x', bytes - len - 2);
    memcpy(json + bytes - 2, "\"}", 3);
    return json;
}

static void frame_event(struct event *event)
{
    event->framed = (struct iovec){ event->json, event->len };
    (void)snprintf(event->framing, sizeof event->framing, "Content-Length: %zu\r\n", event->len);
    if (event->len <= CHUNKED_ABOVE_BYTES) return;
    (void)snprintf(event->framing, sizeof event->framing, "Transfer-Encoding: chunked\r\n");
    char *framed = must(malloc(event->len + (event->len / CHUNK_BYTES + 2) * 16));
    size_t len = 0;
    for (size_t at = 0; at < event->len; at += CHUNK_BYTES) {
        size_t count = event->len - at < CHUNK_BYTES ? event->len - at : CHUNK_BYTES;
        len += (size_t)sprintf(framed + len, "%zx\r\n", count);
        memcpy(framed + len, event->json + at, count);
        len += count;
        len += (size_t)sprintf(framed + len, "\r\n");
    }
    len += (size_t)sprintf(framed + len, "0\r\n\r\n");
    event->framed = (struct iovec){ framed, len };
}

static struct event make_event(char *json, size_t len)
{
    struct event event = { .json = json, .len = len };
    frame_event(&event);
    return event;
}

/* Takes blanks between tokens out of json and returns what is left of its length. */
static size_t make_compact(char *json, size_t len)
{
    size_t kept = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        char c = json[i];
        if (!quoted && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) continue;
        if (c == '"') quoted = !quoted;
        json[kept++] = c;
        if (c == '\\' && i + 1 < len) json[kept++] = json[++i];
    }
    return kept;
}

static bool is_echo(const struct event *event, struct ps_span body)
{
    char *copy = must(malloc(body.len + 1));
    memcpy(copy, body.data, body.len);
    size_t len = make_compact(copy, body.len);
    bool same = len == event->len && memcmp(copy, event->json, len) == 0;
    free(copy);
    return same;
}

/* -- the client ---------------------------------------------------------------------------------------------------- */

static _Noreturn void exec_client(const struct server *server, const struct options *options)
{
    char api[32];
    (void)snprintf(api, sizeof api, "127.0.0.1:%u", server->port);
    /* As on Lambda: an environment of its own. --env comes last and wins. */
    const char *const usual[][2] = {
        { "AWS_LAMBDA_RUNTIME_API", api },
        { "LAMBDA_TASK_ROOT", options->task_root },
        { "AWS_LAMBDA_FUNCTION_NAME", "echo" },
        { "AWS_LAMBDA_FUNCTION_VERSION", "$LATEST" },
        { "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512" },
        { "AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/echo" },
        { "AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/21/[$LATEST]0123456789abcdef0123456789abcdef" },
        { "AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand" },
        { "AWS_REGION", "eu-central-1" },
        { "PATH", "/usr/local/bin:/usr/bin:/bin" },
        { "LANG", "en_US.UTF-8" },
        { "TZ", ":UTC" },
    };
    (void)clearenv();
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        (void)setenv(usual[i][0], usual[i][1], 1);
    for (size_t i = 0; i < options->env_count; i++)
        (void)putenv(options->env[i]);
    if (chdir(options->task_root) != 0) _exit(127);
    int log = open(options->log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) _exit(127);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    *server->exec_ns = clock_ns(CLOCK_MONOTONIC);
    (void)execvp(options->command[0], options->command);
    _exit(127);
}

static void start_client(struct server *server, const struct options *options)
{
    server->exec_ns =
        must(mmap(NULL, sizeof *server->exec_ns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    server->pid = fork();
    if (server->pid == 0) exec_client(server, options);
    server->pid_fd = server->pid < 0 ? -1 : pidfd_open(server->pid, 0);
    if (server->pid_fd < 0) fail("%s: %s", options->command[0], strerrordesc_np(errno));
}

/* "alive", "status:N" or "signal:N". */
static void end_client(const struct server *server, char *how, size_t cap)
{
    int status = 0;
    (void)snprintf(how, cap, "alive");
    if (waitpid(server->pid, &status, WNOHANG) == 0) {
        (void)kill(server->pid, SIGKILL);
        (void)waitpid(server->pid, &status, 0);
    } else if (WIFSIGNALED(status)) {
        (void)snprintf(how, cap, "signal:%d", WTERMSIG(status));
    } else {
        (void)snprintf(how, cap, "status:%d", WEXITSTATUS(status));
    }
}

static long peak_kb(pid_t pid)
{
    char path[64], line[256];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    long kb = -1;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0) kb = strtol(line + 6, NULL, 10);
    if (file != NULL) (void)fclose(file);
    return kb;
}

/* -- connections --------------------------------------------------------------------------------------------------- */

static void listen_on_loopback(struct server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->listener, CONNECTIONS_MAX) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) != 0)
        fail("listen: %s", strerrordesc_np(errno));
    server->port = ntohs(address.sin_port);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        server->connections[i].fd = -1;
}

static void accept_connection(struct server *server)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *connection = &server->connections[i];
        if (connection->fd >= 0) continue;
        char *data = connection->data == NULL ? must(malloc(REQUEST_BYTES_MAX)) : connection->data;
        *connection = (struct connection){ .fd = fd, .data = data };
        return;
    }
    fail("more than %d connections", CONNECTIONS_MAX);
}

static void drop_connection(struct connection *connection)
{
    (void)close(connection->fd);
    connection->fd = -1;
    connection->len = 0;
}

/* A client that is gone is noticed where the next request is waited for. */
static void send_parts(const struct connection *to, struct iovec *parts, size_t count)
{
    while (count > 0) {
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
        ssize_t sent = sendmsg(to->fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return;
        for (; count > 0 && (size_t)sent >= parts->iov_len; parts++, count--)
            sent -= (ssize_t)parts->iov_len;
        if (count == 0) return;
        parts->iov_base = (char *)parts->iov_base + sent;
        parts->iov_len -= (size_t)sent;
    }
}

static void send_status(const struct connection *to, int status, const char *headers, const char *body)
{
    char text[512];
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 %d x\r\n%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", status,
                       headers, strlen(body), body);
    send_parts(to, &(struct iovec){ text, (size_t)len }, 1);
}

static void send_event(struct server *server, const struct connection *to, const struct event *event)
{
    char head[1024];
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    server->events++;
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 8f14e45f-ceea-467f-a8d7-%012u\r\n"
                       "Lambda-Runtime-Invocation-Id: 5f0d1b7e-1f43-4b61-9d7c-%012u\r\n"
                       "Lambda-Runtime-Deadline-Ms: %" PRId64 "\r\n" MORE_HEADERS "%s\r\n",
                       server->events, server->events, ((int64_t)now.tv_sec + 60) * 1000, event->framing);
    struct iovec parts[] = { { head, (size_t)len }, event->framed };
    send_parts(to, parts, 2);
}

/* -- requests ------------------------------------------------------------------------------------------------------ */

static bool find_header(struct ps_span head, const char *name, struct ps_span *value)
{
    bool more = true;
    while (more) {
        struct ps_span line = ps_span_split(&head, '\n', &more);
        struct ps_span key = ps_span_split(&line, ':', &(bool){ false });
        if (!ps_span_eq_nocase(key, ps_span_of(name))) continue;
        *value = ps_span_trim(line);
        return true;
    }
    return false;
}

/* The bytes of a chunked body with its framing; 0: not all there. decode: moves the chunks together, *decoded long. */
static size_t walk_chunks(char *data, size_t len, bool decode, size_t *decoded)
{
    size_t at = 0;
    *decoded = 0;
    for (;;) {
        char *line_end = memmem(data + at, len - at, "\r\n", 2);
        if (line_end == NULL) return 0;
        size_t size = strtoul(data + at, NULL, 16);
        at = (size_t)(line_end - data) + 2;
        if (size > len - at || len - at - size < 2) return 0;
        if (decode) memmove(data + *decoded, data + at, size);
        *decoded += size;
        at += size + 2;
        if (size == 0) return at; /* no client here sends trailers */
    }
}

static enum kind kind_of(struct ps_span head)
{
    static const struct {
        const char *start, *end;
        enum kind kind;
    } CALLS[] = {
        { "GET /2018-06-01/runtime/invocation/next", "", NEXT },
        { "POST /2018-06-01/runtime/invocation/", "/response", RESPONSE },
        { "POST /2018-06-01/runtime/invocation/", "/error", ERROR },
        { "POST /2018-06-01/runtime/init/error", "", INIT_ERROR },
        { "POST /2020-01-01/extension/register", "", REGISTER },
        { "GET /2020-01-01/extension/event/next", "", PARK },
    };
    struct ps_span line = ps_span_split(&head, '\r', &(bool){ false });
    if (ps_span_ends(line, PS_SPAN(" HTTP/1.1"))) line.len -= strlen(" HTTP/1.1");
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++)
        if (ps_span_starts(line, ps_span_of(CALLS[i].start)) && ps_span_ends(line, ps_span_of(CALLS[i].end)))
            return CALLS[i].kind;
    return UNKNOWN;
}

/* True when a whole request lies in the connection's data. */
static bool find_request(struct connection *from, struct request *out)
{
    char *end = memmem(from->data, from->len, "\r\n\r\n", 4);
    if (end == NULL) return false;
    struct ps_span head = ps_span_between(from->data, end + 4);
    struct ps_span value = { NULL, 0 };
    size_t body_bytes = 0, framed_bytes = 0;
    bool whole = false;
    if (find_header(head, "Transfer-Encoding", &value)) {
        framed_bytes = walk_chunks(from->data + head.len, from->len - head.len, false, &body_bytes);
        whole = framed_bytes > 0;
        if (whole) (void)walk_chunks(from->data + head.len, framed_bytes, true, &body_bytes);
    } else {
        if (find_header(head, "Content-Length", &value)) body_bytes = strtoul(value.data, NULL, 10);
        framed_bytes = body_bytes;
        whole = from->len - head.len >= framed_bytes;
    }
    if (!whole && !from->continued && find_header(head, "Expect", &value)) {
        char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        from->continued = true;
        send_parts(from, &(struct iovec){ go_on, sizeof go_on - 1 }, 1);
    }
    if (whole)
        *out = (struct request){ .from = from,
                                 .kind = kind_of(head),
                                 .head = head,
                                 .body = { from->data + head.len, body_bytes },
                                 .bytes = head.len + framed_bytes };
    return whole;
}

/* The request has been answered: what it spans is no longer looked at. */
static void consume(const struct request *request)
{
    struct connection *from = request->from;
    from->len -= request->bytes;
    memmove(from->data, from->data + request->bytes, from->len);
    from->continued = false;
}

static void receive(struct connection *from, size_t bytes_max)
{
    size_t room = REQUEST_BYTES_MAX - from->len;
    if (room == 0) fail("a request over %d bytes", REQUEST_BYTES_MAX);
    ssize_t got = recv(from->fd, from->data + from->len, room < bytes_max ? room : bytes_max, 0);
    if (got > 0)
        from->len += (size_t)got;
    else
        drop_connection(from);
}

/* Unread bytes make the close a reset, as when the other side's process has died. */
static bool cut(struct server *server, struct connection *connection)
{
    bool begun = server->cut_next_post && connection->len > 5 && memcmp(connection->data, "POST ", 5) == 0;
    if (!begun) return false;
    server->cut_next_post = false;
    drop_connection(connection);
    return true;
}

/* Serves one connection that has something. */
static bool look_at(struct server *server, struct connection *connection, struct request *out, enum happened *happened)
{
    receive(connection, server->cut_next_post ? CUT_BYTES : REQUEST_BYTES_MAX);
    if (connection->fd < 0) return false;
    *happened = cut(server, connection) ? CUT : REQUEST;
    return *happened == CUT || find_request(connection, out);
}

/* Waits for what the client does next. Connections come before its end: it may have said something before. */
static enum happened wait_for_client(struct server *server, int wait_ms, struct request *out)
{
    for (;;) {
        struct pollfd fds[CONNECTIONS_MAX + 2];
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            fds[i] = (struct pollfd){ .fd = server->connections[i].fd, .events = POLLIN };
        fds[CONNECTIONS_MAX] = (struct pollfd){ .fd = server->listener, .events = POLLIN };
        fds[CONNECTIONS_MAX + 1] = (struct pollfd){ .fd = server->pid_fd, .events = POLLIN };
        int count = poll(fds, CONNECTIONS_MAX + 2, wait_ms);
        if (count == 0) return SILENCE;
        if (count < 0 && errno != EINTR) fail("poll: %s", strerrordesc_np(errno));
        if (count < 0) continue;
        bool connected = false;
        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            if (fds[i].fd < 0 || fds[i].revents == 0) continue;
            enum happened happened = REQUEST;
            connected = true;
            if (look_at(server, &server->connections[i], out, &happened)) return happened;
        }
        if (fds[CONNECTIONS_MAX].revents != 0)
            accept_connection(server);
        else if (!connected && fds[CONNECTIONS_MAX + 1].revents != 0)
            return ENDED;
    }
}

/* Answers the calls of an extension; true when that is what the request was. */
static bool serve_extension(struct server *server, const struct request *request)
{
    static const char ID[] = "Lambda-Extension-Identifier: 2b1a3c5d-0000-4000-8000-000000000001\r\n";
    if (request->kind != REGISTER && request->kind != PARK) return false;
    if (request->kind == REGISTER) {
        server->registered = true;
        send_status(request->from, 200, ID,
                    "{\"functionName\":\"echo\",\"functionVersion\":\"$LATEST\",\"handler\":\"echo\"}");
    }
    consume(request); /* an extension that waits for its next event is left waiting */
    return true;
}

/* The next call of the runtime itself. */
static enum happened wait_for_call(struct server *server, int wait_ms, struct request *out)
{
    enum happened happened = SILENCE;
    do
        happened = wait_for_client(server, wait_ms, out);
    while (happened == REQUEST && serve_extension(server, out));
    return happened;
}

static struct request must_call(struct server *server, int wait_ms, enum kind kind)
{
    struct request request = { 0 };
    enum happened happened = wait_for_call(server, wait_ms, &request);
    if (happened == ENDED) fail("the client ended after %u events", server->events);
    if (happened == SILENCE) fail("the client said nothing for %d ms after %u events", wait_ms, server->events);
    if (request.kind != kind)
        fail("unexpected call after %u events: %.*s", server->events, PS_SPAN_ARG(ps_span_first(request.head, 80)));
    return request;
}

/* -- measuring ----------------------------------------------------------------------------------------------------- */

struct sample {
    uint64_t wall_ns, cpu_ns;
};

static struct sample sample(clockid_t client)
{
    return (struct sample){ clock_ns(CLOCK_MONOTONIC), clock_ns(client) };
}

/* One invocation, from its /next, which has come, to the following one. */
static struct request invoke(struct server *server, struct request next, const struct event *event, bool compare,
                             size_t *answer_bytes)
{
    struct connection *from = next.from;
    consume(&next);
    send_event(server, from, event);
    struct request answer = must_call(server, CALL_MS_MAX, RESPONSE);
    if (*answer_bytes == 0) *answer_bytes = answer.body.len;
    if (answer.body.len != *answer_bytes || (compare && !is_echo(event, answer.body)))
        fail("answer %u of %zu bytes is not the event of %zu", server->events, answer.body.len, event->len);
    send_status(answer.from, 202, "", TAKEN_JSON);
    consume(&answer);
    return must_call(server, CALL_MS_MAX, NEXT);
}

static void measure(struct server *server, const struct options *options)
{
    static struct event event; /* as long as the process */
    event = make_event(make_json(options->bytes), options->bytes);
    clockid_t client = 0;
    start_client(server, options);
    struct request next = must_call(server, INIT_MS_MAX, NEXT);
    double start_ms = (double)(clock_ns(CLOCK_MONOTONIC) - *server->exec_ns) / 1e6;
    if (clock_getcpuclockid(server->pid, &client) != 0) fail("the client's clock cannot be read");
    size_t answer_bytes = 0;
    for (size_t i = 0; i < options->warm_up; i++)
        next = invoke(server, next, &event, i == 0, &answer_bytes);
    struct sample before = sample(client);
    for (size_t i = 0; i < options->count; i++)
        next = invoke(server, next, &event, false, &answer_bytes);
    struct sample after = sample(client);
    long rss_kb = peak_kb(server->pid);
    (void)invoke(server, next, &event, true, &answer_bytes);
    char how[32];
    end_client(server, how, sizeof how);
    double count = (double)options->count * 1e3;
    printf("start_ms=%.3f wall_us=%.2f cpu_us=%.2f rss_kb=%ld\n", start_ms,
           (double)(after.wall_ns - before.wall_ns) / count, (double)(after.cpu_ns - before.cpu_ns) / count, rss_kb);
}

/* -- faults -------------------------------------------------------------------------------------------------------- */

struct report {
    char error[128]; /* what the client told the caller */
    bool retried, served_next;
};

/* The type in the header, which Lambda records, and the one in the document, which the caller sees. */
static void note_error(struct report *report, const struct request *request)
{
    struct ps_span header = PS_SPAN("-"), type = request->body;
    (void)find_header(request->head, "Lambda-Runtime-Function-Error-Type", &header);
    ptrdiff_t at = ps_span_find(type, PS_SPAN("\"errorType\""));
    type = at < 0 ? PS_SPAN("-") : ps_span_from(type, (size_t)at + strlen("\"errorType\""));
    if (at >= 0) {
        (void)ps_span_split(&type, '"', &(bool){ false });
        type = ps_span_split(&type, '"', &(bool){ false });
    }
    (void)snprintf(report->error, sizeof report->error, "%.*s/%.*s", PS_SPAN_ARG(header), PS_SPAN_ARG(type));
    for (char *c = report->error; *c != '\0'; c++)
        if (*c == ' ') *c = '_';
}

/* What follows the fault, until an event has been served again, the client has ended or nothing more comes. */
static void watch(struct server *server, const struct event *good, struct report *report)
{
    struct request request = { 0 };
    unsigned faulty = server->events;
    while (!report->served_next) {
        enum happened happened = wait_for_call(server, FAULT_MS_MAX, &request);
        if (happened == ENDED || happened == SILENCE) return;
        if (happened != REQUEST) continue;
        if (request.kind == NEXT) {
            send_event(server, request.from, good);
        } else {
            if (request.kind == RESPONSE && server->events > faulty) report->served_next = true;
            if (request.kind == RESPONSE && server->events == faulty) report->retried = true;
            if (request.kind == ERROR || request.kind == INIT_ERROR) note_error(report, &request);
            send_status(request.from, 202, "", TAKEN_JSON);
        }
        consume(&request);
    }
}

/* The answer to the event that is out arrives and meets the fault. */
static void meet_answer(struct server *server, enum fault fault)
{
    struct request answer = must_call(server, CALL_MS_MAX, RESPONSE);
    send_status(answer.from, FAULTS[fault].status, "", FAULTS[fault].json);
    consume(&answer);
    if (fault == CUT_BETWEEN) drop_connection(answer.from);
}

static void behave(struct server *server, const struct options *options)
{
    static char CRASH_JSON[] = "{\"crash\":true}";
    size_t bytes = FAULTS[options->fault].large ? LARGE_BYTES : EVENT_BYTES_MIN;
    static struct event good, bad; /* as long as the process */
    good = make_event(make_json(EVENT_BYTES_MIN), EVENT_BYTES_MIN);
    bad = options->fault == CRASH ? make_event(CRASH_JSON, strlen(CRASH_JSON)) : make_event(make_json(bytes), bytes);
    size_t answer_bytes = 0;
    start_client(server, options);
    struct request next = invoke(server, must_call(server, INIT_MS_MAX, NEXT), &good, true, &answer_bytes);
    struct connection *from = next.from;
    uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
    consume(&next);
    server->cut_next_post = options->fault == CUT_DURING;
    if (options->fault == TERMINATE)
        (void)kill(server->pid, SIGTERM);
    else
        send_event(server, from, &bad);
    if (options->fault <= CUT_BETWEEN) meet_answer(server, options->fault);
    struct report report = { .error = "none" };
    watch(server, &good, &report);
    double ms = (double)(clock_ns(CLOCK_MONOTONIC) - began_ns) / 1e6;
    char how[32];
    end_client(server, how, sizeof how);
    printf("registered=%d error=%s retried=%d served_next=%d end=%s ms=%.1f\n", server->registered, report.error,
           report.retried, report.served_next, how, ms);
}

/* -- options ------------------------------------------------------------------------------------------------------- */

static size_t read_number(const char *text, size_t least, size_t most)
{
    uint64_t value = 0;
    if (ps_span_to_u64(ps_span_of(text), &value) && value >= least && value <= most) return (size_t)value;
    usage(stderr);
    exit(EXIT_USAGE);
}

static enum fault read_fault(const char *name)
{
    for (enum fault fault = REFUSE_413; fault <= TERMINATE; fault++)
        if (strcmp(name, FAULTS[fault].name) == 0) return fault;
    usage(stderr);
    exit(EXIT_USAGE);
}

/* False when it is not one. */
static bool read_option(struct options *options, const char *name, char *value)
{
    if (strcmp(name, "--bytes") == 0)
        options->bytes = read_number(value, EVENT_BYTES_MIN, EVENT_BYTES_MAX);
    else if (strcmp(name, "--warm-up") == 0)
        options->warm_up = read_number(value, 1, COUNT_MAX);
    else if (strcmp(name, "--count") == 0)
        options->count = read_number(value, 1, COUNT_MAX);
    else if (strcmp(name, "--log") == 0)
        options->log = value;
    else if (strcmp(name, "--task-root") == 0)
        options->task_root = value;
    else if (strcmp(name, "--behaviour") == 0)
        options->fault = read_fault(value);
    else if (strcmp(name, "--env") == 0 && options->env_count < ENV_MAX)
        options->env[options->env_count++] = value;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {
        .log = "/dev/null", .task_root = "/tmp", .bytes = EVENT_BYTES_MIN, .warm_up = 200, .count = 2000
    };
    int at = 1;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return EXIT_SUCCESS;
    }
    while (at + 1 < argc && strcmp(argv[at], "--") != 0 && read_option(&options, argv[at], argv[at + 1]))
        at += 2;
    if (at + 1 >= argc || strcmp(argv[at], "--") != 0) {
        usage(stderr);
        return EXIT_USAGE;
    }
    options.command = argv + at + 1;
    static struct server server;
    listen_on_loopback(&server);
    if (options.fault == NONE)
        measure(&server, &options);
    else
        behave(&server, &options);
    return EXIT_SUCCESS;
}
