/* Reads one S3 object from an offset to its end, in order, with several ranged GETs in flight and fixed memory.
 *
 * Every GET names the ETag (If-Match) and the version where there is one, so that what comes is of one object: one that
 * was changed meanwhile is PS_S3_READ_CHANGED. Sources: Amazon S3 API Reference, "GetObject", "Error responses". */
#ifndef PS_S3_READ_H
#define PS_S3_READ_H

#include "aws/call.h"
#include "host/deadline.h"

struct ps_s3_read; /* opaque: memory and requests of one object at a time */

struct ps_s3_read_options {
    size_t part_bytes;  /* of one GET; 4 MiB is where S3 is at its best */
    uint32_t in_flight; /* 1 to 8, the part that the caller works on included */
    uint32_t request_timeout_ms;
};

struct ps_s3_read_object {
    struct ps_span bucket, key;
    struct ps_span version_id; /* may be empty */
    struct ps_span etag;       /* without quotes; may be empty: the first answer's is held to then */
    uint64_t offset;           /* where to begin */
};

/* Why an object cannot be read. */
enum ps_s3_read_end {
    PS_S3_READ_GOES_ON, /* no end yet */
    PS_S3_READ_DONE,
    PS_S3_READ_GONE,     /* no such key or version: dead */
    PS_S3_READ_DELETED,  /* a delete marker: dead */
    PS_S3_READ_ARCHIVED, /* InvalidObjectState: dead */
    PS_S3_READ_CHANGED,  /* another ETag: begin again, or leave it to the notification of the change */
    PS_S3_READ_FAULT,    /* what err says: DENIED, BAD_CONFIG, THROTTLED, UNAVAILABLE, DEADLINE */
};

/* Takes in_flight * (part_bytes + 64 KiB) and 64 KiB more of address space from process. No call is made. */
PS_API PS_MUST_USE enum ps_err ps_s3_read_open(struct ps_arena *process, struct ps_call_client *client,
                                               const struct ps_s3_read_options *options, struct ps_s3_read **out);

/* Begins with an object; a former one is left. Its texts must live until the end. */
PS_API PS_MUST_USE enum ps_err ps_s3_read_begin(struct ps_s3_read *read, const struct ps_deadline *deadline,
                                                const struct ps_s3_read_object *object);

/* The next bytes, in order; they stay until the next call. While the caller works on them the requests behind them go
 * on only inside these calls. *end says how it went: with GOES_ON bytes is not empty. PS_OK for every end but FAULT. */
PS_API PS_MUST_USE enum ps_err ps_s3_read_next(struct ps_s3_read *read, struct ps_span *bytes,
                                               enum ps_s3_read_end *end);

/* Lets requests in flight go on without waiting: to be called now and then during long work on the bytes. What goes
 * wrong in it is told by the next ps_s3_read_next. */
PS_API void ps_s3_read_pump(struct ps_s3_read *read);

/* Of the object, from the first answer on: its size, when it was last modified, and its ETag without quotes. */
PS_API uint64_t ps_s3_read_size(const struct ps_s3_read *read);
PS_API int64_t ps_s3_read_modified_ms(const struct ps_s3_read *read);
PS_API struct ps_span ps_s3_read_etag(const struct ps_s3_read *read);

/* Breaks off what is in flight. */
PS_API void ps_s3_read_leave(struct ps_s3_read *read);

#endif
