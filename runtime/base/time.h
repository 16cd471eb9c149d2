/* Points in time as int64_t milliseconds since 1970-01-01T00:00:00Z (proleptic Gregorian, no leap seconds).
 * Pure: never asks a clock. */
#ifndef PS_TIME_H
#define PS_TIME_H

#include "base/buf.h"
#include "base/span.h"

enum { PS_TIME_ISO_BYTES = 24, PS_TIME_DAY_BYTES = 10 };

/* The first and last millisecond of the years 0..9999, the ones that have a text form. */
#define PS_TIME_TEXT_MS_MIN INT64_C(-62167219200000)
#define PS_TIME_TEXT_MS_MAX INT64_C(253402300799999)

struct ps_time_civil {
    int32_t year;
    uint8_t month, day, hour, minute, second; /* month and day from 1 */
    uint16_t ms;
};

PS_API struct ps_time_civil ps_time_to_civil(int64_t ms);
/* False when a part is out of range (month 13, 30 February, hour 24; second 60 counts as 59). */
PS_API PS_MUST_USE bool ps_time_from_civil(struct ps_time_civil civil, int64_t *ms);

/* 2026-11-21T10:00:00.123Z onto out, which has PS_TIME_ISO_BYTES; years 0..9999 (asserted). */
PS_API void ps_time_iso(int64_t ms, char out[PS_TIME_ISO_BYTES]);
/* 2026.11.21 with the separator given, onto out, which has PS_TIME_DAY_BYTES. */
PS_API void ps_time_day(int64_t ms, char separator, char out[PS_TIME_DAY_BYTES]);

/* The three parsers below give only what has a text form: false outside PS_TIME_TEXT_MS_MIN..MAX. */

/* ISO-8601 and RFC 3339 as found in logs: date and time parted by 'T' or one space, seconds or not, fraction of any
 * length after '.' or ',' (cut to ms), zone Z, +hh:mm, +hhmm, +hh, with or without a space before it, or none (taken
 * as UTC). The whole text must be used. */
PS_API PS_MUST_USE bool ps_time_parse_iso(struct ps_span text, int64_t *ms);

/* 21/Nov/2026:10:00:00 +0000, the access-log form. The whole text must be used. */
PS_API PS_MUST_USE bool ps_time_parse_clf(struct ps_span text, int64_t *ms);

/* A decimal count since the epoch whose unit is told by its size: under 1e11 seconds, under 1e14 milliseconds,
 * under 1e17 microseconds, else nanoseconds. Fractions are kept to the ms (cut). */
PS_API PS_MUST_USE bool ps_time_parse_epoch(struct ps_span text, int64_t *ms);

#endif
