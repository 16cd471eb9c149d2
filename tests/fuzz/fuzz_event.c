/* Targets: ps_event_open, ps_event_next, ps_from_kinesis_read, ps_from_firehose_read, ps_from_cwlogs_inflate,
 * ps_reply_write. The answer to any payload is valid JSON within its limit. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "event/from_cwlogs.h"
#include "event/reply.h"

enum { ANSWER_BYTES_MAX = 4096, INFLATED_BYTES_MAX = 1 << 20 };

static struct ps_arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const struct ps_event *event, const struct ps_reply_book *book)
{
    struct ps_buf body;
    size_t overflowed = 0;
    ps_buf_init(&body, &arena, (size_t)64 << 20);
    if (ps_reply_write(book, event, ANSWER_BYTES_MAX, &body, &overflowed) != PS_OK) return;
    /* Kinesis's answer holds one number, and numbers of hostile length are not cut. */
    PS_ASSERT(event->source == PS_EVENT_KINESIS || body.len <= ANSWER_BYTES_MAX);
    PS_ASSERT(overflowed <= event->carrier_count);
    PS_ASSERT(ps_json_read_check(ps_buf_span(&body)) == PS_OK);
}

static void walk(struct ps_event *event)
{
    struct ps_reply_book book;
    if (ps_reply_open(&arena, event, &book) != PS_OK) return;
    size_t count = 0;
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        enum ps_err err = ps_event_next(event, &carrier, &more);
        PS_ASSERT(err == PS_OK); /* open has checked all of it */
        if (!more) break;
        PS_ASSERT(carrier.position == count++);
        ps_reply_mark(&book, carrier.position, (enum ps_reply_mark)(carrier.data.len % 3));
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct ps_span json;
        if (carrier.fault == NULL && ps_from_cwlogs_inflate(&arena, &carrier, INFLATED_BYTES_MAX, &json) == PS_OK)
            PS_ASSERT(json.len <= INFLATED_BYTES_MAX);
        ps_arena_rewind(&arena, mark);
    }
    PS_ASSERT(count == event->carrier_count);
    answer(event, &book);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)128 << 20) != PS_OK) abort();
    char *copy = malloc(size + (size == 0)); /* of the exact size, so that a read beyond is seen */
    if (copy == NULL) return 0;
    if (size > 0) memcpy(copy, data, size);
    struct ps_event event;
    if (ps_event_open(ps_span_make(copy, size), &event) == PS_OK) walk(&event);
    ps_arena_reset(&arena, (size_t)1 << 20);
    free(copy);
    return 0;
}
