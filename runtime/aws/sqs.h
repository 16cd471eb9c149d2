/* Messages into an SQS FIFO queue, each with its verdict.
 *
 * Messages of one group stay in order: a request holds at most one of a group, the next one goes when that is taken,
 * and after one that could not be sent all later ones of its group are held back. Requests hold at most 10 messages and
 * no more bytes than the queue takes (its MaximumMessageSize, asked once; 256 KiB where it is not told). A message that
 * is sent twice has one deduplication id, so that the queue keeps one of them (within five minutes). Source: Amazon SQS
 * API Reference, "SendMessageBatch", "GetQueueAttributes". */
#ifndef PS_SQS_H
#define PS_SQS_H

#include "aws/call.h"
#include "host/deadline.h"

enum { PS_SQS_GROUP_BYTES_MAX = 128 }; /* of group and deduplication id */

struct ps_sqs; /* opaque: a queue */

enum ps_sqs_outcome {
    PS_SQS_SENT,
    PS_SQS_REJECTED,    /* will never be taken */
    PS_SQS_UNDELIVERED, /* not now */
    PS_SQS_HELD_BACK,   /* one before it in its group was not sent */
};

struct ps_sqs_send {
    struct ps_span body;
    struct ps_span group;         /* letters, digits, punctuation */
    struct ps_span deduplication; /* likewise */
    enum ps_sqs_outcome outcome;  /* set by the call */
};

/* BAD_CONFIG for what is no URL of a FIFO queue (its name ends in .fifo). The queue may be of another account, and of
 * another region where its URL is that of AWS. */
PS_API PS_MUST_USE enum ps_err ps_sqs_check_queue(struct ps_span queue_url);

/* Makes no call; queue_url must live as long. */
PS_API PS_MUST_USE enum ps_err ps_sqs_open(struct ps_arena *process, struct ps_call_client *client,
                                           struct ps_span queue_url, uint32_t request_timeout_ms, struct ps_sqs **out);

/* Sends all; every message has its outcome afterwards, whatever is returned, and *unsent counts those not sent. PS_OK
 * even when some were not: the note tells the first reason. DENIED and BAD_CONFIG are an operator's faults, for which
 * nothing more was sent. */
PS_API PS_MUST_USE enum ps_err ps_sqs_send(struct ps_sqs *sqs, struct ps_arena *arena,
                                           const struct ps_deadline *deadline, struct ps_sqs_send *messages,
                                           size_t count, size_t *unsent);

#endif
