#include "aws/batch_priv.h"
#include "aws/refusal.h"
#include "support/check.h"
#include "support/exact.h"

static const char KINESIS[] = "{\"FailedRecordCount\":1,\"Records\":[{\"SequenceNumber\":\"49\",\"ShardId\":\"s\"},"
                              "{\"ErrorCode\":\"ProvisionedThroughputExceededException\",\"ErrorMessage\":\"SECRET\"}],"
                              "\"EncryptionType\":\"KMS\"}";
static const char FIREHOSE[] = "{\"Encrypted\":false,\"FailedPutCount\":1,\"RequestResponses\":[{\"RecordId\":\"r\"},"
                               "{\"ErrorCode\":\"ServiceUnavailableException\",\"ErrorMessage\":\"SECRET\"}]}";
static const char SQS[] =
    "{\"Failed\":[{\"Id\":\"1\",\"Code\":\"InvalidMessageContents\",\"SenderFault\":true,\"Message\":\"SECRET\"}],"
    "\"Successful\":[{\"Id\":\"0\",\"MessageId\":\"m\"}]}";

static void each_record_gets_what_the_answer_says_of_it(void)
{
    struct ps_batch_verdict verdicts[2];
    CHECK_OK(ps_batch_reply_read(PS_BATCH_KINESIS, ps_span_of(KINESIS), verdicts, 2));
    CHECK_EQ(verdicts[0].code.len, 0);
    CHECK_TEXT(verdicts[1].code, "ProvisionedThroughputExceededException");
    CHECK(!verdicts[1].final);
    CHECK_OK(ps_batch_reply_read(PS_BATCH_FIREHOSE, ps_span_of(FIREHOSE), verdicts, 2));
    CHECK_EQ(verdicts[0].code.len, 0);
    CHECK_TEXT(verdicts[1].code, "ServiceUnavailableException");
    CHECK_OK(ps_batch_reply_read(PS_BATCH_SQS, ps_span_of(SQS), verdicts, 2));
    CHECK_EQ(verdicts[0].code.len, 0);
    CHECK_TEXT(verdicts[1].code, "InvalidMessageContents");
    CHECK(verdicts[1].final);
}

static void a_prefix_of_an_answer_is_none(void)
{
    static const char *const SAMPLES[] = {
        [PS_BATCH_KINESIS] = KINESIS, [PS_BATCH_FIREHOSE] = FIREHOSE, [PS_BATCH_SQS] = SQS
    };
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        struct ps_span body = ps_span_of(SAMPLES[i]);
        for (size_t len = 0; len < body.len; len++) {
            struct ps_batch_verdict verdicts[2];
            struct ps_span copy = exact_copy(ps_span_first(body, len));
            CHECK(ps_batch_reply_read((enum ps_batch_service)i, copy, verdicts, 2) != PS_OK);
            exact_free(copy);
        }
    }
}

static void ids_that_were_not_sent_or_come_twice_prove_nothing(void)
{
    static const char *const BODIES[] = {
        "{\"Successful\":[{\"Id\":\"0\",\"MessageId\":\"m\"}]}",
        "{\"Successful\":[{\"Id\":\"0\",\"MessageId\":\"m\"},{\"Id\":\"0\",\"MessageId\":\"m\"}]}",
        "{\"Successful\":[{\"Id\":\"0\",\"MessageId\":\"m\"},{\"Id\":\"2\",\"MessageId\":\"m\"}]}",
        "{\"Successful\":[{\"Id\":\"0\",\"MessageId\":\"m\"},{\"Id\":\"x\",\"MessageId\":\"m\"}]}",
        "{\"Successful\":{\"Id\":\"0\"},\"Failed\":[]}",
    };
    for (size_t i = 0; i < sizeof BODIES / sizeof BODIES[0]; i++) {
        struct ps_batch_verdict verdicts[2];
        CHECK_ERR(ps_batch_reply_read(PS_BATCH_SQS, ps_span_of(BODIES[i]), verdicts, 2), PS_ERR_BAD_INPUT);
    }
}

static void an_answer_for_more_or_fewer_records_than_were_sent_proves_nothing(void)
{
    struct ps_batch_verdict verdicts[3] = { 0 };
    CHECK_ERR(ps_batch_reply_read(PS_BATCH_KINESIS, ps_span_of(KINESIS), verdicts, 1), PS_ERR_BAD_INPUT);
    CHECK_EQ(verdicts[1].code.len, 0); /* nothing is written behind what was sent */
    CHECK_ERR(ps_batch_reply_read(PS_BATCH_KINESIS, ps_span_of(KINESIS), verdicts, 3), PS_ERR_BAD_INPUT);
    const struct ps_span many = PS_SPAN("{\"Records\":[{\"SequenceNumber\":\"1\"},{\"SequenceNumber\":\"2\"}]}");
    CHECK_ERR(ps_batch_reply_read(PS_BATCH_KINESIS, many, verdicts, 0), PS_ERR_BAD_INPUT);
}

static void a_code_goes_before_the_status(void)
{
    static const struct {
        uint32_t status;
        const char *body;
        enum ps_batch_meaning meaning;
    } CASES[] = {
        { 200, "", PS_BATCH_ANSWERED },
        { 400, "{\"__type\":\"ThrottlingException\"}", PS_BATCH_THROTTLED },
        { 400, "{\"__type\":\"com.amazonaws.kinesis#ResourceNotFoundException:http://x\"}", PS_BATCH_NO_TARGET },
        { 400, "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}", PS_BATCH_NO_TARGET },
        { 403, "{\"__type\":\"AccessDeniedException\"}", PS_BATCH_NO_PERMISSION },
        { 403, "<html>", PS_BATCH_DENIED },
        { 413, "", PS_BATCH_REFUSED },
        { 400, "{\"__type\":\"com.amazonaws.sqs#BatchRequestTooLong\"}", PS_BATCH_REFUSED },
        { 400, "{\"__type\":\"InvalidArgumentException\"}", PS_BATCH_UNEXPECTED },
        { 400, "{\"__type\":\"NobodyKnows\"}", PS_BATCH_UNEXPECTED },
        { 429, "[]", PS_BATCH_THROTTLED },
        { 500, "", PS_BATCH_RETRY },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span code = ps_refusal_code(ps_span_of(CASES[i].body));
        CHECK_EQ(ps_batch_reply_meaning(CASES[i].status, code), CASES[i].meaning);
    }
}

int main(void)
{
    RUN(each_record_gets_what_the_answer_says_of_it);
    RUN(a_prefix_of_an_answer_is_none);
    RUN(ids_that_were_not_sent_or_come_twice_prove_nothing);
    RUN(an_answer_for_more_or_fewer_records_than_were_sent_proves_nothing);
    RUN(a_code_goes_before_the_status);
    return check_finish();
}
