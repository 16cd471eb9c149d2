#include "record/display.h"

#include "support/check.h"

static char memory[4096];

static struct ps_span line(struct ps_span text, size_t bytes_max)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_display_line(&buf, text, bytes_max);
    CHECK_EQ(buf.err, PS_OK);
    return ps_buf_span(&buf);
}

static struct ps_span shown(void (*show)(struct ps_buf *buf, struct ps_span text), struct ps_span text)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    show(&buf, text);
    CHECK_EQ(buf.err, PS_OK);
    return ps_buf_span(&buf);
}

static void control_characters_become_spaces(void)
{
    CHECK_TEXT(line(PS_SPAN("a\r\nb\tc\0d\x7f\x1b[e \xc3\xa9"), 100), "a  b c d  [e \xc3\xa9");
    CHECK_TEXT(line(PS_SPAN(""), 100), "");
}

static void a_line_is_cut_between_characters_and_says_so(void)
{
    CHECK_TEXT(line(PS_SPAN("12345678"), 8), "12345678");
    CHECK_TEXT(line(PS_SPAN("123456789"), 8), "12345…");
    CHECK_TEXT(line(PS_SPAN("1234\xc3\xa9"
                            "789"),
                    8),
               "1234…");
    CHECK_TEXT(line(PS_SPAN("123456789"), 3), "…");
    CHECK_TEXT(line(PS_SPAN("123456789"), 2), "");
    CHECK_TEXT(line(PS_SPAN("123456789"), 0), "");
}

static void line_breaks_and_tabs_stay_in_lines(void)
{
    CHECK_TEXT(shown(ps_display_lines, PS_SPAN("\na\tb\r\nc\0d\x1b\n\te\x7f \xc3\xa9\n")),
               "\na\tb \nc d \n\te  \xc3\xa9\n");
    CHECK_TEXT(shown(ps_display_lines, PS_SPAN("")), "");
}

static void nothing_is_markup(void)
{
    CHECK_TEXT(shown(ps_display_html, PS_SPAN("<a href='x'>\"&amp;\xc3\xa9\x1b\n\t")),
               "&lt;a href=&#39;x&#39;&gt;&quot;&amp;amp;\xc3\xa9 \n\t");
}

int main(void)
{
    RUN(control_characters_become_spaces);
    RUN(a_line_is_cut_between_characters_and_says_so);
    RUN(line_breaks_and_tabs_stay_in_lines);
    RUN(nothing_is_markup);
    return check_finish();
}
