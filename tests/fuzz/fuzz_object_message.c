/* Target functions: ps_object_message_read, ps_object_message_put. What is read is whole JSON, and written and read
 * again it is the same. */
#include <stdlib.h>

#include "base/assert.h"
#include "event/object_message.h"
#include "support/exact.h"

static struct ps_arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct ps_object_message *message)
{
    struct ps_buf buf;
    struct ps_span text;
    struct ps_object_message again;
    bool is_one = false;
    ps_buf_init(&buf, &arena, 1 << 20);
    ps_object_message_put(&buf, message);
    PS_ASSERT(ps_buf_finish(&buf, &text) == PS_OK);
    PS_ASSERT(ps_object_message_read(&arena, text, &again, &is_one) == PS_OK);
    PS_ASSERT(is_one);
    PS_ASSERT(ps_span_eq(again.object.bucket, message->object.bucket));
    PS_ASSERT(ps_span_eq(again.object.key, message->object.key));
    PS_ASSERT(ps_span_eq(again.object.version_id, message->object.version_id));
    PS_ASSERT(ps_span_eq(again.object.etag, message->object.etag));
    PS_ASSERT(ps_span_eq(again.object.sequencer, message->object.sequencer));
    PS_ASSERT(again.object.size == message->object.size);
    PS_ASSERT(again.offset == message->offset);
    PS_ASSERT(again.hop == message->hop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)16 << 20) != PS_OK) abort();
    struct ps_span body = exact_copy(ps_span_make((const char *)data, size));
    struct ps_object_message message;
    bool is_one = false;
    if (ps_object_message_read(&arena, body, &message, &is_one) == PS_OK) {
        PS_ASSERT(ps_json_read_check(body) == PS_OK);
        if (is_one) write_again(&message);
    }
    ps_arena_reset(&arena, 0);
    exact_free(body);
    return 0;
}
