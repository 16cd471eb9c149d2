/* The message that names one object to be scanned, from the upload dispatcher to the log extractor, and from the
 * extractor to itself when an object is not done: a JSON object in an SQS body.
 *
 *   {"penstock":"object","bucket":"b","key":"in/a.log","versionId":"...","etag":"...","size":17,"sequencer":"...",
 *    "offset":0,"hop":0}
 *
 * offset and hop are there in continuations only. The key is as the object has it, never encoded; bytes of it that are
 * no UTF-8 go out as they are. Limits: those of from_s3.h. Wire format: docs/wire/object-message.md. */
#ifndef PS_OBJECT_MESSAGE_H
#define PS_OBJECT_MESSAGE_H

#include "base/buf.h"
#include "event/from_s3.h"

struct ps_object_message {
    struct ps_s3_object object; /* change is CREATED */
    uint64_t offset;            /* of the text that was scanned before; 0 in the first */
    uint32_t hop;               /* how many continuations came before */
};

void ps_object_message_put(struct ps_buf *buf, const struct ps_object_message *message);

/* *is_one is false, and *out unchanged, for JSON of another form (an S3 notification...). Texts are in body or on
 * arena. BAD_INPUT (TOO_DEEP) for what is no JSON, and for a message of this form that is broken. */
PS_MUST_USE enum ps_err ps_object_message_read(struct ps_arena *arena, struct ps_span body,
                                               struct ps_object_message *out, bool *is_one);

#endif
