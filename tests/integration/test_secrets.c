/* Secrets Manager and Parameter Store of a real server (AWS_ENDPOINT_URL and credentials from the environment, see
 * tests/integration/cases/aws). Usage: test_secrets ministack|moto, of which moto checks signatures. */
#include "aws/secrets.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "host/env.h"
#include "support/check.h"

/* What a password and its JSON can break on. */
#define WORD "p\"a\\ss/w\xc3\xb6rd \xf0\x9f\x92\xa7 <&> \\u0041 \t#"
#define OBJECT "{\"username\":\"u\",\"password\":\"" ESCAPED_WORD "\",\"port\":9200}"
#define ESCAPED_WORD "p\\\"a\\\\ss/w\xc3\xb6rd \xf0\x9f\x92\xa7 <&> \\\\u0041 \\t#"

static struct ps_arena process;
static struct ps_arena arena;
static struct ps_call_client *client;
static const struct ps_deadline NO_DEADLINE = { 0 };

struct member {
    const char *name;
    const char *text;
};

/* The answer to an operation whose members are all text. */
static struct ps_span call(const char *service, const char *operation, const struct member *members, size_t count)
{
    const struct ps_call_target to = { .auth = PS_CALL_SIGV4, .service = ps_span_of(service) };
    const struct ps_call_options once = { .attempts_max = 1, .timeout_ms = 10000 };
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-amz-json-1.1") },
                                  { PS_SPAN("X-Amz-Target"), ps_span_of(operation) } },
                     .header_count = 2,
                     .response_bytes_max = 1 << 20 },
    };
    struct ps_buf url, body;
    struct ps_json_writer json;
    ps_buf_init(&url, &arena, 1024);
    ps_buf_put(&url, ps_env_get("AWS_ENDPOINT_URL"));
    ps_buf_byte(&url, '/');
    CHECK_OK(ps_buf_finish(&url, &exchange.request.url));
    ps_buf_init(&body, &arena, 4096);
    ps_json_write_init(&json, &body);
    ps_json_write_object_begin(&json);
    for (size_t i = 0; i < count; i++)
        ps_json_write_member(&json, ps_span_of(members[i].name), ps_span_of(members[i].text));
    ps_json_write_object_end(&json);
    CHECK_OK(ps_json_write_finish(&json, &exchange.request.body));
    CHECK_OK(ps_call_run(client, &arena, &to, &once, &NO_DEADLINE, &exchange));
    if (!CHECK_EQ(exchange.response.status, 200)) printf("# %s\n", operation);
    return exchange.response.body;
}

#define CALL(service, operation, ...) \
    call((service), (operation), (const struct member[]){ __VA_ARGS__ }, \
         sizeof((const struct member[]){ __VA_ARGS__ }) / sizeof(struct member))

static struct ps_span member(struct ps_span object, struct ps_span name)
{
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    struct ps_span text = PS_SPAN("");
    bool found = false;
    CHECK_OK(ps_json_read_member(object, name, &token, NULL, &found));
    if (CHECK(found)) CHECK_OK(ps_json_read_unescape(&arena, token.text, &text));
    return text;
}

static struct ps_secret *open_secret(const struct ps_secret_source *source)
{
    struct ps_secret *secret = NULL;
    CHECK_OK(ps_secret_open(&process, client, "WORD", source, &secret));
    return secret;
}

static enum ps_err read_source(const struct ps_secret_source *source, struct ps_span *value)
{
    *value = PS_SPAN("");
    return ps_secret_get(open_secret(source), &NO_DEADLINE, value);
}

static void a_secret_comes_back_by_name_and_arn_whole_and_in_parts(void)
{
    struct ps_span arn =
        member(CALL("secretsmanager", "secretsmanager.CreateSecret", { "Name", "search" }, { "SecretString", OBJECT }),
               PS_SPAN("ARN"));
    struct ps_span value;
    CHECK_OK(read_source(&(struct ps_secret_source){ .secret_arn = arn }, &value));
    CHECK_TEXT(value, OBJECT);
    CHECK_OK(read_source(&(struct ps_secret_source){ .secret_arn = PS_SPAN("search#password") }, &value));
    CHECK_TEXT(value, WORD);
    CHECK_ERR(read_source(&(struct ps_secret_source){ .secret_arn = PS_SPAN("search#port") }, &value),
              PS_ERR_BAD_CONFIG);
    CHECK_ERR(read_source(&(struct ps_secret_source){ .secret_arn = PS_SPAN("nobody") }, &value), PS_ERR_NOT_FOUND);
}

static void a_rotated_secret_is_seen(void)
{
    static const struct ps_secret_source SOURCE = { .secret_arn = PS_SPAN_INIT("rotated") };
    struct ps_span value = PS_SPAN("");
    (void)CALL("secretsmanager", "secretsmanager.CreateSecret", { "Name", "rotated" }, { "SecretString", "old\n" });
    struct ps_secret *secret = open_secret(&SOURCE);
    CHECK_OK(ps_secret_get(secret, &NO_DEADLINE, &value));
    CHECK_TEXT(value, "old");
    (void)CALL("secretsmanager", "secretsmanager.PutSecretValue", { "SecretId", "rotated" }, { "SecretString", "new" });
    ps_secret_forget(secret); /* a refresh would wait a minute */
    CHECK_OK(ps_secret_get(secret, &NO_DEADLINE, &value));
    CHECK_TEXT(value, "new");
}

static void a_deleted_secret_is_told_as_such(void)
{
    struct ps_span value;
    (void)CALL("secretsmanager", "secretsmanager.CreateSecret", { "Name", "doomed" }, { "SecretString", "x" });
    (void)CALL("secretsmanager", "secretsmanager.DeleteSecret", { "SecretId", "doomed" });
    CHECK_ERR(read_source(&(struct ps_secret_source){ .secret_arn = PS_SPAN("doomed") }, &value), PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "marked for deletion") != NULL);
}

static void a_parameter_comes_back_decrypted(void)
{
    struct ps_span value;
    (void)CALL("ssm", "AmazonSSM.PutParameter", { "Name", "/prod/word" }, { "Type", "SecureString" },
               { "Value", OBJECT "\n" });
    CHECK_OK(read_source(&(struct ps_secret_source){ .ssm_name = PS_SPAN("/prod/word") }, &value));
    CHECK_TEXT(value, OBJECT);
    CHECK_OK(read_source(&(struct ps_secret_source){ .ssm_name = PS_SPAN("/prod/word#password") }, &value));
    CHECK_TEXT(value, WORD);
    CHECK_ERR(read_source(&(struct ps_secret_source){ .ssm_name = PS_SPAN("/prod/none") }, &value), PS_ERR_NOT_FOUND);
}

/* moto */
static void a_wrong_secret_key_is_denied(void)
{
    bool changed = false;
    struct ps_span value;
    setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
    CHECK_OK(ps_call_refresh(client, &changed));
    CHECK_ERR(read_source(&(struct ps_secret_source){ .secret_arn = PS_SPAN("search") }, &value), PS_ERR_DENIED);
    CHECK_ERR(read_source(&(struct ps_secret_source){ .ssm_name = PS_SPAN("/prod/word") }, &value), PS_ERR_DENIED);
}

int main(int argc, char **argv)
{
    bool moto = argc == 2 && strcmp(argv[1], "moto") == 0;
    process = check_arena(4 << 20);
    arena = check_arena(16 << 20);
    const struct ps_call_client_options options = { .region = PS_SPAN("us-east-1"), .needs_credentials = true };
    if (!CHECK_OK(ps_call_client_open(&process, &options, &client))) return EXIT_FAILURE;
    RUN(a_secret_comes_back_by_name_and_arn_whole_and_in_parts);
    RUN(a_rotated_secret_is_seen);
    RUN(a_deleted_secret_is_told_as_such);
    RUN(a_parameter_comes_back_decrypted);
    if (moto) RUN(a_wrong_secret_key_is_denied);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return check_finish();
}
