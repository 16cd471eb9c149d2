/* Target functions: ps_required_find, ps_literals_find, ps_match_groups, ps_match_group.
 * Input: a regex, made of a small grammar by the bytes before the first line end (or taken as it is, when the first of
 * them is a slash), then texts, one a line. Properties: where PCRE2 finds a match, one of the required literals is in
 * the text; a group lies in the text. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/buf.h"
#include "record/match.h"
#include "scan/required.h"
#include "support/exact.h"

enum { ARENA_BYTES = 64 << 20, REGEX_BYTES_MAX = 1000, GROUPS_MAX = 8 };

static struct ps_arena t_arena;

/* Strung together they are a regex often enough, and one whose texts are easily met. */
static const char *const PIECES[] = {
    "a",     "b",    "B",     "ab",  "abc",    "|",    "(",    ")",     "(?:",   "(?i)",      "(?i:",   "(?-i)", "(?=",
    "(?!",   "(?<=", "(?<n>", "(?>", "?",      "*",    "+",    "{0}",   "{1}",   "{0,2}",     "{2,}",   "??",    "*+",
    ".",     "\\d",  "\\b",   "^",   "$",      "[ab]", "[^a]", "[aA-]", "[a-c]", "[]ab]",     "[\\]b]", "\\.",   "\\K",
    "\\x61", "\\Qa", "\\E",   "(?|", "(?P<m>", "\\1",  "(?1)", "\\R",   "\\t",   "(*ACCEPT)", "(?s-m)", "1",     "-",
};

static struct ps_span make_regex(struct ps_span recipe, char *bytes)
{
    if (ps_span_starts(recipe, PS_SPAN("/"))) return ps_span_first(ps_span_from(recipe, 1), REGEX_BYTES_MAX);
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, bytes, REGEX_BYTES_MAX);
    for (size_t i = 0; i < recipe.len; i++)
        ps_buf_put(&buf, ps_span_of(PIECES[(unsigned char)recipe.data[i] % (sizeof PIECES / sizeof PIECES[0])]));
    return ps_buf_span(&buf);
}

static void check_groups(const struct ps_match *match, const struct ps_match_scratch *scratch, struct ps_span text)
{
    struct ps_match_group groups[GROUPS_MAX];
    size_t count = ps_match_groups(match, groups, GROUPS_MAX);
    for (size_t i = 0; i < count && i < GROUPS_MAX; i++) {
        struct ps_span value;
        if (!ps_match_group(scratch, text, groups[i].number, &value)) continue;
        PS_ASSERT(groups[i].name.len > 0);
        PS_ASSERT(value.data >= text.data && value.data + value.len <= text.data + text.len);
    }
}

static void check_texts(const struct ps_match *match, struct ps_span regex, struct ps_span texts)
{
    const struct ps_literal *required = NULL;
    size_t count = 0;
    struct ps_literals *literals = NULL;
    struct ps_match_scratch *scratch = NULL;
    PS_ASSERT(ps_required_find(&t_arena, regex, &required, &count) == PS_OK);
    PS_ASSERT(ps_literals_open(&t_arena, required, count, &literals) == PS_OK);
    PS_ASSERT(ps_match_scratch_open(&t_arena, &scratch) == PS_OK);
    for (bool more = true; more;) {
        struct ps_span text = exact_copy(ps_span_split(&texts, '\n', &more));
        size_t begin;
        size_t end;
        if (ps_match_find(match, scratch, text, 0, &begin, &end) == PS_MATCH_FOUND) {
            PS_ASSERT(count == 0 || ps_literals_find(literals, text, 0) != PS_SPAN_NONE);
            check_groups(match, scratch, text);
        }
        exact_free(text);
    }
    ps_match_scratch_close(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (t_arena.base == NULL && ps_arena_init(&t_arena, ARENA_BYTES) != PS_OK) abort();
    char bytes[REGEX_BYTES_MAX];
    bool more = false;
    struct ps_span texts = ps_span_make((const char *)data, size);
    struct ps_span regex = make_regex(ps_span_split(&texts, '\n', &more), bytes);
    struct ps_span copy = exact_copy(regex);
    struct ps_match *match = NULL;
    if (ps_match_compile(&t_arena, copy, PS_MATCH_NO_PREFILTER, &match) == PS_OK) check_texts(match, copy, texts);
    ps_match_close(match);
    exact_free(copy);
    ps_arena_rewind(&t_arena, (struct ps_arena_mark){ t_arena.base });
    return 0;
}
