/* Who called: Cognito identity and client context, which mobile SDKs send along. Both come as JSON in headers; they are
 * handed on raw (struct ps_invocation) and parsed only when a handler asks here. Members that are missing, null or of
 * another type are empty: what a caller left out must not fail an event. The client context is what the caller wrote:
 * nothing in it proves anything, and its bytes need not be UTF-8. All headers together are within
 * PS_WIRE_HEAD_BYTES_MAX.
 *
 * Sources: AWS Lambda developer guide, "Using the Lambda context object" (identity, clientContext); field names as the
 * mobile SDKs send them. The guide's page for Node.js spells one of them "Custom": both spellings are read. */
#ifndef PS_CALLER_H
#define PS_CALLER_H

#include "lambda/handler.h"

struct ps_caller_cognito {
    struct ps_span identity_id;      /* cognitoIdentityId */
    struct ps_span identity_pool_id; /* cognitoIdentityPoolId */
};

struct ps_caller_client {
    struct ps_span installation_id, app_title, app_version_name, app_version_code, app_package_name;
    struct ps_span custom; /* a raw JSON object, or empty */
    struct ps_span env;    /* likewise */
};

/* Without a header all members are empty. BAD_INPUT, naming the header, when the text is no JSON object; TOO_DEEP when
 * it is nested deeper than json_read reads. Spans lie on the invocation's arena. */
PS_API PS_MUST_USE enum ps_err ps_caller_cognito(const struct ps_invocation *inv, struct ps_caller_cognito *out);
PS_API PS_MUST_USE enum ps_err ps_caller_client(const struct ps_invocation *inv, struct ps_caller_client *out);

#endif
