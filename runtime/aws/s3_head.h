/* The headers of an answer to S3's GetObject that say what was sent: outside text, read here and nowhere else.
 * Pure; spans are slices of their input. Sources: RFC 9110, 5.6.7 (dates), 8.8.3 (ETag), 14.4 (Content-Range). */
#ifndef PS_S3_HEAD_H
#define PS_S3_HEAD_H

#include "base/err.h"
#include "base/span.h"

/* Bytes first to last of an object of size bytes. */
struct ps_s3_range {
    uint64_t first, last, size;
};

/* Content-Range: "bytes 0-9/100". BAD_INPUT for anything else, a range that ends before it begins or beyond the size,
 * and one that does not tell the size. */
PS_MUST_USE enum ps_err ps_s3_head_range(struct ps_span text, struct ps_s3_range *out);

/* Last-Modified: "Wed, 12 Oct 2022 17:50:00 GMT". False for any other form. */
PS_MUST_USE bool ps_s3_head_date(struct ps_span text, int64_t *ms);

/* ETag without its quotes; as it is where it has none. */
struct ps_span ps_s3_head_etag(struct ps_span text);

#endif
