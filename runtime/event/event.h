/* What a Lambda payload is: recognises the source and gives its carriers one by one. A carrier is what holds one or
 * more log envelopes, or a log line, in base64: the awslogs.data of a direct subscription, a record of Kinesis,
 * Firehose or Kafka.
 *
 * The payload is checked whole when it is opened, so a cut one is refused before any carrier is used; a carrier that
 * lacks what it needs is its own fault only (carrier.fault) and the others go on. Members nobody knows are ignored at
 * every level; names are compared as written. Allocates nothing: every span points into the payload.
 * Wire formats: docs/wire/cloudwatch-logs.md, docs/wire/kafka.md. */
#ifndef PS_EVENT_H
#define PS_EVENT_H

#include "base/err.h"
#include "base/json_read.h"
#include "base/span.h"

enum ps_event_source {
    PS_EVENT_UNKNOWN,
    PS_EVENT_CWLOGS,   /* {"awslogs":{"data":...}}, one carrier, nothing can be handed back */
    PS_EVENT_KINESIS,  /* {"Records":[{"kinesis":...}]}, all of one shard, in its order */
    PS_EVENT_FIREHOSE, /* {"records":[{"recordId":...}]}, each one wants an answer */
    PS_EVENT_MSK,   /* {"eventSource":"aws:kafka","records":{"topic-0":[...]}}, several partitions, each in its order */
    PS_EVENT_KAFKA, /* the same from brokers that are not AWS's: "aws:SelfManagedKafka" */
};

struct ps_carrier {
    size_t position;
    struct ps_span raw;  /* the whole carrier as JSON */
    struct ps_span data; /* base64, as written between its quotes */
    bool data_escaped;   /* data holds a backslash ("\/") */
    /* As written between their quotes; empty where the source has no such thing. */
    struct ps_span sequence; /* Kinesis: 56 digits, never a number; Kafka: the offset's digits */
    struct ps_span partition_key;
    struct ps_span event_id;  /* Kinesis: shardId-...:sequence */
    struct ps_span record_id; /* Firehose */
    int64_t arrival_ms;       /* 0 when unknown */
    const char *fault;        /* NULL, or one word for what is wrong: "data_missing"... */
    /* Kafka only. */
    struct ps_span group; /* the name in records that it stands under: echoed in answers as it is, never made anew */
    struct ps_span topic;
    struct ps_span timestamp_type; /* CREATE_TIME (arrival_ms is the producer's word), LOG_APPEND_TIME */
    struct ps_span key;            /* base64 */
    struct ps_span headers;        /* JSON, for event/from_kafka.h; empty when there are none */
    int64_t offset;                /* sequence as a number; -1 when unknown */
    int32_t partition;             /* -1 when unknown */
    bool has_key;                  /* "" is a key; one that is absent or null is none */
    bool tombstone;                /* there is no value, which is no fault: data is empty */
};

struct ps_event {
    enum ps_event_source source;
    size_t carrier_count;
    struct ps_span arn;    /* of the stream; may be empty */
    struct ps_span region; /* of the stream; may be empty */
    struct ps_span state;  /* of a Kinesis mapping's tumbling window, as JSON; empty without one */
    /* Private to event.c. */
    struct ps_span carriers; /* the array, Kafka's object of arrays, or the awslogs object */
    struct ps_span group;
    size_t position;
    struct ps_json_reader reader;
};

/* BAD_INPUT for what is no JSON object, or of none of the sources. */
PS_MUST_USE enum ps_err ps_event_open(struct ps_span payload, struct ps_event *event);

/* The next carrier, in the payload's order; *more is false after the last one. */
PS_MUST_USE enum ps_err ps_event_next(struct ps_event *event, struct ps_carrier *carrier, bool *more);

/* Begins again with the first carrier. */
void ps_event_rewind(struct ps_event *event);

/* "cwlogs", "kinesis", "firehose", "msk", "kafka", "unknown". */
const char *ps_event_source_name(enum ps_event_source source);

#endif
