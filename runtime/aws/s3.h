/* Objects of one S3 bucket: put, get, delete, list. AWS's own endpoint is addressed by the bucket's host name, a custom
 * one (and a bucket with dots in its name, for which AWS has no certificate) by path. */
#ifndef PS_S3_H
#define PS_S3_H

#include "aws/call.h"
#include "aws/s3_list.h"

struct ps_s3; /* opaque: a bucket */

/* BAD_CONFIG for a bucket name that S3 does not allow. */
PS_API PS_MUST_USE enum ps_err ps_s3_check_bucket(struct ps_span bucket);

/* BAD_CONFIG for a bucket name that S3 does not allow, or no endpoint. Makes no call. */
PS_API PS_MUST_USE enum ps_err ps_s3_open(struct ps_arena *process, struct ps_call_client *client,
                                          struct ps_span bucket, struct ps_s3 **out);

/* The URL of an object, on arena. REFUSED for a key that is empty or over 1,024 bytes. */
PS_MUST_USE enum ps_err ps_s3_url(const struct ps_s3 *s3, struct ps_arena *arena, struct ps_span key,
                                  struct ps_span *out);

struct ps_s3_limits {
    const struct ps_deadline *deadline;
    bool hard_deadline;        /* may use the deadline's reserve */
    size_t response_bytes_max; /* of get and list */
};

/* Each retries what may pass. DENIED, BAD_CONFIG (no such bucket, another region), NOT_FOUND (no such key), REFUSED,
 * THROTTLED, UNAVAILABLE; the note names bucket, status and S3's error code. */
PS_MUST_USE enum ps_err ps_s3_put(struct ps_s3 *s3, struct ps_arena *arena, const struct ps_s3_limits *limits,
                                  struct ps_span key, struct ps_span content_type, struct ps_span body);
PS_API PS_MUST_USE enum ps_err ps_s3_get(struct ps_s3 *s3, struct ps_arena *arena, const struct ps_s3_limits *limits,
                                         struct ps_span key, struct ps_span *body);
/* A key that is not there counts as deleted, as S3 itself answers. */
PS_MUST_USE enum ps_err ps_s3_delete(struct ps_s3 *s3, struct ps_arena *arena, const struct ps_s3_limits *limits,
                                     struct ps_span key);
/* One page of the keys that begin with prefix; token is empty for the first. */
PS_MUST_USE enum ps_err ps_s3_list(struct ps_s3 *s3, struct ps_arena *arena, const struct ps_s3_limits *limits,
                                   struct ps_span prefix, struct ps_span token, struct ps_s3_page *page);

#endif
