#include "record/display.h"

#include "base/utf8.h"

static const struct ps_span ELLIPSIS = PS_SPAN_INIT("…");

void ps_display_line(struct ps_buf *buf, struct ps_span text, size_t bytes_max)
{
    bool cut = text.len > bytes_max;
    if (cut) text = ps_span_first(text, ps_utf8_cut(text, bytes_max < ELLIPSIS.len ? 0 : bytes_max - ELLIPSIS.len));
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        ps_buf_byte(buf, (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
    }
    if (cut && bytes_max >= ELLIPSIS.len) ps_buf_put(buf, ELLIPSIS);
}

static char shown_in_lines(char c)
{
    bool stays = c == '\n' || c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f);
    return stays ? c : ' ';
}

void ps_display_lines(struct ps_buf *buf, struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++)
        ps_buf_byte(buf, shown_in_lines(text.data[i]));
}

void ps_display_html(struct ps_buf *buf, struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '&':
            ps_buf_put(buf, PS_SPAN("&amp;"));
            break;
        case '<':
            ps_buf_put(buf, PS_SPAN("&lt;"));
            break;
        case '>':
            ps_buf_put(buf, PS_SPAN("&gt;"));
            break;
        case '"':
            ps_buf_put(buf, PS_SPAN("&quot;"));
            break;
        case '\'':
            ps_buf_put(buf, PS_SPAN("&#39;"));
            break;
        default:
            ps_buf_byte(buf, shown_in_lines(text.data[i]));
        }
    }
}
