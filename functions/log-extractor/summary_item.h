/* A summary as DynamoDB JSON, written and read back: docs/wire/error-summary.md. Pure, but for the arena. */
#ifndef LOG_EXTRACTOR_SUMMARY_ITEM_H
#define LOG_EXTRACTOR_SUMMARY_ITEM_H

#include "summary.h"

/* What an item may have as JSON, which is never less than what DynamoDB counts; the rest of its 400 KB is for what
 * becomes of the mail. */
enum { SUMMARY_ITEM_BYTES_MAX = (400 << 10) - 512 };

/* The names of enum summary_state in items and for people; empty for NONE. */
struct ps_span summary_item_state(enum summary_state state);

/* ttl_s: 0 for none. Samples that find no room are left out; TOO_LARGE when even that is not enough.
 */
PS_MUST_USE enum ps_err summary_item_write(struct ps_arena *arena, const struct ps_patterns *patterns,
                                           const struct ps_dynamodb_key *key, int64_t ttl_s,
                                           const struct summary *summary, struct ps_span *out);

/* Texts are on arena or in json. Counts of patterns that are not in the set are dropped; BAD_INPUT for what
 * summary_item_write cannot have written. */
PS_MUST_USE enum ps_err summary_item_read(struct ps_arena *arena, const struct ps_patterns *patterns,
                                          struct ps_span json, struct summary *out);

#endif
