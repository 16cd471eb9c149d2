#include "record/record.h"

#include <stdio.h>

#include "support/check.h"

static void levels_have_many_spellings(void)
{
    static const struct {
        const char *text;
        enum ps_level level;
    } CASES[] = {
        { "info", PS_LEVEL_INFO },        { "INFO", PS_LEVEL_INFO },
        { "Information", PS_LEVEL_INFO }, { "notice", PS_LEVEL_INFO },
        { "warn", PS_LEVEL_WARN },        { "WARNING", PS_LEVEL_WARN },
        { "err", PS_LEVEL_ERROR },        { "E", PS_LEVEL_ERROR },
        { "Severe", PS_LEVEL_ERROR },     { "crit", PS_LEVEL_FATAL },
        { "CRITICAL", PS_LEVEL_FATAL },   { "panic", PS_LEVEL_FATAL },
        { "trace", PS_LEVEL_TRACE },      { "informational", PS_LEVEL_INFO },
        { "debug", PS_LEVEL_DEBUG },      { "", PS_LEVEL_NONE },
        { "7", PS_LEVEL_NONE },           { "infos", PS_LEVEL_NONE },
        { "inf\x0f", PS_LEVEL_NONE },     { "informational and more", PS_LEVEL_NONE },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK_EQ(ps_record_level_parse(ps_span_of(CASES[i].text)), CASES[i].level);
    for (int level = PS_LEVEL_TRACE; level <= PS_LEVEL_FATAL; level++)
        CHECK_EQ(ps_record_level_parse(ps_record_level_name((enum ps_level)level)), level);
    CHECK_EQ(ps_record_level_from_number(30), PS_LEVEL_INFO);
    CHECK_EQ(ps_record_level_from_number(60), PS_LEVEL_FATAL);
    CHECK_EQ(ps_record_level_from_number(31), PS_LEVEL_NONE);
}

static void formats_have_names(void)
{
    for (int format = 0; format < PS_FORMAT_COUNT; format++)
        CHECK(ps_record_format_name((enum ps_format)format).len > 0);
}

static void the_last_value_of_a_name_wins(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_record record = { 0 };
    CHECK_OK(ps_record_add_text(&record, &arena, PS_SPAN("a"), PS_SPAN("1")));
    CHECK_OK(ps_record_add_text(&record, &arena, PS_SPAN("b"), PS_SPAN("2")));
    CHECK_OK(ps_record_add_text(&record, &arena, PS_SPAN("a"), PS_SPAN("3")));
    CHECK_EQ(record.field_count, 2);
    CHECK_TEXT(ps_record_field(&record, PS_SPAN("a"))->value, "3");
    CHECK(ps_record_field(&record, PS_SPAN("c")) == NULL);
    ps_arena_fini(&arena);
}

static void fields_have_a_ceiling_and_stay_findable(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_record record = { 0 };
    static char names[PS_RECORD_FIELDS_MAX + 1][16];
    for (int i = 0; i < PS_RECORD_FIELDS_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "n%d", i);
        CHECK_OK(ps_record_add_text(&record, &arena, ps_span_of(names[i]), ps_span_of(names[i])));
    }
    CHECK_ERR(ps_record_add_text(&record, &arena, PS_SPAN("one more"), PS_SPAN("x")), PS_ERR_TOO_LARGE);
    CHECK_OK(ps_record_add_text(&record, &arena, PS_SPAN("n7"), PS_SPAN("again")));
    CHECK_EQ(record.field_count, PS_RECORD_FIELDS_MAX);
    CHECK_TEXT(ps_record_field(&record, PS_SPAN("n7"))->value, "again");
    CHECK_TEXT(ps_record_field(&record, PS_SPAN("n999"))->value, "n999");
    ps_arena_fini(&arena);
}

static void names_that_are_refused_are_mended(void)
{
    static const struct {
        const char *name;
        const char *wanted;
    } CASES[] = {
        { "", "_" },
        { " ", "_" },
        { ".", "_" },
        { "..", "__" },
        { "a.", "a_" },
        { ".a", "_a" },
        { "a..b", "a__b" },
        { "a. .b", "a_ _b" },
        { "a.b", "a.b" },
        { "plain", "plain" },
        { "quo\"te", "quo\\\"te" },
        { "tab\t", "tab\\t" },
        { "\t", "_" },
        { "a long name with.dots.in.it", "a long name with.dots.in.it" },
        { "a long name with a dot.", "a long name with a dot_" },
    };
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_record record = { 0 };
        CHECK_OK(ps_record_add_text(&record, &arena, ps_span_of(CASES[i].name), PS_SPAN("v")));
        CHECK_SPAN(record.fields[0].name, ps_span_of(CASES[i].wanted));
    }
    static char name[600];
    memset(name, 'n', sizeof name);
    struct ps_record record = { 0 };
    CHECK_OK(ps_record_add_text(&record, &arena, ps_span_make(name, sizeof name), PS_SPAN("v")));
    CHECK_EQ(record.fields[0].name.len, PS_RECORD_NAME_BYTES_MAX);
    ps_arena_fini(&arena);
}

static void long_values_are_cut_and_counted(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    static char text[PS_RECORD_VALUE_BYTES_MAX + 1];
    memset(text, 'v', sizeof text);
    struct ps_record record = { 0 };
    struct ps_span whole = ps_span_make(text, sizeof text);
    CHECK_OK(ps_record_add_text(&record, &arena, PS_SPAN("at"), ps_span_first(whole, PS_RECORD_VALUE_BYTES_MAX)));
    CHECK_EQ(record.cut_values, 0);
    CHECK_OK(ps_record_add_text(&record, &arena, PS_SPAN("over"), whole));
    CHECK_OK(ps_record_add(&record, &arena, (struct ps_field){ PS_SPAN("o2"), whole, PS_FIELD_STRING, false }));
    text[0] = '['; /* containers are json_value's to bound */
    CHECK_OK(ps_record_add(&record, &arena, (struct ps_field){ PS_SPAN("json"), whole, PS_FIELD_JSON, false }));
    CHECK_EQ(record.cut_values, 2);
    CHECK(record.fields[1].value.len <= PS_RECORD_VALUE_BYTES_MAX);
    CHECK(record.fields[2].value.len <= PS_RECORD_VALUE_BYTES_MAX);
    CHECK_EQ(record.fields[3].value.len, sizeof text);
    ps_arena_fini(&arena);
}

static void a_cut_never_leaves_half_a_secret(void)
{
    struct ps_arena arena = check_arena(8 << 20);
    static char text[PS_RECORD_VALUE_BYTES_MAX + 200];
    for (size_t at = PS_RECORD_VALUE_BYTES_MAX - 100; at < PS_RECORD_VALUE_BYTES_MAX; at++) {
        memset(text, '#', sizeof text);
        memcpy(text + at, "4111 1111 1111 1111", 19);
        struct ps_record record = { 0 };
        struct ps_span whole = ps_span_make(text, sizeof text);
        CHECK_OK(ps_record_add_text(&record, &arena, PS_SPAN("text"), whole));
        CHECK_OK(ps_record_add(&record, &arena, (struct ps_field){ PS_SPAN("string"), whole, PS_FIELD_STRING, false }));
        for (size_t i = 0; i < 2; i++) {
            struct ps_span value = record.fields[i].value;
            bool none = ps_span_find(value, PS_SPAN("411")) == PS_SPAN_NONE;
            CHECK(none || ps_span_find(value, PS_SPAN("4111 1111 1111 1111#")) != PS_SPAN_NONE);
        }
        ps_arena_reset(&arena, 4 << 20);
    }
    ps_arena_fini(&arena);
}

static void a_number_of_too_many_digits_is_kept_as_a_string(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    static char digits[PS_RECORD_NUMBER_BYTES_MAX + 1];
    memset(digits, '7', sizeof digits);
    struct ps_span whole = ps_span_make(digits, sizeof digits);
    struct ps_record record = { 0 };
    CHECK_OK(ps_record_add(
        &record, &arena,
        (struct ps_field){ PS_SPAN("at"), ps_span_first(whole, PS_RECORD_NUMBER_BYTES_MAX), PS_FIELD_JSON, false }));
    CHECK_OK(ps_record_add(&record, &arena, (struct ps_field){ PS_SPAN("over"), whole, PS_FIELD_JSON, false }));
    CHECK_EQ(record.fields[0].kind, PS_FIELD_JSON);
    CHECK_EQ(record.fields[1].kind, PS_FIELD_STRING);
    CHECK_SPAN(record.fields[1].value, whole);
    ps_arena_fini(&arena);
}

static void columns_are_numbers_texts_or_absent(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_record record = { 0 };
    CHECK_OK(ps_record_add_column(&record, &arena, PS_SPAN("n"), PS_SPAN("1.5")));
    CHECK_OK(ps_record_add_column(&record, &arena, PS_SPAN("t"), PS_SPAN("007")));
    CHECK_OK(ps_record_add_column(&record, &arena, PS_SPAN("dash"), PS_SPAN("-")));
    CHECK_OK(ps_record_add_column(&record, &arena, PS_SPAN("none"), PS_SPAN("")));
    CHECK_EQ(record.field_count, 2);
    CHECK_EQ(record.fields[0].kind, PS_FIELD_JSON);
    CHECK_EQ(record.fields[1].kind, PS_FIELD_TEXT);
    ps_arena_fini(&arena);
}

static void times_are_believed_within_bounds(void)
{
    const int64_t hour = INT64_C(3600000);
    const int64_t event = INT64_C(1795255200000);
    const int64_t day = 24 * hour;
    const struct {
        int64_t ahead;
        bool accepted;
    } CASES[] = {
        { 0, true }, { 2 * hour, true }, { 2 * hour + 1, false }, { -14 * day, true }, { -14 * day - 1, false },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_record record = { .event_time_ms = event, .time_ms = 7 };
        int64_t ms = event + CASES[i].ahead;
        CHECK_EQ(ps_record_accept_time(&record, ms), CASES[i].accepted);
        CHECK_EQ(record.time_ms, CASES[i].accepted ? ms : 7);
    }
    struct ps_record record = { .event_time_ms = -5 };
    CHECK(!ps_record_accept_time(&record, INT64_MAX));
    CHECK(!ps_record_accept_time(&record, INT64_MIN));
}

static enum ps_err add_many(struct ps_arena *arena)
{
    static char names[80][16];
    struct ps_record record = { 0 };
    for (int i = 0; i < 80; i++) {
        (void)snprintf(names[i], sizeof names[i], "\"n%d.", i);
        PS_TRY(ps_record_add_text(&record, arena, ps_span_of(names[i]), PS_SPAN("v")));
    }
    return ps_record_own_fields(&record, arena);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    PS_EACH_FAILURE(&arena, add_many(&arena));
    ps_arena_fini(&arena);
}

/* Rows of a stream keep what documents of a search engine may not hold. */
static void a_field_can_be_added_whole_and_taken_out(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    static char text[PS_RECORD_VALUE_BYTES_MAX + 1];
    memset(text, 'x', sizeof text);
    struct ps_record record = { 0 };
    const struct ps_span names[] = { PS_SPAN("a"), PS_SPAN(""), PS_SPAN("c..d") };
    for (size_t i = 0; i < 3; i++) {
        struct ps_field field = { .name = names[i], .value = ps_span_make(text, sizeof text), .kind = PS_FIELD_STRING };
        CHECK_OK(ps_record_add_whole(&record, &arena, field));
    }
    CHECK_EQ(record.cut_values, 0);
    ps_record_remove_field(&record, ps_record_field(&record, PS_SPAN("")));
    CHECK_EQ(record.field_count, 2);
    CHECK(ps_record_field(&record, PS_SPAN("")) == NULL);
    CHECK_SPAN(record.fields[0].name, names[0]);
    CHECK_SPAN(record.fields[1].name, names[2]);
    CHECK_EQ(record.fields[1].value.len, sizeof text);
    ps_record_remove_field(&record, &record.fields[1]);
    ps_record_remove_field(&record, &record.fields[0]);
    CHECK_EQ(record.field_count, 0);
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(levels_have_many_spellings);
    RUN(formats_have_names);
    RUN(the_last_value_of_a_name_wins);
    RUN(fields_have_a_ceiling_and_stay_findable);
    RUN(names_that_are_refused_are_mended);
    RUN(long_values_are_cut_and_counted);
    RUN(a_cut_never_leaves_half_a_secret);
    RUN(a_number_of_too_many_digits_is_kept_as_a_string);
    RUN(columns_are_numbers_texts_or_absent);
    RUN(times_are_believed_within_bounds);
    RUN(a_field_can_be_added_whole_and_taken_out);
    RUN(full_memory_is_an_error);
    return check_finish();
}
