#include "base/err.h"

#include <pthread.h>
#include <stdio.h>

#include "support/check.h"

static enum ps_err fails(void)
{
    PS_FAIL(PS_ERR_BAD_INPUT, "byte %d is wrong", 7);
}

static enum ps_err tries(void)
{
    PS_TRY(fails());
    return PS_OK;
}

static enum ps_err adds_context(void)
{
    enum ps_err err = fails();
    return err == PS_OK ? PS_OK : ps_err_wrap(err, "record %d", 3);
}

static void a_failure_writes_the_note(void)
{
    CHECK_ERR(fails(), PS_ERR_BAD_INPUT);
    const struct ps_err_note *note = ps_err_note();
    CHECK_EQ(note->err, PS_ERR_BAD_INPUT);
    CHECK_TEXT(ps_span_of(note->text), "byte 7 is wrong");
    CHECK(ps_span_ends(ps_span_of(note->file), PS_SPAN("test_err.c")));
    CHECK(note->line > 0);
}

static void trying_passes_the_failure_and_leaves_the_note(void)
{
    CHECK_ERR(tries(), PS_ERR_BAD_INPUT);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "byte 7 is wrong");
}

static void wrapping_puts_context_in_front_and_keeps_the_place(void)
{
    CHECK_ERR(fails(), PS_ERR_BAD_INPUT);
    int line = ps_err_note()->line;
    CHECK_ERR(adds_context(), PS_ERR_BAD_INPUT);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "record 3: byte 7 is wrong");
    CHECK_EQ(ps_err_note()->line, line);
}

static void a_message_may_quote_the_note_that_it_replaces(void)
{
    CHECK_ERR(fails(), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_err_raise(PS_ERR_TOO_LARGE, "x.c", 1, "[%s]", ps_err_note()->text), PS_ERR_TOO_LARGE);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "[byte 7 is wrong]");
}

static void a_note_stays_on_one_printable_line(void)
{
    CHECK_ERR(ps_err_raise(PS_ERR_SYSTEM, "x.c", 1, "%s", "a\nb\x1b[31m\xff"), PS_ERR_SYSTEM);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "a?b?[31m?");
}

static void a_note_keeps_letters_of_all_languages(void)
{
    CHECK_ERR(ps_err_raise(PS_ERR_SYSTEM, "x.c", 1, "%s",
                           "Gr\xc3\xb6\xc3\x9f"
                           "e \xf0\x9f\x92\xa7 \xc3|\x7f"),
              PS_ERR_SYSTEM);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "Gr\xc3\xb6\xc3\x9f"
                                                "e \xf0\x9f\x92\xa7 ?|?");
}

static void a_long_message_is_cut(void)
{
    CHECK_ERR(ps_err_raise(PS_ERR_SYSTEM, "x.c", 1, "%2000d", 1), PS_ERR_SYSTEM);
    CHECK_EQ(ps_span_of(ps_err_note()->text).len, PS_ERR_TEXT_BYTES_MAX - 1);
}

static void every_error_has_a_name_a_meaning_and_a_class(void)
{
    static const struct {
        enum ps_err err;
        const char *name;
        enum ps_err_class class;
    } CASES[] = {
        { PS_OK, "OK", PS_CLASS_NONE },
        { PS_ERR_BAD_INPUT, "BAD_INPUT", PS_CLASS_INPUT },
        { PS_ERR_UNSUPPORTED, "UNSUPPORTED", PS_CLASS_INPUT },
        { PS_ERR_NOT_FOUND, "NOT_FOUND", PS_CLASS_INPUT },
        { PS_ERR_REFUSED, "REFUSED", PS_CLASS_INPUT },
        { PS_ERR_TOO_LARGE, "TOO_LARGE", PS_CLASS_LIMIT },
        { PS_ERR_TOO_DEEP, "TOO_DEEP", PS_CLASS_LIMIT },
        { PS_ERR_NO_MEMORY, "NO_MEMORY", PS_CLASS_LIMIT },
        { PS_ERR_THROTTLED, "THROTTLED", PS_CLASS_TRANSIENT },
        { PS_ERR_UNAVAILABLE, "UNAVAILABLE", PS_CLASS_TRANSIENT },
        { PS_ERR_DENIED, "DENIED", PS_CLASS_DENIED },
        { PS_ERR_DEADLINE, "DEADLINE", PS_CLASS_DEADLINE },
        { PS_ERR_BAD_CONFIG, "BAD_CONFIG", PS_CLASS_CONFIG },
        { PS_ERR_SYSTEM, "SYSTEM", PS_CLASS_SYSTEM },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        CHECK_TEXT(ps_span_of(ps_err_name(CASES[i].err)), CASES[i].name);
        CHECK_EQ(ps_err_class(CASES[i].err), CASES[i].class);
        CHECK(ps_span_of(ps_err_meaning(CASES[i].err)).len > 0);
    }
}

static void *fail_elsewhere(void *out)
{
    enum ps_err *got = out;
    *got = ps_err_raise(PS_ERR_DENIED, "y.c", 2, "of the other thread");
    return NULL;
}

static void each_thread_has_its_own_note(void)
{
    CHECK_ERR(fails(), PS_ERR_BAD_INPUT);
    pthread_t thread;
    enum ps_err other = PS_OK;
    CHECK_OR_RETURN(pthread_create(&thread, NULL, fail_elsewhere, &other) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_EQ(other, PS_ERR_DENIED);
    CHECK_EQ(ps_err_note()->err, PS_ERR_BAD_INPUT);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "byte 7 is wrong");
}

int main(void)
{
    RUN(a_failure_writes_the_note);
    RUN(trying_passes_the_failure_and_leaves_the_note);
    RUN(wrapping_puts_context_in_front_and_keeps_the_place);
    RUN(a_message_may_quote_the_note_that_it_replaces);
    RUN(a_note_stays_on_one_printable_line);
    RUN(a_note_keeps_letters_of_all_languages);
    RUN(a_long_message_is_cut);
    RUN(every_error_has_a_name_a_meaning_and_a_class);
    RUN(each_thread_has_its_own_note);
    return check_finish();
}
