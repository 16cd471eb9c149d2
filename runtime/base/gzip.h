/* Whole gzip (RFC 1952, one or more members), zlib (RFC 1950) and the compression of request bodies.
 * The door to libdeflate. Checksums are verified; the inflated size has a ceiling; nothing is given out of a
 * truncated or damaged input. */
#ifndef PS_GZIP_H
#define PS_GZIP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum ps_gzip_form {
    PS_GZIP_PLAIN, /* neither of the two */
    PS_GZIP_GZIP,
    PS_GZIP_ZLIB,
};

/* By the first bytes: 1f 8b 08 is gzip; a zlib header (method 8, check bits right) is zlib. */
PS_API enum ps_gzip_form ps_gzip_detect(struct ps_span data);

/* Inflates every member of data onto arena as one span. TOO_LARGE over bytes_max, BAD_INPUT (with the offset of
 * the member) for damage or truncation. Zero bytes after the last member are allowed, anything else is not.
 * The ISIZE trailer is a hint and never trusted. While it works it may use as much of arena as bytes_max; what stays
 * is the result. The decompressor is allocated at the first call of a thread and freed at the end of the thread. */
PS_API PS_MUST_USE enum ps_err ps_gzip_inflate(struct ps_arena *arena, struct ps_span data, enum ps_gzip_form form,
                                               size_t bytes_max, struct ps_span *out);

/* CRC32 as gzip's trailer has it (RFC 1952, section 8), of bytes behind those that gave crc; begins with 0. */
PS_API uint32_t ps_gzip_crc32(uint32_t crc, struct ps_span bytes);

/* Process-long state; libdeflate allocates it once, at init. level 1 (fastest) to 9. */
struct ps_gzip_compressor;
PS_API PS_MUST_USE enum ps_err ps_gzip_compressor_open(struct ps_arena *process, int level,
                                                       struct ps_gzip_compressor **out);
PS_API void ps_gzip_compressor_close(struct ps_gzip_compressor *compressor);

/* The most that data_len bytes can become. */
PS_API size_t ps_gzip_compress_bound(struct ps_gzip_compressor *compressor, size_t data_len);

/* One gzip member into out (cap bytes): deterministic, no name, no time. TOO_LARGE when it does not fit. */
PS_API PS_MUST_USE enum ps_err ps_gzip_compress(struct ps_gzip_compressor *compressor, struct ps_span data, char *out,
                                                size_t cap, size_t *len);

#endif
