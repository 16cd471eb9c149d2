#include "scan/required.h"

#include <stdio.h>

#include "base/buf.h"
#include "record/match.h"
#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

enum { REGEXES = 10000 };

static struct ps_arena t_arena;

/* The literals of regex as one line: "ERROR|FATAL", caseless ones as "(timeout)"; empty when there are none. */
static struct ps_span required(struct ps_span regex)
{
    static char line[2048];
    const struct ps_literal *literals = NULL;
    size_t count = 77;
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, line, sizeof line);
    CHECK_OK(ps_required_find(&t_arena, regex, &literals, &count));
    for (size_t i = 0; i < count; i++) {
        if (i > 0) ps_buf_byte(&buf, '|');
        if (literals[i].caseless) ps_buf_byte(&buf, '(');
        ps_buf_put(&buf, literals[i].text);
        if (literals[i].caseless) ps_buf_byte(&buf, ')');
    }
    return ps_buf_span(&buf);
}

static void check_cases(const char *const (*cases)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ps_match *match = NULL;
        struct ps_span regex = ps_span_of(cases[i][0]);
        CHECK_OK(ps_match_compile(&t_arena, regex, 0, &match)); /* the analysis is for regexes that PCRE2 accepts */
        ps_match_close(match);
        if (!check_span(required(regex), ps_span_of(cases[i][1]), cases[i][0], __FILE__, __LINE__)) return;
    }
}

#define CHECK_CASES(cases) check_cases((cases), sizeof(cases) / sizeof(cases)[0])

static void every_alternative_gives_its_literal(void)
{
    static const char *const CASES[][2] = {
        { "health", "health" },
        { "ERROR|FATAL", "ERROR|FATAL" },
        { "\\b(?:ERROR|FATAL)\\b", "ERROR|FATAL" },
        { "\\bOOM\\b", "OOM" },
        { "(a|b|c)def", "adef|bdef|cdef" },
        { "\\[(ERROR|WARN)\\]", "[ERROR]|[WARN]" },
        { "ERROR|\\d+", "" },
        { "ERROR|ab", "" },
        { "ERROR|", "" },
        { "(?:one \\d+|two) more", " more|two more" },
        { "first.*|.*second", "first|second" },
        { "HTTP/1\\.[01]\" (?<status>5\\d\\d)", "HTTP/1.0\" 5|HTTP/1.1\" 5" },
        { "(?<n>\\d+ms) late", "ms late" },
        { "a(?:b(?:c|d)|e)f", "abcf|abdf|aef" },
    };
    CHECK_CASES(CASES);
}

static void options_decide_on_case(void)
{
    static const char *const CASES[][2] = {
        { "(?i)timeout", "(timeout)" },
        { "(?i:time)out", "(timeout)" },
        { "time((?i)out)s", "(timeouts)" },
        { "(a(?i)bc|def)gh", "(abcgh)|(defgh)" },
        { "(?i)(?-i)timeout", "timeout" },
        { "(?i)a(?-i:bc)", "(abc)" },
        { "(?i)123", "123" },
        { "(?ms)^timeout$", "timeout" },
        { "(?x)time out", "" },
        { "(?n)(timeout)", "" },
    };
    CHECK_CASES(CASES);
}

static void quantifiers_are_taken_as_they_are(void)
{
    static const char *const CASES[][2] = {
        { "(?i)timed? ?out after (?<seconds>\\d+)",
          "(timeout after )|(time out after )|(timedout after )|(timed out after )" },
        { "abc*def", "def" },
        { "abc+def", "def" },
        { "abcc+de", "abcc" },
        { "(abc)+d", "abc" },
        { "(abc){2}", "abc" },
        { "(abc){0,2}def", "def" },
        { "(abc){0}", "" },
        { "(abc)*", "" },
        { "(abc\\d)?defg", "defg" },
        { "(abc\\d)+e", "abc" },
        { "abc??def", "abdef|abcdef" },
        { "abc?+def", "abdef|abcdef" },
        { "abc*?defg", "defg" },
        { "a{x}bcd", "" },
        { "abc}d]", "abc}d]" },
    };
    CHECK_CASES(CASES);
}

static void classes_of_a_few_bytes_are_spelled_out(void)
{
    static const char *const CASES[][2] = {
        { "[Ff]ailed", "Failed|failed" },
        { "time[ -]out", "time out|time-out" },
        { "x[]a]yz", "x]yz|xayz" },
        { "x[^]a]yzz", "yzz" },
        { "x[a-c]yzz", "yzz" },
        { "x[\\d.]yzz", "yzz" },
        { "x[\\]\\-]yz", "x]yz|x-yz" },
        { "[[:alpha:]]def", "" },
        { "[aaa]bc", "abc" },
        { "abc[abcdefghijklmnopqr]", "abc" },
        { "[-+]abc", "-abc|+abc" },
    };
    CHECK_CASES(CASES);
}

static void what_takes_no_text_is_passed_over(void)
{
    static const char *const CASES[][2] = {
        { "^abc$", "abc" },
        { "abc(?=def)ghi", "abcghi" },
        { "(?<!x|y)abc(?!=0)", "abc" },
        { "(?<=longer text)abc", "abc" },
        { "ab\\Kcd", "abcd" },
        { "\\Aabc\\z", "abc" },
        { "abc(?!d)*", "abc" },
        { "(?>abc|d)ef", "abcef|def" },
        { "(?|abc|d)ef", "abcef|def" },
        { "(?'n'abc)", "abc" },
        { "(?P<n>abc)", "abc" },
    };
    CHECK_CASES(CASES);
}

static void what_is_not_understood_proves_nothing(void)
{
    static const char *const CASES[][2] = {
        { "(*ANYCRLF)abc", "" },
        { "abc(*ACCEPT)def", "" },
        { "(abc)\\1", "" },
        { "(?<n>abc)\\k<n>", "" },
        { "\\Qabc\\E", "" },
        { "abc\\x41", "" },
        { "abc\\p{L}", "" },
        { "abc(?#note)", "" },
        { "(a)?(?(1)bcd|efg)", "" },
        { "(abc)(?1)", "" },
        { "abc\\cA", "" },
        { "abc\\101", "" },
        { "((((((((((((abc))))))))))))", "" },
    };
    CHECK_CASES(CASES);
    CHECK_TEXT(required(PS_SPAN("5\\d\\d")), ""); /* too short to select lines */
}

static void escapes_of_one_byte_are_that_byte(void)
{
    static const char *const CASES[][2] = {
        { "a\\.b\\|c", "a.b|c" },           { "a\\tb\\n", "a\tb\n" }, { "ab\\dcde", "cde" },
        { "\\r\\f\\a\\e", "\r\f\x07\x1b" }, { "a\\ bc", "" },
    };
    CHECK_CASES(CASES);
}

static void sets_that_grow_too_large_are_given_up_in_parts(void)
{
    static const char *const CASES[][2] = {
        { "(a|b|c|d|e)(f|g|h|i)xyz", "fxyz|gxyz|hxyz|ixyz" },
        { "abc|bcd|cde|def|efg|fgh|ghi|hij|ijk|jkl|klm|lmn|mno|nop|opq|pqr|qrs", "" },
        { "(abc|bcd|cde|def|efg|fgh|ghi|hij|ijk|jkl|klm|lmn|mno|nop|opq|pqr|qrs)xyz", "xyz" },
        { "xyz(abc|bcd|cde|def|efg|fgh|ghi|hij|ijk|jkl|klm|lmn|mno|nop|opq|pqr|qrs)", "xyz" },
        { "abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnopqrstuvwxyz012345" },
    };
    CHECK_CASES(CASES);
}

/* -- against PCRE2 ------------------------------------------------------------------------------------------------- */

static void put_one_of(struct ps_buf *buf, struct random *random, const char *const *texts, size_t count)
{
    ps_buf_put(buf, ps_span_of(texts[random_below(random, count)]));
}

#define PUT_ONE_OF(buf, random, texts) put_one_of((buf), (random), (texts), sizeof(texts) / sizeof(texts)[0])

/* A regex of literals, classes, options, quantifiers and nested groups, that PCRE2 mostly accepts. */
static void put_regex(struct ps_buf *buf, struct random *random, unsigned depth)
{
    static const char *const ITEMS[] = {
        "a",   "b",   "abc", "bca", "ab",    "B",    "1",    ".",      "\\d",   "\\b",
        "^",   "$",   "-",   "\\.", "\\K",   "[ab]", "[^a]", "[aB1-]", "[a-c]", "[]a]",
        "\\s", "\\t", " ",   "x{",  "\\x61", "\\N",  "(?i)", "(?-i)",  "(?s)",  "(?x)"
    };
    static const char *const OPENS[] = { "(",    "(?:",  "(?i:", "(?-i:", "(?=",  "(?!",
                                         "(?<=", "(?<!", "(?>",  "(?|",   "(?<n>" };
    static const char *const TIMES[] = { "?", "*", "+", "{0}", "{1}", "{2}", "{0,2}", "{1,}", "??", "*+", "+?", "?+" };
    for (size_t items = 1 + random_below(random, 4); items > 0; items--) {
        if (depth > 0 && random_below(random, 4) == 0) {
            PUT_ONE_OF(buf, random, OPENS);
            put_regex(buf, random, depth - 1);
            ps_buf_byte(buf, ')');
        } else {
            PUT_ONE_OF(buf, random, ITEMS);
        }
        if (random_below(random, 5) == 0) PUT_ONE_OF(buf, random, TIMES);
        if (random_below(random, 6) == 0) ps_buf_byte(buf, '|');
    }
}

static struct ps_span random_line(struct random *random, char *bytes, size_t len)
{
    static const char *const WORDS[] = { "a", "b", "c", "abc", "bca", "A", "B", "1", ".", "-", " ", "\t", "]", "ABC" };
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, bytes, len);
    for (size_t words = random_below(random, 14); words > 0; words--)
        PUT_ONE_OF(&buf, random, WORDS);
    return ps_buf_span(&buf);
}

/* False when the regex matches a line that has none of its literals. */
static bool keeps_its_promise(struct random *random, const struct ps_match *match, struct ps_match_scratch *memory,
                              const struct ps_literals *literals, size_t *matches)
{
    char bytes[64];
    for (int i = 0; i < 60; i++) {
        struct ps_span line = random_line(random, bytes, sizeof bytes);
        size_t begin;
        size_t end;
        if (ps_match_find(match, memory, line, 0, &begin, &end) != PS_MATCH_FOUND) continue;
        (*matches)++;
        if (ps_literals_find(literals, line, 0) == PS_SPAN_NONE) return false;
    }
    return true;
}

static void a_line_without_the_literals_never_matches(void)
{
    struct random random = { 16 };
    struct ps_match_scratch *memory = NULL;
    CHECK_OR_RETURN(CHECK_OK(ps_match_scratch_open(&t_arena, &memory)));
    struct ps_arena_mark mark = ps_arena_mark(&t_arena);
    size_t proven = 0;
    size_t matches = 0;
    for (int i = 0; i < REGEXES; i++, ps_arena_rewind(&t_arena, mark)) {
        char bytes[1024];
        struct ps_buf buf;
        ps_buf_init_fixed(&buf, bytes, sizeof bytes);
        put_regex(&buf, &random, 2);
        struct ps_match *match = NULL;
        if (ps_match_compile(&t_arena, ps_buf_span(&buf), PS_MATCH_NO_PREFILTER, &match) != PS_OK) continue;
        const struct ps_literal *required = NULL;
        size_t count = 0;
        struct ps_literals *literals = NULL;
        CHECK_OK(ps_required_find(&t_arena, ps_buf_span(&buf), &required, &count));
        CHECK_OK(ps_literals_open(&t_arena, required, count, &literals));
        bool keeps = count == 0 || keeps_its_promise(&random, match, memory, literals, &matches);
        if (!CHECK(keeps)) fprintf(stderr, "%.*s\n", PS_SPAN_ARG(ps_buf_span(&buf)));
        proven += count > 0;
        ps_match_close(match);
    }
    ps_match_scratch_close(memory);
    CHECK(proven > REGEXES / 40 && matches > REGEXES / 10); /* else this tests nothing */
}

/* Any bytes may be read, accepted or not: never past their end. */
static void every_prefix_is_read_within_its_bytes(void)
{
    struct ps_span whole =
        PS_SPAN("(?i)a[]x\\]b-]{2,5}?|(?<name>b\\d(?=c){0,}(?P<m>d|e)(?'n'f)+(?i-s:g)\\x41[[:a:]](?");
    for (size_t len = 0; len <= whole.len; len++) {
        for (size_t from = 0; from <= len; from++) {
            struct ps_span copy = exact_copy(ps_span_from(ps_span_first(whole, len), from));
            (void)required(copy);
            exact_free(copy);
        }
    }
}

static enum ps_err find_two(void)
{
    const struct ps_literal *literals = NULL;
    size_t count = 0;
    return ps_required_find(&t_arena, PS_SPAN("ERROR|FATAL"), &literals, &count);
}

static void every_failing_allocation_is_reported(void)
{
    PS_EACH_FAILURE(&t_arena, find_two());
}

int main(void)
{
    t_arena = check_arena(64 << 20);
    RUN(every_alternative_gives_its_literal);
    RUN(options_decide_on_case);
    RUN(quantifiers_are_taken_as_they_are);
    RUN(classes_of_a_few_bytes_are_spelled_out);
    RUN(what_takes_no_text_is_passed_over);
    RUN(what_is_not_understood_proves_nothing);
    RUN(escapes_of_one_byte_are_that_byte);
    RUN(sets_that_grow_too_large_are_given_up_in_parts);
    RUN(a_line_without_the_literals_never_matches);
    RUN(every_prefix_is_read_within_its_bytes);
    RUN(every_failing_allocation_is_reported);
    ps_arena_fini(&t_arena);
    return check_finish();
}
