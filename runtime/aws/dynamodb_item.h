/* Single items of a DynamoDB table: one read, and writes that hold only on a condition, one alone or several as one
 * (a transaction). For state that several invocations share; rows in bulk are aws/dynamodb.h's.
 *
 * The caller brings expressions and values as DynamoDB has them; nothing is interpreted here but keys. Each call waits
 * for its answer and tries again within the deadline by the AWS standard: throttles, broken connections, and
 * transactions that another one got in the way of. A try whose answer was lost may have been written: what a caller
 * writes must bear that (its condition fails then, and it reads again). The table's keys are pk and sk, both strings.
 * What answers mean: docs/wire/dynamodb.md. Sources: Amazon DynamoDB API Reference, "GetItem", "PutItem", "UpdateItem",
 * "DeleteItem", "TransactWriteItems". */
#ifndef PS_DYNAMODB_ITEM_H
#define PS_DYNAMODB_ITEM_H

#include "aws/call.h"
#include "aws/dynamodb.h"
#include "host/deadline.h"

struct ps_dynamodb_table; /* opaque: a table, and where it is */

enum { PS_DYNAMODB_WRITES_MAX = 4 }; /* in one transaction; the service takes 100 */

enum ps_dynamodb_write_kind {
    PS_DYNAMODB_PUT,
    PS_DYNAMODB_UPDATE,
    PS_DYNAMODB_DELETE,
};

struct ps_dynamodb_write {
    enum ps_dynamodb_write_kind kind;
    struct ps_dynamodb_key key; /* UPDATE, DELETE: plain text, escaped here */
    struct ps_span item;        /* PUT: the whole item as DynamoDB JSON */
    struct ps_span update;      /* UPDATE: its UpdateExpression */
    struct ps_span condition;   /* ConditionExpression; may be empty */
    struct ps_span names;       /* ExpressionAttributeNames, a JSON object; may be empty */
    struct ps_span values;      /* ExpressionAttributeValues, a JSON object; may be empty */
};

/* table must live as long as what is opened. BAD_CONFIG for a name that no table can have. No call is made. */
PS_API PS_MUST_USE enum ps_err ps_dynamodb_table_open(struct ps_arena *process, struct ps_call_client *client,
                                                      struct ps_span table, uint32_t request_timeout_ms,
                                                      struct ps_dynamodb_table **out);

/* Reads an item consistently: its JSON as the service wrote it, on arena; empty when there is none. Errors are those of
 * ps_dynamodb_write. */
PS_API PS_MUST_USE enum ps_err ps_dynamodb_get(struct ps_dynamodb_table *table, struct ps_arena *arena,
                                               const struct ps_deadline *deadline, const struct ps_dynamodb_key *key,
                                               struct ps_span *item);

/* Writes all or nothing: 1 to PS_DYNAMODB_WRITES_MAX writes (asserted) to different items. *refused is the first write
 * whose condition did not hold, or count when all is written. BAD_CONFIG (no such table, other keys), REFUSED (an item,
 * a key or an expression that the service does not take), TOO_LARGE (no table takes so much), DENIED; THROTTLED,
 * UNAVAILABLE and DEADLINE after retries. */
PS_API PS_MUST_USE enum ps_err ps_dynamodb_write(struct ps_dynamodb_table *table, struct ps_arena *arena,
                                                 const struct ps_deadline *deadline,
                                                 const struct ps_dynamodb_write *writes, size_t count, size_t *refused);

/* Text (S) and whole number (N) members of an item as ps_dynamodb_get and ps_dynamodb_query give it; text is unescaped
 * on arena where it must be. A member that is missing or of another type is empty, or number_default. */
PS_API PS_MUST_USE enum ps_err ps_dynamodb_item_text(struct ps_arena *arena, struct ps_span item, struct ps_span name,
                                                     struct ps_span *text);
PS_API int64_t ps_dynamodb_item_number(struct ps_span item, struct ps_span name, int64_t number_default);

#endif
