#include "record/json_value.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "support/check.h"

struct value_case {
    const char *input;
    const char *wanted; /* after mending; the same text when nothing breaks */
};

static const struct value_case CASES[] = {
    { "{\"a\":1,\"b\":[true,null,\"x\"]}", "{\"a\":1,\"b\":[true,null,\"x\"]}" },
    { "{}", "{}" },
    { "[]", "[]" },
    { "{\"a\":1,\"a\":2}", "{\"a\":2}" },
    { "{\"a\":{\"x\":1},\"b\":2,\"a\":[3]}", "{\"b\":2,\"a\":[3]}" },
    { "[{\"a\":1,\"a\":2},{\"a\":3}]", "[{\"a\":2},{\"a\":3}]" },
    { "{\"\":{\".\":1,\"x\":{\"..\":2}}}", "{\"_\":{\"_\":1,\"x\":{\"__\":2}}}" },
    { "{\"a.\":1,\"a_\":2}", "{\"a_\":2}" },
    { "{\"\\u0061\":1,\"a\":2}", "{\"a\":2}" },
    { "{\"\\n\":1,\"q\\\"\":2}", "{\"_\":1,\"q\\\"\":2}" },
    { "[[[[[[[[[[1,\"s\"]]]]]]]]]]", "[[[[[[[[[\"[1,\\\"s\\\"]\"]]]]]]]]]" },
    { "[[[[[[[[[{\"a\":1},2]]]]]]]]]", "[[[[[[[[[\"{\\\"a\\\":1}\",2]]]]]]]]]" },
};

/* The first levels of a line are its own object: values stand at depth 1. */
static enum ps_err mend(struct ps_arena *arena, struct ps_span value, struct ps_span *out)
{
    struct ps_buf buf;
    struct ps_json_reader reader;
    struct ps_json_token token;
    struct ps_span line;
    struct ps_field field = { .name = PS_SPAN("f") };
    uint32_t cuts = 0;
    ps_buf_init(&buf, arena, 1 << 20);
    ps_buf_put(&buf, PS_SPAN("{\"f\":"));
    ps_buf_put(&buf, value);
    ps_buf_byte(&buf, '}');
    PS_TRY(ps_buf_finish(&buf, &line));
    ps_json_read_init(&reader, line);
    PS_TRY(ps_json_read_next(&reader, &token));
    PS_TRY(ps_json_read_next(&reader, &token));
    PS_TRY(ps_json_value_read(arena, &reader, 0, &field, &cuts));
    CHECK_EQ(field.kind, PS_FIELD_JSON);
    *out = field.value;
    return ps_json_read_next(&reader, &token);
}

static void values_keep_every_limit(void)
{
    struct ps_arena arena = check_arena(4 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span out;
        CHECK_OK(mend(&arena, ps_span_of(CASES[i].input), &out));
        CHECK_SPAN(out, ps_span_of(CASES[i].wanted));
        CHECK_OK(ps_json_read_check(out));
    }
    ps_arena_fini(&arena);
}

static void a_nested_number_of_too_many_digits_becomes_a_string(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    char digits[PS_RECORD_NUMBER_BYTES_MAX + 2] = { 0 };
    memset(digits, '7', PS_RECORD_NUMBER_BYTES_MAX + 1);
    char value[PS_RECORD_NUMBER_BYTES_MAX + 64];
    char wanted[PS_RECORD_NUMBER_BYTES_MAX + 64];
    (void)snprintf(value, sizeof value, "[1,%s]", digits);
    (void)snprintf(wanted, sizeof wanted, "[1,\"%s\"]", digits);
    struct ps_span out;
    CHECK_OK(mend(&arena, ps_span_of(value), &out));
    CHECK_TEXT(out, wanted);
    ps_arena_fini(&arena);
}

static void a_mended_value_needs_no_mending(void)
{
    struct ps_arena arena = check_arena(4 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span once;
        struct ps_span twice;
        CHECK_OK(mend(&arena, ps_span_of(CASES[i].input), &once));
        CHECK_OK(mend(&arena, once, &twice));
        CHECK_SPAN(twice, once);
    }
    ps_arena_fini(&arena);
}

static void damaged_values_are_refused_at_every_length(void)
{
    struct ps_arena arena = check_arena(4 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t whole = strlen(CASES[i].input);
        for (size_t len = 1; len < whole; len++) {
            char *exact = malloc(len);
            memcpy(exact, CASES[i].input, len);
            struct ps_json_reader reader;
            struct ps_span raw;
            bool breaks = false;
            ps_json_read_init(&reader, ps_span_make(exact, len));
            CHECK_ERR(ps_json_value_skip(&reader, 1, &raw, &breaks), PS_ERR_BAD_INPUT);
            free(exact);
        }
    }
    ps_arena_fini(&arena);
}

static void many_members_of_one_hash_bit_are_kept(void)
{
    struct ps_arena arena = check_arena(8 << 20);
    struct ps_buf buf;
    struct ps_span object;
    struct ps_span out;
    ps_buf_init(&buf, &arena, 1 << 20);
    for (int i = 0; i < PS_RECORD_FIELDS_MAX; i++)
        ps_buf_printf(&buf, "%c\"m%d\":%d", i == 0 ? '{' : ',', i, i);
    ps_buf_byte(&buf, '}');
    CHECK_OK(ps_buf_finish(&buf, &object));
    CHECK_OK(mend(&arena, object, &out));
    CHECK_SPAN(out, object);
    ps_arena_fini(&arena);
}

/* No cut may leave half an escape, half a surrogate pair or half a character. */
static void strings_are_cut_between_characters(void)
{
    struct ps_arena arena = check_arena(4 << 20);
    static const char PIECE[] = "\\ud83d\\ude00\\n\xe2\x82\xac\\\\\\u00e9x\\\"";
    char text[600];
    size_t len = 0;
    while (len + sizeof PIECE < sizeof text) {
        memcpy(text + len, PIECE, sizeof PIECE - 1);
        len += sizeof PIECE - 1;
    }
    for (size_t limit = 50; limit < 200; limit++) {
        struct ps_span out;
        bool cut = false;
        CHECK_OK(ps_json_value_cut(&arena, ps_span_make(text, len), limit, &out, &cut));
        CHECK(cut && out.len <= limit);
        char quoted[256];
        int quoted_len = snprintf(quoted, sizeof quoted, "\"%.*s\"", (int)out.len, out.data);
        CHECK_OK(ps_json_read_check(ps_span_make(quoted, (size_t)quoted_len)));
        struct ps_span plain;
        CHECK_OK(ps_json_read_unescape(&arena, out, &plain));
        CHECK_EQ(ps_utf8_valid_prefix(plain), plain.len);
        CHECK_EQ(ps_span_find(plain, PS_SPAN("\xef\xbf\xbd")), PS_SPAN_NONE);
    }
    ps_arena_fini(&arena);
}

static enum ps_err mend_case(struct ps_arena *arena, size_t i)
{
    struct ps_span out;
    return mend(arena, ps_span_of(CASES[i].input), &out);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(4 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        PS_EACH_FAILURE(&arena, mend_case(&arena, i));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(values_keep_every_limit);
    RUN(a_nested_number_of_too_many_digits_becomes_a_string);
    RUN(a_mended_value_needs_no_mending);
    RUN(damaged_values_are_refused_at_every_length);
    RUN(many_members_of_one_hash_bit_are_kept);
    RUN(strings_are_cut_between_characters);
    RUN(full_memory_is_an_error);
    return check_finish();
}
