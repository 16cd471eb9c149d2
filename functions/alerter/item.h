/* DynamoDB JSON, member by member: an item, or the values of an expression ({":a":{"N":"1"}}), which have one shape. */
#ifndef ALERTER_ITEM_H
#define ALERTER_ITEM_H

#include "base/buf.h"
#include "base/json_write.h"

struct item {
    struct ps_buf buf;
    struct ps_json_writer json;
};

void item_begin(struct item *item, struct ps_arena *arena);
void item_put_text(struct item *item, const char *name, struct ps_span text); /* an empty one is left out */
void item_put_number(struct item *item, const char *name, int64_t number);
PS_MUST_USE enum ps_err item_finish(struct item *item, struct ps_span *out);

#endif
