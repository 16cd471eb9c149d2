#include "aws/digest.h"

#include "support/check.h"

enum { DIGEST_BYTES_MAX = PS_DIGEST_SHA256_BYTES };

struct digest {
    const char *name;
    enum ps_err (*compute)(const struct ps_span *parts, size_t count, unsigned char *out);
    size_t bytes;
    const char *of_abc, *of_two_blocks, *of_nothing;
};

/* FIPS 180-4's examples; the same texts for MD5, whose "abc" and "" are those of RFC 1321, appendix A.5. */
static const struct digest DIGESTS[] = {
    { "SHA-256", ps_digest_sha256, PS_DIGEST_SHA256_BYTES,
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "SHA-1", ps_digest_sha1, PS_DIGEST_SHA1_BYTES, "a9993e364706816aba3e25717850c26c9cd0d89d",
      "84983e441c3bd26ebaae4aa1f95129e5e54670f1", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
    { "MD5", ps_digest_md5, PS_DIGEST_MD5_BYTES, "900150983cd24fb0d6963f7d28e17f72", "8215ef0796a20bcaaae116d3876c664a",
      "d41d8cd98f00b204e9800998ecf8427e" },
};

enum { DIGEST_COUNT = sizeof DIGESTS / sizeof DIGESTS[0] };

/* The bytes behind the digest's own are not written. */
static struct ps_span hex_of(const struct digest *digest, const struct ps_span *parts, size_t count)
{
    static char hex[2 * DIGEST_BYTES_MAX];
    unsigned char bytes[DIGEST_BYTES_MAX + 1];
    memset(bytes, 0xa5, sizeof bytes);
    CHECK_OK(digest->compute(parts, count, bytes));
    CHECK_EQ(bytes[digest->bytes], 0xa5);
    for (size_t i = 0; i < 2 * digest->bytes; i++)
        hex[i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    return ps_span_make(hex, 2 * digest->bytes);
}

static void digests_are_those_of_the_standard(void)
{
    const struct ps_span one_block = PS_SPAN("abc");
    const struct ps_span two_blocks = PS_SPAN("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    for (size_t i = 0; i < DIGEST_COUNT; i++) {
        CHECK_TEXT(hex_of(&DIGESTS[i], &one_block, 1), DIGESTS[i].of_abc);
        CHECK_TEXT(hex_of(&DIGESTS[i], &two_blocks, 1), DIGESTS[i].of_two_blocks);
    }
}

static void the_digest_of_nothing_is_known(void)
{
    const struct ps_span empty = { NULL, 0 };
    for (size_t i = 0; i < DIGEST_COUNT; i++) {
        CHECK_TEXT(hex_of(&DIGESTS[i], NULL, 0), DIGESTS[i].of_nothing);
        CHECK_TEXT(hex_of(&DIGESTS[i], &empty, 1), DIGESTS[i].of_nothing);
    }
}

static void parts_are_one_text(void)
{
    const struct ps_span parts[] = { PS_SPAN_INIT("a"), PS_SPAN_INIT(""), PS_SPAN_INIT("bc") };
    for (size_t i = 0; i < DIGEST_COUNT; i++)
        CHECK_TEXT(hex_of(&DIGESTS[i], parts, 3), DIGESTS[i].of_abc);
}

static void hex_is_lower_case(void)
{
    const struct ps_span text = PS_SPAN("abc");
    char hex[PS_DIGEST_SHA256_HEX_BYTES];
    CHECK_OK(ps_digest_sha256_hex(&text, 1, hex));
    CHECK_TEXT(ps_span_make(hex, sizeof hex), DIGESTS[0].of_abc);
}

int main(void)
{
    RUN(digests_are_those_of_the_standard);
    RUN(the_digest_of_nothing_is_known);
    RUN(parts_are_one_text);
    RUN(hex_is_lower_case);
    return check_finish();
}
