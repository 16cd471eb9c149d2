#include "base/uuid.h"

#include <stddef.h>
#include <string.h>

enum { UUID_BYTES = 16, VERSION_AT = 6, VARIANT_AT = 8 };

/* A hyphen stands before these bytes. */
static int begins_group(size_t i)
{
    return i == 4 || i == 6 || i == 8 || i == 10;
}

void ps_uuid_v5(const unsigned char sha1[PS_UUID_SHA1_BYTES], char out[PS_UUID_TEXT_BYTES])
{
    static const char HEX[] = "0123456789abcdef";
    unsigned char bytes[UUID_BYTES];
    memcpy(bytes, sha1, sizeof bytes);
    bytes[VERSION_AT] = (unsigned char)((bytes[VERSION_AT] & 0x0f) | 0x50);
    bytes[VARIANT_AT] = (unsigned char)((bytes[VARIANT_AT] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (begins_group(i)) *out++ = '-';
        *out++ = HEX[bytes[i] >> 4];
        *out++ = HEX[bytes[i] & 15];
    }
}
