/* What a log line is once it has been understood.
 *
 * A record is filled stage by stage (decode, clean, unwrap, join, parse, enrich, redact) and then encoded. It owns
 * nothing: every span points into the envelope or the arena of the record, which is rewound after encoding. Core
 * members have one meaning whatever the input called them; everything else the producer said is a field, kept in order
 * under one subtree. Texts are valid UTF-8 and clean (record/clean.h) unless a comment says otherwise. */
#ifndef PS_RECORD_H
#define PS_RECORD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* Ordered, so that a threshold is one comparison. */
enum ps_level {
    PS_LEVEL_NONE, /* the line does not say */
    PS_LEVEL_TRACE,
    PS_LEVEL_DEBUG,
    PS_LEVEL_INFO,
    PS_LEVEL_WARN,
    PS_LEVEL_ERROR,
    PS_LEVEL_FATAL,
};

enum ps_format {
    PS_FORMAT_PLAIN,
    PS_FORMAT_JSON,
    PS_FORMAT_LOGFMT,
    PS_FORMAT_ACCESS, /* common or combined */
    PS_FORMAT_VPC_FLOW,
    PS_FORMAT_ALB,
    PS_FORMAT_LAMBDA, /* START, END, REPORT, INIT_START, time-outs, text-mode lines, platform.* */
    PS_FORMAT_COUNT,
};

enum ps_field_kind {
    PS_FIELD_TEXT,   /* value: plain UTF-8 text, escaped when written */
    PS_FIELD_STRING, /* value: a JSON string's inside, escaped already */
    PS_FIELD_JSON,   /* value: any other whole JSON value (number, true, null, object, array) */
};

struct ps_field {
    struct ps_span name; /* a JSON string's inside, escaped already; never empty */
    struct ps_span value;
    enum ps_field_kind kind;
    bool plain; /* STRING: known to hold no escape, so that it is its own text; false when nobody looked */
};

enum {
    PS_RECORD_FIELDS_MAX = 1000,       /* at one level; a line with more keeps its text and is marked unparsed */
    PS_RECORD_DEPTH_MAX = 10,          /* deeper values are kept as JSON text in a string; OpenSearch stops at 20 */
    PS_RECORD_NAME_BYTES_MAX = 512,    /* a longer name is cut */
    PS_RECORD_NUMBER_BYTES_MAX = 1000, /* OpenSearch refuses longer numbers; such a one is kept as a string */
    /* A longer string field is cut and marked: a Lucene term holds 32,766 bytes. */
    PS_RECORD_VALUE_BYTES_MAX = 16 << 10,
};

struct ps_record {
    /* Coordinates, set by event/. */
    struct ps_span event_id;   /* as the source gave it, digits; may be empty */
    size_t position;           /* in its envelope */
    struct ps_span event_text; /* the message as it came: what an event without id is told by */
    int64_t event_time_ms;     /* the source's stamp: decides the index, never the message's own */
    struct ps_span account;
    struct ps_span region;
    bool region_inferred; /* taken from the function's own region */
    struct ps_span log_group;
    struct ps_span log_stream;

    /* What the line says. */
    struct ps_span message;
    int64_t time_ms; /* @timestamp: the message's time when plausible, else event_time_ms */
    enum ps_level level;
    enum ps_format format;
    struct ps_span service;
    struct ps_span env;
    struct ps_span host;
    struct ps_span logger;
    struct ps_span request_id;
    struct ps_span trace_id;
    struct ps_span span_id;
    struct ps_span error_type;
    struct ps_span error_message;
    struct ps_span stack_trace; /* text with line feeds */
    struct ps_span duration_ms; /* a JSON number, exact */
    uint32_t status;            /* HTTP status, 0 when unknown */

    /* Why the line is kept as text although it looked like a format ("json_cut", "too_many_fields"); empty when it
     * parsed. */
    struct ps_span unparsed;
    bool is_trace;       /* lines of a stack trace were joined */
    uint32_t joined;     /* further events joined into this record */
    bool message_cut;    /* the message was over its limit and was cut, with a marker in it */
    uint32_t cut_values; /* texts cut at PS_RECORD_VALUE_BYTES_MAX, with a marker in them */

    struct ps_field *fields; /* one subtree of the document, in order, names unique */
    size_t field_count;
    size_t field_cap;
    uint64_t field_filter; /* a bit per name hash: names not seen need no search */
};

/* "TRACE".. "FATAL"; empty for PS_LEVEL_NONE. */
struct ps_span ps_record_level_name(enum ps_level level);

/* Any usual spelling in any case: names and their short forms ("warn", "WARNING", "err", "E", "crit", "notice"),
 * syslog severities 0..7 as text are not accepted here. PS_LEVEL_NONE when it is no level. */
enum ps_level ps_record_level_parse(struct ps_span text);

/* Numeric levels of bunyan and pino (10..60). PS_LEVEL_NONE for other numbers. */
enum ps_level ps_record_level_from_number(int64_t value);

/* "json", "plain", "vpc_flow"... as the document says it. */
struct ps_span ps_record_format_name(enum ps_format format);

/* Adds a field whose name is plain text (escaped here when it needs it). A name that is there already gets the new
 * value (the last one wins, as in most JSON parsers). Names that OpenSearch refuses are mended: an empty or blank one
 * becomes "_", dots at an end or in a row become "_", a long one is cut. A TEXT or STRING value over
 * PS_RECORD_VALUE_BYTES_MAX is cut with a marker and counted. LIMIT errors: NO_MEMORY, or TOO_LARGE over
 * PS_RECORD_FIELDS_MAX. */
PS_MUST_USE enum ps_err ps_record_add_text(struct ps_record *record, struct ps_arena *arena, struct ps_span name,
                                           struct ps_span value);

/* The same with a name that is escaped already. */
PS_MUST_USE enum ps_err ps_record_add(struct ps_record *record, struct ps_arena *arena, struct ps_field field);

/* For stores that are no search engine: neither name nor value is mended or cut. A name may be empty. */
PS_MUST_USE enum ps_err ps_record_add_whole(struct ps_record *record, struct ps_arena *arena, struct ps_field field);

/* Takes a field out that ps_record_field gave; the others keep their order. */
void ps_record_remove_field(struct ps_record *record, struct ps_field *field);

/* A column of a text format: a JSON number is added as one, "-" and nothing at all are not added, the rest is text.
 * LIMIT errors as above. */
PS_MUST_USE enum ps_err ps_record_add_column(struct ps_record *record, struct ps_arena *arena, struct ps_span name,
                                             struct ps_span value);

/* Gives the record its own copy of the fields it has, so that a parser that fails half-way can put the old ones back.
 * Nothing happens without fields. */
PS_MUST_USE enum ps_err ps_record_own_fields(struct ps_record *record, struct ps_arena *arena);

/* Takes ms as the record's time when it lies within 14 days before and 2 hours after the event's own stamp: clocks of
 * producers are wrong too often to be believed beyond that. Says whether it did. */
bool ps_record_accept_time(struct ps_record *record, int64_t ms);

/* The field of that (escaped) name, or NULL. */
struct ps_field *ps_record_field(const struct ps_record *record, struct ps_span name);

#endif
