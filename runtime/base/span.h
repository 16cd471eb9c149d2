/* A view of bytes: pointer + length, passed by value, owning nothing. The bytes live as long as the arena or
 * input they were taken from. Text inside needs no NUL and may hold any byte. An empty span may have any pointer. */
#ifndef PS_SPAN_H
#define PS_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attrs.h"

struct ps_span {
    const char *data;
    size_t len;
};

/* Of a string literal, its NUL left out. The _INIT form is for static tables. */
#define PS_SPAN(literal) ((struct ps_span){ "" literal, sizeof(literal) - 1 })
#define PS_SPAN_INIT(literal) \
    { \
        "" literal, sizeof(literal) - 1 \
    }

/* For printf: "%.*s", PS_SPAN_ARG(span). Cut at 200 bytes: spans reach messages for people, never payloads. */
#define PS_SPAN_ARG(span) (int)((span).len < 200 ? (span).len : 200), (span).data

static inline struct ps_span ps_span_of(const char *text) /* NULL gives an empty span */
{
    return (struct ps_span){ text, text == NULL ? 0 : strlen(text) };
}

static inline struct ps_span ps_span_make(const char *data, size_t len)
{
    return (struct ps_span){ data, len };
}

static inline struct ps_span ps_span_between(const char *begin, const char *end)
{
    return (struct ps_span){ begin, (size_t)(end - begin) };
}

static inline bool ps_span_eq(struct ps_span a, struct ps_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool ps_span_starts(struct ps_span span, struct ps_span prefix)
{
    return span.len >= prefix.len && (prefix.len == 0 || memcmp(span.data, prefix.data, prefix.len) == 0);
}

static inline bool ps_span_ends(struct ps_span span, struct ps_span suffix)
{
    return span.len >= suffix.len &&
           (suffix.len == 0 || memcmp(span.data + span.len - suffix.len, suffix.data, suffix.len) == 0);
}

/* Without the first n bytes; n at most span.len. */
static inline struct ps_span ps_span_from(struct ps_span span, size_t n)
{
    return (struct ps_span){ span.data + n, span.len - n };
}

static inline struct ps_span ps_span_first(struct ps_span span, size_t n)
{
    return (struct ps_span){ span.data, n < span.len ? n : span.len };
}

enum { PS_SPAN_NONE = -1 };

/* Offset of the first c, or PS_SPAN_NONE. */
static inline ptrdiff_t ps_span_find_byte(struct ps_span span, char c)
{
    const char *at = span.len == 0 ? NULL : memchr(span.data, c, span.len);
    return at == NULL ? PS_SPAN_NONE : at - span.data;
}

/* ASCII letters of both cases compare equal; other bytes as they are. */
PS_API bool ps_span_eq_nocase(struct ps_span a, struct ps_span b);

/* Offset of the first occurrence of needle, or PS_SPAN_NONE; an empty needle is found at 0. */
PS_API ptrdiff_t ps_span_find(struct ps_span span, struct ps_span needle);

/* Without spaces, tabs, CR and LF at both ends. */
PS_API struct ps_span ps_span_trim(struct ps_span span);

/* Takes the part before the first separator off *rest and returns it; without one, takes all.
 * *more says whether a separator was found, so that "a," gives "a" and then "". */
PS_API struct ps_span ps_span_split(struct ps_span *rest, char separator, bool *more);

/* Decimal digits only, no sign, no spaces, at least one digit; false when it does not fit. */
PS_API PS_MUST_USE bool ps_span_to_u64(struct ps_span span, uint64_t *out);

#endif
