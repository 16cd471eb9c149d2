#include "item.h"

enum { ITEM_BYTES_MAX = 256 << 10 }; /* an alert's texts with every byte escaped as six, several times over */

void item_begin(struct item *item, struct ps_arena *arena)
{
    ps_buf_init(&item->buf, arena, ITEM_BYTES_MAX);
    ps_json_write_init(&item->json, &item->buf);
    ps_json_write_object_begin(&item->json);
}

void item_put_text(struct item *item, const char *name, struct ps_span text)
{
    if (text.len == 0) return;
    ps_json_write_key(&item->json, ps_span_of(name));
    ps_json_write_object_begin(&item->json);
    ps_json_write_member(&item->json, PS_SPAN("S"), text);
    ps_json_write_object_end(&item->json);
}

void item_put_number(struct item *item, const char *name, int64_t number)
{
    char digits[24];
    struct ps_buf text;
    ps_buf_init_fixed(&text, digits, sizeof digits);
    ps_buf_i64(&text, number);
    ps_json_write_key(&item->json, ps_span_of(name));
    ps_json_write_object_begin(&item->json);
    ps_json_write_member(&item->json, PS_SPAN("N"), ps_buf_span(&text));
    ps_json_write_object_end(&item->json);
}

enum ps_err item_finish(struct item *item, struct ps_span *out)
{
    ps_json_write_object_end(&item->json);
    return ps_json_write_finish(&item->json, out);
}
