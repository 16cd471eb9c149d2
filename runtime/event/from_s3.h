/* Notifications of Amazon S3 about objects, as they come directly or inside an SQS body or an SNS envelope (keys are
 * form-decoded) and as EventBridge's "Object Created" (keys are as they are). Also what they are not about an object:
 * s3:TestEvent. Sources: Amazon S3 user guide, "Event message structure", "EventBridge event structure".
 * docs/wire/s3-notifications.md. */
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

/* Texts are plain (unescaped, decoded), on the arena or in the payload. */
struct ps_s3_object {
    enum ps_s3_change change;
    struct ps_span bucket;
    struct ps_span key;        /* never empty */
    struct ps_span version_id; /* empty without versioning */
    struct ps_span etag;       /* without quotes; empty when missing */
    struct ps_span sequencer;  /* hex digits that sort events of one key; may be empty */
    uint64_t size;
};

enum ps_from_s3_kind {
    PS_FROM_S3_NOTHING, /* not of S3 */
    PS_FROM_S3_TEST,    /* s3:TestEvent */
    PS_FROM_S3_OBJECTS,
};

struct ps_from_s3 {
    struct ps_json_reader reader; /* private, as are all members */
    struct ps_span single;        /* EventBridge's one object */
    bool given;
};

/* What payload is; for OBJECTS, messages is ready for the first next. SNS envelopes inside are opened (one level, on
 * arena). BAD_INPUT for what is no JSON, or of S3 and broken as a whole. */
PS_MUST_USE enum ps_err ps_from_s3_open(struct ps_arena *arena, struct ps_span payload, enum ps_from_s3_kind *kind,
                                        struct ps_from_s3 *objects);

/* BAD_INPUT for one record that lacks bucket or key; the next call goes on behind it. */
PS_MUST_USE enum ps_err ps_from_s3_next(struct ps_from_s3 *objects, struct ps_arena *arena, struct ps_s3_object *out,
                                        bool *more);

#endif
