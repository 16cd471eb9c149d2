#include "base/json_read.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

/* The cases below follow the rules of the public parsing corpora: y_ must be accepted, n_ rejected, and where RFC 8259
 * leaves a choice (i_) they say what this reader does. */
static const struct ps_span ACCEPTED[] = {
    PS_SPAN_INIT("{}"),
    PS_SPAN_INIT("[]"),
    PS_SPAN_INIT("0"),
    PS_SPAN_INIT("-0"),
    PS_SPAN_INIT("true"),
    PS_SPAN_INIT("false"),
    PS_SPAN_INIT("null"),
    PS_SPAN_INIT("\"\""),
    PS_SPAN_INIT("\"x\""),
    PS_SPAN_INIT(" \t\r\n[ \t\r\n] \t\r\n"),
    PS_SPAN_INIT("[[]   ]"),
    PS_SPAN_INIT("[\"\"]"),
    PS_SPAN_INIT("[false]"),
    PS_SPAN_INIT("[null, 1, \"1\", {}]"),
    PS_SPAN_INIT("[1\n]"),
    PS_SPAN_INIT(" [1]"),
    PS_SPAN_INIT("[2] "),
    PS_SPAN_INIT("[1,null,null,null,2]"),
    PS_SPAN_INIT("[123e65]"),
    PS_SPAN_INIT("[0e+1]"),
    PS_SPAN_INIT("[0e1]"),
    PS_SPAN_INIT("[ 4]"),
    PS_SPAN_INIT("[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]"),
    PS_SPAN_INIT("[20e1]"),
    PS_SPAN_INIT("[-123]"),
    PS_SPAN_INIT("[-1]"),
    PS_SPAN_INIT("[1E22]"),
    PS_SPAN_INIT("[1E-2]"),
    PS_SPAN_INIT("[1E+2]"),
    PS_SPAN_INIT("[123.456e78]"),
    PS_SPAN_INIT("[0.5]"),
    PS_SPAN_INIT("[123456789012345678901234567890]"),
    PS_SPAN_INIT("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"),
    PS_SPAN_INIT("{\"a\":\"b\",\"a\":\"c\"}"),
    PS_SPAN_INIT("{\"\":0}"),
    PS_SPAN_INIT("{\"foo\\u0000bar\": 42}"),
    PS_SPAN_INIT("{\"a\":[]}"),
    PS_SPAN_INIT("{\n\"a\": \"b\"\n}"),
    PS_SPAN_INIT("[\"\\u0060\\u012a\\u12AB\"]"),
    PS_SPAN_INIT("[\"\\uD801\\udc37\"]"),
    PS_SPAN_INIT("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    PS_SPAN_INIT("[\"\\\\u0000\"]"),
    PS_SPAN_INIT("[\"\\\"\"]"),
    PS_SPAN_INIT("[\"a/*b*/c/*d//e\"]"),
    PS_SPAN_INIT("[\"\\\\a\"]"),
    PS_SPAN_INIT("[\"\\\\n\"]"),
    PS_SPAN_INIT("[ \"asd\"]"),
    PS_SPAN_INIT("[\"\x7f\"]"),
    PS_SPAN_INIT("[\"\xe2\x82\xac\xf0\x9d\x84\x9e\"]"),
    /* i_: lone surrogates are replaced when unescaped, bytes over 7f are repaired elsewhere */
    PS_SPAN_INIT("[\"\\uDADA\"]"),
    PS_SPAN_INIT("[\"\\uD888\\u1234\"]"),
    PS_SPAN_INIT("[\"\\uDd1e\\uD834\"]"),
    PS_SPAN_INIT("[\"\xff\"]"),
    PS_SPAN_INIT("[\"\xc0\xaf\"]"),
    PS_SPAN_INIT("[1e9999]"),
    PS_SPAN_INIT("[-1e-9999]"),
};

static const struct ps_span REJECTED[] = {
    PS_SPAN_INIT(""),
    PS_SPAN_INIT(" "),
    PS_SPAN_INIT("["),
    PS_SPAN_INIT("]"),
    PS_SPAN_INIT("{"),
    PS_SPAN_INIT("}"),
    PS_SPAN_INIT("[1 true]"),
    PS_SPAN_INIT("[a\xe5]"),
    PS_SPAN_INIT("[\"\": 1]"),
    PS_SPAN_INIT("[\"\"],"),
    PS_SPAN_INIT("[,1]"),
    PS_SPAN_INIT("[1,,2]"),
    PS_SPAN_INIT("[\"x\",,]"),
    PS_SPAN_INIT("[\"x\"]]"),
    PS_SPAN_INIT("[\"\",]"),
    PS_SPAN_INIT("[\"x\""),
    PS_SPAN_INIT("[x"),
    PS_SPAN_INIT("[3[4]]"),
    PS_SPAN_INIT("[1:2]"),
    PS_SPAN_INIT("[,]"),
    PS_SPAN_INIT("[-]"),
    PS_SPAN_INIT("[   , \"\"]"),
    PS_SPAN_INIT("[1,"),
    PS_SPAN_INIT("[1}"),
    PS_SPAN_INIT("{\"a\":1]"),
    PS_SPAN_INIT("[*]"),
    PS_SPAN_INIT("[{}"),
    PS_SPAN_INIT("[fals]"),
    PS_SPAN_INIT("[nul]"),
    PS_SPAN_INIT("[tru]"),
    PS_SPAN_INIT("[True]"),
    PS_SPAN_INIT("[truetrue]"),
    PS_SPAN_INIT("truex"),
    PS_SPAN_INIT("[++1234]"),
    PS_SPAN_INIT("[+1]"),
    PS_SPAN_INIT("[+Inf]"),
    PS_SPAN_INIT("[-01]"),
    PS_SPAN_INIT("[-1.0.]"),
    PS_SPAN_INIT("[-2.]"),
    PS_SPAN_INIT("[-NaN]"),
    PS_SPAN_INIT("[.-1]"),
    PS_SPAN_INIT("[.2e-3]"),
    PS_SPAN_INIT("[0.1.2]"),
    PS_SPAN_INIT("[0.3e+]"),
    PS_SPAN_INIT("[0.3e]"),
    PS_SPAN_INIT("[0.e1]"),
    PS_SPAN_INIT("[0E]"),
    PS_SPAN_INIT("[0E+]"),
    PS_SPAN_INIT("[1.0e-]"),
    PS_SPAN_INIT("[1eE2]"),
    PS_SPAN_INIT("[2.e+3]"),
    PS_SPAN_INIT("[2.e3]"),
    PS_SPAN_INIT("[1 000.0]"),
    PS_SPAN_INIT("[9.e+]"),
    PS_SPAN_INIT("[Inf]"),
    PS_SPAN_INIT("[NaN]"),
    PS_SPAN_INIT("[0x1]"),
    PS_SPAN_INIT("[0x42]"),
    PS_SPAN_INIT("[1+2]"),
    PS_SPAN_INIT("[- 1]"),
    PS_SPAN_INIT("[-012]"),
    PS_SPAN_INIT("[-.123]"),
    PS_SPAN_INIT("[-1x]"),
    PS_SPAN_INIT("[1ea]"),
    PS_SPAN_INIT("[1.]"),
    PS_SPAN_INIT("[.123]"),
    PS_SPAN_INIT("[1.2a-3]"),
    PS_SPAN_INIT("[1.8011670033376514H-308]"),
    PS_SPAN_INIT("[012]"),
    PS_SPAN_INIT("[00]"),
    PS_SPAN_INIT("[\"x\", truth]"),
    PS_SPAN_INIT("{[: \"x\"}"),
    PS_SPAN_INIT("{\"x\", null}"),
    PS_SPAN_INIT("{\"x\"::\"b\"}"),
    PS_SPAN_INIT("{\"a\":\"a\" 123}"),
    PS_SPAN_INIT("{key: 'value'}"),
    PS_SPAN_INIT("{\"a\" b}"),
    PS_SPAN_INIT("{:\"b\"}"),
    PS_SPAN_INIT("{\"a\":"),
    PS_SPAN_INIT("{\"a\""),
    PS_SPAN_INIT("{1:1}"),
    PS_SPAN_INIT("{null:null}"),
    PS_SPAN_INIT("{\"id\":0,}"),
    PS_SPAN_INIT("{\"id\":0,,}"),
    PS_SPAN_INIT("{,\"id\":0}"),
    PS_SPAN_INIT("{'a':0}"),
    PS_SPAN_INIT("{\"a\":/*comment*/\"b\"}"),
    PS_SPAN_INIT("{\"a\":\"b\"}#"),
    PS_SPAN_INIT("{\"a\":\"b\"}/**/"),
    PS_SPAN_INIT("{\"a\":\"b\"}//"),
    PS_SPAN_INIT("{\"a\":\"b\",\"c\"}"),
    PS_SPAN_INIT("{\"a\":\"b\"}{\"c\":1}"),
    PS_SPAN_INIT("[\"\\uD800\\\"]"),
    PS_SPAN_INIT("[\"\\uD800\\u\"]"),
    PS_SPAN_INIT("[\"\\uD800\\u1\"]"),
    PS_SPAN_INIT("[\"\\uD800\\u1x\"]"),
    PS_SPAN_INIT("[\\u0020\"asd\"]"),
    PS_SPAN_INIT("[\"\\x00\"]"),
    PS_SPAN_INIT("[\"\\\\\\\"]"),
    PS_SPAN_INIT("[\"\\\t\"]"),
    PS_SPAN_INIT("[\"\\\xf0\x9f\x8c\x80\"]"),
    PS_SPAN_INIT("[\"\\\"]"),
    PS_SPAN_INIT("[\"\\u00A\"]"),
    PS_SPAN_INIT("[\"\\u00G0\"]"),
    PS_SPAN_INIT("[\"\\U0041\"]"),
    PS_SPAN_INIT("[\"\\a\"]"),
    PS_SPAN_INIT("[\"\\0\"]"),
    PS_SPAN_INIT("[\"\\'\"]"),
    PS_SPAN_INIT("['single quote']"),
    PS_SPAN_INIT("[\"a\0a\"]"),
    PS_SPAN_INIT("[\"new\nline\"]"),
    PS_SPAN_INIT("[\"\t\"]"),
    PS_SPAN_INIT("[\"\x1f\"]"),
    PS_SPAN_INIT("\""),
    PS_SPAN_INIT("\"\\"),
    PS_SPAN_INIT("\"\\u"),
    PS_SPAN_INIT("\"\\u12"),
    PS_SPAN_INIT("\"x\" x"),
    PS_SPAN_INIT("abc"),
    PS_SPAN_INIT("<null>"),
    PS_SPAN_INIT("[<null>]"),
    PS_SPAN_INIT("\xef\xbb\xbf{}"), /* a byte order mark */
    PS_SPAN_INIT("[\f]"),
    PS_SPAN_INIT("[\v]"),
    PS_SPAN_INIT("[\xc2\xa0]"),
    PS_SPAN_INIT("[\xe2\x81\xa0]"),
    PS_SPAN_INIT("[1]\0"),
    PS_SPAN_INIT("\0"),
    PS_SPAN_INIT("123\0"),
};

static const size_t ACCEPTED_COUNT = sizeof ACCEPTED / sizeof ACCEPTED[0];
static const size_t REJECTED_COUNT = sizeof REJECTED / sizeof REJECTED[0];

/* Reads text token by token to its end. */
static enum ps_err walk(struct ps_span text)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, text);
    struct ps_json_token token = { 0 };
    do
        PS_TRY(ps_json_read_next(&reader, &token));
    while (token.kind != PS_JSON_END);
    return PS_OK;
}

/* Both ways of reading, on a copy that ends where its block ends, with blanks before and after so that the text lies
 * everywhere in and across the blocks of the scan. */
static void check_everywhere(struct ps_span text, enum ps_err wanted)
{
    static const size_t AFTER[] = { 0, 1, 15, 64, 200 };
    char padded[1024];
    for (size_t before = 0; before < 66; before++) {
        for (size_t i = 0; i < sizeof AFTER / sizeof AFTER[0]; i++) {
            size_t len = before + text.len + AFTER[i];
            CHECK_OR_RETURN(len <= sizeof padded);
            memset(padded, ' ', len);
            memcpy(padded + before, text.data, text.len);
            struct ps_span copy = exact_copy(ps_span_make(padded, len));
            bool same = CHECK_ERR(ps_json_read_check(copy), wanted) && CHECK_ERR(walk(copy), wanted);
            exact_free(copy);
            if (!same) printf("#   text: %.*s\n", PS_SPAN_ARG(text));
            if (!same) return;
        }
    }
}

static void every_valid_document_is_accepted(void)
{
    for (size_t i = 0; i < ACCEPTED_COUNT; i++)
        check_everywhere(ACCEPTED[i], PS_OK);
}

static void every_invalid_document_is_rejected(void)
{
    for (size_t i = 0; i < REJECTED_COUNT; i++)
        check_everywhere(REJECTED[i], PS_ERR_BAD_INPUT);
}

static const char SAMPLE[] =
    "{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"123456789012\",\"logEvents\":[{\"id\":"
    "\"3195310660696698337880902507980421"
    "114328961542429800\",\"timestamp\":1432826855000,\"message\":\"{\\\"level\\\":\\\"INFO\\\",\\\"text\\\":"
    "\\\"caf\\u00e9 "
    "\\ud83d\\ude00 \\\\\\\\ \\\\n and a longer run of plain text so that a whole block has no escapes in it\\\"}\"},"
    "{\"x\":[true,false,null,-1.5e+3,0,\"\"]}]}";

static void every_prefix_of_a_document_is_rejected(void)
{
    struct ps_span sample = ps_span_of(SAMPLE);
    CHECK_OK(ps_json_read_check(sample));
    for (size_t len = 0; len < sample.len; len++) {
        struct ps_span copy = exact_copy(ps_span_first(sample, len));
        CHECK_ERR(ps_json_read_check(copy), PS_ERR_BAD_INPUT);
        CHECK_ERR(walk(copy), PS_ERR_BAD_INPUT);
        exact_free(copy);
    }
}

static void tokens_come_in_order_as_written(void)
{
    static const struct {
        enum ps_json_kind kind;
        bool escaped;
        const char *text;
    } WANTED[] = {
        { PS_JSON_OBJECT_BEGIN, false, "{" }, { PS_JSON_KEY, false, "a" },        { PS_JSON_ARRAY_BEGIN, false, "[" },
        { PS_JSON_NUMBER, false, "-1.50" },   { PS_JSON_TRUE, false, "true" },    { PS_JSON_FALSE, false, "false" },
        { PS_JSON_NULL, false, "null" },      { PS_JSON_STRING, true, "x\\ny" },  { PS_JSON_STRING, false, "" },
        { PS_JSON_ARRAY_END, false, "]" },    { PS_JSON_KEY, true, "\\u0062" },   { PS_JSON_OBJECT_BEGIN, false, "{" },
        { PS_JSON_OBJECT_END, false, "}" },   { PS_JSON_OBJECT_END, false, "}" }, { PS_JSON_END, false, "" },
        { PS_JSON_END, false, "" },
    };
    struct ps_json_reader reader;
    ps_json_read_init(&reader, PS_SPAN(" { \"a\" : [ -1.50 , true,false,null,\"x\\ny\",\"\" ] , \"\\u0062\" : { } } "));
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++) {
        struct ps_json_token token = { 0 };
        CHECK_OK(ps_json_read_next(&reader, &token));
        CHECK_EQ(token.kind, WANTED[i].kind);
        CHECK_TEXT(token.text, WANTED[i].text);
        CHECK_EQ(token.escaped, WANTED[i].escaped);
    }
}

static void a_string_says_whether_it_has_escapes_wherever_they_are(void)
{
    for (size_t len = 2; len < 200; len++) {
        for (size_t at = 0; at + 2 <= len; at += len < 70 ? 1 : 7) {
            char text[256] = "\"";
            memset(text + 1, 'a', len);
            memcpy(text + 1 + at, "\\n", 2);
            memcpy(text + 1 + len, "\" ", 2);
            struct ps_span copy = exact_copy(ps_span_make(text, len + 2));
            struct ps_json_reader reader;
            ps_json_read_init(&reader, copy);
            struct ps_json_token token = { 0 };
            CHECK_OK(ps_json_read_next(&reader, &token));
            CHECK(token.escaped);
            CHECK_EQ(token.text.len, len);
            exact_free(copy);
        }
    }
}

static void quotes_after_any_number_of_backslashes_are_understood(void)
{
    for (size_t before = 0; before < 130; before++) {
        for (size_t backslashes = 0; backslashes < 70; backslashes++) {
            char text[256] = "\"";
            memset(text + 1, 'a', before);
            memset(text + 1 + before, '\\', backslashes);
            text[1 + before + backslashes] = '"';
            struct ps_span copy = exact_copy(ps_span_make(text, before + backslashes + 2));
            CHECK_ERR(ps_json_read_check(copy), backslashes % 2 == 0 ? PS_OK : PS_ERR_BAD_INPUT);
            exact_free(copy);
        }
    }
}

static void nesting_stops_at_the_limit_however_deep_the_input(void)
{
    static char text[200000];
    memset(text, '[', sizeof text);
    CHECK_ERR(ps_json_read_check(ps_span_make(text, sizeof text)), PS_ERR_TOO_DEEP);
    CHECK_ERR(walk(ps_span_make(text, sizeof text)), PS_ERR_TOO_DEEP);
    enum { MAX = PS_JSON_READ_DEPTH_MAX };
    memset(text + MAX, ']', MAX);
    CHECK_OK(ps_json_read_check(ps_span_make(text, (size_t)2 * MAX)));
    memset(text, '[', MAX + 1);
    memset(text + MAX + 1, ']', MAX + 1);
    CHECK_ERR(ps_json_read_check(ps_span_make(text, (size_t)2 * (MAX + 1))), PS_ERR_TOO_DEEP);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "JSON: deeper than 64 levels at offset 64");
}

static void objects_and_arrays_keep_their_kind_on_every_level(void)
{
    char text[1024];
    size_t len = 0;
    for (int level = 0; level < PS_JSON_READ_DEPTH_MAX - 1; level++) {
        memcpy(text + len, level % 3 == 0 ? "[" : "{\"k\":", level % 3 == 0 ? 1 : 5);
        len += level % 3 == 0 ? 1 : 5;
    }
    text[len++] = '7';
    for (int level = PS_JSON_READ_DEPTH_MAX - 2; level >= 0; level--)
        text[len++] = level % 3 == 0 ? ']' : '}';
    CHECK_OK(ps_json_read_check(ps_span_make(text, len)));
    for (size_t i = len - PS_JSON_READ_DEPTH_MAX + 1; i < len; i++) {
        char kept = text[i];
        text[i] = kept == ']' ? '}' : ']';
        CHECK_ERR(ps_json_read_check(ps_span_make(text, len)), PS_ERR_BAD_INPUT);
        text[i] = kept;
    }
}

static void a_failure_names_the_offset_and_no_payload(void)
{
    CHECK_ERR(ps_json_read_check(PS_SPAN("{\"secret\": hunter2}")), PS_ERR_BAD_INPUT);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "JSON: unexpected byte at offset 11");
    CHECK_ERR(ps_json_read_check(PS_SPAN("{\"secret\": \"hunt")), PS_ERR_BAD_INPUT);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "JSON: ends too early, at offset 16");
    CHECK_ERR(ps_json_read_check(PS_SPAN("[\"abc\\x\"]")), PS_ERR_BAD_INPUT);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "JSON: unexpected byte at offset 6");
    CHECK_ERR(ps_json_read_check(PS_SPAN("[01]")), PS_ERR_BAD_INPUT);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "JSON: unexpected byte at offset 2");
}

static void skipping_gives_the_value_as_written_and_goes_on_after_it(void)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, PS_SPAN("{\"a\" : {\"b\":[1, \"]\" ,{}]} , \"c\":\"x\\\"\",\"d\": 12 }"));
    static const char *const RAW[] = { "{\"b\":[1, \"]\" ,{}]}", "\"x\\\"\"", "12" };
    struct ps_json_token token = { 0 };
    CHECK_OK(ps_json_read_next(&reader, &token));
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(ps_json_read_next(&reader, &token));
        CHECK_EQ(token.kind, PS_JSON_KEY);
        struct ps_span raw = { 0 };
        CHECK_OK(ps_json_read_skip(&reader, i == 1 ? NULL : &raw));
        if (i != 1) CHECK_TEXT(raw, RAW[i]);
    }
    CHECK_OK(ps_json_read_next(&reader, &token));
    CHECK_EQ(token.kind, PS_JSON_OBJECT_END);
    CHECK_OK(ps_json_read_next(&reader, &token));
    CHECK_EQ(token.kind, PS_JSON_END);
}

static void elements_of_an_array_are_skipped_one_by_one(void)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, PS_SPAN("[ 1 , [2] ,{\"x\":3}]"));
    static const char *const RAW[] = { "1", "[2]", "{\"x\":3}" };
    struct ps_json_token token = { 0 };
    CHECK_OK(ps_json_read_next(&reader, &token));
    for (size_t i = 0; i < 3; i++) {
        struct ps_span raw = { 0 };
        CHECK_OK(ps_json_read_skip(&reader, &raw));
        CHECK_TEXT(raw, RAW[i]);
    }
    CHECK_OK(ps_json_read_next(&reader, &token));
    CHECK_EQ(token.kind, PS_JSON_ARRAY_END);
}

static void skipping_fails_where_no_value_is_due(void)
{
    static const struct {
        const char *text;
        int tokens_before;
    } CASES[] = { { "{\"a\":1}", 1 }, { "{\"a\":1,\"b\":2}", 3 }, { "[]", 1 }, { "[1]", 2 }, { "1", 1 } };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_json_reader reader;
        ps_json_read_init(&reader, ps_span_of(CASES[i].text));
        struct ps_json_token token = { 0 };
        for (int t = 0; t < CASES[i].tokens_before; t++)
            CHECK_OK(ps_json_read_next(&reader, &token));
        CHECK_ERR(ps_json_read_skip(&reader, NULL), PS_ERR_BAD_INPUT);
    }
}

static void escapes_are_undone(void)
{
    static const struct {
        struct ps_span text, wanted;
    } CASES[] = {
        { PS_SPAN_INIT("\\\"\\\\\\/\\b\\f\\n\\r\\t"), PS_SPAN_INIT("\"\\/\b\f\n\r\t") },
        { PS_SPAN_INIT("a\\nb"), PS_SPAN_INIT("a\nb") },
        { PS_SPAN_INIT("\\u0000"), PS_SPAN_INIT("\0") },
        { PS_SPAN_INIT("\\u0041\\u00e9\\u20AC"), PS_SPAN_INIT("A\xc3\xa9\xe2\x82\xac") },
        { PS_SPAN_INIT("\\u007f\\u0080\\u07ff\\u0800\\uffff"),
          PS_SPAN_INIT("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf") },
        { PS_SPAN_INIT("\\ud83d\\ude00"), PS_SPAN_INIT("\xf0\x9f\x98\x80") },
        { PS_SPAN_INIT("\\ud800\\udc00\\udbff\\udfff"), PS_SPAN_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf") },
        { PS_SPAN_INIT("\\ud83d"), PS_SPAN_INIT("\xef\xbf\xbd") },
        { PS_SPAN_INIT("\\ude00x"), PS_SPAN_INIT("\xef\xbf\xbdx") },
        { PS_SPAN_INIT("\\ud83dx"), PS_SPAN_INIT("\xef\xbf\xbdx") },
        { PS_SPAN_INIT("\\ud83d\\n"), PS_SPAN_INIT("\xef\xbf\xbd\n") },
        { PS_SPAN_INIT("\\ud83d\\u0041"), PS_SPAN_INIT("\xef\xbf\xbd"
                                                       "A") },
        { PS_SPAN_INIT("\\ud83d\\ud83d\\ude00"), PS_SPAN_INIT("\xef\xbf\xbd\xf0\x9f\x98\x80") },
        { PS_SPAN_INIT("\\ude00\\ud83d"), PS_SPAN_INIT("\xef\xbf\xbd\xef\xbf\xbd") },
        { PS_SPAN_INIT("\\ude00\\ude00"), PS_SPAN_INIT("\xef\xbf\xbd\xef\xbf\xbd") },
        { PS_SPAN_INIT("\\\\u0041"), PS_SPAN_INIT("\\u0041") },
        { PS_SPAN_INIT("\\\\\\\\"), PS_SPAN_INIT("\\\\") },
        { PS_SPAN_INIT("\xff\\n\x80"), PS_SPAN_INIT("\xff\n\x80") },
    };
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        for (size_t pad = 0; pad < 140; pad++) {
            char text[512];
            char wanted[512];
            memset(text, 'p', pad);
            memset(wanted, 'p', pad);
            memcpy(text + pad, CASES[i].text.data, CASES[i].text.len);
            memcpy(wanted + pad, CASES[i].wanted.data, CASES[i].wanted.len);
            size_t after = pad % 3 == 0 ? 0 : pad;
            memset(text + pad + CASES[i].text.len, 'q', after);
            memset(wanted + pad + CASES[i].wanted.len, 'q', after);
            struct ps_span copy = exact_copy(ps_span_make(text, pad + CASES[i].text.len + after));
            struct ps_span out = { 0 };
            CHECK_OK(ps_json_read_unescape(&arena, copy, &out));
            CHECK_SPAN(out, ps_span_make(wanted, pad + CASES[i].wanted.len + after));
            exact_free(copy);
            ps_arena_reset(&arena, 4096);
        }
    }
    ps_arena_fini(&arena);
}

static void a_string_without_escapes_is_not_copied(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span text = PS_SPAN("plain text, longer than a few words of eight bytes and than a block of the scan");
    struct ps_span out = { 0 };
    CHECK_OK(ps_json_read_unescape(&arena, text, &out));
    CHECK(out.data == text.data && out.len == text.len);
    CHECK_EQ(ps_arena_used(&arena), 0);
    CHECK_OK(ps_json_read_unescape(&arena, ps_span_make(NULL, 0), &out));
    CHECK_EQ(out.len, 0);
    ps_arena_fini(&arena);
}

static void an_unescaped_copy_takes_no_more_than_it_needs(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span out = { 0 };
    CHECK_OK(ps_json_read_unescape(&arena, PS_SPAN("\\u0041\\u0041\\u0041\\u0041"), &out));
    CHECK_TEXT(out, "AAAA");
    CHECK(ps_arena_resize_newest(&arena, (char *)(uintptr_t)out.data, out.len, out.len));
    ps_arena_fini(&arena);
}

static void escapes_that_do_not_exist_are_rejected(void)
{
    static const char *const CASES[] = { "\\",      "a\\",     "\\x",     "\\u",     "\\u1", "\\u12", "\\u123",
                                         "\\u123g", "\\u-123", "\\u 123", "\\U0041", "\\\n", "\\N",   "ok\\ntext\\q" };
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        for (size_t pad = 0; pad < 80; pad++) {
            char text[128];
            memset(text, 'p', pad);
            size_t len = strlen(CASES[i]);
            memcpy(text + pad, CASES[i], len);
            struct ps_span copy = exact_copy(ps_span_make(text, pad + len));
            struct ps_span out = PS_SPAN("untouched");
            CHECK_ERR(ps_json_read_unescape(&arena, copy, &out), PS_ERR_BAD_INPUT);
            CHECK_TEXT(out, "untouched");
            exact_free(copy);
        }
    }
    struct ps_span out = { 0 };
    CHECK_ERR(ps_json_read_unescape(&arena, PS_SPAN("abc\\x secret"), &out), PS_ERR_BAD_INPUT);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "JSON string: no such escape at offset 3");
    ps_arena_fini(&arena);
}

static void every_prefix_of_an_escaped_string_is_safe(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span text =
        PS_SPAN("{\\\"a\\\":\\\"caf\\u00e9 \\ud83d\\ude00\\n\\\\\\\\\\\"}\\u0000 and some plain text behind it \\t!");
    for (size_t len = 0; len <= text.len; len++) {
        struct ps_span copy = exact_copy(ps_span_first(text, len));
        struct ps_span out = { 0 };
        enum ps_err err = ps_json_read_unescape(&arena, copy, &out);
        CHECK(err == PS_OK || err == PS_ERR_BAD_INPUT);
        exact_free(copy);
        ps_arena_reset(&arena, 4096);
    }
    ps_arena_fini(&arena);
}

static void every_allocation_may_fail(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span out = { 0 };
    PS_EACH_FAILURE(&arena, ps_json_read_unescape(&arena, PS_SPAN("a\\nb"), &out));
    ps_arena_fini(&arena);
}

static void a_member_is_found_at_the_top_level_only(void)
{
    struct ps_span text = PS_SPAN("{\"x\":{\"a\":0},\"a\":{\"b\":1},\"a\":2,\"\\u00e9\\\"\":\"v\\n\",\"n\":null}");
    struct ps_json_token value = { 0 };
    struct ps_span raw = { 0 };
    bool found = false;
    CHECK_OK(ps_json_read_member(text, PS_SPAN("a"), &value, &raw, &found));
    CHECK(found);
    CHECK_EQ(value.kind, PS_JSON_OBJECT_BEGIN);
    CHECK_TEXT(raw, "{\"b\":1}");
    CHECK_OK(ps_json_read_member(text, PS_SPAN("\xc3\xa9\""), &value, &raw, &found));
    CHECK(found && value.escaped);
    CHECK_TEXT(value.text, "v\\n");
    CHECK_TEXT(raw, "\"v\\n\"");
    CHECK_OK(ps_json_read_member(text, PS_SPAN("n"), NULL, NULL, &found));
    CHECK(found);
    CHECK_OK(ps_json_read_member(text, PS_SPAN("b"), &value, &raw, &found));
    CHECK(!found);
    CHECK_OK(ps_json_read_member(text, PS_SPAN("\xc3\xa9"), &value, &raw, &found));
    CHECK(!found);
    CHECK_OK(ps_json_read_member(PS_SPAN("{}"), PS_SPAN("b"), &value, &raw, &found));
    CHECK(!found);
}

static void a_member_of_something_else_or_damaged_is_an_error(void)
{
    bool found = true;
    CHECK_ERR(ps_json_read_member(PS_SPAN("[1]"), PS_SPAN("a"), NULL, NULL, &found), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_json_read_member(PS_SPAN(""), PS_SPAN("a"), NULL, NULL, &found), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_json_read_member(PS_SPAN("{\"b\":1,"), PS_SPAN("a"), NULL, NULL, &found), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_json_read_member(PS_SPAN("{\"b\":1"), PS_SPAN("a"), NULL, NULL, &found), PS_ERR_BAD_INPUT);
}

/* jansson as a second opinion. */

enum { DOCUMENT_BYTES_MAX = 8192, GENERATED_DEPTH_MAX = 6 };

static void put_string(struct ps_buf *buf, struct random *random)
{
    static const char *const PARTS[] = { "\\\"",
                                         "\\\\",
                                         "\\/",
                                         "\\n",
                                         "\\t",
                                         "\\r",
                                         "\\b",
                                         "\\f",
                                         "\\u0041",
                                         "\\u00e9",
                                         "\\ud83d\\ude00",
                                         "\\u0000",
                                         "\xc3\xa9",
                                         "\xe2\x82\xac",
                                         "\xf0\x9f\x98\x80",
                                         "plain words of text that are longer",
                                         "x",
                                         "{",
                                         "}",
                                         "[",
                                         ":",
                                         ",",
                                         " " };
    ps_buf_byte(buf, '"');
    for (uint64_t n = random_below(random, 12); n > 0; n--)
        ps_buf_put(buf, ps_span_of(PARTS[random_below(random, sizeof PARTS / sizeof PARTS[0])]));
    ps_buf_byte(buf, '"');
}

static void put_blanks(struct ps_buf *buf, struct random *random)
{
    if (random_below(random, 4) == 0) ps_buf_byte(buf, " \t\r\n"[random_below(random, 4)]);
}

static void put_value(struct ps_buf *buf, struct random *random, int depth, unsigned *unique);

static void put_container(struct ps_buf *buf, struct random *random, int depth, unsigned *unique, bool object)
{
    ps_buf_byte(buf, object ? '{' : '[');
    put_blanks(buf, random);
    uint64_t count = random_below(random, 5);
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0) ps_buf_byte(buf, ',');
        put_blanks(buf, random);
        /* jansson keeps the last of two members of one name, so names differ. */
        if (object) ps_buf_printf(buf, "\"k%u\\n\" :", ++*unique);
        put_value(buf, random, depth - 1, unique);
    }
    ps_buf_byte(buf, object ? '}' : ']');
}

static void put_value(struct ps_buf *buf, struct random *random, int depth, unsigned *unique)
{
    static const char *const PLAIN[] = {
        "true", "false", "null", "0", "-0", "12", "-345", "1.5", "-2.25e3", "1E-2", "9223372036854775807", "0.1e+1"
    };
    put_blanks(buf, random);
    switch (random_below(random, depth > 0 ? 4 : 2)) {
    case 0:
        put_string(buf, random);
        break;
    case 1:
        ps_buf_put(buf, ps_span_of(PLAIN[random_below(random, sizeof PLAIN / sizeof PLAIN[0])]));
        break;
    case 2:
        put_container(buf, random, depth, unique, true);
        break;
    default:
        put_container(buf, random, depth, unique, false);
        break;
    }
    put_blanks(buf, random);
}

static struct ps_span generate(struct random *random, char *room)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, DOCUMENT_BYTES_MAX);
    unsigned unique = 0;
    put_value(&buf, random, GENERATED_DEPTH_MAX, &unique);
    return buf.err == PS_OK ? ps_buf_span(&buf) : PS_SPAN("[]");
}

static json_t *load(struct ps_span text, json_error_t *error)
{
    return json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

static bool same_text(struct ps_arena *arena, struct ps_span slice, const char *text, size_t len)
{
    struct ps_span out = { 0 };
    return ps_json_read_unescape(arena, slice, &out) == PS_OK && ps_span_eq(out, ps_span_make(text, len));
}

static bool same_number(struct ps_span text, const json_t *value)
{
    char digits[64] = { 0 };
    if (text.len >= sizeof digits) return false;
    memcpy(digits, text.data, text.len);
    if (json_is_integer(value)) return strtoll(digits, NULL, 10) == json_integer_value(value);
    return json_is_real(value) && strtod(digits, NULL) == json_real_value(value);
}

/* Reads one value with the reader and compares it with jansson's tree. */
static bool same_value(struct ps_arena *arena, struct ps_json_reader *reader, const struct ps_json_token *token,
                       json_t *value)
{
    struct ps_json_token next = { 0 };
    switch (json_typeof(value)) {
    case JSON_OBJECT: {
        if (token->kind != PS_JSON_OBJECT_BEGIN) return false;
        const char *key = NULL;
        json_t *member = NULL;
        json_object_foreach(value, key, member)
        {
            if (ps_json_read_next(reader, &next) != PS_OK || next.kind != PS_JSON_KEY) return false;
            if (!same_text(arena, next.text, key, strlen(key))) return false;
            if (ps_json_read_next(reader, &next) != PS_OK || !same_value(arena, reader, &next, member)) return false;
        }
        return ps_json_read_next(reader, &next) == PS_OK && next.kind == PS_JSON_OBJECT_END;
    }
    case JSON_ARRAY: {
        if (token->kind != PS_JSON_ARRAY_BEGIN) return false;
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (ps_json_read_next(reader, &next) != PS_OK) return false;
            if (!same_value(arena, reader, &next, json_array_get(value, i))) return false;
        }
        return ps_json_read_next(reader, &next) == PS_OK && next.kind == PS_JSON_ARRAY_END;
    }
    case JSON_STRING:
        return token->kind == PS_JSON_STRING &&
               same_text(arena, token->text, json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
    case JSON_REAL:
        return token->kind == PS_JSON_NUMBER && same_number(token->text, value);
    case JSON_TRUE:
        return token->kind == PS_JSON_TRUE;
    case JSON_FALSE:
        return token->kind == PS_JSON_FALSE;
    case JSON_NULL:
        return token->kind == PS_JSON_NULL;
    }
    return false;
}

static bool same_document(struct ps_arena *arena, struct ps_span text, json_t *value)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, text);
    struct ps_json_token token = { 0 };
    if (ps_json_read_next(&reader, &token) != PS_OK || !same_value(arena, &reader, &token, value)) return false;
    return ps_json_read_next(&reader, &token) == PS_OK && token.kind == PS_JSON_END;
}

static void jansson_reads_the_same_out_of_generated_documents(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct random random = { 3 };
    static char room[DOCUMENT_BYTES_MAX];
    for (int round = 0; round < 3000; round++) {
        struct ps_span text = exact_copy(generate(&random, room));
        json_error_t error;
        json_t *value = load(text, &error);
        bool same = value != NULL && ps_json_read_check(text) == PS_OK && same_document(&arena, text, value);
        CHECK(same);
        if (!same) printf("#   round %d (%s)\n", round, value == NULL ? error.text : "differs");
        json_decref(value);
        exact_free(text);
        ps_arena_reset(&arena, 1 << 16);
    }
    ps_arena_fini(&arena);
}

/* jansson refuses on grounds that are not the reader's business: encoding, the size of numbers, pairs of surrogates,
 * and a NUL in a name. */
static bool refused_for_other_reasons(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    if (code == json_error_invalid_utf8 || code == json_error_numeric_overflow) return true;
    if (code == json_error_null_byte_in_key) return true;
    return strstr(error->text, "invalid Unicode") != NULL || strstr(error->text, "too big") != NULL ||
           strstr(error->text, "unable to decode byte") != NULL || strstr(error->text, "real number overflow") != NULL;
}

static void mutate(struct random *random, char *text, size_t *len)
{
    static const char BYTES[] = "\"\\{}[]:,0123456789.eE+-tfnu \n\x01\x1f/abr";
    for (uint64_t n = 1 + random_below(random, 3); n > 0 && *len > 0; n--) {
        size_t at = random_below(random, *len);
        switch (random_below(random, 3)) {
        case 0:
            text[at] = BYTES[random_below(random, sizeof BYTES - 1)];
            break;
        case 1:
            memmove(text + at, text + at + 1, *len - at - 1);
            --*len;
            break;
        default:
            *len = at;
            break;
        }
    }
}

static void jansson_accepts_and_rejects_the_same_damaged_documents(void)
{
    struct random random = { 4 };
    static char room[DOCUMENT_BYTES_MAX];
    static char damaged[DOCUMENT_BYTES_MAX];
    unsigned accepted = 0;
    for (int round = 0; round < 20000; round++) {
        struct ps_span text = generate(&random, room);
        size_t len = text.len;
        memcpy(damaged, text.data, len);
        mutate(&random, damaged, &len);
        struct ps_span copy = exact_copy(ps_span_make(damaged, len));
        json_error_t error;
        json_t *value = load(copy, &error);
        bool ours = ps_json_read_check(copy) == PS_OK;
        bool walked = walk(copy) == PS_OK;
        CHECK_EQ(walked, ours);
        bool agree = value != NULL ? ours : !ours || refused_for_other_reasons(&error);
        CHECK(agree);
        if (!agree)
            printf("#   round %d, jansson: %s; text: %.*s\n", round, value ? "yes" : error.text, PS_SPAN_ARG(copy));
        accepted += ours;
        json_decref(value);
        exact_free(copy);
    }
    CHECK(accepted > 500 && accepted < 19500); /* both answers were tried */
}

int main(void)
{
    RUN(every_valid_document_is_accepted);
    RUN(every_invalid_document_is_rejected);
    RUN(every_prefix_of_a_document_is_rejected);
    RUN(tokens_come_in_order_as_written);
    RUN(a_string_says_whether_it_has_escapes_wherever_they_are);
    RUN(quotes_after_any_number_of_backslashes_are_understood);
    RUN(nesting_stops_at_the_limit_however_deep_the_input);
    RUN(objects_and_arrays_keep_their_kind_on_every_level);
    RUN(a_failure_names_the_offset_and_no_payload);
    RUN(skipping_gives_the_value_as_written_and_goes_on_after_it);
    RUN(elements_of_an_array_are_skipped_one_by_one);
    RUN(skipping_fails_where_no_value_is_due);
    RUN(escapes_are_undone);
    RUN(a_string_without_escapes_is_not_copied);
    RUN(an_unescaped_copy_takes_no_more_than_it_needs);
    RUN(escapes_that_do_not_exist_are_rejected);
    RUN(every_prefix_of_an_escaped_string_is_safe);
    RUN(every_allocation_may_fail);
    RUN(a_member_is_found_at_the_top_level_only);
    RUN(a_member_of_something_else_or_damaged_is_an_error);
    RUN(jansson_reads_the_same_out_of_generated_documents);
    RUN(jansson_accepts_and_rejects_the_same_damaged_documents);
    return check_finish();
}
