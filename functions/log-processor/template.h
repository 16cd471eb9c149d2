/* The index templates that `penstock apply` puts, one for each field naming (record/schema.h). They act on indices that
 * are created afterwards. What every property is for: docs/wire/document.md; what a flat_object takes and refuses:
 * docs/wire/opensearch-bulk.md. */
#ifndef LOG_PROCESSOR_TEMPLATE_H
#define LOG_PROCESSOR_TEMPLATE_H

#include "base/span.h"

extern const struct ps_span TEMPLATE_NAME;
extern const struct ps_span TEMPLATE_JSON;     /* FIELD_SCHEMA=flat */
extern const struct ps_span TEMPLATE_ECS_JSON; /* FIELD_SCHEMA=ecs */

#endif
