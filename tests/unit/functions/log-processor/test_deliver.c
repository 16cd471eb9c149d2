#include "log-processor/deliver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/captured.h"
#include "support/check.h"
#include "support/fake_http.h"

/* A domain on loopback whose answer to each document is the fate that stands in it: {"fate":400}. */
struct domain {
    struct fake_http *server;
    struct fake_http_step step;
    struct ps_arena answers; /* stay until they have been sent */
};

static uint64_t fate_of(struct ps_span document)
{
    uint64_t fate = 0;
    ptrdiff_t at = ps_span_find(document, PS_SPAN("\"fate\":"));
    bool is_number = at != PS_SPAN_NONE && ps_span_to_u64(ps_span_make(document.data + at + 7, 3), &fate);
    return is_number ? fate : 0;
}

static void answer(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    struct domain *domain = context;
    if (ps_span_eq(request->method, PS_SPAN("HEAD"))) return;
    struct ps_buf out;
    ps_buf_init(&out, &domain->answers, 1 << 20);
    ps_buf_put(&out, PS_SPAN("{\"errors\":true,\"items\":["));
    struct ps_span body = request->body;
    for (bool first = true; body.len > 0; first = false) {
        bool more = false;
        (void)ps_span_split(&body, '\n', &more);
        unsigned fate = (unsigned)fate_of(ps_span_split(&body, '\n', &more));
        ps_buf_printf(&out, "%s{\"create\":{\"status\":%u", first ? "" : ",", fate);
        if (fate >= 300)
            ps_buf_printf(
                &out,
                ",\"error\":{\"type\":\"%s\",\"reason\":\"failed to parse field [status] of type [integer] in "
                "document with id 'x'. Preview of field's value: 'SECRET'\"}",
                fate == 409 ? "version_conflict_engine_exception" : "mapper_parsing_exception");
        ps_buf_put(&out, PS_SPAN("}}"));
    }
    ps_buf_put(&out, PS_SPAN("]}"));
    reply->status = 200;
    reply->body = ps_buf_span(&out);
}

/* What an invocation needs, and what it left behind. */
static struct world {
    struct domain domain;
    struct ps_arena process, arena;
    struct ps_call_client *client;
    struct ps_opensearch *sink;
    struct ps_dead_letter_store *store;
    struct ps_log log;
    struct ps_deadline deadline;
    struct ps_event event;
    struct ps_account account;
    struct deliver deliver;
    struct pipeline_output output;
} w;

static char folder[] = "/tmp/penstock-test-deliver-XXXXXX";

static const char CWLOGS[] = "{\"awslogs\":{\"data\":\"AAAA\"}}";
static const char KINESIS[] =
    "{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"101\",\"data\":\"AAAA\"}},"
    "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"102\",\"data\":\"AAAA\"}},"
    "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"103\",\"data\":\"AAAA\"}}]}";
static const char MSK[] = "{\"eventSource\":\"aws:kafka\",\"records\":{\"t-1\":[{\"offset\":7,\"value\":\"AAAA\"},{"
                          "\"offset\":8,\"value\":\"AAAA\"},"
                          "{\"offset\":9,\"value\":\"AAAA\"}],\"t-0\":[{\"offset\":7,\"value\":\"AAAA\"}]}}";
static const char FIREHOSE[] =
    "{\"invocationId\":\"i\",\"deliveryStreamArn\":\"a\",\"records\":[{\"recordId\":\"r0\",\"data\":"
    "\"AAAA\"},{\"recordId\":\"r1\",\"data\":\"BBBB\"}]}";

static void open_store(const char *directory)
{
    const struct ps_dead_letter_options options = { .directory = ps_span_of(directory),
                                                    .prefix = PS_SPAN("log-processor"),
                                                    .local = true };
    CHECK_OK(ps_dead_letter_open(&w.process, NULL, &options, &w.store));
}

static void start(const char *payload)
{
    w = (struct world){ .process = check_arena(128 << 20), .arena = check_arena(128 << 20) };
    w.domain.answers = check_arena(16 << 20);
    w.domain.step = (struct fake_http_step){ .answer = answer, .context = &w.domain };
    w.domain.server = fake_http_open(&w.domain.step, 1, true);
    w.log = (struct ps_log){ .fd = captured_open(), .threshold = PS_LOG_TRACE };
    struct ps_call_client_options client = { .region = PS_SPAN("eu-west-1") };
    CHECK_OK(ps_call_client_open(&w.process, &client, &w.client));
    struct ps_opensearch_options options = {
        .endpoint = fake_http_url(w.domain.server),
        .auth = PS_OPENSEARCH_NONE,
        .slots = 2,
        .bulk_bytes_max = 64 << 10,
        .item_bytes_max = 64 << 10,
        .bulk_items_max = 100,
        .attempts_max = 1,
        .request_timeout_ms = 10000,
    };
    CHECK_OK(ps_opensearch_open(&w.process, w.client, &options, &w.sink));
    CHECK_OK(ps_event_open(ps_span_of(payload), &w.event));
    open_store(folder);
}

static void begin(void)
{
    struct deliver_options options = {
        .sink = w.sink,
        .store = w.store,
        .log = &w.log,
        .deadline = &w.deadline,
        .event = &w.event,
        .takes_back = ps_reply_takes_back(w.event.source),
    };
    CHECK_OK(deliver_begin(&w.deliver, &w.arena, &options, &w.account));
    w.output = deliver_output(&w.deliver);
    w.output.first_record(w.output.context, PS_SPAN("3931"), 1795255200000);
}

static void stop(void)
{
    ps_opensearch_close(w.sink);
    ps_call_client_close(w.client);
    CHECK_EQ(fake_http_finish(w.domain.server), 0);
    close(w.log.fd);
    ps_arena_fini(&w.domain.answers);
    ps_arena_fini(&w.arena);
    ps_arena_fini(&w.process);
}

static void send(size_t carrier, size_t event, unsigned fate)
{
    struct ps_buf *buf = NULL;
    if (!CHECK_OK(w.output.item_begin(w.output.context, &buf))) return;
    ps_buf_printf(buf, "{\"create\":{\"_index\":\"app-logs-2026.11.21\",\"_id\":\"%zu-%zu\"}}\n{\"fate\":%u}\n",
                  carrier, event, fate);
    w.account.in++;
    CHECK_OK(w.output.item_commit(w.output.context, pipeline_tag(carrier, event)));
}

static enum ps_err keep_key(void *context, struct ps_span key)
{
    *(struct ps_span *)context = key;
    return PS_OK;
}

/* The text of the only object, which is deleted; empty when there is none. */
static struct ps_span take_letters(void)
{
    struct ps_span key = { 0 };
    struct ps_span body = { 0 };
    CHECK_OK(ps_dead_letter_list(w.store, &w.process, keep_key, &key));
    if (key.len == 0) return body;
    CHECK_OK(ps_dead_letter_get(w.store, &w.process, key, &body));
    CHECK_OK(ps_dead_letter_delete(w.store, &w.process, key));
    return body;
}

static bool holds(struct ps_span text, const char *what)
{
    return ps_span_find(text, ps_span_of(what)) != PS_SPAN_NONE;
}

static void log_quotes_nothing(void)
{
    size_t len = 0;
    char *text = captured_text(w.log.fd, &len);
    CHECK(!holds(ps_span_make(text, len), "SECRET"));
    CHECK(!holds(ps_span_make(text, len), "fate"));
    free(text);
}

static void check_verdicts(uint64_t stored, uint64_t duplicate, uint64_t dead, uint64_t returned)
{
    CHECK_EQ(w.account.verdicts[PS_VERDICT_STORED], stored);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_DUPLICATE], duplicate);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_DEAD], dead);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_RETURNED], returned);
    CHECK(ps_account_balances(&w.account));
}

static void answers_become_verdicts_and_refused_documents_dead_letters(void)
{
    start(CWLOGS);
    begin();
    send(0, 0, 201);
    send(0, 1, 409);
    send(0, 2, 400);
    send(0, 3, 201);
    CHECK_OK(deliver_finish(&w.deliver));
    check_verdicts(2, 1, 1, 0);
    CHECK_EQ(w.account.spilled, 0);
    CHECK_EQ(w.account.requests, 1);
    CHECK(w.account.sent_bytes > 0);
    CHECK_TEXT(take_letters(),
               "{\"reason\":\"rejected\",\"status\":400,\"type\":\"mapper_parsing_exception\",\"field\":"
               "\"status\",\"action\":{\"create\":{\"_index\":\"app-logs-2026.11.21\",\"_id\":\"0-2\"}},"
               "\"document\":{\"fate\":400}}\n");
    log_quotes_nothing();
    stop();
}

static void undelivered_from_a_subscription_is_spilled(void)
{
    start(CWLOGS);
    begin();
    send(0, 0, 201);
    send(0, 1, 429);
    CHECK_OK(deliver_finish(&w.deliver));
    check_verdicts(1, 0, 1, 0);
    CHECK_EQ(w.account.spilled, 1);
    struct ps_span letters = take_letters();
    CHECK(ps_span_starts(letters, PS_SPAN("{\"reason\":\"undelivered\",\"status\":429,")));
    log_quotes_nothing();
    stop();
}

static void reply(struct ps_span *body)
{
    struct ps_buf buf;
    size_t overflowed = 0;
    ps_buf_init(&buf, &w.arena, 1 << 20);
    CHECK_OK(ps_reply_write(&w.deliver.book, &w.event, PS_REPLY_BYTES_MAX, &buf, &overflowed));
    CHECK_OK(ps_buf_finish(&buf, body));
}

static void undelivered_from_kinesis_goes_back_from_the_first_unfinished_record_on(void)
{
    struct ps_span body;
    start(KINESIS);
    begin();
    send(0, 0, 201);
    send(1, 0, 400);
    send(2, 0, 429);
    send(1, 1, 503);
    CHECK_OK(deliver_finish(&w.deliver));
    check_verdicts(1, 0, 1, 2);
    CHECK_EQ(w.account.spilled, 0);
    reply(&body);
    CHECK_TEXT(body, "{\"batchItemFailures\":[{\"itemIdentifier\":\"102\"}]}");
    CHECK(holds(take_letters(), "\"_id\":\"1-0\""));
    stop();
}

static void undelivered_from_kafka_goes_back_by_partition_and_offset(void)
{
    struct ps_span body;
    start(MSK);
    begin();
    send(0, 0, 429);
    send(1, 0, 201);
    send(2, 0, 503);
    send(3, 0, 201);
    CHECK_OK(deliver_finish(&w.deliver));
    check_verdicts(2, 0, 0, 2);
    CHECK_EQ(w.account.spilled, 0);
    reply(&body);
    CHECK_TEXT(body, "{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"t-1\",\"offset\":7}},"
                     "{\"itemIdentifier\":{\"partition\":\"t-1\",\"offset\":9}}]}");
    CHECK_EQ(take_letters().len, 0);
    stop();
}

static void undelivered_from_firehose_is_answered_record_by_record(void)
{
    struct ps_span body;
    start(FIREHOSE);
    begin();
    send(0, 0, 429);
    send(1, 0, 201);
    CHECK_OK(deliver_finish(&w.deliver));
    check_verdicts(1, 0, 0, 1);
    reply(&body);
    CHECK(holds(body, "{\"recordId\":\"r0\",\"result\":\"ProcessingFailed\""));
    CHECK(holds(body, "{\"recordId\":\"r1\",\"result\":\"Ok\",\"data\":\"BBBB\"}"));
    CHECK_EQ(take_letters().len, 0);
    stop();
}

static void a_poisoned_document_does_not_hold_back_its_shard(void)
{
    struct ps_span body;
    start(KINESIS);
    begin();
    send(0, 0, 400);
    send(1, 0, 201);
    CHECK_OK(deliver_finish(&w.deliver));
    check_verdicts(1, 0, 1, 0);
    reply(&body);
    CHECK_TEXT(body, "{\"batchItemFailures\":[]}");
    CHECK(take_letters().len > 0);
    stop();
}

static void without_a_store_the_invocation_fails_and_what_is_unconfirmed_is_returned(void)
{
    start(CWLOGS);
    w.store = NULL;
    begin();
    send(0, 0, 201);
    send(0, 1, 409);
    send(0, 2, 400);
    send(0, 3, 429);
    CHECK_ERR(deliver_finish(&w.deliver), PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "DEAD_LETTER_BUCKET") != NULL);
    deliver_give_up(&w.deliver);
    check_verdicts(1, 1, 0, 2);
    CHECK_EQ(w.account.spilled, 0);
    CHECK_EQ(w.account.requests, 1);
    stop();
}

static void a_store_that_refuses_fails_the_invocation_too(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/file", folder);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fclose(file) == 0);
    strncat(path, "/inside", sizeof path - strlen(path) - 1);
    start(CWLOGS);
    open_store(path);
    begin();
    send(0, 0, 429);
    CHECK(deliver_finish(&w.deliver) != PS_OK);
    deliver_give_up(&w.deliver);
    check_verdicts(0, 0, 0, 1);
    CHECK_EQ(w.account.spilled, 0);
    stop();
    path[strlen(path) - strlen("/inside")] = '\0';
    CHECK_EQ(unlink(path), 0);
}

static void a_payload_that_breaks_off_counts_what_was_confirmed_and_returns_the_rest(void)
{
    start(CWLOGS);
    begin();
    send(0, 0, 201);
    w.account.in += 3; /* read, and neither committed nor counted */
    CHECK_OK(deliver_finish(&w.deliver));
    deliver_give_up(&w.deliver);
    check_verdicts(1, 0, 0, 3);
    stop();
}

static void what_is_refused_or_undecodable_is_a_letter(void)
{
    start(CWLOGS);
    begin();
    w.account.in += 2;
    CHECK_OK(w.output.item_refused(w.output.context, 2, "too_large", PS_SPAN("{\"create\":{}}\n{\"a\":1}\n")));
    ps_account_add(&w.account, PS_VERDICT_DEAD, 1);
    CHECK_OK(w.output.undecodable(w.output.context, 1, "message_missing", PS_SPAN("{}"), false));
    CHECK_OK(deliver_finish(&w.deliver));
    check_verdicts(0, 0, 2, 0);
    CHECK_TEXT(take_letters(), "{\"reason\":\"undecodable\",\"detail\":\"message_missing\",\"raw\":\"e30=\"}\n"
                               "{\"reason\":\"refused\",\"status\":0,\"type\":\"too_large\",\"action\":{\"create\":{}},"
                               "\"document\":{\"a\":1}}\n");
    stop();
}

/* A carrier may hold more broken events than one object of letters. */
static void a_flood_of_undecodable_events_is_put_in_several_objects(void)
{
    enum { FLOOD = PS_LETTERS_MAX + PS_LETTERS_MAX / 5 };
    start(CWLOGS);
    begin();
    for (uint64_t tag = 0; tag < FLOOD; tag++) {
        w.account.in++;
        ps_account_add(&w.account, PS_VERDICT_DEAD, 1);
        CHECK_OK(w.output.undecodable(w.output.context, tag, "message_missing", PS_SPAN("{}"), false));
    }
    CHECK_OK(deliver_finish(&w.deliver));
    CHECK_EQ(w.deliver.letters.put, FLOOD);
    stop();
}

static void an_item_that_is_rolled_back_is_not_sent(void)
{
    start(CWLOGS);
    begin();
    struct ps_buf *buf = NULL;
    CHECK_OK(w.output.item_begin(w.output.context, &buf));
    ps_buf_put(buf, PS_SPAN("{\"half an item"));
    w.output.item_rollback(w.output.context);
    send(0, 0, 201);
    CHECK_OK(deliver_finish(&w.deliver));
    check_verdicts(1, 0, 0, 0);
    stop();
}

static enum ps_err begin_only(void)
{
    struct deliver_options options = { .sink = w.sink, .log = &w.log, .deadline = &w.deadline, .event = &w.event };
    return deliver_begin(&w.deliver, &w.arena, &options, &w.account);
}

static void too_little_memory_is_an_error(void)
{
    start(KINESIS);
    PS_EACH_FAILURE(&w.arena, begin_only());
    stop();
}

int main(void)
{
    CHECK(mkdtemp(folder) != NULL);
    RUN(answers_become_verdicts_and_refused_documents_dead_letters);
    RUN(undelivered_from_a_subscription_is_spilled);
    RUN(undelivered_from_kinesis_goes_back_from_the_first_unfinished_record_on);
    RUN(undelivered_from_kafka_goes_back_by_partition_and_offset);
    RUN(undelivered_from_firehose_is_answered_record_by_record);
    RUN(a_poisoned_document_does_not_hold_back_its_shard);
    RUN(without_a_store_the_invocation_fails_and_what_is_unconfirmed_is_returned);
    RUN(a_store_that_refuses_fails_the_invocation_too);
    RUN(a_payload_that_breaks_off_counts_what_was_confirmed_and_returns_the_rest);
    RUN(what_is_refused_or_undecodable_is_a_letter);
    RUN(a_flood_of_undecodable_events_is_put_in_several_objects);
    RUN(an_item_that_is_rolled_back_is_not_sent);
    RUN(too_little_memory_is_an_error);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK_EQ(system(command), 0);
    return check_finish();
}
