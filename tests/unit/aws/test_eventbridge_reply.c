#include <stdio.h>

#include "aws/eventbridge_priv.h"
#include "support/check.h"
#include "support/exact.h"

/* As the API reference shows it. */
static const char MIXED[] =
    "{\"FailedEntryCount\":1,\"Entries\":[{\"EventId\":\"11710aed-b79e-4468-a20b-bb3c0c3b4860\"},"
    "{\"ErrorCode\":\"MalformedDetail\",\"ErrorMessage\":\"Detail is malformed.\"},"
    "{\"EventId\":\"d804d26a-88db-4b66-9eaf-9a11c708ae82\",\"ErrorCode\":null}]}";

static enum ps_err read_text(const char *text, struct ps_span *codes, size_t count)
{
    return ps_eventbridge_reply_read(ps_span_of(text), codes, count);
}

static void codes_come_in_the_order_of_the_entries(void)
{
    struct ps_span codes[3];
    CHECK_OK(read_text(MIXED, codes, 3));
    CHECK_EQ(codes[0].len, 0);
    CHECK_TEXT(codes[1], "MalformedDetail");
    CHECK_EQ(codes[2].len, 0);
}

static void members_we_do_not_know_are_skipped(void)
{
    struct ps_span codes[1];
    CHECK_OK(read_text("{ \"a\" : [ {} ], \"Entries\" : [ { \"b\" : {\"ErrorCode\":\"x\"}, \"EventId\" : \"1\" } ], "
                       "\"FailedEntryCount\" : 0 }\n",
                       codes, 1));
    CHECK_EQ(codes[0].len, 0);
}

static void what_does_not_fit_its_request_is_no_answer(void)
{
    static const char *const ANSWERS[] = {
        "",
        "[]",
        "null",
        "<html></html>",
        "{\"FailedEntryCount\":0}",
        "{\"FailedEntryCount\":0,\"Entries\":null}",
        "{\"FailedEntryCount\":0,\"Entries\":[]}",
        "{\"FailedEntryCount\":0,\"Entries\":[[]]}",
        "{\"FailedEntryCount\":0,\"Entries\":[{}]}",
        "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"\"}]}",
        "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":1}]}",
        "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"1\"},{\"EventId\":\"2\"}]}",
        "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"1\"}],\"Entries\":[{\"EventId\":\"1\"}]}",
        "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"1\"}]}{}",
        "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"1\"}]",
        "{\"FailedEntryCount\":1,\"Entries\":[{\"EventId\":\"1\"}]}",
        "{\"FailedEntryCount\":0,\"Entries\":[{\"ErrorCode\":\"InternalFailure\"}]}",
        "{\"Entries\":[{\"EventId\":\"1\"}]}",
    };
    struct ps_span codes[1];
    for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
        if (!CHECK_ERR(read_text(ANSWERS[i], codes, 1), PS_ERR_BAD_INPUT)) printf("# %s\n", ANSWERS[i]);
    }
}

static void no_prefix_is_an_answer(void)
{
    struct ps_span codes[3];
    for (size_t len = 0; len < sizeof MIXED - 1; len++) {
        struct ps_span copy = exact_copy(ps_span_make(MIXED, len));
        CHECK_ERR(ps_eventbridge_reply_read(copy, codes, 3), PS_ERR_BAD_INPUT);
        exact_free(copy);
    }
}

int main(void)
{
    RUN(codes_come_in_the_order_of_the_entries);
    RUN(members_we_do_not_know_are_skipped);
    RUN(what_does_not_fit_its_request_is_no_answer);
    RUN(no_prefix_is_an_answer);
    return check_finish();
}
