#include "lambda/telemetry.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/env.h"
#include "support/check.h"

#define NAME "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"

/* A child connects its streams as the environment says and writes to both; its exit status is what connecting gave. */
static void run_child(void)
{
    pid_t child = fork();
    if (child == 0) {
        enum ps_err err = ps_telemetry_connect();
        bool kept = getenv(NAME) != NULL;
        bool wrote = write(STDOUT_FILENO, "out\n", 4) == 4 && write(STDERR_FILENO, "err\n", 4) == 4;
        _exit(kept || !wrote ? 99 : (int)err);
    }
    CHECK(child > 0);
}

static int child_status(void)
{
    int status = 0;
    CHECK(wait(&status) > 0);
    return WEXITSTATUS(status);
}

static int listen_at(struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(address->sun_path, sizeof address->sun_path, "/tmp/penstock-telemetry-%d", (int)getpid());
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)address, sizeof *address) == 0 &&
          listen(listener, 1) == 0);
    CHECK(setenv(NAME, address->sun_path, 1) == 0);
    return listener;
}

static void both_streams_go_to_the_socket(void)
{
    struct sockaddr_un address;
    int listener = listen_at(&address);
    run_child();
    int connection = accept(listener, NULL, NULL);
    char text[32] = "";
    size_t len = 0;
    for (ssize_t got = 1; got > 0 && len<sizeof text; len += got> 0 ? (size_t)got : 0)
        got = read(connection, text + len, sizeof text - len);
    CHECK_TEXT(ps_span_make(text, len), "out\nerr\n");
    CHECK_EQ(child_status(), PS_OK);
    close(connection);
    close(listener);
    CHECK(unlink(address.sun_path) == 0);
}

static void a_socket_that_is_not_there_leaves_the_streams_alone(void)
{
    CHECK(setenv(NAME, "/tmp/penstock-telemetry-none", 1) == 0);
    run_child();
    CHECK_EQ(child_status(), PS_ERR_SYSTEM);
}

static void a_path_that_no_socket_can_have_is_an_error(void)
{
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    CHECK(setenv(NAME, path, 1) == 0);
    run_child();
    CHECK_EQ(child_status(), PS_ERR_BAD_CONFIG);
}

static void without_the_variable_nothing_happens(void)
{
    ps_env_unset(NAME);
    run_child();
    CHECK_EQ(child_status(), PS_OK);
}

int main(void)
{
    RUN(both_streams_go_to_the_socket);
    RUN(a_socket_that_is_not_there_leaves_the_streams_alone);
    RUN(a_path_that_no_socket_can_have_is_an_error);
    RUN(without_the_variable_nothing_happens);
    return check_finish();
}
