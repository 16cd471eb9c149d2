/* A notice as a Slack message: blocks, and a text for where blocks are not shown. Nothing of an alert can ping, link or
 * format: texts are plain_text objects, or stand in a code fence that cannot be closed from within; "&", "<" and ">"
 * are escaped everywhere. Within Slack's limits, which are in characters; a character is counted as UTF-16 does, and
 * after escaping, which is the most that Slack could count. What is longer ends in "…". What goes out:
 * docs/wire/slack.md. Sources: Slack developer documentation, "Incoming webhooks", "Formatting message text", "Block
 * Kit". */
#ifndef ALERTER_SLACK_H
#define ALERTER_SLACK_H

#include "notice.h"

enum {
    SLACK_HEADER_CHARS_MAX = 150,
    SLACK_SECTION_CHARS_MAX = 3000,
    SLACK_FIELD_CHARS_MAX = 2000,
    SLACK_FIELDS_MAX = 10,
    SLACK_LINK_CHARS_MAX = 2000,    /* longer ones are left out: a link cannot be cut */
    SLACK_BODY_BYTES_MAX = 96 << 10 /* all texts full: 67 KB, 3 bytes for each character */
};

/* The body of the POST. */
PS_MUST_USE enum ps_err slack_render(struct ps_arena *arena, const struct notice *notice, struct ps_span *body);

#endif
