#include "aws/sqs.h"

#include "aws/batch_priv.h"
#include "aws/endpoint.h"
#include "aws/refusal.h"
#include "aws/retry.h"
#include "aws/url.h"
#include "base/assert.h"
#include "base/json_read.h"
#include "base/json_write.h"

enum {
    REQUEST_MESSAGES_MAX = 10, /* SendMessageBatch's own */
    MESSAGE_BYTES_MIN = 1024,  /* what MaximumMessageSize can be: both ends are SQS's */
    MESSAGE_BYTES_MAX = 1 << 20,
    MESSAGE_BYTES_ASSUMED = 256 << 10, /* any queue took so much until 2025, and most still do no more */
    ATTEMPTS_MAX = 5,                  /* of a message, and of requests in a row that bring none further */
    TRY_MS_MIN = 50,                   /* with less time than this no request begins */
    ANSWER_BYTES_MAX = 64 << 10,       /* ten entries with their messages take a tenth of it */
    BODY_BYTES_MAX = 7 << 20,          /* 1 MiB with each byte escaped as six, and the frames of ten messages */
};

struct ps_sqs {
    struct ps_call_client *client;
    struct ps_span queue_url, url, region;
    struct ps_retry_quota quota; /* for the life of the process */
    uint32_t timeout_ms;
    uint32_t message_bytes_max;
    bool asked; /* the queue for it */
};

/* -- open ---------------------------------------------------------------------------------------------------------- */

enum ps_err ps_sqs_check_queue(struct ps_span queue_url)
{
    struct ps_url parts;
    PS_TRY(ps_url_split(queue_url, &parts));
    if (!ps_span_ends(parts.target, PS_SPAN(".fifo")))
        PS_FAIL(PS_ERR_BAD_CONFIG, "no FIFO queue: its URL must end in .fifo");
    return PS_OK;
}

/* sqs.eu-west-1.amazonaws.com: the region of the queue; empty for any other host. */
static struct ps_span region_of(struct ps_span host)
{
    static const struct ps_span SERVICE = PS_SPAN_INIT("sqs.");
    if (!ps_span_starts(host, SERVICE)) return PS_SPAN("");
    struct ps_span rest = ps_span_from(host, SERVICE.len);
    bool more = false;
    struct ps_span region = ps_span_split(&rest, '.', &more);
    return ps_span_starts(rest, PS_SPAN("amazonaws.")) ? region : PS_SPAN("");
}

enum ps_err ps_sqs_open(struct ps_arena *process, struct ps_call_client *client, struct ps_span queue_url,
                        uint32_t request_timeout_ms, struct ps_sqs **out)
{
    PS_TRY(ps_sqs_check_queue(queue_url));
    if (request_timeout_ms == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "a request needs at least one millisecond");
    struct ps_sqs *sqs = PS_ARENA_NEW(process, struct ps_sqs);
    if (sqs == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "SQS queue");
    struct ps_url parts;
    PS_TRY(ps_url_split(queue_url, &parts));
    sqs->region = region_of(parts.host);
    if (sqs->region.len == 0) sqs->region = ps_call_region(client);
    struct ps_endpoint endpoint;
    PS_TRY(ps_endpoint_resolve(process, PS_ENDPOINT_SQS, sqs->region, &endpoint));
    struct ps_buf url;
    ps_buf_init(&url, process, PS_URL_BYTES_MAX);
    ps_buf_put(&url, endpoint.url);
    ps_buf_byte(&url, '/');
    PS_TRY(ps_buf_finish(&url, &sqs->url));
    sqs->client = client;
    sqs->queue_url = queue_url;
    sqs->quota = ps_retry_quota_full();
    sqs->timeout_ms = request_timeout_ms;
    sqs->message_bytes_max = MESSAGE_BYTES_ASSUMED;
    *out = sqs;
    return PS_OK;
}

/* -- a request ----------------------------------------------------------------------------------------------------- */

static enum ps_err call(struct ps_sqs *sqs, struct ps_arena *arena, const struct ps_deadline *deadline,
                        struct ps_span action, struct ps_span body, struct ps_http_exchange *exchange)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("sqs"), .region = sqs->region };
    const struct ps_call_options options = { .attempts_max = 1, .timeout_ms = sqs->timeout_ms };
    *exchange = (struct ps_http_exchange){
        .request = { .method = "POST",
                     .url = sqs->url,
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-amz-json-1.0") },
                                  { PS_SPAN("X-Amz-Target"), action } },
                     .header_count = 2,
                     .body = body,
                     .response_bytes_max = ANSWER_BYTES_MAX },
    };
    return ps_call_run(sqs->client, arena, &target, &options, deadline, exchange);
}

/* {"Attributes":{"MaximumMessageSize":"1048576"}} */
static uint32_t read_limit(struct ps_span body)
{
    struct ps_span attributes;
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    bool found = false;
    uint64_t bytes = 0;
    if (ps_json_read_check(body) == PS_OK &&
        ps_json_read_member(body, PS_SPAN("Attributes"), NULL, &attributes, &found) == PS_OK && found &&
        ps_json_read_member(attributes, PS_SPAN("MaximumMessageSize"), &token, NULL, &found) == PS_OK && found &&
        token.kind == PS_JSON_STRING && ps_span_to_u64(token.text, &bytes) && bytes >= MESSAGE_BYTES_MIN &&
        bytes <= MESSAGE_BYTES_MAX)
        return (uint32_t)bytes;
    return MESSAGE_BYTES_ASSUMED;
}

/* Who may send may not be allowed to ask, so any refusal leaves the limit that is assumed; without an answer the next
 * ps_sqs_send asks again. */
static enum ps_err ask_limit(struct ps_sqs *sqs, struct ps_arena *arena, const struct ps_deadline *deadline)
{
    struct ps_buf buf;
    struct ps_json_writer json;
    struct ps_span body;
    struct ps_http_exchange exchange;
    ps_buf_init(&buf, arena, BODY_BYTES_MAX);
    ps_json_write_init(&json, &buf);
    ps_json_write_object_begin(&json);
    ps_json_write_member(&json, PS_SPAN("QueueUrl"), sqs->queue_url);
    ps_json_write_key(&json, PS_SPAN("AttributeNames"));
    ps_json_write_array_begin(&json);
    ps_json_write_string(&json, PS_SPAN("MaximumMessageSize"));
    ps_json_write_array_end(&json);
    ps_json_write_object_end(&json);
    PS_TRY(ps_json_write_finish(&json, &body));
    enum ps_err err = call(sqs, arena, deadline, PS_SPAN("AmazonSQS.GetQueueAttributes"), body, &exchange);
    if (err == PS_ERR_NO_MEMORY) return err;
    sqs->asked = err == PS_OK;
    if (sqs->asked && exchange.response.status == 200) sqs->message_bytes_max = read_limit(exchange.response.body);
    return PS_OK;
}

/* -- which messages go --------------------------------------------------------------------------------------------- */

enum message_state { MESSAGE_PENDING, MESSAGE_SENT, MESSAGE_UNSENT };

enum { NONE = -1 };

struct message {
    enum message_state state;
    uint32_t tries;  /* that ended in "later" */
    int64_t prior;   /* the one before it in its group, or NONE */
    int64_t chained; /* the next group in the same drawer, or NONE */
};

/* One call of ps_sqs_send. */
struct sending {
    struct ps_sqs *sqs;
    struct ps_arena *arena;
    const struct ps_deadline *deadline;
    struct ps_sqs_send *messages;
    struct message *states;
    size_t count;
    size_t front;    /* all before it have their end */
    uint32_t width;  /* messages of the next request: halved by a refusal */
    uint32_t rounds; /* requests in a row that brought no message further */
    uint32_t taken;  /* from the quota, by the last retry */
    bool refreshed;  /* credentials */
    bool stopped;    /* nothing is sent any more */
    enum ps_err fault;
    struct ps_err_note first; /* reason why a message was not sent */
};

/* FNV-1a (Fowler, Noll, Vo), 32 bits: groups are few, and a slow drawer is no danger. */
static uint32_t digest(struct ps_span text)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < text.len; i++)
        sum = (sum ^ (unsigned char)text.data[i]) * 16777619u;
    return sum;
}

/* Links each message to the one before it in its group. Drawers hold the last message of each group. */
static enum ps_err link_groups(struct sending *sending)
{
    size_t drawers = sending->count;
    int64_t *heads = PS_ARENA_ARRAY(sending->arena, int64_t, drawers);
    if (heads == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "groups of %zu messages", sending->count);
    for (size_t i = 0; i < drawers; i++)
        heads[i] = NONE;
    for (size_t i = 0; i < sending->count; i++) {
        struct message *message = &sending->states[i];
        struct ps_span group = sending->messages[i].group;
        int64_t *link = &heads[digest(group) % drawers];
        while (*link != NONE && !ps_span_eq(sending->messages[*link].group, group))
            link = &sending->states[*link].chained;
        message->prior = *link;
        message->chained = *link == NONE ? NONE : sending->states[*link].chained;
        *link = (int64_t)i;
    }
    return PS_OK;
}

static void keep_reason(struct sending *sending)
{
    if (sending->first.err == PS_OK) sending->first = *ps_err_note();
}

static void give_end(struct sending *sending, size_t i, enum ps_sqs_outcome outcome)
{
    sending->states[i].state = outcome == PS_SQS_SENT ? MESSAGE_SENT : MESSAGE_UNSENT;
    sending->messages[i].outcome = outcome;
}

/* Letters, digits and punctuation, 1 to PS_SQS_GROUP_BYTES_MAX. */
static bool is_token(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~') return false;
    return text.len > 0 && text.len <= PS_SQS_GROUP_BYTES_MAX;
}

static enum ps_err check_message(const struct ps_sqs *sqs, const struct ps_sqs_send *message)
{
    if (!is_token(message->group) || !is_token(message->deduplication))
        PS_FAIL(PS_ERR_REFUSED, "SQS: group and deduplication id are 1 to %d letters, digits and punctuation",
                PS_SQS_GROUP_BYTES_MAX);
    if (message->body.len == 0) PS_FAIL(PS_ERR_REFUSED, "SQS: an empty message");
    if (message->body.len > sqs->message_bytes_max)
        PS_FAIL(PS_ERR_REFUSED, "SQS: a message of %zu bytes, the queue takes %u", message->body.len,
                sqs->message_bytes_max);
    return PS_OK;
}

/* Whether message i may go now. Gives those their end that never can. */
static bool may_go(struct sending *sending, size_t i)
{
    struct message *message = &sending->states[i];
    if (message->state != MESSAGE_PENDING) return false;
    if (message->prior != NONE && sending->states[message->prior].state == MESSAGE_PENDING) return false;
    if (message->prior != NONE && sending->states[message->prior].state == MESSAGE_UNSENT) {
        give_end(sending, i, PS_SQS_HELD_BACK);
        return false;
    }
    if (check_message(sending->sqs, &sending->messages[i]) == PS_OK) return true;
    keep_reason(sending);
    give_end(sending, i, PS_SQS_REJECTED);
    return false;
}

/* The messages of the next request: of each group the first that is left. */
static uint32_t pick(struct sending *sending, size_t picked[REQUEST_MESSAGES_MAX])
{
    uint32_t count = 0;
    size_t room = sending->sqs->message_bytes_max;
    while (sending->front < sending->count && sending->states[sending->front].state != MESSAGE_PENDING)
        sending->front++;
    for (size_t i = sending->front; i < sending->count && count < sending->width; i++) {
        if (!may_go(sending, i) || sending->messages[i].body.len > room) continue;
        room -= sending->messages[i].body.len;
        picked[count++] = i;
    }
    return count;
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static enum ps_err build_body(const struct sending *sending, const size_t *picked, uint32_t count, struct ps_span *out)
{
    struct ps_buf buf;
    struct ps_json_writer json;
    ps_buf_init(&buf, sending->arena, BODY_BYTES_MAX);
    ps_json_write_init(&json, &buf);
    ps_json_write_object_begin(&json);
    ps_json_write_member(&json, PS_SPAN("QueueUrl"), sending->sqs->queue_url);
    ps_json_write_key(&json, PS_SPAN("Entries"));
    ps_json_write_array_begin(&json);
    for (uint32_t i = 0; i < count; i++) {
        const struct ps_sqs_send *message = &sending->messages[picked[i]];
        const char id[] = { (char)('0' + i) };
        ps_json_write_object_begin(&json);
        ps_json_write_member(&json, PS_SPAN("Id"), ps_span_make(id, sizeof id));
        ps_json_write_member(&json, PS_SPAN("MessageBody"), message->body);
        ps_json_write_member(&json, PS_SPAN("MessageGroupId"), message->group);
        ps_json_write_member(&json, PS_SPAN("MessageDeduplicationId"), message->deduplication);
        ps_json_write_object_end(&json);
    }
    ps_json_write_array_end(&json);
    ps_json_write_object_end(&json);
    return ps_json_write_finish(&json, out);
}

/* What came back for a request, before it is applied to the messages. err and the thread's note say why some were not
 * sent. */
struct answer {
    enum ps_batch_meaning meaning;
    enum ps_err err;
    uint32_t asked_ms; /* to wait */
    struct ps_batch_verdict verdicts[PS_BATCH_RECORDS_MAX];
};

static enum ps_err error_of(enum ps_batch_meaning meaning)
{
    switch (meaning) {
    case PS_BATCH_ANSWERED:
        return PS_OK;
    case PS_BATCH_RETRY:
        return PS_ERR_UNAVAILABLE;
    case PS_BATCH_THROTTLED:
        return PS_ERR_THROTTLED;
    case PS_BATCH_REFUSED:
        return PS_ERR_REFUSED;
    case PS_BATCH_DENIED:
    case PS_BATCH_NO_PERMISSION:
        return PS_ERR_DENIED;
    case PS_BATCH_NO_TARGET:
    case PS_BATCH_UNEXPECTED:
        return PS_ERR_BAD_CONFIG;
    }
    return PS_ERR_UNAVAILABLE;
}

static enum ps_err refuse(enum ps_batch_meaning meaning, uint32_t status, struct ps_span code)
{
    const char *fault = ps_batch_reply_fault(meaning);
    const char *remedy = meaning == PS_BATCH_NO_PERMISSION ? " (sqs:SendMessage)" : "";
    PS_FAIL(error_of(meaning), "SQS: status %u%s%.*s%s%s%s", status, code.len > 0 ? ", " : "", PS_SPAN_ARG(code),
            fault != NULL ? ": " : "", fault != NULL ? fault : "", remedy);
}

static void read_answer(enum ps_err err, const struct ps_http_exchange *exchange, uint32_t sent, struct answer *answer)
{
    const struct ps_http_response *response = &exchange->response;
    answer->err = err;
    answer->meaning = PS_BATCH_RETRY;
    if (err != PS_OK) {
        if (ps_err_class(err) == PS_CLASS_DENIED) answer->meaning = PS_BATCH_DENIED;
        if (ps_err_class(err) == PS_CLASS_CONFIG) answer->meaning = PS_BATCH_UNEXPECTED;
        return;
    }
    struct ps_span code = response->status == 200 ? PS_SPAN("") : ps_refusal_code(response->body);
    answer->asked_ms = response->retry_after_ms;
    answer->meaning = ps_batch_reply_meaning(response->status, code);
    if (answer->meaning != PS_BATCH_ANSWERED) {
        answer->err = refuse(answer->meaning, response->status, code);
    } else if (ps_batch_reply_read(PS_BATCH_SQS, response->body, answer->verdicts, sent) != PS_OK) {
        answer->meaning = PS_BATCH_RETRY;
        answer->err = PS_ERR_UNAVAILABLE;
    }
}

/* -- what becomes of the messages ---------------------------------------------------------------------------------- */

/* Nothing more is sent, for the failure in hand. */
static void stop(struct sending *sending, enum ps_err why)
{
    enum ps_err_class class = ps_err_class(why);
    keep_reason(sending);
    sending->stopped = true;
    if (class == PS_CLASS_DENIED || class == PS_CLASS_CONFIG) sending->fault = why;
}

/* Waits for the next try after the failure in hand, or ends the trying. */
static enum ps_err try_later(struct sending *sending, enum ps_err why, uint32_t asked_ms)
{
    uint32_t base_ms = why == PS_ERR_THROTTLED ? PS_RETRY_BASE_MS_THROTTLED : PS_RETRY_BASE_MS;
    uint32_t wait_ms = ps_retry_backoff_ms(base_ms, sending->rounds > 0 ? sending->rounds : 1, asked_ms);
    if (sending->rounds == ATTEMPTS_MAX) {
        stop(sending, why);
        return PS_OK;
    }
    if (!ps_deadline_allows(sending->deadline, wait_ms + TRY_MS_MIN)) {
        stop(sending, ps_err_wrap(why, "no time for another try"));
        return PS_OK;
    }
    return ps_http_pause(ps_call_http(sending->sqs->client), wait_ms);
}

static void give_up(struct sending *sending, size_t i, enum ps_sqs_outcome outcome)
{
    keep_reason(sending);
    give_end(sending, i, outcome);
}

/* A queue that is out of breath is no fault of the sender, whatever the answer says. */
static enum ps_batch_meaning meaning_of(const struct ps_batch_verdict *verdict)
{
    enum ps_batch_meaning meaning = ps_batch_reply_meaning(400, verdict->code);
    if (meaning == PS_BATCH_RETRY || meaning == PS_BATCH_THROTTLED) return meaning;
    return verdict->final ? PS_BATCH_REFUSED : PS_BATCH_RETRY;
}

/* One message that was not taken: its end, unless it is to be sent again. */
static enum ps_err settle_one(struct sending *sending, size_t i, const struct ps_batch_verdict *verdict, bool *again)
{
    enum ps_batch_meaning meaning = meaning_of(verdict);
    enum ps_err err = refuse(meaning, 200, verdict->code);
    *again = meaning != PS_BATCH_REFUSED && ++sending->states[i].tries < ATTEMPTS_MAX;
    if (!*again) give_up(sending, i, meaning == PS_BATCH_REFUSED ? PS_SQS_REJECTED : PS_SQS_UNDELIVERED);
    return err;
}

/* Each message by its own verdict. */
static enum ps_err settle_each(struct sending *sending, const struct answer *answer, const size_t *picked,
                               uint32_t sent)
{
    uint32_t taken = 0;
    enum ps_err later = PS_OK;
    for (uint32_t i = 0; i < sent; i++) {
        bool again = false;
        enum ps_err err = PS_OK;
        if (answer->verdicts[i].code.len > 0)
            err = settle_one(sending, picked[i], &answer->verdicts[i], &again);
        else
            give_end(sending, picked[i], PS_SQS_SENT);
        taken += err == PS_OK;
        if (again) later = err;
    }
    sending->width = REQUEST_MESSAGES_MAX;
    sending->rounds = taken == 0 && later != PS_OK ? sending->rounds + 1 : 0;
    ps_retry_give(&sending->sqs->quota, sending->taken);
    sending->taken = 0;
    return later == PS_OK ? PS_OK : try_later(sending, later, answer->asked_ms);
}

/* The request as a whole came to nothing: another try is taken from the quota. */
static enum ps_err settle_failed(struct sending *sending, const struct answer *answer)
{
    uint32_t cost = answer->err == PS_ERR_THROTTLED ? PS_RETRY_THROTTLE_COST : PS_RETRY_TRANSIENT_COST;
    sending->rounds++;
    if (!ps_retry_take_cost(&sending->sqs->quota, cost)) {
        stop(sending, answer->err);
        return PS_OK;
    }
    sending->taken = cost;
    return try_later(sending, answer->err, answer->asked_ms);
}

/* The request was refused for what is in it: halves find the message. */
static void settle_refused(struct sending *sending, const size_t *picked, uint32_t sent)
{
    if (sent > 1) {
        sending->width = sent / 2;
        return;
    }
    give_up(sending, picked[0], PS_SQS_REJECTED);
    sending->width = REQUEST_MESSAGES_MAX;
}

/* Whether the role has other credentials by now. */
static bool refresh(struct sending *sending)
{
    bool changed = false;
    if (sending->refreshed) return false;
    sending->refreshed = true;
    return ps_call_refresh(sending->sqs->client, &changed) == PS_OK && changed;
}

static enum ps_err settle(struct sending *sending, const struct answer *answer, const size_t *picked, uint32_t sent)
{
    switch (answer->meaning) {
    case PS_BATCH_ANSWERED:
        return settle_each(sending, answer, picked, sent);
    case PS_BATCH_RETRY:
    case PS_BATCH_THROTTLED:
        return settle_failed(sending, answer);
    case PS_BATCH_REFUSED:
        settle_refused(sending, picked, sent);
        return PS_OK;
    case PS_BATCH_DENIED:
        if (refresh(sending)) return PS_OK;
        break;
    case PS_BATCH_NO_TARGET:
    case PS_BATCH_NO_PERMISSION:
    case PS_BATCH_UNEXPECTED:
        break;
    }
    stop(sending, answer->err);
    return PS_OK;
}

static enum ps_err send_once(struct sending *sending, const size_t *picked, uint32_t count)
{
    struct ps_span body;
    struct ps_http_exchange exchange;
    struct answer answer = { 0 };
    PS_TRY(build_body(sending, picked, count, &body));
    enum ps_err err =
        call(sending->sqs, sending->arena, sending->deadline, PS_SPAN("AmazonSQS.SendMessageBatch"), body, &exchange);
    if (err == PS_ERR_NO_MEMORY) return err;
    read_answer(err, &exchange, count, &answer);
    return settle(sending, &answer, picked, count);
}

static enum ps_err send_all(struct sending *sending)
{
    size_t picked[REQUEST_MESSAGES_MAX];
    for (uint32_t count; !sending->stopped && (count = pick(sending, picked)) > 0;) {
        if (!ps_deadline_allows(sending->deadline, TRY_MS_MIN)) {
            stop(sending, ps_err_raise(PS_ERR_DEADLINE, __FILE__, __LINE__, "SQS: no time left to send"));
            return PS_OK;
        }
        struct ps_arena_mark mark = ps_arena_mark(sending->arena);
        enum ps_err err = send_once(sending, picked, count);
        ps_arena_rewind(sending->arena, mark);
        PS_TRY(err);
    }
    return PS_OK;
}

/* What is left when nothing more is sent. */
static size_t count_unsent(struct sending *sending)
{
    size_t unsent = 0;
    for (size_t i = 0; i < sending->count; i++) {
        const struct message *message = &sending->states[i];
        bool held = message->prior != NONE && sending->states[message->prior].state == MESSAGE_UNSENT;
        if (message->state == MESSAGE_PENDING) give_end(sending, i, held ? PS_SQS_HELD_BACK : PS_SQS_UNDELIVERED);
        unsent += message->state == MESSAGE_UNSENT;
    }
    return unsent;
}

/* The first reason becomes the thread's note again; what is returned is an operator's fault, or a failure of ours. */
static enum ps_err tell(const struct sending *sending, enum ps_err err)
{
    const struct ps_err_note *first = &sending->first;
    if (err != PS_OK) return err;
    if (first->err == PS_OK) return PS_OK;
    err = ps_err_raise(first->err, first->file, first->line, "%s", first->text);
    return sending->fault == PS_OK ? PS_OK : err;
}

static enum ps_err prepare(struct sending *sending)
{
    sending->states = PS_ARENA_ARRAY(sending->arena, struct message, sending->count);
    if (sending->states == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "states of %zu messages", sending->count);
    PS_TRY(link_groups(sending));
    return sending->sqs->asked ? PS_OK : ask_limit(sending->sqs, sending->arena, sending->deadline);
}

enum ps_err ps_sqs_send(struct ps_sqs *sqs, struct ps_arena *arena, const struct ps_deadline *deadline,
                        struct ps_sqs_send *messages, size_t count, size_t *unsent)
{
    struct sending sending = { .sqs = sqs,
                               .arena = arena,
                               .deadline = deadline,
                               .messages = messages,
                               .count = count,
                               .width = REQUEST_MESSAGES_MAX };
    for (size_t i = 0; i < count; i++)
        messages[i].outcome = PS_SQS_UNDELIVERED;
    *unsent = count;
    if (count == 0) return PS_OK;
    struct ps_arena_mark mark = ps_arena_mark(arena);
    enum ps_err err = prepare(&sending);
    if (err == PS_OK) {
        err = send_all(&sending);
        *unsent = count_unsent(&sending);
    }
    ps_arena_rewind(arena, mark);
    return tell(&sending, err);
}
