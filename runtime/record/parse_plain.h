/* The beginning of a plain line, or of the text before an object: a time stamp and a level, as most loggers write them.
 * They fill what nothing else has filled: a level where there is none, the time where it is still the event's. The
 * message stays as it is.
 *
 * A level counts within the first four words after the time: in capitals ("WARN"), in brackets ("[error]") or as the
 * first word before a colon ("Error: ..."). Never fails and never allocates. */
#ifndef PS_PARSE_PLAIN_H
#define PS_PARSE_PLAIN_H

#include "record/record.h"

void ps_parse_plain(struct ps_record *record, struct ps_span text);

#endif
