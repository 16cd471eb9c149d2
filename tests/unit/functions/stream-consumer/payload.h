/* Payloads for tests of the stream consumer: events of Kinesis and Kafka, aggregates and envelopes, made of readable
 * parts. All lie on the arena that is given. */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdio.h>

#include "aws/digest.h"
#include "base/base64.h"
#include "base/gzip.h"
#include "base/json_write.h"
#include "support/check.h"

#define PAYLOAD_ARN "arn:aws:kinesis:eu-central-1:123456789012:stream/logs"

enum { PAYLOAD_BYTES_MAX = 8 << 20, PAYLOAD_FIRST_SEQUENCE = 100 };

static inline struct ps_buf payload_buf(struct ps_arena *arena)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PAYLOAD_BYTES_MAX);
    return buf;
}

static inline struct ps_span payload_end(struct ps_buf *buf)
{
    struct ps_span all = { NULL, 0 };
    CHECK_OK(ps_buf_finish(buf, &all));
    return all;
}

/* Records of one shard, with the sequence numbers 100 + from, 100 + from + 1... */
static inline struct ps_span payload_kinesis(struct ps_arena *arena, const struct ps_span *records, size_t from,
                                             size_t to)
{
    struct ps_buf buf = payload_buf(arena);
    ps_buf_put(&buf, PS_SPAN("{\"Records\":["));
    for (size_t i = from; i < to; i++) {
        size_t sequence = PAYLOAD_FIRST_SEQUENCE + i;
        ps_buf_printf(&buf,
                      "%s{\"eventSource\":\"aws:kinesis\",\"eventSourceARN\":\"" PAYLOAD_ARN
                      "\",\"eventID\":\"shardId-0:%zu\",\"kinesis\":{\"sequenceNumber\":\"%zu\","
                      "\"approximateArrivalTimestamp\":1795255260.125,\"data\":\"",
                      i == from ? "" : ",", sequence, sequence);
        ps_base64_encode(&buf, records[i]);
        ps_buf_put(&buf, PS_SPAN("\"}}"));
    }
    ps_buf_put(&buf, PS_SPAN("]}"));
    return payload_end(&buf);
}

/* A record of Kafka; a value without data (NULL) is a tombstone. */
struct payload_kafka {
    unsigned partition; /* those of one stand together */
    unsigned offset;
    struct ps_span value;
};

static inline struct ps_span payload_kafka(struct ps_arena *arena, const char *source,
                                           const struct payload_kafka *records, size_t count)
{
    struct ps_buf buf = payload_buf(arena);
    ps_buf_printf(&buf, "{\"eventSource\":\"%s\",\"records\":{", source);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || records[i].partition != records[i - 1].partition;
        if (first) ps_buf_printf(&buf, "%s\"logs-%u\":[", i == 0 ? "" : "],", records[i].partition);
        ps_buf_printf(&buf,
                      "%s{\"topic\":\"logs\",\"partition\":%u,\"offset\":%u,\"timestamp\":1795255260125,\"key\":null,"
                      "\"value\":",
                      first ? "" : ",", records[i].partition, records[i].offset);
        if (records[i].value.data == NULL) {
            ps_buf_put(&buf, PS_SPAN("null}"));
            continue;
        }
        ps_buf_byte(&buf, '"');
        ps_base64_encode(&buf, records[i].value);
        ps_buf_put(&buf, PS_SPAN("\"}"));
    }
    ps_buf_put(&buf, count > 0 ? PS_SPAN("]}}") : PS_SPAN("}}"));
    return payload_end(&buf);
}

static inline void payload_varint(struct ps_buf *buf, size_t value)
{
    for (; value >= 0x80; value >>= 7)
        ps_buf_byte(buf, (char)(value | 0x80));
    ps_buf_byte(buf, (char)value);
}

static inline void payload_field(struct ps_buf *buf, char key, struct ps_span bytes)
{
    ps_buf_byte(buf, key);
    payload_varint(buf, bytes.len);
    ps_buf_put(buf, bytes);
}

/* An aggregate of the parts, each of the partition key with that index in a table of one (docs/wire/kpl.md). */
static inline struct ps_span payload_kpl(struct ps_arena *arena, const struct ps_span *parts, const char *indexes,
                                         size_t count)
{
    struct ps_buf buf = payload_buf(arena);
    ps_buf_put(&buf, PS_SPAN("\xf3\x89\x9a\xc2"));
    payload_field(&buf, 0x0a, PS_SPAN("key"));
    for (size_t i = 0; i < count; i++) {
        struct ps_buf record = payload_buf(arena);
        ps_buf_byte(&record, 0x08);
        ps_buf_byte(&record, (char)(indexes[i] - '0'));
        payload_field(&record, 0x1a, parts[i]);
        payload_field(&buf, 0x1a, payload_end(&record));
    }
    struct ps_span message = ps_span_from(ps_buf_span(&buf), 4);
    unsigned char md5[PS_DIGEST_MD5_BYTES];
    CHECK_OK(ps_digest_md5(&message, 1, md5));
    ps_buf_put(&buf, ps_span_make((const char *)md5, sizeof md5));
    return payload_end(&buf);
}

/* An envelope whose log events have these messages. */
static inline struct ps_span payload_envelope(struct ps_arena *arena, const struct ps_span *messages, size_t count)
{
    struct ps_buf buf = payload_buf(arena);
    ps_buf_put(&buf, PS_SPAN("{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"1\",\"logGroup\":\"g\",\"logStream\":\"s\","
                             "\"logEvents\":["));
    for (size_t i = 0; i < count; i++) {
        ps_buf_printf(&buf, "%s{\"id\":\"%zu\",\"timestamp\":%zu,\"message\":\"", i == 0 ? "" : ",", i,
                      (size_t)1795255200000 + i);
        ps_json_write_escape(&buf, messages[i]);
        ps_buf_put(&buf, PS_SPAN("\"}"));
    }
    ps_buf_put(&buf, PS_SPAN("]}"));
    return payload_end(&buf);
}

static inline struct ps_span payload_gzip(struct ps_arena *arena, struct ps_span bytes)
{
    struct ps_gzip_compressor *compressor = NULL;
    size_t cap = bytes.len + 1024;
    size_t len = 0;
    char *out = ps_arena_bytes(arena, cap);
    CHECK_OK(ps_gzip_compressor_open(arena, 1, &compressor));
    CHECK_OK(ps_gzip_compress(compressor, bytes, out, cap, &len));
    ps_gzip_compressor_close(compressor);
    return ps_span_make(out, len);
}

#endif
