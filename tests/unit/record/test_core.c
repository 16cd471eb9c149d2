#include "record/core.h"

#include "support/check.h"

static void every_name_is_found_in_any_case(void)
{
    size_t count = 0;
    const struct ps_core_name *names = ps_core_names(&count);
    CHECK(count > 100);
    for (size_t i = 0; i < count; i++) {
        /* A failure here says that a name was added without running build/<mode>/tests/tools/core_slots. */
        if (!CHECK(ps_core_find(names[i].name) == &names[i])) (void)CHECK_SPAN(names[i].name, PS_SPAN(""));
        char upper[64];
        CHECK_OR_RETURN(names[i].name.len < sizeof upper);
        for (size_t at = 0; at < names[i].name.len; at++) {
            char c = names[i].name.data[at];
            CHECK(c < 'A' || c > 'Z');
            upper[at] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
        }
        CHECK(ps_core_find(ps_span_make(upper, names[i].name.len)) == &names[i]);
    }
}

static void other_names_are_not(void)
{
    static const char *const OTHERS[] = { "",
                                          "l",
                                          "leve",
                                          "levels",
                                          "xlevel",
                                          "user",
                                          "exception_stacktrace",
                                          "http.response.status_codX",
                                          "http.Xesponse.status_code",
                                          "@",
                                          "id" };
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
        CHECK(ps_core_find(ps_span_of(OTHERS[i])) == NULL);
}

static void a_long_text_is_no_core_member(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    static char text[PS_CORE_TEXT_BYTES_MAX + 1];
    memset(text, 'a', sizeof text);
    struct ps_record record = { 0 };
    struct ps_field value = { .value = { text, sizeof text }, .kind = PS_FIELD_TEXT };
    bool taken = true;
    CHECK_OK(ps_core_set(&record, &arena, PS_CORE_SERVICE, &value, &taken));
    CHECK(!taken);
    value.value.len--;
    CHECK_OK(ps_core_set(&record, &arena, PS_CORE_SERVICE, &value, &taken));
    CHECK(taken);
    CHECK_EQ(record.service.len, PS_CORE_TEXT_BYTES_MAX);
    ps_arena_fini(&arena);
}

static void a_long_error_message_is_cut_and_counted(void)
{
    struct ps_arena arena = check_arena(1 << 18);
    static char text[PS_RECORD_VALUE_BYTES_MAX + 1];
    memset(text, 'a', sizeof text);
    struct ps_record record = { 0 };
    struct ps_field value = { .value = { text, sizeof text }, .kind = PS_FIELD_TEXT };
    bool taken = false;
    CHECK_OK(ps_core_set(&record, &arena, PS_CORE_ERROR_MESSAGE, &value, &taken));
    CHECK(taken);
    CHECK_EQ(record.cut_values, 1);
    CHECK(record.error_message.len <= PS_RECORD_VALUE_BYTES_MAX);
    ps_arena_fini(&arena);
}

static void more_weak_names_than_places_stay_fields(void)
{
    struct ps_arena arena = check_arena(1 << 18);
    struct ps_record record = { 0 };
    struct ps_core_line line;
    size_t count = 0;
    size_t weak = 0;
    const struct ps_core_name *names = ps_core_names(&count);
    ps_core_begin(&line, &record, &arena);
    for (size_t i = 0; i < count; i++) {
        if (!names[i].weak) continue;
        CHECK_OK(ps_core_put(&line, names[i].name, PS_SPAN("7"), PS_FIELD_STRING, true));
        weak++;
    }
    CHECK(weak > PS_CORE_WEAK_MAX);
    CHECK_OK(ps_core_settle(&line));
    CHECK_TEXT(record.message, "7");
    CHECK_TEXT(record.duration_ms, "7");
    CHECK_EQ(record.field_count + 2, weak);
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(every_name_is_found_in_any_case);
    RUN(other_names_are_not);
    RUN(a_long_text_is_no_core_member);
    RUN(a_long_error_message_is_cut_and_counted);
    RUN(more_weak_names_than_places_stay_fields);
    return check_finish();
}
