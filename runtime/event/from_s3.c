#include "event/from_s3.h"

#include "base/percent.h"
#include "event/event_priv.h"
#include "event/from_eventbridge.h"

/* -- what a payload is --------------------------------------------------------------------------------------------- */

/* As written. */
struct top {
    struct ps_span records;             /* S3's own */
    struct ps_span event;               /* of its test message */
    struct ps_span detail_type, source; /* EventBridge's */
    struct ps_span envelope, enveloped; /* "Type" and "Message" of SNS */
};

/* Checks payload to its last byte. A top without members is of no kind: so is JSON that is no object. */
static enum ps_err read_top(struct ps_span payload, struct top *top)
{
    const struct ps_event_wanted wanted[] = {
        { PS_SPAN("Records"), &top->records },         { PS_SPAN("Event"), &top->event },
        { PS_SPAN("detail-type"), &top->detail_type }, { PS_SPAN("source"), &top->source },
        { PS_SPAN("Type"), &top->envelope },           { PS_SPAN("Message"), &top->enveloped },
    };
    struct ps_json_reader reader;
    PS_TRY(ps_json_read_check(payload));
    return ps_event_object(payload, &reader) ? ps_event_members(&reader, wanted, sizeof wanted / sizeof wanted[0])
                                             : PS_OK;
}

static bool is_text(struct ps_span value, struct ps_span wanted)
{
    struct ps_span inside;
    return ps_event_string(value, &inside) && ps_span_eq(inside, wanted);
}

/* Stands reader before the first record; false when records is no array. */
static bool enter(struct ps_span records, struct ps_json_reader *reader)
{
    struct ps_json_token token;
    ps_json_read_init(reader, records);
    return ps_json_read_next(reader, &token) == PS_OK && token.kind == PS_JSON_ARRAY_BEGIN;
}

/* One record of S3 tells that all are: others have "kinesis", "Sns" or "messageId". "eventSource" is not asked, since
 * servers that speak S3 put their own name there. Without any record there is nothing to tell, and nothing to do. */
static bool are_records(struct ps_span records)
{
    struct ps_json_reader reader;
    struct ps_span record;
    bool more = false;
    bool found = false;
    if (!enter(records, &reader) || ps_event_element(&reader, &record, &more) != PS_OK) return false;
    if (!more) return true;
    while (!found && more) {
        found = ps_json_read_member(record, PS_SPAN("s3"), NULL, NULL, &found) == PS_OK && found;
        if (ps_event_element(&reader, &record, &more) != PS_OK) return false;
    }
    return found;
}

enum ps_err ps_from_s3_open(struct ps_arena *arena, struct ps_span payload, enum ps_from_s3_kind *kind,
                            struct ps_from_s3 *out)
{
    struct top top = { 0 };
    struct ps_from_s3 objects = { 0 };
    PS_TRY(read_top(payload, &top));
    if (is_text(top.envelope, PS_SPAN("Notification")) && top.enveloped.len > 0) {
        PS_TRY(ps_event_text(arena, top.enveloped, &payload));
        top = (struct top){ 0 };
        enum ps_err err = read_top(payload, &top);
        if (err != PS_OK) return ps_err_wrap(err, "the message of SNS");
    }
    *kind = PS_FROM_S3_NOTHING;
    if (is_text(top.event, PS_SPAN("s3:TestEvent"))) {
        *kind = PS_FROM_S3_TEST;
    } else if (are_records(top.records)) {
        *kind = PS_FROM_S3_OBJECTS;
        (void)enter(top.records, &objects.reader);
    } else if (top.detail_type.len > 0 && is_text(top.source, PS_SPAN("aws.s3"))) {
        *kind = PS_FROM_S3_OBJECTS;
        objects.single = payload;
    }
    *out = objects;
    return PS_OK;
}

/* -- one object ---------------------------------------------------------------------------------------------------- */

/* The two notifications name an object alike, but for this. */
struct form {
    struct ps_span version_id, etag; /* names of members */
    bool key_encoded;
};

static const struct form DIRECT = { PS_SPAN_INIT("versionId"), PS_SPAN_INIT("eTag"), true };
static const struct form EVENTBRIDGE = { PS_SPAN_INIT("version-id"), PS_SPAN_INIT("etag"), false };

enum ps_err ps_from_s3_check(const struct ps_s3_object *object)
{
    const struct {
        const char *name;
        struct ps_span text;
        bool needed;
    } texts[] = {
        { "bucket", object->bucket, true },          { "key", object->key, true },
        { "version id", object->version_id, false }, { "etag", object->etag, false },
        { "sequencer", object->sequencer, false },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].needed && texts[i].text.len == 0)
            PS_FAIL(PS_ERR_BAD_INPUT, "the %s is missing, empty or no text", texts[i].name);
        if (texts[i].text.len > PS_S3_TEXT_BYTES_MAX)
            PS_FAIL(PS_ERR_BAD_INPUT, "the %s has %zu bytes, S3 allows %d", texts[i].name, texts[i].text.len,
                    PS_S3_TEXT_BYTES_MAX);
    }
    return PS_OK;
}

/* As HTTP has it, an etag stands between quotes; S3 leaves them out here, its like do not always. */
static struct ps_span without_quotes(struct ps_span etag)
{
    struct ps_span inside;
    return ps_event_string(etag, &inside) && ps_span_ends(etag, PS_SPAN("\"")) ? inside : etag;
}

static enum ps_err read_object(struct ps_arena *arena, const struct form *form, struct ps_span raw,
                               struct ps_s3_object *object)
{
    struct ps_span key = { 0 }, size = { 0 }, version_id = { 0 }, etag = { 0 }, sequencer = { 0 };
    const struct ps_event_wanted wanted[] = {
        { PS_SPAN("key"), &key }, { PS_SPAN("size"), &size },           { form->version_id, &version_id },
        { form->etag, &etag },    { PS_SPAN("sequencer"), &sequencer },
    };
    struct ps_json_reader reader;
    if (!ps_event_object(raw, &reader)) PS_FAIL(PS_ERR_BAD_INPUT, "there is no \"object\"");
    PS_TRY(ps_event_members(&reader, wanted, sizeof wanted / sizeof wanted[0]));
    PS_TRY(ps_event_text(arena, key, &object->key));
    if (form->key_encoded) PS_TRY(ps_percent_decode_form(arena, object->key, &object->key));
    PS_TRY(ps_event_text(arena, version_id, &object->version_id));
    PS_TRY(ps_event_text(arena, etag, &object->etag));
    object->etag = without_quotes(object->etag);
    PS_TRY(ps_event_text(arena, sequencer, &object->sequencer));
    if (!ps_event_whole(size, &object->size)) PS_FAIL(PS_ERR_BAD_INPUT, "the size is no whole number");
    return PS_OK;
}

/* holder is what the bucket and the object stand in. */
static enum ps_err read_holder(struct ps_arena *arena, const struct form *form, struct ps_span holder,
                               struct ps_s3_object *out)
{
    struct ps_span bucket = { 0 }, raw = { 0 }, name = { 0 };
    const struct ps_event_wanted wanted[] = { { PS_SPAN("bucket"), &bucket }, { PS_SPAN("object"), &raw } };
    const struct ps_event_wanted wanted_of_bucket[] = { { PS_SPAN("name"), &name } };
    struct ps_json_reader reader;
    if (!ps_event_object(holder, &reader)) PS_FAIL(PS_ERR_BAD_INPUT, "it names no object of S3");
    PS_TRY(ps_event_members(&reader, wanted, sizeof wanted / sizeof wanted[0]));
    if (ps_event_object(bucket, &reader)) PS_TRY(ps_event_members(&reader, wanted_of_bucket, 1));
    PS_TRY(ps_event_text(arena, name, &out->bucket));
    PS_TRY(read_object(arena, form, raw, out));
    return ps_from_s3_check(out);
}

/* By the name of the event: S3's own ("s3:" in front is how it is asked for) or EventBridge's detail-type. */
static enum ps_err read_change(struct ps_span event, enum ps_s3_change *out)
{
    static const struct {
        struct ps_span begins;
        enum ps_s3_change change;
    } CHANGES[] = {
        { PS_SPAN_INIT("ObjectCreated:"), PS_S3_CREATED },       { PS_SPAN_INIT("Object Created"), PS_S3_CREATED },
        { PS_SPAN_INIT("ObjectRemoved:"), PS_S3_REMOVED },       { PS_SPAN_INIT("Object Deleted"), PS_S3_REMOVED },
        { PS_SPAN_INIT("LifecycleExpiration:"), PS_S3_REMOVED },
    };
    if (event.len == 0) PS_FAIL(PS_ERR_BAD_INPUT, "the event's name is missing, empty or no text");
    if (ps_span_starts(event, PS_SPAN("s3:"))) event = ps_span_from(event, sizeof "s3:" - 1);
    *out = PS_S3_OTHER;
    for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
        if (ps_span_starts(event, CHANGES[i].begins)) *out = CHANGES[i].change;
    }
    return PS_OK;
}

static enum ps_err read_record(struct ps_arena *arena, struct ps_span record, struct ps_s3_object *out)
{
    struct ps_span holder = { 0 }, version = { 0 }, event_name = { 0 }, event = { 0 };
    const struct ps_event_wanted wanted[] = {
        { PS_SPAN("s3"), &holder },
        { PS_SPAN("eventVersion"), &version },
        { PS_SPAN("eventName"), &event_name },
    };
    struct ps_json_reader reader;
    if (!ps_event_object(record, &reader)) PS_FAIL(PS_ERR_BAD_INPUT, "it names no object of S3");
    PS_TRY(ps_event_members(&reader, wanted, sizeof wanted / sizeof wanted[0]));
    /* What we would read wrongly changes the first number, S3 promises. */
    if (version.len > 0 && !ps_span_starts(version, PS_SPAN("\"2.")))
        PS_FAIL(PS_ERR_BAD_INPUT, "its eventVersion is not 2.x");
    PS_TRY(read_holder(arena, &DIRECT, holder, out));
    PS_TRY(ps_event_text(arena, event_name, &event));
    return read_change(event, &out->change);
}

static enum ps_err read_event(struct ps_arena *arena, struct ps_span payload, struct ps_s3_object *out)
{
    struct ps_eventbridge_event event;
    PS_TRY(ps_from_eventbridge(arena, payload, &event));
    PS_TRY(read_holder(arena, &EVENTBRIDGE, event.detail, out));
    return read_change(event.detail_type, &out->change);
}

enum ps_err ps_from_s3_next(struct ps_from_s3 *objects, struct ps_arena *arena, struct ps_s3_object *out, bool *more)
{
    struct ps_s3_object object = { 0 };
    struct ps_span record = objects->single;
    bool eventbridge = objects->single.len > 0;
    bool found = objects->position == 0;
    if (!eventbridge) PS_TRY(ps_event_element(&objects->reader, &record, &found));
    if (!found) {
        *more = false;
        return PS_OK;
    }
    size_t position = objects->position++;
    enum ps_err err = eventbridge ? read_event(arena, record, &object) : read_record(arena, record, &object);
    if (err != PS_OK && eventbridge) return ps_err_wrap(err, "EventBridge's event of S3");
    if (err != PS_OK) return ps_err_wrap(err, "Records[%zu]", position);
    *out = object;
    *more = true;
    return PS_OK;
}
