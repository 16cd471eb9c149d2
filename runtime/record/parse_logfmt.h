/* logfmt: key=value pairs parted by spaces, values in quotes where they hold spaces; Go's \" \\ \n \t escapes.
 *
 * A line is logfmt when its first token is a pair and at least two pairs follow one another from the start of the
 * line. Bare words are allowed later; they become the field of that name with the value true. Core members as in
 * record/core.h; without a message member the message stays the whole line. */
#ifndef PS_PARSE_LOGFMT_H
#define PS_PARSE_LOGFMT_H

#include "record/record.h"

PS_MUST_USE enum ps_err ps_parse_logfmt(struct ps_arena *arena, struct ps_record *record, bool *matched);

#endif
