#include "event/from_cwlogs.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/gzip.h"
#include "base/json_write.h"
#include "support/check.h"

static struct ps_arena arena;
static struct ps_gzip_compressor *compressor;

#define HEAD "{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"123456789012\",\"logGroup\":\"/g\",\"logStream\":\"s\","
#define EVENT "{\"id\":\"0042\",\"timestamp\":1795255200123,\"message\":\"hello\"}"

static struct ps_from_cwlogs_envelope open_one(const char *json)
{
    struct ps_from_cwlogs_envelope envelope = { .control = true };
    struct ps_span rest = ps_span_of(json);
    bool more = false;
    CHECK_OK(ps_from_cwlogs_open(&arena, &rest, &envelope, &more));
    CHECK(more);
    CHECK_EQ(rest.len, 0);
    return envelope;
}

static struct ps_from_cwlogs_event next_of(struct ps_from_cwlogs_envelope *envelope)
{
    struct ps_from_cwlogs_event event = { .fault = "none" };
    bool more = false;
    CHECK_OK(ps_from_cwlogs_next(envelope, &arena, &event, &more));
    CHECK(more);
    return event;
}

/* The only event of an envelope with that event. */
static struct ps_from_cwlogs_event only(const char *event)
{
    static char json[4096];
    snprintf(json, sizeof json, HEAD "\"logEvents\":[%s]}", event);
    struct ps_from_cwlogs_envelope envelope = open_one(json);
    struct ps_from_cwlogs_event got = next_of(&envelope);
    struct ps_from_cwlogs_event none;
    bool more = true;
    CHECK_OK(ps_from_cwlogs_next(&envelope, &arena, &none, &more));
    CHECK(!more);
    return got;
}

static enum ps_err try_open(const char *json)
{
    struct ps_from_cwlogs_envelope envelope;
    struct ps_span rest = ps_span_of(json);
    bool more = false;
    return ps_from_cwlogs_open(&arena, &rest, &envelope, &more);
}

/* -- envelopes ------------------------------------------------------------------------------------------------- */

static void an_envelope_gives_its_names_and_events(void)
{
    struct ps_from_cwlogs_envelope envelope =
        open_one(HEAD "\"subscriptionFilters\":[\"f\"],\"policyLevel\":{\"x\":[1]},\"logEvents\":[" EVENT "]}");
    CHECK(!envelope.control);
    CHECK(envelope.utf8);
    CHECK_TEXT(envelope.owner, "123456789012");
    CHECK_TEXT(envelope.log_group, "/g");
    CHECK_TEXT(envelope.log_stream, "s");
    struct ps_from_cwlogs_event event = next_of(&envelope);
    CHECK(event.fault == NULL);
    CHECK_TEXT(event.id, "0042");
    CHECK_EQ(event.timestamp_ms, 1795255200123);
    CHECK(event.timestamp_ok);
    CHECK_TEXT(event.message, "hello");
    CHECK_TEXT(event.raw, EVENT);
    CHECK_EQ(event.position, 0);
}

static void members_come_in_any_order(void)
{
    struct ps_from_cwlogs_envelope envelope = open_one(
        "{\"logEvents\":[{\"message\":\"m\",\"x\":{},\"timestamp\":1795255200123,\"id\":\"1\"}],\"logStream\":\"s\","
        "\"logGroup\":\"\\/g\\u002fh\",\"owner\":\"1\",\"messageType\":\"DATA_MESSAGE\"}");
    CHECK_TEXT(envelope.log_group, "/g/h");
    struct ps_from_cwlogs_event event = next_of(&envelope);
    CHECK_TEXT(event.message, "m");
    CHECK_TEXT(event.id, "1");
}

static void a_control_message_has_no_events(void)
{
    struct ps_from_cwlogs_envelope envelope =
        open_one("{\"messageType\":\"CONTROL_MESSAGE\",\"owner\":\"CloudwatchLogs\","
                 "\"logEvents\":[" EVENT "]}");
    CHECK(envelope.control);
    struct ps_from_cwlogs_event event;
    bool more = true;
    CHECK_OK(ps_from_cwlogs_next(&envelope, &arena, &event, &more));
    CHECK(!more);
    CHECK(open_one("{\"messageType\":\"CONTROL_MESSAGE\"}").control);
}

static void no_events_is_no_error(void)
{
    struct ps_from_cwlogs_envelope envelope = open_one(HEAD "\"logEvents\":[ ]}");
    struct ps_from_cwlogs_event event;
    for (int i = 0; i < 2; i++) {
        bool more = true;
        CHECK_OK(ps_from_cwlogs_next(&envelope, &arena, &event, &more));
        CHECK(!more);
    }
}

static void wrong_envelopes_are_refused(void)
{
    CHECK_ERR(try_open("{}"), PS_ERR_BAD_INPUT);
    CHECK_ERR(try_open("[]"), PS_ERR_BAD_INPUT);
    CHECK_ERR(try_open("7"), PS_ERR_BAD_INPUT);
    CHECK_ERR(try_open(HEAD "\"x\":1}"), PS_ERR_BAD_INPUT);
    CHECK_ERR(try_open(HEAD "\"logEvents\":null}"), PS_ERR_BAD_INPUT);
    CHECK_ERR(try_open(HEAD "\"logEvents\":{}}"), PS_ERR_BAD_INPUT);
    CHECK_ERR(try_open("{\"messageType\":1,\"logEvents\":[]}"), PS_ERR_BAD_INPUT);
    CHECK_ERR(try_open("{\"messageType\":\"SECRET_MESSAGE\",\"logEvents\":[]}"), PS_ERR_BAD_INPUT);
    CHECK(strstr(ps_err_note()->text, "14 bytes") != NULL);
    CHECK(strstr(ps_err_note()->text, "SECRET") == NULL);
}

static void envelopes_may_follow_one_another(void)
{
    struct ps_span rest = PS_SPAN(" {\"messageType\":\"CONTROL_MESSAGE\"}" HEAD "\"logEvents\":[]}\n" HEAD
                                  "\"logEvents\":[" EVENT "]}\r\n\t {\"messageType\":\"CONTROL_");
    struct ps_from_cwlogs_envelope envelope;
    bool more = false;
    CHECK_OK(ps_from_cwlogs_open(&arena, &rest, &envelope, &more));
    CHECK(more && envelope.control);
    CHECK_OK(ps_from_cwlogs_open(&arena, &rest, &envelope, &more));
    CHECK(more && !envelope.control);
    CHECK_OK(ps_from_cwlogs_open(&arena, &rest, &envelope, &more));
    CHECK_TEXT(next_of(&envelope).message, "hello");
    struct ps_span before = rest;
    CHECK_ERR(ps_from_cwlogs_open(&arena, &rest, &envelope, &more), PS_ERR_BAD_INPUT);
    CHECK(rest.data == before.data && rest.len == before.len);
    rest = PS_SPAN(" \n");
    CHECK_OK(ps_from_cwlogs_open(&arena, &rest, &envelope, &more));
    CHECK(!more);
}

static void no_prefix_of_an_envelope_opens(void)
{
    static const char WHOLE[] = HEAD "\"logEvents\":[" EVENT "," EVENT "]}";
    for (size_t len = 1; len < sizeof WHOLE - 1; len++) {
        char *copy = malloc(len);
        memcpy(copy, WHOLE, len);
        struct ps_span rest = ps_span_make(copy, len);
        struct ps_from_cwlogs_envelope envelope;
        bool more = false;
        CHECK_ERR(ps_from_cwlogs_open(&arena, &rest, &envelope, &more), PS_ERR_BAD_INPUT);
        free(copy);
    }
}

/* -- log events -------------------------------------------------------------------------------------------------- */

static void ids_are_kept_as_text(void)
{
    CHECK_TEXT(only("{\"id\":\"00039312345678901234567890123456789012345678901234567890000\",\"message\":\"\"}").id,
               "00039312345678901234567890123456789012345678901234567890000");
    CHECK_TEXT(only("{\"id\":39312345678901234567890123456789012345678901234567890001,\"message\":\"\"}").id,
               "39312345678901234567890123456789012345678901234567890001");
    CHECK_EQ(only("{\"message\":\"\"}").id.len, 0);
    CHECK_EQ(only("{\"id\":null,\"message\":\"\"}").id.len, 0);
    CHECK_EQ(only("{\"id\":{\"a\":[]},\"message\":\"\"}").id.len, 0);
}

static void timestamps_are_milliseconds_whatever_their_unit(void)
{
    static const struct {
        const char *text;
        int64_t ms;
        bool ok;
    } CASES[] = {
        { "1795255200123", 1795255200123, true },
        { "1795255200", 1795255200000, true },
        { "1795255200.5", 1795255200500, true },
        { "\"1795255200123\"", 1795255200123, true },
        { "1.795255200123e12", 1795255200123, true },
        { "0", 0, true },
        { "-1", 0, false },
        { "1e30", 0, false },
        { "null", 0, false },
        { "[1]", 0, false },
        { "\"soon\"", 0, false },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char event[200];
        snprintf(event, sizeof event, "{\"timestamp\":%s,\"message\":\"\"}", CASES[i].text);
        struct ps_from_cwlogs_event got = only(event);
        CHECK_EQ(got.timestamp_ms, CASES[i].ms);
        CHECK_EQ(got.timestamp_ok, CASES[i].ok);
    }
    CHECK(!only("{\"message\":\"\"}").timestamp_ok);
}

static void messages_are_unescaped_or_kept_as_json(void)
{
    CHECK_TEXT(only("{\"message\":\"a\\n\\\"b\\\" \\u00e9\"}").message, "a\n\"b\" \xc3\xa9");
    CHECK_TEXT(only("{\"message\":{\"a\":[1,\"x\"]}}").message, "{\"a\":[1,\"x\"]}");
    CHECK_TEXT(only("{\"message\":12.50}").message, "12.50");
    CHECK_TEXT(only("{\"message\":true}").message, "true");
    CHECK_TEXT(only("{\"message\":\"\"}").message, "");
    CHECK_TEXT(only("{\"message\":1,\"message\":\"last\"}").message, "last");
}

static void an_event_of_the_wrong_shape_is_one_dead_record(void)
{
    struct ps_from_cwlogs_envelope envelope =
        open_one(HEAD "\"logEvents\":[{\"id\":\"1\"},7,[{}],{\"message\":null},\"text\"," EVENT ",null]}");
    static const char *const FAULTS[] = { "message_missing", "event_no_object", "event_no_object",
                                          "message_missing", "event_no_object", NULL,
                                          "event_no_object" };
    static const char *const RAWS[] = {
        "{\"id\":\"1\"}", "7", "[{}]", "{\"message\":null}", "\"text\"", EVENT, "null"
    };
    for (size_t i = 0; i < sizeof FAULTS / sizeof FAULTS[0]; i++) {
        struct ps_from_cwlogs_event event = next_of(&envelope);
        CHECK_SPAN(ps_span_of(event.fault), ps_span_of(FAULTS[i]));
        CHECK_SPAN(event.raw, ps_span_of(RAWS[i]));
        CHECK_EQ(event.position, i);
    }
}

static void bad_utf8_is_repaired_and_counted(void)
{
    struct ps_from_cwlogs_envelope envelope = open_one(
        "{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"g\xe9\",\"logEvents\":[{\"id\":\"1\xff\",\"message\":"
        "\"\xe2\x82\\n\xc0\xaf\",\"extractedFields\":{\"k\xf0\":\"v\"}},{\"message\":\"\xc3\xa9\"}]}");
    CHECK(!envelope.utf8);
    CHECK_TEXT(envelope.log_group, "g\xef\xbf\xbd");
    CHECK_EQ(envelope.repaired, 1);
    struct ps_from_cwlogs_event event = next_of(&envelope);
    CHECK_TEXT(event.message, "\xef\xbf\xbd\n\xef\xbf\xbd\xef\xbf\xbd");
    CHECK_TEXT(event.id, "1\xef\xbf\xbd");
    CHECK_TEXT(event.extracted, "{\"k\xef\xbf\xbd\":\"v\"}");
    CHECK_EQ(event.repaired, 5);
    event = next_of(&envelope);
    CHECK_TEXT(event.message, "\xc3\xa9");
    CHECK_EQ(event.repaired, 0);
}

/* -- records ------------------------------------------------------------------------------------------------------- */

static void a_record_has_the_coordinates_of_its_event(void)
{
    struct ps_from_cwlogs_envelope envelope = open_one(HEAD "\"logEvents\":[" EVENT "]}");
    struct ps_from_cwlogs_event event = next_of(&envelope);
    struct ps_record record;
    ps_from_cwlogs_record(&envelope, &event, PS_SPAN("eu-central-1"), &record);
    CHECK_TEXT(record.event_id, "0042");
    CHECK_EQ(record.event_time_ms, 1795255200123);
    CHECK_EQ(record.time_ms, 1795255200123);
    CHECK_TEXT(record.account, "123456789012");
    CHECK_TEXT(record.region, "eu-central-1");
    CHECK(record.region_inferred);
    CHECK_TEXT(record.log_group, "/g");
    CHECK_TEXT(record.log_stream, "s");
    CHECK_TEXT(record.message, "hello");
    CHECK_EQ(record.field_count, 0);
}

/* They stand among the extracted fields; at the event or the envelope they are taken too. */
static void system_fields_become_account_and_region(void)
{
    static const char *const ENVELOPES[] = {
        HEAD "\"logEvents\":[{\"message\":\"\",\"extractedFields\":{\"@aws.account\":\"999\",\"@aws.region\":\"eu-west-"
             "1\"}}]}",
        HEAD "\"logEvents\":[{\"message\":\"\",\"@aws.region\":\"eu-west-1\",\"@aws.account\":999}]}",
        HEAD "\"@aws.account\":\"999\",\"@aws.region\":\"eu-west-1\",\"logEvents\":[{\"message\":\"\"}]}",
    };
    for (size_t i = 0; i < sizeof ENVELOPES / sizeof ENVELOPES[0]; i++) {
        struct ps_from_cwlogs_envelope envelope = open_one(ENVELOPES[i]);
        struct ps_from_cwlogs_event event = next_of(&envelope);
        struct ps_record record;
        ps_from_cwlogs_record(&envelope, &event, PS_SPAN("us-east-1"), &record);
        CHECK_TEXT(record.account, "999");
        CHECK_TEXT(record.region, "eu-west-1");
        CHECK(!record.region_inferred);
        CHECK_OK(ps_from_cwlogs_extracted(&arena, &event, &record));
        CHECK_EQ(record.field_count, 0);
    }
}

static void extracted_fields_become_fields(void)
{
    struct ps_from_cwlogs_event event = only("{\"message\":\"\",\"extractedFields\":{\"srcaddr\":\"192.0.2.1\",\"@aws."
                                             "account\":\"999\",\"\":\"e\",\"n\":1.50,"
                                             "\"o\":{\"a\":1,\"a\":2},\"@source.log\":\"/h\",\"q\":\"\\\"\"}}");
    struct ps_record record = { 0 };
    CHECK_OK(ps_from_cwlogs_extracted(&arena, &event, &record));
    static const struct ps_field WANTED[] = {
        { PS_SPAN_INIT("srcaddr"), PS_SPAN_INIT("192.0.2.1"), PS_FIELD_STRING, false },
        { PS_SPAN_INIT("_"), PS_SPAN_INIT("e"), PS_FIELD_STRING, false },
        { PS_SPAN_INIT("n"), PS_SPAN_INIT("1.50"), PS_FIELD_JSON, false },
        { PS_SPAN_INIT("o"), PS_SPAN_INIT("{\"a\":2}"), PS_FIELD_JSON, false },
        { PS_SPAN_INIT("@source.log"), PS_SPAN_INIT("/h"), PS_FIELD_STRING, false },
        { PS_SPAN_INIT("q"), PS_SPAN_INIT("\\\""), PS_FIELD_STRING, false },
    };
    CHECK_EQ(record.field_count, sizeof WANTED / sizeof WANTED[0]);
    CHECK_OR_RETURN(record.field_count == sizeof WANTED / sizeof WANTED[0]);
    for (size_t i = 0; i < record.field_count; i++) {
        CHECK_SPAN(record.fields[i].name, WANTED[i].name);
        CHECK_SPAN(record.fields[i].value, WANTED[i].value);
        CHECK_EQ(record.fields[i].kind, WANTED[i].kind);
    }
    event = only("{\"message\":\"\",\"extractedFields\":\"none\"}");
    CHECK_EQ(event.extracted.len, 0);
}

/* -- carriers ------------------------------------------------------------------------------------------------------ */

static struct ps_span gzip(struct ps_span data)
{
    size_t cap = ps_gzip_compress_bound(compressor, data.len);
    char *out = ps_arena_bytes(&arena, cap);
    size_t len = 0;
    CHECK_OK(ps_gzip_compress(compressor, data, out, cap, &len));
    return ps_span_make(out, len);
}

static struct ps_carrier carrier_of(struct ps_span bytes)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 1 << 20);
    ps_base64_encode(&buf, bytes);
    return (struct ps_carrier){ .data = ps_buf_span(&buf) };
}

static struct ps_span join(struct ps_span a, struct ps_span b)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 1 << 20);
    ps_buf_put(&buf, a);
    ps_buf_put(&buf, b);
    return ps_buf_span(&buf);
}

static void gzip_members_zlib_and_plain_json_are_taken(void)
{
    struct ps_span json = PS_SPAN(" " HEAD "\"logEvents\":[" EVENT "]}");
    static const unsigned char ZLIB[] = { 0x78, 0x9c, 0xab, 0xae, 0x05, 0x00, 0x01, 0x75, 0x00, 0xf9 }; /* {} */
    struct ps_carrier gzipped = carrier_of(gzip(json));
    struct ps_carrier members = carrier_of(join(gzip(ps_span_first(json, 20)), gzip(ps_span_from(json, 20))));
    struct ps_carrier plain = carrier_of(json);
    struct ps_carrier zlib = carrier_of(ps_span_make((const char *)ZLIB, sizeof ZLIB));
    struct ps_span out;
    CHECK_OK(ps_from_cwlogs_inflate(&arena, &gzipped, 1000, &out));
    CHECK_SPAN(out, json);
    CHECK_OK(ps_from_cwlogs_inflate(&arena, &members, 1000, &out));
    CHECK_SPAN(out, json);
    CHECK_OK(ps_from_cwlogs_inflate(&arena, &plain, 1000, &out));
    CHECK_SPAN(out, json);
    CHECK_OK(ps_from_cwlogs_inflate(&arena, &zlib, 1000, &out));
    CHECK_TEXT(out, "{}");
}

static void escaped_slashes_in_the_data_are_undone(void)
{
    struct ps_carrier carrier = { .data = PS_SPAN("eyI\\/IjoxfQ=="), .data_escaped = true }; /* {"?":1} */
    struct ps_span out;
    CHECK_OK(ps_from_cwlogs_inflate(&arena, &carrier, 1000, &out));
    CHECK_TEXT(out, "{\"?\":1}");
}

static void what_is_no_envelope_and_what_is_too_large_is_refused(void)
{
    struct ps_span json = PS_SPAN("{\"a\":\"0123456789\"}");
    struct ps_carrier gzipped = carrier_of(gzip(json));
    struct ps_carrier plain = carrier_of(json);
    struct ps_carrier text = carrier_of(PS_SPAN("just text"));
    struct ps_carrier nothing = { .data = PS_SPAN("") };
    struct ps_carrier wrong = { .data = PS_SPAN("not base64!") };
    struct ps_span cut = gzip(json);
    struct ps_carrier truncated = carrier_of(ps_span_first(cut, cut.len - 5));
    struct ps_span out;
    CHECK_ERR(ps_from_cwlogs_inflate(&arena, &gzipped, json.len - 1, &out), PS_ERR_TOO_LARGE);
    CHECK_ERR(ps_from_cwlogs_inflate(&arena, &plain, json.len - 1, &out), PS_ERR_TOO_LARGE);
    CHECK_OK(ps_from_cwlogs_inflate(&arena, &gzipped, json.len, &out));
    CHECK_ERR(ps_from_cwlogs_inflate(&arena, &text, 1000, &out), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_from_cwlogs_inflate(&arena, &nothing, 1000, &out), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_from_cwlogs_inflate(&arena, &wrong, 1000, &out), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_from_cwlogs_inflate(&arena, &truncated, 1000, &out), PS_ERR_BAD_INPUT);
}

/* -- the samples --------------------------------------------------------------------------------------------------- */

struct counts {
    size_t events, control, faults, bad_carriers, repaired;
};

static struct ps_span read_file(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "events/%s.json", name);
    FILE *file = fopen(path, "rb");
    if (!CHECK(file != NULL)) return PS_SPAN("{}");
    char *data = ps_arena_bytes(&arena, 64 << 10);
    size_t len = fread(data, 1, 64 << 10, file);
    fclose(file);
    return ps_span_make(data, len);
}

static void count_envelopes(struct ps_span json, struct counts *counts)
{
    for (;;) {
        struct ps_from_cwlogs_envelope envelope;
        bool more = false;
        if (!CHECK_OK(ps_from_cwlogs_open(&arena, &json, &envelope, &more)) || !more) return;
        counts->control += envelope.control;
        for (;;) {
            struct ps_from_cwlogs_event event;
            CHECK_OK(ps_from_cwlogs_next(&envelope, &arena, &event, &more));
            if (!more) break;
            counts->events++;
            counts->faults += event.fault != NULL;
            counts->repaired += event.repaired;
            CHECK(event.timestamp_ok);
            CHECK_EQ(event.id.len, 56);
        }
    }
}

static struct counts count_sample(const char *name)
{
    struct counts counts = { 0 };
    struct ps_event event;
    if (!CHECK_OK(ps_event_open(read_file(name), &event))) return counts;
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        CHECK_OK(ps_event_next(&event, &carrier, &more));
        if (!more) return counts;
        struct ps_span json;
        CHECK(carrier.fault == NULL);
        if (ps_from_cwlogs_inflate(&arena, &carrier, 1 << 20, &json) == PS_OK)
            count_envelopes(json, &counts);
        else
            counts.bad_carriers++;
    }
}

static void every_sample_holds_what_its_readme_says(void)
{
    static const struct {
        const char *name;
        struct counts wanted;
    } SAMPLES[] = {
        { "cwlogs-json-app", { .events = 5 } },
        { "cwlogs-control", { .control = 1 } },
        { "cwlogs-plain-text", { .events = 5 } },
        { "cwlogs-java-trace", { .events = 8 } },
        { "cwlogs-lambda-report", { .events = 7 } },
        { "cwlogs-vpc-flow", { .events = 3 } },
        { "cwlogs-multi-member", { .events = 5 } },
        { "cwlogs-bad-utf8", { .events = 3, .repaired = 4 } },
        { "cwlogs-redaction", { .events = 4 } },
        { "cwlogs-firelens", { .events = 5 } },
        { "cwlogs-truncated-gzip", { .bad_carriers = 1 } },
        { "cwlogs-not-base64", { .bad_carriers = 1 } },
        { "cwlogs-extracted-fields", { .events = 2 } },
        { "kinesis-cwlogs", { .events = 15, .control = 1, .bad_carriers = 1 } },
        { "firehose-cwlogs", { .events = 13, .control = 1 } },
    };
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct counts got = count_sample(SAMPLES[i].name);
        if (!CHECK(memcmp(&got, &SAMPLES[i].wanted, sizeof got) == 0))
            printf("#   %s: %zu events, %zu control, %zu faults, %zu bad carriers, %zu repaired\n", SAMPLES[i].name,
                   got.events, got.control, got.faults, got.bad_carriers, got.repaired);
        ps_arena_rewind(&arena, mark);
    }
}

static enum ps_err decode_all(const struct ps_carrier *carrier)
{
    struct ps_span json;
    struct ps_from_cwlogs_envelope envelope;
    struct ps_from_cwlogs_event event;
    struct ps_record record;
    bool more = false;
    PS_TRY(ps_from_cwlogs_inflate(&arena, carrier, 4096, &json));
    PS_TRY(ps_from_cwlogs_open(&arena, &json, &envelope, &more));
    PS_TRY(ps_from_cwlogs_next(&envelope, &arena, &event, &more));
    ps_from_cwlogs_record(&envelope, &event, PS_SPAN(""), &record);
    return ps_from_cwlogs_extracted(&arena, &event, &record);
}

static void a_full_arena_is_an_error(void)
{
    struct ps_carrier carrier = carrier_of(
        gzip(PS_SPAN("{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"\\/g\xff\",\"logEvents\":[{\"message\":"
                     "\"a\\nb\xff\",\"extractedFields\":{\"a\xff\":\"b\",\"o\":{\"x\":1,\"x\":2}}}]}")));
    PS_EACH_FAILURE(&arena, decode_all(&carrier));
}

int main(void)
{
    arena = check_arena(4 << 20);
    CHECK_OK(ps_gzip_compressor_open(&arena, 6, &compressor));
    RUN(an_envelope_gives_its_names_and_events);
    RUN(members_come_in_any_order);
    RUN(a_control_message_has_no_events);
    RUN(no_events_is_no_error);
    RUN(wrong_envelopes_are_refused);
    RUN(envelopes_may_follow_one_another);
    RUN(no_prefix_of_an_envelope_opens);
    RUN(ids_are_kept_as_text);
    RUN(timestamps_are_milliseconds_whatever_their_unit);
    RUN(messages_are_unescaped_or_kept_as_json);
    RUN(an_event_of_the_wrong_shape_is_one_dead_record);
    RUN(bad_utf8_is_repaired_and_counted);
    RUN(a_record_has_the_coordinates_of_its_event);
    RUN(system_fields_become_account_and_region);
    RUN(extracted_fields_become_fields);
    RUN(gzip_members_zlib_and_plain_json_are_taken);
    RUN(escaped_slashes_in_the_data_are_undone);
    RUN(what_is_no_envelope_and_what_is_too_large_is_refused);
    RUN(every_sample_holds_what_its_readme_says);
    RUN(a_full_arena_is_an_error);
    ps_gzip_compressor_close(compressor);
    ps_arena_fini(&arena);
    return check_finish();
}
