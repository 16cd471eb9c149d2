/* Mails through a real server (AWS_ENDPOINT_URL and credentials from the environment, see tests/integration/cases/ses,
 * which also reads the outbox). Usage: test_ses ministack|moto, for the two check different things. */
#include <stdio.h>
#include <stdlib.h>

#include "aws/ses.h"
#include "base/buf.h"
#include "host/env.h"
#include "support/check.h"

static struct ps_arena arena;
static struct ps_call_client *client;
static struct ps_ses *ses;
static const struct ps_deadline NO_DEADLINE = { 0 };
static const struct ps_span TO[] = { PS_SPAN_INIT("ops@example.com"), PS_SPAN_INIT("\"Doe, Jo\" <jo@example.com>") };

/* As the case reads them again. */
static struct ps_ses_message sample(void)
{
    return (struct ps_ses_message){ .from = PS_SPAN_INIT("Alerts <alerts@example.com>"),
                                    .to = TO,
                                    .to_count = 2,
                                    .subject = PS_SPAN_INIT("[ERROR] caf\xc3\xa9 \xf0\x9f\x92\xa7 \"x\" \\"),
                                    .text = PS_SPAN_INIT("line 1\n\tcaf\xc3\xa9 <&>\n"),
                                    .html = PS_SPAN_INIT("<p>caf\xc3\xa9 &lt;&amp;&gt;</p>\n") };
}

static enum ps_err send(const struct ps_ses_message *message)
{
    return ps_ses_send(ses, &arena, &NO_DEADLINE, message);
}

static void identify(void)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("ses") };
    const struct ps_call_options once = { .attempts_max = 1, .timeout_ms = 10000 };
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/json") } },
                     .header_count = 1,
                     .body = PS_SPAN("{\"EmailIdentity\":\"alerts@example.com\"}"),
                     .response_bytes_max = 1 << 16 },
    };
    struct ps_buf url;
    ps_buf_init(&url, &arena, 1024);
    ps_buf_put(&url, ps_env_get("AWS_ENDPOINT_URL"));
    ps_buf_put(&url, PS_SPAN("/v2/email/identities"));
    CHECK_OK(ps_buf_finish(&url, &exchange.request.url));
    CHECK_OK(ps_call_run(client, &arena, &target, &once, &NO_DEADLINE, &exchange));
    CHECK_EQ(exchange.response.status, 200);
}

static void a_sender_nobody_has_verified_is_refused_with_the_way_out(void)
{
    struct ps_ses_message message = sample();
    CHECK_ERR(send(&message), PS_ERR_REFUSED);
    if (!CHECK(strstr(ps_err_note()->text, "verify the address of MAIL_FROM") != NULL))
        printf("# %s\n", ps_err_note()->text);
    CHECK(strstr(ps_err_note()->text, "example.com") == NULL);
}

static void a_mail_is_taken(void)
{
    struct ps_ses_message message = sample();
    identify();
    CHECK_OK(send(&message));
}

/* moto */
static void a_wrong_secret_is_denied(void)
{
    bool changed = false;
    struct ps_ses_message message = sample();
    setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
    CHECK_OK(ps_call_refresh(client, &changed));
    CHECK_ERR(send(&message), PS_ERR_DENIED);
    if (!CHECK(strstr(ps_err_note()->text, "SES: status 403") != NULL)) printf("# %s\n", ps_err_note()->text);
}

int main(int argc, char **argv)
{
    bool moto = argc == 2 && strcmp(argv[1], "moto") == 0;
    arena = check_arena(64 << 20);
    const struct ps_call_client_options options = { .region = PS_SPAN("us-east-1"), .needs_credentials = true };
    if (!CHECK_OK(ps_call_client_open(&arena, &options, &client))) return EXIT_FAILURE;
    if (!CHECK_OK(ps_ses_open(&arena, client, 10000, &ses))) return EXIT_FAILURE;
    RUN(a_sender_nobody_has_verified_is_refused_with_the_way_out);
    RUN(a_mail_is_taken);
    if (moto) RUN(a_wrong_secret_is_denied);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    return check_finish();
}
