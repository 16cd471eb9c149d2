#include "record/item.h"

#include "support/check.h"

static struct ps_arena arena;

static void values_have_their_types_and_an_empty_text_is_left_out(void)
{
    struct ps_item item;
    struct ps_span out = PS_SPAN("");
    ps_item_begin(&item, &arena);
    ps_item_put_text(&item, ":a", PS_SPAN("say \"no\"\n"));
    ps_item_put_text(&item, ":b", PS_SPAN(""));
    ps_item_put_number(&item, ":c", INT64_MIN);
    CHECK_OK(ps_item_finish(&item, &out));
    CHECK_TEXT(out, "{\":a\":{\"S\":\"say \\\"no\\\"\\n\"},\":c\":{\"N\":\"-9223372036854775808\"}}");
}

static enum ps_err write_nested(struct ps_span *out)
{
    struct ps_item item;
    ps_item_begin(&item, &arena);
    ps_item_map_begin(&item, PS_SPAN("m\""));
    ps_item_list_begin(&item, PS_SPAN("l"));
    for (int i = 0; i < 2; i++) {
        ps_item_element_begin(&item);
        ps_item_put_number(&item, "i", i);
        ps_item_map_end(&item);
    }
    ps_item_list_end(&item);
    ps_item_map_end(&item);
    ps_item_put_text(&item, "after", PS_SPAN("x"));
    return ps_item_finish(&item, out);
}

static void maps_and_lists_of_maps_nest(void)
{
    struct ps_span out = PS_SPAN("");
    PS_EACH_FAILURE(&arena, write_nested(&out));
    CHECK_OK(write_nested(&out));
    CHECK_TEXT(out, "{\"m\\\"\":{\"M\":{\"l\":{\"L\":[{\"M\":{\"i\":{\"N\":\"0\"}}},{\"M\":{\"i\":{\"N\":\"1\"}}}]}}},"
                    "\"after\":{\"S\":\"x\"}}");
}

static void what_no_table_takes_is_too_large(void)
{
    struct ps_item item;
    struct ps_span out;
    char *text = ps_arena_bytes(&arena, PS_ITEM_BYTES_MAX);
    CHECK_OR_RETURN(text != NULL);
    memset(text, 'x', PS_ITEM_BYTES_MAX);
    ps_item_begin(&item, &arena);
    ps_item_put_text(&item, "a", ps_span_make(text, PS_ITEM_BYTES_MAX));
    CHECK_ERR(ps_item_finish(&item, &out), PS_ERR_TOO_LARGE);
}

int main(void)
{
    arena = check_arena(16 << 20);
    RUN(values_have_their_types_and_an_empty_text_is_left_out);
    RUN(maps_and_lists_of_maps_nest);
    RUN(what_no_table_takes_is_too_large);
    ps_arena_fini(&arena);
    return check_finish();
}
