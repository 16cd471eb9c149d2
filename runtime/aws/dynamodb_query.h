/* Rows of a DynamoDB table or of an index of it: one partition key, sort keys between two texts, page by page.
 *
 * Each row is given as the item's JSON as the service wrote it ({"pk":{"S":"..."},...}); it is not interpreted here.
 * Memory is that of one page (1 MB by the service's own limit). Not for the Lambda functions: it waits where they must
 * not. Source: Amazon DynamoDB API Reference, "Query". */
#ifndef PS_DYNAMODB_QUERY_H
#define PS_DYNAMODB_QUERY_H

#include "aws/call.h"
#include "host/deadline.h"

struct ps_dynamodb_query {
    struct ps_span table;
    struct ps_span index;     /* empty: the table itself */
    struct ps_span index_key; /* the name of the index's partition key, a text */
    struct ps_span pk;        /* the partition key's value */
    /* Both included: an upper bound in milliseconds needs "#~" behind it. An index gives its partition whole. */
    struct ps_span sk_from, sk_to;
    uint64_t limit; /* rows at most, over all pages; not 0 */
    bool newest_first;
};

/* One row; item lives during the callback only. */
typedef enum ps_err ps_dynamodb_on_row(void *context, struct ps_span item);

/* Gives every row in order until limit or the end. BAD_CONFIG (no such table, other keys), DENIED, THROTTLED,
 * UNAVAILABLE and DEADLINE after retries; what on_row says. */
PS_API PS_MUST_USE enum ps_err ps_dynamodb_query(struct ps_call_client *client, struct ps_arena *arena,
                                                 const struct ps_deadline *deadline,
                                                 const struct ps_dynamodb_query *query, ps_dynamodb_on_row *on_row,
                                                 void *context);

#endif
