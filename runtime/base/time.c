#include "base/time.h"

#include "base/assert.h"
#include "base/num.h"

static const int64_t DAY_MS = 86400000;
enum { MINUTE_MS = 60000, ERA_YEARS = 400, ERA_DAYS = 146097, EPOCH_DAY = 719468 };

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* Days are counted from 0000-03-01, so that the leap day is the last of a year (the method of Howard Hinnant,
 * "chrono-compatible low-level date algorithms"). */
static int64_t days_from_civil(int32_t year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, ERA_YEARS);
    int64_t year_of_era = y - era * ERA_YEARS;
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAY;
}

struct ps_time_civil ps_time_to_civil(int64_t ms)
{
    int64_t days = floor_div(ms, DAY_MS);
    uint32_t ms_of_day = (uint32_t)(ms - days * DAY_MS);
    int64_t era = floor_div(days + EPOCH_DAY, ERA_DAYS);
    uint32_t day_of_era = (uint32_t)(days + EPOCH_DAY - era * ERA_DAYS);
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month_from_march = (5 * day_of_year + 2) / 153;
    uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    uint32_t second_of_day = ms_of_day / 1000;
    return (struct ps_time_civil){
        .year = (int32_t)(era * ERA_YEARS + year_of_era + (month <= 2)),
        .month = (uint8_t)month,
        .day = (uint8_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
        .hour = (uint8_t)(second_of_day / 3600),
        .minute = (uint8_t)(second_of_day / 60 % 60),
        .second = (uint8_t)(second_of_day % 60),
        .ms = (uint16_t)(ms_of_day % 1000),
    };
}

static unsigned days_in_month(int32_t year, unsigned month)
{
    static const uint8_t DAYS[13] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : DAYS[month];
}

bool ps_time_from_civil(struct ps_time_civil civil, int64_t *ms)
{
    if (civil.month < 1 || civil.month > 12 || civil.day < 1) return false;
    if (civil.day > days_in_month(civil.year, civil.month)) return false;
    if (civil.hour > 23 || civil.minute > 59 || civil.second > 60 || civil.ms > 999) return false;
    int64_t days = days_from_civil(civil.year, civil.month, civil.day);
    int64_t seconds = civil.hour * 3600 + civil.minute * 60 + (civil.second == 60 ? 59 : civil.second);
    int64_t whole = 0;
    if (__builtin_mul_overflow(days, DAY_MS, &whole)) return false;
    return !__builtin_add_overflow(whole, seconds * 1000 + civil.ms, ms);
}

static inline void put2(char *out, unsigned value)
{
    static const char PAIRS[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    memcpy(out, PAIRS + (size_t)value * 2, 2);
}

static inline void put4(char *out, unsigned value)
{
    put2(out, value / 100);
    put2(out + 2, value % 100);
}

static struct ps_time_civil with_text_form(int64_t ms)
{
    PS_ASSERT(ms >= PS_TIME_TEXT_MS_MIN && ms <= PS_TIME_TEXT_MS_MAX);
    return ps_time_to_civil(ms);
}

void ps_time_iso(int64_t ms, char out[PS_TIME_ISO_BYTES])
{
    struct ps_time_civil civil = with_text_form(ms);
    memcpy(out, "0000-00-00T00:00:00.000Z", PS_TIME_ISO_BYTES);
    put4(out, (unsigned)civil.year);
    put2(out + 5, civil.month);
    put2(out + 8, civil.day);
    put2(out + 11, civil.hour);
    put2(out + 14, civil.minute);
    put2(out + 17, civil.second);
    out[20] = (char)('0' + civil.ms / 100);
    put2(out + 21, civil.ms % 100);
}

void ps_time_day(int64_t ms, char separator, char out[PS_TIME_DAY_BYTES])
{
    struct ps_time_civil civil = with_text_form(ms);
    put4(out, (unsigned)civil.year);
    out[4] = separator;
    put2(out + 5, civil.month);
    out[7] = separator;
    put2(out + 8, civil.day);
}

/* The parsers below read from the front of a span; each take_ function moves past what it read. */

static bool take_byte(struct ps_span *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != c) return false;
    *rest = ps_span_from(*rest, 1);
    return true;
}

static bool take_one_of(struct ps_span *rest, char a, char b)
{
    return take_byte(rest, a) || take_byte(rest, b);
}

static bool take_number(struct ps_span *rest, size_t digits, unsigned *out)
{
    if (rest->len < digits) return false;
    unsigned value = 0;
    for (size_t i = 0; i < digits; i++) {
        unsigned digit = (unsigned)(unsigned char)rest->data[i] - '0';
        if (digit > 9) return false;
        value = value * 10 + digit;
    }
    *rest = ps_span_from(*rest, digits);
    *out = value;
    return true;
}

static bool take_two(struct ps_span *rest, uint8_t *out)
{
    unsigned value = 0;
    if (!take_number(rest, 2, &value)) return false;
    *out = (uint8_t)value;
    return true;
}

static bool take_year(struct ps_span *rest, int32_t *out)
{
    unsigned value = 0;
    if (!take_number(rest, 4, &value)) return false;
    *out = (int32_t)value;
    return true;
}

/* ".123456": the first three digits count, the rest is cut. */
static bool take_fraction(struct ps_span *rest, uint16_t *ms)
{
    if (!take_one_of(rest, '.', ',')) return true;
    unsigned value = 0;
    unsigned weight = 100;
    unsigned digit = 0;
    size_t count = 0;
    for (; take_number(rest, 1, &digit); count++) {
        value += digit * weight;
        weight /= 10;
    }
    *ms = (uint16_t)value;
    return count > 0;
}

/* "hh:mm", "hh:mm:ss", "hh:mm:ss.fff" */
static bool take_clock(struct ps_span *rest, struct ps_time_civil *out)
{
    if (!take_two(rest, &out->hour) || !take_byte(rest, ':') || !take_two(rest, &out->minute)) return false;
    if (!take_byte(rest, ':')) return true;
    return take_two(rest, &out->second) && take_fraction(rest, &out->ms);
}

/* The rest of the text: a zone or nothing. */
static bool take_zone(struct ps_span *rest, int64_t *offset_minutes)
{
    *offset_minutes = 0;
    if (rest->len == 0) return true;
    if (take_one_of(rest, 'Z', 'z')) return rest->len == 0;
    bool west = take_byte(rest, '-');
    if (!west && !take_byte(rest, '+')) return false;
    uint8_t hours = 0;
    uint8_t minutes = 0;
    if (!take_two(rest, &hours)) return false;
    bool colon = take_byte(rest, ':');
    if ((colon || rest->len > 0) && !take_two(rest, &minutes)) return false;
    if (rest->len > 0 || hours > 23 || minutes > 59) return false;
    int offset = hours * 60 + minutes;
    *offset_minutes = west ? -offset : offset;
    return true;
}

static bool to_ms(struct ps_time_civil civil, int64_t offset_minutes, int64_t *ms)
{
    int64_t value = 0;
    if (!ps_time_from_civil(civil, &value)) return false;
    value -= offset_minutes * MINUTE_MS;
    if (value < PS_TIME_TEXT_MS_MIN || value > PS_TIME_TEXT_MS_MAX) return false;
    *ms = value;
    return true;
}

bool ps_time_parse_iso(struct ps_span text, int64_t *ms)
{
    struct ps_time_civil civil = { 0 };
    int64_t offset_minutes = 0;
    bool date = take_year(&text, &civil.year) && take_byte(&text, '-') && take_two(&text, &civil.month) &&
                take_byte(&text, '-') && take_two(&text, &civil.day);
    bool parted = date && (take_one_of(&text, 'T', 't') || take_byte(&text, ' '));
    if (!parted || !take_clock(&text, &civil)) return false;
    bool spaced = take_byte(&text, ' ');
    if ((spaced && text.len == 0) || !take_zone(&text, &offset_minutes)) return false;
    return to_ms(civil, offset_minutes, ms);
}

static bool take_month_name(struct ps_span *rest, uint8_t *month)
{
    static const char NAMES[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (uint8_t i = 0; i < 12; i++) {
        if (!ps_span_starts(*rest, ps_span_make(NAMES + (size_t)i * 3, 3))) continue;
        *rest = ps_span_from(*rest, 3);
        *month = (uint8_t)(i + 1);
        return true;
    }
    return false;
}

bool ps_time_parse_clf(struct ps_span text, int64_t *ms)
{
    struct ps_time_civil civil = { 0 };
    int64_t offset_minutes = 0;
    bool date = take_two(&text, &civil.day) && take_byte(&text, '/') && take_month_name(&text, &civil.month) &&
                take_byte(&text, '/') && take_year(&text, &civil.year) && take_byte(&text, ':');
    bool clock = date && take_two(&text, &civil.hour) && take_byte(&text, ':') && take_two(&text, &civil.minute) &&
                 take_byte(&text, ':') && take_two(&text, &civil.second);
    if (!clock || !take_byte(&text, ' ') || text.len == 0 || !take_zone(&text, &offset_minutes)) return false;
    return to_ms(civil, offset_minutes, ms);
}

bool ps_time_parse_epoch(struct ps_span text, int64_t *ms)
{
    static const int64_t SECONDS_MAX = INT64_C(100000000000);
    int64_t value = 0;
    if (!ps_num_scaled_cut(text, 0, &value)) return false;
    bool in_seconds = value > -SECONDS_MAX && value < SECONDS_MAX;
    if (in_seconds && !ps_num_scaled_cut(text, 3, &value)) return false;
    if (!in_seconds) {
        uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        if (size >= (uint64_t)SECONDS_MAX * 1000000)
            value = floor_div(value, 1000000);
        else if (size >= (uint64_t)SECONDS_MAX * 1000)
            value = floor_div(value, 1000);
    }
    if (value < PS_TIME_TEXT_MS_MIN || value > PS_TIME_TEXT_MS_MAX) return false;
    *ms = value;
    return true;
}
