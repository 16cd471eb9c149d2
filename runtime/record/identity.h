/* Deterministic ids: the same log event gets the same document id however often and in whatever batch it comes, so
 * that a retry or a replay finds its document there. Never change these functions: ids of stored documents depend on
 * them (tests hold known values).
 *
 * Hash: FNV-1a, 64 bits (offset basis 0xcbf29ce484222325, prime 0x100000001b3), then the 64-bit finaliser of
 * MurmurHash3 (multipliers 0xff51afd7ed558ccd and 0xc4ceb9fe1a85ec53, shifts of 33), because FNV alone mixes the last
 * bytes badly. Parts are separated by the byte 0xff, which UTF-8 never holds. */
#ifndef PS_IDENTITY_H
#define PS_IDENTITY_H

#include "base/buf.h"
#include "record/record.h"

enum {
    PS_IDENTITY_EVENT_ID_BYTES_MAX = 200, /* a longer event id is replaced by "h" and its hash */
};

/* Of the log stream: the account that owns the group (the envelope's owner, not a system field), group, stream. */
uint64_t ps_identity_source(struct ps_span account, struct ps_span log_group, struct ps_span log_stream);

/* The document's _id, escaped for a JSON string: "<event id>-<16 hex digits of source>". An event without an id gets
 * "n<time>-<position>-<16 hex digits of its text as it came>-<source>": time and position are the event's own. */
void ps_identity_document(struct ps_buf *buf, const struct ps_record *record, uint64_t source);

#endif
