#include "record/stream_line.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "support/check.h"
#include "support/exact.h"

#define ARRIVAL_MS INT64_C(1795255200999)

static struct ps_arena t_arena;

static struct ps_stream_line read_span(struct ps_span bytes)
{
    struct ps_stream_line line = { 0 };
    CHECK_OK(ps_stream_line_read(&t_arena, bytes, ARRIVAL_MS, &line));
    return line;
}

static struct ps_stream_line read_line(const char *text)
{
    return read_span(ps_span_of(text));
}

/* The field's value as written, or "-". */
static struct ps_span field(const struct ps_stream_line *line, const char *name)
{
    struct ps_field *found = ps_record_field(&line->record, ps_span_of(name));
    return found == NULL ? PS_SPAN("-") : found->value;
}

static void the_four_members_are_understood_and_the_rest_kept(void)
{
    struct ps_stream_line line = read_line("{\"level\":\"warning\",\"service\":\"payments\",\"message\":\"slow\\n\","
                                           "\"ts\":1795255200123,\"status\":503,\"http\":{\"path\":\"/\"}}\n");
    CHECK_TEXT(line.record.service, "payments");
    CHECK_TEXT(line.record.message, "slow");
    CHECK_EQ(line.record.level, PS_LEVEL_WARN);
    CHECK_EQ(line.record.time_ms, 1795255200123);
    CHECK_EQ(line.record.event_time_ms, ARRIVAL_MS);
    CHECK(!line.arrival && !line.binary);
    CHECK_EQ(line.record.unparsed.len, 0);
    CHECK_EQ(line.record.field_count, 3);
    CHECK_TEXT(field(&line, "level"), "warning");
    CHECK_TEXT(field(&line, "status"), "503");
    CHECK_TEXT(field(&line, "http"), "{\"path\":\"/\"}");
}

static void each_of_them_may_be_missing(void)
{
    struct ps_stream_line line = read_line(" {\"a\":1} \n");
    CHECK_TEXT(line.record.service, "unknown");
    CHECK_TEXT(line.record.message, "{\"a\":1}");
    CHECK_EQ(line.record.level, PS_LEVEL_NONE);
    CHECK_EQ(line.record.time_ms, ARRIVAL_MS);
    CHECK(line.arrival);
    CHECK_EQ(line.record.unparsed.len, 0);
    CHECK_EQ(read_line("{}").record.unparsed.len, 0);
}

/* Names are exactly these four: Service or msg is the line's own affair. */
static void other_names_are_fields(void)
{
    struct ps_stream_line line = read_line("{\"Service\":\"a\",\"msg\":\"b\",\"timestamp\":1,\"lvl\":\"error\"}");
    CHECK_TEXT(line.record.service, "unknown");
    CHECK_EQ(line.record.field_count, 4);
    CHECK_EQ(line.record.level, PS_LEVEL_NONE);
}

static void a_service_that_is_none_stays_a_field(void)
{
    static const char *const LINES[] = { "{\"service\":\"\"}", "{\"service\":7}", "{\"service\":null}",
                                         "{\"service\":{\"name\":\"a\"}}", "{\"service\":\" \\u200b\"}" };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        struct ps_stream_line line = read_line(LINES[i]);
        CHECK_TEXT(line.record.service, "unknown");
        CHECK_EQ(line.record.field_count, 1);
    }
    char text[PS_STREAM_LINE_SERVICE_BYTES_MAX + 64];
    memset(text, 's', sizeof text);
    memcpy(text, "{\"service\":\"", 12);
    memcpy(text + 12 + PS_STREAM_LINE_SERVICE_BYTES_MAX, "\"}", 2);
    CHECK_EQ(read_span(ps_span_make(text, 14 + PS_STREAM_LINE_SERVICE_BYTES_MAX)).record.service.len,
             PS_STREAM_LINE_SERVICE_BYTES_MAX);
    memcpy(text + 12 + PS_STREAM_LINE_SERVICE_BYTES_MAX, "s\"}", 3);
    CHECK_TEXT(read_span(ps_span_make(text, 15 + PS_STREAM_LINE_SERVICE_BYTES_MAX)).record.service, "unknown");
}

static void a_message_of_another_type_keeps_its_json(void)
{
    CHECK_TEXT(read_line("{\"message\":{\"a\":1}}").record.message, "{\"a\":1}");
    CHECK_TEXT(read_line("{\"message\":42}").record.message, "42");
    CHECK_TEXT(read_line("{\"message\":\"\"}").record.message, "");
    struct ps_stream_line line = read_line("{\"message\":null}");
    CHECK_TEXT(line.record.message, "{\"message\":null}");
    CHECK_TEXT(field(&line, "message"), "null");
}

static void levels_are_read_as_the_log_processor_reads_them(void)
{
    static const struct {
        const char *value;
        enum ps_level level;
        const char *kept; /* the field, or "-" */
    } CASES[] = {
        { "\"ERROR\"", PS_LEVEL_ERROR, "ERROR" },
        { "\"crit\"", PS_LEVEL_FATAL, "crit" },
        { "50", PS_LEVEL_ERROR, "-" },
        { "\"50\"", PS_LEVEL_ERROR, "50" },
        { "35", PS_LEVEL_NONE, "35" },
        { "\"loud\"", PS_LEVEL_NONE, "loud" },
        { "null", PS_LEVEL_NONE, "null" },
        { "[\"ERROR\"]", PS_LEVEL_NONE, "[\"ERROR\"]" },
        { "\"\"", PS_LEVEL_NONE, "" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "{\"level\":%s}", CASES[i].value);
        struct ps_stream_line line = read_line(text);
        CHECK_EQ(line.record.level, CASES[i].level);
        CHECK_TEXT(field(&line, "level"), CASES[i].kept);
    }
}

static int64_t time_of(const char *value, bool *arrival)
{
    char text[128];
    (void)snprintf(text, sizeof text, "{\"ts\":%s}", value);
    struct ps_stream_line line = read_line(text);
    CHECK(line.arrival == (line.record.field_count == 1)); /* what could not be used stays */
    *arrival = line.arrival;
    return line.record.time_ms;
}

static void times_come_in_any_unit_and_form(void)
{
    static const struct {
        const char *value;
        int64_t ms;
    } CASES[] = {
        { "0", 0 },
        { "1795255200", 1795255200000 },
        { "1795255200123", 1795255200123 },
        { "1795255200123456", 1795255200123 },
        { "1795255200123456789", 1795255200123 },
        { "1.795255200123e9", 1795255200123 },
        { "1795255200.123999", 1795255200123 },
        { "\"1795255200123\"", 1795255200123 },
        { "\" 1795255200.5 \"", 1795255200500 },
        { "\"2026-11-21T10:00:00.123Z\"", 1795255200123 },
        { "\"2026-11-21 12:00:00,123 +02:00\"", 1795255200123 },
        { "\"2026-11-21T10:00:00.1\\u0032\"", 1795255200120 },
        { "9999999999", 9999999999000 },
        { "9999999999999999", PS_STREAM_LINE_TIME_MS_MAX },
        { "9999999999999", PS_STREAM_LINE_TIME_MS_MAX },
        { "\"2286-11-20T17:46:39.999Z\"", PS_STREAM_LINE_TIME_MS_MAX },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        bool arrival = true;
        CHECK_EQ(time_of(CASES[i].value, &arrival), CASES[i].ms);
        CHECK(!arrival);
    }
}

static void a_time_out_of_range_or_none_is_the_arrivals(void)
{
    static const char *const VALUES[] = {
        "10000000000",
        "10000000000000",
        "10000000000000000",
        "-1",
        "-1795255200123",
        "\"1969-12-31T23:59:59.999Z\"",
        "\"2286-11-20T17:46:40.000Z\"",
        "\"2026-13-01T00:00:00Z\"",
        "\"yesterday\"",
        "\"\"",
        "null",
        "true",
        "{\"seconds\":1}",
        "1e400",
    };
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
        bool arrival = false;
        CHECK_EQ(time_of(VALUES[i], &arrival), ARRIVAL_MS);
        if (!CHECK(arrival)) CHECK_TEXT(PS_SPAN(""), VALUES[i]);
    }
}

/* aws_lambda_events (Rust), encodings/time.rs: milliseconds go through a double and are cut, which is 1 ms low for
 * 496 of the 1000 values of a second. With the time in the sort key, a replay by another program made another row. */
static void peer_bug_no_millisecond_is_lost_in_a_double(void)
{
    for (int ms = 0; ms < 1000; ms++) {
        char value[64];
        bool arrival = true;
        (void)snprintf(value, sizeof value, "1795255200.%03d", ms);
        CHECK_EQ(time_of(value, &arrival), INT64_C(1795255200000) + ms);
        (void)snprintf(value, sizeof value, "1795255200%03d", ms);
        CHECK_EQ(time_of(value, &arrival), INT64_C(1795255200000) + ms);
    }
}

/* The same file reads the digits behind the point as an integer: .1 s becomes 1 ms. */
static void peer_bug_a_tenth_of_a_second_is_a_hundred_milliseconds(void)
{
    bool arrival = true;
    CHECK_EQ(time_of("1795255200.1", &arrival), 1795255200100);
    CHECK_EQ(time_of("1795255200.01", &arrival), 1795255200010);
    CHECK_EQ(time_of("\"2026-11-21T10:00:00.1Z\"", &arrival), 1795255200100);
}

static void an_arrival_out_of_range_is_its_nearest_limit(void)
{
    struct ps_stream_line line;
    CHECK_OK(ps_stream_line_read(&t_arena, PS_SPAN("{}"), -1, &line));
    CHECK_EQ(line.record.time_ms, 0);
    ps_stream_line_keep(PS_SPAN("x"), INT64_MAX, PS_SPAN("w"), &line);
    CHECK_EQ(line.record.time_ms, PS_STREAM_LINE_TIME_MS_MAX);
}

static void what_is_no_json_object_is_kept_with_a_reason(void)
{
    static const struct {
        const char *bytes;
        const char *why;
    } CASES[] = {
        { "", "empty" },
        { " \n", "empty" },
        { "hello", "no_json_object" },
        { "[{\"a\":1}]", "no_json_object" },
        { "\"text\"", "no_json_object" },
        { "null", "no_json_object" },
        { "{\"a\":1", "json_cut" },
        { "{\"a\":1}}", "json_invalid" },
        { "{\"a\":1}{\"b\":2}", "json_invalid" },
        { "{\"a\":01}", "json_invalid" },
        { "{\"a\":\"\\x\"}", "json_invalid" },
        { "{a:1}", "json_invalid" },
        { "{\"a\":1} tail", "json_invalid" },
        { "{\"a\":\"\xff\"}", "not_utf8" },
        { "\xed\xa0\x80", "not_utf8" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_stream_line line = read_line(CASES[i].bytes);
        CHECK_TEXT(line.record.unparsed, CASES[i].why);
        CHECK_TEXT(line.record.message, CASES[i].bytes);
        CHECK_TEXT(line.record.service, "unknown");
        CHECK_EQ(line.record.level, PS_LEVEL_NONE);
        CHECK_EQ(line.record.field_count, 0);
        CHECK_EQ(line.record.time_ms, ARRIVAL_MS);
        CHECK(line.arrival);
        CHECK(line.binary == ps_span_eq(line.record.unparsed, PS_SPAN("not_utf8")));
    }
}

static struct ps_span repeated(const char *before, const char *piece, size_t count, const char *after)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &t_arena, 1 << 20);
    ps_buf_put(&buf, ps_span_of(before));
    for (size_t i = 0; i < count; i++)
        ps_buf_put(&buf, ps_span_of(piece));
    ps_buf_put(&buf, ps_span_of(after));
    return ps_buf_span(&buf);
}

static struct ps_span object_of(size_t members)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &t_arena, 1 << 20);
    for (size_t i = 0; i < members; i++)
        ps_buf_printf(&buf, "%s\"f%zu\":1", i == 0 ? "{" : ",", i);
    ps_buf_byte(&buf, '}');
    return ps_buf_span(&buf);
}

static void a_line_over_a_limit_is_kept_with_a_reason(void)
{
    CHECK_EQ(read_span(object_of(1000)).record.field_count, 1000);
    CHECK_TEXT(read_span(object_of(1001)).record.unparsed, "too_many_fields");
    CHECK_TEXT(read_span(repeated("{\"a\":", "[", 64, "")).record.unparsed, "json_too_deep");
}

/* Of equal names the last, as JSON parsers have it, however they are escaped. */
static void of_equal_names_the_last_counts(void)
{
    struct ps_stream_line line =
        read_line("{\"ts\":\"never\",\"service\":\"a\",\"x\":1,\"\\u0073ervice\":\"b\",\"x\":2,\"ts\":1795255200}");
    CHECK_TEXT(line.record.service, "b");
    CHECK_EQ(line.record.time_ms, 1795255200000);
    CHECK_EQ(line.record.field_count, 1);
    CHECK_TEXT(field(&line, "x"), "2");
    CHECK_EQ(read_line("{\"a\\/b\":1,\"a/b\":2}").record.field_count, 1);
}

/* No Lucene term limits a row: the log processor cuts such values at 16 KiB. */
static void names_and_texts_stay_whole(void)
{
    struct ps_span bytes = repeated("{\"a..b\":\"", "0123456789", 2000, "\",\"\":\"\"}");
    struct ps_stream_line line = read_span(bytes);
    CHECK_EQ(field(&line, "a..b").len, 20000);
    CHECK_EQ(field(&line, "").len, 0);
    CHECK_EQ(line.record.cut_values, 0);
}

/* Stores refuse half a character, and with it the whole batch. */
static void a_lone_surrogate_becomes_a_replacement_character(void)
{
    struct ps_stream_line line = read_line("{\"message\":\"a\\ud800b\",\"x\":\"\\udc00\\n\",\"y\":{\"\\ud834\":"
                                           "[\"\\ud834\\udd1e\"]}, \"n\":1}");
    CHECK_TEXT(line.record.message, "a\xef\xbf\xbd"
                                    "b");
    CHECK_TEXT(field(&line, "x"), "\xef\xbf\xbd\\n");
    CHECK_TEXT(field(&line, "y"), "{\"\xef\xbf\xbd\":[\"\xf0\x9d\x84\x9e\"]}");
    CHECK_TEXT(field(&line, "n"), "1");
    /* 64 levels are what the reader takes. */
    CHECK_EQ(read_span(repeated("{\"\\u0061\":", "[", 63,
                                "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
                                "}"))
                 .record.field_count,
             1);
}

/* -- redaction -- */

#define KEY_ID "AKIAIOSFODNN7EXAMPLE"

static struct ps_stream_line redacted(struct ps_span bytes, const char *classes, uint64_t hidden)
{
    struct ps_redact *redact = NULL;
    struct ps_redact_counts counts = { 0 };
    CHECK_OK(ps_redact_open(&t_arena, ps_span_of(classes), PS_SPAN(""), &redact));
    struct ps_stream_line line = read_span(bytes);
    CHECK_OK(ps_stream_line_redact(&line, redact, &t_arena, &counts));
    CHECK_EQ(ps_redact_total(&counts), hidden);
    ps_redact_close(redact);
    return line;
}

static void secrets_are_hidden_wherever_they_stand(void)
{
    struct ps_stream_line line = redacted(PS_SPAN("{\"service\":\"" KEY_ID "\",\"message\":\"" KEY_ID "\",\"level\":"
                                                  "\"" KEY_ID "\",\"a\":{\"b\":[\"" KEY_ID "\"]}}"),
                                          "default", 4);
    CHECK_TEXT(line.record.service, "[REDACTED:aws_keys]");
    CHECK_TEXT(line.record.message, "[REDACTED:aws_keys]");
    CHECK_TEXT(field(&line, "level"), "[REDACTED:aws_keys]");
    CHECK_TEXT(field(&line, "a"), "{\"b\":[\"[REDACTED:aws_keys]\"]}");
    CHECK_TEXT(redacted(PS_SPAN("key " KEY_ID), "default", 1).record.message, "key [REDACTED:aws_keys]");
    CHECK_TEXT(redacted(PS_SPAN("key " KEY_ID), "off", 0).record.message, "key " KEY_ID);
}

/* The zero-width space inside it hides the key from a search of the line as it came. */
static void a_secret_that_cleaning_brings_out_is_hidden(void)
{
    CHECK_TEXT(redacted(PS_SPAN("{\"message\":\"AK\xe2\x80\x8bIAIOSFODNN7EXAMPLE\"}"), "default", 1).record.message,
               "[REDACTED:aws_keys]");
}

static void bytes_with_a_secret_become_text(void)
{
    struct ps_stream_line line = redacted(PS_SPAN("\xff " KEY_ID), "default", 1);
    CHECK(!line.binary);
    CHECK_TEXT(line.record.message, "\xef\xbf\xbd [REDACTED:aws_keys]");
    CHECK(redacted(PS_SPAN("\xff nothing"), "default", 0).binary);
}

/* -- whatever comes -- */

static const char *const SAMPLES[] = {
    "{\"service\":\"a\",\"level\":\"ERROR\",\"message\":\"m\\u00e9\\n\",\"ts\":\"2026-11-21T10:00:00Z\",\"x\":{\"a\":["
    "1,"
    "true,null,\"\\ud800\"],\"a\":2},\"x\":1.5e3}\n",
    "plain \xc3\xa9 text",
    "\xf3\x89\x9a\xc2 bytes",
};

static void every_prefix_is_read(void)
{
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        struct ps_span sample = ps_span_of(SAMPLES[i]);
        for (size_t len = 0; len <= sample.len; len++) {
            struct ps_span copy = exact_copy(ps_span_first(sample, len));
            struct ps_arena_mark mark = ps_arena_mark(&t_arena);
            struct ps_stream_line line = read_span(copy);
            CHECK(line.record.service.len > 0);
            ps_arena_rewind(&t_arena, mark);
            exact_free(copy);
        }
    }
}

static void memory_that_runs_out_is_told(void)
{
    struct ps_stream_line line;
    struct ps_redact *redact = NULL;
    struct ps_redact_counts counts = { 0 };
    PS_EACH_FAILURE(&t_arena, ps_stream_line_read(&t_arena, ps_span_of(SAMPLES[0]), ARRIVAL_MS, &line));
    CHECK_OK(ps_redact_open(&t_arena, PS_SPAN(""), PS_SPAN(""), &redact));
    ps_stream_line_keep(PS_SPAN("\xff " KEY_ID), 0, PS_SPAN("not_utf8"), &line);
    struct ps_stream_line again;
    PS_EACH_FAILURE(&t_arena, (again = line, ps_stream_line_redact(&again, redact, &t_arena, &counts)));
    ps_redact_close(redact);
}

int main(void)
{
    t_arena = check_arena(64 << 20);
    RUN(the_four_members_are_understood_and_the_rest_kept);
    RUN(each_of_them_may_be_missing);
    RUN(other_names_are_fields);
    RUN(a_service_that_is_none_stays_a_field);
    RUN(a_message_of_another_type_keeps_its_json);
    RUN(levels_are_read_as_the_log_processor_reads_them);
    RUN(times_come_in_any_unit_and_form);
    RUN(a_time_out_of_range_or_none_is_the_arrivals);
    RUN(peer_bug_no_millisecond_is_lost_in_a_double);
    RUN(peer_bug_a_tenth_of_a_second_is_a_hundred_milliseconds);
    RUN(an_arrival_out_of_range_is_its_nearest_limit);
    RUN(what_is_no_json_object_is_kept_with_a_reason);
    RUN(a_line_over_a_limit_is_kept_with_a_reason);
    RUN(of_equal_names_the_last_counts);
    RUN(names_and_texts_stay_whole);
    RUN(a_lone_surrogate_becomes_a_replacement_character);
    RUN(secrets_are_hidden_wherever_they_stand);
    RUN(a_secret_that_cleaning_brings_out_is_hidden);
    RUN(bytes_with_a_secret_become_text);
    RUN(every_prefix_is_read);
    RUN(memory_that_runs_out_is_told);
    ps_arena_fini(&t_arena);
    return check_finish();
}
