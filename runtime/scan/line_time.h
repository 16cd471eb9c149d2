/* The time that a log line says of itself, found near its begin. Never guesses and never asks a clock: a form without a
 * year (BSD syslog) has no time. Forms, of which the first that fits counts:
 *
 *   2026-11-21T10:00:00.123+01:00    ISO 8601 as base/time.h reads it, also 2026/11/21 10:00:00; also in brackets or
 *                                    quotes, or behind a syslog priority (RFC 5424: <34>1 2026-...)
 *   1795255200.123                   since 1970, seconds to nanoseconds, of 10 digits or more
 *   {"ts":...}                       the first of the members ts, time, timestamp, @timestamp: either of the above
 *   10.0.0.1 - - [21/Nov/2026:10:00:00 +0000]    an access log's */
#ifndef PS_LINE_TIME_H
#define PS_LINE_TIME_H

#include "base/span.h"

/* Further than this nothing is looked for: what stands behind is the message. */
enum { PS_LINE_TIME_LOOK_BYTES = 128 };

#define PS_LINE_TIME_NONE INT64_MIN

/* Milliseconds since 1970, or PS_LINE_TIME_NONE. */
int64_t ps_line_time_find(struct ps_span line);

#endif
