/* The environment, asked through one function so that tests can stand in for it. */
#ifndef PS_ENV_H
#define PS_ENV_H

#include "base/span.h"

/* The value, or an empty span when it is unset (an empty value counts as unset: that is how SAM and Terraform
 * spell "none"). The bytes live as long as the process does not change its environment. */
PS_API struct ps_span ps_env_get(const char *name);

#endif
