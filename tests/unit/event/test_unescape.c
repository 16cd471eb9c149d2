#include <stdlib.h>

#include "base/json_read.h"
#include "event/unescape_priv.h"
#include "support/check.h"

static struct ps_arena arena;

/* Both ways from the same bytes, the input in a heap block of its exact size. */
static void check_same(const char *text, size_t len)
{
    char *copy = malloc(len + (len == 0));
    memcpy(copy, text, len);
    struct ps_arena_mark mark = ps_arena_mark(&arena);
    struct ps_span fast = { 0 };
    struct ps_span slow = { 0 };
    enum ps_err wanted = ps_json_read_unescape(&arena, ps_span_make(copy, len), &slow);
    if (CHECK_ERR(ps_unescape_message(&arena, ps_span_make(copy, len), &fast), wanted) && wanted == PS_OK)
        CHECK_SPAN(fast, slow);
    ps_arena_rewind(&arena, mark);
    free(copy);
}

static void an_escape_at_any_place_is_undone(void)
{
    static const char *const ESCAPES[] = { "\\n",      "\\\"",         "\\\\",    "\\/",
                                           "\\\\\\\\", "\\\"\\\"\\\"", "\\u00e9", "\\ud83d\\ude00" };
    for (size_t e = 0; e < sizeof ESCAPES / sizeof ESCAPES[0]; e++) {
        for (size_t before = 0; before < 150; before++) {
            char text[400];
            memset(text, 'x', sizeof text);
            size_t len = strlen(ESCAPES[e]);
            memcpy(text + before, ESCAPES[e], len);
            check_same(text, before + len);
            check_same(text, before + len + 1);
            check_same(text, before + len + 70);
            check_same(text, before + len + 200);
        }
    }
}

static void only_escapes_and_no_escapes_both_work(void)
{
    char text[600];
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, i % 4 == 0 ? "\\\\" : "\\\"", 2);
    for (size_t len = 0; len <= sizeof text; len += 2)
        check_same(text, len);
    memset(text, 'y', sizeof text);
    for (size_t len = 0; len <= sizeof text; len++)
        check_same(text, len);
}

static void wrong_escapes_and_a_last_backslash_fail_alike(void)
{
    for (size_t before = 0; before < 150; before++) {
        char text[200];
        memset(text, 'z', sizeof text);
        memcpy(text + before, "\\x", 2);
        check_same(text, sizeof text);
        check_same(text, before + 1);
    }
}

static enum ps_err unescape_one(void)
{
    struct ps_span out;
    return ps_unescape_message(&arena, PS_SPAN("a\\nb"), &out);
}

static void a_full_arena_is_an_error(void)
{
    PS_EACH_FAILURE(&arena, unescape_one());
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(an_escape_at_any_place_is_undone);
    RUN(only_escapes_and_no_escapes_both_work);
    RUN(wrong_escapes_and_a_last_backslash_fail_alike);
    RUN(a_full_arena_is_an_error);
    ps_arena_fini(&arena);
    return check_finish();
}
