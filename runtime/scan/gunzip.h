/* Inflates gzip as it comes: any number of members of any size, zeros behind the last. The door to zlib, which inflates
 * raw deflate only; headers, trailers and checksums are read here, so that a member taken up in its middle is checked
 * like any other.
 *
 * Memory: zlib's state and its window of 32 KB, from the arena given to open; nothing is allocated later. Members are
 * judged as they end: text that was given may turn out to belong to a damaged one. Sources: RFC 1951, RFC 1952; zlib's
 * manual. */
#ifndef PS_GUNZIP_H
#define PS_GUNZIP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum { PS_GUNZIP_WINDOW_BYTES = 32 << 10 };

/* Where inflating can begin again, but for its offset. */
struct ps_gunzip_point {
    bool in_member;        /* between two blocks of a member; else between two members, and the rest is zero */
    uint8_t bit_count;     /* 0 to 7: of the byte before the offset, those that are not used up */
    uint8_t bits;          /* they themselves */
    uint32_t crc;          /* of the member so far */
    uint32_t member_bytes; /* inflated so far, modulo 2^32 */
    uint32_t window_len;
    char window[PS_GUNZIP_WINDOW_BYTES]; /* the last bytes inflated */
};

struct ps_gunzip; /* opaque */

PS_MUST_USE enum ps_err ps_gunzip_open(struct ps_arena *process, struct ps_gunzip **out);
void ps_gunzip_close(struct ps_gunzip *gunzip);

/* Begins with the header of a first member, or at a point, whose numbers are within the limits above. */
void ps_gunzip_begin(struct ps_gunzip *gunzip);
void ps_gunzip_begin_at(struct ps_gunzip *gunzip, const struct ps_gunzip_point *point);

/* Inflates from the front of *in, which moves on, into out. Nothing made and *in empty: more is needed, or it is the
 * end. Goes on behind each member; stop_at_points: returns where a point can be had, too. BAD_INPUT for damage,
 * UNSUPPORTED for another method than deflate and for flags that RFC 1952 does not know; what was made before a failure
 * is given first. */
PS_MUST_USE enum ps_err ps_gunzip_next(struct ps_gunzip *gunzip, struct ps_span *in, bool stop_at_points, char *out,
                                       size_t cap, size_t *made);

/* Whether the input may end here. */
bool ps_gunzip_is_whole(const struct ps_gunzip *gunzip);

/* The point where it stands; false when it stands at none. */
PS_MUST_USE bool ps_gunzip_point(struct ps_gunzip *gunzip, struct ps_gunzip_point *out);

#endif
