#include "base/uuid.h"

#include "support/check.h"

/* The first is RFC 9562's own example (appendix A.4); digests and texts of all are also those of Python's uuid5. */
static const struct {
    struct ps_span sha1;
    const char *text;
} VECTORS[] = {
    /* NAMESPACE_DNS, "www.example.com" */
    { PS_SPAN_INIT("\x2e\xd6\x65\x7d\xe9\x27\x46\x8b\x55\xe1\x26\x65\xa8\xae\xa6\xa2\x2d\xee\x3e\x35"),
      "2ed6657d-e927-568b-95e1-2665a8aea6a2" },
    /* NAMESPACE_DNS, "example.com" */
    { PS_SPAN_INIT("\xcf\xbf\xf0\xd1\x93\x75\x36\x85\x56\x8c\x48\xce\x8b\x15\xae\x17\xd9\x3c\xc3\x4c"),
      "cfbff0d1-9375-5685-968c-48ce8b15ae17" },
    /* NAMESPACE_URL, "https://example.com/" */
    { PS_SPAN_INIT("\xdd\x2c\x17\x80\x81\x1a\x22\x96\x41\xc5\x17\x8a\x0e\xf4\x88\xbc\xd7\xfd\x44\xd4"),
      "dd2c1780-811a-5296-81c5-178a0ef488bc" },
};

static struct ps_span text_of(struct ps_span sha1)
{
    static char text[PS_UUID_TEXT_BYTES];
    unsigned char bytes[PS_UUID_SHA1_BYTES];
    memcpy(bytes, sha1.data, sizeof bytes);
    ps_uuid_v5(bytes, text);
    return ps_span_make(text, sizeof text);
}

static void known_digests_give_known_uuids(void)
{
    for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++)
        CHECK_TEXT(text_of(VECTORS[i].sha1), VECTORS[i].text);
}

static void version_and_variant_stand_whatever_the_digest(void)
{
    CHECK_TEXT(text_of(PS_SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")), "00000000-0000-5000-8000-000000000000");
    CHECK_TEXT(text_of(PS_SPAN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")),
               "ffffffff-ffff-5fff-bfff-ffffffffffff");
}

int main(void)
{
    RUN(known_digests_give_known_uuids);
    RUN(version_and_variant_stand_whatever_the_digest);
    return check_finish();
}
