/* What the batch*.c files share, and sqs.c for FIFO queues.
 *
 *   batch.c          the public face: takes records, builds requests, decides what becomes of each record
 *   batch_reply.c    reads answers (outside bytes), and what their codes mean: tables */
#ifndef PS_BATCH_PRIV_H
#define PS_BATCH_PRIV_H

#include "aws/batch.h"
#include "base/span.h"

enum { PS_BATCH_RECORDS_MAX = 500 }; /* of a request: Kinesis and Firehose; SQS takes ten */

/* What an answer says of one record. */
struct ps_batch_verdict {
    struct ps_span code; /* empty: taken */
    bool final;          /* trying again is no use */
};

/* Reads the answer to a request of count records. BAD_INPUT for one that doesn't say of each what became of it: it
 * proves nothing. Codes are slices of body, escapes untouched. */
PS_MUST_USE enum ps_err ps_batch_reply_read(enum ps_batch_service service, struct ps_span body,
                                            struct ps_batch_verdict *verdicts, size_t count);

enum ps_batch_meaning {
    PS_BATCH_ANSWERED,  /* each record has its own verdict */
    PS_BATCH_RETRY,     /* all of it, later */
    PS_BATCH_THROTTLED, /* the same, and not soon */
    PS_BATCH_REFUSED,   /* halve it; one record alone is the one at fault */
    PS_BATCH_DENIED,    /* read the credentials again, once; then it is a fault */
    PS_BATCH_NO_TARGET, /* the others: a person must mend it */
    PS_BATCH_NO_PERMISSION,
    PS_BATCH_UNEXPECTED,
};

/* By the code where it is known, else by the status. */
enum ps_batch_meaning ps_batch_reply_meaning(uint32_t status, struct ps_span code);

/* For people: what is wrong and how to mend it. NULL for what is no operator's fault. */
const char *ps_batch_reply_fault(enum ps_batch_meaning meaning);

#endif
