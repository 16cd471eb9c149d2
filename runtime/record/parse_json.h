/* JSON application logs: an object that is the whole message, or stands somewhere in it.
 *
 * The object's core members (record/core.h) are taken, all others become fields in their order, values as written.
 * The object has a message: that is the message, and text around the object becomes the fields "prefix" and "suffix".
 * It has none: the message stays the whole text, so that nothing a person reads is lost. Time and level of the text
 * before the object count where the object has none.
 * At most three opening braces are looked at; the first that begins an object decides, since what stands inside a cut
 * object is not the line's own. EMF lines are JSON as any other. */
#ifndef PS_PARSE_JSON_H
#define PS_PARSE_JSON_H

#include "record/record.h"

PS_MUST_USE enum ps_err ps_parse_json(struct ps_arena *arena, struct ps_record *record, bool *matched);

/* Why a message that begins like an object is none: "json_cut", "json_invalid", "too_many_fields"; empty when it
 * parses or does not begin like one. Reads the whole message again: for lines that have failed. */
struct ps_span ps_parse_json_fault(struct ps_span message);

#endif
