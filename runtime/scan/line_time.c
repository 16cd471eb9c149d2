#include "scan/line_time.h"

#include "base/time.h"

enum {
    ISO_BYTES_MIN = 16,     /* 2026-11-21T10:00 */
    ISO_BYTES_MAX = 40,     /* with nine digits of a second and a zone */
    EPOCH_DIGITS_MIN = 10,  /* seconds since 2001: shorter numbers are something else */
    PRIORITY_BYTES_MAX = 6, /* <191>1 */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether a time may end before c. */
static bool is_boundary(char c)
{
    return ps_span_find_byte(PS_SPAN(" \t]\"',;|)}\r"), c) != PS_SPAN_NONE;
}

/* 2026/11/21, as Go and nginx write it, becomes 2026-11-21. */
static bool looks_like_date(struct ps_span text, char *date)
{
    if (text.len < ISO_BYTES_MIN || !is_digit(text.data[0]) || !is_digit(text.data[3])) return false;
    char separator = text.data[4];
    if ((separator != '-' && separator != '/') || text.data[7] != separator) return false;
    memcpy(date, text.data, text.len);
    date[4] = date[7] = '-';
    return true;
}

/* The longest beginning that is a time: a zone may follow behind a space. */
static bool parse_iso(struct ps_span text, int64_t *ms)
{
    char date[ISO_BYTES_MAX];
    struct ps_span look = ps_span_first(text, ISO_BYTES_MAX);
    if (!looks_like_date(look, date)) return false;
    for (size_t len = look.len; len >= ISO_BYTES_MIN; len--) {
        bool ends = len == text.len || is_boundary(text.data[len]);
        if (ends && ps_time_parse_iso(ps_span_make(date, len), ms)) return true;
    }
    return false;
}

static bool parse_epoch(struct ps_span text, int64_t *ms)
{
    size_t digits = 0;
    while (digits < text.len && is_digit(text.data[digits]))
        digits++;
    if (digits < EPOCH_DIGITS_MIN) return false;
    size_t len = digits;
    if (len < text.len && text.data[len] == '.') len++;
    while (len < text.len && is_digit(text.data[len]))
        len++;
    if (len < text.len && !is_boundary(text.data[len])) return false;
    return ps_time_parse_epoch(ps_span_first(text, len), ms);
}

static bool parse_either(struct ps_span text, int64_t *ms)
{
    return parse_iso(text, ms) || parse_epoch(text, ms);
}

/* Without "<34>1 ", a bracket or a quote in front. */
static struct ps_span skip_front(struct ps_span line)
{
    if (line.len > 0 && line.data[0] == '<') {
        ptrdiff_t space = ps_span_find_byte(ps_span_first(line, PRIORITY_BYTES_MAX + 1), ' ');
        if (space != PS_SPAN_NONE) return ps_span_from(line, (size_t)space + 1);
    }
    if (line.len > 0 && (line.data[0] == '[' || line.data[0] == '"')) return ps_span_from(line, 1);
    return line;
}

static bool parse_member(struct ps_span line, int64_t *ms)
{
    static const struct ps_span NAMES[] = {
        PS_SPAN_INIT("\"ts\":"),
        PS_SPAN_INIT("\"time\":"),
        PS_SPAN_INIT("\"timestamp\":"),
        PS_SPAN_INIT("\"@timestamp\":"),
    };
    if (line.len == 0 || line.data[0] != '{') return false;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        ptrdiff_t at = ps_span_find(line, NAMES[i]);
        if (at == PS_SPAN_NONE) continue;
        struct ps_span value = ps_span_trim(ps_span_from(line, (size_t)at + NAMES[i].len));
        if (value.len > 0 && value.data[0] == '"') value = ps_span_from(value, 1);
        if (parse_either(value, ms)) return true;
    }
    return false;
}

static bool parse_access(struct ps_span line, int64_t *ms)
{
    ptrdiff_t open = ps_span_find_byte(line, '[');
    if (open == PS_SPAN_NONE) return false;
    struct ps_span inside = ps_span_from(line, (size_t)open + 1);
    ptrdiff_t close = ps_span_find_byte(inside, ']');
    return close != PS_SPAN_NONE && ps_time_parse_clf(ps_span_first(inside, (size_t)close), ms);
}

int64_t ps_line_time_find(struct ps_span line)
{
    struct ps_span look = ps_span_first(line, PS_LINE_TIME_LOOK_BYTES);
    int64_t ms = 0;
    if (parse_either(skip_front(look), &ms) || parse_member(look, &ms) || parse_access(look, &ms)) return ms;
    return PS_LINE_TIME_NONE;
}
