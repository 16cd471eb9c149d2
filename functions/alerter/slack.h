/* A notice as a Slack message: blocks, and a text for where blocks are not shown. Nothing of an alert can ping, link or
 * format: "&", "<" and ">" are escaped, code fences cannot be closed from within. Within Slack's limits.
 * Sources: Slack developer documentation, "Incoming webhooks", "Formatting text for app surfaces", "Block Kit". */
#ifndef ALERTER_SLACK_H
#define ALERTER_SLACK_H

#include "notice.h"

enum {
    SLACK_HEADER_CHARS_MAX = 150,
    SLACK_SECTION_CHARS_MAX = 3000,
    SLACK_FIELD_CHARS_MAX = 2000,
    SLACK_BODY_BYTES_MAX = 32 << 10,
};

/* The body of the POST. */
PS_MUST_USE enum ps_err slack_render(struct ps_arena *arena, const struct notice *notice, struct ps_span *body);

#endif
