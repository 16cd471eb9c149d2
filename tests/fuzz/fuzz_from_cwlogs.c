/* Targets: ps_from_cwlogs_open, ps_from_cwlogs_next, ps_from_cwlogs_extracted, ps_enrich_source, ps_to_bulk_put.
 * Whatever the envelope holds, every item is two lines of valid JSON in valid UTF-8. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "base/utf8.h"
#include "event/from_cwlogs.h"
#include "record/enrich.h"
#include "record/to_bulk.h"

static struct ps_arena arena;
static struct ps_index_name daily;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(struct ps_span *rest)
{
    bool more = false;
    struct ps_span line = ps_span_split(rest, '\n', &more);
    PS_ASSERT(more);
    PS_ASSERT(line.len > 0 && line.data[0] == '{');
    PS_ASSERT(ps_json_read_check(line) == PS_OK);
    PS_ASSERT(ps_utf8_valid_prefix(line) == line.len);
}

static void encode(struct ps_to_bulk_envelope *bulk, const struct ps_record *record)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, (size_t)16 << 20);
    if (ps_to_bulk_put(&buf, bulk, record) != PS_OK) return;
    struct ps_span rest = ps_buf_span(&buf);
    check_line(&rest);
    check_line(&rest);
    PS_ASSERT(rest.len == 0);
}

static void encode_event(const struct ps_from_cwlogs_envelope *envelope, const struct ps_from_cwlogs_event *event,
                         const struct ps_enrich_source *source, struct ps_to_bulk_envelope *bulk)
{
    static const struct ps_enrich_settings SETTINGS = { 0 };
    struct ps_record record;
    if (event->fault != NULL) return;
    ps_from_cwlogs_record(envelope, event, PS_SPAN("eu-central-1"), &record);
    if (ps_from_cwlogs_extracted(&arena, event, &record) != PS_OK) return;
    ps_enrich_record(&SETTINGS, source, &record);
    encode(bulk, &record);
}

static void walk(struct ps_from_cwlogs_envelope *envelope, enum ps_schema_kind kind)
{
    struct ps_to_bulk_options options = { .schema = ps_schema_of(kind), .ids = true, .index = &daily };
    struct ps_to_bulk_envelope bulk;
    struct ps_enrich_source source = ps_enrich_source(envelope->log_group, envelope->log_stream);
    enum ps_err err =
        ps_to_bulk_begin(&arena, &options, envelope->owner, envelope->log_group, envelope->log_stream, &bulk);
    PS_ASSERT(err == PS_OK);
    for (;;) {
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct ps_from_cwlogs_event event;
        bool more = false;
        err = ps_from_cwlogs_next(envelope, &arena, &event, &more);
        PS_ASSERT(err == PS_OK); /* open has checked all of it */
        if (!more) break;
        PS_ASSERT(ps_json_read_check(event.raw) == PS_OK);
        encode_event(envelope, &event, &source, &bulk);
        ps_arena_rewind(&arena, mark);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL) {
        if (ps_arena_init(&arena, (size_t)128 << 20) != PS_OK) abort();
        if (ps_index_name_compile(PS_SPAN(PS_INDEX_NAME_DEFAULT), &daily) != PS_OK) abort();
    }
    char *copy = malloc(size + (size == 0)); /* of the exact size, so that a read beyond is seen */
    if (copy == NULL) return 0;
    if (size > 0) memcpy(copy, data, size);
    struct ps_span rest = ps_span_make(copy, size);
    for (;;) {
        struct ps_from_cwlogs_envelope envelope;
        bool more = false;
        if (ps_from_cwlogs_open(&arena, &rest, &envelope, &more) != PS_OK || !more) break;
        walk(&envelope, (enum ps_schema_kind)(size % PS_SCHEMA_KIND_COUNT));
    }
    ps_arena_reset(&arena, (size_t)1 << 20);
    free(copy);
    return 0;
}
