#include "scan/literals.h"

#include <stdlib.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

enum { LITERALS_MAX = 200, TEXT_BYTES_MAX = 700 };

static struct ps_arena t_arena;

static struct ps_literals *opened(const struct ps_literal *items, size_t count)
{
    struct ps_literals *literals = NULL;
    if (!CHECK_OK(ps_literals_open(&t_arena, items, count, &literals))) abort();
    return literals;
}

static bool stands_at(const struct ps_literal *item, struct ps_span text, size_t at)
{
    struct ps_span there = ps_span_first(ps_span_from(text, at), item->text.len);
    return item->caseless ? ps_span_eq_nocase(there, item->text) : ps_span_eq(there, item->text);
}

static ptrdiff_t find_naively(const struct ps_literal *items, size_t count, struct ps_span text, size_t from)
{
    for (size_t at = from; at < text.len; at++) {
        for (size_t i = 0; i < count; i++) {
            if (stands_at(&items[i], text, at)) return (ptrdiff_t)at;
        }
    }
    return PS_SPAN_NONE;
}

static bool stands_anywhere(const struct ps_literal *item, struct ps_span text)
{
    return find_naively(item, 1, text, 0) != PS_SPAN_NONE;
}

static void check_text(const struct ps_literal *items, size_t count, struct ps_span text)
{
    struct ps_arena_mark mark = ps_arena_mark(&t_arena);
    const struct ps_literals *literals = opened(items, count);
    struct ps_span copy = exact_copy(text);
    for (size_t from = 0; from <= text.len; from += 1 + from / 8)
        CHECK_EQ(ps_literals_find(literals, copy, from), find_naively(items, count, text, from));
    uint64_t found[LITERALS_MAX / 64 + 1] = { 0 };
    ps_literals_mark(literals, copy, found);
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(found[i / 64] >> i % 64 & 1, stands_anywhere(&items[i], text));
    exact_free(copy);
    ps_arena_rewind(&t_arena, mark);
}

/* Of the first letters: two are one letter in both cases, which meet often; nine have bytes that folding takes for one
 * another. */
static struct ps_span random_text(struct random *random, size_t letters, char *bytes, size_t len)
{
    static const char LETTERS[] = "aAbB@\x01\x21\xc1\xe1";
    for (size_t i = 0; i < len; i++)
        bytes[i] = LETTERS[random_below(random, letters)];
    return ps_span_make(bytes, len);
}

static void every_place_is_found_that_a_naive_search_finds(void)
{
    static char bytes[LITERALS_MAX][16];
    static char text[TEXT_BYTES_MAX];
    static struct ps_literal items[LITERALS_MAX];
    struct random random = { 6 };
    for (unsigned round = 0; round < 400; round++) {
        size_t count = 1 + random_below(&random, round % 4 == 0 ? LITERALS_MAX : 6);
        size_t least = 1 + round % 9;
        size_t letters = round % 2 == 0 ? 9 : 2 + round % 3;
        for (size_t i = 0; i < count; i++) {
            items[i].text = random_text(&random, letters, bytes[i], least + random_below(&random, 16 - least));
            items[i].caseless = random_below(&random, 2) == 0;
        }
        check_text(items, count, random_text(&random, letters, text, random_below(&random, TEXT_BYTES_MAX)));
    }
}

/* Long stretches without a place, and a place at every distance from both ends. */
static void a_place_is_found_wherever_it_stands(void)
{
    const struct ps_literal items[] = { { PS_SPAN("timed out"), true }, { PS_SPAN("ERROR-x"), false } };
    char bytes[200];
    for (size_t len = 9; len <= sizeof bytes; len += 7) {
        for (size_t at = 0; at + 9 <= len; at++) {
            memset(bytes, '.', sizeof bytes);
            memcpy(bytes + at, at % 2 == 0 ? "Timed OUT" : "ERROR-x//", 9);
            check_text(items, 2, ps_span_make(bytes, len));
        }
    }
}

/* Two that overlap, given in both orders, at every distance from the places that are asked. */
static void of_two_that_overlap_the_first_is_found(void)
{
    const struct ps_literal items[] = { { PS_SPAN("Xabcdefg"), false },
                                        { PS_SPAN("abcdefgY"), false },
                                        { PS_SPAN("Xabcdefg"), false } };
    char bytes[64];
    for (size_t at = 0; at + 9 <= sizeof bytes; at++) {
        memset(bytes, '.', sizeof bytes);
        memcpy(bytes + at, "XabcdefgY", 9);
        check_text(items, 2, ps_span_make(bytes, sizeof bytes));
        check_text(items + 1, 2, ps_span_make(bytes, sizeof bytes));
    }
}

static void case_matters_where_it_should(void)
{
    const struct ps_literal items[] = { { PS_SPAN("Error"), false }, { PS_SPAN("[fatal]"), true } };
    const struct ps_literals *literals = opened(items, 2);
    CHECK_EQ(ps_literals_find(literals, PS_SPAN("an ERROR, an error, an Error"), 0), 23);
    CHECK_EQ(ps_literals_find(literals, PS_SPAN("{FATAL} [FATAL]"), 0), 8);
    CHECK_EQ(ps_literals_find(literals, PS_SPAN("Error"), 1), PS_SPAN_NONE);
}

static void no_literals_and_no_text_are_answered(void)
{
    const struct ps_literal one = { PS_SPAN("x"), false };
    CHECK_EQ(ps_literals_find(opened(NULL, 0), PS_SPAN("any text of more than a few bytes, to be sure"), 0),
             PS_SPAN_NONE);
    CHECK_EQ(ps_literals_find(opened(&one, 1), ps_span_make(NULL, 0), 0), PS_SPAN_NONE);
    CHECK_EQ(ps_literals_find(opened(&one, 1), PS_SPAN("x"), 1), PS_SPAN_NONE);
}

static void what_is_over_a_limit_is_refused(void)
{
    static char long_text[PS_LITERAL_BYTES_MAX + 1];
    struct ps_literal items[] = { { PS_SPAN("good"), false }, { ps_span_make(long_text, sizeof long_text), false } };
    struct ps_literals *literals = NULL;
    CHECK_ERR(ps_literals_open(&t_arena, items, 2, &literals), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "literal 1: 256 bytes, over 255");
    items[1].text.len = 0;
    CHECK_ERR(ps_literals_open(&t_arena, items, 2, &literals), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "literal 1: empty");
    CHECK_ERR(ps_literals_open(&t_arena, items, PS_LITERALS_MAX + 1, &literals), PS_ERR_BAD_CONFIG);
    items[1].text.len = PS_LITERAL_BYTES_MAX;
    CHECK_OK(ps_literals_open(&t_arena, items, 2, &literals));
}

static enum ps_err open_two(void)
{
    const struct ps_literal items[] = { { PS_SPAN("one"), false }, { PS_SPAN("two"), true } };
    struct ps_literals *literals = NULL;
    return ps_literals_open(&t_arena, items, 2, &literals);
}

static void every_failing_allocation_is_reported(void)
{
    PS_EACH_FAILURE(&t_arena, open_two());
}

int main(void)
{
    t_arena = check_arena(64 << 20);
    RUN(every_place_is_found_that_a_naive_search_finds);
    RUN(a_place_is_found_wherever_it_stands);
    RUN(of_two_that_overlap_the_first_is_found);
    RUN(case_matters_where_it_should);
    RUN(no_literals_and_no_text_are_answered);
    RUN(what_is_over_a_limit_is_refused);
    RUN(every_failing_allocation_is_reported);
    ps_arena_fini(&t_arena);
    return check_finish();
}
