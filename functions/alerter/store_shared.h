/* What store.c, store_outgoing.c and store_cap.c share. */
#ifndef ALERTER_STORE_SHARED_H
#define ALERTER_STORE_SHARED_H

#include "aws/dynamodb_query.h"
#include "record/item.h"
#include "store.h"

enum { STORE_INCIDENT_PK_BYTES = sizeof "incident#0" - 1 };

int64_t store_ttl(const struct store *store); /* of what is written now, in seconds as DynamoDB wants it */

void store_put_alert(struct ps_item *item, const struct alert *alert);
PS_MUST_USE enum ps_err store_read_alert(const struct store *store, struct ps_span json, struct alert *alert);
PS_MUST_USE enum ps_err store_read_delivery(const struct store *store, struct ps_span json, struct delivery *delivery);
PS_MUST_USE enum ps_err store_read_incident(const struct store *store, struct ps_span json, struct incident *out);

PS_MUST_USE enum ps_err store_write(const struct store *store, const struct ps_dynamodb_write *writes, size_t count,
                                    size_t *refused);

/* The write that puts a notice on its way (store_outgoing.c). Its key tells it from every other. */
PS_MUST_USE enum ps_err store_put_outgoing(const struct store *store, const struct notice *notice, unsigned channels,
                                           struct ps_dynamodb_write *write);

#endif
