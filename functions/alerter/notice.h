/* What is told to people about an alert, and the words that all channels use for it. */
#ifndef ALERTER_NOTICE_H
#define ALERTER_NOTICE_H

#include "alert.h"
#include "base/buf.h"

enum notice_kind {
    NOTICE_FIRED,     /* the first of its kind */
    NOTICE_SUMMARY,   /* a window is over in which it came again */
    NOTICE_RESOLVED,  /* well again, or quiet for a window; count may tell of repeats before */
    NOTICE_HELD_BACK, /* a channel's cap kept notices back; only count and the two times are set; alert's service is the
                         channel */
};

struct notice {
    enum notice_kind kind;
    struct alert alert;     /* the first of its kind */
    uint64_t count;         /* FIRED: how many it took; SUMMARY, RESOLVED: repeats in the window; HELD_BACK: notices */
    int64_t from_ms, to_ms; /* the window; FIRED: both the alert's time */
};

/* text on one line: control characters become spaces; over bytes_max bytes it is cut between characters and ends in
 * "…".
 */
void notice_put_line(struct ps_buf *buf, struct ps_span text, size_t bytes_max);

/* "[ERROR] pay: card refused", "[ERROR] pay: card refused (17 more)", "[resolved] ...": one line of plain text, at most
 * bytes_max bytes and then ending in "…", without control characters. */
void notice_put_title(struct ps_buf *buf, const struct notice *notice, size_t bytes_max);

/* "It came 17 times more between 10:00:00 and 10:05:00 UTC." One sentence of plain text; nothing for FIRED with
 * count 1. */
void notice_put_count(struct ps_buf *buf, const struct notice *notice);

#endif
