/* Target functions: ps_from_s3_open, ps_from_s3_next. What is read is whole JSON, objects are complete, and two walks
 * see the same ones. */
#include <stdlib.h>

#include "base/assert.h"
#include "event/from_s3.h"
#include "support/exact.h"

static struct ps_arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counts {
    size_t good, bad, bytes;
};

static struct counts walk(struct ps_from_s3 objects, size_t most)
{
    struct counts counts = { 0 };
    for (bool more = true; more;) {
        struct ps_s3_object object;
        enum ps_err err = ps_from_s3_next(&objects, &arena, &object, &more);
        PS_ASSERT(err == PS_OK || err == PS_ERR_BAD_INPUT);
        counts.bad += err != PS_OK;
        if (err == PS_OK && more) {
            PS_ASSERT(ps_from_s3_check(&object) == PS_OK);
            counts.good++;
            counts.bytes += object.bucket.len + object.key.len + object.version_id.len + object.etag.len;
        }
        PS_ASSERT(counts.good + counts.bad <= most);
    }
    return counts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)16 << 20) != PS_OK) abort();
    struct ps_span payload = exact_copy(ps_span_make((const char *)data, size));
    struct ps_from_s3 objects;
    enum ps_from_s3_kind kind;
    if (ps_from_s3_open(&arena, payload, &kind, &objects) == PS_OK) {
        PS_ASSERT(ps_json_read_check(payload) == PS_OK);
        if (kind == PS_FROM_S3_OBJECTS) {
            struct counts first = walk(objects, size);
            struct counts second = walk(objects, size);
            PS_ASSERT(memcmp(&first, &second, sizeof first) == 0);
        }
    }
    ps_arena_reset(&arena, 0);
    exact_free(payload);
    return 0;
}
