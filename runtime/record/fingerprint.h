/* What messages that differ only in their variable parts have in common: ids, numbers, times, addresses, paths and
 * quoted texts are replaced by a sign each, so that "user 17 not found" and "user 18 not found" are one kind of error.
 * The exact rules: docs/wire/alerts.md. They may only change with a new major version: a changed fingerprint makes
 * every open alert fire again. Pure; the same bytes always give the same text. */
#ifndef PS_FINGERPRINT_H
#define PS_FINGERPRINT_H

#include "base/buf.h"
#include "base/span.h"

enum { PS_FINGERPRINT_BYTES_MAX = 512 }; /* of the message that count; what follows is detail (stack traces) */

/* Appends the message without its variable parts: never more than twice PS_FINGERPRINT_BYTES_MAX bytes. */
void ps_fingerprint_put(struct ps_buf *buf, struct ps_span message);

#endif
