/* JSON values as fields: what OpenSearch would refuse is found while a value is skipped, and mended only then.
 *
 * Refused there, and therefore mended here: two members of one name (the last one stays, as in most JSON parsers),
 * empty names and names with empty parts between dots, strings longer than a Lucene term, numbers of more than 1,000
 * digits (kept as strings), nesting that is too deep. A value nested deeper than PS_RECORD_DEPTH_MAX, or an object with
 * more than PS_RECORD_FIELDS_MAX members, becomes a string that holds its JSON text. Everything else stays byte for
 * byte as it was written. */
#ifndef PS_JSON_VALUE_H
#define PS_JSON_VALUE_H

#include "base/json_read.h"
#include "record/record.h"

/* The value that is due, as the value and kind of a field: containers are skipped and mended when they break a limit.
 * around counts levels of the line that the reader does not see. */
PS_MUST_USE enum ps_err ps_json_value_read(struct ps_arena *arena, struct ps_json_reader *reader, unsigned around,
                                           struct ps_field *field, uint32_t *cuts);

/* Skips the object or array that is due; *raw is its slice. *breaks: a limit is broken, or may be (a name whose hash
 * was seen before counts): give it to ps_json_value_mend. */
PS_MUST_USE enum ps_err ps_json_value_skip(struct ps_json_reader *reader, unsigned around, struct ps_span *raw,
                                           bool *breaks);

/* A copy of a valid object or array that keeps every limit, on arena. depth is the level at which it stands (1: in the
 * line's own object). *kind becomes STRING when the whole had to be turned into text. *cuts counts cut strings. */
PS_MUST_USE enum ps_err ps_json_value_mend(struct ps_arena *arena, struct ps_span raw, unsigned depth,
                                           struct ps_span *out, enum ps_field_kind *kind, uint32_t *cuts);

/* The inside of a string when it has at most bytes_max bytes as written; else its beginning, whole characters and
 * escapes only, and the marker of record/clean.h, together at most bytes_max. */
PS_MUST_USE enum ps_err ps_json_value_cut(struct ps_arena *arena, struct ps_span inside, size_t bytes_max,
                                          struct ps_span *out, bool *cut);

/* The bytes_max to cut a value with that is over PS_RECORD_VALUE_BYTES_MAX: less by the words before the cut, because
 * half a secret is not known for one when secrets are looked for later. */
size_t ps_json_value_limit(struct ps_span value);

/* Whether a name needs ps_json_value_mend_name; false for nearly all. */
bool ps_json_value_name_suspect(struct ps_span name);

/* The name, or one like it that OpenSearch takes. name and *out are insides of JSON strings. */
PS_MUST_USE enum ps_err ps_json_value_mend_name(struct ps_arena *arena, struct ps_span name, struct ps_span *out);

/* One spelling for each name: escapes that need not be are undone, so that equal names have equal bytes. */
PS_MUST_USE enum ps_err ps_json_value_plain_name(struct ps_arena *arena, struct ps_span name, struct ps_span *out);

#endif
