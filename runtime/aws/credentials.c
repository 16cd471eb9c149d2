#include "aws/credentials.h"

#include "aws/url.h"
#include "base/buf.h"
#include "base/json_read.h"
#include "base/time.h"
#include "host/env.h"

enum {
    DOCUMENT_BYTES_MAX = 16 << 10,
    ENDPOINT_ARENA_BYTES = 128 << 10,
    ENDPOINT_TIMEOUT_MS = 2000,
    RENEW_BEFORE_MS = 5 * 60 * 1000,
};

static struct ps_span put_text(struct ps_buf *buf, struct ps_span text)
{
    size_t begin = buf->len;
    ps_buf_put(buf, text);
    return ps_span_make(buf->data + begin, buf->len - begin);
}

static enum ps_err store(struct ps_credentials *credentials, struct ps_span id, struct ps_span secret,
                         struct ps_span token)
{
    if (id.len + secret.len + token.len > sizeof credentials->text)
        PS_FAIL(PS_ERR_TOO_LARGE, "credentials of %zu bytes, more than %zu", id.len + secret.len + token.len,
                sizeof credentials->text);
    struct ps_buf text;
    ps_buf_init_fixed(&text, credentials->text, sizeof credentials->text);
    credentials->access_key_id = put_text(&text, id);
    credentials->secret_access_key = put_text(&text, secret);
    credentials->session_token = put_text(&text, token);
    credentials->present = true;
    credentials->renewable = false;
    credentials->expires_ms = 0;
    return PS_OK;
}

/* The unescaped text of a string member; empty when it is missing or no string. */
static enum ps_err member_text(struct ps_arena *arena, struct ps_span json, struct ps_span name, struct ps_span *out)
{
    struct ps_json_token value;
    struct ps_span raw;
    bool found = false;
    PS_TRY(ps_json_read_member(json, name, &value, &raw, &found));
    *out = PS_SPAN("");
    if (!found || value.kind != PS_JSON_STRING) return PS_OK;
    return ps_json_read_unescape(arena, value.text, out);
}

enum ps_err ps_credentials_parse(struct ps_arena *arena, struct ps_span json, struct ps_credentials *credentials)
{
    struct ps_span id, secret, token, expiration;
    PS_TRY(ps_json_read_check(json));
    PS_TRY(member_text(arena, json, PS_SPAN("AccessKeyId"), &id));
    PS_TRY(member_text(arena, json, PS_SPAN("SecretAccessKey"), &secret));
    PS_TRY(member_text(arena, json, PS_SPAN("Token"), &token));
    PS_TRY(member_text(arena, json, PS_SPAN("Expiration"), &expiration));
    if (id.len == 0 || secret.len == 0)
        PS_FAIL(PS_ERR_DENIED, "credentials endpoint: no AccessKeyId or SecretAccessKey in its answer");
    int64_t expires_ms = 0;
    if (expiration.len > 0 && !ps_time_parse_iso(expiration, &expires_ms))
        PS_FAIL(PS_ERR_BAD_INPUT, "credentials endpoint: Expiration is no time");
    PS_TRY(store(credentials, id, secret, token));
    credentials->renewable = true;
    credentials->expires_ms = expires_ms;
    return PS_OK;
}

/* Over plain http the credentials and the token that opens them could be read on the way. The two addresses are those
 * of the container services' own endpoints. */
static enum ps_err check_endpoint(struct ps_span uri)
{
    struct ps_url url;
    PS_TRY(ps_url_split(uri, &url));
    if (url.https || ps_url_host_is_loopback(url.host) || ps_span_eq(url.host, PS_SPAN("169.254.170.2")) ||
        ps_span_eq(url.host, PS_SPAN("169.254.170.23")))
        return PS_OK;
    PS_FAIL(PS_ERR_BAD_CONFIG, "AWS_CONTAINER_CREDENTIALS_FULL_URI: neither https nor an address on this machine");
}

static enum ps_err fetch(struct ps_arena *arena, struct ps_http *http, struct ps_span uri,
                         struct ps_credentials *credentials)
{
    PS_TRY(check_endpoint(uri));
    struct ps_http_exchange exchange = {
        .request = { .method = "GET",
                     .url = uri,
                     .timeout_ms = ENDPOINT_TIMEOUT_MS,
                     .response_bytes_max = DOCUMENT_BYTES_MAX,
                     .direct = true },
    };
    struct ps_span token = ps_env_get("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (token.len > 0) {
        exchange.request.headers[0] = (struct ps_http_header){ PS_SPAN("Authorization"), token };
        exchange.request.header_count = 1;
    }
    PS_TRY(ps_http_run(http, arena, &exchange));
    uint32_t status = exchange.response.status;
    if (status == 429 || status >= 500) PS_FAIL(PS_ERR_UNAVAILABLE, "credentials endpoint: status %u", status);
    if (status != 200) PS_FAIL(PS_ERR_DENIED, "credentials endpoint: status %u", status);
    return ps_credentials_parse(arena, exchange.response.body, credentials);
}

static enum ps_err read_endpoint(struct ps_span uri, struct ps_http *http, struct ps_credentials *credentials)
{
    struct ps_arena arena;
    PS_TRY(ps_arena_init(&arena, ENDPOINT_ARENA_BYTES));
    enum ps_err err = fetch(&arena, http, uri, credentials);
    ps_arena_fini(&arena);
    return err;
}

static enum ps_err read_any(struct ps_http *http, struct ps_credentials *credentials)
{
    struct ps_span id = ps_env_get("AWS_ACCESS_KEY_ID");
    struct ps_span secret = ps_env_get("AWS_SECRET_ACCESS_KEY");
    if (id.len > 0 && secret.len > 0) return store(credentials, id, secret, ps_env_get("AWS_SESSION_TOKEN"));
    struct ps_span uri = ps_env_get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (uri.len > 0) return read_endpoint(uri, http, credentials);
    PS_FAIL(
        PS_ERR_DENIED,
        "no credentials: neither AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY nor AWS_CONTAINER_CREDENTIALS_FULL_URI "
        "is set");
}

static void move(struct ps_credentials *to, const struct ps_credentials *from)
{
    *to = *from;
    to->access_key_id.data = to->text + (from->access_key_id.data - from->text);
    to->secret_access_key.data = to->text + (from->secret_access_key.data - from->text);
    to->session_token.data = to->text + (from->session_token.data - from->text);
}

enum ps_err ps_credentials_read(struct ps_credentials *credentials, struct ps_http *http, bool *changed)
{
    struct ps_credentials fresh = { 0 };
    PS_TRY(read_any(http, &fresh));
    *changed = !credentials->present || !ps_span_eq(credentials->access_key_id, fresh.access_key_id) ||
               !ps_span_eq(credentials->secret_access_key, fresh.secret_access_key) ||
               !ps_span_eq(credentials->session_token, fresh.session_token);
    move(credentials, &fresh);
    return PS_OK;
}

enum ps_err ps_credentials_check(const struct ps_credentials *credentials, int64_t now_ms)
{
    if (!credentials->present) PS_FAIL(PS_ERR_DENIED, "no credentials have been read");
    if (credentials->expires_ms != 0 && now_ms >= credentials->expires_ms)
        PS_FAIL(PS_ERR_DENIED, "credentials expired %lld seconds ago",
                (long long)((now_ms - credentials->expires_ms) / 1000));
    return PS_OK;
}

bool ps_credentials_due(const struct ps_credentials *credentials, int64_t now_ms)
{
    return credentials->present && credentials->renewable && credentials->expires_ms != 0 &&
           now_ms >= credentials->expires_ms - RENEW_BEFORE_MS;
}
