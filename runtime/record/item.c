#include "record/item.h"

#include "record/dynamodb_value.h"

void ps_item_begin(struct ps_item *item, struct ps_arena *arena)
{
    ps_buf_init(&item->buf, arena, PS_ITEM_BYTES_MAX);
    ps_json_write_init(&item->json, &item->buf);
    ps_json_write_object_begin(&item->json);
}

enum ps_err ps_item_finish(struct ps_item *item, struct ps_span *out)
{
    ps_json_write_object_end(&item->json);
    return ps_json_write_finish(&item->json, out);
}

void ps_item_put_named_text(struct ps_item *item, struct ps_span name, struct ps_span text)
{
    if (text.len == 0) return;
    ps_json_write_key(&item->json, name);
    ps_dynamodb_value_typed(&item->json, PS_SPAN("S"), text);
}

void ps_item_put_named_number(struct ps_item *item, struct ps_span name, int64_t number)
{
    char digits[24];
    struct ps_buf text;
    ps_buf_init_fixed(&text, digits, sizeof digits);
    ps_buf_i64(&text, number);
    ps_json_write_key(&item->json, name);
    ps_dynamodb_value_typed(&item->json, PS_SPAN("N"), ps_buf_span(&text));
}

void ps_item_put_text(struct ps_item *item, const char *name, struct ps_span text)
{
    ps_item_put_named_text(item, ps_span_of(name), text);
}

void ps_item_put_number(struct ps_item *item, const char *name, int64_t number)
{
    ps_item_put_named_number(item, ps_span_of(name), number);
}

/* -- maps and lists ------------------------------------------------------------------------------------------------ */

void ps_item_map_begin(struct ps_item *item, struct ps_span name)
{
    ps_json_write_key(&item->json, name);
    ps_item_element_begin(item);
}

void ps_item_element_begin(struct ps_item *item)
{
    ps_json_write_object_begin(&item->json);
    ps_json_write_key(&item->json, PS_SPAN("M"));
    ps_json_write_object_begin(&item->json);
}

void ps_item_map_end(struct ps_item *item)
{
    ps_json_write_object_end(&item->json);
    ps_json_write_object_end(&item->json);
}

void ps_item_list_begin(struct ps_item *item, struct ps_span name)
{
    ps_json_write_key(&item->json, name);
    ps_json_write_object_begin(&item->json);
    ps_json_write_key(&item->json, PS_SPAN("L"));
    ps_json_write_array_begin(&item->json);
}

void ps_item_list_end(struct ps_item *item)
{
    ps_json_write_array_end(&item->json);
    ps_json_write_object_end(&item->json);
}
