#include "aws/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws/secrets_priv.h"
#include "support/check.h"
#include "support/exact.h"
#include "support/fake_http.h"

static struct ps_arena arena;
static struct ps_call_client *client;
static struct fake_http *server;
static const struct ps_deadline NO_DEADLINE;

#define ARN "arn:aws:secretsmanager:eu-west-1:123456789012:secret:search-AbCdEf"

static const struct ps_secret_source SECRET = { .secret_arn = PS_SPAN_INIT(ARN) };
static const struct ps_secret_source PARAMETER = { .ssm_name = PS_SPAN_INIT("/prod/search:3") };

#define REPLY(body_) \
    { \
        .method = "POST", .target = "/", .reply = {.body = PS_SPAN_INIT(body_) } \
    }

static void start(const struct fake_http_step *steps, size_t count)
{
    char text[64];
    server = fake_http_open(steps, count, false);
    (void)snprintf(text, sizeof text, "%.*s", PS_SPAN_ARG(fake_http_url(server)));
    setenv("AWS_ENDPOINT_URL", text, 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
    unsetenv("AWS_SESSION_TOKEN");
    arena = check_arena(4 << 20);
    struct ps_call_client_options options = { .region = PS_SPAN("us-east-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&arena, &options, &client));
}

static void stop(void)
{
    ps_call_client_close(client);
    CHECK_EQ(fake_http_finish(server), 0);
    ps_arena_fini(&arena);
}

#define START(...) \
    static const struct fake_http_step STEPS[] = { __VA_ARGS__ }; \
    start(STEPS, sizeof STEPS / sizeof STEPS[0])

static struct ps_secret *open_secret(const struct ps_secret_source *source)
{
    struct ps_secret *secret = NULL;
    CHECK_OK(ps_secret_open(&arena, client, "SEARCH_PASSWORD", source, &secret));
    return secret;
}

static struct ps_span get(struct ps_secret *secret)
{
    struct ps_span value = PS_SPAN("");
    CHECK_OK(ps_secret_get(secret, &NO_DEADLINE, &value));
    return value;
}

static bool note_holds(const char *text)
{
    return strstr(ps_err_note()->text, text) != NULL;
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static void a_secret_is_read_once_from_the_region_of_its_arn(void)
{
    START(REPLY("{\"ARN\":\"x\",\"SecretString\":\"a \\\"b\\\" \\u00e9\\r\\n\",\"VersionStages\":[\"AWSCURRENT\"]}"));
    struct ps_secret *secret = open_secret(&SECRET);
    CHECK_EQ(fake_http_count(server), 0);
    CHECK_TEXT(get(secret), "a \"b\" \xc3\xa9");
    CHECK_TEXT(get(secret), "a \"b\" \xc3\xa9");
    struct fake_http_request request = fake_http_request(server, 0);
    CHECK_TEXT(request.body, "{\"SecretId\":\"" ARN "\"}");
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Target"), "secretsmanager.GetSecretValue");
    CHECK_TEXT(fake_http_header(&request, "Content-Type"), "application/x-amz-json-1.1");
    CHECK(ps_span_find(fake_http_header(&request, "Authorization"), PS_SPAN("/eu-west-1/secretsmanager/")) > 0);
    stop();
}

static void a_parameter_is_read_decrypted_from_our_own_region(void)
{
    START(REPLY("{\"Parameter\":{\"Name\":\"x\",\"Type\":\"SecureString\",\"Value\":\"word\"}}"));
    CHECK_TEXT(get(open_secret(&PARAMETER)), "word");
    struct fake_http_request request = fake_http_request(server, 0);
    CHECK_TEXT(request.body, "{\"Name\":\"/prod/search:3\",\"WithDecryption\":true}");
    CHECK_TEXT(fake_http_header(&request, "X-Amz-Target"), "AmazonSSM.GetParameter");
    CHECK(ps_span_find(fake_http_header(&request, "Authorization"), PS_SPAN("/us-east-1/ssm/")) > 0);
    stop();
}

static void a_value_of_the_environment_needs_no_call(void)
{
    START(REPLY("{\"SecretString\":\"other\"}"));
    const struct ps_secret_source plain = { .value = PS_SPAN("as it is\n") };
    struct ps_secret *secret = open_secret(&plain);
    bool changed = true;
    CHECK_TEXT(get(secret), "as it is\n");
    CHECK_OK(ps_secret_refresh(secret, &NO_DEADLINE, &changed));
    CHECK(!changed);
    ps_secret_forget(secret);
    CHECK_TEXT(get(secret), "as it is\n");
    CHECK_EQ(fake_http_count(server), 0);
    CHECK_TEXT(get(open_secret(&SECRET)), "other");
    stop();
}

static void without_an_endpoint_of_its_own_the_arns_region_names_the_host(void)
{
    START(REPLY("{\"SecretString\":\"x\"}"));
    CHECK_TEXT(get(open_secret(&SECRET)), "x");
    unsetenv("AWS_ENDPOINT_URL");
    CHECK_TEXT(open_secret(&SECRET)->url, "https://secretsmanager.eu-west-1.amazonaws.com/");
    CHECK_TEXT(open_secret(&PARAMETER)->url, "https://ssm.us-east-1.amazonaws.com/");
    const struct ps_secret_source china = { .ssm_name = PS_SPAN("arn:aws-cn:ssm:cn-north-1:1:parameter/a/b#k") };
    CHECK_TEXT(open_secret(&china)->url, "https://ssm.cn-north-1.amazonaws.com.cn/");
    stop();
}

/* -- reading anew -------------------------------------------------------------------------------------------------- */

static void a_refused_value_is_read_anew_at_most_once_a_minute(void)
{
    START(REPLY("{\"SecretString\":\"old\"}"), REPLY("{\"SecretString\":\"new\"}"),
          REPLY("{\"SecretString\":\"new\"}"));
    struct ps_secret *secret = open_secret(&SECRET);
    bool changed = true;
    CHECK_TEXT(get(secret), "old");
    CHECK_OK(ps_secret_refresh(secret, &NO_DEADLINE, &changed));
    CHECK(changed);
    CHECK_TEXT(get(secret), "new");
    CHECK_OK(ps_secret_refresh(secret, &NO_DEADLINE, &changed));
    CHECK(!changed);
    CHECK_EQ(fake_http_count(server), 2);
    secret->refreshed_us = 0; /* a minute later */
    CHECK_OK(ps_secret_refresh(secret, &NO_DEADLINE, &changed));
    CHECK(!changed);
    stop();
}

static void a_refresh_that_fails_leaves_the_value_and_counts(void)
{
    START(REPLY("{\"SecretString\":\"old\"}"),
          { .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"ThrottlingException\"}") } });
    struct ps_secret *secret = open_secret(&SECRET);
    bool changed = true;
    CHECK_TEXT(get(secret), "old");
    CHECK_ERR(ps_secret_refresh(secret, &NO_DEADLINE, &changed), PS_ERR_THROTTLED);
    CHECK(!changed);
    CHECK_TEXT(get(secret), "old");
    CHECK_OK(ps_secret_refresh(secret, &NO_DEADLINE, &changed));
    stop();
}

static void what_was_forgotten_is_gone_and_read_again(void)
{
    START(REPLY("{\"SecretString\":\"first\"}"), REPLY("{\"SecretString\":\"second\"}"));
    struct ps_secret *secret = open_secret(&SECRET);
    CHECK_TEXT(get(secret), "first");
    ps_secret_forget(secret);
    CHECK_EQ(secret->value[0], '\0');
    CHECK_TEXT(get(secret), "second");
    stop();
}

/* -- failures ------------------------------------------------------------------------------------------------------ */

static void a_broken_answer_is_asked_for_again(void)
{
    START({ .reply = { .status = 503 } }, REPLY("{\"SecretString\":\"x\"}"));
    CHECK_TEXT(get(open_secret(&SECRET)), "x");
    stop();
}

static void a_failure_names_the_setting_and_never_a_value(void)
{
    START({ .reply = { .status = 400,
                       .body = PS_SPAN_INIT("{\"__type\":\"AccessDeniedException\",\"Message\":\"hidden-word\"}") } },
          REPLY("{\"SecretString\":\"hidden-word\"}"),
          { .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"ParameterNotFound\"}") } });
    const struct ps_secret_source member = { .secret_arn = PS_SPAN(ARN "#hidden-key") };
    struct ps_span value = PS_SPAN("");
    CHECK_ERR(ps_secret_get(open_secret(&SECRET), &NO_DEADLINE, &value), PS_ERR_DENIED);
    CHECK(note_holds("SEARCH_PASSWORD_SECRET_ARN: status 400 AccessDeniedException: allow the function's role "
                     "secretsmanager:GetSecretValue"));
    CHECK(!note_holds("hidden"));
    CHECK_ERR(ps_secret_get(open_secret(&member), &NO_DEADLINE, &value), PS_ERR_BAD_CONFIG);
    CHECK(note_holds("SEARCH_PASSWORD_SECRET_ARN: the secret is no JSON object"));
    CHECK(!note_holds("hidden"));
    CHECK_ERR(ps_secret_get(open_secret(&PARAMETER), &NO_DEADLINE, &value), PS_ERR_NOT_FOUND);
    CHECK(note_holds("SEARCH_PASSWORD_SSM_NAME: status 400 ParameterNotFound: no such parameter"));
    stop();
}

static void what_may_pass_is_left_to_the_first_use(void)
{
    START({ .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"ThrottlingException\"}") } },
          { .reply = { .status = 400, .body = PS_SPAN_INIT("{\"__type\":\"ResourceNotFoundException\"}") } },
          REPLY("{\"SecretString\":\"x\"}"));
    char line[1024] = "";
    const struct ps_log log = { .fd = memfd_create("log", 0) };
    struct ps_secret *secret = open_secret(&SECRET);
    CHECK_OK(ps_secret_warm(secret, &log));
    CHECK(pread(log.fd, line, sizeof line - 1, 0) > 0);
    CHECK(strstr(line, "WARN") != NULL && strstr(line, "SEARCH_PASSWORD_SECRET_ARN") != NULL);
    CHECK_ERR(ps_secret_warm(secret, &log), PS_ERR_NOT_FOUND);
    CHECK_TEXT(get(secret), "x");
    (void)close(log.fd);
    stop();
}

static void without_time_nothing_is_asked(void)
{
    START(REPLY("{\"SecretString\":\"x\"}"));
    const struct ps_deadline over = { .at_us = 1 };
    struct ps_secret *secret = open_secret(&SECRET);
    struct ps_span value = PS_SPAN("");
    CHECK_ERR(ps_secret_get(secret, &over, &value), PS_ERR_DEADLINE);
    CHECK_EQ(fake_http_count(server), 0);
    CHECK_TEXT(get(secret), "x");
    stop();
}

static enum ps_err open_once(void)
{
    struct ps_secret *secret = NULL;
    return ps_secret_open(&arena, client, "SEARCH_PASSWORD", &SECRET, &secret);
}

static void opening_survives_each_failure_of_memory(void)
{
    START(REPLY("{\"SecretString\":\"x\"}"));
    PS_EACH_FAILURE(&arena, open_once());
    CHECK_TEXT(get(open_secret(&SECRET)), "x");
    stop();
}

/* -- settings ------------------------------------------------------------------------------------------------------ */

static struct ps_span mistakes_of(const struct ps_secret_source *source)
{
    static char text[1024];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, text, sizeof text);
    ps_secret_check("WORD", source, &buf);
    return ps_buf_span(&buf);
}

static void what_can_name_a_secret_is_no_mistake(void)
{
    static const struct ps_secret_source FINE[] = {
        { .value = PS_SPAN_INIT("x") },
        { .secret_arn = PS_SPAN_INIT(ARN) },
        { .secret_arn = PS_SPAN_INIT(ARN "#pass word") },
        { .secret_arn = PS_SPAN_INIT("prod/search_1+=.@-") },
        { .secret_arn = PS_SPAN_INIT("arn:aws-us-gov:secretsmanager:us-gov-west-1:1:secret:rds!cluster") },
        { .ssm_name = PS_SPAN_INIT("/a/b_c.d-e:label") },
        { .ssm_name = PS_SPAN_INIT("arn:aws:ssm:us-east-1:1:parameter/x#y#z") },
        { .value = PS_SPAN_INIT("") },
    };
    for (size_t i = 0; i < sizeof FINE / sizeof FINE[0]; i++)
        CHECK_TEXT(mistakes_of(&FINE[i]), "");
}

static void what_can_be_no_name_is_told_without_repeating_it(void)
{
    static const struct {
        struct ps_secret_source source;
        const char *told;
    } CASES[] = {
        { { .secret_arn = PS_SPAN_INIT("my word") }, "WORD_SECRET_ARN: byte 2 can be in no ARN or name" },
        { { .secret_arn = PS_SPAN_INIT(ARN "#") }, "WORD_SECRET_ARN: no key behind the #" },
        { { .secret_arn = PS_SPAN_INIT("#key") }, "WORD_SECRET_ARN: an ARN or a name of 1 to 2048 bytes" },
        { { .secret_arn = PS_SPAN_INIT("arn:aws:ssm:eu-west-1:1:parameter/x") },
          "WORD_SECRET_ARN: an ARN of another service than secretsmanager" },
        { { .secret_arn = PS_SPAN_INIT("arn:aws:secretsmanager:eu-west-1:1:") },
          "WORD_SECRET_ARN: an ARN that is cut short" },
        { { .secret_arn = PS_SPAN_INIT("arn:aws:secretsmanager:eu-west-1") },
          "WORD_SECRET_ARN: an ARN that is cut short" },
        { { .ssm_name = PS_SPAN_INIT("arn:aws:ssm::1:parameter/x") }, "WORD_SSM_NAME: an ARN without a region" },
        { { .ssm_name = PS_SPAN_INIT("a+b") }, "WORD_SSM_NAME: byte 1 can be in no ARN or name" },
        { { .value = PS_SPAN_INIT("x"), .ssm_name = PS_SPAN_INIT("y") },
          "WORD, WORD_SECRET_ARN and WORD_SSM_NAME: set one of them" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK_TEXT(mistakes_of(&CASES[i].source), CASES[i].told);
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static enum ps_err read_answer(enum ps_secret_service service, const char *body, const char *key, struct ps_span *value)
{
    ps_arena_reset(&arena, 0);
    return ps_secret_reply_read(&arena, service, ps_span_of(body), ps_span_of(key), value);
}

static void a_member_of_a_json_secret_is_unescaped_twice(void)
{
    struct ps_span value = PS_SPAN("");
    arena = check_arena(1 << 20);
    static const char BODY[] =
        "{\"SecretString\":\"{\\\"user\\\":\\\"u\\\",\\\"pass\\\":\\\"a\\\\\\\"b\\\\n\\\"}\\n\"}";
    CHECK_OK(read_answer(PS_SECRET_MANAGER, BODY, "pass", &value));
    CHECK_TEXT(value, "a\"b");
    CHECK_OK(read_answer(PS_SECRET_MANAGER, BODY, "user", &value));
    CHECK_TEXT(value, "u");
    static const char PARAMETER_BODY[] = "{\"Parameter\":{\"Value\":\"{\\\"k\\\":\\\"v\\\"}\"}}";
    CHECK_OK(read_answer(PS_SECRET_PARAMETER, PARAMETER_BODY, "k", &value));
    CHECK_TEXT(value, "v");
    ps_arena_fini(&arena);
}

static void what_cannot_be_a_value_is_told_as_what_it_is(void)
{
    static const struct {
        enum ps_secret_service service;
        enum ps_err err;
        const char *body, *key;
    } CASES[] = {
        { PS_SECRET_MANAGER, PS_ERR_BAD_CONFIG, "{\"SecretBinary\":\"AA==\"}", "" },
        { PS_SECRET_MANAGER, PS_ERR_BAD_CONFIG, "{\"SecretString\":\"\\n\"}", "" },
        { PS_SECRET_MANAGER, PS_ERR_BAD_CONFIG, "{\"SecretString\":\"plain\"}", "k" },
        { PS_SECRET_MANAGER, PS_ERR_BAD_CONFIG, "{\"SecretString\":\"\"}", "k" },
        { PS_SECRET_MANAGER, PS_ERR_BAD_CONFIG, "{\"SecretString\":\"[1]\"}", "k" },
        { PS_SECRET_MANAGER, PS_ERR_BAD_CONFIG, "{\"SecretString\":\"{\\\"a\\\":\\\"b\\\"}\"}", "k" },
        { PS_SECRET_MANAGER, PS_ERR_BAD_CONFIG, "{\"SecretString\":\"{\\\"k\\\":5432}\"}", "k" },
        { PS_SECRET_MANAGER, PS_ERR_BAD_CONFIG, "{\"SecretString\":\"{\\\"k\\\":\\\"\\\"}\"}", "k" },
        { PS_SECRET_MANAGER, PS_ERR_UNAVAILABLE, "", "" },
        { PS_SECRET_MANAGER, PS_ERR_UNAVAILABLE, "<html>", "" },
        { PS_SECRET_MANAGER, PS_ERR_UNAVAILABLE, "[]", "" },
        { PS_SECRET_MANAGER, PS_ERR_UNAVAILABLE, "{}", "" },
        { PS_SECRET_MANAGER, PS_ERR_UNAVAILABLE, "{\"SecretString\":5}", "" },
        { PS_SECRET_MANAGER, PS_ERR_UNAVAILABLE, "{\"SecretString\":\"\\x\"}", "" },
        { PS_SECRET_PARAMETER, PS_ERR_UNAVAILABLE, "{\"SecretString\":\"x\"}", "" },
        { PS_SECRET_PARAMETER, PS_ERR_UNAVAILABLE, "{\"Parameter\":\"x\"}", "" },
        { PS_SECRET_PARAMETER, PS_ERR_UNAVAILABLE, "{\"Parameter\":{\"Value\":null}}", "" },
    };
    arena = check_arena(1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span value = PS_SPAN("untouched");
        if (!CHECK_ERR(read_answer(CASES[i].service, CASES[i].body, CASES[i].key, &value), CASES[i].err))
            printf("# %s\n", CASES[i].body);
        CHECK_TEXT(value, "untouched");
    }
    ps_arena_fini(&arena);
}

static void a_value_over_the_limit_is_refused(void)
{
    static char body[PS_SECRET_BYTES_MAX + 64];
    struct ps_span value = PS_SPAN("");
    arena = check_arena(1 << 20);
    for (int over = 0; over <= 1; over++) {
        (void)snprintf(body, sizeof body, "{\"SecretString\":\"%0*d\\n\"}", PS_SECRET_BYTES_MAX + over, 0);
        CHECK_ERR(read_answer(PS_SECRET_MANAGER, body, "", &value), over ? PS_ERR_BAD_CONFIG : PS_OK);
    }
    CHECK_EQ(value.len, PS_SECRET_BYTES_MAX);
    ps_arena_fini(&arena);
}

static void no_prefix_of_an_answer_is_one(void)
{
    static const char *const SAMPLES[] = {
        "{\"ARN\":\"x\",\"SecretString\":\"{\\\"k\\\":\\\"v\\\\n\\\"}\"}",
        "{\"Parameter\":{\"Type\":\"String\",\"Value\":\"{\\\"k\\\":\\\"v\\\"}\"}}"
    };
    arena = check_arena(1 << 20);
    for (size_t i = 0; i < 2; i++) {
        enum ps_secret_service service = i == 0 ? PS_SECRET_MANAGER : PS_SECRET_PARAMETER;
        struct ps_span whole = ps_span_of(SAMPLES[i]), value = PS_SPAN("");
        for (size_t len = 0; len < whole.len; len++) {
            struct ps_span copy = exact_copy(ps_span_first(whole, len));
            CHECK_ERR(ps_secret_reply_read(&arena, service, copy, PS_SPAN("k"), &value), PS_ERR_UNAVAILABLE);
            CHECK(ps_secret_reply_refusal(service, 400, copy) != PS_OK);
            exact_free(copy);
        }
        CHECK_OK(ps_secret_reply_read(&arena, service, whole, PS_SPAN("k"), &value));
    }
    ps_arena_fini(&arena);
}

static enum ps_err read_member_once(void)
{
    struct ps_span value = PS_SPAN("");
    return ps_secret_reply_read(&arena, PS_SECRET_MANAGER,
                                PS_SPAN("{\"SecretString\":\"{\\\"k\\\":\\\"a\\\\tb\\\"}\"}"), PS_SPAN("k"), &value);
}

static void reading_survives_each_failure_of_memory(void)
{
    arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, read_member_once());
    ps_arena_fini(&arena);
}

static void a_refusal_has_its_class_and_its_remedy(void)
{
    static const struct {
        uint32_t status;
        enum ps_err err;
        const char *body, *told;
    } CASES[] = {
        { 400, PS_ERR_NOT_FOUND, "{\"__type\":\"ResourceNotFoundException\"}", "no such" },
        { 400, PS_ERR_NOT_FOUND, "{\"__type\":\"com.amazonaws.ssm#ParameterNotFound\"}", "no such" },
        { 400, PS_ERR_DENIED, "{\"__type\":\"AccessDeniedException:http://x\"}", "kms:Decrypt" },
        { 400, PS_ERR_DENIED, "{\"__type\":\"DecryptionFailure\"}", "kms:Decrypt" },
        { 400, PS_ERR_DENIED, "{\"__type\":\"KMSDisabledException\"}", "kms:Decrypt" },
        { 400, PS_ERR_DENIED, "{\"__type\":\"ExpiredTokenException\"}", "credentials" },
        { 403, PS_ERR_DENIED, "<ErrorResponse>", "credentials" },
        { 400, PS_ERR_THROTTLED, "{\"__type\":\"ThrottlingException\"}", "too many requests" },
        { 429, PS_ERR_THROTTLED, "", "too many requests" },
        { 400, PS_ERR_BAD_CONFIG, "{\"__type\":\"InvalidRequestException\"}", "marked for deletion" },
        { 400, PS_ERR_BAD_CONFIG, "{\"__type\":\"ValidationException\"}", "can be no ARN or name" },
        { 404, PS_ERR_BAD_CONFIG, "<html>", "unexpected" },
        { 500, PS_ERR_UNAVAILABLE, "{\"code\":\"InternalServiceError\"}", "failed" },
        { 503, PS_ERR_UNAVAILABLE, "", "failed" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span body = ps_span_of(CASES[i].body);
        bool ok = CHECK_ERR(ps_secret_reply_refusal(PS_SECRET_MANAGER, CASES[i].status, body), CASES[i].err);
        if (!CHECK(note_holds(CASES[i].told)) || !ok) printf("# %s\n", CASES[i].body);
    }
    CHECK(ps_secret_reply_refusal(PS_SECRET_PARAMETER, 400, PS_SPAN("{\"__type\":\"AccessDeniedException\"}")) !=
          PS_OK);
    CHECK(note_holds("ssm:GetParameter"));
}

int main(void)
{
    RUN(a_secret_is_read_once_from_the_region_of_its_arn);
    RUN(a_parameter_is_read_decrypted_from_our_own_region);
    RUN(a_value_of_the_environment_needs_no_call);
    RUN(without_an_endpoint_of_its_own_the_arns_region_names_the_host);
    RUN(a_refused_value_is_read_anew_at_most_once_a_minute);
    RUN(a_refresh_that_fails_leaves_the_value_and_counts);
    RUN(what_was_forgotten_is_gone_and_read_again);
    RUN(a_broken_answer_is_asked_for_again);
    RUN(a_failure_names_the_setting_and_never_a_value);
    RUN(what_may_pass_is_left_to_the_first_use);
    RUN(without_time_nothing_is_asked);
    RUN(opening_survives_each_failure_of_memory);
    RUN(what_can_name_a_secret_is_no_mistake);
    RUN(what_can_be_no_name_is_told_without_repeating_it);
    RUN(a_member_of_a_json_secret_is_unescaped_twice);
    RUN(what_cannot_be_a_value_is_told_as_what_it_is);
    RUN(a_value_over_the_limit_is_refused);
    RUN(no_prefix_of_an_answer_is_one);
    RUN(reading_survives_each_failure_of_memory);
    RUN(a_refusal_has_its_class_and_its_remedy);
    return check_finish();
}
