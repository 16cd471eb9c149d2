/* Errors: one enum, one class, one note.
 *
 * A fallible function returns enum ps_err and writes its results through trailing out-pointers, which it
 * leaves untouched on failure. The class tells the caller what to do; the fault note (one per thread) tells a
 * person what happened: PS_FAIL writes it, PS_TRY leaves it, a caller that adds context calls ps_err_wrap.
 * The note is read only after a failure. */
#ifndef PS_ERR_H
#define PS_ERR_H

#include <stdbool.h>

#include "base/attrs.h"

/* X(name, class, meaning). Classes: INPUT is never retried, the bytes are kept with their reason; LIMIT: split,
 * truncate or refuse; TRANSIENT: retry within the deadline; DENIED: refresh credentials once; DEADLINE: hand
 * the rest back; CONFIG: a person must change something, never retried, never a dead letter; SYSTEM: the
 * operating system said no. */
#define PS_ERR_MAP(X) \
    X(BAD_INPUT, INPUT, "the bytes are not what they claim") \
    X(UNSUPPORTED, INPUT, "well formed, but nothing here reads it") \
    X(NOT_FOUND, INPUT, "what was asked for does not exist") \
    X(REFUSED, INPUT, "the service will never accept this") \
    X(TOO_LARGE, LIMIT, "a stated ceiling was reached") \
    X(TOO_DEEP, LIMIT, "nested deeper than the stated limit") \
    X(NO_MEMORY, LIMIT, "the arena is full") \
    X(THROTTLED, TRANSIENT, "the service asked us to slow down") \
    X(UNAVAILABLE, TRANSIENT, "the service did not answer properly") \
    X(DENIED, DENIED, "credentials were refused") \
    X(DEADLINE, DEADLINE, "not enough time for another try") \
    X(BAD_CONFIG, CONFIG, "a setting or the service's set-up must change") \
    X(SYSTEM, SYSTEM, "the operating system refused")

enum ps_err {
    PS_OK = 0,
#define X(name, class, meaning) PS_ERR_##name,
    PS_ERR_MAP(X)
#undef X
};

enum ps_err_class {
    PS_CLASS_NONE,
    PS_CLASS_INPUT,
    PS_CLASS_LIMIT,
    PS_CLASS_TRANSIENT,
    PS_CLASS_DENIED,
    PS_CLASS_DEADLINE,
    PS_CLASS_CONFIG,
    PS_CLASS_SYSTEM,
};

enum { PS_ERR_TEXT_BYTES_MAX = 512 };

/* The innermost cause of the failure in hand. text is NUL-terminated UTF-8 on one line, and never holds payload bytes.
 */
struct ps_err_note {
    enum ps_err err;
    const char *file;
    int line;
    char text[PS_ERR_TEXT_BYTES_MAX];
};

#define PS_FAIL(err, ...) return ps_err_raise((err), __FILE__, __LINE__, __VA_ARGS__)

#define PS_TRY(call) \
    do { \
        enum ps_err ps_try_ = _Generic((call), enum ps_err : (call)); \
        if (PS_UNLIKELY(ps_try_ != PS_OK)) return ps_try_; \
    } while (0)

/* Writes the note and returns err, so that PS_FAIL is one statement. */
PS_API PS_MUST_USE PS_PRINTF(4, 5) enum ps_err
    ps_err_raise(enum ps_err err, const char *file, int line, const char *format, ...);

/* Puts "context: " in front of the note's text and returns err, which must be the failure in hand. */
PS_API PS_MUST_USE PS_PRINTF(2, 3) enum ps_err ps_err_wrap(enum ps_err err, const char *format, ...);

/* The calling thread's note; valid until its next failure. */
PS_API const struct ps_err_note *ps_err_note(void);

/* Empties it: what follows is another matter, and must not be told by an old note. */
PS_API void ps_err_forget(void);

PS_API enum ps_err_class ps_err_class(enum ps_err err);
/* A fault of the bytes, not of ours (INPUT and LIMIT): it must not hold up the others, nor block a shard for ever. */
static inline bool ps_err_is_of_input(enum ps_err err)
{
    enum ps_err_class class = ps_err_class(err);
    return class == PS_CLASS_INPUT || class == PS_CLASS_LIMIT;
}

PS_API const char *ps_err_name(enum ps_err err);    /* "BAD_INPUT" */
PS_API const char *ps_err_meaning(enum ps_err err); /* "the bytes are not what they claim" */

#endif
