/* One object, from the message that names it to its summary: read, decoded, scanned; near the deadline a continuation
 * is sent before the message is acknowledged.
 *
 * The summary's item is the truth about how far an object is; a message only says that there is work on it. So a
 * message that comes twice goes on where the item says, and one that comes when all is done finds nothing to do. */
#ifndef LOG_EXTRACTOR_EXTRACT_H
#define LOG_EXTRACTOR_EXTRACT_H

#include "aws/s3_read.h"
#include "aws/ses.h"
#include "aws/sqs.h"
#include "event/object_message.h"
#include "record/redact.h"
#include "scan/decode.h"
#include "settings.h"
#include "summary.h"

/* What the process has. */
struct extractor {
    const struct settings *settings;
    struct ps_call_client *client;
    struct ps_dynamodb_table *table;
    struct ps_sqs *queue;
    struct ps_s3_read *read;
    struct ps_decode *decode;
    struct ps_patterns patterns;
    struct ps_scanner *scanner;
    struct ps_redact *redact;
    struct ps_ses *ses; /* NULL: no mail */
    const struct ps_span *mail_to;
    size_t mail_to_count;
};

/* One invocation's view. */
struct extract_context {
    const struct extractor *extractor;
    struct ps_arena *arena;
    const struct ps_deadline *deadline;
    const struct ps_log *log;
    struct ps_span group; /* of the message in hand: continuations stay in it */
    struct ps_span request_id;
    int64_t now_ms;
    int64_t sent_ms; /* of that message: the day of an object that nobody can date */
};

enum extract_end {
    EXTRACT_DONE,      /* summarised, and mailed where that is due */
    EXTRACT_DUPLICATE, /* was so before */
    EXTRACT_CONTINUED, /* a message for the rest is in the queue */
    EXTRACT_DEAD,      /* cannot be read, ever: the summary says why */
};

struct extract_counts {
    uint64_t objects_read;
    uint64_t source_bytes, text_bytes, lines;
    uint64_t hit_lines; /* of all patterns */
    uint64_t mails, mails_held;
    uint64_t redacted;
};

/* A failure means that the message must come again. */
PS_MUST_USE enum ps_err extract_object(const struct extract_context *context, const struct ps_object_message *message,
                                       struct extract_counts *counts, enum extract_end *end);

#endif
