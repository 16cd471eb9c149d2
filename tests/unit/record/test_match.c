#include "record/match.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

static struct ps_arena t_arena;

static struct ps_match *compiled(const char *pattern, unsigned flags)
{
    struct ps_match *match = NULL;
    if (!CHECK_OK(ps_match_compile(&t_arena, ps_span_of(pattern), flags, &match))) {
        fprintf(stderr, "%s\n", pattern);
        abort();
    }
    return match;
}

static struct ps_match_scratch *scratch(void)
{
    struct ps_match_scratch *opened = NULL;
    if (!CHECK_OK(ps_match_scratch_open(&t_arena, &opened))) abort();
    return opened;
}

static void check_match(const char *pattern, unsigned flags, struct ps_span text, size_t from, int64_t begin,
                        int64_t end)
{
    struct ps_match *match = compiled(pattern, flags);
    struct ps_match_scratch *memory = scratch();
    char *copy = malloc(text.len == 0 ? 1 : text.len);
    if (copy == NULL) abort();
    if (text.len > 0) memcpy(copy, text.data, text.len);
    size_t got_begin = 77;
    size_t got_end = 77;
    enum ps_match_result result =
        ps_match_find(match, memory, ps_span_make(copy, text.len), from, &got_begin, &got_end);
    CHECK_EQ(result, begin < 0 ? PS_MATCH_NOT_FOUND : PS_MATCH_FOUND);
    CHECK_EQ(got_begin, begin < 0 ? 77 : begin);
    CHECK_EQ(got_end, begin < 0 ? 77 : end);
    free(copy);
    ps_match_close(match);
    ps_match_scratch_close(memory);
}

static void the_first_match_behind_from_is_found(void)
{
    check_match("ab+", 0, PS_SPAN("xabbab"), 0, 1, 4);
    check_match("ab+", 0, PS_SPAN("xabbab"), 2, 4, 6);
    check_match("ab+", 0, PS_SPAN("xabbab"), 6, -1, -1);
    check_match("(?<=x)ab", 0, PS_SPAN("xab"), 1, 1, 3);
}

static void matching_is_by_bytes_unless_utf_is_asked_for(void)
{
    check_match("^.$", 0, PS_SPAN("\xc3\xa9"), 0, -1, -1);
    check_match("^.$", PS_MATCH_UTF, PS_SPAN("\xc3\xa9"), 0, 0, 2);
    check_match("a", PS_MATCH_UTF,
                PS_SPAN("\xff"
                        "a"),
                0, 1, 2);
    check_match("\\xff", 0, PS_SPAN("\xff"), 0, 0, 1);
    check_match("error", PS_MATCH_CASELESS, PS_SPAN("an ERROR"), 0, 3, 8);
}

static void empty_texts_and_empty_matches_are_answered(void)
{
    check_match("a*", 0, PS_SPAN(""), 0, 0, 0);
    check_match("a*", 0, PS_SPAN("b"), 1, 1, 1);
    check_match("$", 0, PS_SPAN("b"), 0, 1, 1);
    check_match("a", 0, ps_span_make(NULL, 0), 0, -1, -1);
    check_match("a\\Kb", 0, PS_SPAN("ab"), 0, 1, 2);
}

static void bad_patterns_name_offset_and_reason(void)
{
    struct ps_match *match = NULL;
    CHECK_ERR(ps_match_compile(&t_arena, PS_SPAN("a(b"), 0, &match), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "pattern: offset 3: missing closing parenthesis");
    CHECK_ERR(ps_match_compile(&t_arena, PS_SPAN(""), 0, &match), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_match_compile(&t_arena, PS_SPAN("a\\Cb"), 0, &match), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_match_compile(&t_arena, PS_SPAN("a(?C1)b"), 0, &match), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_match_compile(&t_arena, PS_SPAN("a(?=b\\K)"), 0, &match), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_match_compile(&t_arena, PS_SPAN("(*UTF)a"), 0, &match), PS_ERR_BAD_CONFIG);
    char *big = calloc(1, PS_MATCH_PATTERN_BYTES_MAX + 1);
    if (big == NULL) abort();
    memset(big, 'a', PS_MATCH_PATTERN_BYTES_MAX + 1);
    CHECK_ERR(ps_match_compile(&t_arena, ps_span_make(big, PS_MATCH_PATTERN_BYTES_MAX + 1), 0, &match),
              PS_ERR_BAD_CONFIG);
    free(big);
    CHECK(match == NULL);
}

static void a_pattern_that_explodes_is_given_up(void)
{
    struct ps_match *match = compiled("^(a+)+$", 0);
    struct ps_match_scratch *memory = scratch();
    char text[64];
    memset(text, 'a', sizeof text);
    text[63] = '!';
    size_t begin = 0;
    size_t end = 0;
    CHECK_EQ(ps_match_find(match, memory, ps_span_make(text, sizeof text), 0, &begin, &end), PS_MATCH_LIMIT);
    /* And the memory serves the next find. */
    CHECK_EQ(ps_match_find(match, memory, ps_span_make(text, 63), 0, &begin, &end), PS_MATCH_FOUND);
    ps_match_close(match);
    ps_match_scratch_close(memory);
}

static void groups_tell_what_they_took(void)
{
    struct ps_match *match = compiled("(?<user>\\w+)@(?:(?<host>[a-z.]+)|(?<ip>\\d+))(x)?", 0);
    struct ps_match_scratch *memory = scratch();
    struct ps_match_group groups[3];
    CHECK_EQ(ps_match_groups(match, groups, 3), 3);
    CHECK_TEXT(groups[0].name, "host");
    CHECK_EQ(groups[0].number, 2);
    CHECK_TEXT(groups[2].name, "user");
    CHECK_EQ(groups[2].number, 1);
    CHECK_EQ(ps_match_groups(match, groups, 1), 3);
    struct ps_span text = PS_SPAN("to ann@example.org");
    struct ps_span value;
    size_t begin, end;
    CHECK(!ps_match_group(memory, text, 0, &value));
    CHECK_EQ(ps_match_find(match, memory, text, 0, &begin, &end), PS_MATCH_FOUND);
    CHECK(ps_match_group(memory, text, 0, &value));
    CHECK_TEXT(value, "ann@example.org");
    CHECK(ps_match_group(memory, text, 1, &value));
    CHECK_TEXT(value, "ann");
    CHECK(ps_match_group(memory, text, 2, &value));
    CHECK_TEXT(value, "example.org");
    CHECK(!ps_match_group(memory, text, 3, &value));
    CHECK(!ps_match_group(memory, text, 4, &value));
    text = PS_SPAN("ann@127");
    CHECK_EQ(ps_match_find(match, memory, text, 0, &begin, &end), PS_MATCH_FOUND);
    CHECK(!ps_match_group(memory, text, 2, &value));
    CHECK(ps_match_group(memory, text, 3, &value));
    CHECK_TEXT(value, "127");
    /* Not the groups of the find before. */
    CHECK_EQ(ps_match_find(match, memory, PS_SPAN("nobody"), 0, &begin, &end), PS_MATCH_NOT_FOUND);
    CHECK(!ps_match_group(memory, PS_SPAN("nobody"), 1, &value));
    ps_match_close(match);
    ps_match_scratch_close(memory);
}

static void groups_beyond_the_limit_tell_nothing(void)
{
    char pattern[4 * (PS_MATCH_GROUPS_MAX + 1) + 1];
    char text[PS_MATCH_GROUPS_MAX + 1];
    for (size_t i = 0; i <= PS_MATCH_GROUPS_MAX; i++)
        memcpy(pattern + 4 * i, "(a?)", 5);
    memset(text, 'a', sizeof text);
    struct ps_match *match = compiled(pattern, 0);
    struct ps_match_scratch *memory = scratch();
    struct ps_span all = ps_span_make(text, sizeof text);
    struct ps_span value;
    size_t begin, end;
    CHECK_EQ(ps_match_find(match, memory, all, 0, &begin, &end), PS_MATCH_FOUND);
    CHECK_EQ(end, sizeof text);
    CHECK(ps_match_group(memory, all, PS_MATCH_GROUPS_MAX, &value));
    CHECK(value.data == text + PS_MATCH_GROUPS_MAX - 1 && value.len == 1);
    CHECK(!ps_match_group(memory, all, PS_MATCH_GROUPS_MAX + 1, &value));
    ps_match_close(match);
    ps_match_scratch_close(memory);
}

static void finding_takes_no_memory_once_it_is_warm(void)
{
    struct ps_match *match = compiled("(a|b)*c(\\d+)(x?)", PS_MATCH_NO_PREFILTER);
    struct ps_match_scratch *memory = scratch();
    size_t begin = 0;
    size_t end = 0;
    struct ps_span text = PS_SPAN("ababababc123x");
    (void)!ps_match_find(match, memory, text, 0, &begin, &end);
    size_t used = ps_arena_used(&t_arena);
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(ps_match_find(match, memory, text, 0, &begin, &end), PS_MATCH_FOUND);
    CHECK_EQ(ps_arena_used(&t_arena), used);
    ps_match_close(match);
    ps_match_scratch_close(memory);
}

static void the_required_literal_is_the_longest_provable_one(void)
{
    static const char *const CASES[][2] = {
        { "health", "health" },
        { "^/healthz?$", "/health" },
        { "a\\.b", "a.b" },
        { "foo.*barbaz", "barbaz" },
        { "ab+c", "ab" },
        { "colou?r", "colo" },
        { "x{2}yz", "yz" },
        { "abc|abd", "" },
        { "(abc|abd)ef", "ef" },
        { "(?i)abc", "" },
        { "(?:abc)?def", "def" },
        { "[abc]def", "def" },
        { "[]x]def[^]]gh", "def" },
        { "[[:alpha:]]def", "" },
        { "\\d+ms", "ms" },
        { "\\x41bc", "" },
        { "a{x|y}bcd", "" },
        { "a{1,2}bcd", "bcd" },
        { "\\Qa|b\\E", "" },
        { "(?=abc)de", "de" },
        { "(a(b)c)d(e", NULL },
        { "(*ANYCRLF)abc", "" },
        { "password=[^ ]+", "password=" },
        { "a\\|b", "a|b" },
        { "abc*?d", "ab" },
        { "(?<n>a)bc\\k<n>", "" },
        { "\\bGET\\b", "GET" },
        { "", NULL },
        { "[\\]]abc", "abc" },
        { "(\\()abc", "abc" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        if (CASES[i][1] == NULL) continue;
        struct ps_match *match = compiled(CASES[i][0], 0);
        CHECK_SPAN(ps_match_literal(match), ps_span_of(CASES[i][1]));
        ps_match_close(match);
    }
    struct ps_match *match = compiled("ab\xc3\xa9*", PS_MATCH_UTF);
    CHECK_TEXT(ps_match_literal(match), "ab");
    ps_match_close(match);
    match = compiled("ab\xc3\xa9*", 0);
    CHECK_TEXT(ps_match_literal(match), "ab\xc3");
    ps_match_close(match);
    match = compiled("abc", PS_MATCH_CASELESS);
    CHECK_EQ(ps_match_literal(match).len, 0);
    ps_match_close(match);
}

static enum ps_err open_and_close(struct ps_arena *arena)
{
    struct ps_match *match = NULL;
    struct ps_match_scratch *memory = NULL;
    PS_TRY(ps_match_compile(arena, PS_SPAN("a(b|c)+d{2,5}[xyz]*"), PS_MATCH_UTF, &match));
    enum ps_err err = ps_match_scratch_open(arena, &memory);
    ps_match_close(match);
    if (err == PS_OK) ps_match_scratch_close(memory);
    return err;
}

static void every_failing_allocation_is_reported(void)
{
    PS_EACH_FAILURE(&t_arena, open_and_close(&t_arena));
}

int main(void)
{
    t_arena = check_arena(64 << 20);
    RUN(the_first_match_behind_from_is_found);
    RUN(matching_is_by_bytes_unless_utf_is_asked_for);
    RUN(empty_texts_and_empty_matches_are_answered);
    RUN(bad_patterns_name_offset_and_reason);
    RUN(a_pattern_that_explodes_is_given_up);
    RUN(groups_tell_what_they_took);
    RUN(groups_beyond_the_limit_tell_nothing);
    RUN(finding_takes_no_memory_once_it_is_warm);
    RUN(the_required_literal_is_the_longest_provable_one);
    RUN(every_failing_allocation_is_reported);
    ps_arena_fini(&t_arena);
    return check_finish();
}
