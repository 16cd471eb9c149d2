#include "record/to_bulk.h"

#include <jansson.h>
#include <stdlib.h>

#include "support/check.h"

static struct ps_arena arena;
static struct ps_index_name daily;

static struct ps_to_bulk_options options_of(enum ps_schema_kind kind)
{
    return (struct ps_to_bulk_options){ .schema = ps_schema_of(kind), .ids = true, .index = &daily };
}

/* What the record becomes, on the arena. */
static struct ps_span item(const struct ps_to_bulk_options *options, const struct ps_record *record)
{
    struct ps_to_bulk_envelope envelope;
    struct ps_buf buf;
    CHECK_OK(
        ps_to_bulk_begin(&arena, options, PS_SPAN("123456789012"), record->log_group, record->log_stream, &envelope));
    ps_buf_init(&buf, &arena, 1 << 20);
    CHECK_OK(ps_to_bulk_put(&buf, &envelope, record));
    return ps_buf_span(&buf);
}

static struct ps_record bare_record(void)
{
    return (struct ps_record){
        .event_id = PS_SPAN("0042"),
        .event_time_ms = 1795255200123,
        .time_ms = 1795255200123,
        .account = PS_SPAN("123456789012"),
        .log_group = PS_SPAN("/g"),
        .log_stream = PS_SPAN("s"),
        .message = PS_SPAN("hello"),
    };
}

static struct ps_record full_record(void)
{
    static struct ps_field fields[] = {
        { PS_SPAN_INIT("text"), PS_SPAN_INIT("say \"hi\"\n"), PS_FIELD_TEXT, false },
        { PS_SPAN_INIT("string"), PS_SPAN_INIT("a\\\"b"), PS_FIELD_STRING, false },
        { PS_SPAN_INIT("json"), PS_SPAN_INIT("{\n  \"a\": [1,\r\n 2]\n}"), PS_FIELD_JSON, false },
    };
    struct ps_record record = bare_record();
    record.time_ms = 1795255199001;
    record.region = PS_SPAN("eu-central-1");
    record.region_inferred = true;
    record.level = PS_LEVEL_ERROR;
    record.format = PS_FORMAT_JSON;
    record.service = PS_SPAN("checkout");
    record.env = PS_SPAN("prod");
    record.host = PS_SPAN("h\"1");
    record.logger = PS_SPAN("com.example.A");
    record.request_id = PS_SPAN("req");
    record.trace_id = PS_SPAN("tr");
    record.span_id = PS_SPAN("sp");
    record.error_type = PS_SPAN("E");
    record.error_message = PS_SPAN("bad");
    record.stack_trace = PS_SPAN("E: bad\n\tat x");
    record.duration_ms = PS_SPAN("12.5");
    record.status = 503;
    record.unparsed = PS_SPAN("json_cut");
    record.joined = 2;
    record.message_cut = true;
    record.fields = fields;
    record.field_count = 3;
    return record;
}

/* The order of members is fixed; what is empty, false or the default is left out. */
static void a_bare_record_is_short(void)
{
    struct ps_record record = bare_record();
    struct ps_to_bulk_options options = options_of(PS_SCHEMA_FLAT);
    CHECK_TEXT(item(&options, &record),
               "{\"create\":{\"_index\":\"app-logs-2026.11.21\",\"_id\":\"0042-4738d98c180ef764\"}}\n"
               "{\"@timestamp\":\"2026-11-21T10:00:00.123Z\",\"message\":\"hello\",\"account\":\"123456789012\","
               "\"log_group\":\"/g\",\"log_stream\":\"s\",\"event_id\":\"0042\",\"format\":\"plain\"}\n");
}

static void a_full_record_has_every_flat_name_in_order(void)
{
    struct ps_record record = full_record();
    struct ps_to_bulk_options options = options_of(PS_SCHEMA_FLAT);
    options.tags = PS_SPAN("{\"team\":\"core\"}");
    CHECK_TEXT(
        item(&options, &record),
        "{\"create\":{\"_index\":\"app-logs-2026.11.21\",\"_id\":\"0042-4738d98c180ef764\"}}\n"
        "{\"@timestamp\":\"2026-11-21T09:59:59.001Z\",\"message\":\"hello\",\"level\":\"ERROR\",\"service\":"
        "\"checkout\","
        "\"env\":\"prod\",\"host\":\"h\\\"1\",\"region\":\"eu-central-1\",\"account\":\"123456789012\",\"log_group\":"
        "\"/g\","
        "\"log_stream\":\"s\",\"event_id\":\"0042\",\"request_id\":\"req\",\"trace_id\":\"tr\",\"span_id\":\"sp\","
        "\"logger\":\"com.example.A\",\"format\":\"json\",\"error_type\":\"E\",\"error_message\":\"bad\","
        "\"stack_trace\":\"E: bad\\n\\tat x\",\"duration_ms\":12.5,\"status\":503,"
        "\"event_time\":\"2026-11-21T10:00:00.123Z\",\"region_inferred\":true,\"joined\":2,\"unparsed\":\"json_cut\","
        "\"message_cut\":true,\"fields\":{\"text\":\"say \\\"hi\\\"\\n\",\"string\":\"a\\\"b\",\"json\":{  \"a\": "
        "[1,\r 2]}},"
        "\"tags\":{\"team\":\"core\"}}\n");
}

static void ecs_nests_its_names(void)
{
    struct ps_record record = full_record();
    struct ps_to_bulk_options options = options_of(PS_SCHEMA_ECS);
    options.tags = PS_SPAN("{\"team\":\"core\"}");
    struct ps_span text = item(&options, &record);
    ptrdiff_t line = ps_span_find_byte(text, '\n');
    CHECK_TEXT(ps_span_from(text, (size_t)line + 1),
               "{\"@timestamp\":\"2026-11-21T09:59:59.001Z\",\"ecs\":{\"version\":\"8.11.0\"},\"message\":\"hello\","
               "\"log\":{\"level\":\"ERROR\",\"logger\":\"com.example.A\"},\"service\":{\"name\":\"checkout\","
               "\"environment\":\"prod\"},\"host\":{\"name\":\"h\\\"1\"},\"cloud\":{\"provider\":\"aws\","
               "\"region\":\"eu-central-1\",\"account\":{\"id\":\"123456789012\"}},\"aws\":{\"cloudwatch\":{\"log_"
               "group\":\"/g\","
               "\"log_stream\":\"s\",\"event_id\":\"0042\"}},\"trace\":{\"id\":\"tr\"},\"span\":{\"id\":\"sp\"},"
               "\"error\":{\"type\":\"E\",\"message\":\"bad\",\"stack_trace\":\"E: bad\\n\\tat x\"},"
               "\"event\":{\"duration\":12500000,\"created\":\"2026-11-21T10:00:00.123Z\"},"
               "\"http\":{\"request\":{\"id\":\"req\"},\"response\":{\"status_code\":503}},"
               "\"penstock\":{\"format\":\"json\",\"region_inferred\":true,\"joined\":2,\"unparsed\":\"json_cut\","
               "\"message_cut\":true,\"fields\":{\"text\":\"say \\\"hi\\\"\\n\",\"string\":\"a\\\"b\","
               "\"json\":{  \"a\": [1,\r 2]}}},\"labels\":{\"team\":\"core\"}}\n");
}

static void ecs_leaves_empty_objects_out(void)
{
    struct ps_record record = bare_record();
    struct ps_to_bulk_options options = options_of(PS_SCHEMA_ECS);
    struct ps_span text = item(&options, &record);
    CHECK(ps_span_find(text, PS_SPAN("{}")) == PS_SPAN_NONE);
    CHECK(ps_span_find(text, PS_SPAN("\"http\"")) == PS_SPAN_NONE);
}

static void index_op_and_ids_are_options(void)
{
    struct ps_record record = bare_record();
    struct ps_to_bulk_options options = options_of(PS_SCHEMA_FLAT);
    options.op = PS_TO_BULK_INDEX;
    options.ids = false;
    CHECK(ps_span_starts(item(&options, &record), PS_SPAN("{\"index\":{\"_index\":\"app-logs-2026.11.21\"}}\n{\"@t")));
}

static void the_index_follows_the_event_not_the_message(void)
{
    struct ps_to_bulk_options options = options_of(PS_SCHEMA_FLAT);
    struct ps_to_bulk_envelope envelope;
    struct ps_buf buf;
    CHECK_OK(ps_to_bulk_begin(&arena, &options, PS_SPAN("1"), PS_SPAN("/g"), PS_SPAN("s"), &envelope));
    static const struct {
        int64_t event_ms;
        const char *index;
    } CASES[] = {
        { 1795255200123, "2026.11.21\"" },
        { 1795255200124, "2026.11.21\"" },
        { 1795305600000, "2026.11.22\"" },
        { 1795255200125, "2026.11.21\"" },
        { 0, "undated\"" },
        { 1795255200125, "2026.11.21\"" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_record record = bare_record();
        record.event_time_ms = CASES[i].event_ms;
        record.time_ms = 1795341600000;
        ps_buf_init(&buf, &arena, 1 << 20);
        CHECK_OK(ps_to_bulk_put(&buf, &envelope, &record));
        struct ps_span after = ps_span_from(ps_buf_span(&buf), sizeof "{\"create\":{\"_index\":\"app-logs-" - 1);
        CHECK(ps_span_starts(after, ps_span_of(CASES[i].index)));
    }
}

/* The minute's text is kept from one record to the next: neighbours, jumps and both ends must come out right. */
static void times_are_written_exactly(void)
{
    static const int64_t TIMES[] = {
        1795255200123, 1795255200999, 1795255259999,       1795255260000,       1795255199999, 0, -1, -60000,
        -60001,        59999,         PS_TIME_TEXT_MS_MIN, PS_TIME_TEXT_MS_MAX, 1795255200123
    };
    struct ps_to_bulk_options options = options_of(PS_SCHEMA_FLAT);
    struct ps_to_bulk_envelope envelope;
    CHECK_OK(ps_to_bulk_begin(&arena, &options, PS_SPAN("1"), PS_SPAN("/g"), PS_SPAN("s"), &envelope));
    for (size_t i = 0; i < sizeof TIMES / sizeof TIMES[0]; i++) {
        struct ps_record record = bare_record();
        struct ps_buf buf;
        record.time_ms = TIMES[i];
        ps_buf_init(&buf, &arena, 1 << 20);
        CHECK_OK(ps_to_bulk_document(&buf, &envelope, &record));
        char wanted[PS_TIME_ISO_BYTES];
        ps_time_iso(TIMES[i], wanted);
        struct ps_span got = ps_span_from(ps_buf_span(&buf), sizeof "{\"@timestamp\":\"" - 1);
        CHECK_SPAN(ps_span_first(got, PS_TIME_ISO_BYTES), ps_span_make(wanted, PS_TIME_ISO_BYTES));
    }
    struct ps_record record = bare_record();
    record.time_ms = INT64_MAX;
    record.event_time_ms = INT64_MIN;
    struct ps_span text = item(&options, &record);
    CHECK(ps_span_find(text, PS_SPAN("\"@timestamp\":\"1970-01-01T00:00:00.000Z\"")) != PS_SPAN_NONE);
}

static void a_duration_that_is_no_nanoseconds_is_left_out_of_ecs(void)
{
    struct ps_record record = bare_record();
    struct ps_to_bulk_options options = options_of(PS_SCHEMA_ECS);
    record.duration_ms = PS_SPAN("1e30");
    CHECK(ps_span_find(item(&options, &record), PS_SPAN("duration")) == PS_SPAN_NONE);
    record.duration_ms = PS_SPAN("0.0015");
    CHECK(ps_span_find(item(&options, &record), PS_SPAN("\"duration\":1500")) != PS_SPAN_NONE);
}

/* -- every document is one line of valid JSON ------------------------------------------------------------------------
 */

static uint64_t chance_state;

static unsigned chance(unsigned below)
{
    chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(chance_state >> 33) % below;
}

/* Valid UTF-8 of many kinds and lengths. */
static struct ps_span random_text(void)
{
    static const char *const PIECES[] = { "a",
                                          "Zz",
                                          " ",
                                          "\"",
                                          "\\",
                                          "\n",
                                          "\r",
                                          "\t",
                                          "\x01",
                                          "\x1f",
                                          "\x7f",
                                          "{",
                                          "}",
                                          "\xc3\xa9",
                                          "\xe2\x80\xa8",
                                          "\xf0\x9f\x98\x80",
                                          "0123456789abcdefghij",
                                          "/" };
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 4096);
    for (unsigned count = chance(12); count > 0; count--)
        ps_buf_put(&buf, ps_span_of(PIECES[chance(sizeof PIECES / sizeof PIECES[0])]));
    return ps_buf_span(&buf);
}

static void fill_randomly(struct ps_record *record, struct ps_field *fields)
{
    struct ps_span *const texts[] = { &record->event_id,    &record->account,    &record->region,
                                      &record->log_group,   &record->log_stream, &record->message,
                                      &record->service,     &record->env,        &record->host,
                                      &record->logger,      &record->request_id, &record->trace_id,
                                      &record->span_id,     &record->error_type, &record->error_message,
                                      &record->stack_trace, &record->unparsed };
    static const char *const VALUES[] = { "1", "true", "null", "{\"a\":\n[1]}", "[\n\n]", "-1.5e3", "\"x\"" };
    static const char *const NAMES[] = { "a", "b.c", "d\\\"e" };
    *record = (struct ps_record){ .fields = fields, .field_count = chance(4) };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = random_text();
    record->event_time_ms = (int64_t)chance(1u << 31) * 2000;
    record->time_ms = record->event_time_ms + chance(2);
    record->level = (enum ps_level)chance(PS_LEVEL_FATAL + 1);
    record->format = (enum ps_format)chance(PS_FORMAT_COUNT);
    record->status = chance(2) * 200;
    record->joined = chance(3);
    record->message_cut = chance(2);
    record->region_inferred = chance(2);
    if (chance(2)) record->duration_ms = PS_SPAN("12.25");
    for (size_t i = 0; i < record->field_count; i++) {
        fields[i] = (struct ps_field){ .name = ps_span_of(NAMES[i]), .value = random_text() };
        if (chance(2)) {
            fields[i].kind = PS_FIELD_JSON;
            fields[i].value = ps_span_of(VALUES[chance(sizeof VALUES / sizeof VALUES[0])]);
        }
    }
}

static bool is_json_object(struct ps_span line)
{
    json_t *tree = json_loadb(line.data, line.len, JSON_REJECT_DUPLICATES, NULL);
    bool ok = json_is_object(tree);
    json_decref(tree);
    return ok;
}

static const char *text_at(struct ps_span line, const char *key, json_t **tree)
{
    *tree = json_loadb(line.data, line.len, 0, NULL);
    return json_string_value(json_object_get(*tree, key));
}

static void every_item_is_two_lines_of_valid_json(void)
{
    for (int i = 0; i < 4000; i++) {
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct ps_field fields[4];
        struct ps_record record;
        chance_state = (uint64_t)i;
        fill_randomly(&record, fields);
        struct ps_to_bulk_options options = options_of((enum ps_schema_kind)(i % PS_SCHEMA_KIND_COUNT));
        struct ps_span rest = item(&options, &record);
        bool more = false;
        struct ps_span action = ps_span_split(&rest, '\n', &more);
        CHECK(more);
        struct ps_span document = ps_span_split(&rest, '\n', &more);
        CHECK(more);
        CHECK_EQ(rest.len, 0);
        CHECK(is_json_object(action));
        CHECK(is_json_object(document));
        json_t *tree = NULL;
        const char *message = text_at(document, "message", &tree);
        CHECK_SPAN(ps_span_of(message), record.message);
        json_decref(tree);
        ps_arena_rewind(&arena, mark);
    }
}

/* -- limits
 * ------------------------------------------------------------------------------------------------------------ */

static void a_buf_too_small_is_an_error_at_every_size(void)
{
    struct ps_record record = full_record();
    for (int kind = 0; kind < PS_SCHEMA_KIND_COUNT; kind++) {
        struct ps_to_bulk_options options = options_of((enum ps_schema_kind)kind);
        size_t whole = item(&options, &record).len;
        struct ps_to_bulk_envelope envelope;
        CHECK_OK(ps_to_bulk_begin(&arena, &options, PS_SPAN("1"), PS_SPAN("/g"), PS_SPAN("s"), &envelope));
        for (size_t cap = 0; cap < whole; cap++) {
            char *memory = malloc(cap + (cap == 0));
            struct ps_buf buf;
            ps_buf_init_fixed(&buf, memory, cap);
            CHECK_ERR(ps_to_bulk_put(&buf, &envelope, &record), PS_ERR_TOO_LARGE);
            CHECK(buf.len <= cap);
            free(memory);
        }
        char *memory = malloc(whole + 64);
        struct ps_buf buf;
        ps_buf_init_fixed(&buf, memory, whole + 64);
        CHECK_OK(ps_to_bulk_put(&buf, &envelope, &record));
        CHECK_EQ(buf.len, whole);
        free(memory);
    }
}

static enum ps_err put_all(void)
{
    struct ps_record record = full_record();
    struct ps_to_bulk_options options = options_of(PS_SCHEMA_ECS);
    struct ps_to_bulk_envelope envelope;
    struct ps_buf buf;
    PS_TRY(ps_to_bulk_begin(&arena, &options, PS_SPAN("1"), PS_SPAN("/\"g\""), PS_SPAN("s"), &envelope));
    ps_buf_init(&buf, &arena, 1 << 20);
    return ps_to_bulk_put(&buf, &envelope, &record);
}

static void a_full_arena_is_an_error(void)
{
    PS_EACH_FAILURE(&arena, put_all());
}

int main(void)
{
    arena = check_arena(8 << 20);
    CHECK_OK(ps_index_name_compile(PS_SPAN(PS_INDEX_NAME_DEFAULT), &daily));
    RUN(a_bare_record_is_short);
    RUN(a_full_record_has_every_flat_name_in_order);
    RUN(ecs_nests_its_names);
    RUN(ecs_leaves_empty_objects_out);
    RUN(index_op_and_ids_are_options);
    RUN(the_index_follows_the_event_not_the_message);
    RUN(times_are_written_exactly);
    RUN(a_duration_that_is_no_nanoseconds_is_left_out_of_ecs);
    RUN(every_item_is_two_lines_of_valid_json);
    RUN(a_buf_too_small_is_an_error_at_every_size);
    RUN(a_full_arena_is_an_error);
    ps_arena_fini(&arena);
    return check_finish();
}
