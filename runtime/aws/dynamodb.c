#include "aws/dynamodb.h"

#include "aws/dynamodb_priv.h"
#include "aws/endpoint.h"
#include "aws/url.h"
#include "base/assert.h"
#include "host/clock.h"

enum {
    TABLE_BYTES_MIN = 3,
    TABLE_BYTES_MAX = 255,
    TRY_MS_MIN = 50,                 /* with less time than this before the reserve no request begins */
    WAIT_MS_MAX = 1000,              /* between two looks at the clock */
    PUMP_BYTES = 64 << 10,           /* built between two looks at the connections: an upload goes on while we encode */
    WARM_MS_MAX = 2000,              /* of init's 10 s */
    ENVELOPE_BYTES_MAX = 4 << 10,    /* of a request around its items: the table's name, and 26 bytes for each */
    SCRATCH_HEADER_BYTES = 64 << 10, /* signature and headers */
};

/* -- settings ------------------------------------------------------------------------------------------------------ */

enum ps_err ps_dynamodb_check_table(struct ps_span table)
{
    bool ok = table.len >= TABLE_BYTES_MIN && table.len <= TABLE_BYTES_MAX;
    for (size_t i = 0; ok && i < table.len; i++) {
        char c = table.data[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
             c == '.';
    }
    if (!ok)
        PS_FAIL(PS_ERR_BAD_CONFIG, "table name: it must be %d to %d letters, digits, underscores, hyphens and dots",
                TABLE_BYTES_MIN, TABLE_BYTES_MAX);
    return PS_OK;
}

static enum ps_err check_options(const struct ps_dynamodb_options *options)
{
    PS_TRY(ps_dynamodb_check_table(options->table));
    if (options->slots < 1 || options->slots > PS_DYNAMODB_SLOTS_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%u requests in flight: 1 to %d", options->slots, PS_DYNAMODB_SLOTS_MAX);
    if (options->attempts_max == 0 || options->request_timeout_ms == 0)
        PS_FAIL(PS_ERR_BAD_CONFIG, "a request needs at least one attempt and one millisecond");
    return PS_OK;
}

enum ps_err ps_dynamodb_find_service(struct ps_arena *arena, struct ps_call_client *client, struct ps_span *url,
                                     struct ps_call_target *target)
{
    struct ps_endpoint endpoint;
    PS_TRY(ps_endpoint_resolve(arena, PS_ENDPOINT_DYNAMODB, ps_call_region(client), &endpoint));
    *target = (struct ps_call_target){ .auth = PS_CALL_SIGV4, .service = PS_SPAN("dynamodb") };
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_URL_BYTES_MAX);
    ps_buf_put(&buf, endpoint.url);
    ps_buf_byte(&buf, '/');
    return ps_buf_finish(&buf, url);
}

/* -- open and close ------------------------------------------------------------------------------------------------ */

static enum ps_err open_slot(struct ps_arena *process, struct ps_dynamodb_slot *slot)
{
    size_t body_bytes = PS_DYNAMODB_ITEM_JSON_BYTES_MAX + ENVELOPE_BYTES_MAX;
    char *body = ps_arena_bytes(process, body_bytes);
    if (body == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "DynamoDB: a request body of %zu bytes", body_bytes);
    ps_buf_init_fixed(&slot->body, body, body_bytes);
    return ps_arena_init(&slot->scratch, 2 * (size_t)PS_DYNAMODB_RESPONSE_BYTES_MAX + SCRATCH_HEADER_BYTES);
}

static enum ps_err open_ring(struct ps_arena *process, struct ps_dynamodb *sink)
{
    uint32_t slots = sink->options.slots;
    PS_TRY(ps_dynamodb_pool_open(process, &sink->pool, slots));
    sink->slots = PS_ARENA_ARRAY(process, struct ps_dynamodb_slot, slots);
    if (sink->slots == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "DynamoDB: %u slots", slots);
    for (uint32_t i = 0; i < slots; i++)
        PS_TRY(open_slot(process, &sink->slots[i]));
    return PS_OK;
}

enum ps_err ps_dynamodb_open(struct ps_arena *process, struct ps_call_client *client,
                             const struct ps_dynamodb_options *options, struct ps_dynamodb **out)
{
    PS_TRY(check_options(options));
    struct ps_dynamodb *sink = PS_ARENA_NEW(process, struct ps_dynamodb);
    if (sink == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "DynamoDB sink");
    sink->client = client;
    sink->http = ps_call_http(client);
    sink->options = *options;
    sink->quota = ps_retry_quota_full();
    PS_TRY(ps_dynamodb_find_service(process, client, &sink->url, &sink->target));
    enum ps_err err = open_ring(process, sink);
    if (err != PS_OK) {
        ps_dynamodb_close(sink);
        return err;
    }
    /* If it fails, the first request meets the same trouble and can tell it. */
    enum ps_err warm = ps_http_warm(sink->http, ps_span_first(sink->url, sink->url.len - 1), WARM_MS_MAX);
    (void)warm;
    *out = sink;
    return PS_OK;
}

void ps_dynamodb_close(struct ps_dynamodb *sink)
{
    if (sink == NULL) return;
    for (uint32_t i = 0; sink->slots != NULL && i < sink->options.slots; i++) {
        ps_dynamodb_send_drop(sink, &sink->slots[i]);
        ps_arena_fini(&sink->slots[i].scratch);
    }
}

/* -- one invocation ------------------------------------------------------------------------------------------------ */

static void drop_all(struct ps_dynamodb *sink)
{
    for (uint32_t i = 0; i < sink->options.slots; i++)
        ps_dynamodb_send_drop(sink, &sink->slots[i]);
    ps_dynamodb_pool_clear(&sink->pool);
    sink->unpumped_items = 0;
    sink->unpumped_bytes = 0;
    sink->flushing = false;
}

void ps_dynamodb_begin(struct ps_dynamodb *sink, const struct ps_log *log, const struct ps_deadline *deadline,
                       ps_dynamodb_on_result *on_result, void *context)
{
    drop_all(sink);
    sink->log = log;
    sink->deadline = *deadline;
    sink->on_result = on_result;
    sink->context = context;
    sink->failed = PS_OK;
    sink->commits = 0;
    sink->results = 0;
    sink->stats = (struct ps_dynamodb_stats){ 0 };
    sink->trouble_count = 0;
    sink->troubles_untold = 0;
    sink->lone_poisons = 0;
    sink->refreshed = false;
    sink->fault = PS_DYNAMODB_FAULT_NONE;
}

const char *ps_dynamodb_operator_fault(const struct ps_dynamodb *sink)
{
    return ps_dynamodb_verdict_text(sink->fault);
}

/* After a failure nothing is in flight any more and nothing will be. */
static enum ps_err fail_for_good(struct ps_dynamodb *sink, enum ps_err err)
{
    sink->failed = err;
    drop_all(sink);
    return err;
}

/* -- the ring ------------------------------------------------------------------------------------------------------ */

/* Milliseconds until then; 0 when it has passed. */
static uint32_t due_in_ms(uint64_t then_us, uint64_t now_us)
{
    if (then_us <= now_us) return 0;
    uint64_t ms = (then_us - now_us + 999) / 1000;
    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

/* NULL, or why nothing may be sent any more. */
static const char *reason_to_stop(const struct ps_dynamodb *sink)
{
    if (sink->fault != PS_DYNAMODB_FAULT_NONE) return "operator_fault";
    return ps_deadline_allows(&sink->deadline, TRY_MS_MIN) ? NULL : "deadline";
}

/* Gives up what is not in flight, and what is when its time has come. */
static enum ps_err stop(struct ps_dynamodb *sink, struct ps_span why)
{
    bool over = ps_deadline_left_ms(&sink->deadline) == 0;
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        struct ps_dynamodb_slot *slot = &sink->slots[i];
        bool late = slot->state == PS_DYNAMODB_SLOT_FLYING && over && !slot->exchange.done;
        if (late || slot->state == PS_DYNAMODB_SLOT_READY) PS_TRY(ps_dynamodb_send_give_up(sink, slot, 0, why));
    }
    for (struct ps_dynamodb_item *item = sink->pool.oldest, *next; item != NULL; item = next) {
        next = item->after;
        if (!item->taken) PS_TRY(ps_dynamodb_send_give(sink, item, PS_DYNAMODB_UNDELIVERED, 0, why));
    }
    return PS_OK;
}

/* Starts what is due. *wait_ms shrinks to when the next is. */
static void start_due(struct ps_dynamodb *sink, uint32_t *wait_ms)
{
    uint64_t now_us = ps_clock_monotonic_us();
    uint64_t due_us = UINT64_MAX;
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        struct ps_dynamodb_slot *slot = &sink->slots[i];
        if (slot->state == PS_DYNAMODB_SLOT_FREE) {
            ps_dynamodb_pool_take(sink, slot, now_us, &due_us);
            if (slot->count == 0) continue;
            slot->state = PS_DYNAMODB_SLOT_READY;
            slot->sent = slot->count;
            slot->not_before_us = 0;
        }
        if (slot->state == PS_DYNAMODB_SLOT_READY) {
            if (slot->not_before_us > now_us)
                due_us = slot->not_before_us < due_us ? slot->not_before_us : due_us;
            else
                ps_dynamodb_send_start(sink, slot);
        }
        if (slot->state == PS_DYNAMODB_SLOT_FLYING && slot->exchange.done) *wait_ms = 0; /* it could not start */
    }
    uint32_t due_ms = due_in_ms(due_us, now_us);
    if (due_ms < *wait_ms) *wait_ms = due_ms;
}

static enum ps_err settle_done(struct ps_dynamodb *sink)
{
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        struct ps_dynamodb_slot *slot = &sink->slots[i];
        if (slot->state == PS_DYNAMODB_SLOT_FLYING && slot->exchange.done) PS_TRY(ps_dynamodb_send_settle(sink, slot));
    }
    return PS_OK;
}

static enum ps_err turn(struct ps_dynamodb *sink, uint32_t wait_ms)
{
    uint32_t left_ms = ps_deadline_left_ms(&sink->deadline);
    if (left_ms < wait_ms) wait_ms = left_ms;
    const char *why = reason_to_stop(sink);
    if (why != NULL)
        PS_TRY(stop(sink, ps_span_of(why)));
    else
        start_due(sink, &wait_ms);
    if (sink->pool.count == 0) wait_ms = 0; /* all have got their end */
    PS_TRY(ps_http_poll(sink->http, wait_ms));
    return settle_done(sink);
}

/* One turn of the ring: starts what is due, serves the connections for at most wait_ms, settles what has come. */
static enum ps_err pump(struct ps_dynamodb *sink, uint32_t wait_ms)
{
    sink->unpumped_items = 0;
    sink->unpumped_bytes = 0;
    enum ps_err err = turn(sink, wait_ms);
    return err == PS_OK ? PS_OK : fail_for_good(sink, err);
}

/* Pumps until the pool has room for one more item; requests need not be full meanwhile. */
static enum ps_err wait_for_room(struct ps_dynamodb *sink)
{
    uint64_t began_us = ps_clock_monotonic_us();
    sink->flushing = true;
    while (!ps_dynamodb_pool_make_room(&sink->pool))
        PS_TRY(pump(sink, WAIT_MS_MAX));
    sink->flushing = false;
    sink->stats.wait_us += ps_clock_monotonic_us() - began_us;
    return PS_OK;
}

/* -- items --------------------------------------------------------------------------------------------------------- */

enum ps_err ps_dynamodb_buf(struct ps_dynamodb *sink, struct ps_buf **out)
{
    if (sink->failed != PS_OK) PS_FAIL(sink->failed, "DynamoDB: the sink has failed in this invocation");
    if (!ps_dynamodb_pool_make_room(&sink->pool)) PS_TRY(wait_for_room(sink));
    ps_buf_init_fixed(&sink->building, sink->pool.bytes + sink->pool.used, PS_DYNAMODB_ITEM_JSON_BYTES_MAX);
    *out = &sink->building;
    return PS_OK;
}

void ps_dynamodb_rollback(struct ps_dynamodb *sink)
{
    sink->building = (struct ps_buf){ 0 };
}

/* NULL, or why no table takes such an item. What its JSON does not exceed its size cannot. */
static const char *reason_to_refuse(struct ps_span item, const struct ps_dynamodb_key *key)
{
    if (key->pk.len == 0 || key->pk.len > PS_DYNAMODB_PK_BYTES_MAX) return "bad_key";
    if (key->sk.len == 0 || key->sk.len > PS_DYNAMODB_SK_BYTES_MAX) return "bad_key";
    if (item.len <= PS_DYNAMODB_ITEM_BYTES_MAX) return NULL;
    size_t bytes = 0;
    if (ps_dynamodb_size(item, &bytes) != PS_OK) return "bad_item";
    return bytes > PS_DYNAMODB_ITEM_BYTES_MAX ? "too_large" : NULL;
}

static enum ps_err refuse(struct ps_dynamodb *sink, struct ps_span item, uint64_t tag, struct ps_span why)
{
    struct ps_dynamodb_result result = { .outcome = PS_DYNAMODB_REJECTED, .item = item, .tag = tag, .type = why };
    sink->results++;
    ps_dynamodb_trouble_note(sink, "rejected", 0, why);
    enum ps_err err = sink->on_result(sink->context, &result);
    return err == PS_OK ? PS_OK : fail_for_good(sink, err);
}

enum ps_err ps_dynamodb_commit(struct ps_dynamodb *sink, uint64_t tag, const struct ps_dynamodb_key *key)
{
    struct ps_span item = ps_buf_span(&sink->building);
    PS_ASSERT(sink->building.err == PS_OK);
    PS_ASSERT(item.len > 1);
    PS_ASSERT(item.data[0] == '{');
    PS_ASSERT(item.data[item.len - 1] == '}');
    sink->building = (struct ps_buf){ 0 };
    sink->commits++;
    const char *why = reason_to_refuse(item, key);
    if (why != NULL) return refuse(sink, item, tag, ps_span_of(why));
    bool replaced = false;
    ps_dynamodb_pool_add(&sink->pool, item.len, tag, key, &replaced);
    sink->stats.replaced += replaced;
    sink->unpumped_items++;
    sink->unpumped_bytes += item.len;
    bool due = sink->unpumped_items >= PS_DYNAMODB_REQUEST_ITEMS_MAX || sink->unpumped_bytes >= PUMP_BYTES;
    return due ? pump(sink, 0) : PS_OK;
}

enum ps_err ps_dynamodb_finish(struct ps_dynamodb *sink, struct ps_dynamodb_stats *stats)
{
    if (sink->failed != PS_OK) PS_FAIL(sink->failed, "DynamoDB: the sink has failed in this invocation");
    uint64_t began_us = ps_clock_monotonic_us();
    sink->flushing = true;
    while (sink->pool.count > 0)
        PS_TRY(pump(sink, WAIT_MS_MAX));
    sink->stats.wait_us += ps_clock_monotonic_us() - began_us;
    PS_ASSERT(sink->results == sink->commits);
    drop_all(sink);
    ps_dynamodb_trouble_tell(sink);
    *stats = sink->stats;
    return PS_OK;
}
