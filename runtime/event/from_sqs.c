#include "event/from_sqs.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/time.h"
#include "event/event_priv.h"

/* -- in ------------------------------------------------------------------------------------------------------------ */

/* Stands reader before the first record. */
static enum ps_err enter(struct ps_span payload, struct ps_json_reader *reader)
{
    struct ps_span records = { 0 };
    const struct ps_event_wanted wanted[] = { { PS_SPAN("Records"), &records } };
    struct ps_json_token token;
    PS_TRY(ps_json_read_check(payload));
    if (ps_event_object(payload, reader)) PS_TRY(ps_event_members(reader, wanted, 1));
    ps_json_read_init(reader, records);
    if (ps_json_read_next(reader, &token) != PS_OK || token.kind != PS_JSON_ARRAY_BEGIN)
        PS_FAIL(PS_ERR_BAD_INPUT, "the event is none of SQS: it has no array \"Records\"");
    return PS_OK;
}

static enum ps_err count_records(struct ps_json_reader reader, size_t *count)
{
    for (;;) {
        struct ps_span record;
        bool more = false;
        PS_TRY(ps_event_element(&reader, &record, &more));
        if (!more) return PS_OK;
        if (++*count > PS_SQS_MESSAGES_MAX)
            PS_FAIL(PS_ERR_TOO_LARGE, "more than %d messages in one event", PS_SQS_MESSAGES_MAX);
    }
}

/* As written. */
struct members {
    struct ps_span source, message_id, body, attributes, queue_arn;
    struct ps_span group, deduplication, receive_count, sent; /* in attributes */
};

static enum ps_err read_members(struct ps_span record, struct members *members)
{
    const struct ps_event_wanted wanted[] = {
        { PS_SPAN("eventSource"), &members->source },
        { PS_SPAN("messageId"), &members->message_id },
        { PS_SPAN("body"), &members->body },
        { PS_SPAN("attributes"), &members->attributes },
        { PS_SPAN("eventSourceARN"), &members->queue_arn },
    };
    const struct ps_event_wanted attributes[] = {
        { PS_SPAN("MessageGroupId"), &members->group },
        { PS_SPAN("MessageDeduplicationId"), &members->deduplication },
        { PS_SPAN("ApproximateReceiveCount"), &members->receive_count },
        { PS_SPAN("SentTimestamp"), &members->sent },
    };
    struct ps_json_reader reader;
    if (ps_event_object(record, &reader)) PS_TRY(ps_event_members(&reader, wanted, sizeof wanted / sizeof wanted[0]));
    if (!ps_event_object(members->attributes, &reader)) return PS_OK;
    return ps_event_members(&reader, attributes, sizeof attributes / sizeof attributes[0]);
}

/* Written between quotes: all attributes are text. */
static uint64_t read_number(struct ps_span value, uint64_t number_max, uint64_t number_default)
{
    uint64_t number = 0;
    struct ps_span digits = value;
    (void)ps_event_string(value, &digits);
    if (!ps_span_to_u64(digits, &number)) return number_default;
    return number < number_max ? number : number_max;
}

static enum ps_err read_message(struct ps_arena *arena, struct ps_span record, struct ps_sqs_message *out)
{
    struct members members = { 0 };
    PS_TRY(read_members(record, &members));
    if (!ps_span_eq(members.source, PS_SPAN("\"aws:sqs\"")))
        PS_FAIL(PS_ERR_BAD_INPUT, "it is no message of SQS: its eventSource is not aws:sqs");
    if (!ps_event_string(members.message_id, &out->message_id) || out->message_id.len == 0)
        PS_FAIL(PS_ERR_BAD_INPUT, "it has no messageId");
    PS_TRY(ps_event_text(arena, members.body, &out->body));
    PS_TRY(ps_event_text(arena, members.queue_arn, &out->queue_arn));
    out->receive_count = (uint32_t)read_number(members.receive_count, UINT32_MAX, 1);
    out->sent_ms = (int64_t)read_number(members.sent, PS_TIME_TEXT_MS_MAX, 0);
    /* A queue that does not tell its name is taken for one that has an order. */
    if (out->queue_arn.len > 0 && !ps_span_ends(out->queue_arn, PS_SPAN(".fifo"))) return PS_OK;
    PS_TRY(ps_event_text(arena, members.group, &out->group));
    return ps_event_text(arena, members.deduplication, &out->deduplication);
}

/* By group, then by position. */
static int compare_places(const void *left, const void *right)
{
    const struct ps_sqs_message *a = *(struct ps_sqs_message *const *)left;
    const struct ps_sqs_message *b = *(struct ps_sqs_message *const *)right;
    if (a->group.len != b->group.len) return a->group.len < b->group.len ? -1 : 1;
    int order = memcmp(a->group.data, b->group.data, a->group.len);
    return order != 0 ? order : a < b ? -1 : a > b;
}

/* Sorted, and not looked up one by one: 10,000 groups must not cost 10,000 times 10,000 comparisons. */
static enum ps_err link_groups(struct ps_arena *arena, struct ps_sqs_batch *batch)
{
    struct ps_arena_mark mark = ps_arena_mark(arena);
    struct ps_sqs_message **sorted = PS_ARENA_ARRAY(arena, struct ps_sqs_message *, batch->count);
    if (sorted == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no room to sort %zu messages", batch->count);
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->messages[i].group.len > 0) sorted[count++] = &batch->messages[i];
    }
    if (count > 0) qsort(sorted, count, sizeof(struct ps_sqs_message *), compare_places);
    for (size_t i = 1; i < count; i++) {
        if (ps_span_eq(sorted[i - 1]->group, sorted[i]->group)) sorted[i - 1]->next = sorted[i];
    }
    ps_arena_rewind(arena, mark);
    return PS_OK;
}

enum ps_err ps_from_sqs(struct ps_arena *arena, struct ps_span payload, struct ps_sqs_batch *out)
{
    struct ps_json_reader reader;
    struct ps_sqs_batch batch = { 0 };
    PS_TRY(enter(payload, &reader));
    PS_TRY(count_records(reader, &batch.count));
    batch.messages = PS_ARENA_ARRAY(arena, struct ps_sqs_message, batch.count);
    if (batch.messages == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no room for %zu messages", batch.count);
    for (size_t i = 0; i < batch.count; i++) {
        struct ps_span record;
        PS_TRY(ps_json_read_skip(&reader, &record));
        enum ps_err err = read_message(arena, record, &batch.messages[i]);
        if (err != PS_OK) return ps_err_wrap(err, "Records[%zu]", i);
    }
    PS_TRY(link_groups(arena, &batch));
    *out = batch;
    return PS_OK;
}

/* -- out ----------------------------------------------------------------------------------------------------------- */

void ps_sqs_return(struct ps_sqs_batch *batch, size_t at)
{
    PS_ASSERT(at < batch->count);
    /* Behind one that is handed back all are: the walk ends there. */
    for (struct ps_sqs_message *message = &batch->messages[at]; message != NULL && !message->returned;
         message = message->next)
        message->returned = true;
}

void ps_sqs_reply(const struct ps_sqs_batch *batch, struct ps_buf *body)
{
    bool first = true;
    ps_buf_put(body, PS_SPAN("{\"batchItemFailures\":["));
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch->messages[i].returned) continue;
        ps_buf_put(body, first ? PS_SPAN("{\"itemIdentifier\":\"") : PS_SPAN(",{\"itemIdentifier\":\""));
        ps_buf_put(body, batch->messages[i].message_id);
        ps_buf_put(body, PS_SPAN("\"}"));
        first = false;
    }
    ps_buf_put(body, PS_SPAN("]}"));
}
