/* Access log lines of an Application Load Balancer, in the order AWS documents; columns added since may be absent,
 * further ones are ignored.
 *
 * status is the load balancer's answer, duration_ms the sum of the three processing times, trace_id the root of
 * X-Amzn-Trace-Id. The request is split into method, url and protocol; client and target into ip and port. "-" is no
 * value, nor is -1 of a time. The message stays the whole line. */
#ifndef PS_PARSE_ALB_H
#define PS_PARSE_ALB_H

#include "record/record.h"

PS_MUST_USE enum ps_err ps_parse_alb(struct ps_arena *arena, struct ps_record *record, bool *matched);

#endif
