/* Where a record stands in its stream, and the one text of it that the record's id is made of.
 *
 * The id is UUID version 5 (RFC 9562, section 5.5): SHA-1 over PS_COORDINATES_NAMESPACE and then the text. The same
 * record has the same text in every retry, replay and cut of a batch, and two records never share one: parts are
 * parted by '|', and '|' and '%' inside a part are written %7C and %25. Neither the namespace nor the text may ever
 * change: ids of stored rows depend on them (tests hold known values). Owns nothing. docs/wire/stream-row.md. */
#ifndef PS_COORDINATES_H
#define PS_COORDINATES_H

#include "base/buf.h"
#include "base/json_write.h"
#include "base/span.h"

/* e0eed853-eb6d-4a86-8d00-24214da16f40, drawn at random once. */
enum { PS_COORDINATES_NAMESPACE_BYTES = 16 };
extern const unsigned char PS_COORDINATES_NAMESPACE[PS_COORDINATES_NAMESPACE_BYTES];

struct ps_coordinates {
    struct ps_span source;   /* "kinesis" or "kafka" */
    struct ps_span cluster;  /* Kafka: the ARN of the MSK cluster, or the alias of a self-managed one; may be empty */
    struct ps_span stream;   /* ARN of the stream (ps_coordinates_stream_arn), or the topic */
    struct ps_span shard;    /* shard id, or partition */
    struct ps_span position; /* sequence number, or offset, as digits; "#" and a digest for a record without one */
    uint64_t sub_sequence;   /* of a record inside a KPL aggregate, from 0; else 0 */
    uint64_t event;          /* of a log event among all those of the record, from 0; else 0 */
};

/* The ARN without "/consumer/<name>:<time>": a mapping that reads through a consumer of its own (enhanced fan-out)
 * names that, and the same records must keep their ids when it is changed to the stream or back. */
struct ps_span ps_coordinates_stream_arn(struct ps_span arn);

/* source|cluster|stream|shard|position|sub_sequence|event, without the namespace. */
void ps_coordinates_put(struct ps_buf *buf, const struct ps_coordinates *coordinates);

/* The same as a JSON object; an empty cluster is left out. */
void ps_coordinates_write(struct ps_json_writer *writer, const struct ps_coordinates *coordinates);

#endif
