#include "lambda/caller.h"

#include "base/json_read.h"
#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

static const char COGNITO[] =
    "{\"cognitoIdentityId\":\"us-east-1:1f2e\",\"cognitoIdentityPoolId\":\"us-east-1:p\\u006fol\"}";
static const char CLIENT[] =
    "{\"client\":{\"installation_id\":\"i-1\",\"app_title\":\"My \\\"App\\\"\",\"app_version_name\":\"1.2 "
    "\\u00e9t\\u00e9\","
    "\"app_version_code\":\"42\",\"app_package_name\":\"com.example\",\"later\":[{}]},"
    "\"custom\":{\"tier\": \"g\\\"old\"},\"env\":{\"platform\":\"Android\",\"locale\":null},\"services\":{}}";

static enum ps_err cognito_of(struct ps_span text, struct ps_caller_cognito *out)
{
    const struct ps_invocation inv = { .arena = &arena, .cognito_identity = text };
    return ps_caller_cognito(&inv, out);
}

static enum ps_err client_of(struct ps_span text, struct ps_caller_client *out)
{
    const struct ps_invocation inv = { .arena = &arena, .client_context = text };
    return ps_caller_client(&inv, out);
}

static void check_no_app(const struct ps_caller_client *client)
{
    CHECK_TEXT(client->installation_id, "");
    CHECK_TEXT(client->app_title, "");
    CHECK_TEXT(client->app_version_name, "");
    CHECK_TEXT(client->app_version_code, "");
    CHECK_TEXT(client->app_package_name, "");
}

static void without_a_header_everything_is_empty(void)
{
    struct ps_caller_cognito cognito = { .identity_id = PS_SPAN("old"), .identity_pool_id = PS_SPAN("old") };
    CHECK_OK(cognito_of(PS_SPAN(""), &cognito));
    CHECK_TEXT(cognito.identity_id, "");
    CHECK_TEXT(cognito.identity_pool_id, "");
    struct ps_caller_client client = { .app_title = PS_SPAN("old"), .custom = PS_SPAN("{}"), .env = PS_SPAN("{}") };
    CHECK_OK(client_of(PS_SPAN(""), &client));
    check_no_app(&client);
    CHECK_TEXT(client.custom, "");
    CHECK_TEXT(client.env, "");
}

static void a_cognito_identity_has_an_id_and_a_pool(void)
{
    struct ps_caller_cognito cognito;
    CHECK_OR_RETURN(cognito_of(ps_span_of(COGNITO), &cognito) == PS_OK);
    CHECK_TEXT(cognito.identity_id, "us-east-1:1f2e");
    CHECK_TEXT(cognito.identity_pool_id, "us-east-1:pool");
}

static void each_member_of_a_client_context_is_read(void)
{
    struct ps_caller_client client;
    CHECK_OR_RETURN(client_of(ps_span_of(CLIENT), &client) == PS_OK);
    CHECK_TEXT(client.installation_id, "i-1");
    CHECK_TEXT(client.app_title, "My \"App\"");
    CHECK_TEXT(client.app_version_name, "1.2 \xc3\xa9t\xc3\xa9");
    CHECK_TEXT(client.app_version_code, "42");
    CHECK_TEXT(client.app_package_name, "com.example");
}

static void custom_and_env_stay_raw(void)
{
    struct ps_caller_client client;
    CHECK_OR_RETURN(client_of(ps_span_of(CLIENT), &client) == PS_OK);
    CHECK_TEXT(client.custom, "{\"tier\": \"g\\\"old\"}");
    CHECK_TEXT(client.env, "{\"platform\":\"Android\",\"locale\":null}");
}

static void custom_may_begin_with_a_capital(void)
{
    struct ps_caller_client client;
    CHECK_OK(client_of(PS_SPAN("{\"Custom\":{\"a\":1}}"), &client));
    CHECK_TEXT(client.custom, "{\"a\":1}");
    CHECK_OK(client_of(PS_SPAN("{\"Custom\":{\"a\":1},\"custom\":{}}"), &client));
    CHECK_TEXT(client.custom, "{}");
}

static void what_is_missing_null_or_of_another_type_is_empty(void)
{
    static const char *const COGNITOS[] = {
        "{}",
        "{\"cognitoIdentityId\":null,\"cognitoIdentityPoolId\":null}",
        "{\"cognitoIdentityId\":7,\"cognitoIdentityPoolId\":{\"a\":\"b\"}}",
    };
    for (size_t i = 0; i < sizeof COGNITOS / sizeof COGNITOS[0]; i++) {
        struct ps_caller_cognito cognito = { .identity_id = PS_SPAN("old"), .identity_pool_id = PS_SPAN("old") };
        CHECK_OK(cognito_of(ps_span_of(COGNITOS[i]), &cognito));
        CHECK_TEXT(cognito.identity_id, "");
        CHECK_TEXT(cognito.identity_pool_id, "");
    }
    static const char APP[] = "{\"client\":{\"installation_id\":1,\"app_title\":null,\"app_version_name\":[],"
                              "\"app_version_code\":42,\"app_package_name\":{}}}";
    static const char *const CLIENTS[] = {
        "{}",
        "{\"client\":null,\"custom\":null,\"env\":null}",
        "{\"client\":\"x\",\"custom\":[1],\"env\":\"{}\"}",
        "{\"client\":{},\"custom\":1,\"Custom\":true,\"env\":false}",
        APP,
    };
    for (size_t i = 0; i < sizeof CLIENTS / sizeof CLIENTS[0]; i++) {
        struct ps_caller_client client;
        CHECK_OK(client_of(ps_span_of(CLIENTS[i]), &client));
        check_no_app(&client);
        CHECK_TEXT(client.custom, "");
        CHECK_TEXT(client.env, "");
    }
}

static void one_missing_member_leaves_the_others(void)
{
    struct ps_caller_cognito cognito;
    CHECK_OK(cognito_of(PS_SPAN("{\"cognitoIdentityPoolId\":\"pool\"}"), &cognito));
    CHECK_TEXT(cognito.identity_id, "");
    CHECK_TEXT(cognito.identity_pool_id, "pool");
    struct ps_caller_client client;
    CHECK_OK(client_of(PS_SPAN("{\"client\":{\"app_title\":\"t\"},\"env\":{}}"), &client));
    CHECK_TEXT(client.app_title, "t");
    CHECK_TEXT(client.installation_id, "");
    CHECK_TEXT(client.env, "{}");
}

static void escapes_are_undone_in_names_and_values_and_utf8_passes(void)
{
    struct ps_caller_client client;
    CHECK_OK(
        client_of(PS_SPAN("{\"cl\\u0069ent\":{\"app\\u005ftitle\":\"\xe2\x82\xac \\ud83d\\ude00\\/\\n\"}}"), &client));
    CHECK_TEXT(client.app_title, "\xe2\x82\xac \xf0\x9f\x98\x80/\n");
}

static void what_is_no_object_is_bad_input_that_names_the_header(void)
{
    static const char *const TEXTS[] = { "[]", "null", "\"{}\"", "{", "{} {}", "e30=", " ", "{\"env\":{},}" };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct ps_span text = ps_span_of(TEXTS[i]);
        struct ps_caller_cognito cognito = { .identity_id = PS_SPAN("old") };
        CHECK_ERR(cognito_of(text, &cognito), PS_ERR_BAD_INPUT);
        CHECK(ps_span_starts(ps_span_of(ps_err_note()->text), PS_SPAN("Lambda-Runtime-Cognito-Identity: JSON: ")));
        CHECK_TEXT(cognito.identity_id, "old");
        struct ps_caller_client client = { .app_title = PS_SPAN("old") };
        CHECK_ERR(client_of(text, &client), PS_ERR_BAD_INPUT);
        CHECK(ps_span_starts(ps_span_of(ps_err_note()->text), PS_SPAN("Lambda-Runtime-Client-Context: JSON: ")));
        CHECK_TEXT(client.app_title, "old");
    }
}

static void nesting_has_a_limit(void)
{
    char text[4 * PS_JSON_READ_DEPTH_MAX] = "{\"custom\":";
    size_t len = strlen(text);
    memset(text + len, '[', PS_JSON_READ_DEPTH_MAX);
    struct ps_caller_client client;
    CHECK_ERR(client_of(ps_span_make(text, len + PS_JSON_READ_DEPTH_MAX), &client), PS_ERR_TOO_DEEP);
}

static void no_prefix_is_read_past_its_end(void)
{
    for (size_t len = 1; len < sizeof COGNITO - 1; len++) {
        struct ps_span text = exact_copy(ps_span_make(COGNITO, len));
        struct ps_caller_cognito cognito;
        CHECK_ERR(cognito_of(text, &cognito), PS_ERR_BAD_INPUT);
        exact_free(text);
    }
    for (size_t len = 1; len < sizeof CLIENT - 1; len++) {
        struct ps_span text = exact_copy(ps_span_make(CLIENT, len));
        struct ps_caller_client client;
        CHECK_ERR(client_of(text, &client), PS_ERR_BAD_INPUT);
        exact_free(text);
    }
}

static void a_full_arena_is_told(void)
{
    struct ps_caller_cognito cognito;
    PS_EACH_FAILURE(&arena, cognito_of(ps_span_of(COGNITO), &cognito));
    struct ps_caller_client client;
    PS_EACH_FAILURE(&arena, client_of(ps_span_of(CLIENT), &client));
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(without_a_header_everything_is_empty);
    RUN(a_cognito_identity_has_an_id_and_a_pool);
    RUN(each_member_of_a_client_context_is_read);
    RUN(custom_and_env_stay_raw);
    RUN(custom_may_begin_with_a_capital);
    RUN(what_is_missing_null_or_of_another_type_is_empty);
    RUN(one_missing_member_leaves_the_others);
    RUN(escapes_are_undone_in_names_and_values_and_utf8_passes);
    RUN(what_is_no_object_is_bad_input_that_names_the_header);
    RUN(nesting_has_a_limit);
    RUN(no_prefix_is_read_past_its_end);
    RUN(a_full_arena_is_told);
    ps_arena_fini(&arena);
    return check_finish();
}
