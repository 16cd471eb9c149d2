#include "aws/sigv4.h"

#include <aws/auth/auth.h>
#include <aws/auth/credentials.h>
#include <aws/auth/signable.h>
#include <aws/auth/signing.h>
#include <aws/auth/signing_result.h>

#include "aws/crt.h"
#include "aws/digest.h"
#include "aws/url.h"
#include "base/assert.h"

enum { PAIRS_MAX = PS_HTTP_HEADERS_MAX + 1 };

/* A request as aws-c-auth asks for it, without its own HTTP message type: views of ours, no copies. */
struct request_view {
    struct aws_signable signable;
    struct aws_byte_cursor method;
    struct aws_byte_cursor target;
    struct aws_array_list headers;
    struct aws_signable_property_list_pair pairs[PAIRS_MAX];
};

/* What the completion callback needs; aws_sign_request_aws calls it before it returns, given credentials. */
struct completion {
    struct ps_arena *arena;
    struct ps_http_request *request;
    enum ps_err err;
    bool called;
};

static struct aws_byte_cursor cursor(struct ps_span span)
{
    return aws_byte_cursor_from_array(span.data, span.len);
}

static int get_property(const struct aws_signable *signable, const struct aws_string *name, struct aws_byte_cursor *out)
{
    const struct request_view *view = signable->impl;
    if (aws_string_eq(name, g_aws_http_method_property_name)) {
        *out = view->method;
        return AWS_OP_SUCCESS;
    }
    if (aws_string_eq(name, g_aws_http_uri_property_name)) {
        *out = view->target;
        return AWS_OP_SUCCESS;
    }
    return AWS_OP_ERR;
}

static int get_property_list(const struct aws_signable *signable, const struct aws_string *name,
                             struct aws_array_list **out)
{
    struct request_view *view = signable->impl;
    if (!aws_string_eq(name, g_aws_http_headers_property_list_name)) return AWS_OP_ERR;
    *out = &view->headers;
    return AWS_OP_SUCCESS;
}

/* The body's digest is given with the configuration; nobody reads the body. */
static int get_payload_stream(const struct aws_signable *signable, struct aws_input_stream **out)
{
    (void)signable;
    *out = NULL;
    return AWS_OP_SUCCESS;
}

static void destroy_nothing(struct aws_signable *signable)
{
    (void)signable;
}

static struct aws_signable_vtable VTABLE = {
    .get_property = get_property,
    .get_property_list = get_property_list,
    .get_payload_stream = get_payload_stream,
    .destroy = destroy_nothing,
};

static void make_view(struct request_view *view, const struct ps_http_request *request, const struct ps_url *url)
{
    PS_ASSERT(request->header_count < PAIRS_MAX);
    view->signable = (struct aws_signable){ .allocator = aws_default_allocator(), .impl = view, .vtable = &VTABLE };
    view->method = aws_byte_cursor_from_c_str(request->method);
    view->target = cursor(url->target);
    size_t count = 0;
    view->pairs[count++] = (struct aws_signable_property_list_pair){ cursor(PS_SPAN("host")), cursor(url->authority) };
    for (size_t i = 0; i < request->header_count; i++) {
        view->pairs[count++] = (struct aws_signable_property_list_pair){ cursor(request->headers[i].name),
                                                                         cursor(request->headers[i].value) };
    }
    aws_array_list_init_static_from_initialized(&view->headers, view->pairs, count, sizeof view->pairs[0]);
}

static enum ps_err copy_string(struct ps_arena *arena, const struct aws_string *string, struct ps_span *out)
{
    char *copy = ps_arena_bytes(arena, string->len);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "signed header of %zu bytes", string->len);
    memcpy(copy, aws_string_bytes(string), string->len);
    *out = ps_span_make(copy, string->len);
    return PS_OK;
}

static enum ps_err add_headers(struct completion *completion, const struct aws_array_list *headers)
{
    struct ps_http_request *request = completion->request;
    for (size_t i = 0; i < aws_array_list_length(headers); i++) {
        struct aws_signing_result_property pair;
        if (aws_array_list_get_at(headers, &pair, i) != AWS_OP_SUCCESS) PS_FAIL(PS_ERR_SYSTEM, "signature: no pair");
        if (request->header_count == PS_HTTP_HEADERS_MAX)
            PS_FAIL(PS_ERR_TOO_LARGE, "more than %d request headers", PS_HTTP_HEADERS_MAX);
        struct ps_http_header *header = &request->headers[request->header_count];
        PS_TRY(copy_string(completion->arena, pair.name, &header->name));
        PS_TRY(copy_string(completion->arena, pair.value, &header->value));
        request->header_count++;
    }
    return PS_OK;
}

static enum ps_err take_result(struct completion *completion, const struct aws_signing_result *result, int code)
{
    if (code != AWS_OP_SUCCESS) PS_FAIL(PS_ERR_SYSTEM, "signature: %s", aws_error_name(code));
    struct aws_array_list *headers = NULL;
    aws_signing_result_get_property_list(result, g_aws_http_headers_property_list_name, &headers);
    if (headers == NULL) PS_FAIL(PS_ERR_SYSTEM, "signature: the library gave no headers");
    return add_headers(completion, headers);
}

static void on_complete(struct aws_signing_result *result, int code, void *context)
{
    struct completion *completion = context;
    completion->called = true;
    completion->err = take_result(completion, result, code);
}

/* '*' as %2A in the query; the URL itself when there is none. */
static enum ps_err encode_stars(struct ps_arena *arena, struct ps_span *url)
{
    ptrdiff_t query = ps_span_find_byte(*url, '?');
    if (query == PS_SPAN_NONE || ps_span_find_byte(ps_span_from(*url, (size_t)query), '*') == PS_SPAN_NONE)
        return PS_OK;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 3 * url->len);
    ps_buf_put(&buf, ps_span_first(*url, (size_t)query));
    for (size_t i = (size_t)query; i < url->len; i++) {
        if (url->data[i] == '*')
            ps_buf_put(&buf, PS_SPAN("%2A"));
        else
            ps_buf_byte(&buf, url->data[i]);
    }
    return ps_buf_finish(&buf, url);
}

static bool service_is(const struct ps_sigv4_scope *scope, struct ps_span name)
{
    return ps_span_eq(scope->service, name);
}

static void make_config(const struct ps_sigv4_scope *scope, const struct aws_credentials *credentials,
                        struct ps_span body_digest, struct aws_signing_config_aws *config)
{
    bool s3 = service_is(scope, PS_SPAN("s3"));
    *config = (struct aws_signing_config_aws){
        .config_type = AWS_SIGNING_CONFIG_AWS,
        .algorithm = AWS_SIGNING_ALGORITHM_V4,
        .signature_type = AWS_ST_HTTP_REQUEST_HEADERS,
        .region = cursor(scope->region),
        .service = cursor(scope->service),
        /* S3 takes keys as they are: "a//b" and "a/../b" are names, encoded once. */
        .flags = { .use_double_uri_encode = !s3, .should_normalize_uri_path = !s3 },
        .signed_body_value = cursor(body_digest),
        .signed_body_header = s3 || service_is(scope, PS_SPAN("aoss")) ? AWS_SBHT_X_AMZ_CONTENT_SHA256 : AWS_SBHT_NONE,
        .credentials = credentials,
    };
    aws_date_time_init_epoch_millis(&config->date, (uint64_t)scope->now_ms);
}

static enum ps_err sign(struct ps_arena *arena, const struct aws_credentials *credentials,
                        const struct ps_sigv4_scope *scope, struct ps_http_request *request)
{
    struct ps_url url;
    PS_TRY(ps_url_split(request->url, &url));
    char digest[PS_DIGEST_SHA256_HEX_BYTES];
    PS_TRY(ps_digest_sha256_hex(&request->body, 1, digest));
    struct request_view view;
    make_view(&view, request, &url);
    struct aws_signing_config_aws config;
    make_config(scope, credentials, ps_span_make(digest, sizeof digest), &config);
    struct completion completion = { .arena = arena, .request = request };
    int code = aws_sign_request_aws(aws_default_allocator(), &view.signable,
                                    (const struct aws_signing_config_base *)&config, on_complete, &completion);
    if (code != AWS_OP_SUCCESS) PS_FAIL(PS_ERR_SYSTEM, "signature: %s", ps_crt_error_name());
    PS_ASSERT(completion.called);
    return completion.err;
}

enum ps_err ps_sigv4_open(void)
{
    ps_crt_open(aws_auth_library_init);
    return PS_OK;
}

enum ps_err ps_sigv4_sign(struct ps_arena *arena, const struct ps_credentials *credentials,
                          const struct ps_sigv4_scope *scope, struct ps_http_request *request)
{
    PS_ASSERT(scope->now_ms > 0);
    if (scope->region.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "no region to sign for %.*s", PS_SPAN_ARG(scope->service));
    struct ps_http_request signed_request = *request;
    PS_TRY(encode_stars(arena, &signed_request.url));
    struct aws_credentials *keys =
        aws_credentials_new(aws_default_allocator(), cursor(credentials->access_key_id),
                            cursor(credentials->secret_access_key), cursor(credentials->session_token), UINT64_MAX);
    if (keys == NULL) PS_FAIL(PS_ERR_SYSTEM, "credentials: %s", ps_crt_error_name());
    enum ps_err err = sign(arena, keys, scope, &signed_request);
    aws_credentials_release(keys);
    if (err != PS_OK) return err;
    *request = signed_request;
    return PS_OK;
}
