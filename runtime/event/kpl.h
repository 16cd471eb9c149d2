/* An aggregate of the Kinesis Producer Library (KPL): many log records in the data of one Kinesis record. Splits it
 * without loss: every sub-record is given out, in its order. One that lacks what it needs is its own fault only
 * (record.fault) and the others go on; none is left out for its hash, because Lambda tells no hash range to compare
 * with.
 *
 * It never computes a digest: the caller compares MD5 (aws/digest), and passes data on unchanged when it is damaged or
 * cannot be opened. The message is read through before the first sub-record is given out. Allocates nothing: every
 * span points into the message. Keys are bytes as they came and may be no UTF-8.
 * Wire format: docs/wire/kpl.md. */
#ifndef PS_KPL_H
#define PS_KPL_H

#include "base/err.h"
#include "base/span.h"

enum {
    PS_KPL_MD5_BYTES = 16,
    PS_KPL_MESSAGE_BYTES_MAX = 10 << 20, /* the largest Kinesis record there is */
    PS_KPL_GROUPS_DEEP_MAX = 100,        /* where protobuf's own readers stop */
    PS_KPL_MARKS_MAX = 1024,             /* 12 KiB; a key is found within 1/512 of the message's fields */
};

enum ps_kpl_table { PS_KPL_PARTITION_KEYS, PS_KPL_HASH_KEYS, PS_KPL_TABLES };

/* A place in the message, and how many keys of each table stand before it. */
struct ps_kpl_mark {
    uint32_t at;
    uint32_t keys[PS_KPL_TABLES];
};

struct ps_kpl {
    size_t record_count;
    /* Private to kpl.c. */
    struct ps_span message;
    size_t at;
    size_t position;
    uint32_t key_count[PS_KPL_TABLES];
    struct ps_kpl_mark marks[PS_KPL_MARKS_MAX];
    size_t mark_count;
    size_t mark_distance; /* fields from one mark to the next */
};

struct ps_kpl_record {
    size_t sub_sequence;              /* position in the aggregate, from 0 */
    struct ps_span partition_key;     /* empty when the fault is about it */
    struct ps_span explicit_hash_key; /* decimal digits; empty when there is none */
    struct ps_span data;
    /* NULL, or one word for what is wrong: "data_missing", "partition_key_missing" (no index), "partition_key_unknown"
     * and "hash_key_unknown" (the index names no key). */
    const char *fault;
};

/* Whether data has an aggregate's form; if so, its protobuf message and the 16 bytes that its MD5 must be. */
bool ps_kpl_detect(struct ps_span data, struct ps_span *message, struct ps_span *md5);

/* BAD_INPUT, TOO_DEEP or TOO_LARGE for what is no message of this kind, or holds no sub-record. */
PS_MUST_USE enum ps_err ps_kpl_open(struct ps_span message, struct ps_kpl *kpl);

/* The next sub-record; false after the last one. */
PS_MUST_USE bool ps_kpl_next(struct ps_kpl *kpl, struct ps_kpl_record *record);

#endif
