#include "messages.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/base64.h"
#include "base/gzip.h"
#include "event/reply.h"

enum ps_err messages_open(struct ps_span payload, struct ps_event *event)
{
    PS_TRY(ps_event_open(payload, event));
    if (ps_reply_is_partial(event->source)) return PS_OK;
    PS_FAIL(PS_ERR_BAD_INPUT, "an event of %s: this function reads Kinesis and Kafka (MSK or self-managed)",
            ps_event_source_name(event->source));
}

void messages_begin(struct messages *messages, struct ps_event *event, struct ps_arena *arena,
                    struct ps_span cluster_alias, size_t inflated_bytes_max)
{
    *messages = (struct messages){ .event = event,
                                   .arena = arena,
                                   .mark = ps_arena_mark(arena),
                                   .cluster_alias = cluster_alias,
                                   .inflated_bytes_max = inflated_bytes_max };
    ps_event_rewind(event);
}

/* -- where a message stands ---------------------------------------------------------------------------------------- */

static struct ps_coordinates kinesis_coordinates(const struct messages *messages)
{
    const struct ps_carrier *carrier = &messages->carrier;
    struct ps_span rest = carrier->event_id; /* shardId-...:sequence */
    bool more = false;
    struct ps_span shard = ps_span_split(&rest, ':', &more);
    return (struct ps_coordinates){
        .source = PS_SPAN("kinesis"),
        .stream = ps_coordinates_stream_arn(messages->event->arn),
        .shard = shard,
        .position = carrier->sequence.len > 0 ? carrier->sequence : rest,
    };
}

static struct ps_coordinates kafka_coordinates(struct messages *messages)
{
    const struct ps_carrier *carrier = &messages->carrier;
    int digits = snprintf(messages->partition_text, sizeof messages->partition_text, "%d", (int)carrier->partition);
    struct ps_span partition = ps_span_make(messages->partition_text, digits > 0 ? (size_t)digits : 0);
    bool msk = messages->event->source == PS_EVENT_MSK;
    return (struct ps_coordinates){
        .source = PS_SPAN("kafka"),
        .cluster = msk ? messages->event->arn : messages->cluster_alias,
        .stream = carrier->topic,
        .shard = carrier->partition >= 0 ? partition : carrier->group,
        .position = carrier->sequence,
    };
}

/* "#" and the digest of the record as the event gives it: two that lack a sequence number must not share an id, and the
 * same one must have the same in every cut of a batch. No sequence number begins so. */
static enum ps_err write_stand_in(struct messages *messages)
{
    messages->stand_in[0] = '#';
    return ps_digest_sha256_hex(&messages->carrier.raw, 1, messages->stand_in + 1);
}

static bool is_kafka(const struct ps_event *event)
{
    return event->source == PS_EVENT_MSK || event->source == PS_EVENT_KAFKA;
}

static void put_message(struct messages *messages, struct ps_span bytes, const char *fault, struct message *message)
{
    const struct ps_carrier *carrier = &messages->carrier;
    *message = (struct message){
        .carrier = carrier->position,
        .group = carrier->group,
        .bytes = bytes,
        .arrival_ms = carrier->arrival_ms,
        .fault = fault,
        .coordinates = is_kafka(messages->event) ? kafka_coordinates(messages) : kinesis_coordinates(messages),
    };
    if (message->coordinates.position.len == 0)
        message->coordinates.position = ps_span_make(messages->stand_in, sizeof messages->stand_in);
    message->coordinates.sub_sequence = messages->sub_sequence;
    message->coordinates.event = messages->event_number;
}

/* -- envelopes ----------------------------------------------------------------------------------------------------- */

/* Whether bytes may be log envelopes; *json is what they are when undone. A log line is told from an envelope by the
 * members that envelopes have, before anything is parsed. */
static enum ps_err undo_envelopes(struct messages *messages, struct ps_span bytes, struct ps_span *json)
{
    enum ps_gzip_form form = ps_gzip_detect(bytes);
    *json = ps_span_make(NULL, 0);
    struct ps_span plain = bytes;
    if (form != PS_GZIP_PLAIN)
        PS_TRY(ps_gzip_inflate(messages->arena, bytes, form, messages->inflated_bytes_max, &plain));
    static const struct ps_span MEMBERS[] = {
        PS_SPAN_INIT("\"messageType\""),
        PS_SPAN_INIT("\"logGroup\""),
        PS_SPAN_INIT("\"logEvents\""),
    };
    for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++)
        if (ps_span_find(plain, MEMBERS[i]) == PS_SPAN_NONE) return PS_OK;
    *json = plain;
    return PS_OK;
}

/* The next envelope of rest; false when there is none, or what is left is none. */
static bool open_envelope(struct messages *messages)
{
    bool more = false;
    enum ps_err err = ps_from_cwlogs_open(messages->arena, &messages->rest, &messages->envelope, &more);
    if (err != PS_OK || !more) {
        if (err == PS_OK) messages->rest.len = 0;
        return false;
    }
    messages->envelopes++;
    if (messages->envelope.control) messages->control++;
    return true;
}

/* The next log event of the envelopes in hand; what stands behind the last good envelope is a message as it came.
 * *found is false when there is no more. */
static enum ps_err next_event(struct messages *messages, struct message *message, bool *found)
{
    for (;;) {
        if (messages->in_envelope && !messages->envelope.control) {
            struct ps_from_cwlogs_event event;
            ps_arena_rewind(messages->arena, messages->line_mark);
            struct ps_from_cwlogs_envelope before = messages->envelope;
            enum ps_err err = ps_from_cwlogs_next(&messages->envelope, messages->arena, &event, found);
            if (err == PS_ERR_NO_MEMORY) {
                messages->envelope = before;
                *found = true;
                err = ps_from_cwlogs_skip(&messages->envelope, &event);
            }
            PS_TRY(err);
            if (*found) {
                put_message(messages, event.fault == NULL ? event.message : event.raw, event.fault, message);
                if (event.timestamp_ok) message->arrival_ms = event.timestamp_ms;
                messages->event_number++;
                return PS_OK;
            }
        }
        messages->in_envelope = messages->rest.len > 0 && open_envelope(messages);
        *found = !messages->in_envelope && messages->rest.len > 0;
        if (*found) {
            put_message(messages, messages->rest, "not_an_envelope", message);
            messages->rest.len = 0;
        }
        if (!messages->in_envelope) return PS_OK;
        messages->line_mark = ps_arena_mark(messages->arena);
    }
}

/* bytes: of a record, or of a part of an aggregate. Gives its first message; *found is false when it has none (control
 * messages only). */
static enum ps_err begin_bytes(struct messages *messages, struct ps_span bytes, struct message *message, bool *found)
{
    messages->event_number = 0;
    struct ps_span json;
    *found = true;
    if (undo_envelopes(messages, bytes, &json) != PS_OK) {
        put_message(messages, bytes, "not_inflatable", message);
        return PS_OK;
    }
    messages->rest = json;
    messages->in_envelope = json.len > 0 && open_envelope(messages);
    if (!messages->in_envelope) {
        messages->rest.len = 0;
        bool packed = ps_gzip_detect(bytes) != PS_GZIP_PLAIN;
        put_message(messages, bytes, packed ? "not_an_envelope" : NULL, message);
        return PS_OK;
    }
    messages->line_mark = ps_arena_mark(messages->arena);
    return next_event(messages, message, found);
}

/* -- carriers ------------------------------------------------------------------------------------------------------ */

static enum ps_err undo_base64(struct messages *messages, struct ps_span *bytes)
{
    struct ps_span data = messages->carrier.data;
    if (messages->carrier.data_escaped) PS_TRY(ps_json_read_unescape(messages->arena, data, &data));
    return ps_base64_decode(messages->arena, data, bytes);
}

/* An aggregate is one when its digest is right; anything else that only looks like one is a message as it came. */
static bool open_kpl(struct messages *messages, struct ps_span bytes)
{
    struct ps_span aggregate, wanted;
    unsigned char md5[PS_KPL_MD5_BYTES];
    if (is_kafka(messages->event) || !ps_kpl_detect(bytes, &aggregate, &wanted)) return false;
    if (ps_digest_md5(&aggregate, 1, md5) != PS_OK || memcmp(md5, wanted.data, sizeof md5) != 0) return false;
    return ps_kpl_open(aggregate, &messages->kpl) == PS_OK;
}

/* The next part of the aggregate in hand that has a message. */
static enum ps_err next_part(struct messages *messages, struct message *message, bool *found)
{
    struct ps_kpl_record part;
    while (ps_kpl_next(&messages->kpl, &part)) {
        messages->sub_sequence = part.sub_sequence;
        ps_arena_rewind(messages->arena, messages->part_mark);
        PS_TRY(begin_bytes(messages, part.data, message, found));
        if (*found) return PS_OK;
    }
    messages->in_kpl = *found = false;
    return PS_OK;
}

static enum ps_err begin_carrier(struct messages *messages, struct message *message, bool *found)
{
    const struct ps_carrier *carrier = &messages->carrier;
    messages->sub_sequence = messages->event_number = 0;
    *found = true;
    if (carrier->sequence.len == 0) PS_TRY(write_stand_in(messages));
    if (carrier->fault != NULL || carrier->tombstone) {
        put_message(messages, carrier->raw, carrier->fault, message);
        message->tombstone = carrier->fault == NULL;
        return PS_OK;
    }
    struct ps_span bytes;
    enum ps_err err = undo_base64(messages, &bytes);
    if (err == PS_ERR_NO_MEMORY) return err;
    if (err != PS_OK) {
        put_message(messages, carrier->data, "not_base64", message);
        return PS_OK;
    }
    messages->in_kpl = open_kpl(messages, bytes);
    messages->part_mark = ps_arena_mark(messages->arena);
    return messages->in_kpl ? next_part(messages, message, found) : begin_bytes(messages, bytes, message, found);
}

/* The next message of the carrier in hand. */
static enum ps_err go_on(struct messages *messages, struct message *message, bool *found)
{
    *found = false;
    if (messages->in_envelope) PS_TRY(next_event(messages, message, found));
    if (!*found && messages->in_kpl) PS_TRY(next_part(messages, message, found));
    return PS_OK;
}

enum ps_err messages_next(struct messages *messages, struct message *message, bool *more)
{
    for (;;) {
        bool found = false;
        if (messages->in_carrier) PS_TRY(go_on(messages, message, &found));
        if (!found) {
            messages->in_kpl = messages->in_envelope = false;
            messages->rest.len = 0;
            ps_arena_rewind(messages->arena, messages->mark);
            PS_TRY(ps_event_next(messages->event, &messages->carrier, more));
            if (!*more) return PS_OK;
            messages->in_carrier = true;
            PS_TRY(begin_carrier(messages, message, &found));
        }
        if (found) {
            *more = true;
            return PS_OK;
        }
    }
}
