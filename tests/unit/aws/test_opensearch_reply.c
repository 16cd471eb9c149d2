#include <stdio.h>
#include <stdlib.h>

#include "aws/opensearch_priv.h"
#include "support/check.h"

/* As a 2.19.6 node answers with the filter_path that we send. */
static const char MIXED[] =
    "{\"errors\":true,\"items\":[{\"create\":{\"status\":201}},{\"create\":{\"status\":409,\"error\":{\"type\":"
    "\"version_conflict_engine_exception\",\"reason\":\"[a]: version conflict, document already exists (current "
    "version "
    "[1])\"}}},{\"create\":{\"status\":400,\"error\":{\"type\":\"mapper_parsing_exception\",\"reason\":\"failed to "
    "parse "
    "field [n] of type [long] in document with id 'x3'. Preview of field's value: 'abc'\"}}}]}";

/* The same unfiltered, as proxies that drop the query would let it through. */
static const char WHOLE[] =
    "{ \"took\" : 30, \"errors\" : false, \"items\" : [ { \"create\" : { \"_index\" : \"app-logs-2026.11.21\", \"_id\" "
    ": \"1\", \"_version\" : 1, \"result\" : \"created\", \"_shards\" : { \"total\" : 2, \"successful\" : 1, "
    "\"failed\" "
    ": 0 }, \"_seq_no\" : 0, \"_primary_term\" : 1, \"status\" : 201 } } ], \"more\" : [ { } ] }\n";

static enum ps_err read_text(const char *text, struct ps_opensearch_reply_item *items, size_t count)
{
    return ps_opensearch_reply_read(ps_span_of(text), items, count);
}

static void items_come_in_order_with_status_and_type(void)
{
    struct ps_opensearch_reply_item items[3];
    CHECK_OK(read_text(MIXED, items, 3));
    CHECK_EQ(items[0].status, 201);
    CHECK_EQ(items[0].type.len, 0);
    CHECK_EQ(items[1].status, 409);
    CHECK_TEXT(items[1].type, "version_conflict_engine_exception");
    CHECK_EQ(items[2].status, 400);
    CHECK_TEXT(items[2].type, "mapper_parsing_exception");
    CHECK_TEXT(ps_opensearch_reply_field(items[2].reason), "n");
}

static void members_we_do_not_know_are_skipped_at_every_level(void)
{
    struct ps_opensearch_reply_item items[1];
    CHECK_OK(read_text(WHOLE, items, 1));
    CHECK_EQ(items[0].status, 201);
}

static void another_number_of_items_is_no_answer(void)
{
    struct ps_opensearch_reply_item items[4];
    CHECK_ERR(read_text(MIXED, items, 2), PS_ERR_BAD_INPUT);
    CHECK_ERR(read_text(MIXED, items, 4), PS_ERR_BAD_INPUT);
    CHECK_ERR(read_text("{\"errors\":false,\"items\":[]}", items, 1), PS_ERR_BAD_INPUT);
    CHECK_ERR(read_text("{\"errors\":false}", items, 1), PS_ERR_BAD_INPUT);
    CHECK_ERR(
        read_text("{\"items\":[{\"create\":{\"status\":201}}],\"items\":[{\"create\":{\"status\":201}}]}", items, 1),
        PS_ERR_BAD_INPUT);
}

static void other_shapes_are_no_answer(void)
{
    static const char *const SHAPES[] = {
        "",
        "[]",
        "null",
        "OpenSearch Security not initialized.",
        "{\"items\":{\"create\":{\"status\":201}}}",
        "{\"items\":[[]]}",
        "{\"items\":[{}]}",
        "{\"items\":[{\"create\":201}]}",
        "{\"items\":[{\"create\":{}}]}",
        "{\"items\":[{\"create\":{\"status\":\"201\"}}]}",
        "{\"items\":[{\"create\":{\"status\":99}}]}",
        "{\"items\":[{\"create\":{\"status\":600}}]}",
        "{\"items\":[{\"create\":{\"status\":2e2}}]}",
        "{\"items\":[{\"create\":{\"status\":201},\"index\":{\"status\":201}}]}",
        "{\"items\":[{\"create\":{\"status\":201}}]}{}",
        "{\"items\":[{\"create\":{\"status\":201}}]",
    };
    struct ps_opensearch_reply_item items[1];
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++) {
        if (!CHECK_ERR(read_text(SHAPES[i], items, 1), PS_ERR_BAD_INPUT)) printf("# shape %zu\n", i);
    }
}

static void an_error_may_be_a_text_or_hold_nothing(void)
{
    struct ps_opensearch_reply_item items[2];
    CHECK_OK(read_text("{\"items\":[{\"create\":{\"status\":500,\"error\":\"out of luck\"}},"
                       "{\"create\":{\"status\":503,\"error\":{\"type\":null,\"reason\":7}}}]}",
                       items, 2));
    CHECK_TEXT(items[0].reason, "out of luck");
    CHECK_EQ(items[0].type.len, 0);
    CHECK_EQ(items[1].type.len, 0);
    CHECK_EQ(items[1].reason.len, 0);
}

/* Copied to a block of its exact size, so that a sanitizer sees a byte read too many. */
static void every_prefix_is_refused_without_reading_on(void)
{
    struct ps_opensearch_reply_item items[3];
    for (size_t len = 0; len < sizeof MIXED - 1; len++) {
        char *copy = malloc(len + (len == 0));
        CHECK_OR_RETURN(copy != NULL);
        memcpy(copy, MIXED, len);
        CHECK(ps_opensearch_reply_read(ps_span_make(copy, len), items, 3) != PS_OK);
        CHECK_EQ(ps_opensearch_reply_refusal(ps_span_make(copy, len)).type.len, 0);
        free(copy);
    }
}

static void a_refusal_tells_its_type_and_where_it_comes_from(void)
{
    struct ps_opensearch_reply_refusal refusal = ps_opensearch_reply_refusal(
        PS_SPAN("{\"error\":{\"root_cause\":[{\"type\":\"x\"}],\"type\":\"circuit_breaking_exception\",\"reason\":"
                "\"[in_flight_requests] Data too large\"},\"status\":429}"));
    CHECK_TEXT(refusal.type, "circuit_breaking_exception");
    CHECK_TEXT(refusal.reason, "[in_flight_requests] Data too large");
    CHECK(!refusal.plain);
    refusal = ps_opensearch_reply_refusal(PS_SPAN("{\"error\":\"no handler found for uri [/x] and method [POST]\"}"));
    CHECK_EQ(refusal.type.len, 0);
    CHECK(refusal.plain);
}

static void a_refusal_of_another_shape_tells_nothing(void)
{
    static const char *const BODIES[] = {
        "", "Unauthorized", "<html></html>", "{\"Message\":\"no\"}", "{\"error\":null}", "[{\"error\":\"x\"}]", "{",
    };
    for (size_t i = 0; i < sizeof BODIES / sizeof BODIES[0]; i++) {
        struct ps_opensearch_reply_refusal refusal = ps_opensearch_reply_refusal(ps_span_of(BODIES[i]));
        CHECK_EQ(refusal.type.len, 0);
        CHECK_EQ(refusal.reason.len, 0);
        CHECK(!refusal.plain);
    }
}

static void the_blamed_field_is_found_where_the_server_speaks(void)
{
    static const struct {
        const char *reason;
        const char *field;
    } CASES[] = {
        { "failed to parse field [duration_ms] of type [double] in document with id '1'. Preview of field's value: 'x'",
          "duration_ms" },
        { "Document contains at least one immense term in field=\\\"fields._value\\\" (whose UTF8 encoding is longer",
          "fields._value" },
        { "DocValuesField \\\"fields._valueAndPath\\\" is too large, must be <= 32766", "fields._valueAndPath" },
        { "Could not dynamically add mapping for field [message.x]. Existing mapping for [message] must be",
          "message.x" },
        { "object mapping for [a] tried to parse field [a] as object, but found a concrete value", "a" },
        { "mapping set to strict, dynamic introduction of [b] within [_doc] is not allowed", "b" },
        { "failed to parse", "" },
        { "Preview: 'failed to parse field [secret] of type [x]'", "" },
        { "failed to parse field [without an end", "" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK_TEXT(ps_opensearch_reply_field(ps_span_of(CASES[i].reason)), CASES[i].field);
}

int main(void)
{
    RUN(items_come_in_order_with_status_and_type);
    RUN(members_we_do_not_know_are_skipped_at_every_level);
    RUN(another_number_of_items_is_no_answer);
    RUN(other_shapes_are_no_answer);
    RUN(an_error_may_be_a_text_or_hold_nothing);
    RUN(every_prefix_is_refused_without_reading_on);
    RUN(a_refusal_tells_its_type_and_where_it_comes_from);
    RUN(a_refusal_of_another_shape_tells_nothing);
    RUN(the_blamed_field_is_found_where_the_server_speaks);
    return check_finish();
}
