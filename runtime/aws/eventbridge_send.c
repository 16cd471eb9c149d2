#include "aws/eventbridge_priv.h"

#include <stdio.h>

#include "aws/refusal.h"
#include "base/assert.h"
#include "host/clock.h"

enum {
    ANSWER_BYTES_MAX = 64 << 10, /* ten entries with their messages take a tenth of it */
    SCRATCH_KEEP_BYTES = 64 << 10,
};

/* What came back for a request, before it is applied to the entries. */
struct answer {
    enum ps_eventbridge_request_verdict verdict;
    enum ps_eventbridge_fault fault;
    uint32_t status;
    struct ps_span type;                              /* the server's code, or our own word */
    struct ps_span detail;                            /* without an answer: what the transport or the signer says */
    struct ps_span codes[PS_EVENTBRIDGE_ENTRIES_MAX]; /* ANSWERED: one for each sent */
    uint32_t wait_ms;                                 /* until the next try of what is to be retried */
    bool in_time;                                     /* the wait and another try fit before the reserve */
    bool may_retry;                                   /* and nothing else speaks against it */
};

/* -- sending ------------------------------------------------------------------------------------------------------- */

/* Puts "]}" after the last entry sent, or ",\n" where others may follow it. */
static size_t end_with(struct ps_eventbridge_slot *slot, const char two[static 2])
{
    const struct ps_eventbridge_entry *last = &slot->entries[slot->sent - 1];
    size_t end = (size_t)last->offset + last->len;
    memcpy(slot->body.data + end - 2, two, 2);
    return end;
}

static void build_request(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot)
{
    slot->sent = slot->count < slot->entries_max ? slot->count : slot->entries_max;
    uint32_t left_ms = ps_deadline_left_ms(&sink->deadline);
    /* The process may have been stalled since the deadline was last asked: then this try ends at once. */
    if (left_ms == 0) left_ms = 1;
    slot->exchange = (struct ps_http_exchange){
        .request = { .method = "POST",
                     .url = sink->url,
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-amz-json-1.1") },
                                  { PS_SPAN("X-Amz-Target"), PS_SPAN("AWSEvents.PutEvents") } },
                     .header_count = 2,
                     .body = ps_span_make(slot->body.data, end_with(slot, "]}")),
                     .timeout_ms =
                         left_ms < sink->options.request_timeout_ms ? left_ms : sink->options.request_timeout_ms,
                     .response_bytes_max = ANSWER_BYTES_MAX },
    };
    sink->stats.requests++;
    sink->stats.sent_bytes += slot->exchange.request.body.len;
}

static enum ps_err sign_and_start(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("events") };
    PS_TRY(ps_call_authorize(sink->client, &slot->scratch, &target, ps_clock_now_ms(), &slot->exchange.request));
    return ps_http_start(sink->http, &slot->scratch, &slot->exchange);
}

void ps_eventbridge_send_start(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot)
{
    PS_ASSERT(slot->state == PS_EVENTBRIDGE_SLOT_READY);
    PS_ASSERT(slot->count > 0);
    ps_arena_reset(&slot->scratch, SCRATCH_KEEP_BYTES);
    slot->credentials = sink->credentials;
    build_request(sink, slot);
    enum ps_err err = sign_and_start(sink, slot);
    slot->state = PS_EVENTBRIDGE_SLOT_FLYING;
    if (err == PS_OK) return;
    slot->exchange.done = true;
    slot->exchange.err = err;
    char *reason = slot->exchange.reason;
    (void)snprintf(reason, sizeof slot->exchange.reason, "%.*s", (int)sizeof slot->exchange.reason - 1,
                   ps_err_note()->text);
}

static void set_free(struct ps_eventbridge_slot *slot)
{
    slot->state = PS_EVENTBRIDGE_SLOT_FREE;
    slot->count = 0;
    slot->sent = 0;
    slot->taken = 0;
}

static void break_off(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot)
{
    if (slot->state == PS_EVENTBRIDGE_SLOT_FLYING && !slot->exchange.done) ps_http_cancel(sink->http, &slot->exchange);
}

void ps_eventbridge_send_drop(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot)
{
    break_off(sink, slot);
    set_free(slot);
}

/* -- results ------------------------------------------------------------------------------------------------------- */

enum ps_err ps_eventbridge_send_give(struct ps_eventbridge *sink, const struct ps_eventbridge_result *result)
{
    sink->results++;
    if (result->outcome == PS_EVENTBRIDGE_REJECTED) ps_eventbridge_trouble_note(sink, "rejected", result);
    if (result->outcome == PS_EVENTBRIDGE_UNDELIVERED) ps_eventbridge_trouble_note(sink, "undelivered", result);
    sink->failed = sink->on_result(sink->context, result);
    return sink->failed;
}

enum ps_err ps_eventbridge_send_give_up(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot, uint32_t status,
                                        struct ps_span type)
{
    break_off(sink, slot);
    for (uint32_t i = 0; i < slot->count; i++) {
        struct ps_eventbridge_result result = {
            .outcome = PS_EVENTBRIDGE_UNDELIVERED, .tag = slot->entries[i].tag, .status = status, .type = type
        };
        PS_TRY(ps_eventbridge_send_give(sink, &result));
    }
    set_free(slot);
    return PS_OK;
}

/* -- what is left -------------------------------------------------------------------------------------------------- */

/* Of the entries sent the first `kept` stay, and all that were not sent; their bytes move to the front. */
static void compact(struct ps_eventbridge_slot *slot, uint32_t kept)
{
    uint32_t end = (uint32_t)PS_EVENTBRIDGE_HEAD.len;
    uint32_t count = kept;
    for (uint32_t i = slot->sent; i < slot->count; i++)
        slot->entries[count++] = slot->entries[i];
    for (uint32_t i = 0; i < count; i++) {
        struct ps_eventbridge_entry *entry = &slot->entries[i];
        if (entry->offset != end) memmove(slot->body.data + end, slot->body.data + entry->offset, entry->len);
        entry->offset = end;
        end += entry->len;
    }
    slot->count = count;
    slot->sent = 0;
}

static void ready_after(struct ps_eventbridge_slot *slot, uint32_t wait_ms)
{
    if (slot->count == 0) {
        set_free(slot);
        return;
    }
    slot->state = PS_EVENTBRIDGE_SLOT_READY;
    slot->not_before_us = wait_ms == 0 ? 0 : ps_clock_monotonic_us() + (uint64_t)wait_ms * 1000;
}

/* A request that brought no entry further. As many in a row as all slots have attempts open the breaker. */
static void count_failure(struct ps_eventbridge *sink)
{
    sink->failures++;
    if (sink->failures >= sink->options.attempts_max * sink->options.slots) sink->open = true;
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static struct answer judge_failure(const struct ps_eventbridge_slot *slot)
{
    const struct ps_http_exchange *exchange = &slot->exchange;
    struct answer answer = { .verdict = PS_EVENTBRIDGE_REQUEST_RETRY,
                             .type = exchange->timed_out ? PS_SPAN("timed_out") : PS_SPAN("no_answer"),
                             .detail = ps_span_of(exchange->reason) };
    switch (ps_err_class(exchange->err)) {
    case PS_CLASS_CONFIG:
        answer.verdict = PS_EVENTBRIDGE_REQUEST_FAULT;
        answer.fault = PS_EVENTBRIDGE_FAULT_CONNECTION;
        answer.type = PS_SPAN("connection");
        return answer;
    case PS_CLASS_DENIED:
        answer.verdict = PS_EVENTBRIDGE_REQUEST_DENIED;
        answer.fault = PS_EVENTBRIDGE_FAULT_CREDENTIALS;
        answer.type = PS_SPAN("no_credentials");
        return answer;
    case PS_CLASS_NONE:
    case PS_CLASS_INPUT:
    case PS_CLASS_LIMIT:
    case PS_CLASS_TRANSIENT:
    case PS_CLASS_DEADLINE:
    case PS_CLASS_SYSTEM:
        return answer;
    }
    return answer;
}

static struct answer judge(const struct ps_eventbridge_slot *slot)
{
    if (slot->exchange.err != PS_OK) return judge_failure(slot);
    const struct ps_http_response *response = &slot->exchange.response;
    struct answer answer = { .status = response->status, .type = PS_SPAN("request_refused") };
    struct ps_span code = PS_SPAN("");
    if (response->status != 200) code = ps_refusal_code(response->body);
    if (code.len > 0) answer.type = code;
    answer.verdict = ps_eventbridge_verdict_request(response->status, code, &answer.fault);
    if (answer.verdict != PS_EVENTBRIDGE_REQUEST_ANSWERED) return answer;
    if (ps_eventbridge_reply_read(response->body, answer.codes, slot->sent) == PS_OK) return answer;
    answer.verdict = PS_EVENTBRIDGE_REQUEST_RETRY;
    answer.type = PS_SPAN("bad_answer");
    return answer;
}

static void plan_retry(const struct ps_eventbridge *sink, const struct ps_eventbridge_slot *slot, uint32_t base_ms,
                       struct answer *answer)
{
    answer->wait_ms = ps_retry_backoff_ms(base_ms, slot->rounds + 1, slot->exchange.response.retry_after_ms);
    answer->in_time = ps_deadline_allows(&sink->deadline, answer->wait_ms);
    answer->may_retry = answer->in_time && !sink->open;
}

/* One entry that should be tried again: *keep says that it stays, else it has got its end. */
static enum ps_err retry_entry(struct ps_eventbridge *sink, struct ps_eventbridge_entry *entry,
                               struct ps_eventbridge_result *result, const struct answer *answer, bool *keep)
{
    entry->tries++;
    *keep = answer->may_retry && entry->tries < sink->options.attempts_max;
    if (*keep) {
        sink->stats.retried_entries++;
        ps_eventbridge_trouble_note(sink, "retried", result);
        return PS_OK;
    }
    /* Without a word from the server the reason is ours: the time was up. */
    if (result->status == 0 && !answer->in_time && !sink->open) result->type = PS_SPAN("deadline");
    result->outcome = PS_EVENTBRIDGE_UNDELIVERED;
    return ps_eventbridge_send_give(sink, result);
}

static enum ps_err settle_entry(struct ps_eventbridge *sink, struct ps_eventbridge_entry *entry, struct ps_span code,
                                const struct answer *answer, bool *later, bool *keep)
{
    struct ps_eventbridge_result result = { .tag = entry->tag, .status = answer->status, .type = code };
    enum ps_eventbridge_fault named = PS_EVENTBRIDGE_FAULT_NONE;
    switch (ps_eventbridge_verdict_entry(code, &named)) {
    case PS_EVENTBRIDGE_ENTRY_PUBLISHED:
        result.outcome = PS_EVENTBRIDGE_PUBLISHED;
        break;
    case PS_EVENTBRIDGE_ENTRY_REJECTED:
        result.outcome = PS_EVENTBRIDGE_REJECTED;
        break;
    case PS_EVENTBRIDGE_ENTRY_THROTTLED:
        sink->stats.throttled++;
        *later = true;
        return retry_entry(sink, entry, &result, answer, keep);
    case PS_EVENTBRIDGE_ENTRY_RETRY:
        *later = true;
        return retry_entry(sink, entry, &result, answer, keep);
    case PS_EVENTBRIDGE_ENTRY_FAULT:
        ps_eventbridge_trouble_fault(sink, named, answer->status, code, PS_SPAN(""));
        result.outcome = PS_EVENTBRIDGE_UNDELIVERED;
        break;
    }
    return ps_eventbridge_send_give(sink, &result);
}

/* Each entry by its own verdict. */
static enum ps_err settle_each(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot, struct answer *answer)
{
    uint32_t kept = 0;
    uint32_t postponed = 0;
    plan_retry(sink, slot, PS_RETRY_BASE_MS, answer);
    ps_retry_give(&sink->quota, slot->taken);
    slot->taken = 0;
    for (uint32_t i = 0; i < slot->sent; i++) {
        bool later = false;
        bool keep = false;
        PS_TRY(settle_entry(sink, &slot->entries[i], answer->codes[i], answer, &later, &keep));
        postponed += later;
        if (keep) slot->entries[kept++] = slot->entries[i];
    }
    if (postponed == slot->sent)
        count_failure(sink);
    else
        sink->failures = 0;
    slot->entries_max =
        slot->entries_max * 2 < PS_EVENTBRIDGE_ENTRIES_MAX ? slot->entries_max * 2 : PS_EVENTBRIDGE_ENTRIES_MAX;
    slot->rounds = kept > 0 ? slot->rounds + 1 : 0;
    compact(slot, kept);
    ready_after(slot, kept > 0 ? answer->wait_ms : 0);
    return PS_OK;
}

/* The request as a whole came to nothing: another try is taken from the quota. */
static enum ps_err settle_retry(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot, struct answer *answer)
{
    bool throttled = answer->verdict == PS_EVENTBRIDGE_REQUEST_THROTTLED;
    uint32_t cost = throttled ? PS_RETRY_THROTTLE_COST : PS_RETRY_TRANSIENT_COST;
    uint32_t kept = 0;
    sink->stats.throttled += throttled;
    plan_retry(sink, slot, throttled ? PS_RETRY_BASE_MS_THROTTLED : PS_RETRY_BASE_MS, answer);
    answer->may_retry = answer->may_retry && ps_retry_take_cost(&sink->quota, cost);
    if (answer->may_retry) slot->taken = cost;
    for (uint32_t i = 0; i < slot->sent; i++) {
        struct ps_eventbridge_entry *entry = &slot->entries[i];
        struct ps_eventbridge_result result = { .tag = entry->tag, .status = answer->status, .type = answer->type };
        bool keep = false;
        PS_TRY(retry_entry(sink, entry, &result, answer, &keep));
        if (keep) slot->entries[kept++] = *entry;
    }
    count_failure(sink);
    slot->rounds++;
    compact(slot, kept);
    ready_after(slot, answer->wait_ms);
    return PS_OK;
}

/* The whole request was refused for what is in it: halves find the entry. */
static enum ps_err settle_refused(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot,
                                  const struct answer *answer)
{
    if (slot->sent > 1) {
        slot->entries_max = slot->sent / 2;
        sink->stats.split++;
        ready_after(slot, 0);
        return PS_OK;
    }
    struct ps_eventbridge_result result = {
        .outcome = PS_EVENTBRIDGE_REJECTED, .tag = slot->entries[0].tag, .status = answer->status, .type = answer->type
    };
    PS_TRY(ps_eventbridge_send_give(sink, &result));
    compact(slot, 0);
    ready_after(slot, 0);
    return PS_OK;
}

/* Whether another try with other credentials is worth it. */
static bool has_new_credentials(struct ps_eventbridge *sink, const struct ps_eventbridge_slot *slot)
{
    if (slot->credentials != sink->credentials) return true; /* signed before the change */
    if (sink->refreshed) return false;
    sink->refreshed = true;
    bool changed = false;
    if (ps_call_refresh(sink->client, &changed) != PS_OK || !changed) return false;
    sink->credentials++;
    return true;
}

enum ps_err ps_eventbridge_send_settle(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot)
{
    PS_ASSERT(slot->state == PS_EVENTBRIDGE_SLOT_FLYING && slot->exchange.done);
    (void)end_with(slot, ",\n");
    struct answer answer = judge(slot);
    switch (answer.verdict) {
    case PS_EVENTBRIDGE_REQUEST_ANSWERED:
        return settle_each(sink, slot, &answer);
    case PS_EVENTBRIDGE_REQUEST_THROTTLED:
    case PS_EVENTBRIDGE_REQUEST_RETRY:
        return settle_retry(sink, slot, &answer);
    case PS_EVENTBRIDGE_REQUEST_REFUSED:
        return settle_refused(sink, slot, &answer);
    case PS_EVENTBRIDGE_REQUEST_DENIED:
        if (has_new_credentials(sink, slot)) {
            ready_after(slot, 0);
            return PS_OK;
        }
        break;
    case PS_EVENTBRIDGE_REQUEST_FAULT:
        break;
    }
    ps_eventbridge_trouble_fault(sink, answer.fault, answer.status, answer.type, answer.detail);
    return ps_eventbridge_send_give_up(sink, slot, answer.status, answer.type);
}
