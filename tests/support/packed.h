/* Texts and what compressors make of them, for tests of decoders. All results are malloc'ed, of their exact size, and
 * go back with exact_free. */
#ifndef PACKED_H
#define PACKED_H

#include "base/span.h"

/* Lines that compress about as well as logs do, the same for each seed. */
struct ps_span packed_text(size_t len, uint64_t seed);

struct packed_gzip {
    int level;             /* 0 to 9 */
    int strategy;          /* zlib's */
    size_t flush_every;    /* a full flush after that many bytes of text; 0: never */
    bool with_all_headers; /* extra field, name, comment and checksum */
};

struct ps_span packed_gzip(struct ps_span text, struct packed_gzip how);

/* One frame with a checksum. */
struct ps_span packed_zstd(struct ps_span text, int level);

/* The same text in UTF-16, with its byte order mark; text is ASCII. */
struct ps_span packed_utf16(struct ps_span text, bool big_endian);

struct ps_span packed_join(struct ps_span a, struct ps_span b);

#endif
