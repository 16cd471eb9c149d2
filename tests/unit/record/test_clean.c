#include "record/clean.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "support/check.h"

struct clean_case {
    const char *input;
    const char *wanted;
};

static const struct clean_case CASES[] = {
    { "plain", "plain" },
    { "", "" },
    { "   \n\t ", "" },
    { "  indented stays", "  indented stays" },
    { "ends\r\n\n \t", "ends" },
    { "a\tb\nc", "a\tb\nc" },
    { "a\r\nb\rc", "a\nb\nc" },
    { "bell\a null-ish\x01\x1f del\x7f.", "bell null-ish del." },
    { "c1 \xc2\x85 and \xc2\xa0 kept", "c1  and \xc2\xa0 kept" },
    { "\x1b[31mred\x1b[0m", "red" },
    { "\x1b[1;38;5;196mbold\x1b[m\n", "bold" },
    { "\x1b[2J\x1b[Hcleared", "cleared" },
    { "\x1b]0;title\x07text", "text" },
    { "\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\", "link" },
    { "\x1b(Bcharset \x1b=keypad \x1b"
      "7",
      "charset keypad" },
    { "c1 csi \xc2\x9b"
      "31mred",
      "c1 csi red" },
    { "unfinished \x1b[31", "unfinished" },
    { "unfinished \x1b", "unfinished" },
    { "an OSC hides nothing \x1b]0;not a title", "an OSC hides nothing 0;not a title" },
    { "nor over lines \x1b]0;a\nb\x07", "nor over lines 0;a\nb" },
    { "broken \x1b[31\nnext", "broken \nnext" },
    { "zero\xe2\x80\x8bwidth\xef\xbb\xbf\xe2\x81\xa0", "zerowidth" },
    { "marks \xe2\x80\x8e\xe2\x80\x8f\xd8\x9c.", "marks ." },
    { "bidi \xe2\x80\xae"
      "evil\xe2\x80\xac \xe2\x81\xa6x\xe2\x81\xa9",
      "bidi evil x" },
    { "joiners \xe2\x80\x8c\xe2\x80\x8d stay", "joiners \xe2\x80\x8c\xe2\x80\x8d stay" },
    { "quotes \xe2\x80\x9cstay\xe2\x80\x9d \xe2\x80\xa6", "quotes \xe2\x80\x9cstay\xe2\x80\x9d \xe2\x80\xa6" },
    { "\xd8\xa7\xd9\x84\xd8\xb9\xef\xbc\x81", "\xd8\xa7\xd9\x84\xd8\xb9\xef\xbc\x81" },
    { "\xef\xbb\xbf{\"a\":1}", "{\"a\":1}" },
    { "color at the end\x1b[0m \x1b[K\n", "color at the end" },
};

static void a_piece_keeps_the_white_space_at_its_end(void)
{
    static const struct clean_case PIECES[] = {
        { "one ", "one " },         { "tab\t\n", "tab\t" }, { "\x1b[31mred \x1b[0m", "red " },
        { "two\r\n\r\n", "two\n" }, { "\n", "" },           { "", "" },
    };
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t i = 0; i < sizeof PIECES / sizeof PIECES[0]; i++) {
        struct ps_span piece = { 0 };
        if (CHECK_OK(ps_clean_piece(&arena, ps_span_of(PIECES[i].input), &piece))) CHECK_TEXT(piece, PIECES[i].wanted);
    }
    CHECK_TEXT(ps_clean_end(PS_SPAN(" a \n\t\r ")), " a");
    struct ps_span piece;
    PS_EACH_FAILURE(&arena, ps_clean_piece(&arena, PS_SPAN("bell\a"), &piece));
    ps_arena_fini(&arena);
}

/* Every case also behind 1 to 40 plain bytes, so that each place in a block of 16 is met. */
static void control_and_hidden_characters_go(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        for (size_t pad = 0; pad < 40; pad++) {
            size_t len = strlen(CASES[i].input);
            size_t wanted_len = strlen(CASES[i].wanted);
            if (wanted_len == 0 && pad > 0) continue;
            char *input = malloc(pad + len + 1);
            char wanted[256];
            memset(input, 'x', pad);
            memset(wanted, 'x', pad);
            memcpy(input + pad, CASES[i].input, len);
            memcpy(wanted + pad, CASES[i].wanted, wanted_len);
            char *exact = realloc(input, pad + len + (pad + len == 0));
            struct ps_span out;
            bool cut = true;
            CHECK_OK(ps_clean(&arena, ps_span_make(exact, pad + len), PS_CLEAN_UNLIMITED, &out, &cut));
            CHECK_SPAN(out, ps_span_make(wanted, pad + wanted_len));
            CHECK(!cut);
            free(exact);
        }
    }
    ps_arena_fini(&arena);
}

static void a_clean_text_is_not_copied(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span text = PS_SPAN("{\"message\":\"nothing to do here, \xe2\x80\x9creally\xe2\x80\x9d\"}\n");
    struct ps_span out;
    bool cut = false;
    CHECK_OK(ps_clean(&arena, text, PS_CLEAN_UNLIMITED, &out, &cut));
    CHECK(out.data == text.data);
    CHECK_EQ(out.len, text.len - 1);
    CHECK_EQ(ps_arena_used(&arena), 0);
    ps_arena_fini(&arena);
}

static void every_prefix_is_read_within_its_bytes(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t whole = strlen(CASES[i].input);
        for (size_t len = 0; len <= whole; len++) {
            char *exact = malloc(len + (len == 0));
            memcpy(exact, CASES[i].input, len);
            struct ps_span out;
            bool cut = false;
            CHECK_OK(ps_clean(&arena, ps_span_make(exact, len), 4, &out, &cut));
            CHECK(out.len <= 4);
            free(exact);
        }
    }
    ps_arena_fini(&arena);
}

static void what_is_clean_stays_clean(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span once;
        struct ps_span twice;
        bool cut = false;
        CHECK_OK(ps_clean(&arena, ps_span_of(CASES[i].input), PS_CLEAN_UNLIMITED, &once, &cut));
        CHECK_OK(ps_clean(&arena, once, PS_CLEAN_UNLIMITED, &twice, &cut));
        CHECK_SPAN(twice, once);
    }
    ps_arena_fini(&arena);
}

static void a_long_text_is_cut_on_a_character_with_a_marker(void)
{
    struct ps_arena arena = check_arena(1 << 20);
    char text[300];
    for (size_t i = 0; i < sizeof text; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    for (size_t limit = PS_CLEAN_MARKER_BYTES_MAX; limit < 120; limit++) {
        struct ps_span out;
        bool cut = false;
        CHECK_OK(ps_clean_cut(&arena, ps_span_make(text, sizeof text), limit, &out, &cut));
        CHECK(cut);
        CHECK(out.len <= limit);
        CHECK_EQ(ps_utf8_valid_prefix(out), out.len);
        CHECK(ps_span_ends(out, PS_SPAN(" bytes]")));
    }
    struct ps_span out;
    bool cut = false;
    CHECK_OK(ps_clean_cut(&arena, ps_span_make(text, sizeof text), 65, &out, &cut));
    CHECK_TEXT(out, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                    "\xe2\x82\xac\xe2\x82\xac\xe2\x80\xa6[cut 270 bytes]");
    ps_arena_fini(&arena);
}

static void a_text_at_the_limit_is_whole(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span out;
    bool cut = true;
    CHECK_OK(ps_clean_cut(&arena, PS_SPAN("12345"), 5, &out, &cut));
    CHECK_TEXT(out, "12345");
    CHECK(!cut);
    CHECK_OK(ps_clean_cut(&arena, PS_SPAN("123456"), 5, &out, &cut));
    CHECK_TEXT(out, "12345");
    CHECK(cut);
    ps_arena_fini(&arena);
}

static enum ps_err clean_and_cut(struct ps_arena *arena)
{
    static char text[400];
    memset(text, 'a', sizeof text);
    text[200] = '\x1b';
    struct ps_span out;
    bool cut = false;
    return ps_clean(arena, ps_span_make(text, sizeof text), 100, &out, &cut);
}

static void full_memory_is_an_error(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    PS_EACH_FAILURE(&arena, clean_and_cut(&arena));
    ps_arena_fini(&arena);
}

int main(void)
{
    RUN(a_piece_keeps_the_white_space_at_its_end);
    RUN(control_and_hidden_characters_go);
    RUN(a_clean_text_is_not_copied);
    RUN(every_prefix_is_read_within_its_bytes);
    RUN(what_is_clean_stays_clean);
    RUN(a_long_text_is_cut_on_a_character_with_a_marker);
    RUN(a_text_at_the_limit_is_whole);
    RUN(full_memory_is_an_error);
    return check_finish();
}
