#include "log-processor/pipeline.h"

#include <jansson.h>
#include <stdio.h>

#include "base/gzip.h"
#include "base/json_write.h"
#include "support/exact.h"
#include "support/random.h"
#include "unit/functions/log-processor/road.h"

#define EVENT(number, message) \
    "{\"id\":\"3931234567890123456789012345678901234567890123456789" number "\",\"timestamp\":1795255200" number \
    ",\"message\":\"" message "\"}"

/* One of each kind; none continues the one before it. */
static const char *const EVENTS[] = {
    EVENT("000",
          "{\\\"level\\\":\\\"info\\\",\\\"msg\\\":\\\"json\\\",\\\"order\\\":{\\\"id\\\":7},\\\"a\\\":1,\\\"a\\\":2}"),
    EVENT("001", "plain text, AKIAIOSFODNN7EXAMPLE in it"),
    EVENT("002", "level=warn msg=\\\"log fmt\\\" n=3"),
    EVENT("003", "192.0.2.10 - - [21/Nov/2026:10:00:00 +0000] \\\"GET /health HTTP/1.1\\\" 200 15"),
    EVENT("004", "{\\\"log\\\":\\\"inner\\\\n\\\",\\\"stream\\\":\\\"stdout\\\"}"),
    EVENT("005", "{\\\"cut\\\":"),
    EVENT("006", "START RequestId: 8f5e2a1c-7b6d-4e3f-9a8b-0c1d2e3f4a5b Version: $LATEST\\n"),
    EVENT("007", "\\u001b[31mred\\u001b[0m caf\\u00e9 \\ud83d\\ude00 \\ud83d"),
    EVENT("008", "{\\\"msg\\\":{\\\"o\\\":1},\\\"card\\\":4111111111111111}"),
    EVENT("009", "[x] {\\\"msg\\\":\\\"behind\\\"} tail"),
};
enum { EVENTS_COUNT = sizeof EVENTS / sizeof EVENTS[0] };

static struct road road;

static struct ps_span run_cut(struct road *into, size_t cut)
{
    road_clear(into);
    CHECK_OK(road_run(into, road_payload(&into->arena, road_envelope(&into->arena, EVENTS, 0, cut))));
    CHECK_OK(road_run(into, road_payload(&into->arena, road_envelope(&into->arena, EVENTS, cut, EVENTS_COUNT))));
    return road_kept(into);
}

static void an_envelope_cut_at_any_event_gives_the_same_documents_and_ids(void)
{
    road_open(&road, NULL);
    struct ps_span whole = exact_copy(run_cut(&road, 0));
    CHECK_EQ(road.items, EVENTS_COUNT);
    for (size_t cut = 1; cut <= EVENTS_COUNT; cut++) {
        struct ps_span kept = run_cut(&road, cut);
        CHECK_SPAN(kept, whole);
        CHECK(ps_account_balances(&road.account));
        ps_arena_reset(&road.arena, 0);
    }
    exact_free(whole);
    road_close(&road);
}

static void running_twice_gives_the_same_bytes_in_one_process_and_in_two(void)
{
    road_open(&road, NULL);
    struct ps_span payload = road_payload(&road.process, road_envelope(&road.process, EVENTS, 0, EVENTS_COUNT));
    CHECK_OK(road_run(&road, payload));
    struct ps_span first = exact_copy(road_kept(&road));
    road_clear(&road);
    CHECK_OK(road_run(&road, payload));
    CHECK_SPAN(road_kept(&road), first);
    struct ps_span again = exact_copy(payload);
    road_close(&road);
    road_open(&road, NULL);
    CHECK_OK(road_run(&road, again));
    CHECK_SPAN(road_kept(&road), first);
    exact_free(first);
    exact_free(again);
    road_close(&road);
}

/* Traces are joined inside an envelope and never over its end, so a cut inside one changes what is joined and nothing
 * else: every document's id is its first event's. */
static void a_trace_is_joined_inside_its_envelope_only(void)
{
    static const char *const TRACE[] = {
        EVENT("000", "java.lang.IllegalStateException: closed"),
        EVENT("001", "\\tat a.B.c(D.java:1)"),
        EVENT("002", "\\tat a.B.d(D.java:2)"),
        EVENT("003", "next line"),
    };
    road_open(&road, NULL);
    CHECK_OK(road_run(&road, road_payload(&road.process, road_envelope(&road.process, TRACE, 0, 4))));
    CHECK_EQ(road.items, 2);
    CHECK_EQ(road.account.verdicts[PS_VERDICT_JOINED], 2);
    road_clear(&road);
    CHECK_OK(road_run(&road, road_payload(&road.process, road_envelope(&road.process, TRACE, 0, 2))));
    CHECK_OK(road_run(&road, road_payload(&road.process, road_envelope(&road.process, TRACE, 2, 4))));
    CHECK_EQ(road.items, 3);
    CHECK_EQ(road.account.verdicts[PS_VERDICT_JOINED], 1);
    CHECK(ps_account_balances(&road.account));
    road_close(&road);
}

/* Pieces of one line, each told by an id that had to be unescaped; together they pass what a record may hold. */
static void pieces_are_joined_up_to_the_limit_of_a_record(void)
{
    enum { PIECES = 5, PIECE_BYTES = 900 << 10 };
    static char events[PIECES + 2][PIECE_BYTES + 512];
    const char *list[PIECES + 2];
    for (size_t i = 0; i < PIECES; i++) {
        int head = snprintf(events[i], sizeof events[i],
                            "{\"id\":\"%zu\",\"timestamp\":1795255200000,\"message\":\"{\\\"log\\\":\\\"", i);
        memset(events[i] + head, 'a' + (int)i, PIECE_BYTES);
        snprintf(events[i] + head + PIECE_BYTES, sizeof events[i] - (size_t)head - PIECE_BYTES,
                 "\\\",\\\"partial_message\\\":\\\"true\\\",\\\"partial_id\\\":\\\"p\\\",\\\"partial_ordinal\\\":\\\"%"
                 "zu\\\"}\"}",
                 i + 1);
        list[i] = events[i];
    }
    snprintf(events[PIECES], sizeof events[0], EVENT("100", "Error: head"));
    snprintf(events[PIECES + 1], sizeof events[0], EVENT("101", "    at f (x.js:1:1)"));
    list[PIECES] = events[PIECES];
    list[PIECES + 1] = events[PIECES + 1];
    road_open(&road, NULL);
    CHECK_OK(road_run(&road, road_payload(&road.process, road_envelope(&road.process, list, 0, PIECES + 2))));
    CHECK_EQ(road.account.in, PIECES + 2);
    CHECK_EQ(road.items, 4);
    CHECK_EQ(road.account.verdicts[PS_VERDICT_JOINED], 3);
    CHECK(ps_account_balances(&road.account));
    road_close(&road);
}

static void any_prefix_of_a_payload_is_refused(void)
{
    road_open(&road, NULL);
    struct ps_span payload = road_payload(&road.process, road_envelope(&road.process, EVENTS, 0, 3));
    CHECK_ERR(road_run(&road, PS_SPAN("")), PS_ERR_BAD_INPUT);
    for (size_t len = 1; len < payload.len; len++) {
        struct ps_span prefix = exact_copy(ps_span_first(payload, len));
        CHECK_ERR(road_run(&road, prefix), PS_ERR_BAD_INPUT);
        CHECK_EQ(road.account.in + road.items + road.letter_count, 0);
        exact_free(prefix);
    }
    road_close(&road);
}

/* The carrier is whole, what it holds is not: one dead letter, and no record of it. */
static void any_prefix_of_an_envelope_is_one_dead_letter(void)
{
    road_open(&road, NULL);
    struct ps_span envelope = road_envelope(&road.process, EVENTS, 0, EVENTS_COUNT);
    for (size_t len = 0; len < envelope.len; len++) {
        road_clear(&road);
        ps_arena_reset(&road.arena, 0);
        struct ps_span payload = exact_copy(road_payload(&road.arena, ps_span_first(envelope, len)));
        CHECK_OK(road_run(&road, payload));
        CHECK(road.items == 0 && road.letter_count == 1 && road.account.in == 1);
        CHECK(ps_account_balances(&road.account));
        exact_free(payload);
    }
    road_close(&road);
}

static void any_prefix_of_gzip_is_one_dead_letter(void)
{
    road_open(&road, NULL);
    struct ps_span envelope = road_envelope(&road.process, EVENTS, 0, EVENTS_COUNT);
    struct ps_gzip_compressor *compressor = NULL;
    CHECK_OK(ps_gzip_compressor_open(&road.process, 6, &compressor));
    char packed[4096];
    size_t packed_len = 0;
    CHECK_OK(ps_gzip_compress(compressor, envelope, packed, sizeof packed, &packed_len));
    for (size_t len = 0; len <= packed_len; len++) {
        road_clear(&road);
        ps_arena_reset(&road.arena, 0);
        struct ps_span payload = exact_copy(road_payload(&road.arena, ps_span_make(packed, len)));
        CHECK_OK(road_run(&road, payload));
        CHECK_EQ(road.items, len == packed_len ? EVENTS_COUNT : 0);
        CHECK_EQ(road.letter_count, len == packed_len ? 0 : 1);
        CHECK(ps_account_balances(&road.account));
        exact_free(payload);
    }
    ps_gzip_compressor_close(compressor);
    road_close(&road);
}

/* Every byte of an envelope changed to something else: never a crash, and the books balance. */
static void any_changed_byte_leaves_the_books_balanced(void)
{
    static const char CHANGES[] = { '"', '\\', '{', '}', 0, (char)0xff, '0', '\n' };
    road_open(&road, NULL);
    struct ps_span envelope = road_envelope(&road.process, EVENTS, 0, EVENTS_COUNT);
    struct ps_span copy = exact_copy(envelope);
    char *bytes = (char *)(uintptr_t)copy.data;
    for (size_t at = 0; at < envelope.len; at++) {
        bytes[at] = CHANGES[at % sizeof CHANGES];
        road_clear(&road);
        ps_arena_reset(&road.arena, 0);
        struct ps_span payload = exact_copy(road_payload(&road.arena, copy));
        CHECK_OK(road_run(&road, payload));
        CHECK(ps_account_balances(&road.account));
        exact_free(payload);
        bytes[at] = envelope.data[at];
    }
    exact_free(copy);
    road_close(&road);
}

static void control_messages_are_counted_and_excluded_groups_are_filtered(void)
{
    static const char *const SETTINGS[] = { "EXCLUDE_LOG_GROUPS=other, my-*", NULL };
    road_open(&road, SETTINGS);
    CHECK_OK(road_run(&road, road_payload(&road.process, road_envelope(&road.process, EVENTS, 0, 4))));
    CHECK_EQ(road.account.verdicts[PS_VERDICT_FILTERED], 4);
    CHECK_EQ(road.account.refused_group, 1);
    CHECK_OK(road_run(&road,
                      road_payload(&road.process, PS_SPAN("{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[]}"))));
    CHECK_EQ(road.account.control, 1);
    CHECK_EQ(road.account.in, 4);
    CHECK(ps_account_balances(&road.account));
    road_close(&road);
}

/* A tombstone is no fault: it neither fails the batch nor becomes a dead letter. */
static void a_kafka_tombstone_is_filtered_and_what_is_beside_it_is_not(void)
{
    road_open(&road, NULL);
    CHECK_OK(road_run(&road,
                      PS_SPAN("{\"eventSource\":\"aws:SelfManagedKafka\",\"records\":{\"t-0\":[{\"offset\":5,\"value\":"
                              "null},{\"offset\":6,\"timestamp\":1795255200000,\"value\":\"bm9uZQ==\"}]}}")));
    CHECK_EQ(road.account.in, 2);
    CHECK_EQ(road.account.verdicts[PS_VERDICT_FILTERED], 1);
    CHECK_EQ(road.letter_count, 1);
    CHECK_TEXT(ps_span_of(road.first), "6");
    CHECK_EQ(road.first_ms, 1795255200000);
    road_close(&road);
}

static void the_functions_own_group_is_always_refused(void)
{
    road_open(&road, NULL);
    CHECK_OK(road_run(
        &road, road_payload(&road.process, PS_SPAN("{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"1\",\"logGroup\":"
                                                   "\"/aws/lambda/penstock\",\"logStream\":\"s\",\"logEvents\":[{"
                                                   "\"id\":\"1\",\"timestamp\":1,\"message\":\"loop\"}]}"))));
    CHECK_EQ(road.items, 0);
    CHECK_EQ(road.account.refused_group, 1);
    CHECK_EQ(road.account.verdicts[PS_VERDICT_FILTERED], 1);
    road_close(&road);
}

static void the_first_record_is_told_once_with_its_coordinates(void)
{
    road_open(&road, NULL);
    CHECK_OK(road_run(&road, road_payload(&road.process, road_envelope(&road.process, EVENTS, 2, 5))));
    CHECK_EQ(road.firsts, 1);
    CHECK_TEXT(ps_span_of(road.first), "3931234567890123456789012345678901234567890123456789002");
    CHECK_EQ(road.first_ms, 1795255200002);
    road_close(&road);
}

static void an_output_that_fails_ends_the_payload(void)
{
    road_open(&road, NULL);
    road.fail_at = 3;
    CHECK_ERR(road_run(&road, road_payload(&road.process, road_envelope(&road.process, EVENTS, 0, EVENTS_COUNT))),
              PS_ERR_UNAVAILABLE);
    CHECK_EQ(road.items, 2);
    road_close(&road);
}

/* What does not fit is an error; while an envelope is being decoded it is the envelope's, and a dead letter, since it
 * would not fit the next time either. */
static void full_memory_is_an_error_or_a_dead_letter_at_every_point(void)
{
    road_open(&road, NULL);
    struct ps_span payload = road_payload(&road.process, road_envelope(&road.process, EVENTS, 0, EVENTS_COUNT));
    size_t errors = 0;
    size_t letters = 0;
    for (size_t at = 1; at < 100; at++) {
        road_clear(&road);
        road.arena.fail_countdown = at;
        enum ps_err err = road_run(&road, payload);
        road.arena.fail_countdown = 0;
        if (err != PS_OK) {
            CHECK_ERR(err, PS_ERR_NO_MEMORY);
            errors++;
            continue;
        }
        CHECK(ps_account_balances(&road.account));
        if (road.letter_count == 0) break;
        CHECK_EQ(road.items, 0);
        letters++;
    }
    CHECK_EQ(road.items, EVENTS_COUNT);
    CHECK(errors > 0 && letters > 0);
    road_close(&road);
}

static void too_little_memory_for_a_pipeline_is_an_error(void)
{
    road_open(&road, NULL);
    static struct pipeline *pipeline;
    struct pipeline_options options = { .settings = &road.settings };
    PS_EACH_FAILURE(&road.arena, pipeline_open(&road.arena, &options, &pipeline));
    road_close(&road);
}

/* CloudWatch's limit of an event is 1 MiB. */
static void the_largest_event_of_any_kind_has_room(void)
{
    static const struct {
        const char *head, *repeated, *tail;
        size_t written; /* bytes of the repeated text once the envelope's JSON is undone */
    } KINDS[] = {
        { "", "\\u0001", "", 1 },
        { "", "\\\"", "", 1 },
        { "", "AKIAIOSFODNN7EXAMPLE ", "", 21 },
        { "", "4111111111111111,", "", 17 },
        { "{\\\"msg\\\":\\\"", "\\\\u0001", "\\\"}", 6 },
        { "{\\\"msg\\\":\\\"", "AKIAIOSFODNN7EXAMPLE ", "\\\"}", 21 },
        { "{\\\"a\\\":[", "{\\\"a\\\":1,\\\"a\\\":2},", "0]}", 14 },
        { "{\\\"a\\\":[", "4111111111111111,", "0]}", 17 },
        { "{\\\"a\\\":", "[", "", 1 },
        { "{\\\"log\\\":\\\"", "\\\\\\\"", "\\\",\\\"stream\\\":\\\"stdout\\\"}", 2 },
    };
    enum { EVENT_BYTES = 1 << 20, TEXT_BYTES = 8 << 20 };
    road_open(&road, NULL);
    static char text[TEXT_BYTES];
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        size_t each = strlen(KINDS[i].repeated);
        int len =
            snprintf(text, TEXT_BYTES, "{\"id\":\"1\",\"timestamp\":1795255200000,\"message\":\"%s", KINDS[i].head);
        size_t at = (size_t)len;
        for (size_t n = 0; n < (EVENT_BYTES - 64) / KINDS[i].written; n++, at += each)
            memcpy(text + at, KINDS[i].repeated, each);
        snprintf(text + at, TEXT_BYTES - at, "%s\"}", KINDS[i].tail);
        const char *events[] = { text };
        road_clear(&road);
        ps_arena_reset(&road.arena, 0);
        if (!CHECK_OK(road_run(&road, road_payload(&road.arena, road_envelope(&road.arena, events, 0, 1))))) {
            printf("    kind %zu: %s\n", i, ps_err_note()->text);
        }
        CHECK_EQ(road.items, 1);
    }
    road_close(&road);
}

/* -- documents that OpenSearch would take -------------------------------------------------------------------------- */

static void put_value(struct ps_buf *buf, struct random *random, unsigned depth)
{
    static const char *const SCALARS[] = {
        "1",
        "-0",
        "1e40",
        "12345678901234567890",
        "true",
        "null",
        "\"\"",
        "\"text\"",
        "\"\\u0000\\u200b\"",
        "\"\\ud83d\\ude00\"",
        "4111111111111111",
        "\"AKIAIOSFODNN7EXAMPLE\"",
        "\"Bearer 9f8e7d6c5b4a3f2e1d\"",
        "1.50",
    };
    static const char *const NAMES[] = {
        "a",
        "b",
        "\\u0061",
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "level",
        "msg",
        "message",
        "time",
        "status",
        "service",
        "error",
        "log",
        "http",
        "4111111111111111",
        "authorization",
        "$.a",
        " ",
        "\\n",
        "@timestamp",
        "fields",
        "tags",
    };
    uint64_t kind = random_below(random, depth > 11 ? 4 : 8);
    if (kind < 4) {
        ps_buf_put(buf, ps_span_of(SCALARS[random_below(random, sizeof SCALARS / sizeof SCALARS[0])]));
        return;
    }
    bool is_object = kind < 7 || depth == 0;
    ps_buf_byte(buf, is_object ? '{' : '[');
    uint64_t count = random_below(random, depth == 0 ? 9 : 4);
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0) ps_buf_byte(buf, ',');
        if (is_object) {
            ps_buf_printf(buf, "\"%s\":", NAMES[random_below(random, sizeof NAMES / sizeof NAMES[0])]);
        }
        put_value(buf, random, depth + 1);
    }
    ps_buf_byte(buf, is_object ? '}' : ']');
}

static size_t depth_of(const json_t *value)
{
    size_t deepest = 0;
    const char *name;
    size_t index;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        size_t depth = depth_of(member);
        if (depth > deepest) deepest = depth;
        CHECK(name[0] != '\0' && name[0] != '.' && name[strlen(name) - 1] != '.' && strstr(name, "..") == NULL);
    }
    json_array_foreach(value, index, member)
    {
        size_t depth = depth_of(member);
        if (depth > deepest) deepest = depth;
    }
    return deepest + 1;
}

/* jansson cannot read numbers beyond a double's reach or NUL in names; both are fine for OpenSearch. */
static void check_documents(struct ps_span kept)
{
    bool more = true;
    size_t line_number = 0;
    while (kept.len > 0) {
        struct ps_span line = ps_span_split(&kept, '\n', &more);
        json_error_t error;
        size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;
        json_t *document = json_loadb(line.data, line.len, flags, &error);
        if (!CHECK(document != NULL)) {
            printf("    line %zu: %s at %d: %.*s\n", line_number, error.text, error.position, (int)line.len, line.data);
            return;
        }
        CHECK(depth_of(document) <= 14);
        json_decref(document);
        line_number++;
    }
}

static void each_document_parses_and_has_each_name_once(void)
{
    enum { RUNS = 300, MESSAGES = 8 };
    static const char *const SETTINGS[] = { "TAGS=team=core,a=b", "REDACT=default,email,ip", NULL };
    struct random random = { 20261121 };
    road_open(&road, SETTINGS);
    for (int run = 0; run < RUNS; run++) {
        ps_arena_reset(&road.arena, 0);
        road_clear(&road);
        const char *events[MESSAGES];
        for (size_t i = 0; i < MESSAGES; i++) {
            struct ps_buf message, event;
            struct ps_span text, all;
            ps_buf_init(&message, &road.arena, 1 << 20);
            if (random_below(&random, 4) == 0) ps_buf_put(&message, PS_SPAN("head "));
            put_value(&message, &random, 0);
            if (random_below(&random, 16) == 0 && message.len > 3) message.len -= 2;
            CHECK_OK(ps_buf_finish(&message, &text));
            struct ps_json_writer writer;
            ps_buf_init(&event, &road.arena, 1 << 20);
            ps_json_write_init(&writer, &event);
            ps_json_write_object_begin(&writer);
            ps_json_write_member(&writer, PS_SPAN("id"), PS_SPAN("1"));
            ps_json_write_member(&writer, PS_SPAN("message"), text);
            ps_json_write_object_end(&writer);
            CHECK_OK(ps_json_write_finish(&writer, &all));
            ps_buf_byte(&event, '\0');
            events[i] = event.data;
        }
        CHECK_OK(road_run(&road, road_payload(&road.arena, road_envelope(&road.arena, events, 0, MESSAGES))));
        CHECK_EQ(road.items, MESSAGES);
        CHECK(ps_account_balances(&road.account));
        check_documents(road_kept(&road));
    }
    road_close(&road);
}

/* -- what is said when things fail -----------------------------------------------------------------------------------
 */

static void nothing_that_is_said_of_a_damaged_payload_quotes_it(void)
{
    static const char *const SAID[] = {
        "SECRET",
        "{\"messageType\":\"SECRET\"}",
        "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":\"SECRET\"}",
        "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{\"SECRET\":\"SECRET\"},\"SECRET\"]}",
        "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{\"message\":\"SECRET\\x\"}]}",
        "{\"SECRET",
        "{\"a\":SECRET}",
        "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{\"message\":\"a\"}]}SECRET",
    };
    road_open(&road, NULL);
    for (size_t i = 0; i < sizeof SAID / sizeof SAID[0]; i++) {
        road_clear(&road);
        CHECK_OK(road_run(&road, road_payload(&road.process, ps_span_of(SAID[i]))));
        CHECK(road.letter_count > 0);
        for (size_t n = 0; n < road.letter_count; n++)
            CHECK(strstr(road.letters[n].detail, "SECRET") == NULL);
    }
    static const char *const PAYLOADS[] = { "SECRET",
                                            "{\"awslogs\":\"SECRET\"}",
                                            "{\"SECRET\":1}",
                                            "{\"Records\":[\"SECRET\"]}",
                                            "{\"records\":[{\"SECRET\":1}]}",
                                            "{\"awslogs\":{\"data\":\"SECRET" };
    for (size_t i = 0; i < sizeof PAYLOADS / sizeof PAYLOADS[0]; i++) {
        if (road_run(&road, ps_span_of(PAYLOADS[i])) != PS_OK) CHECK(strstr(ps_err_note()->text, "SECRET") == NULL);
    }
    road_close(&road);
}

int main(void)
{
    RUN(an_envelope_cut_at_any_event_gives_the_same_documents_and_ids);
    RUN(running_twice_gives_the_same_bytes_in_one_process_and_in_two);
    RUN(a_trace_is_joined_inside_its_envelope_only);
    RUN(pieces_are_joined_up_to_the_limit_of_a_record);
    RUN(any_prefix_of_a_payload_is_refused);
    RUN(any_prefix_of_an_envelope_is_one_dead_letter);
    RUN(any_prefix_of_gzip_is_one_dead_letter);
    RUN(any_changed_byte_leaves_the_books_balanced);
    RUN(control_messages_are_counted_and_excluded_groups_are_filtered);
    RUN(a_kafka_tombstone_is_filtered_and_what_is_beside_it_is_not);
    RUN(the_functions_own_group_is_always_refused);
    RUN(the_first_record_is_told_once_with_its_coordinates);
    RUN(an_output_that_fails_ends_the_payload);
    RUN(full_memory_is_an_error_or_a_dead_letter_at_every_point);
    RUN(the_largest_event_of_any_kind_has_room);
    RUN(too_little_memory_for_a_pipeline_is_an_error);
    RUN(each_document_parses_and_has_each_name_once);
    RUN(nothing_that_is_said_of_a_damaged_payload_quotes_it);
    return check_finish();
}
