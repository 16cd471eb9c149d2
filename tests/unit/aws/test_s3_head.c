#include "aws/s3_head.h"

#include <stdio.h>

#include "support/check.h"
#include "support/exact.h"

static bool is_range(const char *text)
{
    struct ps_s3_range range;
    return ps_s3_head_range(ps_span_of(text), &range) == PS_OK;
}

static void a_range_tells_both_ends_and_the_size(void)
{
    struct ps_s3_range range = { 0 };
    CHECK_OK(ps_s3_head_range(PS_SPAN("bytes 5-9/10000000000"), &range));
    CHECK_EQ(range.first, 5);
    CHECK_EQ(range.last, 9);
    CHECK_EQ(range.size, 10000000000);
    CHECK(is_range("bytes 0-0/1"));
}

static void what_no_object_can_have_is_no_range(void)
{
    static const char *const WRONG[] = { "",
                                         "bytes",
                                         "bytes ",
                                         "bytes */10",
                                         "bytes 0-9/*",
                                         "bytes 0-9",
                                         "bytes 0-9/",
                                         "bytes 9-0/10",
                                         "bytes 0-10/10",
                                         "bytes 0--1/0",
                                         "bytes -9/10",
                                         "0-9/10",
                                         "bytes 0-9/10 ",
                                         "bytes 0-9/99999999999999999999",
                                         "bytes +0-9/10",
                                         "items 0-9/10" };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        if (!CHECK(!is_range(WRONG[i]))) printf("# %s\n", WRONG[i]);
}

static void every_prefix_is_read_within_its_bytes(void)
{
    static const struct ps_span SAMPLES[] = { PS_SPAN_INIT("bytes 5-9/100"),
                                              PS_SPAN_INIT("Wed, 12 Oct 2022 17:50:00 GMT"),
                                              PS_SPAN_INIT("\"abc-3\"") };
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        for (size_t len = 0; len <= SAMPLES[i].len; len++) {
            struct ps_span text = exact_copy(ps_span_first(SAMPLES[i], len));
            struct ps_s3_range range;
            int64_t ms = 0;
            bool whole = ps_s3_head_range(text, &range) == PS_OK;
            CHECK(!whole || i == 0);
            CHECK_EQ(ps_s3_head_date(text, &ms), i == 1 && len == SAMPLES[i].len);
            CHECK(ps_s3_head_etag(text).len <= text.len);
            exact_free(text);
        }
    }
}

static void a_date_is_milliseconds(void)
{
    int64_t ms = 0;
    CHECK(ps_s3_head_date(PS_SPAN("Wed, 12 Oct 2022 17:50:00 GMT"), &ms));
    CHECK_EQ(ms, INT64_C(1665597000000));
    CHECK(!ps_s3_head_date(PS_SPAN("Wed, 12 Oct 2022 17:50:00 CET"), &ms));
    CHECK(!ps_s3_head_date(PS_SPAN("Wed, 12/Oct/2022 17:50:00 GMT"), &ms));
    CHECK(!ps_s3_head_date(PS_SPAN("Wed, 32 Oct 2022 17:50:00 GMT"), &ms));
    CHECK(!ps_s3_head_date(PS_SPAN("2022-10-12T17:50:00.000000000"), &ms));
}

static void an_etag_loses_its_quotes_only(void)
{
    CHECK_TEXT(ps_s3_head_etag(PS_SPAN("\"abc-3\"")), "abc-3");
    CHECK_TEXT(ps_s3_head_etag(PS_SPAN("abc")), "abc");
    CHECK_TEXT(ps_s3_head_etag(PS_SPAN("\"")), "\"");
    CHECK_TEXT(ps_s3_head_etag(PS_SPAN("\"\"")), "");
    CHECK_TEXT(ps_s3_head_etag(PS_SPAN("")), "");
}

int main(void)
{
    RUN(a_range_tells_both_ends_and_the_size);
    RUN(what_no_object_can_have_is_no_range);
    RUN(every_prefix_is_read_within_its_bytes);
    RUN(a_date_is_milliseconds);
    RUN(an_etag_loses_its_quotes_only);
    return check_finish();
}
