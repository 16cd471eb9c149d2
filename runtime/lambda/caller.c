#include "lambda/caller.h"

#include "base/json_read.h"

/* A string member of the object, its escapes undone; empty when it is missing or something else. */
static enum ps_err read_text(struct ps_arena *arena, struct ps_span object, struct ps_span name, struct ps_span *out)
{
    struct ps_json_token value = { 0 };
    bool found = false;
    PS_TRY(ps_json_read_member(object, name, &value, NULL, &found));
    if (!found || value.kind != PS_JSON_STRING) return PS_OK;
    return ps_json_read_unescape(arena, value.text, out);
}

/* An object member of the object as it is written; empty when it is missing or something else. */
static enum ps_err read_object(struct ps_span object, struct ps_span name, struct ps_span *out)
{
    struct ps_json_token value = { 0 };
    struct ps_span raw = { NULL, 0 };
    bool found = false;
    PS_TRY(ps_json_read_member(object, name, &value, &raw, &found));
    if (found && value.kind == PS_JSON_OBJECT_BEGIN) *out = raw;
    return PS_OK;
}

static enum ps_err read_cognito(struct ps_arena *arena, struct ps_span text, struct ps_caller_cognito *out)
{
    PS_TRY(ps_json_read_check(text));
    PS_TRY(read_text(arena, text, PS_SPAN("cognitoIdentityId"), &out->identity_id));
    return read_text(arena, text, PS_SPAN("cognitoIdentityPoolId"), &out->identity_pool_id);
}

static enum ps_err read_app(struct ps_arena *arena, struct ps_span app, struct ps_caller_client *out)
{
    PS_TRY(read_text(arena, app, PS_SPAN("installation_id"), &out->installation_id));
    PS_TRY(read_text(arena, app, PS_SPAN("app_title"), &out->app_title));
    PS_TRY(read_text(arena, app, PS_SPAN("app_version_name"), &out->app_version_name));
    PS_TRY(read_text(arena, app, PS_SPAN("app_version_code"), &out->app_version_code));
    return read_text(arena, app, PS_SPAN("app_package_name"), &out->app_package_name);
}

static enum ps_err read_client(struct ps_arena *arena, struct ps_span text, struct ps_caller_client *out)
{
    PS_TRY(ps_json_read_check(text));
    struct ps_span app = { NULL, 0 };
    PS_TRY(read_object(text, PS_SPAN("client"), &app));
    if (app.len > 0) PS_TRY(read_app(arena, app, out));
    PS_TRY(read_object(text, PS_SPAN("custom"), &out->custom));
    if (out->custom.len == 0) PS_TRY(read_object(text, PS_SPAN("Custom"), &out->custom));
    return read_object(text, PS_SPAN("env"), &out->env);
}

enum ps_err ps_caller_cognito(const struct ps_invocation *inv, struct ps_caller_cognito *out)
{
    struct ps_caller_cognito cognito = { 0 };
    if (inv->cognito_identity.len > 0) {
        enum ps_err err = read_cognito(inv->arena, inv->cognito_identity, &cognito);
        if (err != PS_OK) return ps_err_wrap(err, "Lambda-Runtime-Cognito-Identity");
    }
    *out = cognito;
    return PS_OK;
}

enum ps_err ps_caller_client(const struct ps_invocation *inv, struct ps_caller_client *out)
{
    struct ps_caller_client client = { 0 };
    if (inv->client_context.len > 0) {
        enum ps_err err = read_client(inv->arena, inv->client_context, &client);
        if (err != PS_OK) return ps_err_wrap(err, "Lambda-Runtime-Client-Context");
    }
    *out = client;
    return PS_OK;
}
