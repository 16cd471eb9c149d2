#include "lambda/shutdown.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/assert.h"

#define EXTENSION_PATH "/2020-01-01/extension"

enum {
    HEAD_BYTES_MAX = 1 << 10,
    ID_BYTES_MAX = 128, /* a UUID in practice */
    REPLY_BYTES_MAX = 16 << 10,
};

enum ps_err ps_shutdown_open(struct ps_shutdown *shutdown)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    *shutdown = (struct ps_shutdown){ .connection.fd = -1 };
    shutdown->stop_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (shutdown->stop_fd < 0) PS_FAIL(PS_ERR_SYSTEM, "SIGTERM as a descriptor: %s", strerrordesc_np(errno));
    PS_ASSERT(sigprocmask(SIG_BLOCK, &signals, NULL) == 0);
    return PS_OK;
}

static enum ps_err register_extension(struct ps_connection *connection, char *memory, struct ps_span *id)
{
    char head_memory[HEAD_BYTES_MAX];
    struct ps_buf head, reply;
    struct ps_wire wire;
    struct ps_connection_call call = { .body = PS_SPAN("{\"events\":[]}"), .reply_bytes_max = REPLY_BYTES_MAX };
    ps_buf_init_fixed(&head, head_memory, sizeof head_memory);
    ps_buf_printf(&head,
                  "POST " EXTENSION_PATH "/register HTTP/1.1\r\nHost: %s\r\nLambda-Extension-Name: penstock-drain\r\n"
                  "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                  connection->host, call.body.len);
    PS_TRY(ps_buf_finish(&head, &call.head));
    ps_buf_init_fixed(&reply, memory, REPLY_BYTES_MAX);
    PS_TRY(ps_connection_exchange(connection, &call, &reply, &wire));
    *id = ps_wire_header(ps_span_make(memory, wire.head_bytes), PS_SPAN("Lambda-Extension-Identifier"));
    if (wire.status != 200 || id->len == 0 || id->len > ID_BYTES_MAX)
        PS_FAIL(PS_ERR_UNAVAILABLE, "Extensions API: register answered %u", wire.status);
    return PS_OK;
}

/* Initialisation is over when every extension has asked for its next event. The answer never comes. */
static enum ps_err ask_for_next(struct ps_connection *connection, struct ps_span id)
{
    char memory[HEAD_BYTES_MAX];
    struct ps_buf head;
    ps_buf_init_fixed(&head, memory, sizeof memory);
    ps_buf_printf(&head, "GET " EXTENSION_PATH "/event/next HTTP/1.1\r\nHost: %s\r\nLambda-Extension-Identifier: ",
                  connection->host);
    ps_buf_put(&head, id);
    ps_buf_put(&head, PS_SPAN("\r\n\r\n"));
    struct ps_span request;
    bool whole = false;
    PS_TRY(ps_buf_finish(&head, &request));
    PS_TRY(ps_connection_begin(connection, PS_CONNECTION_IDLE_MS));
    PS_TRY(ps_connection_send(connection, &request, 1, &whole));
    if (!whole) PS_FAIL(PS_ERR_UNAVAILABLE, "Extensions API: next was not taken");
    return PS_OK;
}

enum ps_err ps_shutdown_register(struct ps_shutdown *shutdown, struct ps_span api_address)
{
    PS_TRY(ps_connection_init(&shutdown->connection, api_address));
    char reply[REPLY_BYTES_MAX];
    struct ps_span id;
    PS_TRY(register_extension(&shutdown->connection, reply, &id));
    return ask_for_next(&shutdown->connection, id);
}
