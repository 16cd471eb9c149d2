/* The answer of S3's ListObjectsV2, read without a tree: only Key, IsTruncated, NextContinuationToken and EncodingType
 * are looked at. Keys asked for with encoding-type=url come percent-encoded inside XML text; both are undone. */
#ifndef PS_S3_LIST_H
#define PS_S3_LIST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum { PS_S3_LIST_KEYS_MAX = 1000 };

struct ps_s3_page {
    struct ps_span *keys; /* in the order given: byte order */
    size_t count;
    struct ps_span next_token; /* empty on the last page */
};

/* BAD_INPUT when it is no such answer, or says that it goes on without saying how. All of page lies on arena. */
PS_MUST_USE enum ps_err ps_s3_list_read(struct ps_arena *arena, struct ps_span xml, struct ps_s3_page *out);

/* The <Code> of an S3 error answer when it is a plain word of at most 64 letters and digits, else empty: it goes into
 * messages, the rest of such an answer may quote what was sent. */
struct ps_span ps_s3_list_error_code(struct ps_span xml);

/* The <ActualObjectSize> of an error InvalidRange; false without. */
PS_MUST_USE bool ps_s3_list_error_size(struct ps_span xml, uint64_t *size);

#endif
