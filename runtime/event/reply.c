#include "event/reply.h"

#include "base/assert.h"

static const struct ps_span ENTRY_ID = PS_SPAN_INIT("{\"recordId\":\"");
static const struct ps_span ENTRY_OK = PS_SPAN_INIT("\",\"result\":\"Ok\",\"data\":\"");
static const struct ps_span ENTRY_DROPPED = PS_SPAN_INIT("\",\"result\":\"Dropped\"}");
static const struct ps_span ENTRY_FAILED = PS_SPAN_INIT("\",\"result\":\"ProcessingFailed\"}");
static const struct ps_span ENTRY_END = PS_SPAN_INIT("\"}");

bool ps_reply_takes_back(enum ps_event_source source)
{
    return source == PS_EVENT_FIREHOSE || ps_reply_is_partial(source);
}

bool ps_reply_is_partial(enum ps_event_source source)
{
    return source == PS_EVENT_KINESIS || source == PS_EVENT_MSK || source == PS_EVENT_KAFKA;
}

enum ps_err ps_reply_open(struct ps_arena *arena, const struct ps_event *event, struct ps_reply_book *book)
{
    uint8_t *marks = PS_ARENA_ARRAY(arena, uint8_t, event->carrier_count);
    if (marks == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no room to mark %zu carriers", event->carrier_count);
    *book = (struct ps_reply_book){ marks, event->carrier_count };
    return PS_OK;
}

void ps_reply_mark(struct ps_reply_book *book, size_t position, enum ps_reply_mark mark)
{
    PS_ASSERT(position < book->count);
    book->marks[position] = (uint8_t)mark;
}

/* -- Kinesis ------------------------------------------------------------------------------------------------------- */

/* The sequence to resume at: that of the first carrier handed back, or, when it has none, of the nearest one before
 * it (more is read again then, which the ids make harmless). Empty: the whole batch. */
static enum ps_err find_resume(const struct ps_reply_book *book, const struct ps_event *event, bool *returned,
                               struct ps_span *sequence)
{
    struct ps_event walk = *event;
    ps_event_rewind(&walk);
    *returned = false;
    *sequence = (struct ps_span){ 0 };
    while (!*returned) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(&walk, &carrier, &more));
        if (!more) return PS_OK;
        if (carrier.sequence.len > 0) *sequence = carrier.sequence;
        *returned = book->marks[carrier.position] == PS_REPLY_RETURNED;
    }
    return PS_OK;
}

static enum ps_err write_kinesis(const struct ps_reply_book *book, const struct ps_event *event, struct ps_buf *body)
{
    bool returned = false;
    struct ps_span sequence;
    PS_TRY(find_resume(book, event, &returned, &sequence));
    ps_buf_put(body, PS_SPAN("{\"batchItemFailures\":["));
    if (returned) {
        /* An empty identifier fails the whole batch: the honest answer when no carrier before has a number. */
        ps_buf_put(body, PS_SPAN("{\"itemIdentifier\":\""));
        ps_buf_put(body, sequence);
        ps_buf_put(body, PS_SPAN("\"}"));
    }
    ps_buf_byte(body, ']');
    if (event->state.len > 0) { /* an answer without it fails the invocation, whatever else it says */
        ps_buf_put(body, PS_SPAN(",\"state\":"));
        ps_buf_put(body, event->state);
    }
    ps_buf_byte(body, '}');
    return PS_OK;
}

/* -- Kafka --------------------------------------------------------------------------------------------------------- */

static enum ps_err write_failure(const struct ps_carrier *carrier, bool first, struct ps_buf *body)
{
    /* A name that is not in the event would be worse than none: what Lambda makes of it is not told. */
    if (carrier->offset < 0)
        PS_FAIL(PS_ERR_UNAVAILABLE, "carrier %zu has no offset to hand it back by, so the whole batch goes back",
                carrier->position);
    ps_buf_put(body, first ? PS_SPAN("") : PS_SPAN(","));
    ps_buf_put(body, PS_SPAN("{\"itemIdentifier\":{\"partition\":\""));
    ps_buf_put(body, carrier->group);
    ps_buf_put(body, PS_SPAN("\",\"offset\":"));
    ps_buf_i64(body, carrier->offset);
    ps_buf_put(body, PS_SPAN("}}"));
    return PS_OK;
}

static enum ps_err write_kafka(const struct ps_reply_book *book, const struct ps_event *event, size_t bytes_max,
                               struct ps_buf *body)
{
    struct ps_event walk = *event;
    ps_event_rewind(&walk);
    bool first = true;
    ps_buf_put(body, PS_SPAN("{\"batchItemFailures\":["));
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(&walk, &carrier, &more));
        if (!more) break;
        if (book->marks[carrier.position] != PS_REPLY_RETURNED) continue;
        PS_TRY(write_failure(&carrier, first, body));
        first = false;
    }
    ps_buf_put(body, PS_SPAN("]}"));
    /* Lambda's records are longer than what names them here: only a payload that is none of Lambda's gets so far. */
    if (body->len > bytes_max)
        PS_FAIL(PS_ERR_TOO_LARGE, "the answer has %zu bytes, Lambda takes %zu", body->len, bytes_max);
    return PS_OK;
}

/* -- Firehose ------------------------------------------------------------------------------------------------------ */

static struct ps_span bare_end(uint8_t mark)
{
    return mark == PS_REPLY_DROPPED ? ENTRY_DROPPED : ENTRY_FAILED;
}

/* The length of the answer if no record carried its data: what must fit in any case. */
static enum ps_err measure_bare(const struct ps_reply_book *book, struct ps_event walk, size_t *out)
{
    size_t bytes = sizeof "{\"records\":[]}" - 1;
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(&walk, &carrier, &more));
        if (!more) break;
        bytes += ENTRY_ID.len + carrier.record_id.len + bare_end(book->marks[carrier.position]).len + 1;
    }
    *out = bytes;
    return PS_OK;
}

/* What this record's data costs on top of its bare answer. */
static size_t data_cost(const struct ps_carrier *carrier)
{
    return ENTRY_OK.len + carrier->data.len + ENTRY_END.len; /* a few bytes more than the exact difference */
}

static void write_record(const struct ps_carrier *carrier, uint8_t mark, size_t *left, struct ps_buf *body,
                         size_t *overflowed)
{
    if (carrier->position > 0) ps_buf_byte(body, ',');
    ps_buf_put(body, ENTRY_ID);
    ps_buf_put(body, carrier->record_id);
    bool with_data = mark == PS_REPLY_DONE && data_cost(carrier) <= *left;
    if (mark == PS_REPLY_DONE && !with_data) ++*overflowed;
    if (!with_data) {
        ps_buf_put(body, bare_end(mark));
        return;
    }
    *left -= data_cost(carrier);
    ps_buf_put(body, ENTRY_OK);
    ps_buf_put(body, carrier->data);
    ps_buf_put(body, ENTRY_END);
}

static enum ps_err write_firehose(const struct ps_reply_book *book, const struct ps_event *event, size_t bytes_max,
                                  struct ps_buf *body, size_t *overflowed)
{
    struct ps_event walk = *event;
    ps_event_rewind(&walk);
    size_t bare = 0;
    PS_TRY(measure_bare(book, walk, &bare));
    if (bare > bytes_max)
        PS_FAIL(PS_ERR_TOO_LARGE, "%zu answers need %zu bytes, Lambda takes %zu", book->count, bare, bytes_max);
    size_t left = bytes_max - bare;
    ps_buf_put(body, PS_SPAN("{\"records\":["));
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(&walk, &carrier, &more));
        if (!more) break;
        write_record(&carrier, book->marks[carrier.position], &left, body, overflowed);
    }
    ps_buf_put(body, PS_SPAN("]}"));
    return PS_OK;
}

enum ps_err ps_reply_write(const struct ps_reply_book *book, const struct ps_event *event, size_t bytes_max,
                           struct ps_buf *body, size_t *overflowed)
{
    PS_ASSERT(book->count == event->carrier_count);
    *overflowed = 0;
    switch (event->source) {
    case PS_EVENT_KINESIS:
        PS_TRY(write_kinesis(book, event, body));
        break;
    case PS_EVENT_MSK:
    case PS_EVENT_KAFKA:
        PS_TRY(write_kafka(book, event, bytes_max, body));
        break;
    case PS_EVENT_FIREHOSE:
        PS_TRY(write_firehose(book, event, bytes_max, body, overflowed));
        break;
    case PS_EVENT_CWLOGS:
    case PS_EVENT_UNKNOWN:
        ps_buf_put(body, PS_SPAN("{}"));
        break;
    }
    struct ps_span written;
    return ps_buf_finish(body, &written);
}
