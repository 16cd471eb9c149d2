#include "aws/opensearch_priv.h"

#include <stdio.h>

#include "aws/retry.h"
#include "base/assert.h"
#include "host/clock.h"

enum {
    LONE_POISONS_MAX = 8, /* so many single documents refused by 400 in a row: it is not the documents */
    SCRATCH_KEEP_BYTES = 64 << 10,
};

/* What came back for a request, before it is applied to the items. */
struct answer {
    enum ps_opensearch_request_verdict verdict;
    enum ps_opensearch_fault fault;
    uint32_t status;
    struct ps_span type;                          /* the server's, or our own word */
    struct ps_span detail;                        /* without an answer: what the transport or the signer says */
    const struct ps_opensearch_reply_item *items; /* ANSWERED: one for each sent */
    uint32_t wait_ms;                             /* until the next try of what is to be retried */
    bool may_retry;                               /* the wait and another try fit before the reserve */
    bool smaller;                                 /* less at a time might go through */
};

/* -- sending ------------------------------------------------------------------------------------------------------- */

/* How many of the slot's items go into the next request: within its items_max and the bytes that the domain takes, at
 * least one. */
static struct ps_span choose(const struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    uint32_t end = slot->items[0].len;
    slot->sent = 1;
    while (slot->sent < slot->count && slot->sent < slot->items_max) {
        uint32_t with_next = end + slot->items[slot->sent].len;
        if (with_next > sink->request_bytes_max) break;
        end = with_next;
        slot->sent++;
    }
    return ps_span_make(slot->body.data, end);
}

static void put_header(struct ps_http_request *request, struct ps_span name, struct ps_span value)
{
    PS_ASSERT(request->header_count < PS_HTTP_HEADERS_MAX);
    request->headers[request->header_count++] = (struct ps_http_header){ name, value };
}

/* The body as it goes on the wire. */
static struct ps_span compress(struct ps_opensearch *sink, struct ps_opensearch_slot *slot, struct ps_span body)
{
    if (sink->compressor == NULL) return body;
    uint64_t began_us = ps_clock_monotonic_us();
    size_t len = 0;
    enum ps_err err = ps_gzip_compress(sink->compressor, body, slot->gzip, slot->gzip_bytes_max, &len);
    PS_ASSERT(err == PS_OK); /* the room is the bound of the largest body */
    sink->stats.gzip_us += ps_clock_monotonic_us() - began_us;
    return ps_span_make(slot->gzip, len);
}

static void build_request(struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    struct ps_span body = choose(sink, slot);
    struct ps_http_request *request = &slot->exchange.request;
    uint32_t left_ms = ps_deadline_left_ms(&sink->deadline);
    /* The process may have been stalled since the deadline was last asked: then this try ends at once. */
    if (left_ms == 0) left_ms = 1;
    *request = (struct ps_http_request){
        .method = "POST",
        .url = sink->bulk_url,
        .body = compress(sink, slot, body),
        .timeout_ms = left_ms < sink->options.request_timeout_ms ? left_ms : sink->options.request_timeout_ms,
        .response_bytes_max = sink->response_bytes_max,
    };
    put_header(request, PS_SPAN("Content-Type"), PS_SPAN("application/x-ndjson"));
    put_header(request, PS_SPAN("Accept-Encoding"), PS_SPAN("identity"));
    if (sink->compressor != NULL) put_header(request, PS_SPAN("Content-Encoding"), PS_SPAN("gzip"));
    sink->stats.requests++;
    sink->stats.body_bytes += body.len;
    sink->stats.sent_bytes += request->body.len;
}

enum ps_err ps_opensearch_send_password(struct ps_opensearch *sink, const struct ps_deadline *deadline)
{
    if (sink->target.auth != PS_CALL_BASIC) return PS_OK;
    return ps_secret_get(sink->options.password, deadline, &sink->target.password);
}

static enum ps_err sign_and_start(struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    PS_TRY(ps_opensearch_send_password(sink, &sink->deadline));
    PS_TRY(ps_call_authorize(sink->client, &slot->scratch, &sink->target, ps_clock_now_ms(), &slot->exchange.request));
    return ps_http_start(sink->http, &slot->scratch, &slot->exchange);
}

void ps_opensearch_send_start(struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    PS_ASSERT(slot->state == PS_OPENSEARCH_SLOT_READY);
    PS_ASSERT(slot->count > 0);
    ps_arena_reset(&slot->scratch, SCRATCH_KEEP_BYTES);
    slot->exchange = (struct ps_http_exchange){ 0 };
    slot->credentials = sink->credentials;
    build_request(sink, slot);
    enum ps_err err = sign_and_start(sink, slot);
    slot->state = PS_OPENSEARCH_SLOT_FLYING;
    if (err == PS_OK) return;
    slot->exchange.done = true;
    slot->exchange.err = err;
    char *reason = slot->exchange.reason;
    (void)snprintf(reason, sizeof slot->exchange.reason, "%.*s", (int)sizeof slot->exchange.reason - 1,
                   ps_err_note()->text);
}

static void set_free(struct ps_opensearch_slot *slot)
{
    slot->state = PS_OPENSEARCH_SLOT_FREE;
    slot->count = 0;
    slot->sent = 0;
    slot->body.len = 0;
}

static void break_off(struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    if (slot->state == PS_OPENSEARCH_SLOT_FLYING && !slot->exchange.done) ps_http_cancel(sink->http, &slot->exchange);
}

void ps_opensearch_send_drop(struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    break_off(sink, slot);
    set_free(slot);
}

/* -- results ------------------------------------------------------------------------------------------------------- */

static struct ps_span bytes_of(const struct ps_opensearch_slot *slot, const struct ps_opensearch_item *item)
{
    return ps_span_make(slot->body.data + item->offset, item->len);
}

static enum ps_err give(struct ps_opensearch *sink, const struct ps_opensearch_result *result)
{
    sink->results++;
    if (result->outcome == PS_OPENSEARCH_REJECTED) ps_opensearch_trouble_note(sink, "rejected", result);
    if (result->outcome == PS_OPENSEARCH_UNDELIVERED) ps_opensearch_trouble_note(sink, "undelivered", result);
    sink->failed = sink->on_result(sink->context, result);
    return sink->failed;
}

enum ps_err ps_opensearch_send_give_up(struct ps_opensearch *sink, struct ps_opensearch_slot *slot, uint32_t status,
                                       struct ps_span type)
{
    break_off(sink, slot);
    for (uint32_t i = 0; i < slot->count; i++) {
        struct ps_opensearch_result result = { .outcome = PS_OPENSEARCH_UNDELIVERED,
                                               .item = bytes_of(slot, &slot->items[i]),
                                               .tag = slot->items[i].tag,
                                               .status = status,
                                               .type = type };
        PS_TRY(give(sink, &result));
    }
    set_free(slot);
    return PS_OK;
}

/* -- what is left -------------------------------------------------------------------------------------------------- */

/* Of the items sent the first `kept` stay, and all that were not sent; their bytes move to the front. */
static void compact(struct ps_opensearch_slot *slot, uint32_t kept)
{
    uint32_t count = kept;
    for (uint32_t i = slot->sent; i < slot->count; i++)
        slot->items[count++] = slot->items[i];
    uint32_t end = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct ps_opensearch_item *item = &slot->items[i];
        if (item->offset != end) memmove(slot->body.data + end, slot->body.data + item->offset, item->len);
        item->offset = end;
        end += item->len;
    }
    slot->body.len = end;
    slot->count = count;
    slot->sent = 0;
}

static void ready_after(struct ps_opensearch_slot *slot, uint32_t wait_ms)
{
    if (slot->count == 0) {
        set_free(slot);
        return;
    }
    slot->state = PS_OPENSEARCH_SLOT_READY;
    slot->not_before_us = wait_ms == 0 ? 0 : ps_clock_monotonic_us() + (uint64_t)wait_ms * 1000;
}

static void halve_items(struct ps_opensearch_slot *slot)
{
    slot->items_max = slot->sent > 1 ? slot->sent / 2 : 1;
}

static void double_items(const struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    uint32_t most = sink->options.bulk_items_max;
    slot->items_max = slot->items_max > most / 2 ? most : slot->items_max * 2;
}

static void fault(struct ps_opensearch *sink, const struct ps_opensearch_slot *slot, const struct answer *answer)
{
    struct ps_opensearch_result result = { .item = bytes_of(slot, &slot->items[0]),
                                           .status = answer->status,
                                           .type = answer->type };
    ps_opensearch_trouble_fault(sink, answer->fault, &result, answer->detail);
    sink->open = true;
}

/* A request that brought no item further. The ring failing as a whole, try after try, opens the breaker; a probe has
 * the tries of one slot. */
static void count_failure(struct ps_opensearch *sink)
{
    sink->failures++;
    uint32_t slots = sink->probing ? 1 : sink->options.slots;
    if (sink->failures >= sink->options.attempts_max * slots) sink->open = true;
}

static void count_success(struct ps_opensearch *sink)
{
    sink->failures = 0;
    sink->probing = false;
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static struct answer judge_failure(const struct ps_opensearch_slot *slot)
{
    const struct ps_http_exchange *exchange = &slot->exchange;
    struct answer answer = { .verdict = PS_OPENSEARCH_REQUEST_RETRY,
                             .type = exchange->timed_out ? PS_SPAN("timed_out") : PS_SPAN("no_answer"),
                             .detail = ps_span_of(exchange->reason) };
    switch (ps_err_class(exchange->err)) {
    case PS_CLASS_CONFIG:
        answer.verdict = PS_OPENSEARCH_REQUEST_FAULT;
        answer.fault = PS_OPENSEARCH_FAULT_CONNECTION;
        answer.type = PS_SPAN("connection");
        return answer;
    case PS_CLASS_DENIED:
    case PS_CLASS_INPUT: /* a secret that does not exist, credentials that no header can hold */
        answer.verdict = PS_OPENSEARCH_REQUEST_DENIED;
        answer.fault = PS_OPENSEARCH_FAULT_CREDENTIALS;
        answer.type = PS_SPAN("no_credentials");
        return answer;
    case PS_CLASS_LIMIT:
        answer.type = PS_SPAN("answer_too_large");
        answer.smaller = true;
        return answer;
    case PS_CLASS_NONE:
    case PS_CLASS_TRANSIENT:
    case PS_CLASS_DEADLINE:
    case PS_CLASS_SYSTEM:
        return answer;
    }
    return answer;
}

/* The items of a 200; an answer that cannot be read, or has another number of items, is none. */
static void judge_items(struct ps_opensearch_slot *slot, struct answer *answer)
{
    struct ps_opensearch_reply_item *items =
        PS_ARENA_ARRAY(&slot->scratch, struct ps_opensearch_reply_item, slot->sent);
    if (items != NULL && ps_opensearch_reply_read(slot->exchange.response.body, items, slot->sent) == PS_OK) {
        answer->items = items;
        return;
    }
    answer->verdict = PS_OPENSEARCH_REQUEST_RETRY;
    answer->type = PS_SPAN("bad_answer");
}

static struct answer judge(struct ps_opensearch_slot *slot)
{
    if (slot->exchange.err != PS_OK) return judge_failure(slot);
    const struct ps_http_response *response = &slot->exchange.response;
    struct answer answer = { .status = response->status, .smaller = response->status == 429 };
    struct ps_opensearch_reply_refusal refusal = { 0 };
    if (response->status != 200) refusal = ps_opensearch_reply_refusal(response->body);
    answer.type = refusal.type.len > 0 ? refusal.type : PS_SPAN("request_refused");
    answer.verdict = ps_opensearch_verdict_request(response->status, &refusal, &answer.fault);
    if (answer.verdict == PS_OPENSEARCH_REQUEST_ANSWERED) judge_items(slot, &answer);
    return answer;
}

/* Full jitter; what the server asks for is a lower bound. */
static void plan_retry(const struct ps_opensearch *sink, const struct ps_opensearch_slot *slot, struct answer *answer)
{
    uint32_t asked_ms = slot->exchange.response.retry_after_ms;
    answer->wait_ms = ps_retry_wait_ms(slot->rounds + 1, 0);
    if (answer->wait_ms < asked_ms) answer->wait_ms = asked_ms;
    answer->may_retry = !sink->open && ps_deadline_allows(&sink->deadline, answer->wait_ms);
}

/* One item that should be tried again: *keep says that it stays, else it has got its end. */
static enum ps_err retry_item(struct ps_opensearch *sink, struct ps_opensearch_item *item,
                              struct ps_opensearch_result *result, const struct answer *answer, bool *keep)
{
    item->tries++;
    *keep = answer->may_retry && item->tries < sink->options.attempts_max;
    if (*keep) {
        sink->stats.retried_items++;
        ps_opensearch_trouble_note(sink, "retried", result);
        return PS_OK;
    }
    /* Without a word from the server the reason is ours: the time was up. */
    if (result->status == 0 && !answer->may_retry && !sink->open) result->type = PS_SPAN("deadline");
    result->outcome = PS_OPENSEARCH_UNDELIVERED;
    return give(sink, result);
}

static enum ps_err settle_item(struct ps_opensearch *sink, struct ps_opensearch_slot *slot, uint32_t i,
                               const struct answer *answer, enum ps_opensearch_item_verdict *verdict, bool *keep)
{
    const struct ps_opensearch_reply_item *reply = &answer->items[i];
    struct ps_opensearch_item *item = &slot->items[i];
    struct ps_opensearch_result result = { .item = bytes_of(slot, item),
                                           .tag = item->tag,
                                           .status = reply->status,
                                           .type = reply->type,
                                           .field = ps_opensearch_reply_field(reply->reason) };
    enum ps_opensearch_fault named = PS_OPENSEARCH_FAULT_NONE;
    *verdict = ps_opensearch_verdict_item(reply, &named);
    *keep = false;
    sink->stats.throttled += reply->status == 429;
    switch (*verdict) {
    case PS_OPENSEARCH_ITEM_STORED:
        result.outcome = PS_OPENSEARCH_STORED;
        break;
    case PS_OPENSEARCH_ITEM_DUPLICATE:
        result.outcome = PS_OPENSEARCH_DUPLICATE;
        break;
    case PS_OPENSEARCH_ITEM_REJECTED:
        result.outcome = PS_OPENSEARCH_REJECTED;
        break;
    case PS_OPENSEARCH_ITEM_RETRY:
        return retry_item(sink, item, &result, answer, keep);
    case PS_OPENSEARCH_ITEM_FAULT:
        ps_opensearch_trouble_fault(sink, named, &result, PS_SPAN(""));
        result.outcome = PS_OPENSEARCH_UNDELIVERED;
        break;
    }
    return give(sink, &result);
}

/* Each item by its own verdict. A fault of one index leaves the others alone; only when a request has met nothing but
 * faults does the breaker open. */
static enum ps_err settle_each(struct ps_opensearch *sink, struct ps_opensearch_slot *slot, const struct answer *answer)
{
    uint32_t kept = 0;
    uint32_t faults = 0;
    uint32_t later = 0;
    for (uint32_t i = 0; i < slot->sent; i++) {
        enum ps_opensearch_item_verdict verdict = PS_OPENSEARCH_ITEM_RETRY;
        bool keep = false;
        PS_TRY(settle_item(sink, slot, i, answer, &verdict, &keep));
        faults += verdict == PS_OPENSEARCH_ITEM_FAULT;
        later += verdict == PS_OPENSEARCH_ITEM_RETRY;
        if (keep) slot->items[kept++] = slot->items[i];
    }
    sink->lone_poisons = 0;
    if (faults == slot->sent) sink->open = true;
    if (later == slot->sent)
        count_failure(sink);
    else
        count_success(sink);
    double_items(sink, slot);
    slot->rounds = kept > 0 ? slot->rounds + 1 : 0;
    compact(slot, kept);
    ready_after(slot, kept > 0 ? answer->wait_ms : 0);
    return PS_OK;
}

static enum ps_err settle_retry(struct ps_opensearch *sink, struct ps_opensearch_slot *slot,
                                const struct answer *answer)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < slot->sent; i++) {
        struct ps_opensearch_item *item = &slot->items[i];
        struct ps_opensearch_result result = {
            .item = bytes_of(slot, item), .tag = item->tag, .status = answer->status, .type = answer->type
        };
        bool keep = false;
        PS_TRY(retry_item(sink, item, &result, answer, &keep));
        if (keep) slot->items[kept++] = *item;
    }
    sink->stats.throttled += answer->status == 429;
    count_failure(sink);
    if (answer->smaller) halve_items(slot);
    slot->rounds++;
    compact(slot, kept);
    ready_after(slot, answer->wait_ms);
    return PS_OK;
}

/* The only item of a request whose whole body was refused. */
static enum ps_err reject_alone(struct ps_opensearch *sink, struct ps_opensearch_slot *slot, uint32_t status,
                                struct ps_span type)
{
    PS_ASSERT(slot->sent == 1);
    struct ps_opensearch_result result = { .outcome = PS_OPENSEARCH_REJECTED,
                                           .item = bytes_of(slot, &slot->items[0]),
                                           .tag = slot->items[0].tag,
                                           .status = status,
                                           .type = type };
    PS_TRY(give(sink, &result));
    compact(slot, 0);
    ready_after(slot, 0);
    return PS_OK;
}

static enum ps_err settle_too_large(struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    if (slot->sent == 1) return reject_alone(sink, slot, 413, PS_SPAN("too_large"));
    const struct ps_opensearch_item *last = &slot->items[slot->sent - 1];
    sink->request_bytes_max = ((size_t)last->offset + last->len) / 2;
    sink->stats.bisected++;
    ready_after(slot, 0);
    return PS_OK;
}

static enum ps_err settle_poisoned(struct ps_opensearch *sink, struct ps_opensearch_slot *slot, struct answer *answer)
{
    if (slot->sent > 1) {
        halve_items(slot);
        sink->stats.bisected++;
        ready_after(slot, 0);
        return PS_OK;
    }
    sink->lone_poisons++;
    if (sink->lone_poisons >= LONE_POISONS_MAX) {
        answer->fault = PS_OPENSEARCH_FAULT_EVERY_BODY;
        fault(sink, slot, answer);
        return ps_opensearch_send_give_up(sink, slot, answer->status, answer->type);
    }
    double_items(sink, slot);
    return reject_alone(sink, slot, answer->status, answer->type);
}

static enum ps_err refresh(struct ps_opensearch *sink, bool *changed)
{
    switch (sink->target.auth) {
    case PS_CALL_UNSIGNED:
        *changed = false;
        return PS_OK;
    case PS_CALL_SIGV4:
        return ps_call_refresh(sink->client, changed);
    case PS_CALL_BASIC:
        return ps_secret_refresh(sink->options.password, &sink->deadline, changed);
    }
    PS_FAIL(PS_ERR_BAD_CONFIG, "authentication %d does not exist", (int)sink->target.auth);
}

/* Whether another try with other credentials is worth it. */
static bool has_new_credentials(struct ps_opensearch *sink, const struct ps_opensearch_slot *slot,
                                struct answer *answer)
{
    if (slot->credentials != sink->credentials) return true; /* signed before the change */
    if (sink->refreshed) return false;
    sink->refreshed = true;
    bool changed = false;
    enum ps_err err = refresh(sink, &changed);
    if (err != PS_OK && answer->detail.len == 0) answer->detail = ps_span_of(ps_err_note()->text);
    if (err != PS_OK || !changed) return false;
    sink->credentials++;
    return true;
}

enum ps_err ps_opensearch_send_settle(struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    PS_ASSERT(slot->state == PS_OPENSEARCH_SLOT_FLYING && slot->exchange.done);
    struct answer answer = judge(slot);
    plan_retry(sink, slot, &answer);
    switch (answer.verdict) {
    case PS_OPENSEARCH_REQUEST_ANSWERED:
        return settle_each(sink, slot, &answer);
    case PS_OPENSEARCH_REQUEST_RETRY:
        return settle_retry(sink, slot, &answer);
    case PS_OPENSEARCH_REQUEST_TOO_LARGE:
        return settle_too_large(sink, slot);
    case PS_OPENSEARCH_REQUEST_POISONED:
        return settle_poisoned(sink, slot, &answer);
    case PS_OPENSEARCH_REQUEST_DENIED:
        if (has_new_credentials(sink, slot, &answer)) {
            ready_after(slot, 0);
            return PS_OK;
        }
        break;
    case PS_OPENSEARCH_REQUEST_FAULT:
        break;
    }
    fault(sink, slot, &answer);
    return ps_opensearch_send_give_up(sink, slot, answer.status, answer.type);
}
