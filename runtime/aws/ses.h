/* One mail through Amazon SES (API version 2): a plain and an HTML part, all of it UTF-8. SES builds the MIME message.
 *
 * Success is told when SES has taken the mail. SES has no idempotency token, so a try whose answer was lost may have
 * sent it: such a try is not repeated here, and whoever repeats it may send the mail twice. Nothing of a mail, address
 * or text, is ever in a note. Source: Amazon SES API v2 Reference, "SendEmail". What answers mean: docs/wire/ses.md. */
#ifndef PS_SES_H
#define PS_SES_H

#include "aws/call.h"
#include "host/deadline.h"

enum {
    PS_SES_TO_MAX = 50,                /* SES's own limit of destinations */
    PS_SES_ADDRESS_BYTES_MAX = 320,    /* SES's own limit; 64 before the @ and 255 behind it (RFC 5321, 4.5.3.1) */
    PS_SES_SUBJECT_BYTES_MAX = 900,    /* one header line, encoded, under RFC 5322's 998 characters where it is ASCII */
    PS_SES_BODY_BYTES_MAX = 256 << 10, /* of each part: SES takes 40 MB, but nobody reads that */
};

struct ps_ses; /* opaque */

struct ps_ses_message {
    struct ps_span from; /* an address, or "Name <address>" */
    const struct ps_span *to;
    size_t to_count;
    struct ps_span subject; /* no control characters */
    struct ps_span text;
    struct ps_span html;
    struct ps_span configuration_set; /* may be empty */
};

/* One address, or "Name <address>", without control characters; non-ASCII in an address needs SMTPUTF8, which SES does
 * not have. A name with commas or other signs stands in quotes; quotes before the @ are not taken. BAD_CONFIG says what
 * is wrong with it. */
PS_API PS_MUST_USE enum ps_err ps_ses_check_address(struct ps_span address);

/* Addresses separated by commas, spaces around them ignored; 1 to PS_SES_TO_MAX of them. The array is on arena, its
 * texts are parts of list. */
PS_API PS_MUST_USE enum ps_err ps_ses_read_addresses(struct ps_arena *arena, struct ps_span list,
                                                     const struct ps_span **out, size_t *count);

/* Finds the endpoint (AWS_ENDPOINT_URL_SESV2). No call is made. */
PS_API PS_MUST_USE enum ps_err ps_ses_open(struct ps_arena *process, struct ps_call_client *client,
                                           uint32_t request_timeout_ms, struct ps_ses **out);

/* BAD_INPUT for a message over the limits or with control characters in subject or addresses; REFUSED with SES's own
 * reason (address not verified, sending paused); DENIED, THROTTLED, UNAVAILABLE, DEADLINE after retries. */
PS_API PS_MUST_USE enum ps_err ps_ses_send(struct ps_ses *ses, struct ps_arena *arena,
                                           const struct ps_deadline *deadline, const struct ps_ses_message *message);

#endif
