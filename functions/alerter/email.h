/* A notice as a mail: subject in one line, a plain part, and an HTML part in which all text is escaped. */
#ifndef ALERTER_EMAIL_H
#define ALERTER_EMAIL_H

#include "aws/ses.h"
#include "notice.h"

/* Fills subject, text and html, on arena. */
PS_MUST_USE enum ps_err email_render(struct ps_arena *arena, const struct notice *notice,
                                     struct ps_ses_message *message);

#endif
