#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"

static _Thread_local struct ps_err_note t_note;

static const struct {
    const char *name;
    enum ps_err_class class;
    const char *meaning;
} ERRORS[] = { [PS_OK] = { "OK", PS_CLASS_NONE, "no error" },
#define X(name, class, meaning) [PS_ERR_##name] = { #name, PS_CLASS_##class, meaning },
               PS_ERR_MAP(X)
#undef X
};

enum { ERRORS_COUNT = sizeof ERRORS / sizeof ERRORS[0] };

/* A note ends up in one-line logs: whatever a message quoted, it stays on one line and is UTF-8. */
static void keep_printable(char *text)
{
    char *end = text + strlen(text);
    for (char *valid_end = text; text < end; text++) {
        if (text == valid_end) valid_end += ps_utf8_valid_prefix((struct ps_span){ text, (size_t)(end - text) });
        bool control = (unsigned char)*text < 0x20 || *text == 0x7f;
        if (control || text == valid_end) *text = '?';
        if (text == valid_end) valid_end++;
    }
}

enum ps_err ps_err_raise(enum ps_err err, const char *file, int line, const char *format, ...)
{
    PS_ASSERT(err > PS_OK && (size_t)err < ERRORS_COUNT);
    /* A message may quote the note it replaces, so it is made beside it first. */
    char text[PS_ERR_TEXT_BYTES_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    keep_printable(text);
    t_note.err = err;
    t_note.file = file;
    t_note.line = line;
    memcpy(t_note.text, text, sizeof text);
    return err;
}

enum ps_err ps_err_wrap(enum ps_err err, const char *format, ...)
{
    PS_ASSERT(err == t_note.err);
    char context[PS_ERR_TEXT_BYTES_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(context, sizeof context, format, args);
    va_end(args);
    char cause[PS_ERR_TEXT_BYTES_MAX];
    memcpy(cause, t_note.text, sizeof cause);
    return ps_err_raise(err, t_note.file, t_note.line, "%s: %s", context, cause);
}

const struct ps_err_note *ps_err_note(void)
{
    return &t_note;
}

void ps_err_forget(void)
{
    t_note = (struct ps_err_note){ 0 };
}

enum ps_err_class ps_err_class(enum ps_err err)
{
    PS_ASSERT((size_t)err < ERRORS_COUNT);
    return ERRORS[err].class;
}

const char *ps_err_name(enum ps_err err)
{
    PS_ASSERT((size_t)err < ERRORS_COUNT);
    return ERRORS[err].name;
}

const char *ps_err_meaning(enum ps_err err)
{
    PS_ASSERT((size_t)err < ERRORS_COUNT);
    return ERRORS[err].meaning;
}
