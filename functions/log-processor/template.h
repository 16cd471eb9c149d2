/* The index template that `penstock apply` puts. */
#ifndef LOG_PROCESSOR_TEMPLATE_H
#define LOG_PROCESSOR_TEMPLATE_H

#include "base/span.h"

extern const struct ps_span TEMPLATE_NAME;
extern const struct ps_span TEMPLATE_JSON;

#endif
