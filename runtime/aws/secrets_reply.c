#include "aws/refusal.h"
#include "aws/secrets_priv.h"
#include "base/json_read.h"

/* -- values -------------------------------------------------------------------------------------------------------- */

/* A member that must be text, unescaped. *found is false for one that is missing or null. */
static enum ps_err read_text(struct ps_arena *arena, struct ps_span object, struct ps_span name, struct ps_span *text,
                             bool *found)
{
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    PS_TRY(ps_json_read_member(object, name, &token, NULL, found));
    *found = *found && token.kind != PS_JSON_NULL;
    if (!*found) return PS_OK;
    if (token.kind != PS_JSON_STRING) PS_FAIL(PS_ERR_BAD_INPUT, "a member is no text");
    return ps_json_read_unescape(arena, token.text, text);
}

/* {"SecretString":"..."}, or "SecretBinary" in its place. */
static enum ps_err read_secret(struct ps_arena *arena, struct ps_span body, struct ps_span *value)
{
    bool found = false;
    PS_TRY(read_text(arena, body, PS_SPAN("SecretString"), value, &found));
    if (found) return PS_OK;
    PS_TRY(ps_json_read_member(body, PS_SPAN("SecretBinary"), NULL, NULL, &found));
    if (found) PS_FAIL(PS_ERR_BAD_CONFIG, "the secret is binary: store it as text");
    PS_FAIL(PS_ERR_BAD_INPUT, "the answer has no SecretString");
}

/* {"Parameter":{"Value":"..."}} */
static enum ps_err read_parameter(struct ps_arena *arena, struct ps_span body, struct ps_span *value)
{
    bool found = false;
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    struct ps_span parameter;
    PS_TRY(ps_json_read_member(body, PS_SPAN("Parameter"), &token, &parameter, &found));
    if (!found || token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "the answer has no Parameter");
    PS_TRY(read_text(arena, parameter, PS_SPAN("Value"), value, &found));
    if (!found) PS_FAIL(PS_ERR_BAD_INPUT, "the answer's Parameter has no Value");
    return PS_OK;
}

static enum ps_err read_whole(struct ps_arena *arena, enum ps_secret_service service, struct ps_span body,
                              struct ps_span *value)
{
    PS_TRY(ps_json_read_check(body));
    return service == PS_SECRET_MANAGER ? read_secret(arena, body, value) : read_parameter(arena, body, value);
}

/* The notes hold neither key nor value: a mistaken setting may have one in the other's place. */
static enum ps_err take_member(struct ps_arena *arena, struct ps_span key, struct ps_span *value)
{
    bool found = false;
    if (ps_json_read_check(*value) != PS_OK || ps_span_trim(*value).data[0] != '{')
        PS_FAIL(PS_ERR_BAD_CONFIG, "the secret is no JSON object: nothing can be taken from it by #key");
    enum ps_err err = read_text(arena, *value, key, value, &found);
    if (err == PS_ERR_NO_MEMORY) return err;
    if (err != PS_OK) PS_FAIL(PS_ERR_BAD_CONFIG, "the member of the secret that #key names is no text");
    if (!found) PS_FAIL(PS_ERR_BAD_CONFIG, "the secret has no member of the name behind the #");
    return PS_OK;
}

/* People paste a line break behind what they paste. */
static struct ps_span trim_end(struct ps_span text)
{
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    return text;
}

enum ps_err ps_secret_reply_read(struct ps_arena *arena, enum ps_secret_service service, struct ps_span body,
                                 struct ps_span key, struct ps_span *value)
{
    struct ps_span text = PS_SPAN("");
    enum ps_err err = read_whole(arena, service, body, &text);
    /* What is no answer may be one the next time. */
    if (err == PS_ERR_BAD_INPUT || err == PS_ERR_TOO_DEEP)
        PS_FAIL(PS_ERR_UNAVAILABLE, "an answer of %zu bytes that cannot be read", body.len);
    PS_TRY(err);
    if (key.len > 0) PS_TRY(take_member(arena, key, &text));
    text = trim_end(text);
    if (text.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "the secret is empty");
    if (text.len > PS_SECRET_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "a secret of %zu bytes: at most %d", text.len, PS_SECRET_BYTES_MAX);
    *value = text;
    return PS_OK;
}

/* -- refusals ------------------------------------------------------------------------------------------------------ */

/* What is wrong and how to mend it, for each service. */
struct meaning {
    enum ps_err err;
    const char *texts[2];
};

#define BOTH(text) \
    { \
        text, text \
    }

static const struct meaning NOT_FOUND = { PS_ERR_NOT_FOUND,
                                          { "no such secret, or no value in it, in this account and region",
                                            "no such parameter in this account and region" } };
static const struct meaning NOT_ALLOWED = {
    PS_ERR_DENIED,
    { "allow the function's role secretsmanager:GetSecretValue on it, and kms:Decrypt on its key if that is your own",
      "allow the function's role ssm:GetParameter on it, and kms:Decrypt on its key if that is your own" }
};
static const struct meaning KEY = {
    PS_ERR_DENIED,
    BOTH("its KMS key cannot be used: allow the function's role kms:Decrypt, and see that it is enabled")
};
static const struct meaning CREDENTIALS = { PS_ERR_DENIED, BOTH("the function's credentials were refused") };
static const struct meaning THROTTLED = { PS_ERR_THROTTLED, BOTH("too many requests in this account and region") };
static const struct meaning DELETED = { PS_ERR_BAD_CONFIG, BOTH("marked for deletion: restore it or name another") };
static const struct meaning NO_NAME = { PS_ERR_BAD_CONFIG, BOTH("this can be no ARN or name there") };
static const struct meaning FAILED = { PS_ERR_UNAVAILABLE, BOTH("the service failed") };
static const struct meaning UNEXPECTED = {
    PS_ERR_BAD_CONFIG, BOTH("unexpected refusal: the service, or something before it, takes no request of ours")
};

/* docs/wire/secrets.md has the same table in words. */
static const struct {
    struct ps_span code;
    const struct meaning *meaning;
} CODES[] = {
    { PS_SPAN_INIT("ResourceNotFoundException"), &NOT_FOUND },
    { PS_SPAN_INIT("ParameterNotFound"), &NOT_FOUND },
    { PS_SPAN_INIT("ParameterVersionNotFound"), &NOT_FOUND },
    { PS_SPAN_INIT("AccessDeniedException"), &NOT_ALLOWED },
    { PS_SPAN_INIT("AccessDenied"), &NOT_ALLOWED },
    { PS_SPAN_INIT("NotAuthorized"), &NOT_ALLOWED },
    { PS_SPAN_INIT("DecryptionFailure"), &KEY },
    { PS_SPAN_INIT("InvalidKeyId"), &KEY },
    { PS_SPAN_INIT("UnrecognizedClientException"), &CREDENTIALS },
    { PS_SPAN_INIT("InvalidSignatureException"), &CREDENTIALS },
    { PS_SPAN_INIT("IncompleteSignature"), &CREDENTIALS },
    { PS_SPAN_INIT("IncompleteSignatureException"), &CREDENTIALS },
    { PS_SPAN_INIT("ExpiredTokenException"), &CREDENTIALS },
    { PS_SPAN_INIT("MissingAuthenticationTokenException"), &CREDENTIALS },
    { PS_SPAN_INIT("ThrottlingException"), &THROTTLED },
    { PS_SPAN_INIT("Throttling"), &THROTTLED },
    { PS_SPAN_INIT("TooManyRequestsException"), &THROTTLED },
    { PS_SPAN_INIT("RequestLimitExceeded"), &THROTTLED },
    { PS_SPAN_INIT("InvalidRequestException"), &DELETED },
    { PS_SPAN_INIT("InvalidParameterException"), &NO_NAME },
    { PS_SPAN_INIT("ValidationException"), &NO_NAME },
    { PS_SPAN_INIT("InternalServiceError"), &FAILED },
    { PS_SPAN_INIT("InternalServerError"), &FAILED },
    { PS_SPAN_INIT("InternalFailure"), &FAILED },
};

/* By the code where it is known: AWS answers nearly all of these with 400. Else by the status. */
static const struct meaning *find_meaning(uint32_t status, struct ps_span code)
{
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
        if (ps_span_eq(code, CODES[i].code)) return CODES[i].meaning;
    }
    if (ps_span_starts(code, PS_SPAN("KMS"))) return &KEY; /* KMSDisabledException and its like */
    if (status == 401 || status == 403) return &CREDENTIALS;
    if (status == 429) return &THROTTLED;
    return status >= 500 ? &FAILED : &UNEXPECTED;
}

enum ps_err ps_secret_reply_refusal(enum ps_secret_service service, uint32_t status, struct ps_span body)
{
    struct ps_span code = ps_refusal_code(body);
    const struct meaning *meaning = find_meaning(status, code);
    PS_FAIL(meaning->err, "status %u %.*s: %s", status, PS_SPAN_ARG(code), meaning->texts[service]);
}
