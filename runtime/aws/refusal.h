/* The error code in the body of a request that an AWS service of the JSON protocols refused: {"__type":"..."}, or
 * {"code":"..."}. The body is outside bytes. Source: Smithy, "AWS JSON 1.1 protocol", operation error serialization. */
#ifndef PS_REFUSAL_H
#define PS_REFUSAL_H

#include "base/span.h"

/* The code without its namespace and what follows a colon, a slice of body; empty when there is none. */
struct ps_span ps_refusal_code(struct ps_span body);

#endif
