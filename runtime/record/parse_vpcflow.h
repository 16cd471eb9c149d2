/* VPC flow log lines: space-separated columns in the default order of version 2, or in a declared one.
 *
 * Fields are named as AWS names them with '_' for '-' (account_id, srcaddr, log_status); numbers stay numbers, "-" is
 * no value. The record's time is the flow's start when that is plausible. NODATA and SKIPDATA lines are flow logs too.
 * The message stays the whole line. */
#ifndef PS_PARSE_VPCFLOW_H
#define PS_PARSE_VPCFLOW_H

#include "record/record.h"

enum { PS_PARSE_VPCFLOW_FIELDS_MAX = 64 };

struct ps_parse_vpcflow_format {
    struct ps_span names[PS_PARSE_VPCFLOW_FIELDS_MAX]; /* with '_' */
    size_t count;
};

/* The default order. */
PS_MUST_USE enum ps_err ps_parse_vpcflow(struct ps_arena *arena, struct ps_record *record, bool *matched);

/* A declared order. A line matches when it has exactly that many columns, with digits where numbers belong and a known
 * status. */
PS_MUST_USE enum ps_err ps_parse_vpcflow_fields(struct ps_arena *arena, struct ps_record *record,
                                                const struct ps_parse_vpcflow_format *format, bool *matched);

/* Reads an order as it stands in a header line ("version account-id interface-id ...") or in the console's form
 * ("${version} ${account-id} ..."). Names go to arena. *matched is false when it is no such list. */
PS_MUST_USE enum ps_err ps_parse_vpcflow_format(struct ps_arena *arena, struct ps_span text,
                                                struct ps_parse_vpcflow_format *out, bool *matched);

#endif
