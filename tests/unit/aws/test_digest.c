#include "aws/digest.h"

#include <stdlib.h>

#include "support/check.h"

/* FIPS 180-4's examples. */
static void digests_are_those_of_the_standard(void)
{
    char hex[PS_DIGEST_SHA256_HEX_BYTES];
    struct ps_span text = PS_SPAN("abc");
    CHECK_OK(ps_digest_sha256_hex(&text, 1, hex));
    CHECK_SPAN(ps_span_make(hex, sizeof hex),
               PS_SPAN("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    text = PS_SPAN("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    CHECK_OK(ps_digest_sha256_hex(&text, 1, hex));
    CHECK_SPAN(ps_span_make(hex, sizeof hex),
               PS_SPAN("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
}

static void the_digest_of_nothing_is_known(void)
{
    char hex[PS_DIGEST_SHA256_HEX_BYTES];
    const struct ps_span empty = { NULL, 0 };
    CHECK_OK(ps_digest_sha256_hex(NULL, 0, hex));
    CHECK_SPAN(ps_span_make(hex, sizeof hex),
               PS_SPAN("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    CHECK_OK(ps_digest_sha256_hex(&empty, 1, hex));
    CHECK_SPAN(ps_span_make(hex, sizeof hex),
               PS_SPAN("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

static void parts_are_one_text(void)
{
    const struct ps_span parts[] = { PS_SPAN_INIT("a"), PS_SPAN_INIT(""), PS_SPAN_INIT("bc") }, whole = PS_SPAN("abc");
    unsigned char a[PS_DIGEST_SHA256_BYTES], b[PS_DIGEST_SHA256_BYTES];
    CHECK_OK(ps_digest_sha256(parts, 3, a));
    CHECK_OK(ps_digest_sha256(&whole, 1, b));
    CHECK(memcmp(a, b, sizeof a) == 0);
}

int main(void)
{
    RUN(digests_are_those_of_the_standard);
    RUN(the_digest_of_nothing_is_known);
    RUN(parts_are_one_text);
    return check_finish();
}
