#include "aws/s3.h"

#include "aws/endpoint.h"
#include "aws/url.h"
#include "base/buf.h"

enum {
    BUCKET_BYTES_MIN = 3,
    BUCKET_BYTES_MAX = 63,
    KEY_BYTES_MAX = 1024,
    ATTEMPTS_MAX = 5,
    TIMEOUT_MS = 10000,
    ANSWER_BYTES_MAX = 64 << 10, /* of calls that answer nothing but errors */
};

struct ps_s3 {
    struct ps_call_client *client;
    struct ps_span bucket;
    struct ps_span base; /* URL of the bucket, a slash at its end */
};

/* -- open ------------------------------------------------------------------------------------------------------ */

enum ps_err ps_s3_check_bucket(struct ps_span bucket)
{
    bool ok = bucket.len >= BUCKET_BYTES_MIN && bucket.len <= BUCKET_BYTES_MAX && bucket.data[0] != '-' &&
              bucket.data[0] != '.';
    for (size_t i = 0; ok && i < bucket.len; i++) {
        char c = bucket.data[i];
        ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    }
    if (!ok)
        PS_FAIL(PS_ERR_BAD_CONFIG, "bucket name: it must be %d to %d lower-case letters, digits, hyphens and dots",
                BUCKET_BYTES_MIN, BUCKET_BYTES_MAX);
    return PS_OK;
}

static enum ps_err make_base(struct ps_arena *arena, const struct ps_endpoint *endpoint, struct ps_span bucket,
                             struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_URL_BYTES_MAX);
    if (endpoint->custom || ps_span_find_byte(bucket, '.') != PS_SPAN_NONE) {
        ps_buf_put(&buf, endpoint->url);
        ps_buf_byte(&buf, '/');
        ps_buf_put(&buf, bucket);
    } else {
        ps_buf_put(&buf, PS_SPAN("https://"));
        ps_buf_put(&buf, bucket);
        ps_buf_byte(&buf, '.');
        ps_buf_put(&buf, endpoint->host);
    }
    ps_buf_byte(&buf, '/');
    return ps_buf_finish(&buf, out);
}

enum ps_err ps_s3_open(struct ps_arena *process, struct ps_call_client *client, struct ps_span bucket,
                       struct ps_s3 **out)
{
    PS_TRY(ps_s3_check_bucket(bucket));
    struct ps_s3 *s3 = PS_ARENA_NEW(process, struct ps_s3);
    char *name = ps_arena_bytes(process, bucket.len);
    if (s3 == NULL || name == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "S3 bucket");
    memcpy(name, bucket.data, bucket.len);
    s3->client = client;
    s3->bucket = ps_span_make(name, bucket.len);
    struct ps_endpoint endpoint;
    PS_TRY(ps_endpoint_resolve(process, PS_ENDPOINT_S3, ps_call_region(client), &endpoint));
    PS_TRY(make_base(process, &endpoint, s3->bucket, &s3->base));
    *out = s3;
    return PS_OK;
}

/* -- calls ----------------------------------------------------------------------------------------------------- */

enum ps_err ps_s3_url(const struct ps_s3 *s3, struct ps_arena *arena, struct ps_span key, struct ps_span *out)
{
    if (key.len == 0 || key.len > KEY_BYTES_MAX)
        PS_FAIL(PS_ERR_REFUSED, "S3 key of %zu bytes: 1 to %d are allowed", key.len, KEY_BYTES_MAX);
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_URL_BYTES_MAX);
    ps_buf_put(&buf, s3->base);
    ps_url_encode(&buf, key, true);
    return ps_buf_finish(&buf, out);
}

static enum ps_err send(struct ps_s3 *s3, struct ps_arena *arena, const struct ps_s3_limits *limits,
                        struct ps_http_exchange *exchange)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("s3") };
    const struct ps_call_options options = { .attempts_max = ATTEMPTS_MAX,
                                             .timeout_ms = TIMEOUT_MS,
                                             .hard_deadline = limits->hard_deadline };
    return ps_call_run(s3->client, arena, &target, &options, limits->deadline, exchange);
}

static enum ps_err error_of(uint32_t status, struct ps_span code)
{
    if (ps_span_eq(code, PS_SPAN("NoSuchBucket"))) return PS_ERR_BAD_CONFIG;
    switch (status) {
    case 301: /* the bucket is in another region */
    case 307:
        return PS_ERR_BAD_CONFIG;
    case 401:
    case 403:
        return PS_ERR_DENIED;
    case 404:
        return PS_ERR_NOT_FOUND;
    case 429:
    case 503:
        return PS_ERR_THROTTLED;
    default:
        return status >= 500 ? PS_ERR_UNAVAILABLE : PS_ERR_REFUSED;
    }
}

static enum ps_err judge(const struct ps_s3 *s3, const struct ps_http_exchange *exchange)
{
    uint32_t status = exchange->response.status;
    if (status >= 200 && status < 300) return PS_OK;
    struct ps_span code = ps_s3_list_error_code(exchange->response.body);
    PS_FAIL(error_of(status, code), "S3 %s, bucket %.*s: status %u%s%.*s", exchange->request.method,
            PS_SPAN_ARG(s3->bucket), status, code.len > 0 ? ", " : "", PS_SPAN_ARG(code));
}

enum ps_err ps_s3_put(struct ps_s3 *s3, struct ps_arena *arena, const struct ps_s3_limits *limits, struct ps_span key,
                      struct ps_span content_type, struct ps_span body)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "PUT",
                     .headers = { { PS_SPAN("Content-Type"), content_type } },
                     .header_count = 1,
                     .body = body,
                     .response_bytes_max = ANSWER_BYTES_MAX },
    };
    PS_TRY(ps_s3_url(s3, arena, key, &exchange.request.url));
    PS_TRY(send(s3, arena, limits, &exchange));
    return judge(s3, &exchange);
}

enum ps_err ps_s3_get(struct ps_s3 *s3, struct ps_arena *arena, const struct ps_s3_limits *limits, struct ps_span key,
                      struct ps_span *body)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "GET", .response_bytes_max = limits->response_bytes_max },
    };
    PS_TRY(ps_s3_url(s3, arena, key, &exchange.request.url));
    PS_TRY(send(s3, arena, limits, &exchange));
    PS_TRY(judge(s3, &exchange));
    *body = exchange.response.body;
    return PS_OK;
}

enum ps_err ps_s3_delete(struct ps_s3 *s3, struct ps_arena *arena, const struct ps_s3_limits *limits,
                         struct ps_span key)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "DELETE", .response_bytes_max = ANSWER_BYTES_MAX },
    };
    PS_TRY(ps_s3_url(s3, arena, key, &exchange.request.url));
    PS_TRY(send(s3, arena, limits, &exchange));
    enum ps_err err = judge(s3, &exchange);
    return err == PS_ERR_NOT_FOUND ? PS_OK : err;
}

enum ps_err ps_s3_list(struct ps_s3 *s3, struct ps_arena *arena, const struct ps_s3_limits *limits,
                       struct ps_span prefix, struct ps_span token, struct ps_s3_page *page)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "GET", .response_bytes_max = limits->response_bytes_max },
    };
    struct ps_buf url;
    ps_buf_init(&url, arena, PS_URL_BYTES_MAX);
    ps_buf_put(&url, s3->base);
    ps_buf_put(&url, PS_SPAN("?list-type=2&encoding-type=url&prefix="));
    ps_url_encode(&url, prefix, false);
    if (token.len > 0) {
        ps_buf_put(&url, PS_SPAN("&continuation-token="));
        ps_url_encode(&url, token, false);
    }
    PS_TRY(ps_buf_finish(&url, &exchange.request.url));
    PS_TRY(send(s3, arena, limits, &exchange));
    PS_TRY(judge(s3, &exchange));
    return ps_s3_list_read(arena, exchange.response.body, page);
}
