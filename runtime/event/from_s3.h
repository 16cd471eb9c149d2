/* Notifications of Amazon S3 about objects: its own ("Records", keys form-encoded) and EventBridge's ("Object Created",
 * keys as they are), either of them also inside an SNS envelope, and S3's test message, which is about no object.
 * Whoever has an SQS body gives it here as it is.
 *
 * Texts are plain (unescaped, decoded), in the payload or on the arena, and bytes: a key need not be UTF-8, and may
 * hold
 * "." and ".." parts. Sources: Amazon S3 user guide, "Event message structure", "EventBridge event message structure";
 * Amazon SNS developer guide, "Parsing message formats". Wire formats: docs/wire/s3-notifications.md. */
#ifndef PS_FROM_S3_H
#define PS_FROM_S3_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json_read.h"
#include "base/span.h"

enum ps_s3_change {
    PS_S3_CREATED,
    PS_S3_REMOVED,
    PS_S3_OTHER, /* restored, tagged, replicated...: nothing to read */
};

/* What S3 allows a key and a version id; no other text of an object is longer. */
enum { PS_S3_TEXT_BYTES_MAX = 1024 };

struct ps_s3_object {
    enum ps_s3_change change;
    struct ps_span bucket;     /* never empty */
    struct ps_span key;        /* never empty */
    struct ps_span version_id; /* empty without versioning */
    struct ps_span etag;       /* without quotes; empty when missing */
    struct ps_span sequencer;  /* hex digits that tell events of one key apart; may be empty */
    uint64_t size;             /* 0 when missing */
};

enum ps_from_s3_kind {
    PS_FROM_S3_NOTHING, /* not of S3 */
    PS_FROM_S3_TEST,    /* s3:TestEvent */
    PS_FROM_S3_OBJECTS,
};

/* Private, all of it. */
struct ps_from_s3 {
    struct ps_json_reader reader; /* in "Records" */
    struct ps_span single;        /* EventBridge's event, which has one object; then there are no records */
    size_t position;              /* of the next object */
};

/* What payload is; for OBJECTS, objects is ready for the first next. An SNS envelope is opened, one level, on arena.
 * BAD_INPUT (TOO_DEEP) for what is no JSON to its last byte, outside or in the envelope. */
PS_MUST_USE enum ps_err ps_from_s3_open(struct ps_arena *arena, struct ps_span payload, enum ps_from_s3_kind *kind,
                                        struct ps_from_s3 *objects);

/* The next object; *more is false after the last one, however often one asks. BAD_INPUT for one that lacks bucket, key
 * or name of the event, or is broken; the next call goes on behind it. */
PS_MUST_USE enum ps_err ps_from_s3_next(struct ps_from_s3 *objects, struct ps_arena *arena, struct ps_s3_object *out,
                                        bool *more);

/* BAD_INPUT unless bucket and key are there and no text is longer than PS_S3_TEXT_BYTES_MAX. */
PS_MUST_USE enum ps_err ps_from_s3_check(const struct ps_s3_object *object);

#endif
