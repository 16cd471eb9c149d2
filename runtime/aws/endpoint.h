/* Where a service is: AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL (both ignored when
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true), else https://<service>.<region>.<suffix of the partition>. */
#ifndef PS_ENDPOINT_H
#define PS_ENDPOINT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum ps_endpoint_service {
    PS_ENDPOINT_S3,
    PS_ENDPOINT_DYNAMODB,
    PS_ENDPOINT_EVENTBRIDGE,
    PS_ENDPOINT_KINESIS,
    PS_ENDPOINT_FIREHOSE,
    PS_ENDPOINT_SQS,
    PS_ENDPOINT_SES,
    PS_ENDPOINT_SECRETS_MANAGER,
    PS_ENDPOINT_SSM,
};

struct ps_endpoint {
    bool custom;         /* from the environment */
    struct ps_span url;  /* without a slash at its end */
    struct ps_span host; /* of AWS's own: "s3.eu-west-1.amazonaws.com"; empty for a custom one */
};

/* BAD_CONFIG for a region that is missing or cannot be one, and for a custom URL that is none. Texts on arena. */
PS_MUST_USE enum ps_err ps_endpoint_resolve(struct ps_arena *arena, enum ps_endpoint_service service,
                                            struct ps_span region, struct ps_endpoint *out);

#endif
