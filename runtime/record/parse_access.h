/* Web server access lines: common and combined, of Apache, nginx and what copies them.
 *
 *   [vhost[:port]] client ident user [21/Nov/2026:10:00:00 +0000] "request" status bytes ["referer" "agent" [more...]]
 *
 * "-" is no value. A request that is no request line ("\x16\x03\x01") is kept as the field "request". After the agent
 * a number with a fraction, or rt=number, is the request's time in seconds; other columns become the field "extra".
 * The message stays the whole line. */
#ifndef PS_PARSE_ACCESS_H
#define PS_PARSE_ACCESS_H

#include "record/record.h"

PS_MUST_USE enum ps_err ps_parse_access(struct ps_arena *arena, struct ps_record *record, bool *matched);

#endif
