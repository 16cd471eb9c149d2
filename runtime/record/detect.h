/* Which formats a message may have: cheap looks at its first bytes and its log group, so that the parsers that can't
 * match are not tried. A parser that is tried still decides for itself. */
#ifndef PS_DETECT_H
#define PS_DETECT_H

#include "record/record.h"

enum ps_detect {
    PS_DETECT_LAMBDA = 1 << 0,
    PS_DETECT_JSON = 1 << 1, /* the message begins with a brace */
    PS_DETECT_ALB = 1 << 2,
    PS_DETECT_VPC_FLOW = 1 << 3,
    PS_DETECT_ACCESS = 1 << 4,
    PS_DETECT_LOGFMT = 1 << 5,
    PS_DETECT_JSON_INSIDE = 1 << 6, /* a brace stands somewhere in it */
};

/* A set of the above; 0 for plain text. */
unsigned ps_detect(const struct ps_record *record);

/* Whether text is one of the 8-4-4-4-12 hex ids that Lambda gives its requests. */
bool ps_detect_uuid(struct ps_span text);

/* Whether the log group is a Lambda function's own. */
bool ps_detect_lambda_group(struct ps_span log_group);

#endif
