#include "aws/endpoint.h"

#include "aws/url.h"
#include "base/buf.h"
#include "host/env.h"

enum { REGION_BYTES_MAX = 32 };

static const struct service {
    const char *environment;
    struct ps_span host;
} SERVICES[] = {
    [PS_ENDPOINT_S3] = { "AWS_ENDPOINT_URL_S3", PS_SPAN_INIT("s3") },
    [PS_ENDPOINT_DYNAMODB] = { "AWS_ENDPOINT_URL_DYNAMODB", PS_SPAN_INIT("dynamodb") },
    [PS_ENDPOINT_EVENTBRIDGE] = { "AWS_ENDPOINT_URL_EVENTBRIDGE", PS_SPAN_INIT("events") },
    [PS_ENDPOINT_KINESIS] = { "AWS_ENDPOINT_URL_KINESIS", PS_SPAN_INIT("kinesis") },
    [PS_ENDPOINT_FIREHOSE] = { "AWS_ENDPOINT_URL_FIREHOSE", PS_SPAN_INIT("firehose") },
    [PS_ENDPOINT_SQS] = { "AWS_ENDPOINT_URL_SQS", PS_SPAN_INIT("sqs") },
    [PS_ENDPOINT_SES] = { "AWS_ENDPOINT_URL_SESV2", PS_SPAN_INIT("email") },
    [PS_ENDPOINT_SECRETS_MANAGER] = { "AWS_ENDPOINT_URL_SECRETS_MANAGER", PS_SPAN_INIT("secretsmanager") },
    [PS_ENDPOINT_SSM] = { "AWS_ENDPOINT_URL_SSM", PS_SPAN_INIT("ssm") },
};

/* By the beginning of the region's name; the longest first where one begins another. */
static const struct partition {
    struct ps_span region;
    struct ps_span suffix;
} PARTITIONS[] = {
    { PS_SPAN_INIT("cn-"), PS_SPAN_INIT("amazonaws.com.cn") },
    { PS_SPAN_INIT("eusc-"), PS_SPAN_INIT("amazonaws.eu") },
    { PS_SPAN_INIT("us-isob-"), PS_SPAN_INIT("sc2s.sgov.gov") },
    { PS_SPAN_INIT("us-isof-"), PS_SPAN_INIT("csp.hci.ic.gov") },
    { PS_SPAN_INIT("eu-isoe-"), PS_SPAN_INIT("cloud.adc-e.uk") },
    { PS_SPAN_INIT("us-iso-"), PS_SPAN_INIT("c2s.ic.gov") },
};

static struct ps_span suffix_of(struct ps_span region)
{
    for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++) {
        if (ps_span_starts(region, PARTITIONS[i].region)) return PARTITIONS[i].suffix;
    }
    return PS_SPAN("amazonaws.com");
}

/* The region becomes a part of a host name: nothing else may get in with it. */
static enum ps_err check_region(struct ps_span region)
{
    if (region.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "no region: set AWS_REGION");
    bool ok = region.len <= REGION_BYTES_MAX;
    for (size_t i = 0; ok && i < region.len; i++) {
        char c = region.data[i];
        ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    if (!ok) PS_FAIL(PS_ERR_BAD_CONFIG, "AWS_REGION: %zu bytes that are no region's name", region.len);
    return PS_OK;
}

static struct ps_span custom_url(const struct service *service)
{
    if (ps_span_eq_nocase(ps_env_get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), PS_SPAN("true"))) return PS_SPAN("");
    struct ps_span url = ps_env_get(service->environment);
    return url.len > 0 ? url : ps_env_get("AWS_ENDPOINT_URL");
}

static enum ps_err resolve_custom(struct ps_arena *arena, struct ps_span url, struct ps_endpoint *out)
{
    struct ps_url parts;
    PS_TRY(ps_url_split(url, &parts));
    if (ps_span_find_byte(url, '?') != PS_SPAN_NONE) PS_FAIL(PS_ERR_BAD_CONFIG, "AWS_ENDPOINT_URL: a query in it");
    while (url.len > 0 && url.data[url.len - 1] == '/')
        url.len--;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_URL_BYTES_MAX);
    ps_buf_put(&buf, url);
    struct ps_endpoint endpoint = { .custom = true };
    PS_TRY(ps_buf_finish(&buf, &endpoint.url));
    *out = endpoint;
    return PS_OK;
}

enum ps_err ps_endpoint_resolve(struct ps_arena *arena, enum ps_endpoint_service which, struct ps_span region,
                                struct ps_endpoint *out)
{
    const struct service *service = &SERVICES[which];
    PS_TRY(check_region(region));
    struct ps_span custom = custom_url(service);
    if (custom.len > 0) return resolve_custom(arena, custom, out);
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_URL_BYTES_MAX);
    ps_buf_put(&buf, PS_SPAN("https://"));
    ps_buf_put(&buf, service->host);
    ps_buf_byte(&buf, '.');
    ps_buf_put(&buf, region);
    ps_buf_byte(&buf, '.');
    ps_buf_put(&buf, suffix_of(region));
    struct ps_endpoint endpoint = { 0 };
    PS_TRY(ps_buf_finish(&buf, &endpoint.url));
    endpoint.host = ps_span_from(endpoint.url, sizeof "https://" - 1);
    *out = endpoint;
    return PS_OK;
}
