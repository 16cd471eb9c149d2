/* CloudWatch Logs subscription envelopes: carrier -> JSON -> envelope -> log events -> records.
 *
 * A carrier's data is base64 of gzip (any number of members), zlib or plain JSON, and holds one envelope or several,
 * one after the other with or without white space between. An envelope is read through before its first event is
 * given out, so that a cut one is refused whole. Members come in any order, unknown ones are ignored at every level,
 * of two with the same name the last one counts. Texts are unescaped and, where the envelope is not valid UTF-8,
 * repaired. Spans live as long as the JSON and the arena. Wire format: docs/wire/cloudwatch-logs.md. */
#ifndef PS_FROM_CWLOGS_H
#define PS_FROM_CWLOGS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json_read.h"
#include "base/span.h"
#include "event/event.h"
#include "record/record.h"

struct ps_from_cwlogs_envelope {
    bool control; /* CONTROL_MESSAGE: a reachability test without log events */
    bool utf8;    /* raw is valid UTF-8, so nothing in it needs repair */
    struct ps_span raw;
    struct ps_span owner; /* the account of the log group */
    struct ps_span log_group;
    struct ps_span log_stream;
    /* The filter's system fields, where it emits them for all events alike; else empty. */
    struct ps_span account;
    struct ps_span region;
    size_t repaired; /* invalid UTF-8 sequences replaced in the texts above */
    /* Private to from_cwlogs.c. */
    struct ps_span events;
    size_t position;
    struct ps_json_reader reader;
};

struct ps_from_cwlogs_event {
    size_t position;
    struct ps_span raw;       /* as written */
    const char *fault;        /* NULL, or one word for why this event is no log line: "message_missing"... */
    struct ps_span id;        /* text, leading zeros kept; empty when there is none */
    int64_t timestamp_ms;     /* 0 unless timestamp_ok */
    bool timestamp_ok;        /* there, and within the years 1970..9999 */
    struct ps_span message;   /* a message that is no string: its JSON text */
    struct ps_span extracted; /* the extractedFields object as JSON, valid UTF-8; may be empty */
    struct ps_span account;   /* system fields "@aws.account" and "@aws.region"; may be empty */
    struct ps_span region;
    size_t repaired;
};

/* Undoes base64 and compression. BAD_INPUT for what is none of the accepted forms, TOO_LARGE over bytes_max. */
PS_MUST_USE enum ps_err ps_from_cwlogs_inflate(struct ps_arena *arena, const struct ps_carrier *carrier,
                                               size_t bytes_max, struct ps_span *json);

/* Takes the next envelope off *rest; *more is false when only white space was left. On failure *rest still begins
 * with the bytes at fault. BAD_INPUT for bad JSON, an unknown messageType, or data messages without logEvents. */
PS_MUST_USE enum ps_err ps_from_cwlogs_open(struct ps_arena *arena, struct ps_span *rest,
                                            struct ps_from_cwlogs_envelope *envelope, bool *more);

/* The next log event; *more is false after the last one. An event of the wrong shape has a fault and is not an
 * error. Unescaped texts lie on arena, which the caller may rewind between events. */
PS_MUST_USE enum ps_err ps_from_cwlogs_next(struct ps_from_cwlogs_envelope *envelope, struct ps_arena *arena,
                                            struct ps_from_cwlogs_event *event, bool *more);

/* The next log event as written, with the fault "no_room": for one that ps_from_cwlogs_next had no memory to undo.
 * Called with a copy of the envelope that was made before that. */
PS_MUST_USE enum ps_err ps_from_cwlogs_skip(struct ps_from_cwlogs_envelope *envelope,
                                            struct ps_from_cwlogs_event *event);

/* A fresh record with its coordinates, the message as it came, and the event's time. The region is the event's, the
 * envelope's, or else function_region, marked as inferred; the account likewise, or else the owner. */
void ps_from_cwlogs_record(const struct ps_from_cwlogs_envelope *envelope, const struct ps_from_cwlogs_event *event,
                           struct ps_span function_region, struct ps_record *record);

/* Adds the extractedFields to the record, system fields that became account and region left out. */
PS_MUST_USE enum ps_err ps_from_cwlogs_extracted(struct ps_arena *arena, const struct ps_from_cwlogs_event *event,
                                                 struct ps_record *record);

#endif
