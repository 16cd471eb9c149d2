/* Target functions: ps_from_eventbridge, ps_from_sns_open, ps_from_sns_next. What is read is whole JSON, a detail is an
 * object of the payload, and two walks see the same messages. */
#include <stdlib.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "event/from_eventbridge.h"
#include "event/from_sns.h"
#include "support/exact.h"

static struct ps_arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_event(struct ps_span payload)
{
    struct ps_eventbridge_event event;
    if (ps_from_eventbridge(&arena, payload, &event) != PS_OK) return;
    PS_ASSERT(ps_json_read_check(payload) == PS_OK);
    PS_ASSERT(event.detail_type.len == 0 || ps_from_eventbridge_is(payload));
    if (event.detail.len == 0) return;
    PS_ASSERT(event.detail.data > payload.data);
    PS_ASSERT(event.detail.data + event.detail.len < payload.data + payload.len);
    PS_ASSERT(event.detail.data[0] == '{' && ps_json_read_check(event.detail) == PS_OK);
}

/* Messages that can be read, and those that cannot. */
static void walk(struct ps_span payload, size_t *good, size_t *bad)
{
    struct ps_from_sns messages;
    if (ps_from_sns_open(payload, &messages) != PS_OK) return;
    PS_ASSERT(ps_json_read_check(payload) == PS_OK);
    for (bool more = true; more;) {
        struct ps_sns_message message;
        enum ps_err err = ps_from_sns_next(&messages, &arena, &message, &more);
        PS_ASSERT(err == PS_OK || err == PS_ERR_BAD_INPUT);
        *bad += err != PS_OK;
        *good += err == PS_OK && more;
        PS_ASSERT(*good + *bad <= payload.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)16 << 20) != PS_OK) abort();
    struct ps_span payload = exact_copy(ps_span_make((const char *)data, size));
    size_t good = 0, bad = 0, good_again = 0, bad_again = 0;
    read_event(payload);
    walk(payload, &good, &bad);
    walk(payload, &good_again, &bad_again);
    PS_ASSERT(good == good_again && bad == bad_again);
    PS_ASSERT(!ps_from_sns_is(payload) || good + bad > 0 || ps_json_read_check(payload) != PS_OK);
    ps_arena_reset(&arena, 0);
    exact_free(payload);
    return 0;
}
