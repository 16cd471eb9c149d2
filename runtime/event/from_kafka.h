/* The records of a Kafka event source mapping (Amazon MSK or self-managed brokers) as carriers, and their headers.
 *
 * Reads: walks the records map, takes one record apart, steps through its headers. Never decodes a key or a value (both
 * stay base64) and never makes a topic-partition name from its parts: the one in the payload is the only right one.
 * Allocates nothing: every span points into the payload. What is wrong with one record is its carrier's fault; what is
 * wrong with headers is told by their reader only, since a record is worth keeping without them.
 * Wire format: docs/wire/kafka.md; AWS Lambda developer guide, "Using Lambda with Amazon MSK" and "Using Lambda with
 * self-managed Apache Kafka", each its example event. */
#ifndef PS_FROM_KAFKA_H
#define PS_FROM_KAFKA_H

#include "base/buf.h"
#include "event/event.h"

/* The next record of the map that reader is in, as written, and the name it stands under; *more is false after the
 * last one. What stands in a record array's place counts as one record: nothing is passed over. */
PS_MUST_USE enum ps_err ps_from_kafka_next(struct ps_json_reader *reader, struct ps_span *group, struct ps_span *raw,
                                           bool *more);

/* raw is one record. What is missing or of the wrong type becomes carrier->fault; no value is a tombstone and none. */
void ps_from_kafka_read(struct ps_span raw, struct ps_carrier *carrier);

/* Names may repeat, and the order counts. */
struct ps_from_kafka_header {
    struct ps_span name;  /* as written between its quotes */
    struct ps_span value; /* the array of numbers as written, for ps_from_kafka_header_bytes; empty when null */
};

/* Begins the headers of a carrier; none at all is fine. BAD_INPUT when they are no array. */
PS_MUST_USE enum ps_err ps_from_kafka_headers_open(const struct ps_carrier *carrier, struct ps_json_reader *reader);

/* The next header, in order; *more is false after the last one. BAD_INPUT for what is none: the reader must not be used
 * after that. */
PS_MUST_USE enum ps_err ps_from_kafka_header_next(struct ps_json_reader *reader, struct ps_from_kafka_header *header,
                                                  bool *more);

/* Puts the bytes of a header's value onto bytes. A byte is a number from -128 to 255: Lambda writes them signed, other
 * senders unsigned. BAD_INPUT for anything else; what came before it has been put then. */
PS_MUST_USE enum ps_err ps_from_kafka_header_bytes(struct ps_span value, struct ps_buf *bytes);

#endif
