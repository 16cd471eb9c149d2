/* Dead letters of one invocation, collected and put as one object (docs/wire/dead-letter.md has the format).
 * They are sorted by their place in the payload, so that a retried invocation builds the same bytes and hence rewrites
 * the same object. */
#ifndef PS_LETTERS_H
#define PS_LETTERS_H

#include "aws/dead_letter.h"
#include "base/buf.h"

/* An event id has 56 digits; of a longer one the beginning will do, the content makes the key its own. */
enum { PS_LETTERS_COORDINATES_BYTES_MAX = 256 };

/* One turn of the sink may give back every request on the way: they must fit behind what was wanted, with the letters'
 * own members (settings.c sees to it). */
enum { PS_LETTERS_IN_FLIGHT_BYTES_MAX = 8 << 20 };

/* Collected bytes that ask for a put; a single letter may pass it by one document. */
enum { PS_LETTERS_BYTES_WANTED = 2 << 20, PS_LETTERS_BYTES_MAX = 12 << 20, PS_LETTERS_MAX = 50000 };

struct ps_letter {
    uint64_t tag; /* place in the payload: the order in the object */
    size_t begin, len;
};

struct ps_letters {
    struct ps_dead_letter_store *store; /* NULL: there is none */
    struct ps_buf lines;
    struct ps_letter *entries;
    size_t count;
    struct ps_span coordinates; /* of the payload's first record: what the object's key is made of; on text below */
    char coordinates_text[PS_LETTERS_COORDINATES_BYTES_MAX];
    int64_t time_ms; /* that record's time */
    uint64_t put;    /* letters confirmed by the store */
};

/* BAD_CONFIG when a worker with so much memory could not hold its letters in bad times: better told at init than then.
 */
PS_API PS_MUST_USE enum ps_err ps_letters_check_memory(size_t memory_bytes);

/* Address space for the letters of one invocation, touched only when there are some. */
PS_API PS_MUST_USE enum ps_err ps_letters_begin(struct ps_letters *letters, struct ps_arena *arena,
                                                struct ps_dead_letter_store *store);

/* The payload's first record. A copy is kept: coordinates may lie on memory that is taken back before the put. */
PS_API void ps_letters_first_record(struct ps_letters *letters, struct ps_span coordinates, int64_t time_ms);

/* A document that was not stored: item is its action line and document line. */
PS_API PS_MUST_USE enum ps_err ps_letters_add_item(struct ps_letters *letters, uint64_t tag, struct ps_span reason,
                                                   uint32_t status, struct ps_span type, struct ps_span field,
                                                   struct ps_span item);

/* A row that was not stored: item is its JSON. */
PS_API PS_MUST_USE enum ps_err ps_letters_add_row(struct ps_letters *letters, uint64_t tag, struct ps_span reason,
                                                  uint32_t status, struct ps_span type, struct ps_span item);

/* Bytes that could not be decoded, the first 6 MiB of them (then "originalBytes" says how many there were); detail says
 * why and holds no payload. raw is base64 text as it came, or, with is_base64 false, any bytes (encoded here). */
PS_API PS_MUST_USE enum ps_err ps_letters_add_raw(struct ps_letters *letters, uint64_t tag, const char *detail,
                                                  struct ps_span raw, bool is_base64);

/* Whether enough has been collected to put it now. */
PS_API bool ps_letters_full(const struct ps_letters *letters);

/* Puts what has been collected. Fails when there is no store or it refuses; then the records have no home and the
 * invocation must fail. Nothing collected is fine. */
PS_API PS_MUST_USE enum ps_err ps_letters_put(struct ps_letters *letters, struct ps_arena *arena,
                                              const struct ps_deadline *deadline);

#endif
