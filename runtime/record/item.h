/* DynamoDB JSON, member by member: an item, or the values of an expression ({":a":{"N":"1"}}), which have one shape.
 * Texts are escaped here and must be valid UTF-8. It grows on the arena up to PS_ITEM_BYTES_MAX; its first failure is
 * told by finish. Source: Amazon DynamoDB developer guide, "DynamoDB low-level API". */
#ifndef PS_ITEM_H
#define PS_ITEM_H

#include "base/buf.h"
#include "base/json_write.h"

/* DynamoDB's 400 KB with every byte escaped as six, and room for types and punctuation. */
enum { PS_ITEM_BYTES_MAX = 6 * (400 << 10) + (256 << 10) };

struct ps_item {
    struct ps_buf buf;
    struct ps_json_writer json;
};

void ps_item_begin(struct ps_item *item, struct ps_arena *arena);
PS_MUST_USE enum ps_err ps_item_finish(struct ps_item *item, struct ps_span *out);

void ps_item_put_text(struct ps_item *item, const char *name, struct ps_span text); /* an empty one is left out */
void ps_item_put_number(struct ps_item *item, const char *name, int64_t number);

/* The same under names that are no literals. */
void ps_item_put_named_text(struct ps_item *item, struct ps_span name, struct ps_span text);
void ps_item_put_named_number(struct ps_item *item, struct ps_span name, int64_t number);

/* A map as a member, and as an element of a list: what is put from here to map_end belongs to it. */
void ps_item_map_begin(struct ps_item *item, struct ps_span name);
void ps_item_element_begin(struct ps_item *item);
void ps_item_map_end(struct ps_item *item);

void ps_item_list_begin(struct ps_item *item, struct ps_span name);
void ps_item_list_end(struct ps_item *item);

#endif
