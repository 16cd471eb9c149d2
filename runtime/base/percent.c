#include "base/percent.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

enum ps_err ps_percent_decode_form(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    char *data = ps_arena_bytes(arena, text.len);
    if (data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu bytes of encoded text", text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = text.len - i > 2 ? hex_value(text.data[i + 1]) : -1;
            int low = text.len - i > 2 ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) PS_FAIL(PS_ERR_BAD_INPUT, "percent encoding: broken at byte %zu", i);
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        data[len++] = c;
    }
    *out = ps_span_make(data, len);
    return PS_OK;
}
