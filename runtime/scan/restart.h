/* Where decoding can begin again, written down as text: what an invocation leaves to the next. Reading checks all of it
 * (it comes from outside): form and limits, then a checksum; what passes is safe to begin at, whoever wrote it.
 *
 * The text is base64, so that it stands in JSON as it is, as a DynamoDB string or as binary. Layout and version:
 * docs/wire/object-text.md. */
#ifndef PS_RESTART_H
#define PS_RESTART_H

#include "base/arena.h"
#include "base/buf.h"
#include "scan/decode.h"
#include "scan/gunzip.h"
#include "scan/utf16.h"

enum { PS_RESTART_SCRATCH_BYTES = 64 << 10 }; /* for the bytes under the base64 */

struct ps_restart {
    enum ps_decode_form form;
    enum ps_decode_text text;
    uint64_t source_offset; /* where the next byte to be fed stands */
    uint64_t text_offset;   /* where the next text stands */
    struct ps_utf16 utf16;
    struct ps_gunzip_point gzip;
};

/* scratch has PS_RESTART_SCRATCH_BYTES and gets them back. */
void ps_restart_put(struct ps_arena *scratch, const struct ps_restart *restart, struct ps_buf *buf);

/* BAD_INPUT for what is no restart point of this version. */
PS_MUST_USE enum ps_err ps_restart_get(struct ps_arena *scratch, struct ps_span text, struct ps_restart *out);

#endif
