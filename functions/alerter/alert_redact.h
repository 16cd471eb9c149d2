/* Hides secrets in what of an alert is told or kept, and cuts title and message to their limits only then. */
#ifndef ALERTER_ALERT_REDACT_H
#define ALERTER_ALERT_REDACT_H

#include "alert.h"
#include "record/redact.h"

/* Title, message and the fields' values; what is built lies on arena. */
PS_MUST_USE enum ps_err alert_redact(struct alert *alert, const struct ps_redact *redact, struct ps_arena *arena,
                                     struct ps_redact_counts *counts);

#endif
