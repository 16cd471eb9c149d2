#include "lambda/shutdown.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "support/fake_lambda.h"

enum { WAIT_MS = 5000 };

static bool is_readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    return poll(&poll_fd, 1, 0) == 1;
}

/* Opening changes how a process takes SIGTERM, so each test does it in a child of its own; the server stays outside:
 * the signal must not find a thread that was made before. */
static void in_a_child(struct fake_lambda *fake, bool (*fact)(struct ps_span address))
{
    pid_t child = fork();
    if (child == 0) _exit(fact(ps_span_of(fake_lambda_address(fake))) ? EXIT_SUCCESS : EXIT_FAILURE);
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_EQ(status, 0);
}

static bool opens(struct ps_span address)
{
    struct ps_shutdown shutdown;
    return CHECK_OK(ps_shutdown_open(&shutdown)) && CHECK_OK(ps_shutdown_register(&shutdown, address));
}

static bool sees_sigterm(struct ps_span address)
{
    struct ps_shutdown shutdown;
    bool ok = CHECK_OK(ps_shutdown_open(&shutdown)) && CHECK_OK(ps_shutdown_register(&shutdown, address));
    ok = ok && CHECK(!is_readable(shutdown.stop_fd)) && CHECK(kill(getpid(), SIGTERM) == 0);
    /* Twice: every loop that looks must see it. */
    return ok && CHECK(is_readable(shutdown.stop_fd)) && CHECK(is_readable(shutdown.stop_fd));
}

static bool sees_sigterm_unregistered(struct ps_span address)
{
    struct ps_shutdown shutdown;
    bool ok = CHECK_OK(ps_shutdown_open(&shutdown));
    ok = ok && CHECK_ERR(ps_shutdown_register(&shutdown, address), PS_ERR_UNAVAILABLE);
    ok = ok && CHECK(kill(getpid(), SIGTERM) == 0);
    return ok && CHECK(is_readable(shutdown.stop_fd));
}

static void an_extension_without_events_is_registered_and_waits(void)
{
    struct fake_lambda *fake = fake_lambda_start();
    in_a_child(fake, opens);
    const struct fake_post *post = fake_lambda_registration(fake, WAIT_MS);
    if (CHECK(post != NULL)) {
        CHECK_TEXT(fake_post_header(post, "Lambda-Extension-Name"), "penstock-drain");
        CHECK_TEXT(post->body, "{\"events\":[]}");
    }
    CHECK(fake_lambda_await(fake, FAKE_EXTENSION_NEXT, 1, WAIT_MS));
    fake_lambda_stop(fake);
}

static void sigterm_makes_the_descriptor_readable_for_ever(void)
{
    struct fake_lambda *fake = fake_lambda_start();
    in_a_child(fake, sees_sigterm);
    fake_lambda_stop(fake);
}

static void the_descriptor_works_when_lambda_refuses_to_register(void)
{
    struct fake_lambda *fake = fake_lambda_start();
    fake_lambda_turn(fake, FAKE_REGISTER, 403);
    in_a_child(fake, sees_sigterm_unregistered);
    fake_lambda_turn(fake, FAKE_REGISTER, FAKE_HANG_UP);
    in_a_child(fake, sees_sigterm_unregistered);
    CHECK_EQ(fake_lambda_count(fake, FAKE_EXTENSION_NEXT), 0);
    fake_lambda_stop(fake);
}

int main(void)
{
    RUN(an_extension_without_events_is_registered_and_waits);
    RUN(sigterm_makes_the_descriptor_readable_for_ever);
    RUN(the_descriptor_works_when_lambda_refuses_to_register);
    return check_finish();
}
