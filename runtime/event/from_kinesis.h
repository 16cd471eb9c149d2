/* One record of a Kinesis batch (Lambda's event source mapping) as a carrier. */
#ifndef PS_FROM_KINESIS_H
#define PS_FROM_KINESIS_H

#include "event/event.h"

/* raw is one element of Records. What is missing or of the wrong type becomes carrier->fault. */
void ps_from_kinesis_read(struct ps_span raw, struct ps_carrier *carrier);

/* Whether raw is a record of a Kinesis batch; if so, the stream's ARN and region where they are given. */
bool ps_from_kinesis_is(struct ps_span raw, struct ps_span *arn, struct ps_span *region);

#endif
