#include "aws/s3_list.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

static struct ps_arena arena;

static const char PAGE[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>letters</Name><Prefix>fn%2F</Prefix>"
    "<NextContinuationToken>1ueG&amp;cX+/=</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>"
    "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
    "<Contents><Key>fn%2F2026%2F11%2F21%2Fa+b%2Bc%26%C3%BC.jsonl</Key><LastModified>2026-11-21T10:00:00.000Z"
    "</LastModified><ETag>&quot;70ee&quot;</ETag><Size>142863</Size></Contents>"
    "<Contents><Key>fn/2026/11/21/b.jsonl</Key></Contents></ListBucketResult>";

static void keys_and_token_are_read(void)
{
    struct ps_s3_page page;
    CHECK_OK(ps_s3_list_read(&arena, ps_span_of(PAGE), &page));
    CHECK_EQ(page.count, 2);
    CHECK_TEXT(page.keys[0], "fn/2026/11/21/a b+c&\xc3\xbc.jsonl");
    CHECK_TEXT(page.keys[1], "fn/2026/11/21/b.jsonl");
    CHECK_TEXT(page.next_token, "1ueG&cX+/=");
}

static void keys_that_are_not_url_encoded_are_taken_as_they_are(void)
{
    struct ps_s3_page page;
    CHECK_OK(
        ps_s3_list_read(&arena,
                        PS_SPAN("<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a%2F+&amp;&lt;&gt;"
                                "&quot;&#39;</Key></Contents></ListBucketResult>"),
                        &page));
    CHECK_EQ(page.count, 1);
    CHECK_TEXT(page.keys[0], "a%2F+&<>\"'");
    CHECK_EQ(page.next_token.len, 0);
}

static void an_empty_bucket_has_no_keys(void)
{
    struct ps_s3_page page;
    CHECK_OK(ps_s3_list_read(&arena, PS_SPAN("<ListBucketResult></ListBucketResult>"), &page));
    CHECK_EQ(page.count, 0);
}

static void what_is_no_listing_is_refused(void)
{
    static const char *const CASES[] = {
        "",
        "{}",
        "<Error><Code>NoSuchBucket</Code></Error>",
        "<ListBucketResult><Key>a</Key>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Key>&bomb;</Key></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Key>%</Key></ListBucketResult>",
    };
    struct ps_s3_page page;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK_ERR(ps_s3_list_read(&arena, ps_span_of(CASES[i]), &page), PS_ERR_BAD_INPUT);
}

static void more_keys_than_a_page_can_hold_are_refused(void)
{
    static char xml[40000];
    size_t len = (size_t)snprintf(xml, sizeof xml, "<ListBucketResult>");
    for (int i = 0; i < PS_S3_LIST_KEYS_MAX + 1; i++)
        len += (size_t)snprintf(xml + len, sizeof xml - len, "<Key>%d</Key>", i);
    len += (size_t)snprintf(xml + len, sizeof xml - len, "</ListBucketResult>");
    struct ps_s3_page page;
    CHECK_ERR(ps_s3_list_read(&arena, ps_span_make(xml, len), &page), PS_ERR_BAD_INPUT);
}

static void every_prefix_of_a_page_is_refused_and_not_overread(void)
{
    for (size_t len = 0; len + 1 < sizeof PAGE; len++) {
        char *copy = malloc(len > 0 ? len : 1);
        CHECK_OR_RETURN(copy != NULL);
        memcpy(copy, PAGE, len);
        struct ps_s3_page page;
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        CHECK_ERR(ps_s3_list_read(&arena, ps_span_make(copy, len), &page), PS_ERR_BAD_INPUT);
        ps_arena_rewind(&arena, mark);
        free(copy);
    }
}

static void an_error_code_is_a_plain_word(void)
{
    CHECK_TEXT(ps_s3_list_error_code(PS_SPAN("<Error><Code>NoSuchBucket</Code><Message>x</Message></Error>")),
               "NoSuchBucket");
    CHECK_TEXT(ps_s3_list_error_code(PS_SPAN("<Error><Code>secret: 1</Code></Error>")), "");
    CHECK_TEXT(ps_s3_list_error_code(PS_SPAN("<Error><Code>a")), "");
    CHECK_TEXT(ps_s3_list_error_code(PS_SPAN("")), "");
}

static void each_missing_piece_of_memory_is_reported(void)
{
    struct ps_s3_page page;
    PS_EACH_FAILURE(&arena, ps_s3_list_read(&arena, ps_span_of(PAGE), &page));
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(keys_and_token_are_read);
    RUN(keys_that_are_not_url_encoded_are_taken_as_they_are);
    RUN(an_empty_bucket_has_no_keys);
    RUN(what_is_no_listing_is_refused);
    RUN(more_keys_than_a_page_can_hold_are_refused);
    RUN(every_prefix_of_a_page_is_refused_and_not_overread);
    RUN(an_error_code_is_a_plain_word);
    RUN(each_missing_piece_of_memory_is_reported);
    ps_arena_fini(&arena);
    return check_finish();
}
