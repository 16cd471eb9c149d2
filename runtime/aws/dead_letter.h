/* The dead-letter store: what could not be stored is kept, with its reason, until a person replays it.
 *
 * One object holds one or more letters as JSON lines (docs/wire/dead-letter.md). Its key is deterministic, derived
 * from the source's coordinates and the content, so that a retried invocation rewrites the same object instead of
 * adding one. S3 (DEAD_LETTER_BUCKET) or a folder (DEAD_LETTER_DIR, laptops only, refused unless PENSTOCK_LOCAL=1). */
#ifndef PS_DEAD_LETTER_H
#define PS_DEAD_LETTER_H

#include "aws/call.h"
#include "base/buf.h"

struct ps_dead_letter_store; /* opaque */

/* As functions have it in their settings: DEAD_LETTER_BUCKET, _DIR, _PREFIX and PENSTOCK_LOCAL. */
struct ps_dead_letter_options {
    struct ps_span bucket;
    struct ps_span directory;
    struct ps_span prefix; /* of keys: the function's name */
    bool local;            /* PENSTOCK_LOCAL=1 */
};

/* Adds each mistake in them, for a ps_config_check. */
PS_API void ps_dead_letter_check(const struct ps_dead_letter_options *options, struct ps_buf *mistakes);

/* BAD_CONFIG for both or a refused directory. With neither, *out is NULL: there is no store. */
PS_API PS_MUST_USE enum ps_err ps_dead_letter_open(struct ps_arena *process, struct ps_call_client *client,
                                                   const struct ps_dead_letter_options *options,
                                                   struct ps_dead_letter_store **out);

/* Puts body (JSON lines) under "<prefix>/<YYYY>/<MM>/<DD>/<name>.jsonl" where the day is that of time_ms (the events'
 * own, never the clock's) and name is a digest of coordinates and body. Success only when the store confirmed. */
PS_API PS_MUST_USE enum ps_err ps_dead_letter_put(struct ps_dead_letter_store *store, struct ps_arena *arena,
                                                  const struct ps_deadline *deadline, int64_t time_ms,
                                                  struct ps_span coordinates, struct ps_span body);

/* Replay reads back. Calls visit for each key under the prefix, oldest day first; visit reads and deletes. */
typedef enum ps_err ps_dead_letter_visit(void *context, struct ps_span key);
PS_API PS_MUST_USE enum ps_err ps_dead_letter_list(struct ps_dead_letter_store *store, struct ps_arena *arena,
                                                   ps_dead_letter_visit *visit, void *context);
PS_API PS_MUST_USE enum ps_err ps_dead_letter_get(struct ps_dead_letter_store *store, struct ps_arena *arena,
                                                  struct ps_span key, struct ps_span *body);
PS_API PS_MUST_USE enum ps_err ps_dead_letter_delete(struct ps_dead_letter_store *store, struct ps_arena *arena,
                                                     struct ps_span key);

#endif
