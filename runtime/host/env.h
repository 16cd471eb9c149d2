/* The environment, asked and changed through one file so that tests can stand in for it. */
#ifndef PS_ENV_H
#define PS_ENV_H

#include "base/span.h"

/* The value, or an empty span when it is unset (an empty value counts as unset: that is how SAM and Terraform
 * spell "none"). The bytes live as long as the process does not change its environment. */
PS_API struct ps_span ps_env_get(const char *name);

/* Sets _X_AMZN_TRACE_ID, where X-Ray clients look for the trace of the invocation in hand; an empty (or absurdly
 * long) trace_id unsets it. Allocates only when the variable appears, not when it changes. One thread only. */
PS_API void ps_env_set_trace_id(struct ps_span trace_id);

/* One thread only. */
PS_API void ps_env_unset(const char *name);

#endif
