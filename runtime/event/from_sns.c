#include "event/from_sns.h"

#include "base/time.h"
#include "event/event_priv.h"

/* Stands reader before the first record; false when there is no array of that name. */
static bool enter_records(struct ps_span payload, struct ps_json_reader *reader)
{
    struct ps_span records = { 0 };
    struct ps_json_token token;
    bool found = false;
    if (ps_json_read_member(payload, PS_SPAN("Records"), NULL, &records, &found) != PS_OK || !found) return false;
    ps_json_read_init(reader, records);
    return ps_json_read_next(reader, &token) == PS_OK && token.kind == PS_JSON_ARRAY_BEGIN;
}

bool ps_from_sns_is(struct ps_span payload)
{
    struct ps_json_reader reader;
    struct ps_span record;
    bool found = false;
    if (!enter_records(payload, &reader)) return false;
    if (ps_event_element(&reader, &record, &found) != PS_OK || !found) return false;
    return ps_json_read_member(record, PS_SPAN("Sns"), NULL, NULL, &found) == PS_OK && found;
}

enum ps_err ps_from_sns_open(struct ps_span payload, struct ps_from_sns *out)
{
    struct ps_from_sns messages = { 0 };
    PS_TRY(ps_json_read_check(payload));
    if (!enter_records(payload, &messages.reader)) PS_FAIL(PS_ERR_BAD_INPUT, "the event has no array \"Records\"");
    *out = messages;
    return PS_OK;
}

/* As written. */
struct members {
    struct ps_span id, topic_arn, subject, text, time;
};

static enum ps_err read_members(struct ps_span record, size_t position, struct members *members)
{
    const struct ps_event_wanted wanted[] = {
        { PS_SPAN("MessageId"), &members->id },    { PS_SPAN("TopicArn"), &members->topic_arn },
        { PS_SPAN("Subject"), &members->subject }, { PS_SPAN("Message"), &members->text },
        { PS_SPAN("Timestamp"), &members->time },
    };
    struct ps_span sns = { 0 };
    struct ps_json_reader reader;
    bool found = false;
    bool object = ps_json_read_member(record, PS_SPAN("Sns"), NULL, &sns, &found) == PS_OK && found &&
                  ps_event_object(sns, &reader);
    if (!object) PS_FAIL(PS_ERR_BAD_INPUT, "Records[%zu].Sns is no object", position);
    return ps_event_members(&reader, wanted, sizeof wanted / sizeof wanted[0]);
}

enum ps_err ps_from_sns_next(struct ps_from_sns *messages, struct ps_arena *arena, struct ps_sns_message *out,
                             bool *more)
{
    struct ps_span record;
    bool found = false;
    PS_TRY(ps_event_element(&messages->reader, &record, &found));
    if (!found) {
        *more = false;
        return PS_OK;
    }
    size_t position = messages->position++;
    struct members members = { 0 };
    struct ps_sns_message message = { 0 };
    struct ps_span inside;
    struct ps_span time = { 0 };
    PS_TRY(read_members(record, position, &members));
    if (!ps_event_string(members.text, &inside))
        PS_FAIL(PS_ERR_BAD_INPUT, "Records[%zu].Sns.Message is no string", position);
    PS_TRY(ps_event_text(arena, members.id, &message.id));
    PS_TRY(ps_event_text(arena, members.topic_arn, &message.topic_arn));
    PS_TRY(ps_event_text(arena, members.subject, &message.subject));
    PS_TRY(ps_event_text(arena, members.text, &message.text));
    PS_TRY(ps_event_text(arena, members.time, &time));
    if (!ps_time_parse_iso(time, &message.time_ms)) message.time_ms = 0;
    *out = message;
    *more = true;
    return PS_OK;
}
