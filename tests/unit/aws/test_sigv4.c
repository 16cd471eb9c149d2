#include "aws/sigv4.h"

#include <stdlib.h>

#include "support/check.h"

/* get-vanilla is of the published suite of Signature Version 4. The other signatures were made once with
 * botocore 1.43.0 (SigV4Auth, for s3 S3SigV4Auth with payload signing), its clock set to 2015-08-30T12:36:00Z, on
 * exactly these requests. */
static const int64_t NOW_MS = 1440938160000;

static const struct ps_span TOKEN = PS_SPAN_INIT("IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQD=");

static const struct known {
    const char *service, *region, *method, *url;
    struct ps_http_header headers[2];
    size_t header_count;
    const char *body;
    bool token;
    bool digest_header;
    const char *signature;
} KNOWN[] = {
    { "service",
      "us-east-1",
      "GET",
      "https://example.amazonaws.com/",
      { { PS_SPAN_INIT(""), PS_SPAN_INIT("") } },
      0,
      "",
      false,
      false,
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
    { "aoss",
      "us-west-2",
      "POST",
      "https://abc.us-west-2.aoss.amazonaws.com/_bulk",
      { { PS_SPAN_INIT("Content-Type"), PS_SPAN_INIT("application/x-ndjson") } },
      1,
      "{\"a\":1}\n",
      true,
      true,
      "67c4d8c323cf3ee5db3329aad61bdd35018c0afbf18d0326a9dc447a739eb595" },
    { "s3",
      "us-east-1",
      "PUT",
      "https://letters.s3.us-east-1.amazonaws.com/fn//2026/a%2Bb%20c%C3%BC/../x.jsonl",
      { { PS_SPAN_INIT("Content-Type"), PS_SPAN_INIT("application/x-ndjson") } },
      1,
      "{\"a\":1}\n",
      false,
      true,
      "f0dd62e6287a3ea86d10cbee3f793929dd27825637e685a7575778b22a2a7181" },
    { "s3",
      "us-east-1",
      "GET",
      "http://127.0.0.1:4566/letters/"
      "?list-type=2&encoding-type=url&prefix=log-processor%2F&continuation-token=a%2Bb%3D",
      { { PS_SPAN_INIT(""), PS_SPAN_INIT("") } },
      0,
      "",
      true,
      true,
      "7982557f20a04aa9ce514e994de5bb8d4b70c730e3a74686ffc1a9ea282bd64e" },
    { "dynamodb",
      "us-east-1",
      "POST",
      "https://dynamodb.us-east-1.amazonaws.com:443/",
      { { PS_SPAN_INIT("X-Amz-Target"), PS_SPAN_INIT("DynamoDB_20120810.PutItem") },
        { PS_SPAN_INIT("Content-Type"), PS_SPAN_INIT("application/x-amz-json-1.0") } },
      2,
      "{\"TableName\":\"t\"}",
      true,
      false,
      "9d00dbafdf66c4dffa331145a2f703af7659007c1b280aa7c07b05ebc68b8a0f" },
};

static struct ps_arena arena;

static struct ps_credentials example(bool token)
{
    return (struct ps_credentials){
        .present = true,
        .access_key_id = PS_SPAN("AKIDEXAMPLE"),
        .secret_access_key = PS_SPAN("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        .session_token = token ? TOKEN : PS_SPAN(""),
    };
}

static struct ps_span header(const struct ps_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (ps_span_eq_nocase(request->headers[i].name, ps_span_of(name))) return request->headers[i].value;
    }
    return PS_SPAN("");
}

static struct ps_span signature_of(const struct ps_http_request *request)
{
    struct ps_span value = header(request, "Authorization");
    ptrdiff_t at = ps_span_find(value, PS_SPAN("Signature="));
    return at == PS_SPAN_NONE ? PS_SPAN("") : ps_span_from(value, (size_t)at + sizeof "Signature=" - 1);
}

static enum ps_err sign_known(const struct known *known, struct ps_http_request *request)
{
    struct ps_credentials credentials = example(known->token);
    *request = (struct ps_http_request){ .method = known->method,
                                         .url = ps_span_of(known->url),
                                         .header_count = known->header_count,
                                         .body = ps_span_of(known->body) };
    memcpy(request->headers, known->headers, sizeof known->headers);
    const struct ps_sigv4_scope scope = { ps_span_of(known->region), ps_span_of(known->service), NOW_MS };
    return ps_sigv4_sign(&arena, &credentials, &scope, request);
}

static void signatures_are_those_of_the_suite_and_of_botocore(void)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        struct ps_http_request request;
        CHECK_OK(sign_known(&KNOWN[i], &request));
        CHECK_TEXT(header(&request, "X-Amz-Date"), "20150830T123600Z");
        CHECK_SPAN(header(&request, "X-Amz-Security-Token"), KNOWN[i].token ? TOKEN : PS_SPAN(""));
        CHECK_EQ(header(&request, "X-Amz-Content-Sha256").len, KNOWN[i].digest_header ? 64 : 0);
        CHECK_TEXT(signature_of(&request), KNOWN[i].signature);
        CHECK_TEXT(request.url, KNOWN[i].url);
    }
}

static enum ps_err sign_bulk(const char *url, struct ps_http_request *request)
{
    static unsigned char body[256];
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (unsigned char)i;
    struct ps_credentials credentials = example(true);
    *request = (struct ps_http_request){
        .method = "POST",
        .url = ps_span_of(url),
        .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-ndjson") },
                     { PS_SPAN("Content-Encoding"), PS_SPAN("gzip") } },
        .header_count = 2,
        .body = { (const char *)body, sizeof body },
    };
    const struct ps_sigv4_scope scope = { PS_SPAN("eu-central-1"), PS_SPAN("es"), NOW_MS };
    return ps_sigv4_sign(&arena, &credentials, &scope, request);
}

static void a_star_in_the_query_is_sent_and_signed_encoded(void)
{
    static const char SIGNATURE[] = "c14c2fff43a76dc50ef37498361059c12c377595c0e611e04f01dc92b4a63f78";
    static const char ENCODED[] = "https://search-logs-abc.eu-central-1.es.amazonaws.com/app%3Alogs/_bulk"
                                  "?filter_path=items.%2A.error%2Cerrors&pretty=";
    struct ps_http_request request;
    CHECK_OK(sign_bulk(ENCODED, &request));
    CHECK_TEXT(signature_of(&request), SIGNATURE);
    CHECK_OK(sign_bulk("https://search-logs-abc.eu-central-1.es.amazonaws.com/app%3Alogs/_bulk"
                       "?filter_path=items.*.error%2Cerrors&pretty=",
                       &request));
    CHECK_TEXT(signature_of(&request), SIGNATURE);
    CHECK_TEXT(request.url, ENCODED);
}

static void what_cannot_be_signed_leaves_the_request_alone(void)
{
    struct ps_credentials credentials = example(false);
    struct ps_http_request request = { .method = "GET", .url = PS_SPAN("https://example.amazonaws.com/") };
    struct ps_sigv4_scope scope = { PS_SPAN(""), PS_SPAN("es"), NOW_MS };
    CHECK_ERR(ps_sigv4_sign(&arena, &credentials, &scope, &request), PS_ERR_BAD_CONFIG);
    scope.region = PS_SPAN("us-east-1");
    request.url = PS_SPAN("nonsense");
    CHECK_ERR(ps_sigv4_sign(&arena, &credentials, &scope, &request), PS_ERR_BAD_CONFIG);
    request.url = PS_SPAN("https://example.amazonaws.com/");
    request.header_count = PS_HTTP_HEADERS_MAX - 1;
    for (size_t i = 0; i < request.header_count; i++)
        request.headers[i] = (struct ps_http_header){ PS_SPAN("X-A"), PS_SPAN("a") };
    CHECK_ERR(ps_sigv4_sign(&arena, &credentials, &scope, &request), PS_ERR_TOO_LARGE);
    CHECK_EQ(request.header_count, PS_HTTP_HEADERS_MAX - 1);
}

static enum ps_err sign_starred(void)
{
    struct ps_http_request request;
    return sign_bulk("https://a.es.amazonaws.com/_bulk?filter_path=items.*.error", &request);
}

static void each_missing_piece_of_memory_is_reported(void)
{
    PS_EACH_FAILURE(&arena, sign_starred());
}

int main(void)
{
    arena = check_arena(1 << 20);
    if (ps_sigv4_open() != PS_OK) return EXIT_FAILURE;
    RUN(signatures_are_those_of_the_suite_and_of_botocore);
    RUN(a_star_in_the_query_is_sent_and_signed_encoded);
    RUN(what_cannot_be_signed_leaves_the_request_alone);
    RUN(each_missing_piece_of_memory_is_reported);
    ps_arena_fini(&arena);
    return check_finish();
}
