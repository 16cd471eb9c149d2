/* One message of a stream (the bytes of a Kinesis or Kafka record, or the message of a log event in one) as a record.
 *
 * A JSON log line is a JSON object; its members "service", "level", "message" and "ts" mean what they say, by exactly
 * these names, each may be missing, and every other member is kept as a field in its order. Unlike the log processor's
 * documents, rows have no limits of a search engine: names and texts of the line's own members stay as they are; only
 * what is nested keeps the limits of record/json_value.h. A member whose value cannot be used (a service that is no
 * text, a ts that is no time) stays a field too, so that nothing is lost. Anything else is UNPARSED: the bytes are the
 * message, and record.unparsed says why in one word. docs/wire/stream-row.md has the rules in full.
 *
 * Nothing here reads a clock: a record without a usable time gets the time of its arrival, so that a replay makes the
 * same row again. Spans point into the bytes and the arena. */
#ifndef PS_STREAM_LINE_H
#define PS_STREAM_LINE_H

#include "record/record.h"
#include "record/redact.h"

enum { PS_STREAM_LINE_SERVICE_BYTES_MAX = 1024 }; /* a key of DynamoDB holds 2048; a longer one is no service */

/* The last time whose milliseconds have 13 digits, in 2286: up to it, times as text sort as times do. */
#define PS_STREAM_LINE_TIME_MS_MAX INT64_C(9999999999999)

struct ps_stream_line {
    /* service is never empty: "unknown" when the line does not say. event_time_ms is the arrival's, time_ms the row's;
     * both within 0..PS_STREAM_LINE_TIME_MS_MAX. level is what the level means; as it was given it is a field. */
    struct ps_record record;
    struct ps_span bytes;  /* as they came */
    struct ps_span source; /* what ps_redact_record may scan; data is NULL when the texts are not all part of it */
    bool arrival;          /* time_ms is the arrival's: the line has no usable time */
    bool binary;           /* UNPARSED, and the message is no UTF-8: it is written in base64 */
};

/* arrival_ms: when the stream got the record; outside its limits the nearest limit counts. NO_MEMORY is the only
 * failure; ps_stream_line_keep then makes a row of the record none the less. */
PS_MUST_USE enum ps_err ps_stream_line_read(struct ps_arena *arena, struct ps_span bytes, int64_t arrival_ms,
                                            struct ps_stream_line *line);

/* Bytes that are not to be read, or could not be: UNPARSED, with one word why. Cannot fail. */
void ps_stream_line_keep(struct ps_span bytes, int64_t arrival_ms, struct ps_span why, struct ps_stream_line *line);

/* Hides secrets in all that is written of the line. Bytes in which one is found stop being binary: they are written as
 * text, invalid bytes replaced, because base64 would carry the secret along. */
PS_MUST_USE enum ps_err ps_stream_line_redact(struct ps_stream_line *line, const struct ps_redact *redact,
                                              struct ps_arena *arena, struct ps_redact_counts *counts);

#endif
