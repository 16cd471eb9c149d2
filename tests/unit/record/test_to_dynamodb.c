#include "record/to_dynamodb.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

/* The first 32 bits are 0x7e262398: 2116428696, which is 0 modulo 2, 3, 4 and 1 modulo 5. */
#define ID "7e262398-2950-561b-9ead-d53435e1e851"
#define ARRIVAL_MS INT64_C(1795255200999)

static struct ps_arena t_arena;

static const struct ps_to_dynamodb_options WHOLE = { .item_bytes_max = PS_TO_DYNAMODB_ITEM_BYTES_MAX };
static const struct ps_to_dynamodb_options SMALL = { .item_bytes_max = PS_TO_DYNAMODB_ITEM_BYTES_MIN };

static struct ps_stream_line line_of(struct ps_span bytes)
{
    struct ps_stream_line line = { 0 };
    CHECK_OK(ps_stream_line_read(&t_arena, bytes, ARRIVAL_MS, &line));
    return line;
}

static enum ps_err put(const struct ps_to_dynamodb_options *options, const struct ps_stream_line *line,
                       struct ps_span coordinates, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &t_arena, 16 << 20);
    PS_TRY(ps_to_dynamodb_put(&buf, &t_arena, options, line, PS_SPAN(ID), coordinates));
    return ps_buf_finish(&buf, out);
}

static struct ps_span item_of(const struct ps_to_dynamodb_options *options, struct ps_span bytes)
{
    struct ps_stream_line line = line_of(bytes);
    struct ps_span out = { 0 };
    CHECK_OK(put(options, &line, PS_SPAN("c|d"), &out));
    return out;
}

static struct ps_span item(const char *text)
{
    return item_of(&WHOLE, ps_span_of(text));
}

/* What DynamoDB counts, after its developer guide ("Item sizes and formats"): names and texts in UTF-8, numbers a byte
 * for two digits and one more, 1 for a boolean or null, 3 for a map or list and 1 for each of its elements. */
static size_t counted(json_t *typed);

static size_t counted_members(json_t *object, size_t each)
{
    size_t sum = 0;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(object, name, value) sum += strlen(name) + counted(value) + each;
    return sum;
}

static size_t counted(json_t *typed)
{
    const char *type = NULL;
    json_t *value = NULL;
    size_t index = 0;
    size_t sum = 0;
    CHECK_EQ(json_object_size(typed), 1);
    json_object_foreach(typed, type, value)
    {
        if (type[0] == 'S') sum = json_string_length(value);
        if (type[0] == 'N' && type[1] == '\0') sum = (json_string_length(value) + 1) / 2 + 1;
        if (type[0] == 'N' && type[1] == 'U') sum = 1;
        if (type[0] == 'B') sum = 1;
        if (type[0] == 'M') sum = 3 + counted_members(value, 1);
        if (type[0] == 'L') {
            json_t *element = NULL;
            sum = 3;
            json_array_foreach(value, index, element) sum += counted(element) + 1;
        }
    }
    return sum;
}

/* The item parsed; it must be DynamoDB's size. */
static json_t *parsed(struct ps_span text, size_t bytes_max)
{
    json_error_t error;
    json_t *root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!CHECK(root != NULL)) abort();
    CHECK(counted_members(root, 0) <= bytes_max);
    return root;
}

static const char *attribute(json_t *root, const char *name, const char *type)
{
    const char *text = json_string_value(json_object_get(json_object_get(root, name), type));
    return text == NULL ? "-" : text;
}

/* pk, sk, ts and message come first, then the line's own members in their order, the level as given among them. */
static void a_line_is_a_flat_row(void)
{
    CHECK_TEXT(
        item("{\"ts\":1795255200.123,\"level\":\"warning\",\"service\":\"pay\",\"message\":\"say \\\"hi\\\"\\n x\","
             "\"status\":503,\"ok\":false,\"user\":null,\"http\":{\"path\":\"/\",\"ms\":[1.5,\"a\"]}}"),
        "{\"pk\":{\"S\":\"pay\"},\"sk\":{\"S\":\"1795255200123#" ID "\"},\"ts\":{\"N\":\"1795255200123\"},"
        "\"message\":{\"S\":\"say \\\"hi\\\"\\n x\"},\"level\":{\"S\":\"warning\"},\"status\":{\"N\":\"503\"},"
        "\"ok\":{\"BOOL\":false},\"user\":{\"NULL\":true},"
        "\"http\":{\"M\":{\"path\":{\"S\":\"/\"},\"ms\":{\"L\":[{\"N\":\"1.5\"},{\"S\":\"a\"}]}}}}");
}

static void a_bare_line_has_the_time_of_its_arrival(void)
{
    CHECK_TEXT(item("{\"level\":50,\"message\":\"m\"}"),
               "{\"pk\":{\"S\":\"unknown\"},\"sk\":{\"S\":\"1795255200999#" ID "\"},\"ts\":{\"N\":\"1795255200999\"},"
               "\"tsSource\":{\"S\":\"arrival\"},\"level\":{\"S\":\"ERROR\"},\"message\":{\"S\":\"m\"}}");
}

static void an_unparsed_row_says_why_and_where_it_is_from(void)
{
    CHECK_TEXT(
        item("plain \"text\"\n"),
        "{\"pk\":{\"S\":\"unknown\"},\"sk\":{\"S\":\"1795255200999#" ID "\"},\"ts\":{\"N\":\"1795255200999\"},"
        "\"tsSource\":{\"S\":\"arrival\"},\"level\":{\"S\":\"UNPARSED\"},\"unparsed\":{\"S\":\"no_json_object\"},"
        "\"coordinates\":{\"S\":\"c|d\"},\"message\":{\"S\":\"plain \\\"text\\\"\\n\"}}");
}

static void bytes_that_are_no_text_are_base64_with_a_flag(void)
{
    CHECK_TEXT(item("\xf3\x89\x9a\xc2"),
               "{\"pk\":{\"S\":\"unknown\"},\"sk\":{\"S\":\"1795255200999#" ID "\"},\"ts\":{\"N\":\"1795255200999\"},"
               "\"tsSource\":{\"S\":\"arrival\"},\"level\":{\"S\":\"UNPARSED\"},\"unparsed\":{\"S\":\"not_utf8\"},"
               "\"coordinates\":{\"S\":\"c|d\"},\"message\":{\"S\":\"84mawg==\"},\"base64\":{\"BOOL\":true}}");
}

/* The last millisecond of 2286-11-20 has 13 digits as the first of 1970 has: text order is time order. */
static void sort_keys_have_thirteen_digits(void)
{
    CHECK(ps_span_find(item("{\"ts\":0}"), PS_SPAN("\"0000000000000#" ID)) != PS_SPAN_NONE);
    CHECK(ps_span_find(item("{\"ts\":1.001}"), PS_SPAN("\"0000000001001#" ID)) != PS_SPAN_NONE);
    CHECK(ps_span_find(item("{\"ts\":9999999999999}"), PS_SPAN("\"9999999999999#" ID)) != PS_SPAN_NONE);
}

static void names_of_ours_get_an_underscore_and_never_become_one(void)
{
    json_t *root =
        parsed(item("{\"pk\":\"a\",\"_pk\":\"b\",\"__pk\":\"c\",\"\":\"d\",\"_\":\"e\",\"_x\":\"f\",\"ts\":\"g\","
                    "\"service\":\"\",\"level\":7,\"message\":null,\"ttl\":\"h\",\"truncated\":\"i\"}"),
               4096);
    CHECK_TEXT(ps_span_of(attribute(root, "pk", "S")), "unknown");
    CHECK_TEXT(ps_span_of(attribute(root, "_pk", "S")), "a");
    CHECK_TEXT(ps_span_of(attribute(root, "__pk", "S")), "b");
    CHECK_TEXT(ps_span_of(attribute(root, "___pk", "S")), "c");
    CHECK_TEXT(ps_span_of(attribute(root, "_", "S")), "d");
    CHECK_TEXT(ps_span_of(attribute(root, "__", "S")), "e");
    CHECK_TEXT(ps_span_of(attribute(root, "_x", "S")), "f");
    CHECK_TEXT(ps_span_of(attribute(root, "_ts", "S")), "g");
    CHECK_TEXT(ps_span_of(attribute(root, "_service", "S")), "");
    CHECK_TEXT(ps_span_of(attribute(root, "_level", "N")), "7");
    CHECK(json_object_get(root, "level") == NULL);
    CHECK(json_is_true(json_object_get(json_object_get(root, "_message"), "NULL")));
    CHECK_TEXT(ps_span_of(attribute(root, "_ttl", "S")), "h");
    CHECK_TEXT(ps_span_of(attribute(root, "_truncated", "S")), "i");
    json_decref(root);
}

static void shards_are_chosen_by_the_id(void)
{
    struct ps_to_dynamodb_options options = WHOLE;
    struct ps_span bytes = PS_SPAN("{\"service\":\"pay\"}");
    for (options.shards = 0; options.shards <= 4; options.shards++)
        CHECK(ps_span_starts(item_of(&options, bytes), PS_SPAN("{\"pk\":{\"S\":\"pay\"},\"sk\":")));
    CHECK(ps_span_find(item_of(&options, bytes), PS_SPAN("\"service\":{\"S\":\"pay\"}")) != PS_SPAN_NONE);
    CHECK(ps_span_starts(item_of(&options, bytes), PS_SPAN("{\"pk\":{\"S\":\"pay#1\"},\"sk\":")));
}

static void ttl_counts_from_the_records_time(void)
{
    struct ps_to_dynamodb_options options = WHOLE;
    options.ttl_days = 30;
    CHECK(ps_span_ends(item_of(&options, PS_SPAN("{\"ts\":1795255200999}")),
                       PS_SPAN(",\"ttl\":{\"N\":\"1797847200\"}}")));
}

/* -- size -- */

static struct ps_span filled(const char *before, const char *piece, size_t count, const char *after)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &t_arena, 8 << 20);
    ps_buf_put(&buf, ps_span_of(before));
    for (size_t i = 0; i < count; i++)
        ps_buf_put(&buf, ps_span_of(piece));
    ps_buf_put(&buf, ps_span_of(after));
    return ps_buf_span(&buf);
}

static void an_item_that_just_fits_is_whole(void)
{
    /* 399 KB of line feeds: their escapes are of the wire only. */
    struct ps_span fits = item_of(&WHOLE, filled("{\"message\":\"x", "\\n", 398 << 10, "x\"}"));
    CHECK(fits.len > 2 * (398 << 10));
    CHECK(ps_span_find(fits, PS_SPAN("truncated")) == PS_SPAN_NONE);
    json_decref(parsed(fits, 400 << 10));
    struct ps_span cut = item_of(&WHOLE, filled("{\"message\":\"x", "\\n", 399 << 10, "x\"}"));
    CHECK(ps_span_find(cut, PS_SPAN("truncated")) != PS_SPAN_NONE);
    json_decref(parsed(cut, 400 << 10));
}

static void a_large_message_is_cut_at_a_character_with_a_marker(void)
{
    for (size_t more = 0; more < 4; more++) {
        struct ps_span bytes =
            filled("{\"service\":\"pay\",\"user\":\"u\",\"message\":\"ab", "\xe2\x82\xac", 200000 + more, "\"}");
        json_t *root = parsed(item_of(&WHOLE, bytes), 400 << 10);
        struct ps_span message = ps_span_of(attribute(root, "message", "S"));
        CHECK(message.len > 398 << 10);
        CHECK(ps_span_ends(message, PS_SPAN(" bytes]")));
        CHECK_TEXT(ps_span_of(attribute(root, "user", "S")), "u");
        CHECK(json_is_true(json_object_get(json_object_get(root, "truncated"), "BOOL")));
        CHECK_EQ(atoll(attribute(root, "originalBytes", "N")), (long long)bytes.len);
        CHECK(json_object_get(root, "droppedFields") == NULL);
        json_decref(root);
    }
}

/* The message first, but not below 16 KiB; then the largest fields, down to one size; small ones stay. */
static void then_the_largest_fields_are_cut(void)
{
    struct ps_span message = filled("{\"message\":\"", "m", 60000, "\",");
    struct ps_span first = filled("\"a\":\"", "\\n", 20000, "\",");
    struct ps_span second = filled("\"b\":[0", ",\"x\"", 20000, "],\"c\":\"small\"}");
    struct ps_buf buf;
    ps_buf_init(&buf, &t_arena, 1 << 20);
    ps_buf_put(&buf, message);
    ps_buf_put(&buf, first);
    ps_buf_put(&buf, second);
    json_t *root = parsed(item_of(&SMALL, ps_buf_span(&buf)), 64 << 10);
    size_t message_bytes = strlen(attribute(root, "message", "S"));
    CHECK(message_bytes <= 16 << 10 && message_bytes > (16 << 10) - 32);
    CHECK(strstr(attribute(root, "a", "S"), "\n\xe2\x80\xa6[cut ") != NULL);
    CHECK(strncmp(attribute(root, "b", "S"), "[0,\"x\",\"x\"", 10) == 0); /* JSON text from now on */
    CHECK_TEXT(ps_span_of(attribute(root, "c", "S")), "small");
    CHECK_EQ(atoll(attribute(root, "originalBytes", "N")), (long long)buf.len);
    json_decref(root);
}

static void fields_whose_names_alone_are_too_much_are_counted(void)
{
    char name[PS_RECORD_NAME_BYTES_MAX + 1];
    memset(name, 'n', sizeof name);
    struct ps_buf buf;
    ps_buf_init(&buf, &t_arena, 1 << 20);
    for (int i = 0; i < 500; i++)
        ps_buf_printf(&buf, "%s\"%03d%.*s\":\"value\"", i == 0 ? "{" : ",", i, 400, name);
    ps_buf_byte(&buf, '}');
    json_t *root = parsed(item_of(&SMALL, ps_buf_span(&buf)), 64 << 10);
    size_t dropped = (size_t)atoll(attribute(root, "droppedFields", "N"));
    CHECK(dropped > 300 && dropped < 500);
    CHECK_EQ(json_object_size(root), 500 - dropped + 8);
    json_decref(root);
}

static void large_bytes_are_cut_where_base64_can_be_read(void)
{
    struct ps_stream_line line = line_of(filled("\xff", "bytes", 20000, ""));
    for (size_t more = 0; more < 4; more++) {
        struct ps_span out = { 0 };
        CHECK_OK(put(&SMALL, &line, ps_span_first(PS_SPAN("1234"), more), &out));
        json_t *root = parsed(out, 64 << 10);
        CHECK(strchr(attribute(root, "message", "S"), '=') == NULL);
        CHECK(strlen(attribute(root, "message", "S")) > 63 << 10);
        CHECK_TEXT(ps_span_of(attribute(root, "originalBytes", "N")), "100001");
        json_decref(root);
    }
}

/* A value that had to be cut while the line was read is told as well. */
static void a_nested_text_that_was_cut_is_told(void)
{
    json_t *root = parsed(item_of(&WHOLE, filled("{\"a\":{\"b\":\"", "0123456789", 2000, "\"}}")), 400 << 10);
    CHECK(json_is_true(json_object_get(json_object_get(root, "truncated"), "BOOL")));
    json_decref(root);
}

/* Its types make a list of numbers five times as long; its JSON text still fits. */
static void a_value_too_long_in_types_is_kept_as_its_json(void)
{
    json_t *root = parsed(item_of(&SMALL, filled("{\"a\":[0", ",0", 10000, "]}")), 64 << 10);
    CHECK_SPAN(ps_span_of(attribute(root, "a", "S")), filled("[0", ",0", 10000, "]"));
    json_decref(root);
}

/* Six megabytes are what an invocation brings. The buf has room for what comes out only, the arena not for all of it
 * in DynamoDB's typed JSON, which is five times as long. */
static void a_line_of_megabytes_takes_bounded_memory(void)
{
    struct ps_buf bytes;
    ps_buf_init(&bytes, &t_arena, 8 << 20);
    ps_buf_put(&bytes, PS_SPAN("{\"message\":\"m\""));
    for (int i = 0; i < 20; i++) {
        ps_buf_printf(&bytes, ",\"f%d\":", i);
        ps_buf_put(&bytes, filled("[0", ",0", i == 7 ? 700000 : 100000, "]"));
    }
    ps_buf_byte(&bytes, '}');
    struct ps_stream_line line = line_of(ps_buf_span(&bytes));
    CHECK_EQ(line.record.field_count, 20);
    struct ps_arena scratch = check_arena(16 << 20);
    static char memory[1 << 20];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    CHECK_OK(ps_to_dynamodb_put(&buf, &scratch, &WHOLE, &line, PS_SPAN(ID), PS_SPAN("")));
    json_t *root = parsed(ps_buf_span(&buf), 400 << 10);
    CHECK_EQ(strlen(attribute(root, "f0", "S")), strlen(attribute(root, "f19", "S")));
    CHECK(strlen(attribute(root, "f0", "S")) > 20000);
    json_decref(root);
    ps_arena_fini(&scratch);
}

static void an_item_with_nothing_left_to_cut_is_told(void)
{
    struct ps_stream_line line = line_of(PS_SPAN("text"));
    struct ps_span out;
    CHECK_ERR(put(&SMALL, &line, filled("", "coordinates", 7000, ""), &out), PS_ERR_TOO_LARGE);
}

/* -- again and again -- */

static struct ps_span rich_line(void)
{
    return filled("{\"service\":\"pay\",\"ts\":1795255200123,\"message\":\"", "\\u00e9", 40000,
                  "\",\"pk\":{\"a\":[1,{\"b\":\"c\"}]}}");
}

/* A replay must rewrite its row with what is there. */
static void the_same_record_gives_the_same_bytes(void)
{
    struct ps_span first = item_of(&SMALL, rich_line());
    CHECK_SPAN(item_of(&SMALL, rich_line()), first);
}

static void memory_that_runs_out_is_told(void)
{
    struct ps_stream_line line = line_of(rich_line());
    struct ps_stream_line binary = line_of(PS_SPAN("\xff"));
    struct ps_span out;
    PS_EACH_FAILURE(&t_arena, put(&SMALL, &line, PS_SPAN(""), &out));
    PS_EACH_FAILURE(&t_arena, put(&SMALL, &binary, PS_SPAN(""), &out));
}

int main(void)
{
    t_arena = check_arena(256 << 20);
    RUN(a_line_is_a_flat_row);
    RUN(a_bare_line_has_the_time_of_its_arrival);
    RUN(an_unparsed_row_says_why_and_where_it_is_from);
    RUN(bytes_that_are_no_text_are_base64_with_a_flag);
    RUN(sort_keys_have_thirteen_digits);
    RUN(names_of_ours_get_an_underscore_and_never_become_one);
    RUN(shards_are_chosen_by_the_id);
    RUN(ttl_counts_from_the_records_time);
    RUN(an_item_that_just_fits_is_whole);
    RUN(a_large_message_is_cut_at_a_character_with_a_marker);
    RUN(then_the_largest_fields_are_cut);
    RUN(fields_whose_names_alone_are_too_much_are_counted);
    RUN(large_bytes_are_cut_where_base64_can_be_read);
    RUN(a_nested_text_that_was_cut_is_told);
    RUN(a_value_too_long_in_types_is_kept_as_its_json);
    RUN(a_line_of_megabytes_takes_bounded_memory);
    RUN(an_item_with_nothing_left_to_cut_is_told);
    RUN(the_same_record_gives_the_same_bytes);
    RUN(memory_that_runs_out_is_told);
    ps_arena_fini(&t_arena);
    return check_finish();
}
