/* Decompresses zstd as it comes: any number of frames, skippable ones left out. The door to zstd.
 *
 * Memory: zstd's state and a window of up to the limit given to open, of the arena given there; a frame touches what
 * its own window needs. Nothing is allocated later. What a damaged frame gives before its fault does not depend on how
 * its bytes were cut. Sources: RFC 8878; zstd's manual. */
#ifndef PS_UNZSTD_H
#define PS_UNZSTD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum { PS_UNZSTD_BLOCK_BYTES_MAX = 128 << 10 }; /* what one block can become: RFC 8878, section 3.1.1.2.3 */

struct ps_unzstd; /* opaque */

/* window_log: frames with a window over 2 to that power are TOO_LARGE. */
PS_MUST_USE enum ps_err ps_unzstd_open(struct ps_arena *process, unsigned window_log, struct ps_unzstd **out);

/* Begins with a frame's first byte. */
void ps_unzstd_begin(struct ps_unzstd *unzstd);

/* Decompresses from the front of *in, which moves on, into out: at most a block, and cap is at least one. Returns at
 * each frame's end. Nothing made and *in empty: more is needed, or it is the end. BAD_INPUT for damage, TOO_LARGE
 * for a window over the limit, UNSUPPORTED for a dictionary, or what this version does not read. */
PS_MUST_USE enum ps_err ps_unzstd_next(struct ps_unzstd *unzstd, struct ps_span *in, char *out, size_t cap,
                                       size_t *made);

/* Whether it stands between two frames: the input may end here, or be taken up again. */
bool ps_unzstd_is_whole(const struct ps_unzstd *unzstd);

#endif
