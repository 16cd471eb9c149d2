/* What messages that differ only in their variable parts have in common: ids, numbers, times, addresses and quoted
 * texts become one sign each, so that "user 17 not found" and "user 18 not found" are one kind of error. The exact
 * rules, and why they are so: docs/wire/alerts.md. They may only change with a new major version: a changed fingerprint
 * makes every open alert fire again. Pure; the same bytes always give the same text; any bytes will do. */
#ifndef PS_FINGERPRINT_H
#define PS_FINGERPRINT_H

#include "base/buf.h"
#include "base/span.h"

enum {
    /* Of what is put. What follows is detail (deep frames of a stack trace). Counted after signs have taken the place
     * of variable parts, so that a longer id does not move the end. */
    PS_FINGERPRINT_BYTES_MAX = 512,
    /* Of the message that is looked at: a bound for what may be asked to read. */
    PS_FINGERPRINT_MESSAGE_BYTES_MAX = 4096,
};

/* Appends the message without its variable parts: at most PS_FINGERPRINT_BYTES_MAX bytes, which may end within a
 * character. */
void ps_fingerprint_put(struct ps_buf *buf, struct ps_span message);

#endif
