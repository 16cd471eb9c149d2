#include "aws/endpoint.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

static struct ps_arena arena;

static void forget(void)
{
    unsetenv("AWS_ENDPOINT_URL");
    unsetenv("AWS_ENDPOINT_URL_S3");
    unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
}

static void a_region_has_the_suffix_of_its_partition(void)
{
    static const struct {
        const char *region, *url;
    } CASES[] = {
        { "eu-central-1", "https://s3.eu-central-1.amazonaws.com" },
        { "us-gov-west-1", "https://s3.us-gov-west-1.amazonaws.com" },
        { "cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn" },
        { "us-iso-east-1", "https://s3.us-iso-east-1.c2s.ic.gov" },
        { "us-isob-east-1", "https://s3.us-isob-east-1.sc2s.sgov.gov" },
        { "eusc-de-east-1", "https://s3.eusc-de-east-1.amazonaws.eu" },
    };
    forget();
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_endpoint endpoint;
        CHECK_OK(ps_endpoint_resolve(&arena, PS_ENDPOINT_S3, ps_span_of(CASES[i].region), &endpoint));
        CHECK_TEXT(endpoint.url, CASES[i].url);
        CHECK_SPAN(endpoint.host, ps_span_from(endpoint.url, 8));
        CHECK(!endpoint.custom);
    }
}

static void the_environment_names_other_endpoints(void)
{
    struct ps_endpoint endpoint;
    forget();
    setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/", 1);
    CHECK_OK(ps_endpoint_resolve(&arena, PS_ENDPOINT_S3, PS_SPAN("us-east-1"), &endpoint));
    CHECK_TEXT(endpoint.url, "http://127.0.0.1:4566");
    CHECK(endpoint.custom);
    setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000/gate", 1);
    CHECK_OK(ps_endpoint_resolve(&arena, PS_ENDPOINT_S3, PS_SPAN("us-east-1"), &endpoint));
    CHECK_TEXT(endpoint.url, "http://127.0.0.1:9000/gate");
    CHECK_OK(ps_endpoint_resolve(&arena, PS_ENDPOINT_DYNAMODB, PS_SPAN("us-east-1"), &endpoint));
    CHECK_TEXT(endpoint.url, "http://127.0.0.1:4566");
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    CHECK_OK(ps_endpoint_resolve(&arena, PS_ENDPOINT_DYNAMODB, PS_SPAN("us-east-1"), &endpoint));
    CHECK_TEXT(endpoint.url, "https://dynamodb.us-east-1.amazonaws.com");
    forget();
}

/* Others set these variables: AWS's names, made of the services' ids in its SDKs. */
static void each_service_has_the_host_and_the_variable_that_aws_gave_it(void)
{
    static const struct {
        const char *host, *variable;
    } NAMES[] = {
        [PS_ENDPOINT_S3] = { "s3", "AWS_ENDPOINT_URL_S3" },
        [PS_ENDPOINT_DYNAMODB] = { "dynamodb", "AWS_ENDPOINT_URL_DYNAMODB" },
        [PS_ENDPOINT_EVENTBRIDGE] = { "events", "AWS_ENDPOINT_URL_EVENTBRIDGE" },
        [PS_ENDPOINT_KINESIS] = { "kinesis", "AWS_ENDPOINT_URL_KINESIS" },
        [PS_ENDPOINT_FIREHOSE] = { "firehose", "AWS_ENDPOINT_URL_FIREHOSE" },
        [PS_ENDPOINT_SQS] = { "sqs", "AWS_ENDPOINT_URL_SQS" },
        [PS_ENDPOINT_SES] = { "email", "AWS_ENDPOINT_URL_SESV2" },
        [PS_ENDPOINT_SECRETS_MANAGER] = { "secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER" },
        [PS_ENDPOINT_SSM] = { "ssm", "AWS_ENDPOINT_URL_SSM" },
    };
    forget();
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        struct ps_endpoint endpoint;
        char url[64];
        (void)snprintf(url, sizeof url, "https://%s.us-east-1.amazonaws.com", NAMES[i].host);
        CHECK_OK(ps_endpoint_resolve(&arena, (enum ps_endpoint_service)i, PS_SPAN("us-east-1"), &endpoint));
        CHECK_TEXT(endpoint.url, url);
        setenv(NAMES[i].variable, "http://127.0.0.1:9000", 1);
        CHECK_OK(ps_endpoint_resolve(&arena, (enum ps_endpoint_service)i, PS_SPAN("us-east-1"), &endpoint));
        CHECK_TEXT(endpoint.url, "http://127.0.0.1:9000");
        unsetenv(NAMES[i].variable);
    }
}

static void what_is_no_region_or_no_endpoint_is_refused(void)
{
    static const char *const REGIONS[] = { "", "us-east-1.evil.example/", "US-EAST-1", "a b",
                                           "a-region-name-that-is-longer-than-any" };
    struct ps_endpoint endpoint;
    forget();
    for (size_t i = 0; i < sizeof REGIONS / sizeof REGIONS[0]; i++)
        CHECK_ERR(ps_endpoint_resolve(&arena, PS_ENDPOINT_S3, ps_span_of(REGIONS[i]), &endpoint), PS_ERR_BAD_CONFIG);
    setenv("AWS_ENDPOINT_URL_S3", "127.0.0.1:9000", 1);
    CHECK_ERR(ps_endpoint_resolve(&arena, PS_ENDPOINT_S3, PS_SPAN("us-east-1"), &endpoint), PS_ERR_BAD_CONFIG);
    setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000/?a=b", 1);
    CHECK_ERR(ps_endpoint_resolve(&arena, PS_ENDPOINT_S3, PS_SPAN("us-east-1"), &endpoint), PS_ERR_BAD_CONFIG);
    forget();
}

static void each_missing_piece_of_memory_is_reported(void)
{
    struct ps_endpoint endpoint;
    forget();
    PS_EACH_FAILURE(&arena, ps_endpoint_resolve(&arena, PS_ENDPOINT_S3, PS_SPAN("us-east-1"), &endpoint));
    setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/", 1);
    PS_EACH_FAILURE(&arena, ps_endpoint_resolve(&arena, PS_ENDPOINT_S3, PS_SPAN("us-east-1"), &endpoint));
    forget();
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(a_region_has_the_suffix_of_its_partition);
    RUN(the_environment_names_other_endpoints);
    RUN(each_service_has_the_host_and_the_variable_that_aws_gave_it);
    RUN(what_is_no_region_or_no_endpoint_is_refused);
    RUN(each_missing_piece_of_memory_is_reported);
    ps_arena_fini(&arena);
    return check_finish();
}
