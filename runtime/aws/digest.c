#include "aws/digest.h"

#include <aws/cal/cal.h>
#include <aws/cal/hash.h>

#include "aws/crt.h"

struct algorithm {
    const char *name;
    aws_hash_new_fn *new;
    size_t bytes;
};

static bool update(struct aws_hash *hash, const struct ps_span *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct aws_byte_cursor bytes = aws_byte_cursor_from_array(parts[i].data, parts[i].len);
        if (aws_hash_update(hash, &bytes) != AWS_OP_SUCCESS) return false;
    }
    return true;
}

static enum ps_err compute(const struct algorithm *algorithm, const struct ps_span *parts, size_t count,
                           unsigned char *out)
{
    ps_crt_open(aws_cal_library_init);
    struct aws_hash *hash = algorithm->new (aws_default_allocator());
    if (hash == NULL) PS_FAIL(PS_ERR_SYSTEM, "%s: %s", algorithm->name, ps_crt_error_name());
    unsigned char digest[PS_DIGEST_SHA256_BYTES] = { 0 }; /* the longest of them */
    struct aws_byte_buf output = aws_byte_buf_from_empty_array(digest, algorithm->bytes);
    bool ok = update(hash, parts, count) && aws_hash_finalize(hash, &output, 0) == AWS_OP_SUCCESS;
    aws_hash_destroy(hash);
    if (!ok) PS_FAIL(PS_ERR_SYSTEM, "%s: %s", algorithm->name, ps_crt_error_name());
    memcpy(out, digest, algorithm->bytes);
    return PS_OK;
}

enum ps_err ps_digest_sha256(const struct ps_span *parts, size_t count, unsigned char out[PS_DIGEST_SHA256_BYTES])
{
    static const struct algorithm SHA256 = { "SHA-256", aws_sha256_new, PS_DIGEST_SHA256_BYTES };
    return compute(&SHA256, parts, count, out);
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

enum ps_err ps_digest_sha1(const struct ps_span *parts, size_t count, unsigned char out[PS_DIGEST_SHA1_BYTES])
{
    static const struct algorithm SHA1 = { "SHA-1", aws_sha1_new, PS_DIGEST_SHA1_BYTES };
    return compute(&SHA1, parts, count, out);
}

enum ps_err ps_digest_md5(const struct ps_span *parts, size_t count, unsigned char out[PS_DIGEST_MD5_BYTES])
{
    static const struct algorithm MD5 = { "MD5", aws_md5_new, PS_DIGEST_MD5_BYTES };
    return compute(&MD5, parts, count, out);
}
