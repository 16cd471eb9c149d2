#include "cloudwatch-decoder/deliver.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "support/captured.h"
#include "support/check.h"
#include "support/fake_http.h"

static struct world {
    struct fake_http_step step;
    struct fake_http *server;
    struct ps_arena process, arena;
    struct ps_call_client *client;
    struct ps_batch *batch;
    struct ps_dead_letter_store *store;
    struct ps_redact *redact;
    struct ps_log log;
    struct ps_deadline deadline;
    struct ps_event event;
    struct ps_account account;
    struct deliver deliver;
} w;

static char folder[] = "/tmp/penstock-test-decoder-XXXXXX";

/* Two carriers with one event each: "one" and "two". */
#define ONE \
    "eyJtZXNzYWdlVHlwZSI6IkRBVEFfTUVTU0FHRSIsImxvZ1N0cmVhbSI6IndlYi0xIiwibG9nRXZlbnRzIjpbeyJpZCI6IjEiLCJ0aW1lc3RhbXAi" \
    "OjAsIm1lc3NhZ2UiOiJvbmUifV19"
#define TWO \
    "eyJtZXNzYWdlVHlwZSI6IkRBVEFfTUVTU0FHRSIsImxvZ1N0cmVhbSI6IndlYi0yIiwibG9nRXZlbnRzIjpbeyJpZCI6IjIiLCJ0aW1lc3RhbXAi" \
    "OjAsIm1lc3NhZ2UiOiJ0d28ifV19"
static const char CWLOGS[] = "{\"awslogs\":{\"data\":\"" ONE "\"}}";
static const char KINESIS[] =
    "{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"101\",\"data\":\"" ONE "\"}},"
    "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"102\",\"data\":\"" TWO "\"}}]}";
static const char DAMAGED[] = "{\"awslogs\":{\"data\":\"!\"}}";

#define TAKEN "{\"SequenceNumber\":\"49\",\"ShardId\":\"s\"}"
#define BUSY "{\"ErrorCode\":\"ProvisionedThroughputExceededException\",\"ErrorMessage\":\"SECRET\"}"

static void start(const char *payload, bool with_store, struct fake_http_reply reply)
{
    char url[64];
    w = (struct world){ .process = check_arena(128 << 20), .arena = check_arena(128 << 20) };
    w.step = (struct fake_http_step){ .reply = reply };
    w.server = fake_http_open(&w.step, 1, true);
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(w.server)));
    setenv("AWS_ENDPOINT_URL_KINESIS", url, 1);
    w.log = (struct ps_log){ .fd = captured_open(), .threshold = PS_LOG_TRACE };
    const struct ps_call_client_options client = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    const struct ps_batch_options batch = { .attempts_max = 1, .request_timeout_ms = 10000 };
    const struct ps_dead_letter_options store = { .directory = ps_span_of(with_store ? folder : ""),
                                                  .prefix = PS_SPAN("cloudwatch-decoder"),
                                                  .local = true };
    CHECK_OK(ps_call_client_open(&w.process, &client, &w.client));
    CHECK_OK(ps_batch_open(&w.process, w.client, &batch, &w.batch));
    CHECK_OK(ps_dead_letter_open(&w.process, NULL, &store, &w.store));
    CHECK_OK(ps_redact_open(&w.process, PS_SPAN("off"), PS_SPAN(""), &w.redact));
    CHECK_OK(ps_event_open(ps_span_of(payload), &w.event));
}

static enum ps_err run(void)
{
    const struct decode_options decode = { .redact = w.redact, .inflated_bytes_max = 1 << 20, .arena = &w.arena };
    const struct deliver_options options = {
        .batch = w.batch,
        .target = PS_SPAN("decoded"),
        .store = w.store,
        .arena = &w.arena,
        .log = &w.log,
        .deadline = &w.deadline,
        .event = &w.event,
    };
    PS_TRY(deliver_begin(&w.deliver, &options, &w.account));
    struct decode_output output = deliver_output(&w.deliver);
    PS_TRY(decode_run(&decode, &w.event, &output, &w.account));
    PS_TRY(deliver_finish(&w.deliver));
    CHECK(ps_account_balances(&w.account));
    return PS_OK;
}

static void stop(void)
{
    ps_redact_close(w.redact);
    ps_call_client_close(w.client);
    CHECK_EQ(fake_http_finish(w.server), 0);
    close(w.log.fd);
    ps_arena_fini(&w.process);
    ps_arena_fini(&w.arena);
}

static struct fake_http_reply answered(const char *body)
{
    return (struct fake_http_reply){ .status = 200, .body = ps_span_of(body) };
}

static void sent_records_are_stored_with_their_log_stream_as_key(void)
{
    start(KINESIS, true, answered("{\"Records\":[" TAKEN "," TAKEN "]}"));
    CHECK_OK(run());
    CHECK_EQ(w.account.verdicts[PS_VERDICT_STORED], 2);
    struct ps_span body = fake_http_request(w.server, 0).body;
    CHECK(ps_span_find(body, PS_SPAN("\"PartitionKey\":\"web-1\"")) != PS_SPAN_NONE);
    CHECK(ps_span_find(body, PS_SPAN("\"PartitionKey\":\"web-2\"")) != PS_SPAN_NONE);
    CHECK_EQ(w.deliver.stats.requests, 1);
    stop();
}

static void an_undelivered_record_goes_back_where_the_source_takes_it(void)
{
    start(KINESIS, false, answered("{\"Records\":[" TAKEN "," BUSY "]}"));
    w.deadline = (struct ps_deadline){ .at_us = UINT64_MAX, .reserve_ms = 0 };
    CHECK_OK(run());
    CHECK_EQ(w.account.verdicts[PS_VERDICT_STORED], 1);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_RETURNED], 1);
    CHECK_EQ(w.deliver.book.marks[0], PS_REPLY_DONE);
    CHECK_EQ(w.deliver.book.marks[1], PS_REPLY_RETURNED);
    stop();
}

static void a_direct_subscription_takes_nothing_back_so_it_is_a_dead_letter(void)
{
    start(CWLOGS, true, (struct fake_http_reply){ .status = 503 });
    CHECK_OK(run());
    CHECK_EQ(w.account.verdicts[PS_VERDICT_DEAD], 1);
    CHECK_EQ(w.deliver.letters.put, 1);
    stop();
}

static void a_damaged_carrier_is_a_dead_letter_and_never_handed_back(void)
{
    start(DAMAGED, true, answered("{}"));
    CHECK_OK(run());
    CHECK_EQ(w.account.verdicts[PS_VERDICT_DEAD], 1);
    CHECK_EQ(w.deliver.letters.put, 1);
    CHECK_EQ(fake_http_count(w.server), 0);
    stop();
}

static void without_a_store_for_dead_letters_the_invocation_fails(void)
{
    start(DAMAGED, false, answered("{}"));
    CHECK_ERR(run(), PS_ERR_BAD_CONFIG);
    stop();
}

int main(void)
{
    PS_ASSERT(mkdtemp(folder) != NULL);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret", 1);
    RUN(sent_records_are_stored_with_their_log_stream_as_key);
    RUN(an_undelivered_record_goes_back_where_the_source_takes_it);
    RUN(a_direct_subscription_takes_nothing_back_so_it_is_a_dead_letter);
    RUN(a_damaged_carrier_is_a_dead_letter_and_never_handed_back);
    RUN(without_a_store_for_dead_letters_the_invocation_fails);
    char command[64];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK_EQ(system(command), 0); // NOLINT(cert-env33-c): the name is ours
    return check_finish();
}
