#include "aws/eventbridge.h"

#include "aws/endpoint.h"
#include "aws/eventbridge_priv.h"
#include "aws/url.h"
#include "base/assert.h"
#include "base/json_write.h"
#include "host/clock.h"

enum {
    BUS_BYTES_MAX = 1600,          /* EventBridge API reference, PutEventsRequestEntry */
    TRY_MS_MIN = 50,               /* with less time than this before the reserve no request begins */
    WAIT_MS_MAX = 1000,            /* between two looks at the clock */
    TIME_BYTES = 14,               /* what EventBridge counts for Time */
    ESCAPED_TIMES = 6,             /* a control character becomes \u00xx */
    ENTRY_FRAME_BYTES = 128,       /* keys, quotes and commas of an entry, and its time */
    SCRATCH_BYTES_MAX = 256 << 10, /* an answer, twice while it grows, and the signature with its headers */
};

/* -- open and close ------------------------------------------------------------------------------------------------ */

/* The name goes into each request as it is. */
enum ps_err ps_eventbridge_check_bus(struct ps_span bus)
{
    if (bus.len == 0 || bus.len > BUS_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "event bus: a name or ARN of 1 to %d bytes", BUS_BYTES_MAX);
    for (size_t i = 0; i < bus.len; i++) {
        char c = bus.data[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && ps_span_find_byte(PS_SPAN("._-/:"), c) == PS_SPAN_NONE)
            PS_FAIL(PS_ERR_BAD_CONFIG, "event bus: byte %zu can be in no name or ARN", i);
    }
    return PS_OK;
}

static enum ps_err check_limits(const struct ps_eventbridge_options *options)
{
    if (options->slots < 1 || options->slots > PS_EVENTBRIDGE_SLOTS_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%u requests in flight: 1 to %d", options->slots, PS_EVENTBRIDGE_SLOTS_MAX);
    if (options->entry_bytes_max == 0 || options->entry_bytes_max > PS_EVENTBRIDGE_ENTRY_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "events of %zu bytes: 1 to %d", options->entry_bytes_max,
                PS_EVENTBRIDGE_ENTRY_BYTES_MAX);
    if (options->attempts_max == 0 || options->request_timeout_ms == 0)
        PS_FAIL(PS_ERR_BAD_CONFIG, "a request needs at least one attempt and one millisecond");
    return PS_OK;
}

static enum ps_err set_url(struct ps_arena *process, struct ps_eventbridge *sink)
{
    struct ps_endpoint endpoint;
    PS_TRY(ps_endpoint_resolve(process, PS_ENDPOINT_EVENTBRIDGE, ps_call_region(sink->client), &endpoint));
    struct ps_buf buf;
    ps_buf_init(&buf, process, PS_URL_BYTES_MAX);
    ps_buf_put(&buf, endpoint.url);
    ps_buf_byte(&buf, '/');
    return ps_buf_finish(&buf, &sink->url);
}

static enum ps_err open_buf(struct ps_arena *process, size_t bytes, struct ps_buf *out)
{
    char *data = ps_arena_bytes(process, bytes);
    if (data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "EventBridge: %zu bytes to build in", bytes);
    ps_buf_init_fixed(out, data, bytes);
    return PS_OK;
}

static enum ps_err open_ring(struct ps_arena *process, struct ps_eventbridge *sink)
{
    const struct ps_eventbridge_options *options = &sink->options;
    size_t body_bytes = PS_EVENTBRIDGE_HEAD.len + ESCAPED_TIMES * options->entry_bytes_max +
                        PS_EVENTBRIDGE_ENTRIES_MAX * (ENTRY_FRAME_BYTES + options->bus.len);
    PS_TRY(open_buf(process, options->entry_bytes_max, &sink->detail));
    sink->slots = PS_ARENA_ARRAY(process, struct ps_eventbridge_slot, options->slots);
    if (sink->slots == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "EventBridge: %u slots", options->slots);
    for (uint32_t i = 0; i < options->slots; i++) {
        PS_TRY(open_buf(process, body_bytes, &sink->slots[i].body));
        PS_TRY(ps_arena_init(&sink->slots[i].scratch, SCRATCH_BYTES_MAX));
    }
    return PS_OK;
}

enum ps_err ps_eventbridge_open(struct ps_arena *process, struct ps_call_client *client,
                                const struct ps_eventbridge_options *options, struct ps_eventbridge **out)
{
    PS_TRY(ps_eventbridge_check_bus(options->bus));
    PS_TRY(check_limits(options));
    struct ps_eventbridge *sink = PS_ARENA_NEW(process, struct ps_eventbridge);
    if (sink == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "EventBridge sink");
    sink->client = client;
    sink->http = ps_call_http(client);
    sink->options = *options;
    sink->quota = ps_retry_quota_full();
    PS_TRY(set_url(process, sink));
    enum ps_err err = open_ring(process, sink);
    if (err != PS_OK) {
        ps_eventbridge_close(sink);
        return err;
    }
    *out = sink;
    return PS_OK;
}

void ps_eventbridge_close(struct ps_eventbridge *sink)
{
    if (sink == NULL) return;
    for (uint32_t i = 0; sink->slots != NULL && i < sink->options.slots; i++) {
        ps_eventbridge_send_drop(sink, &sink->slots[i]);
        ps_arena_fini(&sink->slots[i].scratch);
    }
}

/* -- one invocation ------------------------------------------------------------------------------------------------ */

static void drop_all(struct ps_eventbridge *sink)
{
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        ps_eventbridge_send_drop(sink, &sink->slots[i]);
        sink->slots[i].entries_max = PS_EVENTBRIDGE_ENTRIES_MAX;
        sink->slots[i].rounds = 0;
    }
    sink->filling = NULL;
}

void ps_eventbridge_begin(struct ps_eventbridge *sink, const struct ps_log *log, const struct ps_deadline *deadline,
                          ps_eventbridge_on_result *on_result, void *context)
{
    drop_all(sink);
    sink->log = log;
    sink->deadline = *deadline;
    sink->on_result = on_result;
    sink->context = context;
    sink->failed = PS_OK;
    sink->commits = 0;
    sink->results = 0;
    sink->stats = (struct ps_eventbridge_stats){ 0 };
    sink->trouble_count = 0;
    sink->troubles_untold = 0;
    sink->open = false;
    sink->failures = 0;
    sink->refreshed = false;
    sink->fault = PS_EVENTBRIDGE_FAULT_NONE;
}

const char *ps_eventbridge_operator_fault(const struct ps_eventbridge *sink)
{
    return ps_eventbridge_verdict_text(sink->fault);
}

/* After a failure nothing is in flight any more and nothing will be. */
static enum ps_err fail_for_good(struct ps_eventbridge *sink, enum ps_err err)
{
    sink->failed = err;
    drop_all(sink);
    return err;
}

/* -- the ring ------------------------------------------------------------------------------------------------------ */

/* Milliseconds until a READY slot may be tried; 0 when it may now. */
static uint32_t due_in_ms(const struct ps_eventbridge_slot *slot, uint64_t now_us)
{
    return slot->not_before_us <= now_us ? 0 : (uint32_t)((slot->not_before_us - now_us + 999) / 1000);
}

/* Starts, waits or gives up, one READY slot. *wait_ms shrinks to when it is due. */
static enum ps_err advance_ready(struct ps_eventbridge *sink, struct ps_eventbridge_slot *slot, uint32_t *wait_ms)
{
    if (sink->open) return ps_eventbridge_send_give_up(sink, slot, 0, PS_SPAN("breaker_open"));
    uint32_t due_ms = due_in_ms(slot, ps_clock_monotonic_us());
    if (!ps_deadline_allows(&sink->deadline, due_ms + TRY_MS_MIN))
        return ps_eventbridge_send_give_up(sink, slot, 0, PS_SPAN("deadline"));
    if (due_ms == 0) ps_eventbridge_send_start(sink, slot);
    if (due_ms > 0 && due_ms < *wait_ms) *wait_ms = due_ms;
    return PS_OK;
}

static enum ps_err advance(struct ps_eventbridge *sink, uint32_t *wait_ms)
{
    uint32_t left_ms = ps_deadline_left_ms(&sink->deadline);
    if (left_ms < *wait_ms) *wait_ms = left_ms;
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        struct ps_eventbridge_slot *slot = &sink->slots[i];
        if (slot->state == PS_EVENTBRIDGE_SLOT_FLYING && left_ms == 0 && !slot->exchange.done)
            PS_TRY(ps_eventbridge_send_give_up(sink, slot, 0, PS_SPAN("deadline")));
        if (slot->state == PS_EVENTBRIDGE_SLOT_READY) PS_TRY(advance_ready(sink, slot, wait_ms));
        if (slot->state == PS_EVENTBRIDGE_SLOT_FLYING && slot->exchange.done) *wait_ms = 0; /* it could not start */
    }
    return PS_OK;
}

static enum ps_err settle_done(struct ps_eventbridge *sink)
{
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        struct ps_eventbridge_slot *slot = &sink->slots[i];
        if (slot->state == PS_EVENTBRIDGE_SLOT_FLYING && slot->exchange.done)
            PS_TRY(ps_eventbridge_send_settle(sink, slot));
    }
    return PS_OK;
}

static enum ps_err turn(struct ps_eventbridge *sink, uint32_t wait_ms)
{
    PS_TRY(advance(sink, &wait_ms));
    PS_TRY(ps_http_poll(sink->http, wait_ms));
    return settle_done(sink);
}

/* One turn of the ring: starts what is due, serves the connections for at most wait_ms, settles what has come. */
static enum ps_err pump(struct ps_eventbridge *sink, uint32_t wait_ms)
{
    enum ps_err err = turn(sink, wait_ms);
    return err == PS_OK ? PS_OK : fail_for_good(sink, err);
}

static struct ps_eventbridge_slot *find(const struct ps_eventbridge *sink, enum ps_eventbridge_slot_state state)
{
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        if (sink->slots[i].state == state) return &sink->slots[i];
    }
    return NULL;
}

static bool is_busy(const struct ps_eventbridge *sink)
{
    return find(sink, PS_EVENTBRIDGE_SLOT_READY) != NULL || find(sink, PS_EVENTBRIDGE_SLOT_FLYING) != NULL;
}

/* A slot to fill, waiting for one if need be. */
static enum ps_err take_slot(struct ps_eventbridge *sink)
{
    struct ps_eventbridge_slot *slot = find(sink, PS_EVENTBRIDGE_SLOT_FREE);
    uint64_t began_us = ps_clock_monotonic_us();
    while (slot == NULL) {
        PS_TRY(pump(sink, WAIT_MS_MAX));
        slot = find(sink, PS_EVENTBRIDGE_SLOT_FREE);
    }
    sink->stats.wait_us += ps_clock_monotonic_us() - began_us;
    slot->state = PS_EVENTBRIDGE_SLOT_FILLING;
    slot->body.len = 0;
    ps_buf_put(&slot->body, PS_EVENTBRIDGE_HEAD);
    slot->entry_bytes = 0;
    sink->filling = slot;
    return PS_OK;
}

static enum ps_err close_filling(struct ps_eventbridge *sink)
{
    sink->filling->state = PS_EVENTBRIDGE_SLOT_READY;
    sink->filling->not_before_us = 0;
    sink->filling->rounds = 0;
    sink->filling = NULL;
    return pump(sink, 0);
}

/* -- entries ------------------------------------------------------------------------------------------------------- */

enum ps_err ps_eventbridge_buf(struct ps_eventbridge *sink, struct ps_buf **out)
{
    if (sink->failed != PS_OK) PS_FAIL(sink->failed, "EventBridge: the sink has failed in this invocation");
    ps_eventbridge_rollback(sink);
    *out = &sink->detail;
    return PS_OK;
}

void ps_eventbridge_rollback(struct ps_eventbridge *sink)
{
    sink->detail.len = 0;
    sink->detail.err = PS_OK;
}

/* A slot that takes an entry of that size: the one being filled, or the next. */
static enum ps_err make_room(struct ps_eventbridge *sink, size_t entry_bytes)
{
    const struct ps_eventbridge_slot *slot = sink->filling;
    if (slot != NULL && entry_bytes > sink->options.entry_bytes_max - slot->entry_bytes) PS_TRY(close_filling(sink));
    return sink->filling == NULL ? take_slot(sink) : PS_OK;
}

/* {"Time":1795262400,"Source":"...","DetailType":"...","EventBusName":"...","Detail":"{\"id\":...}"},\n */
static void write_entry(struct ps_buf *body, const struct ps_eventbridge *sink, struct ps_span source,
                        struct ps_span detail_type, int64_t time_ms)
{
    struct ps_json_writer writer;
    ps_json_write_init(&writer, body);
    ps_json_write_object_begin(&writer);
    ps_json_write_key(&writer, PS_SPAN("Time"));
    ps_json_write_i64(&writer, time_ms / 1000);
    ps_json_write_member(&writer, PS_SPAN("Source"), source);
    ps_json_write_member(&writer, PS_SPAN("DetailType"), detail_type);
    ps_json_write_member(&writer, PS_SPAN("EventBusName"), sink->options.bus);
    ps_json_write_member(&writer, PS_SPAN("Detail"), ps_buf_span(&sink->detail));
    ps_json_write_object_end(&writer);
    ps_buf_put(body, PS_SPAN(",\n"));
    PS_ASSERT(body->err == PS_OK); /* the room is what escaping can make of it at worst */
}

static void add_entry(struct ps_eventbridge_slot *slot, size_t begin, size_t entry_bytes, uint64_t tag)
{
    slot->entry_bytes += entry_bytes;
    slot->entries[slot->count++] = (struct ps_eventbridge_entry){
        .tag = tag,
        .offset = (uint32_t)begin,
        .len = (uint32_t)(slot->body.len - begin),
    };
}

static enum ps_err reject_too_large(struct ps_eventbridge *sink, uint64_t tag)
{
    const struct ps_eventbridge_result result = { .outcome = PS_EVENTBRIDGE_REJECTED,
                                                  .tag = tag,
                                                  .type = PS_SPAN("too_large") };
    enum ps_err err = ps_eventbridge_send_give(sink, &result);
    return err == PS_OK ? PS_OK : fail_for_good(sink, err);
}

enum ps_err ps_eventbridge_commit(struct ps_eventbridge *sink, uint64_t tag, struct ps_span source,
                                  struct ps_span detail_type, int64_t time_ms)
{
    if (sink->failed != PS_OK) PS_FAIL(sink->failed, "EventBridge: the sink has failed in this invocation");
    sink->commits++;
    size_t entry_bytes = TIME_BYTES + source.len + detail_type.len + sink->detail.len;
    if (sink->detail.err != PS_OK || entry_bytes > sink->options.entry_bytes_max) return reject_too_large(sink, tag);
    PS_TRY(make_room(sink, entry_bytes));
    struct ps_eventbridge_slot *slot = sink->filling;
    size_t begin = slot->body.len;
    write_entry(&slot->body, sink, source, detail_type, time_ms);
    add_entry(slot, begin, entry_bytes, tag);
    return slot->count == PS_EVENTBRIDGE_ENTRIES_MAX ? close_filling(sink) : PS_OK;
}

enum ps_err ps_eventbridge_finish(struct ps_eventbridge *sink, struct ps_eventbridge_stats *stats)
{
    if (sink->failed != PS_OK) PS_FAIL(sink->failed, "EventBridge: the sink has failed in this invocation");
    if (sink->filling != NULL) PS_TRY(close_filling(sink));
    uint64_t began_us = ps_clock_monotonic_us();
    while (is_busy(sink))
        PS_TRY(pump(sink, WAIT_MS_MAX));
    sink->stats.wait_us += ps_clock_monotonic_us() - began_us;
    PS_ASSERT(sink->results == sink->commits);
    drop_all(sink);
    ps_eventbridge_trouble_tell(sink);
    *stats = sink->stats;
    return PS_OK;
}
