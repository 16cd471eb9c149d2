/* What core.c and core_object.c share. */
#ifndef PS_CORE_PRIV_H
#define PS_CORE_PRIV_H

#include "record/core.h"

/* Number of a name's entry from 1, or 0 when it is not known; and the entry of a number. */
uint8_t ps_core_number(struct ps_span name);
const struct ps_core_name *ps_core_numbered(uint8_t number);

/* Sets the core member of an entry unless another name has done so. */
PS_MUST_USE enum ps_err ps_core_set_by(struct ps_core_line *line, uint8_t number, const struct ps_field *value,
                                       bool *taken);

/* The core members in an object of a known name, as ECS nests them: log:{level}, http:{response:{status_code}}.
 * *all: it held nothing else, and something; then there is no need to keep it as a field. */
PS_MUST_USE enum ps_err ps_core_object_put(struct ps_core_line *line, struct ps_span name, struct ps_span object,
                                           bool *all);

#endif
