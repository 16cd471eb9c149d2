/* Targets: ps_event_open and ps_event_next for Kafka, ps_from_kafka_read, ps_from_kafka_header_next,
 * ps_from_kafka_header_bytes, ps_reply_write. Every span lies in the payload, two walks see the same, and the answer
 * names what is handed back, each once. */
#include <stdlib.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "event/from_kafka.h"
#include "event/reply.h"
#include "support/exact.h"

enum { ANSWER_BYTES_MAX = 16 << 10, HEADER_BYTES_MAX = 256 };

static struct ps_arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct ps_span payload, struct ps_span part)
{
    PS_ASSERT(part.len == 0 || (part.data >= payload.data && part.data + part.len <= payload.data + payload.len));
}

static void check_carrier(struct ps_span payload, const struct ps_carrier *carrier)
{
    const struct ps_span parts[] = { carrier->raw,   carrier->data, carrier->sequence,       carrier->group,
                                     carrier->topic, carrier->key,  carrier->timestamp_type, carrier->headers };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        check_inside(payload, parts[i]);
    PS_ASSERT(carrier->raw.len > 0 && carrier->arrival_ms >= 0 && carrier->offset >= -1 && carrier->partition >= -1);
    PS_ASSERT((carrier->offset < 0) == (carrier->sequence.len == 0));
    PS_ASSERT(!carrier->tombstone || carrier->data.len == 0);
    PS_ASSERT(carrier->offset >= 0 || carrier->fault != NULL);
}

static void read_headers(struct ps_span payload, const struct ps_carrier *carrier)
{
    struct ps_json_reader reader;
    if (ps_from_kafka_headers_open(carrier, &reader) != PS_OK) return;
    for (;;) {
        struct ps_from_kafka_header header;
        bool more = false;
        if (ps_from_kafka_header_next(&reader, &header, &more) != PS_OK || !more) return;
        check_inside(payload, header.name);
        check_inside(payload, header.value);
        char memory[HEADER_BYTES_MAX];
        struct ps_buf bytes;
        ps_buf_init_fixed(&bytes, memory, sizeof memory);
        /* A byte is a digit and a comma at least. */
        if (ps_from_kafka_header_bytes(header.value, &bytes) == PS_OK) PS_ASSERT(bytes.len <= header.value.len / 2);
    }
}

/* The second walk: the same carriers, one after the other. Every third is handed back. */
static size_t mark_some(struct ps_event *event, struct ps_reply_book *book, bool *nameless)
{
    size_t returned = 0;
    ps_event_rewind(event);
    for (size_t at = 0;; at++) {
        struct ps_carrier carrier;
        bool more = false;
        PS_ASSERT(ps_event_next(event, &carrier, &more) == PS_OK);
        PS_ASSERT(more == (at < event->carrier_count));
        if (!more) return returned;
        PS_ASSERT(carrier.position == at);
        if (carrier.raw.len % 3 != 0) continue;
        ps_reply_mark(book, at, PS_REPLY_RETURNED);
        returned++;
        *nameless = *nameless || carrier.offset < 0;
    }
}

static size_t count_identifiers(struct ps_span answer)
{
    struct ps_json_reader reader;
    struct ps_json_token token;
    size_t count = 0;
    ps_json_read_init(&reader, answer);
    do {
        PS_ASSERT(ps_json_read_next(&reader, &token) == PS_OK);
        count += token.kind == PS_JSON_KEY && ps_span_eq(token.text, PS_SPAN("itemIdentifier"));
    } while (token.kind != PS_JSON_END);
    return count;
}

static void answer(struct ps_event *event)
{
    struct ps_reply_book book;
    struct ps_buf body;
    bool nameless = false;
    size_t overflowed = 0;
    PS_ASSERT(ps_reply_open(&arena, event, &book) == PS_OK);
    size_t returned = mark_some(event, &book, &nameless);
    ps_buf_init(&body, &arena, ANSWER_BYTES_MAX + 64);
    if (ps_reply_write(&book, event, ANSWER_BYTES_MAX, &body, &overflowed) != PS_OK) return;
    PS_ASSERT(!nameless && body.len <= ANSWER_BYTES_MAX && overflowed == 0);
    PS_ASSERT(count_identifiers(ps_buf_span(&body)) == returned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)1 << 20) != PS_OK) abort();
    struct ps_span payload = exact_copy(ps_span_make((const char *)data, size));
    struct ps_event event;
    bool kafka =
        ps_event_open(payload, &event) == PS_OK && (event.source == PS_EVENT_MSK || event.source == PS_EVENT_KAFKA);
    for (size_t at = 0; kafka && at < event.carrier_count; at++) {
        struct ps_carrier carrier;
        bool more = false;
        PS_ASSERT(ps_event_next(&event, &carrier, &more) == PS_OK && more);
        check_carrier(payload, &carrier);
        read_headers(payload, &carrier);
    }
    if (kafka) answer(&event);
    ps_arena_reset(&arena, 0);
    exact_free(payload);
    return 0;
}
