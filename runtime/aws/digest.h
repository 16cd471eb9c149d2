/* SHA-256 and SHA-1 (FIPS 180-4) and MD5 (RFC 1321), the door to aws-c-cal. SHA-1 and MD5 are for formats that name
 * them (UUID version 5, KPL aggregates), never for security. Each is taken over parts one after another, so that a name
 * need not be put together; SYSTEM when the crypto library refuses. */
#ifndef PS_DIGEST_H
#define PS_DIGEST_H

#include "base/err.h"
#include "base/span.h"

enum {
    PS_DIGEST_SHA256_BYTES = 32,
    PS_DIGEST_SHA256_HEX_BYTES = 64,
    PS_DIGEST_SHA1_BYTES = 20,
    PS_DIGEST_MD5_BYTES = 16,
};

PS_MUST_USE enum ps_err ps_digest_sha256(const struct ps_span *parts, size_t count,
                                         unsigned char out[PS_DIGEST_SHA256_BYTES]);

/* The same as lower-case hex. */
PS_API PS_MUST_USE enum ps_err ps_digest_sha256_hex(const struct ps_span *parts, size_t count,
                                                    char out[PS_DIGEST_SHA256_HEX_BYTES]);

PS_API PS_MUST_USE enum ps_err ps_digest_sha1(const struct ps_span *parts, size_t count,
                                              unsigned char out[PS_DIGEST_SHA1_BYTES]);

PS_API PS_MUST_USE enum ps_err ps_digest_md5(const struct ps_span *parts, size_t count,
                                             unsigned char out[PS_DIGEST_MD5_BYTES]);

#endif
