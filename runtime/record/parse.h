/* From a clean message to core members and fields: detection, then the parsers that may fit, in a fixed order.
 *
 * Never fails on input: what no parser takes is plain text, and what looked like JSON but is none (cut, damaged, too
 * many fields) is plain text with the reason in record->unparsed. NO_MEMORY is the only failure. The record's spans
 * point into its message and the arena. record->time_ms is set when it is 0: to the message's own time when plausible,
 * else to event_time_ms. */
#ifndef PS_PARSE_H
#define PS_PARSE_H

#include "record/record.h"

PS_MUST_USE enum ps_err ps_parse(struct ps_arena *arena, struct ps_record *record);

#endif
