#include "aws/digest.h"

#include <aws/cal/cal.h>
#include <aws/cal/hash.h>

#include "aws/crt.h"

static bool update(struct aws_hash *hash, const struct ps_span *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct aws_byte_cursor bytes = aws_byte_cursor_from_array(parts[i].data, parts[i].len);
        if (aws_hash_update(hash, &bytes) != AWS_OP_SUCCESS) return false;
    }
    return true;
}

enum ps_err ps_digest_sha256(const struct ps_span *parts, size_t count, unsigned char out[PS_DIGEST_SHA256_BYTES])
{
    ps_crt_open(aws_cal_library_init);
    struct aws_hash *hash = aws_sha256_new(aws_default_allocator());
    if (hash == NULL) PS_FAIL(PS_ERR_SYSTEM, "SHA-256: %s", ps_crt_error_name());
    unsigned char digest[PS_DIGEST_SHA256_BYTES] = { 0 };
    struct aws_byte_buf output = aws_byte_buf_from_empty_array(digest, sizeof digest);
    bool ok = update(hash, parts, count) && aws_hash_finalize(hash, &output, 0) == AWS_OP_SUCCESS;
    aws_hash_destroy(hash);
    if (!ok) PS_FAIL(PS_ERR_SYSTEM, "SHA-256: %s", ps_crt_error_name());
    memcpy(out, digest, sizeof digest);
    return PS_OK;
}

enum ps_err ps_digest_sha256_hex(const struct ps_span *parts, size_t count, char out[PS_DIGEST_SHA256_HEX_BYTES])
{
    static const char HEX[] = "0123456789abcdef";
    unsigned char digest[PS_DIGEST_SHA256_BYTES] = { 0 };
    PS_TRY(ps_digest_sha256(parts, count, digest));
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = HEX[digest[i] >> 4];
        out[2 * i + 1] = HEX[digest[i] & 15];
    }
    return PS_OK;
}
