#include "base/span.h"

static char lower(char c)
{
    if (c < 'A' || c > 'Z') return c;
    return (char)(c | 0x20);
}

bool ps_span_eq_nocase(struct ps_span a, struct ps_span b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) return false;
    }
    return true;
}

ptrdiff_t ps_span_find(struct ps_span span, struct ps_span needle)
{
    if (needle.len == 0) return 0;
    if (span.len < needle.len) return PS_SPAN_NONE;
    const char *at = memmem(span.data, span.len, needle.data, needle.len);
    return at == NULL ? PS_SPAN_NONE : at - span.data;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct ps_span ps_span_trim(struct ps_span span)
{
    while (span.len > 0 && is_blank(span.data[0]))
        span = ps_span_from(span, 1);
    while (span.len > 0 && is_blank(span.data[span.len - 1]))
        span.len--;
    return span;
}

struct ps_span ps_span_split(struct ps_span *rest, char separator, bool *more)
{
    ptrdiff_t at = ps_span_find_byte(*rest, separator);
    *more = at != PS_SPAN_NONE;
    struct ps_span part = *more ? ps_span_first(*rest, (size_t)at) : *rest;
    if (rest->len > 0) *rest = ps_span_from(*rest, part.len + *more); /* NULL may not even be moved by 0 */
    return part;
}

bool ps_span_to_u64(struct ps_span span, uint64_t *out)
{
    if (span.len == 0) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < span.len; i++) {
        unsigned digit = (unsigned)(unsigned char)span.data[i] - '0';
        if (digit > 9) return false;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) return false;
    }
    *out = value;
    return true;
}
