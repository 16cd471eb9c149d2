/* SHA-256 (FIPS 180-4), the door to aws-c-cal. */
#ifndef PS_DIGEST_H
#define PS_DIGEST_H

#include "base/err.h"
#include "base/span.h"

enum { PS_DIGEST_SHA256_BYTES = 32, PS_DIGEST_SHA256_HEX_BYTES = 64 };

/* Over the parts one after another. SYSTEM when the crypto library refuses. */
PS_MUST_USE enum ps_err ps_digest_sha256(const struct ps_span *parts, size_t count,
                                         unsigned char out[PS_DIGEST_SHA256_BYTES]);

/* The same as lower-case hex. */
PS_MUST_USE enum ps_err ps_digest_sha256_hex(const struct ps_span *parts, size_t count,
                                             char out[PS_DIGEST_SHA256_HEX_BYTES]);

#endif
