#include "aws/dynamodb_priv.h"

#include <stdio.h>

#include "base/assert.h"
#include "host/clock.h"

enum {
    LONE_POISONS_MAX = 8, /* so many single items refused in a row: it is not the items */
    TRY_MS_MIN = 50,      /* a try that has less time than this is not waited for */
    SCRATCH_KEEP_BYTES = 64 << 10,
};

/* What came back for a request, before it is applied to the items. */
struct answer {
    enum ps_dynamodb_verdict verdict;
    enum ps_dynamodb_fault fault;
    uint32_t status;
    uint32_t hint_ms;                         /* how long the service asks to wait */
    struct ps_span type;                      /* the service's, or our own word */
    struct ps_span detail;                    /* without an answer: what the transport or the signer says */
    bool left[PS_DYNAMODB_REQUEST_ITEMS_MAX]; /* ANSWERED: unprocessed */
};

/* -- sending ------------------------------------------------------------------------------------------------------- */

void ps_dynamodb_put_headers(struct ps_http_request *request, struct ps_span operation)
{
    request->headers[0] = (struct ps_http_header){ PS_SPAN("Content-Type"), PS_SPAN("application/x-amz-json-1.0") };
    request->headers[1] = (struct ps_http_header){ PS_SPAN("X-Amz-Target"), operation };
    request->headers[2] = (struct ps_http_header){ PS_SPAN("Accept-Encoding"), PS_SPAN("identity") };
    request->header_count = 3;
}

static void build_body(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot)
{
    struct ps_buf *body = &slot->body;
    body->len = 0;
    ps_buf_put(body, PS_SPAN("{\"RequestItems\":{\""));
    ps_buf_put(body, sink->options.table);
    ps_buf_put(body, PS_SPAN("\":["));
    for (uint32_t i = 0; i < slot->sent; i++) {
        ps_buf_put(body, i == 0 ? PS_SPAN("{\"PutRequest\":{\"Item\":") : PS_SPAN(",{\"PutRequest\":{\"Item\":"));
        ps_buf_put(body, ps_dynamodb_pool_json(&sink->pool, slot->items[i]));
        ps_buf_put(body, PS_SPAN("}}"));
    }
    ps_buf_put(body, PS_SPAN("]}}"));
    PS_ASSERT(body->err == PS_OK); /* the room is for the largest request */
}

static void build_request(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot)
{
    build_body(sink, slot);
    struct ps_http_request *request = &slot->exchange.request;
    uint32_t left_ms = ps_deadline_left_ms(&sink->deadline);
    /* The process may have been stalled since the deadline was last asked: then this try ends at once. */
    if (left_ms == 0) left_ms = 1;
    *request = (struct ps_http_request){
        .method = "POST",
        .url = sink->url,
        .body = ps_buf_span(&slot->body),
        .timeout_ms = left_ms < sink->options.request_timeout_ms ? left_ms : sink->options.request_timeout_ms,
        .response_bytes_max = PS_DYNAMODB_RESPONSE_BYTES_MAX,
    };
    ps_dynamodb_put_headers(request, PS_SPAN("DynamoDB_20120810.BatchWriteItem"));
    sink->stats.requests++;
    sink->stats.sent_bytes += request->body.len;
}

static enum ps_err sign_and_start(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot)
{
    PS_TRY(ps_call_authorize(sink->client, &slot->scratch, &sink->target, ps_clock_now_ms(), &slot->exchange.request));
    return ps_http_start(sink->http, &slot->scratch, &slot->exchange);
}

void ps_dynamodb_send_start(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot)
{
    PS_ASSERT(slot->state == PS_DYNAMODB_SLOT_READY);
    PS_ASSERT(slot->sent > 0);
    PS_ASSERT(slot->sent <= slot->count);
    ps_arena_reset(&slot->scratch, SCRATCH_KEEP_BYTES);
    slot->exchange = (struct ps_http_exchange){ 0 };
    slot->credentials = sink->credentials;
    build_request(sink, slot);
    enum ps_err err = sign_and_start(sink, slot);
    slot->state = PS_DYNAMODB_SLOT_FLYING;
    if (err == PS_OK) return;
    slot->exchange.done = true;
    slot->exchange.err = err;
    char *reason = slot->exchange.reason;
    (void)snprintf(reason, sizeof slot->exchange.reason, "%.*s", (int)sizeof slot->exchange.reason - 1,
                   ps_err_note()->text);
}

static void set_free(struct ps_dynamodb_slot *slot)
{
    slot->state = PS_DYNAMODB_SLOT_FREE;
    slot->count = 0;
    slot->sent = 0;
    slot->rounds = 0;
}

static void break_off(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot)
{
    if (slot->state == PS_DYNAMODB_SLOT_FLYING && !slot->exchange.done) ps_http_cancel(sink->http, &slot->exchange);
}

void ps_dynamodb_send_drop(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot)
{
    break_off(sink, slot);
    set_free(slot);
}

/* -- results ------------------------------------------------------------------------------------------------------- */

enum ps_err ps_dynamodb_send_give(struct ps_dynamodb *sink, struct ps_dynamodb_item *item,
                                  enum ps_dynamodb_outcome outcome, uint32_t status, struct ps_span type)
{
    struct ps_dynamodb_result result = {
        .outcome = outcome, .item = ps_dynamodb_pool_json(&sink->pool, item), .status = status, .type = type
    };
    for (const struct ps_dynamodb_item *told = item; told != NULL; told = told->older) {
        result.tag = told->tag;
        sink->results++;
        if (outcome == PS_DYNAMODB_REJECTED) ps_dynamodb_trouble_note(sink, "rejected", status, type);
        if (outcome == PS_DYNAMODB_UNDELIVERED) ps_dynamodb_trouble_note(sink, "undelivered", status, type);
        sink->failed = sink->on_result(sink->context, &result);
        if (sink->failed != PS_OK) return sink->failed;
    }
    ps_dynamodb_pool_remove(&sink->pool, item);
    return PS_OK;
}

enum ps_err ps_dynamodb_send_give_up(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, uint32_t status,
                                     struct ps_span type)
{
    break_off(sink, slot);
    for (uint32_t i = 0; i < slot->count; i++)
        PS_TRY(ps_dynamodb_send_give(sink, slot->items[i], PS_DYNAMODB_UNDELIVERED, status, type));
    set_free(slot);
    return PS_OK;
}

/* -- what is left -------------------------------------------------------------------------------------------------- */

/* The slot keeps items[from..count) and sends the first `send` of them after a wait; without any it is free. */
static void keep_from(struct ps_dynamodb_slot *slot, uint32_t from, uint32_t send, uint32_t wait_ms)
{
    for (uint32_t i = from; i < slot->count; i++)
        slot->items[i - from] = slot->items[i];
    slot->count -= from;
    if (slot->count == 0) {
        set_free(slot);
        return;
    }
    slot->sent = send;
    slot->state = PS_DYNAMODB_SLOT_READY;
    slot->not_before_us = wait_ms == 0 ? 0 : ps_clock_monotonic_us() + (uint64_t)wait_ms * 1000;
}

/* Gives the items from here on back to the pool. */
static void release_from(struct ps_dynamodb_slot *slot, uint32_t from)
{
    for (uint32_t i = from; i < slot->count; i++)
        slot->items[i]->taken = false;
    slot->count = from;
}

static uint32_t half_of(uint32_t count)
{
    return count > 1 ? count / 2 : 1;
}

static void fault(struct ps_dynamodb *sink, const struct answer *answer)
{
    ps_dynamodb_trouble_fault(sink, answer->fault, answer->status, answer->type, answer->detail);
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static void judge_failure(const struct ps_dynamodb_slot *slot, struct answer *answer)
{
    const struct ps_http_exchange *exchange = &slot->exchange;
    answer->verdict = PS_DYNAMODB_RETRY;
    answer->type = exchange->timed_out ? PS_SPAN("timed_out") : PS_SPAN("no_answer");
    answer->detail = ps_span_of(exchange->reason);
    switch (ps_err_class(exchange->err)) {
    case PS_CLASS_CONFIG:
        answer->verdict = PS_DYNAMODB_FAULT;
        answer->fault = PS_DYNAMODB_FAULT_CONNECTION;
        answer->type = PS_SPAN("connection");
        return;
    case PS_CLASS_DENIED:
        answer->verdict = PS_DYNAMODB_DENIED;
        answer->fault = PS_DYNAMODB_FAULT_CREDENTIALS;
        answer->type = PS_SPAN("no_credentials");
        return;
    case PS_CLASS_LIMIT:
        answer->type = PS_SPAN("answer_too_large");
        return;
    case PS_CLASS_NONE:
    case PS_CLASS_INPUT:
    case PS_CLASS_TRANSIENT:
    case PS_CLASS_DEADLINE:
    case PS_CLASS_SYSTEM:
        return;
    }
}

/* Which items a 200 leaves; an answer that cannot be read is none. */
static void judge_items(const struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, struct answer *answer)
{
    struct ps_dynamodb_key keys[PS_DYNAMODB_REQUEST_ITEMS_MAX];
    for (uint32_t i = 0; i < slot->sent; i++)
        keys[i] = ps_dynamodb_pool_key(&sink->pool, slot->items[i]);
    enum ps_err err = ps_dynamodb_reply_unprocessed(&slot->scratch, slot->exchange.response.body, sink->options.table,
                                                    keys, slot->sent, answer->left);
    answer->type = PS_SPAN("unprocessed");
    if (err == PS_OK) return;
    answer->verdict = PS_DYNAMODB_RETRY;
    answer->type = PS_SPAN("bad_answer");
}

static void judge(const struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, struct answer *answer)
{
    *answer = (struct answer){ 0 };
    if (slot->exchange.err != PS_OK) {
        judge_failure(slot, answer);
        return;
    }
    const struct ps_http_response *response = &slot->exchange.response;
    struct ps_dynamodb_reply_refusal refusal = { 0 };
    if (response->status != 200) refusal = ps_dynamodb_reply_refusal(response->body);
    answer->status = response->status;
    answer->hint_ms = response->retry_after_ms;
    answer->type = refusal.type.len > 0 ? refusal.type : PS_SPAN("request_refused");
    answer->verdict = ps_dynamodb_verdict(response->status, &refusal, &answer->fault);
    if (answer->verdict == PS_DYNAMODB_ANSWERED) judge_items(sink, slot, answer);
}

/* Counts a throttle under each reason it gives, else under its own name. */
static void note_throttle(struct ps_dynamodb *sink, const struct ps_dynamodb_slot *slot, const struct answer *answer)
{
    struct ps_span reasons[PS_DYNAMODB_REASONS_MAX];
    size_t count = ps_dynamodb_reply_reasons(slot->exchange.response.body, reasons);
    for (size_t i = 0; i < count; i++)
        ps_dynamodb_trouble_note(sink, "throttled", answer->status, reasons[i]);
    if (count == 0) ps_dynamodb_trouble_note(sink, "throttled", answer->status, answer->type);
}

/* -- partition keys that back off ---------------------------------------------------------------------------------- */

/* One partition key's part in an answer. Items may be gone before all keys are seen to, so this is taken first. */
struct group {
    uint64_t pk_hash;
    uint32_t rounds; /* waits in a row without anything stored */
    uint32_t tries;
};

struct groups {
    struct group of[PS_DYNAMODB_REQUEST_ITEMS_MAX];
    uint32_t count;
};

static struct group *find_group(struct groups *groups, uint64_t pk_hash)
{
    for (uint32_t i = 0; i < groups->count; i++) {
        if (groups->of[i].pk_hash == pk_hash) return &groups->of[i];
    }
    return NULL;
}

/* Of the first `sent` items the partition keys of those left; NULL: all are. */
static void group_left(const struct ps_dynamodb_slot *slot, const bool *left, struct groups *groups)
{
    groups->count = 0;
    for (uint32_t i = 0; i < slot->sent; i++) {
        const struct ps_dynamodb_item *item = slot->items[i];
        if ((left != NULL && !left[i]) || find_group(groups, item->pk_hash) != NULL) continue;
        groups->of[groups->count++] =
            (struct group){ .pk_hash = item->pk_hash, .rounds = item->rounds + 1, .tries = item->tries };
    }
    for (uint32_t i = 0; left != NULL && i < slot->sent; i++) {
        struct group *group = left[i] ? NULL : find_group(groups, slot->items[i]->pk_hash);
        if (group != NULL) group->rounds = 1; /* something was stored: its waits begin anew */
    }
}

/* Lets a partition key's waiting items wait, or gives them up when the wait and another try do not fit. */
static enum ps_err back_off(struct ps_dynamodb *sink, const struct group *group, uint32_t wait_ms,
                            const struct answer *answer)
{
    if (ps_deadline_allows(&sink->deadline, wait_ms + TRY_MS_MIN)) {
        uint64_t until_us = ps_clock_monotonic_us() + (uint64_t)wait_ms * 1000;
        ps_dynamodb_pool_back_off(&sink->pool, group->pk_hash, group->rounds, until_us);
        return PS_OK;
    }
    for (struct ps_dynamodb_item *item = sink->pool.oldest, *next; item != NULL; item = next) {
        next = item->after;
        if (item->taken || item->pk_hash != group->pk_hash) continue;
        PS_TRY(ps_dynamodb_send_give(sink, item, PS_DYNAMODB_UNDELIVERED, answer->status, answer->type));
    }
    return PS_OK;
}

/* -- 200 ----------------------------------------------------------------------------------------------------------- */

static enum ps_err settle_each(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, const struct answer *answer)
{
    struct groups groups;
    group_left(slot, answer->left, &groups);
    for (uint32_t i = 0; i < slot->sent; i++) {
        struct ps_dynamodb_item *item = slot->items[i];
        item->taken = !answer->left[i];
        if (item->taken) {
            PS_TRY(ps_dynamodb_send_give(sink, item, PS_DYNAMODB_STORED, answer->status, PS_SPAN("")));
            continue;
        }
        sink->stats.unprocessed++;
        sink->stats.retried_items++;
        ps_dynamodb_trouble_note(sink, "unprocessed", answer->status, PS_SPAN(""));
    }
    for (uint32_t i = 0; i < groups.count; i++) {
        uint32_t wait_ms = ps_retry_backoff_ms(PS_RETRY_BASE_MS, groups.of[i].rounds, answer->hint_ms);
        PS_TRY(back_off(sink, &groups.of[i], wait_ms, answer));
    }
    ps_retry_give(&sink->quota, slot->taken);
    slot->taken = 0;
    slot->rounds = 0;
    sink->lone_poisons = 0;
    /* In a bisection the first half was good: the bad item is in the second. */
    keep_from(slot, slot->sent, half_of(slot->count - slot->sent), 0);
    return PS_OK;
}

/* -- failures of a whole request ----------------------------------------------------------------------------------- */

/* Whether the quota and the time left hold another try. */
static bool may_retry(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, uint32_t cost, uint32_t wait_ms)
{
    if (!ps_deadline_allows(&sink->deadline, wait_ms + TRY_MS_MIN)) return false;
    if (!ps_retry_take_cost(&sink->quota, cost)) return false;
    slot->taken = cost;
    return true;
}

/* Of the items sent those with no try left get their end; the slot keeps the others. */
static enum ps_err count_tries(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, const struct answer *answer,
                               bool again)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < slot->sent; i++) {
        struct ps_dynamodb_item *item = slot->items[i];
        item->tries++;
        if (again && item->tries < sink->options.attempts_max) {
            sink->stats.retried_items++;
            ps_dynamodb_trouble_note(sink, "retried", answer->status, answer->type);
            slot->items[kept++] = item;
            continue;
        }
        PS_TRY(ps_dynamodb_send_give(sink, item, PS_DYNAMODB_UNDELIVERED, answer->status, answer->type));
    }
    uint32_t sent = kept;
    for (uint32_t i = slot->sent; i < slot->count; i++)
        slot->items[kept++] = slot->items[i];
    slot->count = kept;
    slot->sent = sent;
    return PS_OK;
}

static enum ps_err settle_retry(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, const struct answer *answer)
{
    slot->rounds++;
    uint32_t wait_ms = ps_retry_backoff_ms(PS_RETRY_BASE_MS_DYNAMODB, slot->rounds, answer->hint_ms);
    PS_TRY(count_tries(sink, slot, answer, may_retry(sink, slot, PS_RETRY_TRANSIENT_COST, wait_ms)));
    if (slot->sent == 0) release_from(slot, 0);
    keep_from(slot, 0, slot->sent, wait_ms);
    return PS_OK;
}

/* Nothing could be written: the items go back to the pool, where each partition key waits by itself. */
static enum ps_err settle_throttled(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot,
                                    const struct answer *answer)
{
    struct groups groups;
    sink->stats.throttled++;
    note_throttle(sink, slot, answer);
    PS_TRY(count_tries(sink, slot, answer, may_retry(sink, slot, PS_RETRY_THROTTLE_COST, 0)));
    group_left(slot, NULL, &groups);
    release_from(slot, 0);
    set_free(slot);
    for (uint32_t i = 0; i < groups.count; i++) {
        uint32_t wait_ms = ps_retry_backoff_ms(PS_RETRY_BASE_MS_THROTTLED, groups.of[i].tries, answer->hint_ms);
        PS_TRY(back_off(sink, &groups.of[i], wait_ms, answer));
    }
    return PS_OK;
}

/* One bad item refuses all: the first half goes again, and what is not in it is no longer suspected. */
static enum ps_err settle_poisoned(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, struct answer *answer)
{
    release_from(slot, slot->sent);
    if (slot->sent > 1) {
        sink->stats.bisected++;
        keep_from(slot, 0, half_of(slot->count), 0);
        return PS_OK;
    }
    sink->lone_poisons++;
    if (sink->lone_poisons >= LONE_POISONS_MAX) {
        answer->fault = PS_DYNAMODB_FAULT_EVERY_ITEM;
        fault(sink, answer);
        return ps_dynamodb_send_give_up(sink, slot, answer->status, answer->type);
    }
    PS_TRY(ps_dynamodb_send_give(sink, slot->items[0], PS_DYNAMODB_REJECTED, answer->status, answer->type));
    set_free(slot);
    return PS_OK;
}

/* Whether another try with other credentials is worth it. */
static bool has_new_credentials(struct ps_dynamodb *sink, const struct ps_dynamodb_slot *slot)
{
    if (slot->credentials != sink->credentials) return true; /* signed before the change */
    if (sink->refreshed) return false;
    sink->refreshed = true;
    bool changed = false;
    if (ps_call_refresh(sink->client, &changed) != PS_OK || !changed) return false;
    sink->credentials++;
    return true;
}

enum ps_err ps_dynamodb_send_settle(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot)
{
    PS_ASSERT(slot->state == PS_DYNAMODB_SLOT_FLYING && slot->exchange.done);
    struct answer answer;
    judge(sink, slot, &answer);
    switch (answer.verdict) {
    case PS_DYNAMODB_ANSWERED:
        return settle_each(sink, slot, &answer);
    case PS_DYNAMODB_RETRY:
    case PS_DYNAMODB_CONFLICT:
        return settle_retry(sink, slot, &answer);
    case PS_DYNAMODB_THROTTLED:
        return settle_throttled(sink, slot, &answer);
    case PS_DYNAMODB_POISONED:
        return settle_poisoned(sink, slot, &answer);
    case PS_DYNAMODB_DENIED:
        if (has_new_credentials(sink, slot)) {
            keep_from(slot, 0, slot->sent, 0);
            return PS_OK;
        }
        break;
    case PS_DYNAMODB_CANCELED:
    case PS_DYNAMODB_CONDITION: /* of writes that this sink does not make */
        answer.fault = PS_DYNAMODB_FAULT_UNEXPECTED;
        break;
    case PS_DYNAMODB_FAULT:
        break;
    }
    fault(sink, &answer);
    return ps_dynamodb_send_give_up(sink, slot, answer.status, answer.type);
}
