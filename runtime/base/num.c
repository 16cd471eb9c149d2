#include "base/num.h"

#include "base/assert.h"
#include "base/scan.h"

enum { SCALE_MAX = 18, DIGITS_MAX = 19 };

/* A decimal taken apart: its digits without the point, and where the point is after scaling by the exponent. */
struct decimal {
    struct ps_span whole;
    struct ps_span fraction;
    int64_t exponent;
    bool negative;
};

static struct ps_span take_digits(struct ps_span *rest)
{
    if (rest->len == 0) return *rest;
    struct ps_span digits = ps_span_between(rest->data, ps_scan_digits(rest->data, rest->data + rest->len));
    *rest = ps_span_from(*rest, digits.len);
    return digits;
}

static bool take_byte(struct ps_span *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != c) return false;
    *rest = ps_span_from(*rest, 1);
    return true;
}

/* Exponents beyond this differ in nothing: the number is zero or does not fit. */
static const int64_t EXPONENT_MAX = INT64_C(1) << 40;

static bool take_exponent(struct ps_span *rest, int64_t *exponent)
{
    if (!take_byte(rest, 'e') && !take_byte(rest, 'E')) return true;
    bool negative = take_byte(rest, '-');
    if (!negative) (void)take_byte(rest, '+');
    struct ps_span digits = take_digits(rest);
    if (digits.len == 0) return false;
    for (size_t i = 0; i < digits.len && *exponent < EXPONENT_MAX; i++)
        *exponent = *exponent * 10 + (digits.data[i] - '0');
    if (negative) *exponent = -*exponent;
    return true;
}

static bool take_apart(struct ps_span text, struct decimal *out)
{
    *out = (struct decimal){ .negative = take_byte(&text, '-') };
    out->whole = take_digits(&text);
    if (out->whole.len == 0) return false;
    if (take_byte(&text, '.')) {
        out->fraction = take_digits(&text);
        if (out->fraction.len == 0) return false;
    }
    return take_exponent(&text, &out->exponent) && text.len == 0;
}

/* The digit at position at of whole and fraction in a row; zeros follow them. */
static unsigned digit_at(const struct decimal *decimal, size_t at)
{
    if (at < decimal->whole.len) return (unsigned)(decimal->whole.data[at] - '0');
    at -= decimal->whole.len;
    return at < decimal->fraction.len ? (unsigned)(decimal->fraction.data[at] - '0') : 0;
}

/* Position of the first digit that is not zero; the number of digits when all are. */
static size_t leading_zeros(const struct decimal *decimal)
{
    size_t count = decimal->whole.len + decimal->fraction.len;
    size_t at = 0;
    while (at < count && digit_at(decimal, at) == 0)
        at++;
    return at;
}

/* The first keep digits from position first on as a number. */
static bool gather(const struct decimal *decimal, size_t first, size_t keep, uint64_t *out)
{
    uint64_t value = 0;
    if (keep > DIGITS_MAX) return false;
    for (size_t i = 0; i < keep; i++)
        value = value * 10 + digit_at(decimal, first + i);
    *out = value;
    return true;
}

static bool scaled(struct ps_span text, int scale, bool round, int64_t *out)
{
    PS_ASSERT(scale >= 0 && scale <= SCALE_MAX);
    struct decimal decimal;
    if (!take_apart(text, &decimal)) return false;
    size_t first = leading_zeros(&decimal);
    uint64_t value = 0;
    if (first < decimal.whole.len + decimal.fraction.len) {
        /* How many of the digits from first on stand before the point once scaled. */
        int64_t keep = (int64_t)decimal.whole.len - (int64_t)first + decimal.exponent + scale;
        if (keep > 0 && !gather(&decimal, first, (size_t)keep, &value)) return false;
        if (round && keep >= 0 && digit_at(&decimal, first + (size_t)keep) >= 5) value++;
    }
    if (value > (uint64_t)INT64_MAX + decimal.negative) return false;
    *out = (int64_t)(decimal.negative ? 0 - value : value);
    return true;
}

bool ps_num_scaled(struct ps_span text, int scale, int64_t *out)
{
    return scaled(text, scale, true, out);
}

bool ps_num_scaled_cut(struct ps_span text, int scale, int64_t *out)
{
    return scaled(text, scale, false, out);
}

bool ps_num_is_json(struct ps_span text)
{
    if (text.len == 0) return false;
    const char *end = text.data + text.len;
    const char *fault = NULL;
    return ps_scan_number(text.data, end, &fault) == end;
}

void ps_num_put_scaled(struct ps_buf *buf, int64_t value, int scale)
{
    PS_ASSERT(scale >= 0 && scale <= SCALE_MAX);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (; scale > 0 && rest % 10 == 0; scale--)
        rest /= 10;
    char text[PS_NUM_TEXT_BYTES_MAX];
    size_t at = sizeof text;
    for (int i = 0; i < scale; i++) {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (scale > 0) text[--at] = '.';
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) text[--at] = '-';
    ps_buf_put(buf, ps_span_make(text + at, sizeof text - at));
}
