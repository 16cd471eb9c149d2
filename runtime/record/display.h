/* Text of others as people are shown it, in titles, messages and mails: without control characters, and never markup.
 * The texts are UTF-8. What fails is the buf's to tell. */
#ifndef PS_DISPLAY_H
#define PS_DISPLAY_H

#include "base/buf.h"
#include "base/span.h"

/* On one line: control characters become spaces; over bytes_max bytes it is cut between characters and ends in "…". */
void ps_display_line(struct ps_buf *buf, struct ps_span text, size_t bytes_max);

/* The whole text; line breaks and tabs stay, other control characters become spaces. */
void ps_display_lines(struct ps_buf *buf, struct ps_span text);

/* The same as text or attribute (in quotes) of HTML, whatever is in it. */
void ps_display_html(struct ps_buf *buf, struct ps_span text);

#endif
