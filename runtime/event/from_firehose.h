/* One record of a Firehose transformation batch as a carrier. */
#ifndef PS_FROM_FIREHOSE_H
#define PS_FROM_FIREHOSE_H

#include "event/event.h"

/* raw is one element of records. What is missing or of the wrong type becomes carrier->fault. */
void ps_from_firehose_read(struct ps_span raw, struct ps_carrier *carrier);

#endif
