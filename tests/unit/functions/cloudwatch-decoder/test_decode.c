#include "cloudwatch-decoder/decode.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/json_read.h"
#include "support/check.h"

static struct world {
    struct ps_arena process, arena;
    struct ps_redact *redact;
    struct ps_account account;
    struct ps_buf records; /* one a line */
    struct ps_buf faults;
    size_t carriers;
} w;

static enum ps_err begin_carrier(void *context, const struct ps_carrier *carrier)
{
    (void)context, (void)carrier;
    w.carriers++;
    return PS_OK;
}

static enum ps_err record(void *context, const struct decode_record *record)
{
    (void)context;
    CHECK_OK(ps_json_read_check(record->json));
    ps_buf_put(&w.records, record->json);
    ps_buf_byte(&w.records, '\n');
    ps_account_add(&w.account, PS_VERDICT_STORED, 1);
    return PS_OK;
}

static enum ps_err undecodable(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    (void)context, (void)raw, (void)is_base64;
    ps_buf_printf(&w.faults, "%zu %s\n", decode_tag_carrier(tag), detail);
    ps_account_add(&w.account, PS_VERDICT_DEAD, 1);
    return PS_OK;
}

static void start(const char *redact)
{
    w = (struct world){ .process = check_arena(64 << 20), .arena = check_arena(64 << 20) };
    CHECK_OK(ps_redact_open(&w.process, ps_span_of(redact), PS_SPAN(""), &w.redact));
    ps_buf_init(&w.records, &w.process, 4 << 20);
    ps_buf_init(&w.faults, &w.process, 1 << 20);
}

static void stop(void)
{
    ps_redact_close(w.redact);
    ps_arena_fini(&w.process);
    ps_arena_fini(&w.arena);
}

static enum ps_err run(struct ps_span payload)
{
    struct ps_event event;
    const struct decode_output output = { NULL, begin_carrier, record, undecodable };
    const struct decode_options options = {
        .redact = w.redact,
        .own_log_group = PS_SPAN("/aws/lambda/decoder"),
        .region = PS_SPAN("eu-central-1"),
        .inflated_bytes_max = 1 << 20,
        .arena = &w.arena,
    };
    PS_TRY(ps_event_open(payload, &event));
    enum ps_err err = decode_run(&options, &event, &output, &w.account);
    if (err == PS_OK) CHECK(ps_account_balances(&w.account));
    return err;
}

/* A direct subscription with this envelope. */
static struct ps_span payload_of(const char *envelope)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &w.process, 1 << 20);
    ps_buf_put(&buf, PS_SPAN("{\"awslogs\":{\"data\":\""));
    ps_base64_encode(&buf, ps_span_of(envelope));
    ps_buf_put(&buf, PS_SPAN("\"}}"));
    return ps_buf_span(&buf);
}

#define ENVELOPE(group, events) \
    "{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"123456789012\",\"logGroup\":\"" group \
    "\",\"logStream\":\"web-1\",\"subscriptionFilters\":[\"f\"],\"logEvents\":[" events "]}"

static void a_log_event_becomes_one_record_on_one_line(void)
{
    start("off");
    CHECK_OK(
        run(payload_of(ENVELOPE("app", "{\"id\":\"01\",\"timestamp\":1795255200123,\"message\":\"a\\nb \\\"c\\\"\"},"
                                       "{\"id\":\"02\",\"timestamp\":1795255200124,\"message\":\"d\"}"))));
    CHECK_TEXT(ps_buf_span(&w.records),
               "{\"group\":\"app\",\"stream\":\"web-1\",\"account\":\"123456789012\",\"region\":\"eu-central-1\","
               "\"id\":\"01\",\"ts\":1795255200123,\"time\":\"2026-11-21T10:00:00.123Z\","
               "\"message\":\"a\\nb \\\"c\\\"\"}\n"
               "{\"group\":\"app\",\"stream\":\"web-1\",\"account\":\"123456789012\",\"region\":\"eu-central-1\","
               "\"id\":\"02\",\"ts\":1795255200124,\"time\":\"2026-11-21T10:00:00.124Z\",\"message\":\"d\"}\n");
    CHECK_EQ(w.account.in, 2);
    stop();
}

static void extracted_fields_follow_and_system_fields_become_account_and_region(void)
{
    start("off");
    CHECK_OK(run(payload_of(
        ENVELOPE("app", "{\"id\":\"1\",\"timestamp\":0,\"message\":\"m\",\"extractedFields\":{\"@aws.account\":\"999\","
                        "\"@aws.region\":\"us-east-1\",\"status\":\"500\",\"deep\":{\"a\":\n[1,\r\n2]}}}"))));
    CHECK_TEXT(ps_buf_span(&w.records),
               "{\"group\":\"app\",\"stream\":\"web-1\",\"account\":\"999\",\"region\":\"us-east-1\",\"id\":\"1\","
               "\"ts\":0,\"time\":\"1970-01-01T00:00:00.000Z\",\"message\":\"m\","
               "\"fields\":{\"status\":\"500\",\"deep\":{\"a\":[1,2]}}}\n");
    stop();
}

static const char SECRETS[] = ENVELOPE("app", "{\"id\":\"1\",\"timestamp\":0,\"message\":\"key AKIAIOSFODNN7EXAMPLE\","
                                              "\"extractedFields\":{\"key\":\"AKIAIOSFODNN7EXAMPLE\"}}");

static void text_passes_as_it_is_unless_redaction_is_asked_for(void)
{
    start("off");
    CHECK_OK(run(payload_of(SECRETS)));
    CHECK(ps_span_find(ps_buf_span(&w.records), PS_SPAN("key AKIAIOSFODNN7EXAMPLE")) != PS_SPAN_NONE);
    CHECK_EQ(w.account.redacted, 0);
    stop();
    start("aws_keys");
    CHECK_OK(run(payload_of(SECRETS)));
    CHECK(ps_span_find(ps_buf_span(&w.records), PS_SPAN("AKIAIOSFODNN7EXAMPLE")) == PS_SPAN_NONE);
    CHECK_EQ(w.account.redacted, 2);
    stop();
}

static void a_secret_that_stands_in_a_field_only_is_hidden_too(void)
{
    start("aws_keys");
    CHECK_OK(run(payload_of(ENVELOPE("app", "{\"id\":\"1\",\"timestamp\":0,\"message\":\"m\","
                                            "\"extractedFields\":{\"key\":\"AKIAIOSFODNN7EXAMPLE\"}}"))));
    CHECK(ps_span_find(ps_buf_span(&w.records), PS_SPAN("\"key\":\"[REDACTED:aws_keys]\"")) != PS_SPAN_NONE);
    stop();
}

static void what_cannot_be_decoded_is_told_and_the_others_go_on(void)
{
    start("off");
    CHECK_OK(run(PS_SPAN("{\"invocationId\":\"i\",\"deliveryStreamArn\":\"a\",\"records\":["
                         "{\"recordId\":\"r0\",\"data\":\"!\"},{\"recordId\":\"r1\"},{\"recordId\":\"r2\",\"data\":"
                         "\"eyJtZXNzYWdlVHlwZSI6Ik9ERCJ9\"}]}")));
    CHECK_OK(run(payload_of(ENVELOPE("app", "7,{\"id\":\"1\"},{\"id\":\"2\",\"timestamp\":0,\"message\":\"m\"}"))));
    CHECK_TEXT(ps_buf_span(&w.faults), "0 base64: stops at byte 0 of 1\n"
                                       "1 data_missing\n"
                                       "2 messageType of 3 bytes is neither DATA_MESSAGE nor CONTROL_MESSAGE\n"
                                       "0 event_no_object\n"
                                       "0 message_missing\n");
    CHECK_EQ(w.account.in, 6);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_STORED], 1);
    CHECK_EQ(w.carriers, 4);
    stop();
}

static void the_functions_own_log_group_is_left_out(void)
{
    start("off");
    CHECK_OK(run(payload_of(ENVELOPE("/aws/lambda/decoder", "{\"id\":\"1\",\"timestamp\":0,\"message\":\"m\"}"))));
    CHECK_EQ(w.records.len, 0);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_FILTERED], 1);
    CHECK_EQ(w.account.refused_group, 1);
    stop();
}

static void a_control_message_is_no_record(void)
{
    start("off");
    CHECK_OK(run(payload_of("{\"messageType\":\"CONTROL_MESSAGE\",\"owner\":\"CloudwatchLogs\",\"logEvents\":[]}")));
    CHECK_EQ(w.account.in, 0);
    CHECK_EQ(w.account.control, 1);
    stop();
}

static void too_little_memory_for_a_carrier_is_its_own_fault_or_fails_the_payload(void)
{
    start("off");
    struct ps_span payload = payload_of(
        ENVELOPE("app", "{\"id\":\"1\",\"timestamp\":0,\"message\":\"a\\nb\",\"extractedFields\":{\"a\":1}}"));
    for (size_t n = 1; w.records.len == 0; n++) {
        w.account = (struct ps_account){ 0 };
        w.arena.fail_countdown = n;
        enum ps_err err = run(payload);
        CHECK(err == PS_ERR_NO_MEMORY || (err == PS_OK && w.account.in == 1));
        ps_arena_reset(&w.arena, 0);
    }
    CHECK(w.faults.len > 0);
    stop();
}

int main(void)
{
    RUN(a_log_event_becomes_one_record_on_one_line);
    RUN(extracted_fields_follow_and_system_fields_become_account_and_region);
    RUN(text_passes_as_it_is_unless_redaction_is_asked_for);
    RUN(a_secret_that_stands_in_a_field_only_is_hidden_too);
    RUN(what_cannot_be_decoded_is_told_and_the_others_go_on);
    RUN(the_functions_own_log_group_is_left_out);
    RUN(a_control_message_is_no_record);
    RUN(too_little_memory_for_a_carrier_is_its_own_fault_or_fails_the_payload);
    return check_finish();
}
