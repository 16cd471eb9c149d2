#include "event/from_cwlogs.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/gzip.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "event/event_priv.h"
#include "record/json_value.h"

static bool begins_object(struct ps_span json)
{
    struct ps_span text = ps_span_trim(json);
    return text.len > 0 && text.data[0] == '{';
}

enum ps_err ps_from_cwlogs_inflate(struct ps_arena *arena, const struct ps_carrier *carrier, size_t bytes_max,
                                   struct ps_span *json)
{
    struct ps_span data = carrier->data;
    if (carrier->data_escaped) PS_TRY(ps_json_read_unescape(arena, data, &data));
    struct ps_span packed;
    PS_TRY(ps_base64_decode(arena, data, &packed));
    enum ps_gzip_form form = ps_gzip_detect(packed);
    struct ps_span plain = packed;
    if (form != PS_GZIP_PLAIN) PS_TRY(ps_gzip_inflate(arena, packed, form, bytes_max, &plain));
    if (plain.len > bytes_max)
        PS_FAIL(PS_ERR_TOO_LARGE, "%zu bytes of plain JSON, the limit is %zu", plain.len, bytes_max);
    if (!begins_object(plain))
        PS_FAIL(PS_ERR_BAD_INPUT, "%zu bytes that are neither gzip, zlib nor a JSON object", packed.len);
    *json = plain;
    return PS_OK;
}

/* -- envelopes ------------------------------------------------------------------------------------------------- */

/* Where the members of an envelope stand, as written. */
struct members {
    struct ps_span message_type, owner, log_group, log_stream, events, account, region;
};

static void keep_member(struct members *members, struct ps_span name, struct ps_span value)
{
    const struct {
        struct ps_span name;
        struct ps_span *into;
    } wanted[] = {
        { PS_SPAN("messageType"), &members->message_type }, { PS_SPAN("owner"), &members->owner },
        { PS_SPAN("logGroup"), &members->log_group },       { PS_SPAN("logStream"), &members->log_stream },
        { PS_SPAN("logEvents"), &members->events },         { PS_SPAN("@aws.account"), &members->account },
        { PS_SPAN("@aws.region"), &members->region },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (ps_span_eq(name, wanted[i].name)) *wanted[i].into = value;
    }
}

/* Reads one whole value off the front of text, which may go on behind it. */
static enum ps_err read_members(struct ps_span text, struct members *members, struct ps_span *raw)
{
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, text);
    PS_TRY(ps_json_read_next(&reader, &token));
    if (token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "an envelope is a JSON object");
    for (;;) {
        struct ps_span name;
        struct ps_span value;
        bool more = false;
        PS_TRY(ps_event_member(&reader, &name, &value, &more));
        if (!more) break;
        keep_member(members, name, value);
    }
    *raw = ps_span_between(text.data, reader.at);
    return PS_OK;
}

/* Unescapes the inside of a string and repairs its UTF-8 if the envelope needs that. */
static enum ps_err to_text(struct ps_arena *arena, struct ps_span inside, bool escaped, bool utf8, struct ps_span *text,
                           size_t *repaired)
{
    struct ps_span plain = inside;
    if (escaped) PS_TRY(ps_json_read_unescape(arena, inside, &plain));
    if (!utf8) {
        size_t count = 0;
        PS_TRY(ps_utf8_repair(arena, plain, &plain, &count));
        *repaired += count;
    }
    *text = plain;
    return PS_OK;
}

/* A string member as text; empty when it is missing, null or no string. */
static enum ps_err member_text(struct ps_arena *arena, struct ps_span value, bool utf8, struct ps_span *text,
                               size_t *repaired)
{
    struct ps_span inside = { 0 };
    *text = inside;
    if (!ps_event_string(value, &inside)) return PS_OK;
    return to_text(arena, inside, ps_span_find_byte(inside, '\\') != PS_SPAN_NONE, utf8, text, repaired);
}

static enum ps_err read_type(struct ps_span value, bool *control)
{
    struct ps_span type = { 0 };
    if (!ps_event_string(value, &type)) PS_FAIL(PS_ERR_BAD_INPUT, "the envelope has no messageType");
    *control = ps_span_eq(type, PS_SPAN("CONTROL_MESSAGE"));
    if (!*control && !ps_span_eq(type, PS_SPAN("DATA_MESSAGE")))
        PS_FAIL(PS_ERR_BAD_INPUT, "messageType of %zu bytes is neither DATA_MESSAGE nor CONTROL_MESSAGE", type.len);
    return PS_OK;
}

static enum ps_err fill_envelope(struct ps_arena *arena, const struct members *members,
                                 struct ps_from_cwlogs_envelope *envelope)
{
    size_t *repaired = &envelope->repaired;
    PS_TRY(member_text(arena, members->owner, envelope->utf8, &envelope->owner, repaired));
    PS_TRY(member_text(arena, members->log_group, envelope->utf8, &envelope->log_group, repaired));
    PS_TRY(member_text(arena, members->log_stream, envelope->utf8, &envelope->log_stream, repaired));
    PS_TRY(member_text(arena, members->account, envelope->utf8, &envelope->account, repaired));
    PS_TRY(member_text(arena, members->region, envelope->utf8, &envelope->region, repaired));
    if (envelope->control) return PS_OK;
    if (members->events.len == 0 || members->events.data[0] != '[')
        PS_FAIL(PS_ERR_BAD_INPUT, "a DATA_MESSAGE without an array of logEvents");
    envelope->events = members->events;
    struct ps_json_token token;
    ps_json_read_init(&envelope->reader, envelope->events);
    return ps_json_read_next(&envelope->reader, &token);
}

static struct ps_span skip_blanks(struct ps_span text)
{
    size_t at = 0;
    while (at < text.len &&
           (text.data[at] == ' ' || text.data[at] == '\n' || text.data[at] == '\r' || text.data[at] == '\t'))
        at++;
    return ps_span_from(text, at);
}

enum ps_err ps_from_cwlogs_open(struct ps_arena *arena, struct ps_span *rest, struct ps_from_cwlogs_envelope *out,
                                bool *more)
{
    struct ps_span text = skip_blanks(*rest);
    if (text.len == 0) {
        *rest = text;
        *more = false;
        return PS_OK;
    }
    struct members members = { 0 };
    struct ps_from_cwlogs_envelope envelope = { 0 };
    PS_TRY(read_members(text, &members, &envelope.raw));
    PS_TRY(read_type(members.message_type, &envelope.control));
    envelope.utf8 = ps_utf8_valid_prefix(envelope.raw) == envelope.raw.len;
    PS_TRY(fill_envelope(arena, &members, &envelope));
    *rest = ps_span_from(text, envelope.raw.len);
    *out = envelope;
    *more = true;
    return PS_OK;
}

/* -- log events -------------------------------------------------------------------------------------------------- */

static void read_timestamp(struct ps_span text, struct ps_from_cwlogs_event *event)
{
    int64_t ms = 0;
    event->timestamp_ok = ps_time_parse_epoch(text, &ms) && ms >= 0;
    event->timestamp_ms = event->timestamp_ok ? ms : 0;
}

/* The system fields among the extracted ones, as text. */
static enum ps_err read_system_fields(struct ps_arena *arena, struct ps_from_cwlogs_event *event)
{
    if (ps_span_find(event->extracted, PS_SPAN("\"@aws.")) == PS_SPAN_NONE) return PS_OK;
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, event->extracted);
    PS_TRY(ps_json_read_next(&reader, &token));
    for (;;) {
        struct ps_span name;
        struct ps_span value;
        bool more = false;
        PS_TRY(ps_event_member(&reader, &name, &value, &more));
        if (!more) return PS_OK;
        if (ps_span_eq(name, PS_SPAN("@aws.account")))
            PS_TRY(member_text(arena, value, true, &event->account, &event->repaired));
        else if (ps_span_eq(name, PS_SPAN("@aws.region")))
            PS_TRY(member_text(arena, value, true, &event->region, &event->repaired));
    }
}

static enum ps_err read_extracted(struct ps_arena *arena, struct ps_json_reader *reader, bool utf8,
                                  struct ps_from_cwlogs_event *event)
{
    struct ps_span raw;
    PS_TRY(ps_json_read_skip(reader, &raw));
    event->extracted = ps_span_make(raw.data, 0);
    if (raw.data[0] != '{') return PS_OK;
    PS_TRY(to_text(arena, raw, false, utf8, &event->extracted, &event->repaired));
    return read_system_fields(arena, event);
}

/* A message that is no string keeps its JSON text; null counts as none. */
static enum ps_err read_message(struct ps_arena *arena, struct ps_json_reader *reader, bool utf8,
                                struct ps_from_cwlogs_event *event)
{
    struct ps_json_reader before = *reader;
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(reader, &token));
    event->fault = NULL;
    if (token.kind == PS_JSON_STRING)
        return to_text(arena, token.text, token.escaped, utf8, &event->message, &event->repaired);
    if (token.kind == PS_JSON_NULL) {
        event->fault = "message_missing";
        return PS_OK;
    }
    struct ps_span raw;
    *reader = before;
    PS_TRY(ps_json_read_skip(reader, &raw));
    return to_text(arena, raw, false, utf8, &event->message, &event->repaired);
}

/* A string or a number as text; anything else is passed over. */
static enum ps_err read_scalar(struct ps_arena *arena, struct ps_json_reader *reader, bool utf8, struct ps_span *text,
                               size_t *repaired)
{
    struct ps_json_reader before = *reader;
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(reader, &token));
    if (token.kind == PS_JSON_STRING) return to_text(arena, token.text, token.escaped, utf8, text, repaired);
    *text = ps_span_make(token.text.data, token.kind == PS_JSON_NUMBER ? token.text.len : 0);
    if (token.kind == PS_JSON_NUMBER) return PS_OK;
    *reader = before;
    return ps_json_read_skip(reader, NULL);
}

static enum ps_err read_event_member(struct ps_arena *arena, struct ps_json_reader *reader, struct ps_span name,
                                     bool utf8, struct ps_from_cwlogs_event *event)
{
    if (ps_span_eq(name, PS_SPAN("message"))) return read_message(arena, reader, utf8, event);
    if (ps_span_eq(name, PS_SPAN("id"))) return read_scalar(arena, reader, utf8, &event->id, &event->repaired);
    if (ps_span_eq(name, PS_SPAN("timestamp"))) {
        struct ps_span text;
        PS_TRY(read_scalar(arena, reader, utf8, &text, &event->repaired));
        read_timestamp(text, event);
        return PS_OK;
    }
    if (ps_span_eq(name, PS_SPAN("extractedFields"))) return read_extracted(arena, reader, utf8, event);
    if (ps_span_eq(name, PS_SPAN("@aws.account")))
        return read_scalar(arena, reader, utf8, &event->account, &event->repaired);
    if (ps_span_eq(name, PS_SPAN("@aws.region")))
        return read_scalar(arena, reader, utf8, &event->region, &event->repaired);
    return ps_json_read_skip(reader, NULL);
}

/* The members of one event, whose OBJECT_BEGIN has been read, up to and with its end. */
static enum ps_err read_event(struct ps_arena *arena, struct ps_json_reader *reader, bool utf8, const char *begin,
                              struct ps_from_cwlogs_event *event)
{
    event->fault = "message_missing";
    for (;;) {
        struct ps_json_token token;
        PS_TRY(ps_json_read_next(reader, &token));
        if (token.kind == PS_JSON_OBJECT_END) break;
        PS_TRY(read_event_member(arena, reader, token.text, utf8, event));
    }
    event->raw = ps_span_between(begin, reader->at);
    return PS_OK;
}

enum ps_err ps_from_cwlogs_next(struct ps_from_cwlogs_envelope *envelope, struct ps_arena *arena,
                                struct ps_from_cwlogs_event *out, bool *more)
{
    struct ps_from_cwlogs_event event = { .position = envelope->position };
    struct ps_json_reader before = envelope->reader;
    struct ps_json_token token = { .kind = PS_JSON_ARRAY_END };
    if (!envelope->control) PS_TRY(ps_json_read_next(&envelope->reader, &token));
    if (token.kind == PS_JSON_ARRAY_END) {
        envelope->reader = before; /* asked again, it says the same */
        *more = false;
        return PS_OK;
    }
    if (token.kind == PS_JSON_OBJECT_BEGIN) {
        PS_TRY(read_event(arena, &envelope->reader, envelope->utf8, token.text.data, &event));
    } else {
        event.fault = "event_no_object";
        envelope->reader = before;
        PS_TRY(ps_json_read_skip(&envelope->reader, &event.raw));
    }
    envelope->position++;
    *out = event;
    *more = true;
    return PS_OK;
}

enum ps_err ps_from_cwlogs_skip(struct ps_from_cwlogs_envelope *envelope, struct ps_from_cwlogs_event *out)
{
    struct ps_from_cwlogs_event event = { .position = envelope->position, .fault = "no_room" };
    PS_TRY(ps_json_read_skip(&envelope->reader, &event.raw));
    envelope->position++;
    *out = event;
    return PS_OK;
}

/* -- records ------------------------------------------------------------------------------------------------------- */

static struct ps_span first_filled(struct ps_span a, struct ps_span b, struct ps_span c)
{
    if (a.len > 0) return a;
    return b.len > 0 ? b : c;
}

void ps_from_cwlogs_record(const struct ps_from_cwlogs_envelope *envelope, const struct ps_from_cwlogs_event *event,
                           struct ps_span function_region, struct ps_record *record)
{
    PS_ASSERT(event->fault == NULL);
    struct ps_span region = event->region.len > 0 ? event->region : envelope->region;
    *record = (struct ps_record){
        .event_id = event->id,
        .position = event->position,
        .event_time_ms = event->timestamp_ms,
        .account = first_filled(event->account, envelope->account, envelope->owner),
        .region = region.len > 0 ? region : function_region,
        .region_inferred = region.len == 0,
        .log_group = envelope->log_group,
        .log_stream = envelope->log_stream,
        .message = event->message,
        .event_text = event->message,
        .time_ms = event->timestamp_ms,
    };
}

static bool is_system_field(struct ps_span name)
{
    return ps_span_eq(name, PS_SPAN("@aws.account")) || ps_span_eq(name, PS_SPAN("@aws.region"));
}

static enum ps_err add_extracted(struct ps_arena *arena, struct ps_span name, struct ps_span value,
                                 struct ps_record *record)
{
    struct ps_field field = { .value = value, .kind = PS_FIELD_JSON };
    PS_TRY(ps_json_value_plain_name(arena, name, &field.name));
    if (value.data[0] == '{' || value.data[0] == '[')
        PS_TRY(ps_json_value_mend(arena, value, 1, &field.value, &field.kind, &record->cut_values));
    else if (ps_event_string(value, &field.value))
        field.kind = PS_FIELD_STRING;
    return ps_record_add(record, arena, field);
}

enum ps_err ps_from_cwlogs_extracted(struct ps_arena *arena, const struct ps_from_cwlogs_event *event,
                                     struct ps_record *record)
{
    if (event->extracted.len == 0) return PS_OK;
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, event->extracted);
    PS_TRY(ps_json_read_next(&reader, &token));
    for (;;) {
        struct ps_span name;
        struct ps_span value;
        bool more = false;
        PS_TRY(ps_event_member(&reader, &name, &value, &more));
        if (!more) return PS_OK;
        if (!is_system_field(name)) PS_TRY(add_extracted(arena, name, value, record));
    }
}
