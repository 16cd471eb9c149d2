#include "aws/letters.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/base64.h"
#include "base/json_write.h"

enum {
    MEMORY_MB_MIN = 64,      /* of each worker: letters, a payload of 6 MB, and what is undone of it */
    RAW_BYTES_MAX = 6 << 20, /* in base64 it fits the letters; a multiple of 4, so that cut base64 stays base64 */
};

enum ps_err ps_letters_check_memory(size_t memory_bytes)
{
    if (memory_bytes >= (size_t)MEMORY_MB_MIN << 20) return PS_OK;
    PS_FAIL(PS_ERR_BAD_CONFIG,
            "%zu MB of memory for each worker, at least %d are needed: give the function more memory, or "
            "fewer events at once",
            memory_bytes >> 20, MEMORY_MB_MIN);
}

enum ps_err ps_letters_begin(struct ps_letters *letters, struct ps_arena *arena, struct ps_dead_letter_store *store)
{
    *letters = (struct ps_letters){ .store = store };
    char *lines = ps_arena_bytes(arena, PS_LETTERS_BYTES_MAX);
    letters->entries = ps_arena_alloc(arena, PS_LETTERS_MAX * sizeof *letters->entries, _Alignof(struct ps_letter));
    if (lines == NULL || letters->entries == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "dead letters of an invocation");
    ps_buf_init_fixed(&letters->lines, lines, PS_LETTERS_BYTES_MAX);
    return PS_OK;
}

void ps_letters_first_record(struct ps_letters *letters, struct ps_span coordinates, int64_t time_ms)
{
    struct ps_span kept = ps_span_first(coordinates, PS_LETTERS_COORDINATES_BYTES_MAX);
    if (kept.len > 0) memcpy(letters->coordinates_text, kept.data, kept.len);
    letters->coordinates = ps_span_make(letters->coordinates_text, kept.len);
    letters->time_ms = time_ms;
}

/* Ends the letter that began at begin and enters it. */
static enum ps_err enter(struct ps_letters *letters, uint64_t tag, size_t begin, struct ps_json_writer *writer)
{
    struct ps_span all;
    PS_TRY(ps_json_write_finish(writer, &all));
    ps_buf_byte(&letters->lines, '\n');
    PS_TRY(ps_buf_finish(&letters->lines, &all));
    if (letters->count == PS_LETTERS_MAX)
        PS_FAIL(PS_ERR_TOO_LARGE, "more than %d dead letters at once", PS_LETTERS_MAX);
    letters->entries[letters->count++] = (struct ps_letter){ .tag = tag, .begin = begin, .len = all.len - begin };
    return PS_OK;
}

/* The two lines of an item, without their line feeds. */
static void split_item(struct ps_span item, struct ps_span *action, struct ps_span *document)
{
    bool more = false;
    *action = ps_span_split(&item, '\n', &more);
    *document = ps_span_trim(item);
    PS_ASSERT(more && action->len > 0 && document->len > 0);
}

enum ps_err ps_letters_add_item(struct ps_letters *letters, uint64_t tag, struct ps_span reason, uint32_t status,
                                struct ps_span type, struct ps_span field, struct ps_span item)
{
    struct ps_span action, document;
    split_item(item, &action, &document);
    size_t begin = letters->lines.len;
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &letters->lines);
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, PS_SPAN("reason"), reason);
    ps_json_write_key(&writer, PS_SPAN("status"));
    ps_json_write_u64(&writer, status);
    ps_json_write_member(&writer, PS_SPAN("type"), type);
    if (field.len > 0) ps_json_write_member(&writer, PS_SPAN("field"), field);
    ps_json_write_key(&writer, PS_SPAN("action"));
    ps_json_write_raw(&writer, action);
    ps_json_write_key(&writer, PS_SPAN("document"));
    ps_json_write_raw(&writer, document);
    ps_json_write_object_end(&writer);
    return enter(letters, tag, begin, &writer);
}

enum ps_err ps_letters_add_row(struct ps_letters *letters, uint64_t tag, struct ps_span reason, uint32_t status,
                               struct ps_span type, struct ps_span item)
{
    size_t begin = letters->lines.len;
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &letters->lines);
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, PS_SPAN("reason"), reason);
    ps_json_write_key(&writer, PS_SPAN("status"));
    ps_json_write_u64(&writer, status);
    ps_json_write_member(&writer, PS_SPAN("type"), type);
    ps_json_write_key(&writer, PS_SPAN("item"));
    ps_json_write_raw(&writer, item);
    ps_json_write_object_end(&writer);
    return enter(letters, tag, begin, &writer);
}

enum ps_err ps_letters_add_raw(struct ps_letters *letters, uint64_t tag, const char *detail, struct ps_span raw,
                               bool is_base64)
{
    size_t begin = letters->lines.len;
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &letters->lines);
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, PS_SPAN("reason"), PS_SPAN("undecodable"));
    ps_json_write_member(&writer, PS_SPAN("detail"), ps_span_of(detail));
    if (raw.len > RAW_BYTES_MAX) {
        ps_json_write_key(&writer, PS_SPAN("originalBytes"));
        ps_json_write_u64(&writer, raw.len);
        raw.len = RAW_BYTES_MAX;
    }
    ps_json_write_key(&writer, is_base64 ? PS_SPAN("data") : PS_SPAN("raw"));
    if (is_base64) {
        ps_json_write_string(&writer, raw);
    } else {
        /* Base64 needs no escaping, so it can be written straight between two quotes. */
        ps_json_write_raw(&writer, PS_SPAN("\""));
        ps_base64_encode(&letters->lines, raw);
        ps_buf_byte(&letters->lines, '"');
    }
    ps_json_write_object_end(&writer);
    return enter(letters, tag, begin, &writer);
}

bool ps_letters_full(const struct ps_letters *letters)
{
    return letters->lines.len >= PS_LETTERS_BYTES_WANTED || letters->count >= PS_LETTERS_MAX / 10;
}

static int by_tag(const void *left, const void *right)
{
    const struct ps_letter *a = left;
    const struct ps_letter *b = right;
    if (a->tag != b->tag) return a->tag < b->tag ? -1 : 1;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

static enum ps_err put_sorted(struct ps_letters *letters, struct ps_arena *arena, const struct ps_deadline *deadline)
{
    qsort(letters->entries, letters->count, sizeof *letters->entries, by_tag);
    struct ps_buf sorted;
    ps_buf_init(&sorted, arena, PS_LETTERS_BYTES_MAX);
    for (size_t i = 0; i < letters->count; i++) {
        ps_buf_put(&sorted, ps_span_make(letters->lines.data + letters->entries[i].begin, letters->entries[i].len));
    }
    struct ps_span body;
    PS_TRY(ps_buf_finish(&sorted, &body));
    return ps_dead_letter_put(letters->store, arena, deadline, letters->time_ms, letters->coordinates, body);
}

enum ps_err ps_letters_put(struct ps_letters *letters, struct ps_arena *arena, const struct ps_deadline *deadline)
{
    if (letters->count == 0) return PS_OK;
    if (letters->store == NULL) {
        PS_FAIL(PS_ERR_BAD_CONFIG,
                "%zu records could not be stored and there is no dead-letter store: set DEAD_LETTER_BUCKET",
                letters->count);
    }
    struct ps_arena_mark mark = ps_arena_mark(arena);
    enum ps_err err = put_sorted(letters, arena, deadline);
    ps_arena_rewind(arena, mark);
    if (err != PS_OK) return ps_err_wrap(err, "%zu dead letters were not put", letters->count);
    letters->put += letters->count;
    letters->count = 0;
    letters->lines.len = 0;
    return PS_OK;
}
