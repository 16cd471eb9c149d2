#include "aws/opensearch.h"

#include "aws/opensearch_priv.h"
#include "aws/url.h"
#include "base/assert.h"
#include "host/clock.h"

enum {
    TRY_MS_MIN = 50,                 /* with less time than this before the reserve no request begins */
    WAIT_MS_MAX = 1000,              /* between two looks at the clock */
    PUMP_BYTES = 64 << 10,           /* built between two looks at the connections: an upload goes on while we encode */
    WARM_MS_MAX = 2000,              /* of init's 10 s */
    RESPONSE_BYTES_MIN = 1 << 20,    /* an answer over its limit makes the requests smaller */
    RESPONSE_ITEM_BYTES = 512,       /* a refused item with its reason; a stored one takes 27 */
    SCRATCH_HEADER_BYTES = 64 << 10, /* signature and headers */
};

/* Commas and stars are encoded: signers disagree on both. */
#define BULK_TARGET "/_bulk?filter_path=errors%2Citems.%2A.status%2Citems.%2A.error.type%2Citems.%2A.error.reason"

/* -- settings ------------------------------------------------------------------------------------------------------ */

/* The label before suffix at the end of host, which AWS uses for the region; empty when host has another form. */
static struct ps_span region_before(struct ps_span host, struct ps_span suffix)
{
    if (!ps_span_ends(host, suffix)) return PS_SPAN("");
    struct ps_span rest = ps_span_first(host, host.len - suffix.len);
    bool more = true;
    struct ps_span label = rest;
    while (more)
        label = ps_span_split(&rest, '.', &more);
    return label;
}

/* What AWS names its hosts by: <domain>.<region>.es.amazonaws.com and the like. */
static const struct {
    struct ps_span suffix;
    struct ps_span service;
} HOST_FORMS[] = {
    { PS_SPAN_INIT(".es.amazonaws.com"), PS_SPAN_INIT("es") },
    { PS_SPAN_INIT(".es.amazonaws.com.cn"), PS_SPAN_INIT("es") },
    { PS_SPAN_INIT(".aoss.amazonaws.com"), PS_SPAN_INIT("aoss") },
    { PS_SPAN_INIT(".aoss.amazonaws.com.cn"), PS_SPAN_INIT("aoss") },
};

void ps_opensearch_infer_scope(struct ps_span host, struct ps_call_target *target)
{
    struct ps_span service = PS_SPAN("es");
    for (size_t i = 0; i < sizeof HOST_FORMS / sizeof HOST_FORMS[0]; i++) {
        struct ps_span region = region_before(host, HOST_FORMS[i].suffix);
        if (region.len == 0) continue;
        target->region = region;
        service = HOST_FORMS[i].service;
    }
    if (target->service.len == 0) target->service = service;
}

static enum ps_err set_auth(const struct ps_opensearch_options *options, struct ps_span host,
                            struct ps_call_target *target)
{
    switch (options->auth) {
    case PS_OPENSEARCH_NONE:
        target->auth = PS_CALL_UNSIGNED;
        return PS_OK;
    case PS_OPENSEARCH_BASIC:
        if (options->username.len == 0 || options->password == NULL)
            PS_FAIL(PS_ERR_BAD_CONFIG, "basic authentication needs OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD");
        target->auth = PS_CALL_BASIC;
        target->username = options->username;
        return PS_OK;
    case PS_OPENSEARCH_SIGV4:
        target->auth = PS_CALL_SIGV4;
        target->service = options->service;
        ps_opensearch_infer_scope(host, target);
        return PS_OK;
    }
    PS_FAIL(PS_ERR_BAD_CONFIG, "authentication %d does not exist", (int)options->auth);
}

static enum ps_err check_limits(const struct ps_opensearch_options *options)
{
    if (options->slots < 1 || options->slots > PS_OPENSEARCH_SLOTS_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%u requests in flight: 1 to %d", options->slots, PS_OPENSEARCH_SLOTS_MAX);
    if (options->gzip && (options->gzip_level < 1 || options->gzip_level > 9))
        PS_FAIL(PS_ERR_BAD_CONFIG, "gzip level %u: 1 to 9", options->gzip_level);
    if (options->bulk_bytes_max == 0 || options->item_bytes_max == 0 || options->bulk_items_max == 0)
        PS_FAIL(PS_ERR_BAD_CONFIG, "a request needs room for bytes and items");
    if (options->bulk_bytes_max > UINT32_MAX / 2 || options->item_bytes_max > UINT32_MAX / 2)
        PS_FAIL(PS_ERR_BAD_CONFIG, "a request or an item of more than 2 GiB");
    if (options->attempts_max == 0 || options->request_timeout_ms == 0)
        PS_FAIL(PS_ERR_BAD_CONFIG, "a request needs at least one attempt and one millisecond");
    return PS_OK;
}

/* Notes never repeat the endpoint: it might hold a password. */
static enum ps_err split_endpoint(struct ps_span endpoint, enum ps_opensearch_auth auth, struct ps_url *url)
{
    if (ps_url_split(endpoint, url) != PS_OK) return ps_err_wrap(PS_ERR_BAD_CONFIG, "OPENSEARCH_ENDPOINT");
    if (url->target.len > 1) PS_FAIL(PS_ERR_BAD_CONFIG, "OPENSEARCH_ENDPOINT: nothing may follow host and port");
    if (!url->https && auth != PS_OPENSEARCH_NONE && !ps_url_host_is_loopback(url->host))
        PS_FAIL(PS_ERR_BAD_CONFIG, "OPENSEARCH_ENDPOINT: credentials go over https only, except on loopback");
    return PS_OK;
}

enum ps_err ps_opensearch_check_endpoint(struct ps_span endpoint, enum ps_opensearch_auth auth)
{
    struct ps_url url = { 0 };
    return split_endpoint(endpoint, auth, &url);
}

static enum ps_err set_endpoint(struct ps_arena *process, struct ps_opensearch *sink)
{
    struct ps_opensearch_options *options = &sink->options;
    struct ps_url url = { 0 };
    PS_TRY(split_endpoint(options->endpoint, options->auth, &url));
    options->endpoint = url.origin;
    PS_TRY(set_auth(options, url.host, &sink->target));
    struct ps_buf buf;
    ps_buf_init(&buf, process, PS_OPENSEARCH_URL_BYTES_MAX);
    ps_buf_put(&buf, url.origin);
    ps_buf_put(&buf, PS_SPAN(BULK_TARGET));
    return ps_buf_finish(&buf, &sink->bulk_url);
}

/* -- open and close ------------------------------------------------------------------------------------------------ */

static enum ps_err open_slot(struct ps_arena *process, struct ps_opensearch *sink, struct ps_opensearch_slot *slot)
{
    const struct ps_opensearch_options *options = &sink->options;
    size_t body_bytes = options->bulk_bytes_max + options->item_bytes_max;
    char *body = ps_arena_bytes(process, body_bytes);
    /* Not zeroed: that would touch the pages. */
    slot->items =
        ps_arena_alloc(process, options->bulk_items_max * sizeof *slot->items, _Alignof(struct ps_opensearch_item));
    if (body == NULL || slot->items == NULL)
        PS_FAIL(PS_ERR_NO_MEMORY, "OpenSearch: %u request bodies of %zu bytes", options->slots, body_bytes);
    ps_buf_init_fixed(&slot->body, body, body_bytes);
    if (sink->compressor != NULL) {
        slot->gzip_bytes_max = ps_gzip_compress_bound(sink->compressor, body_bytes);
        slot->gzip = ps_arena_bytes(process, slot->gzip_bytes_max);
        if (slot->gzip == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "OpenSearch: %zu bytes to compress into", body_bytes);
    }
    size_t reply_bytes = options->bulk_items_max * sizeof(struct ps_opensearch_reply_item);
    return ps_arena_init(&slot->scratch, 2 * sink->response_bytes_max + reply_bytes + SCRATCH_HEADER_BYTES);
}

static enum ps_err open_ring(struct ps_arena *process, struct ps_opensearch *sink)
{
    const struct ps_opensearch_options *options = &sink->options;
    if (options->gzip) PS_TRY(ps_gzip_compressor_open(process, (int)options->gzip_level, &sink->compressor));
    sink->response_bytes_max = RESPONSE_BYTES_MIN + (size_t)options->bulk_items_max * RESPONSE_ITEM_BYTES;
    sink->request_bytes_max = options->bulk_bytes_max;
    sink->slots = PS_ARENA_ARRAY(process, struct ps_opensearch_slot, options->slots);
    if (sink->slots == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "OpenSearch: %u slots", options->slots);
    for (uint32_t i = 0; i < options->slots; i++)
        PS_TRY(open_slot(process, sink, &sink->slots[i]));
    return PS_OK;
}

enum ps_err ps_opensearch_open(struct ps_arena *process, struct ps_call_client *client,
                               const struct ps_opensearch_options *options, struct ps_opensearch **out)
{
    PS_TRY(check_limits(options));
    struct ps_opensearch *sink = PS_ARENA_NEW(process, struct ps_opensearch);
    if (sink == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "OpenSearch sink");
    sink->client = client;
    sink->http = ps_call_http(client);
    sink->options = *options;
    PS_TRY(set_endpoint(process, sink));
    enum ps_err err = open_ring(process, sink);
    if (err != PS_OK) {
        ps_opensearch_close(sink);
        return err;
    }
    /* If it fails, the first request meets the same trouble and can tell it. */
    enum ps_err warm = ps_call_warm(client, sink->options.endpoint, WARM_MS_MAX);
    (void)warm;
    *out = sink;
    return PS_OK;
}

void ps_opensearch_close(struct ps_opensearch *sink)
{
    if (sink == NULL) return;
    for (uint32_t i = 0; sink->slots != NULL && i < sink->options.slots; i++) {
        ps_opensearch_send_drop(sink, &sink->slots[i]);
        ps_arena_fini(&sink->slots[i].scratch);
    }
    if (sink->compressor != NULL) ps_gzip_compressor_close(sink->compressor);
    sink->compressor = NULL;
}

/* -- one invocation ------------------------------------------------------------------------------------------------ */

static void drop_all(struct ps_opensearch *sink)
{
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        ps_opensearch_send_drop(sink, &sink->slots[i]);
        sink->slots[i].items_max = sink->options.bulk_items_max;
        sink->slots[i].rounds = 0;
    }
    sink->filling = NULL;
}

void ps_opensearch_begin(struct ps_opensearch *sink, const struct ps_log *log, const struct ps_deadline *deadline,
                         ps_opensearch_on_result *on_result, void *context)
{
    drop_all(sink);
    sink->log = log;
    sink->deadline = *deadline;
    sink->on_result = on_result;
    sink->context = context;
    sink->failed = PS_OK;
    sink->commits = 0;
    sink->results = 0;
    sink->stats = (struct ps_opensearch_stats){ 0 };
    sink->trouble_count = 0;
    sink->troubles_untold = 0;
    sink->probing = sink->probing || sink->open;
    sink->open = false;
    sink->failures = 0;
    sink->lone_poisons = 0;
    sink->refreshed = false;
    sink->fault = PS_OPENSEARCH_FAULT_NONE;
}

const char *ps_opensearch_operator_fault(const struct ps_opensearch *sink)
{
    return ps_opensearch_verdict_text(sink->fault);
}

/* After a failure nothing is in flight any more and nothing will be. */
static enum ps_err fail_for_good(struct ps_opensearch *sink, enum ps_err err)
{
    sink->failed = err;
    drop_all(sink);
    return err;
}

/* -- the ring ------------------------------------------------------------------------------------------------------ */

/* Milliseconds until a READY slot may be tried; 0 when it may now. */
static uint32_t due_in_ms(const struct ps_opensearch_slot *slot, uint64_t now_us)
{
    return slot->not_before_us <= now_us ? 0 : (uint32_t)((slot->not_before_us - now_us + 999) / 1000);
}

/* Starts, waits or gives up, one READY slot. *wait_ms shrinks to when it is due. */
static enum ps_err advance_ready(struct ps_opensearch *sink, struct ps_opensearch_slot *slot, uint32_t *flying,
                                 uint32_t *wait_ms)
{
    if (sink->open) return ps_opensearch_send_give_up(sink, slot, 0, PS_SPAN("breaker_open"));
    uint32_t due_ms = due_in_ms(slot, ps_clock_monotonic_us());
    if (!ps_deadline_allows(&sink->deadline, due_ms + TRY_MS_MIN))
        return ps_opensearch_send_give_up(sink, slot, 0, PS_SPAN("deadline"));
    if (due_ms > 0) {
        if (due_ms < *wait_ms) *wait_ms = due_ms;
        return PS_OK;
    }
    if (sink->probing && *flying > 0) return PS_OK;
    ps_opensearch_send_start(sink, slot);
    ++*flying;
    return PS_OK;
}

static enum ps_err advance(struct ps_opensearch *sink, uint32_t *wait_ms)
{
    uint32_t left_ms = ps_deadline_left_ms(&sink->deadline);
    if (left_ms < *wait_ms) *wait_ms = left_ms;
    uint32_t flying = 0;
    for (uint32_t i = 0; i < sink->options.slots; i++)
        flying += sink->slots[i].state == PS_OPENSEARCH_SLOT_FLYING;
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        struct ps_opensearch_slot *slot = &sink->slots[i];
        if (slot->state == PS_OPENSEARCH_SLOT_FLYING && left_ms == 0 && !slot->exchange.done)
            PS_TRY(ps_opensearch_send_give_up(sink, slot, 0, PS_SPAN("deadline")));
        if (slot->state == PS_OPENSEARCH_SLOT_READY) PS_TRY(advance_ready(sink, slot, &flying, wait_ms));
        if (slot->state == PS_OPENSEARCH_SLOT_FLYING && slot->exchange.done) *wait_ms = 0; /* it could not start */
    }
    return PS_OK;
}

static enum ps_err settle_done(struct ps_opensearch *sink)
{
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        struct ps_opensearch_slot *slot = &sink->slots[i];
        if (slot->state == PS_OPENSEARCH_SLOT_FLYING && slot->exchange.done)
            PS_TRY(ps_opensearch_send_settle(sink, slot));
    }
    return PS_OK;
}

static enum ps_err turn(struct ps_opensearch *sink, uint32_t wait_ms)
{
    PS_TRY(advance(sink, &wait_ms));
    PS_TRY(ps_http_poll(sink->http, wait_ms));
    return settle_done(sink);
}

/* One turn of the ring: starts what is due, serves the connections for at most wait_ms, settles what has come. */
static enum ps_err pump(struct ps_opensearch *sink, uint32_t wait_ms)
{
    enum ps_err err = turn(sink, wait_ms);
    return err == PS_OK ? PS_OK : fail_for_good(sink, err);
}

static struct ps_opensearch_slot *find(const struct ps_opensearch *sink, enum ps_opensearch_slot_state state)
{
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        if (sink->slots[i].state == state) return &sink->slots[i];
    }
    return NULL;
}

static bool is_busy(const struct ps_opensearch *sink)
{
    return find(sink, PS_OPENSEARCH_SLOT_READY) != NULL || find(sink, PS_OPENSEARCH_SLOT_FLYING) != NULL;
}

/* A slot to fill, waiting for one if need be. */
static enum ps_err take_slot(struct ps_opensearch *sink)
{
    struct ps_opensearch_slot *slot = find(sink, PS_OPENSEARCH_SLOT_FREE);
    uint64_t began_us = ps_clock_monotonic_us();
    while (slot == NULL) {
        PS_TRY(pump(sink, WAIT_MS_MAX));
        slot = find(sink, PS_OPENSEARCH_SLOT_FREE);
    }
    sink->stats.wait_us += ps_clock_monotonic_us() - began_us;
    slot->state = PS_OPENSEARCH_SLOT_FILLING;
    slot->body.len = 0;
    slot->body.err = PS_OK;
    slot->count = 0;
    sink->filling = slot;
    sink->pumped_at = 0;
    return PS_OK;
}

static enum ps_err close_filling(struct ps_opensearch *sink)
{
    sink->filling->state = PS_OPENSEARCH_SLOT_READY;
    sink->filling->not_before_us = 0;
    sink->filling->rounds = 0;
    sink->filling = NULL;
    return pump(sink, 0);
}

/* -- items --------------------------------------------------------------------------------------------------------- */

enum ps_err ps_opensearch_buf(struct ps_opensearch *sink, struct ps_buf **out)
{
    if (sink->failed != PS_OK) PS_FAIL(sink->failed, "OpenSearch: the sink has failed in this invocation");
    if (sink->filling == NULL) PS_TRY(take_slot(sink));
    struct ps_buf *body = &sink->filling->body;
    if (body->len - sink->pumped_at >= PUMP_BYTES) {
        sink->pumped_at = body->len;
        PS_TRY(pump(sink, 0));
    }
    sink->item_begin = body->len;
    body->cap = body->len + sink->options.item_bytes_max;
    body->bytes_max = body->cap;
    *out = body;
    return PS_OK;
}

void ps_opensearch_rollback(struct ps_opensearch *sink)
{
    PS_ASSERT(sink->filling != NULL);
    sink->filling->body.len = sink->item_begin;
    sink->filling->body.err = PS_OK;
}

static void add_item(struct ps_opensearch_slot *slot, size_t begin, uint64_t tag)
{
    slot->items[slot->count++] = (struct ps_opensearch_item){
        .tag = tag,
        .offset = (uint32_t)begin,
        .len = (uint32_t)(slot->body.len - begin),
    };
}

/* The newest item does not fit with the others: they go, and it begins the next slot. Its bytes stay where they are
 * until the copy: a slot is compacted towards its front only, and is not filled while it is this one's. */
static enum ps_err move_to_next(struct ps_opensearch *sink)
{
    struct ps_opensearch_slot *full = sink->filling;
    struct ps_span item = ps_span_from(ps_buf_span(&full->body), sink->item_begin);
    full->body.len = sink->item_begin;
    PS_TRY(close_filling(sink));
    PS_TRY(take_slot(sink));
    memmove(sink->filling->body.data, item.data, item.len);
    sink->filling->body.len = item.len;
    sink->item_begin = 0;
    return PS_OK;
}

enum ps_err ps_opensearch_commit(struct ps_opensearch *sink, uint64_t tag)
{
    struct ps_opensearch_slot *slot = sink->filling;
    PS_ASSERT(slot != NULL);
    PS_ASSERT(slot->body.err == PS_OK);
    PS_ASSERT(slot->body.len > sink->item_begin);
    PS_ASSERT(slot->body.data[slot->body.len - 1] == '\n');
    if (slot->body.len > sink->request_bytes_max && slot->count > 0) PS_TRY(move_to_next(sink));
    slot = sink->filling;
    add_item(slot, sink->item_begin, tag);
    sink->commits++;
    bool full = slot->body.len >= sink->request_bytes_max || slot->count == sink->options.bulk_items_max;
    return full ? close_filling(sink) : PS_OK;
}

enum ps_err ps_opensearch_finish(struct ps_opensearch *sink, struct ps_opensearch_stats *stats)
{
    if (sink->failed != PS_OK) PS_FAIL(sink->failed, "OpenSearch: the sink has failed in this invocation");
    if (sink->filling != NULL && sink->filling->count > 0) PS_TRY(close_filling(sink));
    uint64_t began_us = ps_clock_monotonic_us();
    while (is_busy(sink))
        PS_TRY(pump(sink, WAIT_MS_MAX));
    sink->stats.wait_us += ps_clock_monotonic_us() - began_us;
    PS_ASSERT(sink->results == sink->commits);
    drop_all(sink);
    ps_opensearch_trouble_tell(sink);
    *stats = sink->stats;
    return PS_OK;
}
