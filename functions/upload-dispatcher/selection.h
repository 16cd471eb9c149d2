/* Which objects are named to the queue, and how. Pure but for the digests. */
#ifndef UPLOAD_DISPATCHER_SELECTION_H
#define UPLOAD_DISPATCHER_SELECTION_H

#include "aws/digest.h"
#include "event/from_s3.h"
#include "settings.h"

/* Whether the object is to be scanned: created, and within prefix, suffix and size. */
bool selection_takes(const struct settings *settings, const struct ps_s3_object *object);

/* What of the key decides about the order: all of it, or its first group_depth folders. */
struct ps_span selection_group_of(const struct settings *settings, struct ps_span key);

/* Group and deduplication id as hex digests: of bucket and group; of bucket, key, version (or ETag) and sequencer, so
 * that a notification that comes twice is one message and a new version is another. */
PS_MUST_USE enum ps_err selection_ids(const struct settings *settings, const struct ps_s3_object *object,
                                      char group[PS_DIGEST_SHA256_HEX_BYTES],
                                      char deduplication[PS_DIGEST_SHA256_HEX_BYTES]);

#endif
