#include "lambda/telemetry.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/env.h"

#define SOCKET_NAME "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"

static enum ps_err connect_to(struct ps_span path, int fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (path.len >= sizeof address.sun_path) PS_FAIL(PS_ERR_BAD_CONFIG, SOCKET_NAME ": a path of %zu bytes", path.len);
    memcpy(address.sun_path, path.data, path.len);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        PS_FAIL(PS_ERR_SYSTEM, SOCKET_NAME ": connect: %s", strerrordesc_np(errno));
    if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        PS_FAIL(PS_ERR_SYSTEM, SOCKET_NAME ": dup2: %s", strerrordesc_np(errno));
    return PS_OK;
}

enum ps_err ps_telemetry_connect(void)
{
    struct ps_span path = ps_env_get(SOCKET_NAME);
    if (path.len == 0) return PS_OK;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) PS_FAIL(PS_ERR_SYSTEM, SOCKET_NAME ": socket: %s", strerrordesc_np(errno));
    enum ps_err err = connect_to(path, fd);
    (void)close(fd);
    ps_env_unset(SOCKET_NAME);
    return err;
}
