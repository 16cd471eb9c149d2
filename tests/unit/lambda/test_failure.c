#include "lambda/failure.h"

#include <jansson.h>

#include "support/check.h"

/* Made from a note of BAD_INPUT with this text. */
static void make(struct ps_failure *failure, const char *text)
{
    CHECK_ERR(ps_err_raise(PS_ERR_BAD_INPUT, "runtime/x.c", 7, "%s", text), PS_ERR_BAD_INPUT);
    ps_failure_make(failure, NULL, ps_span_make(NULL, 0));
}

/* One line of printable ASCII, and JSON to a parser that is not ours. */
static json_t *parse_line(struct ps_span json)
{
    for (size_t i = 0; i < json.len; i++)
        CHECK(json.data[i] >= ' ' && json.data[i] < 0x7f);
    json_t *root = json_loadb(json.data, json.len, 0, NULL);
    CHECK(root != NULL);
    return root;
}

static void the_type_is_made_from_the_error(void)
{
    struct ps_failure failure;
    make(&failure, "x");
    CHECK_TEXT(failure.type, "Function.BadInput");
    CHECK_ERR(ps_err_raise(PS_ERR_NO_MEMORY, "f", 1, "x"), PS_ERR_NO_MEMORY);
    ps_failure_make(&failure, "Runtime.EventTooLarge", ps_span_make(NULL, 0));
    CHECK_TEXT(failure.type, "Runtime.EventTooLarge");
}

/* Lambda records a type as it is only when a capital follows the dot. */
static void every_error_has_a_type_that_lambda_records(void)
{
#define X(name, class, meaning) PS_ERR_##name,
    static const enum ps_err ERRORS[] = { PS_ERR_MAP(X) };
#undef X
    for (size_t i = 0; i < sizeof ERRORS / sizeof ERRORS[0]; i++) {
        struct ps_failure failure;
        CHECK_ERR(ps_err_raise(ERRORS[i], "f", 1, "x"), ERRORS[i]);
        ps_failure_make(&failure, NULL, ps_span_make(NULL, 0));
        CHECK(ps_span_starts(failure.type, PS_SPAN("Function.")) && failure.type.len > 10);
        CHECK(failure.type.data[9] >= 'A' && failure.type.data[9] <= 'Z');
        for (size_t c = 10; c < failure.type.len; c++)
            CHECK((failure.type.data[c] | 0x20) >= 'a' && (failure.type.data[c] | 0x20) <= 'z');
    }
}

static void the_document_has_message_type_and_place(void)
{
    struct ps_failure failure;
    make(&failure, "event is \"wrong\"");
    CHECK_TEXT(failure.json, "{\"errorMessage\":\"event is \\\"wrong\\\"\",\"errorType\":\"Function.BadInput\","
                             "\"stackTrace\":[\"runtime/x.c:7\"]}");
}

static void the_cause_is_what_xray_reads(void)
{
    struct ps_failure failure;
    make(&failure, "event is wrong");
    json_t *root = parse_line(failure.cause);
    const char *folder = NULL, *type = NULL, *message = NULL, *path = NULL, *label = NULL, *first = NULL;
    int line = 0;
    CHECK(json_unpack(root, "{s:s, s:[{s:s, s:s, s:[{s:s, s:i, s:s}]}], s:[s]}", "working_directory", &folder,
                      "exceptions", "type", &type, "message", &message, "stack", "path", &path, "line", &line, "label",
                      &label, "paths", &first) == 0);
    CHECK(folder != NULL && folder[0] == '/');
    CHECK_TEXT(ps_span_of(type), "Function.BadInput");
    CHECK_TEXT(ps_span_of(message), "event is wrong");
    CHECK_TEXT(ps_span_of(path), "runtime/x.c");
    CHECK_EQ(line, 7);
    CHECK_TEXT(ps_span_of(label), "BAD_INPUT");
    CHECK_TEXT(ps_span_of(first), "runtime/x.c");
    json_decref(root);
}

/* aws-lambda-cpp makes \uffff of every byte that is not ASCII. */
static void letters_of_all_languages_survive(void)
{
    static const char TEXT[] = "Gr\xc3\xb6\xc3\x9f"
                               "e \xe2\x82\xac \xf0\x9f\x92\xa7";
    struct ps_failure failure;
    make(&failure, TEXT);
    json_t *document = parse_line(failure.json), *cause = parse_line(failure.cause);
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(document, "errorMessage"))), TEXT);
    json_t *exception = json_array_get(json_object_get(cause, "exceptions"), 0);
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(exception, "message"))), TEXT);
    json_decref(document);
    json_decref(cause);
}

static void bytes_that_would_break_a_header_are_escaped(void)
{
    struct ps_failure failure;
    CHECK_ERR(ps_err_raise(PS_ERR_BAD_CONFIG, "f", 1, "x"), PS_ERR_BAD_CONFIG);
    static const char TEXT[] = "a\r\nb\x7f\xff\xc3";
    ps_failure_make(&failure, NULL, ps_span_of(TEXT));
    json_t *document = parse_line(failure.json), *cause = parse_line(failure.cause);
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(document, "errorMessage"))),
               "a\r\nb\x7f\xef\xbf\xbd\xef\xbf\xbd");
    json_decref(document);
    json_decref(cause);
}

static void the_longest_text_is_cut_between_characters(void)
{
    struct ps_failure failure;
    char text[8192];
    memset(text, 1, sizeof text);
    CHECK_ERR(ps_err_raise(PS_ERR_BAD_CONFIG, "f", 1, "x"), PS_ERR_BAD_CONFIG);
    ps_failure_make(&failure, NULL, ps_span_make(text, sizeof text));
    json_decref(parse_line(failure.json));
    json_decref(parse_line(failure.cause));
    for (size_t i = 0; i + 2 <= sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[0] = 'x'; /* so that the limit falls into a character */
    text[1] = 'x';
    memmove(text + 1, text + 2, sizeof text - 2);
    ps_failure_make(&failure, NULL, ps_span_make(text, sizeof text - 1));
    json_t *document = parse_line(failure.json);
    CHECK_EQ(json_string_length(json_object_get(document, "errorMessage")), 4095);
    json_decref(document);
}

int main(void)
{
    RUN(the_type_is_made_from_the_error);
    RUN(every_error_has_a_type_that_lambda_records);
    RUN(the_document_has_message_type_and_place);
    RUN(the_cause_is_what_xray_reads);
    RUN(letters_of_all_languages_survive);
    RUN(bytes_that_would_break_a_header_are_escaped);
    RUN(the_longest_text_is_cut_between_characters);
    return check_finish();
}
