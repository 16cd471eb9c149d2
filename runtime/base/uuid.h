/* UUID version 5 (RFC 9562, sections 5.5 and 4): the name-based one, so that the same name always gives the same UUID.
 * It never computes the digest: the caller brings SHA-1 (FIPS 180-4) over the namespace's 16 bytes and the name. */
#ifndef PS_UUID_H
#define PS_UUID_H

#include "base/attrs.h"

enum { PS_UUID_SHA1_BYTES = 20, PS_UUID_TEXT_BYTES = 36 };

/* Lower-case text, no NUL. The digest's last four bytes have no place in it. */
PS_API void ps_uuid_v5(const unsigned char sha1[PS_UUID_SHA1_BYTES], char out[PS_UUID_TEXT_BYTES]);

#endif
