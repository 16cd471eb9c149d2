#include "aws/batch.h"

#include "aws/batch_priv.h"
#include "aws/endpoint.h"
#include "aws/refusal.h"
#include "aws/retry.h"
#include "aws/url.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "host/clock.h"

enum {
    TRY_MS_MIN = 50,             /* with less time than this before the reserve no request begins */
    KEY_BYTES_MAX = 256,         /* of a partition key, in characters: so many bytes are never more */
    BODY_BYTES_MAX = 8 << 20,    /* 5 MiB in base64 with the frames of 500 records, or 1 MiB with each byte escaped */
    ANSWER_BYTES_MAX = 1 << 20,  /* 500 records, each with an error message of 1 KiB */
    SCRATCH_BYTES_MAX = 3 << 20, /* an answer, twice while it grows, and the signature with its headers */
};

/* Where the three differ. Sizes are of records before base64, partition keys included. Kinesis takes 10 MiB in a
 * request and, where a stream is set so, in a record; 5 MiB and 1 MiB are what any stream takes. */
static const struct service {
    enum ps_endpoint_service endpoint;
    struct ps_span signing, action, content_type;
    struct ps_span target_key, list_key;
    const char *name; /* for people */
    uint32_t records_max;
    size_t record_bytes_max, request_bytes_max;
    size_t name_bytes_max;
} SERVICES[] = {
    [PS_BATCH_KINESIS] = { .endpoint = PS_ENDPOINT_KINESIS,
                           .signing = PS_SPAN_INIT("kinesis"),
                           .action = PS_SPAN_INIT("Kinesis_20131202.PutRecords"),
                           .content_type = PS_SPAN_INIT("application/x-amz-json-1.1"),
                           .target_key = PS_SPAN_INIT("StreamName"),
                           .list_key = PS_SPAN_INIT("Records"),
                           .name = "Kinesis",
                           .records_max = PS_BATCH_RECORDS_MAX,
                           .record_bytes_max = 1 << 20,
                           .request_bytes_max = 5 << 20,
                           .name_bytes_max = 128 },
    [PS_BATCH_FIREHOSE] = { .endpoint = PS_ENDPOINT_FIREHOSE,
                            .signing = PS_SPAN_INIT("firehose"),
                            .action = PS_SPAN_INIT("Firehose_20150804.PutRecordBatch"),
                            .content_type = PS_SPAN_INIT("application/x-amz-json-1.1"),
                            .target_key = PS_SPAN_INIT("DeliveryStreamName"),
                            .list_key = PS_SPAN_INIT("Records"),
                            .name = "Firehose",
                            .records_max = PS_BATCH_RECORDS_MAX,
                            .record_bytes_max = 1000 << 10,
                            .request_bytes_max = 4 << 20,
                            .name_bytes_max = 64 },
    [PS_BATCH_SQS] = { .endpoint = PS_ENDPOINT_SQS,
                       .signing = PS_SPAN_INIT("sqs"),
                       .action = PS_SPAN_INIT("AmazonSQS.SendMessageBatch"),
                       .content_type = PS_SPAN_INIT("application/x-amz-json-1.0"),
                       .target_key = PS_SPAN_INIT("QueueUrl"),
                       .list_key = PS_SPAN_INIT("Entries"),
                       .name = "SQS",
                       .records_max = 10,
                       .record_bytes_max = 1 << 20,
                       .request_bytes_max = 1 << 20 },
};

struct record {
    uint64_t tag;
    uint32_t offset, len; /* in waiting */
    uint32_t key_len;     /* the key stands before the record */
};

struct ps_batch {
    const struct service *service;
    struct ps_call_client *client;
    struct ps_batch_options options;
    struct ps_span url;
    struct ps_buf waiting; /* keys and records, as the caller gave them */
    struct ps_buf body;
    struct ps_arena scratch; /* signature, headers and answer of the request in hand */
    struct record records[PS_BATCH_RECORDS_MAX];
    uint32_t count;
    struct ps_retry_quota quota; /* for the life of the process */
    uint32_t taken;              /* from it, by the last retry */

    /* Of one invocation. */
    struct ps_span target;
    const struct ps_log *log;
    struct ps_deadline deadline;
    ps_batch_on_result *on_result;
    void *context;
    struct ps_batch_stats stats;
    uint32_t width;  /* records of the next request: halved by a refusal */
    uint32_t rounds; /* requests in a row that brought no record further */
    bool refreshed;  /* credentials, in this invocation */
    bool stopped;    /* nothing is sent any more */
    uint64_t rejected, undelivered;
};

/* -- open ---------------------------------------------------------------------------------------------------------- */

static enum ps_err check_name(struct ps_span name, size_t bytes_max)
{
    if (name.len == 0 || name.len > bytes_max)
        PS_FAIL(PS_ERR_BAD_CONFIG, "a stream's name has 1 to %zu characters, not %zu", bytes_max, name.len);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && ps_span_find_byte(PS_SPAN("._-"), c) == PS_SPAN_NONE)
            PS_FAIL(PS_ERR_BAD_CONFIG, "character %zu can be in no stream's name (an ARN is none)", i);
    }
    return PS_OK;
}

enum ps_err ps_batch_check_target(enum ps_batch_service which, struct ps_span target)
{
    if (which != PS_BATCH_SQS) return check_name(target, SERVICES[which].name_bytes_max);
    struct ps_url parts;
    PS_TRY(ps_url_split(target, &parts));
    if (ps_span_ends(target, PS_SPAN(".fifo")))
        PS_FAIL(PS_ERR_BAD_CONFIG, "a FIFO queue: records have no group to be ordered by, take a standard queue");
    return PS_OK;
}

static enum ps_err find_url(struct ps_arena *process, struct ps_batch *batch)
{
    struct ps_endpoint endpoint;
    struct ps_buf url;
    PS_TRY(ps_endpoint_resolve(process, batch->service->endpoint, ps_call_region(batch->client), &endpoint));
    ps_buf_init(&url, process, PS_URL_BYTES_MAX);
    ps_buf_put(&url, endpoint.url);
    ps_buf_byte(&url, '/');
    return ps_buf_finish(&url, &batch->url);
}

static enum ps_err take_buf(struct ps_arena *process, size_t bytes, struct ps_buf *out)
{
    char *data = ps_arena_bytes(process, bytes);
    if (data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu bytes for records on their way", bytes);
    ps_buf_init_fixed(out, data, bytes);
    return PS_OK;
}

enum ps_err ps_batch_open(struct ps_arena *process, struct ps_call_client *client,
                          const struct ps_batch_options *options, struct ps_batch **out)
{
    PS_ASSERT(options->attempts_max > 0);
    struct ps_batch *batch = PS_ARENA_NEW(process, struct ps_batch);
    if (batch == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "records in batches");
    batch->service = &SERVICES[options->service];
    batch->client = client;
    batch->options = *options;
    batch->quota = ps_retry_quota_full();
    PS_TRY(find_url(process, batch));
    PS_TRY(take_buf(process, batch->service->request_bytes_max, &batch->waiting));
    PS_TRY(take_buf(process, BODY_BYTES_MAX, &batch->body));
    PS_TRY(ps_arena_part(&batch->scratch, process, SCRATCH_BYTES_MAX));
    *out = batch;
    return PS_OK;
}

void ps_batch_begin(struct ps_batch *batch, struct ps_span target, const struct ps_log *log,
                    const struct ps_deadline *deadline, ps_batch_on_result *on_result, void *context)
{
    batch->target = target;
    batch->waiting.len = 0;
    batch->count = 0;
    batch->log = log;
    batch->deadline = *deadline;
    batch->on_result = on_result;
    batch->context = context;
    batch->stats = (struct ps_batch_stats){ 0 };
    batch->width = batch->service->records_max;
    batch->rounds = batch->taken = 0;
    batch->refreshed = batch->stopped = false;
    batch->rejected = batch->undelivered = 0;
}

/* -- requests ------------------------------------------------------------------------------------------------------ */

static struct ps_span bytes_of(const struct ps_batch *batch, const struct record *record)
{
    return ps_span_make(batch->waiting.data + record->offset + record->key_len, record->len);
}

/* {"Data":"...","PartitionKey":"..."}, {"Data":"..."} or {"Id":"7","MessageBody":"..."} */
static void write_record(struct ps_json_writer *writer, const struct ps_batch *batch, uint32_t i)
{
    const struct record *record = &batch->records[i];
    ps_json_write_object_begin(writer);
    if (batch->options.service == PS_BATCH_SQS) {
        const char id[] = { (char)('0' + i) };
        ps_json_write_member(writer, PS_SPAN("Id"), ps_span_make(id, sizeof id));
        ps_json_write_member(writer, PS_SPAN("MessageBody"), bytes_of(batch, record));
    } else {
        /* Base64 needs no escaping, so it can be written straight between two quotes. */
        ps_json_write_key(writer, PS_SPAN("Data"));
        ps_json_write_raw(writer, PS_SPAN("\""));
        ps_base64_encode(writer->buf, bytes_of(batch, record));
        ps_buf_byte(writer->buf, '"');
    }
    if (record->key_len > 0)
        ps_json_write_member(writer, PS_SPAN("PartitionKey"),
                             ps_span_make(batch->waiting.data + record->offset, record->key_len));
    ps_json_write_object_end(writer);
}

/* The first `sent` records as a request. */
static struct ps_span write_body(struct ps_batch *batch, uint32_t sent)
{
    struct ps_json_writer writer;
    struct ps_span body;
    batch->body.len = 0;
    ps_json_write_init(&writer, &batch->body);
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, batch->service->target_key, batch->target);
    ps_json_write_key(&writer, batch->service->list_key);
    ps_json_write_array_begin(&writer);
    for (uint32_t i = 0; i < sent; i++)
        write_record(&writer, batch, i);
    ps_json_write_array_end(&writer);
    ps_json_write_object_end(&writer);
    enum ps_err err = ps_json_write_finish(&writer, &body);
    PS_ASSERT(err == PS_OK); /* the room is what escaping can make of a request at worst */
    return body;
}

/* What came back for a request, before it is applied to the records. */
struct answer {
    enum ps_batch_meaning meaning;
    uint32_t status;
    uint32_t asked_ms;   /* to wait */
    struct ps_span type; /* the service's code, or our own word */
    struct ps_batch_verdict verdicts[PS_BATCH_RECORDS_MAX];
};

static void read_answer(const struct ps_batch *batch, enum ps_err err, const struct ps_http_exchange *exchange,
                        uint32_t sent, struct answer *answer)
{
    const struct ps_http_response *response = &exchange->response;
    answer->meaning = PS_BATCH_RETRY;
    answer->type = exchange->timed_out ? PS_SPAN("timed_out") : PS_SPAN("no_answer");
    if (err != PS_OK) {
        if (ps_err_class(err) == PS_CLASS_DENIED) answer->meaning = PS_BATCH_DENIED;
        if (ps_err_class(err) == PS_CLASS_CONFIG) answer->meaning = PS_BATCH_UNEXPECTED;
        return;
    }
    struct ps_span code = response->status == 200 ? PS_SPAN("") : ps_refusal_code(response->body);
    answer->status = response->status;
    answer->asked_ms = response->retry_after_ms;
    answer->meaning = ps_batch_reply_meaning(response->status, code);
    answer->type = code.len > 0 ? code : PS_SPAN("request_refused");
    if (answer->meaning != PS_BATCH_ANSWERED) return;
    if (ps_batch_reply_read(batch->options.service, response->body, answer->verdicts, sent) == PS_OK) return;
    answer->meaning = PS_BATCH_RETRY;
    answer->type = PS_SPAN("bad_answer");
}

/* One request with the first `sent` records. It is not retried here. */
static void request(struct ps_batch *batch, uint32_t sent, struct answer *answer)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .url = batch->url,
                     .headers = { { PS_SPAN("Content-Type"), batch->service->content_type },
                                  { PS_SPAN("X-Amz-Target"), batch->service->action } },
                     .header_count = 2,
                     .body = write_body(batch, sent),
                     .response_bytes_max = ANSWER_BYTES_MAX },
    };
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = batch->service->signing };
    const struct ps_call_options options = { .attempts_max = 1, .timeout_ms = batch->options.request_timeout_ms };
    batch->stats.requests++;
    batch->stats.sent_bytes += exchange.request.body.len;
    ps_arena_rewind(&batch->scratch, (struct ps_arena_mark){ batch->scratch.base });
    enum ps_err err = ps_call_run(batch->client, &batch->scratch, &target, &options, &batch->deadline, &exchange);
    read_answer(batch, err, &exchange, sent, answer);
}

/* -- results ------------------------------------------------------------------------------------------------------- */

static enum ps_err give(struct ps_batch *batch, enum ps_batch_outcome outcome, const struct record *record,
                        uint32_t status, struct ps_span type)
{
    const struct ps_batch_result result = {
        .outcome = outcome, .tag = record->tag, .status = status, .type = type, .record = bytes_of(batch, record)
    };
    batch->rejected += outcome == PS_BATCH_REJECTED;
    batch->undelivered += outcome == PS_BATCH_UNDELIVERED;
    return batch->on_result(batch->context, &result);
}

/* Takes the first `sent` records away but for the first `kept` of them. */
static void close_gap(struct ps_batch *batch, uint32_t sent, uint32_t kept)
{
    memmove(&batch->records[kept], &batch->records[sent], (batch->count - sent) * sizeof batch->records[0]);
    batch->count -= sent - kept;
    if (batch->count == 0) batch->waiting.len = 0;
}

static enum ps_err give_up(struct ps_batch *batch, uint32_t status, struct ps_span type)
{
    batch->stopped = true;
    for (uint32_t i = 0; i < batch->count; i++)
        PS_TRY(give(batch, PS_BATCH_UNDELIVERED, &batch->records[i], status, type));
    close_gap(batch, batch->count, 0);
    return PS_OK;
}

/* Waits for the next try, or ends the trying. */
static enum ps_err try_later(struct ps_batch *batch, const struct answer *answer, struct ps_span type, uint32_t base_ms)
{
    if (batch->rounds == batch->options.attempts_max) return give_up(batch, answer->status, type);
    uint32_t wait_ms = ps_retry_backoff_ms(base_ms, batch->rounds > 0 ? batch->rounds : 1, answer->asked_ms);
    if (!ps_deadline_allows(&batch->deadline, wait_ms + TRY_MS_MIN))
        return give_up(batch, answer->status, answer->status == 0 ? PS_SPAN("deadline") : type);
    return ps_http_pause(ps_call_http(batch->client), wait_ms);
}

/* Each record by its own verdict; those that are to be tried again stay, in their order. */
static enum ps_err settle_each(struct ps_batch *batch, const struct answer *answer, uint32_t sent)
{
    uint32_t kept = 0;
    struct ps_span type = PS_SPAN("");
    for (uint32_t i = 0; i < sent; i++) {
        const struct ps_batch_verdict *verdict = &answer->verdicts[i];
        if (verdict->code.len > 0 && !verdict->final) {
            type = verdict->code;
            batch->records[kept++] = batch->records[i];
            continue;
        }
        enum ps_batch_outcome outcome = verdict->final ? PS_BATCH_REJECTED : PS_BATCH_SENT;
        PS_TRY(give(batch, outcome, &batch->records[i], answer->status, verdict->code));
    }
    batch->width = batch->service->records_max;
    batch->rounds = kept == sent ? batch->rounds + 1 : 0;
    batch->stats.retried_records += kept;
    close_gap(batch, sent, kept);
    ps_retry_give(&batch->quota, batch->taken);
    batch->taken = 0;
    return kept == 0 ? PS_OK : try_later(batch, answer, type, PS_RETRY_BASE_MS);
}

/* The request as a whole came to nothing: another try is taken from the quota. */
static enum ps_err settle_failed(struct ps_batch *batch, const struct answer *answer, uint32_t sent)
{
    bool throttled = answer->meaning == PS_BATCH_THROTTLED;
    uint32_t cost = throttled ? PS_RETRY_THROTTLE_COST : PS_RETRY_TRANSIENT_COST;
    batch->rounds++;
    if (batch->rounds == batch->options.attempts_max || !ps_retry_take_cost(&batch->quota, cost))
        return give_up(batch, answer->status, answer->type);
    batch->taken = cost;
    batch->stats.retried_records += sent;
    return try_later(batch, answer, answer->type, throttled ? PS_RETRY_BASE_MS_THROTTLED : PS_RETRY_BASE_MS);
}

/* The request was refused for what is in it: halves find the record. */
static enum ps_err settle_refused(struct ps_batch *batch, const struct answer *answer, uint32_t sent)
{
    batch->width = sent / 2;
    if (sent > 1) return PS_OK;
    PS_TRY(give(batch, PS_BATCH_REJECTED, &batch->records[0], answer->status, answer->type));
    batch->width = batch->service->records_max;
    close_gap(batch, 1, 0);
    return PS_OK;
}

/* Whether the role has other credentials by now. */
static bool refresh(struct ps_batch *batch)
{
    bool changed = false;
    if (batch->refreshed) return false;
    batch->refreshed = true;
    return ps_call_refresh(batch->client, &changed) == PS_OK && changed;
}

static enum ps_err settle_fault(struct ps_batch *batch, const struct answer *answer)
{
    ps_log_error(batch->log, "batch_operator_fault",
                 PS_LOG_STR("fault", ps_span_of(ps_batch_reply_fault(answer->meaning))),
                 PS_LOG_U64("status", answer->status), PS_LOG_STR("type", answer->type),
                 PS_LOG_STR("target", batch->target), PS_LOG_STR("endpoint", batch->url));
    return give_up(batch, answer->status, answer->type);
}

static enum ps_err settle(struct ps_batch *batch, const struct answer *answer, uint32_t sent)
{
    switch (answer->meaning) {
    case PS_BATCH_ANSWERED:
        return settle_each(batch, answer, sent);
    case PS_BATCH_RETRY:
    case PS_BATCH_THROTTLED:
        return settle_failed(batch, answer, sent);
    case PS_BATCH_REFUSED:
        return settle_refused(batch, answer, sent);
    case PS_BATCH_DENIED:
        if (refresh(batch)) return PS_OK;
        break;
    case PS_BATCH_NO_TARGET:
    case PS_BATCH_NO_PERMISSION:
    case PS_BATCH_UNEXPECTED:
        break;
    }
    return settle_fault(batch, answer);
}

static enum ps_err send_next(struct ps_batch *batch)
{
    if (batch->stopped) return give_up(batch, 0, PS_SPAN("stopped"));
    if (!ps_deadline_allows(&batch->deadline, TRY_MS_MIN)) return give_up(batch, 0, PS_SPAN("deadline"));
    uint32_t sent = batch->count < batch->width ? batch->count : batch->width;
    struct answer answer = { 0 };
    request(batch, sent, &answer);
    return settle(batch, &answer, sent);
}

/* Until every record that waits has had its result. */
static enum ps_err send_all(struct ps_batch *batch)
{
    uint64_t began_us = ps_clock_monotonic_us();
    while (batch->count > 0)
        PS_TRY(send_next(batch));
    batch->stats.wait_us += ps_clock_monotonic_us() - began_us;
    return PS_OK;
}

/* -- records ------------------------------------------------------------------------------------------------------- */

struct ps_span ps_batch_key(enum ps_batch_service service, struct ps_span key)
{
    if (service != PS_BATCH_KINESIS) return PS_SPAN("");
    return key.len == 0 ? PS_SPAN("-") : ps_span_first(key, ps_utf8_cut(key, KEY_BYTES_MAX));
}

bool ps_batch_takes(enum ps_batch_service service, struct ps_span key, struct ps_span record)
{
    return record.len <= SERVICES[service].record_bytes_max - key.len;
}

enum ps_err ps_batch_add(struct ps_batch *batch, uint64_t tag, struct ps_span key, struct ps_span bytes)
{
    struct ps_span kept_key = ps_batch_key(batch->options.service, key);
    if (!ps_batch_takes(batch->options.service, kept_key, bytes)) {
        const struct ps_batch_result result = {
            .outcome = PS_BATCH_REJECTED, .tag = tag, .type = PS_SPAN("too_large"), .record = bytes
        };
        batch->rejected++;
        return batch->on_result(batch->context, &result);
    }
    size_t room = batch->service->request_bytes_max - batch->waiting.len;
    if (batch->count == batch->service->records_max || kept_key.len + bytes.len > room) PS_TRY(send_all(batch));
    batch->records[batch->count++] = (struct record){
        .tag = tag,
        .offset = (uint32_t)batch->waiting.len,
        .len = (uint32_t)bytes.len,
        .key_len = (uint32_t)kept_key.len,
    };
    ps_buf_put(&batch->waiting, kept_key);
    ps_buf_put(&batch->waiting, bytes);
    PS_ASSERT(batch->waiting.err == PS_OK);
    return PS_OK;
}

enum ps_err ps_batch_finish(struct ps_batch *batch, struct ps_batch_stats *stats)
{
    PS_TRY(send_all(batch));
    if (batch->rejected + batch->undelivered + batch->stats.retried_records > 0)
        ps_log_warn(batch->log, "batch_trouble", PS_LOG_STR("to", ps_span_of(batch->service->name)),
                    PS_LOG_U64("retried", batch->stats.retried_records), PS_LOG_U64("rejected", batch->rejected),
                    PS_LOG_U64("undelivered", batch->undelivered));
    *stats = batch->stats;
    return PS_OK;
}
