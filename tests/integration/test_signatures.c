/* Signatures before an independent verifier: a server that checks them (AWS_ENDPOINT_URL, see
 * tests/integration/cases/aws). The environment holds a user who may do all of s3, dynamodb and es but delete objects.
 */
#include <stdio.h>
#include <stdlib.h>

#include "aws/call.h"
#include "base/buf.h"
#include "host/env.h"
#include "support/check.h"

static struct ps_arena process;
static struct ps_arena arena;

static const struct ps_deadline NO_DEADLINE = { 0 };
static const struct ps_call_options ONCE = { .attempts_max = 1, .timeout_ms = 10000 };

struct sample {
    const char *service, *method, *target;
    struct ps_http_header headers[2];
    size_t header_count;
    const char *body;
};

static const struct sample SAMPLES[] = {
    { "s3", "PUT", "/penstock-signed", { { PS_SPAN_INIT(""), PS_SPAN_INIT("") } }, 0, "" },
    { "s3",
      "PUT",
      "/penstock-signed/a%20b%2Bc%C3%BC/x.jsonl",
      { { PS_SPAN_INIT("Content-Type"), PS_SPAN_INIT("application/x-ndjson") } },
      1,
      "{\"a\":1}\n" },
    { "s3", "GET", "/penstock-signed/a%20b%2Bc%C3%BC/x.jsonl", { { PS_SPAN_INIT(""), PS_SPAN_INIT("") } }, 0, "" },
    { "s3",
      "GET",
      "/penstock-signed/?list-type=2&encoding-type=url&prefix=a%20b%2B",
      { { PS_SPAN_INIT(""), PS_SPAN_INIT("") } },
      0,
      "" },
    { "dynamodb",
      "POST",
      "/",
      { { PS_SPAN_INIT("X-Amz-Target"), PS_SPAN_INIT("DynamoDB_20120810.ListTables") },
        { PS_SPAN_INIT("Content-Type"), PS_SPAN_INIT("application/x-amz-json-1.0") } },
      2,
      "{\"Limit\":1}" },
    /* Nobody made these functions: 404 says that the signature was accepted. The bodies are there for moto, which takes
     * the digest of something else when there is none. */
    { "lambda",
      "POST",
      "/2015-03-31/functions/none/invocations?Qualifier=a%2Ab",
      { { PS_SPAN_INIT(""), PS_SPAN_INIT("") } },
      0,
      "{}" },
    { "lambda",
      "POST",
      "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Anone/policy",
      { { PS_SPAN_INIT("Content-Type"), PS_SPAN_INIT("application/json") } },
      1,
      "{\"StatementId\":\"a\"}" },
};

static struct ps_http_response send(struct ps_call_client *client, const struct sample *sample)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = ps_span_of(sample->service) };
    struct ps_http_exchange exchange = {
        .request = { .method = sample->method,
                     .header_count = sample->header_count,
                     .body = ps_span_of(sample->body),
                     .response_bytes_max = 1 << 20 },
    };
    memcpy(exchange.request.headers, sample->headers, sizeof sample->headers);
    struct ps_buf url;
    ps_buf_init(&url, &arena, 1024);
    ps_buf_put(&url, ps_env_get("AWS_ENDPOINT_URL"));
    ps_buf_put(&url, ps_span_of(sample->target));
    CHECK_OK(ps_buf_finish(&url, &exchange.request.url));
    CHECK_OK(ps_call_run(client, &arena, &target, &ONCE, &NO_DEADLINE, &exchange));
    return exchange.response;
}

static struct ps_call_client *open_client(void)
{
    struct ps_call_client *client = NULL;
    const struct ps_call_client_options options = { .region = PS_SPAN("us-east-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&process, &options, &client));
    return client;
}

static void signatures_are_accepted(void)
{
    struct ps_call_client *client = open_client();
    CHECK_OR_RETURN(client != NULL);
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        bool lambda = strcmp(SAMPLES[i].service, "lambda") == 0;
        if (!CHECK_EQ(send(client, &SAMPLES[i]).status, lambda ? 404 : 200))
            printf("# %s %s %s\n", SAMPLES[i].service, SAMPLES[i].method, SAMPLES[i].target);
    }
    ps_call_client_close(client);
}

static void a_wrong_secret_is_refused(void)
{
    char right[256];
    (void)snprintf(right, sizeof right, "%.*s", PS_SPAN_ARG(ps_env_get("AWS_SECRET_ACCESS_KEY")));
    setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
    struct ps_call_client *client = open_client();
    CHECK_OR_RETURN(client != NULL);
    for (size_t i = 1; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        struct ps_http_response response = send(client, &SAMPLES[i]);
        CHECK_EQ(response.status, 403);
        CHECK(ps_span_find(response.body, PS_SPAN("SignatureDoesNotMatch")) != PS_SPAN_NONE);
    }
    ps_call_client_close(client);
    setenv("AWS_SECRET_ACCESS_KEY", right, 1);
}

static void a_missing_permission_is_refused(void)
{
    static const struct sample DELETE = {
        "s3", "DELETE", "/penstock-signed/a%20b%2Bc%C3%BC/x.jsonl", { { PS_SPAN_INIT(""), PS_SPAN_INIT("") } }, 0, ""
    };
    struct ps_call_client *client = open_client();
    CHECK_OR_RETURN(client != NULL);
    struct ps_http_response response = send(client, &DELETE);
    CHECK_EQ(response.status, 403);
    CHECK(ps_span_find(response.body, PS_SPAN("AccessDenied")) != PS_SPAN_NONE);
    ps_call_client_close(client);
}

int main(void)
{
    process = check_arena(1 << 20);
    arena = check_arena(16 << 20);
    RUN(signatures_are_accepted);
    RUN(a_wrong_secret_is_refused);
    RUN(a_missing_permission_is_refused);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return check_finish();
}
