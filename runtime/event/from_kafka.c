#include "event/from_kafka.h"

#include "base/num.h"
#include "event/event_priv.h"

/* -- the map ------------------------------------------------------------------------------------------------------- */

/* Steps over everything between two records: ends of arrays, names, beginnings of arrays. *at_record is false at the
 * map's end. */
static enum ps_err find_record(struct ps_json_reader *reader, struct ps_span *group, bool *at_record)
{
    for (bool named = false;;) {
        struct ps_json_reader ahead = *reader;
        struct ps_json_token token;
        PS_TRY(ps_json_read_next(&ahead, &token));
        bool begins = named && token.kind == PS_JSON_ARRAY_BEGIN;
        named = token.kind == PS_JSON_KEY;
        if (named) *group = token.text;
        if (!named && !begins && token.kind != PS_JSON_ARRAY_END) {
            *at_record = token.kind != PS_JSON_OBJECT_END;
            return PS_OK;
        }
        *reader = ahead;
    }
}

enum ps_err ps_from_kafka_next(struct ps_json_reader *reader, struct ps_span *group, struct ps_span *raw, bool *more)
{
    bool at_record = false;
    PS_TRY(find_record(reader, group, &at_record));
    if (at_record) PS_TRY(ps_json_read_skip(reader, raw));
    *more = at_record;
    return PS_OK;
}

/* -- one record ---------------------------------------------------------------------------------------------------- */

/* Numbers also come between quotes: "partition":"0" in AWS's own self-managed example. */
static struct ps_span unquoted(struct ps_span value)
{
    (void)ps_event_string(value, &value);
    return value;
}

/* Digits only, and never by way of a double: 2^53 + 1 is an offset too. */
static bool read_count(struct ps_span value, int64_t most, int64_t *out)
{
    uint64_t count = 0;
    if (!ps_span_to_u64(unquoted(value), &count) || count > (uint64_t)most) return false;
    *out = (int64_t)count;
    return true;
}

static bool is_null(struct ps_span value)
{
    return value.len == 0 || ps_span_eq(value, PS_SPAN("null"));
}

/* The members of a record as written. */
struct members {
    struct ps_span topic, partition, offset, timestamp, timestamp_type, key, value, headers;
};

static enum ps_err read_members(struct ps_json_reader *reader, struct members *members)
{
    const struct ps_event_wanted wanted[] = {
        { PS_SPAN("topic"), &members->topic },
        { PS_SPAN("partition"), &members->partition },
        { PS_SPAN("offset"), &members->offset },
        { PS_SPAN("timestamp"), &members->timestamp },
        { PS_SPAN("timestampType"), &members->timestamp_type },
        { PS_SPAN("key"), &members->key },
        { PS_SPAN("value"), &members->value },
        { PS_SPAN("headers"), &members->headers },
    };
    return ps_event_members(reader, wanted, sizeof wanted / sizeof wanted[0]);
}

static void read_place(const struct members *members, struct ps_carrier *carrier)
{
    int64_t partition = -1;
    carrier->offset = -1;
    (void)ps_event_string(members->topic, &carrier->topic);
    (void)read_count(members->partition, INT32_MAX, &partition);
    carrier->partition = (int32_t)partition;
    if (read_count(members->offset, INT64_MAX, &carrier->offset))
        carrier->sequence = unquoted(members->offset);
    else
        carrier->fault = "offset_missing"; /* nothing else tells it from its neighbours */
}

/* -1 stands for no time, as in Kafka itself. */
static void read_time(const struct members *members, struct ps_carrier *carrier)
{
    int64_t ms = 0;
    if (ps_num_scaled(unquoted(members->timestamp), 0, &ms) && ms > 0) carrier->arrival_ms = ms;
    (void)ps_event_string(members->timestamp_type, &carrier->timestamp_type);
}

void ps_from_kafka_read(struct ps_span raw, struct ps_carrier *carrier)
{
    struct ps_json_reader reader;
    struct members members = { 0 };
    carrier->offset = -1;
    carrier->partition = -1;
    carrier->fault = "record_no_object";
    if (!ps_event_object(raw, &reader) || read_members(&reader, &members) != PS_OK) return;
    carrier->fault = NULL;
    read_place(&members, carrier);
    read_time(&members, carrier);
    carrier->has_key = ps_event_string(members.key, &carrier->key);
    if (!is_null(members.headers)) carrier->headers = members.headers;
    carrier->tombstone = is_null(members.value);
    if (!carrier->tombstone && !ps_event_string(members.value, &carrier->data)) carrier->fault = "value_no_string";
}

/* -- headers ------------------------------------------------------------------------------------------------------- */

enum ps_err ps_from_kafka_headers_open(const struct ps_carrier *carrier, struct ps_json_reader *reader)
{
    struct ps_json_token token;
    ps_json_read_init(reader, carrier->headers.len > 0 ? carrier->headers : PS_SPAN("[]"));
    PS_TRY(ps_json_read_next(reader, &token));
    if (token.kind != PS_JSON_ARRAY_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "headers are no array");
    return PS_OK;
}

enum ps_err ps_from_kafka_header_next(struct ps_json_reader *reader, struct ps_from_kafka_header *header, bool *more)
{
    struct ps_json_token token;
    do
        PS_TRY(ps_json_read_next(reader, &token));
    while (token.kind == PS_JSON_OBJECT_BEGIN || token.kind == PS_JSON_OBJECT_END);
    if (token.kind == PS_JSON_ARRAY_END || token.kind == PS_JSON_END) {
        *more = false;
        return PS_OK;
    }
    if (token.kind != PS_JSON_KEY) PS_FAIL(PS_ERR_BAD_INPUT, "a header is no object");
    struct ps_span value;
    PS_TRY(ps_json_read_skip(reader, &value));
    header->name = token.text;
    header->value = is_null(value) ? ps_span_make(NULL, 0) : value;
    *more = true;
    return PS_OK;
}

/* -128..255 as one byte. */
static bool read_byte(struct ps_span text, char *out)
{
    bool negative = text.data[0] == '-';
    uint64_t value = 0;
    if (!ps_span_to_u64(ps_span_from(text, negative), &value) || value > (negative ? 128 : 255)) return false;
    *out = (char)(uint8_t)(negative ? 0 - value : value);
    return true;
}

enum ps_err ps_from_kafka_header_bytes(struct ps_span value, struct ps_buf *bytes)
{
    struct ps_json_reader reader;
    struct ps_json_token token;
    if (value.len == 0) return PS_OK;
    ps_json_read_init(&reader, value);
    PS_TRY(ps_json_read_next(&reader, &token));
    if (token.kind != PS_JSON_ARRAY_BEGIN) PS_FAIL(PS_ERR_BAD_INPUT, "a header's value is no array");
    for (size_t at = 0;; at++) {
        char byte = 0;
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_ARRAY_END) return PS_OK;
        if (token.kind != PS_JSON_NUMBER || !read_byte(token.text, &byte))
            PS_FAIL(PS_ERR_BAD_INPUT, "element %zu of a header's value is no byte", at);
        ps_buf_byte(bytes, byte);
    }
}
